//! Channels, the patterns of channels, and those who listen.

use crate::glob;
use crate::mailbox::{Message, Push};
use crate::session::Profile;
use crate::sync::{Mutex, MutexGuard};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A channel by its name.
    Channel,
    /// All channels whose names match.
    Pattern,
    /// A channel of a shard, which has names of its own.
    Shard,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Channel, Self::Pattern, Self::Shard];
}

/// Who listens to what, in a whole server.
#[derive(Debug, Default)]
pub struct PubSub(Mutex<Directory>);

/// By kind.
#[derive(Debug, Default)]
struct Directory([BTreeMap<Box<[u8]>, Subscribers>; 3]);

/// By their numbers.
type Subscribers = BTreeMap<u64, Arc<Profile>>;

/// What one session listens to.
#[derive(Debug, Default)]
pub struct Subscriptions([BTreeSet<Box<[u8]>>; 3]);

impl Subscriptions {
    /// To how many it listens of a kind.
    pub fn len(&self, kind: Kind) -> usize {
        self.0[kind as usize].len()
    }

    /// The number that confirmations give: that of channels and patterns, or that of shard channels.
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Shard => self.len(kind),
            _ => self.len(Kind::Channel) + self.len(Kind::Pattern),
        }
    }

    /// Whether it listens to nothing.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(BTreeSet::is_empty)
    }

    /// All of a kind, in the order of their bytes.
    pub fn names(&self, kind: Kind) -> impl Iterator<Item = &[u8]> {
        self.0[kind as usize].iter().map(|name| &**name)
    }

    pub(crate) fn add(&mut self, kind: Kind, name: &[u8]) -> bool {
        self.0[kind as usize].insert(name.into())
    }

    pub(crate) fn remove(&mut self, kind: Kind, name: &[u8]) -> bool {
        self.0[kind as usize].remove(name)
    }
}

impl PubSub {
    /// Has a session listen. O(log n).
    pub(crate) fn subscribe(&self, kind: Kind, name: &[u8], session: &Arc<Profile>) {
        let directory = &mut self.directory().0[kind as usize];
        let subscribers = directory.entry(name.into()).or_default();
        subscribers.insert(session.id, Arc::clone(session));
    }

    /// Has a session listen no more. O(log n).
    pub(crate) fn unsubscribe(&self, kind: Kind, name: &[u8], session: u64) {
        let directory = &mut self.directory().0[kind as usize];
        if let Some(subscribers) = directory.get_mut(name) {
            subscribers.remove(&session);
            if subscribers.is_empty() {
                directory.remove(name);
            }
        }
    }

    /// Tells all who listen to a channel, whose output may take `max` bytes. How many they are.
    /// O(subscribers of the channel + patterns of all sessions).
    pub(crate) fn publish(&self, channel: &[u8], payload: &[u8], max: usize) -> usize {
        let directory = self.directory();
        let told = directory.tell(Kind::Channel, "message", channel, payload, max);
        told + directory.tell_patterns(channel, payload, max)
    }

    /// The same of a shard channel.
    pub(crate) fn publish_to_shard(&self, channel: &[u8], payload: &[u8], max: usize) -> usize {
        self.directory().tell(Kind::Shard, "smessage", channel, payload, max)
    }

    /// The names of a kind that somebody listens to, if they match.
    pub(crate) fn names(&self, kind: Kind, pattern: Option<&[u8]>) -> Vec<Box<[u8]>> {
        let is_wanted = |name: &[u8]| pattern.is_none_or(|pattern| glob::matches(pattern, name));
        let directory = self.directory();
        directory.0[kind as usize].keys().filter(|name| is_wanted(name)).cloned().collect()
    }

    /// How many names of a kind somebody listens to.
    pub(crate) fn len(&self, kind: Kind) -> usize {
        self.directory().0[kind as usize].len()
    }

    /// How many listen to a name.
    pub(crate) fn listeners(&self, kind: Kind, name: &[u8]) -> usize {
        self.directory().0[kind as usize].get(name).map_or(0, BTreeMap::len)
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.0.lock().expect("nothing panics while it holds the directory")
    }
}

impl Directory {
    fn tell(
        &self,
        kind: Kind,
        name: &'static str,
        channel: &[u8],
        payload: &[u8],
        max: usize,
    ) -> usize {
        let Some(subscribers) = self.0[kind as usize].get(channel) else { return 0 };
        let push = Push::Message { kind: name, channel: channel.into(), payload: payload.into() };
        tell_all(subscribers, push, max)
    }

    fn tell_patterns(&self, channel: &[u8], payload: &[u8], max: usize) -> usize {
        let patterns = self.0[Kind::Pattern as usize].iter();
        let matching = patterns.filter(|(pattern, _)| glob::matches(pattern, channel));
        let told = matching.map(|(pattern, subscribers)| {
            let (channel, payload) = (channel.into(), payload.into());
            tell_all(subscribers, Push::Matched { pattern: pattern.clone(), channel, payload }, max)
        });
        told.sum()
    }
}

fn tell_all(subscribers: &Subscribers, push: Push, max: usize) -> usize {
    let push = Arc::new(push);
    let told = subscribers.values();
    told.filter(|session| session.mailbox.put(Message::Push(Arc::clone(&push)), max)).count()
}
