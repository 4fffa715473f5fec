//! Expiry: that keys whose time is up go, on time and in slices, whatever happened to them before.

mod support;

use kv_core::rng::Rng;
use support::{Client, SHARDS, START_MS};

/// What one call may do beyond its budget: the rest of a page that it began to empty.
const OVERRUN_MAX: usize = 1100;

/// Lets the server do what is due until it says that nothing is, in slices of `budget`. How many
/// slices that took.
fn tend(client: &mut Client, budget: usize) -> usize {
    let mut calls = 0;
    while client.kernel.due_ms().is_some_and(|at| at <= client.now.unix_ms()) {
        let work = client.kernel.batch(client.now).tend(budget);
        assert!(work <= budget + OVERRUN_MAX, "{work} of {budget}");
        calls += 1;
        assert!(calls < 1_000_000, "something is due for ever");
        if work < budget {
            let due = client.kernel.due_ms();
            assert!(due.is_none_or(|at| at > client.now.unix_ms()), "nothing is left but {due:?}");
        }
    }
    calls
}

/// Sets both clocks to a time in milliseconds since the Unix epoch, or the wall clock alone if that
/// is in the past.
fn set_clock(client: &mut Client, unix_ms: i64) {
    let later = (unix_ms as u64 * 1000).saturating_sub(client.now.unix_us);
    client.now.mono_us += later;
    client.now.unix_us = unix_ms as u64 * 1000;
}

fn field(client: &mut Client, name: &str) -> u64 {
    let info = client.run("INFO");
    let mut lines = info.split(r"\x0d\x0a").filter_map(|line| line.split_once(':'));
    let found = lines.find(|line| line.0 == name).expect(name);
    found.1.parse().expect("it is a number")
}

fn used(client: &mut Client) -> u64 {
    field(client, "used_memory")
}

#[track_caller]
fn assert_size(client: &mut Client, keys: usize) {
    assert_eq!(client.run("DBSIZE"), format!(":{keys}"));
    client.kernel.batch(client.now).check();
}

/// A number below two to the power of `bits`, small ones as likely as large ones.
fn scattered(rng: &mut Rng, bits: u64) -> u64 {
    let bound = 1 << rng.below(bits);
    rng.below(bound)
}

#[test]
fn keys_that_expire_together_are_gone_when_nothing_is_due_any_more() {
    const KEYS: usize = 100_000;
    for (shards, budget) in SHARDS.into_iter().zip([256, 64]) {
        let mut client = Client::new(shards);
        client.run("SET stays 1");
        let empty = used(&mut client);
        for key in 0..KEYS {
            client.run(&format!("SET key:{key} value PXAT {}", START_MS + 5000));
        }
        assert_size(&mut client, KEYS + 1);
        tend(&mut client, budget);
        set_clock(&mut client, START_MS + 5000);
        tend(&mut client, budget);
        assert_size(&mut client, KEYS + 1);
        client.run("+1ms");
        assert_eq!(client.kernel.due_ms(), Some(client.now.unix_ms()), "it says when");
        let calls = tend(&mut client, budget);
        assert!(calls >= KEYS / (budget + OVERRUN_MAX), "{calls} calls for {KEYS} keys");
        assert_size(&mut client, 1);
        assert_eq!(field(&mut client, "expired_keys"), KEYS as u64);
        let left = used(&mut client);
        assert!(left < empty + (100 << 10), "{left} bytes for one key, {empty} before");
        assert_eq!(client.kernel.due_ms(), None);
    }
}

#[test]
fn each_key_goes_at_its_own_millisecond() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let mut rng = Rng::new(2);
        let mut deadlines: Vec<i64> =
            (0..2000).map(|_| START_MS + 1 + scattered(&mut rng, 34) as i64).collect();
        for (key, at) in deadlines.iter().enumerate() {
            client.run(&format!("SET {key} x PXAT {at}"));
        }
        deadlines.sort_unstable();
        while let Some(due) = client.kernel.due_ms() {
            assert!(due > client.now.unix_ms() || client.now.unix_ms() == START_MS);
            let now = due.max(client.now.unix_ms());
            set_clock(&mut client, now);
            tend(&mut client, 1000);
            let alive = deadlines.len() - deadlines.partition_point(|&at| at < now);
            assert_eq!(client.run("DBSIZE"), format!(":{alive}"), "at {now}");
        }
        assert_size(&mut client, 0);
    }
}

#[test]
fn the_last_representable_deadline_is_no_hardship() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run(&format!("SET a x PXAT {}", i64::MAX));
        client.run(&format!("SET b x PX {}", i64::MAX - START_MS - 1));
        client.run("SET c x PX 1");
        assert_eq!(client.run("PEXPIRETIME a"), format!(":{}", i64::MAX));
        tend(&mut client, 100);
        client.run("+2ms");
        tend(&mut client, 100);
        assert_size(&mut client, 2);
        set_clock(&mut client, START_MS + (1 << 50));
        tend(&mut client, 100);
        assert_size(&mut client, 2);
        client.run("DEL a b");
        tend(&mut client, 100);
        assert_size(&mut client, 0);
        assert!(client.kernel.due_ms().is_none_or(|at| at > client.now.unix_ms()));
    }
}

#[test]
fn a_deadline_in_the_past_is_over_at_once() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        assert_eq!(client.run("SET a x PXAT 1"), "+OK");
        assert_eq!(client.run(&format!("SET b x PXAT {}", START_MS - 1)), "+OK");
        assert_eq!(client.run("SET c x EXAT 1"), "+OK");
        for key in ["a", "b", "c"] {
            assert_eq!(client.run(&format!("GET {key}")), "_");
        }
        client.run(&format!("SET d x PXAT {}", START_MS - 1));
        tend(&mut client, 100);
        assert_size(&mut client, 0);
        client.run("SET e x");
        assert_eq!(client.run("PEXPIREAT e 1"), ":1");
        assert_size(&mut client, 0);
        tend(&mut client, 100);
        assert_eq!(client.kernel.due_ms(), None);
    }
}

#[test]
fn a_clock_that_is_set_back_and_forth_moves_the_ends_of_keys_with_it() {
    const HOUR: i64 = 3_600_000;
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("SET early x PX 10000");
        tend(&mut client, 100);
        client.run("+9000ms");
        tend(&mut client, 100);
        // Three hours back: what was set before lives so much longer by the monotonic clock.
        for _ in 0..3 {
            let back = client.now.unix_ms() - HOUR;
            set_clock(&mut client, back);
            tend(&mut client, 100);
        }
        client.run("SET late x PX 5000");
        client.run(&format!("SET far x PX {}", 10 * HOUR));
        tend(&mut client, 100);
        assert_size(&mut client, 3);
        client.run("+5001ms");
        tend(&mut client, 100);
        assert_size(&mut client, 2);
        set_clock(&mut client, START_MS + 10_000);
        tend(&mut client, 100);
        assert_size(&mut client, 2);
        client.run("+1ms");
        tend(&mut client, 100);
        assert_size(&mut client, 1);
        set_clock(&mut client, START_MS + 9000 - 3 * HOUR);
        tend(&mut client, 100);
        set_clock(&mut client, START_MS + 9000 + 7 * HOUR);
        tend(&mut client, 100);
        assert_size(&mut client, 1);
        client.run("+1ms");
        tend(&mut client, 100);
        assert_size(&mut client, 0);
        assert_eq!(client.kernel.due_ms(), None);
    }
}

#[test]
fn a_clock_at_the_beginning_of_time_is_no_hardship() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("SET a x PX 1000");
        tend(&mut client, 100);
        set_clock(&mut client, 0);
        tend(&mut client, 100);
        client.run("SET b x PX 1000");
        client.run("+1001ms");
        tend(&mut client, 100);
        assert_size(&mut client, 1);
    }
}

#[test]
fn extending_a_deadline_a_million_times_takes_no_more_memory() {
    for (shards, rounds) in SHARDS.into_iter().zip([1_000_000, 100_000]) {
        let mut client = Client::new(shards);
        client.run("SET a x PX 1000");
        tend(&mut client, 100);
        let before = used(&mut client);
        for round in 0..rounds {
            assert_eq!(client.send(&["PEXPIRE", "a", "1000"]), ":1");
            if round % 1000 == 0 {
                client.run("+100ms");
                tend(&mut client, 100);
            }
        }
        assert_eq!(used(&mut client), before);
        client.run("+1001ms");
        tend(&mut client, 100);
        assert_size(&mut client, 0);
    }
}

#[test]
fn a_deadline_that_is_shortened_again_and_again_leaves_one_timer() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("SET a x PX 1000000");
        tend(&mut client, 100);
        let before = used(&mut client);
        for ms in (5000..100_000).rev() {
            client.send(&["PEXPIRE", "a", &ms.to_string()]);
        }
        assert_eq!(used(&mut client), before);
        assert_size(&mut client, 1);
        client.run("+5000ms");
        tend(&mut client, 100);
        assert_size(&mut client, 1);
        client.run("+1ms");
        assert!(client.kernel.due_ms().is_some_and(|at| at <= client.now.unix_ms()));
        tend(&mut client, 100);
        assert_size(&mut client, 0);
    }
}

/// Runs the requests, lets a second pass, and compares the keys that are left in each database.
#[track_caller]
fn check_survivors(requests: &[&str], expected: &[&str]) {
    for shards in SHARDS {
        for tends_between in [false, true] {
            let mut client = Client::new(shards);
            for request in requests {
                client.run(request);
                if tends_between {
                    tend(&mut client, 100);
                }
            }
            client.run("+1001ms");
            tend(&mut client, 100);
            for (database, expected) in expected.iter().enumerate() {
                client.run(&format!("SELECT {database}"));
                let keys = client.run("KEYS *");
                let mut keys: Vec<&str> = keys.trim_matches(['[', ']']).split(' ').collect();
                keys.sort_unstable();
                let keys = keys.join(" ").replace('$', "");
                assert_eq!(keys, *expected, "database {database}, {shards} shards, {requests:?}");
                assert_size(&mut client, expected.split_whitespace().count());
            }
            let due = client.kernel.due_ms();
            assert!(due.is_none_or(|at| at > client.now.unix_ms()), "{due:?}");
        }
    }
}

#[test]
fn a_key_that_persists_or_is_overwritten_outlives_its_old_deadline() {
    check_survivors(
        &[
            "MSET a 1 b 1 c 1 d 1 e 1 f 1 g 1",
            "PEXPIRE a 1000",
            "PERSIST a",
            "PEXPIRE b 1000",
            "SET b 2",
            "PEXPIRE c 1000",
            "SET c 2 KEEPTTL",
            "PEXPIRE d 1000",
            "SET d 2 PX 5000",
            "PEXPIRE e 5000",
            "SET e 2 PX 1000",
            "PEXPIRE f 1000",
            "APPEND f and-so-on-until-it-needs-another-cell",
            "PEXPIRE g 1000",
            "GETEX g PERSIST",
        ],
        &["a b d g"],
    );
}

#[test]
fn a_list_that_is_emptied_takes_its_deadline_along() {
    check_survivors(
        &["RPUSH a x", "PEXPIRE a 1000", "LPOP a", "RPUSH a y", "RPUSH b x", "PEXPIRE b 1000"],
        &["a"],
    );
}

#[test]
fn deadlines_go_with_their_keys_to_other_names_and_databases() {
    check_survivors(
        &[
            "SET a 1 PX 1000",
            "RENAME a b",
            "SET a 1",
            "SET c 1 PX 1000",
            "COPY c d",
            "PERSIST c",
            "SET e 1 PX 1000",
            "MOVE e 1",
            "SET e 1",
            "SET f 1",
            "SET g 1 PX 1000",
            "RENAME f g",
            "SET h 1 PX 1000",
            "COPY h i DB 1",
            "SET j 1 PX 1000",
            "RENAME j j",
        ],
        &["a c e g", ""],
    );
}

#[test]
fn deadlines_go_with_their_databases() {
    check_survivors(
        &[
            "SET a 1 PX 1000",
            "SET b 1",
            "SELECT 1",
            "SET a 1",
            "SET b 1 PX 1000",
            "SET c 1 PX 5000",
            "SWAPDB 0 1",
        ],
        &["a c", "b"],
    );
}

#[test]
fn a_flush_ends_all_deadlines() {
    for flush in ["FLUSHDB", "FLUSHALL", "FLUSHALL ASYNC"] {
        check_survivors(
            &["SET a 1 PX 1000", "SET b 1 PX 5000", flush, "SET a 2", "SET c 1 PX 1000"],
            &["a"],
        );
        for shards in SHARDS {
            let mut client = Client::new(shards);
            for key in 0..5000 {
                client.run(&format!("SET {key} x PX {}", 1000 + key));
            }
            let full = used(&mut client);
            client.run(flush);
            tend(&mut client, 64);
            assert_eq!(client.kernel.due_ms(), None, "{flush}");
            assert!(used(&mut client) * 10 < full, "{flush}");
            client.run("+10000ms");
            assert_eq!(field(&mut client, "expired_keys"), 0);
        }
    }
}

#[test]
fn databases_are_exchanged_while_the_clock_is_set() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        client.run("SET a x PX 1000");
        tend(&mut client, 100);
        let back = START_MS - 100_000;
        set_clock(&mut client, back);
        tend(&mut client, 100);
        client.run("SWAPDB 0 1");
        client.run("SET b x PX 1000");
        client.run("SELECT 1");
        client.run("SET c x PX 1000");
        client.run("+1001ms");
        tend(&mut client, 100);
        assert_size(&mut client, 1);
        set_clock(&mut client, START_MS + 1001);
        tend(&mut client, 100);
        assert_size(&mut client, 0);
    }
}

#[test]
fn random_changes_of_deadlines_leave_exactly_what_lives() {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let mut rng = Rng::new(11);
        let mut model: Vec<Option<Option<i64>>> = vec![None; 200];
        for step in 0..20_000 {
            let key = rng.below(200) as usize;
            let now = client.now.unix_ms();
            let at = now + 1 + scattered(&mut rng, 20) as i64;
            let entry = &mut model[key];
            match rng.below(6) {
                0 => (client.run(&format!("SET {key} x PXAT {at}")), *entry = Some(Some(at))).0,
                1 => (client.run(&format!("SET {key} longer-than-before")), *entry = Some(None)).0,
                2 => {
                    let reply = client.run(&format!("PEXPIREAT {key} {at}"));
                    assert_eq!(reply == ":1", entry.is_some());
                    *entry = entry.map(|_| Some(at));
                    reply
                }
                3 => (client.run(&format!("PERSIST {key}")), *entry = entry.map(|_| None)).0,
                4 => (client.run(&format!("DEL {key}")), *entry = None).0,
                _ => client.run(&format!("+{}ms", scattered(&mut rng, 16))),
            };
            let now = client.now.unix_ms();
            for entry in &mut model {
                *entry = entry.filter(|deadline| deadline.is_none_or(|at| at >= now));
            }
            if step % 7 == 0 {
                tend(&mut client, 1 + rng.below(100) as usize);
                let alive = model.iter().flatten().count();
                assert_eq!(client.run("DBSIZE"), format!(":{alive}"), "step {step}");
            }
        }
        client.kernel.batch(client.now).check();
    }
}
