//! Requests about sets.

use super::{Maker, number};
use crate::model::Bytes;

pub(super) fn sets(m: &mut Maker<'_>) -> Vec<Bytes> {
    if m.one_in(5) {
        return crowds(m);
    }
    if m.one_in(4) {
        return combinations(m);
    }
    let (key, member) = (m.key(), member(m));
    match m.rng.below(18) {
        0..3 => words!["SADD", key, member],
        3 => words!["SADD", key, member, self::member(m), m.value()],
        4 => words!["SREM", key, member],
        5 => words!["SREM", key, member, self::member(m), self::member(m)],
        6 => words!["SMOVE", key, m.key(), member],
        7 => words!["SISMEMBER", key, member],
        8 => words!["SMISMEMBER", key, member, self::member(m), m.value()],
        9 => words!["SCARD", key],
        10 => words!["SMEMBERS", key],
        11 => words!["SRANDMEMBER", key],
        12 => words!["SRANDMEMBER", key, m.pick(&["0", "1", "3", "20", "100000", "-4", "-50"])],
        13 | 14 => words!["SPOP", key],
        15 => words!["SPOP", key, m.pick(&["0", "1", "3", "20", "1000", "-1", "x"])],
        _ => scan(m, "SSCAN", key),
    }
}

/// Few enough that sets have some in common, integers and words.
fn member(m: &mut Maker<'_>) -> Bytes {
    let number = if m.one_in(2) { m.rng.below(50) } else { m.below_few(50) };
    let prefix = m.pick(&["", "", "m:", "a longer member, of which a pack holds less: "]);
    format!("{prefix}{number}").into()
}

/// Many members at once, so that sets outgrow their packs, and shrink.
fn crowds(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (name, key) = (m.pick(&["SADD", "SADD", "SREM"]), m.key());
    let most = if m.features.long_lists { 1200 } else { 60 };
    let (first, count) = (m.rng.below(40), 5 + m.rng.below(most));
    let prefix = m.pick(&["", "m:"]);
    let members = (first..first + count).map(|number| format!("{prefix}{number}").into());
    words![name, key].into_iter().chain(members).collect()
}

fn combinations(m: &mut Maker<'_>) -> Vec<Bytes> {
    let target = m.key();
    let sources = sources(m);
    let args = match m.rng.below(9) {
        0 => words!["SINTER"],
        1 => words!["SINTERSTORE", target],
        2 => words!["SINTERCARD", number(sources.len() as u64)],
        3 => {
            let mut args = words!["SINTERCARD", number(sources.len() as u64)];
            args.extend(sources);
            args.extend(words!["LIMIT", m.pick(&["0", "1", "5", "-1"])]);
            return args;
        }
        4 => words!["SUNION"],
        5 => words!["SUNIONSTORE", target],
        6 => words!["SDIFF"],
        7 => words!["SDIFFSTORE", target],
        _ => return words!["DEL", target],
    };
    args.into_iter().chain(sources).collect()
}

/// Some keys, of which something is to be made.
pub(super) fn sources(m: &mut Maker<'_>) -> Vec<Bytes> {
    (0..m.pick(&[1, 2, 2, 2, 3, 4])).map(|_| m.key()).collect()
}

/// A step of a scan, from the beginning or anywhere.
pub(super) fn scan(m: &mut Maker<'_>, name: &str, key: Bytes) -> Vec<Bytes> {
    let cursor: Bytes = match m.rng.below(3) {
        0 => m.rng.next_u64().to_string().into(),
        _ => "0".into(),
    };
    let mut args = words![name, key, cursor];
    if m.one_in(4) {
        args.extend(words!["MATCH", m.pick(&["*", "*1*", "f?", "[1-3]*", "m:*", "x"])]);
    }
    if !m.one_in(4) {
        args.extend(words!["COUNT", m.pick(&["1", "1", "3", "10", "100000", "0"])]);
    }
    if name == "HSCAN" && m.one_in(4) {
        args.extend(words!["NOVALUES"]);
    }
    args
}
