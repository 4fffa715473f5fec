//! What the program says of itself: log lines, and messages to systemd.

mod support;

use nix::sys::signal::Signal;
use std::fs;
use std::io::Read;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::PathBuf;
use std::process::Stdio;
use support::{Client, PATIENCE, announced_address, eventually, kv_server};

/// A name for a file of this test.
fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("kv-{}-{name}", std::process::id()))
}

/// Runs a server from its start to its end, and gives what it writes to its log file.
fn log_of(name: &str, flags: &[&str], visit: impl FnOnce(&mut Client)) -> String {
    let file = temporary(name);
    let path = file.to_str().expect("it is text");
    let address = support::free_address();
    let port = address.port().to_string();
    let mut child = kv_server()
        .args(["--port", &port, "--bind", "127.0.0.1", "--threads", "1", "--logfile", path])
        .args(flags)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server's binary runs");
    let stream = eventually("the server listens", || std::net::TcpStream::connect(address).ok());
    drop(stream);
    visit(&mut Client::connect(address));
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, Signal::SIGTERM).expect("it is ours");
    assert!(child.wait().expect("it is ours").success());
    let mut output = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut output).expect("it is text");
    assert_eq!(output, "", "everything goes to the file");
    let log = fs::read_to_string(&file).expect("there is a log");
    fs::remove_file(&file).expect("it is ours");
    log
}

#[test]
fn lines_have_the_form_of_redis() {
    let log = log_of("redis-form", &[], |_| {});
    for line in log.lines() {
        let words: Vec<&str> = line.splitn(7, ' ').collect();
        let [process, day, _month, year, time, mark, _message] = words[..] else {
            panic!("{line}");
        };
        assert!(process.strip_suffix(":M").is_some_and(|pid| pid.parse::<u32>().is_ok()), "{line}");
        assert!(day.len() == 2 && year.len() == 4 && time.len() == 12, "{line}");
        assert!(["#", "*"].contains(&mark), "{line}");
    }
    for message in ["listening on", "ready to accept", "received SIGTERM", "bye"] {
        assert_eq!(log.matches(message).count(), 1, "{message} in {log}");
    }
}

#[test]
fn lines_can_be_objects_of_json() {
    let log = log_of("json-form", &["--log-format", "json"], |_| {});
    assert!(log.lines().count() > 3, "{log}");
    for line in log.lines() {
        assert!(line.starts_with(r#"{"time":"2"#) && line.ends_with(r#""}"#), "{line}");
        for field in [r#""level":""#, r#""pid":"#, r#""role":"master","#, r#""message":""#] {
            assert!(line.contains(field), "{line}");
        }
    }
}

#[test]
fn only_what_is_important_enough_is_logged() {
    let warnings = log_of("warnings", &["--loglevel", "warning"], |_| {});
    assert!(warnings.contains("received SIGTERM"), "{warnings}");
    assert!(!warnings.contains("ready to accept"), "{warnings}");
    let all = log_of("verbose", &["--loglevel", "verbose"], |client| drop(client.call("PING")));
    assert!(all.contains(" - accepted the client at 127.0.0.1:"), "{all}");
    assert_eq!(log_of("silent", &["--loglevel", "nothing"], |_| {}), "");
}

#[test]
fn the_level_can_be_set_while_the_server_runs() {
    let log = log_of("level", &[], |client| {
        assert_eq!(client.call("CONFIG SET loglevel nothing"), r"+OK\r\n");
    });
    assert!(log.contains("listening on"), "{log}");
    assert!(!log.contains("SIGTERM"), "{log}");
}

#[test]
fn a_refused_client_is_logged_with_its_address_and_the_reason() {
    let mut address = None;
    let log = log_of("refused", &["--proxy-protocol", "yes"], |client| {
        address = Some(client.socket().local_addr().expect("it is connected"));
        client.send("PING\r\n");
        assert_eq!(client.rest(), b"");
    });
    let refused = format!("refused the client at {}: ", address.expect("it visited"));
    let line = log.lines().find(|line| line.contains(&refused));
    assert!(line.is_some_and(|line| line.contains(" # ") && line.contains("PROXY")), "{log}");
}

#[test]
fn a_log_file_that_cannot_be_written_is_an_error() {
    let output = kv_server().args(["--port", "0", "--logfile", "/nosuch/folder/log"]).output();
    let output = output.expect("the server's binary runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nosuch/folder/log"));
}

/// Runs a server under a supervisor, and gives what it is told.
fn told(supervised: &str, socket: &UnixDatagram, name: &str) -> Vec<String> {
    socket.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
    let mut child = kv_server()
        .args(["--port", "0", "--bind", "127.0.0.1", "--supervised", supervised])
        .env("NOTIFY_SOCKET", name)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server's binary runs");
    let message = || {
        let mut room = [0; 1024];
        let len = socket.recv(&mut room).expect("there is a message");
        String::from_utf8(room[..len].to_vec()).expect("it is text")
    };
    let mut messages = Vec::new();
    if supervised == "no" {
        announced_address(&mut std::io::BufReader::new(child.stdout.take().expect("it is piped")));
    } else {
        messages.push(message());
    }
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, Signal::SIGTERM).expect("it is ours");
    if supervised != "no" {
        messages.push(message());
    }
    let _ = child.wait();
    socket.set_nonblocking(true).expect("it is a socket");
    assert!(socket.recv(&mut [0; 1024]).is_err(), "nothing else is told");
    messages
}

#[test]
fn systemd_is_told_when_the_server_is_ready_and_when_it_stops() {
    let path = temporary("notify");
    let name = format!("@kv-{}-notify", std::process::id());
    let abstract_name = SocketAddr::from_abstract_name(&name[1..]).expect("it is short");
    let sockets = [
        (UnixDatagram::bind(&path), path.to_str().expect("it is text")),
        (UnixDatagram::bind_addr(&abstract_name), &name),
    ];
    for ((socket, name), supervised) in sockets.into_iter().zip(["systemd", "auto"]) {
        let messages = told(supervised, &socket.expect("the name is free"), name);
        assert!(messages[0].lines().any(|line| line == "READY=1"), "{messages:?}");
        assert!(messages[1].lines().any(|line| line == "STOPPING=1"), "{messages:?}");
    }
    fs::remove_file(&path).expect("it is ours");
}

#[test]
fn nobody_is_told_unless_it_was_asked_for() {
    let path = temporary("unasked");
    let socket = UnixDatagram::bind(&path).expect("the name is free");
    told("no", &socket, path.to_str().expect("it is text"));
    fs::remove_file(&path).expect("it is ours");
}
