//! The wall clock, which may be set.
//!
//! Deadlines of keys go by it, and nothing else that the kernel decides: what is to happen after
//! some time goes by the clock that never goes back. A key that a client has been told is gone must
//! stay gone, so before the clock is followed back, all goes that has expired before. Threads read
//! the clock at slightly different moments: that alone does not take it back.

use crate::now::Now;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// How far behind the latest time another thread may be, in milliseconds, without the clock having
/// been set. The clock stands still meanwhile.
pub const JITTER_MAX_MS: i64 = 100;

/// The latest time that the kernel was told.
#[derive(Debug)]
pub(crate) struct WallClock {
    /// In milliseconds since the Unix epoch.
    latest_ms: AtomicI64,
}

/// The clock was set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SetBack {
    /// What it showed before, in milliseconds since the Unix epoch.
    pub(crate) from_ms: i64,
}

impl WallClock {
    pub(crate) fn new(now: Now) -> Self {
        Self { latest_ms: AtomicI64::new(now.unix_ms()) }
    }

    /// The moment as the kernel takes it.
    #[inline]
    pub(crate) fn follow(&self, now: Now) -> Result<Now, SetBack> {
        let latest_ms = self.latest_ms.load(Relaxed);
        match latest_ms.saturating_sub(now.unix_ms()) {
            0 => Ok(now),
            ..0 => {
                self.latest_ms.fetch_max(now.unix_ms(), Relaxed);
                Ok(now)
            }
            1..=JITTER_MAX_MS => Ok(Now { unix_us: latest_ms as u64 * 1000, ..now }),
            _ => Err(SetBack { from_ms: latest_ms }),
        }
    }

    /// All has gone that has expired before it was set back to `now`.
    pub(crate) fn go_back(&self, SetBack { from_ms }: SetBack, now: Now) {
        // Otherwise another thread has told of something else since.
        let _ = self.latest_ms.compare_exchange(from_ms, now.unix_ms(), Relaxed, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_ms: i64) -> Now {
        Now { mono_us: 7, unix_us: unix_ms as u64 * 1000 }
    }

    #[test]
    fn it_stands_still_for_a_moment_and_goes_back_when_it_was_set() {
        let clock = WallClock::new(at(1000));
        assert_eq!(clock.follow(at(5000)), Ok(at(5000)));
        assert_eq!(clock.follow(at(5000 - JITTER_MAX_MS)), Ok(at(5000)));
        let set_back = SetBack { from_ms: 5000 };
        assert_eq!(clock.follow(at(4899)), Err(set_back));
        clock.go_back(set_back, at(4899));
        assert_eq!(clock.follow(at(4900)), Ok(at(4900)));
        // Another thread was late to notice.
        clock.go_back(set_back, at(1));
        assert_eq!(clock.follow(at(4901)), Ok(at(4901)));
    }
}
