//! Streams: entries by their IDs, and groups that read them.

use super::waiting::Wait;
use super::{
    Bytes, Data, Expect, NO_SUCH_KEY, Outcome, Row, Run, SYNTAX, WRONG_TYPE, exactly, int, is,
    number, ok, truth,
};
use crate::wire::{Value, parse_int};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const COMMANDS: &[Row] = &[
    ("xack", -4, xack),
    ("xadd", -5, xadd),
    ("xautoclaim", -6, xautoclaim),
    ("xclaim", -6, xclaim),
    ("xdel", -3, xdel),
    ("xgroup", -2, xgroup),
    ("xinfo", -2, xinfo),
    ("xlen", 2, xlen),
    ("xpending", -3, xpending),
    ("xrange", -4, |run| range(run, 2, 3)),
    ("xread", -4, xread),
    ("xreadgroup", -7, xreadgroup),
    ("xrevrange", -4, |run| range(run, 3, 2)),
    ("xsetid", -3, xsetid),
    ("xtrim", -4, xtrim),
];

type Id = (u64, u64);

const MIN: Id = (0, 0);
const MAX: Id = (u64::MAX, u64::MAX);

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stream {
    entries: BTreeMap<Id, Vec<Bytes>>,
    last: Id,
    max_deleted: Id,
    /// How many entries were ever added.
    added: i64,
    groups: BTreeMap<Bytes, Group>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    last: Id,
    /// How many entries it has read, if that is known.
    read: Option<i64>,
    pending: BTreeMap<Id, Pending>,
    consumers: BTreeMap<Bytes, Consumer>,
}

#[derive(Clone, Debug, PartialEq)]
struct Pending {
    consumer: Bytes,
    /// In milliseconds since the Unix epoch.
    delivered_ms: i64,
    deliveries: i64,
}

/// When it came last, and when it last got something, in milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
struct Consumer {
    seen_ms: i64,
    active_ms: Option<i64>,
}

const INVALID_ID: &[u8] = b"ERR Invalid stream ID specified as stream command argument";
const ID_NOT_GREATER: &[u8] =
    b"ERR The ID specified in XADD is equal or smaller than the target stream top item";
const ID_ZERO: &[u8] = b"ERR The ID specified in XADD must be greater than 0-0";
const NO_KEY: &[u8] = b"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";

impl Stream {
    /// What DUMP has place for: a consumer's one time.
    pub(super) fn portable(mut self) -> Stream {
        for group in self.groups.values_mut() {
            for consumer in group.consumers.values_mut() {
                consumer.active_ms = Some(consumer.seen_ms);
            }
        }
        self
    }

    fn first(&self) -> Option<Id> {
        self.entries.keys().next().copied()
    }

    /// Whether an entry with this ID or a greater one was deleted.
    fn has_gap_from(&self, id: Id) -> bool {
        !self.entries.is_empty() && self.max_deleted > MIN && id <= self.max_deleted
    }

    /// How many entries up to this ID were ever added, if that can be told.
    fn number_of(&self, id: Id) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        if id == self.last || self.entries.is_empty() && id < self.last {
            return Some(self.added);
        }
        let first = self.first()?;
        let is_whole = self.max_deleted == MIN || self.max_deleted < first;
        let before = self.added - self.entries.len() as i64;
        match id {
            _ if id > self.last || !is_whole || id > first => None,
            _ => Some(before + i64::from(id == first)),
        }
    }

    fn lag(&self, group: &Group) -> Option<i64> {
        let read = match group.read {
            _ if self.added == 0 => Some(0),
            Some(read) if !self.has_gap_from(group.last) => Some(read),
            _ => self.number_of(group.last),
        };
        read.map(|read| self.added - read)
    }

    /// How far a group has come that gets an entry.
    fn advance(&self, group: &mut Group, id: Id) {
        if id <= group.last {
            return;
        }
        group.read = match group.read {
            Some(read) if !self.has_gap_from(id) => Some(read + 1),
            read if self.added == 0 => read,
            _ => self.number_of(id),
        };
        group.last = id;
    }
}

impl Group {
    fn see(&mut self, consumer: &[u8], now: i64) {
        let new = Consumer { seen_ms: now, active_ms: None };
        self.consumers.entry(consumer.to_vec()).or_insert(new).seen_ms = now;
    }

    fn give(&mut self, id: Id, pending: Pending, now: Option<i64>) {
        if let (Some(consumer), Some(now)) = (self.consumers.get_mut(&pending.consumer), now) {
            consumer.active_ms = Some(now);
        }
        self.pending.insert(id, pending);
    }

    fn owned(&self, consumer: &[u8]) -> impl Iterator<Item = (&Id, &Pending)> {
        self.pending.iter().filter(move |(_, pending)| pending.consumer == consumer)
    }
}

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

fn next(id: Id) -> Id {
    if id.1 == u64::MAX { (id.0 + 1, 0) } else { (id.0, id.1 + 1) }
}

fn previous(id: Id) -> Id {
    if id.1 == 0 { (id.0 - 1, u64::MAX) } else { (id.0, id.1 - 1) }
}

/// The beginning of an interval.
fn start(arg: &[u8]) -> Result<Id, Bytes> {
    match arg {
        b"-" => Ok(MIN),
        b"+" => Ok(MAX),
        [b'(', arg @ ..] => Ok(next(id(arg)?)),
        arg => id(arg),
    }
}

/// The end of an interval.
fn end(arg: &[u8]) -> Result<Id, Bytes> {
    match arg {
        b"-" => Ok(MIN),
        b"+" => Ok(MAX),
        [b'(', arg @ ..] => match id_or(arg, u64::MAX)? {
            MIN => Err(b"ERR invalid end ID for the interval".into()),
            id => Ok(previous(id)),
        },
        arg => id_or(arg, u64::MAX),
    }
}

fn show(id: Id) -> Value {
    Value::bulk(format!("{}-{}", id.0, id.1).as_bytes())
}

fn entry((id, fields): (&Id, &Vec<Bytes>)) -> Value {
    let fields = fields.iter().map(|field| Value::bulk(field)).collect();
    Value::array(vec![show(*id), Value::array(fields)])
}

fn no_group(key: &[u8], group: &[u8], end: &str) -> Bytes {
    let middle = b"' or consumer group '";
    [b"NOGROUP No such key '", key, middle, group, b"'", end.as_bytes()].concat()
}

fn no_group_for_key(key: &[u8], group: &[u8]) -> Bytes {
    [b"NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"].concat()
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

    fn map(&self, fields: Vec<(&str, Value)>) -> Value {
        let kind = if self.session.protocol == 3 { b'%' } else { b'*' };
        let pairs = fields.into_iter().flat_map(|(name, it)| [Value::bulk(name.as_bytes()), it]);
        Value::Many(kind, pairs.collect())
    }
}

/// How a stream is trimmed.
#[derive(Default)]
struct Trim {
    len: Option<i64>,
    id: Option<Id>,
    is_rough: bool,
    limit: Option<i64>,
}

impl Trim {
    /// How many words these are: `MAXLEN|MINID [=|~] threshold` or `LIMIT count`.
    fn read(&mut self, words: &[Bytes]) -> Result<Option<usize>, Bytes> {
        let is_len = is(&words[0], "MAXLEN");
        if words.len() > 1 && is(&words[0], "LIMIT") {
            let limit = int(&words[1])?;
            if limit < 0 {
                return Err(b"ERR The LIMIT argument must be >= 0.".into());
            }
            self.limit = Some(limit);
            return Ok(Some(2));
        }
        if words.len() < 2 || !(is_len || is(&words[0], "MINID")) {
            return Ok(None);
        }
        if self.len.is_some() || self.id.is_some() {
            return Err(
                b"ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
                    .into(),
            );
        }
        let has_operator = words.len() > 2 && [&b"="[..], b"~"].contains(&&words[1][..]);
        self.is_rough = has_operator && words[1] == b"~";
        let at = 1 + usize::from(has_operator);
        if is_len {
            let len = int(&words[at])?;
            if len < 0 {
                return Err(b"ERR The MAXLEN argument must be >= 0.".into());
            }
            self.len = Some(len);
        } else {
            self.id = Some(id(&words[at])?);
        }
        Ok(Some(at + 1))
    }

    fn check(&self, must_trim: bool) -> Result<(), Bytes> {
        let trims = self.len.is_some() || self.id.is_some();
        if !trims && self.limit.is_some_and(|limit| limit > 0) {
            return Err(
                b"ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
                    .into(),
            );
        }
        if must_trim && !trims {
            return Err(b"ERR syntax error, XTRIM must be called with a trimming strategy".into());
        }
        if self.limit.is_some() && !self.is_rough {
            return Err(
                b"ERR syntax error, LIMIT cannot be used without the special ~ option".into()
            );
        }
        Ok(())
    }

    /// How many entries are too many.
    fn surplus(&self, stream: &Stream) -> usize {
        let len = stream.entries.len();
        let by_len = self.len.map_or(0, |most| len.saturating_sub(most as usize));
        let by_id = self.id.map_or(0, |min| stream.entries.range(..min).count());
        by_len.max(by_id)
    }
}

/// `XADD key [NOMKSTREAM] [MAXLEN|MINID ...] id field value ...`
fn xadd(run: &mut Run<'_>) -> Outcome {
    let (mut trim, mut creates, mut at) = (Trim::default(), true, 2);
    let mut wanted = (None, None);
    while at < run.args.len() {
        let arg = &run.args[at];
        if arg == b"*" {
            break;
        } else if let Some(words) = trim.read(&run.args[at..])? {
            at += words;
        } else if is(arg, "NOMKSTREAM") {
            (creates, at) = (false, at + 1);
        } else {
            wanted = match arg.strip_suffix(b"-*") {
                Some(ms) => (Some(id(ms)?.0), None),
                None => id(arg).map(|(ms, seq)| (Some(ms), Some(seq)))?,
            };
            break;
        }
    }
    trim.check(false)?;
    let fields = run.args.get(at + 1..).unwrap_or_default().to_vec();
    if fields.is_empty() || fields.len() % 2 == 1 {
        return Err(run.wrong_arity());
    }
    if wanted == (Some(0), Some(0)) {
        return Err(ID_ZERO.into());
    }
    let key = run.key();
    let stream = run.stream(&key)?.cloned();
    if stream.is_none() && !creates {
        return exactly(run.null());
    }
    let mut stream = stream.unwrap_or_default();
    let id = match wanted {
        (None, _) => next(stream.last).max((run.now as u64, 0)),
        (Some(ms), None) if ms == stream.last.0 => next(stream.last),
        (Some(ms), seq) => (ms, seq.unwrap_or(0)),
    };
    if id <= stream.last {
        return Err(ID_NOT_GREATER.into());
    }
    stream.last = id;
    stream.added += 1;
    stream.entries.insert(id, fields);
    assert!(!trim.is_rough, "plans trim roughly where the reply tells how much");
    (0..trim.surplus(&stream)).for_each(|_| _ = stream.entries.pop_first());
    run.put_stream(&key, stream);
    exactly(show(id))
}

fn xlen(run: &mut Run<'_>) -> Outcome {
    number(run.stream(&run.args[1])?.map_or(0, |stream| stream.entries.len()) as i64)
}

fn xdel(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let Some(mut stream) = run.stream(&key)?.cloned() else { return number(0) };
    let mut removed = 0;
    for id in run.ids(2)? {
        if stream.entries.remove(&id).is_some() {
            removed += 1;
            stream.max_deleted = stream.max_deleted.max(id);
        }
    }
    run.put_stream(&key, stream);
    number(removed)
}

/// Where it trims roughly, the model follows the server's choice.
fn xtrim(run: &mut Run<'_>) -> Outcome {
    let (mut trim, mut at) = (Trim::default(), 2);
    while at < run.args.len() {
        at += trim.read(&run.args[at..])?.ok_or(SYNTAX)?;
    }
    trim.check(true)?;
    let key = run.key();
    let Some(mut stream) = run.stream(&key)?.cloned() else { return number(0) };
    let surplus = trim.surplus(&stream);
    let told = run.reply().as_ref().and_then(Value::text).and_then(parse_int);
    let removed = match told {
        Some(told) if trim.is_rough => usize::try_from(told).unwrap_or(surplus).min(surplus),
        _ => surplus,
    };
    (0..removed).for_each(|_| _ = stream.entries.pop_first());
    run.put_stream(&key, stream);
    if trim.is_rough { Ok(Expect::Between(0, surplus as i64)) } else { number(removed as i64) }
}

/// `XSETID key id [ENTRIESADDED count] [MAXDELETEDID id]`
fn xsetid(run: &mut Run<'_>) -> Outcome {
    let last = id(&run.args[2])?;
    let (mut added, mut max_deleted) = (None, MIN);
    for option in run.args[3..].chunks(2) {
        match option {
            [word, count] if is(word, "ENTRIESADDED") => {
                let count = int(count)?;
                if count < 0 {
                    return Err(b"ERR entries_added must be positive".into());
                }
                added = Some(count);
            }
            [word, arg] if is(word, "MAXDELETEDID") => {
                max_deleted = id(arg)?;
                if last < max_deleted {
                    return Err(b"ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id".into());
                }
            }
            _ => return Err(SYNTAX.into()),
        }
    }
    let key = run.key();
    let mut stream = run.stream(&key)?.cloned().ok_or(NO_SUCH_KEY)?;
    if last < stream.max_deleted {
        return Err(
            b"ERR The ID specified in XSETID is smaller than current max_deleted_entry_id".into()
        );
    }
    if stream.entries.keys().next_back().is_some_and(|top| last < *top) {
        return Err(
            b"ERR The ID specified in XSETID is smaller than the target stream top item".into()
        );
    }
    if added.is_some_and(|added| added < stream.entries.len() as i64) {
        return Err(
            b"ERR The entries_added specified in XSETID is smaller than the target stream length"
                .into(),
        );
    }
    stream.last = last;
    stream.added = added.unwrap_or(stream.added);
    if max_deleted > MIN {
        stream.max_deleted = max_deleted;
    }
    run.put_stream(&key, stream);
    ok()
}

/// `XRANGE key start end [COUNT count]`
fn range(run: &mut Run<'_>, from: usize, to: usize) -> Outcome {
    let (first, last) = (start(&run.args[from])?, end(&run.args[to])?);
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
    if from > to {
        found.reverse();
    }
    found.truncate(count.map_or(usize::MAX, |count| count as usize));
    exactly(Value::array(found))
}

/// `[GROUP group consumer] [COUNT count] [BLOCK ms] [NOACK] STREAMS key ... id ...`
struct Reads {
    reader: Option<[Bytes; 2]>,
    count: usize,
    is_noack: bool,
    /// How long to wait, in milliseconds, if there is nothing; 0 for ever.
    block_ms: Option<i64>,
    streams: Vec<(Bytes, Bytes)>,
}

impl Reads {
    fn parse(run: &Run<'_>) -> Result<Reads, Bytes> {
        let mut reads = Reads {
            reader: None,
            count: usize::MAX,
            is_noack: false,
            block_ms: None,
            streams: vec![],
        };
        let mut rest = &run.args[1..];
        while let [word, tail @ ..] = rest {
            rest = tail;
            match tail {
                [count, tail @ ..] if is(word, "COUNT") => {
                    let count = usize::try_from(int(count)?).unwrap_or(0);
                    reads.count = if count == 0 { usize::MAX } else { count };
                    rest = tail;
                }
                [ms, tail @ ..] if is(word, "BLOCK") => {
                    reads.block_ms = Some(int(ms)?);
                    rest = tail;
                }
                [group, consumer, tail @ ..] if is(word, "GROUP") => {
                    reads.reader = Some([group.clone(), consumer.clone()]);
                    rest = tail;
                }
                _ if is(word, "NOACK") => reads.is_noack = true,
                _ => {
                    assert!(is(word, "STREAMS") && tail.len() % 2 == 0, "plans send no other");
                    let (keys, ids) = tail.split_at(tail.len() / 2);
                    reads.streams = keys.iter().cloned().zip(ids.iter().cloned()).collect();
                    rest = &[];
                }
            }
        }
        Ok(reads)
    }

    /// Waits, if that is asked for, with `args` from then on: the same, but for IDs that mean now.
    fn wait(&self, run: &mut Run<'_>, args: Vec<Bytes>) -> Outcome {
        let null = run.null_array();
        match self.block_ms {
            None => exactly(null),
            Some(ms) => {
                let keys = self.streams.iter().map(|(key, _)| key.clone()).collect();
                let timeout_us = (ms > 0).then_some(ms * 1000);
                run.wait(Wait { keys, timeout_us, nothing: null.clone(), args }, null)
            }
        }
    }
}

/// The reply of a read of several streams.
fn parts(run: &Run<'_>, parts: Vec<(Bytes, Vec<Value>)>) -> Outcome {
    let pairs = parts.into_iter().map(|(key, found)| [Value::bulk(&key), Value::array(found)]);
    exactly(match run.session.protocol {
        3 => Value::Many(b'%', pairs.flatten().collect()),
        _ => Value::array(pairs.map(|pair| Value::array(pair.into())).collect()),
    })
}

fn xread(run: &mut Run<'_>) -> Outcome {
    let reads = Reads::parse(run)?;
    let mut found = Vec::new();
    let mut later = run.args[..run.args.len() - reads.streams.len()].to_vec();
    for (key, after) in &reads.streams {
        let stream = match run.stream(key) {
            Err(_) if run.has_waited => Stream::default(),
            stream => stream?.cloned().unwrap_or_default(),
        };
        let after = if after == b"$" { stream.last } else { id(after)? };
        later.push(format!("{}-{}", after.0, after.1).into());
        let behind = stream.entries.iter().filter(|(id, _)| **id > after);
        let entries: Vec<_> = behind.take(reads.count).map(entry).collect();
        if !entries.is_empty() {
            found.push((key.clone(), entries));
        }
    }
    if found.is_empty() { reads.wait(run, later) } else { parts(run, found) }
}

fn xreadgroup(run: &mut Run<'_>) -> Outcome {
    let reads = Reads::parse(run)?;
    let [name, consumer] = reads.reader.clone().expect("plans name a reader");
    for (key, after) in &reads.streams {
        let stream = run.stream(key)?;
        stream
            .and_then(|stream| stream.groups.get(&name))
            .ok_or_else(|| no_group(key, &name, " in XREADGROUP with GROUP option"))?;
        if after != b">" {
            id(after)?;
        }
    }
    let mut found = Vec::new();
    for (key, after) in &reads.streams {
        let mut stream = run.stream(key)?.cloned().expect("it was there before");
        let mut group = stream.groups.remove(&name).expect("it was there before");
        group.see(&consumer, run.now);
        if after == b">" {
            let entries = deliver(run, &reads, &stream, &mut group, &consumer);
            if !entries.is_empty() {
                found.push((key.clone(), entries));
            }
        } else {
            found.push((
                key.clone(),
                again(run, &reads, &stream, &mut group, &consumer, id(after)?),
            ));
        }
        stream.groups.insert(name.clone(), group);
        run.put_stream(key, stream);
    }
    let later = run.args.to_vec();
    if found.is_empty() { reads.wait(run, later) } else { parts(run, found) }
}

/// What nobody in the group has had yet.
fn deliver(
    run: &Run<'_>,
    reads: &Reads,
    stream: &Stream,
    group: &mut Group,
    consumer: &[u8],
) -> Vec<Value> {
    let new = stream.entries.iter().filter(|(id, _)| **id > group.last).take(reads.count);
    let new: Vec<_> = new.collect();
    for (id, _) in &new {
        stream.advance(group, **id);
        if !reads.is_noack {
            let (consumer, delivered_ms) = (consumer.to_vec(), run.now);
            group.give(**id, Pending { consumer, delivered_ms, deliveries: 1 }, Some(run.now));
        }
    }
    new.into_iter().map(entry).collect()
}

/// What the consumer has had and not acknowledged.
fn again(
    run: &Run<'_>,
    reads: &Reads,
    stream: &Stream,
    group: &mut Group,
    consumer: &[u8],
    after: Id,
) -> Vec<Value> {
    let mine = group.owned(consumer).map(|(id, _)| *id).filter(|id| *id > after);
    let mine: Vec<Id> = mine.take(reads.count).collect();
    let show = |id: Id| match stream.entries.get_key_value(&id) {
        Some(found) => {
            let pending = group.pending.get_mut(&id).expect("it is the consumer's");
            pending.delivered_ms = run.now;
            pending.deliveries += 1;
            entry(found)
        }
        None => Value::array(vec![show(id), run.null_array()]),
    };
    mine.into_iter().map(show).collect()
}

/// CREATE, SETID, DESTROY, CREATECONSUMER and DELCONSUMER
fn xgroup(run: &mut Run<'_>) -> Outcome {
    let [key, name] = [2, 3].map(|index| run.args[index].clone());
    let what = String::from_utf8_lossy(&run.args[1]).to_ascii_uppercase();
    let names_id = what == "CREATE" || what == "SETID";
    let (makes_stream, read) = if names_id { group_options(run)? } else { (false, None) };
    let stream = run.stream(&key)?.cloned();
    if stream.is_none() && !makes_stream {
        return Err(NO_KEY.into());
    }
    let mut stream = stream.unwrap_or_default();
    let last = |stream: &Stream, arg: &[u8]| match arg {
        b"$" => Ok(stream.last),
        arg => id(arg),
    };
    if what == "CREATE" {
        let last = last(&stream, &run.args[4])?;
        if stream.groups.contains_key(&name) {
            return Err(b"BUSYGROUP Consumer Group name already exists".into());
        }
        stream.groups.insert(name, Group { last, read, ..Group::default() });
        run.put_stream(&key, stream);
        return ok();
    }
    if what == "DESTROY" {
        let removed = stream.groups.remove(&name).is_some();
        run.put_stream(&key, stream);
        return truth(removed);
    }
    let mut group = stream.groups.remove(&name).ok_or_else(|| no_group_for_key(&key, &name))?;
    let outcome = match what.as_str() {
        "SETID" => {
            (group.last, group.read) = (last(&stream, &run.args[4])?, read);
            ok()
        }
        "CREATECONSUMER" => {
            let is_new = !group.consumers.contains_key(&run.args[4]);
            if is_new {
                group.see(&run.args[4], run.now);
            }
            truth(is_new)
        }
        _ => {
            let before = group.pending.len();
            group.pending.retain(|_, pending| pending.consumer != run.args[4]);
            group.consumers.remove(&run.args[4]);
            number((before - group.pending.len()) as i64)
        }
    };
    stream.groups.insert(name, group);
    run.put_stream(&key, stream);
    outcome
}

/// `[MKSTREAM] [ENTRIESREAD count]`
fn group_options(run: &Run<'_>) -> Result<(bool, Option<i64>), Bytes> {
    let (mut makes_stream, mut read) = (false, None);
    let mut rest = &run.args[5..];
    while let [word, tail @ ..] = rest {
        rest = tail;
        if is(word, "MKSTREAM") {
            makes_stream = true;
            continue;
        }
        read = match int(&tail[0])? {
            -1 => None,
            count @ 0.. => Some(count),
            _ => return Err(b"ERR value for ENTRIESREAD must be positive or -1".into()),
        };
        rest = &tail[1..];
    }
    Ok((makes_stream, read))
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

/// `XPENDING key group [[IDLE ms] start end count [consumer]]`
fn xpending(run: &mut Run<'_>) -> Outcome {
    let [key, name] = [1, 2].map(|index| run.args[index].clone());
    let mut rest = &run.args[3..];
    let mut idle_ms = 0;
    if rest.first().is_some_and(|word| is(word, "IDLE")) {
        idle_ms = int(rest.get(1).ok_or(SYNTAX)?)?;
        rest = &rest[2..];
    }
    let query = match rest {
        [] if run.args.len() == 3 => None,
        [from, to, count, consumer @ ..] if consumer.len() < 2 => {
            let count = usize::try_from(int(count)?).unwrap_or(0);
            Some((start(from)?, end(to)?, count, consumer.first()))
        }
        _ => return Err(SYNTAX.into()),
    };
    let group = run.stream(&key)?.and_then(|stream| stream.groups.get(&name));
    let group = group.ok_or_else(|| no_group(&key, &name, ""))?;
    let Some((from, to, count, consumer)) = query else { return exactly(summary(run, group)) };
    let is_wanted = |(id, pending): &(&Id, &Pending)| {
        (from..=to).contains(*id)
            && (idle_ms == 0 || run.now - pending.delivered_ms >= idle_ms)
            && consumer.is_none_or(|consumer| pending.consumer == *consumer)
    };
    let show = |(id, pending): (&Id, &Pending)| {
        let idle_ms = (run.now - pending.delivered_ms).max(0);
        Value::array(vec![
            show(*id),
            Value::bulk(&pending.consumer),
            Value::int(idle_ms),
            Value::int(pending.deliveries),
        ])
    };
    exactly(Value::array(group.pending.iter().filter(is_wanted).take(count).map(show).collect()))
}

fn summary(run: &Run<'_>, group: &Group) -> Value {
    let len = Value::int(group.pending.len() as i64);
    let ends = group.pending.keys().next().zip(group.pending.keys().next_back());
    let Some((first, last)) = ends else {
        return Value::array(vec![len, run.null(), run.null(), run.null_array()]);
    };
    let busy: BTreeSet<&Bytes> = group.pending.values().map(|pending| &pending.consumer).collect();
    let counts = busy.into_iter().map(|consumer| {
        let count = group.owned(consumer).count().to_string();
        Value::array(vec![Value::bulk(consumer), Value::bulk(count.as_bytes())])
    });
    Value::array(vec![len, show(*first), show(*last), Value::array(counts.collect())])
}

/// How entries are claimed.
struct Claim {
    consumer: Bytes,
    idle_ms: i64,
    delivered_ms: i64,
    deliveries: Option<i64>,
    last: Id,
    is_forced: bool,
    is_just_id: bool,
}

impl Claim {
    fn new(run: &Run<'_>, name: &str) -> Result<Claim, Bytes> {
        let idle_ms = parse_int(&run.args[4]);
        let invalid = || Bytes::from(format!("ERR Invalid min-idle-time argument for {name}"));
        Ok(Claim {
            consumer: run.args[3].clone(),
            idle_ms: idle_ms.ok_or_else(invalid)?,
            delivered_ms: run.now,
            deliveries: None,
            last: MIN,
            is_forced: false,
            is_just_id: false,
        })
    }

    fn read(&mut self, run: &Run<'_>, mut rest: &[Bytes]) -> Result<(), Bytes> {
        let number = |arg: &[u8], name: &str| {
            let invalid = || Bytes::from(format!("ERR Invalid {name} option argument for XCLAIM"));
            parse_int(arg).ok_or_else(invalid)
        };
        while let [word, tail @ ..] = rest {
            rest = tail.get(1..).unwrap_or_default();
            match (word.to_ascii_uppercase().as_slice(), tail) {
                (b"FORCE", _) => (self.is_forced, rest) = (true, tail),
                (b"JUSTID", _) => (self.is_just_id, rest) = (true, tail),
                (b"IDLE", [ms, ..]) => {
                    self.delivered_ms = run.now.wrapping_sub(number(ms, "IDLE")?)
                }
                (b"TIME", [ms, ..]) => self.delivered_ms = number(ms, "TIME")?,
                (b"RETRYCOUNT", [count, ..]) => {
                    self.deliveries =
                        Some(number(count, "RETRYCOUNT")?).filter(|count| *count >= 0);
                }
                (b"LASTID", [arg, ..]) => self.last = id(arg)?,
                _ => {
                    return Err([b"ERR Unrecognized XCLAIM option '", &word[..], b"'"].concat());
                }
            }
        }
        if !(0..=run.now).contains(&self.delivered_ms) {
            self.delivered_ms = run.now;
        }
        Ok(())
    }

    /// Whether the entry is the consumer's now; none if it is there no more.
    fn take(&self, run: &Run<'_>, stream: &Stream, group: &mut Group, id: Id) -> Option<bool> {
        if !stream.entries.contains_key(&id) {
            group.pending.remove(&id);
            return None;
        }
        let before = match group.pending.get(&id) {
            Some(old) if run.now - old.delivered_ms >= self.idle_ms || self.idle_ms <= 0 => {
                old.deliveries
            }
            None if self.is_forced => 1,
            _ => return Some(false),
        };
        let deliveries = self.deliveries.unwrap_or(before + i64::from(!self.is_just_id));
        let (consumer, delivered_ms) = (self.consumer.clone(), self.delivered_ms);
        group.give(id, Pending { consumer, delivered_ms, deliveries }, Some(run.now));
        Some(true)
    }

    fn show(&self, stream: &Stream, ids: &[Id]) -> Value {
        let entry = |id: &Id| entry(stream.entries.get_key_value(id).expect("it was claimed"));
        let tell = |id: &Id| if self.is_just_id { show(*id) } else { entry(id) };
        Value::array(ids.iter().map(tell).collect())
    }
}

/// `XCLAIM key group consumer min-idle-time id ... [option ...]`
fn xclaim(run: &mut Run<'_>) -> Outcome {
    let [key, name] = [1, 2].map(|index| run.args[index].clone());
    let mut stream = run.stream(&key)?.cloned().unwrap_or_default();
    let mut group = stream.groups.remove(&name).ok_or_else(|| no_group(&key, &name, ""))?;
    let mut claim = Claim::new(run, "XCLAIM")?;
    let ids: Vec<Id> = run.args[5..].iter().map_while(|arg| id(arg).ok()).collect();
    claim.read(run, &run.args[5 + ids.len()..])?;
    group.last = group.last.max(claim.last);
    group.see(&claim.consumer, run.now);
    let mut claimed = ids;
    claimed.retain(|id| claim.take(run, &stream, &mut group, *id) == Some(true));
    let reply = claim.show(&stream, &claimed);
    stream.groups.insert(name, group);
    run.put_stream(&key, stream);
    exactly(reply)
}

/// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`
fn xautoclaim(run: &mut Run<'_>) -> Outcome {
    const LOOKS_PER_ENTRY: usize = 10;
    let [key, name] = [1, 2].map(|index| run.args[index].clone());
    let mut claim = Claim::new(run, "XAUTOCLAIM")?;
    let from = start(&run.args[5])?;
    let mut count = 100;
    let mut rest = &run.args[6..];
    while let [word, tail @ ..] = rest {
        rest = tail;
        match tail {
            [arg, tail @ ..] if is(word, "COUNT") => {
                let arg = parse_int(arg).filter(|count| (1..=i64::MAX / 16).contains(count));
                count = arg.ok_or(&b"ERR COUNT must be > 0"[..])? as usize;
                rest = tail;
            }
            _ if is(word, "JUSTID") => claim.is_just_id = true,
            _ => return Err(SYNTAX.into()),
        }
    }
    let mut stream = run.stream(&key)?.cloned().unwrap_or_default();
    let mut group = stream.groups.remove(&name).ok_or_else(|| no_group(&key, &name, ""))?;
    group.see(&claim.consumer, run.now);
    let ids: Vec<Id> = group.pending.range(from..).map(|(id, _)| *id).collect();
    let (mut claimed, mut deleted, mut looked) = (Vec::new(), Vec::new(), 0);
    for id in &ids {
        if claimed.len() + deleted.len() == count || looked == count * LOOKS_PER_ENTRY {
            break;
        }
        looked += 1;
        match claim.take(run, &stream, &mut group, *id) {
            Some(true) => claimed.push(*id),
            Some(false) => {}
            None => deleted.push(show(*id)),
        }
    }
    let next = show(ids.get(looked).copied().unwrap_or(MIN));
    let reply = Value::array(vec![next, claim.show(&stream, &claimed), Value::array(deleted)]);
    stream.groups.insert(name, group);
    run.put_stream(&key, stream);
    exactly(reply)
}

/// STREAM, STREAM ... FULL, GROUPS and CONSUMERS
fn xinfo(run: &mut Run<'_>) -> Outcome {
    let key = run.args[2].clone();
    let stream = run.stream(&key)?.cloned().ok_or(NO_SUCH_KEY)?;
    if is(&run.args[1], "GROUPS") {
        let groups = stream.groups.iter().map(|(name, group)| {
            let fields = vec![
                ("name", Value::bulk(name)),
                ("consumers", Value::int(group.consumers.len() as i64)),
                ("pending", Value::int(group.pending.len() as i64)),
                ("last-delivered-id", show(group.last)),
                ("entries-read", int_or_null(run, group.read)),
                ("lag", int_or_null(run, stream.lag(group))),
            ];
            run.map(fields)
        });
        return exactly(Value::array(groups.collect()));
    }
    if is(&run.args[1], "CONSUMERS") {
        let name = &run.args[3];
        let group = stream.groups.get(name).ok_or_else(|| no_group_for_key(&key, name))?;
        let consumers = group.consumers.iter().map(|(name, consumer)| {
            let since = |time_ms: i64| (run.now - time_ms).max(0);
            let fields = vec![
                ("name", Value::bulk(name)),
                ("pending", Value::int(group.owned(name).count() as i64)),
                ("idle", Value::int(since(consumer.seen_ms))),
                ("inactive", Value::int(consumer.active_ms.map_or(-1, since))),
            ];
            run.map(fields)
        });
        return exactly(Value::array(consumers.collect()));
    }
    let count = match &run.args[3..] {
        [] => return Ok(Expect::Like(brief(run, &stream))),
        [_full] => 10,
        [_full, _count, count] => match int(count)? {
            ..0 => 10,
            0 => usize::MAX,
            count => count as usize,
        },
        _ => unreachable!("plans send nothing else"),
    };
    Ok(Expect::Like(full(run, &stream, count)))
}

fn int_or_null(run: &Run<'_>, number: Option<i64>) -> Value {
    number.map_or_else(|| run.null(), Value::int)
}

/// How the server stores it is its affair.
fn state(stream: &Stream) -> Vec<(&'static str, Value)> {
    vec![
        ("length", Value::int(stream.entries.len() as i64)),
        ("radix-tree-keys", Value::any_int()),
        ("radix-tree-nodes", Value::any_int()),
        ("last-generated-id", show(stream.last)),
        ("max-deleted-entry-id", show(stream.max_deleted)),
        ("entries-added", Value::int(stream.added)),
        ("recorded-first-entry-id", show(stream.first().unwrap_or(MIN))),
    ]
}

fn brief(run: &Run<'_>, stream: &Stream) -> Value {
    let entry_or_null = |found| Option::map_or_else(found, || run.null(), entry);
    let mut fields = state(stream);
    fields.extend([
        ("groups", Value::int(stream.groups.len() as i64)),
        ("first-entry", entry_or_null(stream.entries.first_key_value())),
        ("last-entry", entry_or_null(stream.entries.last_key_value())),
    ]);
    run.map(fields)
}

fn full(run: &Run<'_>, stream: &Stream, count: usize) -> Value {
    let entries = stream.entries.iter().take(count).map(entry).collect();
    let groups = stream.groups.iter().map(|(name, group)| {
        let pending = group.pending.iter().take(count).map(|(id, pending)| {
            let consumer = Value::bulk(&pending.consumer);
            let times = [pending.delivered_ms, pending.deliveries].map(Value::int);
            Value::array([show(*id), consumer].into_iter().chain(times).collect())
        });
        let consumers = group.consumers.iter().map(|(name, consumer)| {
            let mine = group.owned(name).take(count).map(|(id, pending)| {
                let times = [pending.delivered_ms, pending.deliveries].map(Value::int);
                Value::array([show(*id)].into_iter().chain(times).collect())
            });
            let fields = vec![
                ("name", Value::bulk(name)),
                ("seen-time", Value::int(consumer.seen_ms)),
                ("active-time", Value::int(consumer.active_ms.unwrap_or(-1))),
                ("pel-count", Value::int(group.owned(name).count() as i64)),
                ("pending", Value::array(mine.collect())),
            ];
            run.map(fields)
        });
        let fields = vec![
            ("name", Value::bulk(name)),
            ("last-delivered-id", show(group.last)),
            ("entries-read", int_or_null(run, group.read)),
            ("lag", int_or_null(run, stream.lag(group))),
            ("pel-count", Value::int(group.pending.len() as i64)),
            ("pending", Value::array(pending.collect())),
            ("consumers", Value::array(consumers.collect())),
        ];
        run.map(fields)
    });
    let mut fields = state(stream);
    fields.push(("entries", Value::array(entries)));
    fields.push(("groups", Value::array(groups.collect())));
    run.map(fields)
}
