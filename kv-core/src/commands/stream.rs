//! Streams: their entries. Groups are in [`group`], [`claim`] and, where they read, in [`read`].

pub(crate) mod claim;
pub(crate) mod group;
pub(crate) mod id;
pub(crate) mod info;
pub(crate) mod pending;
pub(crate) mod read;
mod trim;

use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::config::{self, Config};
use crate::error::Error;
use crate::reply::Reply;
use crate::value::stream::{BlockSizes, Entry, Log, Stream, StreamId};
use crate::value::string::IntBuffer;
use id::{Interval, NewId};
use trim::Options;

const MINIMAL_ID: Error = Error::text("ERR The ID specified in XADD must be greater than 0-0");
const IDS_EXHAUSTED: Error =
    Error::text("ERR The stream has exhausted the last possible ID, unable to add more items");
const ID_NOT_GREATER: Error =
    Error::text("ERR The ID specified in XADD is equal or smaller than the target stream top item");

pub(crate) fn xadd(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (options, at) = Options::of_xadd(cx.args)?;
    let fields = cx.args.from(at + 1);
    if fields.len() < 2 || fields.len() % 2 == 1 {
        return Err(Error::WrongArity("xadd".into()));
    }
    if options.id == NewId::Exact(StreamId::MIN) {
        return Err(MINIMAL_ID);
    }
    let mut stream = cx.db.edit::<Stream>(cx.args.get(1))?;
    if !stream.exists() && options.no_mkstream {
        cx.out.null();
        return Ok(());
    }
    let last = stream.log().map_or(StreamId::MIN, |log| log.last_id);
    let id = next_id(options.id, last, cx.now.unix_ms())?;
    stream.log_mut().push(id, fields, block_sizes(cx.config));
    stream.notify("xadd");
    let trim = options.trim(cx.config);
    if trim.is_some_and(|trim| stream.log_mut().trim(trim) > 0) {
        stream.notify("xtrim");
    }
    write_id(cx.out, id);
    Ok(())
}

/// The ID that a new entry gets in a stream whose last is `last`.
fn next_id(wanted: NewId, last: StreamId, unix_ms: i64) -> Result<StreamId, Error> {
    let behind = last.next().ok_or(IDS_EXHAUSTED)?;
    let id = match wanted {
        NewId::Auto => behind.max(StreamId { ms: unix_ms.max(0) as u64, seq: 0 }),
        NewId::At(ms) if ms == last.ms && behind.ms == ms => behind,
        NewId::At(ms) => StreamId { ms, seq: 0 },
        NewId::Exact(id) => id,
    };
    if id > last { Ok(id) } else { Err(ID_NOT_GREATER) }
}

pub(super) fn block_sizes(config: &Config) -> BlockSizes {
    let or_unlimited = |size: i64| usize::try_from(size).ok().filter(|&size| size > 0);
    BlockSizes {
        entries_max: or_unlimited(config.int(config::STREAM_NODE_MAX_ENTRIES))
            .unwrap_or(usize::MAX),
        bytes_max: or_unlimited(config.int(config::STREAM_NODE_MAX_BYTES)).unwrap_or(usize::MAX),
    }
}

pub(crate) fn xtrim(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::of_xtrim(cx.args)?;
    let trim = options.trim(cx.config).expect("XTRIM has a strategy");
    let stream = cx.db.edit_existing::<Stream>(cx.args.get(1))?;
    let trimmed =
        stream.map_or(0, |mut stream| stream.count("xtrim", |stream| stream.log_mut().trim(trim)));
    cx.out.int(trimmed as i64);
    Ok(())
}

pub(crate) fn xlen(cx: &mut Cx<'_>) -> Result<(), Error> {
    let len = cx.db.get::<Stream>(cx.args.get(1))?.map_or(0, Log::len);
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn xdel(cx: &mut Cx<'_>) -> Result<(), Error> {
    let Some(mut stream) = cx.db.edit_existing::<Stream>(cx.args.get(1))? else {
        cx.out.int(0);
        return Ok(());
    };
    let ids = cx.args.from(2).map(id::parse).collect::<Result<Vec<_>, _>>()?;
    let removed = stream.count("xdel", |stream| {
        let log = stream.log_mut();
        ids.into_iter().filter(|&id| log.remove(id)).count()
    });
    cx.out.int(removed as i64);
    Ok(())
}

pub(crate) fn xrange(cx: &mut Cx<'_>) -> Result<(), Error> {
    range(cx, [2, 3], false)
}

pub(crate) fn xrevrange(cx: &mut Cx<'_>) -> Result<(), Error> {
    range(cx, [3, 2], true)
}

fn range(cx: &mut Cx<'_>, [start, end]: [usize; 2], is_reversed: bool) -> Result<(), Error> {
    let interval = Interval::parse(cx.args.get(start), cx.args.get(end))?;
    let count = range_count(cx)?;
    let Some(log) = cx.db.get::<Stream>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    match count {
        Some(0) => cx.out.null_array(),
        count => write_range(cx.out, log, interval, count.unwrap_or(usize::MAX), is_reversed),
    }
    Ok(())
}

/// What COUNT says, if it is given.
fn range_count(cx: &Cx<'_>) -> Result<Option<usize>, Error> {
    let mut options = cx.args.from(4);
    let mut count = None;
    while let Some(option) = options.next() {
        match options.next() {
            Some(arg) if is(option, "COUNT") => count = Some(int(arg)?.max(0) as usize),
            _ => return Err(Error::Syntax),
        }
    }
    Ok(count)
}

fn write_range(
    out: &mut dyn Reply,
    log: &Log,
    Interval { start, end }: Interval,
    count: usize,
    is_reversed: bool,
) {
    let is_all = start == StreamId::MIN && end == StreamId::MAX;
    let is_within = |entry: &Entry<'_>| entry.id() <= end;
    let len = match is_all {
        true => count.min(log.len()),
        false => log.iter_from(start).take_while(is_within).take(count).count(),
    };
    out.array(len);
    if is_reversed {
        log.iter_back_from(end).take(len).for_each(|entry| write_entry(out, entry));
    } else {
        log.iter_from(start).take(len).for_each(|entry| write_entry(out, entry));
    }
}

pub(crate) fn xsetid(cx: &mut Cx<'_>) -> Result<(), Error> {
    const SMALLER_THAN_GIVEN: Error = Error::text(
        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
    );
    let last_id = id::parse(cx.args.get(2))?;
    let (mut added, mut max_deleted) = (None, StreamId::MIN);
    let mut options = cx.args.from(3);
    while let Some(option) = options.next() {
        match options.next() {
            Some(arg) if is(option, "ENTRIESADDED") => added = Some(entries_added(arg)?),
            Some(arg) if is(option, "MAXDELETEDID") => {
                max_deleted = id::parse(arg)?;
                if last_id < max_deleted {
                    return Err(SMALLER_THAN_GIVEN);
                }
            }
            _ => return Err(Error::Syntax),
        }
    }
    let stream = cx.db.edit_existing::<Stream>(cx.args.get(1))?;
    let mut stream = stream.ok_or(Error::NoSuchKey)?;
    set_id(stream.log_mut(), last_id, added, max_deleted)?;
    stream.unchanged();
    stream.notify("xsetid");
    cx.out.ok();
    Ok(())
}

fn entries_added(arg: &[u8]) -> Result<u64, Error> {
    const NEGATIVE: Error = Error::text("ERR entries_added must be positive");
    u64::try_from(int(arg)?).map_err(|_| NEGATIVE)
}

fn set_id(
    log: &mut Log,
    last_id: StreamId,
    added: Option<u64>,
    max_deleted: StreamId,
) -> Result<(), Error> {
    const SMALLER_THAN_DELETED: Error =
        Error::text("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
    const SMALLER_THAN_TOP: Error =
        Error::text("ERR The ID specified in XSETID is smaller than the target stream top item");
    const FEWER_THAN_LENGTH: Error = Error::text(
        "ERR The entries_added specified in XSETID is smaller than the target stream length",
    );
    if last_id < log.max_deleted_id {
        return Err(SMALLER_THAN_DELETED);
    }
    if log.last().is_some_and(|last| last_id < last.id()) {
        return Err(SMALLER_THAN_TOP);
    }
    if added.is_some_and(|added| added < log.len() as u64) {
        return Err(FEWER_THAN_LENGTH);
    }
    log.last_id = last_id;
    log.entries_added = added.unwrap_or(log.entries_added);
    if max_deleted > StreamId::MIN {
        log.max_deleted_id = max_deleted;
    }
    Ok(())
}

/// An entry: its ID, and its fields with their values in turn.
fn write_entry(out: &mut dyn Reply, entry: Entry<'_>) {
    out.array(2);
    write_id(out, entry.id());
    out.array(2 * entry.len());
    let mut buffer = IntBuffer::new();
    entry.fields().flatten().for_each(|item| out.bulk(item.as_bytes(&mut buffer)));
}

fn write_id(out: &mut dyn Reply, id: StreamId) {
    let (mut ms, mut seq) = (IntBuffer::new(), IntBuffer::new());
    let (ms, seq) = (ms.format(id.ms).as_bytes(), seq.format(id.seq).as_bytes());
    let mut text = [0; 41];
    text[..ms.len()].copy_from_slice(ms);
    text[ms.len()] = b'-';
    let len = ms.len() + 1 + seq.len();
    text[ms.len() + 1..len].copy_from_slice(seq);
    out.bulk(&text[..len]);
}
