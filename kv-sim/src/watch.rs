//! A look behind the replies: at the store's invariants and at what it tells of itself, by a
//! session of its own, of which the server's connections know nothing.

use crate::failure::{Check, Violation};
use crate::model::Bytes;
use crate::plan::{MemoryLimit, Plan};
use crate::wire::{self, Value};
use kv_core::args::OwnedArgs;
use kv_core::kernel::Kernel;
use kv_core::now::Now;
use kv_core::reply::Protocol;
use kv_core::session::{Peer, Session};
use kv_proto::resp::encode::Encoder;
use std::sync::Arc;

/// How many keys of its own it has of each sort, where keys are removed for want of memory.
const TOKENS: u64 = 8;

/// When those with a deadline expire: after every run.
const TOKEN_TTL_S: &str = "10000000";

/// What data may take beyond `maxmemory` and what it is doubled or put in by one command: the
/// least tables and timers of a few keyspaces.
const MEMORY_SLACK: u64 = 96 * 1024;

/// What a command that is never refused may add, in bytes: a timer in a chunk of its own and a
/// deadline in the entry.
const UNREFUSED_MAX: u64 = 300;

/// Watches a kernel.
pub(crate) struct Watch {
    kernel: Arc<Kernel>,
    session: Session,
    /// It watches its keys, so that a transaction shows whether one of them is gone.
    guards: bool,
    /// How many of its keys were gone when it watched them.
    gone: usize,
}

/// What the data takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// `used_memory`: with tables and timers.
    pub(crate) used: u64,
    /// `used_memory_dataset`: keys and values.
    pub(crate) dataset: u64,
    /// `lazyfree_pending_objects`: what is out of use and not freed yet.
    pub(crate) pending: u64,
}

impl Watch {
    /// Takes one of the places for clients.
    pub(crate) fn new(kernel: &Arc<Kernel>, now: Now) -> Self {
        let session = kernel.open_session(Peer::default(), now).expect("there is room for it");
        Self { kernel: Arc::clone(kernel), session, guards: false, gone: 0 }
    }

    /// Checks the store's invariants, which panics if one of them does not hold.
    pub(crate) fn check(&self, now: Now) {
        self.kernel.batch(now).check();
    }

    /// How many keys the kernel has, expired ones included. It is told what time it is.
    pub(crate) fn keys(&self, now: Now) -> usize {
        drop(self.kernel.batch(now));
        self.kernel.figures().databases.iter().map(|size| size.keys).sum()
    }

    /// Whether nobody listens to anything. The error says what is wrong.
    pub(crate) fn check_channels(&mut self, now: Now) -> Result<(), Violation> {
        let channels = self.ask(now, &[b"PUBSUB", b"CHANNELS"]);
        let of_shards = self.ask(now, &[b"PUBSUB", b"SHARDCHANNELS"]);
        let patterns = self.ask(now, &[b"PUBSUB", b"NUMPAT"]);
        let nothing = Value::array(vec![]);
        if (&channels, &of_shards, &patterns) == (&nothing, &nothing, &Value::int(0)) {
            return Ok(());
        }
        let text = format!("somebody listens to {channels:?}, {of_shards:?}, {patterns:?}");
        Err(Check::Sessions.violated(text))
    }

    /// What the data takes.
    pub(crate) fn usage(&mut self, now: Now) -> Usage {
        let info = self.info(now, "memory");
        let field = |name: &str| {
            let rest = info.split(&format!("\n{name}:")).nth(1);
            number(rest.unwrap_or_else(|| panic!("INFO has {name}")))
        };
        Usage {
            // What clients have not taken yet counts as well, but is no data.
            used: field("used_memory") - field("mem_clients_normal"),
            dataset: field("used_memory_dataset"),
            pending: field("lazyfree_pending_objects"),
        }
    }

    /// Stores the keys that [`Watch::check_tokens`] looks at.
    pub(crate) fn put_tokens(&mut self, now: Now) {
        for number in 0..TOKENS {
            let (lasting, passing) = (token("lasting", number), token("passing", number));
            self.ask(now, &[b"SET", &lasting, &lasting]);
            self.ask(now, &[b"SET", &passing, &passing, b"EX", TOKEN_TTL_S.as_bytes()]);
        }
    }

    /// Watches the keys from now on.
    pub(crate) fn guard_tokens(&mut self, now: Now) {
        self.guards = true;
        for number in 0..TOKENS {
            self.ask(now, &[b"WATCH", &token("lasting", number), &token("passing", number)]);
        }
    }

    /// Watches no key any more.
    pub(crate) fn leave_tokens(&mut self, now: Now) {
        self.guards = false;
        self.ask(now, &[b"UNWATCH"]);
    }

    /// Whether a transaction is refused, as it has to be exactly if one of the keys is `gone` that
    /// was there when they were watched. The error says what is wrong.
    fn check_guard(&mut self, now: Now, gone: usize) -> Result<(), Violation> {
        self.ask(now, &[b"MULTI"]);
        let reply = self.ask(now, &[b"EXEC"]);
        // Those that are gone by now do not come back.
        self.guard_tokens(now);
        let was_refused = reply == Value::Null(b'*');
        if was_refused == (gone > self.gone) {
            self.gone = gone;
            return Ok(());
        }
        let text = format!("EXEC gives {reply:?} where {gone} watched keys are gone");
        Err(Check::Guards.violated(text))
    }

    /// Whether the keys that must be there are, and those that may be have their values. The error
    /// says what is wrong.
    pub(crate) fn check_tokens(&mut self, now: Now, limit: MemoryLimit) -> Result<(), Violation> {
        let mut gone = 0;
        for number in 0..TOKENS {
            for (sort, stays) in [("lasting", limit.spares_lasting_keys()), ("passing", false)] {
                let key = token(sort, number);
                // Not a use of the key, or it would never be the first to go.
                let value = self.ask(now, &[b"GETRANGE", &key, b"0", b"-1"]);
                let is_gone = value == Value::bulk(b"");
                gone += usize::from(is_gone);
                if value != Value::bulk(&key) && (stays || !is_gone) {
                    let key = wire::quoted(&key);
                    let text = format!("{key} holds {value:?} under {}", limit.policy);
                    return Err(Check::SparedKeys.violated(text));
                }
            }
        }
        if self.guards { self.check_guard(now, gone) } else { Ok(()) }
    }

    /// Whether the data takes no more than it may: one command may double the largest value, or
    /// put in a value several times as large as its request, which is at most `request_max` bytes
    /// long, before the next is refused or makes room. `requests` were run so far.
    pub(crate) fn check_memory(
        &mut self,
        now: Now,
        limit: MemoryLimit,
        request_max: u64,
        requests: u64,
    ) -> Result<(), Violation> {
        let used = self.usage(now).used;
        let unrefused = requests * UNREFUSED_MAX;
        let most = 2 * limit.bytes as u64 + 8 * request_max + unrefused + MEMORY_SLACK;
        if used <= most {
            Ok(())
        } else {
            Err(Check::Memory.violated(format!("the data takes {used} bytes under {limit:?}")))
        }
    }

    fn info(&mut self, now: Now, section: &str) -> String {
        match self.ask(now, &[b"INFO", section.as_bytes()]) {
            Value::Blob(_, text) => String::from_utf8(text).expect("INFO is text"),
            other => panic!("INFO gives text, not {other:?}"),
        }
    }

    fn ask(&mut self, now: Now, words: &[&[u8]]) -> Value {
        ask(&self.kernel, &mut self.session, now, words)
    }
}

/// The reply to a request of a session of which no server knows.
pub(crate) fn ask(kernel: &Kernel, session: &mut Session, now: Now, words: &[&[u8]]) -> Value {
    let args: OwnedArgs = words.iter().collect();
    let (mut out, mut protocol) = (Bytes::new(), Protocol::V2);
    let mut reply = Encoder::new(&mut out, &mut protocol);
    let _ = kernel.batch(now).execute(session, args.as_args(), &mut reply);
    let (value, _) = wire::parse_reply(&out).ok().flatten().expect("a reply is complete");
    value
}

fn token(sort: &str, number: u64) -> Bytes {
    format!("{sort}:{number}").into()
}

/// The number at the beginning of `text`.
fn number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().expect("INFO gives a number")
}

/// Holds a server to its pace.
#[derive(Debug)]
pub(crate) struct Metronome {
    interval_us: u64,
    last_us: Option<u64>,
    at_once: u64,
    /// The next slice is another server's work, which may come at any time.
    joins_in: bool,
}

/// How many slices of work may follow each other without a pause, where the pace allows it.
const SLICES_AT_ONCE_MAX: u64 = 200_000;

impl Metronome {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self { interval_us: plan.pace.interval_us, last_us: None, at_once: 0, joins_in: false }
    }

    /// The server was asked to join in another's work.
    pub(crate) fn join_in(&mut self) {
        self.joins_in = true;
    }

    /// The server wanted time for other work than requests.
    pub(crate) fn tick(&mut self, now_us: u64) -> Result<(), Violation> {
        let last_us = self.last_us.replace(now_us);
        self.at_once = if last_us == Some(now_us) { self.at_once + 1 } else { 0 };
        if let Some(gap_us) = last_us.map(|last_us| now_us - last_us)
            && gap_us < self.interval_us
            && !std::mem::take(&mut self.joins_in)
        {
            let text = format!("the server's slices of work are {gap_us} us apart");
            return Err(Check::Pace.violated(text));
        }
        if self.at_once > SLICES_AT_ONCE_MAX {
            return Err(Check::Work.violated("the server's work never ends"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::{kernel, moment};

    fn watch() -> Watch {
        Watch::new(&kernel(&Plan::new(1, None), &[]), moment(0))
    }

    fn limit(policy: &'static str) -> MemoryLimit {
        MemoryLimit { bytes: 1000, policy }
    }

    #[test]
    fn a_lost_or_changed_key_is_noticed_where_it_has_to_be_there() {
        let mut watch = watch();
        watch.put_tokens(moment(0));
        assert_eq!(watch.check_tokens(moment(0), limit("volatile-lru")), Ok(()));
        watch.ask(moment(0), &[b"DEL", b"passing:1"]);
        assert_eq!(watch.check_tokens(moment(0), limit("volatile-lru")), Ok(()));
        watch.ask(moment(0), &[b"DEL", b"lasting:1"]);
        assert_eq!(watch.check_tokens(moment(0), limit("allkeys-lru")), Ok(()));
        assert!(watch.check_tokens(moment(0), limit("volatile-lru")).is_err());
        watch.ask(moment(0), &[b"APPEND", b"lasting:2", b"x"]);
        assert!(watch.check_tokens(moment(0), limit("allkeys-lru")).is_err());
    }

    #[test]
    fn a_transaction_that_runs_though_a_watched_key_is_gone_is_noticed() {
        let mut watch = watch();
        watch.put_tokens(moment(0));
        watch.guard_tokens(moment(0));
        assert_eq!(watch.check_tokens(moment(0), limit("allkeys-lru")), Ok(()));
        watch.ask(moment(0), &[b"DEL", b"passing:1"]);
        assert_eq!(watch.check_tokens(moment(0), limit("allkeys-lru")), Ok(()));
        assert_eq!(watch.check_tokens(moment(0), limit("allkeys-lru")), Ok(()));
        watch.ask(moment(0), &[b"UNWATCH"]);
        watch.ask(moment(0), &[b"DEL", b"passing:2"]);
        assert!(watch.check_tokens(moment(0), limit("allkeys-lru")).is_err());
    }

    #[test]
    fn data_beyond_the_limit_is_noticed() {
        let mut watch = watch();
        assert_eq!(watch.check_memory(moment(0), limit("noeviction"), 100, 1), Ok(()));
        watch.ask(moment(0), &[b"SET", b"k", &[b'v'; 200_000]]);
        assert!(watch.check_memory(moment(0), limit("noeviction"), 100, 1).is_err());
        assert_eq!(watch.check_memory(moment(0), limit("noeviction"), 200_000, 1), Ok(()));
    }

    #[test]
    fn slices_that_follow_too_soon_or_without_end_are_noticed() {
        let plan = |interval_us| {
            let pace = kv_proto::server::Pace { interval_us, budget: 1 };
            Plan { pace, ..Plan::new(1, None) }
        };
        let mut metronome = Metronome::new(&plan(10));
        assert_eq!([5, 15, 40].map(|at| metronome.tick(at)), [const { Ok(()) }; 3]);
        assert!(metronome.tick(49).is_err());
        let mut metronome = Metronome::new(&plan(0));
        assert!((0..2 * SLICES_AT_ONCE_MAX).any(|_| metronome.tick(7).is_err()));
    }
}
