//! The server's life from its first line to its exit code, and that of its connections.

mod support;

use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Output;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use support::{
    Client, Program, elements, eventually, kv_server, payload, readable, request, serve,
};

fn run(flags: &[&str]) -> Output {
    kv_server().args(flags).output().expect("the server's binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the server prints text")
}

#[test]
fn port_zero_takes_a_free_port_and_prints_it() {
    let servers = [Program::kv(&[]), Program::kv(&[])];
    assert_ne!(servers[0].address.port(), servers[1].address.port());
    for server in &servers {
        assert_eq!(Client::connect(server.address).call("PING"), r"+PONG\r\n");
    }
}

#[test]
fn a_taken_port_is_an_error_of_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let output = run(&["--port", &port, "--bind", "127.0.0.1"]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = text(&output.stderr);
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(complaint.contains(&port), "{complaint}");
}

#[test]
fn help_and_version_are_printed_without_starting() {
    let help = run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for word in ["kv-server", "--port", "--bind", "--threads", "--maxclients"] {
        assert!(text(&help.stdout).contains(word), "no {word} in {}", text(&help.stdout));
    }
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    assert!(text(&version.stdout).contains(env!("CARGO_PKG_VERSION")), "{version:?}");
}

#[test]
fn wrong_flags_are_errors_that_name_the_flag() {
    for flags in [&["--nosuch", "1"][..], &["--port", "x"], &["--port", "65536"], &["--threads"]] {
        let output = run(flags);
        assert_eq!(output.status.code(), Some(1), "{flags:?}: {output:?}");
        let name = flags[0].trim_start_matches('-');
        assert!(text(&output.stderr).contains(name), "{flags:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{flags:?}: {output:?}");
    }
}

#[test]
fn sigterm_and_sigint_end_the_server_with_success() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server = Program::kv(&["--threads", "2"]);
        let mut idle = Client::connect(server.address);
        assert_eq!(idle.call("PING"), r"+PONG\r\n");
        server.signal(signal);
        assert_eq!(server.end().code(), Some(0), "after {signal}");
        assert_eq!(idle.rest(), b"");
    }
}

#[test]
fn a_reply_in_flight_arrives_although_the_server_is_told_to_end() {
    const LEN: usize = 16 << 20;
    let server = Program::kv(&["--threads", "2"]);
    let mut client = Client::connect(server.address);
    client.send(request([&b"SET"[..], b"large", &vec![b'x'; LEN]]));
    assert_eq!(client.replies(1), [r"+OK\r\n"]);

    client.send(request(["GET", "large"]));
    client.socket().read_exact(&mut [0]).expect("the reply has begun");
    server.signal(Signal::SIGTERM);
    let header = format!("{LEN}\r\n").len();
    assert_eq!(client.rest().len(), header + LEN + 2);
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn what_was_executed_before_the_end_was_answered_whole() {
    let server = Program::kv(&["--threads", "2"]);
    let mut client = Client::connect(server.address);
    client.send(request(["INCR", "n"]).repeat(50_000));
    assert_eq!(client.replies(1), [r":1\r\n"]);
    server.signal(Signal::SIGTERM);
    let rest = client.rest();
    let mut expected = (2..).map(|n: u32| format!(":{n}\r"));
    let lines = text(&rest).strip_suffix('\n').unwrap_or("").split('\n');
    assert!(rest.is_empty() || rest.ends_with(b"\r\n"), "torn: {}", readable(&rest));
    assert!(rest.is_empty() || lines.into_iter().all(|line| Some(line.into()) == expected.next()));
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn more_clients_than_maxclients_are_refused() {
    let server = serve(2, &[("maxclients", "3")]);
    let mut clients: Vec<Client> = (0..3).map(|_| server.client()).collect();
    clients.iter_mut().for_each(|client| assert_eq!(client.call("PING"), r"+PONG\r\n"));
    assert_eq!(server.client().rest(), b"-ERR max number of clients reached\r\n");

    assert_eq!(clients[0].call("CONFIG SET maxclients 4"), r"+OK\r\n");
    assert_eq!(server.client().call("PING"), r"+PONG\r\n");
    for client in &mut clients {
        assert_eq!(client.call("PING"), r"+PONG\r\n");
    }
}

#[test]
fn an_ipv6_address_is_served() {
    let server = Program::kv(&["--bind", "::1"]);
    assert!(server.address.is_ipv6());
    assert_eq!(Client::connect(server.address).call("SET k v"), r"+OK\r\n");
    assert_eq!(Client::connect(server.address).call("GET k"), r"$1\r\nv\r\n");
}

#[test]
fn clients_of_all_threads_see_the_same_data() {
    let server = serve(4, &[]);
    let mut clients: Vec<Client> = (0..16).map(|_| server.client()).collect();
    for (i, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.call("INCR n"), format!(r":{}\r\n", i + 1));
        assert_eq!(client.call(&format!("SET key{i} {i}")), r"+OK\r\n");
    }
    for client in &mut clients {
        assert_eq!(client.call("DBSIZE"), r":17\r\n");
        assert_eq!(client.call("GET key15"), r"$2\r\n15\r\n");
    }
}

#[test]
fn increments_from_many_threads_are_all_counted() {
    let server = serve(4, &[]);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = server.client();
                client.send(request(["INCR", "n"]).repeat(1000));
                client.replies(1000);
            });
        }
    });
    assert_eq!(server.client().call("GET n"), r"$4\r\n8000\r\n");
}

#[test]
fn hello_switches_the_protocol_at_exactly_its_place_in_a_pipeline() {
    let server = serve(1, &[]);
    let mut client = server.client();
    let nothing = request(["GET", "nothing"]);
    let hello = |version| request(["HELLO", version]);
    let pipeline = [&nothing[..], &hello("3"), &nothing, &hello("2"), &nothing];
    client.send(pipeline.concat());
    let replies: Vec<Vec<u8>> = pipeline.iter().map(|_| client.reply()).collect();
    assert_eq!(readable(&replies[0]), r"$-1\r\n");
    assert_eq!((replies[1][0], proto(&replies[1])), (b'%', 3));
    assert_eq!(readable(&replies[2]), r"_\r\n");
    assert_eq!((replies[3][0], proto(&replies[3])), (b'*', 2));
    assert_eq!(readable(&replies[4]), r"$-1\r\n");
}

/// What HELLO's reply says of the protocol.
fn proto(hello: &[u8]) -> u32 {
    let parts = elements(hello);
    let label = parts.iter().position(|part| payload(part) == b"proto").expect("it has it");
    text(payload(&parts[label + 1])).parse().expect("it is a number")
}

#[test]
fn requests_before_a_half_close_are_all_answered() {
    let server = serve(2, &[]);
    for count in [1, 1000, 20_000] {
        let mut client = server.client();
        client.send(request(["ECHO", &"x".repeat(100)]).repeat(count));
        client.finish_sending();
        let reply = format!("$100\r\n{}\r\n", "x".repeat(100));
        assert_eq!(client.rest().len(), count * reply.len(), "{count} requests");
    }
}

#[test]
fn a_hundred_thousand_requests_in_one_go_are_answered_in_order() {
    let server = serve(2, &[]);
    let mut client = server.client();
    let requests: Vec<u8> = (0..100_000).flat_map(|i| request(["ECHO", &i.to_string()])).collect();
    client.send(requests);
    for i in 0..100_000 {
        assert_eq!(payload(&client.reply()), i.to_string().as_bytes());
    }
}

#[test]
fn a_value_of_64_mib_goes_in_and_comes_out() {
    let server = serve(2, &[]);
    let mut client = server.client();
    let value: Vec<u8> = (0..64_u32 << 20).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect();
    client.send(request([&b"SET"[..], b"large", &value]));
    assert_eq!(client.replies(1), [r"+OK\r\n"]);
    client.send(request(["GET", "large"]));
    assert!(payload(&client.reply()) == value, "the value has changed");
}

#[test]
fn an_endless_pipeline_does_not_starve_another_client() {
    let server = serve(1, &[]);
    let flood = server.client();
    let answered = AtomicU64::new(0);
    thread::scope(|scope| {
        // However the test ends, the threads must, too.
        let _end = ShutdownOnDrop(flood.socket());
        scope.spawn(|| send_pings_forever(flood.socket()));
        scope.spawn(|| count_answers(flood.socket(), &answered));
        eventually("the flood has begun", || (answered.load(SeqCst) > 0).then_some(()));

        let mut other = server.client();
        for _ in 0..100 {
            assert_eq!(other.call("PING"), r"+PONG\r\n");
        }
        let then = answered.load(SeqCst);
        eventually("the flood goes on", || (answered.load(SeqCst) > then).then_some(()));
    });
}

fn send_pings_forever(mut socket: &TcpStream) {
    let pings = b"PING\r\n".repeat(10_000);
    while socket.write_all(&pings).is_ok() {}
}

fn count_answers(mut socket: &TcpStream, answered: &AtomicU64) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(len @ 1..) = socket.read(&mut buffer) {
        answered.fetch_add(len as u64, SeqCst);
    }
}

struct ShutdownOnDrop<'a>(&'a TcpStream);

impl Drop for ShutdownOnDrop<'_> {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
