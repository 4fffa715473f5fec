//! Requests that wait for data: each element goes to one of them or stays, each of them ends once, and
//! none waits while there is something for it.

use crate::explore::explore;
use crate::world::World;

const NOTHING: &str = "*-1";

/// The elements that a client has popped from lists, if it has popped any.
fn popped(world: &World, client: &str) -> Vec<String> {
    let replies = world.replies(client).into_iter().filter(|reply| reply.starts_with('['));
    replies.map(|reply| reply.rsplit('"').nth(1).expect("key and element").to_owned()).collect()
}

/// What the clients have popped and what is left in the list, in ascending order.
fn all_elements(world: &mut World, clients: &[&str], list: &str) -> Vec<String> {
    let left = world.ask(&format!("LRANGE {list} 0 -1"));
    let left = left.split('"').skip(1).step_by(2).map(str::to_owned);
    let mut all: Vec<String> = left.collect();
    clients.iter().for_each(|client| all.extend(popped(world, client)));
    all.sort();
    all
}

#[test]
fn each_element_goes_to_one_waiter_or_stays() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.run(&[
            &["a> BLPOP l 0", "b> BLPOP m l 0"],
            &["c> BLPOP l m 0", "p> RPUSH m 1", "d> BLPOP l 0"],
            &["q> RPUSH l 2 3", "r> RPUSH l 4", "q> RPUSH l 5"],
        ]);
        let clients = ["a", "b", "c", "d"];
        clients.iter().for_each(|client| assert_eq!(popped(&world, client).len(), 1, "{client}"));
        let mut all = all_elements(&mut world, &clients, "l");
        if world.ask("LLEN m") == ":1" {
            all.insert(0, "1".into());
        }
        assert_eq!(all, ["1", "2", "3", "4", "5"]);
        world.end();
    });
}

#[test]
fn elements_come_in_the_order_in_which_waiters_came() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["a> BLPOP l 0"]);
        world.prepare(1, &["b> BLPOP l 0"]);
        world.prepare(0, &["c> BLPOP l 0"]);
        world.run(&[
            &["p> RPUSH l 1"],
            &["q> PING", "q> MULTI | PING | EXEC"],
            &["r> RPUSH l 2 3"],
        ]);
        let order = ["a", "b", "c"].map(|client| popped(&world, client).concat());
        assert!(["123", "231"].contains(&&*order.concat()), "{order:?}");
        world.end();
    });
}

#[test]
fn a_wait_that_times_out_takes_nothing_and_holds_nobody_up() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["a> BLPOP l 0.01"]);
        world.prepare(1, &["b> BLPOP l 0"]);
        world.run(&[&["+20ms"], &["c> BLPOP l 0"], &["p> RPUSH l 1", "p> RPUSH l 2 3"]]);
        assert_eq!(world.replies("a").len(), 1, "its wait has ended once");
        for client in ["b", "c"] {
            assert_eq!(popped(&world, client).len(), 1, "{client} got one");
        }
        assert_eq!(all_elements(&mut world, &["a", "b", "c"], "l"), ["1", "2", "3"]);
        world.end();
    });
}

#[test]
fn a_waiter_that_goes_holds_nobody_up() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["a> BLPOP l 0", "b> BLPOP l k 0"]);
        world.prepare(1, &["c> BLPOP l 0"]);
        world.run(&[
            &["a closes", "b ends"],
            &["d> BLPOP l 0"],
            &["p> RPUSH l 1 2", "p> RPUSH l 3 4"],
        ]);
        for client in ["c", "d"] {
            assert_eq!(popped(&world, client).len(), 1, "{client} got one");
        }
        assert!(!world.is_connected("b"));
        // What those that go were given just before may be lost with them.
        let all = all_elements(&mut world, &["a", "b", "c", "d"], "l");
        assert!(all.len() >= 2, "{all:?}");
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
        world.end();
    });
}

#[test]
fn who_is_unblocked_gets_one_reply() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["a> CLIENT ID", "a> BLPOP l 0"]);
        world.prepare(1, &["b> BLPOP l 0"]);
        let id = world.replies("a")[0].replace(':', "");
        world.run(&[
            &["p> RPUSH l 1"],
            &[&*format!("q> CLIENT UNBLOCK {id} ERROR")],
            &[&*format!("r> MULTI | RPUSH l 2 | CLIENT UNBLOCK {id} | EXEC")],
        ]);
        let replies = &world.replies("a")[1..];
        assert_eq!(replies.len(), 1, "{replies:?}");
        let by_error = world.replies("q")[0] == ":1";
        let by_timeout = world.replies("r")[3].ends_with(":1]");
        let expected = match (by_error, by_timeout) {
            (true, false) => replies[0].starts_with("-UNBLOCKED"),
            (false, true) => replies[0] == NOTHING,
            (false, false) => replies[0].starts_with('['),
            (true, true) => false,
        };
        assert!(expected, "{replies:?}, by error: {by_error}, by timeout: {by_timeout}");
        assert_eq!(popped(&world, "b").len(), 1);
        assert_eq!(all_elements(&mut world, &["a", "b"], "l"), ["1", "2"]);
        world.end();
    });
}

#[test]
fn who_is_killed_takes_nothing_afterwards() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["a> CLIENT ID", "a> BLPOP l 0"]);
        world.prepare(1, &["b> BLPOP l 0"]);
        let id = world.replies("a")[0].replace(':', "");
        world.run(&[
            &["p> RPUSH l 1"],
            &[&*format!("q> CLIENT KILL ID {id} | RPUSH l 2")],
            &[&*format!("r> MULTI | CLIENT KILL ID {id} | RPUSH l 3 | EXEC")],
        ]);
        assert!(!world.is_connected("a"));
        let all = all_elements(&mut world, &["a", "b"], "l");
        let lost = 3 - all.len();
        assert!(lost <= usize::from(world.replies("a").len() == 1), "{all:?}");
        assert_eq!(popped(&world, "b").len(), 1);
        world.end();
    });
}

#[test]
fn what_one_waiter_moves_on_serves_the_next() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.run(&[
            &["a> BLMOVE k l LEFT RIGHT 0", "d> BLMPOP 0 2 m n RIGHT"],
            &["b> BLMOVE l m LEFT RIGHT 0", "q> RPUSH n 3"],
            &["p> RPUSH k 1 2", "c> BRPOPLPUSH m n 0"],
        ]);
        for client in ["a", "b"] {
            assert_eq!(world.replies(client), ["\"1\""], "{client}");
        }
        let (c, d) = (world.replies("c"), world.replies("d"));
        let left = ["k", "m", "n"].map(|list| world.ask(&format!("LRANGE {list} 0 -1"))).concat();
        match (&c[..], &d[0][..]) {
            ([], "[\"m\", [\"1\"]]") => assert_eq!(left, "[\"2\"][][\"3\"]"),
            ([one], "[\"n\", [\"1\"]]") if one == "\"1\"" => assert_eq!(left, "[\"2\"][][\"3\"]"),
            ([one], "[\"n\", [\"3\"]]") if one == "\"1\"" => assert_eq!(left, "[\"2\"][][\"1\"]"),
            _ => panic!("c: {c:?}, d: {d:?}, left: {left}"),
        }
        world.end();
    });
}

#[test]
fn each_entry_of_a_stream_goes_to_one_consumer_of_a_group() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["asker> XGROUP CREATE s g $ MKSTREAM"]);
        world.run(&[
            &[
                "a> XREADGROUP GROUP g a COUNT 1 BLOCK 0 STREAMS s >",
                "e> XREAD BLOCK 0 STREAMS s 0",
            ],
            &["b> XREADGROUP GROUP g b COUNT 1 BLOCK 0 STREAMS s >", "q> XADD s 2-0 f v"],
            &["p> XADD s 1-0 f v", "c> XREADGROUP GROUP g c COUNT 1 BLOCK 10 STREAMS s >", "+20ms"],
        ]);
        let given = |client| world.replies(client).concat().matches("-0").count();
        assert!(world.replies("e").len() == 1 && given("e") >= 1);
        let (a, b, c) = (given("a"), given("b"), given("c"));
        // Whoever adds the greater entry first has the other one refused.
        let added = world.replies("p").concat().matches("-0").count() + 1;
        assert_eq!(a + b + c, added.min(3), "a: {a}, b: {b}, c: {c}");
        assert!(a <= 1 && b <= 1 && c <= 1);
        world.end();
    });
}

#[test]
fn who_waits_for_a_group_is_told_when_its_stream_goes() {
    explore(|| {
        let mut world = World::new(3, &[]);
        let create = "asker> XGROUP CREATE s g $ MKSTREAM | XGROUP CREATE t h $ MKSTREAM";
        world.prepare(0, &[create, "asker> PEXPIRE t 10"]);
        world.run(&[
            &["a> XREADGROUP GROUP g a BLOCK 0 STREAMS s >"],
            &["p> DEL s"],
            &[
                "b> XREADGROUP GROUP g b BLOCK 0 STREAMS s >",
                "c> XREADGROUP GROUP h c BLOCK 0 STREAMS t >",
            ],
        ]);
        world.prepare(1, &["+20ms"]);
        for client in ["a", "b", "c"] {
            let replies = world.replies(client);
            assert!(replies.len() == 1 && replies[0].starts_with("-NOGROUP"), "{replies:?}");
        }
        world.end();
    });
}
