//! The rows of LATENCY.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::help::help;
use crate::commands::server::latency as run;

const ROW: Command = Command { group: Group::Server, since: "2.8.13", ..Command::DEFAULT };

/// Possible at any time, whatever the state of the data.
const ANYTIME: u32 = flag::LOADING | flag::STALE;

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "latency",
    arity: -2,
    summary: "What took long, and how long commands take.",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..ROW
}];

const SUBCOMMAND: Command = Command {
    arity: 2,
    flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    ..ROW
};

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "doctor",
        summary: "Says in words what took long, and what may help.",
        handler: Engine(run::doctor),
        ..SUBCOMMAND
    },
    Command {
        name: "graph",
        arity: 3,
        summary: "Draws the samples of an event.",
        syntax: "event",
        handler: Engine(run::graph),
        ..SUBCOMMAND
    },
    Command {
        name: "help",
        flags: ANYTIME,
        summary: "Lists the subcommands.",
        handler: Engine(help),
        tips: &[],
        ..SUBCOMMAND
    },
    Command {
        name: "histogram",
        arity: -2,
        since: "7.0.0",
        summary: "Counts how often commands took how long.",
        complexity: "O(N) where N is the number of commands with latency information being retrieved.",
        syntax: "[command [command ...]]",
        handler: Engine(run::histogram),
        ..SUBCOMMAND
    },
    Command {
        name: "history",
        arity: 3,
        summary: "Lists the samples of an event.",
        syntax: "event",
        handler: Engine(run::history),
        ..SUBCOMMAND
    },
    Command {
        name: "latest",
        summary: "Tells of each event the last sample and the longest.",
        handler: Engine(run::latest),
        ..SUBCOMMAND
    },
    Command {
        name: "reset",
        arity: -2,
        summary: "Forgets the samples of events, or of all of them.",
        syntax: "[event [event ...]]",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        handler: Engine(run::reset),
        ..SUBCOMMAND
    },
];
