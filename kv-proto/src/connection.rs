//! One client's connection: received bytes in, the kernel, bytes to send out.

use crate::resp::decode::{Decoder, Limits};
use crate::resp::encode::Encoder;
use kv_core::config::OutputLimits;
use kv_core::error::Error;
use kv_core::kernel::{Batch, Flow};
use kv_core::reply::{Protocol, Reply as _};
use kv_core::session::Session;
use std::ops::Range;

/// A connection reads no more than this at once, in bytes, so that one with an endless pipeline
/// gets its share of a tick and no more.
pub(crate) const READ_MAX: usize = 64 * 1024;

/// The smallest room worth reading into, in bytes.
pub(crate) const READ_MIN: usize = 16 * 1024;

/// A buffer with more capacity than this is freed when it is empty, rather than kept, in bytes.
const KEEP_MAX: usize = 256 * 1024;

/// Sent bytes stay in front of unsent ones until there are so many, and more than those.
const COMPACT_MIN: usize = 64 * 1024;

/// How many empty buffers a server keeps for its connections.
const POOL_LEN: usize = 32;

/// What a running connection needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) decode: Limits,
    pub(crate) output: OutputLimits,
}

/// One client.
#[derive(Debug)]
pub(crate) struct Connection {
    /// None if the client was refused and only waits for the reason to be sent.
    session: Option<Session>,
    decoder: Decoder,
    protocol: Protocol,
    input: Input,
    output: Output,
    phase: Phase,
    /// The client will send no more.
    pub(crate) end_of_input: bool,
    /// What it received since it last ran, if that is in the server's arena.
    pub(crate) fresh: Option<Range<usize>>,
    /// It stands in the server's list of connections to run.
    pub(crate) is_queued: bool,
    /// When it will be given up because the client takes nothing, if that is being watched.
    pub(crate) stall_deadline_us: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Requests are run as they come.
    Open,
    /// No request is run until the client has taken some of what there is to send.
    Paused,
    /// Nothing more is run; what there is to send is sent, then the connection is closed.
    Closing,
    /// It is closed at once, whatever there is to send.
    Dead,
}

impl Connection {
    pub(crate) fn open(session: Session) -> Self {
        Self::new(Some(session), Phase::Open)
    }

    /// A connection that only tells why there is none.
    pub(crate) fn refused(reason: &Error) -> Self {
        let mut connection = Self::new(None, Phase::Closing);
        Encoder::new(&mut connection.output.bytes, &mut connection.protocol).error(reason);
        connection
    }

    fn new(session: Option<Session>, phase: Phase) -> Self {
        Self {
            session,
            decoder: Decoder::default(),
            protocol: Protocol::default(),
            input: Input::default(),
            output: Output::default(),
            phase,
            end_of_input: false,
            fresh: None,
            is_queued: false,
            stall_deadline_us: None,
        }
    }

    /// Whether it may be given more input.
    pub(crate) fn wants_input(&self) -> bool {
        self.phase == Phase::Open && !self.end_of_input
    }

    /// Whether the next bytes must go behind others that wait already.
    pub(crate) fn has_input(&self) -> bool {
        self.input.filled > 0
    }

    /// Room of its own for received bytes.
    pub(crate) fn room(&mut self, pool: &mut Pool) -> &mut [u8] {
        self.input.room(self.decoder.needed(), pool)
    }

    /// So many bytes were put in its own room.
    pub(crate) fn received(&mut self, len: usize) {
        self.input.filled += len;
    }

    /// Puts received bytes behind those that wait already.
    pub(crate) fn keep(&mut self, mut bytes: &[u8], pool: &mut Pool) {
        while !bytes.is_empty() {
            let room = self.room(pool);
            let len = room.len().min(bytes.len());
            room[..len].copy_from_slice(&bytes[..len]);
            self.received(len);
            bytes = &bytes[len..];
        }
    }

    /// Runs the requests in what waits already and in `fresh`, and keeps what is left.
    pub(crate) fn run(
        &mut self,
        fresh: &[u8],
        batch: &mut Batch<'_>,
        settings: &Settings,
        pool: &mut Pool,
    ) {
        if self.has_input() || self.phase == Phase::Paused {
            self.keep(fresh, pool);
            let bytes = std::mem::take(&mut self.input.bytes);
            let used = self.run_bytes(&bytes[..self.input.filled], batch, settings, pool);
            self.input.bytes = bytes;
            self.input.consume(used, pool);
        } else {
            let used = self.run_bytes(fresh, batch, settings, pool);
            self.keep(&fresh[used..], pool);
        }
        if self.end_of_input && self.phase == Phase::Open {
            self.phase = Phase::Closing;
        }
        if self.phase == Phase::Closing {
            self.input = Input::default();
        }
        self.note_buffered();
    }

    /// Runs requests until the input is used up or the connection stops. How many bytes it used.
    fn run_bytes(
        &mut self,
        bytes: &[u8],
        batch: &mut Batch<'_>,
        settings: &Settings,
        pool: &mut Pool,
    ) -> usize {
        if self.phase == Phase::Paused {
            return 0;
        }
        let (Some(session), Phase::Open) = (&mut self.session, self.phase) else {
            return bytes.len();
        };
        if self.output.bytes.capacity() == 0 {
            self.output.bytes = pool.take_output();
        }
        let mut used = 0;
        self.phase = loop {
            if self.output.len() > settings.output.hard && settings.output.hard > 0 {
                break Phase::Dead;
            }
            if self.output.len() > settings.output.soft && settings.output.soft > 0 {
                break Phase::Paused;
            }
            let rest = &bytes[used..];
            let mut out = Encoder::new(&mut self.output.bytes, &mut self.protocol);
            match self.decoder.decode(rest, &settings.decode) {
                Ok(Some(len)) => {
                    used += len;
                    let args = self.decoder.args(rest);
                    if args.len() > 0 && batch.execute(session, args, &mut out) == Flow::Close {
                        break Phase::Closing;
                    }
                }
                Ok(None) => break Phase::Open,
                Err(error) => match error.reply() {
                    None => break Phase::Dead,
                    Some(error) => {
                        out.error(&error);
                        break Phase::Closing;
                    }
                },
            }
        };
        used
    }

    /// What is to be sent next.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output.bytes[self.output.sent..]
    }

    /// So many bytes were sent. Whether the connection goes on after a pause.
    pub(crate) fn sent(&mut self, len: usize, limits: OutputLimits, pool: &mut Pool) -> bool {
        self.output.sent += len;
        assert!(self.output.sent <= self.output.bytes.len(), "more was sent than there was");
        if self.output().is_empty() {
            self.output.sent = 0;
            pool.give_output(&mut self.output.bytes);
        } else if self.output.sent >= COMPACT_MIN && self.output.sent >= self.output.len() {
            self.output.bytes.drain(..self.output.sent);
            self.output.sent = 0;
        }
        self.note_buffered();
        let goes_on = self.phase == Phase::Paused && self.output.len() <= limits.soft / 2;
        if goes_on {
            self.phase = Phase::Open;
        }
        goes_on
    }

    fn note_buffered(&self) {
        if let Some(session) = &self.session {
            session.set_buffered(self.input.filled, self.output.len());
        }
    }

    /// Gives up what there is to send.
    pub(crate) fn abandon(&mut self) {
        self.phase = Phase::Dead;
    }

    /// Whether nothing is left but to close it.
    pub(crate) fn is_finished(&self) -> bool {
        self.phase == Phase::Dead || (self.phase == Phase::Closing && self.output().is_empty())
    }

    /// Whether it waits for the client to take what there is to send, and does nothing else.
    pub(crate) fn waits_for_client(&self) -> bool {
        matches!(self.phase, Phase::Paused | Phase::Closing) && !self.output().is_empty()
    }
}

/// Received bytes that were not yet executed, from the start of a request on.
#[derive(Debug, Default)]
struct Input {
    /// Room, of which the first `filled` bytes were received.
    bytes: Vec<u8>,
    filled: usize,
}

impl Input {
    /// Room for more. `needed` is how long the request at the start is at least.
    fn room(&mut self, needed: usize, pool: &mut Pool) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = pool.take_input();
        }
        if self.bytes.len() - self.filled < READ_MIN {
            // Doubling copies each byte once on average; what a client merely announces takes no
            // memory before it arrives.
            let wanted = needed.max(self.filled + READ_MIN);
            let len = wanted.min(2 * self.filled + READ_MIN);
            self.bytes.reserve_exact(len - self.bytes.len());
            self.bytes.resize(len, 0);
        }
        let end = self.bytes.len().min(self.filled + READ_MAX);
        &mut self.bytes[self.filled..end]
    }

    fn consume(&mut self, len: usize, pool: &mut Pool) {
        self.bytes.copy_within(len..self.filled, 0);
        self.filled -= len;
        if self.filled == 0 {
            pool.give_input(&mut self.bytes);
        }
    }
}

/// Replies that were not yet sent.
#[derive(Debug, Default)]
struct Output {
    bytes: Vec<u8>,
    sent: usize,
}

impl Output {
    fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }
}

/// Empty buffers, which the connections of one server share, so that idle ones hold none.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    /// At their full length, so that they are not zeroed again and again.
    inputs: Vec<Vec<u8>>,
    outputs: Vec<Vec<u8>>,
}

impl Pool {
    fn take_input(&mut self) -> Vec<u8> {
        self.inputs.pop().unwrap_or_else(|| vec![0; READ_MAX + READ_MIN])
    }

    fn give_input(&mut self, buffer: &mut Vec<u8>) {
        let buffer = std::mem::take(buffer);
        if self.inputs.len() < POOL_LEN && (1..=KEEP_MAX).contains(&buffer.len()) {
            self.inputs.push(buffer);
        }
    }

    fn take_output(&mut self) -> Vec<u8> {
        self.outputs.pop().unwrap_or_default()
    }

    fn give_output(&mut self, buffer: &mut Vec<u8>) {
        let mut buffer = std::mem::take(buffer);
        if self.outputs.len() < POOL_LEN && (1..=KEEP_MAX).contains(&buffer.capacity()) {
            buffer.clear();
            self.outputs.push(buffer);
        }
    }
}
