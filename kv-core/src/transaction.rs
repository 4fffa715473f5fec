//! What a session has queued between MULTI and EXEC, and which keys it watches.

use crate::args::{Args, OwnedArgs};
use crate::command::Command;
use crate::now::Now;
use crate::pause::Pause;
use crate::store::{Access, Needs, Store, Watch};
use std::sync::Arc;

/// Requests that wait for EXEC.
#[derive(Debug, Default)]
pub struct Transaction {
    requests: Vec<Queued>,
    bytes: usize,
    is_broken: bool,
}

/// A request that waits for its turn in a transaction.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) command: &'static Command,
    args: OwnedArgs,
}

impl Queued {
    pub(crate) fn args(&self) -> Args<'_> {
        self.args.as_args()
    }
}

impl Transaction {
    /// Adds a request. False, and the transaction is broken, if all of them together would take more
    /// than `max` bytes.
    pub(crate) fn push(&mut self, command: &'static Command, args: Args<'_>, max: usize) -> bool {
        /// What a request takes besides its arguments, about.
        const REQUEST: usize = 128;
        self.bytes += args.from(0).map(|arg| arg.len() + size_of::<u64>()).sum::<usize>() + REQUEST;
        if self.bytes > max {
            self.is_broken = true;
            self.requests = Vec::new();
            return false;
        }
        let args = args.from(0).collect();
        self.requests.push(Queued { command, args });
        true
    }

    /// EXEC will run none of it: a request was refused.
    pub(crate) fn break_up(&mut self) {
        self.is_broken = true;
    }

    /// Whether a request was refused.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// How much memory its requests take, about.
    pub(crate) fn bytes(&self) -> usize {
        if self.requests.is_empty() { 0 } else { self.bytes }
    }

    /// What is to run, in order.
    pub(crate) fn requests(&self) -> &[Queued] {
        &self.requests
    }

    /// Whether any of its commands has these flags.
    pub(crate) fn has(&self, flags: u32) -> bool {
        self.requests.iter().any(|queued| queued.command.has(flags))
    }

    /// Whether clients are paused and one of its requests has to wait.
    pub(crate) fn is_held(&self, pause: &Pause, now: Now) -> bool {
        self.requests.iter().any(|queued| pause.holds(queued.command, now))
    }

    /// What all of it will lock, and what the session watches.
    pub(crate) fn needs(&self, access: &Access<'_>, watching: Option<&Watching>) -> Needs {
        let mut needs = Needs::default();
        for queued in &self.requests {
            access.add_needs(&mut needs, queued.command, queued.args());
        }
        let watched = watching.iter().flat_map(|watching| &watching.keys);
        watched.for_each(|(_, key)| access.add_need(&mut needs, key));
        needs
    }
}

/// The keys that a session watches.
#[derive(Debug, Default)]
pub struct Watching {
    watch: Arc<Watch>,
    /// With their databases.
    keys: Vec<(usize, Box<[u8]>)>,
}

impl Watching {
    /// What tells whether a key has changed.
    pub(crate) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Watches one more key.
    pub(crate) fn add(&mut self, access: &mut Access<'_>, database: usize, key: &[u8]) {
        let is_known = |(other, known): &(usize, Box<[u8]>)| *other == database && **known == *key;
        if !self.keys.iter().any(is_known) {
            // What has expired before does not expire while it is watched.
            access.expire(database, key);
            access.watch(database, key, &self.watch);
            self.keys.push((database, key.into()));
        }
    }

    /// Whether one of the keys has changed, as far as is known without looking at their deadlines.
    pub(crate) fn is_broken(&self) -> bool {
        self.watch.is_broken()
    }

    /// Whether one of the keys has changed or expired. They must be locked.
    pub(crate) fn has_broken(&self, access: &mut Access<'_>) -> bool {
        self.keys.iter().for_each(|(database, key)| access.expire(*database, key));
        self.is_broken()
    }

    /// The session has ended.
    pub(crate) fn abandon(self, store: &Store) {
        for (database, key) in &self.keys {
            store.unwatch(*database, key, &self.watch);
        }
    }

    /// Watches none of them any more.
    pub(crate) fn end(self, access: &mut Access<'_>) {
        for (database, key) in &self.keys {
            access.unwatch(*database, key, &self.watch);
        }
    }
}
