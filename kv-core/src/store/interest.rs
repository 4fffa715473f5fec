//! Who wants to know of changes to a key.
//!
//! A change is told while the key's shard is locked. As long as nobody wants to know of any key,
//! a change costs one look at a counter.

use super::{Access, Shard, Store, lock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The keys of one database, in one shard, that somebody wants to know of.
#[derive(Debug, Default)]
pub(super) struct Interests(BTreeMap<Box<[u8]>, Interest>);

/// What a change of a key leads to.
#[derive(Debug, Default)]
struct Interest {
    watches: Vec<Arc<Watch>>,
}

impl Interest {
    fn is_empty(&self) -> bool {
        self.watches.is_empty()
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
    /// Tells of a change of a key.
    pub(super) fn tell(&self, key: &[u8]) {
        if let Some(interest) = self.0.get(key) {
            interest.watches.iter().for_each(|watch| watch.break_up());
        }
    }

    /// Tells of a change of every key for which this says so.
    pub(super) fn tell_all(&self, is_changed: impl Fn(&[u8]) -> bool) {
        self.0.keys().filter(|key| is_changed(key)).for_each(|key| self.tell(key));
    }

    fn watch(&mut self, key: &[u8], watch: &Arc<Watch>) {
        self.change(key, |interest| interest.watches.push(Arc::clone(watch)));
    }

    fn unwatch(&mut self, key: &[u8], watch: &Arc<Watch>) {
        self.change(key, |interest| interest.watches.retain(|other| !Arc::ptr_eq(other, watch)));
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
        databases.iter().for_each(|&database| self.interests[database].tell_all(is_there));
    }

    /// Tells those who want to know that a key has changed.
    pub(super) fn tell(&mut self, store: &Store, database: usize, key: &[u8]) {
        if store.is_observed() {
            self.interests[database].tell(key);
        }
    }
}

impl Access<'_> {
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
