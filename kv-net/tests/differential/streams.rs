//! Streams. IDs are explicit, since the servers' clocks differ, and nothing blocks. Values are
//! short, so that a rough trimming, which removes whole blocks, finds the same blocks: those that
//! are full by their number of entries.
//!
//! Ours is Redis 7.2 where consumers are concerned: one that reads or claims is made even if it gets
//! nothing. So consumers without pending entries are not compared, nor are times.

use crate::flatten;
use crate::grammar::{Group, Words, any_of, one_of, sentence};
use crate::support::payload;
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) const STREAMS: Group = Group {
    lines: &[
        "XADD key new-id field-value+",
        "XADD key new-id field-value+",
        "XADD key xadd-option* new-id field-value+",
        "many-entries",
        "XLEN key",
        "XRANGE key start end",
        "XRANGE key start end COUNT int",
        "XREVRANGE key end start",
        "XREVRANGE key end start COUNT int",
        "XDEL key some-id+",
        "XTRIM key trim-option+",
        "CONFIG SET stream-node-max-entries node-entries",
        "XSETID key 99999999999999999-1 setid-option*",
        "XREAD read-option* STREAMS key last-id",
        "XREAD read-option* STREAMS key key last-id last-id",
        "XGROUP CREATE key group last-id create-option*",
        "XGROUP CREATE key group start MKSTREAM",
        "XGROUP SETID key group last-id read-counter*",
        "XGROUP DESTROY key group",
        "XGROUP CREATECONSUMER key group consumer",
        "XGROUP DELCONSUMER key group consumer",
        "XREADGROUP GROUP group consumer group-option* STREAMS key new",
        "XREADGROUP GROUP group consumer group-option* STREAMS key new",
        "XREADGROUP GROUP group consumer group-option* STREAMS key key new new",
        "XACK key group some-id+",
        "XPENDING key group",
        "XPENDING key group start end int",
        "XPENDING key group start end int consumer",
        "XPENDING key group IDLE idle start end int",
        "XCLAIM key group consumer idle some-id+ claim-option*",
        "XAUTOCLAIM key group consumer idle start autoclaim-option*",
        "XINFO STREAM key",
        "XINFO STREAM key FULL",
        "XINFO STREAM key FULL COUNT int",
        "XINFO GROUPS key",
        "XINFO CONSUMERS key group",
        "XGROUP HELP",
        "XINFO HELP",
        "XINFO nosuch key",
        "XGROUP nosuch key group",
    ],
    words: |name| {
        Some(match name {
            "new-id" => one_of(&[
                "1-*", "1-*", "2-*", "2-*", "3-*", "30-*", "5", "5-7", "7-1", "40-40", "0-0",
                "0-*", "0-1", "0-2", "-", "+", "x", "", "1-x", " 50-+1", "60-0070",
            ]),
            "some-id" => one_of(&[
                "1-0", "1-1", "1-2", "1-3", "2-0", "2-1", "3-0", "5-0", "5-7", "7-1", "30-0",
                "30-1", "0-1", "0-2", "40-40", "2", "x",
            ]),
            "start" | "end" => one_of(&[
                "-",
                "+",
                "-",
                "+",
                "0",
                "1",
                "(1",
                "1-1",
                "(1-1",
                "2-0",
                "5",
                "(5-7",
                "30",
                "(0-0",
                "(18446744073709551615-18446744073709551615",
                "40-40",
                "x",
                "",
                "(",
            ]),
            "last-id" => {
                one_of(&["0", "0", "0", "$", "1-1", "2", "5-7", "30-0", "-", "+", "x", ">"])
            }
            "new" => one_of(&[">", ">", ">", "0", "0", "1-1", "$", "x"]),
            "field-value" => sentence("field short"),
            "field" => one_of(&["f", "f", "f", "g", "", "7"]),
            "short" => one_of(&["", "0", "-300", "9223372036854775807", "hello", "\0\r\n\u{ff}"]),
            "many-entries" => many_entries(),
            "xadd-option" => any_of(&[
                "NOMKSTREAM",
                "MAXLEN int",
                "MAXLEN = small",
                "MAXLEN ~ small",
                "MINID start",
                "MINID ~ some-id",
                "MAXLEN ~ small LIMIT int",
                "LIMIT small",
            ]),
            "trim-option" => any_of(&[
                "MAXLEN int",
                "MAXLEN = small",
                "MAXLEN ~ small",
                "MAXLEN ~ small LIMIT small",
                "MINID start",
                "MINID = some-id",
                "MINID ~ some-id",
                "LIMIT int",
            ]),
            "small" => one_of(&["0", "1", "2", "3", "10", "100", "150", "x"]),
            "node-entries" => one_of(&["1", "2", "3", "100"]),
            "setid-option" => {
                any_of(&["ENTRIESADDED int", "ENTRIESADDED small", "MAXDELETEDID some-id"])
            }
            "read-option" => any_of(&["COUNT int", "COUNT small", "NOACK", "GROUP group consumer"]),
            "group-option" => any_of(&["COUNT int", "COUNT small", "NOACK"]),
            "create-option" => any_of(&["MKSTREAM", "ENTRIESREAD int", "ENTRIESREAD small"]),
            "read-counter" => any_of(&["ENTRIESREAD int", "ENTRIESREAD small", "MKSTREAM"]),
            "claim-option" => any_of(&[
                "IDLE int",
                "TIME int",
                "RETRYCOUNT small",
                "FORCE",
                "JUSTID",
                "LASTID some-id",
            ]),
            "autoclaim-option" => any_of(&["COUNT small", "JUSTID"]),
            "group" => one_of(&["g", "g", "g", "h", ""]),
            "consumer" => one_of(&["c", "c", "d", ""]),
            // Either all pending entries were idle for so long, or none.
            "idle" => one_of(&["0", "0", "0", "-1", "9000000000000000000", "x"]),
            _ => return None,
        })
    },
    agree,
    state: &[
        "XINFO STREAM key",
        "XINFO STREAM key FULL COUNT 0",
        "XINFO GROUPS key",
        "XREVRANGE key + -",
    ],
};

/// An XADD for each of many entries, in one request as far as the grammar is concerned, is not to
/// be had; one with many fields is.
fn many_entries() -> BoxedStrategy<Words> {
    let add = sentence("XADD key new-id");
    (add, vec(sentence("field short"), 20..120))
        .prop_map(|(add, fields)| [add, fields.concat()].concat())
        .boxed()
}

/// Whether an XTRIM need not trim exactly.
pub(crate) fn is_rough(request: &Words) -> bool {
    request.get(3).is_some_and(|word| word == b"~")
}

fn agree(name: &str, request: &Words, ours: &[u8], theirs: &[u8]) -> bool {
    let subcommand = request.get(1).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let [our, their] = [ours, theirs].map(|reply| {
        let mut parts = Vec::new();
        flatten(reply, &mut parts);
        parts
    });
    match (name, &subcommand[..]) {
        // Since Redis 7.2 the error names the command.
        ("xread" | "xreadgroup", _) => {
            [ours, theirs].iter().all(|reply| reply.starts_with(b"-ERR Unbalanced"))
        }
        ("xpending", _) => without_idle_times(&our) == without_idle_times(&their),
        ("xgroup", b"createconsumer") => ours[0] == b':' && theirs[0] == b':',
        ("xgroup" | "xinfo", b"help") => ours[0] == theirs[0],
        ("xinfo", b"groups") => without_counts(&our) == without_counts(&their),
        ("xinfo", b"consumers") => busy(&our) == busy(&their),
        ("xinfo", b"stream") => {
            without_times(&without_idle(&our)) == without_times(&without_idle(&their))
        }
        _ => false,
    }
}

fn is_field(part: &[u8], name: &str) -> bool {
    part.first() == Some(&b'$') && payload(part) == name.as_bytes()
}

/// ID, consumer, idle time, deliveries.
fn without_idle_times(parts: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let is_time = |index: usize| {
        parts.len().is_multiple_of(4) && index % 4 == 2 && parts[index].first() == Some(&b':')
    };
    (0..parts.len()).filter(|&index| !is_time(index)).map(|index| &parts[index]).collect()
}

/// Without the numbers of consumers.
fn without_counts(parts: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let is_count = |index: usize| index > 0 && is_field(&parts[index - 1], "consumers");
    (0..parts.len()).filter(|&index| !is_count(index)).map(|index| &parts[index]).collect()
}

/// The names and numbers of pending entries of those consumers that have any.
fn busy(parts: &[Vec<u8>]) -> Vec<&[Vec<u8>]> {
    let consumers = parts.windows(4).filter(|part| is_field(&part[0], "name"));
    consumers
        .filter(|part| is_field(&part[2], "pending") && part[3] != b":0\r\n")
        .map(|part| &part[..4])
        .collect()
}

/// Without consumers that have no pending entry.
fn without_idle(parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    let mut index = 0;
    while index < parts.len() {
        let rest = &parts[index..];
        index += match idle_consumer(rest) {
            Some(len) => len,
            None => {
                kept.push(rest[0].clone());
                1
            }
        };
    }
    kept
}

/// How many parts the consumer has that `rest` begins with, if it has no pending entry.
fn idle_consumer(rest: &[Vec<u8>]) -> Option<usize> {
    let is_consumer =
        rest.len() > 2 && is_field(&rest[0], "name") && is_field(&rest[2], "seen-time");
    let count = rest.iter().position(|part| is_field(part, "pel-count")).filter(|_| is_consumer)?;
    (rest[count + 1] == b":0\r\n").then_some(count + 3)
}

/// Without points in time, and what Redis 7.0 does not know.
fn without_times(parts: &[Vec<u8>]) -> Vec<&Vec<u8>> {
    let is_time = |index: usize| {
        let is_late = parts[index].len() == ":1700000000000\r\n".len() && parts[index][0] == b':';
        let is_after = |name| index > 0 && is_field(&parts[index - 1], name);
        is_late
            || is_field(&parts[index], "active-time")
            || is_after("active-time")
            || is_after("radix-tree-nodes")
    };
    (0..parts.len()).filter(|&index| !is_time(index)).map(|index| &parts[index]).collect()
}
