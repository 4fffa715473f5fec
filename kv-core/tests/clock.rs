//! What holds when the machine's clock is set, forward or back.

mod support;

use support::{Client, SHARDS, START_MS};

/// Sets the wall clock, by so many milliseconds.
fn set_clock(client: &mut Client, by_ms: i64) {
    client.now.unix_us = client.now.unix_us.checked_add_signed(by_ms * 1000).expect("after 1970");
}

fn tend(client: &mut Client) {
    while client.kernel.due_ms().is_some_and(|at| at <= client.now.unix_ms()) {
        client.kernel.batch(client.now).tend(1000);
    }
}

const HOUR_MS: i64 = 3_600_000;

#[test]
fn what_a_client_was_told_is_gone_stays_gone_when_the_clock_is_set_back() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("SET k v PX 100");
        client.run("HSET h f 1 g 2");
        client.run("HPEXPIRE h 100 FIELDS 1 f");
        client.run("+200ms");
        assert_eq!(client.run("HGET h f"), "_");
        assert_eq!(client.run("KEYS k"), "[]");
        set_clock(&mut client, -HOUR_MS);
        assert_eq!(client.run("EXISTS k"), ":0", "{shards} shards");
        assert_eq!(client.run("HGETALL h"), "{$g=$2}", "{shards} shards");
    }
}

#[test]
fn keys_that_are_stored_after_the_clock_was_set_back_expire_in_time() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("SET old v PX 100000");
        client.run("SET gone v PX 10");
        client.run("+20ms");
        tend(&mut client);
        set_clock(&mut client, -HOUR_MS);
        client.run("SET new v PX 100");
        client.run("HSET h f 1");
        client.run("HPEXPIRE h 100 FIELDS 1 f");
        client.run("+101ms");
        assert!(client.kernel.due_ms().is_some_and(|at| at <= client.now.unix_ms()));
        tend(&mut client);
        assert_eq!(client.run("DBSIZE"), ":1", "{shards} shards");
        assert_eq!(client.run("PTTL old"), format!(":{}", 100_000 - 121 + HOUR_MS));
        client.run(&format!("+{}ms", 100_000 - 120 + HOUR_MS));
        tend(&mut client);
        assert_eq!(client.run("DBSIZE"), ":0", "{shards} shards");
    }
}

#[test]
fn keys_expire_at_once_when_the_clock_is_set_forward() {
    let mut client = Client::new(1);
    client.run("SET k v PX 100000");
    set_clock(&mut client, HOUR_MS);
    tend(&mut client);
    assert_eq!(client.run("DBSIZE"), ":0");
}

#[test]
fn threads_that_read_the_clock_at_different_moments_do_not_set_it_back() {
    let mut client = Client::new(1);
    client.run("SET k v PX 100");
    client.run("+101ms");
    assert_eq!(client.run("KEYS *"), "[]");
    set_clock(&mut client, -50);
    assert_eq!(client.run("PTTL k"), ":-2", "the time stands still");
    assert_eq!(client.run("TIME"), format!("[${} $101000]", START_MS / 1000));
}

#[test]
fn a_pause_of_clients_lasts_as_long_as_it_was_to_when_the_clock_is_set() {
    for by_ms in [-HOUR_MS, HOUR_MS] {
        let mut client = Client::new(1);
        client.run("CLIENT PAUSE 1000 WRITE");
        set_clock(&mut client, by_ms);
        client.run("+999ms");
        assert_eq!(client.run("SET k v"), "held", "{by_ms}");
        client.run("+1ms");
        assert_eq!(client.run("SET k v"), "+OK", "{by_ms}");
    }
}

#[test]
fn a_rate_limit_goes_on_when_the_clock_is_set_back() {
    let mut client = Client::new(1);
    // Three at once, then one in 60 seconds.
    for left in [2, 1, 0] {
        let reply = client.run("CL.THROTTLE user 2 1 60");
        assert_eq!(reply, format!("[:0 :3 :{left} :-1 :{}]", 60 * (3 - left)));
    }
    set_clock(&mut client, -HOUR_MS);
    assert_eq!(client.run("CL.THROTTLE user 2 1 60"), "[:1 :3 :0 :60 :180]");
    client.run("+60000ms");
    assert_eq!(client.run("CL.THROTTLE user 2 1 60"), "[:0 :3 :0 :-1 :180]");
}

#[test]
fn a_key_just_used_is_not_idle_when_the_clock_is_set_back() {
    let mut client = Client::new(1);
    client.run("SET k v");
    client.run("+5000ms");
    client.run("GET k");
    set_clock(&mut client, -HOUR_MS);
    client.run("+2000ms");
    assert_eq!(client.run("OBJECT IDLETIME k"), ":2");
}

#[test]
fn a_streams_ids_go_on_when_the_clock_is_set_back() {
    let mut client = Client::new(1);
    assert_eq!(client.run("XADD s * f v"), format!("${START_MS}-0"));
    set_clock(&mut client, -HOUR_MS);
    assert_eq!(client.run("XADD s * f v"), format!("${START_MS}-1"));
    assert_eq!(client.run("XADD s * f v"), format!("${START_MS}-2"));
}
