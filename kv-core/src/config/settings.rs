//! The settings of one server. Numbers can be read without a lock.

use super::log_level::LogLevel;
use super::names::{
    LATENCY_TRACKING_INFO_PERCENTILES, LOGLEVEL, MAXMEMORY_POLICY, NOTIFY_KEYSPACE_EVENTS,
    REQUIREPASS, SAVE,
};
use super::notifications::Notifications;
use super::output_limits::{self, ClientClass, OutputLimits};
use super::parameter::{Id, Kind, ids, parameters};
use super::policy::Policy;
use super::value::{parse, words};
use crate::command::{Names, RenameError};
use crate::password;
use crate::sync::tally::{AtomicI64, AtomicU64, Ordering::Relaxed};
use crate::sync::{RwLock, RwLockReadGuard};

/// A snapshot is due after so many seconds with so many changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// Seconds since the last snapshot, at least 1.
    pub seconds: u32,
    /// Changes since the last snapshot.
    pub changes: u32,
}

/// The settings of one server.
#[derive(Debug)]
pub struct Config {
    values: RwLock<Vec<String>>,
    /// The value of each parameter that is a number.
    numbers: Vec<AtomicI64>,
    /// The limits of output, by class: hard, soft, seconds.
    output: [[AtomicU64; 3]; ClientClass::ALL.len()],
    names: Names,
}

impl Default for Config {
    fn default() -> Self {
        let config = Self {
            values: RwLock::new(vec![String::new(); parameters().len()]),
            numbers: parameters().iter().map(|_| AtomicI64::new(0)).collect(),
            output: Default::default(),
            names: Names::default(),
        };
        for id in ids() {
            config.set(id, id.parameter().default.as_bytes()).expect("defaults are valid");
        }
        config
    }
}

impl Config {
    /// A whole number, or a number of bytes. Takes no lock.
    ///
    /// `id` is one of this module's constants: the numbers are kept under the settings' own names.
    pub fn int(&self, id: Id) -> i64 {
        let kind = id.parameter().kind;
        debug_assert!(matches!(kind, Kind::Int { .. } | Kind::Memory { .. } | Kind::Octal { .. }));
        debug_assert!(id.parameter().alias_of.is_none());
        self.number(id)
    }

    /// Whether a setting of yes or no says yes. Takes no lock.
    pub fn is_on(&self, id: Id) -> bool {
        debug_assert!(matches!(id.parameter().kind, Kind::Bool));
        self.number(id) != 0
    }

    /// The value as CONFIG GET gives it.
    pub fn text(&self, id: Id) -> String {
        self.values()[id.target().index()].clone()
    }

    /// What commands are called.
    #[inline]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Gives a command another name, none if `new` is empty.
    pub(super) fn rename(&mut self, old: &[u8], new: &[u8]) -> Result<(), RenameError> {
        self.names.rename(old, new)
    }

    /// Which keys make room when memory is short. Takes no lock.
    pub fn eviction_policy(&self) -> Policy {
        Policy::ALL[self.number(MAXMEMORY_POLICY) as usize]
    }

    /// Whether clients need a password. Takes no lock.
    pub fn requires_password(&self) -> bool {
        self.number(REQUIREPASS) != 0
    }

    /// Whether this is the password; none is needed if none is set.
    pub(crate) fn is_password(&self, given: &[u8]) -> bool {
        let password = self.text(REQUIREPASS);
        password.is_empty() || password::is_same(password.as_bytes(), given)
    }

    /// The least important lines that are logged. Takes no lock.
    pub fn log_level(&self) -> LogLevel {
        LogLevel::ALL[self.number(LOGLEVEL) as usize]
    }

    /// Which changes of keys are published. Takes no lock.
    #[inline]
    pub fn notifications(&self) -> Notifications {
        // Not by `number`: it has no other name, and is asked for several times in most commands.
        Notifications::from_bits(self.numbers[NOTIFY_KEYSPACE_EVENTS.index()].load(Relaxed))
    }

    /// When snapshots are due: as soon as one of these is reached.
    pub fn save_points(&self) -> Vec<SavePoint> {
        let text = self.text(SAVE);
        let number = |word: &str| word.parse().expect("it was checked");
        let pairs = words(&text);
        let points = pairs.chunks_exact(2);
        points
            .map(|pair| SavePoint { seconds: number(pair[0]), changes: number(pair[1]) })
            .collect()
    }

    /// Which percentiles of the times of commands are told, each as it is shown.
    pub fn percentiles(&self) -> Vec<(String, f64)> {
        let text = self.text(LATENCY_TRACKING_INFO_PERCENTILES);
        let number = |word: &str| word.parse().expect("it was checked");
        words(&text).into_iter().map(|word| (word.to_owned(), number(word))).collect()
    }

    /// The limits of the output of a class of clients. Takes no lock.
    pub fn output_limits(&self, class: ClientClass) -> OutputLimits {
        let [hard, soft, seconds] = [0, 1, 2].map(|i| self.output[class as usize][i].load(Relaxed));
        OutputLimits { hard: hard as usize, soft: soft as usize, seconds }
    }

    /// Checks a value without setting it. The error is Redis's explanation.
    pub fn check(id: Id, value: &[u8]) -> Result<(), String> {
        parse(id.parameter().kind, value).map(|_| ())
    }

    /// Sets a value. Does not ask whether the server has started. The error is Redis's
    /// explanation.
    pub fn set(&self, id: Id, value: &[u8]) -> Result<(), String> {
        let mut parsed = parse(id.parameter().kind, value)?;
        let slot = id.target().index();
        let mut values = self.values.write().expect(POISON);
        if matches!(id.parameter().kind, Kind::OutputLimits) {
            parsed.limits.into_iter().for_each(|(class, limits)| self.limit(class, limits));
            parsed.text = self.all_output_limits(output_limits::show).join(" ");
        }
        values[slot] = parsed.text;
        self.numbers[slot].store(parsed.number, Relaxed);
        Ok(())
    }

    /// The value as lines of a configuration file give it, each without the setting's name.
    pub(super) fn lines(&self, id: Id) -> Vec<String> {
        match id.parameter().kind {
            Kind::OutputLimits => self.all_output_limits(output_limits::write),
            Kind::SavePoints if !self.text(id).is_empty() => {
                let points = self.save_points().into_iter();
                points.map(|point| format!("{} {}", point.seconds, point.changes)).collect()
            }
            Kind::Notifications => vec![self.notifications().written()],
            _ => vec![self.text(id)],
        }
    }

    fn limit(&self, class: ClientClass, limits: OutputLimits) {
        let numbers = [limits.hard as u64, limits.soft as u64, limits.seconds];
        let slots = &self.output[class as usize];
        slots.iter().zip(numbers).for_each(|(slot, number)| slot.store(number, Relaxed));
    }

    fn all_output_limits(&self, show: fn(ClientClass, OutputLimits) -> String) -> Vec<String> {
        let classes = ClientClass::ALL.into_iter();
        classes.map(|class| show(class, self.output_limits(class))).collect()
    }

    fn number(&self, id: Id) -> i64 {
        self.numbers[id.target().index()].load(Relaxed)
    }

    fn values(&self) -> RwLockReadGuard<'_, Vec<String>> {
        self.values.read().expect(POISON)
    }
}

const POISON: &str = "nothing panics while it holds the settings";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{
        BUSY_REPLY_THRESHOLD, MAXCLIENTS, PROTECTED_MODE, REQUIREPASS, UNIXSOCKETPERM, find,
    };

    #[test]
    fn the_eviction_policy_is_the_one_that_was_named() {
        let config = Config::default();
        assert_eq!(config.eviction_policy(), Policy::NoEviction);
        for policy in Policy::ALL {
            config.set(MAXMEMORY_POLICY, policy.name().to_uppercase().as_bytes()).unwrap();
            assert_eq!(config.eviction_policy(), policy);
            assert_eq!(config.text(MAXMEMORY_POLICY), policy.name());
        }
    }

    #[test]
    fn a_value_outside_its_range_is_refused_and_changes_nothing() {
        let config = Config::default();
        assert!(config.set(MAXCLIENTS, b"0").is_err());
        assert!(config.set(MAXCLIENTS, b"x").is_err());
        assert_eq!(config.int(MAXCLIENTS), 10_000);
        config.set(MAXCLIENTS, b"7").unwrap();
        assert_eq!((config.int(MAXCLIENTS), config.text(MAXCLIENTS)), (7, "7".into()));
    }
    #[test]
    fn values_are_given_in_the_types_of_what_they_mean() {
        let config = Config::default();
        assert!(config.is_on(PROTECTED_MODE) && config.notifications().is_empty());
        assert_eq!((config.log_level(), config.save_points()), (LogLevel::Notice, vec![]));
        let settings: [(Id, &[u8]); 6] = [
            (PROTECTED_MODE, b"No"),
            (LOGLEVEL, b"Warning"),
            (SAVE, b"900 1 60 10000"),
            (UNIXSOCKETPERM, b"0750"),
            (NOTIFY_KEYSPACE_EVENTS, b"Kxn"),
            (find(b"lua-time-limit").unwrap(), b"7"),
        ];
        settings.into_iter().for_each(|(id, value)| config.set(id, value).unwrap());
        assert!(!config.is_on(PROTECTED_MODE));
        assert_eq!(config.log_level(), LogLevel::Warning);
        let points = config.save_points();
        assert_eq!(points[0], SavePoint { seconds: 900, changes: 1 });
        assert_eq!(points[1..], [SavePoint { seconds: 60, changes: 10_000 }]);
        assert_eq!((config.int(UNIXSOCKETPERM), config.int(BUSY_REPLY_THRESHOLD)), (0o750, 7));
        assert!(config.notifications().contains(Notifications::NEW));
        assert!(!config.notifications().contains(Notifications::KEYEVENT));
    }

    #[test]
    fn any_password_will_do_as_long_as_none_is_set() {
        let config = Config::default();
        assert!(!config.requires_password() && config.is_password(b"x"));
        config.set(REQUIREPASS, b"secret").unwrap();
        assert!(config.requires_password() && config.is_password(b"secret"));
        assert!(!config.is_password(b"x") && !config.is_password(b""));
        config.set(REQUIREPASS, b"").unwrap();
        assert!(!config.requires_password() && config.is_password(b"x"));
    }

    #[test]
    fn text_that_is_no_utf8_is_refused() {
        assert!(Config::default().set(REQUIREPASS, b"\xff").is_err());
    }

    #[test]
    fn every_value_is_taken_back_in_the_form_in_which_it_is_shown() {
        let config = Config::default();
        for id in ids() {
            let before = config.text(id);
            config.set(id, before.as_bytes()).unwrap();
            assert_eq!(config.text(id), before, "{}", id.parameter().name);
        }
    }
}
