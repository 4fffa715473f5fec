//! Making room: which keys go when the data takes more than it may.
//!
//! Redis picks the best of a few random keys, and keeps good ones in a pool. Here candidates are
//! neighbours in the table, which are as good as random, since hashes are, and are found in two or
//! three cache lines; so there can be more of them, and no pool is kept. Keys with a deadline are
//! found through their timers, each at another place.

use super::{Access, Held, Shard, Store, event, lock};
use crate::config::Policy;
use crate::keyspace::{Candidate, Entry, Keyspace};
use crate::rare::{Rare, sometimes};
use crate::rng::Rng;

/// How many keys one command may evict to make room for itself. If that is not enough it runs
/// nevertheless, and the next one goes on.
const KEYS_PER_COMMAND_MAX: usize = 512;

/// How many elements or entries that are out of use one command may free to make room.
const FREED_PER_COMMAND_MAX: usize = 8192;

/// By what share of the limit the data may be above it while something out of use is left, which
/// the next commands free. Beyond that, keys go as well.
const EXCESS_SHARE: usize = 8;

/// How many candidates there are at least: with about so many, as much that is worth keeping is
/// kept as with Redis's pool.
const CANDIDATES_MIN: usize = 16;

/// How many candidates there may be beyond that. Among equals the last is chosen: were their number
/// always the same, it would fall on the same places of the table again and again.
const CANDIDATES_SPREAD: u64 = 9;

/// What the data may take, and what happens beyond.
#[derive(Clone, Copy, Debug)]
pub struct Eviction {
    /// `maxmemory` in bytes, less what else counts against it.
    pub used_max: usize,
    /// `maxmemory-policy`
    pub policy: Policy,
    /// `maxmemory-samples`
    pub samples: usize,
}

/// There is no room, and nothing may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl Access<'_> {
    /// Removes keys until the data takes no more than it may, or enough work is done for one
    /// command. O(1).
    pub fn make_room(&mut self, limit: &Eviction, rng: &mut Rng) -> Result<(), OutOfMemory> {
        let store = self.store;
        let (mut evicted, mut freed) = (0, 0);
        let mut has_waste = true;
        while store.used() > limit.used_max && evicted < KEYS_PER_COMMAND_MAX {
            if has_waste && freed < FREED_PER_COMMAND_MAX {
                let work = self.dig(FREED_PER_COMMAND_MAX - freed);
                freed += work;
                has_waste = work > 0;
                continue;
            }
            let excess = store.used() - limit.used_max;
            if has_waste && excess <= limit.used_max / EXCESS_SHARE {
                break;
            }
            match self.evict_one(limit, rng) {
                Some(is_freed) => {
                    sometimes(Rare::EvictedIsFreedLater, !is_freed);
                    has_waste |= !is_freed;
                }
                None if freed > 0 => break,
                None => {
                    sometimes(Rare::OutOfMemory, true);
                    return Err(OutOfMemory);
                }
            }
            evicted += 1;
        }
        Ok(())
    }

    /// Frees some of what is out of use. How much.
    fn dig(&mut self, budget: usize) -> usize {
        let mut work = 0;
        self.visit_shards(0, |shard, store| {
            work = shard.graveyard.dig(budget);
            shard.publish(store, 0);
            work > 0
        });
        work
    }

    /// Removes one key, if any may be removed. Whether its memory is free already.
    fn evict_one(&mut self, limit: &Eviction, rng: &mut Rng) -> Option<bool> {
        let clock = self.terms.clock;
        let mut is_freed = None;
        let score = |entry: Entry<'_>| match limit.policy {
            Policy::VolatileTtl => u64::MAX - entry.deadline().unwrap_or(i64::MAX) as u64,
            policy if policy.is_lfu() => 255 - u64::from(clock.counter(entry.clock())),
            policy if policy.is_lru() => u64::from(clock.idle_s(entry.clock())),
            _ => 0,
        };
        let first = rng.next_u64() as usize;
        self.visit_shards(first, |shard, store| {
            let candidates = shard.databases.iter().enumerate().filter_map(|(number, keyspace)| {
                let (score, cell) = limit.candidate(keyspace, score, rng)?;
                Some((score, number, cell))
            });
            let worst = candidates.max_by_key(|&(score, ..)| score);
            if let Some((_, database, cell)) = worst {
                shard.evict(store, database, cell);
                is_freed = Some(shard.graveyard.is_empty());
            }
            is_freed.is_some()
        });
        is_freed
    }

    /// Visits the shards one after the other until `visit` says that it is enough.
    fn visit_shards(&mut self, first: usize, mut visit: impl FnMut(&mut Shard, &Store) -> bool) {
        let store = self.store;
        match &mut self.held {
            Held::Only(shard) => {
                visit(shard, store);
            }
            Held::Several(_) => unreachable!("room is made before a transaction"),
            Held::None => {
                let count = store.shards.len();
                let mut order = (0..count).map(|at| first.wrapping_add(at) % count);
                order.find(|&index| visit(&mut lock(&store.shards[index]), store));
            }
        }
    }
}

impl Eviction {
    /// The entry of a keyspace to be evicted, and its score, if any may be.
    fn candidate(
        &self,
        keyspace: &Keyspace,
        score: impl Fn(Entry<'_>) -> u64,
        rng: &mut Rng,
    ) -> Option<(u64, Candidate)> {
        match self.policy {
            Policy::NoEviction => None,
            Policy::AllKeysRandom | Policy::AllKeysLru | Policy::AllKeysLfu => {
                let count = self.count(rng).div_ceil(2);
                let one = |_| keyspace.worst(rng.next_u64(), count, &score);
                (0..2).filter_map(one).max_by_key(|&(score, _)| score)
            }
            Policy::VolatileRandom => keyspace.worst_with_deadline(rng.next_u64(), 1, score),
            Policy::VolatileLru | Policy::VolatileLfu => {
                self.worst_with_deadline(keyspace, score, rng)
            }
            Policy::VolatileTtl => {
                let soon = keyspace.worst_of_soonest(CANDIDATES_MIN, &score);
                let any = self.worst_with_deadline(keyspace, &score, rng);
                soon.into_iter().chain(any).max_by_key(|&(score, _)| score)
            }
        }
    }

    /// The worst of some entries with a deadline. Each is from another place: timers next to each
    /// other were set one after the other, and are too much alike to choose from.
    fn worst_with_deadline(
        &self,
        keyspace: &Keyspace,
        score: impl Fn(Entry<'_>) -> u64,
        rng: &mut Rng,
    ) -> Option<(u64, Candidate)> {
        let count = self.count(rng);
        let one = |_| keyspace.worst_with_deadline(rng.next_u64(), 1, &score);
        (0..count).filter_map(one).max_by_key(|&(score, _)| score)
    }

    /// How many candidates there are this time.
    fn count(&self, rng: &mut Rng) -> usize {
        self.samples.max(CANDIDATES_MIN) + rng.below(CANDIDATES_SPREAD) as usize
    }
}

impl Shard {
    fn evict(&mut self, store: &Store, database: usize, cell: Candidate) {
        let key = self.databases[database].key_of(&cell);
        store.publish_event(event::EVICTED, database, key);
        if store.is_observed() {
            self.interests[database].tell(store, database, key);
            self.readers.tell(store, key);
        }
        let value = self.databases[database].evict(cell);
        self.counters.evicted.add(1);
        self.discard(value, store, database);
        self.publish(store, database);
    }
}
