//! The command table: one static array of rows, sorted by name, put together at compile time from
//! one file a group. A compile-time hash index finds a name without regard to case.
//!
//! # The notation of `syntax`
//!
//! As the documentation writes it: `key value [NX|XX] [GET] [EX seconds|PX milliseconds|KEEPTTL]`.
//! Words in upper case are literal; others name an argument; `[...]` may be left out; `a|b` are
//! alternatives; `(...)` groups; a group followed by `...` may be repeated, as in `key [key ...]`.
//! An argument's type follows from its name (`key`, `pattern`, `seconds` ...).

mod connection;
mod generic;
mod list;
mod server;
mod string;

use crate::command::Command;

const GROUPS: &[&[&Command]] =
    &[connection::ROWS, generic::ROWS, list::ROWS, server::ROWS, string::ROWS];

const LEN: usize = {
    let (mut len, mut group) = (0, 0);
    while group < GROUPS.len() {
        len += GROUPS[group].len();
        group += 1;
    }
    len
};

static TABLE: [&Command; LEN] = sorted();

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
    let mut slot = hash(name) % INDEX_LEN;
    while INDEX[slot] != 0 {
        let command = TABLE[usize::from(INDEX[slot]) - 1];
        if name.eq_ignore_ascii_case(command.name.as_bytes()) {
            return Some(command);
        }
        slot = (slot + 1) % INDEX_LEN;
    }
    None
}

impl Command {
    /// The subcommand of this name in any case, if this is a container that has it.
    pub fn subcommand(&self, name: &[u8]) -> Option<&'static Command> {
        self.subcommands.iter().find(|sub| name.eq_ignore_ascii_case(sub.name.as_bytes()))
    }

    /// The name as errors and `COMMAND` give it: `get`, or `client|id`.
    pub fn full_name(&'static self) -> std::borrow::Cow<'static, str> {
        let is_self = |sub: &Command| std::ptr::eq(sub, self);
        match TABLE.iter().find(|command| command.subcommands.iter().any(is_self)) {
            Some(container) => format!("{}|{}", container.name, self.name).into(),
            None => self.name.into(),
        }
    }
}

/// Slots of the index; several times the number of commands, so that most names hit at once.
const INDEX_LEN: usize = 1024;

/// For each slot 1 + the position in the table of the command there, or 0.
static INDEX: [u16; INDEX_LEN] = {
    let mut index = [0; INDEX_LEN];
    let rows = sorted();
    let mut row = 0;
    while row < LEN {
        let mut slot = hash(rows[row].name.as_bytes()) % INDEX_LEN;
        while index[slot] != 0 {
            slot = (slot + 1) % INDEX_LEN;
        }
        index[slot] = row as u16 + 1;
        row += 1;
    }
    index
};

/// FNV-1a of the name in lower case.
const fn hash(name: &[u8]) -> usize {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < name.len() {
        hash = (hash ^ name[i].to_ascii_lowercase() as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    (hash ^ (hash >> 29)) as usize
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
        assert!(find(b"").is_none());
        assert!(find(b"gett").is_none());
    }

    #[test]
    fn every_row_is_documented() {
        for row in rows() {
            assert!(!row.summary.is_empty(), "{} has no summary", row.full_name());
            assert!(row.arity != 0, "{} has no arity", row.full_name());
        }
    }
}
