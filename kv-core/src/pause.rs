//! CLIENT PAUSE: for some time, requests are put off instead of run.

use crate::command::{Command, flag};
use crate::now::Now;
use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The pause of a whole server. As long as there is none, asking for it costs one look.
#[derive(Debug, Default)]
pub struct Pause {
    /// Twice the end, in milliseconds by [`Now::mono_us`], and one more if no request runs at all; 0
    /// if there is no pause. In one word, so that nobody sees the end of one and the extent of
    /// another.
    state: AtomicU64,
}

impl Pause {
    /// The last moment that a pause can end at, in milliseconds.
    const END_MAX_MS: u64 = u64::MAX >> 1;

    /// Whether there is one.
    pub fn is_on(&self, now: Now) -> bool {
        is_on(self.state.load(Relaxed), now)
    }

    /// When it ends, by [`Now::mono_us`]; the present if there is none.
    pub fn deadline_us(&self, now: Now) -> u64 {
        end_ms(self.state.load(Relaxed)).saturating_mul(1000).max(now.mono_us)
    }

    /// Whether requests of this command have to wait.
    #[inline]
    pub(crate) fn holds(&self, command: &Command, now: Now) -> bool {
        let state = self.state.load(Relaxed);
        is_on(state, now) && (is_total(state) || may_write(command))
    }

    /// Whether this command leaves what has expired where it is, as it may not change anything.
    #[inline]
    pub(crate) fn spares_expired(&self, command: &Command, now: Now) -> bool {
        let state = self.state.load(Relaxed);
        is_on(state, now) && !may_write(command)
    }

    /// Begins one of so many milliseconds, or changes the one that there is: that ends no earlier and
    /// excepts no more than before.
    pub(crate) fn begin(&self, length_ms: u64, everything: bool, now: Now) {
        let end = (now.mono_us / 1000).saturating_add(length_ms).min(Self::END_MAX_MS);
        let change = |state| {
            let (end, is_total) = match is_on(state, now) {
                true => (end.max(end_ms(state)), everything || is_total(state)),
                false => (end, everything),
            };
            Some(end << 1 | u64::from(is_total))
        };
        let _ = self.state.fetch_update(Relaxed, Relaxed, change);
    }

    /// Ends it.
    pub(crate) fn end(&self) {
        self.state.store(0, Relaxed);
    }
}

#[inline]
fn is_on(state: u64, now: Now) -> bool {
    state != 0 && end_ms(state) > now.mono_us / 1000
}

fn end_ms(state: u64) -> u64 {
    state >> 1
}

fn is_total(state: u64) -> bool {
    state & 1 == 1
}

/// Whether requests of this command may have effects that others would have to be told of.
fn may_write(command: &Command) -> bool {
    command.flags & (flag::WRITE | flag::MAY_REPLICATE) != 0
}
