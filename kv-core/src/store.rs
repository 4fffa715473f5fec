//! The data: N shards, each locked as a whole, and the view of what a command has locked.
//!
//! A command's keys say which shards it needs. All of them are locked before it begins, in
//! ascending order, and held to its end. There is no other way to reach a shard than the view that
//! such a lock returns, so every concurrent history equals some order of whole commands.

mod view;

pub use view::{Deadline, View};

use crate::args::Args;
use crate::command::{Command, Scope};
use crate::hash::KeyHasher;
use crate::keyspace::Keyspace;
use crate::rng::Rng;
use std::num::NonZeroU64;
use std::sync::{Mutex, MutexGuard};

/// The most shards that a store can have.
pub const SHARDS_MAX: usize = 1024;

/// All databases of a server.
#[derive(Debug)]
pub struct Store {
    shards: Box<[Mutex<Shard>]>,
    hasher: KeyHasher,
    databases: usize,
}

/// The keys whose hashes begin with the shard's number, of all databases.
#[derive(Debug)]
struct Shard {
    databases: Box<[Keyspace]>,
    stats: ShardStats,
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
}

/// How much one database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatabaseSize {
    /// Keys.
    pub keys: usize,
    /// Keys with a deadline.
    pub with_deadline: usize,
}

/// One of a request's keys, whose hash is known.
#[derive(Clone, Copy, Debug)]
pub struct HashedKey {
    /// Which of the arguments it is.
    position: usize,
    hash: NonZeroU64,
}

impl HashedKey {
    fn new(store: &Store, args: Args<'_>, position: usize) -> Self {
        let hash = store.hash(args.get(position));
        Self { position, hash: NonZeroU64::MIN | hash }
    }

    /// The key's hash.
    pub fn hash(self) -> u64 {
        self.hash.get()
    }

    fn of(self, args: Args<'_>) -> &[u8] {
        args.get(self.position)
    }
}

impl Store {
    /// An empty store. `rng` gives the secret that keys are hashed under.
    ///
    /// # Panics
    /// If `shards` is not a power of two up to [`SHARDS_MAX`], or `databases` is 0.
    pub fn new(shards: usize, databases: usize, rng: &mut Rng) -> Self {
        assert!(shards.is_power_of_two() && shards <= SHARDS_MAX, "{shards} shards");
        assert!(databases > 0, "a store has at least one database");
        let shard = || Shard {
            databases: (0..databases).map(|_| Keyspace::new(shards.ilog2())).collect(),
            stats: ShardStats::default(),
        };
        let shards = (0..shards).map(|_| Mutex::new(shard())).collect();
        Self { shards, hasher: KeyHasher::new(rng), databases }
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.databases
    }

    /// The way to the data for one thread.
    pub fn access(&self) -> Access<'_> {
        let held = (self.shards.len() == 1).then(|| lock(&self.shards[0]));
        Access { store: self, held }
    }

    /// A key's hash, never 0.
    fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash(key) | 1
    }

    fn shard_of(&self, hash: u64) -> usize {
        shard_of(hash, self.shards.len())
    }

    /// Locks the shards of a request's keys, of which one may be known.
    fn lock_keys(&self, command: &Command, args: Args<'_>, known: Option<HashedKey>) -> Locked<'_> {
        let shard_at = |position| {
            let known = known.filter(|key| key.position == position);
            let key = known.unwrap_or_else(|| HashedKey::new(self, args, position));
            self.shard_of(key.hash())
        };
        let mut positions = command.keys.iter().flat_map(|spec| spec.positions(args));
        if let (Some(position), None) = (positions.next(), positions.next()) {
            let shard = shard_at(position);
            return Locked::One(shard, lock(&self.shards[shard]));
        }
        let mut wanted = Wanted::default();
        for position in command.keys.iter().flat_map(|spec| spec.positions(args)) {
            wanted.insert(shard_at(position));
        }
        self.lock_shards(&wanted)
    }

    fn lock_shards(&self, wanted: &Wanted) -> Locked<'_> {
        let locked = wanted.iter().map(|index| (index, lock(&self.shards[index])));
        Locked::Many(locked.collect())
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

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().expect("a command panicked while it held this shard, which may be half changed")
}

/// One thread's way to the data for the length of a batch of commands. The only shard of a
/// single-threaded store is locked once for the whole batch; of several, each command locks what
/// it needs.
#[derive(Debug)]
pub struct Access<'a> {
    store: &'a Store,
    held: Option<MutexGuard<'a, Shard>>,
}

impl Access<'_> {
    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.store.databases()
    }

    /// The key at `position` of the request `args`, hashed.
    pub fn hash_key(&self, args: Args<'_>, position: usize) -> HashedKey {
        HashedKey::new(self.store, args, position)
    }

    /// A key of this hash will be looked for in `database`: the first of two steps, as early as
    /// can be. A hint; changes nothing.
    #[inline]
    pub fn prefetch_bucket(&mut self, _database: usize, _hash: u64) {}

    /// A key of this hash will be looked for in `database`: the second step, once the bucket has
    /// had time to arrive. A hint; changes nothing.
    #[inline]
    pub fn prefetch_entry(&mut self, _database: usize, _hash: u64) {}

    /// Locks what `command` needs for the request `args` and gives the view of it. `key` is one of
    /// the request's keys whose hash is known, if any is.
    #[inline(never)]
    pub fn lock(
        &mut self,
        command: &Command,
        args: Args<'_>,
        key: Option<HashedKey>,
        database: usize,
        unix_ms: i64,
    ) -> View<'_> {
        debug_assert!(key.is_none_or(|key| key.hash() == self.store.hash(key.of(args))));
        let locked = match (&mut self.held, command.scope) {
            (Some(shard), _) => Locked::Held(shard),
            (None, Scope::Everything) => self.store.lock_shards(&self.store.all_shards()),
            (None, Scope::Keys) => self.store.lock_keys(command, args, key),
        };
        let mut view = View::new(self.store, locked, database, unix_ms);
        if let Some(key) = key {
            view.know_hash(key.of(args), key.hash());
        }
        view
    }

    /// Locks every shard.
    pub fn lock_all(&mut self, database: usize, unix_ms: i64) -> View<'_> {
        let locked = match &mut self.held {
            Some(shard) => Locked::Held(shard),
            None => self.store.lock_shards(&self.store.all_shards()),
        };
        View::new(self.store, locked, database, unix_ms)
    }

    /// How much each database holds. Locks one shard after the other.
    pub fn sizes(&mut self) -> Vec<DatabaseSize> {
        let mut sizes = vec![DatabaseSize::default(); self.store.databases];
        self.for_each_shard(|shard| {
            for (size, keyspace) in sizes.iter_mut().zip(&shard.databases) {
                size.keys += keyspace.len();
                size.with_deadline += keyspace.with_deadline();
            }
        });
        sizes
    }

    /// What happened since the start or the last reset. Locks one shard after the other.
    pub fn stats(&mut self) -> ShardStats {
        let mut sum = ShardStats::default();
        self.for_each_shard(|shard| {
            sum.hits += shard.stats.hits;
            sum.misses += shard.stats.misses;
            sum.expired += shard.stats.expired;
        });
        sum
    }

    /// Sets all statistics to zero.
    pub fn reset_stats(&mut self) {
        self.for_each_shard(|shard| shard.stats = ShardStats::default());
    }

    /// Removes expired keys, looking at no more than `budget` keys of each database in each shard.
    /// Whether any database still has keys with a deadline.
    pub fn sweep_expired(&mut self, unix_ms: i64, budget: usize) -> bool {
        let mut more = false;
        self.for_each_shard(|shard| {
            for keyspace in &mut shard.databases {
                shard.stats.expired += keyspace.sweep_expired(unix_ms, budget) as u64;
                more |= keyspace.with_deadline() > 0;
            }
        });
        more
    }

    fn for_each_shard(&mut self, mut visit: impl FnMut(&mut Shard)) {
        match &mut self.held {
            Some(shard) => visit(shard),
            None => self.store.shards.iter().for_each(|shard| visit(&mut lock(shard))),
        }
    }
}

/// The shards that a view may reach, in ascending order.
#[derive(Debug)]
enum Locked<'a> {
    /// The only shard of the store.
    Held(&'a mut Shard),
    One(usize, MutexGuard<'a, Shard>),
    Many(Vec<(usize, MutexGuard<'a, Shard>)>),
}

/// A set of shard numbers.
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
