//! The rows of the hash commands.

use crate::command::Handler::Data;
use crate::command::{Command, Group, KeySpec, flag};
use crate::commands::hash as run;

const ROW: Command = Command { group: Group::Hash, ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "hdel",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW delete", 1)],
        since: "2.0.0",
        summary: "Deletes fields of a hash.",
        complexity: "O(N), N being the number of fields given.",
        syntax: "key field [field ...]",
        handler: Data(run::hdel),
        ..ROW
    },
    &Command {
        name: "hexists",
        arity: 3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        since: "2.0.0",
        summary: "Tells whether a hash has a field.",
        syntax: "key field",
        handler: Data(run::hexists),
        ..ROW
    },
    &Command {
        name: "hget",
        arity: 3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.0.0",
        summary: "Gives the value of a field.",
        syntax: "key field",
        handler: Data(run::hget),
        ..ROW
    },
    &Command {
        name: "hgetall",
        arity: 2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.0.0",
        summary: "Gives all fields and their values.",
        complexity: "O(N), N being the number of fields.",
        syntax: "key",
        tips: &["nondeterministic_output_order"],
        handler: Data(run::hgetall),
        ..ROW
    },
    &Command {
        name: "hincrby",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        since: "2.0.0",
        summary: "Adds to the integer in a field; a missing field counts as 0.",
        syntax: "key field increment",
        handler: Data(run::hincrby),
        ..ROW
    },
    &Command {
        name: "hincrbyfloat",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW access update", 1)],
        since: "2.6.0",
        summary: "Adds to the number in a field; a missing field counts as 0.",
        syntax: "key field increment:double",
        handler: Data(run::hincrbyfloat),
        ..ROW
    },
    &Command {
        name: "hkeys",
        arity: 2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.0.0",
        summary: "Gives all fields of a hash.",
        complexity: "O(N), N being the number of fields.",
        syntax: "key",
        tips: &["nondeterministic_output_order"],
        handler: Data(run::hkeys),
        ..ROW
    },
    &Command {
        name: "hlen",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        since: "2.0.0",
        summary: "Tells how many fields a hash has.",
        syntax: "key",
        handler: Data(run::hlen),
        ..ROW
    },
    &Command {
        name: "hmget",
        arity: -3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.0.0",
        summary: "Gives the values of several fields.",
        complexity: "O(N), N being the number of fields given.",
        syntax: "key field [field ...]",
        handler: Data(run::hmget),
        ..ROW
    },
    &Command {
        name: "hmset",
        deprecated: Some(("4.0.0", "`HSET` with multiple field-value pairs")),
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        since: "2.0.0",
        summary: "Stores values in several fields.",
        complexity: "O(N), N being the number of fields given.",
        syntax: "key field value [field value ...]",
        handler: Data(run::hmset),
        ..ROW
    },
    &Command {
        name: "hrandfield",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "6.2.0",
        summary: "Gives fields chosen at random.",
        complexity: "O(N), N being the number of fields to be given.",
        syntax: "key [options:(count [WITHVALUES])]",
        tips: &["nondeterministic_output"],
        handler: Data(run::hrandfield),
        ..ROW
    },
    &Command {
        name: "hscan",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.8.0",
        summary: "Lists the fields of a hash in steps, from a cursor on.",
        complexity: "O(1) for a call; O(N) for all calls until the cursor is 0 again, N being the number of fields.",
        syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
        tips: &["nondeterministic_output"],
        handler: Data(run::hscan),
        ..ROW
    },
    &Command {
        name: "hset",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        since: "2.0.0",
        summary: "Stores values in fields of a hash, which it makes if it must.",
        complexity: "O(N), N being the number of fields given.",
        syntax: "key field value [field value ...]",
        handler: Data(run::hset),
        ..ROW
    },
    &Command {
        name: "hsetnx",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        since: "2.0.0",
        summary: "Stores a value in a field, if the hash has no such field.",
        syntax: "key field value",
        handler: Data(run::hsetnx),
        ..ROW
    },
    &Command {
        name: "hstrlen",
        arity: 3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        since: "3.2.0",
        summary: "Gives the length of the value of a field, in bytes.",
        syntax: "key field",
        handler: Data(run::hstrlen),
        ..ROW
    },
    &Command {
        name: "hvals",
        arity: 2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.0.0",
        summary: "Gives the values of all fields.",
        complexity: "O(N), N being the number of fields.",
        syntax: "key",
        tips: &["nondeterministic_output_order"],
        handler: Data(run::hvals),
        ..ROW
    },
];
