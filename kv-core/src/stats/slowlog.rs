//! The commands that took long.

use crate::args::Args;
use crate::command::Command;
use crate::now::Now;
use crate::session::Session;
use crate::sync::{Mutex, MutexGuard};
use std::collections::VecDeque;

/// How many arguments of a command are kept. Redis's, as are the following.
const ARGS_MAX: usize = 32;

/// How much of an argument is kept, in bytes.
const ARG_LEN_MAX: usize = 128;

/// The last commands that took long.
#[derive(Debug, Default)]
pub struct Slowlog(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    /// The newest first.
    entries: VecDeque<Entry>,
    next_id: u64,
}

/// A command that took long.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number; never used again.
    pub id: u64,
    /// When it began, in seconds since the Unix epoch.
    pub unix_s: u64,
    /// How long it took, in microseconds.
    pub time_us: u64,
    /// The request, what is long of it shortened.
    pub args: Vec<Vec<u8>>,
    /// The client's address.
    pub address: String,
    /// The client's name.
    pub name: Vec<u8>,
}

impl Slowlog {
    /// Adds a command, and drops the oldest beyond `len_max`.
    pub(super) fn note(
        &self,
        command: &Command,
        args: Args<'_>,
        session: &Session,
        now: Now,
        time_us: u64,
        len_max: usize,
    ) {
        let profile = session.profile();
        let mut entry = Entry {
            id: 0,
            unix_s: now.unix_us / 1_000_000,
            time_us,
            args: shortened(command, args),
            address: profile.address.to_string(),
            name: profile.labels().name,
        };
        let mut log = self.log();
        entry.id = log.next_id;
        log.next_id += 1;
        log.entries.push_front(entry);
        log.entries.truncate(len_max);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.log().entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The newest ones, at most `count`, the newest first.
    pub fn newest(&self, count: usize) -> Vec<Entry> {
        self.log().entries.iter().take(count).cloned().collect()
    }

    /// Drops all of them.
    pub(crate) fn reset(&self) {
        self.log().entries.clear();
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().expect("nothing panics while it holds the log")
    }
}

fn shortened(command: &Command, args: Args<'_>) -> Vec<Vec<u8>> {
    let len = args.len();
    let kept = if len > ARGS_MAX { ARGS_MAX - 1 } else { len };
    let mut short: Vec<_> = command.redacted(args).take(kept).map(short).collect();
    if len > kept {
        short.push(format!("... ({} more arguments)", len - kept).into_bytes());
    }
    short
}

fn short(arg: &[u8]) -> Vec<u8> {
    let Some((start, rest)) = arg.split_at_checked(ARG_LEN_MAX) else { return arg.to_vec() };
    match rest.len() {
        0 => arg.to_vec(),
        more => [start, format!("... ({more} more bytes)").as_bytes()].concat(),
    }
}
