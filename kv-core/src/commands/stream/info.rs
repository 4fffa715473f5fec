//! XINFO.

use super::{write_entry, write_id};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::kernel::until_zero;
use crate::reply::Reply;
use crate::value::stream::{ConsumerNumber, Entry, Group, Log, Stream, StreamId};

/// How many entries XINFO STREAM FULL shows unless told otherwise.
const FULL_COUNT: usize = 10;

pub(crate) fn stream(cx: &mut Cx<'_>) -> Result<(), Error> {
    let log = cx.db.get::<Stream>(cx.args.get(2))?.ok_or(Error::NoSuchKey)?;
    match full_count(cx.args)? {
        None => write_brief(cx.out, log),
        Some(count) => write_full(cx.out, log, count),
    }
    Ok(())
}

/// How much XINFO STREAM FULL is to show of everything; none if it is not FULL.
fn full_count(args: Args<'_>) -> Result<Option<usize>, Error> {
    let syntax = || {
        let name = until_zero(args.get(1));
        let text: [&[u8]; 3] = [
            b"ERR unknown subcommand or wrong number of arguments for '",
            &name[..name.len().min(128)],
            b"'. Try XINFO HELP.",
        ];
        Err(Error::composed(text.concat()))
    };
    if args.len() == 3 {
        return Ok(None);
    }
    if !is(args.get(3), "FULL") {
        return syntax();
    }
    match args.len() {
        4 => Ok(Some(FULL_COUNT)),
        6 if is(args.get(4), "COUNT") => Ok(Some(match int(args.get(5))? {
            ..0 => FULL_COUNT,
            0 => usize::MAX,
            count => count as usize,
        })),
        _ => syntax(),
    }
}

fn write_brief(out: &mut dyn Reply, log: &Log) {
    out.map(10);
    write_state(out, log);
    write_int(out, "groups", log.groups_len() as i64);
    for (name, entry) in [("first-entry", log.first()), ("last-entry", log.last())] {
        out.bulk(name.as_bytes());
        match entry {
            Some(entry) => write_entry(out, entry),
            None => out.null(),
        }
    }
}

/// Seven fields.
fn write_state(out: &mut dyn Reply, log: &Log) {
    let blocks = log.blocks() as i64;
    write_int(out, "length", log.len() as i64);
    // Redis keeps its blocks in a radix tree, which has a root at least.
    write_int(out, "radix-tree-keys", blocks);
    write_int(out, "radix-tree-nodes", blocks + 1);
    write_id_of(out, "last-generated-id", log.last_id);
    write_id_of(out, "max-deleted-entry-id", log.max_deleted_id);
    write_int(out, "entries-added", log.entries_added as i64);
    let first = log.first().map_or(StreamId::MIN, Entry::id);
    write_id_of(out, "recorded-first-entry-id", first);
}

fn write_full(out: &mut dyn Reply, log: &Log, count: usize) {
    out.map(9);
    write_state(out, log);
    out.bulk(b"entries");
    let shown = count.min(log.len());
    out.array(shown);
    log.iter_from(StreamId::MIN).take(shown).for_each(|entry| write_entry(out, entry));
    out.bulk(b"groups");
    out.array(log.groups_len());
    log.groups().for_each(|(name, group)| write_full_group(out, log, name, group, count));
}

fn write_full_group(out: &mut dyn Reply, log: &Log, name: &[u8], group: &Group, count: usize) {
    out.map(7);
    write_bytes(out, "name", name);
    write_id_of(out, "last-delivered-id", group.last_id);
    write_progress(out, log, group);
    write_int(out, "pel-count", group.pending_len() as i64);
    out.bulk(b"pending");
    let shown = count.min(group.pending_len());
    out.array(shown);
    for pending in group.pending_from(StreamId::MIN).take(shown) {
        out.array(4);
        write_id(out, pending.id);
        out.bulk(group.consumer_name(pending.consumer));
        out.int(pending.delivered_ms);
        out.int(pending.deliveries as i64);
    }
    out.bulk(b"consumers");
    out.array(group.consumers_len());
    group.consumers().for_each(|number| write_full_consumer(out, group, number, count));
}

fn write_full_consumer(out: &mut dyn Reply, group: &Group, number: ConsumerNumber, count: usize) {
    let consumer = group.consumer(number);
    out.map(5);
    write_bytes(out, "name", group.consumer_name(number));
    write_int(out, "seen-time", consumer.seen_ms);
    write_int(out, "active-time", consumer.active_ms.unwrap_or(-1));
    write_int(out, "pel-count", consumer.pending() as i64);
    out.bulk(b"pending");
    let shown = count.min(consumer.pending());
    out.array(shown);
    for id in group.owned_from(number, StreamId::MIN).take(shown) {
        let pending = group.pending(id).expect("what is owned is pending");
        out.array(3);
        write_id(out, id);
        out.int(pending.delivered_ms);
        out.int(pending.deliveries as i64);
    }
}

pub(crate) fn groups(cx: &mut Cx<'_>) -> Result<(), Error> {
    let log = cx.db.get::<Stream>(cx.args.get(2))?.ok_or(Error::NoSuchKey)?;
    cx.out.array(log.groups_len());
    for (name, group) in log.groups() {
        cx.out.map(6);
        write_bytes(cx.out, "name", name);
        write_int(cx.out, "consumers", group.consumers_len() as i64);
        write_int(cx.out, "pending", group.pending_len() as i64);
        write_id_of(cx.out, "last-delivered-id", group.last_id);
        write_progress(cx.out, log, group);
    }
    Ok(())
}

/// How far a group has read: two fields.
fn write_progress(out: &mut dyn Reply, log: &Log, group: &Group) {
    let read = group.entries_read.map(|read| read as i64);
    for (name, number) in [("entries-read", read), ("lag", log.reading().lag(group))] {
        out.bulk(name.as_bytes());
        match number {
            Some(number) => out.int(number),
            None => out.null(),
        }
    }
}

pub(crate) fn consumers(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (key, name, unix_ms) = (cx.args.get(2), cx.args.get(3), cx.now.unix_ms());
    let log = cx.db.get::<Stream>(key)?.ok_or(Error::NoSuchKey)?;
    let group = log.group(name).ok_or_else(|| no_group(key, name))?;
    let since = |time_ms: i64| unix_ms.saturating_sub(time_ms).max(0);
    cx.out.array(group.consumers_len());
    for number in group.consumers() {
        let consumer = group.consumer(number);
        cx.out.map(4);
        write_bytes(cx.out, "name", group.consumer_name(number));
        write_int(cx.out, "pending", consumer.pending() as i64);
        write_int(cx.out, "idle", since(consumer.seen_ms));
        write_int(cx.out, "inactive", consumer.active_ms.map_or(-1, since));
    }
    Ok(())
}

pub(super) fn no_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (until_zero(key), until_zero(group));
    let text: [&[u8]; 5] =
        [b"NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"];
    Error::composed(text.concat())
}

fn write_int(out: &mut dyn Reply, name: &str, value: i64) {
    out.bulk(name.as_bytes());
    out.int(value);
}

fn write_bytes(out: &mut dyn Reply, name: &str, bytes: &[u8]) {
    out.bulk(name.as_bytes());
    out.bulk(bytes);
}

fn write_id_of(out: &mut dyn Reply, name: &str, id: StreamId) {
    out.bulk(name.as_bytes());
    write_id(out, id);
}
