//! The rows of the bitmap commands.

use crate::args::Args;
use crate::command::Handler::Data;
use crate::command::{Command, Find, Group, KeySpec, flag};
use crate::commands::bitmap as run;

const ROW: Command = Command { group: Group::Bitmap, ..Command::DEFAULT };

pub(super) const ROWS: &[&Command] = &[
    &Command {
        name: "bitcount",
        arity: -2,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.6.0",
        summary: "Counts the bits of a string that are set.",
        complexity: "O(N), N being the length of the part that is looked at",
        syntax: "key range:[start end unit:[BYTE|BIT]]",
        handler: Data(run::bitcount),
        ..ROW
    },
    &Command {
        name: "bitfield",
        key_access: Some(bitfield_access),
        arity: -2,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW access update variable_flags", 1)],
        since: "3.2.0",
        summary: "Reads, stores and increments integers of any width at any place of a string.",
        complexity: "O(1) for each operation",
        syntax: "key operation:[(GET get-block:(encoding offset))|write:(\
            [OVERFLOW overflow-block:(WRAP|SAT|FAIL)] \
            write-operation:((SET set-block:(encoding offset value:integer))\
            |(INCRBY increment-block:(encoding offset increment))))]...",
        handler: Data(run::bitfield),
        ..ROW
    },
    &Command {
        name: "bitfield_ro",
        arity: -2,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "6.0.0",
        summary: "Reads integers of any width at any place of a string.",
        complexity: "O(1) for each operation",
        syntax: "key get-block:[GET encoding offset [GET encoding offset ...]]",
        handler: Data(run::bitfield_ro),
        ..ROW
    },
    &Command {
        name: "bitop",
        arity: -4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[
            KeySpec::one("OW update", 2),
            KeySpec { find: Find::Range { last: -1, step: 1 }, ..KeySpec::one("RO access", 3) },
        ],
        since: "2.6.0",
        summary: "Stores what bitwise operations make of several strings.",
        complexity: "O(N), N being the length of all strings together",
        syntax: "operation:(AND|OR|XOR|NOT) destkey key [key ...]",
        handler: Data(run::bitop),
        ..ROW
    },
    &Command {
        name: "bitpos",
        arity: -3,
        flags: flag::READONLY,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.8.7",
        summary: "Finds the first bit of a string that is set, or that is clear.",
        complexity: "O(N), N being the distance of the bit",
        syntax: "key bit range:[start end-unit-block:[end unit:[BYTE|BIT]]]",
        handler: Data(run::bitpos),
        ..ROW
    },
    &Command {
        name: "getbit",
        arity: 3,
        flags: flag::READONLY | flag::FAST,
        keys: &[KeySpec::one("RO access", 1)],
        since: "2.2.0",
        summary: "Gives one bit of a string.",
        syntax: "key offset",
        handler: Data(run::getbit),
        ..ROW
    },
    &Command {
        name: "setbit",
        arity: 4,
        flags: flag::WRITE | flag::DENYOOM,
        keys: &[KeySpec::one("RW access update", 1)],
        since: "2.2.0",
        summary: "Sets or clears one bit of a string and gives what it was.",
        complexity: "O(1), and the length of a gap before the bit",
        syntax: "key offset value:integer",
        handler: Data(run::setbit),
        ..ROW
    },
];

/// Only reading, if there is nothing but GET among the operations.
fn bitfield_access(args: Args<'_>) -> &'static str {
    let mut words = args.from(2);
    while let Some(word) = words.next() {
        let operands = match word {
            word if word.eq_ignore_ascii_case(b"get") => 2,
            word if word.eq_ignore_ascii_case(b"overflow") => 1,
            _ => return "RW access update",
        };
        if words.by_ref().take(operands).count() < operands {
            return "RW access update";
        }
    }
    "RO access"
}
