//! How much memory the data takes.

use super::Access;
use crate::keyspace::Entry;

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
    ///
    /// As long as memory is not counted, only the tables' entries are told; all else is 0.
    pub fn memory(&mut self) -> MemoryStats {
        let sizes = self.sizes().into_iter().enumerate().filter(|(_, size)| size.keys > 0);
        let tables: Vec<TableOverhead> = sizes
            .map(|(database, size)| {
                let main = size.keys * size_of::<Entry>();
                TableOverhead { database, main, expires: 0 }
            })
            .collect();
        let used = tables.iter().map(|table| table.main + table.expires).sum();
        MemoryStats { used, peak: used, tables, ..MemoryStats::default() }
    }
}
