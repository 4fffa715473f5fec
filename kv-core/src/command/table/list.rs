//! The rows of the list commands.

use crate::command::Handler::Data;
use crate::command::{Command, Group, KeySpec, flag};
use crate::commands::list as run;

const ROW: Command = Command { group: Group::List, ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "lindex",
        arity: 3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives the element at a position.",
        complexity: "O(N), N being the distance of the element from the nearer end.",
        syntax: "key index",
        handler: Data(run::lindex),
        ..ROW
    },
    &Command {
        name: "llen",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        summary: "Tells how many elements a list has.",
        syntax: "key",
        handler: Data(run::llen),
        ..ROW
    },
    &Command {
        name: "lpop",
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1)],
        summary: "Takes elements from the head of a list.",
        complexity: "O(N), N being the number of elements taken.",
        syntax: "key [count]",
        handler: Data(run::lpop),
        ..ROW
    },
    &Command {
        name: "lpush",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        summary: "Adds elements at the head of a list, which it makes if it must.",
        complexity: "O(N), N being the number of elements added.",
        syntax: "key element [element ...]",
        handler: Data(run::lpush),
        ..ROW
    },
    &Command {
        name: "lpushx",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        since: "2.2.0",
        summary: "Adds elements at the head of a list that exists.",
        complexity: "O(N), N being the number of elements added.",
        syntax: "key element [element ...]",
        handler: Data(run::lpushx),
        ..ROW
    },
    &Command {
        name: "lrange",
        arity: 4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives the elements between two positions.",
        complexity: "O(S+N), S being the distance of the first element from the nearer end, and N the number of elements given.",
        syntax: "key start stop",
        handler: Data(run::lrange),
        ..ROW
    },
    &Command {
        name: "rpop",
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1)],
        summary: "Takes elements from the tail of a list.",
        complexity: "O(N), N being the number of elements taken.",
        syntax: "key [count]",
        handler: Data(run::rpop),
        ..ROW
    },
    &Command {
        name: "rpush",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        summary: "Adds elements at the tail of a list, which it makes if it must.",
        complexity: "O(N), N being the number of elements added.",
        syntax: "key element [element ...]",
        handler: Data(run::rpush),
        ..ROW
    },
    &Command {
        name: "rpushx",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        since: "2.2.0",
        summary: "Adds elements at the tail of a list that exists.",
        complexity: "O(N), N being the number of elements added.",
        syntax: "key element [element ...]",
        handler: Data(run::rpushx),
        ..ROW
    },
];
