//! Writing recordings.

use super::{Answer, Call, Context, End, Input, Output, Record, Start, tag};
use crate::dialect::Terms;
use kv_core::kernel::{Facts, Usage};
use kv_core::now::Now;
use kv_core::session::{Origin, Peer};

/// How many bytes of a frame come before its records.
pub const FRAME_HEADER_LEN: usize = 12;

/// Makes frames of records.
#[derive(Debug)]
pub struct Encoder {
    context: Context,
    /// The frame so far, from its header on.
    frame: Vec<u8>,
    /// It was handed out, and the next record begins another.
    is_sealed: bool,
}

impl Default for Encoder {
    /// An encoder for the first frame, and those that follow it.
    fn default() -> Self {
        let frame = vec![0; FRAME_HEADER_LEN];
        Self { context: Context::default(), frame, is_sealed: false }
    }
}

impl Encoder {
    /// How long the frame is so far, in bytes.
    pub fn pending(&self) -> usize {
        if self.is_sealed { FRAME_HEADER_LEN } else { self.frame.len() }
    }

    /// Adds a record to the frame.
    pub fn push(&mut self, record: &Record<'_>) {
        if std::mem::take(&mut self.is_sealed) {
            self.frame.truncate(FRAME_HEADER_LEN);
        }
        match record {
            Record::Start(start) => self.start(start),
            Record::Call(call) => self.call(call),
            Record::Output(output) => self.output(*output),
            Record::Answer(answer) => self.answer(answer),
            Record::End(end) => self.frame.extend([tag::END, matches!(end, End::Full).into()]),
        }
    }

    /// Ends the frame and gives its bytes, none if it has no record.
    ///
    /// # Panics
    /// If the records take 4 GiB or more.
    pub fn seal(&mut self) -> &[u8] {
        if self.pending() == FRAME_HEADER_LEN {
            return &[];
        }
        self.is_sealed = true;
        let (header, records) = self.frame.split_at_mut(FRAME_HEADER_LEN);
        let len = u32::try_from(records.len()).expect("one read is shorter than 2 GiB");
        header[..4].copy_from_slice(&len.to_le_bytes());
        header[4..8].copy_from_slice(&crc32fast::hash(records).to_le_bytes());
        let checksum = crc32fast::hash(&header[..8]);
        header[8..].copy_from_slice(&checksum.to_le_bytes());
        &self.frame
    }

    fn start(&mut self, start: &Start) {
        let Start { version, seed, shards, servers, now, facts, settings } = start;
        self.frame.push(tag::START);
        self.bytes(version.as_bytes());
        [*seed, *shards, *servers, now.mono_us, now.unix_us].into_iter().for_each(|n| self.int(n));
        let Facts { os, process_id, executable, config_file, tcp_port, total_system_memory } =
            facts;
        self.bytes(os.as_bytes());
        self.int(u64::from(*process_id));
        self.bytes(executable.as_bytes());
        self.bytes(config_file.as_bytes());
        self.int(u64::from(*tcp_port));
        self.int(*total_system_memory);
        self.bytes(settings);
        self.context.now = *now;
    }

    fn call(&mut self, call: &Call<'_>) {
        if std::mem::replace(&mut self.context.server, call.server) != call.server {
            self.tagged(tag::SERVER, call.server);
        }
        self.time(call.now);
        match &call.input {
            Input::Accept(peer, terms) => self.accept(peer, *terms),
            Input::Room(connection) => self.tagged(tag::ROOM, *connection),
            Input::Received(connection) => {
                self.tagged(tag::RECEIVED, *connection);
                self.bytes(call.received);
            }
            Input::EndOfInput(connection) => self.tagged(tag::END_OF_INPUT, *connection),
            Input::Lost(connection) => self.tagged(tag::LOST, *connection),
            Input::Execute => self.frame.push(tag::EXECUTE),
            Input::Timeout => self.frame.push(tag::TIMEOUT),
            Input::Mail => self.frame.push(tag::MAIL),
            Input::JoinIn => self.frame.push(tag::JOIN_IN),
            Input::Sent { connection, len, checksum } => {
                self.tagged(tag::SENT, *connection);
                self.int(*len as u64);
                self.int(u64::from(*checksum));
            }
            Input::Poll => self.frame.push(tag::POLL),
            Input::Close => self.frame.push(tag::CLOSE),
        }
    }

    fn time(&mut self, now: Now) {
        let before = std::mem::replace(&mut self.context.now, now);
        if now != before {
            let mono_us = now.mono_us.wrapping_sub(before.mono_us);
            let unix_us = now.unix_us.wrapping_sub(before.unix_us);
            self.frame.push(tag::NOW);
            self.signed(mono_us);
            self.signed(unix_us.wrapping_sub(mono_us));
        }
    }

    fn accept(&mut self, peer: &Peer, terms: Terms) {
        self.frame.push(tag::ACCEPT);
        self.bytes(peer.address.as_bytes());
        self.bytes(peer.local_address.as_bytes());
        self.signed(peer.descriptor as u64);
        let origin = match peer.origin {
            Origin::Local => 0,
            Origin::Unix => 1,
            Origin::Remote => 2,
        };
        self.frame.extend([origin, terms.dialect as u8, terms.is_proxied.into()]);
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Opened(connection) => self.tagged(tag::OPENED, connection),
            Output::Output(connection) => self.tagged(tag::EVENT_OUTPUT, connection),
            Output::Refused(connection) => self.tagged(tag::EVENT_REFUSED, connection),
            Output::Closed(connection) => self.tagged(tag::EVENT_CLOSED, connection),
            Output::Backlog => self.frame.push(tag::EVENT_BACKLOG),
            Output::Mail(server) => self.tagged(tag::EVENT_MAIL, server),
        }
    }

    fn answer(&mut self, answer: &Answer) {
        match answer {
            Answer::PreciseNs(ns) => {
                let before = std::mem::replace(&mut self.context.precise_ns, *ns);
                self.frame.push(tag::PRECISE_NS);
                self.signed(ns.wrapping_sub(before));
            }
            Answer::Usage(usage) => {
                let Usage { cpu_user_us, cpu_system_us, resident_bytes, resident_peak_bytes } =
                    *usage;
                self.frame.push(tag::USAGE);
                let all = [cpu_user_us, cpu_system_us, resident_bytes, resident_peak_bytes];
                all.into_iter().for_each(|number| self.int(number));
            }
            Answer::RecordingBytes(bytes) => {
                self.frame.push(tag::RECORDING_BYTES);
                self.int(*bytes);
            }
            Answer::Rewritten(result) => {
                self.frame.extend([tag::REWRITTEN, result.is_err().into()]);
                if let Err(reason) = result {
                    self.bytes(reason.as_bytes());
                }
            }
        }
    }

    fn tagged(&mut self, tag: u8, number: usize) {
        self.frame.push(tag);
        self.int(number as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.int(bytes.len() as u64);
        self.frame.extend_from_slice(bytes);
    }

    fn int(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.frame.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.frame.push(number as u8);
    }

    /// A signed number, given as its two's complement.
    fn signed(&mut self, number: u64) {
        let sign = ((number as i64) >> 63) as u64;
        self.int(number << 1 ^ sign);
    }
}
