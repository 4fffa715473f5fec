//! The rows of the generic commands.

use crate::command::Handler::{Data, Engine};
use crate::command::{Begin, Command, Effort, Find, Group, KeySpec, Scope, flag};
use crate::commands::{dump, generic as run, sort};

const ROW: Command = Command { group: Group::Generic, ..Command::DEFAULT };

/// The keys that SORT looks up for each element.
const PATTERNED: KeySpec =
    KeySpec { access: "RO access", begin: Begin::Unknown, find: Find::Patterned };

/// What SORT belongs to instead of its group's category.
const SORTED: &[&str] = &["set", "sortedset", "list", "dangerous"];

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "copy",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RO access", 1), KeySpec::one("OW update", 2)],
        since: "6.2.0",
        summary: "Copies the value of one key to another, with its deadline.",
        complexity: "O(N) for a collection, N being the number of its elements; O(1) for a string.",
        syntax: "source destination [DB destination-db] [REPLACE]",
        handler: Data(run::copy),
        ..ROW
    },
    &Command {
        name: "del",
        arity: -2,
        flags: flag::WRITE,
        keys: &[KeySpec::all("RM delete", 1)],
        summary: "Removes keys.",
        complexity: "O(N), N being the number of keys, plus O(M) for each collection, M being the number of its elements.",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        effort: Effort::Shown,
        handler: Data(run::del),
        ..ROW
    },
    &Command {
        name: "dump",
        arity: 2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.6.0",
        summary: "Gives the value at a key as bytes that RESTORE takes.",
        complexity: "O(N), N being the size of the value.",
        syntax: "key",
        tips: &["nondeterministic_output"],
        handler: Data(dump::dump),
        ..ROW
    },
    &Command {
        name: "exists",
        arity: -2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::all("RO", 1)],
        summary: "Counts which of the keys exist, each as often as it is named.",
        complexity: "O(N), N being the number of keys.",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        handler: Data(run::exists),
        ..ROW
    },
    &Command {
        name: "expire",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        summary: "Gives a key a time to live in seconds.",
        syntax: "key seconds [NX|XX|GT|LT]",
        handler: Data(run::expire),
        ..ROW
    },
    &Command {
        name: "expireat",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        since: "1.2.0",
        summary: "Gives a key a deadline in seconds of Unix time.",
        syntax: "key unix-time-seconds [NX|XX|GT|LT]",
        handler: Data(run::expireat),
        ..ROW
    },
    &Command {
        name: "expiretime",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "7.0.0",
        summary: "Tells a key's deadline in seconds of Unix time.",
        syntax: "key",
        handler: Data(run::expiretime),
        ..ROW
    },
    &Command {
        name: "keys",
        arity: 2,
        flags: flag::READONLY,
        categories: &["dangerous"],
        scope: Scope::Everything,
        summary: "Lists all keys that match a pattern.",
        complexity: "O(N), N being the number of keys in the database, if keys and pattern are of limited length.",
        syntax: "pattern",
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
        handler: Data(run::keys),
        ..ROW
    },
    &Command {
        name: "move",
        arity: 3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        summary: "Takes a key to another database, unless that has such a key.",
        syntax: "key db",
        handler: Data(run::move_key),
        ..ROW
    },
    &Command {
        name: "persist",
        arity: 2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        since: "2.2.0",
        summary: "Takes away a key's deadline.",
        syntax: "key",
        handler: Data(run::persist),
        ..ROW
    },
    &Command {
        name: "pexpire",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        since: "2.6.0",
        summary: "Gives a key a time to live in milliseconds.",
        syntax: "key milliseconds [NX|XX|GT|LT]",
        handler: Data(run::pexpire),
        ..ROW
    },
    &Command {
        name: "pexpireat",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        since: "2.6.0",
        summary: "Gives a key a deadline in milliseconds of Unix time.",
        syntax: "key unix-time-milliseconds [NX|XX|GT|LT]",
        handler: Data(run::pexpireat),
        ..ROW
    },
    &Command {
        name: "pexpiretime",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "7.0.0",
        summary: "Tells a key's deadline in milliseconds of Unix time.",
        syntax: "key",
        handler: Data(run::pexpiretime),
        ..ROW
    },
    &Command {
        name: "pttl",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.6.0",
        summary: "Tells how many milliseconds a key has to live.",
        syntax: "key",
        tips: &["nondeterministic_output"],
        handler: Data(run::pttl),
        ..ROW
    },
    &Command {
        name: "randomkey",
        arity: 1,
        flags: flag::READONLY,
        scope: Scope::Everything,
        summary: "Picks a key at random.",
        tips: &["request_policy:all_shards", "nondeterministic_output"],
        handler: Data(run::randomkey),
        ..ROW
    },
    &Command {
        name: "rename",
        arity: 3,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW access delete", 1), KeySpec::one("OW update", 2)],
        summary: "Gives a key another name, whatever has that name.",
        syntax: "key newkey",
        handler: Data(run::rename),
        ..ROW
    },
    &Command {
        name: "renamenx",
        arity: 3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1), KeySpec::one("OW insert", 2)],
        summary: "Gives a key another name, unless a key has that name.",
        syntax: "key newkey",
        handler: Data(run::renamenx),
        ..ROW
    },
    &Command {
        name: "restore",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1)],
        categories: &["dangerous"],
        since: "2.6.0",
        summary: "Stores a value that DUMP gave.",
        complexity: "O(N*log(N)), N being the size of the value.",
        syntax: "key ttl:integer serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency:integer]",
        handler: Data(dump::restore),
        ..ROW
    },
    &Command {
        name: "scan",
        arity: -2,
        flags: flag::READONLY,
        scope: Scope::Everything,
        since: "2.8.0",
        summary: "Lists the keys in steps, from a cursor on.",
        complexity: "O(1) for a call; O(N) for all calls until the cursor is 0 again, N being the number of keys in the database.",
        syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
        tips: &["nondeterministic_output", "request_policy:special"],
        handler: Data(run::scan),
        ..ROW
    },
    &Command {
        name: "sort",
        arity: -2,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[
            KeySpec::one("RO access", 1),
            PATTERNED,
            KeySpec {
                access: "OW update",
                begin: Begin::Unknown,
                find: Find::Told(sort::target_position),
            },
        ],
        scope: Scope::Everything,
        categories: SORTED,
        summary: "Sorts the elements of a list, set or sorted set, and gives or stores them or what they stand for.",
        complexity: "O(N*log(N)+M), N being the number of elements and M that of those given; O(N) where nothing is to be sorted.",
        syntax: "key [BY pattern] [LIMIT offset_count:(offset count)] [GET pattern [GET pattern ...]] order:[ASC|DESC] sorting:[ALPHA] [STORE destination]",
        handler: Data(sort::sort),
        ..ROW
    },
    &Command {
        name: "sort_ro",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1), PATTERNED],
        scope: Scope::Everything,
        categories: SORTED,
        since: "7.0.0",
        summary: "Sorts the elements of a list, set or sorted set, and gives them or what they stand for.",
        complexity: "O(N*log(N)+M), N being the number of elements and M that of those given; O(N) where nothing is to be sorted.",
        syntax: "key [BY pattern] [LIMIT offset_count:(offset count)] [GET pattern [GET pattern ...]] order:[ASC|DESC] sorting:[ALPHA]",
        handler: Data(sort::sort_ro),
        ..ROW
    },
    &Command {
        name: "touch",
        arity: -2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::all("RO", 1)],
        since: "3.2.1",
        summary: "Marks keys as used now, and counts those that exist.",
        complexity: "O(N), N being the number of keys.",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        handler: Data(run::touch),
        ..ROW
    },
    &Command {
        name: "ttl",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Tells how many seconds a key has to live.",
        syntax: "key",
        tips: &["nondeterministic_output"],
        handler: Data(run::ttl),
        ..ROW
    },
    &Command {
        name: "type",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        summary: "Names the type of the value at a key.",
        syntax: "key",
        handler: Data(run::type_of),
        ..ROW
    },
    &Command {
        name: "unlink",
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::all("RM delete", 1)],
        since: "4.0.0",
        summary: "Removes keys at once and frees what they held later.",
        complexity: "O(N), N being the number of keys; what they held is freed later.",
        syntax: "key [key ...]",
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        handler: Data(run::del),
        ..ROW
    },
    &Command {
        name: "wait",
        arity: 3,
        flags: flag::NOSCRIPT,
        since: "3.0.0",
        categories: &["connection"],
        summary: "Waits until replicas have what the connection has written. There are none.",
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        syntax: "numreplicas:integer timeout:integer",
        handler: Engine(run::wait),
        ..ROW
    },
];
