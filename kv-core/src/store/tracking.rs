//! Clients that cache: who has read which keys, and who wants to know of all keys with a prefix.
//!
//! Readers of a key are noted in its shard, and told while that is locked; as in Redis a key is
//! the same in all databases here. Changes that are told by prefix are gathered, and told when the
//! batch ends, each key once.

use super::{Locked, Shard, Store, View};
use crate::mailbox::{Message, Push};
use crate::reply::Protocol;
use crate::session::Profile;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use crate::sync::{Mutex, MutexGuard};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

/// No session: nobody asked for the change.
const NOBODY: u64 = 0;

/// How many keys at most are forgotten for one that is noted, when there are too many.
const FORGOTTEN_PER_KEY_MAX: usize = 2;

/// How a client wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// Of all keys, or of those with certain prefixes, whether or not it has read them.
    pub by_prefix: bool,
    /// Of what it has read after CLIENT CACHING YES.
    pub opt_in: bool,
    /// Of what it has read, unless it was after CLIENT CACHING NO.
    pub opt_out: bool,
    /// Not of what it has changed itself.
    pub no_loop: bool,
}

/// A client that caches.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) profile: Arc<Profile>,
    pub(crate) mode: Mode,
    /// Who is told instead.
    pub(crate) target: Option<Arc<Profile>>,
    /// Close whoever has more mail than this, in bytes; 0 for no limit.
    pub(crate) mail_max: usize,
    pub(crate) is_broken: bool,
}

impl Tracker {
    /// Tells it, if it can be told.
    fn tell(&mut self, push: &Arc<Push>) {
        let target = match &self.target {
            Some(target) if target.is_gone() => {
                self.is_broken = true;
                return self.tell_of_redirection(target.id);
            }
            Some(target) => target,
            None => &self.profile,
        };
        let is_redirected = self.target.is_some();
        if speaks_v3(target) || (is_redirected && target.is_listening()) {
            target.mailbox.put(Message::Push(Arc::clone(push)), self.mail_max);
        }
    }

    fn tell_of_redirection(&self, target: u64) {
        if speaks_v3(&self.profile) {
            let push = Arc::new(Push::RedirectionBroken(target));
            self.profile.mailbox.put(Message::Push(push), self.mail_max);
        }
    }
}

fn speaks_v3(profile: &Profile) -> bool {
    profile.protocol() == Protocol::V3 as u8
}

/// The clients that cache, of a whole store.
#[derive(Debug, Default)]
pub(crate) struct Tracking {
    registry: Mutex<Registry>,
    /// Somebody wants to know of prefixes.
    is_by_prefix: AtomicBool,
    /// Changes were gathered and not told.
    has_news: AtomicBool,
    /// How many keys are noted in all shards.
    keys: AtomicUsize,
}

#[derive(Debug, Default)]
struct Registry {
    trackers: BTreeMap<u64, Tracker>,
    prefixes: BTreeMap<Box<[u8]>, Prefix>,
}

#[derive(Debug, Default)]
struct Prefix {
    sessions: BTreeSet<u64>,
    /// The keys that have changed, with the session that changed each last.
    changed: BTreeMap<Box<[u8]>, u64>,
}

impl Tracking {
    /// How many keys have readers.
    pub(crate) fn keys(&self) -> usize {
        self.keys.load(Relaxed)
    }

    /// What a tracker wants to know of by prefix, and whether its redirection is broken.
    pub(crate) fn state(&self, session: u64) -> (Vec<Box<[u8]>>, bool) {
        let registry = self.registry();
        let is_its = |prefix: &Prefix| prefix.sessions.contains(&session);
        let prefixes = registry.prefixes.iter().filter(|(_, prefix)| is_its(prefix));
        let is_broken = registry.trackers.get(&session).is_some_and(|tracker| tracker.is_broken);
        (prefixes.map(|(name, _)| name.clone()).collect(), is_broken)
    }

    /// Gathers a change, if anybody wants to know of it by prefix.
    fn note_change(&self, key: &[u8], author: u64) {
        if !self.is_by_prefix.load(Relaxed) {
            return;
        }
        let mut registry = self.registry();
        let concerned = registry.prefixes.iter_mut().filter(|(prefix, _)| key.starts_with(prefix));
        for (_, prefix) in concerned {
            prefix.changed.insert(key.into(), author);
            self.has_news.store(true, Relaxed);
        }
    }

    /// Tells the readers of a key that it has changed.
    fn invalidate(&self, key: &[u8], readers: &BTreeSet<u64>, author: u64) {
        let push = Arc::new(Push::Invalid(Some([key.into()].into())));
        let mut registry = self.registry();
        for id in readers {
            let Some(tracker) = registry.trackers.get_mut(id) else { continue };
            let is_own = tracker.mode.no_loop && *id == author;
            if !tracker.mode.by_prefix && !is_own {
                tracker.tell(&push);
            }
        }
    }

    /// Tells all that whatever they know is no longer so.
    fn invalidate_all(&self) {
        let push = Arc::new(Push::Invalid(None));
        self.registry().trackers.values_mut().for_each(|tracker| tracker.tell(&push));
    }

    /// Tells of what was gathered.
    pub(crate) fn publish(&self) {
        if !self.has_news.load(Relaxed) || !self.has_news.swap(false, Relaxed) {
            return;
        }
        let Registry { trackers, prefixes } = &mut *self.registry();
        for prefix in prefixes.values_mut() {
            let changed = std::mem::take(&mut prefix.changed);
            for id in &prefix.sessions {
                let Some(tracker) = trackers.get_mut(id) else { continue };
                let is_own = |author: u64| tracker.mode.no_loop && author == *id;
                let news = changed.iter().filter(|&(_, &author)| !is_own(author));
                let keys: Box<[_]> = news.map(|(key, _)| key.clone()).collect();
                if !keys.is_empty() {
                    tracker.tell(&Arc::new(Push::Invalid(Some(keys))));
                }
            }
        }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().expect("nothing panics while it holds the registry")
    }
}

impl Store {
    /// Tells a client of changes from now on, or in another way than so far, of these prefixes besides
    /// those that it has named before. It has to be ended by `untrack`.
    pub(crate) fn track<'a>(&self, tracker: Tracker, prefixes: impl Iterator<Item = &'a [u8]>) {
        let mut registry = self.tracking.registry();
        let id = tracker.profile.id;
        for prefix in prefixes {
            registry.prefixes.entry(prefix.into()).or_default().sessions.insert(id);
            self.tracking.is_by_prefix.store(true, Relaxed);
        }
        if registry.trackers.insert(id, tracker).is_none() {
            self.observers.fetch_add(1, Relaxed);
        }
    }

    /// Tells a client of no more changes.
    pub(crate) fn untrack(&self, session: u64) {
        let mut registry = self.tracking.registry();
        if registry.trackers.remove(&session).is_none() {
            return;
        }
        self.observers.fetch_sub(1, Relaxed);
        registry.prefixes.retain(|_, prefix| {
            prefix.sessions.remove(&session);
            !prefix.sessions.is_empty()
        });
        self.tracking.is_by_prefix.store(!registry.prefixes.is_empty(), Relaxed);
    }
}

/// Who has read the keys of one shard, of all databases.
#[derive(Debug, Default)]
pub(super) struct Readers {
    keys: BTreeMap<Box<[u8]>, BTreeSet<u64>>,
    /// The session whose command has the shard locked, or [`NOBODY`].
    author: u64,
}

impl Readers {
    /// Tells of a change of a key, of which its readers are told once.
    pub(super) fn tell(&mut self, store: &Store, key: &[u8]) {
        store.tracking.note_change(key, self.author);
        self.forget(store, key, self.author);
    }

    fn forget(&mut self, store: &Store, key: &[u8], author: u64) {
        if let Some(readers) = self.keys.remove(key) {
            store.tracking.keys.fetch_sub(1, Relaxed);
            store.tracking.invalidate(key, &readers, author);
        }
    }

    fn note(&mut self, store: &Store, key: &[u8], session: u64, keys_max: usize) {
        if let Some(readers) = self.keys.get_mut(key) {
            readers.insert(session);
            return;
        }
        self.keys.insert(key.into(), [session].into());
        store.tracking.keys.fetch_add(1, Relaxed);
        for _ in 0..FORGOTTEN_PER_KEY_MAX {
            if keys_max > 0 && store.tracking.keys() > keys_max {
                self.forget_one(store, key);
            }
        }
    }

    /// Forgets the neighbour of a key, which is as good as any, and of which its readers are told.
    fn forget_one(&mut self, store: &Store, key: &[u8]) {
        let mut after = self.keys.range::<[u8], _>((Excluded(key), Unbounded));
        let neighbour = after.next().or_else(|| self.keys.first_key_value());
        if let Some(key) = neighbour.map(|(key, _)| key.clone()) {
            self.forget(store, &key, NOBODY);
        }
    }
}

impl View<'_> {
    /// Notes that a session has read a key, which is locked. Beyond `keys_max` keys, unless that is
    /// 0, others are forgotten.
    pub(crate) fn note_reader(&mut self, key: &[u8], session: u64, keys_max: usize) {
        let store = self.store();
        self.shard(store.hash(key)).readers.note(store, key, session, keys_max);
    }

    /// Tells all clients that cache that everything has changed. Needs every shard.
    pub fn forget_readers(&mut self) {
        let store = self.store();
        if !store.is_observed() {
            return;
        }
        for shard in self.all_shards() {
            let keys = std::mem::take(&mut shard.readers.keys);
            store.tracking.keys.fetch_sub(keys.len(), Relaxed);
        }
        store.tracking.invalidate_all();
    }
}

impl Locked<'_> {
    /// What changes from now on, this session has changed.
    #[cold]
    pub(super) fn sign(&mut self, author: u64) {
        self.for_each(|shard| shard.readers.author = author);
    }

    /// What changes after this, nobody has.
    #[cold]
    pub(super) fn unsign(&mut self) {
        self.sign(NOBODY);
    }
}

impl Shard {
    /// Tells those who want to know that a key has changed.
    pub(super) fn tell(&mut self, store: &Store, database: usize, key: &[u8]) {
        if store.is_observed() {
            self.interests[database].tell(store, database, key);
            self.readers.tell(store, key);
        }
    }
}
