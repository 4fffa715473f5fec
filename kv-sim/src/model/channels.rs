//! Publishing and subscribing.

use super::generic::matches;
use super::{Bytes, Expect, Flaw, Letter, Outcome, Row, Run, exactly, is, number};
use crate::wire::Value;
use std::collections::BTreeSet;

pub(super) const COMMANDS: &[Row] = &[
    ("psubscribe", -2, |run| subscribe(run, Kind::Pattern)),
    ("publish", 3, publish),
    ("pubsub", -2, pubsub),
    ("punsubscribe", -1, |run| unsubscribe(run, Kind::Pattern)),
    ("spublish", 3, spublish),
    ("ssubscribe", -2, |run| subscribe(run, Kind::Shard)),
    ("subscribe", -2, |run| subscribe(run, Kind::Channel)),
    ("sunsubscribe", -1, |run| unsubscribe(run, Kind::Shard)),
    ("unsubscribe", -1, |run| unsubscribe(run, Kind::Channel)),
];

/// What a subscriber without pushes may ask for.
const FOR_SUBSCRIBERS: &[&str] = &[
    "ping",
    "psubscribe",
    "punsubscribe",
    "quit",
    "reset",
    "ssubscribe",
    "subscribe",
    "sunsubscribe",
    "unsubscribe",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// Who listens to what.
#[derive(Clone, Debug, Default)]
pub(super) struct Channels(BTreeSet<Listener>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listener {
    kind: Kind,
    name: Bytes,
    session: u64,
    /// The first byte of what the session is told.
    push: u8,
}

impl Channels {
    pub(super) fn forget(&mut self, session: u64) {
        self.0.retain(|listener| listener.session != session);
    }

    pub(super) fn has(&self, session: u64) -> bool {
        self.0.iter().any(|listener| listener.session == session)
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Listener> {
        self.0.iter().filter(move |listener| listener.kind == kind)
    }

    fn names(&self, kind: Kind) -> BTreeSet<&Bytes> {
        self.of(kind).map(|listener| &listener.name).collect()
    }
}

impl Run<'_> {
    /// Whether it listens to something and can tell messages from replies by nothing.
    pub(super) fn is_subscriber(&self) -> bool {
        let mut listeners = self.model.channels.0.iter();
        self.session.protocol == 2 && listeners.any(|it| it.session == self.session.id)
    }

    /// Whether the request may run or be put off.
    pub(super) fn check_subscriber(&self) -> Result<(), Bytes> {
        let name = self.name();
        if !self.is_subscriber() || FOR_SUBSCRIBERS.contains(&&*name) {
            return Ok(());
        }
        let full = match self.args {
            [_, sub, ..] if ["client", "pubsub", "xgroup"].contains(&&*name) => {
                format!("{name}|{}", String::from_utf8_lossy(sub).to_ascii_lowercase())
            }
            _ => name,
        };
        let text = "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";
        Err(format!("ERR Can't execute '{full}': {text}").into())
    }

    fn push_kind(&self) -> u8 {
        if self.session.protocol == 3 { b'>' } else { b'*' }
    }

    fn listener(&self, kind: Kind, name: &[u8]) -> Listener {
        Listener { kind, name: name.to_vec(), session: self.session.id, push: self.push_kind() }
    }

    /// Tells that this was done.
    fn confirmation(&self, what: &str, kind: Kind, name: Value) -> Value {
        let mine = self.model.channels.0.iter().filter(|it| it.session == self.session.id);
        let count = mine.filter(|it| (it.kind == Kind::Shard) == (kind == Kind::Shard)).count();
        let items = vec![Value::bulk(what.as_bytes()), name, Value::int(count as i64)];
        Value::Many(self.push_kind(), items)
    }

    /// Tells those who listen to what `is_wanted` likes, and says how many they are.
    fn tell(&mut self, kind: Kind, is_wanted: impl Fn(&[u8]) -> bool, words: &[&[u8]]) -> i64 {
        let listeners = self.model.channels.of(kind).filter(|it| is_wanted(&it.name));
        let told: Vec<_> = listeners
            .map(|listener| {
                let pattern = (kind == Kind::Pattern).then_some(&listener.name[..]);
                let words = words[..1].iter().copied().chain(pattern).chain(words[1..].to_vec());
                let push = Value::Many(listener.push, words.map(Value::bulk).collect());
                (listener.session, Letter::Push(push))
            })
            .collect();
        let count = told.len() as i64;
        if self.model.has(Flaw::DropsMessages) && words[words.len() - 1].ends_with(b"7") {
            return count;
        }
        self.model.letters.extend(told);
        count
    }
}

fn subscribe(run: &mut Run<'_>, kind: Kind) -> Outcome {
    let (what, names) = (run.name(), &run.args[1..]);
    let confirm = |name: &Bytes| {
        let listener = run.listener(kind, name);
        run.model.channels.0.insert(listener);
        run.confirmation(&what, kind, Value::bulk(name))
    };
    Ok(Expect::Several(names.iter().map(confirm).collect()))
}

fn unsubscribe(run: &mut Run<'_>, kind: Kind) -> Outcome {
    let what = run.name();
    let names = match &run.args[1..] {
        [] => {
            let mine = run.model.channels.of(kind).filter(|it| it.session == run.session.id);
            mine.map(|it| it.name.clone()).collect()
        }
        names => names.to_vec(),
    };
    if names.is_empty() {
        let confirmation = run.confirmation(&what, kind, run.null());
        return Ok(Expect::Several(vec![confirmation]));
    }
    let confirm = |name: &Bytes| {
        let listener = run.listener(kind, name);
        run.model.channels.0.remove(&listener);
        run.confirmation(&what, kind, Value::bulk(name))
    };
    Ok(Expect::Several(names.iter().map(confirm).collect()))
}

fn publish(run: &mut Run<'_>) -> Outcome {
    let (channel, payload) = (&run.args[1], &run.args[2]);
    let told = run.tell(Kind::Channel, |name| name == channel, &[b"message", channel, payload]);
    let matching = |pattern: &[u8]| matches(pattern, channel);
    number(told + run.tell(Kind::Pattern, matching, &[b"pmessage", channel, payload]))
}

fn spublish(run: &mut Run<'_>) -> Outcome {
    let (channel, payload) = (&run.args[1], &run.args[2]);
    number(run.tell(Kind::Shard, |name| name == channel, &[b"smessage", channel, payload]))
}

fn pubsub(run: &mut Run<'_>) -> Outcome {
    let [_, what, rest @ ..] = run.args else { unreachable!("the arity was checked") };
    let channels = &run.model.channels;
    let (kind, is_list) = match () {
        () if is(what, "CHANNELS") => (Kind::Channel, true),
        () if is(what, "SHARDCHANNELS") => (Kind::Shard, true),
        () if is(what, "NUMSUB") => (Kind::Channel, false),
        () if is(what, "SHARDNUMSUB") => (Kind::Shard, false),
        () => return number(channels.names(Kind::Pattern).len() as i64),
    };
    if is_list {
        let is_wanted = |name: &&&Bytes| rest.first().is_none_or(|pattern| matches(pattern, name));
        let names =
            channels.names(kind).iter().filter(is_wanted).map(|it| Value::bulk(it)).collect();
        return Ok(Expect::AnyOrder(names));
    }
    let count = |name: &Bytes| channels.of(kind).filter(|it| it.name == *name).count() as i64;
    let counts = rest.iter().flat_map(|name| [Value::bulk(name), Value::int(count(name))]);
    exactly(Value::array(counts.collect()))
}
