//! The settings of one server. Numbers can be read without a lock.

use super::names::MAXMEMORY_POLICY;
use super::parameter::{Id, Kind, ids, parameters};
use super::policy::Policy;
use super::value::parse;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{RwLock, RwLockReadGuard};

/// The limits of a connection's output. 0 means that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// Beyond this many bytes the connection is closed.
    pub hard: usize,
    /// Beyond this many bytes nothing more is read from the client.
    pub soft: usize,
    /// Seconds after which a client that is beyond the soft limit and takes nothing is closed.
    pub seconds: u64,
}

/// The settings of one server.
#[derive(Debug)]
pub struct Config {
    values: RwLock<Vec<String>>,
    /// The value of each parameter that is a number.
    numbers: Vec<AtomicI64>,
    output: [AtomicI64; 3],
}

impl Default for Config {
    fn default() -> Self {
        let config = Self {
            values: RwLock::new(vec![String::new(); parameters().len()]),
            numbers: parameters().iter().map(|_| AtomicI64::new(0)).collect(),
            output: Default::default(),
        };
        for id in ids() {
            config.set(id, id.parameter().default.as_bytes()).expect("defaults are valid");
        }
        config
    }
}

impl Config {
    /// A whole number, or a number of bytes.
    ///
    /// `id` is one of this module's constants: the numbers are kept under the settings' own names.
    pub fn int(&self, id: Id) -> i64 {
        debug_assert!(matches!(id.parameter().kind, Kind::Int { .. } | Kind::Memory { .. }));
        debug_assert!(id.parameter().alias_of.is_none());
        self.numbers[id.index()].load(Relaxed)
    }

    /// The value as CONFIG GET gives it.
    pub fn text(&self, id: Id) -> String {
        self.values()[id.target().index()].clone()
    }

    /// Which keys make room when memory is short. Takes no lock.
    pub fn eviction_policy(&self) -> Policy {
        Policy::ALL[self.numbers[MAXMEMORY_POLICY.index()].load(Relaxed) as usize]
    }

    /// The limits of clients' output.
    pub fn output_limits(&self) -> OutputLimits {
        let [hard, soft, seconds] = [0, 1, 2].map(|i| self.output[i].load(Relaxed));
        OutputLimits { hard: hard as usize, soft: soft as usize, seconds: seconds as u64 }
    }

    /// Checks a value without setting it, and gives the form in which it is kept. The error is
    /// Redis's explanation.
    pub fn check(id: Id, value: &[u8]) -> Result<String, String> {
        Ok(parse(id.parameter().kind, value)?.text)
    }

    /// Sets a value. Does not ask whether the server has started. The error is Redis's
    /// explanation.
    pub fn set(&self, id: Id, value: &[u8]) -> Result<(), String> {
        let parsed = parse(id.parameter().kind, value)?;
        let slot = id.target().index();
        self.values.write().expect(POISON)[slot] = parsed.text;
        self.numbers[slot].store(parsed.number, Relaxed);
        if let Some(limits) = parsed.limits {
            (0..3).for_each(|i| self.output[i].store(limits[i], Relaxed));
        }
        Ok(())
    }

    fn values(&self) -> RwLockReadGuard<'_, Vec<String>> {
        self.values.read().expect(POISON)
    }
}

const POISON: &str = "nothing panics while it holds the settings";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MAXCLIENTS;

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
}
