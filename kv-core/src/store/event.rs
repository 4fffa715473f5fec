//! Publishing what happens to keys: `notify-keyspace-events`.
//!
//! An event is published while the key's shard is locked, so that those who listen hear of the
//! changes of a key in their order. One that nobody asked for costs a look at the setting.

use super::{Store, View};
use crate::config::{ClientClass, Config, Notifications};
use crate::keyspace::Entry;
use crate::pubsub::PubSub;
use crate::value::Kind;
use std::sync::Arc;

/// What happened to a key, and the class of such events.
pub(super) type Event = (Notifications, &'static str);

/// A key has come into being.
pub(super) const NEW: Event = (Notifications::NEW, "new");
/// A key has been removed.
pub(super) const DEL: Event = (Notifications::GENERIC, "del");
/// A key's deadline has passed.
pub(super) const EXPIRED: Event = (Notifications::EXPIRED, "expired");
/// Deadlines of a hash's fields have passed.
pub(super) const FIELDS_EXPIRED: Event = (Notifications::HASH, "hexpired");
/// A key has made room for others.
pub(super) const EVICTED: Event = (Notifications::EVICTED, "evicted");
/// A key was to be read and is not there.
pub(super) const MISS: Event = (Notifications::KEY_MISS, "keymiss");

/// The way from the data to those who listen.
#[derive(Debug)]
pub struct Events {
    config: Arc<Config>,
    pubsub: Arc<PubSub>,
}

impl Events {
    /// Publishes what these settings say.
    pub fn new(config: Arc<Config>, pubsub: Arc<PubSub>) -> Self {
        Self { config, pubsub }
    }

    #[inline]
    pub(super) fn publish(&self, (class, event): Event, database: usize, key: &[u8]) {
        let wanted = self.config.notifications();
        if wanted.contains(class) {
            self.publish_on(wanted, event, database, key);
        }
    }

    #[cold]
    fn publish_on(&self, channels: Notifications, event: &str, database: usize, key: &[u8]) {
        let max = self.config.output_limits(ClientClass::Pubsub).hard;
        if channels.contains(Notifications::KEYSPACE) {
            let prefix = format!("__keyspace@{database}__:");
            self.pubsub.publish(&[prefix.as_bytes(), key].concat(), event.as_bytes(), max);
        }
        if channels.contains(Notifications::KEYEVENT) {
            let channel = format!("__keyevent@{database}__:{event}");
            self.pubsub.publish(channel.as_bytes(), key, max);
        }
    }
}

impl Store {
    #[inline]
    pub(super) fn publish_event(&self, event: Event, database: usize, key: &[u8]) {
        self.events.publish(event, database, key);
    }

    /// Publishes that an entry has expired, which is about to be removed.
    pub(super) fn publish_expiry(&self, database: usize, entry: Entry<'_>, unix_ms: i64) {
        if entry.deadline().is_some_and(|deadline| deadline < unix_ms) {
            self.publish_event(EXPIRED, database, entry.key());
        } else {
            self.publish_event(FIELDS_EXPIRED, database, entry.key());
            self.publish_event(DEL, database, entry.key());
        }
    }
}

impl View<'_> {
    /// Publishes an event of a key, if such events are asked for.
    #[inline]
    pub fn notify(&self, class: Notifications, event: &'static str, key: &[u8]) {
        self.store().publish_event((class, event), self.database(), key);
    }
}

/// The class of the events of a type's commands.
pub(super) fn class_of(kind: Kind) -> Notifications {
    match kind {
        Kind::List => Notifications::LIST,
        Kind::Set => Notifications::SET,
        Kind::Hash => Notifications::HASH,
        Kind::SortedSet => Notifications::SORTED_SET,
        Kind::Stream => Notifications::STREAM,
    }
}
