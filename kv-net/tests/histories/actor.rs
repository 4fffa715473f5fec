//! A client with a thread of its own, and what all of them share.

use super::Round;
use super::support::{Client, request};
use super::workload::{Cut, Step};
use kv_sim::history::{Operation, Request, Session};
use kv_sim::wire::{Value, parse_reply};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Barrier, Condvar, Mutex};

/// What a client does in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Playing,
    /// It waits, and does nothing more then.
    Waiting,
    Done,
}

/// What clients share.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    /// Counts what is sent and what is read, all over.
    clock: AtomicU64,
    /// The server's numbers for the clients' connections.
    ids: Vec<AtomicU64>,
    phases: Mutex<Vec<Phase>>,
    changed: Condvar,
    start: Barrier,
    /// Connections that the server has closed.
    pub(crate) ends: AtomicU64,
    /// Connections that it was to close.
    pub(crate) kills: AtomicU64,
}

impl World {
    pub(crate) fn new(address: SocketAddr, clients: usize) -> Self {
        Self {
            address,
            clock: AtomicU64::new(1),
            ids: (0..clients).map(|_| AtomicU64::new(0)).collect(),
            phases: Mutex::new(vec![Phase::Done; clients]),
            changed: Condvar::new(),
            start: Barrier::new(clients),
            ends: AtomicU64::new(0),
            kills: AtomicU64::new(0),
        }
    }

    /// A time: later than all before, whichever thread took them.
    pub(crate) fn stamp(&self) -> u64 {
        self.clock.fetch_add(1, SeqCst)
    }

    pub(crate) fn id(&self, client: usize) -> u64 {
        self.ids[client].load(SeqCst)
    }

    pub(crate) fn begin_round(&self) {
        self.phases().fill(Phase::Playing);
    }

    pub(crate) fn is_done(&self, client: usize) -> bool {
        self.phases()[client] == Phase::Done
    }

    /// How many wait, and do nothing more then.
    pub(crate) fn waiting(&self) -> usize {
        self.phases().iter().filter(|&&phase| phase == Phase::Waiting).count()
    }

    pub(crate) fn enter(&self, client: usize, phase: Phase) {
        self.phases()[client] = phase;
        self.changed.notify_all();
    }

    /// Until all are done, or do nothing more after what they wait for.
    pub(crate) fn wait_for_quiet(&self) {
        let is_loud = |phases: &mut Vec<Phase>| phases.contains(&Phase::Playing);
        drop(self.changed.wait_while(self.phases(), is_loud).expect("nobody panics meanwhile"));
    }

    fn phases(&self) -> std::sync::MutexGuard<'_, Vec<Phase>> {
        self.phases.lock().expect("nobody panics meanwhile")
    }
}

/// A client.
pub(crate) struct Actor<'w> {
    pub(crate) world: &'w World,
    pub(crate) number: usize,
    link: Option<Link>,
    operations: Vec<Operation>,
}

/// Says that a client is done, however it ends.
pub(crate) struct Part<'w>(&'w World, usize);

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.0.enter(self.1, Phase::Done);
    }
}

impl<'w> Actor<'w> {
    pub(crate) fn new(world: &'w World, number: usize) -> Self {
        Self { world, number, link: None, operations: Vec::new() }
    }

    /// Takes part in a round, which begins when all do.
    pub(crate) fn join(&mut self) -> Part<'w> {
        let part = Part(self.world, self.number);
        self.link();
        self.world.start.wait();
        part
    }

    pub(crate) fn play(&mut self, round: &Round) {
        let _part = self.join();
        let mut rng = round.rng(self.number as u64);
        let others: Vec<u64> = (0..super::CLIENTS).map(|client| self.world.id(client)).collect();
        for step in round.topic.script(round, self.number, &others, &mut rng) {
            if step.is_last_wait {
                // Whoever is told that it waits unblocks the connection that has this number.
                self.link();
                self.world.enter(self.number, Phase::Waiting);
            }
            self.run(&step);
        }
    }

    /// What it has seen in the round.
    pub(crate) fn take_operations(&mut self) -> Vec<Operation> {
        if let Some(link) = &mut self.link {
            self.operations.append(&mut link.take_operations());
        }
        std::mem::take(&mut self.operations)
    }

    /// Its connection, a new one if it has none.
    pub(crate) fn link(&mut self) -> &mut Link {
        let (world, number) = (self.world, self.number);
        self.link.get_or_insert_with(|| {
            let link = Link::open(world);
            world.ids[number].store(link.id, SeqCst);
            link
        })
    }

    /// Gives its connection up.
    pub(crate) fn lose_link(&mut self) {
        let link = self.link.take().expect("it had one");
        self.operations.append(&mut link.into_operations());
    }

    fn run(&mut self, step: &Step) {
        let world = self.world;
        let kills = step.requests.iter().filter(|request| is_kill(request)).count();
        world.kills.fetch_add(kills as u64, Relaxed);
        let link = self.link();
        link.begin(world, &step.requests);
        let bytes: Vec<u8> = step.requests.iter().flat_map(request).collect();
        let (sent, read) = match step.cut {
            Cut::No => (bytes.len(), usize::MAX),
            Cut::InSending(share) => (bytes.len() * share / 256, 0),
            Cut::InReading(share) => (bytes.len(), step.requests.len() * share / 256),
        };
        // If it was killed, there is nothing to read either.
        let _ = link.client.try_send(&bytes[..sent]);
        let outcome = link.read_some(world, read);
        if let Err(error) = &outcome {
            let is_late = error.kind() == io::ErrorKind::WouldBlock;
            assert!(!is_late, "no reply came to {}", String::from_utf8_lossy(&bytes));
            world.ends.fetch_add(1, Relaxed);
        }
        if outcome.is_err() || step.cut != Cut::No {
            self.lose_link();
        }
    }
}

fn is_kill(request: &Request) -> bool {
    request.len() > 1 && request[1] == b"KILL"
}

/// A connection, and what happens on it.
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) id: u64,
    session: Session,
}

impl Link {
    pub(crate) fn open(world: &World) -> Self {
        let mut client = Client::connect(world.address);
        client.send(request(["CLIENT", "ID"]));
        let id = match value(&client.reply()) {
            Value::Line(b':', id) => String::from_utf8(id).expect("it is a number"),
            other => panic!("{other}"),
        };
        let id = id.parse().expect("it is a number");
        Self { client, id, session: Session::new(id) }
    }

    /// Sends a request, and has its reply noted.
    pub(crate) fn call(&mut self, world: &World, words: &Request) {
        self.begin(world, std::slice::from_ref(words));
        self.client.send(request(words));
        self.read_some(world, 1).expect("nobody closes this one");
    }

    /// Sends a request that is no part of the history.
    pub(crate) fn ask(&mut self, words: &[&str]) -> Value {
        self.client.send(request(words));
        value(&self.client.reply())
    }

    fn begin(&mut self, world: &World, requests: &[Request]) {
        let at = world.stamp();
        requests.iter().for_each(|request| self.session.sent(at, request.clone()));
    }

    /// Reads replies, so many at most, as long as some are to come.
    fn read_some(&mut self, world: &World, count: usize) -> io::Result<()> {
        for _ in 0..count.min(self.session.unanswered()) {
            let reply = value(&self.client.try_reply()?);
            self.session.replied(world.stamp(), reply);
        }
        Ok(())
    }

    fn take_operations(&mut self) -> Vec<Operation> {
        std::mem::replace(&mut self.session, Session::new(self.id)).cut()
    }

    /// What happened.
    pub(crate) fn into_operations(self) -> Vec<Operation> {
        self.session.cut()
    }
}

pub(crate) fn value(frame: &[u8]) -> Value {
    let (value, _) = parse_reply(frame).expect("it is a reply").expect("it is whole");
    value
}
