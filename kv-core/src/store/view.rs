//! The locked part of the store, as handlers see it.

use super::{Locked, Shard, Store, first_hash, shard_of};
use crate::error::Error;
use crate::keyspace::{Entry, Keyspace, Place};
use crate::rng::Rng;
use crate::value::Value;
use crate::value::list::List;
use crate::value::string::Str;

/// A SCAN cursor is a position in hash order: the first 48 bits of the hash, so that clients which
/// keep it in a double or in a signed integer keep it whole.
const CURSOR_BITS: u32 = 48;

/// Up to how many segments of the table SCAN looks at for each key that COUNT asks for. Ten, as
/// Redis does with buckets: in a table that has lost most of its keys a call ends in time.
const SCAN_SEGMENTS_PER_KEY: usize = 10;

/// How many neighbours in hash order a random key is drawn from. The more, the more evenly.
const RANDOM_NEIGHBOURS: u64 = 16;

/// The keys of one database that a command has locked. A key whose deadline has passed is not
/// there for any method, except that `len` may count it until it is removed.
///
/// Reaching a key whose shard the command's row does not name is a bug, and panics.
#[derive(Debug)]
pub struct View<'a> {
    store: &'a Store,
    locked: Locked<'a>,
    database: usize,
    unix_ms: i64,
    /// The key that was hashed to choose the shard, so that it is hashed once.
    known: (*const [u8], u64),
}

/// What becomes of a key's deadline when its value is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// It stays as it is.
    Keep,
    /// There is none any more.
    Clear,
    /// In milliseconds since the Unix epoch.
    At(i64),
}

impl From<Option<i64>> for Deadline {
    fn from(deadline: Option<i64>) -> Self {
        deadline.map_or(Self::Clear, Self::At)
    }
}

impl<'a> View<'a> {
    pub(super) fn new(store: &'a Store, locked: Locked<'a>, database: usize, unix_ms: i64) -> Self {
        let known = (std::ptr::slice_from_raw_parts(std::ptr::null(), 0), 0);
        Self { store, locked, database, unix_ms, known }
    }

    pub(super) fn know_hash(&mut self, key: &[u8], hash: u64) {
        self.known = (key, hash);
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.store.databases()
    }

    /// The number of the database that the methods work on.
    pub fn database(&self) -> usize {
        self.database
    }

    /// Works on another database from now on. Its keys are in the same shards.
    pub fn select(&mut self, database: usize) {
        assert!(database < self.store.databases(), "database {database} does not exist");
        self.database = database;
    }

    /// The value of `key` for a reading command: counts a hit or a miss. O(1).
    pub fn read(&mut self, key: &[u8]) -> Option<&Value> {
        self.read_entry(key).map(|entry| &entry.value)
    }

    /// Whether `key` exists, and if so its deadline in milliseconds since the Unix epoch, for a
    /// reading command: counts a hit or a miss. O(1).
    pub fn read_deadline(&mut self, key: &[u8]) -> Option<Option<i64>> {
        self.read_entry(key).map(Entry::deadline)
    }

    /// The string at `key`, for a reading command.
    pub fn string(&mut self, key: &[u8]) -> Result<Option<&Str>, Error> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string)),
            Some(_) => Err(Error::WrongType),
        }
    }

    /// The list at `key`, for a reading command.
    pub fn list(&mut self, key: &[u8]) -> Result<Option<&List>, Error> {
        match self.read(key) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(_) => Err(Error::WrongType),
        }
    }

    /// The value of `key`, to change it. Counts nothing. O(1).
    pub fn value_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        let (keyspace, _, place) = self.find_in_database(key);
        place.map(|place| &mut keyspace.at_mut(place).value)
    }

    /// The string at `key`, to change it.
    pub fn string_mut(&mut self, key: &[u8]) -> Result<Option<&mut Str>, Error> {
        match self.value_mut(key) {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string)),
            Some(_) => Err(Error::WrongType),
        }
    }

    /// The list at `key`, to change it. Whoever empties it must `remove` it.
    pub fn list_mut(&mut self, key: &[u8]) -> Result<Option<&mut List>, Error> {
        match self.value_mut(key) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(_) => Err(Error::WrongType),
        }
    }

    /// Whether `key` exists. Counts nothing. O(1).
    pub fn contains(&mut self, key: &[u8]) -> bool {
        self.value_mut(key).is_some()
    }

    /// Stores `value` under `key`, whatever was there. O(1).
    pub fn set(&mut self, key: &[u8], value: impl Into<Value>, deadline: Deadline) {
        let (keyspace, hash, place) = self.find_in_database(key);
        match place {
            None => insert_new(keyspace, hash, key, value.into(), deadline),
            Some(place) => {
                keyspace.at_mut(place).value = value.into();
                change_deadline(keyspace, place, deadline);
            }
        }
    }

    /// Stores the string of these bytes under `key`, whatever was there, in the memory of the
    /// string that it replaces where that fits. O(n).
    pub fn set_string(&mut self, key: &[u8], bytes: &[u8], deadline: Deadline) {
        let (keyspace, hash, place) = self.find_in_database(key);
        match place {
            None => insert_new(keyspace, hash, key, Str::new(bytes).into(), deadline),
            Some(place) => {
                match &mut keyspace.at_mut(place).value {
                    Value::String(string) => string.replace(bytes),
                    other => *other = Str::new(bytes).into(),
                }
                change_deadline(keyspace, place, deadline);
            }
        }
    }

    /// Removes `key` and gives its value. O(1).
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        let (keyspace, _, place) = self.find_in_database(key);
        place.map(|place| keyspace.remove(place).value)
    }

    /// Removes `key` and gives its value and its deadline, as `set` takes them. O(1).
    pub fn take(&mut self, key: &[u8]) -> Option<(Value, Deadline)> {
        let (keyspace, _, place) = self.find_in_database(key);
        let entry = keyspace.remove(place?);
        let deadline = entry.deadline().into();
        Some((entry.value, deadline))
    }

    /// Whether `key` exists, and if so its deadline in milliseconds since the Unix epoch. Counts
    /// nothing. O(1).
    pub fn deadline(&mut self, key: &[u8]) -> Option<Option<i64>> {
        let (keyspace, _, place) = self.find_in_database(key);
        place.map(|place| keyspace.at(place).deadline())
    }

    /// Sets or takes away the deadline of `key`. A deadline in the past removes the key. False if
    /// there is no such key. O(1).
    pub fn set_deadline(&mut self, key: &[u8], deadline: Option<i64>) -> bool {
        let unix_ms = self.unix_ms;
        let (keyspace, _, place) = self.find_in_database(key);
        match place {
            None => return false,
            Some(place) if deadline.is_some_and(|at| at <= unix_ms) => drop(keyspace.remove(place)),
            Some(place) => keyspace.set_deadline(place, deadline),
        }
        true
    }

    /// How many keys the database has, expired ones that were not yet removed included. Needs
    /// every shard.
    pub fn len(&mut self) -> usize {
        let database = self.database;
        self.all_shards().map(|shard| shard.databases[database].len()).sum()
    }

    /// Whether the database has no key.
    pub fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// All keys and values in hash order. Needs every shard.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Value)> {
        self.entries_from(0).map(|entry| (entry.key(), &entry.value))
    }

    /// Visits the keys from `cursor` on, about `count` of them, and returns the cursor to go on
    /// from, 0 at the end. Visits fewer where there are long gaps between them. Every key that is
    /// there from the first call with cursor 0 to the last is visited exactly once. Needs every
    /// shard. O(`count`), at least 1, and the number of shards.
    pub fn scan<'v>(
        &'v self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&'v [u8], &'v Value),
    ) -> u64 {
        let place = |hash: u64| hash >> (64 - CURSOR_BITS);
        if cursor >= 1 << CURSOR_BITS {
            return 0;
        }
        let segments_max = count.max(1).saturating_mul(SCAN_SEGMENTS_PER_KEY);
        let mut visited = 0;
        let mut last = 0;
        let segments = self.segments_from(cursor << (64 - CURSOR_BITS));
        for (segment, (start, entries)) in segments.enumerate() {
            if segment >= segments_max {
                return place(start);
            }
            for entry in entries {
                // Keys that share a place are visited together, since the cursor cannot part them.
                if visited >= count && place(entry.hash()) != last {
                    return last + 1;
                }
                last = place(entry.hash());
                // An expired key is work as well: where there are only such, the call ends too.
                visited += 1;
                if !entry.is_expired(self.unix_ms) {
                    visit(entry.key(), &entry.value);
                }
            }
        }
        0
    }

    /// A key chosen at random, nearly evenly. Needs every shard. O(1).
    pub fn random_key(&self, rng: &mut Rng) -> Option<&[u8]> {
        let around = self.entries_from(rng.next_u64()).chain(self.entries_from(0));
        let skip = rng.below(RANDOM_NEIGHBOURS) as usize;
        // Where there are fewer keys than neighbours, the chain repeats them.
        let neighbours: Vec<&[u8]> = around.take(skip + 1).map(Entry::key).collect();
        Some(neighbours[skip % neighbours.len().max(1)..].first()?)
    }

    /// Removes all keys of the database. Needs every shard.
    pub fn flush(&mut self) {
        let database = self.database;
        let prefix = self.store.shards.len().ilog2();
        self.all_shards().for_each(|shard| shard.databases[database] = Keyspace::new(prefix));
    }

    /// Exchanges the contents of two databases. Needs every shard.
    pub fn swap_databases(&mut self, a: usize, b: usize) {
        self.all_shards().for_each(|shard| shard.databases.swap(a, b));
    }

    /// The shard and the hash of `key`, and where its entry is. Removes an expired one.
    fn find(&mut self, key: &[u8]) -> (&mut Shard, u64, Option<Place>) {
        let hash =
            if std::ptr::eq(self.known.0, key) { self.known.1 } else { self.store.hash(key) };
        let (database, unix_ms) = (self.database, self.unix_ms);
        let shard = self.shard(hash);
        let keyspace = &mut shard.databases[database];
        let mut place = keyspace.find(hash, key);
        if let Some(expired) = place.filter(|&place| keyspace.at(place).is_expired(unix_ms)) {
            keyspace.remove(expired);
            shard.stats.expired += 1;
            place = None;
        }
        (shard, hash, place)
    }

    fn find_in_database(&mut self, key: &[u8]) -> (&mut Keyspace, u64, Option<Place>) {
        let database = self.database;
        let (shard, hash, place) = self.find(key);
        (&mut shard.databases[database], hash, place)
    }

    /// The entry of `key` for a reading command: counts a hit or a miss.
    fn read_entry(&mut self, key: &[u8]) -> Option<&Entry> {
        let database = self.database;
        let (shard, _, place) = self.find(key);
        *(if place.is_some() { &mut shard.stats.hits } else { &mut shard.stats.misses }) += 1;
        place.map(|place| shard.databases[database].at(place))
    }

    fn entries_from(&self, position: u64) -> impl Iterator<Item = &Entry> {
        let unix_ms = self.unix_ms;
        self.segments_from(position)
            .flat_map(|(_, entries)| entries)
            .filter(move |entry| !entry.is_expired(unix_ms))
    }

    /// The entries from `position` on, expired ones included, one segment after the other, each
    /// with the least hash that can be in it.
    fn segments_from(
        &self,
        position: u64,
    ) -> impl Iterator<Item = (u64, impl Iterator<Item = &Entry>)> {
        let shards = self.store.shards.len();
        let first = shard_of(position, shards);
        (first..shards).flat_map(move |index| {
            let start = if index == first { position } else { 0 };
            let segments = self.shard_at(index).databases[self.database].segments_from(start);
            segments.map(move |(offset, entries)| (first_hash(index, shards) | offset, entries))
        })
    }

    fn shard(&mut self, hash: u64) -> &mut Shard {
        let index = self.store.shard_of(hash);
        match &mut self.locked {
            Locked::Held(shard) => shard,
            Locked::One(locked, shard) if *locked == index => shard,
            Locked::One(..) => not_locked(index),
            Locked::Many(shards) => match shards.binary_search_by_key(&index, |shard| shard.0) {
                Ok(at) => &mut shards[at].1,
                Err(_) => not_locked(index),
            },
        }
    }

    fn shard_at(&self, index: usize) -> &Shard {
        match &self.locked {
            Locked::Held(shard) => shard,
            Locked::Many(shards) if shards.len() == self.store.shards.len() => &shards[index].1,
            _ => not_locked(index),
        }
    }

    fn all_shards(&mut self) -> impl Iterator<Item = &mut Shard> {
        let shards: Vec<&mut Shard> = match &mut self.locked {
            Locked::Held(shard) => vec![shard],
            Locked::Many(shards) if shards.len() == self.store.shards.len() => {
                shards.iter_mut().map(|shard| &mut *shard.1).collect()
            }
            _ => panic!("the command needs every shard, but its row's scope is Keys"),
        };
        shards.into_iter()
    }
}

fn insert_new(keyspace: &mut Keyspace, hash: u64, key: &[u8], value: Value, deadline: Deadline) {
    let deadline = match deadline {
        Deadline::At(unix_ms) => Some(unix_ms),
        Deadline::Clear | Deadline::Keep => None,
    };
    keyspace.insert(Entry::new(hash, key, value, deadline));
}

fn change_deadline(keyspace: &mut Keyspace, place: Place, deadline: Deadline) {
    match deadline {
        Deadline::Keep => {}
        Deadline::Clear => keyspace.set_deadline(place, None),
        Deadline::At(unix_ms) => keyspace.set_deadline(place, Some(unix_ms)),
    }
}

fn not_locked(shard: usize) -> ! {
    panic!("shard {shard} is not locked: the command's row names neither this key nor Everything")
}
