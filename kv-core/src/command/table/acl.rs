//! The rows of ACL.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::acl as run;
use crate::commands::help::help;

const ROW: Command = Command { group: Group::Server, since: "6.0.0", ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "acl",
    arity: -2,
    summary: "Users, and what they may do.",
    complexity: "Depends on subcommand.",
    subcommands: SUBCOMMANDS,
    ..ROW
}];

const HARMLESS: Command =
    Command { arity: 2, flags: flag::NOSCRIPT | flag::LOADING | flag::STALE, ..ROW };

const ADMIN: Command = Command { flags: flag::ADMIN | HARMLESS.flags, ..HARMLESS };

const PER_USER: &str = "O(N). Where N is the number of configured users.";

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "cat",
        arity: -2,
        summary: "Lists the categories of commands, or the commands of one.",
        complexity: "O(1) since the categories and commands are a fixed set.",
        syntax: "[categoryname]",
        handler: Engine(run::cat),
        ..HARMLESS
    },
    Command {
        name: "deluser",
        arity: -3,
        summary: "Removes users; the default user stays.",
        complexity: "O(1) amortized time considering the typical user.",
        syntax: "username [username ...]",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        secrets: Some(|_, at| at >= 2),
        handler: Engine(run::deluser),
        ..ADMIN
    },
    Command {
        name: "dryrun",
        arity: -4,
        since: "7.0.0",
        summary: "Tells whether a user may run a command, without running it.",
        complexity: "O(1).",
        syntax: "username command [arg [arg ...]]",
        handler: Engine(run::dryrun),
        ..ADMIN
    },
    Command {
        name: "getuser",
        arity: 3,
        summary: "Gives the rules of a user.",
        complexity: "O(N). Where N is the number of password, command and pattern rules that the user has.",
        syntax: "username",
        handler: Engine(run::getuser),
        ..ADMIN
    },
    Command {
        name: "help",
        flags: flag::LOADING | flag::STALE,
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..HARMLESS
    },
    Command {
        name: "list",
        summary: "Gives the rules of every user, one in a line.",
        complexity: PER_USER,
        handler: Engine(run::list),
        ..ADMIN
    },
    Command {
        name: "load",
        summary: "Reads the users from a file; there is none.",
        complexity: PER_USER,
        handler: Engine(run::file),
        ..ADMIN
    },
    Command {
        name: "log",
        arity: -2,
        summary: "Lists what was denied to users, or forgets it.",
        complexity: "O(N) with N being the number of entries shown.",
        syntax: "[count|RESET]",
        handler: Engine(run::log),
        ..ADMIN
    },
    Command {
        name: "save",
        summary: "Writes the users into a file; there is none.",
        complexity: PER_USER,
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        handler: Engine(run::file),
        ..ADMIN
    },
    Command {
        name: "setuser",
        arity: -3,
        summary: "Changes the rules of a user; they cannot be changed.",
        complexity: "O(N). Where N is the number of rules provided.",
        syntax: "username [rule [rule ...]]",
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        secrets: Some(|_, at| at >= 2),
        handler: Engine(run::setuser),
        ..ADMIN
    },
    Command {
        name: "users",
        summary: "Lists the names of all users.",
        complexity: PER_USER,
        handler: Engine(run::users),
        ..ADMIN
    },
    Command {
        name: "whoami",
        summary: "Gives the name of the user behind this connection.",
        handler: Engine(run::whoami),
        ..HARMLESS
    },
];
