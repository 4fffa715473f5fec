//! A run's events, folded into one number.

use crate::Summary;
use crate::wire::quoted;

/// Folds events into a 64-bit FNV-1a hash, and keeps them if asked to.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    events: u64,
    log: Option<Vec<Event>>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in microseconds since the run began.
    pub time_us: u64,
    /// To which connection, in order of opening; of [`Direction::Execute`], to which server.
    pub id: u64,
    /// What.
    pub direction: Direction,
    /// The bytes that were received or sent.
    pub bytes: Vec<u8>,
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { time_us, id, direction, bytes } = self;
        let sort = if *direction == Direction::Execute { 's' } else { 'c' };
        write!(f, "{time_us:>12} us  {sort}{id:<4} {direction:<10?} {}", quoted(bytes))
    }
}

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It was opened.
    Open = 1,
    /// The server received bytes.
    Received,
    /// The client received bytes.
    Sent,
    /// The client said that it will send no more.
    EndOfInput,
    /// The connection broke.
    Lost,
    /// The server closed it.
    Closed,
    /// The client is gone.
    Cut,
    /// The server ran what it had received; of no connection in particular.
    Execute,
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

impl Trace {
    /// No events so far.
    pub fn new(verbose: bool) -> Self {
        Self { hash: OFFSET, events: 0, log: verbose.then(Vec::new) }
    }

    /// Adds an event of connection `id` at `time_us`.
    pub fn record(&mut self, time_us: u64, id: u64, direction: Direction, bytes: &[u8]) {
        self.events += 1;
        self.fold(&time_us.to_le_bytes());
        self.fold(&id.to_le_bytes());
        self.fold(&[direction as u8]);
        self.fold(&(bytes.len() as u64).to_le_bytes());
        self.fold(bytes);
        if let Some(log) = &mut self.log {
            log.push(Event { time_us, id, direction, bytes: bytes.to_vec() });
        }
    }

    /// The number that stands for all events so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Tells the summary what is known here.
    pub fn summarize(&mut self, summary: &mut Summary) {
        summary.trace = self.hash;
        summary.events = self.events;
        summary.log = self.log.take().unwrap_or_default();
    }

    fn fold(&mut self, bytes: &[u8]) {
        self.hash = bytes.iter().fold(self.hash, |h, &b| (h ^ u64::from(b)).wrapping_mul(PRIME));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(events: &[(u64, u64, Direction, &[u8])]) -> u64 {
        let mut trace = Trace::new(false);
        events.iter().for_each(|&(time, id, way, bytes)| trace.record(time, id, way, bytes));
        trace.hash()
    }

    #[test]
    fn time_connection_direction_bytes_and_boundaries_all_count() {
        use Direction::{Received, Sent};
        let base = hash(&[(1, 2, Received, b"ab")]);
        assert_eq!(base, hash(&[(1, 2, Received, b"ab")]));
        assert_ne!(base, hash(&[(2, 2, Received, b"ab")]));
        assert_ne!(base, hash(&[(1, 3, Received, b"ab")]));
        assert_ne!(base, hash(&[(1, 2, Sent, b"ab")]));
        assert_ne!(base, hash(&[(1, 2, Received, b"a"), (1, 2, Received, b"b")]));
    }
}
