//! How much memory the data takes.

use super::Access;
use crate::sync::atomic::Ordering::Relaxed;

/// How much memory the data takes, and what happened for want of it. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryStats {
    /// All that is counted against `maxmemory`.
    pub used: usize,
    /// The most that was ever in use.
    pub peak: usize,
    /// What was in use before there was any data.
    pub startup: usize,
    /// Of what is in use, the keys and values themselves.
    pub dataset: usize,
    /// The tables of each database that has keys, in the order of their numbers.
    pub tables: Vec<TableOverhead>,
    /// Beyond what is in use: the free cells in the pages of keys.
    pub free_cells: usize,
    /// What is in use and not counted against `maxmemory`.
    pub not_counted: usize,
    /// Keys removed to make room.
    pub evicted_keys: u64,
    /// For how long the data has taken more than `maxmemory`, all in all, in microseconds.
    pub eviction_exceeded_total_us: u64,
    /// For how long it takes more than that without a break, in microseconds.
    pub eviction_exceeded_now_us: u64,
    /// Values that were removed and are not all freed yet.
    pub freeing_values: u64,
    /// Values that were freed after their removal.
    pub freed_values: u64,
    /// The share, in percent, of keys that have expired and still take memory.
    pub expired_stale_percent: f64,
    /// How often the removal of expired keys stopped because its time was up.
    pub expired_time_cap_reached: u64,
}

/// What the tables of one database take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableOverhead {
    /// The number of the database.
    pub database: usize,
    /// The table of all keys, in bytes.
    pub main: usize,
    /// What finds the keys that expire, in bytes.
    pub expires: usize,
}

impl Access<'_> {
    /// How much memory the data takes. Locks one shard after the other.
    pub fn memory(&mut self) -> MemoryStats {
        let mut stats = MemoryStats::default();
        let mut tables: Vec<TableOverhead> = (0..self.store.databases)
            .map(|database| TableOverhead { database, main: 0, expires: 0 })
            .collect();
        let mut has_keys = vec![false; tables.len()];
        self.for_each_shard(|shard| {
            for (database, keyspace) in shard.databases.iter().enumerate() {
                let memory = keyspace.memory();
                stats.used += memory.used();
                stats.free_cells += memory.pages - memory.cells;
                stats.dataset += memory.cells + memory.values;
                tables[database].main += memory.tables;
                tables[database].expires += memory.timers;
                has_keys[database] |= !keyspace.is_empty();
            }
            stats.used += shard.graveyard.bytes();
            stats.evicted_keys += shard.counters.evicted.value();
            stats.freeing_values += shard.graveyard.len() as u64;
            stats.freed_values += shard.graveyard.freed();
        });
        tables.retain(|table| has_keys[table.database]);
        stats.tables = tables;
        stats.peak = self.store.note_peak(stats.used);
        stats
    }
}

impl super::Store {
    /// What the data takes, in bytes: all that was published.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// The most that was in use, now that so much is. Between the moments at which somebody looks
    /// at it, a peak may go unseen.
    pub(super) fn note_peak(&self, used: usize) -> usize {
        self.peak.fetch_max(used, Relaxed).max(used)
    }
}
