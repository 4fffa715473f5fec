//! How recently or how often a key is accessed: 24 bits in its entry.
//!
//! Under an LFU policy they are the minute of the last access, 16 bits, and a counter that grows
//! with the logarithm of the number of accesses and sinks with time, 8 bits, as Redis does it.
//! Otherwise they are the second of the last access. Unlike Redis's, both are told by the clock that
//! never goes back: if the machine's clock was set back, what was used last would seem to be what
//! nobody has used for longest.

use crate::keyspace::{Keyspace, Place};
use crate::now::Now;
use crate::rng::Rng;

const BITS: u32 = 24;
const COUNTER_BITS: u32 = 8;
const COUNTER_MAX: u32 = (1 << COUNTER_BITS) - 1;
/// The counter of a new key, so that it is not evicted before it had a chance.
const COUNTER_START: u32 = 5;

/// How far ahead of this thread's the clock of another may be that has accessed a key, in seconds,
/// without that seeming to have been a whole turn of 2^24 seconds ago; and in minutes.
const LEAD_S: u32 = 3600;
const LEAD_MIN: u32 = 60;

/// The longest time that a key may have not been accessed, in seconds.
const IDLE_MAX_S: u32 = (1 << BITS) - 1 - LEAD_S;

/// What an access at this moment means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessClock {
    scale: Scale,
    /// Whether accesses count.
    counts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// Keys remember when they were accessed.
    Recency {
        /// Seconds by [`Now::mono_us`], modulo 2^24.
        now_s: u32,
    },
    /// Keys remember how often they were accessed.
    Frequency {
        /// Minutes by [`Now::mono_us`], modulo 2^16.
        now_min: u32,
        /// `lfu-log-factor`: the higher, the more accesses it takes to count up.
        log_factor: u32,
        /// `lfu-decay-time`: minutes without access that count down by one, 0 for never.
        decay_min: u32,
    },
}

/// What is known of the use of a key that comes from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Nothing: it is as if it was new.
    Unknown,
    /// It was not accessed for so long, in seconds.
    Idle(u64),
    /// Its counter of accesses.
    Frequency(u8),
}

impl AccessClock {
    /// For policies that go by time.
    pub fn recency(now: Now) -> Self {
        let scale = Scale::Recency { now_s: (now.mono_us / 1_000_000) as u32 % (1 << BITS) };
        Self { scale, counts: true }
    }

    /// For policies that go by frequency.
    pub fn frequency(now: Now, log_factor: u32, decay_min: u32) -> Self {
        let scale = Scale::Frequency {
            now_min: (now.mono_us / 60_000_000) as u32 % (1 << 16),
            log_factor,
            decay_min,
        };
        Self { scale, counts: true }
    }

    /// The same, where accesses of keys that are there count, or do not.
    pub(super) fn counting(self, counts: bool) -> Self {
        Self { counts, ..self }
    }

    /// A key was accessed. Its clock from now on.
    #[inline]
    pub(super) fn touch(self, keyspace: &mut Keyspace, place: Place, rng: &mut Rng) -> u32 {
        let old = keyspace.entry(place).clock();
        let new = self.accessed(old, rng);
        // Most accesses change nothing, and leave the cache line clean.
        if new != old {
            keyspace.set_clock(place, new);
        }
        new
    }

    /// The clock of a key that is stored, over an `old` one or as a new key.
    pub(super) fn stored(self, old: Option<u32>, rng: &mut Rng) -> u32 {
        match (self.scale, old) {
            (Scale::Recency { now_s }, _) => now_s,
            (Scale::Frequency { .. }, Some(old)) => self.accessed(old, rng),
            (Scale::Frequency { now_min, .. }, None) => now_min << COUNTER_BITS | COUNTER_START,
        }
    }

    /// The clock of a key that comes from elsewhere. What the policy does not go by is ignored.
    pub(super) fn restored(self, usage: Usage, rng: &mut Rng) -> u32 {
        match (self.scale, usage) {
            (Scale::Recency { now_s }, Usage::Idle(idle_s)) => {
                now_s.wrapping_sub(idle_s.min(IDLE_MAX_S.into()) as u32) % (1 << BITS)
            }
            (Scale::Frequency { now_min, .. }, Usage::Frequency(counter)) => {
                now_min << COUNTER_BITS | u32::from(counter)
            }
            _ => self.stored(None, rng),
        }
    }

    /// The clock of a key whose clock was `old` after one more access.
    pub(super) fn accessed(self, old: u32, rng: &mut Rng) -> u32 {
        if !self.counts {
            return old;
        }
        match self.scale {
            Scale::Recency { now_s } => now_s,
            Scale::Frequency { now_min, log_factor, .. } => {
                let counter = self.counter(old);
                let above_start = counter.saturating_sub(COUNTER_START);
                let odds = u64::from(above_start) * u64::from(log_factor) + 1;
                let counts = counter < COUNTER_MAX && rng.below(odds) == 0;
                now_min << COUNTER_BITS | (counter + u32::from(counts))
            }
        }
    }

    /// For how long the key was not accessed, in seconds. 0 under a policy of frequency.
    pub fn idle_s(self, clock: u32) -> u32 {
        match self.scale {
            Scale::Recency { now_s } => {
                let idle_s = now_s.wrapping_sub(clock) % (1 << BITS);
                if idle_s > IDLE_MAX_S { 0 } else { idle_s }
            }
            Scale::Frequency { .. } => 0,
        }
    }

    /// The counter of accesses, 0 to 255, as it is after the time without any. 0 under other
    /// policies.
    pub fn counter(self, clock: u32) -> u32 {
        match self.scale {
            Scale::Recency { .. } => 0,
            Scale::Frequency { now_min, decay_min, .. } => {
                let elapsed = now_min.wrapping_sub(clock >> COUNTER_BITS) % (1 << 16);
                let elapsed = if elapsed >= (1 << 16) - LEAD_MIN { 0 } else { elapsed };
                let decayed = elapsed.checked_div(decay_min).unwrap_or(0);
                (clock & COUNTER_MAX).saturating_sub(decayed)
            }
        }
    }
}
