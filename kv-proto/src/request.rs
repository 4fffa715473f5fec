//! Decoded requests, whatever protocol they came in.
//!
//! A decoder keeps how far it got, never the bytes: those stay in the caller's buffer, and a
//! complete request is a list of spans of it. The lists are the caller's as well, so that several
//! requests can be decoded before the first is run. What a decoder accepts, [`Limits`] say.

use kv_core::args::{Args, Literal, Span};
use std::ops::Range;

/// What a client may ask a server to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest argument of an array, in bytes: `proto-max-bulk-len`.
    pub bulk_len_max: usize,
    /// The longest line, in bytes without its line end: an inline request or a length.
    pub inline_len_max: usize,
    /// The most arguments of an array. Beyond 32 bits it has no effect, which is the limit then.
    pub args_max: usize,
    /// The longest array in bytes, its lengths included: `client-query-buffer-limit`. Beyond
    /// 4 GiB it has no effect, which is the limit then.
    pub request_len_max: usize,
    /// Whether the client has yet to say who it is. Until then an array has at most
    /// [`UNKNOWN_ARGS_MAX`] arguments of at most [`UNKNOWN_BULK_LEN_MAX`] bytes each.
    pub is_unknown: bool,
}

/// The most arguments of an array of a client that has yet to say who it is.
pub const UNKNOWN_ARGS_MAX: usize = 10;

/// The longest argument of such a client, in bytes.
pub const UNKNOWN_BULK_LEN_MAX: usize = 16384;

impl Default for Limits {
    /// What Redis allows unless it is configured otherwise.
    fn default() -> Self {
        Self {
            bulk_len_max: 512 << 20,
            inline_len_max: 64 << 10,
            args_max: i32::MAX as usize,
            request_len_max: 1 << 30,
            is_unknown: false,
        }
    }
}

/// The arguments of requests, one request after the other.
#[derive(Debug, Default)]
pub struct Arguments {
    pub(crate) spans: Vec<Span>,
    /// The bytes of the arguments of inline requests with quotes.
    pub(crate) unquoted: Vec<u8>,
}

/// A decoded request, whose arguments stand in a list of [`Arguments`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where its spans begin in the list.
    first: usize,
    count: u32,
    len: u32,
    is_unquoted: bool,
}

impl Request {
    /// One of `len` bytes with these spans.
    ///
    /// # Panics
    /// If it is longer than 4 GiB, which [`Limits`] are not.
    #[inline]
    pub(crate) fn new(len: usize, spans: Range<usize>, is_unquoted: bool) -> Self {
        let short = |number: usize| u32::try_from(number).expect("a request is limited to 4 GiB");
        Self { first: spans.start, count: short(spans.len()), len: short(len), is_unquoted }
    }

    /// How many bytes of input it takes.
    #[allow(clippy::len_without_is_empty, reason = "a request takes at least its line end")]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it has no arguments, as an empty line: a request to skip.
    pub fn is_blank(&self) -> bool {
        self.count == 0
    }
}

/// An empty list keeps memory for so many spans, of 8 bytes each, and gives back what is beyond.
const SPANS_KEPT: usize = 4096;

/// An empty list keeps memory for so many unquoted bytes.
const UNQUOTED_KEPT: usize = 64 << 10;

impl Arguments {
    /// The arguments of a request in this list. `input` begins with the request, as it did for
    /// the decoder.
    pub fn of<'a>(&'a self, request: &Request, input: &'a [u8]) -> Args<'a> {
        let buffer = if request.is_unquoted { &self.unquoted } else { input };
        Args::new(buffer, &self.spans[request.first..][..request.count as usize])
    }

    /// Forgets all requests, and gives back memory that only unusual ones need.
    pub fn clear(&mut self) {
        self.truncate(0, 0);
        self.spans.shrink_to(SPANS_KEPT);
        self.unquoted.shrink_to(UNQUOTED_KEPT);
    }

    pub(crate) fn truncate(&mut self, spans: usize, unquoted: usize) {
        self.spans.truncate(spans);
        self.unquoted.truncate(unquoted);
    }
}

/// KEYS without a pattern lists all keys, where a protocol lets it. The request is the last of
/// `arguments`.
#[inline]
pub(crate) fn keys_of_everything(request: &mut Request, arguments: &mut Arguments, input: &[u8]) {
    if request.count == 1 {
        complete_keys(request, arguments, input);
    }
}

#[inline(never)]
fn complete_keys(request: &mut Request, arguments: &mut Arguments, input: &[u8]) {
    if arguments.of(request, input).get(0).eq_ignore_ascii_case(b"keys") {
        arguments.spans.push(Span::literal(Literal::Star));
        request.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::decode::Decoder;

    #[test]
    fn memory_of_unusual_requests_is_given_back() {
        let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
        let many = [&b"*10000\r\n"[..], &b"$0\r\n\r\n".repeat(10_000)].concat();
        let quoted = [&b"ECHO \""[..], &[b'a'; 40_000], b"\"\n"].concat();
        for request in [&many, &quoted, &quoted] {
            let decoded = decoder.decode(request, &Limits::default(), &mut arguments);
            assert_eq!(decoded.unwrap().unwrap().len(), request.len());
        }
        assert!(arguments.spans.capacity() > SPANS_KEPT);
        assert!(arguments.unquoted.capacity() > UNQUOTED_KEPT);
        arguments.clear();
        assert!(arguments.spans.capacity() <= SPANS_KEPT);
        assert!(arguments.unquoted.capacity() <= UNQUOTED_KEPT);
    }
}
