//! Histories from what goes over a connection: requests as they are sent, replies as they come.

use super::commands::{self, Reach, reach};
use super::{Action, NEVER, Operation, Request};
use crate::model::Bytes;
use crate::wire::Value;
use std::collections::{BTreeSet, VecDeque};

/// One connection's part of a history.
///
/// Told of requests before they are sent and of replies after they were read, it puts transactions
/// together, and makes operations without an answer of what is not answered when the connection
/// [breaks](Self::cut).
#[derive(Clone, Debug)]
pub struct Session {
    connection: u64,
    /// Sent and not answered, and when.
    pending: VecDeque<(u64, Request)>,
    /// What MULTI has queued.
    queue: Option<Vec<Request>>,
    /// It may watch keys, so that transactions are aborted.
    may_watch: bool,
    /// It may have listened to channels, where only some requests run.
    may_listen: bool,
    watched: BTreeSet<Bytes>,
    /// What was read of watched keys.
    premises: Vec<(Request, Value)>,
    /// Another database than the first is selected, whose keys are not part of the history.
    is_elsewhere: bool,
    done: Vec<Operation>,
}

impl Session {
    /// A connection that has just been opened.
    pub fn new(connection: u64) -> Self {
        Self {
            connection,
            pending: VecDeque::new(),
            queue: None,
            may_watch: false,
            may_listen: false,
            watched: BTreeSet::new(),
            premises: Vec::new(),
            is_elsewhere: false,
            done: Vec::new(),
        }
    }

    /// A request is about to be sent.
    pub fn sent(&mut self, at: u64, request: Request) {
        self.may_listen |= is_about_channels(&request);
        self.pending.push_back((at, request));
    }

    /// Something was read. What is sent without being asked for is left out.
    pub fn replied(&mut self, at: u64, reply: Value) {
        if is_push(&reply) {
            return;
        }
        // In a transaction they are queued, and there is a reply that says so.
        if self.queue.is_none() {
            let is_reply_to = |(_, request): &(u64, Request)| !is_about_channels(request);
            let skipped = self.pending.iter().position(is_reply_to);
            self.pending.drain(..skipped.unwrap_or(self.pending.len()));
        }
        if let Some((invoked, request)) = self.pending.pop_front() {
            self.note(invoked, at, request, Some(commands::plain(reply)));
        }
    }

    /// How many replies have to come, if nothing was asked about channels.
    pub fn unanswered(&self) -> usize {
        self.pending.len()
    }

    /// The connection is no more. Gives what happened on it.
    pub fn cut(mut self) -> Vec<Operation> {
        while let Some((invoked, request)) = self.pending.pop_front() {
            self.note(invoked, NEVER, request, None);
        }
        self.done
    }

    fn note(&mut self, invoked: u64, answered: u64, request: Request, reply: Option<Value>) {
        let is_refused = reply.as_ref().is_some_and(is_error);
        match request[0].to_ascii_uppercase().as_slice() {
            b"EXEC" => self.exec(invoked, answered, reply),
            b"MULTI" | b"DISCARD" | b"WATCH" if is_refused => {}
            b"MULTI" => drop(self.queue.get_or_insert_default()),
            b"DISCARD" if self.queue.is_none() => {}
            b"DISCARD" => self.forget(),
            b"RESET" => self.reset(),
            _ if self.queue.is_some() => self.enqueue(request, is_refused),
            _ if is_about_channels(&request) => {}
            b"UNWATCH" => self.forget(),
            b"WATCH" => self.watch(request, reply.is_some()),
            b"SELECT" => self.select(&request, reply.as_ref()),
            _ => {
                self.remember(&request, reply.as_ref());
                self.finish(invoked, answered, Action::Single(request), reply, false);
            }
        }
    }

    fn watch(&mut self, request: Request, is_certain: bool) {
        self.may_watch = true;
        if is_certain {
            self.watched.extend(request.into_iter().skip(1));
        }
    }

    fn enqueue(&mut self, request: Request, is_refused: bool) {
        if let Some(queue) = self.queue.as_mut().filter(|_| !is_refused) {
            queue.push(request);
        }
    }

    fn exec(&mut self, invoked: u64, answered: u64, reply: Option<Value>) {
        let Some(requests) = self.queue.take() else { return };
        let premises = std::mem::take(&mut self.premises);
        let may_abort = self.may_watch;
        self.forget();
        match &reply {
            // It was aborted: nothing has happened.
            Some(Value::Null(_) | Value::Line(..)) => return,
            Some(Value::Many(_, replies)) => {
                let selects = requests.iter().zip(replies).filter(|(it, _)| is_select(it));
                selects.for_each(|(request, reply)| self.select(request, Some(reply)));
            }
            _ => {}
        }
        if !requests.is_empty() {
            let action = Action::Transaction { premises, requests };
            self.finish(invoked, answered, action, reply, may_abort);
        }
    }

    fn forget(&mut self) {
        self.queue = None;
        self.may_watch = false;
        self.watched.clear();
        self.premises.clear();
    }

    fn reset(&mut self) {
        self.forget();
        self.is_elsewhere = false;
    }

    fn select(&mut self, request: &Request, reply: Option<&Value>) {
        if reply.is_some_and(|reply| *reply == Value::simple("OK")) {
            self.is_elsewhere = request.get(1).is_none_or(|database| database != b"0");
        }
    }

    /// What is read of watched keys is a premise of the transaction that follows.
    fn remember(&mut self, request: &Request, reply: Option<&Value>) {
        let Some(reply) = reply.filter(|reply| !is_error(reply) && !self.is_elsewhere) else {
            return;
        };
        let Reach::Keys(keys) = reach(request) else { return };
        if commands::is_read(request) && keys.iter().all(|key| self.watched.contains(key)) {
            self.premises.push((request.clone(), reply.clone()));
        }
    }

    fn finish(
        &mut self,
        invoked: u64,
        answered: u64,
        action: Action,
        reply: Option<Value>,
        may_abort: bool,
    ) {
        // Without a reply nobody knows where it was, and it may as well not have happened.
        let stays_elsewhere = self.is_elsewhere && reply.is_some() && is_of_one_database(&action);
        if !stays_elsewhere && !reply.as_ref().is_some_and(is_refusal) {
            let may_be_refused = reply.is_none() && (may_abort || self.may_listen);
            let connection = self.connection;
            self.done.push(Operation {
                connection,
                action,
                reply,
                invoked,
                answered,
                may_be_refused,
            });
        }
    }
}

fn is_error(reply: &Value) -> bool {
    matches!(reply, Value::Line(b'-', _))
}

/// Whether a request has not run because of what its session does.
fn is_refusal(reply: &Value) -> bool {
    matches!(reply, Value::Line(b'-', text) if text.starts_with(b"ERR Can't execute '"))
}

fn is_select(request: &Request) -> bool {
    request[0].eq_ignore_ascii_case(b"SELECT")
}

/// Whether an action is about keys of the selected database alone.
fn is_of_one_database(action: &Action) -> bool {
    let is_flushall = |request: &Request| request[0].eq_ignore_ascii_case(b"FLUSHALL");
    match action.reach() {
        Reach::Keys(_) => true,
        Reach::Everything => !action.requests().iter().any(is_flushall),
        Reach::Unknown | Reach::Unknowable => false,
    }
}

/// Whether what the server says to a request is pushed, and there is no reply.
fn is_about_channels(request: &Request) -> bool {
    let name = request[0].to_ascii_lowercase();
    name.ends_with(b"subscribe")
}

const PUSHES: &[&str] = &["message", "pmessage", "smessage"];

/// Whether this came without being asked for, or confirms that a client listens.
fn is_push(reply: &Value) -> bool {
    match reply {
        Value::Many(b'>', _) => true,
        Value::Many(_, items) => {
            let word = items.first().and_then(Value::text).unwrap_or_default();
            let is_it = |push: &&str| push.as_bytes() == word;
            items.len() > 2 && (word.ends_with(b"subscribe") || PUSHES.iter().any(is_it))
        }
        _ => false,
    }
}
