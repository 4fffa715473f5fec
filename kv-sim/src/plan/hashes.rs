//! Hashes, and deadlines of their fields.

use super::sets::scan;
use super::{Bytes, Maker, number};

pub(super) fn hashes(m: &mut Maker<'_>) -> Vec<Bytes> {
    if m.features.long_lists && m.one_in(6) {
        return long_hashes(m);
    }
    let (key, field, value) = (m.key(), field(m), m.value());
    match m.rng.below(24) {
        0..3 => words!["HSET", key, field, value],
        3 => words!["HSET", key, field, value, other(m), m.value(), other(m), m.value()],
        4 => words!["HMSET", key, field, value],
        5 => words!["HSETNX", key, field, value],
        6 => words!["HGET", key, field],
        7 => words!["HMGET", key, field, other(m)],
        8 | 9 => words!["HGETALL", key],
        10 => words!["HKEYS", key],
        11 => words!["HVALS", key],
        12 => words!["HLEN", key],
        13 => words!["HEXISTS", key, field],
        14 => words!["HSTRLEN", key, field],
        15 | 16 => words!["HDEL", key, field, other(m)],
        17 => words!["HINCRBY", key, field, m.int()],
        18 => random_fields(m, key),
        19 => scan(m, "HSCAN", key),
        20 => words!["HSET", key, field],
        21 => floats(m),
        _ => words!["HDEL", key, field],
    }
}

fn field(m: &mut Maker<'_>) -> Bytes {
    let long = m.features.large_values && m.one_in(20);
    if long {
        [&number(m.rng.below(3))[..], &[b'f'; 600]].concat()
    } else {
        format!("f{}", m.below_few(12)).into()
    }
}

fn other(m: &mut Maker<'_>) -> Bytes {
    m.below_few(40).to_string().into()
}

/// As with strings, only numbers that are exact in binary are added up.
fn floats(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = format!("hf:{}", m.rng.below(3));
    let number = m.pick(&["0.25", "-0.5", "3", "-7.75", "10.5", "1000", "-250.25"]);
    match m.rng.below(8) {
        0..5 => words!["HINCRBYFLOAT", key, "f", number],
        5 => words!["HSET", key, "f", m.pick(&["qrs", "1"])],
        6 => words!["DEL", key],
        _ => words!["HINCRBYFLOAT", key, "f", "abc"],
    }
}

fn random_fields(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    match m.rng.below(5) {
        0 => words!["HRANDFIELD", key],
        1 => words!["HRANDFIELD", key, m.pick(&["9999999", "3", "-7", "0"]), "WITHVALUES"],
        2 => words!["HRANDFIELD", key, "1", "x"],
        _ => words!["HRANDFIELD", key, m.pick(&["0", "1", "5", "30", "-1", "-20", "x"])],
    }
}

/// Hashes that are freed and purged in slices.
fn long_hashes(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    let fields = 0..100 + m.rng.below(600);
    let deadline = m.amount(1, false);
    match m.rng.below(4) {
        0 => words!["HSETEX", key, "PX", deadline, "FIELDS", fields.end.to_string()]
            .into_iter()
            .chain(fields.flat_map(|number| [number.to_string().into(), "v".into()]))
            .collect(),
        1 => words!["HPEXPIRE", key, deadline, "FIELDS", fields.end.to_string()]
            .into_iter()
            .chain(fields.map(|number| number.to_string().into()))
            .collect(),
        2 => words!["HSET", key]
            .into_iter()
            .chain(fields.flat_map(|number| [number.to_string().into(), "v".into()]))
            .collect(),
        _ => words![m.pick(&["DEL", "UNLINK"]), key, m.key()],
    }
}

pub(super) fn field_deadlines(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, field) = (m.key(), field(m));
    match m.rng.below(20) {
        0 | 1 => words!["HSET", key, field, m.value(), other(m), m.value()],
        2 => words!["HTTL", key, "FIELDS", "2", field, other(m)],
        3 => words!["HPTTL", key, "FIELDS", "1", field],
        4 => words!["HEXPIRETIME", key, "FIELDS", "1", field],
        5 => words!["HPEXPIRETIME", key, "FIELDS", "2", field, other(m)],
        6 => words!["HPERSIST", key, "FIELDS", "2", field, other(m)],
        7 => words!["HGETDEL", key, "FIELDS", "2", field, other(m)],
        8 => words!["HGETEX", key, "FIELDS", "1", field],
        9 => words!["HGETEX", key, "PERSIST", "FIELDS", "1", field],
        10 => words!["HGETEX", key, "PX", m.amount(1, false), "FIELDS", "2", field, other(m)],
        11 => words!["HGETALL", key],
        12 => words!["HLEN", key],
        13 => words!["HDEL", key, field],
        14 => words!["HINCRBY", key, field, "1"],
        15 => set_with_deadline(m, key, field),
        16 => words!["HTTL", key, "FIELDS", m.pick(&["0", "2", "x"]), field],
        _ => expire(m, key, field),
    }
}

fn set_with_deadline(m: &mut Maker<'_>, key: Bytes, field: Bytes) -> Vec<Bytes> {
    let mut args = words!["HSETEX", key];
    args.extend(m.pick(&[None, Some("FNX"), Some("FXX")]).map(Bytes::from));
    args.extend(match m.rng.below(4) {
        0 => words![],
        1 => words!["KEEPTTL"],
        2 => words!["EXAT", m.amount(1000, true)],
        _ => words!["PX", m.amount(1, false)],
    });
    args.extend(words!["FIELDS", "2", field, m.value(), other(m), m.value()]);
    args
}

fn expire(m: &mut Maker<'_>, key: Bytes, field: Bytes) -> Vec<Bytes> {
    let (name, unit_ms, absolute) = m.pick(&[
        ("HEXPIRE", 1000, false),
        ("HPEXPIRE", 1, false),
        ("HPEXPIRE", 1, false),
        ("HEXPIREAT", 1000, true),
        ("HPEXPIREAT", 1, true),
    ]);
    let mut args = words![name, key, m.amount(unit_ms, absolute)];
    args.extend(
        m.pick(&[None, None, Some("NX"), Some("XX"), Some("GT"), Some("LT")]).map(Bytes::from),
    );
    args.extend(words!["FIELDS", "2", field, other(m)]);
    args
}
