//! What commands are called in one server: as in the table, but for those that `rename-command`
//! has given another name or none.

use super::{Command, table};
use std::collections::BTreeMap;

/// The names of one server's commands.
#[derive(Debug, Default)]
pub struct Names {
    /// By the name in lower case: what it calls, where that is not what the table says.
    changed: BTreeMap<Box<[u8]>, Option<&'static Command>>,
    /// What was called how, and is called how since, in the order in which it came to that.
    renames: Vec<[Box<[u8]>; 2]>,
}

/// Why a command cannot be renamed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// There is no command of this name.
    #[error("there is no command '{0}'")]
    NoSuchCommand(String),
    /// There is a command of the new name.
    #[error("there is a command '{0}' already")]
    Exists(String),
}

impl Names {
    /// Gives the command that is called `old` by now, in any case, another name; none if `new` is
    /// empty.
    pub(crate) fn rename(&mut self, old: &[u8], new: &[u8]) -> Result<(), RenameError> {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let command = self.find(old).ok_or_else(|| RenameError::NoSuchCommand(text(old)))?;
        if !old.eq_ignore_ascii_case(new) && self.find(new).is_some() {
            return Err(RenameError::Exists(text(new)));
        }
        self.changed.insert(old.to_ascii_lowercase().into(), None);
        if !new.is_empty() {
            self.changed.insert(new.to_ascii_lowercase().into(), Some(command));
        }
        self.renames.push([old.into(), new.into()]);
        Ok(())
    }

    /// The old name and the new one, empty for none, of each renaming, in their order.
    pub fn renames(&self) -> &[[Box<[u8]>; 2]] {
        &self.renames
    }

    /// The command that is called so, in any case, if there is one.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<&'static Command> {
        if self.changed.is_empty() { table::find(name) } else { self.find_changed(name) }
    }

    #[cold]
    fn find_changed(&self, name: &[u8]) -> Option<&'static Command> {
        let changed = self.changed.get(name.to_ascii_lowercase().as_slice()).copied();
        changed.unwrap_or_else(|| table::find(name))
    }

    /// The row of this full name in any case, `get` or `client|id`, if there is one.
    pub fn find_full(&self, name: &[u8]) -> Option<&'static Command> {
        match name.iter().position(|&byte| byte == b'|') {
            Some(bar) => self.find(&name[..bar])?.subcommand(&name[bar + 1..]),
            None => self.find(name),
        }
    }

    /// The commands that have a name, in the order of the table.
    pub fn commands(&self) -> Vec<&'static Command> {
        let is_called = |command: &Command, name: &[u8]| {
            self.find(name).is_some_and(|other| std::ptr::eq(other, command))
        };
        let has_name = |command: &&'static Command| {
            is_called(command, command.name.as_bytes())
                || self.changed.keys().any(|name| is_called(command, name))
        };
        table::all().iter().copied().filter(has_name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(names: &Names, name: &str) -> Option<&'static str> {
        names.find(name.as_bytes()).map(|command| command.name)
    }

    #[test]
    fn a_renamed_command_has_its_new_name_alone() {
        let mut names = Names::default();
        assert_eq!(names.rename(b"GET", b"fetch"), Ok(()));
        assert_eq!((called(&names, "get"), called(&names, "FETCH")), (None, Some("get")));
        assert_eq!(names.rename(b"Fetch", b"take"), Ok(()));
        assert_eq!((called(&names, "fetch"), called(&names, "take")), (None, Some("get")));
        assert_eq!(called(&names, "SET"), Some("set"));
        assert_eq!(names.commands().len(), table::all().len());
    }

    #[test]
    fn a_command_without_a_name_is_not_there() {
        let mut names = Names::default();
        assert_eq!(names.rename(b"config", b""), Ok(()));
        assert_eq!(called(&names, "CONFIG"), None);
        assert!(names.find_full(b"config|get").is_none());
        assert_eq!(names.commands().len(), table::all().len() - 1);
        assert_eq!(names.rename(b"get", b"config"), Ok(()));
        assert_eq!(called(&names, "config"), Some("get"));
    }

    #[test]
    fn names_must_be_there_and_be_free() {
        let mut names = Names::default();
        let missing = |name: &str| Err(RenameError::NoSuchCommand(name.into()));
        assert_eq!(names.rename(b"nosuch", b"x"), missing("nosuch"));
        assert_eq!(names.rename(b"config|get", b"x"), missing("config|get"));
        assert_eq!(names.rename(b"get", b"SET"), Err(RenameError::Exists("SET".into())));
        assert_eq!(names.rename(b"get", b"GET"), Ok(()));
        assert_eq!(called(&names, "get"), Some("get"));
    }

    #[test]
    fn two_commands_can_exchange_their_names() {
        let mut names = Names::default();
        let steps = [("get", "x"), ("set", "get"), ("x", "set")];
        steps.iter().for_each(|(old, new)| names.rename(old.as_bytes(), new.as_bytes()).unwrap());
        assert_eq!((called(&names, "get"), called(&names, "set")), (Some("set"), Some("get")));
        assert_eq!(names.commands().len(), table::all().len());
    }

    #[test]
    fn full_names_find_their_rows() {
        for row in table::rows() {
            let found = Names::default().find_full(row.full_name().to_ascii_uppercase().as_bytes());
            assert!(found.is_some_and(|found| std::ptr::eq(found, row)), "{}", row.full_name());
        }
        for name in ["", "|", "get|", "get|x", "command|", "command|count|x", "|count"] {
            assert!(Names::default().find_full(name.as_bytes()).is_none(), "{name}");
        }
    }
}
