//! The frame protocol: any command, in messages that begin with their length.
//!
//! A message is 4 bytes length and a payload of so many bytes; all numbers are little-endian. A
//! request's payload is a list of strings, a reply's one value with a tag before it. A connection
//! whose first four bytes give too large a length is a person's: see [`is_text`].
//!
//! A server reads with [`Decoder`] and writes with [`Encoder`]; a client writes with
//! [`encode_request`] and reads with [`decode_reply`].
//!
//! ```
//! use kv_proto::frame;
//! use kv_proto::resp::value::{ReplyLimits, Value};
//!
//! let mut request = Vec::new();
//! frame::encode_request(["GET", "key"], &mut request);
//! assert_eq!(request, b"\x12\0\0\0\x02\0\0\0\x03\0\0\0GET\x03\0\0\0key");
//!
//! let reply = b"\x0a\0\0\0\x02\x05\0\0\0value";
//! let decoded = frame::decode_reply(reply, &ReplyLimits::default())?;
//! assert_eq!(decoded, Some((Value::Bulk(b"value".to_vec()), reply.len())));
//! # Ok::<(), kv_proto::resp::value::ReplyError>(())
//! ```

use crate::request::{
    Arguments, Limits, Request, UNKNOWN_ARGS_MAX, UNKNOWN_BULK_LEN_MAX, keys_of_everything,
};
use crate::resp::value::{Double, ReplyError, ReplyLimits, Value};
use kv_core::args::Span;
use kv_core::error::Error;
use kv_core::reply::{Protocol, Reply};

/// The longest payload, in bytes.
pub const PAYLOAD_LEN_MAX: usize = 32 << 20;

/// How many bytes a length or a count takes.
const LENGTH_LEN: usize = 4;

/// The longest payload of a client that has yet to say who it is.
const UNKNOWN_PAYLOAD_LEN_MAX: usize =
    LENGTH_LEN + UNKNOWN_ARGS_MAX * (LENGTH_LEN + UNKNOWN_BULK_LEN_MAX);

/// What a value begins with.
mod tag {
    pub(super) const NIL: u8 = 0;
    pub(super) const ERROR: u8 = 1;
    pub(super) const STRING: u8 = 2;
    pub(super) const INTEGER: u8 = 3;
    pub(super) const DOUBLE: u8 = 4;
    pub(super) const ARRAY: u8 = 5;
}

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Code {
    /// The request names no command, or no subcommand of one.
    Unknown = 1,
    /// A string, a request or a reply is longer than it may be.
    TooBig = 2,
    /// The key holds a value of another type than the command works on.
    WrongType = 3,
    /// Everything else.
    BadArgument = 4,
}

impl From<&Error> for Code {
    fn from(error: &Error) -> Self {
        match error {
            Error::UnknownCommand(_) => Self::Unknown,
            Error::StringTooLong => Self::TooBig,
            Error::WrongType | Error::NotASketch => Self::WrongType,
            _ => Self::BadArgument,
        }
    }
}

/// Whether a connection that begins with these bytes is a person's, with netcat or telnet: any four
/// characters make too large a length. Such a connection is served in lines of text.
pub fn is_text(head: [u8; 4]) -> bool {
    u32::from_le_bytes(head) as usize > PAYLOAD_LEN_MAX
}

/// Bytes that are no request. The connection cannot be used further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The payload is longer than [`PAYLOAD_LEN_MAX`], or than [`Limits::request_len_max`] allows.
    #[error("Protocol error: message too long")]
    MessageTooLong,
    /// A string is longer than [`Limits::bulk_len_max`].
    #[error("Protocol error: string too long")]
    StringTooLong,
    /// More than a client may send that has yet to say who it is.
    #[error("Protocol error: message too long before authentication")]
    UnauthenticatedLength,
    /// The strings end behind the payload, or before it.
    #[error("Protocol error: strings do not fit the message's length")]
    LengthMismatch,
    /// No strings at all.
    #[error("Protocol error: message without a command")]
    NoCommand,
}

impl ProtocolError {
    /// What it is about.
    pub fn code(self) -> Code {
        match self {
            Self::MessageTooLong | Self::StringTooLong | Self::UnauthenticatedLength => {
                Code::TooBig
            }
            Self::LengthMismatch | Self::NoCommand => Code::BadArgument,
        }
    }

    /// Appends what the client is told before its connection is closed.
    pub fn encode(self, out: &mut Vec<u8>) {
        let text = format!("ERR {self}");
        push_length(error_len(text.as_bytes()), out);
        push_error(self.code(), text.as_bytes(), out);
    }
}

/// Decodes a connection's requests, one after the other. How the bytes are cut into pieces makes no
/// difference: a message is looked at when it is complete.
#[derive(Debug, Default)]
pub struct Decoder {
    /// How long the message in progress is.
    needed: usize,
}

impl Decoder {
    /// Decodes one request and, if it is complete, appends its arguments to `arguments`. `input`
    /// begins with the first byte that no earlier request took. Constant as long as the message is
    /// incomplete, then linear in the number of its strings.
    #[inline]
    pub fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, ProtocolError> {
        let Some((len, rest)) = split_length(input) else { return Ok(None) };
        check_payload_len(len, limits)?;
        let message_len = LENGTH_LEN + len;
        let Some(payload) = rest.get(..len) else {
            self.needed = message_len;
            return Ok(None);
        };
        self.needed = 0;
        let first = arguments.spans.len();
        if let Err(error) = strings(payload, limits, &mut arguments.spans) {
            arguments.spans.truncate(first);
            return Err(error);
        }
        let spans = first..arguments.spans.len();
        let mut request = Request::new(message_len, spans, false);
        keys_of_everything(&mut request, arguments, input);
        Ok(Some(request))
    }

    /// How many bytes of input the message in progress has. 0 as long as that is not known.
    pub fn needed(&self) -> usize {
        self.needed
    }
}

#[inline]
fn check_payload_len(len: usize, limits: &Limits) -> Result<(), ProtocolError> {
    if len > PAYLOAD_LEN_MAX || len + LENGTH_LEN > limits.request_len_max {
        return Err(ProtocolError::MessageTooLong);
    }
    let is_too_long = limits.is_unknown && len > UNKNOWN_PAYLOAD_LEN_MAX;
    if is_too_long { Err(ProtocolError::UnauthenticatedLength) } else { Ok(()) }
}

/// Where the strings of a request lie, whose payload follows its length.
#[inline]
fn strings(payload: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Result<(), ProtocolError> {
    let (count, mut rest) = split_length(payload).ok_or(ProtocolError::LengthMismatch)?;
    if count == 0 {
        return Err(ProtocolError::NoCommand);
    }
    if limits.is_unknown && count > UNKNOWN_ARGS_MAX {
        return Err(ProtocolError::UnauthenticatedLength);
    }
    let end = LENGTH_LEN + payload.len();
    let len_max = match limits.is_unknown {
        true => limits.bulk_len_max.min(UNKNOWN_BULK_LEN_MAX),
        false => limits.bulk_len_max,
    };
    for _ in 0..count {
        let (len, behind) = split_length(rest).ok_or(ProtocolError::LengthMismatch)?;
        if len > len_max {
            return Err(too_long(len, limits));
        }
        let start = end - behind.len();
        rest = behind.get(len..).ok_or(ProtocolError::LengthMismatch)?;
        spans.push(Span::new(start, len));
    }
    if rest.is_empty() { Ok(()) } else { Err(ProtocolError::LengthMismatch) }
}

#[cold]
fn too_long(len: usize, limits: &Limits) -> ProtocolError {
    match len > limits.bulk_len_max {
        true => ProtocolError::StringTooLong,
        false => ProtocolError::UnauthenticatedLength,
    }
}

/// A length or a count, and what follows it.
#[inline]
fn split_length(input: &[u8]) -> Option<(usize, &[u8])> {
    let (len, rest) = input.split_first_chunk()?;
    Some((u32::from_le_bytes(*len) as usize, rest))
}

/// Writes replies as messages, appending to a connection's output. Each is whole when the handler
/// has written all of it.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// Where the message begins that is being written.
    start: usize,
    /// How many of its values are still to come. 0 between messages.
    missing: usize,
    /// It exceeds the limit: an error stands for it.
    is_too_long: bool,
}

const REPLY_TOO_LONG: &[u8] = b"ERR reply exceeds 32 MiB";

impl<'a> Encoder<'a> {
    /// Appends to `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, start: 0, missing: 0, is_too_long: false }
    }

    /// Writes a value that takes `len` bytes, and announces as many as `elements` behind it.
    #[inline]
    fn value(&mut self, len: usize, elements: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if self.missing == 0 {
            self.begin();
        }
        // No element takes less than a byte.
        let message_len = (self.out.len() - self.start).saturating_add(len);
        if message_len.saturating_add(elements) > LENGTH_LEN + PAYLOAD_LEN_MAX {
            self.give_up();
        }
        if !self.is_too_long {
            self.out.reserve(len);
            write(self.out);
        }
        self.missing = self.missing.saturating_add(elements) - 1;
        if self.missing == 0 {
            self.end();
        }
    }

    fn begin(&mut self) {
        self.start = self.out.len();
        self.out.extend_from_slice(&[0; LENGTH_LEN]);
        self.missing = 1;
        self.is_too_long = false;
    }

    #[cold]
    fn give_up(&mut self) {
        self.is_too_long = true;
        self.out.truncate(self.start + LENGTH_LEN);
    }

    fn end(&mut self) {
        if self.is_too_long {
            push_error(Code::TooBig, REPLY_TOO_LONG, self.out);
        }
        let payload_len = (self.out.len() - self.start - LENGTH_LEN) as u32;
        self.out[self.start..][..LENGTH_LEN].copy_from_slice(&payload_len.to_le_bytes());
    }
}

/// A transaction that turns replies off leaves out elements that it has announced.
impl Drop for Encoder<'_> {
    fn drop(&mut self) {
        while self.missing > 0 {
            self.null();
        }
    }
}

impl Reply for Encoder<'_> {
    fn simple(&mut self, status: &str) {
        self.bulk(status.as_bytes());
    }

    #[inline]
    fn bulk(&mut self, bytes: &[u8]) {
        let len = 1 + LENGTH_LEN + bytes.len();
        if self.missing == 0 && len <= PAYLOAD_LEN_MAX {
            push_lone_string(bytes, self.out);
        } else {
            self.value(len, 0, |out| push_string(bytes, out));
        }
    }

    fn int(&mut self, value: i64) {
        self.value(9, 0, |out| push_number(tag::INTEGER, value.to_le_bytes(), out));
    }

    fn double(&mut self, value: f64) {
        self.value(9, 0, |out| push_number(tag::DOUBLE, value.to_le_bytes(), out));
    }

    fn boolean(&mut self, value: bool) {
        self.int(value.into());
    }

    fn null(&mut self) {
        self.value(1, 0, |out| out.push(tag::NIL));
    }

    fn null_array(&mut self) {
        self.null();
    }

    fn verbatim(&mut self, text: &[u8]) {
        self.bulk(text);
    }

    fn array(&mut self, len: usize) {
        self.value(1 + LENGTH_LEN, len, |out| {
            out.push(tag::ARRAY);
            push_length(len, out);
        });
    }

    fn map(&mut self, len: usize) {
        self.array(2 * len);
    }

    fn set(&mut self, len: usize) {
        self.array(len);
    }

    fn push(&mut self, len: usize) {
        self.array(len);
    }

    fn error(&mut self, error: &Error) {
        let (code, text) = (Code::from(error), error.message());
        self.value(error_len(&text), 0, |out| push_error(code, &text, out));
    }

    fn written(&self) -> usize {
        self.out.len()
    }

    fn protocol(&self) -> Protocol {
        Protocol::V2
    }

    fn switch_protocol(&mut self, protocol: Protocol) -> bool {
        protocol == Protocol::V2
    }
}

/// A length or a count that is known to have 32 bits.
#[inline]
fn push_length(len: usize, out: &mut Vec<u8>) {
    let len = u32::try_from(len).expect("it was compared with the limit");
    out.extend_from_slice(&len.to_le_bytes());
}

#[inline]
fn push_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag::STRING);
    push_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// The whole message, which is what most replies are.
#[inline]
fn push_lone_string(bytes: &[u8], out: &mut Vec<u8>) {
    let [a, b, c, d] = ((1 + LENGTH_LEN + bytes.len()) as u32).to_le_bytes();
    let [e, f, g, h] = (bytes.len() as u32).to_le_bytes();
    out.reserve(1 + 2 * LENGTH_LEN + bytes.len());
    out.extend_from_slice(&[a, b, c, d, tag::STRING, e, f, g, h]);
    out.extend_from_slice(bytes);
}

fn push_number(tag: u8, bytes: [u8; 8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&bytes);
}

fn push_error(code: Code, text: &[u8], out: &mut Vec<u8>) {
    out.push(tag::ERROR);
    out.extend_from_slice(&(code as u32).to_le_bytes());
    push_length(text.len(), out);
    out.extend_from_slice(text);
}

fn error_len(text: &[u8]) -> usize {
    1 + 2 * LENGTH_LEN + text.len()
}

/// Appends a request: the command's name and its arguments.
///
/// # Panics
/// If it takes 4 GiB or more; a server takes [`PAYLOAD_LEN_MAX`] at most.
pub fn encode_request<I>(arguments: I, out: &mut Vec<u8>)
where
    I: IntoIterator<Item: AsRef<[u8]>, IntoIter: ExactSizeIterator>,
{
    let arguments = arguments.into_iter();
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_LEN]);
    push_length(arguments.len(), out);
    for argument in arguments {
        push_length(argument.as_ref().len(), out);
        out.extend_from_slice(argument.as_ref());
    }
    let len = u32::try_from(out.len() - start - LENGTH_LEN).expect("a request has less than 4 GiB");
    out[start..][..LENGTH_LEN].copy_from_slice(&len.to_le_bytes());
}

/// Decodes the reply at the beginning of `input`: its value and how many bytes it takes; none if it
/// is incomplete. Of an error only its text is given, whose first word says more than its code.
/// Linear in the length of a complete reply, constant as long as it is incomplete.
pub fn decode_reply(
    input: &[u8],
    limits: &ReplyLimits,
) -> Result<Option<(Value, usize)>, ReplyError> {
    let Some((len, rest)) = split_length(input) else { return Ok(None) };
    if len.saturating_add(LENGTH_LEN) > limits.len_max {
        return Err(ReplyError::TooLong);
    }
    let Some(payload) = rest.get(..len) else { return Ok(None) };
    let mut reader = Reader { rest: payload };
    let value = reader.value(limits.depth_max)?;
    let is_whole = reader.rest.is_empty();
    if is_whole { Ok(Some((value, LENGTH_LEN + len))) } else { Err(ReplyError::LengthMismatch) }
}

/// Reads values from a payload.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A value with at most so many arrays within each other.
    fn value(&mut self, depth_max: usize) -> Result<Value, ReplyError> {
        let [tag] = self.chunk()?;
        Ok(match tag {
            tag::NIL => Value::Null,
            tag::ERROR => {
                self.chunk::<LENGTH_LEN>()?;
                Value::Error(self.string()?)
            }
            tag::STRING => Value::Bulk(self.string()?),
            tag::INTEGER => Value::Int(i64::from_le_bytes(self.chunk()?)),
            tag::DOUBLE => Value::Double(Double(f64::from_le_bytes(self.chunk()?))),
            tag::ARRAY => Value::Array(self.elements(depth_max)?),
            other => return Err(ReplyError::UnknownType(other)),
        })
    }

    /// Announced elements take no memory before they are there.
    fn elements(&mut self, depth_max: usize) -> Result<Vec<Value>, ReplyError> {
        let len = self.length()?;
        let depth_max = match depth_max.checked_sub(1) {
            Some(depth_max) => depth_max,
            None if len == 0 => 0,
            None => return Err(ReplyError::TooDeep),
        };
        let mut values = Vec::new();
        for _ in 0..len {
            values.push(self.value(depth_max)?);
        }
        Ok(values)
    }

    fn string(&mut self) -> Result<Vec<u8>, ReplyError> {
        let len = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(ReplyError::LengthMismatch)?;
        self.rest = rest;
        Ok(bytes.to_vec())
    }

    fn length(&mut self) -> Result<usize, ReplyError> {
        Ok(u32::from_le_bytes(self.chunk()?) as usize)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], ReplyError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(ReplyError::LengthMismatch)?;
        self.rest = rest;
        Ok(*bytes)
    }
}
