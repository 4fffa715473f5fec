//! What commands did, counted apart by each thread that runs some.

use super::Counter;
use super::histogram::{Buckets, Histogram};
use crate::command::{Command, table};
use crate::sync::OnceLock;
use crate::sync::tally::{
    AtomicBool, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// How many batches can be under way at once, each with a lane of its own. Beyond that some share
/// the last, and may lose what they count.
const LANES: usize = 128;

/// All lanes.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: Box<[Lane]>,
    /// How often everything was set to zero. What a lane counted before is of no use.
    resets: AtomicU64,
}

/// The counts of one batch after the other.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Lane {
    is_taken: AtomicBool,
    /// The number of the reset that the counts are from.
    reset: AtomicU64,
    /// One for each row of the command table.
    rows: OnceLock<Box<[Row]>>,
}

/// The counts of one command, on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Row {
    pub(super) calls: Counter,
    pub(super) time_ns: Counter,
    pub(super) failed: Counter,
    pub(super) rejected: Counter,
    buckets: OnceLock<Box<Buckets>>,
}

impl Row {
    pub(super) fn buckets(&self) -> &Buckets {
        self.buckets.get_or_init(Box::default)
    }

    fn reset(&self) {
        for counter in [&self.calls, &self.time_ns, &self.failed, &self.rejected] {
            counter.reset();
        }
        self.buckets.get().into_iter().for_each(|buckets| buckets.reset());
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self { lanes: (0..LANES).map(|_| Lane::default()).collect(), resets: AtomicU64::new(0) }
    }
}

impl Lanes {
    /// A free lane, `preferred` if that is one. The caller gives it back.
    pub(super) fn take(&self, preferred: usize) -> &Lane {
        let all = (0..LANES).map(|offset| &self.lanes[(preferred + offset) % LANES]);
        let lane = all.into_iter().find(|lane| lane.take()).unwrap_or(&self.lanes[LANES - 1]);
        self.refresh(lane);
        lane
    }

    /// Sets a lane to zero if everything was since it was last used.
    pub(super) fn refresh(&self, lane: &Lane) {
        let resets = self.resets.load(Relaxed);
        if lane.reset.load(Relaxed) != resets {
            lane.rows.get().into_iter().flatten().for_each(Row::reset);
            lane.reset.store(resets, Release);
        }
    }

    /// Sets everything to zero. What batches count that are under way is lost.
    pub(super) fn reset(&self) {
        self.resets.fetch_add(1, AcqRel);
    }

    pub(super) fn commands(&self) -> Vec<CommandStats> {
        let mut all: Vec<_> = table::rows().map(CommandStats::new).collect();
        for rows in self.current() {
            for stats in &mut all {
                stats.add(&rows[usize::from(stats.command.number)]);
            }
        }
        all.retain(|stats| stats.calls + stats.failed + stats.rejected > 0);
        all
    }

    pub(super) fn histogram(&self, command: &Command) -> Option<Histogram> {
        let mut sum = Histogram::default();
        let rows = self.current().map(|rows| &rows[usize::from(command.number)]);
        rows.filter_map(|row| row.buckets.get()).for_each(|buckets| sum.add(buckets));
        (sum.total() > 0).then_some(sum)
    }

    /// The rows of each lane that has counted since everything was set to zero.
    fn current(&self) -> impl Iterator<Item = &[Row]> {
        let resets = self.resets.load(Relaxed);
        let is_current = move |lane: &&Lane| lane.reset.load(Acquire) == resets;
        self.lanes.iter().filter(is_current).filter_map(|lane| lane.rows.get().map(|rows| &**rows))
    }
}

impl Lane {
    fn take(&self) -> bool {
        !self.is_taken.load(Relaxed)
            && self.is_taken.compare_exchange(false, true, Acquire, Relaxed).is_ok()
    }

    /// Nobody counts here any more for now.
    pub(super) fn give_back(&self) {
        self.is_taken.store(false, Release);
    }

    pub(super) fn rows(&self) -> &[Row] {
        self.rows.get_or_init(|| (0..table::ROWS).map(|_| Row::default()).collect())
    }
}

/// What one command did.
#[derive(Clone, Copy, Debug)]
pub struct CommandStats {
    /// Its row.
    pub command: &'static Command,
    /// How often it ran.
    pub calls: u64,
    /// How long it ran, all in all, in nanoseconds.
    pub time_ns: u64,
    /// How often it was refused before it ran.
    pub rejected: u64,
    /// How often it ran and ended with an error.
    pub failed: u64,
}

impl CommandStats {
    fn new(command: &'static Command) -> Self {
        Self { command, calls: 0, time_ns: 0, rejected: 0, failed: 0 }
    }

    fn add(&mut self, row: &Row) {
        self.calls += row.calls.value();
        self.time_ns += row.time_ns.value();
        self.rejected += row.rejected.value();
        self.failed += row.failed.value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(lanes: &Lanes) -> u64 {
        lanes.commands().iter().map(|stats| stats.calls).sum()
    }

    #[test]
    fn batches_at_the_same_time_count_in_lanes_of_their_own() {
        let lanes = Lanes::default();
        let taken: Vec<&Lane> = (0..LANES - 1).map(|_| lanes.take(3)).collect();
        assert!(std::ptr::eq(taken[0], &lanes.lanes[3]));
        taken.iter().for_each(|lane| lane.rows()[7].calls.add(1));
        assert_eq!(calls(&lanes), LANES as u64 - 1);
        taken[0].give_back();
        assert!(std::ptr::eq(lanes.take(9), &lanes.lanes[2]));
        assert!(std::ptr::eq(lanes.take(9), taken[0]));
        assert!(std::ptr::eq(lanes.take(9), &lanes.lanes[LANES - 1]), "none is free");
    }

    #[test]
    fn a_reset_forgets_what_all_lanes_have_counted() {
        let lanes = Lanes::default();
        let (mine, others) = (lanes.take(0), lanes.take(1));
        for lane in [mine, others] {
            lane.rows()[7].calls.add(1);
            lane.rows()[7].buckets().count(0);
        }
        lanes.reset();
        assert_eq!(calls(&lanes), 0);
        lanes.refresh(mine);
        mine.rows()[7].calls.add(1);
        assert_eq!(calls(&lanes), 1);
        others.give_back();
        lanes.take(1).rows()[7].calls.add(1);
        assert_eq!(calls(&lanes), 2);
        let command = table::rows().find(|row| row.number == 7).expect("there are more");
        assert!(lanes.histogram(command).is_none());
    }
}
