//! Replies that `kv_proto::text` prints look as redis-cli prints them.

use kv_core::reply::Protocol;
use kv_proto::resp::value::{Double, ReplyDecoder, ReplyLimits, Value};
use kv_proto::text::{self, Style};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::run_with_input;

/// Random replies in one run.
const REPLIES: usize = 500;

/// Comes behind each reply, so that a difference can be told from those before it.
const MARK: &str = "+++ next +++";

fn bulk(bytes: &[u8]) -> Value {
    Value::Bulk(bytes.to_vec())
}

fn status(text: &str) -> Value {
    Value::Simple(text.into())
}

fn error() -> Value {
    Value::Error(b"ERR no".to_vec())
}

fn verbatim(text: &str) -> Value {
    Value::Verbatim { format: *b"txt", text: text.into() }
}

fn numbers(count: i64) -> Vec<Value> {
    (1..=count).map(Value::Int).collect()
}

fn pairs(count: i64) -> Vec<(Value, Value)> {
    (1..=count).map(|n| (Value::Int(n), bulk(b"v"))).collect()
}

/// What both versions of the protocol know.
fn scalars() -> Vec<Value> {
    let every_byte: Vec<u8> = (0..=255).collect();
    vec![
        status("OK"),
        status(""),
        error(),
        Value::Int(i64::MIN),
        bulk(b""),
        bulk(b"a \"b\" \\ c\r\n"),
        bulk("\u{e9}".as_bytes()),
        bulk(&every_byte),
        Value::NullBulk,
        Value::NullArray,
    ]
}

fn arrays() -> Vec<Value> {
    let deep =
        (0..20).fold(Value::Int(7), |value, n| Value::Array([numbers(n), vec![value]].concat()));
    vec![
        Value::Array(vec![]),
        Value::Array(scalars()),
        Value::Array(numbers(9)),
        Value::Array(numbers(10)),
        Value::Array(numbers(1000)),
        Value::Array(vec![Value::Array(vec![]), Value::Array(numbers(11)), error(), bulk(b"end")]),
        deep,
    ]
}

fn of_version_3() -> Vec<Value> {
    let in_key = vec![(Value::Array(numbers(2)), Value::Map(pairs(2))), (Value::Null, error())];
    let (empty_map, empty_set) = (Value::Map(vec![]), Value::Set(vec![]));
    vec![
        Value::Null,
        Value::Boolean(true),
        Value::Boolean(false),
        Value::Double(Double(1.5)),
        Value::Double(Double(f64::NEG_INFINITY)),
        verbatim("many\nlines\n"),
        empty_map.clone(),
        empty_set.clone(),
        Value::Set(numbers(12)),
        Value::Map(pairs(9)),
        Value::Map(pairs(10)),
        Value::Map(in_key),
        Value::Map(vec![(error(), error())]),
        Value::Array(vec![Value::Set(vec![empty_map]), Value::Map(vec![(empty_set, Value::Null)])]),
    ]
}

fn random(count: usize) -> Vec<Value> {
    let scalars = [scalars(), of_version_3()].concat();
    let value = prop::sample::select(scalars).prop_recursive(5, 40, 11, |value| {
        let values = prop::collection::vec(value.clone(), 0..12);
        let pairs = prop::collection::vec((value.clone(), value), 0..12);
        prop_oneof![
            values.clone().prop_map(Value::Array),
            values.prop_map(Value::Set),
            pairs.prop_map(Value::Map),
        ]
    });
    let mut runner = TestRunner::deterministic();
    let mut draw = |_| value.new_tree(&mut runner).expect("it filters nothing").current();
    (0..count).map(&mut draw).collect()
}

/// Answers `GET <number>` with the reply of that number, and everything else with an error.
fn answer(mut stream: TcpStream, replies: &[Value]) -> std::io::Result<()> {
    let (mut decoder, mut input, limits) =
        (ReplyDecoder::default(), Vec::new(), ReplyLimits::default());
    let mut room = [0; 4096];
    loop {
        let len = stream.read(&mut room)?;
        if len == 0 {
            return Ok(());
        }
        input.extend_from_slice(&room[..len]);
        while let Some((request, len)) = decoder.decode(&input, &limits).expect("it is a request") {
            input.drain(..len);
            let mut output = Vec::new();
            reply_to(&request, replies).encode(&mut output);
            stream.write_all(&output)?;
        }
    }
}

fn reply_to(request: &Value, replies: &[Value]) -> Value {
    let Value::Array(words) = request else { panic!("{request:?} is no request") };
    match &words[..] {
        [Value::Bulk(name), Value::Bulk(number)] if name == b"GET" => {
            let number: usize = String::from_utf8_lossy(number).parse().expect("it is a number");
            replies[number].clone()
        }
        [Value::Bulk(name), Value::Bulk(text)] if name == b"ECHO" => Value::Simple(text.clone()),
        [Value::Bulk(name), ..] if name == b"HELLO" => Value::Map(pairs(1)),
        _ => error(),
    }
}

/// What redis-cli prints of each of `replies`.
fn printed_by_redis_cli(replies: &[Value], options: &[&str]) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port().to_string();
    let input = (0..replies.len()).map(|number| format!("GET {number}\nECHO \"{MARK}\"\n"));
    let input = input.collect::<String>().into_bytes();
    let served = replies.to_vec();
    thread::spawn(move || {
        for stream in listener.incoming() {
            match answer(stream.expect("it accepts"), &served) {
                Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
                _ => {}
            }
        }
    });
    let printed = run_with_input("redis-cli", &[&["-p", &port], options].concat(), input);
    let mark = format!("{MARK}\n");
    printed.split_terminator(&mark).map(str::to_owned).collect()
}

fn check(replies: &[Value], style: Style, version: Protocol) {
    let form = if style == Style::Terminal { "--no-raw" } else { "--raw" };
    let version = if version == Protocol::V2 { "-2" } else { "-3" };
    let theirs = printed_by_redis_cli(replies, &[form, version]);
    assert_eq!(theirs.len(), replies.len());
    for (reply, theirs) in replies.iter().zip(theirs) {
        let mut ours = Vec::new();
        text::print(reply, style, &mut ours);
        let ours = String::from_utf8_lossy(&ours);
        assert_eq!(ours, theirs, "{form} {version} {reply:?}");
    }
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn replies_are_printed_as_redis_cli_prints_them() {
    let of_version_2 = [scalars(), arrays()].concat();
    let all = [of_version_2.clone(), of_version_3(), random(REPLIES)].concat();
    for style in [Style::Terminal, Style::Raw] {
        check(&of_version_2, style, Protocol::V2);
        check(&all, style, Protocol::V3);
    }
}
