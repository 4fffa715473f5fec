//! CLIENT PAUSE: for some time, requests are put off instead of run.

use crate::command::{Command, flag};
use crate::now::Now;
use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The pause of a whole server. As long as there is none, asking for it costs one look.
#[derive(Debug, Default)]
pub struct Pause {
    /// Twice the end, in milliseconds since the Unix epoch, and one more if no request runs at all; 0
    /// if there is no pause. In one word, so that nobody sees the end of one and the extent of
    /// another.
    state: AtomicU64,
}

impl Pause {
    /// The last moment that a pause can end at, in milliseconds since the Unix epoch.
    pub(crate) const END_MAX_MS: i64 = i64::MAX >> 1;

    /// Whether there is one.
    pub fn is_on(&self, now: Now) -> bool {
        self.end_ms() > now.unix_ms()
    }

    /// When it ends, in milliseconds since the Unix epoch; 0 if there is none.
    pub fn end_ms(&self) -> i64 {
        end_of(self.state.load(Relaxed))
    }

    /// When it ends, by [`Now::mono_us`]; the present if there is none.
    pub fn deadline_us(&self, now: Now) -> u64 {
        let rest_ms = self.end_ms().saturating_sub(now.unix_ms()).max(0) as u64;
        now.mono_us.saturating_add(rest_ms.saturating_mul(1000))
    }

    /// Whether requests of this command have to wait.
    #[inline]
    pub(crate) fn holds(&self, command: &Command, now: Now) -> bool {
        let state = self.state.load(Relaxed);
        state != 0 && end_of(state) > now.unix_ms() && (is_total(state) || may_write(command))
    }

    /// Whether this command leaves what has expired where it is, as it may not change anything.
    #[inline]
    pub(crate) fn spares_expired(&self, command: &Command, now: Now) -> bool {
        let state = self.state.load(Relaxed);
        state != 0 && end_of(state) > now.unix_ms() && !may_write(command)
    }

    /// Begins one, or changes the one that there is: that ends no earlier and excepts no more than
    /// before.
    pub(crate) fn begin(&self, end_ms: i64, everything: bool, now: Now) {
        let change = |state| {
            let is_on = end_of(state) > now.unix_ms();
            let (end, is_total) = if is_on {
                (end_ms.max(end_of(state)), everything || is_total(state))
            } else {
                (end_ms, everything)
            };
            Some((end as u64) << 1 | u64::from(is_total))
        };
        let _ = self.state.fetch_update(Relaxed, Relaxed, change);
    }

    /// Ends it.
    pub(crate) fn end(&self) {
        self.state.store(0, Relaxed);
    }
}

fn end_of(state: u64) -> i64 {
    (state >> 1) as i64
}

fn is_total(state: u64) -> bool {
    state & 1 == 1
}

/// Whether requests of this command may have effects that others would have to be told of.
fn may_write(command: &Command) -> bool {
    command.flags & (flag::WRITE | flag::MAY_REPLICATE) != 0
}
