//! The slow tier: the server on one host of a simulated network, each client on another, with
//! latency, links that stall, and clients that crash and come back. What its driver does with
//! tokio here, the mio event loop does in production: it moves bytes and time, no more.
//!
//! turmoil delivers each write as one read. So both sides cut what they write and read into seeded
//! pieces, and the server's side sometimes waits for more before it runs what it has.

mod client;
mod driver;

use crate::check::Checker;
use crate::plan::{Fault, FaultKind, Plan};
use crate::swarm::{catch_panic, conclude};
use crate::{EPOCH_US, Options, Outcome};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};
use turmoil::{Builder, Sim};

const PORT: u16 = 6379;
const SERVER: &str = "server";

/// How long a run may take, in virtual time.
const ELAPSED_MAX: Duration = Duration::from_secs(3600);

/// Segments that fit into a connection. turmoil counts segments, not bytes, and loses the end of a
/// stream that follows too many of them.
const SEGMENTS_MAX: usize = 65_536;

/// What the hosts of one run share.
struct Shared {
    checker: RefCell<Checker>,
    /// The checker's numbers for the connections, by the client's address.
    connections: RefCell<BTreeMap<SocketAddr, u64>>,
}

impl Shared {
    /// Tells the checker something, with the time of the running host.
    fn tell<R>(&self, what: impl FnOnce(&mut Checker) -> R) -> R {
        what(self.checker.borrow_mut().at(elapsed_us()))
    }
}

/// Microseconds since the simulation began, by the clock of the running host.
fn elapsed_us() -> u64 {
    turmoil::sim_elapsed().map_or(0, |elapsed| elapsed.as_micros() as u64)
}

/// Runs the plan of `seed`.
pub fn run(seed: u64, options: Options) -> Outcome {
    let plan = Rc::new(Plan::new(seed, options.commands));
    let checker = Checker::new(options.flaw, options.verbose);
    let shared = Rc::new(Shared {
        checker: RefCell::new(checker),
        connections: RefCell::new(BTreeMap::new()),
    });
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
    let is_over = || clients.iter().all(|state| state.is_done());
    let panic = catch_panic(|| step(&mut sim, &plan, &shared, is_over));
    if let Err(text) = panic {
        // What the panic left half changed is not dropped.
        std::mem::forget(sim);
        let mut checker = shared.checker.replace(Checker::new(None, false));
        checker.fail(0, text);
        return conclude(checker);
    }
    drop((sim, clients));
    let shared = Rc::into_inner(shared).expect("the hosts are gone");
    conclude(shared.checker.into_inner())
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

fn host_name(client: usize) -> String {
    format!("client-{client}")
}

/// Lets time pass, with the plan's faults, until the clients are done or something is wrong.
fn step(sim: &mut Sim<'_>, plan: &Plan, shared: &Shared, is_over: impl Fn() -> bool) {
    let mut changes = changes(&plan.network.faults).into_iter().peekable();
    while !is_over() && shared.checker.borrow().failure().is_none() {
        let now_ms = sim.elapsed().as_millis() as u64;
        while let Some((_, change)) = changes.next_if(|(at_ms, _)| *at_ms <= now_ms) {
            change.apply(sim);
        }
        let stepped = sim.step();
        if let Err(error) = stepped {
            shared.checker.borrow_mut().fail(0, format!("the simulation stopped: {error}"));
        }
        if sim.elapsed() > ELAPSED_MAX {
            shared.checker.borrow_mut().fail(0, "the clients are never done".into());
        }
    }
}

/// The beginning or the end of a fault.
#[derive(Clone, Copy, Debug)]
struct Change {
    fault: Fault,
    begins: bool,
}

/// Beginnings and ends in the order of their times, in milliseconds.
fn changes(faults: &[Fault]) -> Vec<(u64, Change)> {
    let ends = |fault: &Fault| {
        let end_ms = fault.at_ms + fault.lasts_ms;
        let change = |begins| Change { fault: *fault, begins };
        [(fault.at_ms, change(true)), (end_ms, change(false))]
    };
    let mut changes: Vec<_> = faults.iter().flat_map(ends).collect();
    changes.sort_by_key(|(at_ms, _)| *at_ms);
    changes
}

impl Change {
    fn apply(self, sim: &mut Sim<'_>) {
        let host = host_name(self.fault.client);
        match (self.fault.kind, self.begins) {
            (FaultKind::Hold, true) => sim.hold(host, SERVER),
            (FaultKind::Hold, false) => sim.release(host, SERVER),
            (FaultKind::Crash, true) => sim.crash(host),
            (FaultKind::Crash, false) => sim.bounce(host),
        }
    }
}
