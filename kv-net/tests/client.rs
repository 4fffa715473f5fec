//! kv-client: one command, a script, and the load, in all protocols. At a terminal it is tested
//! beside redis-cli.

mod support;

use kv_net::{Builder, Server, StartError};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use support::{Client, eventually, free_address, serve};

/// A server that speaks every protocol, and where.
struct World {
    server: Server,
    frame: u16,
    tlv: u16,
}

impl World {
    fn new(settings: &[(&str, &str)]) -> Self {
        eventually("ports stay free until the server takes them", || Self::open(settings))
    }

    fn open(settings: &[(&str, &str)]) -> Option<Self> {
        let [frame, tlv] = [free_address(), free_address()].map(|address| address.port());
        let (frame_text, tlv_text) = (frame.to_string(), tlv.to_string());
        let ports = [("frame-port", &frame_text[..]), ("tlv-port", &tlv_text)];
        let builder = Server::builder().bind(["127.0.0.1"]).port(0).threads(2);
        let with = |builder: Builder, &(name, value): &(&str, &str)| builder.set(name, value);
        let builder = ports.iter().chain(settings).try_fold(builder, with);
        match builder.expect("the settings are good").start() {
            Ok(server) => Some(Self { server, frame, tlv }),
            Err(StartError::Listen { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Where it speaks RESP.
    fn address(&self) -> SocketAddr {
        self.server.addresses()[0]
    }

    fn resp(&self) -> Client {
        Client::connect(self.address())
    }

    /// What kv-client prints for `args` in this protocol.
    fn client(&self, protocol: &str, args: &[&str]) -> Output {
        let port = match protocol {
            "resp" => self.address().port(),
            "frame" => self.frame,
            _ => self.tlv,
        };
        let port = port.to_string();
        run(&[&["--protocol", protocol, "-p", &port], args].concat(), "")
    }

    /// The same, printed for people, if it succeeds.
    fn shown(&self, protocol: &str, args: &[&str]) -> String {
        let output = self.client(protocol, &[&["--no-raw"], args].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        text(&output.stdout)
    }
}

fn run(args: &[&str], input: &str) -> Output {
    let mut child = start(args);
    // A client that fails early reads nothing.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it was started")
}

fn start(args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kv-client"))
        .args(args)
        .env_remove("KV_CLIENT_PASSWORD")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client's binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

/// A failure's status and message.
#[track_caller]
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    text(&output.stderr)
}

#[test]
fn a_command_is_sent_in_any_protocol_and_its_reply_is_printed() {
    let world = World::new(&[]);
    assert_eq!(world.shown("resp", &["SET", "k", "two words"]), "OK\n");
    assert_eq!(world.shown("frame", &["get", "k"]), "\"two words\"\n");
    assert_eq!(world.shown("tlv", &["GET", "k"]), "\"two words\"\n");
    assert_eq!(world.shown("tlv", &["set", "k", "-1"]), "\"two words\"\n");
    assert_eq!(world.shown("tlv", &["delete", "k"]), "\"-1\"\n");
    assert_eq!(world.shown("resp", &["get", "k"]), "(nil)\n");
    world.shown("frame", &["zadd", "board", "101.5", "ann", "99", "bob"]);
    let board = world.shown("frame", &["zquery", "board", "100", "", "0", "10"]);
    assert_eq!(board, "1) \"ann\"\n2) (double) 101.5\n");
    let map = world.shown("resp", &["-3", "config", "get", "tcp-backlog"]);
    assert_eq!(map, "1# \"tcp-backlog\" => \"511\"\n");
    assert!(world.shown("resp", &["info", "server"]).starts_with("# Server\r\n"));
}

#[test]
fn a_program_gets_nothing_but_the_values() {
    let world = World::new(&[]);
    let printed = |args: &[&str]| text(&world.client("resp", args).stdout);
    assert_eq!(printed(&["rpush", "l", "a b", "\n"]), "2\n");
    assert_eq!(printed(&["lrange", "l", "0", "-1"]), "a b\n\n\n");
    assert_eq!(printed(&["get", "none"]), "\n");
    assert_eq!(printed(&["-n", "3", "client", "info"]).matches(" db=3 ").count(), 1);
    let port = world.address().port().to_string();
    let output = run(&["-p", &port, "-x", "set", "read"], "from standard input");
    assert_eq!(text(&output.stdout), "OK\n");
    assert_eq!(printed(&["get", "read"]), "from standard input\n");
}

#[test]
fn an_error_reply_fails_where_that_is_asked_for() {
    let world = World::new(&[]);
    for protocol in ["resp", "frame"] {
        let output = world.client(protocol, &["incr"]);
        assert!(output.status.success());
        let error = "ERR wrong number of arguments for 'incr' command\n\n";
        assert_eq!(text(&output.stdout), error);
        let output = world.client(protocol, &["-e", "incr"]);
        assert_eq!((output.status.code(), &text(&output.stdout)[..]), (Some(1), error));
        assert!(world.client(protocol, &["-e", "ping"]).status.success());
    }
}

#[test]
fn lines_of_standard_input_are_commands() {
    let world = World::new(&[]);
    let port = world.address().port().to_string();
    let script = "set n \"1\"\n\nincr n\nmulti\nincr n\nexec\nquit\nset n 9\n";
    let output = run(&["--no-raw", "-p", &port], script);
    assert!(output.status.success());
    let expected = "OK\n(integer) 2\nOK\nQUEUED\n1) (integer) 3\n";
    assert_eq!(text(&output.stdout), expected);
    let output = run(&["-p", &port], "incr n\nget \"n\n");
    assert_eq!(complaint(&output), "kv-client: line 2: unbalanced quotes\n");
    assert_eq!(text(&output.stdout), "4\n");
}

#[test]
fn messages_are_shown_until_the_connection_ends() {
    let server = serve(2, &[]);
    let port = server.address().port().to_string();
    for version in ["-2", "-3"] {
        let mut listener = start(&["-p", &port, version, "subscribe", "news"]);
        let mut lines = BufReader::new(listener.stdout.take().expect("it is piped")).lines();
        let mut expect = |lines_expected: &[&str]| {
            for expected in lines_expected {
                assert_eq!(lines.next().expect("more comes").expect("it is text"), *expected);
            }
        };
        expect(&["subscribe", "news", "1"]);
        assert_eq!(server.client().call("PUBLISH news hello"), r":1\r\n");
        expect(&["message", "news", "hello"]);
        assert_eq!(server.client().call("CLIENT KILL TYPE pubsub"), r":1\r\n");
        let output = listener.wait_with_output().expect("it was started");
        assert_eq!(complaint(&output), "kv-client: the server has closed the connection\n");
    }
}

#[test]
fn what_cannot_be_done_is_said_with_what_to_do() {
    let nobody = free_address().port().to_string();
    let said = complaint(&run(&["-p", &nobody, "ping"], ""));
    assert!(said.contains(&nobody) && said.contains("-p"), "{said}");
    for (args, what) in [
        (&["--nonsense"][..], "--help"),
        (&["--protocol", "http", "ping"], "resp, tlv, tlv-strict, frame"),
        (&["--protocol", "tlv", "get", "k"], "--port"),
        (&["-s", "/none", "-p", "1", "ping"], "-s"),
        (&["-x"], "command"),
        (&["load", "--clients", "0"], "--clients must be from 1"),
        (&["load", "--key-length", "2"], "--key-length must be from 4"),
    ] {
        let said = complaint(&run(args, ""));
        assert!(said.starts_with("kv-client: ") && said.contains(what), "{args:?}: {said}");
    }
    let world = World::new(&[]);
    world.shown("resp", &["rpush", "list", "a"]);
    let said = complaint(&world.client("tlv", &["get", "list"]));
    assert!(said.contains("tlv-strict"), "{said}");
    let said = complaint(&world.client("tlv", &["incr", "k"]));
    assert!(said.contains("GET key, SET key value and DELETE key"), "{said}");
    let world = World::new(&[("requirepass", "secret")]);
    let said = complaint(&world.client("resp", &["-a", "guess", "ping"]));
    assert!(said.contains("refuses the password: WRONGPASS"), "{said}");
    assert_eq!(world.shown("frame", &["-a", "secret", "echo", "hello"]), "\"hello\"\n");
    let said = complaint(&world.client("tlv", &["-a", "secret", "get", "k"]));
    assert!(said.contains("TLV"), "{said}");
}

#[test]
fn the_load_runs_in_every_protocol_and_leaves_nothing() {
    for (protocol, strict) in
        [("resp", "no"), ("frame", "no"), ("tlv", "no"), ("tlv-strict", "yes")]
    {
        let world = World::new(&[("tlv-strict", strict)]);
        for args in [&["--pipeline", "7"][..], &["--clients", "300", "--value-length", "20000"]] {
            let output = world.client(protocol, &[&["load", "--requests", "2000"], args].concat());
            assert!(output.status.success(), "{output:?}");
            let table = text(&output.stdout);
            assert!(table.starts_with("2001 requests in "), "{table}");
            for row in ["\nSET  ", "\nGET  ", "\nDELETE  "] {
                let row = table.split_once(row).expect(row).1;
                assert_eq!(row.split_whitespace().next(), Some("667"), "{table}");
            }
        }
        let stats = world.resp().call("INFO commandstats");
        assert_eq!(world.resp().call("DBSIZE"), r":0\r\n");
        assert!(stats.contains(":calls=1334,"), "{stats}");
    }
}

#[test]
fn one_wrong_reply_stops_the_load() {
    let wrong = [
        ("+OK\r\n$3\r\nabc\r\n", "GET \"", "instead of \""),
        ("$2\r\nOK\r\n", "SET \"", "instead of OK"),
        ("+OK\r\n+OK\r\n:1\r\n", "GET \"", "instead of \""),
        ("-OOM no\r\n", "SET \"", "(error) OOM no"),
        ("nonsense\r\n", "no reply", "--protocol"),
    ];
    for (replies, what, why) in wrong {
        let port = answering(replies).to_string();
        let args = ["load", "-p", &port, "--clients", "1", "--requests", "3", "--pipeline", "3"];
        let said = complaint(&run(&args, ""));
        assert!(said.contains(what) && said.contains(why), "{said}");
    }
}

/// A server of one client, which it answers with these bytes whatever it asks.
fn answering(replies: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let _requests = stream.read(&mut [0; 4096])?;
        stream.write_all(replies.as_bytes())?;
        // Until the client goes.
        stream.read(&mut [0; 4096])
    });
    port
}

#[test]
fn the_load_says_when_the_server_goes_away() {
    let server: Server = serve(1, &[("maxclients", "10")]).into_server();
    let port = server.addresses()[0].port().to_string();
    let said = complaint(&run(&["load", "-p", &port, "--clients", "20"], ""));
    assert!(said.contains("max number of clients"), "{said}");
}
