//! The admin port: metrics and health for machines.

mod support;

use kv_core::now::Now;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use support::{PATIENCE, Served, eventually, free_address, request, serve};

/// How many connections the admin port has at once.
const CONNECTIONS_MAX: usize = 16;

fn serve_with_admin(threads: usize) -> (Served, SocketAddr) {
    let address = free_address();
    (serve(threads, &[("admin-port", &address.port().to_string())]), address)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the admin port accepts connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
    stream
}

fn ask(mut stream: TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).expect("it takes requests");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is text, and ends");
    answer
}

fn get(address: SocketAddr, path: &str) -> String {
    ask(connect(address), &format!("GET {path} HTTP/1.1\r\nHost: kv\r\n\r\n"))
}

/// The value of the only sample of this name and these labels.
fn sample(page: &str, name: &str) -> f64 {
    let mut lines = page.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = lines.next().unwrap_or_else(|| panic!("no {name} in {page}"));
    assert_eq!(lines.next(), None, "{name} is there twice");
    value.parse().expect("it is a number")
}

#[test]
fn metrics_tell_what_was_done() {
    for threads in [1, 2] {
        let (server, admin) = serve_with_admin(threads);
        let mut client = server.client();
        for words in ["SET k v", "SET gone v EX 1000", "GET k", "GET none", "GET none", "DEL k"] {
            client.call(words);
        }
        client.call("GET");
        let ping = request(["PING"]);
        client.call("PING");
        let page = eventually("the commands are counted", || {
            let page = get(admin, "/metrics");
            (sample(&page, "kv_commands_processed_total") == 7.0).then_some(page)
        });
        for (name, value) in [
            ("kv_connected_clients", 1.0),
            ("kv_max_clients", 10_000.0),
            ("kv_connections_received_total", 1.0),
            ("kv_connections_rejected_total", 0.0),
            ("kv_keyspace_hits_total", 1.0),
            ("kv_keyspace_misses_total", 2.0),
            (r#"kv_command_calls_total{cmd="get"}"#, 3.0),
            (r#"kv_command_rejected_total{cmd="get"}"#, 1.0),
            (r#"kv_command_failed_total{cmd="set"}"#, 0.0),
            (r#"kv_errors_total{err="ERR"}"#, 1.0),
            ("kv_slowlog_length", 0.0),
            (r#"kv_db_keys{db="db0"}"#, 1.0),
            (r#"kv_db_keys_expiring{db="db0"}"#, 1.0),
        ] {
            assert_eq!(sample(&page, name), value, "{name}");
        }
        assert!(sample(&page, "kv_net_input_bytes_total") > ping.len() as f64);
        assert!(sample(&page, r#"kv_command_seconds_total{cmd="get"}"#) > 0.0);
        let quantile = |q| {
            sample(&page, &format!(r#"kv_command_latency_seconds{{cmd="get",quantile="{q}"}}"#))
        };
        assert!(quantile("0.5") > 0.0 && quantile("0.5") <= quantile("0.999"));
        assert!(sample(&page, "kv_memory_used_bytes") > 0.0);
        assert!(sample(&page, r#"kv_cpu_seconds_total{mode="user"}"#) >= 0.0);
    }
}

#[test]
fn the_page_is_in_the_format_of_prometheus() {
    let (_server, admin) = serve_with_admin(1);
    let answer = get(admin, "/metrics");
    let (head, page) = answer.split_once("\r\n\r\n").expect("there is a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
        "{head}"
    );
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", page.len())), "{head}");
    let mut family = "";
    for line in page.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["#", "HELP", name, _, ..] => family = name,
            ["#", "TYPE", name, kind] => {
                assert_eq!(name, family);
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            }
            [name, value] => {
                assert_eq!(name.split('{').next(), Some(family), "{line}");
                assert!(name.starts_with("kv_") && value.parse::<f64>().is_ok(), "{line}");
            }
            _ => panic!("{line}"),
        }
    }
    assert!(page.ends_with('\n'));
}

#[test]
fn metrics_are_told_while_a_command_holds_the_data() {
    let (server, admin) = serve_with_admin(1);
    let mut client = server.client();
    client.call("SET k v");
    let kernel = server.server().kernel();
    let batch = kernel.batch(Now { mono_us: 0, unix_us: 1_700_000_000_000_000 });
    // The only event loop waits for the data from here on.
    client.send(request(["GET", "k"]));
    assert_eq!(sample(&get(admin, "/metrics"), r#"kv_db_keys{db="db0"}"#), 1.0);
    assert!(get(admin, "/health").starts_with("HTTP/1.1 200 "));
    drop(batch);
    assert_eq!(client.replies(1), [r"$1\r\nv\r\n"]);
}

#[test]
fn health_turns_bad_as_soon_as_the_server_is_told_to_stop() {
    let (server, admin) = serve_with_admin(1);
    assert!(get(admin, "/health").ends_with("\r\n\r\nok\n"));
    let kernel = server.server().kernel().clone();
    let batch = kernel.batch(Now { mono_us: 0, unix_us: 1_700_000_000_000_000 });
    let mut client = server.client();
    client.send(request(["GET", "k"]));
    // Nobody stops before the request has come to the data.
    eventually("the connection is accepted", || (kernel.sessions.len() == 1).then_some(()));
    thread::scope(|scope| {
        let stop = scope.spawn(|| server.into_server().stop());
        eventually("health is bad", || {
            get(admin, "/health").starts_with("HTTP/1.1 503 ").then_some(())
        });
        drop(batch);
        stop.join().expect("it stops");
    });
    assert!(TcpStream::connect(admin).is_err(), "it has ended");
}

#[test]
fn whatever_else_is_asked_for_gets_its_status() {
    let (_server, admin) = serve_with_admin(1);
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "404"),
        ("POST /metrics HTTP/1.1\r\n\r\n".into(), "405"),
        ("HEAD /health HTTP/1.0\r\n\r\n".into(), "200"),
        ("PING\r\n".into(), "400"),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)), "431"),
    ] {
        let answer = ask(connect(admin), &request);
        assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
    }
}

#[test]
fn a_request_may_come_in_pieces() {
    let (_server, admin) = serve_with_admin(1);
    let mut stream = connect(admin);
    stream.set_nodelay(true).expect("it is a TCP socket");
    for piece in ["GET /hea", "lth HTTP/1.1\r\nHo", "st: kv\r\n"] {
        stream.write_all(piece.as_bytes()).expect("it takes requests");
    }
    assert!(ask(stream, "\r\n").starts_with("HTTP/1.1 200 "));
}

#[test]
fn connections_beyond_the_limit_wait_until_another_ends() {
    let (_server, admin) = serve_with_admin(1);
    let mut idle: Vec<TcpStream> = (0..CONNECTIONS_MAX).map(|_| connect(admin)).collect();
    let late = connect(admin);
    drop(idle.pop());
    assert!(ask(late, "GET /health HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_client_that_asks_for_nothing_is_closed() {
    let (_server, admin) = serve_with_admin(1);
    assert_eq!(ask(connect(admin), "GET"), "");
}
