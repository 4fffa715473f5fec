//! Requests about strings under conditions, with bounds, and at limited rates.

use super::{DIGEST, Maker, expire_option};
use crate::model::Bytes;

pub(super) fn conditions(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, value) = (m.key(), m.value());
    match m.rng.below(14) {
        0..3 => words!["SET", key, value],
        3 => {
            let condition = condition(m);
            let mut args = words!["SET", key, value];
            args.extend(condition);
            args.extend(
                m.pick(&[None, None, Some("GET"), Some("KEEPTTL"), Some("NX")]).map(Into::into),
            );
            args
        }
        4 => words!["DELIFEQ", key, value],
        5 => words!["DELEX", key].into_iter().chain(condition(m)).collect(),
        6 => words!["DELEX", key],
        7 | 8 => words!["DIGEST", key],
        9 => many(m),
        10 => throttle(m),
        11 => {
            let key = format!("f:{}", m.rng.below(3)).into();
            increase(m, key, "BYFLOAT")
        }
        _ => increase(m, key, "BYINT"),
    }
}

fn condition(m: &mut Maker<'_>) -> Vec<Bytes> {
    match m.rng.below(7) {
        0 | 1 => words![m.pick(&["IFEQ", "ifeq", "IFNE"]), m.value()],
        2 => words!["IFEQ", m.pick(&["", "1", "v"])],
        3 | 4 => words![m.pick(&["IFDEQ", "IFDNE"]), DIGEST],
        5 => words![m.pick(&["IFDEQ", "IFDNE"]), m.pick(&["0123456789abcdef", "x"])],
        _ => words![m.pick(&["IFEQ", "XX", "x"])],
    }
}

fn many(m: &mut Maker<'_>) -> Vec<Bytes> {
    let count = m.pick(&["2", "2", "2", "2", "3", "0", "x"]);
    let mut args = words!["MSETEX", count, m.key(), m.value(), m.key(), m.value()];
    args.extend(m.pick(&[None, None, Some("NX"), Some("XX")]).map(Into::into));
    args.extend(lifetime(m, "KEEPTTL"));
    args
}

fn lifetime(m: &mut Maker<'_>, word: &str) -> Vec<Bytes> {
    match m.rng.below(4) {
        0 => words![word],
        1 | 2 => expire_option(m),
        _ => words![],
    }
}

fn increase(m: &mut Maker<'_>, key: Bytes, by: &str) -> Vec<Bytes> {
    let number = |m: &mut Maker<'_>| match by {
        "BYINT" => m.int(),
        _ => m.pick(&["0.25", "-0.5", "3", "-7.75", "10.5", "1000", "-250.25"]).into(),
    };
    let mut args = words!["INCREX", key, by, number(m)];
    for bound in ["LBOUND", "UBOUND"] {
        if m.one_in(3) {
            args.extend(words![bound, number(m)]);
        }
    }
    args.extend(m.pick(&[None, Some("SATURATE"), Some("saturate"), Some("NX")]).map(Into::into));
    args.extend(lifetime(m, "PERSIST"));
    args.extend(m.pick(&[None, None, None, Some("ENX"), Some("XX")]).map(Into::into));
    args
}

fn throttle(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (burst, count) = (m.pick(&["0", "1", "5", "-1"]), m.pick(&["1", "3", "100", "0"]));
    let mut args = words!["CL.THROTTLE", m.key(), burst, count, m.pick(&["1", "1", "60", "0"])];
    args.extend(m.pick(&[None, None, Some("0"), Some("2"), Some("50"), Some("x")]).map(Into::into));
    args
}
