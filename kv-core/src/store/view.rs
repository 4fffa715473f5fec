//! The locked part of the store, as handlers see it.

use super::clock::{AccessClock, Usage};
use super::edit::{Edit, Found};
use super::keys::Keys;
use super::{
    Locked, Shard, Store, Terms, encoding, event, find_shard, first_hash, not_locked, shard_of,
};
use crate::config::{Config, Notifications};
use crate::error::Error;
use crate::keyspace::{Entry, Input, Keyspace, Place};
use crate::rare::{self, Rare, sometimes};
use crate::rng::Rng;
use crate::value::pack::Pack;
use crate::value::string::StrRef;
use crate::value::{Collection, Value, ValueRef};
use std::ops::Range;

/// A SCAN cursor is a position in hash order: the first 48 bits of the hash, so that clients which
/// keep it in a double or in a signed integer keep it whole.
const CURSOR_BITS: u32 = 48;

/// How many neighbours in hash order a random key is drawn from. The more, the more evenly.
const RANDOM_NEIGHBOURS: u64 = 16;

/// The keys of one database that a command has locked. A key whose deadline has passed is not
/// there for any method, nor is a hash whose fields have all expired, except that `len` may count
/// it until it is removed.
///
/// Reaching a key whose shard the command's row does not name is a bug, and panics.
#[derive(Debug)]
pub struct View<'a> {
    store: &'a Store,
    terms: &'a Terms,
    locked: Locked<'a>,
    keys: Keys<'a>,
    database: usize,
    /// Something may take other memory than before.
    changed: bool,
    /// All accesses count as uses, whatever the terms are.
    counts_uses: bool,
}

/// What a key held that was taken away, to be put under another.
#[derive(Debug)]
pub struct Taken {
    value: Value,
    deadline: Option<i64>,
    accessed: u32,
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
    #[inline]
    pub(super) fn new(
        store: &'a Store,
        terms: &'a Terms,
        locked: Locked<'a>,
        keys: Keys<'a>,
        database: usize,
    ) -> Self {
        Self { store, terms, locked, keys, database, changed: false, counts_uses: false }
    }

    /// What a use of a key means.
    #[inline]
    fn clock(&self) -> AccessClock {
        let clock = self.terms.clock;
        if self.counts_uses { clock.counting(true) } else { clock }
    }

    /// Whether one of the shards has no names left for more entries of this database.
    #[inline]
    pub fn is_exhausted(&self) -> bool {
        let is_exhausted = |shard: &Shard| shard.databases[self.database].is_exhausted();
        match &self.locked {
            Locked::Only(shard) => is_exhausted(shard),
            Locked::One(_, shard) => is_exhausted(shard),
            Locked::Many(shards) => shards.iter().any(|(_, shard)| is_exhausted(shard)),
            Locked::Lent(shards) => shards.iter().any(|(_, shard)| is_exhausted(shard)),
        }
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.store.databases()
    }

    /// The time of the command, in milliseconds since the Unix epoch.
    pub fn unix_ms(&self) -> i64 {
        self.terms.unix_ms
    }

    /// The number of the database that the methods work on.
    pub fn database(&self) -> usize {
        self.database
    }

    /// Works on another database from now on. Its keys are in the same shards.
    pub fn select(&mut self, database: usize) {
        assert!(database < self.store.databases(), "database {database} does not exist");
        self.publish();
        self.database = database;
    }

    /// The value of `key` for a reading command: counts a hit or a miss, and an access. O(1).
    pub fn read(&mut self, key: &[u8]) -> Option<ValueRef<'_>> {
        self.read_entry(key, Access::Counts).map(Entry::value)
    }

    /// The same for a command that looks at a key without using it: counts a hit or a miss.
    pub fn inspect(&mut self, key: &[u8]) -> Option<Entry<'_>> {
        self.read_entry(key, Access::Silent)
    }

    /// The string at `key`, for a reading command.
    pub fn string(&mut self, key: &[u8]) -> Result<Option<StrRef<'_>>, Error> {
        as_string(self.read(key))
    }

    /// The collection at `key`, for a reading command.
    pub fn get<T: Collection>(&mut self, key: &[u8]) -> Result<Option<T::Ref<'_>>, Error> {
        let Some(value) = self.read(key) else { return Ok(None) };
        T::of_ref(value).map(Some).ok_or(Error::WrongType)
    }

    /// The collections at several keys, for a reading command.
    pub fn get_all<'k, T: Collection>(
        &mut self,
        keys: impl Iterator<Item = &'k [u8]> + Clone,
    ) -> Result<Vec<Option<T::Ref<'_>>>, Error> {
        // First as any access, which may remove what has expired.
        for key in keys.clone() {
            self.get::<T>(key)?;
        }
        Ok(keys.map(|key| self.peek(key).and_then(T::of_ref)).collect())
    }

    /// The value of a key that the command has read before.
    pub fn peek(&self, key: &[u8]) -> Option<ValueRef<'_>> {
        let hash = self.store.hash(key);
        let keyspace = &self.shard_at(self.store.shard_of(hash)).databases[self.database];
        keyspace.find(hash, key).map(|place| keyspace.entry(place).value())
    }

    /// An empty collection, to be stored later.
    pub fn create<T: Collection>(&self) -> T {
        T::unpack(Pack::default(), self.store.growth)
    }

    /// Drops a value that is not stored: at once if that is quick, else in slices.
    pub fn discard(&mut self, value: impl Into<Value>) {
        let (store, database) = (self.store, self.database);
        let value = value.into();
        if value.is_slow_to_drop() {
            self.changed = true;
            self.any_shard().discard(Some(Box::new(value)), store, database);
        }
    }

    /// Stores a collection under `key`, whatever was there, without a deadline, which is published
    /// as `event`. If the collection is empty, the key is not there in the end.
    pub fn replace<T: Collection>(&mut self, key: &[u8], collection: T, event: &'static str) {
        if collection.is_empty() {
            self.remove(key);
        } else {
            self.set(key, collection.into(), Deadline::Clear);
            self.notify(event::class_of(T::KIND), event, key);
        }
    }

    /// The entry of `key`, for a command that may change it. Counts nothing. O(1).
    pub fn entry(&mut self, key: &[u8]) -> Option<Entry<'_>> {
        let (keyspace, _, place) = self.find_in_database(key);
        place.map(|place| keyspace.entry(place))
    }

    /// The string at `key`, for a command that may change it. Counts nothing. O(1).
    pub fn current_string(&mut self, key: &[u8]) -> Result<Option<StrRef<'_>>, Error> {
        as_string(self.entry(key).map(Entry::value))
    }

    /// The collection at `key`, to change it; an empty one if there is none. If it is empty in the
    /// end, the key is not there. O(1).
    pub fn edit<'v, T: Collection>(&'v mut self, key: &'v [u8]) -> Result<Edit<'v, T>, Error> {
        let clock = self.clock();
        Edit::new(self.find_to_change(key), clock)
    }

    /// The same, but nothing if there is no such key.
    pub fn edit_existing<'v, T: Collection>(
        &'v mut self,
        key: &'v [u8],
    ) -> Result<Option<Edit<'v, T>>, Error> {
        let edit: Edit<'v, T> = self.edit(key)?;
        Ok(edit.exists().then_some(edit))
    }

    /// Whether `key` exists. Counts nothing. O(1).
    pub fn contains(&mut self, key: &[u8]) -> bool {
        self.find(key).2.is_some()
    }

    /// Stores `value` under `key`, whatever was there. O(1).
    pub fn set<'v>(&mut self, key: &[u8], value: impl Into<Input<'v>>, deadline: Deadline) {
        self.store_value(key, value.into(), deadline, None);
    }

    /// Stores under `key`, whatever was there, a value that comes from elsewhere. O(1).
    pub fn restore(&mut self, key: &[u8], value: Value, deadline: Option<i64>, usage: Usage) {
        let clock = self.clock();
        let accessed = clock.restored(usage, &mut self.find(key).0.rng);
        self.publish_renewal(key);
        self.store_value(key, value.into(), deadline.into(), Some(accessed));
    }

    /// Stores the value of `key` in another form, which is no change. O(1).
    pub fn reshape<'v>(&mut self, key: &[u8], value: impl Into<Input<'v>>) {
        let clock = self.clock();
        let found = self.find_to_change(key);
        let (_, has_moved) = found.put(value.into(), Deadline::Keep, None, clock);
        self.changed |= has_moved;
    }

    /// Puts the integer that `compute` makes of the string at `key` in its place; of none if there
    /// is no such key. Its deadline stays. The integer. O(1), and the length of the string.
    pub fn update_int(
        &mut self,
        key: &[u8],
        compute: impl Fn(Option<StrRef<'_>>) -> Result<i64, Error>,
    ) -> Result<i64, Error> {
        let clock = self.clock();
        let mut found = self.find_to_change(key);
        let compute_in_place = |int| compute(Some(StrRef::Int(int)));
        if let Some(result) = found.update_int(compute_in_place, clock) {
            return result;
        }
        let result = compute(as_string(found.entry().map(Entry::value))?)?;
        self.changed |= found.store(StrRef::Int(result).into(), Deadline::Keep, None, clock);
        Ok(result)
    }

    /// `accessed` is the access clock, if the value brings one.
    fn store_value(
        &mut self,
        key: &[u8],
        value: Input<'_>,
        deadline: Deadline,
        accessed: Option<u32>,
    ) {
        let clock = self.clock();
        let found = self.find_to_change(key);
        self.changed |= found.store(value, deadline, accessed, clock);
    }

    #[inline]
    fn find_to_change<'v>(&'v mut self, key: &'v [u8]) -> Found<'v> {
        let (store, database) = (self.store, self.database);
        let (shard, hash, place) = self.find(key);
        Found { store, shard, database, key, hash, place }
    }

    /// Stores the string of these bytes under `key`, whatever was there. O(n).
    pub fn set_string(&mut self, key: &[u8], bytes: &[u8], deadline: Deadline) {
        self.set(key, StrRef::new(bytes), deadline);
    }

    /// Writes into the string at `key`, which exists, from `offset` on, filling a gap with zero
    /// bytes. The length afterwards.
    pub fn patch_string(&mut self, key: &[u8], offset: usize, patch: &[u8]) -> usize {
        let len = self.patch_quietly(key, offset, patch);
        self.tell(key);
        len
    }

    /// Tells those who want to know that `key` has changed.
    pub fn tell(&mut self, key: &[u8]) {
        let (store, database) = (self.store, self.database);
        if store.is_observed() {
            self.shard(store.hash(key)).tell(store, database, key);
        }
    }

    /// The same as [`View::patch_string`], but does not count as a change.
    pub fn patch_quietly(&mut self, key: &[u8], offset: usize, patch: &[u8]) -> usize {
        let (clock, database) = (self.clock(), self.database);
        self.changed = true;
        let (shard, hash, place) = self.find(key);
        let keyspace = &mut shard.databases[database];
        let place = place.expect("the caller saw the string");
        let len = keyspace.patch(place, offset, patch);
        let place = keyspace.find(hash, key).expect("it was changed in its place");
        clock.touch(keyspace, place, &mut shard.rng);
        len
    }

    /// Removes `key`, and publishes that. Whether it was there. O(1); large values are freed later, in
    /// slices.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        let (database, store) = (self.database, self.store);
        self.changed = true;
        let (shard, hash, place) = self.find(key);
        let Some(place) = place else { return false };
        let value = shard.databases[database].remove(hash, place);
        shard.discard(value, store, database);
        store.publish_event(event::DEL, database, key);
        shard.tell(store, database, key);
        true
    }

    /// Removes `key` and gives all that it held. O(1), and the length of a string.
    pub fn take(&mut self, key: &[u8]) -> Option<Taken> {
        let (clock, database, store) = (self.clock(), self.database, self.store);
        self.changed = true;
        let (shard, hash, place) = self.find(key);
        let keyspace = &mut shard.databases[database];
        let accessed = clock.accessed(keyspace.entry(place?).clock(), &mut shard.rng);
        let (value, deadline) = keyspace.take_entry(hash, place?);
        shard.discard(None, store, database);
        shard.tell(store, database, key);
        Some(Taken { value, deadline, accessed })
    }

    /// Stores under `key`, whatever was there, what was taken from another. O(1), and the length of
    /// a string.
    pub fn put(&mut self, key: &[u8], Taken { value, deadline, accessed }: Taken) {
        self.publish_renewal(key);
        self.store_value(key, value.into(), deadline.into(), Some(accessed));
    }

    /// Publishes that a key is new which is there already, for commands that replace it as if they
    /// removed it first.
    pub fn publish_renewal(&mut self, key: &[u8]) {
        if self.contains(key) {
            self.store.publish_event(event::NEW, self.database, key);
        }
    }

    /// Whether `key` exists, and if so its deadline in milliseconds since the Unix epoch. Counts
    /// nothing. O(1).
    pub fn deadline(&mut self, key: &[u8]) -> Option<Option<i64>> {
        self.entry(key).map(Entry::deadline)
    }

    /// Sets the deadline of `key`, if it exists, and publishes that. A deadline in the past removes
    /// the key. O(1).
    pub fn expire(&mut self, key: &[u8], deadline: i64) {
        if deadline <= self.terms.unix_ms {
            self.remove(key);
        } else if self.set_deadline(key, Some(deadline)) {
            self.notify(Notifications::GENERIC, "expire", key);
        }
    }

    /// Takes the deadline of `key` away, if it has one, and publishes that. O(1).
    pub fn persist(&mut self, key: &[u8]) {
        if self.deadline(key).flatten().is_some() && self.set_deadline(key, None) {
            self.notify(Notifications::GENERIC, "persist", key);
        }
    }

    /// False if there is no such key.
    fn set_deadline(&mut self, key: &[u8], deadline: Option<i64>) -> bool {
        let (store, database) = (self.store, self.database);
        self.changed = true;
        let (shard, _, place) = self.find(key);
        let Some(place) = place else { return false };
        let keyspace = &mut shard.databases[database];
        keyspace.set_deadline(place, deadline);
        note_deadline(store, keyspace, deadline);
        shard.tell(store, database, key);
        true
    }

    /// Takes away the deadline of `key`. Whether it had one. O(1).
    pub fn clear_deadline(&mut self, key: &[u8]) -> bool {
        self.deadline(key).flatten().is_some() && self.set_deadline(key, None)
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
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], ValueRef<'_>)> {
        self.live_from(0).map(|entry| (entry.key(), entry.value()))
    }

    /// Visits the keys from `cursor` on, `count` of them or a few more, and returns the cursor to
    /// go on from, 0 at the end. Every key that is there from the first call with cursor 0 to the
    /// last is visited exactly once. Needs every shard. O(`count`), at least 1, and the number of
    /// shards.
    pub fn scan<'v>(
        &'v self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&'v [u8], ValueRef<'v>),
    ) -> u64 {
        let place = |hash: u64| hash >> (64 - CURSOR_BITS);
        if cursor >= 1 << CURSOR_BITS {
            return 0;
        }
        let mut last = 0;
        for (visited, (hash, entry)) in self.entries_from(cursor << (64 - CURSOR_BITS)).enumerate()
        {
            // Keys that share a place are visited together, since the cursor cannot part them.
            if visited >= count && place(hash) != last {
                rare::note_scan(true);
                return last + 1;
            }
            last = place(hash);
            // An expired key is work as well: where there are only such, the call ends too.
            sometimes(Rare::ScanMeetsExpired, entry.is_expired(self.terms.unix_ms));
            if !entry.is_expired(self.terms.unix_ms) {
                visit(entry.key(), entry.value());
            }
        }
        rare::note_scan(false);
        0
    }

    /// A key chosen at random, nearly evenly. Needs every shard. O(1).
    pub fn random_key(&self, rng: &mut Rng) -> Option<&[u8]> {
        let around = self.live_from(rng.next_u64()).chain(self.live_from(0));
        let skip = rng.below(RANDOM_NEIGHBOURS) as usize;
        // Where there are fewer keys than neighbours, the chain repeats them.
        let neighbours: Vec<&[u8]> = around.take(skip + 1).map(Entry::key).collect();
        Some(neighbours[skip % neighbours.len().max(1)..].first()?)
    }

    /// Removes all keys of the database. Needs every shard. O(number of shards); the memory is
    /// freed later, in slices.
    pub fn flush(&mut self) {
        let (database, store) = (self.database, self.store);
        self.changed = true;
        for shard in self.all_shards() {
            shard.tell_of_exchange(store, [database; 2]);
            let keyspace = shard.databases[database].take();
            shard.graveyard.bury_all(keyspace);
            shard.discard(None, store, database);
        }
    }

    /// Exchanges the contents of two databases. Needs every shard.
    pub fn swap_databases(&mut self, a: usize, b: usize) {
        let store = self.store;
        for shard in self.all_shards() {
            shard.tell_of_exchange(store, [a, b]);
            shard.databases.swap(a, b);
            shard.published.swap(a, b);
            [a, b].into_iter().for_each(|database| shard.publish(store, database));
        }
    }

    /// Tells the store what the database takes, if that may have changed.
    #[inline]
    fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            let (store, database) = (self.store, self.database);
            self.locked.for_each(|shard| shard.publish(store, database));
        }
    }

    /// The shard and the hash of `key`, and where its entry is. Removes an expired one.
    #[inline(never)]
    fn find(&mut self, key: &[u8]) -> (&mut Shard, u64, Option<Place>) {
        let hash = self.hash(key);
        let (database, unix_ms, store) = (self.database, self.terms.unix_ms, self.store);
        let keeps_expired = self.terms.keeps_expired;
        let shard = self.shard(hash);
        let place = if keeps_expired {
            shard.look_up(database, hash, key, unix_ms)
        } else {
            shard.find(store, database, hash, key, unix_ms)
        };
        (shard, hash, place)
    }

    /// The hash of `key`. If it is the request's, the keys that follow it are on their way then.
    fn hash(&mut self, key: &[u8]) -> u64 {
        let Some((hash, ahead)) = self.keys.find(key) else { return self.store.hash(key) };
        if ahead.len() > 1 {
            self.prefetch(ahead);
        }
        hash
    }

    /// Has the entries of some of the request's keys fetched, all at the same time.
    #[cold]
    fn prefetch(&mut self, keys: Range<usize>) {
        let database = self.database;
        for prefetch in [Keyspace::prefetch_table, Keyspace::prefetch_entry] {
            for hash in self.keys.hashes(keys.clone()) {
                let keyspace = &self.shard(hash).databases[database];
                if keyspace.exceeds_cache() {
                    prefetch(keyspace, hash);
                }
            }
        }
    }

    fn find_in_database(&mut self, key: &[u8]) -> (&mut Keyspace, u64, Option<Place>) {
        let database = self.database;
        let (shard, hash, place) = self.find(key);
        (&mut shard.databases[database], hash, place)
    }

    /// Whether `key` exists. Counts as its use even where nothing else does. O(1).
    pub fn touch(&mut self, key: &[u8]) -> bool {
        self.counts_uses = true;
        self.read(key).is_some()
    }

    /// The entry of `key` for a reading command: counts a hit or a miss.
    fn read_entry(&mut self, key: &[u8], access: Access) -> Option<Entry<'_>> {
        let (database, clock) = (self.database, self.clock());
        let store = self.store;
        let (shard, _, place) = self.find(key);
        let counters = &*shard.counters;
        (if place.is_some() { &counters.hits } else { &counters.misses }).add(1);
        if place.is_none() && access != Access::Unnoticed {
            store.publish_event(event::MISS, database, key);
        }
        let keyspace = &mut shard.databases[database];
        if let (Some(place), Access::Counts) = (place, access) {
            clock.touch(keyspace, place, &mut shard.rng);
        }
        place.map(|place| keyspace.entry(place))
    }

    fn live_from(&self, position: u64) -> impl Iterator<Item = Entry<'_>> {
        let unix_ms = self.terms.unix_ms;
        let entries = self.entries_from(position).map(|(_, entry)| entry);
        entries.filter(move |entry| !entry.is_expired(unix_ms))
    }

    /// The entries from `position` on with their hashes, expired ones included.
    fn entries_from(&self, position: u64) -> impl Iterator<Item = (u64, Entry<'_>)> {
        let shards = self.store.shards.len();
        let first = shard_of(position, shards);
        (first..shards).flat_map(move |index| {
            let start = if index == first { position } else { first_hash(index, shards) };
            self.shard_at(index).databases[self.database].iter_from(start)
        })
    }

    pub(super) fn store(&self) -> &'a Store {
        self.store
    }

    #[inline]
    pub(super) fn shard(&mut self, hash: u64) -> &mut Shard {
        match &mut self.locked {
            Locked::Only(shard) => shard,
            several => several.shard(self.store.shard_of(hash)),
        }
    }

    /// One that is locked.
    fn any_shard(&mut self) -> &mut Shard {
        match &mut self.locked {
            Locked::Only(shard) => shard,
            Locked::One(_, shard) => shard,
            Locked::Many(shards) => &mut shards.first_mut().expect("a shard is locked").1,
            Locked::Lent(shards) => shards.first_mut().expect("a shard is locked").1,
        }
    }

    fn shard_at(&self, index: usize) -> &Shard {
        match &self.locked {
            Locked::Only(shard) => shard,
            Locked::One(locked, shard) if *locked == index => shard,
            Locked::One(..) => not_locked(index),
            Locked::Many(shards) => match find_shard(shards, index) {
                Some(at) => &shards[at].1,
                None => not_locked(index),
            },
            Locked::Lent(shards) => match find_shard(shards, index) {
                Some(at) => shards[at].1,
                None => not_locked(index),
            },
        }
    }

    pub(super) fn all_shards(&mut self) -> impl Iterator<Item = &mut Shard> {
        let shards: Vec<&mut Shard> = match &mut self.locked {
            Locked::Only(shard) => vec![shard],
            Locked::Many(shards) if shards.len() == self.store.shards.len() => {
                shards.iter_mut().map(|shard| &mut *shard.1).collect()
            }
            Locked::Lent(shards) if shards.len() == self.store.shards.len() => {
                shards.iter_mut().map(|shard| &mut *shard.1).collect()
            }
            _ => panic!("the command needs every shard, but its row's scope is Keys"),
        };
        shards.into_iter()
    }
}

/// Sees to it that an entry with a new deadline goes in time.
pub(super) fn note_deadline(store: &Store, keyspace: &Keyspace, deadline: Option<i64>) {
    if let Some(deadline) = deadline {
        // The first timer of all tells the wheel what time it is.
        let is_first = keyspace.with_deadline() == 1;
        store.is_due_at(if is_first { 0 } else { deadline.saturating_add(1) });
    }
}

/// Whether a look at a key counts as an access to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Counts,
    Silent,
    /// Silent, and nobody hears of a key that is not there.
    Unnoticed,
}

fn as_string(value: Option<ValueRef<'_>>) -> Result<Option<StrRef<'_>>, Error> {
    match value {
        None => Ok(None),
        Some(ValueRef::String(string)) => Ok(Some(string)),
        Some(_) => Err(Error::WrongType),
    }
}

/// What OBJECT and MEMORY USAGE tell of a key. None of it is a use of the key: when and how often
/// it was used stays as it is.
impl View<'_> {
    /// The name of the form in which Redis would store the value of `key`. Counts a hit or a miss.
    /// O(1).
    pub fn encoding(&mut self, key: &[u8], config: &Config) -> Option<&'static str> {
        self.read_entry(key, Access::Unnoticed)
            .map(|entry| encoding::name_of(entry.value(), config))
    }

    /// Whether `key` exists, and if so the integer that it is stored as. Counts a hit or a miss.
    /// O(1).
    pub fn integer(&mut self, key: &[u8]) -> Option<Option<i64>> {
        self.read_entry(key, Access::Unnoticed).map(|entry| match entry.value() {
            ValueRef::String(StrRef::Int(value)) => Some(value),
            _ => None,
        })
    }

    /// How long ago `key` was used, in seconds. Counts a hit or a miss. O(1).
    pub fn idle_s(&mut self, key: &[u8]) -> Option<u64> {
        let clock = self.clock();
        self.read_entry(key, Access::Unnoticed).map(|entry| clock.idle_s(entry.clock()).into())
    }

    /// How often `key` was used, on the logarithmic scale of the LFU policies. Counts a hit or a
    /// miss. O(1).
    pub fn frequency(&mut self, key: &[u8]) -> Option<u8> {
        let clock = self.clock();
        self.read_entry(key, Access::Unnoticed).map(|entry| clock.counter(entry.clock()) as u8)
    }

    /// How much memory `key` and its value take, in bytes, their share of the tables not counted.
    /// Counts nothing. O(1).
    pub fn memory_usage(&mut self, key: &[u8]) -> Option<usize> {
        let (keyspace, _, place) = self.find_in_database(key);
        place.map(|place| keyspace.entry_bytes(place))
    }
}

impl Drop for View<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.store.is_observed() {
            self.locked.unsign();
        }
        self.publish();
    }
}
