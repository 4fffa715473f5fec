//! The command table: one static array of rows, sorted by name, put together at compile time from
//! one file a group. A compile-time hash index finds a name without regard to case.
//!
//! # The notation of `syntax`
//!
//! As the documentation of Redis writes it:
//! `key value [NX|XX] [GET] [EX seconds|PX milliseconds|KEEPTTL]`. [`syntax`](super::syntax) reads
//! it for COMMAND DOCS; [`syntax::plain`](super::syntax::plain) makes it fit for HELP.
//!
//! | Notation | Meaning |
//! |---|---|
//! | `EX` | A word in upper case is literal, as are `*`, `$`, `=`, `~` and `""`. |
//! | `seconds` | A word in lower case names an argument. |
//! | `EX seconds`, `LIMIT offset count` | A literal word takes the names that follow it, up to the next literal word, `\|` or bracket. |
//! | `a\|b` | Alternatives, each a name, a literal word with its names, or a group. |
//! | `[a b]` | May be left out. |
//! | `(a b)` | Belongs together: write `(BEFORE\|AFTER) pivot`, since `AFTER` would take `pivot`. |
//! | `TYPE A\|B`, `TYPE (a b)` | A literal word before alternatives or a group is their token. |
//! | `key value [key value ...]` | What is repeated stands before the brackets that repeat it. |
//! | `(a\|b)...` | A group that may be repeated as it is. |
//! | `data:(key value)` | A label names a group in COMMAND DOCS; without one the names of its parts are joined, but for a few customary ones such as `condition`. |
//! | `increment:double` | An argument's type, where its name does not tell: `string`, `integer`, `double`, `key`, `pattern`, `unix-time`. |
//!
//! Names tell most types: `key`, `source` or `newkey` is a key, `count` or `seconds` an integer,
//! `score` or `timeout` a double, any other name a string. Keys stand in the order of the row's key
//! specifications. Tests check that each row's `syntax` parses, and that it takes as many words as
//! the row's arity says.

mod acl;
mod bitmap;
mod cluster;
mod command;
mod connection;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
mod latency;
mod list;
mod memory;
mod module;
mod object;
mod pubsub;
mod replication;
mod server;
mod set;
mod slowlog;
mod sorted_set;
mod stream;
mod string;
mod transaction;

use crate::command::{Command, Group, Handler};

const GROUPS: &[&[&Command]] = &[
    acl::ROWS,
    bitmap::ROWS,
    cluster::ROWS,
    command::ROWS,
    connection::ROWS,
    generic::ROWS,
    geo::ROWS,
    hash::ROWS,
    hyperloglog::ROWS,
    latency::ROWS,
    list::ROWS,
    memory::ROWS,
    module::ROWS,
    object::ROWS,
    pubsub::ROWS,
    replication::ROWS,
    server::ROWS,
    set::ROWS,
    slowlog::ROWS,
    sorted_set::ROWS,
    stream::ROWS,
    string::ROWS,
    transaction::ROWS,
];

const LEN: usize = {
    let (mut len, mut group) = (0, 0);
    while group < GROUPS.len() {
        len += GROUPS[group].len();
        group += 1;
    }
    len
};

/// The rows as their files give them, sorted by name.
const SORTED: [&Command; LEN] = sorted();

/// How many subcommands there are.
const SUBCOMMANDS_LEN: usize = {
    let (mut len, mut row) = (0, 0);
    while row < LEN {
        len += SORTED[row].subcommands.len();
        row += 1;
    }
    len
};

/// How many rows there are, subcommands among them.
pub(crate) const ROWS: usize = LEN + SUBCOMMANDS_LEN;

static TABLE: [&Command; LEN] = {
    let mut table = [&Command::DEFAULT; LEN];
    let mut row = 0;
    while row < LEN {
        table[row] = &COMMANDS[row];
        row += 1;
    }
    table
};

/// The rows with their numbers.
static COMMANDS: [Command; LEN] = {
    let mut rows = [Command::DEFAULT; LEN];
    let (mut row, mut sub) = (0, 0);
    while row < LEN {
        rows[row] = *SORTED[row];
        rows[row].number = row as u16;
        let (_, subcommands) = SUBCOMMANDS.split_at(sub);
        rows[row].subcommands = subcommands.split_at(rows[row].subcommands.len()).0;
        sub += rows[row].subcommands.len();
        row += 1;
    }
    rows
};

/// The rows of all subcommands with their numbers, container by container.
static SUBCOMMANDS: [Command; SUBCOMMANDS_LEN] = {
    let mut rows = [Command::DEFAULT; SUBCOMMANDS_LEN];
    let (mut row, mut len) = (0, 0);
    while row < LEN {
        let subcommands = SORTED[row].subcommands;
        let mut sub = 0;
        while sub < subcommands.len() {
            rows[len] = subcommands[sub];
            rows[len].number = (LEN + len) as u16;
            len += 1;
            sub += 1;
        }
        row += 1;
    }
    rows
};

/// All commands, sorted by name. Subcommands are in their container's row.
pub fn all() -> &'static [&'static Command] {
    &TABLE
}

/// All rows: each container is followed by its subcommands.
pub fn rows() -> impl Iterator<Item = &'static Command> {
    TABLE.iter().flat_map(|&command| std::iter::once(command).chain(command.subcommands))
}

/// The command of this name in any case, if there is one.
pub fn find(name: &[u8]) -> Option<&'static Command> {
    let word = word(name);
    let mut slot = hash(word) % INDEX_LEN;
    while INDEX[slot] != 0 {
        let row = usize::from(INDEX[slot]) - 1;
        let command = TABLE[row];
        let is_it = match SHORT_NAMES[row] {
            Some(short) => short == word,
            None => name.eq_ignore_ascii_case(command.name.as_bytes()),
        };
        if is_it {
            return Some(command);
        }
        slot = (slot + 1) % INDEX_LEN;
    }
    None
}

/// The table as a list in Markdown: for each group, in the order of their names, a line with its
/// commands.
pub fn markdown() -> String {
    let mut groups: Vec<_> = TABLE.iter().map(|command| command.group).collect();
    groups.sort_by_key(|group| group.name());
    groups.dedup();
    groups.into_iter().map(markdown_line).collect()
}

fn markdown_line(group: Group) -> String {
    let commands = TABLE.iter().filter(|command| command.group == group);
    let names: Vec<_> = commands.map(|command| markdown_names(command)).collect();
    format!("- {}: {}\n", group.name(), names.join(", "))
}

/// The command, or what of a container can be called.
fn markdown_names(command: &Command) -> String {
    let name = command.name.to_ascii_uppercase();
    let subcommands = command.subcommands.iter();
    let names: Vec<_> =
        subcommands.map(|sub| format!("`{name} {}`", sub.name.to_ascii_uppercase())).collect();
    match (names.is_empty(), command.handler) {
        (false, Handler::Container) => names.join(", "),
        (false, _) => format!("`{name}`, {}", names.join(", ")),
        (true, _) => format!("`{name}`"),
    }
}

impl Command {
    /// The subcommand of this name in any case, if this is a container that has it.
    pub fn subcommand(&self, name: &[u8]) -> Option<&'static Command> {
        self.subcommands.iter().find(|sub| name.eq_ignore_ascii_case(sub.name.as_bytes()))
    }

    /// The name as errors and `COMMAND` give it: `get`, or `client|id`.
    pub fn full_name(&'static self) -> std::borrow::Cow<'static, str> {
        match self.container() {
            Some(container) => format!("{}|{}", container.name, self.name).into(),
            None => self.name.into(),
        }
    }

    /// Of a subcommand: the command that it belongs to.
    pub(crate) fn container(&'static self) -> Option<&'static Command> {
        let is_self = |sub: &Command| std::ptr::eq(sub, self);
        TABLE.iter().copied().find(|command| command.subcommands.iter().any(is_self))
    }
}

/// Slots of the index; several times the number of commands, so that most names hit at once.
const INDEX_LEN: usize = 1024;

/// For each slot 1 + the position in the table of the command there, or 0.
static INDEX: [u16; INDEX_LEN] = {
    let mut index = [0; INDEX_LEN];
    let mut row = 0;
    while row < LEN {
        let mut slot = hash(word(SORTED[row].name.as_bytes())) % INDEX_LEN;
        while index[slot] != 0 {
            slot = (slot + 1) % INDEX_LEN;
        }
        index[slot] = row as u16 + 1;
        row += 1;
    }
    index
};

/// For each row the word that no other name has in any case, if there is one.
static SHORT_NAMES: [Option<Word>; LEN] = {
    let mut words = [None; LEN];
    let mut row = 0;
    while row < LEN {
        let name = SORTED[row].name.as_bytes();
        if name.len() <= 8 && is_of_letters(name) {
            words[row] = Some(word(name));
        }
        row += 1;
    }
    words
};

/// The first and the last four bytes of a name, or all of a shorter one, and its length; the same in any case, and
/// different for different names of up to eight letters.
type Word = (u64, usize);

const fn word(name: &[u8]) -> Word {
    const LOWER_CASE: u64 = 0x2020_2020_2020_2020;
    let word = match (name.first_chunk::<4>(), name.last_chunk::<4>(), name) {
        (Some(first), Some(last), _) => {
            (u32::from_le_bytes(*first) as u64) << 32 | u32::from_le_bytes(*last) as u64
        }
        (_, _, [first, .., last]) => (*first as u64) << 8 | *last as u64 | (name[1] as u64) << 16,
        (_, _, [only]) => *only as u64,
        _ => 0,
    };
    (word | LOWER_CASE, name.len())
}

const fn is_of_letters(name: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() && name[at].is_ascii_alphabetic() {
        at += 1;
    }
    at == name.len()
}

const fn hash((word, len): Word) -> usize {
    // By the golden ratio, as in Fibonacci hashing.
    ((word ^ len as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}

const fn sorted() -> [&'static Command; LEN] {
    let mut rows = [&Command::DEFAULT; LEN];
    let (mut len, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            let command = GROUPS[group][row];
            let mut at = len;
            while at > 0 && before(command.name, rows[at - 1].name) {
                rows[at] = rows[at - 1];
                at -= 1;
            }
            rows[at] = command;
            len += 1;
            row += 1;
        }
        group += 1;
    }
    rows
}

const fn before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_each_is_found_in_any_case() {
        assert!(all().is_sorted_by(|a, b| a.name < b.name));
        for &command in all() {
            let found = find(command.name.to_ascii_uppercase().as_bytes()).expect(command.name);
            assert!(std::ptr::eq(found, command), "{}", command.name);
            assert!(command.subcommands.is_sorted_by(|a, b| a.name < b.name), "{}", command.name);
        }
        for name in
            ["", "gett", "ge", "\u{7}et", "GE\u{14}", "sort\u{7f}ro", "sortro", "cl\u{e}throttle"]
        {
            assert!(find(name.as_bytes()).is_none(), "{name:?}");
        }
    }

    #[test]
    fn every_row_has_a_number_of_its_own() {
        let mut numbers: Vec<_> = rows().map(|row| usize::from(row.number)).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..ROWS));
    }

    #[test]
    fn every_row_is_documented() {
        for row in rows() {
            assert!(!row.summary.is_empty(), "{} has no summary", row.full_name());
            assert!(row.arity != 0, "{} has no arity", row.full_name());
        }
    }

    #[test]
    fn a_container_is_never_run_itself() {
        for container in rows().filter(|row| matches!(row.handler, Handler::Container)) {
            assert!(!container.subcommands.is_empty(), "{}", container.name);
            assert!(!container.accepts(1), "{}", container.name);
        }
    }

    #[test]
    fn rows_speak_of_keys_and_categories_in_known_words() {
        let access = ["RO", "RW", "OW", "RM", "access", "update", "insert", "delete"];
        let notes = ["not_key", "incomplete", "variable_flags"];
        for row in rows() {
            for word in row.keys.iter().flat_map(|spec| spec.access.split(' ')) {
                assert!(
                    [&access[..], &notes].concat().contains(&word),
                    "{}: {word}",
                    row.full_name()
                );
            }
            for &name in row.categories {
                let is_known = row.acl_categories().any(|category| category == name);
                assert!(is_known, "{}: {name}", row.full_name());
            }
        }
    }

    #[test]
    fn markdown_lists_each_command_once() {
        let markdown = markdown();
        assert!(markdown.contains("- string: "));
        assert!(markdown.contains("`COMMAND`, `COMMAND COUNT`, "));
        for command in all() {
            let name = format!("`{}", command.name.to_ascii_uppercase());
            let ends = ["`", " "].map(|end| markdown.matches(&format!("{name}{end}")).count());
            assert!(ends.into_iter().sum::<usize>() > 0, "{name}");
        }
    }
}
