//! The rows of the set commands.

use crate::command::Handler::Data;
use crate::command::{Begin, Command, Effort, Find, Group, KeySpec, Seeks, flag};
use crate::commands::set as run;

const ROW: Command = Command { group: Group::Set, ..Command::DEFAULT };

/// The sets that a command stores something of: all from the second key on.
const SOURCES: KeySpec = KeySpec {
    access: "RO access",
    begin: Begin::Index(2),
    find: Find::Range { last: -1, step: 1 },
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "sadd",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        seeks: Seeks::Member(2),
        summary: "Adds members to a set, which it makes if it must.",
        complexity: "O(N), N being the number of members given.",
        syntax: "key member [member ...]",
        handler: Data(run::sadd),
        ..ROW
    },
    &Command {
        name: "scard",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        summary: "Tells how many members a set has.",
        syntax: "key",
        handler: Data(run::scard),
        ..ROW
    },
    &Command {
        name: "sdiff",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::all("RO access", 1)],
        summary: "Gives the members of the first set that no other has.",
        complexity: "O(N), N being the number of members of all sets together.",
        syntax: "key [key ...]",
        tips: &["nondeterministic_output_order"],
        handler: Data(run::sdiff),
        ..ROW
    },
    &Command {
        name: "sdiffstore",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1), SOURCES],
        summary: "Stores the members of the first set that no other has.",
        complexity: "O(N), N being the number of members of all sets together.",
        syntax: "destination key [key ...]",
        handler: Data(run::sdiffstore),
        ..ROW
    },
    &Command {
        name: "sinter",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::all("RO access", 1)],
        summary: "Gives the members that all sets have.",
        complexity: "O(N*M), N being the number of members of the smallest set and M the number of sets.",
        syntax: "key [key ...]",
        tips: &["nondeterministic_output_order"],
        handler: Data(run::sinter),
        ..ROW
    },
    &Command {
        name: "sintercard",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec {
            access: "RO access",
            begin: Begin::Index(1),
            find: Find::Count { at: 0, first: 1, step: 1 },
        }],
        since: "7.0.0",
        summary: "Counts the members that all sets have.",
        complexity: "O(N*M), N being the number of members of the smallest set and M the number of sets.",
        syntax: "numkeys key [key ...] [LIMIT limit]",
        handler: Data(run::sintercard),
        ..ROW
    },
    &Command {
        name: "sinterstore",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW update", 1), SOURCES],
        summary: "Stores the members that all sets have.",
        complexity: "O(N*M), N being the number of members of the smallest set and M the number of sets.",
        syntax: "destination key [key ...]",
        handler: Data(run::sinterstore),
        ..ROW
    },
    &Command {
        name: "sismember",
        arity: 3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        seeks: Seeks::Member(2),
        summary: "Tells whether a set has a member.",
        syntax: "key member",
        handler: Data(run::sismember),
        ..ROW
    },
    &Command {
        name: "smembers",
        arity: 2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives all members of a set.",
        complexity: "O(N), N being the number of members.",
        syntax: "key",
        tips: &["nondeterministic_output_order"],
        effort: Effort::Shown,
        handler: Data(run::smembers),
        ..ROW
    },
    &Command {
        name: "smismember",
        arity: -3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        seeks: Seeks::Member(2),
        since: "6.2.0",
        summary: "Tells of each member whether a set has it.",
        complexity: "O(N), N being the number of members given.",
        syntax: "key member [member ...]",
        handler: Data(run::smismember),
        ..ROW
    },
    &Command {
        name: "smove",
        arity: 4,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1), KeySpec::one("RW insert", 2)],
        summary: "Takes a member from one set and adds it to another.",
        syntax: "source destination member",
        handler: Data(run::smove),
        ..ROW
    },
    &Command {
        name: "spop",
        arity: -2,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW access delete", 1)],
        seeks: Seeks::Random,
        summary: "Takes members from a set that are chosen at random.",
        complexity: "O(N), N being the number of members taken.",
        syntax: "key [count]",
        tips: &["nondeterministic_output"],
        handler: Data(run::spop),
        ..ROW
    },
    &Command {
        name: "srandmember",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        seeks: Seeks::Random,
        summary: "Gives members of a set that are chosen at random.",
        complexity: "O(N), N being the number of members given; more by its logarithm for different ones.",
        syntax: "key [count]",
        tips: &["nondeterministic_output"],
        effort: Effort::Shown,
        handler: Data(run::srandmember),
        ..ROW
    },
    &Command {
        name: "srem",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW delete", 1)],
        seeks: Seeks::Member(2),
        summary: "Removes members from a set.",
        complexity: "O(N), N being the number of members given.",
        syntax: "key member [member ...]",
        handler: Data(run::srem),
        ..ROW
    },
    &Command {
        name: "sscan",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.8.0",
        summary: "Visits the members of a set, some with each call.",
        complexity: "O(N), N being the count; O(members) for all calls together.",
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        tips: &["nondeterministic_output"],
        handler: Data(run::sscan),
        ..ROW
    },
    &Command {
        name: "sunion",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::all("RO access", 1)],
        summary: "Gives the members that any of the sets has.",
        complexity: "O(N), N being the number of members of all sets together.",
        syntax: "key [key ...]",
        tips: &["nondeterministic_output_order"],
        handler: Data(run::sunion),
        ..ROW
    },
    &Command {
        name: "sunionstore",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("OW update", 1), SOURCES],
        summary: "Stores the members that any of the sets has.",
        complexity: "O(N), N being the number of members of all sets together.",
        syntax: "destination key [key ...]",
        handler: Data(run::sunionstore),
        ..ROW
    },
];
