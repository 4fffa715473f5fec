//! How the settings come together when a server starts.

use super::directive::{Directive, Origin};
use super::nearest::nearest;
use super::parameter::{Id, Kind, find};
use super::redis;
use super::settings::Config;
use crate::command::RenameError;
use std::collections::BTreeSet;

/// Why a server cannot start with these settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct LoadError {
    /// Where to look.
    pub origin: Origin,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a directive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A quote that is not closed, or that something follows.
    #[error("unbalanced quotes")]
    UnbalancedQuotes,
    /// A name that neither this server nor Redis knows.
    #[error("unknown setting '{name}'; {}", advice(.nearest))]
    Unknown {
        /// The name.
        name: String,
        /// What may have been meant.
        nearest: Option<&'static str>,
    },
    /// Too few arguments or too many.
    #[error("wrong number of arguments for '{name}'; it takes {allowed}")]
    ArgumentCount {
        /// The setting.
        name: String,
        /// What it takes.
        allowed: String,
    },
    /// A command that cannot be renamed.
    #[error("cannot rename a command: {0}")]
    Rename(RenameError),
    /// A value that the setting cannot have.
    #[error("bad value for '{name}': {reason}; it takes {allowed}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Redis's explanation.
        reason: String,
        /// What it takes.
        allowed: String,
    },
}

fn advice(nearest: &Option<&'static str>) -> String {
    match nearest {
        Some(name) => format!("did you mean '{name}'?"),
        None => "--help lists all of them".into(),
    }
}

/// What is to be done after a directive.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Go on with the next one.
    Next,
    /// Load the files that this path or pattern names, then go on with the next one.
    Include(Vec<u8>),
}

/// Settings that are coming together. What comes later replaces what came before.
#[derive(Debug, Default)]
pub struct Loader {
    config: Config,
    /// There was a directive that gives save points: the next adds to it.
    has_save_points: bool,
    foreign: BTreeSet<String>,
}

impl Loader {
    /// The settings so far.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The settings.
    pub fn finish(self) -> Config {
        self.config
    }

    /// The names of settings that Redis has and this server does not: they had no effect.
    pub fn foreign(&self) -> impl Iterator<Item = &str> {
        self.foreign.iter().map(String::as_str)
    }

    /// Whether this server or Redis has a setting of this name, in any case.
    pub fn knows(name: &str) -> bool {
        find(name.as_bytes()).is_some() || redis::knows(&name.to_ascii_lowercase())
    }

    /// Sets one setting, whatever it was before.
    pub fn set(&mut self, name: &str, value: &[u8]) -> Result<(), Problem> {
        match find(name.as_bytes()) {
            Some(id) => self.config.set(id, value).map_err(|reason| bad_value(id, reason)),
            None => self.note_foreign(&name.to_ascii_lowercase()),
        }
    }

    /// Does what a directive says.
    pub fn apply(&mut self, directive: &Directive) -> Result<Step, LoadError> {
        let fail = |problem| LoadError { origin: directive.origin.clone(), problem };
        self.try_apply(directive).map_err(fail)
    }

    fn try_apply(&mut self, directive: &Directive) -> Result<Step, Problem> {
        match (find(directive.name.as_bytes()), &directive.args[..]) {
            (Some(id), args) => self.apply_setting(id, args)?,
            (None, [pattern]) if directive.is_include() => {
                return Ok(Step::Include(pattern.clone()));
            }
            (None, _) if directive.is_include() => {
                return Err(bad_count(&directive.name, "one path or pattern"));
            }
            (None, [old, new]) if directive.is_rename() => {
                self.config.rename(old, new).map_err(Problem::Rename)?;
            }
            (None, _) if directive.is_rename() => {
                return Err(bad_count(&directive.name, "a command's name, and a new one or \"\""));
            }
            (None, _) => self.note_foreign(&directive.name)?,
        }
        Ok(Step::Next)
    }

    fn apply_setting(&mut self, id: Id, args: &[Vec<u8>]) -> Result<(), Problem> {
        let kind = id.parameter().kind;
        if args.len() != 1 && !kind.takes_words() {
            return Err(bad_count(id.parameter().name, &kind.allowed()));
        }
        let mut value = args.join(&b' ');
        if matches!(kind, Kind::SavePoints) {
            value = self.add_save_points(id, value);
        }
        self.config.set(id, &value).map_err(|reason| bad_value(id, reason))
    }

    /// The save points so far and these: the first ones replace the default, and an empty value
    /// all that came before.
    fn add_save_points(&mut self, id: Id, value: Vec<u8>) -> Vec<u8> {
        let before = self.config.text(id);
        let is_first = !std::mem::replace(&mut self.has_save_points, true);
        if is_first || value.is_empty() || before.is_empty() {
            return value;
        }
        [before.as_bytes(), b" ", &value].concat()
    }

    fn note_foreign(&mut self, name: &str) -> Result<(), Problem> {
        if !redis::knows(name) {
            return Err(Problem::Unknown { name: name.into(), nearest: nearest(name) });
        }
        self.foreign.insert(name.into());
        Ok(())
    }
}

fn bad_count(name: &str, allowed: &str) -> Problem {
    Problem::ArgumentCount { name: name.into(), allowed: allowed.into() }
}

fn bad_value(id: Id, reason: String) -> Problem {
    let parameter = id.parameter();
    Problem::Value { name: parameter.name, reason, allowed: parameter.kind.allowed() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, parse};

    fn load(text: &str) -> Result<Loader, LoadError> {
        let mut loader = Loader::default();
        for directive in parse("x.conf", text.as_bytes())? {
            assert_eq!(loader.apply(&directive)?, Step::Next);
        }
        Ok(loader)
    }

    #[track_caller]
    fn check(text: &str, name: &str, value: &str) {
        let loader = load(text).unwrap();
        let id = config::find(name.as_bytes()).unwrap();
        assert_eq!(loader.config().text(id), value, "{text}");
    }

    #[track_caller]
    fn check_error(text: &str, expected: &str) {
        assert_eq!(load(text).unwrap_err().to_string(), expected);
    }

    #[test]
    fn values_are_those_of_the_last_line() {
        check("port 1\nPort 2", "port", "2");
        check("maxmemory 1gb", "maxmemory", "1073741824");
        check("bind 127.0.0.1 ::1", "bind", "127.0.0.1 ::1");
        check("bind \"127.0.0.1 ::1\"", "bind", "127.0.0.1 ::1");
        check("lua-time-limit 7", "busy-reply-threshold", "7");
        check("unixsocketperm 0700", "unixsocketperm", "700");
    }

    #[test]
    fn lines_of_save_add_up_until_an_empty_one() {
        check("save 900 1\nsave 300 10", "save", "900 1 300 10");
        check("save 900 1 300 10\nsave 60 10000", "save", "900 1 300 10 60 10000");
        check("save 900 1\nsave \"\"", "save", "");
        check("save 900 1\nsave", "save", "");
        check("save 900 1\nsave \"\"\nsave 60 1", "save", "60 1");
    }

    #[test]
    fn lines_of_output_limits_leave_other_classes_alone() {
        let text = "client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit pubsub 32mb 8mb 60 replica 1k 2 3";
        let value = "normal 0 0 0 slave 1000 2 3 pubsub 33554432 8388608 60";
        check(text, "client-output-buffer-limit", value);
        assert_eq!(
            load(text).unwrap().config().output_limits(config::ClientClass::Replica),
            config::OutputLimits { hard: 1000, soft: 2, seconds: 3 }
        );
    }

    #[test]
    fn a_setting_from_elsewhere_replaces_all_lines() {
        let mut loader = Loader::default();
        loader.set("SAVE", b"5 5").unwrap();
        for directive in parse("x.conf", b"save 900 1\nsave 60 1").unwrap() {
            assert_eq!(loader.apply(&directive), Ok(Step::Next));
        }
        assert_eq!(loader.config().text(config::SAVE), "900 1 60 1");
        loader.set("save", b"7 7").unwrap();
        assert_eq!(loader.finish().text(config::SAVE), "7 7");
    }

    #[test]
    fn what_only_redis_knows_is_accepted_and_remembered_once() {
        let loader = load("daemonize yes\nloadmodule x\nDaemonize no\nuser x on").unwrap();
        assert_eq!(loader.foreign().collect::<Vec<_>>(), ["daemonize", "loadmodule", "user"]);
    }

    #[test]
    fn errors_name_the_line_the_setting_and_what_it_takes() {
        check_error("port 1\nprot 2", "x.conf:2: unknown setting 'prot'; --help lists all of them");
        check_error(
            "maxmemroy 1",
            "x.conf:1: unknown setting 'maxmemroy'; did you mean 'maxmemory'?",
        );
        check_error(
            "port x",
            "x.conf:1: bad value for 'port': argument couldn't be parsed into an integer; it takes a whole number from 0 to 65535",
        );
        check_error(
            "port 1 2",
            "x.conf:1: wrong number of arguments for 'port'; it takes a whole number from 0 to 65535",
        );
        check_error(
            "port",
            "x.conf:1: wrong number of arguments for 'port'; it takes a whole number from 0 to 65535",
        );
        check_error(
            "unixsocketperm 788",
            "x.conf:1: bad value for 'unixsocketperm': argument couldn't be parsed as an octal number; it takes an octal number from 0 to 777",
        );
        check_error(
            "save 900",
            "x.conf:1: bad value for 'save': Invalid save parameters; it takes <seconds> <changes>, repeated, or \"\"",
        );
        check_error(
            "include a b",
            "x.conf:1: wrong number of arguments for 'include'; it takes one path or pattern",
        );
    }

    #[test]
    fn commands_are_renamed_in_the_order_of_the_lines() {
        let loader =
            load("rename-command GET a\nRENAME-COMMAND a B\nrename-command SET \"\"").unwrap();
        let called = |name: &[u8]| loader.config().names().find(name).map(|command| command.name);
        assert_eq!((called(b"get"), called(b"a"), called(b"b")), (None, None, Some("get")));
        assert_eq!(called(b"set"), None);
        assert_eq!(loader.foreign().count(), 0);
        check_error(
            "rename-command GET a\nrename-command GET b",
            "x.conf:2: cannot rename a command: there is no command 'GET'",
        );
        check_error(
            "rename-command GET set",
            "x.conf:1: cannot rename a command: there is a command 'set' already",
        );
        check_error(
            "rename-command GET",
            "x.conf:1: wrong number of arguments for 'rename-command'; it takes a command's name, and a new one or \"\"",
        );
    }

    #[test]
    fn a_bad_line_of_save_is_refused_by_itself() {
        assert!(load("save 900\nsave 1").is_err());
        assert!(load("save 900 1\nsave 1").is_err());
    }

    #[test]
    fn there_is_a_limit_to_the_lines_of_save() {
        assert!(load(&"save 1 1\n".repeat(64)).is_ok());
        let error = load(&"save 1 1\n".repeat(65)).unwrap_err();
        assert_eq!(error.origin.line, Some(65));
    }

    #[test]
    fn an_include_is_left_to_the_driver() {
        let include = &parse("x.conf", b"INCLUDE \"a b/*.conf\"").unwrap()[0];
        let step = Loader::default().apply(include);
        assert_eq!(step, Ok(Step::Include(b"a b/*.conf".to_vec())));
    }
}
