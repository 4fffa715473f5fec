//! Who wants to know of changes to a key.
//!
//! A change is told while the key's shard is locked. As long as nobody wants to know of any key,
//! a change costs one look at a counter.

use super::{Access, Shard, Store, View, lock};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, Ordering::Relaxed};
use crate::value::Kind;
use crate::waiter::Waiter;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The keys of one database, in one shard, that somebody wants to know of.
#[derive(Debug, Default)]
pub(super) struct Interests(BTreeMap<Box<[u8]>, Interest>);

/// What a change of a key leads to.
#[derive(Debug, Default)]
struct Interest {
    watches: Vec<Arc<Watch>>,
    /// In the order in which they came.
    waiters: VecDeque<Arc<Waiter>>,
}

impl Interest {
    fn is_empty(&self) -> bool {
        self.watches.is_empty() && self.waiters.is_empty()
    }

    fn wake(&self, store: &Store, database: usize, key: &[u8]) {
        if !self.waiters.is_empty() {
            store.ready.push(database, key);
        }
    }
}

/// Whether a key has changed since it was watched.
#[derive(Debug, Default)]
pub struct Watch(AtomicBool);

impl Watch {
    /// Whether one of the keys has changed, as far as is known: for certain, while no other thread
    /// can change one.
    pub fn is_broken(&self) -> bool {
        self.0.load(Relaxed)
    }

    fn break_up(&self) {
        self.0.store(true, Relaxed);
    }
}

impl Interests {
    /// Tells of a change of a key of this database.
    pub(super) fn tell(&self, store: &Store, database: usize, key: &[u8]) {
        if let Some(interest) = self.0.get(key) {
            interest.watches.iter().for_each(|watch| watch.break_up());
            interest.wake(store, database, key);
        }
    }

    /// Has the requests that wait for a key run again.
    fn wake(&self, store: &Store, database: usize, key: &[u8]) {
        if let Some(interest) = self.0.get(key) {
            interest.wake(store, database, key);
        }
    }

    /// Tells of a change of every key for which this says so.
    fn tell_all(&self, store: &Store, database: usize, is_changed: impl Fn(&[u8]) -> bool) {
        let changed = self.0.keys().filter(|key| is_changed(key));
        changed.for_each(|key| self.tell(store, database, key));
    }

    fn watch(&mut self, key: &[u8], watch: &Arc<Watch>) {
        self.change(key, |interest| interest.watches.push(Arc::clone(watch)));
    }

    fn unwatch(&mut self, key: &[u8], watch: &Arc<Watch>) {
        self.change(key, |interest| interest.watches.retain(|other| !Arc::ptr_eq(other, watch)));
    }

    fn wait(&mut self, key: &[u8], waiter: &Arc<Waiter>) {
        self.change(key, |interest| interest.waiters.push_back(Arc::clone(waiter)));
    }

    fn unwait(&mut self, key: &[u8], waiter: &Waiter) {
        self.change(key, |interest| {
            interest.waiters.retain(|other| !std::ptr::eq(&**other, waiter))
        });
    }

    fn waiters(&self, key: &[u8]) -> Vec<Arc<Waiter>> {
        self.0.get(key).map_or(Vec::new(), |interest| interest.waiters.iter().cloned().collect())
    }

    fn change(&mut self, key: &[u8], change: impl FnOnce(&mut Interest)) {
        let mut interest = self.0.remove(key).unwrap_or_default();
        change(&mut interest);
        if !interest.is_empty() {
            self.0.insert(key.into(), interest);
        }
    }
}

impl Store {
    /// How often anybody wants to know of a key's changes.
    pub fn observers(&self) -> usize {
        self.observers.load(Relaxed)
    }

    pub(super) fn is_observed(&self) -> bool {
        self.observers() > 0
    }
}

impl Store {
    /// Ends what [`View::wait`] began, where no access is open.
    pub(crate) fn unwait(&self, database: usize, key: &[u8], waiter: &Waiter) {
        let shard = &self.shards[self.shard_of(self.hash(key))];
        lock(shard).interests[database].unwait(key, waiter);
        self.observers.fetch_sub(1, Relaxed);
    }

    /// Ends what [`Access::watch`] began, where no access is open.
    pub fn unwatch(&self, database: usize, key: &[u8], watch: &Arc<Watch>) {
        let shard = &self.shards[self.shard_of(self.hash(key))];
        lock(shard).interests[database].unwatch(key, watch);
        self.observers.fetch_sub(1, Relaxed);
    }
}

impl Shard {
    /// Tells those who want to know that the contents of two databases are about to change places, or
    /// those of one to go: what becomes of keys that are in neither is no change.
    pub(super) fn tell_of_exchange(&mut self, store: &Store, databases: [usize; 2]) {
        if !store.is_observed() {
            return;
        }
        let keyspaces = databases.map(|database| &self.databases[database]);
        let is_there = |key: &[u8]| {
            let hash = store.hash(key);
            keyspaces.iter().any(|keyspace| keyspace.find(hash, key).is_some())
        };
        for database in databases {
            self.interests[database].tell_all(store, database, is_there);
        }
    }

    /// Has the requests that wait for a key run again.
    pub(super) fn wake(&mut self, store: &Store, database: usize, key: &[u8]) {
        if store.is_observed() {
            self.interests[database].wake(store, database, key);
        }
    }
}

/// Keys that requests wait for and that have changed, with their databases.
#[derive(Debug, Default)]
pub(super) struct Ready {
    keys: Mutex<VecDeque<(usize, Box<[u8]>)>>,
    is_any: AtomicBool,
}

impl Ready {
    fn push(&self, database: usize, key: &[u8]) {
        let mut keys = self.keys.lock().expect("nothing panics while it holds the keys");
        keys.push_back((database, key.into()));
        self.is_any.store(true, Relaxed);
    }

    fn pop(&self) -> Option<(usize, Box<[u8]>)> {
        let mut keys = self.keys.lock().expect("nothing panics while it holds the keys");
        let key = keys.pop_front();
        self.is_any.store(!keys.is_empty(), Relaxed);
        key
    }
}

impl View<'_> {
    /// Has a request wait for a key, which is locked. It has to be ended by its `unwait`.
    pub(crate) fn wait(&mut self, key: &[u8], waiter: &Arc<Waiter>) {
        self.store().observers.fetch_add(1, Relaxed);
        let (hash, database) = (self.store().hash(key), self.database());
        self.shard(hash).interests[database].wait(key, waiter);
    }
}

impl Access<'_> {
    /// Whether a key has changed that requests wait for.
    #[inline]
    pub(crate) fn has_ready(&self) -> bool {
        self.store.ready.is_any.load(Relaxed)
    }

    /// One of the keys that requests wait for and that have changed.
    pub(crate) fn take_ready(&mut self) -> Option<(usize, Box<[u8]>)> {
        self.store.ready.pop()
    }

    /// The requests that wait for a key.
    pub(crate) fn waiters(&mut self, database: usize, key: &[u8]) -> Vec<Arc<Waiter>> {
        self.with_shard(self.store.hash(key), |shard| shard.interests[database].waiters(key))
    }

    /// The type of the collection at a key, if there is one.
    pub(crate) fn kind(&mut self, database: usize, key: &[u8]) -> Option<Kind> {
        let (hash, unix_ms) = (self.store.hash(key), self.terms.unix_ms);
        self.with_shard(hash, |shard| {
            let keyspace = &shard.databases[database];
            let entry = keyspace.entry(keyspace.find(hash, key)?);
            if entry.is_expired(unix_ms) { None } else { entry.kind() }
        })
    }

    /// Ends what [`View::wait`] began.
    pub(crate) fn unwait(&mut self, database: usize, key: &[u8], waiter: &Waiter) {
        self.with_shard(self.store.hash(key), |shard| {
            shard.interests[database].unwait(key, waiter)
        });
        self.store.observers.fetch_sub(1, Relaxed);
    }

    /// Has `watch` broken by the next change of a key. The caller has to end that by `unwatch`.
    pub fn watch(&mut self, database: usize, key: &[u8], watch: &Arc<Watch>) {
        self.store.observers.fetch_add(1, Relaxed);
        self.with_shard(self.store.hash(key), |shard| shard.interests[database].watch(key, watch));
    }

    /// Ends what `watch` began.
    pub fn unwatch(&mut self, database: usize, key: &[u8], watch: &Arc<Watch>) {
        self.with_shard(self.store.hash(key), |shard| {
            shard.interests[database].unwatch(key, watch)
        });
        self.store.observers.fetch_sub(1, Relaxed);
    }
}
