//! The one place where the clocks are read.

use kv_core::now::Now;
use std::time::{Instant, SystemTime};

/// The machine's clocks, as the kernel takes the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// How long ago it was started, in nanoseconds.
    pub(crate) fn elapsed_ns(self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// The time.
    pub(crate) fn now(self) -> Now {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now { mono_us: self.start.elapsed().as_micros() as u64, unix_us: unix.as_micros() as u64 }
    }
}
