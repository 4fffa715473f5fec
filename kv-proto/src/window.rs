//! Looking ahead: the next requests of all connections, decoded before the first of them runs.
//!
//! A look-up in a large table waits for memory two or three times in sequence. The waits of several
//! requests overlap if all of them are decoded and hashed first, then the parts of the table that
//! they need are fetched, and only then they run. So the server goes from window to window: it
//! decodes up to [`WINDOW`] requests from the connections in their order, and then runs them in
//! that order, so that nothing but time tells whether anyone looked ahead.
//!
//! A window refers to input by its position, and the input stays where it is. A decoded request
//! has no effect: if its connection stops before its turn, the request is forgotten, and decoded
//! again when the connection goes on.

use crate::codec::{Garbage, Speech};
use crate::request::{Arguments, Limits, Request};
use crate::server::ConnectionId;
use kv_core::args::Args;
use kv_core::kernel::{Batch, Prepared};
use kv_core::session::Session;
use kv_core::store::LOOKUPS_MAX;
use std::ops::Range;

/// How many requests are decoded ahead: those whose look-ups wait for memory at the same time.
const WINDOW: usize = LOOKUPS_MAX;

/// The next requests, in the order in which they run.
#[derive(Debug, Default)]
pub(crate) struct Window {
    turns: Vec<Turn>,
    requests: Vec<Ahead>,
    arguments: Arguments,
}

/// What the window has of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) id: ConnectionId,
    requests: Range<usize>,
    /// Known if the connection's input is decoded to its end, so that these are the last requests.
    pub(crate) end: Option<End>,
}

/// What follows the last request: the beginning of one at most, or something that is none.
pub(crate) type End = Result<(), Garbage>;

/// A request that was decoded and did not run yet.
#[derive(Debug)]
struct Ahead {
    /// Where it begins in its connection's input.
    start: usize,
    request: Request,
    prepared: Prepared,
}

/// A request whose turn it is.
#[derive(Debug)]
pub(crate) struct Next<'a> {
    /// Where it ends in its connection's input.
    pub(crate) end: usize,
    pub(crate) args: Args<'a>,
    pub(crate) prepared: &'a Prepared,
}

impl Window {
    /// Whether another connection may have its turn.
    pub(crate) fn has_room(&self) -> bool {
        self.requests.len() < WINDOW && self.turns.len() < WINDOW
    }

    /// Adds a connection's turn, of which `decode` adds the requests. Whether its input is decoded
    /// to the end.
    pub(crate) fn add_turn(
        &mut self,
        id: ConnectionId,
        decode: impl FnOnce(&mut Self) -> Option<End>,
    ) -> bool {
        let first = self.requests.len();
        let end = decode(self);
        self.turns.push(Turn { id, requests: first..self.requests.len(), end });
        end.is_some()
    }

    /// Decodes requests from `position` on, which moves behind them, until the window is full or
    /// the input comes to its end. Of a client that has yet to say who it is, only one: the limits
    /// of the next depend on what that does.
    #[inline(never)]
    pub(crate) fn decode(
        &mut self,
        speech: &mut impl Speech,
        input: &[u8],
        position: &mut usize,
        session: &Session,
        batch: &mut Batch<'_>,
        limits: &Limits,
    ) -> Option<End> {
        let first = self.requests.len();
        let full = if limits.is_unknown { self.requests.len() + 1 } else { WINDOW };
        while *position < input.len() {
            if self.requests.len() == full {
                return None;
            }
            let rest = &input[*position..];
            let request = match speech.decode(rest, limits, &mut self.arguments) {
                Ok(Some(request)) => request,
                Ok(None) => break,
                Err(error) => return Some(Err(error.into())),
            };
            let start = std::mem::replace(position, *position + request.len());
            if !request.is_blank() {
                let ahead = (self.requests.len() - first) as u64;
                let prepared = batch.prepare(session, ahead, self.arguments.of(&request, rest));
                self.requests.push(Ahead { start, request, prepared });
            }
        }
        Some(Ok(()))
    }

    /// Has fetched what the requests need. One alone would wait for it no less.
    pub(crate) fn prefetch(&mut self, batch: &mut Batch<'_>) {
        if self.requests.len() > 1 {
            batch.prefetch(&mut self.requests, |ahead| &mut ahead.prepared);
        }
    }

    /// The connections that have their turn.
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// A connection's requests, given its input.
    pub(crate) fn requests<'a>(
        &'a self,
        turn: &Turn,
        input: &'a [u8],
    ) -> impl Iterator<Item = Next<'a>> {
        self.requests[turn.requests.clone()].iter().map(move |ahead| Next {
            end: ahead.start + ahead.request.len(),
            args: self.arguments.of(&ahead.request, &input[ahead.start..]),
            prepared: &ahead.prepared,
        })
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.turns.clear();
        self.requests.clear();
        self.arguments.clear();
    }
}
