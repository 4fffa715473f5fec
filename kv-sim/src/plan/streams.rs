//! Streams, with groups that read them.

use super::{Bytes, Maker};

pub(super) fn streams(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, value) = (m.busy_key(), m.value());
    match m.rng.below(32) {
        0..5 => words!["XADD", key, new_id(m), "field", value],
        5 => words!["XADD", key, new_id(m), "field", value, m.value(), "7"],
        6 => {
            let mut args = words!["XADD", key];
            args.extend(m.pick(&[None, None, Some("NOMKSTREAM")]).map(Into::into));
            args.extend(trim(m, false));
            args.extend(words![new_id(m), "f", value]);
            args
        }
        7 => words!["XLEN", key],
        8 => words!["XDEL", key, id(m), id(m)],
        9 | 10 => words!["XTRIM", key].into_iter().chain(trim(m, true)).collect(),
        11 => words!["XRANGE", key, "-", "+"],
        12 => words!["XRANGE", key, edge(m), edge(m), "COUNT", m.pick(&["0", "1", "7", "x"])],
        13 => words!["XREVRANGE", key, "+", edge(m)],
        14 => words!["XREAD", "COUNT", m.pick(&["1", "3", "100"]), "STREAMS", key, id(m)],
        15 => words!["DEL", key],
        16 => words!["XREAD", "STREAMS", key, m.key(), id(m), m.pick(&["0", "$", "x"])],
        17 => set_id(m, key),
        // Rarely: nothing with a smaller ID follows.
        18 if m.one_in(4) => words!["XADD", key, "*", "f", value],
        19 => many(m, key),
        20 | 21 => information(m, key),
        _ => groups(m),
    }
}

/// Enough for several blocks.
fn many(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let fields =
        (0..20 + m.rng.below(80)).flat_map(|number| ["n".into(), number.to_string().into()]);
    words!["XADD", key, new_id(m)].into_iter().chain(fields).collect()
}

/// `may_be_rough` where the reply tells how much.
fn trim(m: &mut Maker<'_>, may_be_rough: bool) -> Vec<Bytes> {
    let mut args = words![m.pick(&["MAXLEN", "MINID"])];
    let is_rough = may_be_rough && m.one_in(3);
    args.extend(if is_rough { Some("~") } else { m.pick(&[None, Some("=")]) }.map(Into::into));
    args.push(match &args[0][..] {
        b"MAXLEN" => m.pick(&["0", "1", "2", "5", "20", "50", "-1"]).into(),
        _ => id(m),
    });
    if is_rough && m.one_in(2) {
        args.extend(words!["LIMIT", m.pick(&["0", "1", "10", "-1"])]);
    }
    args
}

fn set_id(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let mut args = words!["XSETID", key, id(m)];
    if m.one_in(3) {
        args.extend(words!["ENTRIESADDED", m.pick(&["0", "3", "100", "-1", "x"])]);
    }
    if m.one_in(3) {
        args.extend(words!["MAXDELETEDID", id(m)]);
    }
    args
}

fn group(m: &mut Maker<'_>) -> &'static str {
    m.pick(&["g", "g", "h"])
}

fn consumer(m: &mut Maker<'_>) -> &'static str {
    m.pick(&["a", "b", "c"])
}

fn information(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    match m.rng.below(6) {
        0 => words!["XINFO", "STREAM", key],
        1 => words!["XINFO", "STREAM", key, "FULL"],
        2 => words!["XINFO", "STREAM", key, "FULL", "COUNT", m.pick(&["0", "1", "3", "-1", "x"])],
        3 => words!["XINFO", "GROUPS", key],
        _ => words!["XINFO", "CONSUMERS", key, group(m)],
    }
}

/// Entries are added as often as they are read.
pub(super) fn groups(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, group, consumer) = (m.busy_key(), group(m), consumer(m));
    let count = m.pick(&["1", "3", "100"]);
    match m.rng.below(30) {
        22..27 => words!["XADD", key, new_id(m), "field", "value"],
        27 => words!["XPENDING", key, group, "-", "+", "100"],
        28 => words!["XINFO", "STREAM", key, "FULL"],
        0 => {
            let last = id(m);
            create(m, words!["XGROUP", "CREATE", key, group, last])
        }
        1 => words!["XGROUP", "CREATE", key, group, "0", "MKSTREAM"],
        2 => words!["XGROUP", "DESTROY", key, group],
        3 => words!["XGROUP", "DELCONSUMER", key, group, consumer],
        4 => {
            let last = m.pick(&["$", "0", "0"]);
            create(m, words!["XGROUP", "SETID", key, group, last])
        }
        5 => words!["XACK", key, group, id(m), id(m), id(m)],
        6 => words!["XPENDING", key, group],
        7 => {
            words!["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, id(m)]
        }
        8 => words!["XGROUP", "CREATECONSUMER", key, group, consumer],
        9 => words!["XREADGROUP", "GROUP", group, consumer, "NOACK", "STREAMS", key, ">"],
        10 => {
            let (other, after) = (m.key(), m.pick(&[">", "0"]));
            words!["XREADGROUP", "GROUP", group, consumer, "STREAMS", key, other, ">", after]
        }
        11 | 12 => pending(m, key),
        13 | 14 => claim(m, key),
        15 => {
            let mut args = words!["XAUTOCLAIM", key, group, consumer, idle(m), edge(m)];
            if m.one_in(2) {
                args.extend(words!["COUNT", m.pick(&["1", "2", "50", "0"])]);
            }
            args.extend(m.one_in(3).then(|| "JUSTID".into()));
            args
        }
        _ => words!["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, ">"],
    }
}

fn create(m: &mut Maker<'_>, mut args: Vec<Bytes>) -> Vec<Bytes> {
    if m.one_in(3) {
        args.extend(words!["ENTRIESREAD", m.pick(&["0", "2", "-1", "-2", "x"])]);
    }
    args
}

fn idle(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["0", "0", "1", "5", "1000", "-1", "x"]).into()
}

fn pending(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let mut args = words!["XPENDING", key, group(m)];
    if m.one_in(3) {
        args.extend(words!["IDLE", idle(m)]);
    }
    args.extend(words![edge(m), edge(m), m.pick(&["1", "10", "100", "0", "-1"])]);
    args.extend(m.one_in(2).then(|| consumer(m).into()));
    args
}

fn claim(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let mut args = words!["XCLAIM", key, group(m), consumer(m), idle(m), id(m), id(m), id(m)];
    let options = [
        words!["IDLE", m.pick(&["0", "5", "-1", "x"])],
        words!["TIME", m.pick(&["0", "1704067200005", "-1", "9999999999999"])],
        words!["RETRYCOUNT", m.pick(&["0", "7", "-1", "x"])],
        words!["FORCE"],
        words!["JUSTID"],
        words!["LASTID", id(m)],
        words!["NOPE"],
    ];
    for _ in 0..m.pick(&[0, 0, 1, 2]) {
        args.extend(m.pick(&options));
    }
    args
}

/// Times go slowly, so that many entries share one.
fn new_id(m: &mut Maker<'_>) -> Bytes {
    let ms = m.stream_ms() + m.rng.below(3);
    match m.rng.below(8) {
        0 => format!("{ms}-{}", m.rng.below(20)).into(),
        1 => m.pick(&["0-0", "0-*", "x", "1"]).into(),
        _ => format!("{ms}-*").into(),
    }
}

fn id(m: &mut Maker<'_>) -> Bytes {
    let ms = m.rng.below(m.stream_ms() + 3);
    format!("{ms}-{}", m.rng.below(8)).into()
}

fn edge(m: &mut Maker<'_>) -> Bytes {
    match m.rng.below(8) {
        0 => b"-".into(),
        1 => b"+".into(),
        2 => [b"(", &id(m)[..]].concat(),
        3 => m.rng.below(m.stream_ms() + 3).to_string().into(),
        _ => id(m),
    }
}

impl Maker<'_> {
    /// The time that new entries have about now. It goes slowly, so that many share one.
    pub(super) fn stream_ms(&self) -> u64 {
        self.elapsed_us / 200_000
    }
}
