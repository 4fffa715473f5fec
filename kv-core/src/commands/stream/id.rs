//! IDs as clients write them.

use crate::error::Error;
use crate::kernel::until_zero;
use crate::value::stream::StreamId;
use crate::value::string::parse_int;

const INVALID: Error = Error::text("ERR Invalid stream ID specified as stream command argument");
pub(super) const INVALID_START: Error = Error::text("ERR invalid start ID for the interval");
const INVALID_END: Error = Error::text("ERR invalid end ID for the interval");

/// The longest form that is read, in bytes.
const LEN_MAX: usize = 127;

/// The ID that XADD is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewId {
    /// The next that fits the time.
    Auto,
    /// The next with this time.
    At(u64),
    /// This one.
    Exact(StreamId),
}

/// An ID; without a sequence number it is the first of its time.
pub(crate) fn parse(arg: &[u8]) -> Result<StreamId, Error> {
    parse_with(arg, 0)
}

/// The same, and `-` and `+` are the least and the greatest.
pub(super) fn parse_or_end(arg: &[u8], missing_seq: u64) -> Result<StreamId, Error> {
    match checked(arg)? {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => parse_with(arg, missing_seq),
    }
}

/// The ID of a new entry, but for `*`.
pub(super) fn parse_new(arg: &[u8]) -> Result<NewId, Error> {
    if let Some(ms) = checked(arg)?.strip_suffix(b"-*") {
        return Ok(NewId::At(unsigned(ms)?));
    }
    parse(arg).map(NewId::Exact)
}

/// IDs from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: StreamId,
    pub(super) end: StreamId,
}

impl Interval {
    /// Each may be excluded by a `(` before it.
    pub(super) fn parse(start: &[u8], end: &[u8]) -> Result<Self, Error> {
        Ok(Self { start: parse_start(start)?, end: parse_end(end)? })
    }
}

/// Where an interval starts.
pub(super) fn parse_start(arg: &[u8]) -> Result<StreamId, Error> {
    match excluded(arg) {
        Some(arg) => parse(arg)?.next().ok_or(INVALID_START),
        None => parse_or_end(arg, 0),
    }
}

fn parse_end(arg: &[u8]) -> Result<StreamId, Error> {
    match excluded(arg) {
        Some(arg) => parse_with(arg, u64::MAX)?.previous().ok_or(INVALID_END),
        None => parse_or_end(arg, u64::MAX),
    }
}

fn excluded(arg: &[u8]) -> Option<&[u8]> {
    arg.strip_prefix(b"(").filter(|rest| !rest.is_empty())
}

fn parse_with(arg: &[u8], missing_seq: u64) -> Result<StreamId, Error> {
    let arg = checked(arg)?;
    let (ms, seq) = match arg.iter().position(|&byte| byte == b'-') {
        Some(dash) => (&arg[..dash], Some(&arg[dash + 1..])),
        None => (arg, None),
    };
    let seq = seq.map_or(Ok(missing_seq), unsigned);
    Ok(StreamId { ms: unsigned(ms)?, seq: seq? })
}

/// What is read of an argument: up to a zero byte.
fn checked(arg: &[u8]) -> Result<&[u8], Error> {
    if arg.len() > LEN_MAX { Err(INVALID) } else { Ok(until_zero(arg)) }
}

/// What the C library's `strtoull` takes, but for canonical negative numbers.
fn unsigned(text: &[u8]) -> Result<u64, Error> {
    if let Some(value) = parse_int(text) {
        return u64::try_from(value).map_err(|_| INVALID);
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let (digits, is_negative) = match &text[start..] {
        [b'-', digits @ ..] => (digits, true),
        [b'+', digits @ ..] => (digits, false),
        digits => (digits, false),
    };
    let value = digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|&digit| digit < 10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    });
    match value.filter(|_| !digits.is_empty()) {
        Some(value) => Ok(if is_negative { value.wrapping_neg() } else { value }),
        None => Err(INVALID),
    }
}
