//! The kernel: everything that the sessions of a server share, and the way a request is run.
//!
//! A driver makes one `Kernel`, opens a [`Session`] per client, and runs requests in a [`Batch`],
//! one batch at a time in each thread. The kernel takes the time as an argument, writes replies
//! into the caller's sink, and does nothing between calls.

use crate::args::Args;
use crate::command::{
    Begin, Command, Cx, EngineCx, Find, Group, Handler, KeySpec, Names, Scope, Seeks, flag,
};
use crate::commands::connection::{client, tracking};
use crate::commands::parse::{self, is};
use crate::commands::pubsub;
use crate::commands::server::monitor;
use crate::config::{self, ClientClass, Config};
use crate::error::Error;
use crate::keyspace::Sizes;
use crate::mailbox::{Bell, Post};
use crate::monitor::Monitors;
use crate::muted::Muted;
use crate::now::Now;
use crate::pause::Pause;
use crate::pubsub::PubSub;
use crate::rare::{Rare, sometimes};
use crate::reply::{Protocol, Reply};
use crate::rng::Rng;
use crate::session::{Mode, Origin, Peer, Registry, Session};
use crate::stats::{Event, Meter, Stats, Totals};
use crate::store::{
    Access, AccessClock, DatabaseSize, Events, Eviction, HashedKey, Lookup, OutOfMemory,
    ShardStats, Store,
};
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use crate::value::{Approach, Guess};
use crate::waiter::{self, Waiter};
use crate::wall_clock::{SetBack, WallClock};
use std::net::SocketAddr;
use std::sync::Arc;

/// Tells the choices of eviction from those of the command that it makes room for.
const EVICTION: u64 = 0x6576_6963_7469_6f6e;

const TRANSACTION_TOO_LARGE: Error =
    Error::text("ERR transaction exceeds client-query-buffer-limit, queue fewer requests");

const DEBUG_NOT_ALLOWED: Error = Error::text(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can \
     run it from a local connection, otherwise you need to set this option in the configuration \
     file, and then restart the server.",
);

/// The version of Redis whose commands and replies are followed.
pub const REDIS_VERSION: &str = "7.2.0";

/// What only the machine knows and can do. The driver implements it; a simulator answers with
/// constants.
pub trait Host: Send + Sync {
    /// What the process has used so far.
    fn usage(&self) -> Usage;
    /// What does not change while the process runs.
    fn facts(&self) -> &Facts;
    /// Brings the configuration file up to date, with [`config::rewrite`], so that after a crash
    /// either the old file is there or the new one. Returns when that is on disk: CONFIG REWRITE is
    /// rare, and its client waits for it. The error is what the operating system says.
    fn rewrite_config(&self, config: &Config) -> Result<(), String>;
    /// Nanoseconds of a clock that never goes back, from an arbitrary start: to tell how long commands
    /// take, and for nothing else. Is asked about once for each command. A simulator gives a constant,
    /// so that nothing takes any time.
    fn precise_ns(&self) -> u64;
    /// Lets so many microseconds pass while the calling thread does nothing, for DEBUG SLEEP.
    fn sleep(&self, us: u64);
    /// How the recording of the server's input is doing, if one was asked for.
    fn recording(&self) -> Option<Recording> {
        None
    }
}

/// How the recording of a server's input is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Whether it goes on.
    pub state: RecordingState,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// Whether a recording goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    /// It does.
    On,
    /// It has ended, since it came to be as long as it may be.
    Full,
    /// It has ended, since it could not be written.
    Failed,
}

impl RecordingState {
    /// Its name in INFO.
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Full => "full",
            Self::Failed => "failed",
        }
    }
}

/// What the process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in the program, in microseconds.
    pub cpu_user_us: u64,
    /// Processor time in the operating system for the program, in microseconds.
    pub cpu_system_us: u64,
    /// Resident memory, in bytes.
    pub resident_bytes: u64,
    /// The most resident memory so far, in bytes.
    pub resident_peak_bytes: u64,
}

/// What does not change while the process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The operating system, as `uname` names it.
    pub os: String,
    /// The process's number.
    pub process_id: u32,
    /// The program's file.
    pub executable: String,
    /// The configuration file's absolute path, empty if there is none.
    pub config_file: String,
    /// The port of the first TCP listener, 0 if there is none.
    pub tcp_port: u16,
    /// The machine's memory, in bytes.
    pub total_system_memory: u64,
}

/// A host that tells nothing, for simulations and for tests.
#[derive(Debug, Default)]
pub struct NoHost(Facts);

impl Host for NoHost {
    fn usage(&self) -> Usage {
        Usage::default()
    }

    fn facts(&self) -> &Facts {
        &self.0
    }

    fn rewrite_config(&self, _: &Config) -> Result<(), String> {
        Err("there is none".into())
    }

    fn precise_ns(&self) -> u64 {
        0
    }

    fn sleep(&self, _: u64) {}
}

/// What the sessions of a server share.
pub struct Kernel {
    /// The settings.
    pub config: Arc<Config>,
    /// The sessions that are open.
    pub sessions: Arc<Registry>,
    /// Who listens to what.
    pub pubsub: Arc<PubSub>,
    /// Whether requests are put off.
    pub pause: Pause,
    /// Who is shown every command.
    pub monitors: Monitors,
    bell: Arc<Bell>,
    posts: AtomicUsize,
    /// What the machine tells.
    pub host: Box<dyn Host>,
    /// When the kernel was made.
    pub started: Now,
    clock: WallClock,
    /// 40 hexadecimal digits that tell this run from others.
    pub run_id: String,
    /// What commands cost, and what went wrong.
    pub stats: Stats,
    store: Store,
    seed: u64,
    commands: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
    /// Work besides requests is not done, since DEBUG SET-ACTIVE-EXPIRE says so.
    is_lazy: AtomicBool,
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel").field("run_id", &self.run_id).finish_non_exhaustive()
    }
}

/// How a server is doing. Totals count from the start or the last reset of the statistics.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Sessions that are open.
    pub clients: usize,
    /// Sessions that were opened.
    pub clients_opened: u64,
    /// Clients that could not have a session.
    pub clients_refused: u64,
    /// Commands that were run, as [`Kernel::commands`] counts them.
    pub commands: u64,
    /// Bytes received from clients.
    pub received_bytes: u64,
    /// Bytes sent to clients.
    pub sent_bytes: u64,
    /// What data and large buffers of clients take, in bytes.
    pub used_bytes: usize,
    /// What happened to keys.
    pub keys: ShardStats,
    /// What each database holds.
    pub databases: Vec<DatabaseSize>,
}

/// Why a client cannot have a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwelcome {
    /// There are as many as `maxclients` allows.
    TooMany,
    /// `protected-mode` keeps away clients from other machines, as long as no password is set.
    Stranger,
}

impl From<Unwelcome> for Error {
    /// What the client is told.
    fn from(reason: Unwelcome) -> Self {
        match reason {
            Unwelcome::TooMany => Error::text("ERR max number of clients reached"),
            Unwelcome::Stranger => Error::text(
                "DENIED Redis is running in protected mode because protected mode is enabled and \
                 no password is set for the default user. In this mode only clients on the same \
                 machine are accepted. To accept others, one of: 1) If no stranger can reach the \
                 server, run 'CONFIG SET protected-mode no' from a client on the same machine. 2) \
                 Start the server with '--protected-mode no'. 3) Let clients connect over the \
                 loopback interface or a Unix socket.",
            ),
        }
    }
}

/// What becomes of the connection after a request.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// It is closed once the replies so far are sent.
    Close,
    /// It runs no more requests until the one that waits has got its reply: see
    /// [`Session::is_waiting`].
    Wait,
    /// The request did not run and has no reply, since clients are paused. It is to come again when
    /// [`Kernel::pause`] says so, or when [`Kernel::take_rung`] rings; no other runs before it.
    Pause,
}

impl Kernel {
    /// A kernel without data. `seed` decides every random choice; `shards` is a power of two, 1
    /// where only one thread will run requests.
    pub fn new(config: Config, shards: usize, seed: u64, host: Box<dyn Host>, now: Now) -> Self {
        Self::with_sizes(config, shards, Sizes::default(), seed, host, now)
    }

    /// The same, over a store whose parts are as large as `sizes` says.
    pub fn with_sizes(
        config: Config,
        shards: usize,
        sizes: Sizes,
        seed: u64,
        host: Box<dyn Host>,
        now: Now,
    ) -> Self {
        let mut rng = Rng::new(seed);
        let databases = config.int(config::DATABASES) as usize;
        let (config, pubsub) = (Arc::new(config), Arc::<PubSub>::default());
        let events = Events::new(Arc::clone(&config), Arc::clone(&pubsub));
        let store = Store::new(shards, databases, sizes, &mut rng, events);
        let run_id =
            format!("{:016x}{:016x}{:08x}", rng.next_u64(), rng.next_u64(), rng.next_u64() >> 32);
        Self {
            config,
            sessions: Arc::default(),
            pubsub,
            pause: Pause::default(),
            monitors: Monitors::default(),
            bell: Arc::default(),
            posts: AtomicUsize::new(0),
            host,
            started: now,
            clock: WallClock::new(now),
            run_id,
            stats: Stats::default(),
            store,
            seed: rng.next_u64(),
            commands: AtomicU64::new(0),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            is_lazy: AtomicBool::new(false),
        }
    }

    /// Opens a session, or says why there cannot be one.
    pub fn open_session(&self, peer: Peer, now: Now) -> Result<Session, Unwelcome> {
        let max = self.config.int(config::MAXCLIENTS) as usize;
        if self.sessions.len() < max && self.protects_from(&peer) {
            self.sessions.note_refused();
            return Err(Unwelcome::Stranger);
        }
        let mut session = self.sessions.open(peer, now, max).ok_or(Unwelcome::TooMany)?;
        self.greet(&mut session);
        Ok(session)
    }

    /// Whether a client is refused for where it comes from.
    fn protects_from(&self, peer: &Peer) -> bool {
        let is_open = !self.config.requires_password() && self.config.is_on(config::PROTECTED_MODE);
        is_open && peer.origin == Origin::Remote
    }

    /// Forgets who a client is. If no password is needed now, it will not have to say it later.
    pub(crate) fn greet(&self, session: &mut Session) {
        session.is_authenticated = !self.config.requires_password();
    }

    /// Whether a client has to say who it is before it may do anything else.
    fn requires_auth(&self, session: &Session) -> bool {
        !session.is_authenticated && self.config.requires_password()
    }

    /// A new post, for one more server of this kernel.
    ///
    /// # Panics
    /// If there are [`POSTS_MAX`](crate::mailbox::POSTS_MAX) already.
    pub fn open_post(&self) -> Arc<Post> {
        Arc::new(Post::new(self.posts.fetch_add(1, Relaxed), Arc::clone(&self.bell)))
    }

    /// The posts that have something new, as bits; each is told of once. Whoever runs requests asks
    /// afterwards, and wakes the servers.
    pub fn take_rung(&self) -> u64 {
        self.bell.take()
    }

    /// Ends a session. No batch may be open in this thread.
    pub fn close_session(&self, mut session: Session) {
        pubsub::forget(self, &mut session);
        monitor::forget(self, &mut session);
        tracking::forget(&self.store, &mut session);
        if let Some(waiter) = &session.waiting {
            sometimes(Rare::WaiterLeaves, true);
            waiter.end(&self.store);
            session.stop_waiting();
        }
        if let Some(watching) = session.watching.take() {
            watching.abandon(&self.store);
        }
    }

    /// The request of a session that waits has waited long enough. No batch may be open in this
    /// thread. False if its reply is on its way to the mailbox.
    pub fn time_out(&self, session: &mut Session, out: &mut dyn Reply) -> bool {
        let mut muted = Muted::of(session, out);
        let waiter = session.time_out();
        let has_ended = waiter.is_some_and(|waiter| waiter.give_up(&self.store, &mut muted));
        if has_ended {
            session.stop_waiting();
        }
        has_ended
    }

    /// How much that others have to tell a session may wait, in bytes; 0 if there is no limit.
    pub(crate) fn mail_max(&self) -> usize {
        self.config.output_limits(ClientClass::Pubsub).hard
    }

    /// Ends the pause of all clients. The bell rings for all posts.
    pub(crate) fn unpause(&self) {
        self.pause.end();
        self.bell.ring_all(self.posts.load(Relaxed));
    }

    /// How many keys of how many sessions are watched: 0 if a change of a key concerns nobody.
    pub fn observers(&self) -> usize {
        self.store.observers()
    }

    /// Adds to the statistics what a transaction has run.
    pub(crate) fn count_commands(&self, count: usize) {
        self.commands.fetch_add(count as u64, Relaxed);
    }

    /// Begins to run requests at a time that is the same for all of them. A store with one shard
    /// stays locked until the batch is dropped.
    pub fn batch(&self, now: Now) -> Batch<'_> {
        self.batch_in_lane(0, now)
    }

    /// The same for a thread that keeps its statistics apart from those of others, for the sake of
    /// the processor's caches, under a number that [`Kernel::next_lane`] has given it.
    pub fn batch_in_lane(&self, lane: usize, now: Now) -> Batch<'_> {
        let now = self.clock.follow(now).unwrap_or_else(|set_back| self.go_back(set_back, now));
        if self.stats.rates.is_due(now) {
            self.stats.rates.sample(now, self.totals());
        }
        Batch {
            kernel: self,
            access: self.store.access(now, self.access_clock(now)),
            now,
            commands: 0,
            meter: Meter::new(&self.stats, &*self.host, &self.config, now, lane),
        }
    }

    /// A number for a thread that will run batches of its own.
    pub fn next_lane(&self) -> usize {
        self.stats.next_lane()
    }

    /// Milliseconds since the Unix epoch, by which keys expire: the clock's, unless another thread has
    /// told of a slightly later time.
    pub fn unix_ms(&self, now: Now) -> i64 {
        self.clock.follow(now).unwrap_or(now).unix_ms()
    }

    /// The wall clock was set back: what has expired before goes first, however much it is, since
    /// somebody may know that it is gone.
    #[cold]
    fn go_back(&self, set_back: SetBack, now: Now) -> Now {
        sometimes(Rare::ClockSetBack, true);
        let before = Now { unix_us: set_back.from_ms as u64 * 1000, ..now };
        self.store.access(before, self.access_clock(now)).set_back(now.unix_ms());
        self.clock.go_back(set_back, now);
        now
    }

    /// What an access to a key means under the eviction policy of this moment.
    fn access_clock(&self, now: Now) -> AccessClock {
        if !self.config.eviction_policy().is_lfu() {
            return AccessClock::recency(now);
        }
        let number = |id| self.config.int(id) as u32;
        AccessClock::frequency(now, number(config::LFU_LOG_FACTOR), number(config::LFU_DECAY_TIME))
    }

    /// How much memory the data may take, if there is a limit.
    fn eviction(&self) -> Option<Eviction> {
        let max = self.config.int(config::MAXMEMORY) as usize;
        (max > 0).then(|| Eviction {
            used_max: max.saturating_sub(self.sessions.buffered()),
            policy: self.config.eviction_policy(),
            samples: self.config.int(config::MAXMEMORY_SAMPLES) as usize,
        })
    }

    /// Whether the data takes more than it may.
    pub(crate) fn is_over_memory(&self) -> bool {
        self.eviction().is_some_and(|limit| self.store.used() > limit.used_max)
    }

    /// Sees to it that there is memory for a command that may need some.
    pub(crate) fn make_room(
        &self,
        store: &mut Access<'_>,
        meter: &mut Meter<'_>,
        session: &Session,
        now: Now,
    ) -> Result<(), OutOfMemory> {
        let Some(limit) = self.eviction().filter(|_| !self.pause.is_on(now)) else { return Ok(()) };
        let mut rng = Rng::derive(self.seed ^ EVICTION, session.id(), session.commands + 1);
        meter.watch(Event::EvictionCycle, || store.make_room(&limit, &mut rng))
    }

    /// When [`Batch::tend`] has something to do, in milliseconds since the Unix epoch; the past for
    /// at once. As long as clients are paused, it does nothing all the same.
    pub fn due_ms(&self) -> Option<i64> {
        if self.is_lazy.load(Relaxed) { None } else { self.store.due_ms() }
    }

    /// The generator of the random choices of a session's present command, or of one to come.
    pub(crate) fn rng(&self, session: &Session, ahead: u64) -> Rng {
        Rng::derive(self.seed, session.id(), session.commands + ahead)
    }

    /// Whether [`Batch::tend`] has anything to do, ever.
    pub(crate) fn set_tending(&self, is_on: bool) {
        self.is_lazy.store(!is_on, Relaxed);
    }

    /// Whether a setting of no, yes and local allows something to a client.
    pub(crate) fn allows(&self, setting: config::Id, session: &Session) -> bool {
        match self.config.text(setting).as_str() {
            "yes" => true,
            "local" => is_local(&session.profile().address),
            _ => false,
        }
    }

    /// How many commands were run since the start or the last reset of the statistics. Those of a
    /// batch are counted when it ends, or when it comes to a command of the server group.
    pub fn commands(&self) -> u64 {
        self.commands.load(Relaxed)
    }

    /// Adds to the bytes that drivers have received from clients and sent to them.
    pub fn note_traffic(&self, received: u64, sent: u64) {
        self.received.fetch_add(received, Relaxed);
        self.sent.fetch_add(sent, Relaxed);
    }

    /// How the server is doing. Takes no lock, so that it can be told while commands run. O(number
    /// of shards and databases).
    pub fn figures(&self) -> Figures {
        Figures {
            clients: self.sessions.len(),
            clients_opened: self.sessions.opened(),
            clients_refused: self.sessions.refused(),
            commands: self.commands(),
            received_bytes: self.received.load(Relaxed),
            sent_bytes: self.sent.load(Relaxed),
            used_bytes: self.store.used() + self.sessions.buffered(),
            keys: self.store.stats(),
            databases: self.store.sizes(),
        }
    }

    /// What CLIENT LIST tells, for whoever looks at a kernel from outside.
    pub fn client_list(&self, now: Now) -> String {
        let mut text = Vec::new();
        client::describe_all(&mut text, &self.sessions, now);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Sets the statistics of sessions and commands to zero.
    pub(crate) fn reset_stats(&self) {
        for total in [&self.commands, &self.received, &self.sent] {
            total.store(0, Relaxed);
        }
        self.sessions.reset_stats();
        self.stats.reset();
    }

    /// What is counted all the time.
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            commands: self.commands(),
            received_bytes: self.received.load(Relaxed),
            sent_bytes: self.sent.load(Relaxed),
        }
    }
}

/// What is known of a request before it runs.
#[derive(Clone, Debug)]
pub struct Prepared {
    command: Result<&'static Command, Refusal>,
    /// What it will look for, if its first key stands where it does in all requests.
    pub(crate) lookup: Option<Lookup>,
}

/// Runs requests, one after the other, at one moment.
///
/// What a request needs from memory can be on its way before its turn comes: whoever knows
/// several requests calls [`prepare`](Batch::prepare) for each, then [`prefetch`](Batch::prefetch)
/// for all, then [`execute_prepared`](Batch::execute_prepared) for each. The first two change
/// nothing but the time that the third takes, so it does not matter what runs in between.
#[derive(Debug)]
pub struct Batch<'k> {
    kernel: &'k Kernel,
    access: Access<'k>,
    now: Now,
    commands: u64,
    meter: Meter<'k>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.count_commands();
        self.kernel.store.tracking.publish();
    }
}

impl Batch<'_> {
    /// Runs one request to its end and writes one reply. The time from one request to the next
    /// counts as the next one's.
    pub fn execute(&mut self, session: &mut Session, args: Args<'_>, out: &mut dyn Reply) -> Flow {
        let prepared = self.find_out(session.database, args);
        self.execute_prepared(&prepared, session, args, out)
    }

    /// Finds out what can be known of a request before it runs, as far as can be told while
    /// `ahead` others of its session are to run before it.
    #[inline]
    pub fn prepare(&mut self, session: &Session, ahead: u64, args: Args<'_>) -> Prepared {
        self.meter.pause();
        let mut prepared = self.find_out(session.database, args);
        if let (Ok(command), Some(lookup)) = (prepared.command, &mut prepared.lookup) {
            lookup.approach = self.approach(command, session, ahead, args);
        }
        prepared
    }

    // Every dialect has a loop of its own that calls this: inlined in each of them.
    #[inline(always)]
    fn find_out(&mut self, database: usize, args: Args<'_>) -> Prepared {
        let command = resolve(self.kernel.config.names(), args);
        let position = command.ok().and_then(|command| first_key_position(command, args));
        let key = position.map(|position| self.access.hash_key(args, position));
        Prepared { command, lookup: key.map(|key| Lookup::new(key, database)) }
    }

    /// What a request looks for in a collection.
    #[inline]
    fn approach(
        &self,
        command: &Command,
        session: &Session,
        ahead: u64,
        args: Args<'_>,
    ) -> Option<Approach> {
        let to_member = |at: u8, score| {
            let hash = self.access.hash(args.try_get(at.into())?);
            Some(Approach::to_member(at.into(), hash, score))
        };
        match command.seeks {
            Seeks::Nothing => None,
            Seeks::Member(at) => to_member(at, None),
            Seeks::Pair { score, member } => {
                to_member(member, parse::float(args.try_get(score.into())?).ok())
            }
            Seeks::Random if args.len() > 2 => None,
            Seeks::Random => Some(Approach::to_random(self.kernel.rng(session, ahead + 1))),
        }
    }

    /// Has what requests will look for fetched from memory. `prepared` is where each of them has what
    /// is known of it.
    pub fn prefetch<T>(&mut self, requests: &mut [T], prepared: impl Fn(&mut T) -> &mut Prepared) {
        self.access.prefetch(requests, |request| prepared(request).lookup.as_mut());
    }

    /// Runs one request to its end and writes one reply. `prepared` was made by this batch of the
    /// same arguments, in whatever database.
    pub fn execute_prepared(
        &mut self,
        prepared: &Prepared,
        session: &mut Session,
        args: Args<'_>,
        out: &mut dyn Reply,
    ) -> Flow {
        let replies = session.replies;
        session.replies = replies.next();
        let flow = if session.is_silent() {
            self.run_prepared(prepared, session, args, &mut Muted::new(out))
        } else {
            self.run_prepared(prepared, session, args, out)
        };
        if flow == Flow::Pause {
            session.replies = replies;
        } else if session.caching.is_some() && !is(args.get(0), "client") {
            session.end_choice();
        }
        flow
    }

    fn run_prepared(
        &mut self,
        prepared: &Prepared,
        session: &mut Session,
        args: Args<'_>,
        out: &mut dyn Reply,
    ) -> Flow {
        match prepared.command {
            Ok(command) => self.run(command, prepared, session, args, out),
            Err(refusal) => {
                let error = refusal.error(args);
                self.refuse(refusal.command(), error, session, out)
            }
        }
    }

    /// Whether a client has to say who it is before it may do anything else.
    #[inline]
    pub fn requires_auth(&self, session: &Session) -> bool {
        self.kernel.requires_auth(session)
    }

    /// Does what is due besides requests: removes expired keys, frees what is out of use and gives
    /// memory back, until about `budget` entries' worth of work is done. How much that was; less
    /// than `budget` if nothing is left for now. While clients are paused the data stays as it is.
    pub fn tend(&mut self, budget: usize) -> usize {
        if self.kernel.is_lazy.load(Relaxed) || self.kernel.pause.is_on(self.now) {
            return 0;
        }
        let access = &mut self.access;
        let spent = self.meter.watch(Event::ExpireCycle, || access.tend(budget));
        // Who waits for a group is told when its stream expires.
        waiter::serve(self.kernel, &mut self.access, self.now);
        spent
    }

    /// The client of a session is gone: a request of it that waits takes nothing any more.
    pub fn stop_waiting(&mut self, session: &mut Session) {
        if let Some(waiter) = &session.waiting {
            sometimes(Rare::WaiterLeaves, true);
            waiter.leave(&mut self.access);
            session.stop_waiting();
        }
    }

    /// Checks what must always hold, for tests and simulations. O(n).
    pub fn check(&mut self) {
        self.access.check();
    }

    /// Runs a request, or puts it off until EXEC.
    fn run(
        &mut self,
        command: &'static Command,
        prepared: &Prepared,
        session: &mut Session,
        args: Args<'_>,
        out: &mut dyn Reply,
    ) -> Flow {
        session.profile().note_command(command, self.now);
        if let Err(error) = self.admit(command, session, out.protocol()) {
            return self.refuse(Some(command), error, session, out);
        }
        if self.kernel.pause.holds(command, self.now) && !session.is_monitor {
            return Flow::Pause;
        }
        if session.transaction.is_some() && !command.is_immediate {
            self.put_off(command, session, args, out);
            return Flow::Continue;
        }
        if command.group == Group::Server {
            self.count_commands();
        }
        let lookup = prepared.lookup.as_ref();
        let guess = lookup.map_or(&Guess::NONE, Lookup::guess);
        let key = lookup.map(|lookup| &lookup.key);
        let call = Call { kernel: self.kernel, now: self.now, command, key, guess };
        let flow = call.run(&mut self.access, &mut self.meter, session, args, out);
        if command.is_immediate || command.group == Group::Transactions {
            session.show_transaction();
        }
        self.commands += 1;
        waiter::serve(self.kernel, &mut self.access, self.now);
        flow
    }

    /// The gate that every request passes before it runs or is put off.
    fn admit(
        &mut self,
        command: &'static Command,
        session: &Session,
        protocol: Protocol,
    ) -> Result<(), Error> {
        let kernel = self.kernel;
        if self.requires_auth(session) && !command.has(flag::NO_AUTH) {
            return Err(Error::NoAuth);
        }
        if command.has(flag::PROTECTED) && !kernel.allows(config::ENABLE_DEBUG_COMMAND, session) {
            return Err(DEBUG_NOT_ALLOWED);
        }
        if session.transaction.is_some() && command.has(flag::NO_MULTI) {
            return Err(Error::text("ERR Command not allowed inside a transaction"));
        }
        if command.has(flag::DENYOOM) {
            self.kernel
                .make_room(&mut self.access, &mut self.meter, session, self.now)
                .map_err(|OutOfMemory| Error::OutOfMemory)?;
        }
        if session.subscriptions.is_some()
            && protocol == Protocol::V2
            && !command.is_for_subscribers
        {
            return Err(while_subscribed(command));
        }
        if session.is_monitor
            && command.flags & (flag::READONLY | flag::WRITE | flag::MAY_REPLICATE) != 0
        {
            return Err(Error::text("ERR Replica can't interact with the keyspace"));
        }
        Ok(())
    }

    /// A request does not run, and its transaction will not either: a refused EXEC ends it.
    #[cold]
    fn refuse(
        &mut self,
        command: Option<&Command>,
        error: Error,
        session: &mut Session,
        out: &mut dyn Reply,
    ) -> Flow {
        self.meter.reject(command, &error);
        if command.is_some_and(|command| command.name == "exec") {
            session.transaction = None;
            session.unwatch(&mut self.access);
            session.show_transaction();
            let message = error.message();
            let reason = message.strip_prefix(b"ERR ").unwrap_or(&message);
            let text = [b"EXECABORT Transaction discarded because of: ", reason].concat();
            out.error(&Error::composed(text));
        } else {
            session.break_transaction();
            out.error(&error);
        }
        Flow::Continue
    }

    fn put_off(
        &self,
        command: &'static Command,
        session: &mut Session,
        args: Args<'_>,
        out: &mut dyn Reply,
    ) {
        let max = self.kernel.config.int(config::CLIENT_QUERY_BUFFER_LIMIT) as usize;
        let transaction = session.transaction.as_mut().expect("the caller saw it");
        if transaction.push(command, args, max) {
            out.simple("QUEUED");
        } else {
            self.meter.reject(Some(command), &TRANSACTION_TOO_LARGE);
            out.error(&TRANSACTION_TOO_LARGE);
        }
        session.show_transaction();
    }

    /// Adds the batch's commands so far to the kernel's statistics.
    fn count_commands(&mut self) {
        self.kernel.commands.fetch_add(std::mem::take(&mut self.commands), Relaxed);
    }
}

/// One command, as a request or as a part of a transaction.
pub(crate) struct Call<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) now: Now,
    pub(crate) command: &'static Command,
    /// The first key, if it is known already.
    pub(crate) key: Option<&'a HashedKey>,
    /// Where what it looks for may be.
    pub(crate) guess: &'a Guess,
}

impl Call<'_> {
    /// Runs it to its end and writes its reply.
    pub(crate) fn run<'k>(
        &self,
        store: &mut Access<'k>,
        meter: &mut Meter<'k>,
        session: &mut Session,
        args: Args<'_>,
        out: &mut dyn Reply,
    ) -> Flow {
        let Self { kernel, now, command, key, guess } = *self;
        session.commands += 1;
        store.count_uses(!session.profile().is_in(Mode::NoTouch));
        store.sign(session.id());
        store.keep_expired(kernel.pause.spares_expired(command, now));
        let timing = meter.begin(command, args, out);
        let result = match command.handler {
            Handler::Data(handler) => {
                let mut cx = Cx {
                    db: store.lock(command, args, key, session.database),
                    args,
                    out: &mut *out,
                    now,
                    rng: kernel.rng(session, 0),
                    config: &kernel.config,
                    guess,
                    wait: None,
                    has_waited: false,
                };
                if command.has(flag::DENYOOM) && cx.db.is_exhausted() {
                    Err(Error::OutOfMemory)
                } else {
                    let result = handler(&mut cx);
                    if session.is_tracked() {
                        note_reader(&mut cx, command, session.id());
                    }
                    match result {
                        Ok(()) if cx.wait.is_some() => Ok(start_waiting(cx, command, session)),
                        result => result.map(|()| Flow::Continue),
                    }
                }
            }
            Handler::Engine(handler) => handler(&mut EngineCx {
                kernel,
                store,
                meter,
                session,
                command,
                args,
                out: &mut *out,
                now,
            }),
            Handler::Container => unreachable!("`resolve` never gives a container"),
        };
        meter.end(timing, command, args, session, out);
        let flow = result.unwrap_or_else(|error| {
            meter.fail(command, &error);
            out.error(&error);
            Flow::Continue
        });
        if kernel.monitors.watch(command) && flow != Flow::Pause {
            kernel.monitors.show(session, command, args, now, kernel.mail_max());
        }
        flow
    }
}

impl Call<'_> {
    /// Runs a request again that has waited. Nothing is written unless it is served.
    pub(crate) fn resume(
        &self,
        store: &mut Access<'_>,
        waiter: &Waiter,
        out: &mut dyn Reply,
    ) -> Resumed {
        let Handler::Data(handler) = self.command.handler else {
            unreachable!("only requests for data wait for keys")
        };
        let (session, args) = (waiter.session(), waiter.args.as_args());
        store.sign(session);
        store.keep_expired(self.kernel.pause.spares_expired(self.command, self.now));
        let mut cx = Cx {
            db: store.lock(self.command, args, None, waiter.database),
            args,
            out: &mut *out,
            now: self.now,
            rng: Rng::derive(self.kernel.seed, session, waiter.number),
            config: &self.kernel.config,
            guess: self.guess,
            wait: None,
            has_waited: true,
        };
        // Until the request has run, nothing else ends its wait: what it takes is its own.
        let mut is_over = waiter.is_over();
        if *is_over {
            sometimes(Rare::WaiterOverWhenServed, true);
            return Resumed::Over;
        }
        let result = handler(&mut cx);
        let has_to_wait = result.is_ok() && cx.wait.is_some();
        *is_over = !has_to_wait;
        drop(is_over);
        if waiter.is_tracked {
            note_reader(&mut cx, self.command, session);
        }
        drop(cx);
        result.unwrap_or_else(|error| out.error(&error));
        if has_to_wait { Resumed::WaitsOn } else { Resumed::Served }
    }
}

/// What has become of a request that has waited and was run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resumed {
    /// It has a reply.
    Served,
    /// There was nothing for it.
    WaitsOn,
    /// It did not run, since something else has ended its wait.
    Over,
}

/// Notes that a session, which caches, has read the keys of a request.
fn note_reader(cx: &mut Cx<'_>, command: &Command, session: u64) {
    if !command.has(flag::READONLY) {
        return;
    }
    let max = cx.config.int(config::TRACKING_TABLE_MAX_KEYS) as usize;
    for (position, _) in command.keys_of(cx.args).into_iter().flatten() {
        cx.db.note_reader(cx.args.get(position), session, max);
    }
}

/// Notes a request that has found nothing at its keys, which are locked; within a transaction it gets
/// its reply at once.
fn start_waiting(mut cx: Cx<'_>, command: &'static Command, session: &mut Session) -> Flow {
    let wait = cx.wait.take().expect("the caller saw it");
    if session.is_in_exec {
        wait.at_once.write(cx.out);
        return Flow::Continue;
    }
    let waiter = Waiter::new(session, command, cx.args, cx.out.protocol(), cx.now, wait);
    let waiter = Arc::new(waiter);
    waiter.keys().iter().for_each(|key| cx.db.wait(key, &waiter));
    session.start_waiting(waiter);
    Flow::Wait
}

/// Why a request names no command that can be run. Says it only when it is asked, since a request
/// that is refused may never get its turn.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    UnknownCommand,
    UnknownSubcommand,
    WrongArity(&'static Command),
}

impl Refusal {
    /// The command that is refused, if there is one.
    fn command(self) -> Option<&'static Command> {
        match self {
            Self::WrongArity(command) => Some(command),
            Self::UnknownCommand | Self::UnknownSubcommand => None,
        }
    }

    #[cold]
    fn error(self, args: Args<'_>) -> Error {
        match self {
            Self::UnknownCommand => unknown_command(args),
            Self::UnknownSubcommand => unknown_subcommand(args.get(0), args.get(1)),
            Self::WrongArity(command) => Error::WrongArity(command.full_name()),
        }
    }
}

/// The command that a request names, if its number of arguments is right.
#[inline]
fn resolve(names: &Names, args: Args<'_>) -> Result<&'static Command, Refusal> {
    let mut command = names.find(args.get(0)).ok_or(Refusal::UnknownCommand)?;
    if let (false, Some(name)) = (command.subcommands.is_empty(), args.try_get(1)) {
        command = command.subcommand(name).ok_or(Refusal::UnknownSubcommand)?;
    }
    if command.accepts(args.len()) { Ok(command) } else { Err(Refusal::WrongArity(command)) }
}

/// The command that a request names, whatever its number of arguments.
pub(crate) fn find_command(names: &Names, args: Args<'_>) -> Option<&'static Command> {
    match resolve(names, args) {
        Ok(command) | Err(Refusal::WrongArity(command)) => Some(command),
        Err(Refusal::UnknownCommand | Refusal::UnknownSubcommand) => None,
    }
}

/// Where a request has its first key, if every request of the command has it there.
fn first_key_position(command: &Command, args: Args<'_>) -> Option<usize> {
    match (command.scope, command.keys.first()) {
        (
            Scope::Keys,
            Some(&KeySpec { begin: Begin::Index(position), find: Find::Range { .. }, .. }),
        ) => (position < args.len()).then_some(position),
        _ => None,
    }
}

/// How much of a client's words an error quotes, in bytes.
pub(crate) const QUOTE_MAX: usize = 128;

fn unknown_command(args: Args<'_>) -> Error {
    let mut quoted = Vec::new();
    for arg in args.from(1) {
        if quoted.len() >= QUOTE_MAX {
            break;
        }
        let room = QUOTE_MAX - quoted.len();
        quoted.push(b'\'');
        quoted.extend_from_slice(quote(arg, room));
        quoted.extend_from_slice(b"' ");
    }
    let name = quote(args.get(0), QUOTE_MAX);
    let text = [b"ERR unknown command '", name, b"', with args beginning with: ", &quoted].concat();
    Error::UnknownCommand(text.into())
}

fn while_subscribed(command: &'static Command) -> Error {
    let name = command.full_name();
    let text = format!(
        "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
    );
    Error::composed(text.into_bytes())
}

fn unknown_subcommand(container: &[u8], name: &[u8]) -> Error {
    let help = container.to_ascii_uppercase();
    let name = quote(name, QUOTE_MAX);
    let text = [b"ERR unknown subcommand '", name, b"'. Try ", &help, b" HELP."].concat();
    Error::UnknownCommand(text.into())
}

/// The beginning of `text`, up to `max` bytes or a zero byte, as Redis quotes it.
pub(crate) fn quote(text: &[u8], max: usize) -> &[u8] {
    until_zero(&text[..text.len().min(max)])
}

/// The beginning of `text` up to a zero byte: what Redis quotes of a client's word.
pub(crate) fn until_zero(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    &text[..end]
}

/// Whether a client's address is one of this machine: a loopback address or a socket's path.
fn is_local(address: &str) -> bool {
    let ip = address.parse::<SocketAddr>().map(|address| address.ip());
    ip.is_ok_and(|ip| ip.is_loopback()) || address.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_this_machine_are_local() {
        for address in ["127.0.0.1:5", "[::1]:5", "/run/kv.sock:0"] {
            assert!(is_local(address), "{address}");
        }
        for address in ["10.0.0.1:5", "[2001:db8::1]:5", "?:0", ""] {
            assert!(!is_local(address), "{address}");
        }
    }
}
