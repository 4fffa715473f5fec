//! The rows of the publish and subscribe commands.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, KeySpec, flag};
use crate::commands::help::help;
use crate::commands::pubsub as run;

const ROW: Command = Command { group: Group::PubSub, ..Command::DEFAULT };

const PUBLISH: u32 = flag::PUBSUB | flag::LOADING | flag::STALE | flag::FAST | flag::MAY_REPLICATE;

const LISTEN: u32 = flag::PUBSUB | flag::NOSCRIPT | flag::LOADING | flag::STALE;

const LISTENING: Command = Command {
    arity: -1,
    flags: LISTEN,
    since: "2.0.0",
    complexity: "O(N), N being the number of names given or subscribed to.",
    is_for_subscribers: true,
    ..ROW
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "psubscribe",
        arity: -2,
        summary: "Listens to the channels whose names match patterns.",
        syntax: "pattern [pattern ...]",
        handler: Engine(run::psubscribe),
        ..LISTENING
    },
    &Command {
        name: "publish",
        arity: 3,
        flags: PUBLISH,
        since: "2.0.0",
        summary: "Tells the subscribers of a channel something, and how many they are.",
        complexity: "O(N+M), N being the number of subscribers of the channel and M the number of patterns that anybody listens to.",
        syntax: "channel message",
        handler: Engine(run::publish),
        ..ROW
    },
    &Command {
        name: "pubsub",
        arity: -2,
        since: "2.8.0",
        summary: "Channels: which there are, and how many listen to them.",
        complexity: "Depends on subcommand.",
        subcommands: PUBSUB,
        ..ROW
    },
    &Command {
        name: "punsubscribe",
        summary: "Listens no more to the channels whose names match patterns.",
        syntax: "[pattern [pattern ...]]",
        handler: Engine(run::punsubscribe),
        ..LISTENING
    },
    &Command {
        name: "spublish",
        arity: 3,
        flags: PUBLISH,
        keys: &[KeySpec::one("not_key", 1)],
        since: "7.0.0",
        summary: "Tells the subscribers of a shard channel something, and how many they are.",
        complexity: "O(N), N being the number of subscribers of the channel.",
        syntax: "shardchannel message",
        handler: Engine(run::spublish),
        ..ROW
    },
    &Command {
        name: "ssubscribe",
        arity: -2,
        keys: &[KeySpec::all("not_key", 1)],
        since: "7.0.0",
        summary: "Listens to shard channels.",
        syntax: "shardchannel [shardchannel ...]",
        handler: Engine(run::ssubscribe),
        ..LISTENING
    },
    &Command {
        name: "subscribe",
        arity: -2,
        summary: "Listens to channels.",
        syntax: "channel [channel ...]",
        handler: Engine(run::subscribe),
        ..LISTENING
    },
    &Command {
        name: "sunsubscribe",
        keys: &[KeySpec::all("not_key", 1)],
        since: "7.0.0",
        summary: "Listens no more to shard channels.",
        syntax: "[shardchannel [shardchannel ...]]",
        handler: Engine(run::sunsubscribe),
        ..LISTENING
    },
    &Command {
        name: "unsubscribe",
        summary: "Listens no more to channels.",
        syntax: "[channel [channel ...]]",
        handler: Engine(run::unsubscribe),
        ..LISTENING
    },
];

const SUBCOMMAND: Command = Command {
    arity: -2,
    flags: flag::PUBSUB | flag::LOADING | flag::STALE,
    since: "2.8.0",
    complexity: "O(N), N being the number of channels.",
    ..ROW
};

const PUBSUB: &[Command] = &[
    Command {
        name: "channels",
        summary: "Lists the channels that somebody listens to.",
        syntax: "[pattern]",
        handler: Engine(run::channels),
        ..SUBCOMMAND
    },
    Command {
        name: "help",
        arity: 2,
        flags: flag::LOADING | flag::STALE,
        since: "6.2.0",
        summary: "Lists the subcommands.",
        complexity: "O(1)",
        handler: Engine(help),
        ..SUBCOMMAND
    },
    Command {
        name: "numpat",
        arity: 2,
        summary: "Tells how many patterns anybody listens to.",
        complexity: "O(1)",
        handler: Engine(run::numpat),
        ..SUBCOMMAND
    },
    Command {
        name: "numsub",
        summary: "Tells how many listen to channels.",
        syntax: "[channel [channel ...]]",
        handler: Engine(run::numsub),
        ..SUBCOMMAND
    },
    Command {
        name: "shardchannels",
        since: "7.0.0",
        summary: "Lists the shard channels that somebody listens to.",
        syntax: "[pattern]",
        handler: Engine(run::shardchannels),
        ..SUBCOMMAND
    },
    Command {
        name: "shardnumsub",
        since: "7.0.0",
        summary: "Tells how many listen to shard channels.",
        syntax: "[shardchannel [shardchannel ...]]",
        handler: Engine(run::shardnumsub),
        ..SUBCOMMAND
    },
];
