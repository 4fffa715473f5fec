//! Recordings: every input of a server, so that what it did can be done again, bit by bit.
//!
//! All that decides what a server puts out is: its settings and its seed, the calls of its driver
//! with their arguments (among them the time), the order of these calls over all servers of one
//! kernel, and what the kernel was answered when it asked its
//! [`Host`](kv_core::kernel::Host). A recording has these, and with them what came out: the events
//! that were polled, and of what was sent the length and a checksum. Whoever makes the same calls
//! gets the same outputs, and notices the first that is not.
//!
//! # Format, version 2
//!
//! A file begins with [`MAGIC`], whose last byte is the version. *Frames* follow. Each is written at
//! once, and what was written of the last one when a process was killed is no frame:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the records, little-endian like all numbers of this table |
//! | 4 | CRC-32 of the records |
//! | 4 | CRC-32 of the eight bytes before |
//! | ... | records, one after the other |
//!
//! A record is a byte that says what it is, and its fields. Numbers are LEB128; signed ones are folded
//! first (0, -1, 1, -2 ...). Texts and bytes have their length before them.
//!
//! | byte | record | fields |
//! |---|---|---|
//! | 0 | start, the first of all | version of the program, seed, shards, servers, monotonic and Unix time in µs, the host's facts (system, process, executable, file, port, memory), settings as a configuration file |
//! | 1 | end, if there is one: nothing follows | 0 the server stopped, 1 the recording is full |
//! | 2 | the following calls are to another server, at first 0 | its number |
//! | 3 | they are at another time | signed: by how much the monotonic time differs from the last, and how much more the Unix time does |
//! | 4 | a client connects | addresses of client and server, descriptor (signed), origin, dialect (0 RESP, 1 TLV, 2 strict TLV, 3 frames), whether a header is to come |
//! | 6 | room to read to was asked for | connection |
//! | 7 | bytes were received | connection, bytes |
//! | 8 | no more will come | connection |
//! | 9 | the connection is lost | connection |
//! | 10 | what was received runs | |
//! | 11 | the deadline has come | |
//! | 12 | there are letters | |
//! | 13 | the server joins in | |
//! | 14 | bytes were sent | connection, how many, their CRC-32 |
//! | 15 | the next event is asked for | |
//! | 16 | the server ends | |
//! | 32 | of a call that opened a connection: which | connection |
//! | 33 to 37 | the event that there was: output, refused, closed, backlog, mail | connection, or number of the server |
//! | 48 | the kernel asked for the precise time | signed: nanoseconds since it last did |
//! | 49 | for what the process has used | user and system time in µs, resident memory and its peak in bytes |
//! | 50 | for the length of the recording | bytes |
//! | 51 | for the configuration file to be rewritten | 0 done, 1 failed, and why |
//!
//! Records from 32 on are about the call before them. They are missing behind the last call if the
//! process ended in it.

mod decode;
mod encode;

pub use decode::{Damage, Decoder, Frame, frame};
pub use encode::{Encoder, FRAME_HEADER_LEN};

use crate::dialect::Terms;
use crate::server::Event;
use kv_core::kernel::{Facts, Usage};
use kv_core::now::Now;
use kv_core::session::Peer;

/// What a recording begins with. The last byte is the version of the format.
pub const MAGIC: [u8; 8] = *b"kv-rec\n\x02";

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// The beginning.
    Start(Box<Start>),
    /// A call of a driver.
    Call(Call<'a>),
    /// What the call before put out.
    Output(Output),
    /// What the kernel was answered in the call before.
    Answer(Answer),
    /// The end.
    End(End),
}

/// What a run begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The version of the program that was recorded.
    pub version: String,
    /// What decided every random choice.
    pub seed: u64,
    /// How many shards the store had.
    pub shards: u64,
    /// How many servers the kernel had.
    pub servers: u64,
    /// When the kernel was made.
    pub now: Now,
    /// What the host told of itself.
    pub facts: Facts,
    /// The settings, as [`kv_core::config::in_full`] gives them.
    pub settings: Vec<u8>,
}

/// A driver's call of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The number of the server.
    pub server: usize,
    /// The time, as of this call if it has one, otherwise as of the last call that had.
    pub now: Now,
    /// Which call it is.
    pub input: Input,
    /// What was received, if it is about that.
    pub received: &'a [u8],
}

/// A driver's call: the method of [`Server`](crate::server::Server), and its arguments but for the
/// time. Connections have their [indices](crate::server::ConnectionId::index).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// `handle_accept`
    Accept(Peer, Terms),
    /// `input`
    Room(usize),
    /// `handle_received`
    Received(usize),
    /// `handle_end_of_input`
    EndOfInput(usize),
    /// `handle_lost`
    Lost(usize),
    /// `execute`
    Execute,
    /// `handle_timeout`
    Timeout,
    /// `handle_mail`
    Mail,
    /// `join_in`
    JoinIn,
    /// `handle_sent`
    Sent {
        /// Which connection.
        connection: usize,
        /// How many bytes.
        len: usize,
        /// Their [`checksum()`].
        checksum: u32,
    },
    /// `poll_event`
    Poll,
    /// The server is dropped.
    Close,
}

impl Input {
    /// Whether the call may run requests, and so may take long or never come to an end.
    pub fn runs_requests(&self) -> bool {
        matches!(self, Self::Execute | Self::Timeout | Self::Mail)
    }
}

/// What a call put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A connection with this index.
    Opened(usize),
    /// [`Event::Output`]
    Output(usize),
    /// [`Event::Refused`]
    Refused(usize),
    /// [`Event::Closed`]
    Closed(usize),
    /// [`Event::Backlog`]
    Backlog,
    /// [`Event::Mail`]
    Mail(usize),
}

impl From<Event> for Output {
    fn from(event: Event) -> Self {
        match event {
            Event::Output(id) => Self::Output(id.index()),
            Event::Refused(id, _) => Self::Refused(id.index()),
            Event::Closed(id) => Self::Closed(id.index()),
            Event::Backlog => Self::Backlog,
            Event::Mail(number) => Self::Mail(number),
        }
    }
}

/// What a host answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nanoseconds of a precise clock.
    PreciseNs(u64),
    /// What the process had used.
    Usage(Usage),
    /// How long the recording was, in bytes.
    RecordingBytes(u64),
    /// Whether the configuration file could be rewritten, and why not.
    Rewritten(Result<(), String>),
}

/// Why a recording has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server was told to stop.
    Stopped,
    /// The recording is as long as it may be.
    Full,
}

/// The checksum of bytes that were sent: CRC-32.
pub fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// What the records before say about the next, which gives the difference only.
#[derive(Debug, Default)]
struct Context {
    server: usize,
    now: Now,
    precise_ns: u64,
}

/// The bytes that say what a record is.
mod tag {
    pub(super) const START: u8 = 0;
    pub(super) const END: u8 = 1;
    pub(super) const SERVER: u8 = 2;
    pub(super) const NOW: u8 = 3;
    pub(super) const ACCEPT: u8 = 4;
    pub(super) const ROOM: u8 = 6;
    pub(super) const RECEIVED: u8 = 7;
    pub(super) const END_OF_INPUT: u8 = 8;
    pub(super) const LOST: u8 = 9;
    pub(super) const EXECUTE: u8 = 10;
    pub(super) const TIMEOUT: u8 = 11;
    pub(super) const MAIL: u8 = 12;
    pub(super) const JOIN_IN: u8 = 13;
    pub(super) const SENT: u8 = 14;
    pub(super) const POLL: u8 = 15;
    pub(super) const CLOSE: u8 = 16;
    pub(super) const OPENED: u8 = 32;
    pub(super) const EVENT_OUTPUT: u8 = 33;
    pub(super) const EVENT_REFUSED: u8 = 34;
    pub(super) const EVENT_CLOSED: u8 = 35;
    pub(super) const EVENT_BACKLOG: u8 = 36;
    pub(super) const EVENT_MAIL: u8 = 37;
    pub(super) const PRECISE_NS: u8 = 48;
    pub(super) const USAGE: u8 = 49;
    pub(super) const RECORDING_BYTES: u8 = 50;
    pub(super) const REWRITTEN: u8 = 51;
}
