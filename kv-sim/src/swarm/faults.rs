//! What goes wrong with time, and with clients that do not take what they are sent.

use super::{Name, OUTPUT_PATIENCE_S, Swarm};
use crate::failure::{Check, Violation};
use crate::plan::{ClockFaultKind, Deafness};
use crate::wall;

impl Swarm<'_> {
    /// Something happens to the clocks.
    pub(super) fn disturb(&mut self, kind: ClockFaultKind) {
        if self.deliveries > 0 {
            self.execute();
        }
        match kind {
            ClockFaultKind::Set { by_ms } => self.set_clock(by_ms),
            ClockFaultKind::Stall { lasts_ms } => self.set_time(self.now_us + lasts_ms * 1000),
        }
        self.disturbed_us = Some(self.now_us);
    }

    fn set_clock(&mut self, by_ms: i64) {
        // Both times that the clock shows now are told.
        self.watch.keys(self.now());
        let before_ms = self.wall.unix_ms(self.now_us);
        if self.wall.set(self.now_us, by_ms) {
            self.checker.set_back(before_ms);
        }
        self.watch.keys(self.now());
    }

    /// When a server has noticed what happened to the clocks last, and had time to do what was due
    /// then, or when a pause ended, in which it does nothing.
    pub(super) fn notices_clock_by_us(&self) -> u64 {
        let work_us = self.lag_max_us() + wall::LOOK_INTERVAL_US;
        let disturbed_us = self.disturbed_us.max(self.checker.model().pause_end_us());
        disturbed_us.map_or(0, |disturbed_us| disturbed_us + work_us)
    }

    /// For how long a client takes nothing, from now on, in microseconds.
    pub(super) fn deaf_for_us(&self, client: usize) -> u64 {
        let rest_us = |deafness: &Deafness| {
            let (from_us, lasts_us) = (deafness.at_ms * 1000, deafness.lasts_ms * 1000);
            let is_deaf = deafness.client == client && from_us <= self.now_us;
            if is_deaf { (from_us + lasts_us).saturating_sub(self.now_us) } else { 0 }
        };
        self.plan.deafness.iter().map(rest_us).max().unwrap_or(0)
    }

    /// Looks at how much there is to be sent to clients, before what is to be closed is forgotten.
    pub(super) fn note_pressures(&mut self) {
        for (id, serial) in self.clients.iter().filter_map(|client| client.connection) {
            let limits = self.plan.audience.filter(|_| self.checker.is_listening(serial));
            let len = self.servers[id.0].output(id.1).len();
            let (now_us, is_stopped) = (self.now_us, self.checker.is_stopped(serial));
            self.pressures.entry(id).or_default().note(now_us, len, limits, is_stopped);
        }
    }

    /// Whether a client has not taken what it was sent for so long that it is right to close its
    /// connection.
    pub(super) fn has_been_patient(&self, id: Name) -> bool {
        let pressure = self.pressures.get(&id).copied().unwrap_or_default();
        pressure.is_too_much(self.now_us, self.plan.audience, OUTPUT_PATIENCE_S)
    }

    /// Whether a server may give up a client that takes nothing, at this moment.
    pub(super) fn gives_up(&self, server: usize) -> bool {
        self.owners.keys().any(|&id| id.0 == server && self.has_been_patient(id))
    }

    /// Whether all connections are closed that have to be. The error names one that is not.
    pub(super) fn look_at_outputs(&self) -> Result<(), (u64, Violation)> {
        if let Some(serial) = self.checker.dead() {
            return Err((
                serial,
                Check::Outputs.violated("the connection should have been closed"),
            ));
        }
        for (id, serial) in self.clients.iter().filter_map(|client| client.connection) {
            let pressure = self.pressures.get(&id).copied().unwrap_or_default();
            let until_us = pressure.over_until_us(self.plan.audience);
            if until_us.is_some_and(|until_us| until_us + self.plan.busy_us < self.now_us) {
                return Err((
                    serial,
                    Check::Outputs.violated("the subscriber is behind for too long"),
                ));
            }
        }
        Ok(())
    }
}
