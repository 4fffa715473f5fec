//! Lists.

use crate::grammar::{Group, any_of, one_of, words};
use proptest::collection::vec;
use proptest::prelude::*;

const OUT_OF_RANGE: &[u8] = b"-ERR value is out of range, value must between";

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
        "LSET key int value",
        "LINSERT key side value value",
        "LREM key int value",
        "LTRIM key int int",
        "LPOS key value pos-option*",
        "LMOVE key key end end",
        "RPOPLPUSH key key",
        "LMPOP key-and-number end",
        "LMPOP key-and-number end pop-option*",
    ],
    words: |name| {
        Some(match name {
            "many" => vec(words("value"), 20..200).prop_map(|values| values.concat()).boxed(),
            "side" => one_of(&["BEFORE", "after", "AFTER", "before", "x"]),
            "end" => one_of(&["LEFT", "right", "RIGHT", "left", "x"]),
            "pos-option" => any_of(&["RANK int", "COUNT int", "MAXLEN int"]),
            "pop-option" => any_of(&["COUNT int"]),
            "key-and-number" => {
                any_of(&["1 key", "2 key key", "3 key key key", "int key", "2 key"])
            }
            _ => return None,
        })
    },
    agree: |name, request, ours, theirs| {
        let is_least = |word: &Vec<u8>| word == b"-9223372036854775808";
        match name {
            // Redis 7.0 takes the least integer for a rank by mistake, which 7.2 does not.
            "lpos" => request.iter().any(is_least) && ours.starts_with(OUT_OF_RANGE),
            // Of a request that is wrong, Redis tells the keys only.
            "command getkeysandflags" => {
                let number = request.get(3).and_then(|number| std::str::from_utf8(number).ok());
                let is_plain = |text: &str| text.parse().is_ok_and(|n: i64| n.to_string() == text);
                request[2].eq_ignore_ascii_case(b"lmpop")
                    && number.is_some_and(|number| !is_plain(number))
                    && ours[..4] == theirs[..4]
            }
            _ => false,
        }
    },
    state: &["LRANGE key 0 -1"],
};
