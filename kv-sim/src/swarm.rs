//! The fast tier: the server under a discrete-event loop, with virtual time and no I/O. The loop
//! decides who acts next, how bytes are cut, how many deliveries share an execution and how slowly
//! replies are taken.

mod ending;
mod faults;
mod habits;

pub(crate) use ending::check_sessions;

use crate::check::{Certainty, Checker, Place, Told};
use crate::failure::{Check, Violation};
use crate::listener::{self, Listener};
use crate::panics;
use crate::plan::{
    AudienceLimits, CURSOR, Chunking, ClockFault, DIGEST, PAYLOAD, Plan, Request, Script, Then,
};
use crate::pressure::Pressure;
use crate::wall::Wall;
use crate::watch::{Metronome, Watch};
use crate::{EPOCH_US, Failed, Options, Outcome, speech, wire};
use kv_core::config::{self, Config};
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::rng::Rng;
use kv_core::session::Peer;
use kv_proto::dialect::Dialect;
use kv_proto::server::{ConnectionId, Event, Pace, Server};
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::sync::Arc;
use std::vec::IntoIter;

/// How long, in virtual time, a run may take before it counts as stuck, in microseconds.
const ELAPSED_MAX_US: u64 = 24 * 3600 * 1_000_000;

/// How often a client whose bytes the server does not want tries again, in microseconds.
const RETRY_US: u64 = 1000;

/// How often it tries before the server counts as stuck.
const RETRIES_MAX: u64 = 600_000;

/// How long a client may take nothing while its connection is paused, in seconds.
const OUTPUT_PATIENCE_S: u64 = 60;

/// How long a key may outlive its deadline under the usual pace, in microseconds.
const LAG_MAX_US: u64 = 50_000;

/// How soon a server must want to go on when something is overdue, in microseconds, unless its
/// pace is slower: deadlines are whole milliseconds.
const OVERDUE_US: u64 = 1000;

/// How long clients let replies wait that they could take, at most, in microseconds.
const PUMP_DELAY_MAX_US: u64 = 2000;

/// How long it takes at most until a server learns of letters, in microseconds.
const MAIL_DELAY_MAX_US: u64 = 300;

/// How many entries are looked at, on average, for each event, to see whether all is well within.
const LOOKS_PER_EVENT: u64 = 16;

/// What a look costs whatever there is, counted in entries.
const LOOK_COST: u64 = 128;

/// Runs the plan of `seed`.
pub fn run(seed: u64, options: Options) -> Outcome {
    run_plan(&Plan::new(seed, options.commands), options)
}

/// Runs a plan, whatever its tier.
pub fn run_plan(plan: &Plan, options: Options) -> Outcome {
    let mut checker = Checker::new(options.flaw, options.verbose);
    let kernel = kernel(plan, &limits(plan));
    let result = panics::catch(|| Swarm::new(plan, &mut checker, &kernel).run());
    if let Err(text) = result {
        checker.fail(0, Check::Panics.violated(text));
        // What is left in it may be half changed, and dropping that may panic.
        std::mem::forget(kernel);
    }
    conclude(checker)
}

/// The result that a checker came to.
pub(crate) fn conclude(mut checker: Checker) -> Outcome {
    checker.finish();
    let summary = checker.summary();
    match checker.failure() {
        None => Ok(summary),
        Some(failure) => Err(Box::new(Failed { failure: failure.clone(), summary })),
    }
}

/// The kernel that a plan asks for, with settings beyond the defaults.
pub(crate) fn kernel(plan: &Plan, settings: &[(&str, String)]) -> Arc<Kernel> {
    let config = Config::default();
    for (name, value) in settings {
        let id = config::find(name.as_bytes()).expect("it is a setting");
        config.set(id, value.as_bytes()).expect("it is in range");
    }
    let host = Box::new(NoHost::default());
    Arc::new(Kernel::with_sizes(config, plan.shards, plan.sizes, plan.seed, host, moment(0)))
}

/// The settings for a plan's limits.
fn limits(plan: &Plan) -> Vec<(&'static str, String)> {
    let soft_max = plan.output_soft_max.unwrap_or(0);
    let output = ("client-output-buffer-limit", format!("normal 0 {soft_max} {OUTPUT_PATIENCE_S}"));
    // One place is the watch's, and one the listener's.
    let others = 1 + usize::from(plan.listens);
    let clients = |max: usize| ("maxclients", (max + others).to_string());
    let events = plan.listens.then(|| ("notify-keyspace-events", listener::EVENTS.to_string()));
    let memory = plan.memory.into_iter().flat_map(|limit| {
        let bytes = ("maxmemory", limit.bytes.to_string());
        [bytes, ("maxmemory-policy", limit.policy.to_string())]
    });
    let audience = audience_setting(plan);
    [output]
        .into_iter()
        .chain(audience)
        .chain(plan.clients_max.map(clients))
        .chain(memory)
        .chain(events)
        .collect()
}

/// The setting for a plan's limits of subscribers.
pub(crate) fn audience_setting(plan: &Plan) -> Option<(&'static str, String)> {
    let AudienceLimits { hard_max, soft_max, seconds } = plan.audience?;
    Some(("client-output-buffer-limit", format!("pubsub {hard_max} {soft_max} {seconds}")))
}

/// The servers of a plan, over one kernel.
fn servers(plan: &Plan, kernel: &Arc<Kernel>) -> Vec<Server> {
    let server = |_| Server::with_pace(Arc::clone(kernel), plan.pace);
    (0..plan.servers).map(server).collect()
}

/// The moment so many microseconds after the start.
pub(crate) fn moment(elapsed_us: u64) -> Now {
    Now { mono_us: elapsed_us, unix_us: EPOCH_US + elapsed_us }
}

/// The bytes of a step's requests of a client that was told this.
pub(crate) fn render(requests: &[Request], dialect: Dialect, told: &Told) -> Vec<u8> {
    let cursor = told.cursor.to_string();
    let mut out = Vec::new();
    for request in requests {
        match (request, dialect) {
            (Request::Bytes(bytes), Dialect::Resp) => out.extend_from_slice(bytes),
            (Request::Words(words), Dialect::Resp) => {
                let words = words.iter().map(|word| said(word, told, &cursor));
                wire::render_words(words, &mut out);
            }
            _ => match request.words() {
                Some(words) => {
                    let words = words.iter().map(|word| said(word, told, &cursor).to_vec());
                    out.extend(speech::render_request(dialect, &words.collect::<Vec<_>>()));
                }
                None => out.extend_from_slice(speech::garbage(dialect)),
            },
        }
    }
    out
}

/// What a word stands for.
fn said<'w>(word: &'w [u8], told: &'w Told, cursor: &'w str) -> &'w [u8] {
    match word {
        PAYLOAD => &told.payload,
        DIGEST => &told.digest,
        CURSOR => cursor.as_bytes(),
        _ => word,
    }
}

/// The length of the next piece of `left` bytes.
pub(crate) fn piece(rng: &mut Rng, chunking: Chunking, left: usize) -> usize {
    match chunking {
        Chunking::Whole => left,
        Chunking::Pieces(max) => (1 + rng.below(max) as usize).min(left),
        Chunking::Single => left.min(1),
    }
}

/// How much of a step of `len` bytes is sent.
pub(crate) fn sent_len(then: Then, len: usize) -> usize {
    if let Then::Break(share) = then { len * share as usize / 256 } else { len }
}

struct Swarm<'a> {
    plan: &'a Plan,
    checker: &'a mut Checker,
    servers: Vec<Server>,
    rng: Rng,
    clients: Vec<Client<'a>>,
    /// Which client has which connection.
    owners: BTreeMap<Name, usize>,
    /// What happens when. The second number keeps the order of what happens at once.
    agenda: BTreeMap<(u64, u64), Action>,
    arranged: u64,
    now_us: u64,
    /// Deliveries since the last execution.
    deliveries: u64,
    /// Connections with something to send.
    writable: BTreeSet<Name>,
    /// When clients take replies next, if that is arranged.
    pump_us: Option<u64>,
    /// How far clients are behind with taking what they are sent.
    pressures: BTreeMap<Name, Pressure>,
    wall: Wall,
    /// What happens to the clocks, in order.
    clock_faults: Peekable<IntoIter<ClockFault>>,
    /// When that happened last.
    disturbed_us: Option<u64>,
    watch: Watch,
    listener: Option<Listener>,
    metronomes: Vec<Metronome>,
    /// Until when each server is busy.
    busy_until_us: Vec<u64>,
    /// Executions and slices since the invariants were checked last.
    unchecked: u64,
    /// Events since the last look at the keys.
    unlooked: u64,
    /// The longest piece of a script that is sent at once.
    request_max: u64,
}

#[derive(Clone, Copy)]
enum Action {
    /// The client goes on.
    Act(usize),
    /// The client has no more patience with this step.
    GiveUp { client: usize, step: usize, patience_us: u64 },
    /// Clients take replies.
    Pump,
    /// Nobody has anything to do but the servers, whose time has come.
    Wait,
    /// A server learns that there are letters for its connections.
    Mail(usize),
}

/// A connection's server, by position, and its name there.
type Name = (usize, ConnectionId);

struct Client<'a> {
    script: &'a Script,
    connection: Option<(Name, u64)>,
    next_step: usize,
    /// What is still to be sent of the current step.
    left: Vec<u8>,
    /// How often it has tried in vain to send the next piece.
    retries: u64,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It is about to begin a step.
    Between,
    /// It is sending a step.
    Sending,
    /// It waits for its replies.
    Awaiting,
    /// It waits for the server to close.
    Ending,
    /// It has no more to do.
    Done,
}

impl<'a> Swarm<'a> {
    fn new(plan: &'a Plan, checker: &'a mut Checker, kernel: &Arc<Kernel>) -> Self {
        if let Some(soft_max) = plan.output_soft_max {
            checker.limit_output(soft_max);
        }
        if let Some(limits) = plan.audience.filter(|limits| limits.hard_max > 0) {
            checker.limit_audience(limits.hard_max);
        }
        if let Some(max) = plan.clients_max {
            checker.limit_clients(max);
        }
        let mut watch = Watch::new(kernel, moment(0));
        if let Some(limit) = plan.memory {
            checker.limit_memory(if limit.evicts() {
                watch.put_tokens(moment(0));
                if plan.seed.is_multiple_of(2) {
                    watch.guard_tokens(moment(0));
                }
                Certainty::MayLose
            } else {
                Certainty::MayRefuse
            });
        }
        let client = |script| Client {
            script,
            connection: None,
            next_step: 0,
            left: Vec::new(),
            retries: 0,
            phase: Phase::Between,
        };
        Self {
            plan,
            checker,
            servers: servers(plan, kernel),
            rng: Rng::derive(plan.seed, 0x7377_6172, 0),
            clients: plan.scripts.iter().map(client).collect(),
            owners: BTreeMap::new(),
            agenda: BTreeMap::new(),
            arranged: 0,
            now_us: 0,
            deliveries: 0,
            writable: BTreeSet::new(),
            pump_us: None,
            pressures: BTreeMap::new(),
            wall: Wall::default(),
            clock_faults: plan.clock_faults.clone().into_iter().peekable(),
            disturbed_us: None,
            watch,
            listener: plan.listens.then(|| Listener::new(kernel, plan, moment(0))),
            metronomes: (0..plan.servers).map(|_| Metronome::new(plan)).collect(),
            busy_until_us: vec![0; plan.servers],
            unchecked: 0,
            unlooked: 0,
            request_max: 0,
        }
    }

    fn run(mut self) {
        (0..self.clients.len()).for_each(|client| self.arrange_step(client));
        while let Some(action) = self.next_action() {
            match action {
                Action::Act(client) => self.act(client),
                Action::GiveUp { client, step, patience_us } => {
                    self.give_up(client, step, patience_us);
                }
                Action::Pump => self.pump_us = self.pump_us.filter(|&at| at > self.now_us),
                Action::Wait => {}
                Action::Mail(server) => self.handle_mail(server),
            }
            if self.is_round_over() {
                self.execute();
            }
            self.pump();
            self.resume_answered();
            self.look();
            if self.checker.failure().is_some() || self.now_us > ELAPSED_MAX_US {
                break;
            }
        }
        for (position, client) in self.clients.iter().enumerate() {
            if client.phase != Phase::Done {
                let text = format!("client {position} waits for ever");
                self.checker.fail(0, Check::Clients.violated(text));
            }
        }
        if self.checker.failure().is_none() {
            self.end();
        }
    }

    /// What happens next, when its time has come. What happens to the clocks first, happens. As long
    /// as a client waits, that may be what servers do by themselves.
    fn next_action(&mut self) -> Option<Action> {
        while let Some((&(at, order), _)) = self.agenda.first_key_value() {
            let is_due = |fault: &&ClockFault| fault.at_ms * 1000 <= at;
            let fault_us = self.clock_faults.peek().filter(is_due).map(|fault| fault.at_ms * 1000);
            // It may have been missed.
            if !self.advance(fault_us.unwrap_or(at).max(self.now_us)) {
                continue;
            }
            match self.clock_faults.next_if(|_| fault_us.is_some()) {
                Some(fault) => self.disturb(fault.kind),
                None => return self.agenda.remove(&(at, order)),
            }
        }
        let is_over = self.clients.iter().all(|client| client.phase == Phase::Done);
        let (at, _) = self.next_deadline().filter(|_| !is_over)?;
        self.advance(at.max(self.now_us));
        Some(Action::Wait)
    }

    fn arrange(&mut self, delay_us: u64, action: Action) {
        self.arranged += 1;
        self.agenda.insert((self.now_us + delay_us, self.arranged), action);
    }

    /// Lets time pass up to `time_us`, with the server's timers on the way, unless one of them
    /// arranges for something sooner. Whether the time has come. What is delivered at one moment
    /// waits for the rest, but not when time passes.
    fn advance(&mut self, time_us: u64) -> bool {
        while let Some((at, server)) = self.next_deadline().filter(|&(at, _)| at <= time_us) {
            if self.deliveries > 0 && time_us == self.now_us || self.checker.failure().is_some() {
                break;
            }
            self.set_time(at.max(self.now_us));
            self.pass_timeout(server);
            if self.agenda.keys().next().is_some_and(|&(at, _)| at < time_us) {
                return false;
            }
        }
        self.set_time(time_us);
        true
    }

    /// When the next server has something to do and time for it, and which it is.
    fn next_deadline(&self) -> Option<(u64, usize)> {
        let servers = self.servers.iter().zip(&self.busy_until_us).enumerate();
        let deadlines = servers.filter_map(|(position, (server, &busy_until_us))| {
            Some((server.poll_deadline()?.max(busy_until_us), position))
        });
        deadlines.min()
    }

    /// What a server has done takes time, in which it does nothing else, unless it is late already.
    fn keep_busy(&mut self, server: usize) {
        let is_late = self.servers[server].poll_deadline().is_some_and(|at| at <= self.now_us);
        if self.plan.busy_us > 0 && !is_late {
            self.busy_until_us[server] = self.now_us + self.rng.below(self.plan.busy_us + 1);
        }
    }

    /// The server's time has come.
    fn pass_timeout(&mut self, server: usize) {
        self.handle_mail(server);
        if self.servers[server].poll_deadline().is_none_or(|at| at > self.now_us) {
            return;
        }
        let slice_us = self.servers[server].slice_deadline();
        // Another server may have done the work already.
        let due_ms = self.servers[server].kernel().due_ms();
        let is_due = due_ms.is_some_and(|at| at <= self.wall.unix_ms(self.now_us));
        let is_slice = slice_us.is_some_and(|at| at <= self.now_us)
            && is_due
            && !self.checker.model().is_paused();
        if self.servers[server].has_input() {
            self.deliveries = 0;
        } else if is_slice && let Err(violation) = self.metronomes[server].tick(self.now_us) {
            self.checker.fail(0, violation);
        }
        let now = self.now();
        self.servers[server].handle_timeout(now);
        self.check_execution(server);
        self.checker.time_out(server);
        self.drain_events();
        self.keep_busy(server);
    }

    /// A server passes on what there is for its connections.
    fn handle_mail(&mut self, server: usize) {
        let now = self.now();
        self.servers[server].handle_mail(now);
        self.checker.handle_mail(server);
        self.drain_events();
    }

    /// Looks behind the replies, at intervals in proportion to the work it takes.
    fn look(&mut self) {
        let due_us = self.now_us.saturating_sub(self.plan.busy_us);
        if let Some(serial) = self.checker.overdue(due_us) {
            let text = "the request waits longer than it wants to";
            self.checker.fail(serial, Check::Waits.violated(text));
        }
        if let Some(serial) = self.checker.forgotten(due_us.saturating_sub(MAIL_DELAY_MAX_US)) {
            let text = "the request is put off although clients are paused no more";
            self.checker.fail(serial, Check::Waits.violated(text));
        }
        if let Err((serial, violation)) = self.look_at_outputs() {
            self.checker.fail(serial, violation);
        }
        self.unlooked += 1;
        let keys = self.checker.model().len() as u64;
        if self.unlooked * LOOKS_PER_EVENT < keys.max(LOOK_COST) {
            return;
        }
        if self.unchecked >= self.plan.check_every {
            self.unchecked = 0;
            self.watch.check(self.now());
        }
        self.unlooked = 0;
        let result = self.look_at_keys().and_then(|()| self.look_at_memory());
        let result = result.and_then(|()| self.listener.as_mut().map_or(Ok(()), Listener::check));
        if let Err(violation) = result {
            self.checker.fail(0, violation);
        }
    }

    /// Whether the kernel has exactly the keys that it should have, but for those that expired a
    /// moment ago.
    fn look_at_keys(&mut self) -> Result<(), Violation> {
        if self.checker.certainty() == Certainty::MayLose || self.deliveries > 0 {
            return Ok(());
        }
        let found = self.watch.keys(self.now());
        let live = self.checker.model().len_at(self.wall.unix_ms(self.now_us));
        if found < live {
            let text = format!("the kernel has {found} keys, {live} should be there");
            return Err(Check::Keys.violated(text));
        }
        let pace = self.plan.pace;
        let soon_us = self.now_us + pace.interval_us.max(OVERDUE_US) + self.plan.busy_us;
        let soon_us = soon_us.max(self.notices_clock_by_us());
        let deadline = self.next_deadline().map(|(at, _)| at);
        if found > live && deadline.is_none_or(|at| at > soon_us) {
            let text = format!("keys are overdue, and the server waits for {deadline:?}");
            return Err(Check::Expiry.violated(text));
        }
        self.look_for_late_keys(found)
    }

    fn look_for_late_keys(&self, found: usize) -> Result<(), Violation> {
        let lag_us = self.lag_max_us();
        let since_us = self.now_us.saturating_sub(lag_us);
        if since_us < self.notices_clock_by_us() {
            return Ok(());
        }
        let (unix_ms, elapsed_ms) = (self.wall.unix_ms(since_us), (since_us / 1000) as i64);
        let late = found.saturating_sub(self.checker.model().len_since(unix_ms, elapsed_ms));
        if late > 0 {
            let text = format!("{late} keys are there {lag_us} us after their deadlines");
            return Err(Check::Expiry.violated(text));
        }
        Ok(())
    }

    /// How long a key may outlive its deadline: at a slower pace, as long as it takes if each slice
    /// does the least in one shard.
    fn lag_max_us(&self) -> u64 {
        let Plan { pace, busy_us, shards, .. } = *self.plan;
        if pace == Pace::default() {
            return LAG_MAX_US + busy_us;
        }
        let timers = self.checker.model().deadlines() as u64;
        let slices = 4 + 8 * timers + self.checker.replies();
        LAG_MAX_US + busy_us + (pace.interval_us + busy_us) * slices * shards as u64
    }

    fn look_at_memory(&mut self) -> Result<(), Violation> {
        let Some(limit) = self.plan.memory else { return Ok(()) };
        let (now, requests) = (self.now(), self.checker.requests());
        if limit.evicts() {
            self.watch.check_tokens(now, limit)?;
        }
        self.watch.check_memory(now, limit, self.request_max, requests)
    }

    fn set_time(&mut self, time_us: u64) {
        assert!(time_us >= self.now_us, "time goes back");
        self.now_us = time_us;
        self.checker.at(time_us);
    }

    fn now(&self) -> Now {
        self.wall.now(self.now_us)
    }

    fn act(&mut self, client: usize) {
        match self.clients[client].phase {
            Phase::Between => self.begin_step(client),
            Phase::Sending => self.send(client),
            Phase::Awaiting | Phase::Ending | Phase::Done => {}
        }
    }

    fn begin_step(&mut self, client: usize) {
        let script = self.clients[client].script;
        let Some(step) = script.step(self.clients[client].next_step) else {
            self.clients[client].phase = Phase::Done;
            return;
        };
        let (_, serial) = self.connect(client);
        let mut bytes = render(&step.requests, script.dialect, &self.checker.told(serial));
        bytes.truncate(sent_len(step.then, bytes.len()));
        self.request_max = self.request_max.max(bytes.len() as u64);
        self.clients[client].left = bytes;
        self.clients[client].phase = Phase::Sending;
        self.send(client);
    }

    fn connect(&mut self, client: usize) -> (Name, u64) {
        if let Some(connection) = self.clients[client].connection {
            return connection;
        }
        let peer = Peer { address: format!("10.0.0.{client}:1"), ..Peer::default() };
        let (now, server) = (self.now(), client % self.servers.len());
        let dialect = self.clients[client].script.dialect;
        let connection = self.servers[server].handle_accept(now, peer, dialect.into());
        let place = Place { server, index: connection.index() };
        let serial = self.checker.open(place, client, dialect);
        let id = (server, connection);
        self.clients[client].connection = Some((id, serial));
        self.owners.insert(id, client);
        self.note_pressures();
        (id, serial)
    }

    /// Sends a piece of the step, and arranges for what comes then.
    fn send(&mut self, client: usize) {
        let Some((id, serial)) = self.clients[client].connection else {
            return self.end_step(client);
        };
        if self.clients[client].left.is_empty() {
            return self.after_sending(client, id, serial);
        }
        if self.servers[id.0].wants_input(id.1) {
            self.deliver(client, id, serial);
        } else if self.checker.is_closing(serial) {
            // The rest of the step goes nowhere.
            self.clients[client].left.clear();
            self.clients[client].phase = Phase::Ending;
            return;
        }
        let pause_us = self.rng.below(self.clients[client].script.pause_max_us + 1);
        // A paused connection takes no input until its client has taken some replies.
        let retry_us = match self.servers[id.0].wants_input(id.1) {
            true => 0,
            false => self.deaf_for_us(client) + RETRY_US,
        };
        self.note_retry(client, serial, retry_us > 0);
        self.arrange(pause_us + retry_us, Action::Act(client));
    }

    fn note_retry(&mut self, client: usize, serial: u64, retries: bool) {
        let client = &mut self.clients[client];
        client.retries = if retries { client.retries + 1 } else { 0 };
        if client.retries > RETRIES_MAX {
            self.checker.fail(serial, Check::Input.violated("the server takes no more input"));
        }
    }

    fn deliver(&mut self, client: usize, id: Name, serial: u64) {
        let (chunking, left) =
            (self.clients[client].script.chunking, &mut self.clients[client].left);
        let server = &mut self.servers[id.0];
        let room = server.input(id.1);
        let max = left.len().min(room.len()).min(self.plan.buffer_max);
        let len = piece(&mut self.rng, chunking, max);
        room[..len].copy_from_slice(&left[..len]);
        self.checker.received(serial, &left[..len]);
        left.drain(..len);
        server.handle_received(id.1, len);
        self.deliveries += 1;
    }

    fn after_sending(&mut self, client: usize, id: Name, serial: u64) {
        let step = self.clients[client].script.step(self.clients[client].next_step);
        match step.expect("it was sent").then {
            Then::Await => self.clients[client].phase = Phase::Awaiting,
            Then::AwaitFor(patience_us) => {
                let step = self.clients[client].next_step;
                let give_up = Action::GiveUp { client, step, patience_us };
                self.clients[client].phase = Phase::Awaiting;
                self.arrange(patience_us, give_up);
            }
            Then::GoOn => self.end_step(client),
            Then::End => {
                self.checker.end_of_input(serial);
                self.servers[id.0].handle_end_of_input(id.1);
                self.deliveries += 1;
                self.clients[client].phase = Phase::Ending;
            }
            Then::Break(_) => self.break_off(client, id, serial),
        }
    }

    /// A client breaks off if its request waits. For other replies it has twice the patience, and
    /// more and more: they have to come.
    fn give_up(&mut self, client: usize, step: usize, patience_us: u64) {
        let Client { phase, next_step, connection, .. } = self.clients[client];
        let is_this = phase == Phase::Awaiting && next_step == step;
        match connection.filter(|_| is_this) {
            Some((id, serial)) if self.checker.is_blocked(serial) => {
                self.break_off(client, id, serial);
            }
            Some(_) => {
                let patience_us = 2 * patience_us;
                self.arrange(patience_us, Action::GiveUp { client, step, patience_us });
            }
            None => {}
        }
    }

    fn break_off(&mut self, client: usize, id: Name, serial: u64) {
        self.checker.lost(serial);
        self.servers[id.0].handle_lost(id.1);
        self.forget(id);
        self.end_step(client);
    }

    fn end_step(&mut self, client: usize) {
        let client_ = &mut self.clients[client];
        client_.left.clear();
        client_.next_step += 1;
        client_.phase = Phase::Between;
        self.arrange_step(client);
    }

    /// Lets the client begin its next step when it has waited for it.
    fn arrange_step(&mut self, client: usize) {
        let Client { script, next_step, .. } = self.clients[client];
        let wait_us = script.step(next_step).map_or(0, |step| step.wait_us);
        self.arrange(wait_us, Action::Act(client));
    }

    fn forget(&mut self, id: Name) {
        self.writable.remove(&id);
        self.pressures.remove(&id);
        if let Some(client) = self.owners.remove(&id) {
            self.clients[client].connection = None;
        }
    }

    /// Whether nothing more is delivered before the next execution.
    fn is_round_over(&mut self) -> bool {
        let is_last = self.agenda.first_key_value().is_none_or(|((at, _), _)| *at > self.now_us);
        self.deliveries > 0 && (is_last || self.deliveries > self.rng.below(self.plan.batch_max))
    }

    /// Runs what was received. A server may be slower than others.
    fn execute(&mut self) {
        self.deliveries = 0;
        let (count, first) = (self.servers.len(), self.rng.below(self.servers.len() as u64));
        for server in (0..count).map(|position| (position + first as usize) % count) {
            let is_free = self.busy_until_us[server] <= self.now_us;
            if is_free && (count == 1 || self.rng.below(4) > 0) {
                let now = self.now();
                self.servers[server].execute(now);
                self.check_execution(server);
                self.drain_events();
                self.keep_busy(server);
            }
        }
    }

    fn check_execution(&mut self, server: usize) {
        self.unchecked += 1;
        let connections = self.clients.iter().filter_map(|client| client.connection);
        let ids: BTreeMap<_, _> = connections.map(|(id, serial)| (serial, id)).collect();
        let output = |serial| {
            let (server, id) = ids[&serial];
            self.servers[server].output(id)
        };
        self.checker.execute(server, self.wall.unix_us(self.now_us), output);
    }

    fn drain_events(&mut self) {
        self.note_pressures();
        for server in 0..self.servers.len() {
            while let Some(event) = self.servers[server].poll_event() {
                self.handle_event(server, event);
            }
        }
    }

    fn handle_event(&mut self, server: usize, event: Event) {
        match event {
            Event::Output(id) => {
                self.writable.insert((server, id));
            }
            Event::Closed(id) => {
                let client = self.owners[&(server, id)];
                let (_, serial) = self.clients[client].connection.expect("it has an owner");
                if self.has_been_patient((server, id)) {
                    self.checker.lost(serial);
                } else {
                    self.checker.closed(serial);
                }
                self.forget((server, id));
            }
            Event::Mail(number) => {
                let position = self.servers.iter().position(|server| server.number() == number);
                let delay_us = self.rng.below(MAIL_DELAY_MAX_US);
                self.arrange(delay_us, Action::Mail(position.expect("it has a post")));
            }
            Event::Backlog => {
                let (now, next) = (self.now(), (server + 1) % self.servers.len());
                if next != server {
                    self.servers[next].join_in(now);
                    self.metronomes[next].join_in();
                }
            }
            Event::Refused(..) => {}
        }
    }

    /// Clients take some of their replies.
    fn pump(&mut self) {
        for id in self.writable.clone() {
            if self.deaf_for_us(self.owners[&id]) > 0 {
                continue;
            }
            while !self.servers[id.0].output(id.1).is_empty() && !self.is_lazy() {
                self.take_output(id);
            }
            if self.servers[id.0].output(id.1).is_empty() {
                self.writable.remove(&id);
            }
        }
        // A connection that was paused may have gone on.
        let has_work = self.servers.iter().any(Server::has_input);
        self.deliveries = self.deliveries.max(u64::from(has_work));
        let rest_us = self.writable.iter().map(|id| self.deaf_for_us(self.owners[id])).min();
        if let Some(rest_us) = if has_work { Some(0) } else { rest_us } {
            self.arrange_pump(rest_us);
        }
    }

    fn arrange_pump(&mut self, rest_us: u64) {
        if self.pump_us.is_none_or(|at| at > self.now_us + rest_us + PUMP_DELAY_MAX_US) {
            let delay_us = rest_us + self.rng.below(PUMP_DELAY_MAX_US);
            self.pump_us = Some(self.now_us + delay_us);
            self.arrange(delay_us, Action::Pump);
        }
    }

    fn is_lazy(&mut self) -> bool {
        self.rng.below(256) < self.plan.laziness
    }

    fn take_output(&mut self, id: Name) {
        let (_, serial) = self.clients[self.owners[&id]].connection.expect("it has an owner");
        let (now, server) = (self.now(), &mut self.servers[id.0]);
        let output = server.output(id.1);
        let len = 1 + self.rng.below(output.len().min(self.plan.buffer_max) as u64) as usize;
        self.checker.handed_on(serial, len);
        self.checker.sent(serial, &output[..len]);
        self.pressures.entry(id).or_default().take(self.now_us);
        server.handle_sent(now, id.1, len);
        self.drain_events();
    }

    /// Clients that have what they were waiting for go on.
    fn resume_answered(&mut self) {
        for client in 0..self.clients.len() {
            let serial = self.clients[client].connection.map(|(_, serial)| serial);
            let goes_on = match self.clients[client].phase {
                Phase::Awaiting => serial.is_none_or(|serial| self.is_answered(serial)),
                Phase::Ending => serial.is_none(),
                _ => false,
            };
            if goes_on {
                self.end_step(client);
            }
        }
    }

    fn is_answered(&self, serial: u64) -> bool {
        self.checker.is_answered(serial) && !self.checker.is_closing(serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The failure of a seed's plan where the server has one pace and is held to another.
    fn failure_at(seed: u64, pace: Pace, promised: Pace) -> Option<String> {
        let plan = Plan { pace: promised, ..Plan::new(seed, None) };
        let kernel = kernel(&plan, &limits(&plan));
        let mut checker = Checker::new(None, false);
        let mut swarm = Swarm::new(&plan, &mut checker, &kernel);
        swarm.servers = servers(&Plan { pace, ..plan.clone() }, &kernel);
        swarm.run();
        checker.failure().map(|failure| failure.text.clone())
    }

    fn is_noticed(pace: Pace, promised: Pace, text: &str) -> bool {
        let mut failures = (1..100).filter_map(|seed| failure_at(seed, pace, promised));
        failures.any(|failure| failure.contains(text))
    }

    #[test]
    fn a_server_that_sleeps_while_keys_are_overdue_is_noticed() {
        let slow = Pace { interval_us: 10_000_000, budget: 1 };
        assert!(is_noticed(slow, Pace::default(), "overdue"));
    }

    #[test]
    fn a_server_that_does_not_rest_between_slices_is_noticed() {
        let promised = Pace { interval_us: 5000, budget: 1 };
        assert!(is_noticed(Pace { interval_us: 4999, budget: 1 }, promised, "apart"));
    }
}
