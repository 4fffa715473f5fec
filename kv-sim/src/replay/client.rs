//! What was said on a connection, for people.

use crate::wire::quoted;
use kv_proto::dialect::Dialect;
use kv_proto::frame;
use kv_proto::request::{Arguments, Limits, Request};
use kv_proto::resp::decode::Decoder;
use kv_proto::resp::value::{ReplyDecoder, ReplyLimits};
use kv_proto::server::ConnectionId;
use kv_proto::tlv::{self, Variant};
use std::collections::VecDeque;

/// How many requests and replies of each connection are kept.
const KEPT: usize = 8;

/// More than a server ever takes.
const UNLIMITED: Limits = Limits {
    bulk_len_max: usize::MAX / 2,
    inline_len_max: usize::MAX / 2,
    args_max: i32::MAX as usize,
    request_len_max: usize::MAX / 2,
    is_unknown: false,
};

/// A connection, and the last of what was said on it.
#[derive(Debug)]
pub struct Client {
    id: ConnectionId,
    address: String,
    dialect: Dialect,
    requests: Half<Decoder>,
    replies: Half<ReplyDecoder>,
}

/// What is said in one direction.
#[derive(Debug, Default)]
struct Half<D> {
    decoder: D,
    /// From the beginning of what is not whole yet. None if it cannot be read any more.
    rest: Option<Vec<u8>>,
    last: VecDeque<String>,
}

impl Client {
    pub(super) fn new(id: ConnectionId, address: String, dialect: Dialect) -> Self {
        Self { id, address, dialect, requests: Half::new(), replies: Half::new() }
    }

    pub(super) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Where it came from.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The last requests that came whole, the last one at the end, shortened.
    pub fn requests(&self) -> Vec<&String> {
        self.requests.last.iter().collect()
    }

    /// The last replies and other messages that were sent whole.
    pub fn replies(&self) -> Vec<&String> {
        self.replies.last.iter().collect()
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        let dialect = self.dialect;
        self.requests.take(bytes, |decoder, input| {
            let mut arguments = Arguments::default();
            let request = request(dialect, decoder, input, &mut arguments)?;
            let Some(request) = request else { return Ok(None) };
            let words = arguments.of(&request, input);
            let words: Vec<String> = words.from(0).map(quoted).collect();
            Ok(Some((request.len(), words.join(" "))))
        });
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        let dialect = self.dialect;
        self.replies.take(bytes, |decoder, output| {
            let len = reply_len(dialect, decoder, output)?;
            Ok(len.map(|len| (len, quoted(&output[..len]))))
        });
    }
}

/// Where a person types lines at the port for frames, nothing is read.
fn request(
    dialect: Dialect,
    decoder: &mut Decoder,
    input: &[u8],
    arguments: &mut Arguments,
) -> Result<Option<Request>, ()> {
    match dialect {
        Dialect::Resp => decoder.decode(input, &UNLIMITED, arguments).map_err(drop),
        Dialect::Tlv | Dialect::TlvStrict => {
            tlv::Decoder::default().decode(input, &UNLIMITED, arguments).map_err(drop)
        }
        Dialect::Frame => {
            frame::Decoder::default().decode(input, &UNLIMITED, arguments).map_err(drop)
        }
    }
}

fn reply_len(
    dialect: Dialect,
    decoder: &mut ReplyDecoder,
    output: &[u8],
) -> Result<Option<usize>, ()> {
    let limits = ReplyLimits { depth_max: usize::MAX, len_max: usize::MAX };
    let decoded = match dialect {
        Dialect::Resp => return decoder.reply_len(output, &limits).map_err(drop),
        Dialect::Tlv => tlv::decode_reply(output, Variant::Plain, &limits),
        Dialect::TlvStrict => tlv::decode_reply(output, Variant::Strict, &limits),
        Dialect::Frame => frame::decode_reply(output, &limits),
    };
    Ok(decoded.map_err(drop)?.map(|(_, len)| len))
}

/// The length of what is whole, and its text.
type Whole = Option<(usize, String)>;

impl<D: Default> Half<D> {
    fn new() -> Self {
        Self { rest: Some(Vec::new()), ..Self::default() }
    }

    fn take(&mut self, bytes: &[u8], decode: impl Fn(&mut D, &[u8]) -> Result<Whole, ()>) {
        let Some(mut rest) = self.rest.take() else { return };
        rest.extend_from_slice(bytes);
        let mut used = 0;
        while used < rest.len() {
            match decode(&mut self.decoder, &rest[used..]) {
                Ok(None) => break,
                Err(()) => return,
                Ok(Some((len, text))) => {
                    used += len;
                    self.note(text);
                }
            }
        }
        rest.drain(..used);
        self.rest = Some(rest);
    }

    fn note(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(text);
    }
}
