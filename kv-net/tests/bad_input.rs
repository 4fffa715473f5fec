//! What a client sends by mistake or in malice gets Redis's answer, and harms no other client.

mod support;

use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use support::{Client, PATIENCE, Program, Served, raise_file_limit, readable, request, serve};

/// A server with a client that has nothing to do with what happens.
struct Scene {
    server: Served,
    bystander: Client,
}

impl Scene {
    fn new() -> Self {
        let server = serve(2, &[]);
        let mut bystander = server.client();
        assert_eq!(bystander.call("SET bystander data"), r"+OK\r\n");
        Self { server, bystander }
    }

    /// What the server sends to a client that sends `input` until it closes the connection.
    fn last_words(&self, input: impl AsRef<[u8]>) -> String {
        let mut client = self.server.client();
        offer(&mut client, input.as_ref());
        readable(&client.rest())
    }

    /// What the server sends to a client that sends `input` and then an end.
    fn answer(&self, input: impl AsRef<[u8]>) -> String {
        let mut client = self.server.client();
        client.send(input);
        client.finish_sending();
        readable(&client.rest())
    }

    fn assert_others_are_unharmed(mut self) {
        assert_eq!(self.bystander.call("GET bystander"), r"$4\r\ndata\r\n");
        assert_eq!(self.server.client().call("GET bystander"), r"$4\r\ndata\r\n");
        assert_eq!(self.bystander.call("DBSIZE"), r":1\r\n");
    }
}

/// Sends to a server that may close the connection before it has everything.
fn offer(client: &mut Client, input: &[u8]) {
    let _ = client.socket().write_all(input);
}

#[test]
fn a_protocol_error_is_told_and_closes_the_connection() {
    let scene = Scene::new();
    let digits = [b'1'; 100_000];
    let cases: &[(&[u8], &str)] = &[
        (b"*2147483648\r\n", "invalid multibulk length"),
        (b"*x\r\n", "invalid multibulk length"),
        (b"*1\r\n$-2\r\n", "invalid bulk length"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$600000000\r\n", "invalid bulk length"),
        (b"*1\r\n$x\r\n", "invalid bulk length"),
        (b"*1\r\nPING\r\n", "expected '$', got 'P'"),
        (b"*2\r\n$4\r\nECHO\r\n:1\r\n", "expected '$', got ':'"),
        (b"PING \"x\r\n", "unbalanced quotes in request"),
        (b"PING 'x'y\r\n", "unbalanced quotes in request"),
        (&[b'x'; 100_000], "too big inline request"),
        (&[&b"*"[..], &digits].concat(), "too big mbulk count string"),
        (&[&b"*1\r\n$"[..], &digits].concat(), "too big bulk count string"),
    ];
    for (input, text) in cases {
        let expected = format!(r"-ERR Protocol error: {text}\r\n").replace('\'', r"\'");
        assert_eq!(
            scene.last_words(input),
            expected,
            "after {}",
            readable(&input[..30.min(input.len())])
        );
    }
    scene.assert_others_are_unharmed();
}

#[test]
fn a_protocol_error_comes_after_the_replies_of_the_commands_before_it() {
    let scene = Scene::new();
    let mut input = request(["SET", "k", "v"]);
    input.extend(request(["GET", "k"]));
    input.extend(b"*1\r\n$-2\r\n");
    input.extend(request(["SET", "k", "never"]));
    let expected = r"+OK\r\n$1\r\nv\r\n-ERR Protocol error: invalid bulk length\r\n";
    assert_eq!(scene.last_words(input), expected);
    assert_eq!(scene.server.client().call("GETDEL k"), r"$1\r\nv\r\n");
    scene.assert_others_are_unharmed();
}

#[test]
fn a_refused_request_leaves_the_connection_open() {
    let scene = Scene::new();
    let cases: &[(&[&str], &str)] = &[
        (&["NOSUCH"], "ERR unknown command 'NOSUCH', with args beginning with: "),
        (
            &["NoSuch", "a", "b c"],
            "ERR unknown command 'NoSuch', with args beginning with: 'a' 'b c' ",
        ),
        (&["no\r\nsuch"], "ERR unknown command 'no  such', with args beginning with: "),
        (&[""], "ERR unknown command '', with args beginning with: "),
        (&["GET"], "ERR wrong number of arguments for 'get' command"),
        (&["gEt", "a", "b"], "ERR wrong number of arguments for 'get' command"),
        (&["SET", "k"], "ERR wrong number of arguments for 'set' command"),
        (&["SET", "k", "v", "EX"], "ERR syntax error"),
        (&["SET", "k", "v", "EX", "0"], "ERR invalid expire time in 'set' command"),
        (&["INCRBY", "k", "9x"], "ERR value is not an integer or out of range"),
        (&["SELECT", "16"], "ERR DB index is out of range"),
        (&["CONFIG"], "ERR wrong number of arguments for 'config' command"),
        (&["CONFIG", "NOSUCH"], "ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP."),
        (&["CONFIG", "GET"], "ERR wrong number of arguments for 'config|get' command"),
        (&["HELLO", "4"], "NOPROTO unsupported protocol version"),
    ];
    let mut client = scene.server.client();
    for (args, error) in cases {
        client.send(request(*args));
        client.send(request(["PING"]));
        let replies = [client.reply(), client.reply()].concat();
        let expected = format!("-{error}\r\n+PONG\r\n");
        assert_eq!(readable(&replies), readable(expected.as_bytes()), "after {args:?}");
    }
    scene.assert_others_are_unharmed();
}

#[test]
fn a_long_unknown_command_is_quoted_up_to_128_bytes() {
    let scene = Scene::new();
    let mut client = scene.server.client();
    client.send(request(["y".repeat(200), "z".repeat(200), "more".into()]));
    let (name, arg) = ("y".repeat(128), "z".repeat(128));
    let expected =
        format!(r"-ERR unknown command \'{name}\', with args beginning with: \'{arg}\' \r\n");
    assert_eq!(client.replies(1), [expected]);
}

#[test]
fn empty_requests_are_passed_over() {
    let scene = Scene::new();
    for empty in ["\r\n", "\n", "   \r\n", "*0\r\n", "*-1\r\n", "*-5\r\n"] {
        assert_eq!(scene.answer(format!("{empty}PING\r\n")), r"+PONG\r\n", "after {empty:?}");
    }
    scene.assert_others_are_unharmed();
}

#[test]
fn half_a_request_is_dropped_when_the_connection_ends() {
    let scene = Scene::new();
    let whole = [request(["PING"]), request(["SET", "half", "a request"])].concat();
    let first = request(["PING"]).len();
    for end in first..whole.len() {
        assert_eq!(scene.answer(&whole[..end]), r"+PONG\r\n", "{end} bytes");
    }
    scene.assert_others_are_unharmed();
}

#[test]
fn binary_rubbish_gets_errors_or_an_end() {
    let scene = Scene::new();
    let mut state = 7_u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for round in 0..200 {
        let rubbish: Vec<u8> = (0..round * 10).map(|_| byte()).collect();
        let mut client = scene.server.client();
        offer(&mut client, &rubbish);
        let _ = client.socket().shutdown(std::net::Shutdown::Write);
        let answer = client.rest();
        let is_error = |line: &[u8]| line.is_empty() || line.starts_with(b"-");
        assert!(answer.split(|&b| b == b'\n').all(is_error), "{}", readable(&answer));
    }
    scene.assert_others_are_unharmed();
}

#[test]
fn connections_reset_in_mid_request_harm_nobody() {
    let scene = Scene::new();
    for len in [0, 1, 10, 1000, 100_000] {
        for _ in 0..40 {
            let mut client = scene.server.client();
            client.send(b"PING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n");
            client.send(vec![b'v'; len]);
            client.reset();
        }
    }
    scene.assert_others_are_unharmed();
}

#[test]
fn ten_thousand_connections_come_and_go() {
    raise_file_limit();
    let scene = Scene::new();
    for _ in 0..25 {
        let mut wave: Vec<Client> = (0..400).map(|_| scene.server.client()).collect();
        wave.iter_mut().for_each(|client| client.send("PING\r\n"));
        assert!(wave.iter_mut().all(|client| client.reply() == b"+PONG\r\n"));
    }
    scene.assert_others_are_unharmed();
}

#[test]
fn announced_sizes_take_no_memory() {
    let server = Program::kv(&["--threads", "1"]);
    let before = server.resident_bytes();
    let announce = |announcement: &str| {
        let mut client = Client::connect(server.address);
        client.send(announcement);
        client
    };
    let waiting: Vec<Client> = (0..50)
        .flat_map(|_| ["*1000000000\r\n", "*2\r\n$3\r\nGET\r\n$500000000\r\n"])
        .map(announce)
        .collect();
    // One thread takes its connections' input in turn: after two rounds it has seen all of it.
    for _ in 0..2 {
        assert_eq!(Client::connect(server.address).call("PING"), r"+PONG\r\n");
    }
    let growth = server.resident_bytes().saturating_sub(before);
    assert!(growth < 64 << 20, "{growth} bytes for {} connections", waiting.len());
}

#[test]
fn a_client_that_never_reads_is_held_back_and_closed() {
    let limit = "normal 1073741824 1048576 1";
    let server = Program::kv(&["--threads", "1", "--client-output-buffer-limit", limit]);
    let mut bystander = Client::connect(server.address);
    bystander.send(request(["SET", "large", &"x".repeat(1 << 20)]));
    assert_eq!(bystander.replies(1), [r"+OK\r\n"]);
    let before = server.resident_bytes();

    let greedy = TcpStream::connect(server.address).expect("the server accepts connections");
    greedy.set_write_timeout(Some(PATIENCE)).expect("it is not zero");
    let ask = thread::spawn(move || request_until_an_error(&greedy));
    let mut peak = 0;
    while !ask.is_finished() {
        assert_eq!(bystander.call("PING"), r"+PONG\r\n");
        peak = peak.max(server.resident_bytes());
    }
    let end = ask.join().expect("it does not panic");
    assert!(matches!(end.kind(), BrokenPipe | ConnectionReset), "still connected: {end}");

    let growth = peak.saturating_sub(before);
    assert!(growth < 64 << 20, "{growth} bytes more for one client");
    assert_eq!(bystander.call("STRLEN large"), r":1048576\r\n");
}

/// Asks for the large value again and again without ever taking it.
fn request_until_an_error(mut stream: &TcpStream) -> io::Error {
    let requests = request(["GET", "large"]).repeat(1000);
    loop {
        if let Err(error) = stream.write_all(&requests) {
            return error;
        }
    }
}
