//! What the running server tells of itself: what commands cost, which errors there were, which
//! commands were slow, and what held others up.
//!
//! A [`Meter`] counts the commands of a batch and takes their times. Each batch counts in a
//! [`lane`](lanes) of its own, so that threads do not write to the same memory; readers add the lanes
//! up. What happens rarely (an error, a slow command) is noted under a lock.

mod errors;
mod histogram;
mod lanes;
mod latency;
mod meter;
mod rates;
mod slowlog;

pub use errors::Errors;
pub use histogram::Histogram;
pub use lanes::CommandStats;
pub use latency::{Event, Monitor, SAMPLES_MAX, Sample, Series};
pub use rates::Rates;
pub use slowlog::{Entry, Slowlog};

pub(crate) use meter::Meter;
pub(crate) use rates::Totals;

use crate::command::Command;
use crate::sync::tally::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use lanes::Lanes;

/// A number that one thread at a time changes, so that no change is lost although none is made in
/// one step, and that all may read.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(crate) fn reset(&self) {
        self.0.store(0, Relaxed);
    }
}

/// What the running server tells of itself.
#[derive(Debug, Default)]
pub struct Stats {
    /// The error replies so far.
    pub errors: Errors,
    /// The slow commands.
    pub slowlog: Slowlog,
    /// What held others up.
    pub latency: Monitor,
    /// How much is going on.
    pub rates: Rates,
    lanes: Lanes,
    lanes_given: AtomicUsize,
}

impl Stats {
    /// The number of a lane for one more thread.
    pub(crate) fn next_lane(&self) -> usize {
        self.lanes_given.fetch_add(1, Relaxed)
    }

    /// What each command did since the start or the last reset, of those that did something. Batches
    /// that are under way may not have told everything. Takes no lock. O(commands x threads).
    pub fn commands(&self) -> Vec<CommandStats> {
        self.lanes.commands()
    }

    /// How long the command took, if it was run while `latency-tracking` was on. Takes no lock.
    pub fn histogram(&self, command: &Command) -> Option<Histogram> {
        self.lanes.histogram(command)
    }

    /// Starts at zero again, but for SLOWLOG and LATENCY, which have resets of their own.
    pub(crate) fn reset(&self) {
        self.lanes.reset();
        self.errors.reset();
    }
}
