//! The TLV protocol: three operations on strings, in the fewest bytes.
//!
//! A request is an operation, a key and perhaps a value; all lengths are 32 bits, little-endian, and
//! stand before what they measure. A reply is the value, or the one that was there before. The
//! [plain](Variant::Plain) variant cannot tell an absent value from an empty one, and closes the
//! connection where the [strict](Variant::Strict) one tells of an error.
//!
//! A server reads with [`Decoder`] and writes with [`Encoder`]; a client writes with
//! [`encode_request`] and reads with [`decode_reply`].
//!
//! ```
//! use kv_proto::resp::value::{ReplyLimits, Value};
//! use kv_proto::tlv::{self, Operation, Variant};
//!
//! let mut request = Vec::new();
//! tlv::encode_request(Operation::Get(b"key"), &mut request);
//! assert_eq!(request, b"\x01\0\x03\0\0\0key");
//!
//! let reply = b"\x05\0\0\0value";
//! let decoded = tlv::decode_reply(reply, Variant::Plain, &ReplyLimits::default())?;
//! assert_eq!(decoded, Some((Value::Bulk(b"value".to_vec()), reply.len())));
//! # Ok::<(), kv_proto::resp::value::ReplyError>(())
//! ```

use crate::request::{Arguments, Limits, Request, UNKNOWN_BULK_LEN_MAX};
use crate::resp::value::{ReplyError, ReplyLimits, Value};
use kv_core::args::{Literal, Span};
use kv_core::error::Error;
use kv_core::reply::{Protocol, Reply};
use std::ops::Range;

/// How many bytes say which operation it is.
const OPERATION_LEN: usize = 2;

/// How many bytes a length takes.
const LENGTH_LEN: usize = 4;

/// What replies look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// A length and so many bytes. No value looks like an empty one, and an error closes.
    Plain,
    /// A status before that: whether it is a value, or there is none, or it is an error's text.
    Strict,
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation<'a> {
    /// The value of a key.
    Get(&'a [u8]),
    /// The value of a key, which is removed.
    Delete(&'a [u8]),
    /// To give a key a value; the reply is the one before.
    Set(&'a [u8], &'a [u8]),
}

/// Operations as they are sent.
mod code {
    pub(super) const GET: u16 = 1;
    pub(super) const DELETE: u16 = 2;
    pub(super) const SET: u16 = 3;
}

/// The statuses of the strict variant.
mod status {
    pub(super) const VALUE: u8 = 0;
    pub(super) const NONE: u8 = 1;
    pub(super) const ERROR: u8 = 2;
}

/// Bytes that are no request. The connection cannot be used further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// There is no operation of this number.
    #[error("there is no operation {0}")]
    UnknownOperation(u16),
    /// A key or a value is longer than the limits allow.
    #[error("a length exceeds the limits")]
    TooLong,
}

/// Decodes a connection's requests, one after the other. How the bytes are cut into pieces makes no
/// difference. A call takes constant time, whatever is sent.
#[derive(Debug, Default)]
pub struct Decoder {
    /// How many bytes the request in progress has at least.
    needed: usize,
}

impl Decoder {
    /// Decodes one request and, if it is complete, appends its arguments to `arguments`: a command of
    /// Redis that does the same. `input` begins with the first byte that no earlier request took.
    #[inline]
    pub fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, ProtocolError> {
        let Some(operation) = input.first_chunk() else { return Ok(None) };
        let (word, has_value) = match u16::from_le_bytes(*operation) {
            code::GET => (Literal::Get, false),
            code::DELETE => (Literal::GetDel, false),
            code::SET => (Literal::GetSet, true),
            other => return Err(ProtocolError::UnknownOperation(other)),
        };
        let Some(key) = self.field(input, OPERATION_LEN, limits)? else { return Ok(None) };
        let mut end = key.end;
        let first = arguments.spans.len();
        if has_value {
            let Some(value) = self.field(input, key.end, limits)? else { return Ok(None) };
            end = value.end;
            arguments.spans.extend([Span::literal(word), span(key), span(value)]);
        } else {
            arguments.spans.extend([Span::literal(word), span(key)]);
        }
        self.needed = 0;
        let spans = first..arguments.spans.len();
        Ok(Some(Request::new(end, spans, false)))
    }

    /// How many bytes of input the request in progress has at least, as far as is known. 0 between
    /// requests.
    pub fn needed(&self) -> usize {
        self.needed
    }

    /// Where the bytes lie whose length is at `position`, if they are there.
    #[inline]
    fn field(
        &mut self,
        input: &[u8],
        position: usize,
        limits: &Limits,
    ) -> Result<Option<Range<usize>>, ProtocolError> {
        let start = position + LENGTH_LEN;
        let Some(len) = input[position..].first_chunk() else {
            self.needed = start;
            return Ok(None);
        };
        let len = u32::from_le_bytes(*len) as usize;
        let end = start.saturating_add(len);
        if !is_allowed(len, end, limits) {
            return Err(ProtocolError::TooLong);
        }
        if end > input.len() {
            self.needed = end;
            return Ok(None);
        }
        Ok(Some(start..end))
    }
}

/// Whether a key or a value may be so long, and end so far behind the beginning of its request.
#[inline]
fn is_allowed(len: usize, end: usize, limits: &Limits) -> bool {
    len <= limits.bulk_len_max
        && end <= limits.request_len_max.min(u32::MAX as usize)
        && !(limits.is_unknown && len > UNKNOWN_BULK_LEN_MAX)
}

#[inline]
fn span(field: Range<usize>) -> Span {
    Span::new(field.start, field.len())
}

/// Writes the reply to one request, appending to a connection's output. Whatever else than a
/// string, nothing or an error is written as an error: the operations give nothing else, unless
/// `rename-command` has given their names to other commands.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    variant: Variant,
    has_failed: &'a mut bool,
    /// What follows is a part of something that was refused already.
    is_answered: bool,
}

const NO_SUCH_REPLY: Error =
    Error::text("ERR the reply has a type that this protocol does not know");

impl<'a> Encoder<'a> {
    /// Appends to `out`. In the plain variant an error sets `has_failed` instead: the connection is
    /// to be closed behind what was written before.
    pub fn new(out: &'a mut Vec<u8>, variant: Variant, has_failed: &'a mut bool) -> Self {
        Self { out, variant, has_failed, is_answered: false }
    }

    #[inline]
    fn answer(&mut self, status: u8, bytes: &[u8]) {
        if std::mem::replace(&mut self.is_answered, true) {
            return;
        }
        match (self.variant, u32::try_from(bytes.len())) {
            (_, Err(_)) => self.fail(&Error::StringTooLong),
            (Variant::Plain, Ok(_)) if status == status::ERROR => *self.has_failed = true,
            (Variant::Plain, Ok(len)) => self.write(&len.to_le_bytes(), bytes),
            (Variant::Strict, Ok(len)) => {
                let [a, b, c, d] = len.to_le_bytes();
                self.write(&[status, a, b, c, d], bytes);
            }
        }
    }

    #[inline]
    fn write(&mut self, head: &[u8], bytes: &[u8]) {
        self.out.reserve(head.len() + bytes.len());
        self.out.extend_from_slice(head);
        self.out.extend_from_slice(bytes);
    }

    #[cold]
    fn fail(&mut self, error: &Error) {
        self.is_answered = false;
        self.answer(status::ERROR, &error.message());
    }

    #[cold]
    fn refuse(&mut self) {
        self.answer(status::ERROR, &NO_SUCH_REPLY.message());
    }
}

impl Reply for Encoder<'_> {
    fn simple(&mut self, _: &str) {
        self.refuse();
    }

    #[inline]
    fn bulk(&mut self, bytes: &[u8]) {
        self.answer(status::VALUE, bytes);
    }

    fn int(&mut self, _: i64) {
        self.refuse();
    }

    fn double(&mut self, _: f64) {
        self.refuse();
    }

    fn boolean(&mut self, _: bool) {
        self.refuse();
    }

    #[inline]
    fn null(&mut self) {
        self.answer(status::NONE, b"");
    }

    fn null_array(&mut self) {
        self.refuse();
    }

    fn verbatim(&mut self, _: &[u8]) {
        self.refuse();
    }

    fn array(&mut self, _: usize) {
        self.refuse();
    }

    fn map(&mut self, _: usize) {
        self.refuse();
    }

    fn set(&mut self, _: usize) {
        self.refuse();
    }

    fn push(&mut self, _: usize) {
        self.refuse();
    }

    fn error(&mut self, error: &Error) {
        self.answer(status::ERROR, &error.message());
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

/// Appends a request.
///
/// # Panics
/// If the key or the value has 4 GiB or more.
pub fn encode_request(operation: Operation<'_>, out: &mut Vec<u8>) {
    let (code, key, value) = match operation {
        Operation::Get(key) => (code::GET, key, None),
        Operation::Delete(key) => (code::DELETE, key, None),
        Operation::Set(key, value) => (code::SET, key, Some(value)),
    };
    out.extend_from_slice(&code.to_le_bytes());
    push_field(key, out);
    if let Some(value) = value {
        push_field(value, out);
    }
}

fn push_field(bytes: &[u8], out: &mut Vec<u8>) {
    let len = u32::try_from(bytes.len()).expect("keys and values are shorter than 4 GiB");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Decodes the reply at the beginning of `input`: its value and how many bytes it takes; none if it
/// is incomplete. A string is [`Value::Bulk`]; in the strict variant the absence of one is
/// [`Value::Null`], and an error [`Value::Error`]. Linear in the length of a complete reply, constant
/// as long as it is incomplete.
pub fn decode_reply(
    input: &[u8],
    variant: Variant,
    limits: &ReplyLimits,
) -> Result<Option<(Value, usize)>, ReplyError> {
    let (status, head_len) = match (variant, input) {
        (Variant::Plain, _) => (status::VALUE, LENGTH_LEN),
        (Variant::Strict, []) => return Ok(None),
        (Variant::Strict, [status, ..]) => (*status, 1 + LENGTH_LEN),
    };
    if status > status::ERROR {
        return Err(ReplyError::UnknownType(status));
    }
    let Some(len) = input[head_len - LENGTH_LEN..].first_chunk() else { return Ok(None) };
    let end = head_len.saturating_add(u32::from_le_bytes(*len) as usize);
    if end > limits.len_max {
        return Err(ReplyError::TooLong);
    }
    if status == status::NONE && end > head_len {
        return Err(ReplyError::LengthMismatch);
    }
    let Some(bytes) = input.get(head_len..end) else { return Ok(None) };
    let value = match status {
        status::VALUE => Value::Bulk(bytes.to_vec()),
        status::NONE => Value::Null,
        _ => Value::Error(bytes.to_vec()),
    };
    Ok(Some((value, end)))
}
