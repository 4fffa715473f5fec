//! Which errors there were, by their codes.

use crate::error::Error;
use crate::sync::{Mutex, MutexGuard};
use std::collections::BTreeMap;

/// How many codes are counted apart. A script can make up any number of them.
const CODES_MAX: usize = 128;

/// Where codes are counted beyond that.
const OVERFLOW: &[u8] = b"ERRORSTATS_OVERFLOW";

/// How many error replies there were of each code.
#[derive(Debug, Default)]
pub struct Errors(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: u64,
    by_code: BTreeMap<Box<[u8]>, u64>,
}

impl Errors {
    /// Counts an error reply.
    pub(crate) fn note(&self, error: &Error) {
        let message = error.message();
        let code = message.split(|byte| b" \r\n".contains(byte)).next().unwrap_or_default();
        let mut counts = self.counts();
        counts.total += 1;
        let is_known = counts.by_code.contains_key(code);
        let has_room = counts.by_code.len() < CODES_MAX;
        let code = if is_known || has_room { code } else { OVERFLOW };
        match counts.by_code.get_mut(code) {
            Some(count) => *count += 1,
            None => drop(counts.by_code.insert(code.into(), 1)),
        }
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.counts().total
    }

    /// The codes and how many there were of each, in the order of the codes.
    pub fn by_code(&self) -> Vec<(String, u64)> {
        let counts = self.counts();
        let text = |code: &[u8]| String::from_utf8_lossy(code).into_owned();
        counts.by_code.iter().map(|(code, &count)| (text(code), count)).collect()
    }

    pub(super) fn reset(&self) {
        *self.counts() = Counts::default();
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().expect("nothing panics while it holds the counts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_beyond_the_limit_are_counted_together() {
        let errors = Errors::default();
        for number in 0..CODES_MAX + 10 {
            errors.note(&Error::composed(format!("CODE{number:04} no reason")));
        }
        errors.note(&Error::composed("CODE0000"));
        let by_code = errors.by_code();
        assert_eq!((errors.total(), by_code.len()), (CODES_MAX as u64 + 11, CODES_MAX + 1));
        assert_eq!(by_code[0], ("CODE0000".into(), 2));
        assert_eq!(by_code[CODES_MAX], ("ERRORSTATS_OVERFLOW".into(), 10));
    }
}
