//! The rows of CLUSTER and of what goes with it. There is no cluster: all but HELP say so.

use crate::command::Handler::{self, Engine};
use crate::command::{Command, Group, flag};
use crate::commands::help::help;
use crate::commands::server::absent;

const ROW: Command = Command {
    group: Group::Cluster,
    since: "3.0.0",
    handler: Engine(absent::cluster),
    ..Command::DEFAULT
};

const CONNECTION: Command = Command {
    arity: 1,
    flags: flag::LOADING | flag::STALE | flag::FAST,
    categories: &["connection"],
    ..ROW
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "asking",
        flags: flag::FAST,
        summary: "Would let the next command reach a slot that is moving.",
        ..CONNECTION
    },
    &Command {
        name: "cluster",
        arity: -2,
        summary: "Several servers that share the keys: there is no such thing here.",
        complexity: "Depends on subcommand.",
        subcommands: SUBCOMMANDS,
        handler: Handler::Container,
        ..ROW
    },
    &Command {
        name: "readonly",
        summary: "Would let this connection read from a replica.",
        ..CONNECTION
    },
    &Command { name: "readwrite", summary: "Would end what READONLY began.", ..CONNECTION },
];

const SUBCOMMAND: Command = Command { arity: 2, flags: flag::STALE, ..ROW };

const ADMIN: u32 = flag::ADMIN | flag::STALE;

const SUBCOMMANDS: &[Command] = &[
    Command {
        name: "addslots",
        arity: -3,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would assign slots to this node.",
        complexity: "O(N) where N is the total number of hash slot arguments",
        syntax: "slot:integer [slot:integer ...]",
        ..SUBCOMMAND
    },
    Command {
        name: "addslotsrange",
        arity: -4,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        since: "7.0.0",
        summary: "Would assign ranges of slots to this node.",
        complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
        syntax: "start-slot:integer end-slot:integer [start-slot:integer end-slot:integer ...]",
        ..SUBCOMMAND
    },
    Command {
        name: "bumpepoch",
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would advance the configuration's epoch.",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "count-failure-reports",
        arity: 3,
        flags: ADMIN,
        summary: "Would count the reports that a node has failed.",
        complexity: "O(N) where N is the number of failure reports",
        syntax: "node-id",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "countkeysinslot",
        arity: 3,
        summary: "Would count the keys of a slot.",
        syntax: "slot:integer",
        ..SUBCOMMAND
    },
    Command {
        name: "delslots",
        arity: -3,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would take slots from this node.",
        complexity: "O(N) where N is the total number of hash slot arguments",
        syntax: "slot:integer [slot:integer ...]",
        ..SUBCOMMAND
    },
    Command {
        name: "delslotsrange",
        arity: -4,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        since: "7.0.0",
        summary: "Would take ranges of slots from this node.",
        complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
        syntax: "start-slot:integer end-slot:integer [start-slot:integer end-slot:integer ...]",
        ..SUBCOMMAND
    },
    Command {
        name: "failover",
        arity: -2,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would make this replica the master.",
        syntax: "[options:(FORCE|TAKEOVER)]",
        ..SUBCOMMAND
    },
    Command {
        name: "flushslots",
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would take all slots from this node.",
        ..SUBCOMMAND
    },
    Command {
        name: "forget",
        arity: 3,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would forget a node.",
        syntax: "node-id",
        ..SUBCOMMAND
    },
    Command {
        name: "getkeysinslot",
        arity: 4,
        summary: "Would list keys of a slot.",
        complexity: "O(log(N)) where N is the number of requested keys",
        syntax: "slot:integer count",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "help",
        flags: flag::LOADING | flag::STALE,
        since: "5.0.0",
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..SUBCOMMAND
    },
    Command {
        name: "info",
        summary: "Would describe the state of the cluster.",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "keyslot",
        arity: 3,
        summary: "Would tell the slot of a key.",
        complexity: "O(N) where N is the number of bytes in the key",
        syntax: "key:string",
        ..SUBCOMMAND
    },
    Command {
        name: "links",
        since: "7.0.0",
        summary: "Would list the links to other nodes.",
        complexity: "O(N) where N is the total number of Cluster nodes",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "meet",
        arity: -4,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would greet another node.",
        syntax: "ip port:integer [cluster-bus-port:integer]",
        ..SUBCOMMAND
    },
    Command { name: "myid", summary: "Would tell the node's name.", ..SUBCOMMAND },
    Command {
        name: "myshardid",
        since: "7.2.0",
        summary: "Would tell the name of the node's shard.",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "nodes",
        summary: "Would describe all nodes.",
        complexity: "O(N) where N is the total number of Cluster nodes",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "replicas",
        arity: 3,
        flags: ADMIN,
        since: "5.0.0",
        summary: "Would list the replicas of a node.",
        syntax: "node-id",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "replicate",
        arity: 3,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would make this node a replica.",
        syntax: "node-id",
        ..SUBCOMMAND
    },
    Command {
        name: "reset",
        arity: -2,
        flags: ADMIN | flag::NOSCRIPT,
        summary: "Would forget the cluster.",
        complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
        syntax: "[reset-type:(HARD|SOFT)]",
        ..SUBCOMMAND
    },
    Command {
        name: "saveconfig",
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would write the configuration to disk.",
        ..SUBCOMMAND
    },
    Command {
        name: "set-config-epoch",
        arity: 3,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would set the configuration's epoch.",
        syntax: "config-epoch:integer",
        ..SUBCOMMAND
    },
    Command {
        name: "setslot",
        arity: -4,
        flags: ADMIN | flag::NO_ASYNC_LOADING,
        summary: "Would set the state of a slot.",
        syntax: "slot:integer subcommand:(IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE)",
        ..SUBCOMMAND
    },
    Command {
        name: "shards",
        since: "7.0.0",
        summary: "Would list slots and nodes shard by shard.",
        complexity: "O(N) where N is the total number of cluster nodes",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "slaves",
        arity: 3,
        flags: ADMIN,
        deprecated: Some(("5.0.0", "`CLUSTER REPLICAS`")),
        summary: "Would list the replicas of a node.",
        syntax: "node-id",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
    Command {
        name: "slots",
        deprecated: Some(("7.0.0", "`CLUSTER SHARDS`")),
        summary: "Would list slots with their nodes.",
        complexity: "O(N) where N is the total number of Cluster nodes",
        tips: &["nondeterministic_output"],
        ..SUBCOMMAND
    },
];
