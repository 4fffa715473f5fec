//! What is sent: sentences over words that are drawn at random.

use crate::bitmaps::BITMAPS;
use crate::dump::DUMPS;
use crate::geo::GEO;
use crate::hashes::HASHES;
use crate::lists::LISTS;
use crate::sets::SETS;
use crate::sort::SORTING;
use crate::sorted_sets::SORTED_SETS;
use crate::streams::STREAMS;
use crate::strings::{HYPERLOGLOGS, STRINGS};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A command with its arguments.
pub(crate) type Words = Vec<Vec<u8>>;

/// Commands that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    /// What can be sent. A word in lower case stands for one of [`words`]; `*` after it for none to
    /// three of these, `+` for one to three. A line after `!` is never spoilt.
    pub(crate) lines: &'static [&'static str],
    /// What the words in lower case mean that no other group has.
    pub(crate) words: fn(&str) -> Option<BoxedStrategy<Words>>,
    /// Whether replies to a command of this name (in lower case, after a space the subcommand's if
    /// it has some) agree that are not the same, ours and theirs: as far as Redis promises what
    /// they are.
    pub(crate) agree: fn(&str, &Words, &[u8], &[u8]) -> bool,
    /// Of a type of values: what shows all that a key holds.
    pub(crate) state: &'static [&'static str],
}

impl Group {
    pub(crate) const DEFAULT: Group =
        Group { lines: &[], words: |_| None, agree: |_, _, _, _| false, state: &[] };
}

/// Of which each sequence has some, besides [`GENERAL`].
pub(crate) const GROUPS: &[Group] = &[
    BITMAPS,
    DUMPS,
    GEO,
    HASHES,
    HYPERLOGLOGS,
    LISTS,
    SETS,
    SORTED_SETS,
    SORTING,
    STREAMS,
    STRINGS,
];

/// What every sequence may have.
pub(crate) const GENERAL: Group = Group {
    lines: &[
        "DEL key+",
        "UNLINK key+",
        "EXISTS key+",
        "TOUCH key+",
        "TYPE key",
        "OBJECT ENCODING key",
        "OBJECT REFCOUNT key",
        "OBJECT IDLETIME key",
        "OBJECT FREQ key",
        "OBJECT HELP",
        "OBJECT nosuch",
        "MEMORY USAGE key memory-option*",
        "MEMORY PURGE",
        "MEMORY STATS",
        "MEMORY nosuch",
        "KEYS pattern",
        "RENAME key key",
        "RENAMENX key key",
        "COPY key key copy-option*",
        "MOVE key db",
        "EXPIRE key seconds expire-option*",
        "PEXPIRE key milliseconds expire-option*",
        "EXPIREAT key unix-seconds expireat-option*",
        "PEXPIREAT key unix-milliseconds expireat-option*",
        "TTL key",
        "PTTL key",
        "EXPIRETIME key",
        "PEXPIRETIME key",
        "PERSIST key",
        "PING",
        "PING value",
        "ECHO value",
        "SELECT db",
        "SWAPDB db db",
        "FLUSHDB flush-option*",
        "FLUSHALL flush-option*",
        "HELLO",
        "HELLO version hello-option*",
        "COMMAND COUNT",
        "RESET",
        "COMMAND nosuch",
        "CONFIG GET parameter+",
        "CONFIG SET setting+",
        "CONFIG RESETSTAT",
        "CONFIG nosuch",
        "CLIENT SETNAME value",
        "CLIENT nosuch",
        "nosuch value*",
    ],
    ..Group::DEFAULT
};

/// What is sent alone, since its reply depends on chance or on what else is going on.
pub(crate) const GRAMMAR_APART: &[&str] = &[
    "SCAN cursor scan-option*",
    "DBSIZE",
    "RANDOMKEY",
    "SPOP key",
    "SPOP key int",
    "SRANDMEMBER key",
    "SRANDMEMBER key int",
    "SSCAN key cursor sscan-option*",
    "HRANDFIELD key",
    "HRANDFIELD key number",
    "HRANDFIELD key number WITHVALUES",
    "HSCAN key cursor hscan-option*",
    "ZRANDMEMBER key",
    "ZRANDMEMBER key number",
    "ZRANDMEMBER key number WITHSCORES",
    "ZSCAN key cursor zscan-option*",
    "SORT key unsorted-option+",
    "SORT_RO key unsorted-option+",
    "XTRIM key MAXLEN ~ small",
    "XTRIM key MAXLEN ~ small LIMIT small",
    "XTRIM key MINID ~ some-id",
];

/// Few keys, so that commands meet the work of others.
pub(crate) const KEYS: &[&str] = &["a", "a", "a", "b", "b", "c", "k*[x]", "", "\0\r\n\u{ff}"];

/// What takes the place of an argument in a spoilt request. No small number is among it, since
/// that could be a near deadline.
pub(crate) const NOISE: &[&str] = &["", "x", "NX", "-1", "9223372036854775807", "\0\r\n\u{ff}"];

pub(crate) const VALUES: &[&str] = &[
    "",
    "0",
    "10",
    "-5",
    "007",
    " 7",
    "+1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "3.5",
    "1e3",
    "-0.1",
    "inf",
    "hello",
    "help low",
    "\0\r\n\u{ff}",
    "a string of more than forty-four bytes, which no short form can hold",
];

pub(crate) const INTS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "-2",
    "10",
    "-100",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "x",
    "",
    "1.0",
    " 1",
    "+1",
    "01",
    "-0",
];

/// Lengths of time of which none ends while a sequence runs.
const SECONDS: &[&str] = &[
    "200",
    "3000",
    "0",
    "-1",
    "9223372036854775",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "x",
    "",
    "1e3",
];

/// What a line means by a word in lower case.
pub(crate) fn words(name: &str) -> BoxedStrategy<Words> {
    if let Some(words) = GROUPS.iter().find_map(|group| (group.words)(name)) {
        return words;
    }
    match name {
        "key" => one_of(KEYS),
        "value" => prop_oneof![4 => one_of(VALUES), 1 => long_value()].boxed(),
        "int" => one_of(INTS),
        "seconds" => one_of(SECONDS),
        "milliseconds" => one_of(&["250000", "4000000", "0", "-1", "9223372036854775807", "x", ""]),
        "unix-seconds" => {
            one_of(&["9999999999", "8888888888", "1", "0", "-1", "99999999999999999", "x"])
        }
        "unix-milliseconds" => {
            one_of(&["9999999999999", "9999999999000", "1", "0", "-1", "9223372036854775807", "x"])
        }
        "db" => one_of(&["0", "0", "1", "2", "15", "16", "-1", "x", "", "99999999999999999999"]),
        "pattern" => one_of(&[
            "*",
            "?",
            "a",
            "[a-b]",
            "[^a]",
            "[b-a]",
            "k\\*\\[x]",
            "k*",
            "",
            "*\n*",
            "[",
            "\\",
            "**a",
        ]),
        "copy-option" => any_of(&["REPLACE", "DB db"]),
        // GT is for points in time alone: whether a length is greater than itself a moment ago
        // depends on the moment.
        "expire-option" => any_of(&["NX", "XX", "LT"]),
        "expireat-option" => any_of(&["NX", "XX", "GT", "LT"]),
        "memory-option" => any_of(&["SAMPLES int"]),
        "flush-option" => any_of(&["ASYNC", "SYNC"]),
        "version" => one_of(&["2", "3", "3", "1", "4", "x", ""]),
        "hello-option" => {
            any_of(&["SETNAME value", "SETNAME name", "AUTH default value", "AUTH nobody value"])
        }
        "scan-option" => any_of(&["MATCH pattern", "COUNT int", "TYPE type"]),
        "sscan-option" => any_of(&["MATCH pattern", "COUNT int", "MATCH number-pattern"]),
        "number-pattern" => one_of(&["*1*", "[0-9]", "member:?5", "1?[^5]"]),
        "type" => one_of(&["string", "set", "LIST", "hash", "x", ""]),
        "cursor" => one_of(&["0", "0", "0", "0", "x", "-1", "", "99999999999999999999"]),
        "parameter" => one_of(&[
            "maxclients",
            "MaxClients",
            "maxclient?",
            "databases",
            "proto-max-bulk-len",
            "proto-max-*",
            "client-query-buffer-limit",
            "maxmemory",
            "MAXMEMORY-p*",
            "lfu-*",
            "lazyfree-*",
            "list-max-*",
            "list-max-ziplist-size",
            "active-expire-effort",
            "activedefrag",
            "nosuch",
            "",
        ]),
        // Not client-query-buffer-limit: ours has a limit below 4 GiB of its own. Nor
        // maxmemory-samples: Redis had no limit of 64 before 7.4.
        "setting" => any_of(&[
            "maxclients count",
            "proto-max-bulk-len size",
            "databases count",
            "nosuch count",
            "lfu-decay-time count",
            "lfu-log-factor int",
            "list-max-listpack-size int",
            "list-max-ziplist-size count",
            "maxmemory-eviction-tenacity count",
            "active-expire-effort int",
            "lazyfree-lazy-user-del bool",
            "lazyfree-lazy-user-flush bool",
            "activedefrag NO",
            "activedefrag count",
            "maxmemory large",
            "maxmemory-policy policy",
        ]),
        "bool" => one_of(&["yes", "NO", "no", "1", ""]),
        // Large enough that nothing is evicted.
        "large" => one_of(&["0", "1gb", "2G", "1073741824", "-1", "1x", ""]),
        // Those under which nothing is told of a key that depends on time or chance.
        "policy" => one_of(&["noeviction", "allkeys-LRU", "volatile-ttl", "volatile-lru", "x", ""]),
        "count" => one_of(&["100", "1000", "0", "-1", "x", ""]),
        "size" => one_of(&["1mb", "2M", "536870912", "1GB", "0", "-1", "1x", ""]),
        "whole" => any_command(lines(GROUPS)).boxed(),
        "nosuch" => one_of(&["NOSUCH", "GETT", "", "no\r\nsuch", "\0\u{ff}", "x\0y"]),
        literal => Just(vec![literal.into()]).boxed(),
    }
}

pub(crate) fn one_of(choices: &'static [&'static str]) -> BoxedStrategy<Words> {
    select(choices).prop_map(|choice| vec![bytes(choice)]).boxed()
}

/// A character up to U+00FF stands for the byte, so that tables can hold bytes that are no UTF-8.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).expect("it stands for a byte")).collect()
}

fn long_value() -> BoxedStrategy<Words> {
    (0..3000_usize).prop_map(|len| vec![vec![b'v'; len]]).boxed()
}

pub(crate) fn any_of(sentences: &'static [&'static str]) -> BoxedStrategy<Words> {
    select(sentences).prop_flat_map(sentence).boxed()
}

/// The words of one line of a group, in any case.
pub(crate) fn sentence(line: &'static str) -> BoxedStrategy<Words> {
    let parts: Vec<BoxedStrategy<Words>> = line.split(' ').map(part).collect();
    parts.prop_map(|parts| parts.concat()).boxed()
}

fn part(part: &'static str) -> BoxedStrategy<Words> {
    if let Some(name) = part.strip_suffix('*') {
        vec(words(name), 0..=3).prop_map(|some| some.concat()).boxed()
    } else if let Some(name) = part.strip_suffix('+') {
        vec(words(name), 1..=3).prop_map(|some| some.concat()).boxed()
    } else if part.bytes().all(|byte| byte.is_ascii_uppercase()) {
        prop_oneof![6 => Just(part.to_string()), 1 => odd_case(part)]
            .prop_map(|word| vec![word.into_bytes()])
            .boxed()
    } else {
        words(part)
    }
}

fn odd_case(word: &'static str) -> BoxedStrategy<String> {
    let change = |(c, lower): (char, bool)| if lower { c.to_ascii_lowercase() } else { c };
    vec(any::<bool>(), word.len())
        .prop_map(move |lower| word.chars().zip(lower).map(change).collect())
        .boxed()
}

/// The lines that a sequence with some groups has.
pub(crate) fn lines(groups: &[Group]) -> Vec<&'static str> {
    groups.iter().chain([&GENERAL]).flat_map(|group| group.lines).copied().collect()
}

pub(crate) fn any_command(lines: Vec<&'static str>) -> impl Strategy<Value = Words> {
    select(lines).prop_flat_map(|line| match line.strip_prefix('!') {
        Some(line) => sentence(line),
        None => sentence(line).prop_flat_map(perhaps_spoilt).boxed(),
    })
}

/// Most requests stay as they are; some lose an argument, get one more, or have one replaced.
fn perhaps_spoilt(words: Words) -> impl Strategy<Value = Words> {
    let last = words.len() - 1;
    let [fewer, more, other] = [&words; 3].map(Words::clone);
    prop_oneof![
        12 => Just(words),
        1 => Just(fewer[..last.max(1)].to_vec()),
        1 => one_of(NOISE).prop_map(move |noise| [more.clone(), noise].concat()),
        1 => (0..=last, one_of(NOISE)).prop_map(move |(at, noise)| {
            let mut words = other.clone();
            words[at.max(1).min(last)] = noise.concat();
            words
        }),
    ]
}
