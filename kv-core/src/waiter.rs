//! Requests that wait for data: BLPOP and its kin.
//!
//! A request that finds nothing is noted at its keys, while they are locked, and its session runs
//! nothing else meanwhile. When a command has made one of the keys, whoever ran it runs the waiting
//! requests, in the order in which they came, until nothing is left for them; a reply goes to
//! the mailbox of the session. Whatever ends the wait, it ends once: see [`Waiter::end`].

use crate::args::{Args, OwnedArgs};
use crate::command::{Command, Group};
use crate::kernel::{Call, Kernel, Resumed};
use crate::mailbox::Message;
use crate::now::Now;
use crate::rare::{Rare, sometimes};
use crate::recording::Recording;
use crate::reply::{Protocol, Reply};
use crate::session::{Profile, Session};
use crate::store::{Access, Store};
use crate::sync::{Mutex, MutexGuard};
use crate::value::{Guess, Kind};
use std::sync::Arc;

/// What a request has to wait for.
#[derive(Debug)]
pub struct Wait {
    /// The positions of the keys that it waits for.
    pub keys: Vec<usize>,
    /// How long at most, in microseconds; forever if there is none.
    pub timeout_us: Option<u64>,
    /// The reply if nothing comes.
    pub nothing: Nothing,
    /// The reply where no request may wait: within a transaction.
    pub at_once: Nothing,
    /// The request as it is to run later, if not as it came.
    pub later: Option<OwnedArgs>,
}

/// The reply to a request that got nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// The absence of a value.
    Null,
    /// The absence of an array.
    NullArray,
    /// A number.
    Int(i64),
}

impl Wait {
    /// For keys at these positions, which make an array that may be missing.
    pub fn for_array(keys: impl IntoIterator<Item = usize>, timeout_us: Option<u64>) -> Self {
        let nothing = Nothing::NullArray;
        Self {
            keys: keys.into_iter().collect(),
            timeout_us,
            nothing,
            at_once: nothing,
            later: None,
        }
    }
}

impl Nothing {
    /// Writes it.
    pub fn write(self, out: &mut dyn Reply) {
        match self {
            Self::Null => out.null(),
            Self::NullArray => out.null_array(),
            Self::Int(value) => out.int(value),
        }
    }
}

/// A request that waits.
#[derive(Debug)]
pub struct Waiter {
    session: Arc<Profile>,
    command: &'static Command,
    pub(crate) args: OwnedArgs,
    keys: Vec<Box<[u8]>>,
    /// That its session had selected.
    pub(crate) database: usize,
    /// Which of its session's commands it is.
    pub(crate) number: u64,
    protocol: Protocol,
    nothing: Nothing,
    /// What it reads is to be remembered.
    pub(crate) is_tracked: bool,
    deadline_us: Option<u64>,
    is_over: Mutex<bool>,
}

impl Waiter {
    /// The request `args` of a session, which waits from now on.
    pub(crate) fn new(
        session: &Session,
        command: &'static Command,
        args: Args<'_>,
        protocol: Protocol,
        now: Now,
        wait: Wait,
    ) -> Self {
        Self {
            session: Arc::clone(session.shared()),
            command,
            keys: wait.keys.iter().map(|&position| args.get(position).into()).collect(),
            args: wait.later.unwrap_or_else(|| args.from(0).collect()),
            database: session.database,
            number: session.commands,
            protocol,
            nothing: wait.nothing,
            is_tracked: session.is_tracked(),
            deadline_us: wait.timeout_us.and_then(|timeout| now.mono_us.checked_add(timeout)),
            is_over: Mutex::new(false),
        }
    }

    /// When it has waited long enough, by [`Now::mono_us`].
    pub fn deadline_us(&self) -> Option<u64> {
        self.deadline_us
    }

    /// Ends the wait with the reply that nothing came, if nothing else has ended it. Whether it did.
    pub(crate) fn give_up(&self, store: &Store, out: &mut dyn Reply) -> bool {
        let is_mine = self.end(store);
        if is_mine {
            self.nothing.write(out);
        }
        is_mine
    }

    /// Ends the wait, if nothing else has. Whether it did.
    pub(crate) fn end(&self, store: &Store) -> bool {
        let was_over = std::mem::replace(&mut *self.is_over(), true);
        if !was_over {
            self.keys.iter().for_each(|key| store.unwait(self.database, key, self));
        }
        !was_over
    }

    /// Ends the wait, if nothing else has, where an access is open.
    pub(crate) fn leave(&self, access: &mut Access<'_>) {
        if !std::mem::replace(&mut *self.is_over(), true) {
            self.keys.iter().for_each(|key| access.unwait(self.database, key, self));
        }
    }

    /// Ends the wait of another session's request with this reply, if nothing else has ended it.
    /// Whether it did.
    pub(crate) fn answer(
        &self,
        access: &mut Access<'_>,
        write: impl FnOnce(&mut dyn Reply),
    ) -> bool {
        if std::mem::replace(&mut *self.is_over(), true) {
            return false;
        }
        let mut reply = Recording::new(self.protocol);
        write(&mut reply);
        self.deliver(access, reply);
        true
    }

    /// Ends the wait of another session's request without a reply, if nothing else has ended it.
    pub(crate) fn abandon(&self, access: &mut Access<'_>) {
        if !std::mem::replace(&mut *self.is_over(), true) {
            self.keys.iter().for_each(|key| access.unwait(self.database, key, self));
        }
    }

    /// The same as `answer` with the reply that nothing came.
    pub(crate) fn answer_nothing(&self, access: &mut Access<'_>) -> bool {
        self.answer(access, |out| self.nothing.write(out))
    }

    /// Runs the request, and ends the wait if it gets a reply. Whether it waits on.
    fn retry(&self, kernel: &Kernel, access: &mut Access<'_>, now: Now) -> bool {
        let mut reply = Recording::new(self.protocol);
        let call = Call { kernel, now, command: self.command, key: None, guess: &Guess::NONE };
        let resumed = call.resume(access, self, &mut reply);
        if resumed == Resumed::Served {
            self.deliver(access, reply);
        }
        sometimes(Rare::WaiterFindsNothing, resumed == Resumed::WaitsOn);
        resumed == Resumed::WaitsOn
    }

    fn deliver(&self, access: &mut Access<'_>, reply: Recording) {
        self.keys.iter().for_each(|key| access.unwait(self.database, key, self));
        // It has no limit: the session waits for nothing but this.
        self.session.mailbox.put(Message::Reply(Arc::new(reply)), 0);
    }

    pub(crate) fn keys(&self) -> &[Box<[u8]>] {
        &self.keys
    }

    /// Its session.
    pub(crate) fn session(&self) -> u64 {
        self.session.id
    }

    /// Whether the wait has ended. Who asks may have shards locked, and locks none as long as this is
    /// held.
    pub(crate) fn is_over(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().expect("a request that panicked was served by this thread")
    }
}

/// Runs the requests that wait for keys which commands have changed. Those that take something away are
/// passed over unless the key has something of their type left: they may wait for other keys too, of which
/// others have waited longer. What comes when one was passed over is not for those behind it: whoever
/// brings it begins again with the first. Those for streams are told of a missing key as well.
#[inline]
pub(crate) fn serve(kernel: &Kernel, access: &mut Access<'_>, now: Now) {
    if access.has_ready() {
        serve_ready(kernel, access, now);
    }
}

#[cold]
fn serve_ready(kernel: &Kernel, access: &mut Access<'_>, now: Now) {
    let mut has_served = false;
    while let Some((database, key)) = access.take_ready() {
        sometimes(Rare::WaiterFeedsWaiter, std::mem::replace(&mut has_served, true));
        let mut spent: Vec<Kind> = Vec::new();
        for waiter in access.waiters(database, &key) {
            let wanted = match waiter.command.group {
                Group::List => Some(Kind::List),
                Group::SortedSet => Some(Kind::SortedSet),
                _ => None,
            };
            if wanted.is_some_and(|kind| spent.contains(&kind)) {
                continue;
            }
            let is_hopeless = wanted.is_some() && access.kind(database, &key) != wanted;
            sometimes(Rare::WaiterPassedOver, is_hopeless);
            if is_hopeless || waiter.retry(kernel, access, now) {
                spent.extend(wanted);
            }
        }
    }
}
