//! The rows of the string commands.

use crate::args::Args;
use crate::command::Handler::Data;
use crate::command::{Begin, Command, Effort, Find, Group, KeySpec, flag};
use crate::commands::string as run;
use crate::commands::string::conditional::{delex, delifeq, digest, msetex};
use crate::commands::string::increx::increx;
use crate::commands::string::throttle::throttle;

const ROW: Command = Command { group: Group::String, ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "append",
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        since: "2.0.0",
        summary: "Adds bytes to the end of a string, which it creates if there is none.",
        complexity: "O(1), amortized over the appends to a string, for short values",
        syntax: "key value",
        handler: Data(run::append),
        ..ROW
    },
    &Command {
        name: "cl.throttle",
        arity: -5,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        since: "4.0.0",
        summary: "Asks whether actions may happen now, at a limited rate with bursts.",
        syntax: "key max-burst:integer count-per-period:integer period:integer [quantity:integer]",
        handler: Data(throttle),
        ..ROW
    },
    &Command {
        name: "decr",
        arity: 2,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        summary: "Subtracts 1 from an integer; a missing key counts as 0.",
        syntax: "key",
        handler: Data(run::decr),
        ..ROW
    },
    &Command {
        name: "decrby",
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        summary: "Subtracts a number from an integer; a missing key counts as 0.",
        syntax: "key decrement",
        handler: Data(run::decrby),
        ..ROW
    },
    &Command {
        name: "delex",
        key_access: Some(|args| if args.len() > 2 { "RW access delete" } else { "RM delete" }),
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW delete variable_flags", 1)],
        since: "8.4.0",
        summary: "Deletes a key, on a condition if it holds a string.",
        complexity: "O(1), or O(N) for a digest, N being the length of the string",
        syntax: "key condition:[IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest]",
        handler: Data(delex),
        ..ROW
    },
    &Command {
        name: "delifeq",
        arity: 3,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RM access delete", 1)],
        since: "9.0.0",
        summary: "Deletes a key if it holds this string.",
        syntax: "key value",
        handler: Data(delifeq),
        ..ROW
    },
    &Command {
        name: "digest",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "8.4.0",
        summary: "Gives the XXH3 digest of a string in hexadecimal digits.",
        complexity: "O(N), N being the length of the string",
        syntax: "key",
        handler: Data(digest),
        ..ROW
    },
    &Command {
        name: "get",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives the string at a key.",
        syntax: "key",
        handler: Data(run::get),
        ..ROW
    },
    &Command {
        name: "getdel",
        arity: 2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1)],
        since: "6.2.0",
        summary: "Gives the string at a key and deletes the key.",
        syntax: "key",
        handler: Data(run::getdel),
        ..ROW
    },
    &Command {
        name: "getex",
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        since: "6.2.0",
        summary: "Gives the string at a key and sets or takes away the key's deadline.",
        syntax: "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]",
        handler: Data(run::getex),
        ..ROW
    },
    &Command {
        name: "getrange",
        arity: 4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.4.0",
        summary: "Gives a part of the string at a key, by the positions of its first and last byte.",
        complexity: "O(N), N being the length of the reply",
        syntax: "key start end",
        effort: Effort::Shown,
        handler: Data(run::getrange),
        ..ROW
    },
    &Command {
        name: "getset",
        deprecated: Some(("6.2.0", "`SET` with the `!GET` argument")),
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        summary: "Stores a string at a key and gives the one that was there.",
        syntax: "key value",
        handler: Data(run::getset),
        ..ROW
    },
    &Command {
        name: "incr",
        arity: 2,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        summary: "Adds 1 to an integer; a missing key counts as 0.",
        syntax: "key",
        handler: Data(run::incr),
        ..ROW
    },
    &Command {
        name: "incrby",
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        summary: "Adds a number to an integer; a missing key counts as 0.",
        syntax: "key increment",
        handler: Data(run::incrby),
        ..ROW
    },
    &Command {
        name: "incrbyfloat",
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        since: "2.6.0",
        summary: "Adds a floating-point number to a number; a missing key counts as 0.",
        syntax: "key increment:double",
        handler: Data(run::incrbyfloat),
        ..ROW
    },
    &Command {
        name: "increx",
        arity: -2,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        since: "8.8.0",
        summary: "Adds to a number within bounds, and sets or takes away its key's deadline.",
        syntax: "key [NX|XX] increment:[BYFLOAT float:double|BYINT integer:integer] [SATURATE] \
            [LBOUND lowerbound] [UBOUND upperbound] \
            expiration:[EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] [ENX]",
        handler: Data(increx),
        ..ROW
    },
    &Command {
        name: "lcs",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec {
            access: "RO access",
            begin: Begin::Index(1),
            find: Find::Range { last: 1, step: 1 },
        }],
        since: "7.0.0",
        summary: "Finds the longest subsequence that two strings have in common.",
        complexity: "O(N*M), N and M being the lengths of the strings",
        syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
        handler: Data(run::lcs),
        ..ROW
    },
    &Command {
        name: "mget",
        arity: -2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::all("RO access", 1)],
        summary: "Gives the strings at several keys.",
        complexity: "O(N), N being the number of keys",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard"],
        handler: Data(run::mget),
        ..ROW
    },
    &Command {
        name: "mset",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::all("OW update", 2)],
        since: "1.0.1",
        summary: "Stores strings at several keys at once, whatever was there.",
        complexity: "O(N), N being the number of keys",
        syntax: "key value [key value ...]",
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        effort: Effort::Shown,
        handler: Data(run::mset),
        ..ROW
    },
    &Command {
        name: "msetex",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec {
            access: "OW update",
            begin: Begin::Index(1),
            find: Find::Count { at: 0, first: 1, step: 2 },
        }],
        since: "8.4.0",
        summary: "Stores strings at several keys at once with one deadline, on a condition.",
        complexity: "O(N), N being the number of keys",
        syntax: "numkeys key value [key value ...] [NX|XX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        handler: Data(msetex),
        ..ROW
    },
    &Command {
        name: "msetnx",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::all("OW insert", 2)],
        since: "1.0.1",
        summary: "Stores strings at several keys at once, if none of the keys exists.",
        complexity: "O(N), N being the number of keys",
        syntax: "key value [key value ...]",
        tips: &["request_policy:multi_shard", "response_policy:agg_min"],
        effort: Effort::Shown,
        handler: Data(run::msetnx),
        ..ROW
    },
    &Command {
        name: "psetex",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1)],
        since: "2.6.0",
        summary: "Stores a string at a key for a number of milliseconds.",
        syntax: "key milliseconds value",
        effort: Effort::Shown,
        handler: Data(run::psetex),
        ..ROW
    },
    &Command {
        name: "set",
        key_access: Some(set_access),
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW access update variable_flags", 1)],
        summary: "Stores a string at a key, whatever was there.",
        syntax: "key value [NX|XX|IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
        effort: Effort::Shown,
        handler: Data(run::set),
        ..ROW
    },
    &Command {
        name: "setex",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1)],
        since: "2.0.0",
        summary: "Stores a string at a key for a number of seconds.",
        syntax: "key seconds value",
        effort: Effort::Shown,
        handler: Data(run::setex),
        ..ROW
    },
    &Command {
        name: "setnx",
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("OW insert", 1)],
        summary: "Stores a string at a key, if the key does not exist.",
        syntax: "key value",
        handler: Data(run::setnx),
        ..ROW
    },
    &Command {
        name: "setrange",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW update", 1)],
        since: "2.2.0",
        summary: "Overwrites a part of the string at a key, from a position on.",
        complexity: "O(M), M being the length of the value, and of a gap before it",
        syntax: "key offset value",
        handler: Data(run::setrange),
        ..ROW
    },
    &Command {
        name: "strlen",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        since: "2.2.0",
        summary: "Gives the length of the string at a key, in bytes.",
        syntax: "key",
        handler: Data(run::strlen),
        ..ROW
    },
    &Command {
        name: "substr",
        deprecated: Some(("2.0.0", "`GETRANGE`")),
        arity: 4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives a part of the string at a key; an older name of GETRANGE.",
        complexity: "O(N), N being the length of the reply",
        syntax: "key start end",
        effort: Effort::Shown,
        handler: Data(run::getrange),
        ..ROW
    },
];

/// What is there is seen, if it is to be given or compared.
fn set_access(args: Args<'_>) -> &'static str {
    const WORDS: [&[u8]; 5] = [b"get", b"ifeq", b"ifne", b"ifdeq", b"ifdne"];
    let sees = |arg: &[u8]| WORDS.iter().any(|word| arg.eq_ignore_ascii_case(word));
    if args.from(3).any(sees) { "RW access update" } else { "OW update" }
}
