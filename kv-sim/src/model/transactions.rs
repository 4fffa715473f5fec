//! Transactions: a queue that runs as one step, unless a watched key was changed.

use super::{Bytes, Expect, Flaw, Model, Outcome, Row, Run, Session, exactly, ok};
use crate::wire::Value;

pub(super) const COMMANDS: &[Row] = &[
    ("discard", 1, discard),
    ("exec", 1, exec),
    ("multi", 1, multi),
    ("unwatch", 1, unwatch),
    ("watch", -2, watch),
];

/// What runs at once, even after MULTI.
const IMMEDIATE: &[&str] = &["discard", "exec", "multi", "quit", "reset", "watch"];

/// Requests since MULTI.
#[derive(Clone, Debug, Default)]
pub(super) struct Transaction {
    requests: Vec<Vec<Bytes>>,
    /// One was refused, so that none will run.
    is_broken: bool,
}

/// A session's interest in a key.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) session: u64,
    pub(super) database: usize,
    pub(super) key: Bytes,
    /// Whether it was there when it was watched first.
    was_there: bool,
    /// It was changed since.
    pub(super) is_broken: bool,
    /// What was perhaps there took its place, so that the server may count that as a change.
    pub(super) is_doubtful: bool,
}

impl Run<'_> {
    pub(super) fn is_immediate(&self) -> bool {
        IMMEDIATE.contains(&&*self.name())
    }

    /// What a request that is refused is told. A transaction ends with a refused EXEC.
    pub(super) fn refuse(&mut self, error: Bytes) -> Bytes {
        if self.name() != "exec" {
            self.session.break_transaction();
            return error;
        }
        self.model.give_up_transaction(self.session);
        let reason = error.strip_prefix(b"ERR ").unwrap_or(&error);
        [b"EXECABORT Transaction discarded because of: ", reason].concat()
    }

    pub(super) fn put_off(&mut self) -> Outcome {
        let transaction = self.session.transaction.as_mut().expect("the caller saw it");
        transaction.requests.push(self.args.to_vec());
        exactly(Value::simple("QUEUED"))
    }

    fn has_lost_a_watch(&self) -> bool {
        let mut watches = self.model.watches.iter().filter(|it| it.session == self.session.id);
        let is_gone = |watch: &Watch| {
            let is_noticed = !self.model.has(Flaw::WatchOutlivesKey);
            is_noticed && self.find_in(watch.database, &watch.key).is_none()
        };
        let was_refused = self.reply() == Some(self.null_array());
        let may_be_broken = |watch: &Watch| watch.is_broken || watch.is_doubtful && was_refused;
        watches.any(|watch| may_be_broken(watch) || watch.was_there && is_gone(watch))
    }
}

impl Session {
    /// The requests of its transaction, if it has one.
    pub(super) fn queued(&self) -> &[Vec<Bytes>] {
        self.transaction.as_ref().map_or(&[], |transaction| &transaction.requests)
    }

    pub(super) fn has_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// A request of its transaction, if it has one, is refused.
    pub(super) fn break_transaction(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.is_broken = true;
        }
    }
}

impl Model {
    /// EXEC is refused.
    pub(super) fn give_up_transaction(&mut self, session: &mut Session) {
        session.transaction = None;
        self.forget_watches(session.id);
    }

    pub(super) fn forget_watches(&mut self, session: u64) {
        self.watches.retain(|watch| watch.session != session);
    }
}

fn multi(run: &mut Run<'_>) -> Outcome {
    if run.session.transaction.is_some() {
        return Err("ERR MULTI calls can not be nested".into());
    }
    run.session.transaction = Some(Transaction::default());
    ok()
}

fn discard(run: &mut Run<'_>) -> Outcome {
    run.session.transaction.take().ok_or("ERR DISCARD without MULTI")?;
    unwatch(run)
}

fn watch(run: &mut Run<'_>) -> Outcome {
    if run.session.transaction.is_some() {
        return Err("ERR WATCH inside MULTI is not allowed".into());
    }
    let (session, database) = (run.session.id, run.session.database);
    for key in &run.args[1..] {
        let is_it = |watch: &Watch| {
            watch.session == session && watch.database == database && watch.key == *key
        };
        if !run.model.watches.iter().any(is_it) {
            let was_there = run.find(key).is_some();
            let key = key.clone();
            let (is_broken, is_doubtful) = (false, false);
            let watch = Watch { session, database, key, was_there, is_broken, is_doubtful };
            run.model.watches.push(watch);
        }
    }
    ok()
}

fn unwatch(run: &mut Run<'_>) -> Outcome {
    run.model.forget_watches(run.session.id);
    ok()
}

fn exec(run: &mut Run<'_>) -> Outcome {
    let mut transaction = run.session.transaction.take().ok_or("ERR EXEC without MULTI")?;
    if run.model.has(Flaw::HalfTransaction) && transaction.requests.len() > 1 {
        transaction.requests.pop();
    }
    let has_lost_a_watch = run.has_lost_a_watch();
    run.model.forget_watches(run.session.id);
    if transaction.is_broken {
        return Err("EXECABORT Transaction discarded because of previous errors.".into());
    }
    if has_lost_a_watch {
        return exactly(run.null_array());
    }
    run.session.in_exec = true;
    let expects = transaction.requests.iter().map(|args| {
        let error = |text: Bytes| Expect::Exactly(Value::error(&text));
        run.part(args).unwrap_or_else(error)
    });
    let expects = expects.collect();
    run.session.in_exec = false;
    Ok(Expect::Each(expects))
}
