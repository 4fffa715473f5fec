//! The reply decoder of clients: every type, any cuts, limits, garbage.

use kv_core::reply::{Protocol, Reply};
use kv_proto::resp::encode::Encoder;
use kv_proto::resp::value::{Double, ReplyDecoder, ReplyError, ReplyLimits, Value, reply_len};
use proptest::prelude::*;

type Outcome = (Vec<Value>, Option<ReplyError>);

fn decode_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limits: &ReplyLimits) -> Outcome {
    let (mut decoder, mut buffer, mut values) = (ReplyDecoder::default(), Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&buffer, limits) {
                Ok(Some((value, len))) => {
                    values.push(value);
                    buffer.drain(..len);
                }
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.decode(&buffer, limits), Err(error), "errors repeat");
                    return (values, Some(error));
                }
            }
        }
    }
    (values, None)
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.into())
}

#[track_caller]
fn check(bytes: &[u8], expected: Value) {
    let limits = ReplyLimits::default();
    assert_eq!(reply_len(bytes, &limits), Ok(Some(bytes.len())));
    assert_eq!(decode_pieces([bytes], &limits), (vec![expected.clone()], None));
    assert_eq!(decode_pieces(bytes.chunks(1), &limits), (vec![expected.clone()], None));
    let mut encoded = Vec::new();
    expected.encode(&mut encoded);
    assert_eq!(encoded.escape_ascii().to_string(), bytes.escape_ascii().to_string());
}

#[track_caller]
fn check_error(bytes: &[u8], expected: ReplyError) {
    let limits = ReplyLimits::default();
    assert_eq!(reply_len(bytes, &limits), Err(expected), "{}", bytes.escape_ascii());
    assert_eq!(decode_pieces(bytes.chunks(1), &limits), (vec![], Some(expected)));
}

#[test]
fn lines_are_values() {
    check(b"+OK\r\n", Value::Simple(b"OK".to_vec()));
    check(b"+\r\n", Value::Simple(Vec::new()));
    check(b"-ERR no\r\n", Value::Error(b"ERR no".to_vec()));
    check(b":-42\r\n", Value::Int(-42));
    check(b"_\r\n", Value::Null);
    check(b"$-1\r\n", Value::NullBulk);
    check(b"*-1\r\n", Value::NullArray);
    check(b",1.5\r\n", Value::Double(Double(1.5)));
    check(b",-inf\r\n", Value::Double(Double(f64::NEG_INFINITY)));
    check(b",nan\r\n", Value::Double(Double(f64::NAN)));
    check(b"#t\r\n", Value::Boolean(true));
    check(b"#f\r\n", Value::Boolean(false));
    check(b"(-123456789012345678901\r\n", Value::BigNumber(b"-123456789012345678901".to_vec()));
}

#[test]
fn strings_of_all_short_lengths_are_values() {
    for len in 0..=130 {
        let text: String = ('!'..'~').cycle().take(len).collect();
        check(format!("${len}\r\n{text}\r\n").as_bytes(), bulk(&text));
    }
}

#[test]
fn strings_are_values() {
    check(b"$0\r\n\r\n", bulk(""));
    check(b"$4\r\na\r\nb\r\n", bulk("a\r\nb"));
    check(b"!3\r\nERR\r\n", Value::BulkError(b"ERR".to_vec()));
    check(b"=6\r\nmkd:hi\r\n", Value::Verbatim { format: *b"mkd", text: b"hi".to_vec() });
}

#[test]
fn aggregates_are_values() {
    check(b"*0\r\n", Value::Array(vec![]));
    check(b"*2\r\n*1\r\n:1\r\n$1\r\na\r\n", {
        Value::Array(vec![Value::Array(vec![Value::Int(1)]), bulk("a")])
    });
    check(b"~1\r\n_\r\n", Value::Set(vec![Value::Null]));
    check(b">1\r\n+x\r\n", Value::Push(vec![Value::Simple(b"x".to_vec())]));
    check(b"%1\r\n:1\r\n%0\r\n", Value::Map(vec![(Value::Int(1), Value::Map(vec![]))]));
    let attribute = Value::Attribute(vec![(Value::Int(1), Value::Int(2))], Box::new(bulk("a")));
    check(b"|1\r\n:1\r\n:2\r\n$1\r\na\r\n", attribute);
    check(b"|0\r\n:2\r\n", Value::Attribute(vec![], Box::new(Value::Int(2))));
}

#[test]
fn numbers_equal_themselves() {
    assert_eq!(Double(f64::NAN), Double(-f64::NAN));
    assert_ne!(Double(0.0), Double(-0.0));
}

#[test]
fn only_the_first_reply_is_measured() {
    let limits = ReplyLimits::default();
    assert_eq!(reply_len(b"", &limits), Ok(None));
    assert_eq!(reply_len(b"*1\r\n", &limits), Ok(None));
    assert_eq!(reply_len(b":1\r\n:2\r\n", &limits), Ok(Some(4)));
    assert_eq!(reply_len(b"*2\r\n:1\r\n:2\r\n:3\r\n", &limits), Ok(Some(12)));
}

#[test]
fn garbage_is_an_error() {
    check_error(b"HTTP/1.1 400\r\n", ReplyError::UnknownType(b'H'));
    check_error(b"\r\n", ReplyError::MissingLineEnd);
    check_error(b"+OK\n", ReplyError::MissingLineEnd);
    check_error(b"+OK\rx", ReplyError::MissingLineEnd);
    check_error(b"$1\r\nabc", ReplyError::MissingLineEnd);
    check_error(b"=4\r\ntxt!\r\n", ReplyError::InvalidValue(b'='));
    for line in [":", ":x", ":9223372036854775808", "_x", ",x", "#x", "(", "(-", "(1x", "$", "$-2"]
    {
        check_error(format!("{line}\r\n").as_bytes(), ReplyError::InvalidValue(line.as_bytes()[0]));
    }
    for line in ["$01", "$+1", "*-2", "*x", "=3", "!-1", "~-1", ">-1", "%-1", "|-1", "%1.5"] {
        check_error(format!("{line}\r\n").as_bytes(), ReplyError::InvalidValue(line.as_bytes()[0]));
    }
}

#[test]
fn nesting_is_limited() {
    let limits = ReplyLimits { depth_max: 3, ..ReplyLimits::default() };
    let nested = |depth: usize| [b"*1\r\n".repeat(depth), b":1\r\n".to_vec()].concat();
    assert_eq!(reply_len(&nested(3), &limits), Ok(Some(16)));
    assert_eq!(reply_len(&nested(4), &limits), Err(ReplyError::TooDeep));
    assert_eq!(reply_len(&b"|0\r\n".repeat(4), &limits), Err(ReplyError::TooDeep));
    // Aggregates beside each other, or empty ones, are not deeper.
    assert_eq!(reply_len(b"*1\r\n*1\r\n*2\r\n*0\r\n*0\r\n", &limits), Ok(Some(20)));
}

#[test]
fn length_is_limited() {
    let limits = ReplyLimits { len_max: 10, ..ReplyLimits::default() };
    assert_eq!(reply_len(b"$4\r\n1234\r\n", &limits), Ok(Some(10)));
    assert_eq!(reply_len(b"$5\r\n", &limits), Err(ReplyError::TooLong));
    assert_eq!(reply_len(b"+1234567\r\n", &limits), Ok(Some(10)));
    assert_eq!(reply_len(b"+12345678\r\n", &limits), Err(ReplyError::TooLong));
    assert_eq!(reply_len(b"+12345678\r", &limits), Ok(None));
    assert_eq!(reply_len(b"+123456789", &limits), Err(ReplyError::TooLong));
    assert_eq!(reply_len(b"*3\r\n:1\r\n:2\r\n", &limits), Err(ReplyError::TooLong));
    for head in ["$9223372036854775807\r\n", "%9223372036854775807\r\n", "*9223372036854775807\r\n"]
    {
        let limits = ReplyLimits { len_max: usize::MAX - 1, ..limits };
        let outcome = reply_len(head.as_bytes(), &limits);
        assert!(matches!(outcome, Ok(None) | Err(ReplyError::TooLong)), "{head:?} {outcome:?}");
    }
}

#[test]
fn debug_output_is_close_to_the_bytes() {
    let bytes = b"%1\r\n$2\r\na\"\r\n~2\r\n,1.5\r\n=5\r\ntxt:\n\r\n";
    let (values, _) = decode_pieces([&bytes[..]], &ReplyLimits::default());
    assert_eq!(format!("{:?}", values[0]), r#"%{"a\"": ~[,1.5, =txt"\n"]}"#);
}

#[test]
fn what_a_server_writes_is_read() {
    let (mut out, mut protocol) = (Vec::new(), Protocol::V3);
    let mut encoder = Encoder::new(&mut out, &mut protocol);
    encoder.map(1);
    encoder.bulk(b"key");
    encoder.array(2);
    encoder.double(0.5);
    encoder.verbatim(b"text");
    let verbatim = Value::Verbatim { format: *b"txt", text: b"text".to_vec() };
    let array = Value::Array(vec![Value::Double(Double(0.5)), verbatim]);
    check(&out, Value::Map(vec![(bulk("key"), array)]));
}

fn arb_line() -> impl Strategy<Value = Vec<u8>> {
    "[ -~]{0,12}".prop_map(String::into_bytes)
}

fn arb_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..12)
}

fn arb_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        arb_line().prop_map(Value::Simple),
        arb_line().prop_map(Value::Error),
        any::<i64>().prop_map(Value::Int),
        arb_bytes().prop_map(Value::Bulk),
        prop::sample::select(vec![Value::Null, Value::NullBulk, Value::NullArray]),
        any::<f64>().prop_map(|value| Value::Double(Double(value))),
        any::<bool>().prop_map(Value::Boolean),
        any::<i128>().prop_map(|value| Value::BigNumber(value.to_string().into_bytes())),
        arb_bytes().prop_map(Value::BulkError),
        (any::<[u8; 3]>(), arb_bytes()).prop_map(|(format, text)| Value::Verbatim { format, text }),
    ]
}

fn arb_value() -> impl Strategy<Value = Value> {
    arb_leaf().prop_recursive(4, 32, 5, |value| {
        let values = prop::collection::vec(value.clone(), 0..5);
        let pairs = prop::collection::vec((value.clone(), value.clone()), 0..3);
        prop_oneof![
            values.clone().prop_map(Value::Array),
            values.clone().prop_map(Value::Set),
            values.prop_map(Value::Push),
            pairs.clone().prop_map(Value::Map),
            (pairs, value).prop_map(|(pairs, value)| Value::Attribute(pairs, Box::new(value))),
        ]
    })
}

fn arb_stream() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        3 => arb_value().prop_map(|value| {
            let mut bytes = Vec::new();
            value.encode(&mut bytes);
            bytes
        }),
        3 => prop::sample::select(vec![
            &b"*1\r\n"[..], b"%1\r\n", b"|0\r\n", b"$3\r\n", b"=4\r\n", b"abc\r\n", b"\r\n", b"\r",
            b"\n", b"1", b"-1", b":", b",", b"~", b"$", b"+x",
        ]).prop_map(<[u8]>::to_vec),
        1 => arb_bytes(),
    ];
    prop::collection::vec(token, 0..10).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(values in prop::collection::vec(arb_value(), 0..4)) {
        let mut stream = Vec::new();
        values.iter().for_each(|value| value.encode(&mut stream));
        let outcome = decode_pieces([&stream[..]], &ReplyLimits::default());
        prop_assert_eq!(outcome, (values, None));
    }

    #[test]
    fn cuts_make_no_difference(
        stream in arb_stream(),
        piece_len in 1usize..40,
        len_max in 1usize..200,
        depth_max in 0usize..5,
    ) {
        let limits = ReplyLimits { depth_max, len_max };
        let whole = decode_pieces([&stream[..]], &limits);
        prop_assert_eq!(&decode_pieces(stream.chunks(piece_len), &limits), &whole);
        prop_assert_eq!(&decode_pieces(stream.chunks(1), &limits), &whole);
    }
}
