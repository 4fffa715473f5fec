//! OBJECT. The replies are those of Redis.

mod support;

use support::{Client, SHARDS, check};

const NO_FREQUENCY: &str = "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";
const NO_IDLE_TIME: &str = "-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";

#[test]
fn encoding_tells_integers_short_strings_and_long_ones_apart() {
    let (short, long) = ("x".repeat(44), "x".repeat(45));
    check(&[
        ("OBJECT ENCODING a", "_"),
        ("SET a 1", "+OK"),
        ("OBJECT ENCODING a", "$int"),
        ("object encoding a", "$int"),
        ("SET a -9223372036854775808", "+OK"),
        ("OBJECT ENCODING a", "$int"),
        ("SET a 9223372036854775808", "+OK"),
        ("OBJECT ENCODING a", "$embstr"),
        ("SET a 007", "+OK"),
        ("OBJECT ENCODING a", "$embstr"),
        (r#"SET a """#, "+OK"),
        ("OBJECT ENCODING a", "$embstr"),
        (&format!("SET a {short}"), "+OK"),
        ("OBJECT ENCODING a", "$embstr"),
        (&format!("SET a {long}"), "+OK"),
        ("OBJECT ENCODING a", "$raw"),
        ("GETSET a 5", &format!("${long}")),
        ("OBJECT ENCODING a", "$int"),
        ("APPEND new 12", ":2"),
        ("OBJECT ENCODING new", "$int"),
        ("INCR new", ":13"),
        ("OBJECT ENCODING new", "$int"),
    ]);
}

#[test]
fn encoding_of_a_list_depends_on_its_size() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("RPUSH l a b c");
        assert_eq!(client.run("OBJECT ENCODING l"), "$listpack");
        let item = "x".repeat(1000);
        (0..8).for_each(|_| drop(client.run(&format!("RPUSH l {item}"))));
        assert_eq!(client.run("OBJECT ENCODING l"), "$listpack");
        client.run(&format!("RPUSH l {item}"));
        assert_eq!(client.run("OBJECT ENCODING l"), "$quicklist");
        client.run("LPOP l 9");
        assert_eq!(client.run("OBJECT ENCODING l"), "$listpack");
    }
}

#[test]
fn small_integers_are_shared_unless_eviction_notes_their_use() {
    check(&[
        ("OBJECT REFCOUNT a", "_"),
        ("MSET zero 0 most 9999 more 10000 less -1 text hello odd 007", "+OK"),
        ("RPUSH list 1", ":1"),
        ("OBJECT REFCOUNT zero", ":2147483647"),
        ("OBJECT REFCOUNT most", ":2147483647"),
        ("OBJECT REFCOUNT more", ":1"),
        ("OBJECT REFCOUNT less", ":1"),
        ("OBJECT REFCOUNT text", ":1"),
        ("OBJECT REFCOUNT odd", ":1"),
        ("OBJECT REFCOUNT list", ":1"),
        ("CONFIG SET maxmemory-policy allkeys-lru", "+OK"),
        ("OBJECT REFCOUNT zero", ":2147483647"),
        ("CONFIG SET maxmemory 1gb", "+OK"),
        ("OBJECT REFCOUNT zero", ":1"),
        ("CONFIG SET maxmemory-policy volatile-lfu", "+OK"),
        ("OBJECT REFCOUNT zero", ":1"),
        ("CONFIG SET maxmemory-policy volatile-ttl", "+OK"),
        ("OBJECT REFCOUNT zero", ":2147483647"),
        ("CONFIG SET maxmemory-policy noeviction", "+OK"),
        ("OBJECT REFCOUNT zero", ":2147483647"),
    ]);
}

#[test]
fn frequency_is_told_under_an_lfu_policy_and_idle_time_under_any_other() {
    check(&[
        ("SET a hello", "+OK"),
        ("OBJECT IDLETIME a", ":0"),
        ("OBJECT FREQ a", NO_FREQUENCY),
        ("CONFIG SET maxmemory-policy allkeys-lfu", "+OK"),
        ("OBJECT IDLETIME a", NO_IDLE_TIME),
        ("OBJECT FREQ nosuch", "_"),
        ("OBJECT IDLETIME nosuch", "_"),
        ("CONFIG SET maxmemory-policy volatile-lfu", "+OK"),
        ("OBJECT IDLETIME a", NO_IDLE_TIME),
        ("CONFIG SET maxmemory-policy volatile-random", "+OK"),
        ("OBJECT FREQ a", NO_FREQUENCY),
        ("OBJECT IDLETIME a", ":0"),
        ("OBJECT FREQ nosuch", "_"),
        ("OBJECT IDLETIME nosuch", "_"),
    ]);
}

#[test]
fn a_new_key_has_the_frequency_five() {
    check(&[
        ("CONFIG SET maxmemory-policy allkeys-lfu", "+OK"),
        ("SET a hello", "+OK"),
        ("OBJECT FREQ a", ":5"),
        ("OBJECT FREQ a", ":5"),
    ]);
}

#[test]
fn object_looks_into_the_selected_database_and_sees_no_expired_key() {
    check(&[
        ("SET a 1 PX 100", "+OK"),
        ("OBJECT ENCODING a", "$int"),
        ("+101ms", ""),
        ("OBJECT ENCODING a", "_"),
        ("OBJECT REFCOUNT a", "_"),
        ("SET a 1", "+OK"),
        ("SELECT 1", "+OK"),
        ("OBJECT ENCODING a", "_"),
    ]);
}

#[test]
fn object_counts_hits_and_misses() {
    let mut client = Client::new(1);
    client.run("SET a hello");
    for subcommand in ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"] {
        client.run(&format!("OBJECT {subcommand} a"));
        client.run(&format!("OBJECT {subcommand} b"));
    }
    let stats = client.run("INFO stats");
    assert!(stats.contains(r"\x0akeyspace_hits:4\x0d"), "{stats}");
    assert!(stats.contains(r"\x0akeyspace_misses:4\x0d"), "{stats}");
}

#[test]
fn object_subcommands_are_checked() {
    check(&[
        ("OBJECT", "-ERR wrong number of arguments for 'object' command"),
        ("OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command"),
        ("OBJECT FREQ a b", "-ERR wrong number of arguments for 'object|freq' command"),
        ("OBJECT IDLETIME", "-ERR wrong number of arguments for 'object|idletime' command"),
        ("OBJECT REFCOUNT", "-ERR wrong number of arguments for 'object|refcount' command"),
        ("OBJECT HELP x", "-ERR wrong number of arguments for 'object|help' command"),
        ("OBJECT nosuch", "-ERR unknown subcommand 'nosuch'. Try OBJECT HELP."),
        ("COMMAND GETKEYS OBJECT ENCODING k", "[$k]"),
        (
            "COMMAND INFO object|freq",
            "[[$object|freq :3 ~[+readonly] :2 :2 :1 ~[+@keyspace +@read +@slow] \
             ~[$nondeterministic_output] ~[{$flags=~[+RO] $begin_search={$type=$index \
             $spec={$index=:2}} $find_keys={$type=$range $spec={$lastkey=:0 $keystep=:1 \
             $limit=:0}}}] ~[]]]",
        ),
    ]);
    let help = Client::new(1).run("OBJECT HELP");
    assert!(help.starts_with("[+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subc"), "{help}");
    assert!(help.contains(" +ENCODING key +    "), "{help}");
}

/// The frequencies of the keys `k` and `n` after a request, where each use counts and `k` was used
/// three times before.
#[track_caller]
fn check_uses(setup: &str, request: &str, k: &str, n: &str) {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0 lfu-decay-time 0");
        client.run(setup);
        (0..3).for_each(|_| drop(client.run("TOUCH k")));
        client.run(request);
        let found = (client.run("OBJECT FREQ k"), client.run("OBJECT FREQ n"));
        let expected = (k.to_owned(), n.to_owned());
        assert_eq!(found, expected, "{setup}, {request}, {shards} shards");
    }
}

#[test]
fn a_look_at_a_key_is_no_use_of_it() {
    for request in [
        "EXISTS k",
        "TYPE k",
        "TTL k",
        "PTTL k",
        "EXPIRETIME k",
        "PEXPIRETIME k",
        "OBJECT ENCODING k",
        "OBJECT REFCOUNT k",
        "OBJECT FREQ k",
        "MEMORY USAGE k",
        "KEYS *",
        "SCAN 0",
        "RANDOMKEY",
        "DBSIZE",
    ] {
        for setup in ["SET k hello", "SET k hello EX 1000", "SET k 5", "RPUSH k a b c"] {
            check_uses(setup, request, ":8", "_");
        }
    }
}

#[test]
fn a_command_that_reads_or_replaces_a_value_uses_its_key_once() {
    for request in [
        "GET k",
        "SET k new",
        "SET k new XX",
        "SET k new KEEPTTL",
        "SET k new EX 100",
        "SETEX k 100 new",
        "PSETEX k 100000 new",
        "GETEX k",
        "GETEX k EX 100",
        "GETEX k PERSIST",
        "MGET k",
        "MSET k new",
        "APPEND k more",
        "STRLEN k",
        "GETRANGE k 0 1",
        "SUBSTR k 0 1",
        "SETRANGE k 0 new",
        "TOUCH k",
    ] {
        check_uses("SET k hello", request, ":9", "_");
        check_uses("SET k hello EX 1000", request, ":9", "_");
    }
    for request in ["INCR k", "DECR k", "INCRBY k 2", "DECRBY k 2", "INCRBYFLOAT k 1.5"] {
        check_uses("SET k 5", request, ":9", "_");
    }
    for request in [
        "LPUSH k a",
        "RPUSH k a b",
        "LPUSHX k a",
        "RPUSHX k a",
        "LPOP k",
        "RPOP k",
        "LPOP k 2",
        "LPOP k 0",
        "LLEN k",
        "LRANGE k 0 -1",
        "LINDEX k 0",
        "GET k",
        "SET k new",
    ] {
        check_uses("RPUSH k a b c d", request, ":9", "_");
    }
}

#[test]
fn a_command_that_looks_twice_uses_its_key_twice() {
    for request in
        ["GETSET k new", "SET k new GET", "SET k new XX GET", "MGET k k", "TOUCH k k", "LCS k k"]
    {
        check_uses("SET k hello", request, ":10", "_");
    }
    check_uses("SET k hello", "MSET k a k b", ":10", "_");
}

#[test]
fn a_new_key_starts_at_five_whichever_command_stores_it() {
    for request in [
        "SET n v",
        "SET n v NX",
        "SET n v GET",
        "SETNX n v",
        "SETEX n 100 v",
        "GETSET n v",
        "MSET n v",
        "MSETNX n v",
        "APPEND n v",
        "INCR n",
        "INCRBYFLOAT n 1.5",
        "LPUSH n a",
        "RPUSH n a b",
    ] {
        check_uses("SET k hello", request, ":8", ":5");
    }
}

/// The mean frequency of a hundred keys after `count` accesses to each.
fn mean_frequency(client: &mut Client, count: usize) -> f64 {
    let keys: Vec<String> = (0..100).map(|key| format!("key:{key}")).collect();
    keys.iter().for_each(|key| drop(client.send(&["SET", key, "x"])));
    for _ in 0..count {
        keys.iter().for_each(|key| drop(client.send(&["GET", key])));
    }
    let frequency = |key: &String| client.run(&format!("OBJECT FREQ {key}"))[1..].parse::<f64>();
    keys.iter().map(frequency).sum::<Result<f64, _>>().expect("frequencies are numbers") / 100.0
}

#[test]
fn the_frequency_grows_with_the_logarithm_of_the_accesses() {
    for (factor, count, expected) in [
        (10, 10, 6.4..7.0),
        (10, 100, 9.3..10.2),
        (10, 1000, 19.0..20.0),
        (1, 100, 17.8..19.2),
        (100, 1000, 9.3..10.3),
        (0, 300, 255.0..255.5),
    ] {
        let mut client = Client::new(1);
        client.run(&format!("CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor {factor}"));
        let mean = mean_frequency(&mut client, count);
        assert!(expected.contains(&mean), "{mean} after {count} accesses, factor {factor}");
    }
}

#[test]
fn the_frequency_sinks_by_one_for_each_period_without_use() {
    for (decay_min, minutes, left) in
        [(1, 1, 39), (1, 30, 10), (1, 100, 0), (5, 14, 38), (0, 100, 40)]
    {
        let mut client = Client::new(1);
        client.run("CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0");
        client.run(&format!("CONFIG SET lfu-decay-time {decay_min}"));
        client.run("SET a x");
        (0..35).for_each(|_| drop(client.run("GET a")));
        client.run(&format!("+{}ms", minutes * 60_000));
        assert_eq!(client.run("OBJECT FREQ a"), format!(":{left}"));
        assert_eq!(client.run("OBJECT FREQ a"), format!(":{left}"), "looking changes nothing");
        client.run("GET a");
        assert_eq!(client.run("OBJECT FREQ a"), format!(":{}", left + 1));
    }
}

#[test]
fn the_idle_time_is_the_time_since_the_last_use() {
    check(&[
        ("SET a x", "+OK"),
        ("RPUSH l x y", ":2"),
        ("+10000ms", ""),
        ("OBJECT IDLETIME a", ":10"),
        ("EXISTS a", ":1"),
        ("OBJECT IDLETIME a", ":10"),
        ("GET a", "$x"),
        ("OBJECT IDLETIME a", ":0"),
        ("OBJECT IDLETIME l", ":10"),
        ("LLEN l", ":2"),
        ("OBJECT IDLETIME l", ":0"),
        ("+86400000ms", ""),
        ("OBJECT IDLETIME a", ":86400"),
        ("SET a y", "+OK"),
        ("OBJECT IDLETIME a", ":0"),
        ("+5000ms", ""),
        ("COPY a b", ":1"),
        ("OBJECT IDLETIME b", ":0"),
    ]);
}
