//! What clients see of a server with several threads has to be explained by some order of whole
//! commands, without a look at the server: see [`kv_sim::history`].
//!
//! A run is many short rounds with fresh keys, so that all of a round can be searched for an order.
//! The seed decides what clients send and where they break off; how their requests meet, the
//! machine decides. `KV_SEED` repeats what is sent, `KV_ROUNDS` is the number of rounds.

mod actor;
mod channels;
#[path = "../support/mod.rs"]
mod support;
mod workload;

use actor::{Actor, Link, World};
use kv_core::rng::Rng;
use kv_sim::history::{self, Operation};
use kv_sim::wire::Value;
use std::io::Write as _;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};
use support::{eventually, serve, setting};
use workload::{ACCOUNTS, Topic};

/// Event loops, each with a thread.
const THREADS: usize = 4;

/// Clients, each with a thread.
const CLIENTS: usize = 6;

/// Configurations after which a search is given up.
const CONFIGURATIONS_MAX: usize = 100_000;

/// Of so many rounds, one may have a search that is given up.
const ROUNDS_PER_UNDECIDED: usize = 100;

/// What a run was.
#[derive(Debug, Default)]
struct Figures {
    rounds: usize,
    operations: usize,
    unanswered: usize,
    messages: usize,
    undecided: usize,
}

#[test]
fn what_clients_of_several_threads_see_has_an_order() {
    run(60);
}

#[test]
#[ignore = "takes long; run with --release and --ignored"]
fn what_clients_of_several_threads_see_for_long_has_an_order() {
    run(2000);
}

fn run(rounds: u64) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let seed = setting("KV_SEED").unwrap_or_else(|| now().as_nanos() as u64);
    let rounds = setting("KV_ROUNDS").unwrap_or(rounds);
    let served = serve(THREADS, &[]);
    let world = World::new(served.address(), CLIENTS);
    let mut actors: Vec<Actor<'_>> =
        (0..CLIENTS).map(|number| Actor::new(&world, number)).collect();
    let mut figures = Figures::default();
    for number in 0..rounds {
        let round = Round::new(seed, number);
        if let Err(text) = round.play(&world, &mut actors, &mut figures) {
            panic!("KV_SEED={seed}, round {number}, {:?}: {text}", round.topic);
        }
    }
    let (ends, kills) = (world.ends.load(Relaxed), world.kills.load(Relaxed));
    assert!(ends <= kills, "KV_SEED={seed}: {ends} connections were closed, {kills} were to be");
    let _ = writeln!(std::io::stderr(), "KV_SEED={seed}: {figures:?}, {ends} closed");
    let allowed = figures.rounds / ROUNDS_PER_UNDECIDED;
    assert!(figures.undecided <= allowed, "KV_SEED={seed}: too much is undecided: {figures:?}");
}

/// A round: what all clients do to some keys.
struct Round {
    seed: u64,
    number: u64,
    topic: Topic,
}

impl Round {
    fn new(seed: u64, number: u64) -> Self {
        Self { seed, number, topic: Topic::ALL[number as usize % Topic::ALL.len()] }
    }

    fn rng(&self, client: u64) -> Rng {
        Rng::derive(self.seed, self.number, client)
    }

    fn key(&self, name: &str) -> Vec<u8> {
        format!("{name}:{}", self.number).into()
    }

    fn play(
        &self,
        world: &World,
        actors: &mut [Actor<'_>],
        figures: &mut Figures,
    ) -> Result<(), String> {
        figures.rounds += 1;
        if self.topic == Topic::Channels {
            figures.messages += channels::play(self, world, actors)?;
            return Ok(());
        }
        let operations = self.operations(world, actors);
        figures.operations += operations.len();
        figures.unanswered += operations.iter().filter(|it| it.reply.is_none()).count();
        if self.topic == Topic::Transfers {
            self.check_sums(&operations)?;
        }
        let report = history::check(&operations, CONFIGURATIONS_MAX);
        figures.undecided += report.undecided;
        report.failure.map_or(Ok(()), Err)
    }

    /// Lets all clients work at the same time, and gives what they saw, and what is left.
    fn operations(&self, world: &World, actors: &mut [Actor<'_>]) -> Vec<Operation> {
        let mut witness = Link::open(world);
        for request in self.topic.beginning(self) {
            witness.call(world, &request);
        }
        world.begin_round();
        let unblocked = thread::scope(|scope| {
            let start = |actor| scope.spawn(move || Actor::play(actor, self));
            actors.iter_mut().for_each(|actor| drop(start(actor)));
            world.wait_for_quiet();
            for request in self.topic.gifts(self, world.waiting()) {
                witness.call(world, &request);
            }
            release(world, &mut witness)
        });
        for request in self.topic.ending(self) {
            witness.call(world, &request);
        }
        let mut operations = witness.into_operations();
        for (actor, unblocked) in actors.iter_mut().zip(unblocked) {
            let mut seen = actor.take_operations();
            if let (Some(at), Some(last)) = (unblocked, seen.last_mut()) {
                // It still waited then, when nobody pushed any more: if it got nothing, there was
                // nothing even after that.
                last.invoked = last.invoked.max(at);
            }
            operations.append(&mut seen);
        }
        operations
    }

    /// Money neither comes nor goes.
    fn check_sums(&self, operations: &[Operation]) -> Result<(), String> {
        let total = workload::TOTAL;
        for operation in operations {
            let sum = operation.reply.as_ref().and_then(sum);
            if let Some(sum) = sum.filter(|sum| *sum != total) {
                return Err(format!("the accounts have {sum} instead of {total}: {operation}"));
            }
        }
        Ok(())
    }
}

/// The sum of all accounts, if a reply has them all.
fn sum(reply: &Value) -> Option<i64> {
    let Value::Many(_, items) = reply else { return None };
    let number = |item: &Value| match item {
        Value::Blob(_, text) => std::str::from_utf8(text).ok()?.parse::<i64>().ok(),
        _ => None,
    };
    let numbers: Vec<i64> = items.iter().filter_map(number).collect();
    (numbers.len() == ACCOUNTS && items.len() == ACCOUNTS).then(|| numbers.iter().sum())
}

/// Ends the waits of those who would wait for ever. For each client, a time at which it was still
/// waiting, if it was.
fn release(world: &World, witness: &mut Link) -> Vec<Option<u64>> {
    let free = |client: usize| {
        eventually("a client is done or waits", || {
            if world.is_done(client) {
                return Some(None);
            }
            let at = world.stamp();
            let id = world.id(client).to_string();
            let reply = witness.ask(&["CLIENT", "UNBLOCK", &id]);
            (reply == Value::int(1)).then_some(Some(at))
        })
    };
    (0..CLIENTS).map(free).collect()
}
