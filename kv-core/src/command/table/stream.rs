//! The rows of the stream commands.

use crate::command::Handler::{Data, Engine};
use crate::command::{Begin, Command, Effort, Find, Group, KeySpec, flag};
use crate::commands::help::help;
use crate::commands::stream as run;

const ROW: Command = Command { group: Group::Stream, since: "5.0.0", ..Command::DEFAULT };

const fn behind_streams(from: i32) -> KeySpec {
    KeySpec { access: "RO access", begin: Begin::Keyword("STREAMS", from), find: Find::Half }
}

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "xack",
        arity: -4,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        summary: "Notes that pending entries of a group are done with.",
        complexity: "O(log N) for each ID, N being the number of pending entries.",
        syntax: "key group id [id ...]",
        handler: Data(run::group::xack),
        ..ROW
    },
    &Command {
        name: "xadd",
        arity: -5,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        summary: "Adds an entry at the end of a stream, which it makes if it must.",
        complexity: "O(1), and O(N) for trimming, N being the number of entries that go.",
        syntax: "key [NOMKSTREAM] [trim:(strategy:(MAXLEN|MINID) operator:[=|~] threshold [LIMIT count])] id-selector:(*|id) data:(field value)...",
        tips: &["nondeterministic_output"],
        effort: Effort::Bare,
        handler: Data(run::xadd),
        ..ROW
    },
    &Command {
        name: "xautoclaim",
        arity: -6,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW delete", 1)],
        since: "6.2.0",
        summary: "Takes over pending entries that others left alone for a while.",
        complexity: "O(N), N being the number of pending entries looked at.",
        syntax: "key group consumer min-idle-time start:string [COUNT count] [JUSTID]",
        tips: &["nondeterministic_output"],
        handler: Data(run::claim::xautoclaim),
        ..ROW
    },
    &Command {
        name: "xclaim",
        arity: -6,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        summary: "Takes over these pending entries.",
        complexity: "O(log N) for each ID, N being the number of pending entries.",
        syntax: "key group consumer min-idle-time id [id ...] [IDLE ms:integer] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
        tips: &["nondeterministic_output"],
        handler: Data(run::claim::xclaim),
        ..ROW
    },
    &Command {
        name: "xdel",
        arity: -3,
        flags: flag::WRITE | flag::FAST,
        keys: &[KeySpec::one("RW delete", 1)],
        summary: "Removes entries from a stream.",
        complexity: "O(log N) for each ID, N being the length of the stream.",
        syntax: "key id [id ...]",
        handler: Data(run::xdel),
        ..ROW
    },
    &Command {
        name: "xgroup",
        arity: -2,
        summary: "Makes and changes groups of consumers.",
        complexity: "Depends on subcommand.",
        subcommands: GROUP_SUBCOMMANDS,
        ..ROW
    },
    &Command {
        name: "xinfo",
        arity: -2,
        summary: "Shows streams, groups and consumers.",
        complexity: "Depends on subcommand.",
        subcommands: INFO_SUBCOMMANDS,
        ..ROW
    },
    &Command {
        name: "xlen",
        arity: 2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO", 1)],
        summary: "Tells how many entries a stream has.",
        syntax: "key",
        handler: Data(run::xlen),
        ..ROW
    },
    &Command {
        name: "xpending",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Shows what a group has been given and not acknowledged.",
        complexity: "O(N), N being the number of entries shown or passed over, or of consumers.",
        syntax: "key group [filters:([IDLE min-idle-time:integer] start:string end:string count [consumer])]",
        tips: &["nondeterministic_output"],
        handler: Data(run::pending::xpending),
        ..ROW
    },
    &Command {
        name: "xrange",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives the entries between two IDs.",
        complexity: "O(log N + M), N being the length of the stream and M the number of entries given.",
        syntax: "key start:string end:string [COUNT count]",
        handler: Data(run::xrange),
        ..ROW
    },
    &Command {
        name: "xread",
        arity: -4,
        flags: flag::READONLY | flag::BLOCKING,
        keys: &[behind_streams(1)],
        summary: "Gives the entries of streams that follow given IDs.",
        complexity: "O(log N + M) for each stream, N being its length and M the number of entries given.",
        syntax: "[COUNT count] [BLOCK milliseconds] STREAMS streams:(key [key ...] id [id ...])",
        handler: Data(run::read::xread),
        ..ROW
    },
    &Command {
        name: "xreadgroup",
        arity: -7,
        flags: flag::WRITE | flag::BLOCKING,
        keys: &[behind_streams(4)],
        summary: "Gives a consumer the entries that its group has not had yet, or those that it was given before.",
        complexity: "O(M log N) for each stream, M being the number of entries given and N that of pending ones.",
        syntax: "GROUP group-block:(group consumer) [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS streams:(key [key ...] id [id ...])",
        handler: Data(run::read::xreadgroup),
        ..ROW
    },
    &Command {
        name: "xrevrange",
        arity: -4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        summary: "Gives the entries between two IDs, the last first.",
        complexity: "O(log N + M), N being the length of the stream and M the number of entries given.",
        syntax: "key end:string start:string [COUNT count]",
        handler: Data(run::xrevrange),
        ..ROW
    },
    &Command {
        name: "xsetid",
        arity: -3,
        flags: flag::WRITE | flag::DENYOOM | flag::FAST,
        keys: &[KeySpec::one("RW update", 1)],
        summary: "Sets the last ID of a stream, and what else it remembers.",
        syntax: "key last-id [ENTRIESADDED entries-added:integer] [MAXDELETEDID max-deleted-id]",
        handler: Data(run::xsetid),
        ..ROW
    },
    &Command {
        name: "xtrim",
        arity: -4,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 1)],
        summary: "Removes the first entries of a stream.",
        complexity: "O(N), N being the number of entries that go.",
        syntax: "key trim:(strategy:(MAXLEN|MINID) operator:[=|~] threshold [LIMIT count])",
        tips: &["nondeterministic_output"],
        handler: Data(run::xtrim),
        ..ROW
    },
];

const GROUP_SUBCOMMANDS: &[Command] = &[
    Command {
        name: "create",
        arity: -5,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW insert", 2)],
        summary: "Adds a group to a stream.",
        syntax: "key group id-selector:(id|$) [MKSTREAM] [ENTRIESREAD entries-read:integer]",
        handler: Data(run::group::create),
        ..ROW
    },
    Command {
        name: "createconsumer",
        arity: 5,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW insert", 2)],
        since: "6.2.0",
        summary: "Adds a consumer to a group.",
        complexity: "O(log N), N being the number of consumers.",
        syntax: "key group consumer",
        handler: Data(run::group::createconsumer),
        ..ROW
    },
    Command {
        name: "delconsumer",
        arity: 5,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 2)],
        summary: "Removes a consumer, and what it had not acknowledged.",
        complexity: "O(N log M), N being the number of its pending entries and M that of its group.",
        syntax: "key group consumer",
        handler: Data(run::group::delconsumer),
        ..ROW
    },
    Command {
        name: "destroy",
        arity: 4,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW delete", 2)],
        summary: "Removes a group.",
        syntax: "key group",
        handler: Data(run::group::destroy),
        ..ROW
    },
    Command {
        name: "help",
        arity: 2,
        flags: flag::LOADING | flag::STALE,
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..ROW
    },
    Command {
        name: "setid",
        arity: -5,
        flags: flag::WRITE,
        keys: &[KeySpec::one("RW update", 2)],
        summary: "Sets which entry a group has been given last.",
        syntax: "key group id-selector:(id|$) [ENTRIESREAD entries-read:integer]",
        handler: Data(run::group::setid),
        ..ROW
    },
];

const INFO_SUBCOMMANDS: &[Command] = &[
    Command {
        name: "consumers",
        arity: 4,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 2)],
        summary: "Shows the consumers of a group.",
        complexity: "O(N), N being the number of consumers.",
        syntax: "key group",
        tips: &["nondeterministic_output"],
        handler: Data(run::info::consumers),
        ..ROW
    },
    Command {
        name: "groups",
        arity: 3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 2)],
        summary: "Shows the groups of a stream.",
        complexity: "O(N), N being the number of groups.",
        syntax: "key",
        handler: Data(run::info::groups),
        ..ROW
    },
    Command {
        name: "help",
        arity: 2,
        flags: flag::LOADING | flag::STALE,
        summary: "Lists the subcommands.",
        handler: Engine(help),
        ..ROW
    },
    Command {
        name: "stream",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 2)],
        summary: "Shows what a stream knows of itself, and with FULL its entries and groups as well.",
        complexity: "O(1), and O(N) with FULL, N being the number of entries, groups, pending entries and consumers shown.",
        syntax: "key [full-block:(FULL [COUNT count])]",
        handler: Data(run::info::stream),
        ..ROW
    },
];
