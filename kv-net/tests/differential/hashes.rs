//! Hashes. HRANDFIELD and HSCAN are sent apart.

use crate::grammar::{Group, Words, any_of, one_of, sentence, words};
use crate::sorted;
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) const HASHES: Group = Group {
    lines: &[
        "HSET key entry+",
        "HSET key entry+",
        "HSET key entries",
        "HMSET key entry+",
        "HSETNX key field value",
        "HGET key field",
        "HMGET key field+",
        "HGETALL key",
        "HKEYS key",
        "HVALS key",
        "HLEN key",
        "HEXISTS key field",
        "HSTRLEN key field",
        "HDEL key field",
        "HDEL key field+",
        "HINCRBY key field int",
        "HINCRBYFLOAT key field float",
    ],
    words: |name| {
        Some(match name {
            "field" => one_of(FIELDS),
            "entry" => sentence("field value"),
            "entries" => vec((any::<u8>(), words("value")), 20..200).prop_map(numbered).boxed(),
            "hscan-option" => any_of(&["MATCH pattern", "COUNT int", "TYPE type"]),
            _ => return None,
        })
    },
    agree,
    state: &["HGETALL key", "HLEN key"],
};

const FIELDS: &[&str] = &[
    "f",
    "f",
    "g",
    "h",
    "7",
    "007",
    "",
    "\0\r\n\u{ff}",
    "a field of more than sixty-four bytes, which no listpack of Redis takes",
];

/// Fields by numbers, some of them twice.
fn numbered(values: Vec<(u8, Words)>) -> Words {
    let pairs = values.into_iter();
    pairs.flat_map(|(number, value)| [number.to_string().into_bytes(), value.concat()]).collect()
}

/// Fields come in any order.
fn agree(name: &str, _: &Words, ours: &[u8], theirs: &[u8]) -> bool {
    match name {
        "hgetall" => sorted(ours, 2) == sorted(theirs, 2),
        "hkeys" | "hvals" => sorted(ours, 1) == sorted(theirs, 1),
        _ => false,
    }
}
