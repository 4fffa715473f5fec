//! Replies to bytes.

use kv_core::error::Error;
use kv_core::reply::{Protocol, Reply};

use super::double::DoubleBuffer;

/// Writes replies as RESP, appending to a connection's output.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    protocol: &'a mut Protocol,
}

impl<'a> Encoder<'a> {
    /// Appends to `out` in the version `protocol`, which HELLO changes.
    pub fn new(out: &'a mut Vec<u8>, protocol: &'a mut Protocol) -> Self {
        Self { out, protocol }
    }

    /// Announces a message of `len` elements that answers no request; in version 2 an array.
    pub fn push(&mut self, len: usize) {
        let kind = self.kind(b'*', b'>');
        push_header(self.out, kind, len);
    }

    fn kind(&self, v2: u8, v3: u8) -> u8 {
        match *self.protocol {
            Protocol::V2 => v2,
            Protocol::V3 => v3,
        }
    }

    fn is_v3(&self) -> bool {
        *self.protocol == Protocol::V3
    }
}

impl Reply for Encoder<'_> {
    fn simple(&mut self, status: &str) {
        push_line(self.out, b'+', status.as_bytes());
    }

    #[inline]
    fn bulk(&mut self, bytes: &[u8]) {
        push_bulk(self.out, bytes);
    }

    #[inline]
    fn int(&mut self, value: i64) {
        match u8::try_from(value) {
            Ok(digit @ 0..=9) => self.out.extend_from_slice(&[b':', b'0' + digit, b'\r', b'\n']),
            _ => push_line(self.out, b':', itoa::Buffer::new().format(value).as_bytes()),
        }
    }

    fn double(&mut self, value: f64) {
        let mut buffer = DoubleBuffer::new();
        let text = buffer.format(value).as_bytes();
        match *self.protocol {
            Protocol::V2 => push_bulk(self.out, text),
            Protocol::V3 => push_line(self.out, b',', text),
        }
    }

    fn bulk_double(&mut self, value: f64) {
        push_bulk(self.out, DoubleBuffer::new().format(value).as_bytes());
    }

    fn decimal(&mut self, text: &str) {
        match *self.protocol {
            Protocol::V2 => push_bulk(self.out, text.as_bytes()),
            Protocol::V3 => push_line(self.out, b',', text.as_bytes()),
        }
    }

    fn boolean(&mut self, value: bool) {
        let line: &[u8; 4] = match (*self.protocol, value) {
            (Protocol::V2, true) => b":1\r\n",
            (Protocol::V2, false) => b":0\r\n",
            (Protocol::V3, true) => b"#t\r\n",
            (Protocol::V3, false) => b"#f\r\n",
        };
        self.out.extend_from_slice(line);
    }

    #[inline]
    fn null(&mut self) {
        self.out.extend_from_slice(if self.is_v3() { b"_\r\n" } else { b"$-1\r\n" });
    }

    fn null_array(&mut self) {
        self.out.extend_from_slice(if self.is_v3() { b"_\r\n" } else { b"*-1\r\n" });
    }

    fn verbatim(&mut self, text: &[u8]) {
        match *self.protocol {
            Protocol::V2 => push_bulk(self.out, text),
            Protocol::V3 => push_verbatim(self.out, b"txt", text),
        }
    }

    fn array(&mut self, len: usize) {
        push_header(self.out, b'*', len);
    }

    fn map(&mut self, len: usize) {
        match *self.protocol {
            Protocol::V2 => push_header(self.out, b'*', 2 * len),
            Protocol::V3 => push_header(self.out, b'%', len),
        }
    }

    fn set(&mut self, len: usize) {
        let kind = self.kind(b'*', b'~');
        push_header(self.out, kind, len);
    }

    fn push(&mut self, len: usize) {
        let kind = self.kind(b'*', b'>');
        push_header(self.out, kind, len);
    }

    fn error(&mut self, error: &Error) {
        push_error(self.out, &error.message());
    }

    fn written(&self) -> usize {
        self.out.len()
    }

    fn protocol(&self) -> Protocol {
        *self.protocol
    }

    fn switch_protocol(&mut self, protocol: Protocol) -> bool {
        *self.protocol = protocol;
        true
    }
}

fn push_error(out: &mut Vec<u8>, message: &[u8]) {
    out.push(b'-');
    out.extend(without_line_breaks(message));
    out.extend_from_slice(b"\r\n");
}

/// A line break would end the reply early, so a space stands for it; those at the end go.
pub(crate) fn without_line_breaks(message: &[u8]) -> impl Iterator<Item = u8> {
    let end = message.iter().rposition(|&byte| !is_line_break(byte)).map_or(0, |last| last + 1);
    message[..end].iter().map(|&byte| if is_line_break(byte) { b' ' } else { byte })
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

pub(super) fn push_verbatim(out: &mut Vec<u8>, format: &[u8; 3], text: &[u8]) {
    push_header(out, b'=', text.len() + 4);
    out.extend_from_slice(format);
    out.push(b':');
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

pub(super) fn push_line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.reserve(text.len() + 3);
    out.push(kind);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

#[inline]
pub(super) fn push_bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    match bytes.len() {
        SHORT_MIN..=SHORT_MAX => push_short_bulk(out, bytes),
        _ => push_any_bulk(out, bytes),
    }
}

#[inline(never)]
fn push_any_bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() + 8);
    match BULK_HEADERS.get(bytes.len().wrapping_sub(10)) {
        Some(header) => out.extend_from_slice(header),
        None => push_header(out, b'$', bytes.len()),
    }
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Bulk strings of these lengths, which are the most frequent ones, are written in parts of sizes that the
/// compiler knows, which overlap: without a call, and without a branch for each part.
const SHORT_MIN: usize = 10;
const SHORT_MAX: usize = 32;

#[inline]
fn push_short_bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEADER: usize = 5;
    const END: &[u8; 2] = b"\r\n";
    const ROOM: usize = HEADER + SHORT_MAX + END.len();
    let start = out.len();
    out.extend_from_slice(&[0; ROOM]);
    let place: &mut [u8; ROOM] = out[start..].first_chunk_mut().expect("it was added");
    place[..HEADER].copy_from_slice(&BULK_HEADERS[bytes.len() - SHORT_MIN]);
    let end = HEADER + bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        place[HEADER..HEADER + 16].copy_from_slice(first);
        place[end - 16..end].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        place[HEADER..HEADER + 8].copy_from_slice(first);
        place[end - 8..end].copy_from_slice(last);
    }
    place[end..end + END.len()].copy_from_slice(END);
    out.truncate(start + end + END.len());
}

/// The headers of bulk strings whose length has two digits, the most frequent ones.
static BULK_HEADERS: [[u8; 5]; 90] = {
    let mut headers = [*b"$00\r\n"; 90];
    let mut len = 10;
    while len < 100 {
        headers[len - 10][1] += (len / 10) as u8;
        headers[len - 10][2] += (len % 10) as u8;
        len += 1;
    }
    headers
};

/// The kind and a length. The array of each short form has a size that the compiler knows, so
/// that it is stored rather than copied by a call.
#[inline]
pub(super) fn push_header(out: &mut Vec<u8>, kind: u8, len: usize) {
    let digit = |value: usize| b'0' + (value % 10) as u8;
    match len {
        0..10 => out.extend_from_slice(&[kind, digit(len), b'\r', b'\n']),
        10..100 => out.extend_from_slice(&[kind, digit(len / 10), digit(len), b'\r', b'\n']),
        100..1000 => {
            let digits = [digit(len / 100), digit(len / 10), digit(len)];
            out.extend_from_slice(&[kind, digits[0], digits[1], digits[2], b'\r', b'\n']);
        }
        _ => push_line(out, kind, itoa::Buffer::new().format(len).as_bytes()),
    }
}
