//! The sans-I/O server, driven as an event loop would: bytes in, bytes out, time as an argument.

use kv_core::config::Config;
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::session::Peer;
use kv_proto::dialect::Terms;
use kv_proto::server::{ConnectionId, Event, Server};
use proptest::prelude::*;
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

    fn connect(&mut self) -> ConnectionId {
        self.server.handle_accept(self.now, Peer::default(), Terms::default())
    }

    /// Hands in bytes, as many reads as it takes, and runs them.
    fn receive(&mut self, id: ConnectionId, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.server.wants_input(id) {
            let room = self.server.input(id);
            let len = room.len().min(bytes.len());
            room[..len].copy_from_slice(&bytes[..len]);
            self.server.handle_received(id, len);
            self.server.execute(self.now);
            bytes = &bytes[len..];
        }
    }

    /// Hands in bytes in one read, and does not run them yet.
    fn put(&mut self, id: ConnectionId, bytes: &[u8]) {
        self.server.input(id)[..bytes.len()].copy_from_slice(bytes);
        self.server.handle_received(id, bytes.len());
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
    }

    fn answer(&mut self, id: ConnectionId, bytes: &[u8]) -> String {
        self.receive(id, bytes);
        String::from_utf8_lossy(&self.take(id)).into_owned()
    }
}

/// An array of eleven words.
const ELEVEN: &str = "*11\r\n$3\r\nDEL\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n$1\r\n5\r\n$1\r\n6\r\n\
                      $1\r\n7\r\n$1\r\n8\r\n$1\r\n9\r\n$1\r\n0\r\n";

#[test]
fn what_an_unknown_client_may_send_depends_on_what_came_before_in_the_pipeline() {
    const WRONG: &str = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    const REFUSED: &str = "-ERR Protocol error: unauthenticated multibulk length\r\n";
    let long = format!("*2\r\n$4\r\nECHO\r\n$16385\r\n{}\r\n", "x".repeat(16385));
    let long_refused = "-ERR Protocol error: unauthenticated bulk length\r\n";
    let echoed = &long["*2\r\n$4\r\nECHO\r\n".len()..];
    let table: [(String, String); 6] = [
        (ELEVEN.into(), REFUSED.into()),
        (long.clone(), long_refused.into()),
        (format!("AUTH no\r\n{ELEVEN}PING\r\n"), format!("{WRONG}{REFUSED}")),
        (format!("AUTH secret\r\n{ELEVEN}{ELEVEN}"), "+OK\r\n:0\r\n:0\r\n".into()),
        (format!("AUTH secret\r\n{long}"), format!("+OK\r\n{echoed}")),
        (
            format!("PING\r\nAUTH secret\r\nRESET\r\nPING\r\nAUTH secret\r\n{ELEVEN}"),
            "-NOAUTH Authentication required.\r\n+OK\r\n+RESET\r\n\
             -NOAUTH Authentication required.\r\n+OK\r\n:0\r\n"
                .into(),
        ),
    ];
    for (input, expected) in table {
        let mut driver = Driver::new(&[("requirepass", "secret")]);
        let id = driver.connect();
        driver.receive(id, input.as_bytes());
        assert_eq!(String::from_utf8_lossy(&driver.take(id)), expected, "{input}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    let answer =
        driver.answer(id, b"SET k v\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nGET none\r\nPING\r\n");
    assert_eq!(answer, "+OK\r\n$1\r\nv\r\n$-1\r\n+PONG\r\n");
}

#[test]
fn what_was_served_by_another_thread_as_its_time_came_gets_that_reply() {
    let mut driver = Driver::new(&[]);
    let server = Server::new(Arc::clone(driver.server.kernel()));
    let mut other = Driver { server, now: driver.now, closed: BTreeSet::new() };
    let (waiter, pusher) = (driver.connect(), other.connect());
    driver.receive(waiter, b"BLPOP l 1\r\n");
    assert_eq!(other.answer(pusher, b"RPUSH l x\r\n"), ":1\r\n");
    driver.pass_s(2);
    assert_eq!(driver.take(waiter), b"", "its letter was not taken yet");
    assert_eq!(driver.server.poll_deadline(), None, "nothing is left that time could end");
    driver.server.handle_mail(driver.now);
    assert_eq!(driver.take(waiter), b"*2\r\n$1\r\nl\r\n$1\r\nx\r\n");
}

#[test]
fn hello_switches_in_mid_pipeline_at_exactly_that_point() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    let answer = driver.answer(id, b"GET none\r\nHELLO 3\r\nGET none\r\nHELLO 2\r\nGET none\r\n");
    assert!(answer.starts_with("$-1\r\n%7\r\n"), "{answer}");
    assert!(answer.contains("_\r\n*14\r\n"), "{answer}");
    assert!(answer.ends_with("$-1\r\n"), "{answer}");
}

#[test]
fn a_protocol_error_is_told_after_the_pending_replies_and_then_closes() {
    let mut driver = Driver::new(&[]);
    let (id, other) = (driver.connect(), driver.connect());
    driver.receive(id, b"PING\r\n*1\r\n$x\r\nPING\r\n");
    driver.drain_events();
    assert!(!driver.closed.contains(&id), "there is something to send yet");
    let answer = String::from_utf8(driver.take(id)).unwrap();
    assert_eq!(answer, "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n");
    assert!(driver.is_closed(id));
    assert_eq!(driver.answer(other, b"PING\r\n"), "+PONG\r\n");
}

#[test]
fn quit_is_answered_and_what_follows_it_is_not() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    assert_eq!(driver.answer(id, b"QUIT\r\nPING\r\n"), "+OK\r\n");
    assert!(driver.is_closed(id));
}

#[test]
fn whoever_sends_no_more_still_gets_the_replies() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    let room = driver.server.input(id);
    room[..18].copy_from_slice(b"PING\r\nPING\r\n*1\r\n$4");
    driver.server.handle_received(id, 18);
    driver.server.handle_end_of_input(id);
    driver.server.execute(driver.now);
    assert_eq!(driver.take(id), b"+PONG\r\n+PONG\r\n");
    assert!(driver.is_closed(id));
}

#[test]
fn a_refused_client_is_told_why() {
    let mut driver = Driver::new(&[("maxclients", "1")]);
    let (first, second) = (driver.connect(), driver.connect());
    assert_eq!(driver.take(second), b"-ERR max number of clients reached\r\n");
    assert!(driver.is_closed(second));
    driver.server.handle_lost(first);
    let third = driver.connect();
    assert_eq!(driver.answer(third, b"PING\r\n"), "+PONG\r\n");
}

#[test]
fn a_connection_that_takes_the_place_of_a_lost_one_waits_its_turn() {
    let mut driver = Driver::new(&[]);
    let (lost, first) = (driver.connect(), driver.connect());
    driver.put(lost, b"SET k 0\r\n");
    driver.put(first, b"SET k 1\r\n");
    driver.server.handle_lost(lost);
    let second = driver.connect();
    assert_eq!(second, lost, "the name is used again");
    driver.put(second, b"GET k\r\n");
    driver.server.execute(driver.now);
    assert_eq!(driver.take(second), b"$1\r\n1\r\n");
}

#[test]
fn each_connection_runs_all_it_received_before_the_next_one() {
    let mut driver = Driver::new(&[]);
    let ids: Vec<_> = (0..40).map(|_| driver.connect()).collect();
    for (index, &id) in ids.iter().enumerate() {
        driver.put(id, &b"INCR n\r\n".repeat(index));
    }
    driver.server.execute(driver.now);
    let mut count = 0;
    for (index, &id) in ids.iter().enumerate() {
        let expected: String = (0..index).map(|i| format!(":{}\r\n", count + i + 1)).collect();
        assert_eq!(String::from_utf8(driver.take(id)).unwrap(), expected);
        count += index;
    }
}

#[test]
fn a_request_sees_what_earlier_ones_of_other_connections_did() {
    let mut driver = Driver::new(&[]);
    let (first, second, third) = (driver.connect(), driver.connect(), driver.connect());
    driver.put(first, b"SET k v\r\nSELECT 1\r\nSET k w\r\nGET k\r\n");
    driver.put(second, b"GET k\r\nSWAPDB 0 1\r\n");
    driver.put(third, b"GET k\r\n");
    driver.server.execute(driver.now);
    assert_eq!(driver.take(first), b"+OK\r\n+OK\r\n+OK\r\n$1\r\nw\r\n");
    assert_eq!(driver.take(second), b"$1\r\nv\r\n+OK\r\n");
    assert_eq!(driver.take(third), b"$1\r\nw\r\n");
}

#[test]
fn members_are_told_apart_whatever_was_found_out_before_the_request_ran() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    for number in 0..1000 {
        let requests = format!(
            "ZADD z {number} m:{number}\r\nSADD s m:{number}\r\nHSET h m:{number} {number}\r\n"
        );
        driver.receive(id, requests.as_bytes());
    }
    driver.take(id);
    let requests = [
        // The score, the member and another word may stand where the member mostly does.
        ("ZADD z NX 1.5 new", ":1"),
        (
            "ZADD z NX GT 7 m:7",
            "-ERR GT, LT, and/or NX options at the same time are not compatible",
        ),
        ("ZADD z XX CH 2000 new", ":1"),
        ("ZADD z INCR 1 m:7", "$1\r\n8"),
        ("ZADD z 3.5 m:1 4.5 new", ":0"),
        ("ZINCRBY z 0.5 new", "$1\r\n5"),
        ("ZRANK z new", ":6"),
        ("ZREM z new m:5", ":2"),
        ("ZADD z 5 m:5 6 new", ":2"),
        ("ZCARD z", ":1001"),
        ("SADD s new m:7 new", ":1"),
        ("SADD s new", ":0"),
        ("SREM s m:7 new", ":2"),
        ("SCARD s", ":999"),
        ("HSET h new 1 m:7 2 new 3", ":1"),
        ("HMSET h m:7 three m:8 four", "+OK"),
        ("HMGET h new m:7 m:8", "*3\r\n$1\r\n3\r\n$5\r\nthree\r\n$4\r\nfour"),
        ("HDEL h m:7 new", ":2"),
        ("HLEN h", ":999"),
    ];
    let (asked, expected): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
    driver.receive(id, (asked.join("\r\n") + "\r\n").as_bytes());
    let replies = String::from_utf8(driver.take(id)).unwrap();
    assert_eq!(replies, expected.join("\r\n") + "\r\n");
}

#[test]
fn one_connection_that_stops_does_not_stop_those_behind_it() {
    for stop in [&b"QUIT\r\nSET k bad\r\n"[..], b"*1\r\n$x\r\nSET k bad\r\n"] {
        let mut driver = Driver::new(&[]);
        let (first, second) = (driver.connect(), driver.connect());
        driver.put(
            first,
            &[&b"SET k v\r\n".repeat(20)[..], stop, &b"SET k bad\r\n".repeat(40)].concat(),
        );
        driver.put(second, b"GET k\r\n");
        driver.server.execute(driver.now);
        assert_eq!(driver.take(second), b"$1\r\nv\r\n");
        driver.take(first);
        assert!(driver.is_closed(first));
        assert!(!driver.is_closed(second));
    }
}

#[test]
fn quoted_and_unknown_requests_keep_their_place_in_a_pipeline() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    let answer = driver.answer(
        id,
        b"SET 'a b' \"x\\x41\"\r\n\r\nget 'a b'\r\nnope '' q\r\nGET\r\n\"\" ''\r\nECHO \"\"\r\n",
    );
    assert_eq!(
        answer,
        "+OK\r\n$2\r\nxA\r\n-ERR unknown command 'nope', with args beginning with: '' 'q' \r\n\
         -ERR wrong number of arguments for 'get' command\r\n\
         -ERR unknown command '', with args beginning with: '' \r\n$0\r\n\r\n"
    );
}

#[test]
fn what_was_decoded_beyond_a_pause_runs_after_it() {
    let (mut driver, id) = with_large_value("normal 0 15000 5");
    let requests = b"GET k\r\nGET k\r\nSET k short\r\n\r\nGET k\r\nPING\r\n*x\r\n";
    driver.receive(id, requests);
    assert_eq!(driver.server.output(id).len(), 2 * "$10000\r\n".len() + 2 * 10_002);
    let answer = String::from_utf8(driver.take(id)).unwrap();
    let end = "+OK\r\n$5\r\nshort\r\n+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n";
    assert!(answer.ends_with(&format!("x\r\n{end}")), "{}", &answer[answer.len() - 100..]);
    assert!(driver.is_closed(id));
}

/// A pipeline whose replies are far longer than itself.
#[test]
fn requests_of_paused_clients_run_when_the_pause_ends() {
    let mut driver = Driver::new(&[]);
    let (id, other) = (driver.connect(), driver.connect());
    assert_eq!(driver.answer(id, b"CLIENT PAUSE 1000\r\nPING\r\nECHO a\r\n"), "+OK\r\n");
    assert_eq!(driver.answer(id, b"ECHO b\r\n"), "");
    assert_eq!(driver.answer(other, b"SET k v\r\n"), "");
    driver.now = driver.now.after_us(999_000);
    driver.server.handle_timeout(driver.now);
    assert_eq!(driver.answer(other, b"GET k\r\n"), "");
    let deadline = driver.server.poll_deadline().expect("the pause ends");
    assert!((driver.now.mono_us..=driver.now.mono_us + 1000).contains(&deadline));
    driver.now = driver.now.after_us(1000);
    driver.server.handle_timeout(driver.now);
    driver.server.handle_timeout(driver.now);
    assert_eq!(driver.take(id), b"+PONG\r\n$1\r\na\r\n$1\r\nb\r\n");
    assert_eq!(driver.take(other), b"+OK\r\n$1\r\nv\r\n");
}

#[test]
fn the_end_of_a_pause_reaches_all_servers() {
    let mut driver = Driver::new(&[]);
    let mut server = Server::new(Arc::clone(driver.server.kernel()));
    let far = server.handle_accept(driver.now, Peer::default(), Terms::default());
    let (id, other) = (driver.connect(), driver.connect());
    assert_eq!(driver.answer(id, b"CLIENT PAUSE 1000 WRITE\r\n"), "+OK\r\n");
    assert_eq!(driver.answer(other, b"SET a 1\r\n"), "");
    let request = b"SET b 2\r\n";
    server.input(far)[..request.len()].copy_from_slice(request);
    server.handle_received(far, request.len());
    server.execute(driver.now);
    assert_eq!(server.output(far), b"");
    driver.receive(id, b"CLIENT UNPAUSE\r\n");
    let mut events = std::iter::from_fn(|| driver.server.poll_event());
    assert!(events.any(|event| event == Event::Mail(server.number())));
    driver.server.handle_timeout(driver.now);
    assert_eq!(driver.take(other), b"+OK\r\n");
    server.handle_mail(driver.now);
    server.handle_timeout(driver.now);
    assert_eq!(server.output(far), b"+OK\r\n");
}

#[test]
fn a_shorter_pause_in_the_place_of_a_longer_one_is_noticed() {
    let mut driver = Driver::new(&[]);
    let (id, other) = (driver.connect(), driver.connect());
    assert_eq!(driver.answer(id, b"CLIENT PAUSE 9000 WRITE\r\n"), "+OK\r\n");
    assert_eq!(driver.answer(other, b"SET a 1\r\n"), "");
    let another = b"CLIENT UNPAUSE\r\nCLIENT PAUSE 10 WRITE\r\n";
    assert_eq!(driver.answer(id, another), "+OK\r\n+OK\r\n");
    let deadline = driver.server.poll_deadline().expect("the pause ends");
    assert!(deadline <= driver.now.mono_us + 10_000, "{deadline}");
    driver.now = driver.now.after_us(10_000);
    driver.server.handle_timeout(driver.now);
    driver.server.handle_timeout(driver.now);
    assert_eq!(driver.take(other), b"+OK\r\n");
}

#[test]
fn a_client_that_leaves_during_a_pause_does_nothing_more() {
    let mut driver = Driver::new(&[]);
    let (id, other) = (driver.connect(), driver.connect());
    assert_eq!(driver.answer(id, b"CLIENT PAUSE 1000 WRITE\r\n"), "+OK\r\n");
    assert_eq!(driver.answer(other, b"SET k v\r\n"), "");
    driver.server.handle_end_of_input(other);
    driver.server.execute(driver.now);
    assert!(driver.is_closed(other));
    driver.pass_s(1);
    assert_eq!(driver.answer(id, b"GET k\r\n"), "$-1\r\n");
}

#[test]
fn replies_are_dropped_in_mid_pipeline_at_exactly_that_point() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    let pipeline = b"PING\r\nCLIENT REPLY SKIP\r\nECHO a\r\nECHO b\r\nCLIENT REPLY OFF\r\nECHO c\r\nCLIENT REPLY ON\r\nECHO d\r\n";
    assert_eq!(driver.answer(id, pipeline), "+PONG\r\n$1\r\nb\r\n+OK\r\n$1\r\nd\r\n");
}

#[test]
fn whoever_kills_itself_gets_the_reply_first() {
    let mut driver = Driver::new(&[]);
    let (id, other) = (driver.connect(), driver.connect());
    let answer = driver.answer(id, b"CLIENT KILL ID 1 SKIPME no\r\nPING\r\n");
    assert_eq!(answer, ":1\r\n");
    assert!(driver.is_closed(id));
    assert_eq!(driver.answer(other, b"CLIENT KILL ID 2\r\nPING\r\n"), ":0\r\n+PONG\r\n");
}

#[test]
fn who_is_killed_is_not_counted_among_the_listeners() {
    let mut driver = Driver::new(&[]);
    let (listener, other) = (driver.connect(), driver.connect());
    assert!(driver.answer(listener, b"SUBSCRIBE c\r\nPSUBSCRIBE *\r\n").ends_with(":2\r\n"));
    let answer = driver.answer(other, b"PUBLISH c 1\r\nCLIENT KILL TYPE pubsub\r\nPUBLISH c 2\r\n");
    assert_eq!(answer, ":2\r\n:1\r\n:0\r\n");
    assert!(driver.is_closed(listener));
}

#[test]
fn what_a_client_changes_itself_is_told_right_behind_the_reply() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    assert!(driver.answer(id, b"HELLO 3\r\nCLIENT TRACKING ON\r\n").ends_with("+OK\r\n"));
    let answer = driver.answer(id, b"GET a\r\nSET a 1\r\nPING\r\n");
    assert_eq!(answer, "_\r\n+OK\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n+PONG\r\n");
    let answer = driver.answer(id, b"FLUSHALL\r\nPING\r\n");
    assert_eq!(answer, "+OK\r\n>2\r\n$10\r\ninvalidate\r\n_\r\n+PONG\r\n");
}

#[test]
fn prefixes_are_told_when_all_that_was_received_has_run() {
    let mut driver = Driver::new(&[]);
    let (id, other) = (driver.connect(), driver.connect());
    assert!(driver.answer(id, b"HELLO 3\r\nCLIENT TRACKING ON BCAST\r\n").ends_with("+OK\r\n"));
    assert_eq!(driver.answer(other, b"SET b 1\r\nSET a 1\r\nSET b 2\r\n").len(), 15);
    let told = String::from_utf8(driver.take(id)).unwrap();
    assert_eq!(told, ">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}

#[test]
fn what_came_while_a_request_waited_runs_after_its_reply() {
    let mut driver = Driver::new(&[]);
    let [waiter, giver] = [(); 2].map(|()| driver.connect());
    assert_eq!(driver.answer(waiter, b"BLPOP l 0\r\n"), "");
    // In one round: what ends the wait has its turn before the one that waits.
    driver.put(giver, b"RPUSH l x\r\n");
    driver.put(waiter, b"PING\r\n");
    driver.server.execute(driver.now);
    assert_eq!(driver.answer(waiter, b""), "*2\r\n$1\r\nl\r\n$1\r\nx\r\n+PONG\r\n");
}

#[test]
fn a_request_whose_client_has_gone_takes_nothing_in_the_same_round() {
    let mut driver = Driver::new(&[]);
    let [waiter, giver] = [(); 2].map(|()| driver.connect());
    assert_eq!(driver.answer(waiter, b"BLPOP l 0\r\n"), "");
    driver.server.handle_end_of_input(waiter);
    driver.put(giver, b"RPUSH l x\r\nLLEN l\r\n");
    driver.server.execute(driver.now);
    assert_eq!(driver.take(giver), b":1\r\n:1\r\n");
    assert!(driver.is_closed(waiter));
}

#[test]
fn messages_come_before_the_reply_of_a_transaction_and_not_within() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    driver.answer(id, b"HELLO 3\r\nSUBSCRIBE c\r\n");
    let reply = driver.answer(id, b"PUBLISH c m\r\nMULTI\r\nUNSUBSCRIBE c\r\nEXEC\r\n");
    let message = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
    let end = ">3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n";
    assert_eq!(reply, format!(":1\r\n{message}+OK\r\n+QUEUED\r\n*1\r\n{end}"));
}

fn greedy(requests: usize) -> Vec<u8> {
    b"GET k\r\n".repeat(requests)
}

fn with_large_value(limits: &str) -> (Driver, ConnectionId) {
    let mut driver = Driver::new(&[("client-output-buffer-limit", limits)]);
    let id = driver.connect();
    let set = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10000\r\n{}\r\n", "x".repeat(10_000));
    assert_eq!(driver.answer(id, set.as_bytes()), "+OK\r\n");
    (driver, id)
}

#[test]
fn a_client_that_takes_nothing_is_not_read_from_and_then_closed() {
    let (mut driver, id) = with_large_value("normal 0 100000 5");
    driver.receive(id, &greedy(1000));
    assert!(!driver.server.wants_input(id));
    assert!(driver.server.output(id).len() < 120_000, "{}", driver.server.output(id).len());
    driver.pass_s(4);
    assert!(!driver.is_closed(id));
    assert_eq!(driver.server.poll_deadline(), Some(6_000_000));
    driver.pass_s(1);
    assert!(driver.is_closed(id));
    assert!(driver.server.is_empty());
}

#[test]
fn a_slow_client_gets_everything() {
    let (mut driver, id) = with_large_value("normal 0 100000 5");
    driver.receive(id, &greedy(1000));
    let mut taken = 0;
    while !driver.server.output(id).is_empty() {
        let some = driver.server.output(id).len().min(50_000);
        driver.pass_s(4);
        driver.server.handle_sent(driver.now, id, some);
        driver.server.handle_timeout(driver.now);
        taken += some;
        assert!(driver.server.output(id).len() < 170_000, "the soft limit bounds the output");
        assert!(!driver.is_closed(id));
    }
    assert_eq!(taken, 1000 * "$10000\r\n".len() + 1000 * 10_002);
    assert!(driver.server.wants_input(id));
    assert_eq!(driver.answer(id, b"PING\r\n"), "+PONG\r\n");
}

#[test]
fn output_beyond_the_hard_limit_closes_at_once() {
    let (mut driver, id) = with_large_value("normal 50000 0 0");
    driver.receive(id, &greedy(1000));
    assert!(driver.is_closed(id));
}

/// A subscriber that was sent 2000 bytes of messages under these limits, and the one who told it.
fn with_messages(limits: &str) -> (Driver, ConnectionId, ConnectionId) {
    let mut driver = Driver::new(&[("client-output-buffer-limit", limits)]);
    let (listener, speaker) = (driver.connect(), driver.connect());
    driver.answer(listener, b"SUBSCRIBE c\r\n");
    for _ in 0..2 {
        let message = format!("PUBLISH c {}\r\n", "m".repeat(1000));
        assert_eq!(driver.answer(speaker, message.as_bytes()), ":1\r\n");
    }
    (driver, listener, speaker)
}

#[test]
fn a_subscriber_that_stays_behind_is_closed_whatever_it_takes_and_others_are_not() {
    let (mut driver, listener, speaker) = with_messages("pubsub 0 1000 5");
    driver.pass_s(4);
    driver.server.handle_sent(driver.now, listener, 500);
    assert!(!driver.is_closed(listener));
    driver.pass_s(1);
    assert!(driver.is_closed(listener));
    assert_eq!(driver.answer(speaker, b"PUBLISH c m\r\n"), ":0\r\n");
}

#[test]
fn a_subscriber_that_catches_up_in_time_stays() {
    let (mut driver, listener, speaker) = with_messages("pubsub 0 1000 5");
    driver.pass_s(4);
    driver.server.handle_sent(driver.now, listener, 1500);
    driver.pass_s(4);
    assert!(!driver.is_closed(listener));
    driver.receive(speaker, format!("PUBLISH c {}\r\n", "m".repeat(1000)).as_bytes());
    driver.pass_s(4);
    assert!(!driver.is_closed(listener), "the time begins anew");
    driver.pass_s(1);
    assert!(driver.is_closed(listener));
}

#[test]
fn a_subscriber_that_will_send_no_more_has_its_whole_time_when_it_comes_to_be_behind() {
    let mut driver = Driver::new(&[("client-output-buffer-limit", "pubsub 0 1000 5")]);
    let (listener, speaker) = (driver.connect(), driver.connect());
    driver.answer(listener, b"SUBSCRIBE c\r\n");
    driver.answer(speaker, b"PUBLISH c m\r\n");
    driver.server.handle_end_of_input(listener);
    driver.server.execute(driver.now);
    driver.pass_s(4);
    driver.receive(speaker, format!("PUBLISH c {}\r\n", "m".repeat(1000)).as_bytes());
    driver.pass_s(4);
    assert!(!driver.is_closed(listener));
    driver.pass_s(1);
    assert!(driver.is_closed(listener));
}

#[test]
fn the_limits_of_subscribers_hold_for_all_that_a_subscriber_is_sent() {
    let limits = "normal 100 0 0 pubsub 500 0 0";
    let mut driver = Driver::new(&[("client-output-buffer-limit", limits)]);
    let id = driver.connect();
    let ping = |len| format!("PING {}\r\n", "x".repeat(len)).into_bytes();
    driver.answer(id, b"SUBSCRIBE c\r\n");
    driver.receive(id, &ping(300));
    assert!(!driver.is_closed(id));
    driver.receive(id, &ping(300));
    assert!(driver.is_closed(id));
}

#[test]
fn a_deadline_is_noticed_soon_after_the_clock_was_set_forward() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    driver.answer(id, b"SET k v EX 3600\r\n");
    driver.pass_s(0);
    driver.now.unix_us += 3_600_000_000;
    assert!(driver.server.poll_deadline().is_some_and(|at| at <= driver.now.mono_us + 1_000_000));
    driver.pass_s(1);
    driver.drain_events();
    let info = driver.answer(id, b"INFO keyspace\r\n");
    assert!(!info.contains("keys="), "{info}");
}

#[test]
fn a_request_beyond_the_query_buffer_limit_closes() {
    let mut driver = Driver::new(&[("client-query-buffer-limit", "1mb")]);
    let id = driver.connect();
    driver.receive(id, b"*2\r\n$4\r\nECHO\r\n$2000000\r\n");
    driver.receive(id, &vec![b'x'; 1_100_000]);
    assert!(driver.is_closed(id));
}

#[test]
fn expired_keys_are_removed_without_being_touched() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    driver.answer(id, b"*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\nEX\r\n$1\r\n1\r\n");
    assert_eq!(driver.answer(id, b"DBSIZE\r\n"), ":1\r\n");
    while driver.now.mono_us < 3_000_000 {
        let Some(at) = driver.server.poll_deadline() else { break };
        driver.now = driver.now.after_us(at.saturating_sub(driver.now.mono_us).max(1));
        driver.server.handle_timeout(driver.now);
    }
    assert_eq!(driver.answer(id, b"DBSIZE\r\n"), ":0\r\n");
}

#[test]
fn an_idle_server_has_no_deadline() {
    let mut driver = Driver::new(&[]);
    let id = driver.connect();
    driver.answer(id, b"SET k v\r\n");
    driver.pass_s(1);
    assert_eq!(driver.server.poll_deadline(), None);
}

fn any_traffic() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => "(GET|SET|APPEND|LPUSH|EXISTS) [ab] ?[a-z]{0,3}\r\n".prop_map(String::into_bytes),
        8 => prop::collection::vec("[a-z]{0,9}", 1..4).prop_map(|args| {
            let mut out = Vec::new();
            kv_proto::resp::encode_request(args.iter(), &mut out);
            out
        }),
        1 => Just(b"*2\r\n$4\r\nECHO\r\n$70000\r\n".iter().copied().chain([b'z'; 70_000]).chain(*b"\r\n").collect()),
        1 => Just(b"HELLO 3\r\n".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn how_bytes_are_cut_changes_nothing(traffic in any_traffic(), cuts in prop::collection::vec(1..5000usize, 1..50)) {
        let mut whole = Driver::new(&[]);
        let id = whole.connect();
        whole.receive(id, &traffic);
        let expected = whole.take(id);

        let mut driver = Driver::new(&[]);
        let id = driver.connect();
        let (mut rest, mut taken) = (&traffic[..], Vec::new());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (piece, tail) = rest.split_at(rest.len().min(*cut));
            driver.receive(id, piece);
            taken.extend(driver.take(id));
            rest = tail;
        }
        prop_assert_eq!(String::from_utf8_lossy(&taken), String::from_utf8_lossy(&expected));
        prop_assert_eq!(driver.is_closed(id), whole.is_closed(id));
    }
}
