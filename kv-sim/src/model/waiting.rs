//! Requests that wait for data: what they do at once or later is what their kin without a B does.

use super::{Bytes, Expect, Flaw, Model, Outcome, Row, Run, Session, WRONG_TYPE, exactly, int};
use crate::wire::Value;

pub(super) const COMMANDS: &[Row] = &[
    ("blmove", 6, blmove),
    ("blmpop", -5, |run| pop_several(run, "LMPOP", "list")),
    ("blpop", -3, |run| pop_one(run, "LPOP", "list")),
    ("brpop", -3, |run| pop_one(run, "RPOP", "list")),
    ("brpoplpush", 4, brpoplpush),
    ("bzmpop", -5, |run| pop_several(run, "ZMPOP", "zset")),
    ("bzpopmax", -3, |run| pop_one(run, "ZPOPMAX", "zset")),
    ("bzpopmin", -3, |run| pop_one(run, "ZPOPMIN", "zset")),
    ("wait", 3, wait),
];

/// What a session is told besides the replies to requests that run at once.
#[derive(Clone, Debug)]
pub(crate) enum Letter {
    /// The reply to this request, which has waited.
    Reply(Vec<Bytes>, Expect),
    /// A message.
    Push(Value),
}

/// What a request waits for.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    pub(super) keys: Vec<Bytes>,
    /// In microseconds.
    pub(super) timeout_us: Option<i64>,
    /// What it is answered if nothing comes.
    pub(super) nothing: Value,
    /// The request as it runs later.
    pub(super) args: Vec<Bytes>,
}

/// A request that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiter {
    /// As it is meanwhile.
    session: Session,
    wait: Wait,
    /// In microseconds since the run began.
    deadline_us: Option<i64>,
}

impl Model {
    /// Runs the requests again that wait for keys which have changed, those that have waited
    /// longest first.
    pub(super) fn serve(&mut self, now_us: i64) {
        while let Some((database, key)) = self.changed.pop_front() {
            let waits = |waiter: &&Waiter| {
                waiter.session.database == database && waiter.wait.keys.contains(&key)
            };
            let waiting = self.waiters.iter().filter(waits);
            let mut sessions: Vec<u64> = waiting.map(|waiter| waiter.session.id).collect();
            if self.has(Flaw::ServesLastFirst) {
                sessions.reverse();
            }
            sessions.into_iter().for_each(|session| self.retry(session, &key, now_us));
        }
    }

    /// Runs a request again that waits for a key, if that has what it wants.
    fn retry(&mut self, id: u64, key: &[u8], now_us: i64) {
        let waiter = self.waiters.iter().find(|waiter| waiter.session.id == id);
        let Waiter { mut session, wait, .. } = waiter.expect("it was not served").clone();
        let before = self.has(Flaw::ServesTwice).then(|| self.databases.clone());
        self.sign(id);
        let mut run = Run::new(self, now_us, &mut session, &wait.args, &[]);
        run.has_waited = true;
        let wanted = match wait.args[0].to_ascii_lowercase().as_slice() {
            // They are told of a missing key too.
            [b'x', ..] => None,
            [b'b', b'z', ..] => Some("zset"),
            _ => Some("list"),
        };
        let found = run.find(key).map(|entry| entry.data.type_name());
        if wanted.is_some() && found != wanted {
            return;
        }
        let (_, _, handler) = run.row().expect("it ran before");
        let outcome = handler(&mut run);
        if run.wait.is_none() {
            let expect = outcome.unwrap_or_else(|text| Expect::Exactly(Value::error(&text)));
            self.databases = before.unwrap_or_else(|| std::mem::take(&mut self.databases));
            self.stop_waiting(id);
            self.letters.push((id, Letter::Reply(wait.args, expect)));
        }
    }

    /// The session waits no more.
    pub(crate) fn stop_waiting(&mut self, session: u64) {
        self.waiters.retain(|waiter| waiter.session.id != session);
    }

    /// Until when a session waits, in microseconds since the run began, if it waits and not for ever.
    pub(crate) fn waits_until_us(&self, session: u64) -> Option<i64> {
        self.waiters.iter().find(|waiter| waiter.session.id == session)?.deadline_us
    }

    /// A session has waited long enough: its request, and what it is answered.
    pub(crate) fn time_out(&mut self, session: u64) -> (Vec<Bytes>, Value) {
        let waiter = self.waiters.iter().find(|waiter| waiter.session.id == session);
        let Waiter { wait, .. } = waiter.expect("it waits").clone();
        self.stop_waiting(session);
        (wait.args, wait.nothing)
    }
}

impl Run<'_> {
    /// Waits, or gives this reply where no request may wait.
    pub(super) fn wait(&mut self, wait: Wait, at_once: Value) -> Outcome {
        if !self.session.in_exec {
            self.wait = Some(wait);
        }
        exactly(at_once)
    }

    pub(super) fn start_waiting(&mut self, wait: Wait) {
        let deadline_us = wait.timeout_us.map(|timeout_us| self.model.elapsed_us + timeout_us);
        self.model.waiters.push(Waiter { session: self.session.clone(), wait, deadline_us });
    }

    fn wait_for(&mut self, keys: &[Bytes], timeout_us: Option<i64>, at_once: Value) -> Outcome {
        let (nothing, args) = (self.null_array(), self.args.to_vec());
        self.wait(Wait { keys: keys.to_vec(), timeout_us, nothing, args }, at_once)
    }

    /// Whether there is a value of this type.
    fn has(&self, key: &[u8], type_name: &str) -> Result<bool, Bytes> {
        match self.find(key).map(|entry| entry.data.type_name()) {
            None => Ok(false),
            Some(found) if found == type_name => Ok(true),
            Some(_) if self.has_waited => Ok(false),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }
}

/// In microseconds; none is for ever. Fractions of milliseconds are rounded up.
fn timeout_us(arg: &[u8]) -> Result<Option<i64>, Bytes> {
    let seconds = std::str::from_utf8(arg).ok().and_then(|text| text.parse::<f64>().ok());
    let seconds = seconds.ok_or("ERR timeout is not a float or out of range")?;
    let ms = (seconds * 1000.0).ceil();
    if ms < 0.0 {
        return Err("ERR timeout is negative".into());
    }
    Ok((ms > 0.0).then_some(ms as i64 * 1000))
}

/// From the first of the keys that is there.
fn pop_one(run: &mut Run<'_>, name: &str, type_name: &str) -> Outcome {
    let [_, keys @ .., timeout] = run.args else { unreachable!("the arity was checked") };
    let timeout_us = timeout_us(timeout)?;
    for key in keys {
        if run.has(key, type_name)? {
            let Expect::Exactly(popped) = run.part(&[name.into(), key.clone()])? else {
                unreachable!("what is popped is certain")
            };
            let mut items = vec![Value::bulk(key)];
            items.extend(match popped {
                Value::Many(_, items) => items,
                item => vec![item],
            });
            return exactly(Value::array(items));
        }
    }
    run.wait_for(keys, timeout_us, run.null_array())
}

/// `timeout numkeys key ... end [COUNT count]`
fn pop_several(run: &mut Run<'_>, name: &str, type_name: &str) -> Outcome {
    let [_, timeout, len, rest @ ..] = run.args else { unreachable!("the arity was checked") };
    let (keys, rest) = rest.split_at(int(len)? as usize);
    let timeout_us = timeout_us(timeout)?;
    for key in keys {
        if run.has(key, type_name)? {
            let mut args = vec![name.into(), "1".into(), key.clone()];
            args.extend_from_slice(rest);
            return run.part(&args);
        }
    }
    run.wait_for(keys, timeout_us, run.null_array())
}

fn blmove(run: &mut Run<'_>) -> Outcome {
    let [_, source, target, from, to, timeout] = run.args else {
        unreachable!("the arity was checked")
    };
    move_one(run, &[source, target, from, to].map(Clone::clone), timeout)
}

fn brpoplpush(run: &mut Run<'_>) -> Outcome {
    let [_, source, target, timeout] = run.args else { unreachable!("the arity was checked") };
    let (from, to) = (b"RIGHT".to_vec(), b"LEFT".to_vec());
    move_one(run, &[source.clone(), target.clone(), from, to], timeout)
}

fn move_one(run: &mut Run<'_>, [source, target, from, to]: &[Bytes; 4], timeout: &[u8]) -> Outcome {
    let timeout_us = timeout_us(timeout)?;
    if run.has(source, "list")? {
        let args = [b"LMOVE".to_vec(), source.clone(), target.clone(), from.clone(), to.clone()];
        return run.part(&args);
    }
    run.wait_for(std::slice::from_ref(source), timeout_us, run.null())
}

/// There are no replicas.
fn wait(run: &mut Run<'_>) -> Outcome {
    let (wanted, ms) = (int(&run.args[1])?, int(&run.args[2])?);
    let nothing = Value::int(0);
    if wanted <= 0 {
        return exactly(nothing);
    }
    let (keys, args) = (vec![], run.args.to_vec());
    let timeout_us = (ms > 0).then_some(ms * 1000);
    run.wait(Wait { keys, timeout_us, nothing: nothing.clone(), args }, nothing)
}
