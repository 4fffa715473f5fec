//! The rows of the string commands.

use crate::command::Handler::Data;
use crate::command::{Command, Group, KeySpec, flag};
use crate::commands::string as run;

const ROW: Command = Command { group: Group::String, ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "get",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives the string at a key.",
        syntax: "key",
        handler: Data(run::get),
        ..ROW
    },
    &Command {
        name: "set",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW access update variable_flags", 1)],
        summary: "Stores a string at a key, whatever was there.",
        syntax: "key value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
        handler: Data(run::set),
        ..ROW
    },
];
