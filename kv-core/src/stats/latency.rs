//! What held other work up, for LATENCY: of each kind of event the last samples, one a second.

use crate::now::Now;
use crate::sync::{Mutex, MutexGuard};
use std::collections::VecDeque;

/// How many samples of each event are kept. Redis's.
pub const SAMPLES_MAX: usize = 160;

/// What can hold other work up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command that is not flagged as fast.
    Command,
    /// One that is, or several of them in a row.
    FastCommand,
    /// Making room for a command.
    EvictionCycle,
    /// A slice of removing what has expired and freeing what is out of use.
    ExpireCycle,
}

impl Event {
    /// All of them, in the order of their names.
    pub const ALL: [Event; 4] =
        [Self::Command, Self::EvictionCycle, Self::ExpireCycle, Self::FastCommand];

    /// Its name in Redis.
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::FastCommand => "fast-command",
            Self::EvictionCycle => "eviction-cycle",
            Self::ExpireCycle => "expire-cycle",
        }
    }

    /// The event of this name.
    pub fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name().as_bytes() == name)
    }
}

/// How long an event took at most within a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The second, since the Unix epoch.
    pub unix_s: u64,
    /// Milliseconds.
    pub time_ms: u64,
}

/// The samples of one event.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// The oldest first.
    pub samples: VecDeque<Sample>,
    /// The longest since the last reset, in milliseconds.
    pub longest_ms: u64,
}

impl Series {
    fn note(&mut self, sample: Sample) {
        self.longest_ms = self.longest_ms.max(sample.time_ms);
        match self.samples.back_mut() {
            Some(last) if last.unix_s == sample.unix_s => {
                last.time_ms = last.time_ms.max(sample.time_ms);
            }
            _ => self.samples.push_back(sample),
        }
        if self.samples.len() > SAMPLES_MAX {
            self.samples.pop_front();
        }
    }
}

/// All events.
#[derive(Debug, Default)]
pub struct Monitor(Mutex<[Series; Event::ALL.len()]>);

impl Monitor {
    /// Keeps an event if it took as long as `threshold_ms`, which is 0 to keep none.
    pub(crate) fn note(&self, event: Event, now: Now, time_ns: u64, threshold_ms: i64) {
        let time_ms = time_ns / 1_000_000;
        if threshold_ms > 0 && time_ms >= threshold_ms as u64 {
            let sample = Sample { unix_s: now.unix_us / 1_000_000, time_ms };
            self.all()[event as usize].note(sample);
        }
    }

    /// What is known of an event; nothing if it did not happen.
    pub fn series(&self, event: Event) -> Option<Series> {
        let series = &self.all()[event as usize];
        (!series.samples.is_empty()).then(|| series.clone())
    }

    /// Forgets an event. Whether there was something to forget.
    pub(crate) fn reset(&self, event: Event) -> bool {
        !std::mem::take(&mut self.all()[event as usize]).samples.is_empty()
    }

    fn all(&self) -> MutexGuard<'_, [Series; Event::ALL.len()]> {
        self.0.lock().expect("nothing panics while it holds the samples")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_keeps_the_longest_of_each_second_and_the_last_seconds() {
        let monitor = Monitor::default();
        for second in 0..SAMPLES_MAX as u64 + 10 {
            let now = Now { mono_us: 0, unix_us: second * 1_000_000 };
            for time_ms in [20, 30 + second % 7, 9] {
                monitor.note(Event::Command, now, time_ms * 1_000_000, 10);
            }
        }
        let series = monitor.series(Event::Command).expect("it happened");
        assert_eq!(series.samples.len(), SAMPLES_MAX);
        assert_eq!(series.samples[0], Sample { unix_s: 10, time_ms: 33 });
        assert_eq!(series.longest_ms, 36);
        assert!(monitor.series(Event::FastCommand).is_none());
        assert!(monitor.reset(Event::Command) && !monitor.reset(Event::Command));
    }

    #[test]
    fn a_threshold_of_0_keeps_nothing() {
        let monitor = Monitor::default();
        monitor.note(Event::Command, Now::default(), u64::MAX, 0);
        assert!(monitor.series(Event::Command).is_none());
    }
}
