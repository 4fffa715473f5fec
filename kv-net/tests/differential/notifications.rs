//! What is published of keys, and which keys count as changed for WATCH, after each request.
//!
//! Expiry is left out: when a key goes whose deadline has passed depends on how fast a server is.

use crate::grammar::{GENERAL, GROUPS, KEYS, any_command, bytes, lines};
use crate::support::{Client, Program, Served, elements, payload};
use crate::{Difference, Pair, Sequence, Step, compare_with};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use std::collections::BTreeSet;

/// All that depends neither on time nor on chance.
const CLASSES: &str = "KEg$lshztnm";

/// Where the messages of a request end.
const END: &[u8] = b"__keyend";

/// What the groups have nowhere or only among what depends on chance.
const OTHERS: &[&str] = &[
    "SPOP key 1000",
    "BLPOP key key 0.001",
    "BRPOP key 0.001",
    "BLMOVE key key LEFT RIGHT 0.001",
    "BRPOPLPUSH key key 0.001",
    "BLMPOP 0.001 2 key key RIGHT COUNT 2",
    "BZPOPMIN key key 0.001",
    "BZPOPMAX key 0.001",
    "BZMPOP 0.001 1 key MIN COUNT 2",
];

fn sequences() -> impl Strategy<Value = Sequence> {
    let groups = subsequence(GROUPS.to_vec(), 1..=2);
    let requests = groups.prop_flat_map(|groups| {
        let all = lines(&groups).into_iter().chain(OTHERS.iter().copied());
        let few = GENERAL.lines.iter().copied().filter(|line| line.contains("key"));
        vec(any_command(all.chain(few).collect()), 1..60)
    });
    requests.prop_map(|requests| Sequence {
        protocol: "2",
        steps: requests.into_iter().map(|request| Step::Pipeline(vec![request])).collect(),
    })
}

#[test]
#[ignore = "needs redis-server; run with --ignored"]
fn events_and_changes_of_watched_keys_are_those_of_redis() {
    compare_with(sequences(), |ours, theirs, sequence| Audience::new(ours, theirs).play(sequence));
}

/// Connections that make requests, that listen, and that watch one key each.
struct Audience {
    talkers: Pair,
    listeners: Pair,
    watchers: Vec<(Vec<u8>, Pair)>,
}

impl Audience {
    fn new(ours: &Served, theirs: &Program) -> Self {
        let connect = || Pair {
            ours: Client::connect(ours.address()),
            theirs: Client::connect(theirs.address),
        };
        let mut talkers = Pair::new(ours, theirs);
        talkers.ask(&[b"CONFIG", b"SET", b"notify-keyspace-events", CLASSES.as_bytes()]);
        let mut listeners = connect();
        listeners.ask(&[b"PSUBSCRIBE", b"__key*"]);
        let keys: BTreeSet<_> = KEYS.iter().map(|key| bytes(key)).collect();
        let watchers = keys.into_iter().map(|key| (key, connect())).collect();
        Self { talkers, listeners, watchers }
    }

    fn play(&mut self, sequence: &Sequence) -> Result<(), Difference> {
        for words in sequence.steps.iter().flat_map(Step::requests) {
            for (key, watcher) in &mut self.watchers {
                watcher.ask(&[b"WATCH", key]);
            }
            let (ours, theirs) = self.talkers.send(std::slice::from_ref(words)).remove(0);
            let open = Open {
                misses: ours[0] == b'-' || theirs[0] == b'-',
                order: words[0].to_ascii_lowercase().starts_with(b"sort"),
            };
            let (ours, theirs) = self.effects(open);
            if ours != theirs {
                return Err(Difference { request: words.clone(), ours, theirs });
            }
        }
        Ok(())
    }

    /// What the two servers have published, and which watched keys they take for changed.
    fn effects(&mut self, open: Open) -> (Vec<u8>, Vec<u8>) {
        self.watchers[0].1.ask(&[b"PUBLISH", END, b""]);
        let heard = |listener| heard(listener, open);
        let mut effects = (heard(&mut self.listeners.ours), heard(&mut self.listeners.theirs));
        for (key, watcher) in &mut self.watchers {
            watcher.ask(&[b"MULTI"]);
            let (ours, theirs) = watcher.ask(&[b"EXEC"]);
            for (effects, reply) in [(&mut effects.0, ours), (&mut effects.1, theirs)] {
                if reply == b"*-1\r\n" {
                    effects.extend([b"changed: ", &key[..], b"; "].concat());
                }
            }
        }
        effects
    }
}

/// What is open of a request's messages.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Whether a request that is refused has looked for its key before.
    misses: bool,
    /// The order in which the elements of a set are looked for under other keys.
    order: bool,
}

/// The messages of a request.
fn heard(listener: &mut Client, open: Open) -> Vec<u8> {
    let mut heard = Vec::new();
    loop {
        let message = elements(&listener.reply());
        let (channel, payload) = (payload(&message[2]), payload(&message[3]));
        if channel == END {
            if open.order {
                heard.sort_unstable();
            }
            return heard.concat();
        }
        let is = |event: &[u8]| payload == event || channel.ends_with(event);
        // Since Redis 7.2 a consumer comes into being even if there is nothing for it.
        let is_open = is(b"xgroup-createconsumer") || (open.misses && is(b"keymiss"));
        if !is_open {
            heard.push([channel, b" ", payload, b"; "].concat());
        }
    }
}
