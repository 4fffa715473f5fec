//! Sets.

use crate::grammar::{Group, Words, any_of, one_of, words};
use crate::{are_members, sorted};
use proptest::collection::vec;
use proptest::prelude::*;

/// SPOP, SRANDMEMBER and SSCAN are sent apart.
pub(crate) const SETS: Group = Group {
    lines: &[
        "SADD key member+",
        "SADD key member+",
        "SADD key crowd",
        "SREM key member+",
        "SREM key crowd",
        "SMOVE key key member",
        "SISMEMBER key member",
        "SMISMEMBER key member+",
        "SCARD key",
        "SMEMBERS key",
        "SINTER key+",
        "SINTERSTORE key key+",
        "SINTERCARD numkeys key+ sintercard-option*",
        "SUNION key+",
        "SUNIONSTORE key key+",
        "SDIFF key+",
        "SDIFFSTORE key key+",
    ],
    words: |name| {
        Some(match name {
            "member" => prop_oneof![2 => words("value"), 1 => numbers(1..2)].boxed(),
            "crowd" => prop_oneof![numbers(2..300), words_with_numbers(2..200)].boxed(),
            "numkeys" => one_of(&["1", "1", "2", "2", "3", "0", "-1", "x", ""]),
            "sintercard-option" => any_of(&["LIMIT int"]),
            _ => return None,
        })
    },
    agree: |name, _, ours, theirs| match name {
        "smembers" | "sinter" | "sunion" | "sdiff" => {
            are_members(ours) && sorted(ours, 1) == sorted(theirs, 1)
        }
        _ => false,
    },
    state: &["SMEMBERS key", "SCARD key"],
};

/// Some numbers in sequence.
fn numbers(count: std::ops::Range<usize>) -> BoxedStrategy<Words> {
    with_prefix("", count)
}

fn words_with_numbers(count: std::ops::Range<usize>) -> BoxedStrategy<Words> {
    with_prefix("member:", count)
}

fn with_prefix(prefix: &'static str, count: std::ops::Range<usize>) -> BoxedStrategy<Words> {
    let member = move |number| format!("{prefix}{number}").into_bytes();
    let skipping = vec(1..4_usize, count);
    (0..100_usize, skipping)
        .prop_map(move |(first, steps)| {
            let numbers = steps.into_iter().scan(first, |number, step| {
                *number += step;
                Some(*number)
            });
            numbers.map(member).collect()
        })
        .boxed()
}
