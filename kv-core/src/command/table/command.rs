//! The rows of COMMAND, by which clients ask for the table.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::command as run;
use crate::commands::help::help;

const ROW: Command = Command {
    group: Group::Server,
    categories: &["connection"],
    flags: flag::LOADING | flag::STALE,
    since: "2.8.13",
    ..Command::DEFAULT
};

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "command",
    arity: -1,
    summary: "Describes all commands.",
    complexity: "O(N) where N is the number of commands",
    tips: &["nondeterministic_output_order"],
    handler: Engine(run::command),
    subcommands: SUBCOMMANDS,
    ..ROW
}];

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "count",
        arity: 2,
        summary: "Counts the commands, without their subcommands.",
        handler: Engine(run::count),
        ..ROW
    },
    Command {
        name: "docs",
        arity: -2,
        since: "7.0.0",
        summary: "Documents commands: what they do and the arguments they take.",
        complexity: "O(N) where N is the number of commands to document",
        syntax: "[command-name [command-name ...]]",
        tips: &["nondeterministic_output_order"],
        handler: Engine(run::docs),
        ..ROW
    },
    Command {
        name: "getkeys",
        arity: -3,
        summary: "Picks the keys out of a whole request.",
        complexity: "O(N) where N is the number of arguments of the request",
        syntax: "command [arg [arg ...]]",
        handler: Engine(run::getkeys),
        ..ROW
    },
    Command {
        name: "getkeysandflags",
        arity: -3,
        since: "7.0.0",
        summary: "Picks the keys out of a whole request and tells what it does to each.",
        complexity: "O(N) where N is the number of arguments of the request",
        syntax: "command [arg [arg ...]]",
        handler: Engine(run::getkeysandflags),
        ..ROW
    },
    Command {
        name: "help",
        arity: 2,
        since: "5.0.0",
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..ROW
    },
    Command {
        name: "info",
        arity: -2,
        summary: "Describes the commands of these names, or all.",
        complexity: "O(N) where N is the number of commands to describe",
        syntax: "[command-name [command-name ...]]",
        tips: &["nondeterministic_output_order"],
        handler: Engine(run::info),
        ..ROW
    },
    Command {
        name: "list",
        arity: -2,
        since: "7.0.0",
        summary: "Names the commands and subcommands, or those that a filter lets through.",
        complexity: "O(N) where N is the number of commands",
        syntax: "[FILTERBY filterby:(MODULE module-name|ACLCAT category|PATTERN pattern)]",
        tips: &["nondeterministic_output_order"],
        handler: Engine(run::list),
        ..ROW
    },
];
