//! What goes wrong with time, and with clients that do not take what they are sent.

use super::{Fault, FaultKind, Features, one_in, pick};
use kv_core::rng::Rng;
use serde::{Deserialize, Serialize};

/// What happens to the server's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFault {
    /// When, in milliseconds since the start.
    pub at_ms: u64,
    /// What.
    pub kind: ClockFaultKind,
}

/// What can happen to clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClockFaultKind {
    /// The wall clock is set.
    Set {
        /// By how much, in milliseconds.
        by_ms: i64,
    },
    /// The process stands still: when it goes on, everything is due at once.
    Stall {
        /// For how long, in milliseconds.
        lasts_ms: u64,
    },
}

/// A time in which a client takes nothing of what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deafness {
    /// When it begins, in milliseconds since the start.
    pub at_ms: u64,
    /// How long it lasts, in milliseconds.
    pub lasts_ms: u64,
    /// Which client, by position.
    pub client: usize,
}

/// The limits of what may wait to be sent to a subscriber. 0 means that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceLimits {
    /// Beyond so many bytes its connection is closed.
    pub hard_max: usize,
    /// Beyond so many bytes its connection is closed after some time.
    pub soft_max: usize,
    /// That time, in seconds.
    pub seconds: u64,
}

const AUDIENCE_LIMITS: &[AudienceLimits] = &[
    AudienceLimits { hard_max: 0, soft_max: 0, seconds: 0 },
    AudienceLimits { hard_max: 200, soft_max: 0, seconds: 0 },
    AudienceLimits { hard_max: 1500, soft_max: 0, seconds: 0 },
    AudienceLimits { hard_max: 0, soft_max: 100, seconds: 1 },
    AudienceLimits { hard_max: 2000, soft_max: 400, seconds: 2 },
];

/// By how much clocks are set: as little as threads may differ in reading them, a little more, hours
/// and years.
const STEPS_MS: &[i64] = &[
    -1,
    -40,
    -100,
    -101,
    -500,
    -5000,
    -3_600_000,
    -35_000_000_000,
    1,
    70,
    2000,
    3_600_000,
    35_000_000_000,
];

/// When something happens: most runs are short, some are long.
fn moment_ms(rng: &mut Rng) -> u64 {
    let within_ms = pick(rng, &[3, 30, 300, 3000, 30_000, 200_000]);
    rng.below(within_ms)
}

pub(super) fn clock_faults(rng: &mut Rng) -> Vec<ClockFault> {
    let count = pick(rng, &[0, 0, 0, 1, 3, 8]);
    let mut faults: Vec<_> = (0..count).map(|_| clock_fault(rng)).collect();
    faults.sort_by_key(|fault| fault.at_ms);
    faults
}

fn clock_fault(rng: &mut Rng) -> ClockFault {
    let kind = match one_in(rng, 3) {
        true => ClockFaultKind::Stall { lasts_ms: pick(rng, &[1, 20, 400, 3000, 70_000]) },
        false => ClockFaultKind::Set { by_ms: pick(rng, STEPS_MS) },
    };
    ClockFault { at_ms: moment_ms(rng), kind }
}

pub(super) fn deafness(rng: &mut Rng, clients: usize) -> Vec<Deafness> {
    let count = pick(rng, &[0, 0, 1, 2, 5]);
    let deafness = |_| Deafness {
        at_ms: moment_ms(rng),
        lasts_ms: pick(rng, &[10, 300, 1500, 6000, 65_000]),
        client: rng.below(clients as u64) as usize,
    };
    (0..count).map(deafness).collect()
}

/// The limits of subscribers, where there may be some.
pub(super) fn audience_limits(rng: &mut Rng, features: &Features) -> Option<AudienceLimits> {
    let limits = pick(rng, AUDIENCE_LIMITS);
    (features.sessions && !features.caches && one_in(rng, 2)).then_some(limits)
}

/// What else can happen on the network than that clients stall and crash, mostly within the time
/// that a run takes.
pub(super) fn network_faults(rng: &mut Rng, clients: usize) -> Vec<Fault> {
    let kinds = [
        FaultKind::Partition,
        FaultKind::PartitionToServer,
        FaultKind::PartitionToClient,
        FaultKind::Reset,
        FaultKind::ServerCrash,
    ];
    let count = pick(rng, &[0, 0, 1, 3]);
    let fault = |_| Fault {
        at_ms: rng.below(3000),
        lasts_ms: pick(rng, &[1, 50, 700, 4000]),
        client: rng.below(clients as u64) as usize,
        kind: pick(rng, &kinds),
    };
    (0..count).map(fault).collect()
}
