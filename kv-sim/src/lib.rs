//! The simulators: seeded workloads and faults against the shipped server, its replies checked
//! against a naive model.
//!
//! Two tiers run the same [`plan`]s. [`swarm`] drives [`kv_proto::server::Server`] in a
//! discrete-event loop with virtual time and no I/O at all: thousands of seeds a minute. [`net`]
//! drives it from tokio tasks in turmoil, with connections that have latency, stall and break.
//! Both report what the server received, in its order, and what clients got to one [`check`]er,
//! which parses the bytes with codecs of its own ([`wire`]) and asks the [`model`] what each reply
//! has to be. Nothing here shares code with what it checks.
//!
//! Where nobody can tell in which order things ran, [`history`] looks for an order that explains
//! what clients saw: at the end of [`net`]'s runs, and for threads in the tests of kv-net.
//!
//! The swarm also looks behind the replies: that the store's invariants hold, that keys go from
//! memory when their time has come and nobody asks, that the server works on such things at its
//! [`pace`](plan::Plan::pace), and that nothing is left in the end.
//!
//! One seed decides everything: two runs of a seed give the same [`trace`]. A plan that fails can
//! be made small ([`shrink`]), shown, edited and run again as text.

#![forbid(unsafe_code)]
#![allow(unexpected_cfgs, reason = "`tokio_unstable` is set by `.cargo/config.toml`")]

// rustdoc does not get the flag, and does not need it.
#[cfg(not(any(tokio_unstable, doc, doctest)))]
compile_error!(
    "turmoil's runs do not repeat without `--cfg tokio_unstable`: build with the \
     `.cargo/config.toml` of this repository, and without RUSTFLAGS, which would override it"
);

pub mod check;
pub mod failure;
pub mod history;
mod listener;
pub mod model;
pub mod net;
pub mod oracle;
mod panics;
pub mod plan;
mod pressure;
pub mod replay;
pub mod report;
pub mod shrink;
pub mod speech;
pub mod swarm;
pub mod trace;
mod wall;
mod watch;
pub mod wire;

use failure::Failure;
use plan::{Plan, Tier};

/// What a seed is run with, beyond its number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How many commands all clients send together; what the seed chooses if it is not given.
    pub commands: Option<usize>,
    /// A defect for the model to have, so that a test sees it caught.
    pub flaw: Option<model::Flaw>,
    /// Whether to keep the events.
    pub verbose: bool,
}

/// What came of a run without failure.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The number that equals another run's exactly if all events were equal.
    pub trace: u64,
    /// Replies that were checked.
    pub replies: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// How often something was received or sent.
    pub events: u64,
    /// Virtual time that passed, in microseconds.
    pub elapsed_us: u64,
    /// The events, if they were asked for.
    pub log: Vec<trace::Event>,
    /// Which client, by position, had which connection, in order of opening.
    pub owners: Vec<usize>,
    /// What came of looking for an order in what clients saw. For the turmoil tier only.
    pub history: history::Report,
}

/// A failed run.
#[derive(Clone, Debug)]
pub struct Failed {
    /// What was wrong.
    pub failure: Failure,
    /// The run up to there.
    pub summary: Summary,
}

/// A run's result.
pub type Outcome = Result<Summary, Box<Failed>>;

/// Runs a plan where it is to run.
pub fn run(plan: &Plan, options: Options) -> Outcome {
    match plan.tier {
        Tier::Swarm => swarm::run_plan(plan, options),
        Tier::Turmoil => net::run_plan(plan, options),
    }
}

/// Where simulated time begins, in microseconds since the Unix epoch: 2024-01-01.
pub const EPOCH_US: u64 = 1_704_067_200_000_000;
