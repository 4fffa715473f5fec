//! What is recorded of a server is enough to run it again, bit by bit.

mod support;

use kv_proto::recording::{Decoder, Encoder, MAGIC, Record, frame};
use kv_sim::replay::tape::Ending;
use kv_sim::replay::{self, Mismatch, Outcome, Report, Until};
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use support::{Client, Program, Served, kv_server, readable, request, serve};

/// A folder of a test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kv-{}-{test}", std::process::id()));
        fs::create_dir(&path).expect("the name is new");
        Self(path)
    }

    fn file(&self) -> String {
        self.0.join("run.kvrec").to_str().expect("it is text").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn recorded(threads: usize, file: &str, settings: &[(&str, &str)]) -> Served {
    serve(threads, &[&[("record", file)], settings].concat())
}

fn replayed(bytes: &[u8]) -> Report {
    replay::run(bytes, None, &mut |_, _| {}).expect("it is a recording")
}

/// The report on a recording that is to be whole.
#[track_caller]
fn check(file: impl AsRef<Path>) -> Report {
    let report = replayed(&fs::read(file).expect("there is a recording"));
    assert!(matches!(report.outcome, Outcome::Same(Ending::Stopped)), "{:?}", report.outcome);
    report
}

/// Everything that has to do with time, others and the machine, in one client's life.
fn live(client: &mut Client, me: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut send = |client: &mut Client, lines: &[String]| {
        let requests = lines.iter().flat_map(|line| request(line.split(' ')));
        client.send(requests.collect::<Vec<u8>>());
        lines.iter().for_each(|_| all.extend(client.reply()));
    };
    if me % 2 == 1 {
        send(client, &["HELLO 3".into()]);
    }
    for round in 0..60 {
        let key = |n: usize| format!("key:{}", (me * 7 + round * n) % 40);
        send(
            client,
            &[
                format!("SET {} {} PX {}", key(1), "x".repeat(round * 20), 1 + round % 30),
                format!("INCR n:{}", round % 5),
                format!("GET {}", key(3)),
                format!("LPUSH list {me}:{round}"),
                format!("SADD set {}", key(5)),
                "SPOP set".into(),
            ],
        );
        send(
            client,
            &["MULTI".into(), format!("PUBLISH news {round}"), "RANDOMKEY".into(), "EXEC".into()],
        );
        let about_the_machine = ["INFO", "SLOWLOG GET 3", "CLIENT LIST", "CLIENT PAUSE 2"];
        send(
            client,
            &[
                format!("BLPOP list other:{me} 0.02"),
                format!("BRPOP empty:{me} 0.001"),
                about_the_machine[round % 4].into(),
                format!("CONFIG SET maxmemory-samples {}", 3 + round % 5),
            ],
        );
    }
    all
}

/// Listens until it has heard enough, and goes without a word.
fn listen(mut client: Client, requests: &[&str]) {
    requests.iter().for_each(|line| client.send(request(line.split(' '))));
    for _ in 0..100 {
        client.reply();
    }
    client.reset();
}

#[test]
fn a_mixed_load_on_several_threads_is_replayed_byte_for_byte() {
    let folder = Folder::new("mixed-load");
    let settings = [
        ("maxmemory", "2mb"),
        ("maxmemory-policy", "allkeys-lru"),
        ("notify-keyspace-events", "KEA"),
        ("slowlog-log-slower-than", "0"),
        ("latency-monitor-threshold", "1"),
    ];
    let server = recorded(3, &folder.file(), &settings);
    let lives: Vec<_> = thread::scope(|scope| {
        let listeners: [&[&str]; 4] = [
            &["SUBSCRIBE news __keyevent@0__:expired"],
            &["PSUBSCRIBE n* __key*"],
            &["MONITOR"],
            &["HELLO 3", "CLIENT TRACKING ON BCAST"],
        ];
        for requests in listeners {
            let client = server.client();
            scope.spawn(|| listen(client, requests));
        }
        let live = |me| {
            let server = &server;
            move || {
                let mut client = server.client();
                let address = client.socket().local_addr().expect("it is connected").to_string();
                (address, live(&mut client, me))
            }
        };
        let lives: Vec<_> = (0..6).map(|me| scope.spawn(live(me))).collect();
        lives.into_iter().map(|life| life.join().expect("it ends well")).collect()
    });
    // More than there may be in memory, and more than a socket takes at once.
    let mut client = server.client();
    let filler = "x".repeat(10_000);
    (0..300).for_each(|n| drop(client.call(&format!("SET filler:{n} {filler}"))));
    client.send(request(["SET".as_bytes(), b"large", &vec![b'x'; 1 << 20]]));
    client.reply();
    client.send(request(["GET", "large"]).repeat(40));
    (0..40).for_each(|_| assert!(client.reply().len() > 1 << 20));
    assert!(server.client().call("INFO server").contains("recording:on"));
    server.into_server().stop();

    let mut said: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let bytes = fs::read(folder.file()).expect("there is a recording");
    let report = replay::run(&bytes[..], None, &mut |step, replay| {
        let place = step.connection().map(|connection| (step.server, connection));
        if let Some(client) = place.and_then(|place| replay.clients().get(&place)) {
            said.entry(client.address().into()).or_default().extend(replay.sent());
        }
    });
    let report = report.expect("it is a recording");
    assert!(matches!(report.outcome, Outcome::Same(Ending::Stopped)), "{:?}", report.outcome);
    for (address, heard) in lives {
        assert_eq!(readable(&said[&address]), readable(&heard));
        assert!(said[&address] == heard, "{address}");
    }
    let keys = report.replay.kernel().figures().keys;
    assert!(keys.expired > 0 && keys.evicted > 0, "{keys:?}");
    assert_eq!(report.replay.other_questions(), 0);
    assert_eq!(replayed(&bytes).trace, report.trace);
}

#[test]
fn a_recording_is_read_up_to_any_record_and_any_time() {
    let folder = Folder::new("until");
    let server = recorded(1, &folder.file(), &[]);
    let mut client = server.client();
    for n in 1..=5 {
        assert_eq!(client.call("INCR n"), format!(r":{n}\r\n"));
    }
    server.into_server().stop();
    let bytes = fs::read(folder.file()).expect("there is a recording");
    let until = |until| replay::run(&bytes[..], Some(until), &mut |_, _| {}).expect("it is one");
    let whole = replayed(&bytes);
    let mut commands = Vec::new();
    for record in 0..=whole.records {
        let report = until(Until::Record(record));
        assert_eq!(report.records, record);
        commands.push(report.replay.kernel().commands());
    }
    assert!(commands.is_sorted());
    commands.dedup();
    assert_eq!(commands, [0, 1, 2, 3, 4, 5]);
    assert!(matches!(until(Until::ElapsedUs(0)).outcome, Outcome::Stopped));
    assert_eq!(until(Until::ElapsedUs(u64::MAX)).records, whole.records);
}

/// The same recording with other bytes received, and the checksums of that.
fn falsified(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut decoder, mut encoder) = (Decoder::default(), Encoder::default());
    let (mut rest, mut falsified) = (&bytes[MAGIC.len()..], MAGIC.to_vec());
    while let Some(frame) = frame(rest).expect("nothing is damaged") {
        let mut records = frame.records;
        while let Some(record) = decoder.next(&mut records).expect("nothing is damaged") {
            match record {
                Record::Call(mut call) if call.received == from => {
                    call.received = to;
                    encoder.push(&Record::Call(call));
                }
                record => encoder.push(&record),
            }
        }
        falsified.extend(encoder.seal());
        rest = &rest[frame.len..];
    }
    falsified
}

#[test]
fn a_changed_byte_is_noticed() {
    let folder = Folder::new("changed-byte");
    let server = recorded(2, &folder.file(), &[]);
    let mut client = server.client();
    client.call("SET k v");
    client.call("GET k");
    server.into_server().stop();
    let bytes = fs::read(folder.file()).expect("there is a recording");

    let start = frame(&bytes[MAGIC.len()..]).expect("it is whole").expect("it is whole");
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        match replay::run(&changed[..], None, &mut |_, _| {}) {
            Ok(report) => {
                let outcome = report.outcome;
                assert!(matches!(outcome, Outcome::Same(Ending::Damaged(..))), "{at}: {outcome:?}");
            }
            Err(_) => assert!(at < MAGIC.len() + start.len, "{at}"),
        }
    }

    let [set, other] = ["v", "w"].map(|value| request(["SET", "k", value]));
    assert!(matches!(replayed(&falsified(&bytes, &set, &set)).outcome, Outcome::Same(_)));
    let report = replayed(&falsified(&bytes, &set, &other));
    let Outcome::Different(difference) = report.outcome else { panic!("{:?}", report.outcome) };
    // The reply to SET is the same; that to GET is not.
    assert!(matches!(&difference.mismatch, Mismatch::Bytes(text) if text.contains("w")));
    assert_eq!(difference.last_requests[0].text, r#""GET" "k""#);
}

#[test]
fn nothing_is_written_unless_it_is_asked_for() {
    let folder = Folder::new("nothing");
    let server = serve(2, &[("dir", folder.0.to_str().expect("it is text"))]);
    assert!(!server.client().call("INFO").contains("recording:"));
    server.into_server().stop();
    assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 0);
}

#[test]
fn what_was_answered_is_in_the_recording_of_a_process_that_was_killed() {
    let folder = Folder::new("killed");
    let server = Program::kv(&["--threads", "2", "--record", &folder.file()]);
    let mut clients: Vec<Client> = (0..4).map(|_| Client::connect(server.address)).collect();
    for client in &mut clients {
        client.send(request(["INCR", "n"]).repeat(500));
        client.replies(500);
    }
    // Killed in the midst of more.
    clients.iter_mut().for_each(|client| client.send(request(["INCR", "m"]).repeat(500)));
    server.signal(Signal::SIGKILL);
    server.end();

    let bytes = fs::read(folder.file()).expect("there is a recording");
    let report = replayed(&bytes);
    assert!(matches!(report.outcome, Outcome::Same(Ending::Torn(_))), "{:?}", report.outcome);
    assert!(report.replay.kernel().commands() >= 2000);
    // And wherever else it might have been cut.
    for len in (bytes.len() - 300..bytes.len()).step_by(7).chain([bytes.len() / 2, bytes.len() / 3])
    {
        let outcome = replayed(&bytes[..len]).outcome;
        assert!(matches!(outcome, Outcome::Same(Ending::Torn(_))), "{len}: {outcome:?}");
    }
}

#[test]
fn a_full_recording_ends_and_the_server_goes_on() {
    let folder = Folder::new("full");
    let server = recorded(2, &folder.file(), &[("record-max-size", "64kb")]);
    let mut client = server.client();
    let value = "x".repeat(1000);
    for n in 0..200 {
        assert_eq!(client.call(&format!("SET k{n} {value}")), r"+OK\r\n");
    }
    let info = client.call("INFO server");
    assert!(info.contains("recording:full"), "{info}");
    let bytes = fs::read(folder.file()).expect("there is a recording");
    assert!(bytes.len() <= 64 << 10 && bytes.len() > 60 << 10, "{}", bytes.len());
    assert!(info.contains(&format!("recording_bytes:{}", bytes.len())), "{info}");
    assert_eq!(client.call("DBSIZE"), r":200\r\n");
    server.into_server().stop();
    let after = fs::read(folder.file()).expect("there is a recording");
    assert!(bytes == after, "nothing is added to it");
    let report = replayed(&after);
    assert!(matches!(report.outcome, Outcome::Same(Ending::Full)), "{:?}", report.outcome);
    assert!(report.replay.kernel().commands() > 40);
}

#[test]
fn the_recordings_of_earlier_runs_are_kept_up_to_a_number() {
    let folder = Folder::new("rotation");
    for run in 1..=4 {
        let server = recorded(1, &folder.file(), &[("record-files", "3")]);
        (0..run).for_each(|_| drop(server.client().call("PING")));
        server.into_server().stop();
    }
    for (suffix, commands) in [("", 4), (".1", 3), (".2", 2)] {
        let report = check(format!("{}{suffix}", folder.file()));
        assert_eq!(report.replay.kernel().commands(), commands);
    }
    assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 3);
    let mode = fs::metadata(folder.file()).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_is_no_recording_is_not_touched() {
    let folder = Folder::new("no-recording");
    fs::write(folder.file(), "precious").expect("the folder is there");
    let flags = ["--port", "0", "--bind", "127.0.0.1", "--record", &folder.file()];
    let output = kv_server().args(flags).output().expect("the server's binary runs");
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).expect("it is text");
    assert!(complaint.contains("run.kvrec' exists and is no recording"), "{complaint}");
    assert_eq!(fs::read(folder.file()).expect("it is there"), b"precious");
    assert_eq!(fs::read_dir(&folder.0).expect("it is there").count(), 1);
}

#[test]
fn passwords_names_of_commands_and_headers_of_proxies_are_replayed() {
    let folder = Folder::new("proxied");
    let config = folder.0.join("kv.conf");
    let text = format!(
        "bind 127.0.0.1\nport 0\nrecord {}\nrequirepass \"p w\"\nrename-command GET fetch\nproxy-protocol yes\n",
        folder.file()
    );
    fs::write(&config, text).expect("the folder is there");
    let server = Program::start(kv_server().arg(&config).args(["--threads", "2"]));
    let mut client = Client::connect(server.address);
    client.send("PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n");
    assert!(client.call("fetch k").contains("NOAUTH"));
    client.send(request(["AUTH", "p w"]));
    assert_eq!(client.reply(), b"+OK\r\n");
    assert_eq!(client.call("fetch k"), r"$-1\r\n");
    assert!(client.call("GET k").contains("unknown command"));
    assert_eq!(client.call("CONFIG REWRITE"), r"+OK\r\n");
    let mut stranger = Client::connect(server.address);
    stranger.send("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(stranger.rest(), b"");
    drop(client);
    server.signal(Signal::SIGTERM);
    assert!(server.end().success());
    let report = check(folder.file());
    assert!(report.replay.kernel().figures().clients_opened == 1);
}
