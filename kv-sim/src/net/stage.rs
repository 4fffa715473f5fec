//! Lets time pass, with the plan's faults, and looks whether anything is left in the end.

use super::client::State;
use super::driver::Driver;
use super::{ELAPSED_MAX, SERVER, SETTLE_MAX, Shared, host_name};
use crate::failure::{Check, Violation};
use crate::plan::{ClockFault, ClockFaultKind, Fault, FaultKind, Plan};
use std::iter::Peekable;
use std::rc::Rc;
use std::time::Duration;
use std::vec::IntoIter;
use turmoil::Sim;

/// A simulated network with all its hosts.
pub(super) struct Stage<'a> {
    sim: Sim<'a>,
    shared: &'a Rc<Shared>,
    clients: &'a [Rc<State>],
    /// Beginnings and ends of faults, with their times in milliseconds, in order.
    changes: Peekable<IntoIter<(u64, Change)>>,
    clock_faults: Peekable<IntoIter<ClockFault>>,
    /// How many faults keep the server down.
    crashes: u32,
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

impl<'a> Stage<'a> {
    pub(super) fn new(
        sim: Sim<'a>,
        plan: &Plan,
        shared: &'a Rc<Shared>,
        clients: &'a [Rc<State>],
    ) -> Self {
        let changes = changes(&plan.network.faults).into_iter().peekable();
        let clock_faults = plan.clock_faults.clone().into_iter().peekable();
        Self { sim, shared, clients, changes, clock_faults, crashes: 0 }
    }

    /// Lets time pass until the clients are done or something is wrong.
    pub(super) fn play(&mut self) {
        while !self.clients.iter().all(|client| client.is_done()) && !self.shared.has_failed() {
            let now_ms = self.sim.elapsed().as_millis() as u64;
            while let Some((_, change)) = self.changes.next_if(|it| it.0 <= now_ms) {
                self.apply(change);
            }
            while let Some(fault) = self.clock_faults.next_if(|it| it.at_ms <= now_ms) {
                self.disturb(fault.kind);
            }
            self.step();
            if self.sim.elapsed() > ELAPSED_MAX {
                self.shared.fail(Check::Clients.violated("the clients are never done"));
            }
        }
    }

    /// Ends all faults, and lets time pass until nothing is left of the clients.
    pub(super) fn settle(&mut self) {
        while let Some((_, change)) = self.changes.next() {
            if !change.begins && self.has_begun(change.fault) {
                self.apply(change);
            }
        }
        let end = self.sim.elapsed() + SETTLE_MAX;
        while !self.shared.has_failed() {
            let left = self.left();
            match left {
                Ok(()) => return,
                Err(violation) if self.sim.elapsed() > end => self.shared.fail(violation),
                Err(_) => self.step(),
            }
        }
    }

    fn has_begun(&self, fault: Fault) -> bool {
        Duration::from_millis(fault.at_ms) <= self.sim.elapsed()
    }

    /// What is left of the clients, if there is anything.
    fn left(&self) -> Result<(), Violation> {
        let driver: Option<Rc<Driver>> = self.shared.driver.borrow().upgrade();
        // As long as clients are paused, nothing can be asked.
        let pause_end_us = self.shared.checker.borrow().model().pause_end_us().unwrap_or_default();
        let now_us = self.elapsed_us().max(pause_end_us);
        driver.map_or(Ok(()), |driver| driver.check_end(now_us))
    }

    fn elapsed_us(&self) -> u64 {
        self.sim.elapsed().as_micros() as u64
    }

    fn step(&mut self) {
        if let Err(error) = self.sim.step() {
            let text = format!("the simulation stopped: {error}");
            self.shared.fail(Check::Clients.violated(text));
        }
        self.shared.stage_us.set(self.elapsed_us());
    }

    fn apply(&mut self, Change { fault, begins }: Change) {
        let (host, client) = (host_name(fault.client), &self.clients[fault.client]);
        let sim = &mut self.sim;
        match (fault.kind, begins) {
            (FaultKind::Hold, true) => sim.hold(host, SERVER),
            (FaultKind::Hold, false) => sim.release(host, SERVER),
            (FaultKind::Crash, true) => sim.crash(host),
            (FaultKind::Crash, false) => sim.bounce(host),
            (FaultKind::Partition, true) => sim.partition(host, SERVER),
            (FaultKind::PartitionToServer, true) => sim.partition_oneway(host, SERVER),
            (FaultKind::PartitionToClient, true) => sim.partition_oneway(SERVER, host),
            (FaultKind::Partition, false) => sim.repair(host, SERVER),
            (FaultKind::PartitionToServer, false) => sim.repair_oneway(host, SERVER),
            (FaultKind::PartitionToClient, false) => sim.repair_oneway(SERVER, host),
            // What it does not take until then is unread when it goes: that resets the connection.
            (FaultKind::Reset, true) => client.be_deaf(fault.at_ms + fault.lasts_ms),
            (FaultKind::Reset, false) => client.reset(),
            (FaultKind::ServerCrash, true) => self.crash_server(),
            (FaultKind::ServerCrash, false) => self.bounce_server(),
        }
        let end_us = self.elapsed_us() + fault.lasts_ms * 1000;
        if begins && fault.kind.loses_segments() {
            self.clients[fault.client].note_loss(end_us);
        }
    }

    fn crash_server(&mut self) {
        self.crashes += 1;
        if self.crashes == 1 {
            self.sim.crash(SERVER);
            let now_us = self.elapsed_us();
            self.shared.checker.borrow_mut().at(now_us).restart();
            self.shared.witness.borrow_mut().restart();
        }
    }

    fn bounce_server(&mut self) {
        self.crashes -= 1;
        if self.crashes == 0 {
            self.sim.bounce(SERVER);
        }
    }

    /// Something happens to the server's clocks.
    fn disturb(&mut self, kind: ClockFaultKind) {
        let now_us = self.elapsed_us();
        match kind {
            ClockFaultKind::Set { by_ms } => self.set_clock(now_us, by_ms),
            ClockFaultKind::Stall { lasts_ms } => {
                let until_us = now_us + lasts_ms.min(STALL_MAX_MS) * 1000;
                self.shared.stalled_until_us.set(until_us);
            }
        }
    }

    fn set_clock(&mut self, now_us: u64, by_ms: i64) {
        let driver = self.shared.driver.borrow().upgrade();
        let mut wall = self.shared.wall.borrow_mut();
        let tell = |now| driver.iter().for_each(|driver| driver.tell_time(now));
        // Both times that the clock shows now are told.
        tell(wall.now(now_us));
        let before_ms = wall.unix_ms(now_us);
        if wall.set(now_us, by_ms) {
            self.shared.checker.borrow_mut().at(now_us).set_back(before_ms);
        }
        tell(wall.now(now_us));
    }
}

/// The longest stall of the server, in milliseconds: virtual time is expensive here.
const STALL_MAX_MS: u64 = 3000;
