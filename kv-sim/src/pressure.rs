//! How far clients are behind with taking what they are sent, and for how long servers put up with
//! it.

use crate::plan::AudienceLimits;

/// How far one client is behind.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pressure {
    /// Since when its connection does nothing but wait for it, in microseconds since the start, or
    /// when it took something last.
    stopped_us: Option<u64>,
    /// Since when there is more than the soft limit of subscribers.
    over_us: Option<u64>,
    /// It is held to the limits of subscribers.
    listens: bool,
}

impl Pressure {
    /// There are `len` bytes to be sent to a client that is held to these limits, if to any.
    pub(crate) fn note(
        &mut self,
        now_us: u64,
        len: usize,
        limits: Option<AudienceLimits>,
        is_stopped: bool,
    ) {
        let soft_max = limits.map_or(0, |limits| limits.soft_max);
        self.listens = limits.is_some();
        let since = |is_so: bool, since: Option<u64>| is_so.then(|| since.unwrap_or(now_us));
        self.over_us = since(soft_max > 0 && len > soft_max, self.over_us);
        self.stopped_us = since(is_stopped && len > 0, self.stopped_us);
    }

    /// It took something.
    pub(crate) fn take(&mut self, now_us: u64) {
        self.stopped_us = self.stopped_us.map(|_| now_us);
    }

    /// When it is to be closed that it stays beyond the soft limit.
    pub(crate) fn over_until_us(&self, limits: Option<AudienceLimits>) -> Option<u64> {
        let seconds = limits?.seconds.max(1);
        self.over_us.map(|since_us| since_us + seconds * 1_000_000)
    }

    /// Whether it is right to close it that stays beyond the soft limit, or has taken nothing for as
    /// long as subscribers may, or for so many seconds if it is none.
    pub(crate) fn is_too_much(
        &self,
        now_us: u64,
        limits: Option<AudienceLimits>,
        seconds: u64,
    ) -> bool {
        let own_limits = limits.filter(|_| self.listens);
        let seconds = own_limits.map_or(seconds, |limits| limits.seconds.max(1));
        let stopped_until_us = self.stopped_us.map(|since_us| since_us + seconds * 1_000_000);
        let ends = self.over_until_us(limits).into_iter().chain(stopped_until_us);
        ends.min().is_some_and(|at_us| at_us <= now_us)
    }
}
