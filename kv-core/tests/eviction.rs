//! Eviction: which keys make room, and how much of it, when the data takes more than `maxmemory`.

mod support;

use kv_core::command::{Begin, Command, flag, table};
use kv_core::rng::Rng;
use std::collections::BTreeSet;
use support::{Client, SHARDS, check};

const OUT_OF_MEMORY: &str = "-OOM command not allowed when used memory > 'maxmemory'.";

const ALL_KEYS: [&str; 3] = ["allkeys-lru", "allkeys-lfu", "allkeys-random"];
const VOLATILE: [&str; 4] = ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"];

/// How many keys one command may evict.
const EVICTED_PER_COMMAND_MAX: u64 = 512;

/// A field of INFO that is a number.
fn field(client: &mut Client, section: &str, name: &str) -> u64 {
    let info = client.run(&format!("INFO {section}"));
    let mut lines = info.split(r"\x0d\x0a").filter_map(|line| line.split_once(':'));
    let found = lines.find(|line| line.0 == name).expect(name);
    found.1.parse().expect("it is a number")
}

fn used(client: &mut Client) -> u64 {
    field(client, "memory", "used_memory")
}

fn evicted(client: &mut Client) -> u64 {
    field(client, "stats", "evicted_keys")
}

fn size(client: &mut Client) -> u64 {
    client.run("DBSIZE")[1..].parse().expect("DBSIZE gives an integer")
}

fn set(client: &mut Client, key: &str, len: usize) -> String {
    client.send(&[b"SET", key.as_bytes(), &vec![b'x'; len]])
}

fn fill(client: &mut Client, keys: usize) {
    (0..keys).for_each(|key| assert_eq!(set(client, &format!("key:{key}"), 100), "+OK"));
}

/// Sets the limit to a share, in percent, of what is in use.
fn limit(client: &mut Client, policy: &str, percent: u64) -> u64 {
    let max = used(client) * percent / 100;
    let request = format!("CONFIG SET maxmemory {max} maxmemory-policy {policy}");
    assert_eq!(client.run(&request), "+OK");
    max
}

/// Runs writes that change nothing until the data takes no more than it may. How many.
fn shrink(client: &mut Client, max: u64) -> usize {
    let mut commands = 0;
    while used(client) > max {
        let before = evicted(client);
        assert_eq!(client.run("SET key:0 x NX XX"), "-ERR syntax error");
        assert!(evicted(client) > before, "a command evicts something or is refused");
        commands += 1;
    }
    commands
}

/// Which of the keys `key:0` and so on exist. Counts as no use of them.
fn present(client: &mut Client, keys: usize) -> Vec<bool> {
    (0..keys).map(|key| client.run(&format!("EXISTS key:{key}")) == ":1").collect()
}

fn share(present: &[bool]) -> f64 {
    present.iter().filter(|&&present| present).count() as f64 / present.len() as f64
}

/// A request of the command that its arity allows, with `key:0` for each key.
fn sample_request(command: &'static Command) -> Vec<String> {
    let mut words: Vec<String> = command.full_name().split('|').map(String::from).collect();
    words.resize(command.arity.unsigned_abs() as usize, "1".into());
    for spec in command.keys {
        if let Begin::Index(at) = spec.begin
            && at < words.len()
        {
            words[at] = "key:0".into();
        }
    }
    words
}

#[test]
fn without_eviction_exactly_the_commands_that_may_need_memory_are_refused() {
    for shards in SHARDS {
        for command in table::rows().filter(|command| command.subcommands.is_empty()) {
            let mut client = Client::new(shards);
            fill(&mut client, 100);
            limit(&mut client, "noeviction", 50);
            let (before, digest) = (used(&mut client), client.run("KEYS *"));
            let reply = client.send(&sample_request(command));
            let is_refused = reply == OUT_OF_MEMORY;
            let denies = command.flags & flag::DENYOOM != 0;
            assert_eq!(is_refused, denies, "{}: {reply}", command.full_name());
            if denies {
                let after = (used(&mut client), client.run("KEYS *"));
                assert_eq!(after, (before, digest), "{} changed something", command.full_name());
            }
        }
    }
}

#[test]
fn without_eviction_what_gives_memory_back_is_allowed() {
    check(&[
        ("SET a hello", "+OK"),
        ("SET b hello", "+OK"),
        ("RPUSH l x y z", ":3"),
        ("CONFIG SET maxmemory 1 maxmemory-policy noeviction", "+OK"),
        ("SET a hello", OUT_OF_MEMORY),
        ("SET nosuch hello XX", OUT_OF_MEMORY),
        ("SET a", "-ERR wrong number of arguments for 'set' command"),
        ("APPEND a x", OUT_OF_MEMORY),
        ("MSET a 1 b 2", OUT_OF_MEMORY),
        ("COPY a c", OUT_OF_MEMORY),
        ("GET a", "$hello"),
        ("EXPIRE a 100", ":1"),
        ("PERSIST a", ":1"),
        ("GETDEL a", "$hello"),
        ("GETEX b EX 100", "$hello"),
        ("RENAME b a", "+OK"),
        ("LPOP l", "$x"),
        ("DEL a l", ":2"),
        ("DBSIZE", ":0"),
        ("CONFIG SET maxmemory 0", "+OK"),
        ("SET a hello", "+OK"),
    ]);
}

#[test]
fn every_policy_that_may_evict_all_keys_brings_the_memory_down() {
    for (shards, policy) in SHARDS.into_iter().flat_map(|s| ALL_KEYS.map(|policy| (s, policy))) {
        let mut client = Client::new(shards);
        fill(&mut client, 3000);
        let max = limit(&mut client, policy, 50);
        shrink(&mut client, max);
        let left = size(&mut client);
        assert!((1000..2000).contains(&left), "{policy}, {shards} shards: {left} keys are left");
        assert_eq!(evicted(&mut client), 3000 - left, "{policy}, {shards} shards");
        client.kernel.batch(client.now).check();
    }
}

#[test]
fn keys_without_a_deadline_are_safe_from_volatile_policies() {
    for (shards, policy) in SHARDS.into_iter().flat_map(|s| VOLATILE.map(|policy| (s, policy))) {
        let mut client = Client::new(shards);
        fill(&mut client, 1000);
        for key in (0..1000).step_by(2) {
            client.run(&format!("EXPIRE key:{key} {}", 100 + key));
        }
        limit(&mut client, policy, 10);
        let mut replies = (0..1000).map(|_| set(&mut client, "more", 100));
        assert!(replies.any(|reply| reply == OUT_OF_MEMORY), "{policy}, {shards} shards");
        let is_there = present(&mut client, 1000);
        let (with, without): (Vec<_>, Vec<_>) =
            is_there.iter().enumerate().partition(|(key, _)| key % 2 == 0);
        assert!(with.iter().all(|(_, is_there)| !**is_there), "{policy}: all with a deadline go");
        assert!(without.iter().all(|(_, is_there)| **is_there), "{policy}: no other goes");
        assert_eq!(client.run("GET key:0"), "_");
        assert_eq!(client.run("EXPIRE key:1 100"), ":1");
        assert_eq!(set(&mut client, "more", 100), OUT_OF_MEMORY, "one is not enough");
        assert_eq!(client.run("EXISTS key:1"), ":0");
    }
}

#[test]
fn lru_evicts_mostly_what_was_not_used_for_long() {
    for (shards, policy) in
        SHARDS.into_iter().flat_map(|s| ["allkeys-lru", "volatile-lru"].map(|policy| (s, policy)))
    {
        let mut client = Client::new(shards);
        fill(&mut client, 4000);
        (0..4000).for_each(|key| drop(client.run(&format!("EXPIRE key:{key} 100000"))));
        client.run("+60000ms");
        (0..2000).for_each(|key| drop(client.run(&format!("GET key:{key}"))));
        let max = limit(&mut client, policy, 60);
        shrink(&mut client, max);
        let is_there = present(&mut client, 4000);
        let (fresh, idle) = (share(&is_there[..2000]), share(&is_there[2000..]));
        assert!(fresh > 0.9, "{policy}, {shards} shards: {fresh} of what was used is left");
        assert!(idle < 0.3, "{policy}, {shards} shards: {idle} of what was not used is left");
    }
}

#[test]
fn lfu_evicts_mostly_what_is_rarely_used() {
    for (shards, policy) in
        SHARDS.into_iter().flat_map(|s| ["allkeys-lfu", "volatile-lfu"].map(|policy| (s, policy)))
    {
        let mut client = Client::new(shards);
        client.run(&format!("CONFIG SET maxmemory-policy {policy} lfu-log-factor 1"));
        fill(&mut client, 4000);
        (0..4000).for_each(|key| drop(client.run(&format!("EXPIRE key:{key} 100000"))));
        for _ in 0..10 {
            (0..2000).for_each(|key| drop(client.run(&format!("GET key:{key}"))));
        }
        // The last use is the rarely used one's.
        client.run("+1000ms");
        (2000..4000).for_each(|key| drop(client.run(&format!("GET key:{key}"))));
        let max = limit(&mut client, policy, 60);
        shrink(&mut client, max);
        let is_there = present(&mut client, 4000);
        let (often, rarely) = (share(&is_there[..2000]), share(&is_there[2000..]));
        assert!(often > 0.9, "{policy}, {shards} shards: {often} of the often used is left");
        assert!(rarely < 0.35, "{policy}, {shards} shards: {rarely} of the rarely used is left");
    }
}

#[test]
fn lfu_forgets_with_time() {
    let mut client = Client::new(1);
    client.run("CONFIG SET maxmemory-policy allkeys-lfu");
    fill(&mut client, 2000);
    for _ in 0..100 {
        (0..1000).for_each(|key| drop(client.run(&format!("GET key:{key}"))));
    }
    client.run(&format!("+{}ms", 30 * 60_000));
    (1000..2000).for_each(|key| drop(client.run(&format!("GET key:{key}"))));
    let max = limit(&mut client, "allkeys-lfu", 60);
    shrink(&mut client, max);
    let is_there = present(&mut client, 2000);
    let (once, lately) = (share(&is_there[..1000]), share(&is_there[1000..]));
    assert!(once < 0.4 && lately > 0.8, "{once} of the once favourites, {lately} of the new ones");
}

#[test]
fn volatile_ttl_takes_mostly_what_expires_soonest() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        // Neither the order of writing nor that of the names is that of the deadlines.
        let ttl = |key: usize| 1000 + key * 7919 % 4000;
        fill(&mut client, 4000);
        (0..4000).for_each(|key| drop(client.run(&format!("EXPIRE key:{key} {}", ttl(key)))));
        let max = limit(&mut client, "volatile-ttl", 60);
        shrink(&mut client, max);
        let is_there = present(&mut client, 4000);
        let of = |soon: bool| {
            let keys = (0..4000).filter(|&key| (ttl(key) < 3000) == soon);
            share(&keys.map(|key| is_there[key]).collect::<Vec<_>>())
        };
        let (soon, late) = (of(true), of(false));
        assert!(soon < 0.35, "{shards} shards: {soon} of what expires soon is left");
        assert!(late > 0.95, "{shards} shards: {late} of what expires late is left");
    }
}

#[test]
fn volatile_ttl_takes_the_old_keys_where_all_live_equally_long() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        for key in 0..4000 {
            client.run(&format!("SET key:{key} {} EX 3600", "x".repeat(100)));
            client.run("+500ms");
        }
        let max = limit(&mut client, "volatile-ttl", 60);
        shrink(&mut client, max);
        let is_there = present(&mut client, 4000);
        let (old, new) = (share(&is_there[..2000]), share(&is_there[2000..]));
        assert!(old < 0.3 && new > 0.93, "{shards} shards: {old} of the old, {new} of the new");
    }
}

#[test]
fn random_spares_no_part_of_the_keys() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, 4000);
        let max = limit(&mut client, "allkeys-random", 50);
        shrink(&mut client, max);
        let is_there = present(&mut client, 4000);
        for part in is_there.chunks(500) {
            let left = share(part);
            assert!((0.3..0.7).contains(&left), "{shards} shards: {left}");
        }
    }
}

#[test]
fn all_databases_are_searched() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, 500);
        client.run("SELECT 9");
        fill(&mut client, 2000);
        client.run("+60000ms");
        (0..2000).for_each(|key| drop(client.run(&format!("GET key:{key}"))));
        let max = limit(&mut client, "allkeys-lru", 85);
        shrink(&mut client, max);
        let here = size(&mut client);
        client.run("SELECT 0");
        let there = size(&mut client);
        assert!(there < 150 && here > 1950, "{shards} shards: {there} idle, {here} others");
    }
}

#[test]
fn the_same_seed_evicts_the_same_keys() {
    for (shards, policy) in SHARDS.into_iter().flat_map(|s| ALL_KEYS.map(|policy| (s, policy))) {
        let run = || {
            let mut client = Client::new(shards);
            client.run(&format!("CONFIG SET maxmemory 100kb maxmemory-policy {policy}"));
            let mut rng = Rng::new(5);
            for _ in 0..3000 {
                let key = format!("key:{}", rng.below(2000));
                set(&mut client, &key, rng.below(300) as usize);
            }
            (client.run("KEYS *"), evicted(&mut client), used(&mut client))
        };
        let (first, second) = (run(), run());
        assert!(first.1 > 100, "{policy}, {shards} shards: {} evicted", first.1);
        assert_eq!(first, second, "{policy}, {shards} shards");
    }
}

#[test]
fn memory_stays_below_the_limit_while_sizes_grow_without_end() {
    const MAX: u64 = 2 << 20;
    /// What a table of the store may grow by at once.
    const STEP: u64 = 32 << 10;
    const KEYS: usize = 200_000;
    for (shards, policy) in [(1, "allkeys-lru"), (16, "allkeys-lfu")] {
        let mut client = Client::new(shards);
        client.run(&format!("CONFIG SET maxmemory {MAX} maxmemory-policy {policy}"));
        for key in 0..KEYS {
            let len = 10 + key * 1990 / KEYS;
            assert_eq!(set(&mut client, &format!("key:{key}"), len), "+OK");
            if key % 64 == 0 {
                let used = used(&mut client);
                assert!(used <= MAX + len as u64 + STEP, "{policy}: {used} at {key}");
            }
            if key % 64 == 0 {
                client.kernel.batch(client.now).tend(64);
            }
        }
        assert!(used(&mut client) > MAX * 9 / 10, "no more is evicted than must be");
        client.kernel.batch(client.now).check();
    }
}

#[test]
fn memory_stays_below_the_limit_with_lists_and_large_strings() {
    const MAX: u64 = 4 << 20;
    for (shards, policy) in SHARDS.into_iter().flat_map(|s| ALL_KEYS.map(|policy| (s, policy))) {
        let mut client = Client::new(shards);
        client.run(&format!("CONFIG SET maxmemory {MAX} maxmemory-policy {policy}"));
        let mut rng = Rng::new(3);
        for _ in 0..6000 {
            let key = format!("key:{}", rng.below(500));
            let last = match rng.below(10) {
                0 => {
                    let len = rng.below(200_000) as usize;
                    set(&mut client, &key, len);
                    len
                }
                1 => {
                    let len = rng.below(20_000) as usize;
                    client.send(&[b"APPEND", key.as_bytes(), &vec![b'x'; len]]);
                    // A string may hold twice as much as it needs, and moves as a whole.
                    300_000
                }
                _ => {
                    let item = "x".repeat(rng.below(100) as usize);
                    let key = format!("list:{}", rng.below(50));
                    let mut request = vec!["RPUSH".to_owned(), key];
                    request.extend((0..=rng.below(100)).map(|_| item.clone()));
                    client.send(&request);
                    request.len() * 200
                }
            };
            let used = used(&mut client);
            assert!(used <= MAX + last as u64 + (64 << 10), "{policy}, {shards}: {used}, {last}");
        }
        assert!(evicted(&mut client) > 100);
        client.kernel.batch(client.now).check();
    }
}

#[test]
fn a_lower_limit_is_reached_by_the_next_writes_in_bounded_steps() {
    for (shards, policy) in SHARDS.into_iter().flat_map(|s| ALL_KEYS.map(|policy| (s, policy))) {
        let mut client = Client::new(shards);
        fill(&mut client, 10_000);
        let max = limit(&mut client, policy, 10);
        assert_eq!(evicted(&mut client), 0, "a new limit itself evicts nothing");
        let mut commands = 0;
        while used(&mut client) > max {
            let before = evicted(&mut client);
            assert_eq!(set(&mut client, "more", 1), "+OK");
            let step = evicted(&mut client) - before;
            assert!((1..=EVICTED_PER_COMMAND_MAX).contains(&step), "{policy}: {step} in a command");
            commands += 1;
        }
        assert!(commands <= 10_000 / EVICTED_PER_COMMAND_MAX + 1, "{policy}: {commands} commands");
    }
}

#[test]
fn what_is_out_of_use_goes_before_any_key() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, 100);
        for list in 0..4 {
            let mut request = vec!["RPUSH".to_owned(), format!("list:{list}")];
            request.resize(2000, "x".repeat(100));
            client.send(&request);
        }
        client.run("DEL list:0 list:1 list:2 list:3");
        let max = limit(&mut client, "allkeys-random", 50);
        assert_eq!(set(&mut client, "key:0", 100), "+OK");
        assert!(used(&mut client) <= max, "{shards} shards");
        assert_eq!(evicted(&mut client), 0, "{shards} shards");

        // The same for what a FLUSHDB left behind, even where nothing may be evicted.
        client.run("SELECT 1");
        fill(&mut client, 1000);
        let max = limit(&mut client, "noeviction", 50);
        client.run("FLUSHDB ASYNC");
        assert_eq!(set(&mut client, "key:0", 100), "+OK");
        assert!(used(&mut client) <= max, "{shards} shards");
    }
}

#[test]
fn a_large_value_that_was_removed_is_freed_in_slices_and_costs_no_key() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, 1000);
        for _ in 0..50 {
            client.send(&[&["RPUSH", "list"], &["x"; 1000][..]].concat());
        }
        let max = limit(&mut client, "allkeys-lru", 100);
        client.run("DEL list");
        for key in 0..100 {
            assert_eq!(set(&mut client, &format!("more:{key}"), 100), "+OK");
            assert!(used(&mut client) <= max + 1000, "{shards} shards");
        }
        assert_eq!(evicted(&mut client), 0, "{shards} shards");

        // An evicted one is freed likewise, by whichever command comes.
        for _ in 0..50 {
            client.send(&[&["RPUSH", "list"], &["x"; 1000][..]].concat());
        }
        assert_eq!(client.run("DEL list"), ":1");
        let max = limit(&mut client, "allkeys-lru", 20);
        let mut commands = 0;
        while used(&mut client) > max {
            set(&mut client, "key", 1);
            commands += 1;
        }
        assert!((2..20).contains(&commands), "{commands} commands, {shards} shards");
    }
}

#[test]
fn resetting_the_statistics_forgets_evictions_and_changes_nothing_else() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, 1000);
        let max = limit(&mut client, "allkeys-lru", 50);
        shrink(&mut client, max);
        client.run("GET key:0");
        let (keys, before) = (client.run("KEYS *"), used(&mut client));
        assert_eq!(client.run("CONFIG RESETSTAT"), "+OK");
        for name in ["evicted_keys", "keyspace_hits", "keyspace_misses", "expired_keys"] {
            assert_eq!(field(&mut client, "stats", name), 0, "{name}");
        }
        assert_eq!((client.run("KEYS *"), used(&mut client)), (keys, before));
    }
}

#[test]
fn a_limit_below_what_an_empty_server_takes_refuses_writes_only() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        fill(&mut client, 10);
        client.run("CONFIG SET maxmemory 1 maxmemory-policy allkeys-lru");
        for _ in 0..5 {
            set(&mut client, "key", 10);
        }
        assert_eq!(client.run("GET nosuch"), "_");
        let keys: BTreeSet<String> = (0..20).map(|_| client.run("RANDOMKEY")).collect();
        assert!(keys.len() <= 1, "{keys:?}");
    }
}
