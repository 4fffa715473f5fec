//! Replies as values, as clients read them. Servers write replies without building any.

use std::fmt;

use super::decode::number;
use super::double::DoubleBuffer;
use super::encode::{push_bulk, push_header, push_line, push_verbatim};

/// A reply of either version, or a message that answers no request.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A status such as `OK`.
    Simple(Vec<u8>),
    /// An error, its code first.
    Error(Vec<u8>),
    /// A 64-bit integer.
    Int(i64),
    /// A string of bytes.
    Bulk(Vec<u8>),
    /// No value, in version 3.
    Null,
    /// No string, in version 2.
    NullBulk,
    /// No array, in version 2.
    NullArray,
    /// A floating-point number.
    Double(Double),
    /// Truth.
    Boolean(bool),
    /// An integer of any size, in decimal digits that may follow a sign.
    BigNumber(Vec<u8>),
    /// An error that may contain line breaks.
    BulkError(Vec<u8>),
    /// Text for people to read.
    Verbatim {
        /// Three characters such as `txt` or `mkd`.
        format: [u8; 3],
        /// The text without its format.
        text: Vec<u8>,
    },
    /// Elements in order.
    Array(Vec<Value>),
    /// Elements without order, in the order in which they came.
    Set(Vec<Value>),
    /// A message that answers no request.
    Push(Vec<Value>),
    /// Keys and values, in the order in which they came.
    Map(Vec<(Value, Value)>),
    /// Remarks on a reply, and the reply.
    Attribute(Vec<(Value, Value)>, Box<Value>),
}

/// A floating-point number that equals itself, `nan` too; `0` and `-0` differ.
#[derive(Clone, Copy, Debug)]
pub struct Double(pub f64);

impl PartialEq for Double {
    fn eq(&self, other: &Self) -> bool {
        (self.0.is_nan() && other.0.is_nan()) || self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Double {}

/// What a client is willing to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyLimits {
    /// How many aggregates may lie within each other. Values are read and dropped recursively.
    pub depth_max: usize,
    /// The longest reply, in bytes.
    pub len_max: usize,
}

impl Default for ReplyLimits {
    /// What any reply of a server with the usual limits stays below.
    fn default() -> Self {
        Self { depth_max: 128, len_max: 1 << 30 }
    }
}

/// Bytes that are no reply. The connection cannot be used further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// No type begins with this byte.
    #[error("no reply begins with byte {0:#04x}")]
    UnknownType(u8),
    /// A number, a length, a boolean or a null is none.
    #[error("invalid value of a reply of type '{}'", char::from(*.0))]
    InvalidValue(u8),
    /// CR LF is missing, or half of it is.
    #[error("a reply without its line end")]
    MissingLineEnd,
    /// The parts of a reply end behind the length that it announces, or before it.
    #[error("the parts of a reply do not fit its length")]
    LengthMismatch,
    /// The reply exceeds [`ReplyLimits::depth_max`].
    #[error("the reply is nested too deep")]
    TooDeep,
    /// The reply exceeds [`ReplyLimits::len_max`].
    #[error("the reply is too long")]
    TooLong,
}

/// How many bytes the first reply in `input` takes, if it is complete. Linear in that number.
pub fn reply_len(input: &[u8], limits: &ReplyLimits) -> Result<Option<usize>, ReplyError> {
    ReplyDecoder::default().reply_len(input, limits)
}

/// Decodes a connection's replies, one after the other. The cost is linear in the number of
/// bytes, however they are cut into pieces.
#[derive(Debug, Default)]
pub struct ReplyDecoder {
    /// Where the line or the string begins that is being decoded.
    position: usize,
    /// Up to where the line that begins at `position` has been searched for its end.
    searched: usize,
    /// The kind and length of the string that is being decoded.
    bulk: Option<(BulkKind, usize)>,
    /// How many elements each open aggregate still lacks, the outermost first.
    missing: Vec<usize>,
}

impl ReplyDecoder {
    /// Decodes one reply: its value and how many bytes of `input` it takes.
    ///
    /// `input` begins with the first byte that no earlier reply took. Between calls that return
    /// `None` it is the same bytes with more of them appended.
    pub fn decode(
        &mut self,
        input: &[u8],
        limits: &ReplyLimits,
    ) -> Result<Option<(Value, usize)>, ReplyError> {
        let Some(len) = self.reply_len(input, limits)? else {
            return Ok(None);
        };
        let mut reader = Reader { rest: &input[..len] };
        Ok(Some((reader.value()?, len)))
    }

    /// As `decode`, without building the value.
    pub fn reply_len(
        &mut self,
        input: &[u8],
        limits: &ReplyLimits,
    ) -> Result<Option<usize>, ReplyError> {
        while self.item(input, limits)? {
            if self.missing.is_empty() && self.bulk.is_none() {
                self.searched = 0;
                return Ok(Some(std::mem::take(&mut self.position)));
            }
        }
        Ok(None)
    }

    /// False if the line or the string that comes next is incomplete.
    fn item(&mut self, input: &[u8], limits: &ReplyLimits) -> Result<bool, ReplyError> {
        match self.bulk {
            Some((kind, len)) => self.bulk(kind, len, input),
            None => self.line(input, limits),
        }
    }

    fn bulk(&mut self, kind: BulkKind, len: usize, input: &[u8]) -> Result<bool, ReplyError> {
        let Some((bytes, rest)) = input[self.position..].split_at_checked(len) else {
            return Ok(false);
        };
        if matches!(kind, BulkKind::Verbatim) && bytes[VERBATIM_FORMAT_LEN - 1] != b':' {
            return Err(ReplyError::InvalidValue(b'='));
        }
        if !starts_with_line_end(rest)? {
            return Ok(false);
        }
        self.bulk = None;
        self.advance(len + 2);
        self.complete_element();
        Ok(true)
    }

    fn line(&mut self, input: &[u8], limits: &ReplyLimits) -> Result<bool, ReplyError> {
        let Some(end) = self.line_end(input, limits)? else {
            return Ok(false);
        };
        let head = Head::parse(&input[self.position..end])?;
        let len = end + 2 - self.position;
        match head {
            Head::Bulk(kind, bulk_len) => {
                if (end + 4).saturating_add(bulk_len) > limits.len_max {
                    return Err(ReplyError::TooLong);
                }
                self.bulk = Some((kind, bulk_len));
            }
            Head::Aggregate(kind, len) => self.open(kind.elements(len)?, limits)?,
            _ => self.complete_element(),
        }
        self.advance(len);
        Ok(true)
    }

    fn line_end(
        &mut self,
        input: &[u8],
        limits: &ReplyLimits,
    ) -> Result<Option<usize>, ReplyError> {
        let window = &input[self.searched..input.len().min(limits.len_max)];
        match memchr::memchr2(b'\r', b'\n', window) {
            Some(index) => {
                self.searched += index;
                let complete = starts_with_line_end(&input[self.searched..])?;
                let fits = self.searched + 2 <= limits.len_max;
                if complete && !fits { Err(ReplyError::TooLong) } else { Ok(complete) }
            }
            None if input.len() >= limits.len_max => Err(ReplyError::TooLong),
            None => {
                self.searched = input.len();
                Ok(false)
            }
        }
        .map(|complete| complete.then_some(self.searched))
    }

    fn open(&mut self, elements: usize, limits: &ReplyLimits) -> Result<(), ReplyError> {
        match elements {
            0 => self.complete_element(),
            _ if elements > limits.len_max => return Err(ReplyError::TooLong),
            _ if self.missing.len() >= limits.depth_max => return Err(ReplyError::TooDeep),
            _ => self.missing.push(elements),
        }
        Ok(())
    }

    fn complete_element(&mut self) {
        while let Some(missing) = self.missing.last_mut() {
            *missing -= 1;
            if *missing > 0 {
                return;
            }
            self.missing.pop();
        }
    }

    fn advance(&mut self, len: usize) {
        self.position += len;
        self.searched = self.position;
    }
}

/// False if more bytes are to come before it can be told.
fn starts_with_line_end(text: &[u8]) -> Result<bool, ReplyError> {
    match text {
        [] | [b'\r'] => Ok(false),
        [b'\r', b'\n', ..] => Ok(true),
        _ => Err(ReplyError::MissingLineEnd),
    }
}

/// The first line of a reply.
enum Head<'a> {
    Simple(&'a [u8]),
    Error(&'a [u8]),
    Int(i64),
    Null,
    NullBulk,
    NullArray,
    Double(f64),
    Boolean(bool),
    BigNumber(&'a [u8]),
    /// A string of this many bytes follows.
    Bulk(BulkKind, usize),
    /// This many elements, or pairs, follow.
    Aggregate(AggregateKind, usize),
}

#[derive(Clone, Copy, Debug)]
enum BulkKind {
    Bulk,
    Error,
    Verbatim,
}

#[derive(Clone, Copy)]
enum AggregateKind {
    Array,
    Set,
    Push,
    Map,
    Attribute,
}

impl<'a> Head<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, ReplyError> {
        let (&kind, text) = line.split_first().ok_or(ReplyError::MissingLineEnd)?;
        let head = match kind {
            b'+' => Some(Self::Simple(text)),
            b'-' => Some(Self::Error(text)),
            b':' => parse(text).map(Self::Int),
            b'_' => text.is_empty().then_some(Self::Null),
            b',' => parse(text).map(Self::Double),
            b'#' => boolean(text).map(Self::Boolean),
            b'(' => is_integer(text).then_some(Self::BigNumber(text)),
            b'$' if text == b"-1" => Some(Self::NullBulk),
            b'*' if text == b"-1" => Some(Self::NullArray),
            b'$' => length(text).map(|len| Self::Bulk(BulkKind::Bulk, len)),
            b'!' => length(text).map(|len| Self::Bulk(BulkKind::Error, len)),
            b'=' => length(text)
                .filter(|&len| len >= VERBATIM_FORMAT_LEN)
                .map(|len| Self::Bulk(BulkKind::Verbatim, len)),
            b'*' => length(text).map(|len| Self::Aggregate(AggregateKind::Array, len)),
            b'~' => length(text).map(|len| Self::Aggregate(AggregateKind::Set, len)),
            b'>' => length(text).map(|len| Self::Aggregate(AggregateKind::Push, len)),
            b'%' => length(text).map(|len| Self::Aggregate(AggregateKind::Map, len)),
            b'|' => length(text).map(|len| Self::Aggregate(AggregateKind::Attribute, len)),
            other => return Err(ReplyError::UnknownType(other)),
        };
        head.ok_or(ReplyError::InvalidValue(kind))
    }
}

impl AggregateKind {
    /// How many values follow.
    fn elements(self, len: usize) -> Result<usize, ReplyError> {
        let elements = match self {
            Self::Array | Self::Set | Self::Push => Some(len),
            Self::Map => len.checked_mul(2),
            Self::Attribute => len.checked_mul(2).and_then(|len| len.checked_add(1)),
        };
        elements.ok_or(ReplyError::TooLong)
    }
}

/// A verbatim string begins with its format and a colon.
const VERBATIM_FORMAT_LEN: usize = 4;

fn parse<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"t" => Some(true),
        b"f" => Some(false),
        _ => None,
    }
}

fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn length(text: &[u8]) -> Option<usize> {
    number(text).and_then(|len| usize::try_from(len).ok())
}

/// Reads values from replies that are known to be complete and not too deep.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Result<Value, ReplyError> {
        Ok(match Head::parse(self.line())? {
            Head::Simple(text) => Value::Simple(text.to_vec()),
            Head::Error(text) => Value::Error(text.to_vec()),
            Head::Int(value) => Value::Int(value),
            Head::Null => Value::Null,
            Head::NullBulk => Value::NullBulk,
            Head::NullArray => Value::NullArray,
            Head::Double(value) => Value::Double(Double(value)),
            Head::Boolean(value) => Value::Boolean(value),
            Head::BigNumber(text) => Value::BigNumber(text.to_vec()),
            Head::Bulk(kind, len) => self.bulk(kind, len)?,
            Head::Aggregate(kind, len) => self.aggregate(kind, len)?,
        })
    }

    fn bulk(&mut self, kind: BulkKind, len: usize) -> Result<Value, ReplyError> {
        let bytes = self.take(len);
        Ok(match kind {
            BulkKind::Bulk => Value::Bulk(bytes.to_vec()),
            BulkKind::Error => Value::BulkError(bytes.to_vec()),
            BulkKind::Verbatim => match *bytes {
                [a, b, c, b':', ref text @ ..] => {
                    Value::Verbatim { format: [a, b, c], text: text.to_vec() }
                }
                _ => return Err(ReplyError::InvalidValue(b'=')),
            },
        })
    }

    fn aggregate(&mut self, kind: AggregateKind, len: usize) -> Result<Value, ReplyError> {
        Ok(match kind {
            AggregateKind::Array => Value::Array(self.values(len)?),
            AggregateKind::Set => Value::Set(self.values(len)?),
            AggregateKind::Push => Value::Push(self.values(len)?),
            AggregateKind::Map => Value::Map(self.pairs(len)?),
            AggregateKind::Attribute => Value::Attribute(self.pairs(len)?, Box::new(self.value()?)),
        })
    }

    fn values(&mut self, len: usize) -> Result<Vec<Value>, ReplyError> {
        (0..len).map(|_| self.value()).collect()
    }

    fn pairs(&mut self, len: usize) -> Result<Vec<(Value, Value)>, ReplyError> {
        (0..len).map(|_| Ok((self.value()?, self.value()?))).collect()
    }

    fn line(&mut self) -> &'a [u8] {
        let len = memchr::memchr(b'\r', self.rest).expect("the reply is complete");
        self.take(len)
    }

    /// The next `len` bytes; the line end behind them goes too.
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (bytes, rest) = self.rest.split_at(len);
        self.rest = &rest[2..];
        bytes
    }
}

impl Value {
    /// Appends the reply as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Simple(text) => push_line(out, b'+', text),
            Self::Error(text) => push_line(out, b'-', text),
            Self::Int(value) => push_line(out, b':', itoa::Buffer::new().format(*value).as_bytes()),
            Self::Bulk(bytes) => push_bulk(out, bytes),
            Self::Null => out.extend_from_slice(b"_\r\n"),
            Self::NullBulk => out.extend_from_slice(b"$-1\r\n"),
            Self::NullArray => out.extend_from_slice(b"*-1\r\n"),
            Self::Double(Double(value)) => {
                push_line(out, b',', DoubleBuffer::new().format(*value).as_bytes());
            }
            Self::Boolean(value) => push_line(out, b'#', if *value { b"t" } else { b"f" }),
            Self::BigNumber(text) => push_line(out, b'(', text),
            Self::BulkError(text) => {
                push_header(out, b'!', text.len());
                out.extend_from_slice(text);
                out.extend_from_slice(b"\r\n");
            }
            Self::Verbatim { format, text } => push_verbatim(out, format, text),
            Self::Array(values) => encode_values(out, b'*', values),
            Self::Set(values) => encode_values(out, b'~', values),
            Self::Push(values) => encode_values(out, b'>', values),
            Self::Map(pairs) => encode_pairs(out, b'%', pairs),
            Self::Attribute(pairs, value) => {
                encode_pairs(out, b'|', pairs);
                value.encode(out);
            }
        }
    }
}

fn encode_values(out: &mut Vec<u8>, kind: u8, values: &[Value]) {
    push_header(out, kind, values.len());
    values.iter().for_each(|value| value.encode(out));
}

fn encode_pairs(out: &mut Vec<u8>, kind: u8, pairs: &[(Value, Value)]) {
    push_header(out, kind, pairs.len());
    for (key, value) in pairs {
        key.encode(out);
        value.encode(out);
    }
}

/// Close to the bytes, with strings escaped: `"text"`, `:1`, `+OK`, `[...]`, `%{...}`.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(text) => write!(f, "+{}", text.escape_ascii()),
            Self::Error(text) => write!(f, "-{}", text.escape_ascii()),
            Self::Int(value) => write!(f, ":{value}"),
            Self::Bulk(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Self::Null => f.write_str("_"),
            Self::NullBulk => f.write_str("$-1"),
            Self::NullArray => f.write_str("*-1"),
            Self::Double(Double(value)) => {
                write!(f, ",{}", DoubleBuffer::new().format(*value))
            }
            Self::Boolean(value) => f.write_str(if *value { "#t" } else { "#f" }),
            Self::BigNumber(text) => write!(f, "({}", text.escape_ascii()),
            Self::BulkError(text) => write!(f, "!\"{}\"", text.escape_ascii()),
            Self::Verbatim { format, text } => {
                write!(f, "={}\"{}\"", format.escape_ascii(), text.escape_ascii())
            }
            Self::Array(values) => f.debug_list().entries(values).finish(),
            Self::Set(values) => debug_values(f, "~", values),
            Self::Push(values) => debug_values(f, ">", values),
            Self::Map(pairs) => debug_pairs(f, "%", pairs),
            Self::Attribute(pairs, value) => {
                debug_pairs(f, "|", pairs)?;
                write!(f, " {value:?}")
            }
        }
    }
}

fn debug_values(f: &mut fmt::Formatter<'_>, kind: &str, values: &[Value]) -> fmt::Result {
    f.write_str(kind)?;
    f.debug_list().entries(values).finish()
}

fn debug_pairs(f: &mut fmt::Formatter<'_>, kind: &str, pairs: &[(Value, Value)]) -> fmt::Result {
    f.write_str(kind)?;
    f.debug_map().entries(pairs.iter().map(|(key, value)| (key, value))).finish()
}
