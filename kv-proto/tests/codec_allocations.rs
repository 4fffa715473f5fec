//! The usual request and its reply cost no allocation once the connection's buffers are warm.

use kv_core::reply::{Protocol, Reply};
use kv_proto::request::{Arguments, Limits};
use kv_proto::resp::decode::Decoder;
use kv_proto::resp::encode::Encoder;
use kv_proto::resp::encode_request;

const GET: &[u8] = b"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n";

fn serve(decoder: &mut Decoder, arguments: &mut Arguments, input: &[u8], out: &mut Vec<u8>) {
    let mut protocol = Protocol::V2;
    arguments.clear();
    let request = decoder.decode(input, &Limits::default(), arguments).unwrap().unwrap();
    assert_eq!(request.len(), input.len());
    let args = arguments.of(&request, input);
    Encoder::new(out, &mut protocol).bulk(args.get(args.len() - 1));
}

#[track_caller]
fn check_allocates_nothing_once_warm(requests: &[&[u8]]) {
    let (mut decoder, mut arguments) = (Decoder::default(), Arguments::default());
    let mut out = Vec::new();
    let mut serve_all = || {
        out.clear();
        requests.iter().for_each(|request| serve(&mut decoder, &mut arguments, request, &mut out));
    };
    let cold = allocation_counter::measure(&mut serve_all);
    assert!(cold.count_total > 0, "the counter counts");
    let warm = allocation_counter::measure(&mut serve_all);
    assert_eq!(warm.count_total, 0);
}

#[test]
fn a_get_allocates_nothing() {
    check_allocates_nothing_once_warm(&[GET; 100]);
}

#[test]
fn a_line_without_quotes_allocates_nothing() {
    check_allocates_nothing_once_warm(&[&b"GET key:000000000042\r\n"[..]; 100]);
}

#[test]
fn requests_of_changing_length_allocate_nothing() {
    let mut set = Vec::new();
    encode_request(["SET", "key", &"x".repeat(5000)], &mut set);
    check_allocates_nothing_once_warm(&[GET, &set, GET, &set]);
}
