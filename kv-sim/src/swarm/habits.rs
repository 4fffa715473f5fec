//! What a server does when there is much to do at once, which no reply tells: that it takes its time
//! for work that nobody waits for, and that what it evicts is what its policy means.

use super::Swarm;
use crate::failure::{Check, Violation};
use crate::plan::MemoryLimit;
use kv_proto::server::ConnectionId;

/// In one run of so many there is as much work.
const BUSY_ONE_OF: u64 = 4;

/// How many slices it takes at least.
const SLICES_MIN: usize = 4;

/// How much more than its budget a slice may do: some of what is done is done in chunks.
const SLICE_SLACK: usize = 64;

/// Lists of up to so many elements may be freed at once.
const DROPPED_MAX: usize = 512;

/// How many keys may be evicted, half of which are better left alone.
const KEYS: usize = 120;

/// What a key takes at least, in bytes.
const VALUE_LEN: usize = 2000;

/// How much more than the limit may be left: what was written last, and what clients have not taken.
const ROUNDING: u64 = 1000;

/// How long some keys are not used, in microseconds.
const IDLE_US: u64 = 100_000_000;

/// How often the others are used then.
const USES: usize = 30;

impl Swarm<'_> {
    /// With an empty store, whether the server works in slices and evicts what it should.
    pub(super) fn check_habits(&mut self) -> Result<(), Violation> {
        let id = self.accept();
        self.request(id, &[b"CONFIG", b"SET", b"maxmemory", b"0"]);
        if self.rng.below(BUSY_ONE_OF) == 0 {
            self.check_freeing(id)?;
            self.check_expiry(id)?;
        }
        if let Some(limit) = self.plan.memory {
            self.check_eviction(id, limit)?;
        }
        self.servers[0].handle_lost(id);
        Ok(())
    }

    /// Whether a long list is freed in slices.
    fn check_freeing(&mut self, id: ConnectionId) -> Result<(), Violation> {
        let len = DROPPED_MAX + SLICES_MIN * (self.plan.pace.budget + SLICE_SLACK);
        let words = std::iter::repeat_n(&b"element"[..], len);
        let push: Vec<&[u8]> = [&b"RPUSH"[..], b"l"].into_iter().chain(words).collect();
        self.request(id, &push);
        self.request(id, &[b"UNLINK", b"l"]);
        self.count_slices(&format!("{len} elements are freed"))
    }

    /// Whether many keys that expire at once are removed in slices.
    fn check_expiry(&mut self, id: ConnectionId) -> Result<(), Violation> {
        let len = SLICES_MIN * (self.plan.pace.budget + SLICE_SLACK);
        let names: Vec<String> = (0..len).map(|number| format!("e{number}")).collect();
        let count = len.to_string();
        let mut words: Vec<&[u8]> = vec![b"MSETEX", count.as_bytes()];
        words.extend(names.iter().flat_map(|name| [name.as_bytes(), b"v"]));
        words.extend([&b"PX"[..], b"5"]);
        self.request(id, &words);
        self.count_slices(&format!("{len} keys expire"))
    }

    fn count_slices(&mut self, what: &str) -> Result<(), Violation> {
        let slices = self.settle()?;
        if slices >= SLICES_MIN as u64 {
            return Ok(());
        }
        let text = format!("{what} in {slices} slices, of {} each", self.plan.pace.budget);
        Err(Check::Slices.violated(text))
    }

    /// Whether what a policy spares outlasts the rest, where there is enough of both.
    fn check_eviction(&mut self, id: ConnectionId, limit: MemoryLimit) -> Result<(), Violation> {
        if !limit.has_preferences() {
            return Ok(());
        }
        self.store_candidates(id, limit);
        if limit.policy != "volatile-ttl" {
            self.use_some(id);
        }
        let used = self.watch.usage(self.now()).used;
        let max = used - used / 4;
        self.request(id, &[b"CONFIG", b"SET", b"maxmemory", max.to_string().as_bytes()]);
        self.request(id, &[b"SET", b"another", b"v"]);
        let left = self.watch.usage(self.now()).used;
        if left > max + ROUNDING {
            let text = format!("eviction leaves {left} bytes where {max} are allowed");
            return Err(Check::Memory.violated(text));
        }
        let gone = |swarm: &mut Self, numbers: &mut dyn Iterator<Item = usize>| {
            let nothing = crate::wire::Value::int(0);
            numbers
                .filter(|&number| swarm.request(id, &[b"EXISTS", &name(number)]) == nothing)
                .count()
        };
        let spared = gone(self, &mut (0..KEYS).step_by(2));
        let others = gone(self, &mut (1..KEYS).step_by(2));
        self.request(id, &[b"CONFIG", b"SET", b"maxmemory", b"0"]);
        self.request(id, &[b"FLUSHALL"]);
        self.settle()?;
        if others > 0 && spared <= others / 2 {
            return Ok(());
        }
        let policy = limit.policy;
        let text =
            format!("{policy} evicted {spared} keys that it should spare, and {others} others");
        Err(Check::Preferences.violated(text))
    }

    /// Keys of which every other one has long to live.
    fn store_candidates(&mut self, id: ConnectionId, limit: MemoryLimit) {
        self.request(id, &[b"CONFIG", b"SET", b"maxmemory-policy", limit.policy.as_bytes()]);
        let value = [b'v'; VALUE_LEN];
        for number in 0..KEYS {
            let ttl_s = if number % 2 == 0 { 1_000_000 } else { 1000 } + number;
            let ttl_s = ttl_s.to_string();
            self.request(id, &[b"SET", &name(number), &value, b"EX", ttl_s.as_bytes()]);
        }
    }

    /// Lets time pass and uses every other key then.
    fn use_some(&mut self, id: ConnectionId) {
        self.now_us += IDLE_US;
        for number in (0..KEYS).step_by(2) {
            for _ in 0..USES {
                self.request(id, &[b"GET", &name(number)]);
            }
        }
    }
}

fn name(number: usize) -> Vec<u8> {
    format!("k{number}").into()
}
