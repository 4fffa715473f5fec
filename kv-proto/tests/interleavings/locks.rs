//! The order of locks, and what they keep together: nothing waits for ever, and nobody sees half of what
//! belongs together.

use crate::explore::explore;
use crate::world::World;
use shuttle::rand::{Rng, thread_rng};

#[test]
fn whoever_reads_several_keys_sees_all_of_a_change_or_nothing() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["asker> MSET x 0 y 0 z 0"]);
        world.run(&[
            &["a> MULTI | SET x 1 | SET y 1 | SET z 1 | EXEC", "r> MGET x y z"],
            &["b> MSET z 2 y 2 x 2", "s> MULTI | GET z | GET x | GET y | EXEC"],
            &[
                "t> MGET z y x",
                "c> MULTI | SET z 3 | MGET x z | MSET y 3 x 3 | EXEC",
                "u> MGET y z x",
            ],
        ]);
        for client in ["r", "s", "t", "u"] {
            let values = world.replies(client).pop().expect("there is a reply");
            let digits: Vec<_> = values.chars().filter(char::is_ascii_digit).collect();
            assert!(
                digits.len() == 3 && digits.iter().all(|d| *d == digits[0]),
                "{client}: {values}"
            );
        }
        world.end();
    });
}

#[test]
fn keys_that_change_places_are_never_both_there_nor_both_gone() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["asker> SET x v"]);
        world.run(&[
            &["a> RENAME x y | RENAME y x", "a> RENAME x y"],
            &["b> EXISTS x y", "b> EXISTS y x", "b> MULTI | EXISTS x | EXISTS y | EXEC"],
            &["c> RENAME y x", "c> COPY x w | UNLINK w"],
        ]);
        let seen = world.replies("b");
        assert_eq!(seen[..2], [":1", ":1"]);
        assert!(["[:1, :0]", "[:0, :1]"].contains(&&*seen[5]), "{seen:?}");
        world.end();
    });
}

#[test]
fn a_transaction_runs_only_if_nothing_that_it_watches_has_changed() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["asker> MSET n 0 m 0"]);
        let script = |client: &str, first: &str, second: &str| {
            [
                format!("{client}> WATCH {first} {second} | MGET n m"),
                format!("{client}> MULTI | MGET n m | INCR {first} | INCR {second} | EXEC"),
            ]
        };
        let scripts = [script("a", "n", "m"), script("b", "m", "n"), script("c", "n", "m")];
        let scripts = scripts.each_ref().map(|lines| lines.each_ref().map(|line| &**line));
        world.run(&scripts.each_ref().map(|script| &script[..]));
        let mut ran = 0;
        for client in ["a", "b", "c"] {
            let replies = world.replies(client);
            let (before, result) = (&replies[1], &replies[6]);
            if result != "*-1" {
                ran += 1;
                assert!(result.starts_with(&format!("[{before},")), "{client}: {replies:?}");
            }
        }
        assert!(ran >= 1, "whoever comes first finds nothing changed");
        assert_eq!(world.ask("MGET n m"), format!("[\"{ran}\", \"{ran}\"]"));
        world.end();
    });
}

#[test]
fn flushing_swapping_and_slices_leave_nothing_behind() {
    explore(|| {
        let mut world = World::new(3, &[("notify-keyspace-events", "KEA")]);
        world.prepare(0, &["s> PSUBSCRIBE __key*", "asker> SET v 1 PX 5"]);
        world.run(&[
            &["a> MSET x 1 y 2", "a> FLUSHALL", "a> SET w 1 PX 5"],
            &["+10ms", "b> SWAPDB 0 1", "b> MSET y 1 x 2", "b> FLUSHDB ASYNC"],
            &["c> MULTI | SET y 1 PX 1 | SET x 1 PX 2 | EXEC", "+10ms", "c> SWAPDB 1 0"],
        ]);
        world.prepare(1, &["+20ms"]);
        assert_eq!(world.ask("GET v"), "$-1", "its time was up");
        let (first, second) = (world.ask("DBSIZE"), world.ask("SELECT 1"));
        assert_eq!(second, "+OK");
        let both = [first, world.ask("DBSIZE")];
        assert!(
            both.contains(&":0".to_owned()),
            "only keys of one database were written last: {both:?}"
        );
        world.end();
    });
}

/// Requests of every kind that takes locks or tells others.
const MENU: &[&str] = &[
    "BLMOVE k l LEFT RIGHT 0",
    "BLPOP k l 0",
    "BLPOP l m 0.01",
    "BZPOPMIN z y 0",
    "CLIENT KILL TYPE pubsub",
    "CLIENT LIST",
    "CLIENT NO-EVICT on",
    "CLIENT PAUSE 20 WRITE",
    "CLIENT TRACKING OFF",
    "CLIENT TRACKING ON",
    "CLIENT TRACKING ON BCAST PREFIX k",
    "CLIENT UNBLOCK 2",
    "CLIENT UNBLOCK 3 ERROR",
    "CLIENT UNPAUSE",
    "CONFIG GET max*",
    "CONFIG RESETSTAT",
    "CONFIG SET maxmemory 0 notify-keyspace-events KEA",
    "CONFIG SET maxmemory 1mb maxmemory-policy allkeys-random",
    "CONFIG SET notify-keyspace-events \"\"",
    "COPY x k REPLACE",
    "DEL x y k l m s z",
    "FLUSHALL",
    "HELLO 3",
    "INFO everything",
    "LMPOP 2 m k LEFT",
    "LPUSH k 1 2",
    "LPUSH l 3",
    "MEMORY STATS",
    "MGET y x",
    "MONITOR",
    "MSET x 1 y 2",
    "MULTI | CLIENT KILL TYPE pubsub | LPUSH l 7 | BLPOP k 0 | EXEC",
    "MULTI | CLIENT UNBLOCK 2 | RPUSH k 4 | EXEC",
    "MULTI | FLUSHDB | SET y 5 PX 5 | EXEC",
    "MULTI | LPUSH k 5 | RENAME k l | PUBLISH c v | EXEC",
    "MULTI | LPUSH m 6 | MONITOR | CLIENT LIST | EXEC",
    "PING",
    "PUBLISH c v",
    "PSUBSCRIBE __key* c*",
    "PUBSUB CHANNELS",
    "RENAME l m",
    "RESET",
    "RPUSH m 8",
    "SCRIPT EXISTS x",
    "SET x 3 PX 5",
    "SLOWLOG GET",
    "SORT k STORE l",
    "SPUBLISH c v",
    "SSUBSCRIBE c",
    "SUBSCRIBE c d",
    "SUNIONSTORE u t v",
    "SADD t 1 | SADD v 2",
    "SWAPDB 0 1",
    "UNSUBSCRIBE c",
    "WATCH x k y",
    "XADD s * f v",
    "XGROUP CREATE s g $ MKSTREAM",
    "XGROUP DESTROY s g",
    "XREAD BLOCK 0 STREAMS s $",
    "XREADGROUP GROUP g c BLOCK 10 STREAMS s >",
    "ZADD z 1 a 2 b",
    "ZRANGESTORE y z 0 -1",
];

/// A few steps of the three clients of one thread.
fn any_script(server: usize) -> Vec<String> {
    const CLIENTS: usize = 3;
    let mut rng = thread_rng();
    let any_step = |_| {
        let client = server * CLIENTS + rng.gen_range(0..CLIENTS);
        match rng.gen_range(0..20) {
            0 => "+10ms".to_owned(),
            1 => format!("c{client} closes"),
            _ => format!("c{client}> {}", MENU[rng.gen_range(0..MENU.len())]),
        }
    };
    (0..thread_rng().gen_range(3..8)).map(any_step).collect()
}

#[test]
fn whatever_happens_at_the_same_time_comes_to_an_end() {
    explore(|| {
        let mut world = World::new(3, &[]);
        let scripts = [0, 1, 2].map(any_script);
        let scripts =
            scripts.each_ref().map(|script| script.iter().map(|line| &**line).collect::<Vec<_>>());
        world.run(&scripts.each_ref().map(|script| &script[..]));
        check_waits(&mut world);
        world.end();
    });
}

/// Nobody waits for what is there: nobody is served when what is waited for is touched.
fn check_waits(world: &mut World) {
    world.ask("CLIENT UNPAUSE");
    let waiting = world.waiting();
    for database in 0..2 {
        world.ask(&format!("SELECT {database}"));
        for list in ["k", "l", "m"] {
            world.ask(&format!("MULTI | LPUSH {list} x | LPOP {list} | EXEC"));
        }
        world.ask("MULTI | ZADD z 0 x | ZREM z x | EXEC");
    }
    assert_eq!(world.waiting(), waiting, "somebody waited for what was there");
}
