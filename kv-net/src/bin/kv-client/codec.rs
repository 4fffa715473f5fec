//! The protocols that the client speaks, seen alike: words to bytes, bytes to values.

use kv_proto::dialect::Dialect;
use kv_proto::frame::{self, PAYLOAD_LEN_MAX};
use kv_proto::resp;
use kv_proto::resp::value::{ReplyDecoder, ReplyLimits, Value};
use kv_proto::tlv::{self, Operation, Variant};
use std::io::{self, Read};

/// How many bytes are read at once; more of a long reply.
const READ_LEN: usize = 16 * 1024;

/// The protocols, as `--protocol` names them, and where servers customarily speak them.
const PROTOCOLS: &[(&str, Dialect, Option<u16>)] = &[
    ("resp", Dialect::Resp, Some(6379)),
    ("tlv", Dialect::Tlv, None),
    ("tlv-strict", Dialect::TlvStrict, None),
    ("frame", Dialect::Frame, Some(1234)),
];

/// The protocol of this name.
pub(crate) fn protocol(name: &str) -> Result<Dialect, String> {
    let found = PROTOCOLS.iter().find(|(known, _, _)| *known == name);
    let names = || PROTOCOLS.iter().map(|(name, _, _)| *name).collect::<Vec<_>>().join(", ");
    found.map(|(_, dialect, _)| *dialect).ok_or_else(|| format!("it must be one of {}", names()))
}

/// Where servers customarily speak a protocol.
pub(crate) fn default_port(dialect: Dialect) -> Option<u16> {
    PROTOCOLS.iter().find(|(_, known, _)| *known == dialect)?.2
}

/// Appends a request. An error says what the protocol cannot say.
pub(crate) fn encode<T: AsRef<[u8]>>(
    dialect: Dialect,
    words: &[T],
    out: &mut Vec<u8>,
) -> Result<(), String> {
    match dialect {
        Dialect::Resp => resp::encode_request(words, out),
        Dialect::Tlv | Dialect::TlvStrict => tlv::encode_request(operation(words)?, out),
        Dialect::Frame => encode_frame(words, out)?,
    }
    Ok(())
}

fn encode_frame<T: AsRef<[u8]>>(words: &[T], out: &mut Vec<u8>) -> Result<(), String> {
    let len = words.iter().map(|word| word.as_ref().len() + 4).sum::<usize>() + 4;
    if len > PAYLOAD_LEN_MAX {
        return Err(format!("a request takes {PAYLOAD_LEN_MAX} bytes at most, and this {len}"));
    }
    frame::encode_request(words, out);
    Ok(())
}

fn operation<T: AsRef<[u8]>>(words: &[T]) -> Result<Operation<'_>, String> {
    let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
    if words.iter().any(|word| u32::try_from(word.len()).is_err()) {
        return Err("a key and a value take less than 4 GiB each".into());
    }
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    match words[..] {
        [name, key] if is(name, "get") => Ok(Operation::Get(key)),
        [name, key] if is(name, "del") || is(name, "delete") => Ok(Operation::Delete(key)),
        [name, key, value] if is(name, "set") => Ok(Operation::Set(key, value)),
        _ => Err("TLV can say no more than GET key, SET key value and DELETE key".into()),
    }
}

/// What a connection has received, and the replies in it.
#[derive(Debug)]
pub(crate) struct Replies {
    decoder: Decoder,
    input: Vec<u8>,
    /// Where in `input` the next reply begins.
    start: usize,
}

#[derive(Debug)]
enum Decoder {
    Resp(ReplyDecoder),
    Tlv(Variant),
    Frame,
}

impl Decoder {
    fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Resp => Self::Resp(ReplyDecoder::default()),
            Dialect::Tlv => Self::Tlv(Variant::Plain),
            Dialect::TlvStrict => Self::Tlv(Variant::Strict),
            Dialect::Frame => Self::Frame,
        }
    }
}

impl Replies {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { decoder: Decoder::of(dialect), input: Vec::new(), start: 0 }
    }

    /// The next reply, if all of it is there. An error says why there will be none.
    pub(crate) fn next(&mut self) -> Result<Option<Value>, String> {
        let (input, limits) = (&self.input[self.start..], ReplyLimits::default());
        let decoded = match &mut self.decoder {
            Decoder::Resp(decoder) => decoder.decode(input, &limits),
            Decoder::Tlv(variant) => tlv::decode_reply(input, *variant, &limits),
            Decoder::Frame => frame::decode_reply(input, &limits),
        };
        let Some((value, len)) = decoded.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        self.start += len;
        Ok(Some(value))
    }

    /// Reads once, and says how many bytes came.
    pub(crate) fn read_from(&mut self, source: &mut impl Read) -> io::Result<usize> {
        self.input.drain(..std::mem::take(&mut self.start));
        let filled = self.input.len();
        self.input.resize(filled + filled.max(READ_LEN), 0);
        let read = source.read(&mut self.input[filled..]);
        self.input.truncate(filled + *read.as_ref().unwrap_or(&0));
        read
    }
}
