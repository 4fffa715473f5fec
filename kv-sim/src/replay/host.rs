//! A machine that answers as another one did.

use kv_core::config::Config;
use kv_core::kernel::{Facts, Host, Recording, RecordingState, Usage};
use kv_proto::recording::Answer;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

/// The answers to what is asked during one call.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<Left>);

#[derive(Debug, Default)]
struct Left {
    answers: VecDeque<Answer>,
    /// Something else was asked, or more.
    has_differed: bool,
    precise_ns: u64,
}

impl Answers {
    /// Has these given during the next call.
    pub(super) fn expect(&self, answers: &[Answer]) {
        let mut left = self.left();
        left.answers = answers.iter().cloned().collect();
        left.has_differed = false;
    }

    /// Whether something else was asked in the last call, or more, or less.
    pub(super) fn have_differed(&self) -> bool {
        let left = self.left();
        left.has_differed || !left.answers.is_empty()
    }

    fn next<T>(&self, take: fn(&Answer) -> Option<T>) -> Option<T> {
        let mut left = self.left();
        let answer = left.answers.pop_front().as_ref().and_then(take);
        left.has_differed |= answer.is_none();
        answer
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.0.lock().expect("nothing panics while it holds the answers")
    }
}

#[derive(Debug)]
pub(super) struct RecordedHost {
    facts: Facts,
    answers: std::sync::Arc<Answers>,
}

impl RecordedHost {
    pub(super) fn new(facts: Facts, answers: std::sync::Arc<Answers>) -> Self {
        Self { facts, answers }
    }
}

impl Host for RecordedHost {
    fn usage(&self) -> Usage {
        let usage = self.answers.next(|answer| match answer {
            Answer::Usage(usage) => Some(*usage),
            _ => None,
        });
        usage.unwrap_or_default()
    }

    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn rewrite_config(&self, _: &Config) -> Result<(), String> {
        let result = self.answers.next(|answer| match answer {
            Answer::Rewritten(result) => Some(result.clone()),
            _ => None,
        });
        result.unwrap_or(Ok(()))
    }

    /// Beyond the answers that there are, time stands still.
    fn precise_ns(&self) -> u64 {
        let ns = self.answers.next(|answer| match answer {
            Answer::PreciseNs(ns) => Some(*ns),
            _ => None,
        });
        let mut left = self.answers.left();
        left.precise_ns = ns.unwrap_or(left.precise_ns);
        left.precise_ns
    }

    fn sleep(&self, _: u64) {}

    fn recording(&self) -> Option<Recording> {
        let bytes = self.answers.next(|answer| match answer {
            Answer::RecordingBytes(bytes) => Some(*bytes),
            _ => None,
        });
        Some(Recording { state: RecordingState::On, bytes: bytes.unwrap_or_default() })
    }
}
