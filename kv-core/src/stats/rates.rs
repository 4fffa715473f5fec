//! How much is going on: what INFO calls instantaneous.

use crate::now::Now;
use crate::sync::Mutex;
use crate::sync::tally::{AtomicU64, Ordering::Relaxed};
use std::collections::VecDeque;

/// How far samples are apart at least, in microseconds.
const INTERVAL_US: u64 = 100_000;

/// How many samples are kept: what is told is the average over some 1.6 seconds.
const SAMPLES_MAX: usize = 16;

/// What is counted, as of a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) commands: u64,
    pub(crate) received_bytes: u64,
    pub(crate) sent_bytes: u64,
}

/// Samples of what was counted. They are taken when batches begin, so that an idle server has
/// nothing to do.
#[derive(Debug, Default)]
pub struct Rates {
    /// When the next sample is due, by [`Now::mono_us`].
    due_us: AtomicU64,
    samples: Mutex<VecDeque<(u64, Totals)>>,
}

impl Rates {
    /// Whether it is time for a sample.
    #[inline]
    pub(crate) fn is_due(&self, now: Now) -> bool {
        now.mono_us >= self.due_us.load(Relaxed)
    }

    /// Takes a sample, unless another thread is just doing it.
    pub(crate) fn sample(&self, now: Now, totals: Totals) {
        let Ok(mut samples) = self.samples.try_lock() else { return };
        self.due_us.store(now.mono_us + INTERVAL_US, Relaxed);
        samples.push_back((now.mono_us, totals));
        if samples.len() > SAMPLES_MAX {
            samples.pop_front();
        }
    }

    /// How much there was in a second, as of the last samples, of what `field` says. 0 after a
    /// reset of what is counted.
    pub(crate) fn per_second(&self, now: Now, totals: Totals, field: fn(&Totals) -> u64) -> f64 {
        const WINDOW_US: u64 = INTERVAL_US * SAMPLES_MAX as u64;
        let samples = self.samples.lock().expect("nothing panics while it holds the samples");
        let is_recent = |sample: &&(u64, Totals)| now.mono_us.saturating_sub(sample.0) <= WINDOW_US;
        let sample = samples.iter().find(is_recent).or(samples.back());
        let Some((at_us, before)) = sample else { return 0.0 };
        let time_us = now.mono_us.saturating_sub(*at_us).max(INTERVAL_US);
        field(&totals).saturating_sub(field(before)) as f64 * 1e6 / time_us as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_averages_over_the_last_seconds() {
        let rates = Rates::default();
        let start = Now::default();
        let (mut now, mut totals) = (start, Totals::default());
        let per_second =
            |now: Now, totals: Totals| rates.per_second(now, totals, |totals| totals.commands);
        assert_eq!(per_second(now, totals), 0.0);
        for _ in 0..100 {
            if rates.is_due(now) {
                rates.sample(now, totals);
            }
            now = now.after_us(50_000);
            totals.commands += 50;
        }
        assert_eq!(per_second(now, totals), 1000.0);
        let later = now.after_us(1_500_000);
        assert!((1.0..500.0).contains(&per_second(later, totals)));
        assert!(per_second(now.after_us(60_000_000), totals) < 2.0);
    }
}
