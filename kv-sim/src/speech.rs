//! What clients say in each dialect, naively and apart from the server's codecs, and what of a reply
//! each dialect can carry. What [`wire`] has for RESP is here for all.

use crate::model::{Expect, Hits, Page, score_text};
use crate::wire::{self, Request, Value};
use kv_proto::dialect::Dialect;

/// The operations of TLV, by the commands that they mean.
const OPERATIONS: [(u8, &[u8]); 3] = [(1, b"GET"), (2, b"GETDEL"), (3, b"GETSET")];

/// The longest payload of a frame, in bytes.
const PAYLOAD_MAX: usize = 32 << 20;

type Parsed = Result<Option<(Value, usize)>, String>;

/// Whether TLV has an operation for a request.
pub fn is_operation(words: &[Vec<u8>]) -> bool {
    let len = if words.first().is_some_and(|name| name == b"GETSET") { 3 } else { 2 };
    words.len() == len && OPERATIONS.iter().any(|(_, name)| words[0] == *name)
}

/// A request as clients send it.
///
/// # Panics
/// If the dialect is TLV, and there is no operation for it.
pub fn render_request(dialect: Dialect, words: &[Vec<u8>]) -> Vec<u8> {
    match dialect {
        Dialect::Resp => wire::render_request(words),
        Dialect::Tlv | Dialect::TlvStrict => {
            let (code, _) = OPERATIONS[OPERATIONS.iter().position(|it| it.1 == words[0]).unwrap()];
            [vec![code, 0], words[1..].iter().flat_map(|word| counted(word)).collect()].concat()
        }
        Dialect::Frame => counted(&listed(words)),
    }
}

/// Bytes that no request begins with.
pub fn garbage(dialect: Dialect) -> &'static [u8] {
    match dialect {
        Dialect::Resp => b"*x\r\n",
        Dialect::Tlv | Dialect::TlvStrict => b"\x09\0",
        Dialect::Frame => b"\x05\0\0\0\x01\0\0\0\x07",
    }
}

/// Parses the request at the beginning of `buffer`.
pub fn parse_request(dialect: Dialect, buffer: &[u8]) -> Request {
    let parsed = match dialect {
        Dialect::Resp => return wire::parse_request(buffer),
        Dialect::Tlv | Dialect::TlvStrict => parse_operation(buffer),
        Dialect::Frame => parse_frame(buffer),
    };
    match parsed {
        None => Request::Incomplete,
        Some(Ok((words, len))) => Request::Arguments(words, len),
        Some(Err(text)) => Request::Malformed(text.into()),
    }
}

type Words = (Vec<Vec<u8>>, usize);

fn parse_operation(buffer: &[u8]) -> Option<Result<Words, &'static str>> {
    let code = buffer.get(..2)?;
    let Some((_, name)) = OPERATIONS.iter().find(|(number, _)| *code == [*number, 0]) else {
        return Some(Err("unknown operation"));
    };
    let (key, mut rest) = split_counted(&buffer[2..])?;
    let mut words = vec![name.to_vec(), key.to_vec()];
    if *name == b"GETSET" {
        let (value, after) = split_counted(rest)?;
        words.push(value.to_vec());
        rest = after;
    }
    Some(Ok((words, buffer.len() - rest.len())))
}

fn parse_frame(buffer: &[u8]) -> Option<Result<Words, &'static str>> {
    if number(buffer)? > PAYLOAD_MAX {
        return Some(Err("message too long"));
    }
    let (payload, rest) = split_counted(buffer)?;
    let misfit = Some(Err("strings do not fit the message's length"));
    let Some(count) = number(payload) else { return misfit };
    let (mut words, mut left) = (Vec::new(), &payload[4..]);
    for _ in 0..count {
        let Some((word, after)) = split_counted(left) else { return misfit };
        words.push(word.to_vec());
        left = after;
    }
    if !left.is_empty() {
        return misfit;
    }
    if words.len() == 1 && words[0].eq_ignore_ascii_case(b"KEYS") {
        words.push(b"*".to_vec());
    }
    Some(Ok((words, buffer.len() - rest.len())))
}

/// Parses the reply at the beginning of `buffer`, as a value of RESP.
pub fn parse_reply(dialect: Dialect, buffer: &[u8]) -> Parsed {
    match dialect {
        Dialect::Resp => wire::parse_reply(buffer),
        Dialect::Tlv => Ok(split_counted(buffer)
            .map(|(bytes, rest)| (Value::bulk(bytes), buffer.len() - rest.len()))),
        Dialect::TlvStrict => parse_status(buffer),
        Dialect::Frame => {
            let Some((payload, rest)) = split_counted(buffer) else { return Ok(None) };
            match parse_value(payload)? {
                (value, []) => Ok(Some((value, buffer.len() - rest.len()))),
                (_, left) => Err(format!("{} bytes are left of a message", left.len())),
            }
        }
    }
}

fn parse_status(buffer: &[u8]) -> Parsed {
    let Some((&status, rest)) = buffer.split_first() else { return Ok(None) };
    let Some((bytes, rest)) = split_counted(rest) else { return Ok(None) };
    let value = match status {
        0 => Value::bulk(bytes),
        1 if bytes.is_empty() => Value::Null(b'$'),
        2 => Value::error(bytes),
        _ => return Err(format!("there is no status {status} of {} bytes", bytes.len())),
    };
    Ok(Some((value, buffer.len() - rest.len())))
}

/// The value at the beginning of a payload, and what follows it.
fn parse_value(payload: &[u8]) -> Result<(Value, &[u8]), String> {
    let short = || "a message ends too early".to_string();
    let (&tag, rest) = payload.split_first().ok_or_else(short)?;
    let eight = || rest.first_chunk::<8>().map(|bytes| (*bytes, &rest[8..])).ok_or_else(short);
    Ok(match tag {
        0 => (Value::Null(b'$'), rest),
        1 => {
            let (text, after) = rest.get(4..).and_then(split_counted).ok_or_else(short)?;
            check_code(rest[0], text)?;
            (Value::error(text), after)
        }
        2 => {
            let (bytes, after) = split_counted(rest).ok_or_else(short)?;
            (Value::bulk(bytes), after)
        }
        3 => {
            let (bytes, after) = eight()?;
            (Value::int(i64::from_le_bytes(bytes)), after)
        }
        4 => {
            let (bytes, after) = eight()?;
            (Value::bulk(score_text(f64::from_le_bytes(bytes)).as_bytes()), after)
        }
        5 => {
            let count = number(rest).ok_or_else(short)?;
            let (mut items, mut left) = (Vec::new(), &rest[4..]);
            for _ in 0..count {
                let (item, after) = parse_value(left)?;
                items.push(item);
                left = after;
            }
            (Value::array(items), left)
        }
        _ => return Err(format!("no value begins with {tag}")),
    })
}

/// Whether an error's code goes with its text.
fn check_code(code: u8, text: &[u8]) -> Result<(), String> {
    let begins = |beginning: &str| text.starts_with(beginning.as_bytes());
    let is_known = match code {
        1 => begins("ERR unknown "),
        2 => begins("ERR "),
        3 => begins("WRONGTYPE "),
        4 => !begins("WRONGTYPE ") && !begins("ERR unknown command "),
        _ => false,
    };
    if is_known { Ok(()) } else { Err(format!("code {code} with {}", wire::quoted(text))) }
}

/// What a dialect can carry of a value.
pub fn carried(dialect: Dialect, value: Value) -> Value {
    match (dialect, value) {
        (Dialect::Tlv, Value::Null(_)) => Value::bulk(b""),
        (Dialect::Frame, Value::Line(b'+', text)) => Value::Blob(b'$', text),
        (Dialect::Frame, Value::Null(_)) => Value::Null(b'$'),
        (Dialect::Frame, Value::Many(kind, items)) => {
            Value::Many(kind, items.into_iter().map(|item| carried(dialect, item)).collect())
        }
        (_, value) => value,
    }
}

/// The bytes of a value that a dialect can carry, if nothing about them is open. Of frames, the model
/// does not know which strings are numbers.
pub fn exact_bytes(dialect: Dialect, value: &Value) -> Option<Vec<u8>> {
    match dialect {
        Dialect::Resp => Some(value.bytes()),
        Dialect::Frame => None,
        Dialect::Tlv => value.text().map(counted),
        Dialect::TlvStrict => Some(match value {
            Value::Null(_) => vec![1, 0, 0, 0, 0],
            Value::Line(_, text) => [vec![2], counted(text)].concat(),
            value => [vec![0], counted(value.text()?)].concat(),
        }),
    }
}

/// The bytes of a message that answers no request: strings, numbers and arrays of them.
pub fn push_bytes(dialect: Dialect, push: &Value) -> Vec<u8> {
    match dialect {
        Dialect::Frame => counted(&payload(push)),
        _ => push.bytes(),
    }
}

/// About how long a reply is that has no exact bytes: strings that are numbers are shorter.
pub fn about_len(dialect: Dialect, reply: &Value) -> usize {
    const ERROR_CODE: usize = 4;
    let is_error = matches!(reply, Value::Line(b'-', _));
    push_bytes(dialect, reply).len() + if is_error { ERROR_CODE } else { 0 }
}

fn payload(value: &Value) -> Vec<u8> {
    match value {
        Value::Null(_) => vec![0],
        Value::Line(b':', text) => {
            let number = wire::parse_int(text).expect("it is an integer");
            [&[3][..], &number.to_le_bytes()].concat()
        }
        Value::Line(_, text) | Value::Blob(_, text) => [vec![2], counted(text)].concat(),
        Value::Many(_, items) => {
            let count = (items.len() as u32).to_le_bytes();
            [&[5][..], &count, &items.iter().flat_map(payload).collect::<Vec<_>>()].concat()
        }
    }
}

impl Expect {
    /// What a dialect can carry of it.
    pub(crate) fn carried(self, dialect: Dialect) -> Self {
        let one = |value| carried(dialect, value);
        let all = |values: Vec<Value>| values.into_iter().map(one).collect::<Vec<_>>();
        match self {
            expect if dialect == Dialect::Resp => expect,
            Self::Exactly(value) => Self::Exactly(one(value)),
            Self::Like(value) => Self::Like(one(value)),
            Self::AnyOrder(values) => Self::AnyOrder(all(values)),
            Self::OneOf(values) => Self::OneOf(all(values)),
            Self::Several(values) => Self::Several(all(values)),
            Self::Pairs(kind, pairs) => {
                Self::Pairs(kind, pairs.into_iter().map(|pair| pair.map(one)).collect())
            }
            Self::Drawn { from, len, differ } => {
                Self::Drawn { from: from.into_iter().map(all).collect(), len, differ }
            }
            Self::Member(keys, null) => Self::Member(keys, one(null)),
            // A status is a string, and so is nothing.
            Self::Beginning(kinds) if dialect == Dialect::Frame => {
                Self::Beginning(if kinds.contains('-') { "$*:-" } else { "$*:" })
            }
            Self::Hits(hits) => {
                let shown = |mut hit: crate::model::Hit| {
                    hit.shown = one(hit.shown);
                    hit
                };
                Self::Hits(Hits { all: hits.all.into_iter().map(shown).collect(), ..hits })
            }
            Self::Page(page) => {
                Self::Page(Page { of: page.of.into_iter().map(all).collect(), ..page })
            }
            Self::Each(expects) => {
                Self::Each(expects.into_iter().map(|it| it.carried(dialect)).collect())
            }
            open => open,
        }
    }
}

/// Bytes behind their length.
fn counted(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

/// Strings behind their number.
fn listed(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = (words.len() as u32).to_le_bytes().to_vec();
    words.iter().for_each(|word| bytes.extend(counted(word)));
    bytes
}

/// The length at the beginning.
fn number(buffer: &[u8]) -> Option<usize> {
    buffer.first_chunk().map(|bytes| u32::from_le_bytes(*bytes) as usize)
}

/// The bytes behind a length at the beginning, and what follows them.
fn split_counted(buffer: &[u8]) -> Option<(&[u8], &[u8])> {
    buffer[4.min(buffer.len())..].split_at_checked(number(buffer)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINARY: [Dialect; 3] = [Dialect::Tlv, Dialect::TlvStrict, Dialect::Frame];

    #[test]
    fn requests_come_back_once_their_last_byte_is_there() {
        for dialect in BINARY {
            for words in [&["GET", "k"][..], &["GETSET", "k", ""], &["GETDEL", ""]] {
                let words: Vec<Vec<u8>> = words.iter().map(|&word| word.into()).collect();
                assert!(is_operation(&words));
                let bytes = render_request(dialect, &words);
                for len in 0..bytes.len() {
                    assert_eq!(parse_request(dialect, &bytes[..len]), Request::Incomplete);
                }
                let whole = Request::Arguments(words, bytes.len());
                assert_eq!(parse_request(dialect, &bytes), whole);
            }
            let refused = parse_request(dialect, garbage(dialect));
            assert!(matches!(refused, Request::Malformed(_)), "{refused:?}");
        }
    }

    #[test]
    fn what_can_be_carried_comes_back() {
        let values = [Value::bulk(b"a"), Value::Null(b'*'), Value::error(b"ERR no")];
        for dialect in BINARY {
            for value in values.iter().cloned().map(|value| carried(dialect, value)) {
                let Some(bytes) = exact_bytes(dialect, &value) else { continue };
                let expected = match value {
                    Value::Null(_) => Value::Null(b'$'),
                    Value::Line(_, text) if dialect == Dialect::Tlv => Value::Blob(b'$', text),
                    value => value,
                };
                assert_eq!(parse_reply(dialect, &bytes), Ok(Some((expected, bytes.len()))));
            }
        }
        let array = Value::array(vec![Value::int(-3), Value::bulk(b"x"), Value::array(vec![])]);
        let bytes = push_bytes(Dialect::Frame, &array);
        assert_eq!(parse_reply(Dialect::Frame, &bytes), Ok(Some((array, bytes.len()))));
        let double = [&[9, 0, 0, 0, 4][..], &1.5_f64.to_le_bytes()].concat();
        let parsed = parse_reply(Dialect::Frame, &double);
        assert_eq!(parsed, Ok(Some((Value::bulk(b"1.5"), double.len()))));
        assert!(parse_reply(Dialect::Frame, &[1, 0, 0, 0, 6]).is_err());
        assert!(parse_reply(Dialect::TlvStrict, &[3, 0, 0, 0, 0]).is_err());
    }
}
