//! DEBUG, and the commands that ask for what this server does not have. The replies are those of
//! Redis.

mod support;

use kv_core::command::flag;
use support::{Client, SHARDS, START_MS, check};

const NOT_ALLOWED: &str = "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \
    \"local\", you can run it from a local connection, otherwise you need to set this option in the \
    configuration file, and then restart the server.";

const DISABLED: &str = "-ERR This instance has cluster support disabled";

/// A client that may use DEBUG.
fn client(shards: usize) -> Client {
    let client = Client::new(shards);
    let setting = kv_core::config::find(b"enable-debug-command").expect("it is one");
    client.kernel.config.set(setting, b"yes").expect("it is a value");
    client
}

#[track_caller]
fn check_allowed(table: &[(&str, &str)]) {
    for shards in SHARDS {
        let mut client = client(shards);
        for (request, expected) in table {
            assert_eq!(client.run(request), *expected, "{request}, with {shards} shards");
        }
    }
}

#[test]
fn debug_is_refused_unless_a_setting_allows_it() {
    check(&[
        ("DEBUG", "-ERR wrong number of arguments for 'debug' command"),
        ("DEBUG SLEEP 0", NOT_ALLOWED),
        ("DEBUG nosuch", NOT_ALLOWED),
        (
            "CONFIG SET enable-debug-command yes",
            "-ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - can't set immutable config",
        ),
        ("MULTI", "+OK"),
        ("DEBUG SLEEP 0", NOT_ALLOWED),
        ("EXEC", "-EXECABORT Transaction discarded because of previous errors."),
    ]);
    let mut client = Client::new(1);
    client.run("DEBUG SLEEP 0");
    let stats = client.run("INFO commandstats");
    assert!(stats.contains("cmdstat_debug:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,"));
}

#[test]
fn debug_answers_what_test_suites_ask() {
    check_allowed(&[
        ("DEBUG SLEEP 0", "+OK"),
        ("DEBUG SLEEP x", "+OK"),
        ("DEBUG SLEEP -1", "+OK"),
        ("DEBUG LOG hi", "+OK"),
        ("DEBUG CHANGE-REPL-ID", "+OK"),
        ("DEBUG ERROR \"CODE text\"", "-CODE text"),
        ("DEBUG QUICKLIST-PACKED-THRESHOLD 100b", "+OK"),
        ("DEBUG QUICKLIST-PACKED-THRESHOLD 0", "+OK"),
        (
            "DEBUG QUICKLIST-PACKED-THRESHOLD 4gb",
            "-ERR argument must be a memory value bigger than 1 and smaller than 4gb",
        ),
        (
            "DEBUG QUICKLIST-PACKED-THRESHOLD x",
            "-ERR argument must be a memory value bigger than 1 and smaller than 4gb",
        ),
        ("DEBUG OBJECT nosuch", "-ERR no such key"),
        ("DEBUG LISTPACK nosuch", "-ERR no such key"),
        ("SET a 1", "+OK"),
        ("DEBUG LISTPACK a", "-ERR Not a listpack encoded object."),
        (
            "dEbug sLeep",
            "-ERR unknown subcommand or wrong number of arguments for 'sLeep'. Try DEBUG HELP.",
        ),
        (
            "DEBUG JMAP",
            "-ERR unknown subcommand or wrong number of arguments for 'JMAP'. Try DEBUG HELP.",
        ),
        (
            "DEBUG HELP x",
            "-ERR unknown subcommand or wrong number of arguments for 'HELP'. Try DEBUG HELP.",
        ),
    ]);
    assert!(client(1).run("DEBUG HELP").starts_with("[+DEBUG <subcommand> "));
}

#[test]
fn debug_object_tells_how_a_value_is_kept() {
    for shards in SHARDS {
        let mut client = client(shards);
        for request in ["SET a 1", "SET s hello", "RPUSH l a b c", "+3000ms"] {
            client.run(request);
        }
        let lru = (START_MS / 1000) & 0xff_ffff;
        for (key, kept) in [
            ("a", "refcount:2147483647 encoding:int serializedlength:2"),
            ("s", "refcount:1 encoding:embstr serializedlength:6"),
            ("l", "refcount:1 encoding:listpack serializedlength:"),
        ] {
            let told = client.run(&format!("DEBUG OBJECT {key}"));
            assert!(told.starts_with(&format!("+Value at:0x0 {kept}")), "{told}");
            assert!(told.ends_with(&format!(" lru:{lru} lru_seconds_idle:3")), "{told}");
        }
    }
}

#[test]
fn a_digest_depends_on_the_data_alone() {
    let data = [
        "SET a 1",
        "SADD s x y z",
        "HSET h f 1 g 2",
        "RPUSH l 1 2",
        "ZADD z 1 m",
        "XADD x 1-1 f v",
    ];
    let digest = |requests: &[&str], shards| {
        let mut client = client(shards);
        requests.iter().for_each(|request| drop(client.run(request)));
        client.run("DEBUG DIGEST")
    };
    let expected = digest(&data, 1);
    assert_eq!(expected.len(), 41);
    let otherwise = [
        "XADD x 1-1 f v",
        "SET b 1",
        "DEL b",
        "SADD s z q y x",
        "SREM s q",
        "HSET h g 2 f 1",
        "RPUSH l 2",
        "LPUSH l 1",
        "ZADD z 1 m",
        "SET a 1",
    ];
    assert_eq!(digest(&otherwise, 16), expected);
    for change in [
        "SET a 2",
        "SADD s w",
        "HSET h f 2",
        "RPUSH l 3",
        "ZADD z 2 m",
        "XADD x 2-1 f v",
        "DEL a",
        "MOVE a 1",
    ] {
        assert_ne!(digest(&[&data[..], &[change]].concat(), 1), expected, "{change}");
    }
    assert_eq!(digest(&[], 1), format!("+{}", "0".repeat(40)));
    let mut client = client(16);
    data.iter().for_each(|request| drop(client.run(request)));
    client.run("SADD t z y x");
    let digests = client.run("DEBUG DIGEST-VALUE s t nosuch h");
    let digests: Vec<&str> = digests.trim_matches(['[', ']']).split(' ').collect();
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[2], format!("+{}", "0".repeat(40)));
    assert_ne!(digests[0], digests[3]);
}

#[test]
fn expired_keys_stay_until_active_expiry_goes_on() {
    let mut client = client(1);
    for request in ["SET k v PX 10", "DEBUG SET-ACTIVE-EXPIRE 0", "+1000ms"] {
        client.run(request);
    }
    assert_eq!(client.kernel.due_ms(), None);
    assert_eq!(client.kernel.batch(client.now).tend(100), 0);
    assert_eq!(client.run("DBSIZE"), ":1");
    assert_eq!(client.run("DEBUG SET-ACTIVE-EXPIRE 1"), "+OK");
    client.kernel.batch(client.now).tend(100);
    assert_eq!(client.run("DBSIZE"), ":0");
}

#[test]
fn what_is_absent_is_told_as_redis_tells_it() {
    let start_s = START_MS / 1000;
    check(&[
        ("ROLE", "[$master :0 []]"),
        ("ROLE x", "-ERR wrong number of arguments for 'role' command"),
        ("LASTSAVE", &format!(":{start_s}")),
        ("MODULE LIST", "[]"),
        ("MODULE nosuch", "-ERR unknown subcommand 'nosuch'. Try MODULE HELP."),
        ("MODULE LOAD", "-ERR wrong number of arguments for 'module|load' command"),
        ("LOLWUT", "=Redis ver. 7.2.0\\x0a"),
        ("LOLWUT x 1 2", "=Redis ver. 7.2.0\\x0a"),
        ("LOLWUT VERSION x", "-ERR value is not an integer or out of range"),
        ("CLUSTER", "-ERR wrong number of arguments for 'cluster' command"),
        ("CLUSTER INFO", DISABLED),
        ("CLUSTER MYID", DISABLED),
        ("CLUSTER KEYSLOT foo", DISABLED),
        ("CLUSTER KEYSLOT", "-ERR wrong number of arguments for 'cluster|keyslot' command"),
        ("CLUSTER nosuch", "-ERR unknown subcommand 'nosuch'. Try CLUSTER HELP."),
        ("READONLY", DISABLED),
        ("READWRITE", DISABLED),
        ("ASKING", DISABLED),
        ("READONLY x", "-ERR wrong number of arguments for 'readonly' command"),
        ("REPLICAOF no one", "+OK"),
        ("SLAVEOF NO ONE", "+OK"),
        ("REPLICAOF localhost x", "-ERR Invalid master port"),
        ("REPLICAOF localhost 70000", "-ERR Invalid master port"),
        ("FAILOVER ABORT", "-ERR No failover in progress."),
        ("FAILOVER", "-ERR FAILOVER requires connected replicas."),
        ("FAILOVER TIMEOUT 1", "-ERR FAILOVER requires connected replicas."),
        ("FAILOVER x", "-ERR syntax error"),
        ("FAILOVER TO a", "-ERR syntax error"),
    ]);
    let mut client = Client::new(1);
    assert!(client.run("MODULE LOAD x").starts_with("-ERR MODULE command not allowed. If the "));
    assert!(client.run("REPLICAOF localhost 6379").starts_with("-ERR "));
}

#[test]
fn debug_is_one_command_for_clients() {
    check(&[
        (
            "COMMAND INFO debug",
            "[[$debug :-2 ~[+admin +noscript +loading +stale] :0 :0 :0 ~[+@admin +@slow +@dangerous] ~[] ~[] ~[]]]",
        ),
        (
            "COMMAND DOCS lolwut",
            "{$lolwut={$summary=$Shows the version. $since=$5.0.0 $group=$server \
             $arguments=[{$name=$version $type=$integer $display_text=$version $token=$VERSION $flags=~[+optional]}]}}",
        ),
        (
            "COMMAND INFO readonly",
            "[[$readonly :1 ~[+loading +stale +fast] :0 :0 :0 ~[+@fast +@connection] ~[] ~[] ~[]]]",
        ),
        (
            "COMMAND INFO slowlog|len",
            "[[$slowlog|len :2 ~[+admin +loading +stale] :0 :0 :0 ~[+@admin +@slow +@dangerous] \
             ~[$request_policy:all_nodes $response_policy:agg_sum $nondeterministic_output] ~[] ~[]]]",
        ),
    ]);
    let debug = kv_core::command::table::find(b"debug").expect("it is one");
    assert!(debug.has(flag::PROTECTED));
}
