//! The rows of the transaction commands.

use crate::command::Handler::Engine;
use crate::command::{Command, Group, KeySpec, flag};
use crate::commands::transaction as run;

const ROW: Command = Command {
    group: Group::Transactions,
    flags: flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::FAST | flag::ALLOW_BUSY,
    is_immediate: true,
    ..Command::DEFAULT
};

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "discard",
        since: "2.0.0",
        summary: "Forgets the transaction that is being queued.",
        complexity: "O(N), N being the number of queued requests.",
        handler: Engine(run::discard),
        ..ROW
    },
    &Command {
        name: "exec",
        flags: flag::NOSCRIPT | flag::LOADING | flag::STALE | flag::SKIP_SLOWLOG,
        since: "1.2.0",
        summary: "Runs the queued requests together, unless a watched key has changed.",
        complexity: "That of the queued requests.",
        handler: Engine(run::exec),
        ..ROW
    },
    &Command {
        name: "multi",
        since: "1.2.0",
        summary: "Has the requests that follow queued until EXEC.",
        handler: Engine(run::multi),
        ..ROW
    },
    &Command {
        name: "unwatch",
        is_immediate: false,
        since: "2.2.0",
        summary: "Forgets all watched keys.",
        handler: Engine(run::unwatch),
        ..ROW
    },
    &Command {
        name: "watch",
        arity: -2,
        keys: &[KeySpec::all("RO", 1)],
        since: "2.2.0",
        summary: "Has the next EXEC run nothing if one of these keys changes before.",
        complexity: "O(1) for each key.",
        syntax: "key [key ...]",
        handler: Engine(run::watch),
        ..ROW
    },
];
