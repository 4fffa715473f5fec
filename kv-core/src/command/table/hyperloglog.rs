//! The rows of the HyperLogLog commands.

use crate::command::Handler::Data;
use crate::command::{Begin, Command, Find, Group, KeySpec, flag};
use crate::commands::hyperloglog as run;

const ROW: Command = Command { group: Group::HyperLogLog, since: "2.8.9", ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "pfadd",
        arity: -2,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW insert", 1)],
        summary: "Adds elements to a HyperLogLog, which it creates if there is none.",
        complexity: "O(1) for each element",
        syntax: "key [element [element ...]]",
        handler: Data(run::pfadd),
        ..ROW
    },
    &Command {
        name: "pfcount",
        arity: -2,
        flags: flag::READONLY | flag::MAY_REPLICATE,
        // The count is kept in the HyperLogLog.
        keys: &[KeySpec::all("RW access", 1)],
        summary: "Estimates how many different elements were added to one or several HyperLogLogs.",
        complexity: "O(1) with one key, mostly; O(N), N being the number of keys, with a much larger constant, with several",
        syntax: "key [key ...]",
        handler: Data(run::pfcount),
        ..ROW
    },
    &Command {
        name: "pfdebug",
        is_system: true,
        arity: 3,
        flags: flag::WRITE | flag::DENYOOM | flag::ADMIN,
        keys: &[KeySpec::one("RW access", 2)],
        summary: "Shows or changes the form in which a HyperLogLog is kept.",
        complexity: "N/A",
        syntax: "subcommand key",
        handler: Data(run::pfdebug),
        ..ROW
    },
    &Command {
        name: "pfmerge",
        arity: -2,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[
            KeySpec::one("RW access insert", 1),
            KeySpec {
                access: "RO access",
                begin: Begin::Index(2),
                find: Find::Range { last: -1, step: 1 },
            },
        ],
        summary: "Makes a HyperLogLog the union of itself and others.",
        complexity: "O(N), N being the number of keys, with a large constant",
        syntax: "destkey [sourcekey [sourcekey ...]]",
        handler: Data(run::pfmerge),
        ..ROW
    },
    &Command {
        name: "pfselftest",
        is_system: true,
        arity: 1,
        flags: flag::ADMIN,
        summary: "Checks that HyperLogLogs count as they should.",
        complexity: "N/A",
        handler: Data(run::pfselftest),
        ..ROW
    },
];
