//! The request decoder against Redis's behaviour, in one piece and in pieces.

use kv_proto::request::{Arguments, Limits};
use kv_proto::resp::decode::{Decoder, ProtocolError};
use kv_proto::resp::encode_request;
use proptest::prelude::*;

type Request = Vec<Vec<u8>>;

fn redis_limits() -> Limits {
    Limits::default()
}

/// All requests of a stream that arrives in the given pieces, and the error that ends it.
fn decode_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: &Limits,
) -> (Vec<Request>, Option<ProtocolError>) {
    let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
    let (mut buffer, mut start, mut decoded) = (Vec::new(), 0, Vec::new());
    let mut failure = None;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while failure.is_none() {
            let rest = &buffer[start..];
            match decoder.decode(rest, limits, &mut arguments) {
                Ok(Some(request)) => {
                    start += request.len();
                    decoded.push((start - request.len(), request));
                }
                Ok(None) => break,
                Err(error) => {
                    let again = decoder.decode(rest, limits, &mut arguments);
                    assert_eq!(again, Err(error), "errors repeat");
                    failure = Some(error);
                }
            }
        }
        let is_whole = start == buffer.len();
        assert!(is_whole || failure.is_some() || decoder.needed() <= limits.request_len_max);
    }
    // All arguments stay where they are until the list is cleared.
    let owned = |(start, request): &(usize, _)| {
        arguments.of(request, &buffer[*start..]).from(0).map(<[u8]>::to_vec).collect()
    };
    (decoded.iter().map(owned).collect(), failure)
}

fn request(arguments: &[&[u8]]) -> Request {
    arguments.iter().map(|argument| argument.to_vec()).collect()
}

#[track_caller]
fn check(stream: &[u8], expected: &[&[&[u8]]]) {
    let expected: Vec<_> = expected.iter().map(|arguments| request(arguments)).collect();
    let whole = decode_pieces([stream], &redis_limits());
    assert_eq!(whole, (expected, None), "{}", stream.escape_ascii());
    assert_eq!(decode_pieces(stream.chunks(1), &redis_limits()), whole, "byte by byte");
}

#[track_caller]
fn check_error(stream: &[u8], expected: &str) {
    let whole = decode_pieces([stream], &redis_limits());
    let reply = whole.1.expect("an error").reply().expect("a reply").message().into_owned();
    let reply = reply.escape_ascii().to_string().replace("\\'", "'");
    assert_eq!(reply, format!("ERR Protocol error: {expected}"), "{}", stream.escape_ascii());
    assert_eq!(decode_pieces(stream.chunks(1), &redis_limits()), whole, "byte by byte");
}

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

fn followed_by_ping(stream: &[u8]) -> Vec<u8> {
    [stream, PING].concat()
}

#[test]
fn arrays_are_requests() {
    check(PING, &[&[b"PING"]]);
    check(b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", &[&[b"GET", b""]]);
    let value = [b'x'; 1234];
    let long = [&b"*2\r\n$100\r\n"[..], &value[..100], b"\r\n$1234\r\n", &value, b"\r\n"].concat();
    check(&long, &[&[&value[..100], &value]]);
    let many = [&b"*12\r\n"[..], &b"$1\r\na\r\n".repeat(12)].concat();
    check(&many, &[&[&b"a"[..]; 12]]);
}

#[test]
fn arrays_without_arguments_are_empty_requests() {
    for head in [&b"*0\r\n"[..], b"*-1\r\n", b"*-5\r\n", b"*-9223372036854775808\r\n"] {
        check(&followed_by_ping(head), &[&[], &[b"PING"]]);
    }
}

#[test]
fn the_bytes_behind_a_carriage_return_and_behind_a_bulk_are_not_looked_at() {
    check(&followed_by_ping(b"*1\r\n$4\r\nPINGxx"), &[&[b"PING"], &[b"PING"]]);
    check(&followed_by_ping(b"*1\rX$4\rYPINGZZ"), &[&[b"PING"], &[b"PING"]]);
    check(&followed_by_ping(b"*0\rX"), &[&[], &[b"PING"]]);
}

#[test]
fn announced_but_missing_bytes_are_waited_for() {
    for stream in [
        &b"*1000000000\r\n"[..],
        b"*2147483647\r\n",
        b"*1\r\n$536870912\r\n",
        b"*1\r\nabc",
        b"*1\r\nabc\r",
        b"*1",
        b"*1\r",
        b"*1\r\n$4\r\nPING\r",
    ] {
        check(stream, &[]);
    }
}

#[test]
fn array_lengths_are_canonical_numbers_within_the_limit() {
    for length in ["", "abc", "-0", "03", "+3", " 3", "3 ", "2147483648", "-99999999999999999999"] {
        check_error(format!("*{length}\r\n").as_bytes(), "invalid multibulk length");
    }
    check_error(b"*-9223372036854775809\r\n", "invalid multibulk length");
    check_error(b"*1\n$4\r\nPING\r\n", "invalid multibulk length");
}

#[test]
fn bulk_lengths_are_canonical_numbers_within_the_limit() {
    for length in ["", "abc", "-2", "-1", "04", " 5", "+5", "5 ", "600000000", "536870913"] {
        check_error(format!("*1\r\n${length}\r\n").as_bytes(), "invalid bulk length");
    }
    check_error(b"*1\r\n$4\nPING\r\n", "invalid bulk length");
    check_error(b"*1\r\n$99999999999999999999\r\n", "invalid bulk length");
}

#[test]
fn arguments_begin_with_a_dollar_sign() {
    check_error(b"*1\r\n+PING\r\n", "expected '$', got '+'");
    check_error(b"*1\r\nabc\rX", "expected '$', got 'a'");
    check_error(b"*1\r\n\xffa\r\n", r"expected '$', got '\xff'");
    check_error(b"*1\r\n\r\n", r"expected '$', got '\r'");
}

#[test]
fn lengths_that_do_not_end_are_refused_after_64_kib() {
    let ones = [b'1'; 65_537];
    check(&[b"*", &ones[..65_535]].concat(), &[]);
    check_error(&[b"*", &ones[..65_536]].concat(), "too big mbulk count string");
    check(&[&b"*1\r\n$"[..], &ones[..65_535]].concat(), &[]);
    check_error(&[&b"*1\r\n$"[..], &ones[..65_536]].concat(), "too big bulk count string");
    check_error(&[&b"*1\r\n"[..], &ones].concat(), "too big bulk count string");
}

#[test]
fn lines_are_requests() {
    check(b"PING\n", &[&[b"PING"]]);
    check(b"PING\r\nset key  value\r\n", &[&[b"PING"], &[b"set", b"key", b"value"]]);
    check(b"PING\r\r\n", &[&[b"PING"]]);
    check(&followed_by_ping(b"\n"), &[&[], &[b"PING"]]);
    check(&followed_by_ping(b"  \t \r\n"), &[&[], &[b"PING"]]);
    check(&followed_by_ping(b"\r"), &[&[b"*1"], &[b"$4"], &[b"PING"]]);
    check(b"ECHO \"a\rb\"\n", &[&[b"ECHO", b"a\rb"]]);
}

#[test]
fn lines_may_have_quotes() {
    check(
        &followed_by_ping(b"ECHO \"a b\" 'c\\'d' e\"f g\" \"\\x41\\n\"\r\n"),
        &[&[b"ECHO", b"a b", b"c'd", b"ef g", b"A\n"], &[b"PING"]],
    );
    check(&followed_by_ping(b"\"\" ''\n"), &[&[b"", b""], &[b"PING"]]);
    for line in [&b"ECHO \"a\n"[..], b"ECHO 'a\n", b"ECHO \"a\"b\n", b"ECHO \"a\\\n"] {
        check_error(line, "unbalanced quotes in request");
    }
}

#[test]
fn lines_that_do_not_end_are_refused_after_64_kib() {
    check(&[b'a'; 65_536], &[]);
    check_error(&[b'a'; 65_537], "too big inline request");
    check(&[&[b'a'; 65_536][..], b"\n"].concat(), &[&[&[b'a'; 65_536]]]);
    check_error(&[&[b'a'; 65_537][..], b"\n"].concat(), "too big inline request");
}

#[test]
fn a_line_with_a_zero_byte_never_ends() {
    for head in [&b"ECHO a\0b\n"[..], b"\0\n", b"*1\0\r\n", b"*1\r\n$4\0\r\nPING\r\n"] {
        check(&followed_by_ping(head), &[]);
    }
    check_error(&[&b"a\0\n"[..], &[b'a'; 65_536]].concat(), "too big inline request");
    check_error(&[&b"*1\0\r\n"[..], &[b'a'; 65_536]].concat(), "too big mbulk count string");
}

#[test]
fn requests_before_an_error_are_complete() {
    let stream = followed_by_ping(PING);
    let stream = [&stream[..], b"*x\r\n"].concat();
    let (requests, error) = decode_pieces([&stream[..]], &redis_limits());
    assert_eq!(requests.len(), 2);
    assert_eq!(error, Some(ProtocolError::InvalidMultibulkLength));
}

#[test]
fn a_request_beyond_the_query_buffer_limit_is_refused_silently_once_announced() {
    let limits = Limits { request_len_max: 30, ..Limits::default() };
    let fits = b"*2\r\n$1\r\na\r\n$13\r\n0123456789012\r\n";
    let (requests, error) = decode_pieces([&fits[..29], &fits[29..]], &limits);
    assert_eq!((requests.len(), error), (0, Some(ProtocolError::RequestTooLong)));
    let limits = Limits { request_len_max: fits.len(), ..limits };
    let (requests, error) = decode_pieces([&fits[..], &fits[..]], &limits);
    assert_eq!((requests.len(), error), (2, None));
    assert_eq!(ProtocolError::RequestTooLong.reply(), None);
}

#[test]
fn limits_beyond_4_gib_do_not_overflow() {
    let no_limit = usize::MAX;
    let limits = Limits {
        bulk_len_max: no_limit,
        inline_len_max: no_limit,
        args_max: no_limit,
        request_len_max: no_limit,
        is_unknown: false,
    };
    let (_, error) = decode_pieces([&b"*1\r\n$9223372036854775807\r\n"[..]], &limits);
    assert_eq!(error, Some(ProtocolError::RequestTooLong));
    assert_eq!(decode_pieces([&b"PING\r\n"[..]], &limits).0.len(), 1);
}

#[test]
fn a_client_that_has_yet_to_say_who_it_is_may_send_little() {
    let limits = Limits { is_unknown: true, ..Limits::default() };
    let outcome = |text: &[u8]| {
        let (requests, error) = decode_pieces([text], &limits);
        (requests.len(), error)
    };
    let array = |len: usize| [format!("*{len}\r\n").into(), b"$1\r\na\r\n".repeat(len)].concat();
    let bulk = |len: usize| [format!("*1\r\n${len}\r\n").into(), vec![b'x'; len + 2]].concat();
    let too_many = Some(ProtocolError::UnauthenticatedMultibulkLength);
    let too_long = Some(ProtocolError::UnauthenticatedBulkLength);
    assert_eq!(outcome(&array(10)), (1, None));
    assert_eq!(outcome(&array(11)), (0, too_many));
    assert_eq!(outcome(b"*2000000000\r\n"), (0, too_many));
    assert_eq!(outcome(b"*9999999999\r\n"), (0, Some(ProtocolError::InvalidMultibulkLength)));
    assert_eq!(outcome(&bulk(16384)), (1, None));
    assert_eq!(outcome(&bulk(16385)), (0, too_long));
    assert_eq!(outcome(b"*1\r\n$999999999\r\n"), (0, Some(ProtocolError::InvalidBulkLength)));
}

#[test]
fn needed_counts_the_announced_length() {
    let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
    assert_eq!(decoder.needed(), 0);
    let head = b"*2\r\n$3\r\nSET\r\n$1000\r\nabc";
    assert_eq!(decoder.decode(head, &redis_limits(), &mut arguments), Ok(None));
    assert_eq!(decoder.needed(), head.len() - 3 + 1000 + 2);
    let whole = [&head[..], &[b'x'; 999]].concat();
    let request = decoder.decode(&whole, &redis_limits(), &mut arguments).unwrap().unwrap();
    assert_eq!(request.len(), whole.len());
    assert_eq!(decoder.needed(), 0);
}

fn arb_request() -> impl Strategy<Value = Request> {
    let argument = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..20),
        1 => prop::collection::vec(any::<u8>(), 90..1100),
    ];
    prop::collection::vec(argument, 0..12)
}

/// Pieces of RESP that make streams which are nearly right.
fn arb_stream() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => prop::sample::select(vec![
            &b"*1\r\n"[..], b"*2\r\n", b"$3\r\n", b"$", b"*", b"\r\n", b"\n", b"\r", b"GET\r\n",
            b"-1", b"0", b"12", b"\"", b"'", b"\\", b" ", b"\0", b"PING", b"*-1\r\n", b"\\x4",
        ]).prop_map(<[u8]>::to_vec),
        1 => arb_request().prop_map(|request| {
            let mut bytes = Vec::new();
            encode_request(&request, &mut bytes);
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

fn cut<'a>(mut stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &length in lengths {
        let (piece, rest) = stream.split_at(length.min(stream.len()));
        pieces.push(piece);
        stream = rest;
    }
    pieces.push(stream);
    pieces
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(requests in prop::collection::vec(arb_request(), 0..5)) {
        let mut stream = Vec::new();
        requests.iter().for_each(|request| encode_request(request, &mut stream));
        prop_assert_eq!(decode_pieces([&stream[..]], &redis_limits()), (requests, None));
    }

    #[test]
    fn cuts_make_no_difference(
        stream in arb_stream(),
        lengths in prop::collection::vec(0usize..40, 0..40),
        inline_len_max in 1usize..60,
    ) {
        let limits = Limits { inline_len_max, request_len_max: 2000, ..Limits::default() };
        let whole = decode_pieces([&stream[..]], &limits);
        prop_assert_eq!(&decode_pieces(cut(&stream, &lengths), &limits), &whole);
        prop_assert_eq!(&decode_pieces(stream.chunks(1), &limits), &whole);
    }

    #[test]
    fn any_bytes_are_requests_or_an_error(stream in prop::collection::vec(any::<u8>(), 0..400)) {
        decode_pieces(stream.chunks(7), &redis_limits());
    }
}
