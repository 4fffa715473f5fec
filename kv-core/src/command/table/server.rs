//! The rows of the server commands.

use crate::command::Handler::{Data, Engine};
use crate::command::{Command, Group, Scope, flag};
use crate::commands::help::help;
use crate::commands::server::{self as run, absent, config, debug, info, monitor};

const ROW: Command = Command { group: Group::Server, ..Command::DEFAULT };

/// Possible at any time, whatever the state of the data.
const ANYTIME: u32 = flag::LOADING | flag::STALE;

const FLUSH: Command = Command {
    arity: -1,
    flags: flag::WRITE,
    scope: Scope::Everything,
    categories: &["keyspace", "dangerous"],
    syntax: "[ASYNC|SYNC]",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    ..ROW
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "config",
        arity: -2,
        since: "2.0.0",
        summary: "The settings of the running server.",
        complexity: "Depends on subcommand.",
        subcommands: CONFIG,
        ..ROW
    },
    &Command {
        name: "dbsize",
        arity: 1,
        flags: flag::READONLY | flag::FAST,
        scope: Scope::Everything,
        categories: &["keyspace"],
        summary: "Counts the keys of the selected database.",
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
        handler: Data(run::dbsize),
        ..ROW
    },
    &Command {
        name: "debug",
        arity: -2,
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME | flag::PROTECTED,
        is_system: true,
        summary: "Helps to test the server, if 'enable-debug-command' allows it.",
        complexity: "Depends on subcommand.",
        handler: Engine(debug::debug),
        ..ROW
    },
    &Command {
        name: "flushall",
        summary: "Removes all keys of all databases.",
        complexity: "O(N) where N is the total number of keys in all databases",
        handler: Data(run::flushall),
        ..FLUSH
    },
    &Command {
        name: "flushdb",
        summary: "Removes all keys of the selected database.",
        complexity: "O(N) where N is the number of keys in the selected database",
        handler: Data(run::flushdb),
        ..FLUSH
    },
    &Command {
        name: "info",
        arity: -1,
        flags: ANYTIME,
        categories: &["dangerous"],
        summary: "Tells how the server is doing, in sections.",
        syntax: "[section [section ...]]",
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        handler: Engine(info::info),
        ..ROW
    },
    &Command {
        name: "lastsave",
        arity: 1,
        flags: ANYTIME | flag::FAST,
        categories: &["admin", "dangerous"],
        summary: "Tells when the data was last saved.",
        tips: &["nondeterministic_output"],
        handler: Engine(absent::lastsave),
        ..ROW
    },
    &Command {
        name: "lolwut",
        arity: -1,
        flags: flag::READONLY | flag::FAST,
        since: "5.0.0",
        summary: "Shows the version.",
        complexity: "",
        syntax: "[VERSION version:integer]",
        handler: Engine(absent::lolwut),
        ..ROW
    },
    &Command {
        name: "monitor",
        arity: 1,
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
        summary: "Shows this connection every command that the server runs.",
        handler: Engine(monitor::monitor),
        ..ROW
    },
    &Command {
        name: "swapdb",
        arity: 3,
        flags: flag::WRITE | flag::FAST,
        scope: Scope::Everything,
        categories: &["keyspace", "dangerous"],
        since: "4.0.0",
        summary: "Exchanges the contents of two databases.",
        complexity: "O(N) where N is the count of clients watching or blocking on keys from both databases.",
        syntax: "index1 index2",
        handler: Data(run::swapdb),
        ..ROW
    },
    &Command {
        name: "time",
        arity: 1,
        flags: ANYTIME | flag::FAST,
        since: "2.6.0",
        summary: "Gives the server's time in Unix seconds and microseconds.",
        tips: &["nondeterministic_output"],
        handler: Engine(run::time),
        ..ROW
    },
];

const SUBCOMMAND: Command =
    Command { arity: 2, flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME, since: "2.0.0", ..ROW };

const CONFIG: &[Command] = &[
    Command {
        name: "get",
        arity: -3,
        summary: "Gives the settings whose names match.",
        complexity: "O(N) when N is the number of configuration parameters provided",
        syntax: "parameter [parameter ...]",
        handler: Engine(config::get),
        ..SUBCOMMAND
    },
    Command {
        name: "help",
        flags: ANYTIME,
        since: "5.0.0",
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..SUBCOMMAND
    },
    Command {
        name: "resetstat",
        summary: "Starts the counters of INFO at zero again.",
        handler: Engine(config::resetstat),
        ..SUBCOMMAND
    },
    Command {
        name: "rewrite",
        since: "2.8.0",
        summary: "Writes the settings back to the configuration file.",
        handler: Engine(config::rewrite),
        ..SUBCOMMAND
    },
    Command {
        name: "set",
        arity: -4,
        summary: "Changes settings, all of them or none.",
        complexity: "O(N) when N is the number of configuration parameters provided",
        syntax: "parameter value [parameter value ...]",
        secrets: Some(config::is_secret),
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        handler: Engine(config::set),
        ..SUBCOMMAND
    },
];
