//! One database's part of one shard: a table of segments in hash order.
//!
//! A directory, indexed by the bits of the hash that follow the shard's, names a segment; a
//! segment holds a few hundred entries and splits in two when it is full, so that growth touches
//! one segment at a time and never the whole table (extendible hashing: Fagin, Nievergelt,
//! Pippenger, Strong, 1979). Within a segment entries stand in ascending order of their hashes, by
//! ordered linear probing (Amble, Knuth: "Ordered hash tables", 1974). The whole table is therefore
//! in hash order, whatever its history: the order of SCAN and KEYS depends on the seed and the set
//! of keys alone, and a hash is a position to go on from.

mod segment;

use crate::value::Value;
use segment::Segment;

/// No deadline. One so far in the past is never stored.
const NEVER: i64 = i64::MIN;

/// How much deeper than the number of segments asks for the directory may become. A full segment
/// beyond that, which only chosen hashes can bring about, grows in place instead of splitting.
const DEPTH_SLACK: u32 = 8;

/// A key and what is stored under it.
#[derive(Debug)]
pub struct Entry {
    hash: u64,
    deadline: i64,
    key: Box<[u8]>,
    /// The value.
    pub value: Value,
}

impl Entry {
    /// An entry of `key`, whose hash is `hash`.
    pub fn new(hash: u64, key: &[u8], value: Value, deadline: Option<i64>) -> Self {
        Self { hash, deadline: deadline.unwrap_or(NEVER), key: key.into(), value }
    }

    /// The key's hash: the entry's position in the order of the table.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The key.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// When the key expires, in milliseconds since the Unix epoch.
    pub fn deadline(&self) -> Option<i64> {
        (self.deadline != NEVER).then_some(self.deadline)
    }

    /// Whether the deadline has passed. The millisecond of the deadline itself still belongs to
    /// the key's life, as in Redis.
    pub fn is_expired(&self, unix_ms: i64) -> bool {
        self.deadline < unix_ms && self.deadline != NEVER
    }
}

/// Where an entry is, until the next insertion or removal.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    segment: usize,
    slot: usize,
}

/// The entries of one database in one shard.
///
/// All hashes that it is given must agree in their first `prefix` bits, the shard's number, and
/// none may be 0.
#[derive(Debug)]
pub struct Keyspace {
    segments: Vec<Segment>,
    /// For each value of the `depth` bits after the prefix, the segment's number.
    directory: Vec<u32>,
    depth: u32,
    prefix: u32,
    len: usize,
    with_deadline: usize,
    /// Where the sweep for expired keys goes on.
    sweep: u64,
}

impl Keyspace {
    /// An empty keyspace for hashes that share their first `prefix` bits. Allocates nothing.
    pub fn new(prefix: u32) -> Self {
        Self {
            segments: Vec::new(),
            directory: Vec::new(),
            depth: 0,
            prefix,
            len: 0,
            with_deadline: 0,
            sweep: 0,
        }
    }

    /// How many entries there are, expired ones that were not yet removed included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many entries have a deadline.
    pub fn with_deadline(&self) -> usize {
        self.with_deadline
    }

    /// Where the entry of `key` is, until the next insertion or removal. O(1).
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<Place> {
        let segment = self.segment_of(hash)?;
        let slot = self.segments[segment].find(hash, key)?;
        Some(Place { segment, slot })
    }

    /// The entry at a place.
    pub fn at(&self, place: Place) -> &Entry {
        self.segments[place.segment].at(place.slot)
    }

    /// The entry at a place, to change its value.
    pub fn at_mut(&mut self, place: Place) -> &mut Entry {
        self.segments[place.segment].at_mut(place.slot)
    }

    /// Stores an entry whose key is not there. O(1), except that it may split or rebuild one
    /// segment.
    pub fn insert(&mut self, entry: Entry) {
        debug_assert!(self.find(entry.hash, &entry.key).is_none(), "the key is there already");
        self.count_deadline(false, entry.deadline != NEVER);
        self.len += 1;
        if self.segments.is_empty() {
            self.segments.push(Segment::new(self.prefix, 0));
            self.directory.push(0);
        }
        loop {
            let slot = bits(entry.hash, self.prefix, self.depth);
            let segment = self.directory[slot] as usize;
            let depth_max = self.segments.len().ilog2() + DEPTH_SLACK;
            if !self.segments[segment].must_split() || self.segments[segment].depth() >= depth_max {
                return self.segments[segment].insert_new(entry);
            }
            self.split(slot);
        }
    }

    /// Removes the entry at a place. O(1), except that it may rebuild one segment.
    pub fn remove(&mut self, place: Place) -> Entry {
        let entry = self.segments[place.segment].remove(place.slot);
        self.len -= 1;
        self.count_deadline(entry.deadline != NEVER, false);
        if self.len == 0 {
            *self = Keyspace { sweep: self.sweep, ..Keyspace::new(self.prefix) };
        }
        entry
    }

    /// Sets or takes away the deadline of the entry at a place. O(1).
    pub fn set_deadline(&mut self, place: Place, deadline: Option<i64>) {
        let entry = self.at_mut(place);
        let had = entry.deadline != NEVER;
        entry.deadline = deadline.unwrap_or(NEVER);
        let has = entry.deadline != NEVER;
        self.count_deadline(had, has);
    }

    /// The entries whose hash is at least `position`, in the order of their hashes.
    pub fn iter_from(&self, position: u64) -> impl Iterator<Item = &Entry> {
        self.segments_from(position).flat_map(|(_, entries)| entries)
    }

    /// The entries whose hash is at least `position`, in the order of their hashes, one segment
    /// after the other. With each segment comes the least hash, without the prefix's bits, that
    /// can be in it. A segment may be empty.
    pub fn segments_from(
        &self,
        position: u64,
    ) -> impl Iterator<Item = (u64, impl Iterator<Item = &Entry>)> {
        let mut slot = self.slot_of(position).unwrap_or(self.directory.len());
        std::iter::from_fn(move || {
            let segment = &self.segments[*self.directory.get(slot)? as usize];
            // A segment of lesser depth fills several neighbouring slots of the directory.
            let span = 1 << (self.depth - segment.depth());
            let first = slot & !(span - 1);
            slot = first + span;
            Some((self.position_of(first), segment.iter_from(position)))
        })
    }

    /// Removes expired entries, going round the table from call to call. Looks at segments until
    /// it has seen `budget` of them and of their entries together, which the last may exceed.
    /// Returns how many entries it removed.
    pub fn sweep_expired(&mut self, unix_ms: i64, budget: usize) -> usize {
        if self.with_deadline == 0 {
            return 0;
        }
        let mut expired: Vec<(u64, Box<[u8]>)> = Vec::new();
        let (mut seen, mut next) = (0, 0);
        for (start, entries) in self.segments_from(self.sweep) {
            if seen >= budget {
                next = start;
                break;
            }
            seen += 1;
            entries
                .inspect(|_| seen += 1)
                .filter(|entry| entry.is_expired(unix_ms))
                .for_each(|entry| expired.push((entry.hash, entry.key.clone())));
        }
        self.sweep = next;
        for (hash, key) in &expired {
            let place = self.find(*hash, key).expect("nothing was removed since it was seen");
            self.remove(place);
        }
        expired.len()
    }

    fn count_deadline(&mut self, before: bool, after: bool) {
        self.with_deadline = self.with_deadline + usize::from(after) - usize::from(before);
    }

    /// The directory's slot for a hash, if anything is stored.
    fn slot_of(&self, hash: u64) -> Option<usize> {
        if self.directory.is_empty() {
            return None;
        }
        Some(bits(hash, self.prefix, self.depth))
    }

    /// The least hash of the directory's slot, without the prefix's bits.
    fn position_of(&self, slot: usize) -> u64 {
        // The first slot is told apart because a directory of one slot would shift by 64.
        if slot == 0 { 0 } else { (slot as u64) << (64 - self.prefix - self.depth) }
    }

    fn segment_of(&self, hash: u64) -> Option<usize> {
        Some(self.directory[self.slot_of(hash)?] as usize)
    }

    /// Splits the segment at a slot of the directory by the next bit of its hashes.
    fn split(&mut self, slot: usize) {
        let left = self.directory[slot] as usize;
        if self.segments[left].depth() == self.depth {
            self.directory = self.directory.iter().flat_map(|&segment| [segment; 2]).collect();
            self.depth += 1;
            return self.split(slot * 2);
        }
        let right = self.segments[left].split();
        let span = 1 << (self.depth - right.depth());
        let first_right = (slot & !(2 * span - 1)) + span;
        let number = u32::try_from(self.segments.len()).expect("memory ends before 2^32 segments");
        self.segments.push(right);
        self.directory[first_right..first_right + span].fill(number);
    }
}

/// The `count` bits of `hash` after the first `skip`, as a number. 0 where `count` is 0.
fn bits(hash: u64, skip: u32, count: u32) -> usize {
    debug_assert!(skip + count <= 64);
    if count == 0 { 0 } else { ((hash << skip) >> (64 - count)) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Hashes that collide, crowd at one end, or spread evenly, by the key's number.
    fn hash_of(key: u16, prefix: u32) -> u64 {
        let spread = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = match key % 4 {
            0 => u64::from(key / 64),
            1 => u64::MAX - u64::from(key),
            _ => spread,
        };
        let shard = if prefix == 0 { 0 } else { 1 << (64 - prefix) };
        ((hash >> prefix) | shard) | 1
    }

    fn int_of(value: &Value) -> i64 {
        match value {
            Value::String(string) => string.as_int().unwrap(),
            Value::List(_) => unreachable!("the test stores integers"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn equals_a_btree_map_in_hash_order(
            prefix in prop_oneof![Just(0u32), Just(4)],
            operations in prop::collection::vec((0..3u8, 0..3000u16, any::<Option<u8>>()), 1..4000),
        ) {
            let mut keyspace = Keyspace::new(prefix);
            let mut model: BTreeMap<(u64, Vec<u8>), (i64, Option<i64>)> = BTreeMap::new();
            for (step, (operation, number, deadline)) in operations.into_iter().enumerate() {
                let (hash, key) = (hash_of(number, prefix), number.to_le_bytes());
                let deadline = deadline.map(i64::from);
                let place = (hash, key.to_vec());
                match operation {
                    0 | 1 => {
                        let value = Value::from_int(step as i64);
                        let found = keyspace.find(hash, &key);
                        match found {
                            None => keyspace.insert(Entry::new(hash, &key, value, deadline)),
                            Some(found) => {
                                keyspace.at_mut(found).value = value;
                                keyspace.set_deadline(found, deadline);
                            }
                        }
                        let expected = model.insert(place, (step as i64, deadline));
                        prop_assert_eq!(found.is_some(), expected.is_some());
                    }
                    _ => {
                        let old = keyspace.find(hash, &key).map(|place| keyspace.remove(place));
                        prop_assert_eq!(old.is_some(), model.remove(&place).is_some());
                    }
                }
                prop_assert_eq!(keyspace.len(), model.len());
            }
            let mut found: Vec<_> =
                keyspace.iter_from(0).map(|entry| (entry.hash(), entry.key().to_vec())).collect();
            prop_assert!(found.is_sorted_by_key(|place| place.0));
            found.sort();
            prop_assert_eq!(found, model.keys().cloned().collect::<Vec<_>>());
            let with_deadline = model.values().filter(|value| value.1.is_some()).count();
            prop_assert_eq!(keyspace.with_deadline(), with_deadline);
            for ((hash, key), (value, deadline)) in &model {
                let entry = keyspace.at(keyspace.find(*hash, key).unwrap());
                prop_assert_eq!(entry.deadline(), *deadline);
                prop_assert_eq!(int_of(&entry.value), *value);
                let rest = keyspace.iter_from(*hash).count();
                let expected = model.range((*hash, vec![])..).count();
                prop_assert_eq!(rest, expected);
            }
        }
    }

    #[test]
    fn the_sweep_goes_round_and_removes_what_expired() {
        let mut keyspace = Keyspace::new(0);
        for key in 0..1000u16 {
            let deadline = (key % 2 == 0).then_some(10);
            let hash = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            keyspace.insert(Entry::new(hash, &key.to_le_bytes(), Value::from_int(0), deadline));
        }
        let removed: usize = (0..9).map(|_| keyspace.sweep_expired(10, 100)).sum();
        assert_eq!(removed, 0, "the deadline's own millisecond is alive");
        let first = keyspace.sweep_expired(11, 1);
        assert!((1..500).contains(&first), "{first}: a slice ends with its segment");
        let removed: usize =
            first + (0..12).map(|_| keyspace.sweep_expired(11, 100)).sum::<usize>();
        assert_eq!((removed, keyspace.len(), keyspace.with_deadline()), (500, 500, 0));
    }
}
