//! The server's wall clock, which faults set.

use crate::EPOCH_US;
use kv_core::now::Now;

/// A clock that is behind the latest time by no more than this, in milliseconds, may have been read
/// by another thread a moment ago: the server takes it to stand still.
const JITTER_MAX_MS: u64 = 100;

/// How often a server without requests looks at the clock, in microseconds.
pub(crate) const LOOK_INTERVAL_US: u64 = 1_000_000;

/// A clock that runs as evenly as time, but for being set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wall {
    /// How far it is off what it would be, in microseconds.
    offset_us: i64,
    /// The server takes it to show no less than this, in microseconds since the Unix epoch.
    least_us: u64,
}

impl Wall {
    /// What the server is told at a time, in microseconds since the start.
    pub(crate) fn now(&self, elapsed_us: u64) -> Now {
        let unix_us = (EPOCH_US + elapsed_us).saturating_add_signed(self.offset_us);
        Now { mono_us: elapsed_us, unix_us }
    }

    /// What it goes by, in microseconds since the Unix epoch.
    pub(crate) fn unix_us(&self, elapsed_us: u64) -> u64 {
        self.now(elapsed_us).unix_us.max(self.least_us)
    }

    /// The same in milliseconds.
    pub(crate) fn unix_ms(&self, elapsed_us: u64) -> i64 {
        (self.unix_us(elapsed_us) / 1000) as i64
    }

    /// Sets it by so many milliseconds. The server must have been told of the time before. Whether
    /// that takes the server back.
    pub(crate) fn set(&mut self, elapsed_us: u64, by_ms: i64) -> bool {
        let before_ms = self.unix_us(elapsed_us) / 1000;
        self.offset_us += by_ms * 1000;
        let behind_ms = before_ms.saturating_sub(self.now(elapsed_us).unix_us / 1000);
        let stands_still = (1..=JITTER_MAX_MS).contains(&behind_ms);
        self.least_us = if stands_still { before_ms * 1000 } else { 0 };
        behind_ms > JITTER_MAX_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_step_back_stands_still_and_a_large_one_goes_back() {
        let mut wall = Wall::default();
        assert!(!wall.set(1_000_000, -50));
        assert_eq!(wall.unix_us(1_000_000), EPOCH_US + 1_000_000);
        assert_eq!(wall.unix_us(1_040_000), EPOCH_US + 1_000_000);
        assert_eq!(wall.unix_us(1_060_000), EPOCH_US + 1_010_000);
        assert!(wall.set(2_000_000, -101));
        assert_eq!(wall.unix_us(2_000_000), EPOCH_US + 1_849_000);
        assert!(!wall.set(2_000_000, 151));
        assert_eq!(wall.now(2_000_000), Now { mono_us: 2_000_000, unix_us: EPOCH_US + 2_000_000 });
    }
}
