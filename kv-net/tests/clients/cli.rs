//! redis-cli, with options and at a terminal.

use super::support::{Client, Served, serve};
use super::{beside, port, run, run_checks, run_with_input};

fn redis_cli(server: &Served, args: &[&str]) -> String {
    run("redis-cli", &[&["-p", &port(server)], args].concat())
}

fn contains_all(printed: &str, texts: &[&str]) {
    for text in texts {
        assert!(printed.contains(text), "no {text} in {printed}");
    }
}

fn at_a_terminal(topic: &str) {
    run_checks("python3", &[&beside("terminal.py"), &port(&serve(2, &[])), topic]);
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
    contains_all(
        &printed,
        &[
            "Sampled 1001 keys in the keyspace!",
            "list found '\"queue\"' has 3 items",
            "string found '\"key:7\"' has 16 bytes",
        ],
    );
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn redis_cli_finds_the_keys_that_take_most_memory() {
    let server = serve(2, &[]);
    let mut client = fill(&server, 1000);
    assert_eq!(client.call("SETRANGE key:7 100000 x"), r":100001\r\n");
    let printed = redis_cli(&server, &["--memkeys"]);
    contains_all(
        &printed,
        &["Sampled 1001 keys in the keyspace!", "string found '\"key:7\"' has 1"],
    );
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn redis_cli_finds_the_keys_that_are_used_most() {
    let server = serve(2, &[("maxmemory-policy", "allkeys-lfu")]);
    let mut client = fill(&server, 100);
    (0..2000).for_each(|_| drop(client.call("GET key:7")));
    let printed = redis_cli(&server, &["--hotkeys"]);
    let first = printed.split_once("-- summary --").expect("there is a summary").1;
    let hottest = first.lines().find(|line| line.starts_with("hot key found with counter:"));
    assert!(hottest.is_some_and(|line| line.ends_with("keyname: \"key:7\"")), "{printed}");
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn redis_cli_refuses_to_look_for_hot_keys_without_counters() {
    let server = serve(2, &[]);
    fill(&server, 1);
    let port = port(&server);
    let script = format!("! redis-cli -p {port} --hotkeys");
    let printed = run("sh", &["-c", &script]);
    contains_all(&printed, &["ERR An LFU maxmemory policy is not selected"]);
}

#[test]
#[ignore = "needs redis-cli; run with --ignored"]
fn redis_cli_shows_replies_in_every_form() {
    let server = serve(2, &[]);
    assert_eq!(redis_cli(&server, &["-r", "3", "INCR", "n"]), "1\n2\n3\n");
    redis_cli(&server, &["HSET", "h", "f", "a \"b\"", "g", "1"]);
    assert_eq!(
        redis_cli(&server, &["--csv", "HGETALL", "h"]),
        "\"f\",\"a \\\"b\\\"\",\"g\",\"1\"\n"
    );
    assert_eq!(
        redis_cli(&server, &["-3", "--json", "HGETALL", "h"]),
        "{\"f\":\"a \\\"b\\\"\",\"g\":\"1\"}\n"
    );
    assert_eq!(redis_cli(&server, &["--no-raw", "GET", "none"]), "(nil)\n");
    let input = b"from standard input".to_vec();
    run_with_input("redis-cli", &["-p", &port(&server), "-x", "SET", "x"], input);
    assert_eq!(redis_cli(&server, &["-n", "0", "GET", "x"]), "from standard input\n");
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

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_hints_and_helps_at_a_terminal() {
    at_a_terminal("hints");
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_shows_that_it_is_in_a_transaction() {
    at_a_terminal("transaction");
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_shows_statistics_at_a_terminal() {
    at_a_terminal("statistics");
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_measures_latency() {
    at_a_terminal("latency");
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_pubsub() {
    at_a_terminal("pubsub");
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_blocking() {
    at_a_terminal("blocking");
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn redis_cli_monitor() {
    at_a_terminal("monitor");
}

/// The same as redis-cli, as far as it is for the same.
fn with_kv_client(topic: &str) {
    let server = serve(2, &[]);
    let program = env!("CARGO_BIN_EXE_kv-client");
    run_checks("python3", &[&beside("terminal.py"), &port(&server), topic, program]);
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn kv_client_does_at_a_terminal_what_redis_cli_does() {
    for topic in ["hints", "transaction", "pubsub", "monitor", "blocking"] {
        with_kv_client(topic);
    }
}

#[test]
#[ignore = "needs redis-cli and python3; run with --ignored"]
fn kv_client_completes_reconnects_and_keeps_a_history() {
    with_kv_client("kv_client");
}
