//! The rows of MEMORY.

use crate::command::Handler::{Data, Engine};
use crate::command::{Command, Group, KeySpec, flag};
use crate::commands::help::help;
use crate::commands::server::memory as run;

const ROW: Command = Command { group: Group::Server, since: "4.0.0", ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "memory",
    arity: -2,
    summary: "How much memory the server and its keys take.",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..ROW
}];

const REPORT: Command = Command {
    arity: 2,
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    ..ROW
};

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "doctor",
        summary: "Says in words whether memory is well used.",
        handler: Engine(run::doctor),
        ..REPORT
    },
    Command {
        name: "help",
        arity: 2,
        flags: flag::LOADING | flag::STALE,
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..ROW
    },
    Command {
        name: "malloc-stats",
        summary: "Shows what the memory allocator tells of itself.",
        complexity: "Depends on how much memory is allocated, could be slow",
        handler: Engine(run::malloc_stats),
        ..REPORT
    },
    Command {
        name: "purge",
        arity: 2,
        summary: "Asks the memory allocator to give back what it does not need.",
        complexity: "Depends on how much memory is allocated, could be slow",
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        handler: Engine(run::purge),
        ..ROW
    },
    Command {
        name: "stats",
        summary: "Tells what takes how much memory.",
        handler: Engine(run::stats),
        ..REPORT
    },
    Command {
        name: "usage",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO", 2)],
        summary: "Tells how many bytes a key and its value take.",
        complexity: "O(N) where N is the number of samples.",
        syntax: "key [SAMPLES count]",
        handler: Data(run::usage),
        ..ROW
    },
];
