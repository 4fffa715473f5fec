//! SORT.

use crate::grammar::{Group, Words, any_of, one_of};

pub(crate) const SORTING: Group = Group {
    lines: &[
        "RPUSH key letter letter letter",
        "RPUSH key number number number",
        "SET key number",
        "SORT key",
        "SORT key sort-option*",
        "SORT key sort-option+",
        "SORT_RO key sort-option*",
        "SORT key ALPHA STORE key",
        "SORT key ALPHA STORE key sort-option*",
    ],
    words: |name| {
        Some(match name {
            "letter" => one_of(&["a", "b", "c", "d"]),
            "number" => {
                one_of(&["1", "-2", "10", "9", "1.0", "01", "+1", "0x10", "1e1", "-inf", "a", " 3"])
            }
            "sort-option" => any_of(&[
                "ASC",
                "DESC",
                "ALPHA",
                "ALPHA",
                "LIMIT int int",
                "BY by-pattern",
                "GET get-pattern",
            ]),
            "by-pattern" => {
                one_of(&["*", "*", "nosort", "nosort", "*x", "*->f", "*->", "#", "", "\0*"])
            }
            "get-pattern" => one_of(&["*", "#", "*->f", "x*", "nosort", "", "#x", "*->", "*\0->f"]),
            _ => return None,
        })
    },
    agree: |name, request, ours, theirs| match name {
        // Redis does not forget that a number was out of range, of whatever command, until a system
        // call fails. For the same reason no numbers are sorted and stored.
        "sort" | "sort_ro" if theirs == NO_NUMBERS => ours[0] == b'*',
        // Which of equal elements are cut off is open.
        "sort" | "sort_ro" if ["ALPHA", "BY", "LIMIT"].iter().all(|word| has(request, word)) => {
            ours.split(|&byte| byte == b'\r').next() == theirs.split(|&byte| byte == b'\r').next()
        }
        _ => false,
    },
    ..Group::DEFAULT
};

const NO_NUMBERS: &[u8] = b"-ERR One or more scores can't be converted into double\r\n";

fn has(request: &Words, word: &str) -> bool {
    request.iter().any(|other| other.eq_ignore_ascii_case(word.as_bytes()))
}
