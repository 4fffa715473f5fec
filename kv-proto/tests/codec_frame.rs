//! Frames in both directions: exact bytes, any cuts, limits, garbage.

use kv_core::error::Error;
use kv_core::reply::{Protocol, Reply};
use kv_proto::frame::{
    Code, Decoder, Encoder, PAYLOAD_LEN_MAX, ProtocolError, decode_reply, encode_request, is_text,
};
use kv_proto::request::{Arguments, Limits};
use kv_proto::resp::value::{Double, ReplyError, ReplyLimits, Value};
use proptest::prelude::*;

const TINY: Limits = Limits {
    bulk_len_max: 5,
    inline_len_max: 0,
    args_max: 0,
    request_len_max: 24,
    is_unknown: false,
};

type Words = Vec<Vec<u8>>;

fn decode_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: &Limits,
) -> (Vec<Words>, Option<ProtocolError>) {
    let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
    let (mut buffer, mut requests) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&buffer, limits, &mut arguments) {
                Ok(Some(request)) => {
                    let args = arguments.of(&request, &buffer);
                    requests.push(args.from(0).map(<[u8]>::to_vec).collect());
                    buffer.drain(..request.len());
                    assert_eq!(decoder.needed(), 0);
                }
                Ok(None) => break,
                Err(error) => {
                    let again = decoder.decode(&buffer, limits, &mut arguments);
                    assert_eq!(again, Err(error), "errors repeat");
                    return (requests, Some(error));
                }
            }
        }
        assert!(decoder.needed() <= limits.request_len_max.min(4 + PAYLOAD_LEN_MAX));
    }
    (requests, None)
}

#[track_caller]
fn check(stream: &[u8], limits: &Limits, expected: &[&[&[u8]]], error: Option<ProtocolError>) {
    let words = |request: &&[&[u8]]| request.iter().map(|word| word.to_vec()).collect();
    let expected = (expected.iter().map(words).collect(), error);
    for len in 1..=stream.len() {
        assert_eq!(decode_pieces(stream.chunks(len), limits), expected, "{len} bytes at a time");
    }
}

#[track_caller]
fn check_error(stream: &[u8], limits: &Limits, expected: ProtocolError) {
    check(stream, limits, &[], Some(expected));
}

const PING: &[u8] = b"\x0c\0\0\0\x01\0\0\0\x04\0\0\0PING";

#[test]
fn a_request_is_a_list_of_strings() {
    let limits = Limits::default();
    check(PING, &limits, &[&[b"PING"]], None);
    let get = b"\x12\0\0\0\x02\0\0\0\x03\0\0\0GET\x03\0\0\0key";
    check(get, &limits, &[&[b"GET", b"key"]], None);
    let empty = b"\x0f\0\0\0\x02\0\0\0\x03\0\0\0DEL\0\0\0\0";
    check(&[PING, empty, PING].concat(), &limits, &[&[b"PING"], &[b"DEL", b""], &[b"PING"]], None);
}

#[test]
fn keys_without_a_pattern_lists_all() {
    for name in ["KEYS", "keys", "Keys"] {
        let mut stream = Vec::new();
        encode_request([name], &mut stream);
        encode_request([name, "a*"], &mut stream);
        let name = name.as_bytes();
        check(&stream, &Limits::default(), &[&[name, b"*"], &[name, b"a*"]], None);
    }
}

#[test]
fn strings_have_to_fit_the_message() {
    let limits = Limits::default();
    for payload in [
        &b""[..],
        b"\x01\0\0",
        b"\x01\0\0\0",
        b"\x01\0\0\0\x04\0\0",
        b"\x01\0\0\0\x04\0\0\0PIN",
        b"\x01\0\0\0\x04\0\0\0PINGx",
        b"\x02\0\0\0\x04\0\0\0PING",
        b"\xff\xff\xff\xff\x04\0\0\0PING",
        b"\x01\0\0\0\xff\xff\xff\x0fPING",
    ] {
        let message = [&(payload.len() as u32).to_le_bytes()[..], payload].concat();
        check_error(&message, &limits, ProtocolError::LengthMismatch);
        let stream = [PING, &message, PING].concat();
        check(&stream, &limits, &[&[b"PING"]], Some(ProtocolError::LengthMismatch));
    }
    check_error(b"\x04\0\0\0\0\0\0\0", &limits, ProtocolError::NoCommand);
}

#[test]
fn lengths_have_limits() {
    let max = (PAYLOAD_LEN_MAX as u32).to_le_bytes();
    check(&max, &Limits::default(), &[], None);
    let beyond = (PAYLOAD_LEN_MAX as u32 + 1).to_le_bytes();
    check_error(&beyond, &Limits::default(), ProtocolError::MessageTooLong);
    check(PING, &TINY, &[&[b"PING"]], None);
    check_error(b"\x15\0\0\0", &TINY, ProtocolError::MessageTooLong);
    check_error(b"\x0e\0\0\0\x01\0\0\0\x06\0\0\0APPEND", &TINY, ProtocolError::StringTooLong);
}

#[test]
fn an_unknown_client_may_send_little() {
    let unknown = Limits { is_unknown: true, ..Limits::default() };
    let message = |words: &[&[u8]]| {
        let mut bytes = Vec::new();
        encode_request(words, &mut bytes);
        bytes
    };
    let error = Some(ProtocolError::UnauthenticatedLength);
    let long = vec![b'x'; 16_384];
    let whole = |bytes: &[u8]| decode_pieces([bytes], &unknown).1;
    assert_eq!(whole(&message(&[&long[..]; 10])), None);
    assert_eq!(whole(&message(&[&b"x"[..]; 11])), error);
    assert_eq!(whole(&message(&[&[&long[..], b"x"].concat()])), error);
    assert_eq!(whole(&(4 + 10 * 16_388_u32 + 1).to_le_bytes()), error);
}

#[test]
fn what_is_announced_takes_no_memory() {
    let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
    let measured = allocation_counter::measure(|| {
        let input = b"\0\0\0\x02\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(decoder.decode(input, &Limits::default(), &mut arguments), Ok(None));
        let input = b"\x08\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff";
        assert!(decoder.decode(input, &Limits::default(), &mut arguments).is_err());
        let reply = b"\x05\0\0\0\x05\xff\xff\xff\xff";
        assert!(decode_reply(reply, &ReplyLimits::default()).is_err());
    });
    assert_eq!(measured.count_total, 0);
}

#[test]
fn four_characters_are_text_and_no_length() {
    for head in [b"PING", b"GET ", b"\r\n\r\n", b"\n\n\n\n", b"*1\r\n", &[0xff; 4], b"\0\0\0\x03"] {
        assert!(is_text(*head), "{head:?}");
    }
    assert!(!is_text((PAYLOAD_LEN_MAX as u32).to_le_bytes()));
    assert!(is_text((PAYLOAD_LEN_MAX as u32 + 1).to_le_bytes()));
    assert!(!is_text([0; 4]));
}

fn reply(write: impl Fn(&mut Encoder<'_>)) -> Vec<u8> {
    let mut out = b"<".to_vec();
    write(&mut Encoder::new(&mut out));
    assert_eq!(out.remove(0), b'<');
    out
}

/// What is written, and the value that clients read.
#[track_caller]
fn check_reply(write: impl Fn(&mut Encoder<'_>), payload: &[u8], value: Value) {
    let expected = [&(payload.len() as u32).to_le_bytes()[..], payload].concat();
    let written = reply(write);
    assert_eq!(written.escape_ascii().to_string(), expected.escape_ascii().to_string());
    for cut in 0..written.len() {
        assert_eq!(decode_reply(&written[..cut], &ReplyLimits::default()), Ok(None));
    }
    let followed = [&written[..], b"\x01"].concat();
    let decoded = decode_reply(&followed, &ReplyLimits::default());
    assert_eq!(decoded, Ok(Some((value, written.len()))));
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.into())
}

#[test]
fn values_have_a_tag() {
    check_reply(|out| out.null(), b"\0", Value::Null);
    check_reply(|out| out.null_array(), b"\0", Value::Null);
    check_reply(|out| out.bulk(b"value"), b"\x02\x05\0\0\0value", bulk("value"));
    check_reply(|out| out.bulk(b""), b"\x02\0\0\0\0", bulk(""));
    check_reply(|out| out.ok(), b"\x02\x02\0\0\0OK", bulk("OK"));
    check_reply(|out| out.verbatim(b"v"), b"\x02\x01\0\0\0v", bulk("v"));
    check_reply(|out| out.decimal("17.5"), b"\x02\x04\0\0\x0017.5", bulk("17.5"));
    check_reply(|out| out.int(258), b"\x03\x02\x01\0\0\0\0\0\0", Value::Int(258));
    check_reply(|out| out.int(-2), b"\x03\xfe\xff\xff\xff\xff\xff\xff\xff", Value::Int(-2));
    check_reply(|out| out.boolean(true), b"\x03\x01\0\0\0\0\0\0\0", Value::Int(1));
    check_reply(|out| out.boolean(false), b"\x03\0\0\0\0\0\0\0\0", Value::Int(0));
    let (double, value) = (b"\x04\0\0\0\0\0\0\xf8\x3f", Value::Double(Double(1.5)));
    check_reply(|out| out.double(1.5), double, value.clone());
    check_reply(|out| out.bulk_double(1.5), double, value);
}

#[test]
fn errors_have_a_code_and_a_text() {
    let unknown = Error::UnknownCommand(b"ERR unknown".as_slice().into());
    let wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
    let too_long = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    for (error, code, text) in [
        (unknown, 1, "ERR unknown"),
        (Error::StringTooLong, 2, too_long),
        (Error::WrongType, 3, wrong_type),
        (Error::NotASketch, 3, "WRONGTYPE Key is not a valid HyperLogLog string value."),
        (Error::Syntax, 4, "ERR syntax error"),
    ] {
        let mut payload = vec![1, code, 0, 0, 0, text.len() as u8, 0, 0, 0];
        payload.extend_from_slice(text.as_bytes());
        check_reply(|out| out.error(&error), &payload, Value::Error(text.into()));
    }
    let mut out = Vec::new();
    ProtocolError::MessageTooLong.encode(&mut out);
    let text = b"ERR Protocol error: message too long";
    assert_eq!(out, [&b"\x2d\0\0\0\x01\x02\0\0\0\x24\0\0\0"[..], text].concat());
    assert_eq!(ProtocolError::LengthMismatch.code(), Code::BadArgument);
}

#[test]
fn elements_follow_their_number() {
    check_reply(|out| out.array(0), b"\x05\0\0\0\0", Value::Array(Vec::new()));
    let nested = |out: &mut Encoder<'_>| {
        out.array(3);
        out.map(1);
        out.bulk(b"k");
        out.int(1);
        out.set(0);
        out.push(1);
        out.array(1);
        out.null();
    };
    check_reply(
        nested,
        b"\x05\x03\0\0\0\x05\x02\0\0\0\x02\x01\0\0\0k\x03\x01\0\0\0\0\0\0\0\x05\0\0\0\0\x05\x01\0\0\0\x05\x01\0\0\0\0",
        Value::Array(vec![
            Value::Array(vec![bulk("k"), Value::Int(1)]),
            Value::Array(Vec::new()),
            Value::Array(vec![Value::Array(vec![Value::Null])]),
        ]),
    );
}

#[test]
fn each_value_is_a_message_of_its_own_unless_it_is_an_element() {
    let two = |out: &mut Encoder<'_>| {
        out.push(1);
        out.bulk(b"a");
        out.int(0);
    };
    let expected = b"\x0b\0\0\0\x05\x01\0\0\0\x02\x01\0\0\0a\x09\0\0\0\x03\0\0\0\0\0\0\0\0";
    assert_eq!(reply(two).escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[test]
fn elements_that_do_not_come_are_nil() {
    let half = |out: &mut Encoder<'_>| {
        out.array(2);
        out.array(2);
        out.bulk(b"a");
    };
    let payload = b"\x05\x02\0\0\0\x05\x02\0\0\0\x02\x01\0\0\0a\0\0";
    let inner = Value::Array(vec![bulk("a"), Value::Null]);
    check_reply(half, payload, Value::Array(vec![inner, Value::Null]));
}

#[test]
fn a_reply_beyond_the_limit_is_an_error_and_takes_no_memory() {
    let text = "ERR reply exceeds 32 MiB";
    let error = [b"\x01\x02\0\0\0\x18\0\0\0", text.as_bytes()].concat();
    let value = Value::Error(text.into());
    let half = vec![b'x'; PAYLOAD_LEN_MAX / 2];
    let fits = &half[..PAYLOAD_LEN_MAX / 2 - 10];
    let exactly = reply(|out| {
        out.array(2);
        out.bulk(fits);
        out.bulk(&half[..PAYLOAD_LEN_MAX / 2 - 5]);
    });
    assert_eq!(exactly.len(), 4 + PAYLOAD_LEN_MAX);
    assert_eq!(exactly[..4], (PAYLOAD_LEN_MAX as u32).to_le_bytes());
    let one_more = |out: &mut Encoder<'_>| {
        out.array(3);
        out.bulk(fits);
        out.bulk(&half[..PAYLOAD_LEN_MAX / 2 - 5]);
        out.null();
    };
    check_reply(one_more, &error, value.clone());
    let many = |out: &mut Encoder<'_>| {
        out.array(PAYLOAD_LEN_MAX);
        (0..PAYLOAD_LEN_MAX).for_each(|_| out.null());
    };
    check_reply(many, &error, value.clone());
    let behind = reply(|out| {
        many(out);
        out.null();
    });
    assert_eq!(behind[4 + error.len()..], [1, 0, 0, 0, 0]);
    let mut out = Vec::new();
    let long = vec![b'x'; PAYLOAD_LEN_MAX];
    Encoder::new(&mut out).bulk(&long);
    assert!(out.capacity() < 1000, "{}", out.capacity());
}

#[test]
fn there_is_one_version() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    assert_eq!(encoder.protocol(), Protocol::V2);
    assert!(encoder.switch_protocol(Protocol::V2));
    assert!(!encoder.switch_protocol(Protocol::V3));
}

#[test]
fn bytes_that_are_no_reply_are_refused() {
    let check = |payload: &[u8], error| {
        let message = [&(payload.len() as u32).to_le_bytes()[..], payload].concat();
        let limits = ReplyLimits { depth_max: 2, len_max: 32 };
        assert_eq!(decode_reply(&message, &limits), Err(error), "{}", payload.escape_ascii());
    };
    check(b"", ReplyError::LengthMismatch);
    check(b"\x06", ReplyError::UnknownType(6));
    check(b"\0\0", ReplyError::LengthMismatch);
    check(b"\x02\x02\0\0\0a", ReplyError::LengthMismatch);
    check(b"\x02\x01\0\0\0ab", ReplyError::LengthMismatch);
    check(b"\x03\0\0\0\0\0\0\0", ReplyError::LengthMismatch);
    check(b"\x01\x01\0\0\0", ReplyError::LengthMismatch);
    check(b"\x05\x01\0\0\0", ReplyError::LengthMismatch);
    check(b"\x05\x01\0\0\0\x05\x01\0\0\0\x05\x01\0\0\0\0", ReplyError::TooDeep);
    check(&[b"\x02\x18\0\0\0", &[0; 24][..]].concat(), ReplyError::TooLong);
    let limits = ReplyLimits { depth_max: 2, len_max: 32 };
    let deep = b"\x0f\0\0\0\x05\x01\0\0\0\x05\x01\0\0\0\x05\0\0\0\0";
    assert!(decode_reply(deep, &limits).is_ok_and(|reply| reply.is_some()));
}

fn words() -> impl Strategy<Value = Words> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..6)
}

fn write(value: &Value, out: &mut Encoder<'_>) {
    match value {
        Value::Null => out.null(),
        Value::Bulk(bytes) => out.bulk(bytes),
        Value::Int(value) => out.int(*value),
        Value::Double(value) => out.double(value.0),
        Value::Error(text) => out.error(&Error::composed(text.clone())),
        Value::Array(values) => {
            out.array(values.len());
            values.iter().for_each(|value| write(value, out));
        }
        other => unreachable!("{other:?} is not made"),
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bulk),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Error),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(|value| Value::Double(Double(value))),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| prop::collection::vec(inner, 0..5).prop_map(Value::Array))
}

proptest! {
    #[test]
    fn what_is_sent_is_decoded_however_it_is_cut(
        sent in prop::collection::vec(words(), 0..6),
        len in 1_usize..30,
    ) {
        let mut stream = Vec::new();
        sent.iter().for_each(|words| encode_request(words, &mut stream));
        let decoded = decode_pieces(stream.chunks(len), &Limits::default());
        prop_assert_eq!(decoded, (sent, None));
    }

    #[test]
    fn any_bytes_give_the_same_however_they_are_cut(
        stream in prop::collection::vec(prop_oneof![9 => 0_u8..9, 1 => any::<u8>()], 0..80),
        len in 1_usize..30,
    ) {
        for limits in [TINY, Limits::default()] {
            let whole = decode_pieces([&stream[..]], &limits);
            prop_assert_eq!(decode_pieces(stream.chunks(len), &limits), whole);
        }
    }

    #[test]
    fn any_value_reads_back_as_itself(value in values()) {
        let written = reply(|out| write(&value, out));
        let decoded = decode_reply(&written, &ReplyLimits::default());
        prop_assert_eq!(decoded, Ok(Some((value, written.len()))));
    }
}
