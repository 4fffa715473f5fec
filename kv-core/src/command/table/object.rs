//! The rows of OBJECT.

use crate::command::Handler::{Data, Engine};
use crate::command::{Command, Group, KeySpec, flag};
use crate::commands::help::help;
use crate::commands::object as run;

const ROW: Command = Command { group: Group::Generic, since: "2.2.3", ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "object",
    arity: -2,
    summary: "How values are kept and how keys are used.",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..ROW
}];

const OF_KEY: Command = Command {
    arity: 3,
    flags: flag::READONLY,
    keys: &[KeySpec::one("RO", 2)],
    syntax: "key",
    tips: &["nondeterministic_output"],
    ..ROW
};

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "encoding",
        summary: "Names the form in which the key's value is kept.",
        handler: Data(run::encoding),
        ..OF_KEY
    },
    Command {
        name: "freq",
        since: "4.0.0",
        summary: "Tells, on a logarithmic scale, how often the key is used.",
        handler: Data(run::freq),
        ..OF_KEY
    },
    Command {
        name: "help",
        arity: 2,
        flags: flag::LOADING | flag::STALE,
        since: "6.2.0",
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..ROW
    },
    Command {
        name: "idletime",
        summary: "Tells for how many seconds the key was not used.",
        handler: Data(run::idletime),
        ..OF_KEY
    },
    Command {
        name: "refcount",
        summary: "Counts the references to the key's value.",
        handler: Data(run::refcount),
        ..OF_KEY
    },
];
