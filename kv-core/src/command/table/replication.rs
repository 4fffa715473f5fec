//! The rows of what concerns replicas. There are none yet: this server is a master on its own.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::server::absent;

const ROW: Command = Command {
    group: Group::Server,
    flags: flag::ADMIN | flag::NOSCRIPT | flag::STALE,
    ..Command::DEFAULT
};

const REPLICAOF: Command = Command {
    arity: 3,
    flags: ROW.flags | flag::NO_ASYNC_LOADING,
    summary: "Follows a master, or no one: that is all there is.",
    syntax: "args:(host-port:(host port:integer)|no-one:(NO ONE))",
    handler: Engine(absent::replicaof),
    ..ROW
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "failover",
        arity: -1,
        since: "6.2.0",
        summary: "Would make a replica the master.",
        syntax: "[target:(TO host port:integer [FORCE])] [ABORT] [TIMEOUT milliseconds]",
        handler: Engine(absent::failover),
        ..ROW
    },
    &Command { name: "replicaof", since: "5.0.0", ..REPLICAOF },
    &Command {
        name: "role",
        arity: 1,
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::FAST,
        categories: &["admin", "dangerous"],
        since: "2.8.12",
        summary: "Tells whether this server is a master, and its replicas.",
        handler: Engine(absent::role),
        ..ROW
    },
    &Command { name: "slaveof", deprecated: Some(("5.0.0", "`REPLICAOF`")), ..REPLICAOF },
];
