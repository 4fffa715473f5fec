//! XREAD and XREADGROUP.

use super::group::CONSUMER_CREATED;
use super::{id, write_entry, write_id};
use crate::args::{Args, OwnedArgs};
use crate::command::Cx;
use crate::commands::parse::{int, is, once_waited, timeout_ms};
use crate::error::Error;
use crate::kernel::until_zero;
use crate::reply::{Protocol, Reply};
use crate::value::ValueRef;
use crate::value::stream::{Group, Log, Pending, Reading, Stream, StreamId};
use crate::waiter::Wait;

const GROUP_IN_XREAD: Error =
    Error::text("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
const NOACK_IN_XREAD: Error =
    Error::text("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
const NEW_IN_XREAD: Error = Error::text(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
const LAST_IN_XREADGROUP: Error = Error::text(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
const NO_GROUP_OPTION: Error = Error::text("ERR Missing GROUP option for XREADGROUP");

/// What XREADGROUP takes for `>`.
const NEW: StreamId = StreamId::MAX;

/// The options of both commands.
struct Options<'a> {
    /// How many entries of each stream.
    count: usize,
    is_noack: bool,
    /// How long to wait if there is nothing to give, if at all: forever if it does not say.
    block: Option<Option<u64>>,
    /// The group's name and the consumer's.
    reader: Option<[&'a [u8]; 2]>,
    /// Where the first key stands.
    first: usize,
    /// How many streams there are.
    streams: usize,
}

impl<'a> Options<'a> {
    fn parse(args: Args<'a>, is_group: bool) -> Result<Self, Error> {
        let mut options = Self {
            count: usize::MAX,
            is_noack: false,
            block: None,
            reader: None,
            first: 0,
            streams: 0,
        };
        let mut at = 1;
        while at < args.len() && options.first == 0 {
            at += options.read(args.skip(at), at, is_group)?;
        }
        match options {
            Self { first: 0, .. } => Err(Error::Syntax),
            Self { reader: None, .. } if is_group => Err(NO_GROUP_OPTION),
            options => Ok(options),
        }
    }

    /// Reads the option that `rest` begins with. How many arguments it has.
    fn read(&mut self, rest: Args<'a>, at: usize, is_group: bool) -> Result<usize, Error> {
        let (option, more) = (rest.get(0), rest.len() - 1);
        if is(option, "BLOCK") && more >= 1 {
            self.block = Some(timeout_ms(rest.get(1))?);
            return Ok(2);
        }
        if is(option, "COUNT") && more >= 1 {
            let count = usize::try_from(int(rest.get(1))?).unwrap_or(0);
            self.count = if count == 0 { usize::MAX } else { count };
            return Ok(2);
        }
        if is(option, "STREAMS") && more >= 1 {
            if more % 2 == 1 {
                return Err(unbalanced(is_group));
            }
            (self.first, self.streams) = (at + 1, more / 2);
            return Ok(1 + more);
        }
        if is(option, "GROUP") && more >= 2 {
            self.reader = Some([rest.get(1), rest.get(2)]);
            return if is_group { Ok(3) } else { Err(GROUP_IN_XREAD) };
        }
        if is(option, "NOACK") {
            self.is_noack = true;
            return if is_group { Ok(1) } else { Err(NOACK_IN_XREAD) };
        }
        Err(Error::Syntax)
    }

    /// What to wait for if there is nothing to give, with these IDs from then on.
    fn wait(&self, args: Args<'_>, ids: &[StreamId]) -> Option<Wait> {
        let mut later: OwnedArgs = args.first(self.first + self.streams).from(0).collect();
        for id in ids {
            match *id {
                NEW => later.push(b">"),
                StreamId { ms, seq } => later.push(format!("{ms}-{seq}").as_bytes()),
            }
        }
        let wait = Wait::for_array(self.first..self.first + self.streams, self.block?);
        Some(Wait { later: Some(later), ..wait })
    }

    /// The keys, each with what is said of its ID.
    fn streams(&self, args: Args<'a>) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let keys = args.from(self.first).take(self.streams);
        keys.zip(args.from(self.first + self.streams))
    }
}

fn unbalanced(is_group: bool) -> Error {
    let (command, symbol) = if is_group { ("xreadgroup", '>') } else { ("xread", '$') };
    Error::composed(format!(
        "ERR Unbalanced '{command}' list of streams: for each stream key an ID or '{symbol}' must be specified."
    ))
}

/// What is read of a stream.
struct Part<'a> {
    key: &'a [u8],
    found: Found,
}

enum Found {
    /// So many entries from an ID on.
    Entries(StreamId, usize),
    /// Those of a consumer's pending entries, of which some may have been deleted.
    History(Vec<StreamId>),
}

pub(crate) fn xread(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx.args, false)?;
    let mut starts = Vec::with_capacity(options.streams);
    for (key, id) in options.streams(cx.args) {
        let log = once_waited(cx.db.get::<Stream>(key), cx.has_waited)?;
        starts.push(start_of(id, log)?);
    }
    let mut parts = Vec::new();
    for ((key, _), &start) in options.streams(cx.args).zip(&starts) {
        let log = once_waited(cx.db.get::<Stream>(key), cx.has_waited)?;
        let is_there = |log: &&Log| log.last().is_some_and(|last| last.id() > start);
        if let (Some(log), Some(start)) = (log.filter(is_there), start.next()) {
            let count = log.iter_from(start).take(options.count).count();
            parts.push(Part { key, found: Found::Entries(start, count) });
        }
    }
    give_or_wait(cx, &options, &parts, &starts);
    Ok(())
}

/// The ID behind which XREAD reads.
fn start_of(id: &[u8], log: Option<&Log>) -> Result<StreamId, Error> {
    match until_zero(id) {
        b"$" => Ok(log.map_or(StreamId::MIN, |log| log.last_id)),
        b">" => Err(NEW_IN_XREAD),
        _ => id::parse(id),
    }
}

pub(crate) fn xreadgroup(cx: &mut Cx<'_>) -> Result<(), Error> {
    let unix_ms = cx.now.unix_ms();
    let options = Options::parse(cx.args, true)?;
    let [group, consumer] = options.reader.expect("it was looked for");
    let mut starts = Vec::with_capacity(options.streams);
    for (key, id) in options.streams(cx.args) {
        let log = cx.db.get::<Stream>(key)?;
        log.and_then(|log| log.group(group)).ok_or_else(|| no_group(key, group))?;
        starts.push(start_of_group(id)?);
    }
    let mut parts = Vec::new();
    for ((key, _), &start) in options.streams(cx.args).zip(&starts) {
        let mut stream = cx.db.edit::<Stream>(key)?;
        let outcome = stream.log_mut().change_group(group, |reading, group| {
            let is_first = group.find_consumer(consumer).is_none();
            let reader = Reader { reading: *reading, consumer, options: &options, unix_ms };
            (is_first, reader.read(group, start))
        });
        let (is_first, found) = outcome.expect("the group was found above");
        parts.extend(found.map(|found| Part { key, found }));
        // What a group has read is no change to what the stream holds.
        stream.unchanged();
        if is_first {
            stream.notify(CONSUMER_CREATED);
        }
    }
    give_or_wait(cx, &options, &parts, &starts);
    Ok(())
}

fn give_or_wait(cx: &mut Cx<'_>, options: &Options<'_>, parts: &[Part<'_>], ids: &[StreamId]) {
    cx.wait = if parts.is_empty() { options.wait(cx.args, ids) } else { None };
    if cx.wait.is_none() {
        write(cx, parts);
    }
}

fn start_of_group(id: &[u8]) -> Result<StreamId, Error> {
    match until_zero(id) {
        b">" => Ok(NEW),
        b"$" => Err(LAST_IN_XREADGROUP),
        _ => id::parse(id),
    }
}

fn no_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (until_zero(key), until_zero(group));
    let text: [&[u8]; 5] = [
        b"NOGROUP No such key '",
        key,
        b"' or consumer group '",
        group,
        b"' in XREADGROUP with GROUP option",
    ];
    Error::composed(text.concat())
}

/// A consumer at work.
struct Reader<'a> {
    reading: Reading<'a>,
    consumer: &'a [u8],
    options: &'a Options<'a>,
    unix_ms: i64,
}

impl Reader<'_> {
    fn read(&self, group: &mut Group, start: StreamId) -> Option<Found> {
        let consumer = group.see_consumer(self.consumer, self.unix_ms);
        if start != NEW {
            let start = start.next().expect("the greatest ID means new entries");
            return Some(self.read_again(group, start));
        }
        let start = group.last_id.next()?;
        let count = self.reading.iter_from(start).take(self.options.count).count();
        if count == 0 {
            return None;
        }
        for entry in self.reading.iter_from(start).take(count) {
            self.reading.advance(group, entry.id());
            if !self.options.is_noack {
                let (id, delivered_ms) = (entry.id(), self.unix_ms);
                group.set_pending(Pending { id, consumer, delivered_ms, deliveries: 1 });
                group.consumer_mut(consumer).active_ms = Some(self.unix_ms);
            }
        }
        Some(Found::Entries(start, count))
    }

    /// Reads what was delivered to the consumer before and is still pending.
    fn read_again(&self, group: &mut Group, start: StreamId) -> Found {
        let consumer = group.find_consumer(self.consumer).expect("it was seen");
        let ids: Vec<_> = group.owned_from(consumer, start).take(self.options.count).collect();
        for &id in &ids {
            let pending = group.pending(id).expect("what is owned is pending");
            if self.reading.get(id).is_some() {
                let deliveries = pending.deliveries.wrapping_add(1);
                group.set_pending(Pending { delivered_ms: self.unix_ms, deliveries, ..pending });
            }
        }
        Found::History(ids)
    }
}

fn write(cx: &mut Cx<'_>, parts: &[Part<'_>]) {
    let is_map = cx.out.protocol() >= Protocol::V3;
    match parts.len() {
        0 => cx.out.null_array(),
        len if is_map => cx.out.map(len),
        len => cx.out.array(len),
    }
    for Part { key, found } in parts {
        if !is_map {
            cx.out.array(2);
        }
        cx.out.bulk(key);
        let Some(ValueRef::Stream(log)) = cx.db.peek(key) else {
            unreachable!("it was read before")
        };
        write_part(cx.out, log, found);
    }
}

fn write_part(out: &mut dyn Reply, log: &Log, found: &Found) {
    match found {
        Found::Entries(start, count) => {
            out.array(*count);
            log.iter_from(*start).take(*count).for_each(|entry| write_entry(out, entry));
        }
        Found::History(ids) => {
            out.array(ids.len());
            ids.iter().for_each(|&id| write_again(out, log, id));
        }
    }
}

fn write_again(out: &mut dyn Reply, log: &Log, id: StreamId) {
    match log.get(id) {
        Some(entry) => write_entry(out, entry),
        None => {
            out.array(2);
            write_id(out, id);
            out.null_array();
        }
    }
}
