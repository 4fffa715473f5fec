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
