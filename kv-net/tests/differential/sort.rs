//! SORT.

use crate::grammar::{Group, Words, any_of, one_of};
use crate::sorted;

pub(crate) const SORTING: Group = Group {
    lines: &[
        "RPUSH key letter letter letter",
        "RPUSH key number number number",
        "SADD key letter letter letter",
        "SADD key number number number",
        "SET key number",
        "HSET key f number",
        "SORT key",
        "SORT key sort-option*",
        "SORT key sort-option+",
        "SORT_RO key sort-option*",
        "SORT key ALPHA STORE key",
        "SORT key ALPHA STORE key store-option*",
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
            // What is equal by a pattern may be stored in any order.
            "store-option" => {
                any_of(&["ASC", "DESC", "LIMIT int int", "GET get-pattern", "BY no-pattern"])
            }
            "unsorted-option" => any_of(&[
                "BY no-pattern",
                "BY no-pattern",
                "BY by-pattern",
                "ASC",
                "DESC",
                "ALPHA",
                "LIMIT int int",
                "GET get-pattern",
            ]),
            "by-pattern" => one_of(&["*", "*", "*x", "*->f", "*->"]),
            "no-pattern" => one_of(&["nosort", "nosort", "#", "", "\0*"]),
            "get-pattern" => one_of(&["*", "#", "*->f", "x*", "nosort", "", "#x", "*->", "*\0->f"]),
            _ => return None,
        })
    },
    agree: |name, request, ours, theirs| match name {
        // Redis does not forget that a number was out of range, of whatever command, until a system
        // call fails. For the same reason no numbers are sorted and stored.
        "sort" | "sort_ro" if theirs == NO_NUMBERS => ours[0] == b'*',
        // The order of what is equal by a pattern is open.
        "sort" | "sort_ro" if has(request, "ALPHA") && has(request, "BY") => {
            rows_agree(request, ours, theirs)
        }
        _ => false,
    },
    ..Group::DEFAULT
};

const NO_NUMBERS: &[u8] = b"-ERR One or more scores can't be converted into double\r\n";

fn has(request: &Words, word: &str) -> bool {
    request.iter().any(|other| other.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether a BY leaves the elements as they are.
pub(crate) fn is_unsorted(request: &Words) -> bool {
    let is_by = |pair: &[Vec<u8>]| {
        let until_zero = pair[1].split(|&byte| byte == 0).next().unwrap_or_default();
        pair[0].eq_ignore_ascii_case(b"BY") && !until_zero.contains(&b'*')
    };
    request.windows(2).skip(1).any(is_by)
}

/// Whether these agree of a request that [`is_unsorted`]. A set has no order of its own.
pub(crate) fn agree_unsorted(request: &Words, is_set: bool, ours: &[u8], theirs: &[u8]) -> bool {
    is_set && rows_agree(request, ours, theirs)
}

/// Whether there are as many rows, and the same in any order unless some are cut off.
fn rows_agree(request: &Words, ours: &[u8], theirs: &[u8]) -> bool {
    let is_get = |word: &&Vec<u8>| word.eq_ignore_ascii_case(b"GET");
    let row_len = request.iter().filter(is_get).count().max(1);
    let [(our_kind, our_rows), (their_kind, their_rows)] =
        [ours, theirs].map(|reply| sorted(reply, row_len));
    our_kind == b'*'
        && our_kind == their_kind
        && our_rows.len() == their_rows.len()
        && (has(request, "LIMIT") || our_rows == their_rows)
}
