//! Each kind of reply in both versions of the protocol.

use kv_core::error::Error;
use kv_core::reply::{Protocol, Reply};
use kv_proto::resp::encode::Encoder;

fn encode(mut protocol: Protocol, write: impl Fn(&mut Encoder<'_>)) -> String {
    let mut out = Vec::new();
    write(&mut Encoder::new(&mut out, &mut protocol));
    out.escape_ascii().to_string()
}

#[track_caller]
fn check(write: impl Fn(&mut Encoder<'_>), v2: &[u8], v3: &[u8]) {
    assert_eq!(encode(Protocol::V2, &write), v2.escape_ascii().to_string());
    assert_eq!(encode(Protocol::V3, &write), v3.escape_ascii().to_string());
}

#[track_caller]
fn check_both(write: impl Fn(&mut Encoder<'_>), expected: &[u8]) {
    check(&write, expected, expected);
}

#[test]
fn statuses_are_lines() {
    check_both(|out| out.simple("QUEUED"), b"+QUEUED\r\n");
    check_both(|out| out.ok(), b"+OK\r\n");
}

#[test]
fn integers_are_decimal() {
    for value in [0, 1, 9, 10, 255, 256, -1, -9, i64::MIN, i64::MAX] {
        check_both(|out| out.int(value), format!(":{value}\r\n").as_bytes());
    }
}

#[test]
fn strings_carry_their_length() {
    for len in [0, 1, 9, 10, 99, 100, 999, 1000, 65_536, 1_234_567] {
        let bytes = vec![b'x'; len];
        let expected = [format!("${len}\r\n").as_bytes(), &bytes, b"\r\n"].concat();
        check_both(|out| out.bulk(&bytes), &expected);
    }
    check_both(|out| out.bulk_int(-42), b"$3\r\n-42\r\n");
}

#[test]
fn absence_has_three_forms() {
    check(|out| out.null(), b"$-1\r\n", b"_\r\n");
    check(|out| out.bulk_or_null(None), b"$-1\r\n", b"_\r\n");
    check(|out| out.null_array(), b"*-1\r\n", b"_\r\n");
}

#[test]
fn truth_is_an_integer_in_version_2() {
    check(|out| out.boolean(true), b":1\r\n", b"#t\r\n");
    check(|out| out.boolean(false), b":0\r\n", b"#f\r\n");
}

#[test]
fn doubles_are_strings_in_version_2() {
    check(|out| out.double(3.25), b"$4\r\n3.25\r\n", b",3.25\r\n");
    check(|out| out.double(1.0), b"$1\r\n1\r\n", b",1\r\n");
    check(|out| out.double(f64::INFINITY), b"$3\r\ninf\r\n", b",inf\r\n");
    check(|out| out.double(f64::NEG_INFINITY), b"$4\r\n-inf\r\n", b",-inf\r\n");
    check(|out| out.double(f64::NAN), b"$3\r\nnan\r\n", b",nan\r\n");
}

#[test]
fn text_for_people_names_its_format_in_version_3() {
    check(|out| out.verbatim(b"a\r\nb"), b"$4\r\na\r\nb\r\n", b"=8\r\ntxt:a\r\nb\r\n");
    check(|out| out.verbatim(b""), b"$0\r\n\r\n", b"=4\r\ntxt:\r\n");
}

#[test]
fn aggregates_announce_their_length() {
    check_both(|out| out.array(0), b"*0\r\n");
    check_both(|out| out.array(12), b"*12\r\n");
    check(|out| out.map(6), b"*12\r\n", b"%6\r\n");
    check(|out| out.set(100), b"*100\r\n", b"~100\r\n");
    check(|out| out.push(3), b"*3\r\n", b">3\r\n");
}

#[test]
fn errors_stay_on_their_line() {
    check_both(|out| out.error(&Error::Syntax), b"-ERR syntax error\r\n");
    let error = Error::composed(&b"ERR unknown command 'a\r\nb\xff'\r\n\n"[..]);
    check_both(|out| out.error(&error), b"-ERR unknown command 'a  b\xff'\r\n");
    check_both(|out| out.error(&Error::text("")), b"-\r\n");
}

#[test]
fn the_version_changes_from_the_next_call_on() {
    let (mut out, mut protocol) = (Vec::new(), Protocol::V2);
    let mut encoder = Encoder::new(&mut out, &mut protocol);
    encoder.null();
    assert!(encoder.switch_protocol(Protocol::V3));
    assert_eq!(encoder.protocol(), Protocol::V3);
    encoder.null();
    assert_eq!(out, b"$-1\r\n_\r\n");
    assert_eq!(protocol, Protocol::V3);
}
