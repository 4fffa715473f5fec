//! TLV in both directions: exact bytes, any cuts, limits, garbage.

use kv_core::error::Error;
use kv_core::reply::Reply;
use kv_proto::request::{Arguments, Limits};
use kv_proto::resp::value::{ReplyError, ReplyLimits, Value};
use kv_proto::tlv::{
    Decoder, Encoder, Operation, ProtocolError, Variant, decode_reply, encode_request,
};
use proptest::prelude::*;

const TINY: Limits = Limits {
    bulk_len_max: 5,
    inline_len_max: 0,
    args_max: 0,
    request_len_max: 18,
    is_unknown: false,
};

type Words = Vec<Vec<u8>>;

/// All requests of a stream that arrives in the given pieces, and the error that ends it.
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
        assert!(decoder.needed() <= limits.request_len_max);
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

#[test]
fn an_operation_is_the_command_that_gives_the_value_before() {
    let limits = Limits::default();
    check(b"\x01\0\x03\0\0\0key", &limits, &[&[b"GET", b"key"]], None);
    check(b"\x02\0\x03\0\0\0key", &limits, &[&[b"GETDEL", b"key"]], None);
    let set = b"\x03\0\x03\0\0\0key\x05\0\0\0value";
    check(set, &limits, &[&[b"GETSET", b"key", b"value"]], None);
    let empty = b"\x01\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0";
    check(empty, &limits, &[&[b"GET", b""], &[b"GETSET", b"", b""]], None);
}

#[test]
fn requests_before_an_unknown_operation_are_complete() {
    let stream = b"\x01\0\x01\0\0\0a\x02\0\x01\0\0\0b\0\x01\x01\0\0\0c";
    let error = ProtocolError::UnknownOperation(256);
    check(stream, &Limits::default(), &[&[b"GET", b"a"], &[b"GETDEL", b"b"]], Some(error));
    for operation in [0, 4, 0xffff_u16] {
        let error = Some(ProtocolError::UnknownOperation(operation));
        check(&operation.to_le_bytes(), &Limits::default(), &[], error);
    }
}

#[test]
fn a_length_is_refused_as_soon_as_it_is_too_long() {
    let too_long = Some(ProtocolError::TooLong);
    check(b"\x01\0\x05\0\0\x0012345", &TINY, &[&[b"GET", b"12345"]], None);
    check(b"\x01\0\x06\0\0\0", &TINY, &[], too_long);
    check(b"\x01\0\xff\xff\xff\xff", &Limits::default(), &[], too_long);
    check(b"\x03\0\x01\0\0\0a\xff\xff\xff\xff", &Limits::default(), &[], too_long);
    check(
        b"\x03\0\x05\0\0\x0012345\x03\0\0\x00123",
        &TINY,
        &[&[b"GETSET", b"12345", b"123"]],
        None,
    );
    check(b"\x03\0\x05\0\0\x0012345\x04\0\0\0", &TINY, &[], too_long);
    let unknown = Limits { is_unknown: true, ..Limits::default() };
    check(b"\x01\0\x01\x40\0\0", &unknown, &[], too_long);
}

#[test]
fn what_is_announced_takes_no_memory() {
    let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
    let measured = allocation_counter::measure(|| {
        let input = b"\x03\0\x01\0\0\0a\0\0\0\x10";
        assert_eq!(decoder.decode(input, &Limits::default(), &mut arguments), Ok(None));
    });
    assert_eq!(measured.count_total, 0);
    assert_eq!(decoder.needed(), 11 + (256 << 20));
}

fn reply(variant: Variant, write: impl Fn(&mut Encoder<'_>)) -> (Vec<u8>, bool) {
    let (mut out, mut has_failed) = (b"<".to_vec(), false);
    write(&mut Encoder::new(&mut out, variant, &mut has_failed));
    assert_eq!(out.remove(0), b'<');
    (out, has_failed)
}

#[track_caller]
fn check_reply(write: impl Fn(&mut Encoder<'_>), plain: Option<&[u8]>, strict: &[u8], read: Value) {
    let expected = (plain.unwrap_or_default().to_vec(), plain.is_none());
    assert_eq!(reply(Variant::Plain, &write), expected);
    assert_eq!(reply(Variant::Strict, &write), (strict.to_vec(), false));
    for cut in 0..strict.len() {
        let incomplete = decode_reply(&strict[..cut], Variant::Strict, &ReplyLimits::default());
        assert_eq!(incomplete, Ok(None));
    }
    let followed = [strict, b"\0\0\0"].concat();
    let decoded = decode_reply(&followed, Variant::Strict, &ReplyLimits::default());
    assert_eq!(decoded, Ok(Some((read, strict.len()))));
}

#[test]
fn a_reply_is_a_value_or_nothing_or_an_error() {
    let value = Value::Bulk(b"value".to_vec());
    let (plain, strict) = (b"\x05\0\0\0value", b"\0\x05\0\0\0value");
    check_reply(|out| out.bulk(b"value"), Some(plain), strict, value);
    let empty = Value::Bulk(Vec::new());
    check_reply(|out| out.bulk(b""), Some(&[0; 4]), &[0; 5], empty);
    check_reply(|out| out.null(), Some(&[0; 4]), b"\x01\0\0\0\0", Value::Null);
    let error = Value::Error(b"ERR no".to_vec());
    let write = |out: &mut Encoder<'_>| out.error(&Error::text("ERR no"));
    check_reply(write, None, b"\x02\x06\0\0\0ERR no", error);
}

#[test]
fn whatever_else_is_an_error() {
    let text = b"ERR the reply has a type that this protocol does not know";
    let strict = [b"\x02\x39\0\0\0", &text[..]].concat();
    let writes: [fn(&mut Encoder<'_>); 6] = [
        |out| out.ok(),
        |out| out.int(1),
        |out| out.double(1.0),
        |out| out.null_array(),
        |out| {
            out.array(2);
            out.bulk(b"a");
            out.bulk(b"b");
        },
        |out| {
            out.map(1);
            out.bulk(b"a");
            out.error(&Error::Syntax);
        },
    ];
    for write in writes {
        check_reply(write, None, &strict, Value::Error(text.to_vec()));
    }
}

#[test]
fn plain_replies_are_values_of_their_length() {
    for (bytes, value) in [(&b"\x02\0\0\0ab"[..], &b"ab"[..]), (b"\0\0\0\0", b"")] {
        for cut in 0..bytes.len() {
            let part = decode_reply(&bytes[..cut], Variant::Plain, &ReplyLimits::default());
            assert_eq!(part, Ok(None));
        }
        let decoded = decode_reply(bytes, Variant::Plain, &ReplyLimits::default());
        assert_eq!(decoded, Ok(Some((Value::Bulk(value.to_vec()), bytes.len()))));
    }
}

#[test]
fn bytes_that_are_no_reply_are_refused() {
    let limits = ReplyLimits { depth_max: 1, len_max: 10 };
    let check = |bytes: &[u8], variant, error| {
        assert_eq!(decode_reply(bytes, variant, &limits), Err(error));
    };
    check(b"\x03", Variant::Strict, ReplyError::UnknownType(3));
    check(b"\x01\x01\0\0\0", Variant::Strict, ReplyError::LengthMismatch);
    check(b"\0\x06\0\0\0", Variant::Strict, ReplyError::TooLong);
    check(b"\x07\0\0\0", Variant::Plain, ReplyError::TooLong);
    assert_eq!(decode_reply(b"\x06\0\0\0", Variant::Plain, &limits), Ok(None));
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}

proptest! {
    #[test]
    fn what_is_sent_is_decoded_however_it_is_cut(
        sent in prop::collection::vec((0..3, bytes(), bytes()), 0..8),
        len in 1_usize..30,
    ) {
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        for (kind, key, value) in &sent {
            let operation = match kind {
                0 => Operation::Get(key),
                1 => Operation::Delete(key),
                _ => Operation::Set(key, value),
            };
            encode_request(operation, &mut stream);
            let word = [&b"GET"[..], b"GETDEL", b"GETSET"][*kind as usize].to_vec();
            let value = (*kind == 2).then(|| value.clone());
            expected.push([word, key.clone()].into_iter().chain(value).collect::<Words>());
        }
        let decoded = decode_pieces(stream.chunks(len), &Limits::default());
        prop_assert_eq!(decoded, (expected, None));
    }

    #[test]
    fn any_bytes_give_the_same_however_they_are_cut(
        stream in prop::collection::vec(prop_oneof![3 => 0_u8..6, 1 => any::<u8>()], 0..60),
        len in 1_usize..30,
    ) {
        for limits in [TINY, Limits::default()] {
            let whole = decode_pieces([&stream[..]], &limits);
            prop_assert_eq!(decode_pieces(stream.chunks(len), &limits), whole);
        }
    }
}
