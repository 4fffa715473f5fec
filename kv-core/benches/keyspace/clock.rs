//! The clocks.

use nix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// How long something took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) wall: Duration,
    /// The processor time of this thread.
    pub(crate) cpu: Duration,
}

/// The processor time that this thread has had. Takes half a microsecond or more.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has this clock");
    time.into()
}

/// Runs `work` and says how long it took.
pub(crate) fn time(work: impl FnOnce()) -> Span {
    let (wall, cpu) = (Instant::now(), cpu_time());
    work();
    Span { cpu: cpu_time() - cpu, wall: wall.elapsed() }
}
