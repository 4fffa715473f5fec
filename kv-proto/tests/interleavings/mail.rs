//! Letters: mailboxes, posts and the bell.

use crate::explore::explore;
use crate::world::World;

/// The messages of a channel that a client was sent, by what was published.
fn messages(world: &World, client: &str) -> Vec<String> {
    let replies = world.replies(client).into_iter();
    let messages = replies
        .filter(|reply| reply.starts_with("[\"message\"") || reply.starts_with("[\"pmessage\""));
    messages.map(|reply| reply.rsplit('"').nth(1).expect("it has a payload").to_owned()).collect()
}

/// Each sender's messages, in the order in which they came.
fn of_sender(messages: &[String], sender: &str) -> Vec<String> {
    messages.iter().filter(|message| message.starts_with(sender)).cloned().collect()
}

#[test]
fn letters_of_several_threads_arrive_once_and_in_the_order_of_each_sender() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["s> SUBSCRIBE c", "t> PSUBSCRIBE *"]);
        world.prepare(1, &["u> SUBSCRIBE c"]);
        world.run(&[
            &["r> PUBLISH c r1", "s> PING", "r> PUBLISH c r2"],
            &["p> PUBLISH c p1", "p> PUBLISH c p2 | PUBLISH c p3"],
            &["q> PUBLISH c q1", "q> PUBLISH c q2 | PUBLISH c q3"],
        ]);
        for listener in ["s", "t", "u"] {
            let messages = messages(&world, listener);
            assert_eq!(messages.len(), 8, "{listener}: {messages:?}");
            assert_eq!(of_sender(&messages, "r"), ["r1", "r2"], "{listener}");
            assert_eq!(of_sender(&messages, "p"), ["p1", "p2", "p3"], "{listener}");
            assert_eq!(of_sender(&messages, "q"), ["q1", "q2", "q3"], "{listener}");
        }
        world.end();
    });
}

#[test]
fn a_bell_that_rings_while_it_is_heard_is_heard_again() {
    explore(|| {
        let mut world = World::new(3, &[]);
        for (server, line) in
            ["s> SUBSCRIBE x", "t> SUBSCRIBE y", "u> SUBSCRIBE z"].iter().enumerate()
        {
            world.prepare(server, &[line]);
        }
        world.run(&[
            &["p> PUBLISH y 1", "p> PUBLISH z 2"],
            &["q> PUBLISH z 1", "q> PUBLISH x 2"],
            &["r> PUBLISH x 1", "r> PUBLISH y 2"],
        ]);
        for listener in ["s", "t", "u"] {
            assert_eq!(messages(&world, listener).len(), 2, "{listener}");
        }
        world.end();
    });
}

#[test]
fn letters_for_a_session_that_has_ended_reach_nobody() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["s> SUBSCRIBE c", "t> SUBSCRIBE c"]);
        world.run(&[
            &["s closes", "v> PING", "t ends", "w> PING"],
            &["p> PUBLISH c p1", "p> PUBLISH c p2"],
            &["q> PUBLISH c q1 | PUBLISH c q2"],
        ]);
        assert_eq!(world.replies("v"), ["+PONG"], "its connection has the name that s had");
        assert_eq!(world.replies("w"), ["+PONG"], "its connection has the name that t had");
        for listener in ["s", "t"] {
            let messages = messages(&world, listener);
            for sender in ["p", "q"] {
                let told = of_sender(&messages, sender).concat();
                let all = format!("{sender}1{sender}2");
                assert!(all.starts_with(&told), "{listener}: {messages:?}");
            }
        }
        world.end();
    });
}

#[test]
fn who_is_killed_while_it_connects_is_closed() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.run(&[
            &["a connects", "b connects"],
            &["p> CLIENT KILL TYPE normal"],
            &["q> CLIENT KILL TYPE normal", "c connects"],
        ]);
        world.end();
    });
}

#[test]
fn requests_that_a_pause_holds_back_run_when_it_is_over() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.run(&[
            &["a> SET x 1", "a> SET y 1 | GET x"],
            &["p> CLIENT PAUSE 100000 WRITE", "p> CLIENT UNPAUSE"],
            &["b> MULTI | SET x 2 | EXEC", "b> INCR n", "q> CLIENT UNPAUSE"],
        ]);
        assert_eq!(world.replies("a").len(), 3);
        assert_eq!(world.replies("b").len(), 4);
        world.end();
    });
}

#[test]
fn who_is_told_more_than_it_may_be_is_closed() {
    explore(|| {
        let mut world = World::new(3, &[("client-output-buffer-limit", "pubsub 300 0 0")]);
        world.prepare(0, &["s> SUBSCRIBE c"]);
        world.run(&[
            &["r> PING", "r> PING"],
            &["p> PUBLISH c p1 | PUBLISH c p2 | PUBLISH c p3 | PUBLISH c p4 | PUBLISH c p5"],
            &["q> PUBLISH c q1", "q> PUBLISH c q2"],
        ]);
        let messages = messages(&world, "s");
        assert!(world.is_connected("s") == (messages.len() == 7), "{messages:?}");
        world.end();
    });
}
