//! The rows of the connection commands.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::connection::{self as run, client, control, tracking};
use crate::commands::help::help;

const ROW: Command = Command { group: Group::Connection, ..Command::DEFAULT };

/// Possible at any time, whatever the state of the data.
const ANYTIME: u32 = flag::LOADING | flag::STALE;

/// Needed before a client may do anything else.
const HANDSHAKE: u32 = flag::NOSCRIPT | ANYTIME | flag::FAST | flag::NO_AUTH | flag::ALLOW_BUSY;

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "auth",
        arity: -2,
        flags: HANDSHAKE,
        summary: "Tells the server who the client is.",
        complexity: "O(N) where N is the number of passwords defined for the user",
        syntax: "[username] password",
        secrets: Some(|_, at| at > 0),
        handler: Engine(run::auth),
        ..ROW
    },
    &Command {
        name: "client",
        arity: -2,
        since: "2.4.0",
        summary: "Client connections: who they are and what they are called.",
        complexity: "Depends on subcommand.",
        subcommands: CLIENT,
        ..ROW
    },
    &Command {
        name: "echo",
        arity: 2,
        flags: ANYTIME | flag::FAST,
        summary: "Answers with the message.",
        syntax: "message",
        handler: Engine(run::echo),
        ..ROW
    },
    &Command {
        name: "hello",
        arity: -1,
        flags: HANDSHAKE,
        since: "6.0.0",
        summary: "Chooses the protocol version and describes the server.",
        syntax: "[arguments:(protover [AUTH username password] [SETNAME clientname])]",
        secrets: Some(run::is_hello_secret),
        handler: Engine(run::hello),
        ..ROW
    },
    &Command {
        name: "ping",
        is_for_subscribers: true,
        arity: -1,
        flags: flag::FAST,
        summary: "Answers PONG, or the message.",
        syntax: "[message]",
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        handler: Engine(run::ping),
        ..ROW
    },
    &Command {
        name: "quit",
        is_for_subscribers: true,
        is_immediate: true,
        deprecated: Some(("7.2.0", "just closing the connection")),
        arity: -1,
        flags: HANDSHAKE,
        summary: "Closes the connection once the replies are sent.",
        handler: Engine(run::quit),
        ..ROW
    },
    &Command {
        name: "reset",
        is_for_subscribers: true,
        is_immediate: true,
        arity: 1,
        flags: HANDSHAKE,
        since: "6.2.0",
        summary: "Takes the session back to the state of a new one.",
        handler: Engine(run::reset),
        ..ROW
    },
    &Command {
        name: "select",
        arity: 2,
        flags: ANYTIME | flag::FAST,
        summary: "Chooses the database that the following commands work on.",
        syntax: "index",
        handler: Engine(run::select),
        ..ROW
    },
];

const SUBCOMMAND: Command =
    Command { arity: 2, flags: flag::NOSCRIPT | ANYTIME, since: "2.6.9", ..ROW };

const TO_ALL_NODES: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

const CLIENT: &[Command] = &[
    Command {
        name: "caching",
        arity: 3,
        since: "6.0.0",
        summary: "Says whether what the next request reads is tracked.",
        syntax: "mode:(YES|NO)",
        handler: Engine(tracking::caching),
        ..SUBCOMMAND
    },
    Command {
        name: "getname",
        summary: "Gives the name of this connection.",
        handler: Engine(client::getname),
        ..SUBCOMMAND
    },
    Command {
        name: "getredir",
        since: "6.0.0",
        summary: "Tells which connection gets the invalidations of this one.",
        handler: Engine(tracking::getredir),
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
        name: "id",
        since: "5.0.0",
        summary: "Gives the number of this connection.",
        handler: Engine(client::id),
        ..SUBCOMMAND
    },
    Command {
        name: "info",
        since: "6.2.0",
        summary: "Describes this connection.",
        tips: &["nondeterministic_output"],
        handler: Engine(client::info),
        ..SUBCOMMAND
    },
    Command {
        name: "kill",
        arity: -3,
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
        since: "2.4.0",
        summary: "Closes connections.",
        complexity: "O(N) where N is the number of client connections",
        syntax: "filter:(old-format|new-format:(ID client-id|TYPE client-type:(NORMAL|MASTER|SLAVE|REPLICA|PUBSUB)|USER username|ADDR address|LADDR address|SKIPME skipme:(YES|NO)|MAXAGE maxage)...)",
        handler: Engine(control::kill),
        ..SUBCOMMAND
    },
    Command {
        name: "list",
        arity: -2,
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
        since: "2.4.0",
        summary: "Describes the open connections, one in a line.",
        complexity: "O(N) where N is the number of client connections",
        syntax: "[TYPE client-type:(NORMAL|MASTER|REPLICA|PUBSUB)] [ID client-id [client-id ...]]",
        tips: &["nondeterministic_output"],
        handler: Engine(client::list),
        ..SUBCOMMAND
    },
    Command {
        name: "no-evict",
        arity: 3,
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
        since: "7.0.0",
        summary: "Sets whether this connection may be closed to make room.",
        syntax: "ON|OFF",
        handler: Engine(client::no_evict),
        ..SUBCOMMAND
    },
    Command {
        name: "no-touch",
        arity: 3,
        since: "7.2.0",
        summary: "Sets whether what this connection does to keys counts as their use.",
        syntax: "ON|OFF",
        handler: Engine(client::no_touch),
        ..SUBCOMMAND
    },
    Command {
        name: "pause",
        arity: -3,
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
        since: "3.0.0",
        summary: "Puts off the requests of all clients, or those that may write, for some milliseconds.",
        syntax: "timeout [mode:(WRITE|ALL)]",
        handler: Engine(control::pause),
        ..SUBCOMMAND
    },
    Command {
        name: "reply",
        arity: 3,
        since: "3.2.0",
        summary: "Says whether this connection wants replies; SKIP drops that to the next request.",
        syntax: "action:(ON|OFF|SKIP)",
        handler: Engine(control::reply),
        ..SUBCOMMAND
    },
    Command {
        name: "setinfo",
        arity: 4,
        since: "7.2.0",
        summary: "Tells which library the client uses.",
        syntax: "LIB-NAME libname|LIB-VER libver",
        tips: TO_ALL_NODES,
        handler: Engine(client::setinfo),
        ..SUBCOMMAND
    },
    Command {
        name: "setname",
        arity: 3,
        summary: "Names this connection; an empty name takes the name away.",
        syntax: "connection-name",
        tips: TO_ALL_NODES,
        handler: Engine(client::setname),
        ..SUBCOMMAND
    },
    Command {
        name: "tracking",
        arity: -3,
        since: "6.0.0",
        summary: "Sets whether this connection is told of changes of what it has read.",
        complexity: "O(1). Some options may introduce additional complexity.",
        syntax: "status:(ON|OFF) [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
        handler: Engine(tracking::tracking),
        ..SUBCOMMAND
    },
    Command {
        name: "trackinginfo",
        since: "6.2.0",
        summary: "Tells how the keys that this connection reads are tracked.",
        handler: Engine(tracking::trackinginfo),
        ..SUBCOMMAND
    },
    Command {
        name: "unblock",
        arity: -3,
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
        since: "5.0.0",
        summary: "Has a connection that waits for data get its reply at once.",
        complexity: "O(log N) where N is the number of client connections",
        syntax: "client-id [unblock-type:(TIMEOUT|ERROR)]",
        handler: Engine(control::unblock),
        ..SUBCOMMAND
    },
    Command {
        name: "unpause",
        flags: flag::ADMIN | flag::NOSCRIPT | ANYTIME,
        since: "6.2.0",
        summary: "Ends a pause.",
        complexity: "O(N) where N is the number of paused clients",
        handler: Engine(control::unpause),
        ..SUBCOMMAND
    },
];
