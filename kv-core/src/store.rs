//! The data: N shards, each locked as a whole, and the view of what a command has locked.
//!
//! A command's keys say which shards it needs. All of them are locked before it begins, in
//! ascending order, and held to its end. There is no other way to reach a shard than the view that
//! such a lock returns, so every concurrent history equals some order of whole commands.

mod clock;
mod counters;
mod edit;
mod encoding;
mod event;
mod evict;
mod interest;
mod keys;
mod lookup;
mod memory;
mod tracking;
mod view;

pub use clock::{AccessClock, Usage};
pub use edit::Edit;
pub use event::Events;
pub use evict::{Eviction, OutOfMemory};
pub use interest::Watch;
pub use keys::HashedKey;
pub use lookup::{LOOKUPS_MAX, Lookup};
pub use memory::{MemoryStats, TableOverhead};
pub use tracking::Mode as TrackingMode;
pub(crate) use tracking::{Tracker, Tracking};
pub use view::{Deadline, Taken, View};

use crate::args::Args;
use crate::command::{Command, Handler, Scope};
use crate::hash::KeyHasher;
use crate::keyspace::{Entry, Graveyard, Keyspace, Place, Sizes};
use crate::now::Now;
use crate::rare::{Rare, sometimes};
use crate::rng::Rng;
use crate::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard, TryLockError};
use crate::value::{Growth, Value};
use counters::Counters;
use interest::{Interests, Ready};
use keys::Keys;
use std::cell::RefCell;
use std::sync::Arc;
use tracking::Readers;

/// The most shards that a store can have.
pub const SHARDS_MAX: usize = 1024;

/// All databases of a server.
#[derive(Debug)]
pub struct Store {
    shards: Box<[Mutex<Shard>]>,
    /// Those of each shard, which can be read while it is locked.
    counters: Box<[Arc<Counters>]>,
    /// Its hasher is that of the keys too.
    growth: Growth,
    databases: usize,
    /// When [`Access::tend`] has something to do, in milliseconds since the Unix epoch, or before.
    due_ms: AtomicI64,
    /// The shard that `tend` begins with.
    turn: AtomicUsize,
    /// What the data takes, in bytes: the sum of what shards have published.
    used: AtomicUsize,
    /// The most that was ever in use.
    peak: AtomicUsize,
    /// How often somebody wants to know of a key's changes.
    observers: AtomicUsize,
    /// What requests that wait can be run for.
    ready: Ready,
    /// The clients that cache.
    pub(crate) tracking: Tracking,
    events: Events,
}

/// The keys whose hashes begin with the shard's number, of all databases.
#[derive(Debug)]
struct Shard {
    databases: Box<[Keyspace]>,
    /// Of each database.
    interests: Box<[Interests]>,
    readers: Readers,
    graveyard: Graveyard,
    counters: Arc<Counters>,
    /// For what depends on the history of the shard: counters of accesses, eviction.
    rng: Rng,
    /// What each database takes, and the graveyard behind them, as far as the store knows.
    published: Box<[usize]>,
}

impl Shard {
    /// Tells the store what a database has, and what it and the graveyard take now.
    fn publish(&mut self, store: &Store, database: usize) {
        let now = [self.databases[database].memory().used(), self.graveyard.bytes()];
        let keyspace = &self.databases[database];
        self.counters.set_size(database, keyspace.len(), keyspace.with_deadline());
        let graveyard = self.databases.len();
        for (place, now) in [database, graveyard].into_iter().zip(now) {
            let before = std::mem::replace(&mut self.published[place], now);
            if now != before {
                store.used.fetch_add(now.wrapping_sub(before), Relaxed);
            }
        }
    }

    /// Where a key is, unless it has expired.
    #[inline(never)]
    fn look_up(&self, database: usize, hash: u64, key: &[u8], unix_ms: i64) -> Option<Place> {
        let keyspace = &self.databases[database];
        keyspace.find(hash, key).filter(|&place| !keyspace.entry(place).is_expired(unix_ms))
    }

    /// Where a key is. Removes an expired one.
    #[inline(always)]
    fn find(
        &mut self,
        store: &Store,
        database: usize,
        hash: u64,
        key: &[u8],
        unix_ms: i64,
    ) -> Option<Place> {
        let keyspace = &self.databases[database];
        let place = keyspace.find(hash, key)?;
        if keyspace.entry(place).is_expired(unix_ms) {
            self.end(store, database, hash, key, unix_ms, place);
            return None;
        }
        Some(place)
    }

    /// Removes a key that has expired.
    #[cold]
    fn end(
        &mut self,
        store: &Store,
        database: usize,
        hash: u64,
        key: &[u8],
        unix_ms: i64,
        place: Place,
    ) {
        sometimes(Rare::ExpiredOnAccess, true);
        let keyspace = &mut self.databases[database];
        store.publish_expiry(database, keyspace.entry(place), unix_ms);
        let value = keyspace.remove(hash, place);
        self.counters.expired.add(1);
        self.discard(value, store, database);
        self.tell(store, database, key);
        self.publish(store, database);
    }

    /// Frees what a change of a database has put out of use, and sees to it that what is left to
    /// do is done.
    fn discard(&mut self, value: Option<Box<Value>>, store: &Store, database: usize) {
        value.into_iter().for_each(|value| self.graveyard.bury(value));
        let keyspace = &self.databases[database];
        if !self.graveyard.is_empty() || keyspace.wants_compaction() {
            store.is_due_at(0);
        }
        keyspace.next_field_expiry().into_iter().for_each(|due| store.is_due_at(due));
    }

    /// Removes expired keys and fields, frees what is out of use and gives pages back, until about
    /// `budget` entries' worth of work is done. How much that was; less than `budget` if nothing is
    /// left.
    fn tend(&mut self, store: &Store, unix_ms: i64, budget: usize) -> usize {
        let mut spent = self.expire(store, unix_ms, budget);
        spent += self.graveyard.dig(budget.saturating_sub(spent));
        for keyspace in &mut self.databases {
            while spent < budget && keyspace.wants_compaction() {
                spent += keyspace.compact();
            }
        }
        spent
    }

    /// Removes expired keys and fields, in the same way.
    fn expire(&mut self, store: &Store, unix_ms: i64, budget: usize) -> usize {
        let mut spent = 0;
        let is_observed = store.is_observed();
        let parts = self.databases.iter_mut().zip(&self.interests);
        for (database, (keyspace, interests)) in parts.enumerate() {
            let readers = RefCell::new(&mut self.readers);
            let tell = |key: &[u8]| {
                if is_observed {
                    interests.tell(store, database, key);
                    readers.borrow_mut().tell(store, key);
                }
            };
            let gone = |entry: Entry<'_>| {
                sometimes(Rare::ObservedKeyExpires, is_observed);
                store.publish_expiry(database, entry, unix_ms);
                tell(entry.key());
            };
            let purged = |key: &[u8]| {
                store.publish_event(event::FIELDS_EXPIRED, database, key);
                tell(key);
            };
            while spent < budget {
                let bury = |value| self.graveyard.bury(value);
                let (expired, seen) = keyspace.expire(unix_ms, gone, bury);
                self.counters.expired.add(expired as u64);
                spent += seen;
                if seen == 0 {
                    break;
                }
            }
            while spent < budget {
                let bury = |value| self.graveyard.bury(value);
                let (expired, seen) = keyspace.expire_fields(unix_ms, gone, purged, bury);
                self.counters.expired.add(expired as u64);
                spent += seen;
                if seen == 0 {
                    break;
                }
            }
        }
        spent
    }

    /// When `tend` has something to do, if ever.
    fn due_ms(&self) -> i64 {
        let has_work = |keyspace: &Keyspace| keyspace.wants_compaction();
        if !self.graveyard.is_empty() || self.databases.iter().any(has_work) {
            return 0;
        }
        self.databases.iter().filter_map(Keyspace::next_expiry).min().unwrap_or(i64::MAX)
    }
}

/// What happened in one shard, or in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardStats {
    /// Look-ups by reading commands that found their key.
    pub hits: u64,
    /// Look-ups by reading commands that did not.
    pub misses: u64,
    /// Keys removed because their deadline had passed.
    pub expired: u64,
    /// Keys removed to make room.
    pub evicted: u64,
}

/// How much one database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatabaseSize {
    /// Keys.
    pub keys: usize,
    /// Keys with a deadline.
    pub with_deadline: usize,
}

impl Store {
    /// An empty store. `rng` gives the secret that keys are hashed under; what
    /// happens to keys goes to `events`.
    ///
    /// # Panics
    /// If `shards` is not a power of two up to [`SHARDS_MAX`], or `databases` is 0.
    pub fn new(
        shards: usize,
        databases: usize,
        sizes: Sizes,
        rng: &mut Rng,
        events: Events,
    ) -> Self {
        assert!(shards.is_power_of_two() && shards <= SHARDS_MAX, "{shards} shards");
        assert!(databases > 0, "a store has at least one database");
        let hasher = KeyHasher::new(rng);
        let prefix = shards.ilog2();
        let mut shard = || Shard {
            databases: (0..databases).map(|_| Keyspace::new(prefix, hasher, sizes)).collect(),
            interests: (0..databases).map(|_| Interests::default()).collect(),
            readers: Readers::default(),
            graveyard: Graveyard::default(),
            counters: Arc::new(Counters::new(databases)),
            rng: Rng::new(rng.next_u64()),
            published: vec![0; databases + 1].into(),
        };
        let shards: Vec<Shard> = (0..shards).map(|_| shard()).collect();
        Self {
            counters: shards.iter().map(|shard| Arc::clone(&shard.counters)).collect(),
            shards: shards.into_iter().map(Mutex::new).collect(),
            growth: Growth { hasher, sizes: sizes.value },
            databases,
            due_ms: AtomicI64::new(i64::MAX),
            turn: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            observers: AtomicUsize::new(0),
            ready: Ready::default(),
            tracking: Tracking::default(),
            events,
        }
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.databases
    }

    /// The way to the data for one thread.
    pub fn access(&self, now: Now, clock: AccessClock) -> Access<'_> {
        let held =
            if self.shards.len() == 1 { Held::Only(lock(&self.shards[0])) } else { Held::None };
        Access {
            store: self,
            held,
            keys: Vec::new(),
            terms: Terms { unix_ms: now.unix_ms(), clock, author: 0, keeps_expired: false },
        }
    }

    /// When [`Access::tend`] has something to do, in milliseconds since the Unix epoch; the past
    /// for at once.
    pub fn due_ms(&self) -> Option<i64> {
        let due = self.due_ms.load(Relaxed);
        (due < i64::MAX).then_some(due)
    }

    /// There will be something to tend to.
    fn is_due_at(&self, unix_ms: i64) {
        // Most changes come later than what is due first, and write nothing.
        if unix_ms < self.due_ms.load(Relaxed) {
            self.due_ms.fetch_min(unix_ms, Relaxed);
        }
    }

    fn hash(&self, key: &[u8]) -> u64 {
        self.growth.hasher.hash(key)
    }

    fn shard_of(&self, hash: u64) -> usize {
        shard_of(hash, self.shards.len())
    }

    /// The keys of a request.
    #[inline(never)]
    fn hash_keys(&self, command: &Command, args: Args<'_>, keys: &mut Vec<HashedKey>) {
        let positions = command.keys.iter().flat_map(|spec| spec.positions(args));
        keys.clear();
        keys.extend(positions.map(|at| HashedKey::new(self, args, at)));
    }

    #[inline]
    fn lock_key(&self, key: &HashedKey) -> Locked<'_> {
        let shard = self.shard_of(key.hash());
        Locked::One(shard, lock(&self.shards[shard]))
    }

    /// What a request needs that does not need a single shard.
    #[inline(never)]
    fn lock_several<'v>(
        &'v self,
        held: &'v mut Held<'_>,
        scope: Scope,
        keys: &[HashedKey],
    ) -> Locked<'v> {
        match (held, scope) {
            (Held::Only(shard), _) => Locked::Only(shard),
            (Held::Several(shards), _) => Locked::Lent(lend(shards)),
            (Held::None, Scope::Everything) => Locked::Many(self.lock_shards(&self.all_shards())),
            (Held::None, Scope::Keys) => {
                let mut wanted = Wanted::default();
                keys.iter().for_each(|key| wanted.insert(self.shard_of(key.hash())));
                Locked::Many(self.lock_shards(&wanted))
            }
        }
    }

    fn lock_shards(&self, wanted: &Wanted) -> Vec<Guard<'_>> {
        wanted.iter().map(|index| (index, lock(&self.shards[index]))).collect()
    }

    fn all_shards(&self) -> Wanted {
        Wanted::all(self.shards.len())
    }
}

/// The shard, of `shards`, of keys with this hash.
fn shard_of(hash: u64, shards: usize) -> usize {
    let bits = shards.trailing_zeros();
    if bits == 0 { 0 } else { (hash >> (64 - bits)) as usize }
}

/// The least hash of a shard's keys: the inverse of [`shard_of`].
fn first_hash(shard: usize, shards: usize) -> u64 {
    let bits = shards.trailing_zeros();
    if bits == 0 { 0 } else { (shard as u64) << (64 - bits) }
}

const POISONED: &str = "a command panicked while it held this shard, which may be half changed";

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().expect(POISONED)
}

/// Locks a shard unless another thread is using it.
fn try_lock(shard: &Mutex<Shard>) -> Option<MutexGuard<'_, Shard>> {
    match shard.try_lock() {
        Ok(shard) => Some(shard),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Poisoned(_)) => panic!("{POISONED}"),
    }
}

/// One thread's way to the data for the length of a batch of commands. The only shard of a
/// single-threaded store is locked once for the whole batch; of several, each command or transaction
/// locks what it needs.
#[derive(Debug)]
pub struct Access<'a> {
    store: &'a Store,
    held: Held<'a>,
    /// Those of the request that runs, if there are several.
    keys: Vec<HashedKey>,
    terms: Terms,
}

/// What a request runs under.
#[derive(Debug)]
struct Terms {
    unix_ms: i64,
    /// What a use of a key means.
    clock: AccessClock,
    /// The session whose request runs.
    author: u64,
    /// What has expired is not there for the request, and stays where it is.
    keeps_expired: bool,
}

/// What is locked for longer than a command.
#[derive(Debug)]
enum Held<'a> {
    None,
    /// The only shard of the store.
    Only(MutexGuard<'a, Shard>),
    /// What a transaction needs.
    Several(Vec<Guard<'a>>),
}

/// A locked shard, and its number.
type Guard<'a> = (usize, MutexGuard<'a, Shard>);

fn lend<'g>(shards: &'g mut [Guard<'_>]) -> Vec<(usize, &'g mut Shard)> {
    shards.iter_mut().map(|(index, shard)| (*index, &mut **shard)).collect()
}

/// What the commands of a transaction need, one after the other.
#[derive(Debug, Default)]
pub struct Needs(Wanted);

impl<'a> Access<'a> {
    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.store.databases()
    }

    /// The key at `position` of the request `args`, hashed.
    pub fn hash_key(&self, args: Args<'_>, position: usize) -> HashedKey {
        HashedKey::new(self.store, args, position)
    }

    /// The hash of a key, or of a member of a collection.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        self.store.hash(bytes)
    }

    /// From now on, what is done to keys counts as their use, or does not.
    pub(crate) fn count_uses(&mut self, counts: bool) {
        self.terms.clock = self.terms.clock.counting(counts);
    }

    /// Locks what `command` needs for the request `args` and gives the view of it. `key` is one of
    /// the request's keys whose hash is known, if any is.
    // Inlined, so that what it gives is made where it stays.
    #[inline(always)]
    pub fn lock<'v>(
        &'v mut self,
        command: &Command,
        args: Args<'v>,
        key: Option<&'v HashedKey>,
        database: usize,
    ) -> View<'v> {
        debug_assert!(key.is_none_or(|key| key.hash() == self.store.hash(key.of(args))));
        let keys = match key {
            Some(key) if command.has_one_key(args) => std::slice::from_ref(key),
            _ => {
                self.store.hash_keys(command, args, &mut self.keys);
                &self.keys
            }
        };
        let mut locked = match (&mut self.held, command.scope, keys) {
            (Held::Only(shard), _, _) => Locked::Only(shard),
            (Held::None, Scope::Keys, [key]) => self.store.lock_key(key),
            (held, scope, keys) => self.store.lock_several(held, scope, keys),
        };
        if self.store.is_observed() {
            locked.sign(self.terms.author);
        }
        View::new(self.store, &self.terms, locked, Keys::new(args, keys), database)
    }

    /// What is changed from now on, this session changes.
    pub fn sign(&mut self, session: u64) {
        self.terms.author = session;
    }

    /// Whether what has expired stays where it is, although it is not there for what runs from now on:
    /// which must not write.
    pub fn keep_expired(&mut self, keeps: bool) {
        self.terms.keeps_expired = keeps;
    }

    /// The store.
    pub(crate) fn store(&self) -> &'a Store {
        self.store
    }

    /// Locks every shard.
    pub fn lock_all(&mut self, database: usize) -> View<'_> {
        let locked = match &mut self.held {
            Held::Only(shard) => Locked::Only(shard),
            Held::Several(shards) => Locked::Lent(lend(shards)),
            Held::None => Locked::Many(self.store.lock_shards(&self.store.all_shards())),
        };
        View::new(self.store, &self.terms, locked, Keys::default(), database)
    }

    /// Adds to `needs` what a request of `command` will lock. An engine command may lock everything.
    pub fn add_needs(&self, needs: &mut Needs, command: &Command, args: Args<'_>) {
        let is_data = matches!(command.handler, Handler::Data(_));
        if !is_data || command.scope == Scope::Everything {
            needs.0 = self.store.all_shards();
            return;
        }
        for position in command.keys.iter().flat_map(|spec| spec.positions(args)) {
            self.add_need(needs, args.get(position));
        }
    }

    /// Adds to `needs` what a key needs.
    pub fn add_need(&self, needs: &mut Needs, key: &[u8]) {
        needs.0.insert(self.store.shard_of(self.store.hash(key)));
    }

    /// Removes a key if it has expired, which others are told.
    pub fn expire(&mut self, database: usize, key: &[u8]) {
        let (store, unix_ms, hash) = (self.store, self.terms.unix_ms, self.store.hash(key));
        self.with_shard(hash, |shard| {
            shard.find(store, database, hash, key, unix_ms);
        });
    }

    /// Locks what a transaction needs, until [`Access::release`]. Its commands must need nothing else.
    pub fn hold(&mut self, needs: &Needs) {
        if let Held::None = self.held {
            self.held = Held::Several(self.store.lock_shards(&needs.0));
        }
    }

    /// Unlocks what a transaction has locked.
    pub fn release(&mut self) {
        if let Held::Several(_) = self.held {
            self.held = Held::None;
        }
    }

    /// How much each database holds.
    pub fn sizes(&self) -> Vec<DatabaseSize> {
        self.store.sizes()
    }

    /// What happened since the start or the last reset.
    pub fn stats(&self) -> ShardStats {
        self.store.stats()
    }

    /// Sets all statistics to zero. Locks one shard after the other.
    pub fn reset_stats(&mut self) {
        self.for_each_shard(|shard| shard.counters.reset_stats());
    }

    /// Does what is due in every shard that no other thread is using: removes expired keys, frees
    /// what is out of use and gives memory back, until about `budget` entries' worth of work is
    /// done. How much that was; less than `budget` if nothing is left.
    pub fn tend(&mut self, budget: usize) -> usize {
        let (store, unix_ms) = (self.store, self.terms.unix_ms);
        // Whatever becomes due from now on is noted anew.
        store.due_ms.store(i64::MAX, Relaxed);
        let mut spent = 0;
        let mut tend = |shard: &mut Shard| {
            if spent < budget {
                spent += shard.tend(store, unix_ms, budget - spent);
                (0..store.databases).for_each(|database| shard.publish(store, database));
            }
            store.is_due_at(shard.due_ms());
        };
        match &mut self.held {
            Held::Only(shard) => tend(shard),
            Held::Several(_) => unreachable!("no transaction tends to the store"),
            Held::None => {
                // Another first shard each time, so that all get their share of the budgets.
                let first = store.turn.fetch_add(1, Relaxed);
                for index in 0..store.shards.len() {
                    match try_lock(&store.shards[(first + index) % store.shards.len()]) {
                        Some(mut shard) => tend(&mut shard),
                        None => store.is_due_at(0),
                    }
                }
            }
        }
        spent
    }

    /// Removes all that has expired, before the clock is followed back to `unix_ms`. O(what has
    /// expired + shards and databases).
    pub(crate) fn set_back(&mut self, unix_ms: i64) {
        let (store, before_ms) = (self.store, self.terms.unix_ms);
        self.for_each_shard(|shard| {
            shard.expire(store, before_ms, usize::MAX);
            shard.databases.iter_mut().for_each(|keyspace| keyspace.set_back(unix_ms));
            (0..store.databases).for_each(|database| shard.publish(store, database));
            store.is_due_at(shard.due_ms());
        });
    }

    /// Checks what must always hold, for tests and simulations. O(n).
    pub fn check(&mut self) {
        self.for_each_shard(|shard| shard.databases.iter().for_each(Keyspace::check));
    }

    /// Shows the shard of a hash, which is locked for it unless it is held.
    fn with_shard<R>(&mut self, hash: u64, visit: impl FnOnce(&mut Shard) -> R) -> R {
        let index = self.store.shard_of(hash);
        match &mut self.held {
            Held::Only(shard) => visit(shard),
            Held::Several(shards) => {
                let at = find_shard(shards, index).expect("a transaction holds what it needs");
                visit(&mut shards[at].1)
            }
            Held::None => visit(&mut lock(&self.store.shards[index])),
        }
    }

    fn for_each_shard(&mut self, mut visit: impl FnMut(&mut Shard)) {
        match &mut self.held {
            Held::Only(shard) => visit(shard),
            Held::Several(shards) => {
                assert_eq!(shards.len(), self.store.shards.len(), "an engine command needs all");
                shards.iter_mut().for_each(|(_, shard)| visit(shard));
            }
            Held::None => self.store.shards.iter().for_each(|shard| visit(&mut lock(shard))),
        }
    }
}

/// The shards that a view may reach, in ascending order.
#[derive(Debug)]
enum Locked<'a> {
    /// The only shard of the store.
    Only(&'a mut Shard),
    One(usize, MutexGuard<'a, Shard>),
    Many(Vec<Guard<'a>>),
    /// What a transaction holds.
    Lent(Vec<(usize, &'a mut Shard)>),
}

impl Locked<'_> {
    fn for_each(&mut self, mut visit: impl FnMut(&mut Shard)) {
        match self {
            Self::Only(shard) => visit(shard),
            Self::One(_, shard) => visit(shard),
            Self::Many(shards) => shards.iter_mut().for_each(|(_, shard)| visit(shard)),
            Self::Lent(shards) => shards.iter_mut().for_each(|(_, shard)| visit(shard)),
        }
    }

    /// The shard with this number.
    ///
    /// # Panics
    /// If it is not locked.
    fn shard(&mut self, index: usize) -> &mut Shard {
        match self {
            Self::Only(shard) => shard,
            Self::One(locked, shard) if *locked == index => shard,
            Self::One(..) => not_locked(index),
            Self::Many(shards) => match find_shard(shards, index) {
                Some(at) => &mut shards[at].1,
                None => not_locked(index),
            },
            Self::Lent(shards) => match find_shard(shards, index) {
                Some(at) => shards[at].1,
                None => not_locked(index),
            },
        }
    }
}

fn not_locked(shard: usize) -> ! {
    panic!("shard {shard} is not locked: the command's row names neither this key nor Everything")
}

/// The one of some shards, in ascending order, that has this number.
fn find_shard<S>(shards: &[(usize, S)], index: usize) -> Option<usize> {
    shards.binary_search_by_key(&index, |shard| shard.0).ok()
}

/// A set of shard numbers.
#[derive(Debug)]
struct Wanted([u64; SHARDS_MAX / 64]);

impl Default for Wanted {
    fn default() -> Self {
        Self([0; SHARDS_MAX / 64])
    }
}

impl Wanted {
    fn all(shards: usize) -> Self {
        let mut all = Self::default();
        (0..shards).for_each(|shard| all.insert(shard));
        all
    }

    fn insert(&mut self, shard: usize) {
        self.0[shard / 64] |= 1 << (shard % 64);
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, &bits)| {
            let mut bits = bits;
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
                bits &= bits - 1;
                Some(word * 64 + bit)
            })
        })
    }
}
