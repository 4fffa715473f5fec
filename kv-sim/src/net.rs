//! The slow tier: the server on one host of a simulated network, each client on another, with
//! latency, links that stall, and clients that crash and come back. What its driver does with
//! tokio here, the mio event loop does in production: it moves bytes and time, no more.
//!
//! turmoil delivers each write as one read. So both sides cut what they write and read into seeded
//! pieces, and the server's side sometimes waits for more before it runs what it has.

mod client;
mod driver;
mod stage;
mod witness;

use crate::check::Checker;
use crate::failure::{Check, Violation};
use crate::panics;
use crate::plan::Plan;
use crate::swarm::conclude;
use crate::wall::Wall;
use crate::{EPOCH_US, Options, Outcome};
use kv_core::now::Now;
use stage::Stage;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::{Duration, UNIX_EPOCH};
use tokio::runtime::Handle;
use turmoil::{Builder, Sim};
use witness::Witness;

const PORT: u16 = 6379;
const SERVER: &str = "server";

/// How long a run may take, in virtual time.
const ELAPSED_MAX: Duration = Duration::from_secs(3600);

/// Segments that fit into a connection. turmoil counts segments, not bytes, and loses the end of a
/// stream that follows too many of them.
const SEGMENTS_MAX: usize = 65_536;

/// How long after the last client the server may still have sessions, in virtual time. It learns of
/// a client's end late if the network has lost it.
const SETTLE_MAX: Duration = Duration::from_secs(30);

/// What the hosts of one run share.
struct Shared {
    checker: RefCell<Checker>,
    /// The checker's numbers for the connections, by the client's address.
    connections: RefCell<BTreeMap<SocketAddr, u64>>,
    /// The clients' ends of connections, by the checker's numbers.
    ends: RefCell<BTreeMap<u64, End>>,
    /// The server's clock.
    wall: RefCell<Wall>,
    /// When no host runs: the time of the simulation, in microseconds since the start.
    stage_us: Cell<u64>,
    /// The server's process stands still up to then, in microseconds since the start.
    stalled_until_us: Cell<u64>,
    /// The server, while its host is up.
    driver: RefCell<Weak<driver::Driver>>,
    witness: RefCell<Witness>,
}

/// A client's end of a connection.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// How many bytes it has taken.
    taken: usize,
    /// Since when the client is gone.
    gone_us: Option<u64>,
}

impl Shared {
    fn new(checker: Checker) -> Self {
        Self {
            checker: RefCell::new(checker),
            connections: RefCell::default(),
            ends: RefCell::default(),
            wall: RefCell::default(),
            stage_us: Cell::new(0),
            stalled_until_us: Cell::new(0),
            driver: RefCell::default(),
            witness: RefCell::default(),
        }
    }

    /// Tells the checker something, with the time of the running host.
    fn tell<R>(&self, what: impl FnOnce(&mut Checker) -> R) -> R {
        what(self.checker.borrow_mut().at(self.elapsed_us()))
    }

    /// Microseconds since the simulation began. What a crash drops is dropped outside of its host's
    /// runtime, where a host's clock is that of the machine.
    fn elapsed_us(&self) -> u64 {
        if Handle::try_current().is_ok() { elapsed_us() } else { self.stage_us.get() }
    }

    /// What the server's clocks show.
    fn now(&self) -> Now {
        self.wall.borrow().now(self.elapsed_us())
    }

    /// The time by which its keys expire, in microseconds since the Unix epoch.
    fn unix_us(&self) -> u64 {
        self.wall.borrow().unix_us(self.elapsed_us())
    }

    fn end(&self, serial: u64) -> End {
        self.ends.borrow().get(&serial).copied().unwrap_or_default()
    }

    fn fail(&self, violation: Violation) {
        self.checker.borrow_mut().fail(0, violation);
    }

    fn has_failed(&self) -> bool {
        self.checker.borrow().failure().is_some()
    }
}

/// Microseconds since the simulation began, by the clock of the running host.
fn elapsed_us() -> u64 {
    turmoil::sim_elapsed().map_or(0, |elapsed| elapsed.as_micros() as u64)
}

/// Runs the plan of `seed`.
pub fn run(seed: u64, options: Options) -> Outcome {
    run_plan(&Plan::new(seed, options.commands), options)
}

/// Runs a plan, whatever its tier.
pub fn run_plan(plan: &Plan, options: Options) -> Outcome {
    let plan = Rc::new(plan.clone());
    let mut checker = Checker::new(options.flaw, options.verbose);
    if let Some(limits) = plan.audience.filter(|limits| limits.hard_max > 0) {
        checker.limit_audience(limits.hard_max);
    }
    let shared = Rc::new(Shared::new(checker));
    let mut sim = build(&plan);
    let (plan_, shared_) = (Rc::clone(&plan), Rc::clone(&shared));
    sim.host(SERVER, move || driver::serve(Rc::clone(&plan_), Rc::clone(&shared_)));
    let clients: Vec<_> = (0..plan.scripts.len())
        .map(|position| {
            let client = client::Client::new(&plan, &shared, position);
            let state = client.state();
            sim.host(host_name(position), move || client.clone().run());
            state
        })
        .collect();
    let mut stage = Stage::new(sim, &plan, &shared, &clients);
    let played = panics::catch(|| {
        stage.play();
        stage.settle();
    });
    if let Err(text) = played {
        // What is left in the hosts may be half changed, and dropping that may panic.
        std::mem::forget(stage);
        let mut checker = shared.checker.replace(Checker::new(None, false));
        checker.fail(0, Check::Panics.violated(text));
        return conclude(checker);
    }
    drop(stage);
    drop(clients);
    let shared = Rc::into_inner(shared).expect("the hosts are gone");
    let mut checker = shared.checker.into_inner();
    let report = shared.witness.into_inner().check();
    if let Some(text) = &report.failure {
        checker.fail(0, Check::Order.violated(text.clone()));
    }
    let mut outcome = conclude(checker);
    match &mut outcome {
        Ok(summary) => summary.history = report,
        Err(failed) => failed.summary.history = report,
    }
    outcome
}

fn build<'a>(plan: &Plan) -> Sim<'a> {
    let (least, most) = plan.network.latency_ms;
    Builder::new()
        .rng_seed(plan.seed)
        .epoch(UNIX_EPOCH + Duration::from_micros(EPOCH_US))
        .tick_duration(Duration::from_millis(1))
        .simulation_duration(ELAPSED_MAX)
        .min_message_latency(Duration::from_millis(least))
        .max_message_latency(Duration::from_millis(most))
        .tcp_capacity(SEGMENTS_MAX)
        .build()
}

const CLIENT: &str = "client-";

fn host_name(client: usize) -> String {
    format!("{CLIENT}{client}")
}

/// Which client has an address.
fn client_at(address: SocketAddr) -> usize {
    let host = turmoil::reverse_lookup(address.ip()).expect("all who connect are hosts");
    let client = host.strip_prefix(CLIENT).and_then(|number| number.parse().ok());
    client.expect("all who connect are clients")
}
