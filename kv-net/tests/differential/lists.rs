//! Lists.

use crate::grammar::{Group, words};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) const LISTS: Group = Group {
    lines: &[
        "LPUSH key value+",
        "RPUSH key value+",
        "LPUSH key many",
        "RPUSH key many",
        "LPUSHX key value+",
        "RPUSHX key value+",
        "LPOP key",
        "RPOP key",
        "LPOP key int",
        "RPOP key int",
        "LLEN key",
        "LRANGE key int int",
        "LINDEX key int",
    ],
    words: |name| {
        Some(match name {
            "many" => vec(words("value"), 20..200).prop_map(|values| values.concat()).boxed(),
            _ => return None,
        })
    },
    state: &["LRANGE key 0 -1"],
    ..Group::DEFAULT
};
