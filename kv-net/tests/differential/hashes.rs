//! Hashes.

use crate::grammar::{Group, Words, any_of, one_of, sentence, words};
use crate::sorted;
use crate::support::{elements, payload};
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
        "HRANDFIELD key",
        "HRANDFIELD key int",
        "HRANDFIELD key int WITHVALUES",
        "HSCAN key cursor hscan-option*",
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

/// Fields come in any order; which are drawn at random, and how far a step of a scan goes, is open.
fn agree(name: &str, request: &Words, ours: &[u8], theirs: &[u8]) -> bool {
    match name {
        "hgetall" => sorted(ours, 2) == sorted(theirs, 2),
        "hkeys" | "hvals" => sorted(ours, 1) == sorted(theirs, 1),
        "hrandfield" if request.len() == 2 => ours[0] == b'$' && theirs[0] == b'$',
        "hrandfield" => ours[0] == b'*' && elements(ours).len() == elements(theirs).len(),
        "hscan" => pages_agree(request, ours, theirs),
        _ => false,
    }
}

/// Whether the pages of a scan are the same, if each is all that there is.
fn pages_agree(request: &Words, ours: &[u8], theirs: &[u8]) -> bool {
    let pages = [ours, theirs].map(elements);
    if pages.iter().any(|page| page.len() != 2) {
        return false;
    }
    let is_whole = |page: &Vec<Vec<u8>>| payload(&page[0]) == b"0";
    let is_from_the_beginning = matches!(&request[2][..], b"0" | b"");
    !(is_from_the_beginning && pages.iter().all(is_whole))
        || sorted(&pages[0][1], 2) == sorted(&pages[1][1], 2)
}
