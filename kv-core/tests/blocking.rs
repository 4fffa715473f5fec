//! Requests that wait. The replies are those of Redis.

mod support;

use kv_core::session::Session;
use support::{Client, SHARDS, Text};

/// A server with sessions that are told things.
struct Scene {
    client: Client,
    sessions: Vec<Session>,
}

impl Scene {
    fn new(shards: usize, sessions: usize) -> Self {
        let client = Client::new(shards);
        let sessions = (0..sessions).map(|_| client.open()).collect();
        Self { client, sessions }
    }

    /// The reply to a session's request; empty if it has to wait.
    fn run(&mut self, number: usize, request: &str) -> String {
        std::mem::swap(&mut self.client.session, &mut self.sessions[number]);
        let reply = self.client.run(request);
        std::mem::swap(&mut self.client.session, &mut self.sessions[number]);
        reply
    }

    /// What others have told a session.
    fn mail(&mut self, number: usize) -> String {
        let mut out = Text::new(kv_core::reply::Protocol::V2);
        let _ = self.sessions[number].deliver(&mut out);
        out.finish_all()
    }

    fn time_out(&mut self, number: usize) -> Option<String> {
        let mut out = Text::new(kv_core::reply::Protocol::V2);
        let ended = self.client.kernel.time_out(&mut self.sessions[number], &mut out);
        ended.then(|| out.finish_all())
    }

    fn close(&mut self, number: usize) {
        let session = self.client.open();
        let session = std::mem::replace(&mut self.sessions[number], session);
        self.client.kernel.close_session(session);
    }
}

#[track_caller]
fn check(run: impl Fn(&mut Scene)) {
    for shards in SHARDS {
        run(&mut Scene::new(shards, 4));
    }
}

#[test]
fn what_is_there_is_taken_at_once() {
    check(|scene| {
        scene.run(0, "RPUSH l a b c");
        scene.run(0, "ZADD z 1 x 2 y");
        assert_eq!(scene.run(0, "BLPOP none l 0"), "[$l $a]");
        assert_eq!(scene.run(0, "BRPOP l 0"), "[$l $c]");
        assert_eq!(scene.run(0, "BLMOVE l m LEFT RIGHT 0"), "$b");
        assert_eq!(scene.run(0, "BRPOPLPUSH m n 0"), "$b");
        assert_eq!(scene.run(0, "BLMPOP 0 2 none n LEFT COUNT 5"), "[$n [$b]]");
        assert_eq!(scene.run(0, "BZPOPMIN none z 0"), "[$z $x ,1]");
        assert_eq!(scene.run(0, "BZMPOP 0 1 z MAX"), "[$z [[$y ,2]]]");
        assert_eq!(scene.client.kernel.observers(), 0);
    });
}

#[test]
fn those_who_wait_are_served_in_the_order_in_which_they_came() {
    check(|scene| {
        for number in 1..4 {
            assert_eq!(scene.run(number, "BLPOP l 0"), "waits");
            assert!(scene.sessions[number].is_waiting());
        }
        assert_eq!(scene.run(0, "RPUSH l a b"), ":2");
        assert_eq!(scene.mail(1), "[$l $a]");
        assert_eq!(scene.mail(2), "[$l $b]");
        assert_eq!(scene.mail(3), "");
        assert!(!scene.sessions[1].is_waiting() && scene.sessions[3].is_waiting());
        assert_eq!(scene.run(0, "LLEN l"), ":0");
        assert_eq!(scene.run(0, "LPUSH l c d"), ":2");
        assert_eq!(scene.mail(3), "[$l $d]");
        assert_eq!(scene.run(0, "LRANGE l 0 -1"), "[$c]");
    });
}

#[test]
fn who_waits_for_several_keys_takes_nothing_from_those_who_have_waited_longer_for_one() {
    check(|scene| {
        scene.run(1, "BLMPOP 0 1 b RIGHT");
        scene.run(2, "BLMOVE a b LEFT RIGHT 0");
        scene.run(3, "BRPOP a b 0");
        assert_eq!(scene.run(0, "RPUSH a x"), ":1");
        assert_eq!(
            (scene.mail(1), scene.mail(2), scene.mail(3)),
            ("[$b [$x]]".into(), "$x".into(), String::new())
        );
    });
}

#[test]
fn one_who_is_served_may_feed_another() {
    check(|scene| {
        scene.run(1, "BLMOVE a b LEFT RIGHT 0");
        scene.run(2, "BLMOVE b c LEFT RIGHT 0");
        scene.run(3, "BLPOP c 0");
        assert_eq!(scene.run(0, "RPUSH a x"), ":1");
        assert_eq!(
            (scene.mail(1), scene.mail(2), scene.mail(3)),
            ("$x".into(), "$x".into(), "[$c $x]".into())
        );
        assert_eq!(scene.run(0, "DBSIZE"), ":0");
    });
}

#[test]
fn all_ways_to_make_a_key_serve_those_who_wait_for_it() {
    for make in [
        "RENAME other l",
        "COPY other l",
        "MOVE",
        "SORT other STORE l",
        "LMOVE other l LEFT LEFT",
        "EXEC",
        "SWAPDB",
    ] {
        check(|scene| {
            scene.run(0, "RPUSH other x");
            scene.run(1, "BLPOP l 0");
            let requests: &[&str] = match make {
                "MOVE" => &["SELECT 1", "RPUSH l x", "MOVE l 0"],
                "SORT other STORE l" => &["SORT other ALPHA STORE l"],
                "EXEC" => &["MULTI", "RPUSH l x", "RPUSH l y", "EXEC"],
                "SWAPDB" => &["SELECT 1", "RPUSH l x", "SWAPDB 0 1"],
                _ => &[make],
            };
            requests.iter().for_each(|request| drop(scene.run(0, request)));
            assert_eq!(scene.mail(1), "[$l $x]", "{make}");
        });
    }
}

#[test]
fn a_transaction_is_over_before_anybody_is_served() {
    check(|scene| {
        scene.run(1, "BLPOP l 0");
        for request in ["MULTI", "RPUSH l a", "LPOP l", "RPUSH l b"] {
            scene.run(0, request);
        }
        assert_eq!(scene.run(0, "EXEC"), "[:1 $a :1]");
        assert_eq!(scene.mail(1), "[$l $b]");
    });
}

#[test]
fn within_a_transaction_nothing_waits() {
    check(|scene| {
        for request in [
            "MULTI",
            "BLPOP l 0",
            "BLMOVE l m LEFT LEFT 0",
            "BZPOPMAX z 0",
            "BLMPOP 0 1 l LEFT",
            "XREAD BLOCK 0 STREAMS s $",
            "WAIT 1 0",
        ] {
            scene.run(0, request);
        }
        assert_eq!(scene.run(0, "EXEC"), "[*_ _ *_ *_ *_ :0]");
        assert!(!scene.sessions[0].is_waiting());
    });
}

#[test]
fn a_key_of_another_type_is_not_there_for_those_who_wait() {
    check(|scene| {
        scene.run(1, "BLPOP k 0");
        scene.run(2, "BZPOPMIN k 0");
        scene.run(0, "ZADD k 1 m");
        assert_eq!((scene.mail(1), scene.mail(2)), (String::new(), "[$k $m ,1]".into()));
        scene.run(0, "SET k x");
        scene.run(0, "DEL k");
        scene.run(0, "RPUSH k y");
        assert_eq!(scene.mail(1), "[$k $y]");
    });
}

#[test]
fn a_target_of_another_type_is_an_error_for_the_one_who_waits() {
    check(|scene| {
        scene.run(0, "SET target x");
        scene.run(1, "BLMOVE l target LEFT LEFT 0");
        scene.run(0, "RPUSH l a");
        let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
        assert_eq!(scene.mail(1), wrong);
        assert_eq!(scene.run(0, "LRANGE l 0 -1"), "[$a]");
    });
}

#[test]
fn streams_are_read_by_all_who_wait_and_by_one_of_a_group() {
    check(|scene| {
        scene.run(0, "XGROUP CREATE s g $ MKSTREAM");
        scene.run(1, "XREAD BLOCK 0 STREAMS s $");
        scene.run(2, "XREADGROUP GROUP g a BLOCK 0 STREAMS s >");
        scene.run(3, "XREADGROUP GROUP g b BLOCK 0 STREAMS s >");
        scene.run(0, "XADD s 1-1 f v");
        let entry = "[[$s [[$1-1 [$f $v]]]]]";
        assert_eq!((scene.mail(1), scene.mail(2)), (entry.into(), entry.into()));
        assert_eq!(scene.mail(3), "");
        scene.run(0, "XGROUP DESTROY s g");
        assert!(scene.mail(3).starts_with("-NOGROUP"));
    });
}

#[test]
fn who_waits_for_a_group_is_told_when_its_stream_expires() {
    check(|scene| {
        scene.run(0, "XGROUP CREATE s g $ MKSTREAM");
        scene.run(1, "XREADGROUP GROUP g a BLOCK 0 STREAMS s >");
        scene.run(0, "PEXPIRE s 10");
        scene.client.run("+20ms");
        scene.client.kernel.batch(scene.client.now).tend(100);
        assert!(scene.mail(1).starts_with("-NOGROUP"));
    });
}

#[test]
fn a_wait_ends_once() {
    check(|scene| {
        scene.run(1, "BLPOP l 5");
        assert_eq!(scene.sessions[1].wait_deadline_us(), Some(5_000_000));
        assert_eq!(scene.time_out(1).as_deref(), Some("*_"));
        scene.run(0, "RPUSH l a");
        assert_eq!(scene.mail(1), "");
        assert_eq!(scene.run(0, "LPOP l"), "$a");

        scene.run(1, "BLPOP l 5");
        scene.run(0, "RPUSH l b");
        assert_eq!(scene.time_out(1), None, "its reply is on its way");
        assert_eq!(scene.mail(1), "[$l $b]");
    });
}

#[test]
fn one_who_has_gone_takes_nothing() {
    check(|scene| {
        scene.run(1, "BLPOP a b c 0");
        scene.run(2, "BLPOP b 0");
        scene.close(1);
        assert_eq!(scene.run(0, "RPUSH b x y"), ":2");
        assert_eq!(scene.mail(2), "[$b $x]");
        assert_eq!(scene.run(0, "LRANGE b 0 -1"), "[$y]");
        assert_eq!(scene.client.kernel.observers(), 0);
        assert_eq!(scene.client.kernel.sessions.waiting(), 0);
    });
}

#[test]
fn times_to_wait_are_seconds_with_a_fraction() {
    check(|scene| {
        for (timeout, error) in [
            ("x", "-ERR timeout is not a float or out of range"),
            ("nan", "-ERR timeout is not a float or out of range"),
            ("-1", "-ERR timeout is negative"),
            ("1e300", "-ERR timeout is out of range"),
        ] {
            for request in ["BLPOP l", "BLMOVE l m LEFT LEFT", "BRPOPLPUSH l m", "BZPOPMIN l"] {
                assert_eq!(scene.run(0, &format!("{request} {timeout}")), error, "{request}");
            }
        }
        scene.run(0, "BLPOP l 0.0001");
        assert_eq!(scene.sessions[0].wait_deadline_us(), Some(1000), "at least a millisecond");
        scene.run(1, "BLPOP l 0x1p1");
        assert_eq!(scene.sessions[1].wait_deadline_us(), Some(2_000_000));
        scene.run(2, "XREAD BLOCK 30 STREAMS s $");
        assert_eq!(scene.sessions[2].wait_deadline_us(), Some(30_000));
        scene.run(3, "WAIT 1 0");
        assert_eq!(
            (scene.sessions[3].wait_deadline_us(), scene.sessions[3].is_waiting()),
            (None, true)
        );
    });
}
