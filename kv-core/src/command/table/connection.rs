//! The rows of the connection commands.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, flag};
use crate::commands::connection as run;

const ROW: Command = Command { group: Group::Connection, ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[&Command {
    name: "ping",
    arity: -1,
    flags: flag::FAST,
    summary: "Answers PONG, or the message.",
    syntax: "[message]",
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    handler: Engine(run::ping),
    ..ROW
}];
