//! Requests from bytes, as a server reads them: arrays of bulk strings, or lines of text.
//!
//! The decoder keeps how far it got, never the bytes: those stay in the caller's buffer, and a
//! complete request is a list of spans of it. The lists are the caller's as well, so that several
//! requests can be decoded before the first is run.
//!
//! ```
//! use kv_proto::request::{Arguments, Limits};
//! use kv_proto::resp::decode::Decoder;
//!
//! let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
//! let input = b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
//! let request = decoder.decode(input, &Limits::default(), &mut arguments)?.expect("it is complete");
//! assert_eq!(request.len(), input.len());
//! assert_eq!(arguments.of(&request, input).get(1), b"key");
//! # Ok::<(), kv_proto::resp::decode::ProtocolError>(())
//! ```

use std::borrow::Cow;

use kv_core::args::Span;
use kv_core::error::Error;
use kv_core::words;

use crate::request::{Arguments, Limits, Request, UNKNOWN_ARGS_MAX, UNKNOWN_BULK_LEN_MAX};

impl Limits {
    /// Whether an array may have so many arguments.
    #[inline]
    fn check_args(&self, len: usize) -> Result<(), ProtocolError> {
        if len > self.args_max.min(u32::MAX as usize) {
            return Err(ProtocolError::InvalidMultibulkLength);
        }
        let is_too_long = self.is_unknown && len > UNKNOWN_ARGS_MAX;
        if is_too_long { Err(ProtocolError::UnauthenticatedMultibulkLength) } else { Ok(()) }
    }

    /// Whether an argument may have this length.
    fn check_bulk_len(&self, len: usize) -> Result<(), ProtocolError> {
        if len > self.bulk_len_max {
            return Err(ProtocolError::InvalidBulkLength);
        }
        let is_too_long = self.is_unknown && len > UNKNOWN_BULK_LEN_MAX;
        if is_too_long { Err(ProtocolError::UnauthenticatedBulkLength) } else { Ok(()) }
    }
}

/// Bytes that are no request. The connection cannot be used further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The number of arguments is no number or too large.
    #[error("Protocol error: invalid multibulk length")]
    InvalidMultibulkLength,
    /// More arguments than a client may send that has yet to say who it is.
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedMultibulkLength,
    /// The number of arguments does not end.
    #[error("Protocol error: too big mbulk count string")]
    TooBigMultibulkCount,
    /// An argument does not begin with `$` but with this byte.
    #[error("Protocol error: expected '$', got '{}'", char::from(*.0))]
    ExpectedBulk(u8),
    /// The length of an argument is no number, negative or too large.
    #[error("Protocol error: invalid bulk length")]
    InvalidBulkLength,
    /// A longer argument than a client may send that has yet to say who it is.
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedBulkLength,
    /// The length of an argument does not end.
    #[error("Protocol error: too big bulk count string")]
    TooBigBulkCount,
    /// An inline request does not end.
    #[error("Protocol error: too big inline request")]
    TooBigInline,
    /// An inline request with a quote that is not closed.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// The request exceeds [`Limits::request_len_max`].
    #[error("the request exceeds the query buffer limit")]
    RequestTooLong,
}

impl ProtocolError {
    /// What the client is told before its connection is closed. None: it is closed silently.
    pub fn reply(self) -> Option<Error> {
        match self {
            Self::RequestTooLong => None,
            // A byte, which need not be a character of UTF-8.
            Self::ExpectedBulk(byte) => {
                let start = b"ERR Protocol error: expected '$', got '";
                Some(Error::Text(Cow::Owned([&start[..], &[byte, b'\'']].concat())))
            }
            other => Some(Error::composed(format!("ERR {other}"))),
        }
    }
}

/// Decodes a connection's requests, one after the other.
///
/// How the bytes are cut into pieces makes no difference to the requests, nor to the error.
/// Whatever is sent and however it is cut, the cost is linear in the number of bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    phase: Phase,
    /// Where the line or the bulk string begins that is being decoded.
    position: usize,
    /// Up to where the line that begins at `position` has been searched for its end.
    searched: usize,
    /// How many arguments are still to come. In 32 bits, so that a connection stays small.
    args_left: u32,
    /// The length of the bulk string that is being decoded.
    bulk_len: usize,
    /// The arguments so far of an array of which a part is still to come.
    partial: Vec<Span>,
    /// How many bytes have been searched for line ends.
    #[cfg(test)]
    examined: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// A new request.
    #[default]
    Start,
    /// The end of an inline request.
    Inline,
    /// The number of arguments.
    ArrayLen,
    /// The length of an argument.
    BulkLen,
    /// An argument.
    Bulk,
}

/// The longest line that `short_number` takes; no limit makes it an error.
const SHORT_LINE_LEN: usize = 4;

/// The line is longer than it may be.
struct LineTooLong;

impl Decoder {
    /// Decodes up to the end of one request and, if it is complete, appends its arguments to
    /// `arguments`.
    ///
    /// `input` begins with the first byte that no earlier request took. Between calls that return
    /// `None` it is the same bytes with more of them appended. An error is repeated by every
    /// further call with that input.
    #[inline]
    pub fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, ProtocolError> {
        let first = arguments.spans.len();
        if self.phase == Phase::Start
            && let Some(len) = self.start(input, limits, &mut arguments.spans)
        {
            let spans = first..arguments.spans.len();
            return Ok(Some(Request::new(len, spans, false)));
        }
        self.go_on(input, limits, arguments, first)
    }

    /// Goes on with a request whose arguments are appended from `first` on.
    #[inline(never)]
    fn go_on(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
        first: usize,
    ) -> Result<Option<Request>, ProtocolError> {
        let is_unquoted = match self.phase {
            Phase::Start => None,
            Phase::Inline => self.inline(input, limits, arguments)?,
            Phase::ArrayLen | Phase::BulkLen | Phase::Bulk => {
                self.array(input, limits, &mut arguments.spans, first)?.then_some(false)
            }
        };
        let spans = first..arguments.spans.len();
        Ok(is_unquoted.map(|is_unquoted| Request::new(self.finish(), spans, is_unquoted)))
    }

    /// How many bytes of input the request in progress has at least, as far as is known: a buffer
    /// of this size holds the argument that is being received. 0 between requests.
    pub fn needed(&self) -> usize {
        match self.phase {
            Phase::Bulk => self.position + self.bulk_len + 2,
            _ => self.position,
        }
    }

    /// Begins a request, and tells its length if it is at its end already.
    #[inline]
    fn start(&mut self, input: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Option<usize> {
        if *input.first()? != b'*' {
            self.phase = Phase::Inline;
            return None;
        }
        match short_arguments(input, limits, spans) {
            Some((position, 0)) => return Some(position),
            None => self.phase = Phase::ArrayLen,
            Some((position, args_left)) => {
                self.args_left = args_left as u32;
                self.next(Phase::BulkLen, position);
            }
        }
        None
    }

    fn finish(&mut self) -> usize {
        self.phase = Phase::Start;
        self.searched = 0;
        std::mem::take(&mut self.position)
    }

    /// If the request is complete, whether its arguments had to be unquoted.
    #[inline(never)]
    fn inline(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<bool>, ProtocolError> {
        let end = self.line_end(b'\n', input, limits.inline_len_max);
        let Some(end) = end.map_err(|LineTooLong| ProtocolError::TooBigInline)? else {
            return Ok(None);
        };
        let line = &input[..end];
        let is_unquoted = split(line.strip_suffix(b"\r").unwrap_or(line), arguments)?;
        self.position = end + 1;
        Ok(Some(is_unquoted))
    }

    /// True if the request is complete, as for the methods below.
    fn array(
        &mut self,
        input: &[u8],
        limits: &Limits,
        spans: &mut Vec<Span>,
        first: usize,
    ) -> Result<bool, ProtocolError> {
        if !self.partial.is_empty() {
            return self.rest_of_array(input, limits, spans);
        }
        let complete = self.bulks(input, limits, spans);
        if complete != Ok(true) {
            self.partial.extend(spans.drain(first..));
        }
        complete
    }

    /// Goes on in the decoder's own list: many arguments in many pieces are copied once, at the
    /// end, and not with each piece.
    #[cold]
    fn rest_of_array(
        &mut self,
        input: &[u8],
        limits: &Limits,
        spans: &mut Vec<Span>,
    ) -> Result<bool, ProtocolError> {
        let mut partial = std::mem::take(&mut self.partial);
        let complete = self.bulks(input, limits, &mut partial);
        if complete == Ok(true) {
            spans.append(&mut partial);
        } else {
            self.partial = partial;
        }
        complete
    }

    fn bulks(
        &mut self,
        input: &[u8],
        limits: &Limits,
        spans: &mut Vec<Span>,
    ) -> Result<bool, ProtocolError> {
        if self.phase == Phase::ArrayLen && !self.array_len(input, limits)? {
            return Ok(false);
        }
        while self.args_left > 0 {
            if self.phase == Phase::BulkLen && !self.bulk_len(input, limits)? {
                return Ok(false);
            }
            if !self.bulk(input, spans) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// True if the number of arguments is complete.
    #[inline]
    fn array_len(&mut self, input: &[u8], limits: &Limits) -> Result<bool, ProtocolError> {
        let (len, digits) = match short_number(input) {
            Some(short) => short,
            None => match self.long_line(input, limits, ProtocolError::TooBigMultibulkCount)? {
                Some(line) => long_array_len(line)?,
                None => return Ok(false),
            },
        };
        limits.check_args(len)?;
        self.args_left = len as u32;
        self.next(Phase::BulkLen, 1 + digits + 2);
        Ok(true)
    }

    /// True if the length of an argument is complete.
    fn bulk_len(&mut self, input: &[u8], limits: &Limits) -> Result<bool, ProtocolError> {
        let (len, digits) = match short_bulk_len(&input[self.position..]) {
            Some(short) => short,
            None => match self.long_line(input, limits, ProtocolError::TooBigBulkCount)? {
                Some(line) => long_bulk_len(line, input[self.position])?,
                None => return Ok(false),
            },
        };
        limits.check_bulk_len(len)?;
        let header_len = 1 + digits + 2;
        let request_len = (self.position + header_len + 2).saturating_add(len);
        if request_len > limits.request_len_max.min(u32::MAX as usize) {
            return Err(ProtocolError::RequestTooLong);
        }
        self.bulk_len = len;
        self.next(Phase::Bulk, header_len);
        Ok(true)
    }

    /// True if the argument is complete. The two bytes behind it are taken unseen: Redis does not
    /// look at them either.
    fn bulk(&mut self, input: &[u8], spans: &mut Vec<Span>) -> bool {
        if input.len() - self.position < self.bulk_len + 2 {
            return false;
        }
        spans.push(Span::new(self.position, self.bulk_len));
        self.args_left -= 1;
        self.next(Phase::BulkLen, self.bulk_len + 2);
        true
    }

    #[inline]
    fn next(&mut self, phase: Phase, len: usize) {
        self.phase = phase;
        self.position += len;
        self.searched = self.position;
    }

    /// The line at the current position without its line end, of which the second byte may be
    /// any; `too_long` if it exceeds the limit.
    #[inline(never)]
    fn long_line<'a>(
        &mut self,
        input: &'a [u8],
        limits: &Limits,
        too_long: ProtocolError,
    ) -> Result<Option<&'a [u8]>, ProtocolError> {
        let end = self.line_end(b'\r', input, limits.inline_len_max.max(SHORT_LINE_LEN));
        let end = end.map_err(|LineTooLong| too_long)?;
        Ok(end.filter(|end| end + 1 < input.len()).map(|end| &input[self.position..end]))
    }

    /// Where `mark` ends the line at the current position. A line with a zero byte does not end,
    /// but becomes too long in time: clients of Redis may not put one there.
    fn line_end(
        &mut self,
        mark: u8,
        input: &[u8],
        len_max: usize,
    ) -> Result<Option<usize>, LineTooLong> {
        let window_end = input.len().min(self.position.saturating_add(len_max).saturating_add(1));
        let window = &input[self.searched..window_end];
        let found = memchr::memchr2(mark, 0, window);
        self.count_examined(found.map_or(window.len(), |index| index + 1));
        self.searched += found.unwrap_or(window.len());
        if found.is_some() && input[self.searched] == mark {
            return Ok(Some(self.searched));
        }
        if input.len() - self.position > len_max { Err(LineTooLong) } else { Ok(None) }
    }

    #[cfg(test)]
    fn count_examined(&mut self, count: usize) {
        self.examined += count;
    }

    #[cfg(not(test))]
    fn count_examined(&mut self, _: usize) {}
}

/// Appends the arguments on a line. Whether they had to be unquoted.
fn split(line: &[u8], arguments: &mut Arguments) -> Result<bool, ProtocolError> {
    if memchr::memchr2(b'"', b'\'', line).is_none() {
        words::split_unquoted(line, 0, &mut arguments.spans);
        return Ok(false);
    }
    let (spans, unquoted) = (arguments.spans.len(), arguments.unquoted.len());
    match words::split(line, &mut arguments.unquoted, &mut arguments.spans) {
        Ok(()) => Ok(true),
        Err(words::UnbalancedQuotes) => {
            arguments.truncate(spans, unquoted);
            Err(ProtocolError::UnbalancedQuotes)
        }
    }
}

/// The arguments at the head of an array that are complete and short, as nearly all are: where they
/// end, and how many are still to come. None if not even their number is known.
#[inline]
fn short_arguments(input: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Option<(usize, usize)> {
    let (mut args_left, digits) = short_number(input)?;
    limits.check_args(args_left).ok()?;
    let end_max = input.len().min(limits.request_len_max).min(u32::MAX as usize);
    let mut position = 1 + digits + 2;
    while args_left > 0 {
        let Some((len, digits)) = short_bulk_len(&input[position..]) else { break };
        let start = position + 1 + digits + 2;
        let end = start + len + 2;
        if end > end_max || len > limits.bulk_len_max {
            break;
        }
        spans.push(Span::new(start, len));
        position = end;
        args_left -= 1;
    }
    Some((position, args_left))
}

#[inline]
fn short_bulk_len(text: &[u8]) -> Option<(usize, usize)> {
    short_number(text).filter(|_| text[0] == b'$')
}

/// What nearly every length is: a number of at most three digits between the byte at the head of
/// `text` and a line end, and how many digits it has. None if there are fewer bytes than the
/// shortest argument and its length have.
#[inline]
fn short_number(text: &[u8]) -> Option<(usize, usize)> {
    let value = |digit: u8| usize::from(digit - b'0');
    match *text.first_chunk::<6>()? {
        [_, a @ b'0'..=b'9', b'\r', ..] => Some((value(a), 1)),
        [_, a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', ..] => Some((value(a) * 10 + value(b), 2)),
        [_, a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b'\r', _] => {
            Some((value(a) * 100 + value(b) * 10 + value(c), 3))
        }
        _ => None,
    }
}

/// The number of arguments, none if it is negative, and its number of digits.
fn long_array_len(line: &[u8]) -> Result<(usize, usize), ProtocolError> {
    let len = number(&line[1..]).ok_or(ProtocolError::InvalidMultibulkLength)?;
    Ok((usize::try_from(len.max(0)).unwrap_or(usize::MAX), line.len() - 1))
}

/// The length of an argument and its number of digits. `first` is the byte that should be `$`.
fn long_bulk_len(line: &[u8], first: u8) -> Result<(usize, usize), ProtocolError> {
    let digits = line.strip_prefix(b"$").ok_or(ProtocolError::ExpectedBulk(first))?;
    let len = number(digits).and_then(|len| usize::try_from(len).ok());
    Ok((len.ok_or(ProtocolError::InvalidBulkLength)?, digits.len()))
}

/// A 64-bit number in the one form that Redis accepts: no plus sign, no leading zero.
pub(super) fn number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] if digits.len() == text.len() => Some(0),
        [b'1'..=b'9', ..] => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

/// Decodes requests that are lines of text and nothing else, also where they begin as an array does.
#[derive(Debug, Default)]
pub struct LineDecoder(Decoder);

impl LineDecoder {
    /// As [`Decoder::decode`].
    pub fn decode(
        &mut self,
        input: &[u8],
        limits: &Limits,
        arguments: &mut Arguments,
    ) -> Result<Option<Request>, ProtocolError> {
        let first = arguments.spans.len();
        self.0.phase = Phase::Inline;
        self.0.go_on(input, limits, arguments, first)
    }

    /// As [`Decoder::needed`].
    pub fn needed(&self) -> usize {
        self.0.needed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes of `stream` are searched for line ends if it comes in pieces.
    fn examined(stream: &[u8], piece_len: usize) -> usize {
        let (mut decoder, mut start) = (Decoder::default(), 0);
        let mut arguments = Arguments::default();
        for end in (0..=stream.len()).step_by(piece_len) {
            while let Ok(Some(request)) =
                decoder.decode(&stream[start..end], &Limits::default(), &mut arguments)
            {
                start += request.len();
            }
        }
        decoder.examined
    }

    #[track_caller]
    fn check_linear(stream: &[u8]) {
        // A mark that ends a line whose last byte is missing is found once more.
        let bound = stream.len() + stream.len() / 4;
        assert!(examined(stream, 1) <= bound, "byte by byte");
        assert!(examined(stream, 7) <= bound, "seven bytes at a time");
        assert!(examined(stream, stream.len()) <= bound, "in one piece");
    }

    #[test]
    fn a_line_is_searched_once_however_it_is_cut() {
        check_linear(&[&[b'a'; 60_000][..], b"\r\n"].concat());
        check_linear(&[&b"*"[..], &[b'1'; 60_000]].concat());
        check_linear(&[&b"*1\r\n$"[..], &[b'1'; 60_000]].concat());
        check_linear(&[&b"PING\0"[..], &[b'1'; 60_000]].concat());
    }

    #[test]
    fn arguments_are_not_searched() {
        let stream = [&b"*2\r\n$60000\r\n"[..], &[b'a'; 60_002], b"$3\r\nabc\r\n"].concat();
        assert!(examined(&stream, stream.len()) < 10);
        // Until its line is complete, a short length may be taken for a long one.
        assert!(examined(&stream, 1) < 40);
    }

    #[test]
    fn a_pipeline_of_lines_is_searched_once() {
        check_linear(&b"SET key value\r\n".repeat(1000));
    }

    #[test]
    fn a_request_in_pieces_holds_memory_only_until_it_is_complete() {
        let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
        let request = b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
        let cut = request.len() - 5;
        assert_eq!(decoder.decode(&request[..cut], &Limits::default(), &mut arguments), Ok(None));
        assert_eq!((decoder.partial.len(), arguments.spans.len()), (1, 0));
        let decoded = decoder.decode(request, &Limits::default(), &mut arguments);
        assert!(decoded.is_ok_and(|request| request.is_some()));
        assert_eq!((decoder.partial.capacity(), arguments.spans.len()), (0, 2));
    }

    #[test]
    fn announced_arguments_allocate_nothing() {
        let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
        let decoded = decoder.decode(b"*1000000000\r\n", &Limits::default(), &mut arguments);
        assert_eq!(decoded, Ok(None));
        assert_eq!((decoder.partial.capacity(), arguments.spans.capacity()), (0, 0));
    }
}
