//! Streams: what workloads send of their commands.

use super::{Bytes, Data, Outcome, Row, Run, SYNTAX, WRONG_TYPE, exactly, int, is, number, ok};
use crate::wire::{Value, parse_int};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[Row] = &[
    ("xack", -4, xack),
    ("xadd", -5, xadd),
    ("xdel", -3, xdel),
    ("xgroup", -2, xgroup),
    ("xlen", 2, xlen),
    ("xpending", -3, xpending),
    ("xrange", -4, xrange),
    ("xread", -4, xread),
    ("xreadgroup", -7, xreadgroup),
    ("xrevrange", -4, xrevrange),
    ("xtrim", -4, xtrim),
];

type Id = (u64, u64);

const MAX: Id = (u64::MAX, u64::MAX);

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stream {
    entries: BTreeMap<Id, Vec<Bytes>>,
    last: Id,
    groups: BTreeMap<Bytes, Group>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    last: Id,
    /// Whose each pending entry is.
    pending: BTreeMap<Id, Bytes>,
}

const INVALID_ID: &[u8] = b"ERR Invalid stream ID specified as stream command argument";
const ID_NOT_GREATER: &[u8] =
    b"ERR The ID specified in XADD is equal or smaller than the target stream top item";
const ID_ZERO: &[u8] = b"ERR The ID specified in XADD must be greater than 0-0";
const NO_KEY: &[u8] = b"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";

fn id_or(arg: &[u8], missing: u64) -> Result<Id, Bytes> {
    let part = |text: &[u8]| parse_int(text).and_then(|part| u64::try_from(part).ok());
    let found = match arg.iter().position(|&byte| byte == b'-') {
        Some(dash) => part(&arg[..dash]).zip(part(&arg[dash + 1..])),
        None => part(arg).map(|ms| (ms, missing)),
    };
    found.ok_or_else(|| INVALID_ID.into())
}

fn id(arg: &[u8]) -> Result<Id, Bytes> {
    id_or(arg, 0)
}

fn bound(arg: &[u8], missing: u64) -> Result<Id, Bytes> {
    match arg {
        b"-" => Ok((0, 0)),
        b"+" => Ok(MAX),
        arg => id_or(arg, missing),
    }
}

fn show(id: Id) -> Value {
    Value::bulk(format!("{}-{}", id.0, id.1).as_bytes())
}

fn entry((id, fields): (&Id, &Vec<Bytes>)) -> Value {
    let fields = fields.iter().map(|field| Value::bulk(field)).collect();
    Value::array(vec![show(*id), Value::array(fields)])
}

impl Run<'_> {
    fn stream(&self, key: &[u8]) -> Result<Option<&Stream>, Bytes> {
        match self.find(key).map(|entry| &entry.data) {
            None => Ok(None),
            Some(Data::Stream(stream)) => Ok(Some(stream)),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    fn put_stream(&mut self, key: &[u8], stream: Stream) {
        let deadline = self.deadline(key);
        self.put(key, Data::Stream(stream), deadline);
    }

    fn ids(&self, from: usize) -> Result<Vec<Id>, Bytes> {
        self.args[from..].iter().map(|arg| id(arg)).collect()
    }
}

/// `XADD key [MAXLEN count] id field value ...`
fn xadd(run: &mut Run<'_>) -> Outcome {
    let has_limit = is(&run.args[2], "MAXLEN");
    let limit = if has_limit { Some(int(&run.args[3])?) } else { None };
    let at = if has_limit { 4 } else { 2 };
    let wanted = run.args[at].clone();
    let (ms, seq) = match wanted.strip_suffix(b"-*") {
        Some(ms) => (id(ms)?.0, None),
        None => id(&wanted).map(|id| (id.0, Some(id.1)))?,
    };
    let fields = run.args[at + 1..].to_vec();
    if fields.is_empty() || fields.len() % 2 == 1 {
        return Err(run.wrong_arity());
    }
    if (ms, seq) == (0, Some(0)) {
        return Err(ID_ZERO.into());
    }
    let key = run.key();
    let mut stream = run.stream(&key)?.cloned().unwrap_or_default();
    let next = if ms == stream.last.0 { stream.last.1 + 1 } else { 0 };
    let id = (ms, seq.unwrap_or(next));
    if id <= stream.last {
        return Err(ID_NOT_GREATER.into());
    }
    stream.last = id;
    stream.entries.insert(id, fields);
    while limit.is_some_and(|limit| stream.entries.len() as i64 > limit) {
        stream.entries.pop_first();
    }
    run.put_stream(&key, stream);
    exactly(show(id))
}

fn xlen(run: &mut Run<'_>) -> Outcome {
    number(run.stream(&run.args[1])?.map_or(0, |stream| stream.entries.len()) as i64)
}

fn xdel(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let Some(mut stream) = run.stream(&key)?.cloned() else { return number(0) };
    let ids = run.ids(2)?;
    let removed = ids.iter().filter(|id| stream.entries.remove(id).is_some()).count();
    run.put_stream(&key, stream);
    number(removed as i64)
}

/// `XTRIM key MAXLEN count` or `XTRIM key MINID id`
fn xtrim(run: &mut Run<'_>) -> Outcome {
    let is_len = is(&run.args[2], "MAXLEN");
    let (len, min) = if is_len { (int(&run.args[3])?, MAX) } else { (0, id(&run.args[3])?) };
    let key = run.key();
    let Some(mut stream) = run.stream(&key)?.cloned() else { return number(0) };
    let before = stream.entries.len();
    while stream.entries.len() as i64 > len
        && stream.entries.first_key_value().is_some_and(|(id, _)| *id < min)
    {
        stream.entries.pop_first();
    }
    let removed = before - stream.entries.len();
    run.put_stream(&key, stream);
    number(removed as i64)
}

fn xrange(run: &mut Run<'_>) -> Outcome {
    range(run, 2, 3)
}

fn xrevrange(run: &mut Run<'_>) -> Outcome {
    range(run, 3, 2)
}

/// `XRANGE key start end [COUNT count]`
fn range(run: &mut Run<'_>, start: usize, end: usize) -> Outcome {
    let (first, last) = (bound(&run.args[start], 0)?, bound(&run.args[end], u64::MAX)?);
    let count = match run.args.len() {
        6 => Some(int(&run.args[5])?.max(0)),
        _ => None,
    };
    let Some(stream) = run.stream(&run.args[1])? else { return exactly(Value::array(vec![])) };
    if count == Some(0) {
        return exactly(run.null_array());
    }
    let within = stream.entries.iter().filter(|(id, _)| (first..=last).contains(*id));
    let mut found: Vec<_> = within.map(entry).collect();
    if start > end {
        found.reverse();
    }
    found.truncate(count.map_or(usize::MAX, |count| count as usize));
    exactly(Value::array(found))
}

/// The reply of a read of one stream.
fn read(run: &Run<'_>, key: &[u8], entries: Vec<Value>) -> Value {
    let pair = vec![Value::bulk(key), Value::array(entries)];
    match run.session.protocol {
        3 => Value::Many(b'%', pair),
        _ => Value::array(vec![Value::array(pair)]),
    }
}

/// `XREAD COUNT count STREAMS key id`
fn xread(run: &mut Run<'_>) -> Outcome {
    let count = int(&run.args[2])? as usize;
    let key = run.args[4].clone();
    let Some(stream) = run.stream(&key)?.cloned() else {
        id(&run.args[5])?;
        return exactly(run.null_array());
    };
    let after = id(&run.args[5])?;
    let behind = stream.entries.iter().filter(|(id, _)| **id > after);
    let found: Vec<_> = behind.take(count).map(entry).collect();
    if found.is_empty() {
        return exactly(run.null_array());
    }
    exactly(read(run, &key, found))
}

/// `XGROUP CREATE key group id [MKSTREAM]`, `XGROUP DESTROY key group`, `XGROUP SETID key group id`
/// and `XGROUP DELCONSUMER key group consumer`
fn xgroup(run: &mut Run<'_>) -> Outcome {
    let [key, name] = [2, 3].map(|index| run.args[index].clone());
    let is_create = is(&run.args[1], "CREATE");
    let stream = run.stream(&key)?.cloned();
    if stream.is_none() && !(is_create && run.args.len() == 6) {
        return Err(NO_KEY.into());
    }
    let mut stream = stream.unwrap_or_default();
    if is_create {
        let last = id(&run.args[4])?;
        if stream.groups.contains_key(&name) {
            return Err(b"BUSYGROUP Consumer Group name already exists".into());
        }
        stream.groups.insert(name, Group { last, pending: BTreeMap::new() });
        run.put_stream(&key, stream);
        return ok();
    }
    if is(&run.args[1], "DESTROY") {
        let removed = stream.groups.remove(&name).is_some();
        run.put_stream(&key, stream);
        return number(i64::from(removed));
    }
    let Some(group) = stream.groups.get_mut(&name) else {
        let parts =
            [&b"NOGROUP No such consumer group '"[..], &name, b"' for key name '", &key, b"'"];
        return Err(parts.concat());
    };
    if is(&run.args[1], "SETID") {
        group.last = id(&run.args[4])?;
        run.put_stream(&key, stream);
        return ok();
    }
    let before = group.pending.len();
    group.pending.retain(|_, consumer| *consumer != run.args[4]);
    let removed = before - group.pending.len();
    run.put_stream(&key, stream);
    number(removed as i64)
}

/// `XREADGROUP GROUP group consumer COUNT count STREAMS key id`
fn xreadgroup(run: &mut Run<'_>) -> Outcome {
    let [name, consumer, key, after] = [2, 3, 7, 8].map(|index| run.args[index].clone());
    let count = int(&run.args[5])? as usize;
    let mut stream = run.stream(&key)?.cloned().unwrap_or_default();
    let Some(group) = stream.groups.get_mut(&name) else {
        let middle = b"' or consumer group '";
        let end = b"' in XREADGROUP with GROUP option";
        return Err([&b"NOGROUP No such key '"[..], &key, middle, &name, end].concat());
    };
    let found: Vec<Value> = if after == b">" {
        let new = stream.entries.iter().filter(|(id, _)| **id > group.last).take(count);
        let new: Vec<_> = new.collect();
        for (id, _) in &new {
            group.pending.insert(**id, consumer.clone());
        }
        group.last = new.last().map_or(group.last, |(id, _)| **id);
        if new.is_empty() {
            return exactly(run.null_array());
        }
        new.into_iter().map(entry).collect()
    } else {
        let after = id(&after)?;
        let mine = group.pending.iter().filter(|(id, owner)| **id > after && **owner == consumer);
        let again = |id: &Id| match stream.entries.get_key_value(id) {
            Some(found) => entry(found),
            None => Value::array(vec![show(*id), run.null_array()]),
        };
        mine.take(count).map(|(id, _)| again(id)).collect()
    };
    let reply = read(run, &key, found);
    run.put_stream(&key, stream);
    exactly(reply)
}

fn xack(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let mut stream = run.stream(&key)?.cloned().unwrap_or_default();
    let Some(group) = stream.groups.get_mut(&run.args[2]) else { return number(0) };
    let ids = run.ids(3)?;
    let acknowledged = ids.iter().filter(|id| group.pending.remove(id).is_some()).count();
    run.put_stream(&key, stream);
    number(acknowledged as i64)
}

/// `XPENDING key group`
fn xpending(run: &mut Run<'_>) -> Outcome {
    if run.args.len() != 3 {
        return Err(SYNTAX.into());
    }
    let [key, name] = [1, 2].map(|index| run.args[index].clone());
    let Some(group) = run.stream(&key)?.and_then(|stream| stream.groups.get(&name)) else {
        let middle = b"' or consumer group '";
        return Err([&b"NOGROUP No such key '"[..], &key, middle, &name, b"'"].concat());
    };
    let len = Value::int(group.pending.len() as i64);
    let ends = group.pending.keys().next().zip(group.pending.keys().next_back());
    let Some((first, last)) = ends else {
        return exactly(Value::array(vec![len, run.null(), run.null(), run.null_array()]));
    };
    let mut counts: BTreeMap<&Bytes, usize> = BTreeMap::new();
    group.pending.values().for_each(|consumer| *counts.entry(consumer).or_default() += 1);
    let counts = counts.into_iter().map(|(consumer, count)| {
        Value::array(vec![Value::bulk(consumer), Value::bulk(count.to_string().as_bytes())])
    });
    let counts = Value::array(counts.collect());
    exactly(Value::array(vec![len, show(*first), show(*last), counts]))
}
