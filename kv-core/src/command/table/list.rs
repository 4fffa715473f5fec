//! The rows of the list commands.

use crate::command::Handler::Data;
use crate::command::{Begin, Command, Effort, Find, Group, KeySpec, flag};
use crate::commands::list as run;

const ROW: Command = Command { group: Group::List, ..Command::DEFAULT };

const BLOCKING_POP: Command = Command {
    arity: -3,
    flags: flag::WRITE | flag::NOSCRIPT | flag::BLOCKING,
    keys: &[KeySpec {
        access: "RW access delete",
        begin: Begin::Index(1),
        find: Find::Range { last: -2, step: 1 },
    }],
    since: "2.0.0",
    complexity: "O(N), N being the number of keys.",
    syntax: "key [key ...] timeout",
    ..ROW
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "blmove",
        arity: 6,
        flags: flag::WRITE | flag::DENYOOM | flag::NOSCRIPT | flag::BLOCKING,
        keys: &[KeySpec::one("RW access delete", 1), KeySpec::one("RW insert", 2)],
        since: "6.2.0",
        summary: "Takes an element from one list to another, as soon as there is one.",
        syntax: "source destination wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT) timeout",
        handler: Data(run::blmove),
        ..ROW
    },
    &Command {
        name: "blmpop",
        arity: -5,
        flags: flag::WRITE | flag::BLOCKING,
        keys: &[KeySpec {
            access: "RW access delete",
            begin: Begin::Index(2),
            find: Find::Count { at: 0, first: 1, step: 1 },
        }],
        since: "7.0.0",
        summary: "Takes elements from the first list of several that has any, as soon as there is one.",
        complexity: "O(N+M), N being the number of keys and M the number of elements taken.",
        syntax: "timeout numkeys key [key ...] where:(LEFT|RIGHT) [COUNT count]",
        handler: Data(run::blmpop),
        ..ROW
    },
    &Command {
        name: "blpop",
        summary: "Takes the first element of the first list of several, as soon as there is one.",
        handler: Data(run::blpop),
        ..BLOCKING_POP
    },
    &Command {
        name: "brpop",
        summary: "Takes the last element of the first list of several, as soon as there is one.",
        handler: Data(run::brpop),
        ..BLOCKING_POP
    },
    &Command {
        name: "brpoplpush",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM | flag::NOSCRIPT | flag::BLOCKING,
        keys: &[KeySpec::one("RW access delete", 1), KeySpec::one("RW insert", 2)],
        since: "2.2.0",
        summary: "Takes the last element of one list to the head of another, as soon as there is one.",
        deprecated: Some(("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments")),
        syntax: "source destination timeout",
        handler: Data(run::brpoplpush),
        ..ROW
    },
    &Command {
        name: "lindex",
        arity: 3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives the element at a position.",
        complexity: "O(N), N being the distance of the element from the nearer end.",
        syntax: "key index",
        effort: Effort::Shown,
        handler: Data(run::lindex),
        ..ROW
    },
    &Command {
        name: "linsert",
        arity: 5,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW insert", 1)],
        since: "2.2.0",
        summary: "Adds an element before or after another one.",
        complexity: "O(N), N being the distance of the other element from the head.",
        syntax: "key where:(BEFORE|AFTER) pivot element",
        handler: Data(run::linsert),
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
        name: "lmove",
        arity: 5,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW access delete", 1), KeySpec::one("RW insert", 2)],
        since: "6.2.0",
        summary: "Takes an element from one list to another, or to the other end of the same.",
        syntax: "source destination wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT)",
        effort: Effort::Shown,
        handler: Data(run::lmove),
        ..ROW
    },
    &Command {
        name: "lmpop",
        arity: -4,
        flags: flag::WRITE,
        keys: &[KeySpec {
            access: "RW access delete",
            begin: Begin::Index(1),
            find: Find::Count { at: 0, first: 1, step: 1 },
        }],
        since: "7.0.0",
        summary: "Takes elements from the first list of several that has any.",
        complexity: "O(N+M), N being the number of keys and M the number of elements taken.",
        syntax: "numkeys key [key ...] where:(LEFT|RIGHT) [COUNT count]",
        handler: Data(run::lmpop),
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
        name: "lpos",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "6.0.6",
        summary: "Finds the positions of an element.",
        complexity: "O(N), N being the number of elements that are looked at.",
        syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
        handler: Data(run::lpos),
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
        effort: Effort::Shown,
        handler: Data(run::lrange),
        ..ROW
    },
    &Command {
        name: "lrem",
        arity: 4,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 1)],
        summary: "Removes elements that are equal to the one given.",
        complexity: "O(N+M), N being the number of elements that are looked at and M the number of those removed.",
        syntax: "key count element",
        handler: Data(run::lrem),
        ..ROW
    },
    &Command {
        name: "lset",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW update", 1)],
        summary: "Replaces the element at a position.",
        complexity: "O(log(N)), N being the number of elements.",
        syntax: "key index element",
        effort: Effort::Shown,
        handler: Data(run::lset),
        ..ROW
    },
    &Command {
        name: "ltrim",
        arity: 4,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 1)],
        summary: "Removes all elements but those between two positions.",
        complexity: "O(N), N being the number of elements removed.",
        syntax: "key start stop",
        handler: Data(run::ltrim),
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
        name: "rpoplpush",
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW access delete", 1), KeySpec::one("RW insert", 2)],
        since: "1.2.0",
        summary: "Takes the last element of one list to the head of another.",
        deprecated: Some(("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments")),
        syntax: "source destination",
        effort: Effort::Shown,
        handler: Data(run::rpoplpush),
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
