//! Requests about strings as bits, and about sketches.

use super::{Maker, number};
use crate::model::Bytes;

pub(super) fn bitmaps(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    match m.rng.below(12) {
        0 | 1 => words!["SETBIT", key, offset(m), m.pick(&["0", "1", "1", "2"])],
        2 => words!["GETBIT", key, offset(m)],
        3 => words!["BITCOUNT", key],
        4 => with_unit(m, words!["BITCOUNT", key]),
        5 => words!["BITPOS", key, m.pick(&["0", "1", "2"])],
        6 => words!["BITPOS", key, m.pick(&["0", "1"]), m.index()],
        7 => {
            let bit = m.pick(&["0", "1"]);
            with_unit(m, words!["BITPOS", key, bit])
        }
        8 => {
            let operation = m.pick(&["AND", "or", "XOR", "XOR", "x"]);
            words!["BITOP", operation, key, m.key(), m.key(), m.key()]
        }
        9 => words!["BITOP", "NOT", key, m.key()],
        10 => words!["BITFIELD_RO", key, "GET", kind(m), place(m), "GET", kind(m), place(m)],
        _ => fields(m, key),
    }
}

fn offset(m: &mut Maker<'_>) -> Bytes {
    let offset = m.rng.below(300);
    if m.one_in(20) { m.pick(&["4294967296", "-1", "x", "5000"]).into() } else { number(offset) }
}

fn with_unit(m: &mut Maker<'_>, mut args: Vec<Bytes>) -> Vec<Bytes> {
    args.extend(words![m.index(), m.index()]);
    args.extend(m.pick(&[None, Some("BIT"), Some("bit"), Some("BYTE"), Some("x")]).map(Into::into));
    args
}

fn kind(m: &mut Maker<'_>) -> Bytes {
    m.pick(&["u8", "i8", "u1", "i5", "u17", "i64", "u63", "i32", "u64", "x"]).into()
}

fn place(m: &mut Maker<'_>) -> Bytes {
    let place = m.rng.below(100);
    if m.one_in(3) { format!("#{}", place / 10).into() } else { number(place) }
}

fn fields(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let mut args = words!["BITFIELD", key];
    for _ in 0..1 + m.rng.below(3) {
        if m.one_in(3) {
            args.extend(words!["OVERFLOW", m.pick(&["WRAP", "SAT", "FAIL", "FAIL", "x"])]);
        }
        let (kind, place) = (kind(m), place(m));
        args.extend(match m.rng.below(3) {
            0 => words!["GET", kind, place],
            1 => words!["SET", kind, place, m.int()],
            _ => words!["INCRBY", kind, place, m.int()],
        });
    }
    args
}

/// Sketches live under keys of their own: what they look like as strings is the server's affair.
pub(super) fn sketches(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, other) = (sketch(m), sketch(m));
    match m.rng.below(12) {
        0..3 => words!["PFADD", key, m.value(), m.value()],
        3 => words!["PFADD", key],
        4 | 5 => {
            let (first, count) = (m.rng.below(2000), m.rng.below(300));
            words!["PFADD", key].into_iter().chain((first..first + count).map(number)).collect()
        }
        6 => words!["PFCOUNT", key, other],
        7 => words!["PFCOUNT", key, m.key()],
        8 => words!["PFMERGE", key, other, m.key()],
        9 => words!["PFMERGE", key, other],
        10 => words![m.pick(&["DEL", "TYPE", "PERSIST"]), key],
        _ => words!["PFCOUNT", key],
    }
}

fn sketch(m: &mut Maker<'_>) -> Bytes {
    format!("pf:{}", m.rng.below(3)).into()
}
