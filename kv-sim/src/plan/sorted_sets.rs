//! Sorted sets.

use super::sets::{scan, sources};
use super::{Maker, number};
use crate::model::Bytes;

/// Requests about sorted sets. Scores and weights are such that no sum is inexact, and no product
/// is -0.
pub(super) fn sorted_sets(m: &mut Maker<'_>) -> Vec<Bytes> {
    match m.rng.below(14) {
        12 => draws(m),
        13 => ranges_of_members(m),
        0..4 => additions(m),
        4 => removals(m),
        5..8 => look_ups(m),
        8..10 => ranges(m),
        10 => combinations(m),
        _ => many(m),
    }
}

fn additions(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    match m.rng.below(6) {
        0 => words!["ZINCRBY", key, score(m), member(m)],
        1 => words!["ZADD", key, "INCR", score(m), member(m)],
        2 => {
            let option = m.pick(&["NX", "XX", "GT", "LT", "CH", "INCR"]);
            let other = m.pick(&["CH", "CH", "XX", "NX", "GT", "INCR"]);
            words!["ZADD", key, option, other, score(m), member(m)]
        }
        _ => words!["ZADD", key, score(m), member(m), score(m), member(m), score(m), member(m)],
    }
}

fn removals(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    match m.rng.below(8) {
        0 | 1 => words!["ZREM", key, member(m), member(m)],
        2 => words!["ZPOPMIN", key],
        3 => words!["ZPOPMAX", key],
        4 => words!["ZPOPMIN", key, m.pick(&["0", "1", "3", "200", "-1"])],
        5 => words!["ZPOPMAX", key, m.pick(&["0", "1", "3", "200", "x"])],
        6 => words!["ZMPOP", "2", key, m.key(), "MIN"],
        _ => words!["ZMPOP", "1", key, "MAX", "COUNT", m.pick(&["1", "4", "0"])],
    }
}

fn look_ups(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    match m.rng.below(9) {
        0 | 1 => words!["ZSCORE", key, member(m)],
        2 => words!["ZMSCORE", key, member(m), member(m)],
        3 => words!["ZCARD", key],
        4 => words!["ZRANK", key, member(m)],
        5 => words!["ZREVRANK", key, member(m)],
        6 => words!["ZRANK", key, member(m), "WITHSCORE"],
        7 => words!["ZQUERY", key, score(m), member(m), m.pick(&["0", "2"]), m.pick(&["1", "9"])],
        _ => words!["ZCOUNT", key, bound(m), bound(m)],
    }
}

fn ranges(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    let mut args = match m.rng.below(10) {
        0 => words!["ZRANGE", key, m.index(), m.index()],
        1 => words!["ZRANGE", key, m.index(), m.index(), "REV"],
        2 => words!["ZRANGE", key, bound(m), bound(m), "BYSCORE"],
        3 => words!["ZRANGE", key, bound(m), bound(m), "REV", "BYSCORE"],
        4 => words!["ZRANGEBYSCORE", key, bound(m), bound(m)],
        5 => words!["ZREVRANGE", key, m.index(), m.index()],
        6 => words!["ZREVRANGEBYSCORE", key, bound(m), bound(m)],
        7 => return words!["ZREMRANGEBYRANK", key, m.index(), m.index()],
        8 => return words!["ZREMRANGEBYSCORE", key, bound(m), bound(m)],
        _ => words!["ZRANGESTORE", m.key(), key, bound(m), bound(m), "BYSCORE"],
    };
    if m.one_in(3) {
        args.extend(words!["WITHSCORES"]);
    }
    if m.one_in(4) {
        args.extend(words!["LIMIT", m.index(), m.index()]);
    }
    args
}

fn draws(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    let count = m.pick(&["0", "1", "3", "50", "-1", "-20", "x"]);
    match m.rng.below(5) {
        0 => words!["ZRANDMEMBER", key],
        1 => words!["ZRANDMEMBER", key, count],
        2 => words!["ZRANDMEMBER", key, count, m.pick(&["WITHSCORES", "withscores", "x"])],
        _ => scan(m, "ZSCAN", key),
    }
}

/// Ranges of members mean something where all scores are equal: in sets of their own.
pub(super) fn ranges_of_members(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = format!("zl:{}", m.rng.below(3));
    let (low, high) = (edge(m), edge(m));
    let mut args = match m.rng.below(14) {
        0..3 => return words!["ZADD", key, "0", member(m), "0", m.value(), "0", member(m)],
        3 => return many_equals(m, key),
        4 => return words!["ZREM", key, member(m), m.value()],
        5 => return words!["ZLEXCOUNT", key, low, high],
        6 => return words!["ZREMRANGEBYLEX", key, low, high],
        7 => words!["ZRANGEBYLEX", key, low, high],
        8 => words!["ZREVRANGEBYLEX", key, high, low],
        9 => words!["ZRANGE", key, low, high, "BYLEX"],
        10 => words!["ZRANGE", key, high, low, "BYLEX", "REV"],
        11 => words!["ZRANGE", key, low, high, "BYLEX", "WITHSCORES"],
        12 => words!["ZRANGESTORE", m.key(), key, low, high, "BYLEX"],
        _ => words!["ZRANGESTORE", m.key(), key, high, low, "REV", "BYLEX"],
    };
    if m.one_in(3) {
        args.extend(words!["LIMIT", m.index(), m.index()]);
    }
    args
}

/// Enough members of one score for a tree of several leaves, or their end.
fn many_equals(m: &mut Maker<'_>, key: String) -> Vec<Bytes> {
    if m.one_in(3) {
        return words!["DEL", key];
    }
    let (first, count) = (m.rng.below(50), 20 + m.rng.below(300));
    let members = (first..first + count).flat_map(|number| ["0".into(), number.to_string().into()]);
    words!["ZADD", key].into_iter().chain(members).collect()
}

fn edge(m: &mut Maker<'_>) -> Bytes {
    match m.rng.below(8) {
        0 => b"-".into(),
        1 => b"+".into(),
        2 => m.pick(&["", "[", "(", "x", "-x"]).into(),
        3 => [&b"["[..], &m.value()].concat(),
        _ => [m.pick(&[&b"["[..], b"("]), &member(m)].concat(),
    }
}

fn combinations(m: &mut Maker<'_>) -> Vec<Bytes> {
    let target = m.key();
    let sources = sources(m);
    let count = sources.len();
    let name = m.pick(&[
        "ZUNION",
        "ZINTER",
        "ZDIFF",
        "ZUNIONSTORE",
        "ZINTERSTORE",
        "ZDIFFSTORE",
        "ZINTERCARD",
    ]);
    let mut args = words![name];
    args.extend(name.ends_with("STORE").then_some(target));
    args.push(number(count as u64));
    args.extend(sources);
    if name == "ZINTERCARD" {
        args.extend(words!["LIMIT", m.pick(&["0", "1", "5", "-1", "x"])]);
        return args;
    }
    if m.one_in(3) {
        // Where more than two are added up, it matters in which order infinities come.
        let last = if count == 2 { m.pick(&["1", "4", "inf"]) } else { m.pick(&["1", "4"]) };
        let weights = (1..count).map(|_| m.pick(&["1", "2", "0.5"]).into());
        args.extend(words!["WEIGHTS"].into_iter().chain(weights.collect::<Vec<_>>()));
        args.push(last.into());
    }
    if m.one_in(3) {
        args.extend(words!["AGGREGATE", m.pick(&["SUM", "MIN", "max"])]);
    }
    if m.one_in(3) {
        args.extend(words!["WITHSCORES"]);
    }
    args
}

/// Enough members for a tree of several leaves, or their end.
fn many(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    let (first, step) = (m.rng.below(50), 1 + m.rng.below(3));
    let count = if m.features.long_lists { 100 + m.rng.below(900) } else { m.rng.below(40) };
    let numbers = (0..=count).map(|number| first + step * number);
    if m.one_in(4) {
        let members = numbers.map(|number| number.to_string().into());
        return words!["ZREM", key].into_iter().chain(members).collect();
    }
    let factor = m.pick(&[0, 1, 7, 1_000_000_007]);
    let pair =
        |number: u64| [number.wrapping_mul(factor) % 1000, number].map(|n| n.to_string().into());
    words!["ZADD", key].into_iter().chain(numbers.flat_map(pair)).collect()
}

fn member(m: &mut Maker<'_>) -> Bytes {
    match m.rng.below(4) {
        0 => m.value(),
        _ => m.below_few(60).to_string().into(),
    }
}

fn score(m: &mut Maker<'_>) -> Bytes {
    match m.rng.below(8) {
        0 => m.pick(&["0.5", "-1.25", "inf", "-inf", "1e3", "x"]).into(),
        _ => (m.below_few(30) as i64 - 10).to_string().into(),
    }
}

fn bound(m: &mut Maker<'_>) -> Bytes {
    let open = m.pick(&["", "", "("]);
    match m.rng.below(6) {
        0 => m.pick(&["-inf", "+inf", "(inf", "(", "(x"]).into(),
        _ => format!("{open}{}", m.rng.below(40) as i64 - 12).into(),
    }
}
