//! The rows of MODULE. There are no modules.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::help::help;
use crate::commands::server::absent;

const ROW: Command = Command { group: Group::Server, since: "4.0.0", ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "module",
    arity: -2,
    summary: "Loadable modules: there are none.",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..ROW
}];

const CHANGE: Command = Command {
    flags: flag::ADMIN | flag::NOSCRIPT | flag::NO_ASYNC_LOADING,
    handler: Engine(absent::modules),
    ..ROW
};

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "help",
        arity: 2,
        flags: flag::LOADING | flag::STALE,
        since: "5.0.0",
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..ROW
    },
    Command {
        name: "list",
        arity: 2,
        flags: flag::ADMIN | flag::NOSCRIPT,
        summary: "Lists the modules: none.",
        complexity: "O(N) where N is the number of loaded modules.",
        tips: &["nondeterministic_output_order"],
        handler: Engine(absent::module_list),
        ..ROW
    },
    Command {
        name: "load",
        arity: -3,
        summary: "Would load a module.",
        syntax: "path [arg [arg ...]]",
        ..CHANGE
    },
    Command {
        name: "loadex",
        arity: -3,
        since: "7.0.0",
        summary: "Would load a module with settings.",
        syntax: "path [CONFIG name value [CONFIG name value ...]] [ARGS arg [arg ...]]",
        ..CHANGE
    },
    Command {
        name: "unload",
        arity: 3,
        summary: "Would unload a module.",
        syntax: "name",
        ..CHANGE
    },
];
