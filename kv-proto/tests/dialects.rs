//! What clients of each dialect send and get, byte for byte, through the whole server.

use kv_core::config::Config;
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::session::Peer;
use kv_proto::dialect::{Dialect, Terms};
use kv_proto::frame;
use kv_proto::resp::value::{Double, ReplyLimits, Value};
use kv_proto::server::{ConnectionId, Event, Server};
use kv_proto::tlv::{self, Operation, Variant};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A server and the driver's part of the work.
struct Driver {
    server: Server,
    now: Now,
    closed: BTreeSet<ConnectionId>,
}

impl Driver {
    fn new(settings: &[(&str, &str)]) -> Self {
        let config = Config::default();
        for (name, value) in settings {
            config.set(kv_core::config::find(name.as_bytes()).unwrap(), value.as_bytes()).unwrap();
        }
        let now = Now { mono_us: 1_000_000, unix_us: 1_700_000_000_000_000 };
        let kernel = Kernel::new(config, 4, 1, Box::new(NoHost::default()), now);
        Self { server: Server::new(Arc::new(kernel)), now, closed: BTreeSet::new() }
    }

    fn connect(&mut self, dialect: Dialect) -> ConnectionId {
        let id = self.server.handle_accept(self.now, Peer::default(), dialect.into());
        // The name of one that was closed may be used again.
        self.closed.remove(&id);
        id
    }

    /// Hands in bytes, as many reads as it takes, and runs them.
    fn receive(&mut self, id: ConnectionId, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_closed(id) && self.server.wants_input(id) {
            let room = self.server.input(id);
            let len = room.len().min(bytes.len());
            room[..len].copy_from_slice(&bytes[..len]);
            self.server.handle_received(id, len);
            self.server.execute(self.now);
            bytes = &bytes[len..];
        }
    }

    /// Takes everything that is to be sent.
    fn take(&mut self, id: ConnectionId) -> Vec<u8> {
        let mut taken = Vec::new();
        loop {
            self.drain_events();
            let output = self.server.output(id).to_vec();
            if output.is_empty() {
                return taken;
            }
            self.server.handle_sent(self.now, id, output.len());
            self.server.handle_timeout(self.now);
            taken.extend(output);
        }
    }

    fn answer(&mut self, id: ConnectionId, bytes: &[u8]) -> Vec<u8> {
        self.receive(id, bytes);
        self.take(id)
    }

    fn drain_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            if let Event::Closed(id) = event {
                self.closed.insert(id);
            }
        }
    }

    fn is_closed(&mut self, id: ConnectionId) -> bool {
        self.drain_events();
        self.closed.contains(&id)
    }

    fn pass_s(&mut self, seconds: u64) {
        self.now = self.now.after_us(seconds * 1_000_000);
        self.server.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
    }

    /// Runs lines of text, of a client that speaks RESP.
    fn prepare(&mut self, lines: &str) -> String {
        let id = self.connect(Dialect::Resp);
        let replies = self.answer(id, lines.as_bytes());
        String::from_utf8(replies).unwrap()
    }

    /// The reply to a request in a frame.
    fn call(&mut self, id: ConnectionId, words: &str) -> Value {
        let reply = self.answer(id, &request(words));
        let (value, len) = frame::decode_reply(&reply, &ReplyLimits::default()).unwrap().unwrap();
        assert_eq!(len, reply.len(), "one request, one reply: {}", reply.escape_ascii());
        value
    }
}

/// A request in a frame, of words separated by spaces.
fn request(words: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::encode_request(words.split(' ').collect::<Vec<_>>(), &mut bytes);
    bytes
}

fn tlv(operation: Operation<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    tlv::encode_request(operation, &mut bytes);
    bytes
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.into())
}

fn bulks(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|text| bulk(text)).collect())
}

/// What clients send and get, in this order.
type Talk<'a> = &'a [(&'a [u8], &'a [u8])];

/// The talk as it is, then all of it in one piece, in two pieces with every cut, and byte by byte.
#[track_caller]
fn check_talk(
    dialect: Dialect,
    settings: &[(&str, &str)],
    before: &str,
    talk: Talk<'_>,
    closes: bool,
) {
    let open = || {
        let mut driver = Driver::new(settings);
        driver.prepare(before);
        let id = driver.connect(dialect);
        (driver, id)
    };
    let (mut driver, id) = open();
    for (sent, expected) in talk {
        let got = driver.answer(id, sent).escape_ascii().to_string();
        assert_eq!(got, expected.escape_ascii().to_string(), "{}", sent.escape_ascii());
    }
    let sent: Vec<u8> = talk.iter().flat_map(|(sent, _)| sent.iter().copied()).collect();
    let expected: Vec<u8> = talk.iter().flat_map(|(_, got)| got.iter().copied()).collect();
    let check = |pieces: &mut dyn Iterator<Item = &[u8]>, how: &str| {
        let (mut driver, id) = open();
        let mut got = Vec::new();
        for piece in pieces {
            got.extend(driver.answer(id, piece));
        }
        assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{how}");
        assert_eq!(driver.is_closed(id), closes, "{how}");
    };
    for cut in 0..sent.len() {
        let (first, second) = sent.split_at(cut);
        check(&mut [first, second].into_iter(), &format!("cut at {cut}"));
    }
    check(&mut sent.chunks(1), "byte by byte");
}

#[test]
fn tlv_gives_the_value_or_the_one_before() {
    check_talk(
        Dialect::Tlv,
        &[],
        "",
        &[
            (b"\x01\0\x03\0\0\0key", b"\0\0\0\0"),
            (b"\x03\0\x03\0\0\0key\x05\0\0\0value", b"\0\0\0\0"),
            (b"\x01\0\x03\0\0\0key", b"\x05\0\0\0value"),
            (b"\x03\0\x03\0\0\0key\x02\0\0\0\0\xff", b"\x05\0\0\0value"),
            (b"\x02\0\x03\0\0\0key", b"\x02\0\0\0\0\xff"),
            (b"\x02\0\x03\0\0\0key", b"\0\0\0\0"),
            (b"\x03\0\0\0\0\0\0\0\0\0", b"\0\0\0\0"),
            (b"\x02\0\0\0\0\0", b"\0\0\0\0"),
        ],
        false,
    );
}

#[test]
fn strict_tlv_tells_nothing_from_an_empty_value_and_from_an_error() {
    check_talk(
        Dialect::TlvStrict,
        &[],
        "RPUSH list x\r\n",
        &[
            (b"\x01\0\x03\0\0\0key", b"\x01\0\0\0\0"),
            (b"\x03\0\x03\0\0\0key\0\0\0\0", b"\x01\0\0\0\0"),
            (b"\x01\0\x03\0\0\0key", b"\0\0\0\0\0"),
            (b"\x03\0\x03\0\0\0key\x05\0\0\0value", b"\0\0\0\0\0"),
            (
                b"\x01\0\x04\0\0\0list",
                b"\x02\x41\0\0\0WRONGTYPE Operation against a key holding the wrong kind of value",
            ),
            (b"\x02\0\x03\0\0\0key", b"\0\x05\0\0\0value"),
            (b"\x02\0\x03\0\0\0key", b"\x01\0\0\0\0"),
        ],
        false,
    );
}

#[test]
fn tlv_works_on_the_same_keys_as_the_other_dialects() {
    let mut driver = Driver::new(&[]);
    let (tlv, frames) = (driver.connect(Dialect::Tlv), driver.connect(Dialect::Frame));
    assert_eq!(driver.prepare("SET number 41 EX 100\r\nINCR number\r\n"), "+OK\r\n:42\r\n");
    assert_eq!(driver.answer(tlv, b"\x01\0\x06\0\0\0number"), b"\x02\0\0\x0042");
    assert_eq!(driver.answer(tlv, b"\x03\0\x06\0\0\0number\x01\0\0\x007"), b"\x02\0\0\x0042");
    assert_eq!(driver.call(frames, "GET number"), bulk("7"));
    assert_eq!(driver.call(frames, "TTL number"), Value::Int(-1));
}

#[test]
fn input_that_is_no_tlv_request_closes_after_the_replies_before_it() {
    for dialect in [Dialect::Tlv, Dialect::TlvStrict] {
        let reply: &[u8] = if dialect == Dialect::Tlv { b"\x01\0\0\0v" } else { b"\0\x01\0\0\0v" };
        for garbage in [
            &b"\0\0"[..],
            b"\x04\0",
            b"\x01\x01",
            b"\x01\0\xff\xff\xff\xff",
            b"\x03\0\x01\0\0\0k\x01\0\0\x20",
            b"GET k\r\n",
        ] {
            let get = b"\x01\0\x01\0\0\0k";
            let talk: Talk<'_> = &[(get, reply), (garbage, b""), (b"\x02\0\x01\0\0\0k", b"")];
            check_talk(dialect, &[], "SET k v\r\n", talk, true);
            let mut driver = Driver::new(&[]);
            driver.prepare("SET k v\r\n");
            let id = driver.connect(dialect);
            let answer = driver.answer(id, &[get, garbage, b"\x02\0\x01\0\0\0k"].concat());
            assert_eq!(answer, reply);
            assert_eq!(driver.prepare("GET k\r\n"), "$1\r\nv\r\n", "what follows does not run");
        }
    }
}

#[test]
fn plain_tlv_closes_instead_of_an_error() {
    let get_string = (&b"\x01\0\x01\0\0\0s"[..], &b"\x01\0\0\0v"[..]);
    let delete_string = (&b"\x02\0\x01\0\0\0s"[..], &b""[..]);
    for operation in
        [&b"\x01\0\x01\0\0\0l"[..], b"\x02\0\x01\0\0\0l", b"\x03\0\x01\0\0\0l\x01\0\0\0v"]
    {
        let talk: Talk<'_> = &[get_string, (operation, b""), delete_string];
        check_talk(Dialect::Tlv, &[], "SET s v\r\nRPUSH l x\r\n", talk, true);
    }
    let set: Talk<'_> = &[(b"\x03\0\x01\0\0\0k\x01\0\0\0v", b"")];
    check_talk(Dialect::Tlv, &[("maxmemory", "1")], "SET s v\r\n", set, true);
    check_talk(Dialect::Tlv, &[("requirepass", "x")], "", set, true);
}

#[test]
fn strict_tlv_tells_of_errors_and_goes_on() {
    let oom = b"\x02\x37\0\0\0OOM command not allowed when used memory > 'maxmemory'.";
    let set = b"\x03\0\x01\0\0\0k\x01\0\0\0v";
    let talk: Talk<'_> = &[(set, oom), (b"\x01\0\x01\0\0\0k", b"\x01\0\0\0\0"), (set, oom)];
    check_talk(Dialect::TlvStrict, &[("maxmemory", "1")], "SET s v\r\n", talk, false);
    let talk: Talk<'_> = &[(set, b"\x02\x1f\0\0\0NOAUTH Authentication required.")];
    check_talk(Dialect::TlvStrict, &[("requirepass", "x")], "", talk, false);
}

#[test]
fn a_refused_client_learns_it_as_far_as_its_dialect_can_tell() {
    for (dialect, expected) in [
        (Dialect::Tlv, &b""[..]),
        (Dialect::TlvStrict, b"\x02\x21\0\0\0ERR max number of clients reached"),
        (Dialect::Frame, b"\x2a\0\0\0\x01\x04\0\0\0\x21\0\0\0ERR max number of clients reached"),
    ] {
        let mut driver = Driver::new(&[("maxclients", "1")]);
        driver.connect(Dialect::Resp);
        let id = driver.connect(dialect);
        let got = driver.take(id);
        assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
        assert!(driver.is_closed(id));
    }
}

#[test]
fn frames_carry_every_kind_of_reply() {
    check_talk(
        Dialect::Frame,
        &[],
        "",
        &[
            // SET k v: the string OK
            (
                b"\x15\0\0\0\x03\0\0\0\x03\0\0\0SET\x01\0\0\0k\x01\0\0\0v",
                b"\x07\0\0\0\x02\x02\0\0\0OK",
            ),
            // SET k w NX: nil
            (
                b"\x1b\0\0\0\x04\0\0\0\x03\0\0\0SET\x01\0\0\0k\x01\0\0\0w\x02\0\0\0NX",
                b"\x01\0\0\0\0",
            ),
            // GET k: a string
            (b"\x10\0\0\0\x02\0\0\0\x03\0\0\0GET\x01\0\0\0k", b"\x06\0\0\0\x02\x01\0\0\0v"),
            // ZADD z 1.5 m: an integer
            (
                b"\x1d\0\0\0\x04\0\0\0\x04\0\0\0ZADD\x01\0\0\0z\x03\0\0\x001.5\x01\0\0\0m",
                b"\x09\0\0\0\x03\x01\0\0\0\0\0\0\0",
            ),
            // ZSCORE z m: a double
            (
                b"\x18\0\0\0\x03\0\0\0\x06\0\0\0ZSCORE\x01\0\0\0z\x01\0\0\0m",
                b"\x09\0\0\0\x04\0\0\0\0\0\0\xf8\x3f",
            ),
            // ZQUERY z 0 "" 0 9: an array in which member and score alternate
            (
                b"\x26\0\0\0\x06\0\0\0\x06\0\0\0ZQUERY\x01\0\0\0z\x01\0\0\x000\0\0\0\0\x01\0\0\x000\x01\0\0\x009",
                b"\x14\0\0\0\x05\x02\0\0\0\x02\x01\0\0\0m\x04\0\0\0\0\0\0\xf8\x3f",
            ),
            // KEYS: all of them, in the order of their hashes
            (
                b"\x0c\0\0\0\x01\0\0\0\x04\0\0\0KEYS",
                b"\x11\0\0\0\x05\x02\0\0\0\x02\x01\0\0\0z\x02\x01\0\0\0k",
            ),
            // NOPE: error 1
            (
                b"\x0c\0\0\0\x01\0\0\0\x04\0\0\0NOPE",
                b"\x3f\0\0\0\x01\x01\0\0\0\x36\0\0\0ERR unknown command 'NOPE', with args beginning with: ",
            ),
            // GET z: error 3
            (
                b"\x10\0\0\0\x02\0\0\0\x03\0\0\0GET\x01\0\0\0z",
                b"\x4a\0\0\0\x01\x03\0\0\0\x41\0\0\0WRONGTYPE Operation against a key holding the wrong kind of value",
            ),
            // GET: error 4
            (
                b"\x0b\0\0\0\x01\0\0\0\x03\0\0\0GET",
                b"\x38\0\0\0\x01\x04\0\0\0\x2f\0\0\0ERR wrong number of arguments for 'get' command",
            ),
        ],
        false,
    );
}

#[test]
fn errors_of_frames_have_codes() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    driver.prepare("RPUSH l x\r\n");
    for (words, code) in [
        ("NOPE", 1),
        ("CLIENT NOPE", 1),
        ("SETRANGE k 536870912 x", 2),
        ("GET l", 3),
        ("EXPIRE l x", 4),
        ("CLIENT", 4),
        ("HELLO 3", 4),
        ("EXEC", 4),
    ] {
        let reply = driver.answer(id, &request(words));
        assert_eq!(reply[4..9], [1, code, 0, 0, 0], "{words}: {}", reply.escape_ascii());
    }
    assert_eq!(driver.call(id, "PING"), bulk("PONG"));
}

#[test]
fn any_command_works_in_frames() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    let double = |value| Value::Double(Double(value));
    let pairs = vec![bulk("a"), double(1.0), bulk("b"), double(2.0)];
    for (words, expected) in [
        ("ZADD z 1 a 2 b", Value::Int(2)),
        ("ZRANGE z 0 -1 WITHSCORES", Value::Array(pairs)),
        ("ZADD z INCR 0.5 a", double(1.5)),
        ("ZADD z NX INCR 0.5 a", Value::Null),
        ("ZREM z b", Value::Int(1)),
        ("ZSCORE z b", Value::Null),
        ("INCRBYFLOAT f 2.5", bulk("2.5")),
        ("HSET h a 1 b 2", Value::Int(2)),
        ("HGETALL h", bulks(&["a", "1", "b", "2"])),
        ("SMEMBERS none", bulks(&[])),
        ("BLMPOP 0 1 none LEFT COUNT x", Value::Error("ERR count should be greater than 0".into())),
        ("PEXPIRE h 1500", Value::Int(1)),
        ("PTTL h", Value::Int(1500)),
        ("PERSIST h", Value::Int(1)),
        ("TTL h", Value::Int(-1)),
        ("CONFIG GET maxmemory", bulks(&["maxmemory", "0"])),
        ("SELECT 1", bulk("OK")),
        ("KEYS", bulks(&[])),
        ("SELECT 0", bulk("OK")),
        ("DEL f h z", Value::Int(3)),
        ("KEYS", bulks(&[])),
    ] {
        assert_eq!(driver.call(id, words), expected, "{words}");
    }
    let Value::Array(greeting) = driver.call(id, "HELLO 2") else { panic!("it is a map") };
    assert_eq!(greeting.len(), 14);
}

#[test]
fn a_transaction_is_one_reply() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    assert_eq!(driver.call(id, "MULTI"), bulk("OK"));
    assert_eq!(driver.call(id, "INCR n"), bulk("QUEUED"));
    assert_eq!(driver.call(id, "LPUSH n x"), bulk("QUEUED"));
    assert_eq!(driver.call(id, "LRANGE none 0 -1"), bulk("QUEUED"));
    let wrong = "WRONGTYPE Operation against a key holding the wrong kind of value";
    let expected = vec![Value::Int(1), Value::Error(wrong.into()), Value::Array(Vec::new())];
    assert_eq!(driver.call(id, "EXEC"), Value::Array(expected));
}

#[test]
fn replies_that_a_transaction_turns_off_are_nil() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    for words in ["MULTI", "CLIENT REPLY SKIP", "PING"] {
        driver.call(id, words);
    }
    let Value::Array(replies) = driver.call(id, "EXEC") else { panic!("it is an array") };
    assert_eq!(replies.len(), 2);
    assert!(replies.contains(&Value::Null), "{replies:?}");
    let message = driver.answer(id, &request("PING"));
    assert!(message.is_empty() || message == b"\x09\0\0\0\x02\x04\0\0\0PONG");
    assert_eq!(driver.call(id, "PING"), bulk("PONG"));
}

#[test]
fn messages_that_are_no_requests_are_refused_after_the_replies_before_them() {
    let ping = b"\x0c\0\0\0\x01\0\0\0\x04\0\0\0PING";
    let pong = b"\x09\0\0\0\x02\x04\0\0\0PONG";
    for (garbage, refusal) in [
        (&b"\x01\0\0\x02"[..], &b"\x2d\0\0\0\x01\x02\0\0\0\x24\0\0\0ERR Protocol error: message too long"[..]),
        (b"PING\r\n", b"\x2d\0\0\0\x01\x02\0\0\0\x24\0\0\0ERR Protocol error: message too long"),
        (b"\0\0\0\0", b"\x44\0\0\0\x01\x04\0\0\0\x3b\0\0\0ERR Protocol error: strings do not fit the message's length"),
        (b"\x05\0\0\0\x01\0\0\0\0", b"\x44\0\0\0\x01\x04\0\0\0\x3b\0\0\0ERR Protocol error: strings do not fit the message's length"),
        (b"\x04\0\0\0\0\0\0\0", b"\x36\0\0\0\x01\x04\0\0\0\x2d\0\0\0ERR Protocol error: message without a command"),
    ] {
        let talk: Talk<'_> = &[(ping, pong), (garbage, refusal), (ping, b"")];
        check_talk(Dialect::Frame, &[], "", talk, true);
    }
    let settings = [("proto-max-bulk-len", "1mb"), ("client-query-buffer-limit", "2mb")];
    let mut driver = Driver::new(&settings);
    for len in [(1 << 20) + 1, 2 << 20] {
        let id = driver.connect(Dialect::Frame);
        let reply = driver.answer(id, &request(&format!("ECHO {}", "x".repeat(len))));
        assert_eq!(reply[4..9], [1, 2, 0, 0, 0], "{}", reply.escape_ascii());
        assert!(driver.is_closed(id));
    }
}

#[test]
fn an_unknown_client_of_frames_has_to_say_who_it_is() {
    let mut driver = Driver::new(&[("requirepass", "secret")]);
    let id = driver.connect(Dialect::Frame);
    assert_eq!(driver.call(id, "GET k"), Value::Error(b"NOAUTH Authentication required.".into()));
    assert_eq!(driver.call(id, "AUTH secret"), bulk("OK"));
    assert_eq!(driver.call(id, "GET k"), Value::Null);
    let other = driver.connect(Dialect::Frame);
    let reply = driver.answer(other, &request("DEL 1 2 3 4 5 6 7 8 9 10"));
    assert_eq!(reply[4..9], [1, 2, 0, 0, 0], "{}", reply.escape_ascii());
    assert!(driver.is_closed(other));
}

#[test]
fn a_reply_beyond_32_mib_is_an_error() {
    let mut driver = Driver::new(&[("client-output-buffer-limit", "normal 0 0 0")]);
    let id = driver.connect(Dialect::Frame);
    assert_eq!(
        driver.call(id, &format!("SETRANGE k {} x", (32 << 20) - 6)),
        Value::Int((32 << 20) - 5)
    );
    let reply = driver.answer(id, &request("GET k"));
    assert_eq!(reply.len(), 4 + frame::PAYLOAD_LEN_MAX);
    assert_eq!(driver.call(id, "APPEND k x"), Value::Int((32 << 20) - 4));
    let reply = driver.answer(id, &request("GET k"));
    assert_eq!(reply, b"\x21\0\0\0\x01\x02\0\0\0\x18\0\0\0ERR reply exceeds 32 MiB");
}

#[test]
fn a_pipeline_of_a_thousand_requests_is_answered_in_order() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    let (mut sent, mut expected) = (Vec::new(), Vec::new());
    for number in 1..=1000_i64 {
        sent.extend(request("INCR n"));
        expected.extend(b"\x09\0\0\0\x03");
        expected.extend(number.to_le_bytes());
    }
    assert_eq!(driver.answer(id, &sent), expected);

    for (dialect, head) in [(Dialect::Tlv, &b""[..]), (Dialect::TlvStrict, b"\0")] {
        let mut driver = Driver::new(&[]);
        let id = driver.connect(dialect);
        driver.answer(id, &tlv(Operation::Set(b"k", b"0000")));
        let (mut sent, mut expected) = (Vec::new(), Vec::new());
        for number in 0..1000 {
            let [value, before] = [number + 1, number].map(|number| format!("{number:04}"));
            sent.extend(tlv(Operation::Set(b"k", value.as_bytes())));
            expected.extend([head, b"\x04\0\0\0", before.as_bytes()].concat());
        }
        assert_eq!(driver.answer(id, &sent), expected);
    }
}

#[test]
fn a_client_that_takes_nothing_is_not_read_from() {
    let settings = [("client-output-buffer-limit", "normal 0 15000 5")];
    let get = |dialect| match dialect {
        Dialect::Frame => request("GET k"),
        _ => tlv(Operation::Get(b"k")),
    };
    for (dialect, head_len) in [(Dialect::Tlv, 4), (Dialect::TlvStrict, 5), (Dialect::Frame, 9)] {
        let mut driver = Driver::new(&settings);
        driver.prepare(&format!("SET k {}\r\n", "x".repeat(10_000)));
        let id = driver.connect(dialect);
        driver.receive(id, &get(dialect).repeat(40));
        assert_eq!(driver.server.output(id).len(), 2 * (head_len + 10_000), "{dialect:?}");
        assert!(!driver.server.wants_input(id));
        assert_eq!(driver.take(id).len(), 40 * (head_len + 10_000), "{dialect:?}");
        assert!(driver.server.wants_input(id));

        driver.receive(id, &get(dialect).repeat(40));
        driver.pass_s(6);
        assert!(driver.is_closed(id), "it takes nothing");
    }
}

#[test]
fn requests_of_paused_clients_run_when_the_pause_ends() {
    let mut driver = Driver::new(&[]);
    let [plain, strict, frames] =
        [Dialect::Tlv, Dialect::TlvStrict, Dialect::Frame].map(|dialect| driver.connect(dialect));
    driver.prepare("CLIENT PAUSE 1000 WRITE\r\n");
    let set = tlv(Operation::Set(b"k", b"v"));
    let requests = [&tlv(Operation::Get(b"k"))[..], &set, &set].concat();
    assert_eq!(driver.answer(plain, &requests), b"\0\0\0\0");
    assert_eq!(driver.answer(strict, &set[..3]), b"");
    assert_eq!(driver.answer(strict, &set[3..]), b"");
    assert_eq!(driver.answer(frames, &request("APPEND k x")), b"");
    driver.pass_s(1);
    assert_eq!(driver.take(plain), b"\0\0\0\0\x01\0\0\0v");
    assert_eq!(driver.take(strict), b"\0\x01\0\0\0v");
    assert_eq!(driver.take(frames), b"\x09\0\0\0\x03\x02\0\0\0\0\0\0\0");
}

#[test]
fn a_request_in_a_frame_may_wait() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    let waiting = [request("BLPOP l 0"), request("PING")].concat();
    assert_eq!(driver.answer(id, &waiting), b"");
    driver.prepare("RPUSH l x\r\n");
    let expected =
        b"\x11\0\0\0\x05\x02\0\0\0\x02\x01\0\0\0l\x02\x01\0\0\0x\x09\0\0\0\x02\x04\0\0\0PONG";
    let got = driver.take(id);
    assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(driver.answer(id, &request("BZPOPMIN z 1")), b"");
    driver.prepare("ZADD z 0.5 m\r\n");
    let expected =
        b"\x1a\0\0\0\x05\x03\0\0\0\x02\x01\0\0\0z\x02\x01\0\0\0m\x04\0\0\0\0\0\0\xe0\x3f";
    let got = driver.take(id);
    assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(driver.answer(id, &request("BLPOP l 1")), b"");
    driver.pass_s(2);
    assert_eq!(driver.take(id), b"\x01\0\0\0\0");
}

#[test]
fn messages_to_subscribers_are_arrays() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    let subscribed = driver.answer(id, &request("SUBSCRIBE a b"));
    let expected =
        b"\x22\0\0\0\x05\x03\0\0\0\x02\x09\0\0\0subscribe\x02\x01\0\0\0a\x03\x01\0\0\0\0\0\0\0\
        \x22\0\0\0\x05\x03\0\0\0\x02\x09\0\0\0subscribe\x02\x01\0\0\0b\x03\x02\0\0\0\0\0\0\0";
    assert_eq!(subscribed.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(driver.prepare("PUBLISH b hello\r\n"), ":1\r\n");
    let message = driver.take(id);
    let expected =
        b"\x21\0\0\0\x05\x03\0\0\0\x02\x07\0\0\0message\x02\x01\0\0\0b\x02\x05\0\0\0hello";
    assert_eq!(message.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(driver.call(id, "PING"), bulks(&["pong", ""]));
    assert!(matches!(driver.call(id, "GET k"), Value::Error(_)));
    assert_eq!(driver.answer(id, &request("UNSUBSCRIBE")).len(), 2 * 40);
    assert_eq!(driver.call(id, "GET k"), Value::Null);
}

#[test]
fn whoever_begins_with_text_gets_text() {
    check_talk(
        Dialect::Frame,
        &[],
        "RPUSH l a b\r\n",
        &[
            (b"SET mykey \"hello world\"\r\n", b"OK\n"),
            (b"GET mykey\n", b"\"hello world\"\n"),
            (b"get none\n", b"(nil)\n"),
            (b"INCR n\r\n", b"(integer) 1\n"),
            (b"LRANGE l 0 -1\n", b"1) \"a\"\n2) \"b\"\n"),
            (b"\r\n\n", b""),
            (b"*1\r\n", b"(error) ERR unknown command '*1', with args beginning with: \n"),
            (b"DEL n l\n", b"(integer) 2\n"),
            (b"KEYS\n", b"1) \"mykey\"\n"),
            (b"keys x*\n", b"(empty array)\n"),
        ],
        false,
    );
}

#[test]
fn text_begins_with_any_four_characters() {
    for (sent, expected) in [
        (&b"\n\n\n\nPING\n"[..], &b"PONG\n"[..]),
        (b"a\nb\n", b"(error) ERR unknown command 'a', with args beginning with: \n(error) ERR unknown command 'b', with args beginning with: \n"),
        (b"*1\r\n$4\r\nPING\r\n", b"(error) ERR unknown command '*1', with args beginning with: \n(error) ERR unknown command '$4', with args beginning with: \nPONG\n"),
        (b"PING", b""),
        (b"QUIT\n", b"OK\n"),
    ] {
        check_talk(Dialect::Frame, &[], "", &[(sent, expected)], sent == b"QUIT\n");
    }
    let quotes = b"SET k \"v\n";
    let error = b"(error) ERR Protocol error: unbalanced quotes in request\n";
    check_talk(Dialect::Frame, &[], "", &[(quotes, error), (b"PING\n", b"")], true);
}

#[test]
fn frames_behind_frames_are_never_text() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect(Dialect::Frame);
    assert_eq!(driver.call(id, "PING"), bulk("PONG"));
    assert_eq!(driver.answer(id, b"PING\r\n")[4], 1);
    assert!(driver.is_closed(id));
}

#[test]
fn a_proxy_may_pass_on_any_dialect() {
    for (dialect, request, reply) in [
        (Dialect::Tlv, &b"\x01\0\x01\0\0\0k"[..], &b"\0\0\0\0"[..]),
        (Dialect::Frame, b"\x0c\0\0\0\x01\0\0\0\x04\0\0\0PING", b"\x09\0\0\0\x02\x04\0\0\0PONG"),
        (Dialect::Frame, b"PING\n", b"PONG\n"),
    ] {
        let header = b"PROXY TCP4 192.0.2.1 198.51.100.7 4000 6379\r\n";
        let bytes = [header, request].concat();
        for cut in 0..bytes.len() {
            let mut driver = Driver::new(&[("requirepass", ""), ("protected-mode", "no")]);
            let terms = Terms { dialect, is_proxied: true };
            let id = driver.server.handle_accept(driver.now, Peer::default(), terms);
            driver.receive(id, &bytes[..cut]);
            driver.receive(id, &bytes[cut..]);
            assert_eq!(driver.take(id), reply);
        }
    }
}

#[test]
fn a_client_that_sends_no_more_gets_its_replies() {
    for (dialect, request, reply) in [
        (Dialect::Tlv, &b"\x01\0\x01\0\0\0k\x01\0\x01"[..], &b"\0\0\0\0"[..]),
        (
            Dialect::Frame,
            b"\x0c\0\0\0\x01\0\0\0\x04\0\0\0PING\x0c",
            b"\x09\0\0\0\x02\x04\0\0\0PONG",
        ),
        (Dialect::Frame, b"PI", b""),
        (Dialect::Frame, b"PING\nPI", b"PONG\n"),
    ] {
        let mut driver = Driver::new(&[]);
        let id = driver.connect(dialect);
        driver.receive(id, request);
        driver.server.handle_end_of_input(id);
        driver.server.execute(driver.now);
        assert_eq!(driver.take(id), reply);
        assert!(driver.is_closed(id));
    }
}

#[test]
fn a_killed_client_gets_no_reply_that_it_did_not_ask_for() {
    for dialect in [Dialect::Tlv, Dialect::TlvStrict, Dialect::Frame] {
        let mut driver = Driver::new(&[]);
        let id = driver.connect(dialect);
        assert_eq!(driver.prepare("CLIENT KILL ID 1\r\n"), ":1\r\n");
        assert_eq!(driver.take(id), b"");
        assert!(driver.is_closed(id));
    }
}

#[test]
fn a_warm_get_allocates_nothing() {
    for (dialect, get, reply_len) in [
        (Dialect::Tlv, tlv(Operation::Get(b"k")), 5),
        (Dialect::TlvStrict, tlv(Operation::Get(b"k")), 6),
        (Dialect::Frame, request("GET k"), 10),
    ] {
        let mut driver = Driver::new(&[]);
        driver.prepare("SET k v\r\n");
        let (id, now) = (driver.connect(dialect), driver.now);
        let requests = get.repeat(64);
        let round = |server: &mut Server| {
            server.input(id)[..requests.len()].copy_from_slice(&requests);
            server.handle_received(id, requests.len());
            server.execute(now);
            while server.poll_event().is_some() {}
            let sent = server.output(id).len();
            server.handle_sent(now, id, sent);
            sent
        };
        assert_eq!(round(&mut driver.server), 64 * reply_len);
        let warm = allocation_counter::measure(|| {
            round(&mut driver.server);
        });
        assert_eq!(warm.count_total, 0, "{dialect:?}");
    }
}

#[test]
fn clients_read_what_the_server_writes() {
    let limits = ReplyLimits::default();
    let mut driver = Driver::new(&[]);
    for (dialect, variant) in
        [(Dialect::Tlv, Variant::Plain), (Dialect::TlvStrict, Variant::Strict)]
    {
        let id = driver.connect(dialect);
        let set = driver.answer(id, &tlv(Operation::Set(b"key", b"value")));
        assert!(tlv::decode_reply(&set, variant, &limits).is_ok_and(|reply| reply.is_some()));
        let got = driver.answer(id, &tlv(Operation::Delete(b"key")));
        let expected = Ok(Some((bulk("value"), got.len())));
        assert_eq!(tlv::decode_reply(&got, variant, &limits), expected);
    }
}

/// An example of the documentation.
#[derive(Debug, Default)]
struct Example {
    sent: Vec<u8>,
    plain: Vec<u8>,
    strict: Vec<u8>,
    /// The last bytes are left out.
    is_cut: bool,
}

/// The examples of a section, as they stand in its last code block.
fn examples(section: &str) -> Vec<Example> {
    const TEXT: &str = include_str!("../../docs/protocols.md");
    let section = TEXT.split("\n## ").find(|text| text.starts_with(section)).expect("it is there");
    let block = section.rsplit("```").nth(1).expect("it has examples");
    block.split("\n\n").map(example).collect()
}

fn example(lines: &str) -> Example {
    let mut example = Example::default();
    let mut is_strict = false;
    let mut sends = false;
    for line in lines.lines() {
        is_strict |= line.ends_with("strict:");
        match line.get(..3) {
            Some("-> ") => sends = true,
            Some("<- ") => sends = false,
            Some("   ") => {}
            _ => continue,
        }
        let words = line[3..].split_whitespace();
        let hex = words.map_while(|word| (word.len() == 2).then(|| u8::from_str_radix(word, 16)));
        let bytes = hex.map_while(Result::ok);
        match (sends, is_strict) {
            (true, _) => example.sent.extend(bytes),
            (false, false) => example.plain.extend(bytes),
            (false, true) => example.strict.extend(bytes),
        }
        example.is_cut |= line.contains("...");
    }
    example
}

#[test]
fn the_examples_of_the_documentation_are_true() {
    for (section, dialect, count) in
        [("TLV", Dialect::Tlv, 4), ("TLV", Dialect::TlvStrict, 4), ("Frames", Dialect::Frame, 6)]
    {
        let mut driver = Driver::new(&[]);
        let id = driver.connect(dialect);
        let examples = examples(section);
        assert_eq!(examples.len(), count);
        for example in examples {
            if section == "TLV" {
                driver.prepare("RPUSH l x\r\n");
            } else {
                driver.answer(id, &request("DEL l"));
            }
            let mut got = driver.answer(id, &example.sent);
            if section == "Frames" && example.sent.ends_with(b"\x01\0\0\0k") {
                got.extend(driver.answer(id, &request("GET none")));
            }
            let expected = match dialect {
                Dialect::TlvStrict => &example.strict,
                _ => &example.plain,
            };
            if example.is_cut {
                got.truncate(expected.len());
            }
            assert_eq!(got.escape_ascii().to_string(), expected.escape_ascii().to_string());
        }
        assert_eq!(driver.is_closed(id), dialect == Dialect::Tlv);
    }
}
