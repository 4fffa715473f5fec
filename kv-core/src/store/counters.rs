//! What a shard tells of itself while a command may hold it: written under the shard's lock, read
//! by anyone at any time.

use super::{DatabaseSize, ShardStats, Store};
use crate::stats::Counter;
use crate::sync::tally::{AtomicUsize, Ordering::Relaxed};

/// One shard's numbers, on cache lines of their own.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Counters {
    pub(super) hits: Counter,
    pub(super) misses: Counter,
    pub(super) expired: Counter,
    pub(super) evicted: Counter,
    sizes: Box<[Size]>,
}

#[derive(Debug, Default)]
struct Size {
    keys: AtomicUsize,
    with_deadline: AtomicUsize,
}

impl Counters {
    pub(super) fn new(databases: usize) -> Self {
        Self {
            hits: Counter::default(),
            misses: Counter::default(),
            expired: Counter::default(),
            evicted: Counter::default(),
            sizes: (0..databases).map(|_| Size::default()).collect(),
        }
    }

    /// Says how much a database has in this shard.
    pub(super) fn set_size(&self, database: usize, keys: usize, with_deadline: usize) {
        self.sizes[database].keys.store(keys, Relaxed);
        self.sizes[database].with_deadline.store(with_deadline, Relaxed);
    }

    /// Sets the statistics to zero.
    pub(super) fn reset_stats(&self) {
        for counter in [&self.hits, &self.misses, &self.expired, &self.evicted] {
            counter.reset();
        }
    }
}

impl Store {
    /// What happened since the start or the last reset. Takes no lock.
    pub fn stats(&self) -> ShardStats {
        let sum = |counter: fn(&Counters) -> &Counter| {
            self.counters.iter().map(|counters| counter(counters).value()).sum()
        };
        ShardStats {
            hits: sum(|counters| &counters.hits),
            misses: sum(|counters| &counters.misses),
            expired: sum(|counters| &counters.expired),
            evicted: sum(|counters| &counters.evicted),
        }
    }

    /// How much each database holds, as of the last command that ended in each shard. Takes no
    /// lock.
    pub fn sizes(&self) -> Vec<DatabaseSize> {
        let size = |database: usize| {
            let add = |sum: DatabaseSize, size: &Size| DatabaseSize {
                keys: sum.keys + size.keys.load(Relaxed),
                with_deadline: sum.with_deadline + size.with_deadline.load(Relaxed),
            };
            let sizes = self.counters.iter().map(|counters| &counters.sizes[database]);
            sizes.fold(DatabaseSize::default(), add)
        };
        (0..self.databases).map(size).collect()
    }
}
