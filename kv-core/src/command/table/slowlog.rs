//! The rows of SLOWLOG.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::help::help;
use crate::commands::server::slowlog as run;

const ROW: Command = Command { group: Group::Server, since: "2.2.12", ..Command::DEFAULT };

/// Possible at any time, whatever the state of the data.
const ANYTIME: u32 = flag::LOADING | flag::STALE;

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "slowlog",
    arity: -2,
    summary: "The commands that took long.",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..ROW
}];

const SUBCOMMAND: Command = Command { arity: 2, flags: flag::ADMIN | ANYTIME, ..ROW };

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "get",
        arity: -2,
        summary: "Shows the newest of them: number, time, microseconds, request, client.",
        complexity: "O(N) where N is the number of entries returned",
        syntax: "[count]",
        tips: &["request_policy:all_nodes", "nondeterministic_output"],
        handler: Engine(run::get),
        ..SUBCOMMAND
    },
    Command {
        name: "help",
        flags: ANYTIME,
        since: "6.2.0",
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..SUBCOMMAND
    },
    Command {
        name: "len",
        summary: "Counts them.",
        tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
        handler: Engine(run::len),
        ..SUBCOMMAND
    },
    Command {
        name: "reset",
        summary: "Forgets them.",
        complexity: "O(N) where N is the number of entries in the slowlog",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        handler: Engine(run::reset),
        ..SUBCOMMAND
    },
];
