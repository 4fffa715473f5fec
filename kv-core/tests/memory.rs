//! MEMORY, the memory that INFO tells of, and the settings of eviction.

mod support;

use support::{Client, SHARDS, check};

#[test]
fn usage_is_told_of_keys_that_exist_after_the_options_are_checked() {
    check(&[
        ("MEMORY USAGE a", "_"),
        ("MEMORY USAGE a SAMPLES 5", "_"),
        ("MEMORY USAGE a SAMPLES", "-ERR syntax error"),
        ("MEMORY USAGE a SAMPLES x", "-ERR value is not an integer or out of range"),
        ("MEMORY USAGE a SAMPLES -1", "-ERR syntax error"),
        (
            "MEMORY USAGE a SAMPLES 99999999999999999999",
            "-ERR value is not an integer or out of range",
        ),
        ("MEMORY USAGE a SAMPLES 1 SAMPLES -1", "-ERR syntax error"),
        ("MEMORY USAGE a SAMPLES x nosuch", "-ERR value is not an integer or out of range"),
        ("MEMORY USAGE a nosuch", "-ERR syntax error"),
        ("MEMORY USAGE a nosuch 5", "-ERR syntax error"),
        ("SET a hello PX 100", "+OK"),
        ("MEMORY USAGE a nosuch", "-ERR syntax error"),
        ("+101ms", ""),
        ("MEMORY USAGE a", "_"),
    ]);
}

/// The reply to MEMORY USAGE, in bytes.
fn usage(client: &mut Client, key: &str) -> usize {
    let reply = client.run(&format!("MEMORY USAGE {key}"));
    reply.strip_prefix(':').and_then(|bytes| bytes.parse().ok()).expect(&reply)
}

#[test]
fn usage_is_no_less_than_the_bytes_of_key_and_value_and_does_not_depend_on_samples() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let value = "x".repeat(1000);
        client.run(&format!("SET key {value}"));
        client.run("SET k 1");
        client.run(&format!("RPUSH list {value} {value} {value}"));
        assert!((1003..1200).contains(&usage(&mut client, "key")));
        assert!((2..200).contains(&usage(&mut client, "k")));
        assert!((3004..4500).contains(&usage(&mut client, "list")));
        let all = client.run("MEMORY USAGE list");
        for samples in ["samples 0", "SAMPLES 1", "SAMPLES 1 SAMPLES 100"] {
            assert_eq!(client.run(&format!("MEMORY USAGE list {samples}")), all, "{samples}");
        }
    }
}

#[test]
fn usage_counts_neither_hits_nor_misses() {
    let mut client = Client::new(1);
    client.run("SET a 1");
    client.run("MEMORY USAGE a");
    client.run("MEMORY USAGE b");
    assert_eq!(field(&mut client, "keyspace_hits"), "0");
    assert_eq!(field(&mut client, "keyspace_misses"), "0");
}

#[test]
fn memory_subcommands_are_checked() {
    check(&[
        ("MEMORY", "-ERR wrong number of arguments for 'memory' command"),
        ("MEMORY USAGE", "-ERR wrong number of arguments for 'memory|usage' command"),
        ("MEMORY STATS x", "-ERR wrong number of arguments for 'memory|stats' command"),
        ("MEMORY DOCTOR x", "-ERR wrong number of arguments for 'memory|doctor' command"),
        ("MEMORY PURGE x", "-ERR wrong number of arguments for 'memory|purge' command"),
        ("MEMORY HELP x", "-ERR wrong number of arguments for 'memory|help' command"),
        (
            "MEMORY MALLOC-STATS x",
            "-ERR wrong number of arguments for 'memory|malloc-stats' command",
        ),
        ("MEMORY nosuch", "-ERR unknown subcommand 'nosuch'. Try MEMORY HELP."),
        ("MEMORY PURGE", "+OK"),
        ("MEMORY MALLOC-STATS", "$Stats not supported for the current allocator"),
        ("COMMAND GETKEYS MEMORY USAGE k SAMPLES 5", "[$k]"),
        (
            "COMMAND INFO memory|usage",
            "[[$memory|usage :-3 ~[+readonly] :2 :2 :1 ~[+@read +@slow] ~[] \
             ~[{$flags=~[+RO] $begin_search={$type=$index $spec={$index=:2}} \
             $find_keys={$type=$range $spec={$lastkey=:0 $keystep=:1 $limit=:0}}}] ~[]]]",
        ),
    ]);
    let mut client = Client::new(1);
    assert!(client.run("MEMORY DOCTOR").starts_with('='));
    let help = client.run("MEMORY HELP");
    assert!(help.contains(" +USAGE key [SAMPLES count] +    "), "{help}");
}

#[test]
fn stats_has_the_fields_of_redis_in_their_order_and_a_map_for_each_database_with_keys() {
    let expected = "peak.allocated total.allocated startup.allocated replication.backlog \
        clients.slaves clients.normal cluster.links aof.buffer lua.caches functions.caches \
        db.0 overhead.hashtable.main overhead.hashtable.expires overhead.hashtable.slot-to-keys \
        db.3 overhead.hashtable.main overhead.hashtable.expires overhead.hashtable.slot-to-keys \
        overhead.total keys.count keys.bytes-per-key dataset.bytes dataset.percentage \
        peak.percentage allocator.allocated allocator.active allocator.resident \
        allocator-fragmentation.ratio allocator-fragmentation.bytes allocator-rss.ratio \
        allocator-rss.bytes rss-overhead.ratio rss-overhead.bytes fragmentation \
        fragmentation.bytes";
    for shards in SHARDS {
        let mut client = Client::new(shards);
        for request in ["SET a 1", "SET b 2", "SELECT 3", "SET c 3", "HELLO 3"] {
            client.run(request);
        }
        let stats = client.run("MEMORY STATS");
        let names: Vec<&str> = stats
            .split(['{', ' ', '}'])
            .filter_map(|pair| Some(pair.strip_prefix('$')?.split_once('=')?.0))
            .collect();
        assert_eq!(names.join(" "), expected);
        assert!(stats.contains("$keys.count=:3 "), "{stats}");
        for double in ["dataset.percentage", "peak.percentage", "fragmentation"] {
            assert!(stats.contains(&format!("${double}=,")), "{double}: {stats}");
        }
    }
}

/// A field of INFO.
fn field(client: &mut Client, name: &str) -> String {
    let info = client.run("INFO");
    let mut lines = info.split(r"\x0d\x0a").filter_map(|line| line.split_once(':'));
    let found = lines.find(|line| line.0 == name);
    found.unwrap_or_else(|| panic!("INFO has no {name}")).1.to_owned()
}

#[test]
fn info_has_the_fields_that_exporters_ask_for() {
    let names = "used_memory used_memory_human used_memory_rss used_memory_rss_human \
        used_memory_peak used_memory_peak_human used_memory_peak_perc used_memory_overhead \
        used_memory_startup used_memory_dataset used_memory_dataset_perc allocator_allocated \
        allocator_active allocator_resident total_system_memory total_system_memory_human \
        used_memory_lua used_memory_vm_eval used_memory_lua_human used_memory_scripts_eval \
        number_of_cached_scripts number_of_functions number_of_libraries \
        used_memory_vm_functions used_memory_vm_total used_memory_vm_total_human \
        used_memory_functions used_memory_scripts used_memory_scripts_human maxmemory \
        maxmemory_human maxmemory_policy allocator_frag_ratio allocator_frag_bytes \
        allocator_rss_ratio allocator_rss_bytes rss_overhead_ratio rss_overhead_bytes \
        mem_fragmentation_ratio mem_fragmentation_bytes mem_not_counted_for_evict \
        mem_replication_backlog mem_total_replication_buffers mem_clients_slaves \
        mem_clients_normal mem_cluster_links mem_aof_buffer mem_allocator active_defrag_running \
        lazyfree_pending_objects lazyfreed_objects";
    let memory = Client::new(1).run("INFO memory");
    let found: Vec<&str> =
        memory.split(r"\x0d\x0a").filter_map(|line| Some(line.split_once(':')?.0)).collect();
    assert_eq!(found, names.split_whitespace().collect::<Vec<_>>());
    let mut client = Client::new(1);
    for (name, value) in [
        ("expired_stale_perc", "0.00"),
        ("expired_time_cap_reached_count", "0"),
        ("evicted_keys", "0"),
        ("evicted_clients", "0"),
        ("total_eviction_exceeded_time", "0"),
        ("current_eviction_exceeded_time", "0"),
        ("mem_fragmentation_ratio", "0.00"),
        ("used_memory_peak_perc", "0.00%"),
    ] {
        assert_eq!(field(&mut client, name), value, "{name}");
    }
}

#[test]
fn info_tells_the_limit_and_the_policy() {
    let mut client = Client::new(1);
    client.run("CONFIG SET maxmemory 1536mb maxmemory-policy Volatile-LFU");
    assert_eq!(field(&mut client, "maxmemory"), "1610612736");
    assert_eq!(field(&mut client, "maxmemory_human"), "1.50G");
    assert_eq!(field(&mut client, "maxmemory_policy"), "volatile-lfu");
}

#[test]
fn more_data_is_more_memory_in_use() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let used = |client: &mut Client| field(client, "used_memory").parse::<u64>().unwrap();
        let empty = used(&mut client);
        (0..100).for_each(|key| drop(client.run(&format!("SET key:{key} value"))));
        assert!(used(&mut client) > empty);
    }
}

#[test]
fn memory_settings_take_the_values_of_redis() {
    check(&[
        ("CONFIG GET maxmemory", "{$maxmemory=$0}"),
        ("CONFIG SET maxmemory 1kb", "+OK"),
        ("CONFIG GET maxmemory", "{$maxmemory=$1024}"),
        ("CONFIG SET maxmemory 1K", "+OK"),
        ("CONFIG GET maxmemory", "{$maxmemory=$1000}"),
        ("CONFIG SET maxmemory 100mb", "+OK"),
        ("CONFIG GET maxmemory", "{$maxmemory=$104857600}"),
        (r#"CONFIG SET maxmemory "1mb\x00x""#, "+OK"),
        ("CONFIG GET maxmemory", "{$maxmemory=$1048576}"),
        ("CONFIG SET maxmemory-policy ALLKEYS-LRU", "+OK"),
        ("CONFIG GET maxmemory-policy", "{$maxmemory-policy=$allkeys-lru}"),
        ("CONFIG SET lazyfree-lazy-user-del YES", "+OK"),
        ("CONFIG GET lazyfree-lazy-user-del", "{$lazyfree-lazy-user-del=$yes}"),
        ("CONFIG SET activedefrag NO", "+OK"),
        ("CONFIG GET maxmemory-samples", "{$maxmemory-samples=$5}"),
        ("CONFIG SET maxmemory-samples 64", "+OK"),
        ("CONFIG SET lfu-log-factor 0 lfu-decay-time 2147483647", "+OK"),
        ("CONFIG GET lfu-*", "{$lfu-decay-time=$2147483647 $lfu-log-factor=$0}"),
    ]);
}

#[test]
fn memory_settings_are_refused_with_the_texts_of_redis() {
    for (setting, value, why) in [
        ("maxmemory", "-1", "argument must be a memory value"),
        ("maxmemory", "1.5gb", "argument must be a memory value"),
        ("maxmemory", "50%", "argument must be a memory value"),
        (
            "maxmemory-policy",
            "lru",
            "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction",
        ),
        ("maxmemory-samples", "0", "argument must be between 1 and 64 inclusive"),
        ("maxmemory-samples", "65", "argument must be between 1 and 64 inclusive"),
        ("maxmemory-samples", r#""5\x00""#, "argument couldn't be parsed into an integer"),
        ("maxmemory-samples", "x", "argument couldn't be parsed into an integer"),
        ("maxmemory-eviction-tenacity", "101", "argument must be between 0 and 100 inclusive"),
        ("lfu-log-factor", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("lfu-decay-time", "2147483648", "argument must be between 0 and 2147483647 inclusive"),
        ("lazyfree-lazy-expire", "1", "argument must be 'yes' or 'no'"),
        ("active-expire-effort", "11", "argument must be between 1 and 10 inclusive"),
        (
            "activedefrag",
            "yes",
            "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution",
        ),
        ("activedefrag", "on", "argument must be 'yes' or 'no'"),
        (
            "list-max-ziplist-size",
            "2147483648",
            "argument must be between -2147483648 and 2147483647 inclusive",
        ),
    ] {
        let mut client = Client::new(1);
        let before = client.run("CONFIG GET *");
        let text =
            format!("-ERR CONFIG SET failed (possibly related to argument '{setting}') - {why}");
        assert_eq!(client.run(&format!("CONFIG SET {setting} {value}")), text);
        assert_eq!(client.run("CONFIG GET *"), before, "{setting} {value}");
    }
}

#[test]
fn a_setting_with_two_names_is_one_setting() {
    check(&[
        ("CONFIG SET list-max-ziplist-size -3", "+OK"),
        ("CONFIG GET list-max-listpack-size", "{$list-max-listpack-size=$-3}"),
        ("CONFIG GET list-max-*", "{$list-max-listpack-size=$-3 $list-max-ziplist-size=$-3}"),
        ("CONFIG SET list-max-listpack-size 1 list-max-ziplist-size 2", "+OK"),
        (
            "CONFIG GET list-max-ziplist-size list-max-listpack-size",
            "{$list-max-ziplist-size=$2 $list-max-listpack-size=$2}",
        ),
    ]);
}

#[test]
fn a_small_string_takes_one_cell_of_a_multiple_of_eight_bytes() {
    // Six bytes of header, key and value; a deadline and its timer take ten more.
    for shards in SHARDS {
        let mut client = Client::new(shards);
        for len in 11..250 {
            client.run(&format!("SET key {}", "x".repeat(len)));
            assert_eq!(usage(&mut client, "key"), (6 + 3 + len).next_multiple_of(8), "{len}");
            client.run("PEXPIRE key 100000");
            assert_eq!(usage(&mut client, "key"), (6 + 10 + 3 + len).next_multiple_of(8), "{len}");
            client.run("PERSIST key");
            assert_eq!(usage(&mut client, "key"), (6 + 3 + len).next_multiple_of(8), "{len}");
        }
        client.run("SET key 1234567890123456789");
        assert_eq!(usage(&mut client, "key"), 24, "an integer has eight bytes");
    }
}

#[test]
fn usage_is_what_the_store_takes_more_for_the_key() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let dataset = |client: &mut Client| -> usize {
            field(client, "used_memory_dataset").parse().expect("it is a number")
        };
        for len in [0, 1, 10, 44, 100, 254, 255, 1000, 1100, 5000, 15_000, 20_000, 1_000_000] {
            let before = dataset(&mut client);
            let value = "x".repeat(len);
            client.send(&["SET", &format!("key:{len}"), &value]);
            let usage_ = usage(&mut client, &format!("key:{len}"));
            assert_eq!(dataset(&mut client) - before, usage_, "a string of {len} bytes");
            assert!(usage_ >= len && usage_ <= len + len / 8 + 128, "{usage_} for {len} bytes");
            let before = dataset(&mut client);
            client.send(&["RPUSH", &format!("list:{len}"), &value, &value, &value]);
            let usage_ = usage(&mut client, &format!("list:{len}"));
            assert_eq!(dataset(&mut client) - before, usage_, "a list of {len} bytes each");
            assert!(usage_ >= 3 * len, "{usage_} for three times {len} bytes");
        }
        let full = dataset(&mut client);
        client.send(&["APPEND", "key:1000000", &"x".repeat(100)]);
        assert!(dataset(&mut client) >= full + 100);
        client.run("DEL key:1000000");
        assert!(dataset(&mut client) <= full - 1_000_000);
    }
}

#[test]
fn usage_grows_with_the_value() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let mut last = [0; 2];
        for len in 1..300 {
            client.run(&format!("SETRANGE key {} x", len * 100));
            client.run(&format!("RPUSH list {}", "x".repeat(len)));
            let now = [usage(&mut client, "key"), usage(&mut client, "list")];
            assert!(now[0] >= last[0] && now[0] > len * 100, "{now:?} at {len}");
            let elements = len * (len + 1) / 2;
            assert!(now[1] >= last[1] && now[1] > elements, "{now:?} at {len}");
            last = now;
        }
    }
}
