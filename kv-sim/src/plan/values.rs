//! Requests about values of any type: SORT, DUMP and RESTORE.

use super::{Maker, PAYLOAD};
use crate::model::Bytes;

pub(super) fn dumps(m: &mut Maker<'_>) -> Vec<Bytes> {
    if m.one_in(2) {
        return words!["DUMP", m.key()];
    }
    let payload = if m.one_in(10) { m.value() } else { PAYLOAD.into() };
    let is_absolute = m.one_in(4);
    let ttl_ms = if m.one_in(2) { "0".into() } else { m.amount(1, is_absolute) };
    let mut args = words!["RESTORE", m.key(), ttl_ms, payload];
    args.extend(is_absolute.then(|| "ABSTTL".into()));
    args.extend((!m.one_in(4)).then(|| "REPLACE".into()));
    match m.rng.below(8) {
        0 => args.extend(words!["IDLETIME", m.pick(&["0", "100", "-1", "x"])]),
        1 => args.extend(words!["FREQ", m.pick(&["0", "255", "256", "-1"])]),
        2 => args.extend(words!["IDLETIME", "1", "FREQ", "1"]),
        _ => {}
    }
    args
}

/// Elements that are small numbers name other keys, of any type.
pub(super) fn sorts(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, number) = (m.key(), m.rng.below(30).to_string());
    match m.rng.below(12) {
        0 => return words!["RPUSH", m.key_of("l"), number, m.int(), m.rng.below(30).to_string()],
        1 => return words!["SADD", m.key_of("s"), number, m.rng.below(30).to_string()],
        2 => return words!["ZADD", m.key_of("z"), m.rng.below(9).to_string(), number],
        3 => return words!["SET", m.key_of("k"), m.int()],
        4 => return words!["HSET", m.key_of("h"), "f1", m.int()],
        _ => {}
    }
    let stores = m.one_in(4);
    let mut args = words![if stores { "SORT" } else { m.pick(&["SORT", "SORT_RO", "sort"]) }, key];
    let has_by = m.one_in(2);
    if has_by {
        args.extend(words!["BY", m.pick(&["k*", "k*->f1", "nosort", "#", "x*", "k*->"])]);
    }
    // What is stored must not depend on the order of what is equal.
    if m.one_in(3) && !(stores && has_by) {
        args.extend(words!["ALPHA"]);
    }
    args.extend(m.pick(&[None, None, Some("DESC"), Some("ASC"), Some("x")]).map(Into::into));
    if m.one_in(3) {
        args.extend(words!["LIMIT", m.index(), m.index()]);
    }
    for _ in 0..m.pick(&[0, 0, 0, 1, 2]) {
        args.extend(words!["GET", m.pick(&["#", "k*", "k*->f1", "x"])]);
    }
    if stores {
        args.extend(words!["STORE", m.key()]);
    }
    args
}
