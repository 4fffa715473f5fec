//! What clients see, without a look at the server, as a history.

use crate::history::{self, Operation, Report, Session};
use crate::wire::{self, Request};
use std::collections::{BTreeMap, BTreeSet};

/// Configurations after which the search for an order is given up.
const CONFIGURATIONS_MAX: usize = 20_000;

/// Notes what goes out of clients and what comes in.
#[derive(Debug, Default)]
pub(super) struct Witness {
    /// Counts what is sent and what is read.
    clock: u64,
    lines: BTreeMap<u64, Line>,
    operations: Vec<Operation>,
    /// What came of the history before the server's last crash.
    earlier: Report,
    /// Connections to a server that has crashed. What is read from them comes from before, and nothing
    /// that is sent there runs.
    lost: BTreeSet<u64>,
}

/// A connection.
#[derive(Debug)]
struct Line {
    session: Session,
    /// Sent, and no whole request yet.
    input: Vec<u8>,
    /// Read, and no whole reply yet.
    output: Vec<u8>,
    /// What cannot be parsed was sent, and nothing runs after that.
    is_over: bool,
}

impl Witness {
    /// A client is about to send this.
    pub(super) fn sent(&mut self, connection: u64, bytes: &[u8]) {
        if self.lost.contains(&connection) {
            return;
        }
        self.clock += 1;
        let line = self.lines.entry(connection).or_insert_with(|| Line::new(connection));
        line.sent(self.clock, bytes);
    }

    /// A client has read this.
    pub(super) fn read(&mut self, connection: u64, bytes: &[u8]) {
        self.clock += 1;
        if let Some(line) = self.lines.get_mut(&connection) {
            line.read(self.clock, bytes);
        }
    }

    /// A client reads no more.
    pub(super) fn cut(&mut self, connection: u64) {
        let line = self.lines.remove(&connection);
        self.operations.extend(line.into_iter().flat_map(|line| line.session.cut()));
    }

    /// The server has lost all data, and its connections.
    pub(super) fn restart(&mut self) {
        let mut lost = std::mem::take(&mut self.lost);
        lost.extend(self.lines.keys());
        let earlier = std::mem::take(self).check();
        *self = Self { earlier, lost, ..Self::default() };
    }

    /// Looks for an order of all that happened.
    pub(super) fn check(mut self) -> Report {
        while let Some((&connection, _)) = self.lines.first_key_value() {
            self.cut(connection);
        }
        history::check(&self.operations, CONFIGURATIONS_MAX).and(self.earlier)
    }
}

impl Line {
    fn new(connection: u64) -> Self {
        let (input, output) = (vec![], vec![]);
        Self { session: Session::new(connection), input, output, is_over: false }
    }

    fn sent(&mut self, at: u64, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while !self.is_over {
            let len = match wire::parse_request(&self.input) {
                Request::Incomplete => return,
                Request::Nothing(len) => len,
                Request::Arguments(request, len) => {
                    self.session.sent(at, request);
                    len
                }
                Request::Malformed(_) => {
                    self.is_over = true;
                    self.input.len()
                }
            };
            self.input.drain(..len);
        }
    }

    fn read(&mut self, at: u64, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
        // What cannot be parsed, the checker complains of.
        while let Ok(Some((reply, len))) = wire::parse_reply(&self.output) {
            self.session.replied(at, reply);
            self.output.drain(..len);
        }
    }
}
