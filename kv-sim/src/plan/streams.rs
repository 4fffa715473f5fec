//! Streams, with groups that read them.

use super::{Bytes, Maker};

pub(super) fn streams(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, value) = (m.key(), m.value());
    match m.rng.below(24) {
        0..5 => words!["XADD", key, new_id(m), "field", value],
        5 => words!["XADD", key, new_id(m), "field", value, m.value(), "7"],
        6 => words!["XADD", key, "MAXLEN", m.pick(&["0", "1", "5", "50"]), new_id(m), "f", value],
        7 => words!["XLEN", key],
        8 => words!["XDEL", key, id(m), id(m)],
        9 => words!["XTRIM", key, "MAXLEN", m.pick(&["0", "2", "20", "200"])],
        10 => words!["XTRIM", key, "MINID", id(m)],
        11 => words!["XRANGE", key, "-", "+"],
        12 => words!["XRANGE", key, id(m), id(m), "COUNT", m.pick(&["0", "1", "7", "x"])],
        13 => words!["XREVRANGE", key, "+", id(m)],
        14 => words!["XREAD", "COUNT", m.pick(&["1", "3", "100"]), "STREAMS", key, id(m)],
        15 => words!["DEL", key],
        _ => groups(m),
    }
}

fn groups(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, group, consumer) = (m.key(), m.pick(&["g", "h"]), m.pick(&["a", "b", "c"]));
    let count = m.pick(&["1", "3", "100"]);
    match m.rng.below(12) {
        0 => words!["XGROUP", "CREATE", key, group, id(m)],
        1 => words!["XGROUP", "CREATE", key, group, "0", "MKSTREAM"],
        2 => words!["XGROUP", "DESTROY", key, group],
        3 => words!["XGROUP", "DELCONSUMER", key, group, consumer],
        4 => words!["XGROUP", "SETID", key, group, id(m)],
        5 => words!["XACK", key, group, id(m), id(m), id(m)],
        6 => words!["XPENDING", key, group],
        7 => {
            words!["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, id(m)]
        }
        _ => words!["XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, ">"],
    }
}

/// Times go slowly, so that many entries share one.
fn new_id(m: &mut Maker<'_>) -> Bytes {
    let ms = m.elapsed_us / 200_000 + m.rng.below(3);
    match m.rng.below(8) {
        0 => format!("{ms}-{}", m.rng.below(20)).into(),
        1 => m.pick(&["0-0", "0-*", "x", "1"]).into(),
        _ => format!("{ms}-*").into(),
    }
}

fn id(m: &mut Maker<'_>) -> Bytes {
    let ms = m.rng.below(m.elapsed_us / 200_000 + 3);
    format!("{ms}-{}", m.rng.below(8)).into()
}
