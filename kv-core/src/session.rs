//! Sessions: what the kernel knows of each client.

use crate::command::Command;
use crate::config::ClientClass;
use crate::kernel::Flow;
use crate::mailbox::{Mailbox, Message};
use crate::now::Now;
use crate::pubsub::{Kind, Subscriptions};
use crate::reply::{Protocol, Reply};
use crate::store::{Access, TrackingMode, Watch};
use crate::sync::atomic::{
    AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed,
};
use crate::sync::{Mutex, MutexGuard};
use crate::transaction::{Transaction, Watching};
use crate::waiter::Waiter;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One client's state between its commands. Its connection owns it and hands it in with each
/// request; dropping it takes the client off the list.
#[derive(Debug)]
pub struct Session {
    /// The number of the selected database.
    pub database: usize,
    /// How many commands it has run; distinguishes their random choices.
    pub commands: u64,
    /// Whether its client has said who it is, or came when nobody had to.
    pub(crate) is_authenticated: bool,
    /// What waits for EXEC, since MULTI.
    pub(crate) transaction: Option<Box<Transaction>>,
    /// The keys that must not change before EXEC.
    pub(crate) watching: Option<Box<Watching>>,
    /// EXEC runs its requests, which do not wait.
    pub(crate) is_in_exec: bool,
    /// The request that waits for data, if there is one: no other may run.
    pub(crate) waiting: Option<Arc<Waiter>>,
    /// That request has waited long enough. If it is there still, its reply is on its way.
    is_timed_out: bool,
    /// The channels that it listens to, if any.
    pub(crate) subscriptions: Option<Box<Subscriptions>>,
    /// Whether others are shown what it watches.
    shows_watch: bool,
    /// How it caches, if it does.
    pub(crate) caching: Option<Box<Caching>>,
    /// It is shown every command.
    pub(crate) is_monitor: bool,
    /// What becomes of its replies.
    pub(crate) replies: Replies,
    profile: Arc<Profile>,
    registry: Arc<Registry>,
}

/// What a connection has buffered, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Buffered {
    /// Received and not yet executed.
    pub input: usize,
    /// Room for more input.
    pub input_free: usize,
    /// Replies not yet sent.
    pub output: usize,
    /// The size of the buffer that they are in.
    pub output_size: usize,
}

impl Session {
    /// Tells how much the connection has buffered.
    pub fn set_buffered(&self, buffered: Buffered) {
        let Buffered { input, input_free, output, output_size } = buffered;
        let Profile { input_len, output_len, .. } = &*self.profile;
        self.profile.input_free.store(in_32_bits(input_free), Relaxed);
        self.profile.output_size.store(in_32_bits(output_size), Relaxed);
        if in_32_bits(output) > self.profile.output_peak.load(Relaxed) {
            self.profile.output_peak.store(in_32_bits(output), Relaxed);
        }
        let before = steps(input_len.swap(input, Relaxed) + output_len.swap(output, Relaxed));
        let after = steps(input + output);
        if after != before {
            self.registry.buffered.fetch_add(after.wrapping_sub(before), Relaxed);
        }
    }

    /// What other sessions may see of this one.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(crate) fn shared(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Whether others have told it something.
    #[inline]
    pub fn has_mail(&self) -> bool {
        self.profile.mailbox.is_full()
    }

    /// Whether it gets messages that it does not ask for one by one: it may be silent for long.
    pub fn is_audience(&self) -> bool {
        self.is_listening() || self.is_monitor
    }

    /// Whose limits hold for what it is sent.
    pub fn class(&self) -> ClientClass {
        if self.is_audience() { ClientClass::Pubsub } else { ClientClass::Normal }
    }

    /// Whether it listens to channels.
    pub fn is_listening(&self) -> bool {
        self.subscriptions.is_some()
    }

    /// Whether a request waits for data, so that no other may run.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// When the request that waits has waited long enough, by [`Now::mono_us`]. Only
    /// [`Kernel::time_out`](crate::kernel::Kernel::time_out) is to be called then, and once.
    pub fn wait_deadline_us(&self) -> Option<u64> {
        let waiter = self.waiting.as_ref().filter(|_| !self.is_timed_out);
        waiter.and_then(|waiter| waiter.deadline_us())
    }

    pub(crate) fn start_waiting(&mut self, waiter: Arc<Waiter>) {
        *self.profile.waiter() = Some(Arc::clone(&waiter));
        self.registry.waiting.fetch_add(1, Relaxed);
        self.waiting = Some(waiter);
        self.is_timed_out = false;
    }

    /// The request that waits has waited long enough.
    pub(crate) fn time_out(&mut self) -> Option<&Waiter> {
        self.is_timed_out = true;
        self.waiting.as_deref()
    }

    pub(crate) fn stop_waiting(&mut self) {
        if self.waiting.take().is_some() {
            *self.profile.waiter() = None;
            self.registry.waiting.fetch_sub(1, Relaxed);
        }
    }

    /// Writes what others have told it, unless the connection is to be closed instead.
    pub fn deliver(&mut self, out: &mut dyn Reply) -> Flow {
        for message in self.profile.mailbox.take() {
            if let Message::Reply(_) = message {
                self.stop_waiting();
            }
            if message.is_reply() && self.is_silent() {
                continue;
            }
            if !message.write(out) {
                return Flow::Close;
            }
        }
        Flow::Continue
    }

    /// Whether the replies to its requests are dropped, at this moment.
    pub fn is_silent(&self) -> bool {
        matches!(self.replies, Replies::Dropped | Replies::DroppedOnce)
    }

    /// Whether what it reads now is to be remembered.
    pub(crate) fn is_tracked(&self) -> bool {
        self.caching.as_ref().is_some_and(|caching| caching.remembers())
    }

    /// A request that is none of CLIENT has run: what CLIENT CACHING said is over, but within a
    /// transaction.
    pub(crate) fn end_choice(&mut self) {
        if let (Some(caching), None) = (&mut self.caching, &self.transaction) {
            caching.is_chosen = false;
        }
    }

    /// The others may have to know whether it listens to channels.
    pub(crate) fn note_listening(&self) {
        let len = |kind| self.subscriptions.as_ref().map_or(0, |names| names.len(kind));
        self.profile.note_subscriptions(Kind::ALL.map(len));
    }

    /// The number that CLIENT ID gives. Never used again while the server runs.
    pub fn id(&self) -> u64 {
        self.profile.id
    }

    /// From now on it caches in this way, or not at all, and shows that to others.
    pub(crate) fn set_caching(&mut self, caching: Option<Caching>) {
        self.set_mode(Mode::Tracking, caching.is_some());
        let redirection = caching.as_ref().map(|caching| caching.redirection);
        if redirection != self.profile.held_redirection() {
            self.profile.change_labels(|labels| labels.redirection = redirection);
        }
        self.caching = caching.map(Box::new);
    }

    /// Shows others how its transaction stands.
    pub(crate) fn show_transaction(&mut self) {
        let transaction = self.transaction.as_deref();
        let queued = transaction.map_or(-1, |transaction| transaction.requests().len() as i32);
        self.profile.queued.store(queued, Relaxed);
        self.profile.queued_bytes.store(transaction.map_or(0, Transaction::bytes), Relaxed);
        if self.watching.is_some() != self.shows_watch {
            let watch = self.watching.as_ref().map(|watching| Arc::clone(watching.watch()));
            self.shows_watch = watch.is_some();
            *self.profile.watch() = watch;
        }
    }

    /// Turns a mode on or off.
    pub(crate) fn set_mode(&self, mode: Mode, is_on: bool) {
        let modes = &self.profile.modes;
        let others = modes.load(Relaxed) & !(mode as u8);
        modes.store(others | if is_on { mode as u8 } else { 0 }, Relaxed);
    }

    /// A request was refused: EXEC will run nothing.
    pub(crate) fn break_transaction(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.break_up();
        }
    }

    /// Watches no key any more.
    pub(crate) fn unwatch(&mut self, access: &mut Access<'_>) {
        if let Some(watching) = self.watching.take() {
            watching.end(access);
        }
    }

    /// Works on another database from now on.
    pub(crate) fn select(&mut self, database: usize) {
        self.database = database;
        self.profile.note_database(database);
    }
}

/// How a client caches, as CLIENT TRACKING says.
#[derive(Debug)]
pub(crate) struct Caching {
    pub(crate) mode: TrackingMode,
    /// The session that is told instead, 0 if there is none.
    pub(crate) redirection: u64,
    /// CLIENT CACHING was just said.
    pub(crate) is_chosen: bool,
}

impl Caching {
    /// Whether what is read now is to be remembered.
    fn remembers(&self) -> bool {
        let TrackingMode { by_prefix, opt_in, opt_out, .. } = self.mode;
        let is_left_out = (opt_in && !self.is_chosen) || (opt_out && self.is_chosen);
        !by_prefix && !is_left_out
    }
}

/// What becomes of the replies to a session's requests, as CLIENT REPLY says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replies {
    /// They are sent.
    #[default]
    Sent,
    /// They are dropped until further notice.
    Dropped,
    /// That to the request that runs, or ran last, is dropped.
    DroppedOnce,
    /// So will be that to the next request.
    DroppedNext,
}

impl Replies {
    /// What becomes of them when the next request comes.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Sent | Self::DroppedOnce => Self::Sent,
            Self::Dropped => Self::Dropped,
            Self::DroppedNext => Self::DroppedOnce,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.set_buffered(Buffered::default());
        self.profile.is_gone.store(true, Relaxed);
        self.registry.remove(self.profile.id);
    }
}

/// What a client can turn on and off for itself. Each is a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// CLIENT NO-EVICT: it is not closed to make room.
    NoEvict = 1,
    /// CLIENT NO-TOUCH: what it does to keys does not count as their use.
    NoTouch = 2,
    /// MONITOR: it is shown every command.
    Monitor = 4,
    /// CLIENT TRACKING: it caches.
    Tracking = 8,
}

/// The bits of a number of subscriptions that others are shown.
const COUNT_BITS: u32 = 21;
const COUNT_MAX: usize = (1 << COUNT_BITS) - 1;

/// As much of a number as CLIENT LIST needs to tell.
fn in_32_bits(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What every session may see of a client: what CLIENT LIST shows. Written by the client's own
/// thread, read by others.
#[derive(Debug)]
pub struct Profile {
    /// The number that CLIENT ID gives.
    pub id: u64,
    /// The client's address, as `ip:port`, or `?:0` if there is none.
    pub address: Box<str>,
    /// The server's address on this connection.
    pub local_address: Box<str>,
    /// The descriptor of the driver's socket, or whatever else it tells connections apart by.
    pub descriptor: i64,
    /// What others have to tell it.
    pub mailbox: Mailbox,
    /// The request that waits for data, if there is one.
    waiter: Mutex<Option<Arc<Waiter>>>,
    /// Whether it listens to channels.
    /// To how many names it listens, of each kind, in so many bits each.
    subscriptions: AtomicU64,
    /// Whether the session has ended.
    is_gone: AtomicBool,
    /// By which way the client came.
    pub origin: Origin,
    created_us: u64,
    /// Few clients tell anything.
    labels: Mutex<Option<Box<Labels>>>,
    database: AtomicU32,
    protocol: AtomicU8,
    last_active_us: AtomicU64,
    /// The address of the row of the last command, 0 before the first. A number and no pointer,
    /// since it is only ever compared with the addresses of the table's rows.
    last_command: AtomicUsize,
    input_len: AtomicUsize,
    input_free: AtomicU32,
    output_len: AtomicUsize,
    output_size: AtomicU32,
    output_peak: AtomicU32,
    /// A union of [`Mode`]s.
    modes: AtomicU8,
    /// How many requests wait for EXEC, -1 if there was no MULTI.
    queued: AtomicI32,
    queued_bytes: AtomicUsize,
    watch: Mutex<Option<Arc<Watch>>>,
}

/// What a client tells about itself.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// CLIENT SETNAME.
    pub name: Vec<u8>,
    /// CLIENT SETINFO LIB-NAME.
    pub library: Vec<u8>,
    /// CLIENT SETINFO LIB-VER.
    pub library_version: Vec<u8>,
    /// Whom CLIENT TRACKING has told of what it caches, if it does; 0 if that is itself.
    pub redirection: Option<u64>,
}

impl Profile {
    /// What the client tells about itself.
    pub fn labels(&self) -> Labels {
        self.held_labels().as_deref().cloned().unwrap_or_default()
    }

    /// Changes what the client tells about itself.
    pub(crate) fn change_labels(&self, change: impl FnOnce(&mut Labels)) {
        change(self.held_labels().get_or_insert_default());
    }

    fn held_labels(&self) -> MutexGuard<'_, Option<Box<Labels>>> {
        self.labels.lock().expect("nothing panics while it holds the labels")
    }

    /// The request that waits for data, if there is one.
    pub(crate) fn waiter(&self) -> MutexGuard<'_, Option<Arc<Waiter>>> {
        self.waiter.lock().expect("nothing panics while it holds the waiter")
    }

    /// Whether it listens to channels.
    pub fn is_listening(&self) -> bool {
        self.subscriptions.load(Relaxed) > 0
    }

    /// To how many names it listens: channels, patterns and shard channels.
    pub fn subscriptions(&self) -> [usize; 3] {
        let all = self.subscriptions.load(Relaxed);
        [0, 1, 2].map(|kind| (all >> (kind * COUNT_BITS)) as usize & COUNT_MAX)
    }

    fn note_subscriptions(&self, counts: [usize; 3]) {
        let add = |all, count: usize| all << COUNT_BITS | count.min(COUNT_MAX) as u64;
        self.subscriptions.store(counts.into_iter().rev().fold(0, add), Relaxed);
    }

    /// Whether the session has ended.
    pub fn is_gone(&self) -> bool {
        self.is_gone.load(Relaxed)
    }

    /// How long the client has been connected, in seconds.
    pub fn age_s(&self, now: Now) -> u64 {
        now.mono_us.saturating_sub(self.created_us) / 1_000_000
    }

    /// How long ago the client's last command began, in seconds.
    pub fn idle_s(&self, now: Now) -> u64 {
        now.mono_us.saturating_sub(self.last_active_us.load(Relaxed)) / 1_000_000
    }

    /// The number of the selected database.
    pub fn database(&self) -> usize {
        self.database.load(Relaxed) as usize
    }

    /// The protocol version in use.
    pub fn protocol(&self) -> u8 {
        self.protocol.load(Relaxed)
    }

    /// Bytes received and not yet executed.
    pub fn input_len(&self) -> usize {
        self.input_len.load(Relaxed)
    }

    /// Bytes of replies not yet sent.
    pub fn output_len(&self) -> usize {
        self.output_len.load(Relaxed)
    }

    /// All that its connection has buffered, and the most bytes of replies that ever waited.
    pub(crate) fn buffered(&self) -> (Buffered, usize) {
        let buffered = Buffered {
            input: self.input_len(),
            input_free: self.input_free.load(Relaxed) as usize,
            output: self.output_len(),
            output_size: self.output_size.load(Relaxed) as usize,
        };
        (buffered, self.output_peak.load(Relaxed) as usize)
    }

    /// Whether a mode is on.
    pub fn is_in(&self, mode: Mode) -> bool {
        self.modes.load(Relaxed) & mode as u8 != 0
    }

    /// Which client is told of what this one caches: 0 for nobody else, -1 if it caches nothing.
    pub fn redirection(&self) -> i64 {
        self.held_redirection().map_or(-1, |id| id as i64)
    }

    fn held_redirection(&self) -> Option<u64> {
        self.held_labels().as_ref()?.redirection
    }

    /// How many requests wait for EXEC, and the bytes that they take. None if there was no MULTI.
    pub fn queued(&self) -> Option<(usize, usize)> {
        let queued = usize::try_from(self.queued.load(Relaxed)).ok()?;
        Some((queued, self.queued_bytes.load(Relaxed)))
    }

    /// Whether it watches a key that has changed, as far as is known.
    pub fn has_broken_watch(&self) -> bool {
        self.watch().as_ref().is_some_and(|watch| watch.is_broken())
    }

    fn watch(&self) -> MutexGuard<'_, Option<Arc<Watch>>> {
        self.watch.lock().expect("nothing panics while it holds the watch")
    }

    /// The last command that began, if there was one.
    pub fn last_command(&self) -> Option<&'static Command> {
        let address = self.last_command.load(Relaxed);
        crate::command::table::rows().find(|&row| std::ptr::from_ref(row).addr() == address)
    }

    pub(crate) fn note_command(&self, command: &'static Command, now: Now) {
        self.last_command.store(std::ptr::from_ref(command).addr(), Relaxed);
        self.last_active_us.store(now.mono_us, Relaxed);
    }

    pub(crate) fn note_database(&self, database: usize) {
        self.database.store(in_32_bits(database), Relaxed);
    }

    pub(crate) fn note_protocol(&self, protocol: Protocol) {
        self.protocol.store(protocol as u8, Relaxed);
    }
}

/// Where a session comes from, as its driver knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The client's address, as `ip:port`.
    pub address: String,
    /// The server's address on this connection.
    pub local_address: String,
    /// The socket's descriptor, or whatever else the driver tells connections apart by.
    pub descriptor: i64,
    /// By which way the client comes.
    pub origin: Origin,
}

/// By which way a client comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// From the same machine, or it does not matter.
    #[default]
    Local,
    /// Through a Unix socket.
    Unix,
    /// Perhaps from another machine.
    Remote,
}

/// All sessions of a server.
#[derive(Debug, Default)]
pub struct Registry {
    sessions: Mutex<BTreeMap<u64, Arc<Profile>>>,
    /// How many those are.
    open: AtomicUsize,
    opened: AtomicU64,
    /// Of `opened`, those before the last reset of the statistics.
    forgotten: AtomicU64,
    refused: AtomicU64,
    /// How many wait for data.
    waiting: AtomicUsize,
    /// What all connections have buffered, in bytes, each rounded down to [`BUFFER_STEP`].
    buffered: AtomicUsize,
}

/// Changes of what a connection has buffered count in steps of so many bytes, so that connections
/// that buffer little do not all write to the same place.
const BUFFER_STEP: usize = 16 * 1024;

fn steps(bytes: usize) -> usize {
    bytes / BUFFER_STEP * BUFFER_STEP
}

impl Registry {
    /// What all connections have buffered, in bytes, small buffers not counted.
    pub fn buffered(&self) -> usize {
        self.buffered.load(Relaxed)
    }

    /// Opens a session, unless there are `max` already.
    pub fn open(self: &Arc<Self>, peer: Peer, now: Now, max: usize) -> Option<Session> {
        let mut sessions = self.list();
        if sessions.len() >= max {
            self.note_refused();
            return None;
        }
        let id = self.opened.fetch_add(1, Relaxed) + 1;
        let profile = Arc::new(Profile {
            id,
            address: peer.address.into(),
            local_address: peer.local_address.into(),
            descriptor: peer.descriptor,
            origin: peer.origin,
            mailbox: Mailbox::default(),
            waiter: Mutex::default(),
            subscriptions: AtomicU64::new(0),
            is_gone: AtomicBool::new(false),
            created_us: now.mono_us,
            labels: Mutex::default(),
            database: AtomicU32::new(0),
            protocol: AtomicU8::new(Protocol::default() as u8),
            last_active_us: AtomicU64::new(now.mono_us),
            last_command: AtomicUsize::new(0),
            input_len: AtomicUsize::new(0),
            input_free: AtomicU32::new(0),
            output_len: AtomicUsize::new(0),
            output_size: AtomicU32::new(0),
            output_peak: AtomicU32::new(0),
            modes: AtomicU8::new(0),
            queued: AtomicI32::new(-1),
            queued_bytes: AtomicUsize::new(0),
            watch: Mutex::default(),
        });
        sessions.insert(id, Arc::clone(&profile));
        self.open.store(sessions.len(), Relaxed);
        Some(Session {
            database: 0,
            commands: 0,
            is_authenticated: false,
            transaction: None,
            watching: None,
            is_in_exec: false,
            waiting: None,
            is_timed_out: false,
            subscriptions: None,
            shows_watch: false,
            caching: None,
            is_monitor: false,
            replies: Replies::default(),
            profile,
            registry: Arc::clone(self),
        })
    }

    /// The sessions that are open, in the order in which they were opened.
    pub fn profiles(&self) -> Vec<Arc<Profile>> {
        self.list().values().cloned().collect()
    }

    /// The session of this number, if it is open. O(log n).
    pub fn profile(&self, id: u64) -> Option<Arc<Profile>> {
        self.list().get(&id).cloned()
    }

    /// How many sessions wait for data.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// How many sessions are open. Takes no lock.
    pub fn len(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many sessions were opened since the start or the last reset of the statistics.
    pub fn opened(&self) -> u64 {
        self.opened.load(Relaxed).saturating_sub(self.forgotten.load(Relaxed))
    }

    /// How many were refused in the same time.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Counts a client that may not have a session.
    pub(crate) fn note_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// Sets the statistics to zero. Numbers of sessions are not used again all the same.
    pub(crate) fn reset_stats(&self) {
        self.forgotten.store(self.opened.load(Relaxed), Relaxed);
        self.refused.store(0, Relaxed);
    }

    fn remove(&self, id: u64) {
        let mut sessions = self.list();
        sessions.remove(&id);
        self.open.store(sessions.len(), Relaxed);
    }

    fn list(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Profile>>> {
        self.sessions.lock().expect("nothing panics while it holds the registry")
    }
}
