//! Replies for people. That they look as redis-cli prints them is tested beside redis-cli, in kv-net.

use kv_core::error::Error;
use kv_core::reply::{Protocol, Reply};
use kv_proto::resp::value::{Double, Value};
use kv_proto::text::{self, Encoder, Layout, Style};

fn sent(style: Style, protocol: Protocol, write: impl Fn(&mut Encoder<'_>)) -> String {
    let (mut out, mut layout) = (Vec::new(), Layout::new(style, protocol));
    write(&mut Encoder::new(&mut out, &mut layout));
    String::from_utf8(out).expect("it is text")
}

#[track_caller]
fn check(write: impl Fn(&mut Encoder<'_>), v2: &str, v3: &str, raw: &str) {
    assert_eq!(sent(Style::Terminal, Protocol::V2, &write), v2);
    assert_eq!(sent(Style::Terminal, Protocol::V3, &write), v3);
    assert_eq!(sent(Style::Raw, Protocol::V3, &write), raw);
}

#[track_caller]
fn check_both(write: impl Fn(&mut Encoder<'_>), terminal: &str, raw: &str) {
    check(write, terminal, terminal, raw);
}

#[test]
fn values_are_named_by_their_types() {
    check_both(|out| out.ok(), "OK\n", "OK\n");
    check_both(|out| out.bulk(b"a \"b\"\n"), "\"a \\\"b\\\"\\n\"\n", "a \"b\"\n\n");
    check_both(|out| out.int(-3), "(integer) -3\n", "-3\n");
    check_both(|out| out.bulk_int(-3), "\"-3\"\n", "-3\n");
    check_both(|out| out.bulk_double(1.5), "\"1.5\"\n", "1.5\n");
    check_both(|out| out.null(), "(nil)\n", "\n");
    check_both(|out| out.null_array(), "(nil)\n", "\n");
    check_both(|out| out.verbatim(b"a\nb"), "a\nb\n", "a\nb\n");
    check_both(|out| out.array(0), "(empty array)\n", "\n");
}

#[test]
fn version_2_lacks_the_types_that_it_lacks_on_the_wire() {
    check(|out| out.double(1.5), "\"1.5\"\n", "(double) 1.5\n", "1.5\n");
    check(|out| out.decimal("1.50"), "\"1.50\"\n", "(double) 1.50\n", "1.50\n");
    check(|out| out.boolean(true), "(integer) 1\n", "(true)\n", "(true)\n");
    check(|out| out.boolean(false), "(integer) 0\n", "(false)\n", "(false)\n");
    check(|out| out.map(0), "(empty array)\n", "(empty hash)\n", "\n");
    check(|out| out.set(0), "(empty array)\n", "(empty set)\n", "\n");
    check(|out| out.push(0), "(empty array)\n", "(empty push)\n", "\n");
    let pair = |out: &mut Encoder<'_>| {
        out.map(1);
        out.int(1);
        out.int(2);
    };
    let flat = "1) (integer) 1\n2) (integer) 2\n";
    check(pair, flat, "1# (integer) 1 => (integer) 2\n", "1 2\n");
}

#[test]
fn an_error_is_one_line_wherever_it_stands() {
    let error = Error::text("ERR two\r\nlines\r\n");
    check_both(|out| out.error(&error), "(error) ERR two  lines\n", "ERR two  lines\n\n");
    let inside = |out: &mut Encoder<'_>| {
        out.array(2);
        out.error(&error);
        out.int(1);
    };
    check_both(inside, "1) (error) ERR two  lines\n2) (integer) 1\n", "ERR two  lines\n\n1\n");
}

#[test]
fn pieces_may_come_from_several_encoders() {
    let (mut out, mut layout) = (b"before\n".to_vec(), Layout::new(Style::Terminal, Protocol::V3));
    Encoder::new(&mut out, &mut layout).map(1);
    Encoder::new(&mut out, &mut layout).simple("key");
    Encoder::new(&mut out, &mut layout).set(2);
    Encoder::new(&mut out, &mut layout).int(1);
    Encoder::new(&mut out, &mut layout).array(0);
    Encoder::new(&mut out, &mut layout).ok();
    let expected = "before\n1# key => \n   1~ (integer) 1\n   2~ (empty array)\nOK\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

#[test]
fn the_version_changes_with_hello() {
    let (mut out, mut layout) = (Vec::new(), Layout::new(Style::Terminal, Protocol::V2));
    let mut encoder = Encoder::new(&mut out, &mut layout);
    assert!(encoder.switch_protocol(Protocol::V3));
    assert_eq!(encoder.protocol(), Protocol::V3);
    encoder.double(0.5);
    assert_eq!(out, b"(double) 0.5\n");
}

#[test]
fn what_redis_cli_does_not_know_is_printed_too() {
    let printed = |value| {
        let mut out = Vec::new();
        text::print(&value, Style::Terminal, &mut out);
        String::from_utf8(out).expect("it is text")
    };
    assert_eq!(printed(Value::BigNumber(b"-12".to_vec())), "(big number) -12\n");
    assert_eq!(printed(Value::BulkError(b"ERR no".to_vec())), "(error) ERR no\n");
    let remark = vec![(Value::Int(1), Value::Int(2))];
    let value = Box::new(Value::Double(Double(0.5)));
    assert_eq!(printed(Value::Attribute(remark, value)), "(double) 0.5\n");
}
