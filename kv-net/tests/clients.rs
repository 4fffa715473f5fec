//! The programs that people use with Redis work with our server.

mod support;

use std::process::{Command, Output};
use support::{Client, Served, raise_file_limit, serve};

/// Runs a program to its successful end and gives what it printed.
fn run(program: &str, args: &[&str]) -> String {
    run_with_input(program, args, Vec::new())
}

fn run_with_input(program: &str, args: &[&str], input: Vec<u8>) -> String {
    let output = try_run(program, args, input);
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {}\n{text}", output.status);
    text
}

fn try_run(program: &str, args: &[&str], input: Vec<u8>) -> Output {
    use std::io::Write;
    use std::process::Stdio;
    let child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{program}: {error}; {}", remedy(program)));
    let mut stdin = child.stdin.take().expect("it is piped");
    std::thread::spawn(move || stdin.write_all(&input));
    child.wait_with_output().expect("it was started")
}

/// How to get a missing program.
fn remedy(program: &str) -> &'static str {
    match program {
        "python3" => "install the package python3",
        _ => "install the package redis-tools",
    }
}

fn port(server: &Served) -> String {
    server.address().port().to_string()
}

fn redis_cli(server: &Served, args: &[&str]) -> String {
    run("redis-cli", &[&["-p", &port(server)], args].concat())
}

/// Runs a script that stands beside this file.
fn script(name: &str, args: &[&str]) {
    let path = format!("{}/tests/clients/{name}", env!("CARGO_MANIFEST_DIR"));
    let printed = run("python3", &[&[&path[..]], args].concat());
    assert_eq!(printed, "ok\n");
}

/// A client of a server that holds `count` strings, a list and nothing else.
fn fill(server: &Served, count: usize) -> Client {
    let mut client = server.client();
    for i in 0..count {
        client.send(format!("SET key:{i} {i}\r\n"));
    }
    client.replies(count);
    assert_eq!(client.call("RPUSH queue a b c"), r":3\r\n");
    client
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_hints_helps_and_shows_statistics_at_a_terminal() {
    let server = serve(2, &[]);
    run("redis-cli", &["--version"]);
    script("terminal.py", &[&port(&server)]);
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn redis_cli_scans_all_keys() {
    let server = serve(2, &[]);
    fill(&server, 3000);
    let printed = redis_cli(&server, &["--scan", "--pattern", "key:*"]);
    let mut keys: Vec<&str> = printed.lines().collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 3000);
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn redis_cli_finds_the_big_keys() {
    let server = serve(2, &[]);
    let mut client = fill(&server, 1000);
    assert_eq!(client.call("APPEND key:7 a-longer-string"), r":16\r\n");
    let printed = redis_cli(&server, &["--bigkeys"]);
    for line in [
        "Sampled 1001 keys in the keyspace!",
        "list found '\"queue\"' has 3 items",
        "string found '\"key:7\"' has 16 bytes",
    ] {
        assert!(printed.contains(line), "no {line} in {printed}");
    }
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn redis_cli_pipes_a_mass_of_commands() {
    let server = serve(2, &[]);
    let count = std::env::var("KV_PIPED").map_or(100_000, |n| n.parse().expect("it is a number"));
    let input: Vec<u8> =
        (0..count).flat_map(|i: u32| format!("SET key:{i} {i}\r\n").into_bytes()).collect();
    let printed = run_with_input("redis-cli", &["-p", &port(&server), "--pipe"], input);
    assert!(printed.contains(&format!("errors: 0, replies: {count}")), "{printed}");
    assert_eq!(server.client().call("DBSIZE"), format!(r":{count}\r\n"));
}

/// Runs benchmarks, each of which must come to its end.
fn benchmark(tests: &str, args: &[&str]) {
    raise_file_limit();
    let server = serve(2, &[]);
    let port = port(&server);
    let printed = run("redis-benchmark", &[&["-p", &port, "--csv", "-t", tests], args].concat());
    for test in tests.split(',') {
        let title = format!("\"{}", test.to_uppercase());
        assert!(printed.contains(&title), "no {title} in {printed}");
    }
    assert!(!printed.contains("Error"), "{printed}");
    assert_eq!(server.client().call("PING"), r"+PONG\r\n");
}

const EVERYTHING: &str = "ping,set,get,incr,lpush,rpush,lpop,rpop,lrange,mset";

#[test]
#[ignore = "needs redis-benchmark; run with --ignored"]
fn redis_benchmark_runs_with_50_clients() {
    benchmark(EVERYTHING, &["-c", "50", "-n", "5000"]);
}

#[test]
#[ignore = "needs redis-benchmark; run with --ignored"]
fn redis_benchmark_runs_with_2000_clients_and_pipelines() {
    let short = EVERYTHING.replace("lrange,", "");
    benchmark(&short, &["-c", "2000", "-P", "32", "-n", "64000"]);
    benchmark("lrange", &["-c", "2000", "-P", "32", "-n", "4000"]);
}

#[test]
#[ignore = "needs redis-benchmark; run with --ignored"]
fn redis_benchmark_runs_with_values_of_4_kb() {
    benchmark(EVERYTHING, &["-c", "50", "-d", "4096", "-n", "2000"]);
}

#[test]
#[ignore = "needs python3 and redis-py; run with --ignored"]
fn redis_py_works_in_both_protocols() {
    let has_redis_py = try_run("python3", &["-c", "import redis"], Vec::new()).status.success();
    assert!(has_redis_py, "redis-py is missing: pip install redis");
    for protocol in ["2", "3"] {
        let server = serve(2, &[]);
        script("redis_py.py", &[&port(&server), protocol]);
    }
}
