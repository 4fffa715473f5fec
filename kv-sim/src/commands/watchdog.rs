//! A seed that never ends is a failure like others, which has to be told with its seed.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How much CPU time a seed may take, in seconds: a hundred times as much as it ever takes.
pub(super) const SEED_MAX_S: i64 = 60;

/// How often it looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Watches from its making to its end.
pub(super) struct Watchdog {
    _leash: Sender<()>,
}

impl Watchdog {
    /// Calls `bark`, from a thread of its own, when it takes too long.
    pub(super) fn new(bark: impl FnOnce() + Send + 'static) -> Self {
        let (leash, end) = channel();
        let start_s = cpu_s();
        std::thread::spawn(move || {
            if is_too_long(start_s, &end) {
                bark();
            }
        });
        Self { _leash: leash }
    }
}

/// Waits until the other end is gone. Whether it takes too long.
fn is_too_long(start_s: i64, end: &Receiver<()>) -> bool {
    while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(INTERVAL) {
        if cpu_s() - start_s > SEED_MAX_S {
            return true;
        }
    }
    false
}

/// The CPU time of this process.
fn cpu_s() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("it is told of itself");
    usage.user_time().num_seconds() + usage.system_time().num_seconds()
}
