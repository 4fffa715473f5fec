//! The sans-I/O server: the connections of one event loop.
//!
//! A driver owns the sockets and the clock. It calls
//!
//! - `handle_*` with what happened: a connection came, bytes arrived, bytes were sent, time passed;
//! - [`Server::execute`] once for each round of reads, to run what arrived;
//! - `poll_*` until they give nothing more, after every other call: what is to be sent or closed,
//!   and when to call [`Server::handle_timeout`].
//!
//! ```
//! # use kv_core::{config::Config, kernel::{Kernel, NoHost}, now::Now, session::Peer};
//! # use kv_proto::dialect::Terms;
//! # use kv_proto::server::{Event, Server};
//! # use std::sync::Arc;
//! let now = Now { mono_us: 0, unix_us: 1_700_000_000_000_000 };
//! let kernel = Kernel::new(Config::default(), 1, 42, Box::new(NoHost::default()), now);
//! let mut server = Server::new(Arc::new(kernel));
//!
//! let id = server.handle_accept(now, Peer::default(), Terms::default());
//! let request = b"PING\r\n";
//! server.input(id)[..request.len()].copy_from_slice(request);
//! server.handle_received(id, request.len());
//! server.execute(now);
//!
//! assert_eq!(server.poll_event(), Some(Event::Output(id)));
//! assert_eq!(server.output(id), b"+PONG\r\n");
//! server.handle_sent(now, id, 7);
//! assert_eq!(server.poll_event(), None);
//! ```

use crate::connection::{Connection, OutputSettings, Pool, READ_MAX, READ_MIN, Settings};
use crate::dialect::Terms;
use crate::proxy::HeaderError;
use crate::request::Limits;
use crate::window::Window;
use kv_core::config::{self, ClientClass, Config};
use kv_core::kernel::{Batch, Kernel, Unwelcome};
use kv_core::mailbox::{POSTS_MAX, Post};
use kv_core::now::Now;
use kv_core::rare::{Rare, sometimes};
use kv_core::session::Peer;
use slab::Slab;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How many connections' reads the shared input has room for at their largest.
const READS_PER_ROUND: usize = 16;

/// The longest inline request and the longest header line, in bytes. Redis's.
const INLINE_LEN_MAX: usize = 64 * 1024;

/// How long a connection has to send the header of the PROXY protocol that it must begin with.
const HEADER_PATIENCE_US: u64 = 5_000_000;

/// How many connections may be about to send theirs.
const ANNOUNCED_MAX: usize = 1024;

/// How many connections are looked at for being idle before requests get their turn again.
const IDLE_CHECKS_PER_STEP: usize = 64;

/// How often a server that waits for a key's deadline looks whether the machine's clock was set
/// meanwhile, in microseconds.
const CLOCK_LOOK_US: u64 = 1_000_000;

/// How a server divides its time between requests and the work that nobody asks for: removing
/// expired keys, freeing what is out of use, giving memory back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From the beginning of one slice of that work to the next at least, in microseconds.
    pub interval_us: u64,
    /// How many entries a slice deals with, about.
    pub budget: usize,
}

impl Default for Pace {
    /// Slices of a tenth of a millisecond. Each is followed by the next as soon as the requests that
    /// came meanwhile are answered.
    fn default() -> Self {
        Self { interval_us: 0, budget: 1024 }
    }
}

/// Names a connection of one server. Used again after the connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(usize);

impl ConnectionId {
    /// A small number, unique among the connections that are open.
    pub fn index(self) -> usize {
        self.0
    }
}

/// What the driver is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// There are bytes to send, where there were none before.
    Output(ConnectionId),
    /// The client gets no session; the connection will be closed. Worth a line in the log.
    Refused(ConnectionId, Refusal),
    /// The connection is gone here, and its name is free; close the socket.
    Closed(ConnectionId),
    /// There is something for servers on other threads that share the kernel, too: besides requests
    /// there is more to do than one slice, or a setting has changed. They may
    /// [join in](Server::join_in).
    Backlog,
    /// Sessions of the server with this number have letters: it is to be woken, and to
    /// [handle them](Server::handle_mail).
    Mail(usize),
}

/// Why a client gets no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There are too many.
    #[error("there are as many clients as 'maxclients' allows")]
    TooMany,
    /// Too many have not said yet who they are.
    #[error("too many connections are without their PROXY header yet")]
    TooManyUnknown,
    /// It comes from another machine.
    #[error("'protected-mode' refuses clients from other machines as long as no password is set")]
    Stranger,
    /// It does not begin as connections from a proxy do.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The header of the PROXY protocol did not come, or not all of it.
    #[error("the header of the PROXY protocol did not come in time")]
    NoHeader,
}

impl From<Unwelcome> for Refusal {
    fn from(reason: Unwelcome) -> Self {
        match reason {
            Unwelcome::TooMany => Self::TooMany,
            Unwelcome::Stranger => Self::Stranger,
        }
    }
}

/// The connections of one event loop, over a kernel that may be shared with others.
#[derive(Debug)]
pub struct Server {
    kernel: Arc<Kernel>,
    /// Tells of sessions that have letters.
    post: Arc<Post>,
    /// Where its thread counts what it does.
    lane: usize,
    connections: Slab<Connection>,
    /// Where connections without waiting input receive, one after the other in each round.
    arena: Vec<u8>,
    arena_used: usize,
    /// The connections to run, in the order in which they received something.
    queue: Vec<ConnectionId>,
    window: Window,
    events: VecDeque<Event>,
    pool: Pool,
    /// The connections that wait for their clients to take what there is to send, or to say who they
    /// are.
    stalls: BTreeSet<(u64, ConnectionId)>,
    /// The connections with a request that waits, by when it has waited long enough.
    waits: BTreeSet<(u64, ConnectionId)>,
    /// If some of them may be held back, since clients are paused: when that was to end as they were
    /// looked at last.
    held_until_us: Option<u64>,
    /// The connections that have a session, by when each was last seen to be active. It may have
    /// been active since: that is found out when its time is up.
    idle: BTreeSet<(u64, ConnectionId)>,
    /// `timeout` as of the last step, in seconds.
    timeout_s: i64,
    /// How many connections are to begin with a header of the PROXY protocol yet.
    announced: usize,
    /// One of the connections to run may begin with a header of the PROXY protocol.
    has_announced: bool,
    /// Bytes received and sent that the kernel does not know of.
    traffic: [u64; 2],
    pace: Pace,
    /// When the next slice of work besides requests begins.
    slice_us: Option<u64>,
    /// When the pause after the last slice ends.
    rest_until_us: u64,
    /// Another server has more to do than it can.
    joins_in: bool,
}

impl Server {
    /// A server without connections.
    pub fn new(kernel: Arc<Kernel>) -> Self {
        Self::with_pace(kernel, Pace::default())
    }

    /// The same, which divides its time as `pace` says.
    pub fn with_pace(kernel: Arc<Kernel>, pace: Pace) -> Self {
        let timeout_s = kernel.config.int(config::TIMEOUT);
        let post = kernel.open_post();
        Self {
            lane: kernel.next_lane(),
            kernel,
            post,
            connections: Slab::new(),
            arena: vec![0; READS_PER_ROUND * READ_MAX],
            arena_used: 0,
            queue: Vec::new(),
            window: Window::default(),
            events: VecDeque::new(),
            pool: Pool::default(),
            stalls: BTreeSet::new(),
            waits: BTreeSet::new(),
            held_until_us: None,
            idle: BTreeSet::new(),
            timeout_s,
            announced: 0,
            has_announced: false,
            traffic: [0; 2],
            pace,
            slice_us: None,
            rest_until_us: 0,
            joins_in: false,
        }
    }

    /// The kernel that runs the requests.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether there is no connection.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// A client connected, or a proxy that passes one on, to a listener with these terms. If there are
    /// too many clients, the connection tells so and closes.
    pub fn handle_accept(&mut self, now: Now, peer: Peer, terms: Terms) -> ConnectionId {
        if terms.is_proxied {
            return self.expect_header(now, peer, terms);
        }
        let id = ConnectionId(self.connections.insert(Connection::new(terms.dialect, now)));
        self.open(now, id, peer);
        // Others may have told the session something before they were told whom to wake.
        if self.connections[id.0].has_mail() {
            self.handle_mail(now);
        }
        id
    }

    fn expect_header(&mut self, now: Now, proxy: Peer, terms: Terms) -> ConnectionId {
        if self.announced >= ANNOUNCED_MAX {
            let id = ConnectionId(self.connections.insert(Connection::new(terms.dialect, now)));
            self.events.push_back(Event::Refused(id, Refusal::TooManyUnknown));
            self.after_change(now, id, false);
            return id;
        }
        let connection = Connection::announced(proxy, terms.dialect, now);
        let id = ConnectionId(self.connections.insert(connection));
        self.announced += 1;
        self.watch(id, now.mono_us + HEADER_PATIENCE_US);
        id
    }

    fn open(&mut self, now: Now, id: ConnectionId, peer: Peer) {
        match self.connections[id.0].open(&self.kernel, peer, now) {
            Ok(()) => {
                self.connections[id.0].register(&self.post, id.0 as u64);
                self.connections[id.0].idle_from_us = now.mono_us;
                self.idle.insert((now.mono_us, id));
            }
            Err(reason) => self.events.push_back(Event::Refused(id, reason.into())),
        }
        self.after_change(now, id, false);
    }

    /// Whether more may be read from the client. Otherwise leave it in the socket, so that a client
    /// which does not take its replies is slowed down.
    pub fn wants_input(&self, id: ConnectionId) -> bool {
        self.connections.get(id.0).is_some_and(Connection::wants_input)
    }

    /// Where to read to; never empty. The next call must be [`Server::handle_received`].
    pub fn input(&mut self, id: ConnectionId) -> &mut [u8] {
        let connection = &mut self.connections[id.0];
        if let Some(fresh) = connection.fresh.take() {
            connection.keep(&self.arena[fresh], &mut self.pool);
        }
        if self.receives_in_arena(id) {
            let room = &mut self.arena[self.arena_used..];
            let len = room.len().min(READ_MAX);
            &mut room[..len]
        } else {
            self.connections[id.0].room(&mut self.pool)
        }
    }

    /// So many bytes were read to where [`Server::input`] said.
    pub fn handle_received(&mut self, id: ConnectionId, len: usize) {
        self.traffic[0] += len as u64;
        if self.receives_in_arena(id) {
            let start = self.arena_used;
            self.arena_used += len;
            self.connections[id.0].fresh = Some(start..self.arena_used);
        } else {
            self.connections[id.0].received(len);
        }
        self.enqueue(id);
    }

    /// The client will send no more. It still gets its replies.
    pub fn handle_end_of_input(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(id.0) {
            connection.end_of_input = true;
            self.enqueue(id);
        }
    }

    /// The connection is gone; `id` is free from now on, and no event follows.
    pub fn handle_lost(&mut self, id: ConnectionId) {
        self.remove(id);
    }

    /// Runs what was received, in the order in which it was.
    pub fn execute(&mut self, now: Now) {
        if self.queue.is_empty() {
            return;
        }
        if std::mem::take(&mut self.has_announced) {
            self.hear(now);
        }
        let settings = settings(&self.kernel.config);
        let kernel = Arc::clone(&self.kernel);
        let mut batch = kernel.batch_in_lane(self.lane, now);
        let mut queue = std::mem::take(&mut self.queue);
        let mut window = std::mem::take(&mut self.window);
        let mut ahead = &queue[..];
        while !ahead.is_empty() {
            ahead = self.look_ahead(ahead, &mut window, &mut batch, &settings);
            window.prefetch(&mut batch);
            self.run(&window, &mut batch, &settings, now);
            window.clear();
        }
        queue.clear();
        self.queue = queue;
        self.window = window;
        self.arena_used = 0;
        drop(batch);
        self.handle_mail(now);
        self.plan_slice(now);
    }

    /// The number that [`Event::Mail`] gives.
    pub fn number(&self) -> usize {
        self.post.number()
    }

    /// Writes what others have told the sessions of this server, and has other servers told of what
    /// there is for theirs.
    pub fn handle_mail(&mut self, now: Now) {
        let rung = self.kernel.take_rung();
        let others = (0..POSTS_MAX).filter(|&post| rung & 1 << post != 0);
        let others = others.filter(|&post| post != self.post.number());
        self.events.extend(others.map(Event::Mail));
        let limits = self.kernel.config.output_limits(ClientClass::Pubsub);
        self.let_go(now);
        for name in self.post.take() {
            let id = ConnectionId(name as usize);
            // It may be another one by now.
            let Some(connection) = self.connections.get_mut(id.0) else { continue };
            if connection.has_mail() {
                let had_output = !connection.output().is_empty();
                if connection.deliver(&limits, &mut self.pool) {
                    self.enqueue(id);
                }
                self.after_change(now, id, had_output);
            }
        }
    }

    /// Lets the requests come again that were held back, if clients are paused no more. If they are
    /// paused up to another time than before, that is when they come.
    fn let_go(&mut self, now: Now) {
        let Some(noted_us) = self.held_until_us else { return };
        let end_us = self.kernel.pause.deadline_us(now);
        let is_on = self.kernel.pause.is_on(now);
        if is_on && noted_us == end_us {
            return;
        }
        self.held_until_us = is_on.then_some(end_us);
        let held = self.waits.iter().map(|&(_, id)| id);
        let held: Vec<_> = held.filter(|id| self.connections[id.0].is_held()).collect();
        for id in held {
            if is_on {
                self.watch_wait(now, id);
            } else {
                self.connections[id.0].let_go();
                self.enqueue(id);
                self.after_change(now, id, true);
            }
        }
        self.plan_slice(now);
    }

    /// Reads the headers of the PROXY protocol. What has none yet need not run.
    fn hear(&mut self, now: Now) {
        let mut queue = std::mem::take(&mut self.queue);
        queue.retain(|&id| !self.connections[id.0].is_announced() || self.introduce(now, id));
        self.queue = queue;
    }

    /// Opens a session for the client that a header tells of. Whether it does.
    fn introduce(&mut self, now: Now, id: ConnectionId) -> bool {
        let connection = &mut self.connections[id.0];
        match connection.announcement(&self.arena, &mut self.pool) {
            Ok(Some(peer)) => {
                self.announced -= 1;
                self.unwatch(id);
                self.open(now, id, peer);
                return true;
            }
            Ok(None) if connection.end_of_input => self.refuse(now, id, Refusal::NoHeader),
            Ok(None) => {}
            Err(error) => self.refuse(now, id, error.into()),
        }
        false
    }

    /// Closes a connection whose header does not come.
    fn refuse(&mut self, now: Now, id: ConnectionId, reason: Refusal) {
        self.announced -= 1;
        self.events.push_back(Event::Refused(id, reason));
        let connection = &mut self.connections[id.0];
        connection.is_queued = false;
        connection.abandon();
        self.after_change(now, id, true);
    }

    /// Fills the window with requests of the connections in `queue`. Those that are left are to be
    /// gone on with, the first of them perhaps in mid-turn.
    fn look_ahead<'q>(
        &mut self,
        mut queue: &'q [ConnectionId],
        window: &mut Window,
        batch: &mut Batch<'_>,
        settings: &Settings,
    ) -> &'q [ConnectionId] {
        while let ([id, rest @ ..], true) = (queue, window.has_room()) {
            let connection = &mut self.connections[id.0];
            let is_over = !connection.is_queued
                || window.add_turn(*id, |window| {
                    let (arena, pool) = (&self.arena, &mut self.pool);
                    connection.look_ahead(arena, window, batch, &settings.decode, pool)
                });
            if !is_over {
                sometimes(Rare::WindowEndsInTurn, true);
                break;
            }
            queue = rest;
        }
        queue
    }

    fn run(&mut self, window: &Window, batch: &mut Batch<'_>, settings: &Settings, now: Now) {
        sometimes(Rare::WindowOfSeveral, window.turns().len() > 1);
        for turn in window.turns() {
            let connection = &mut self.connections[turn.id.0];
            let had_output = !connection.output().is_empty();
            connection.active_us = now.mono_us;
            let (arena, pool) = (&self.arena, &mut self.pool);
            connection.run(arena, window, turn, batch, &settings.output, pool);
            self.after_change(now, turn.id, had_output);
        }
    }

    /// Time passed. Call it when [`Server::poll_deadline`] says so; more often does no harm.
    pub fn handle_timeout(&mut self, now: Now) {
        self.execute(now);
        if self.slice_us.is_some_and(|at| at <= now.mono_us) {
            let is_due = self.due_us(now).is_some_and(|at| at <= now.mono_us);
            let joins_in = std::mem::take(&mut self.joins_in);
            sometimes(Rare::SliceIsShared, joins_in);
            if joins_in || is_due {
                let spent = self.kernel.batch_in_lane(self.lane, now).tend(self.pace.budget);
                self.rest_until_us = now.mono_us + self.pace.interval_us;
                if spent >= self.pace.budget {
                    self.events.push_back(Event::Backlog);
                }
            }
            self.plan_slice(now);
            self.handle_mail(now);
        }
        while let Some(&(at, id)) = self.waits.first().filter(|wait| wait.0 <= now.mono_us) {
            self.waits.remove(&(at, id));
            let connection = &mut self.connections[id.0];
            connection.wait_until_us = None;
            let had_output = !connection.output().is_empty();
            if connection.is_held() {
                connection.let_go();
                self.enqueue(id);
            } else if connection.time_out(&self.kernel, &mut self.pool) {
                self.enqueue(id);
            }
            self.after_change(now, id, had_output);
        }
        while let Some(&(at, id)) = self.stalls.first().filter(|stall| stall.0 <= now.mono_us) {
            self.stalls.remove(&(at, id));
            self.connections[id.0].stall_deadline_us = None;
            if self.connections[id.0].is_announced() {
                self.refuse(now, id, Refusal::NoHeader);
            } else {
                sometimes(Rare::ClientTakesNothing, true);
                self.connections[id.0].abandon();
                self.after_change(now, id, true);
            }
        }
        self.close_idle(now);
    }

    /// Closes connections that have been idle for too long, if there are any among the next ones.
    fn close_idle(&mut self, now: Now) {
        for _ in 0..IDLE_CHECKS_PER_STEP {
            if self.idle_deadline().is_none_or(|at| at > now.mono_us) {
                return;
            }
            let Some((from_us, id)) = self.idle.pop_first() else { return };
            let connection = &mut self.connections[id.0];
            let active_us =
                if connection.may_be_idle() { now.mono_us } else { connection.active_us };
            if active_us > from_us {
                connection.idle_from_us = active_us;
                self.idle.insert((active_us, id));
            } else {
                connection.abandon();
                self.after_change(now, id, true);
            }
        }
    }

    /// When the connection that was active first may have been idle for too long.
    fn idle_deadline(&self) -> Option<u64> {
        if self.timeout_s == 0 {
            return None;
        }
        let &(from_us, _) = self.idle.first()?;
        Some(from_us + self.timeout_s as u64 * 1_000_000)
    }

    /// Another server of the same kernel has told of an [`Event::Backlog`]: the next
    /// [`Server::handle_timeout`], which is due at once, takes a slice of it.
    pub fn join_in(&mut self, now: Now) {
        self.joins_in = true;
        self.slice_us = Some(now.mono_us);
    }

    /// Whether [`Server::execute`] has something to run.
    pub fn has_input(&self) -> bool {
        !self.queue.is_empty()
    }

    /// When to call [`Server::handle_timeout`], by [`Now::mono_us`]. It may be in the past.
    pub fn poll_deadline(&self) -> Option<u64> {
        if self.has_input() {
            return Some(0);
        }
        let stall = self.stalls.first().map(|&(at, _)| at);
        let wait = self.waits.first().map(|&(at, _)| at);
        [stall, wait, self.slice_us, self.idle_deadline()].into_iter().flatten().min()
    }

    /// When the next slice of work besides requests may begin, if one is planned: a part of what
    /// [`Server::poll_deadline`] says.
    pub fn slice_deadline(&self) -> Option<u64> {
        self.slice_us
    }

    /// What is to be done next, if anything.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            let Some(event) = self.events.pop_front() else {
                self.tell_traffic();
                return None;
            };
            match event {
                // It may have been sent or lost since.
                Event::Output(id) if self.output(id).is_empty() => {}
                Event::Closed(id) if !self.is_finished(id) => {}
                Event::Closed(id) => {
                    self.remove(id);
                    return Some(Event::Closed(id));
                }
                event => return Some(event),
            }
        }
    }

    /// Tells the kernel of bytes that were received and sent, once for many of them.
    fn tell_traffic(&mut self) {
        let [received, sent] = std::mem::take(&mut self.traffic);
        if received + sent > 0 {
            self.kernel.note_traffic(received, sent);
        }
    }

    /// What is to be sent on a connection. Stays the same but for additions at its end until
    /// [`Server::handle_sent`].
    pub fn output(&self, id: ConnectionId) -> &[u8] {
        self.connections.get(id.0).map_or(&[], Connection::output)
    }

    /// The first `len` bytes of the output were sent.
    pub fn handle_sent(&mut self, now: Now, id: ConnectionId, len: usize) {
        let Some(connection) = self.connections.get_mut(id.0) else { return };
        let limits = self.kernel.config.output_limits(ClientClass::Normal);
        self.traffic[1] += len as u64;
        connection.active_us = now.mono_us;
        if connection.sent(len, limits, &mut self.pool) {
            self.enqueue(id);
        }
        // One that is behind with messages has its time, whatever it takes meanwhile.
        if !self.connections[id.0].is_behind(&self.kernel.config) {
            self.unwatch(id);
        }
        self.after_change(now, id, true);
    }

    /// Plans the next slice of work besides requests.
    fn plan_slice(&mut self, now: Now) {
        let timeout_s = self.kernel.config.int(config::TIMEOUT);
        if std::mem::replace(&mut self.timeout_s, timeout_s) != timeout_s {
            self.events.push_back(Event::Backlog);
        }
        let look_us = now.mono_us + CLOCK_LOOK_US;
        let due_us = self.due_us(now);
        self.slice_us = due_us.map(|due_us| due_us.min(look_us).max(self.rest_until_us));
    }

    /// When there is work besides requests, if ever, by [`Now::mono_us`] and as long as nobody sets
    /// the machine's clock.
    fn due_us(&self, now: Now) -> Option<u64> {
        let unix_ms = self.kernel.unix_ms(now);
        let wait_ms = self.kernel.due_ms()?.saturating_sub(unix_ms).max(0) as u64;
        let due_us = now.mono_us.saturating_add(wait_ms.saturating_mul(1000));
        Some(due_us.max(self.kernel.pause.deadline_us(now)))
    }

    fn receives_in_arena(&self, id: ConnectionId) -> bool {
        self.arena.len() - self.arena_used >= READ_MIN && !self.connections[id.0].has_input()
    }

    fn enqueue(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id.0];
        if !std::mem::replace(&mut connection.is_queued, true) {
            self.has_announced |= connection.is_announced();
            self.queue.push(id);
        }
    }

    /// Tells the driver, and sets the clock, after a connection may have changed.
    fn after_change(&mut self, now: Now, id: ConnectionId, had_output: bool) {
        self.watch_wait(now, id);
        let connection = &mut self.connections[id.0];
        if connection.is_finished() {
            self.unwatch(id);
            self.events.push_back(Event::Closed(id));
            return;
        }
        if !had_output && !connection.output().is_empty() {
            self.events.push_back(Event::Output(id));
        }
        let is_behind = connection.is_behind(&self.kernel.config);
        let was_behind = std::mem::replace(&mut connection.was_behind, is_behind);
        if is_behind && !was_behind {
            // Its time begins now, whatever else it had time for.
            self.unwatch(id);
        }
        let connection = &mut self.connections[id.0];
        let is_watched = connection.stall_deadline_us.is_some();
        match connection.patience_s(&self.kernel.config) {
            Some(patience_s) if !is_watched => {
                self.watch(id, now.mono_us + patience_s * 1_000_000);
            }
            None if is_watched && !connection.is_announced() => self.unwatch(id),
            _ => {}
        }
    }

    /// Gives the connection up at that time, unless it is unwatched before.
    fn watch(&mut self, id: ConnectionId, deadline_us: u64) {
        self.connections[id.0].stall_deadline_us = Some(deadline_us);
        self.stalls.insert((deadline_us, id));
    }

    /// Sets the clock for a request that waits, or stops it.
    fn watch_wait(&mut self, now: Now, id: ConnectionId) {
        let connection = &mut self.connections[id.0];
        let (old, new) = (connection.wait_until_us, connection.wait_deadline_us(&self.kernel, now));
        if connection.is_held() {
            self.held_until_us = self.held_until_us.or(new);
        }
        if old != new {
            connection.wait_until_us = new;
            if let Some(at) = old {
                self.waits.remove(&(at, id));
            }
            if let Some(at) = new {
                self.waits.insert((at, id));
            }
        }
    }

    fn is_finished(&self, id: ConnectionId) -> bool {
        self.connections.get(id.0).is_some_and(Connection::is_finished)
    }

    fn unwatch(&mut self, id: ConnectionId) {
        if let Some(at) = self.connections[id.0].stall_deadline_us.take() {
            self.stalls.remove(&(at, id));
        }
    }

    fn remove(&mut self, id: ConnectionId) {
        if self.connections.contains(id.0) {
            self.unwatch(id);
            if let Some(at) = self.connections[id.0].wait_until_us {
                self.waits.remove(&(at, id));
            }
            self.idle.remove(&(self.connections[id.0].idle_from_us, id));
            self.announced -= usize::from(self.connections[id.0].is_announced());
            let connection = self.connections.remove(id.0);
            if let Some(session) = connection.session {
                self.kernel.close_session(session);
            }
            if connection.is_queued {
                // Whoever gets the name next must not inherit the place in the queue.
                self.queue.retain(|&queued| queued != id);
            }
        }
    }
}

fn settings(config: &Config) -> Settings {
    let limit = |id| config.int(id) as usize;
    Settings {
        decode: Limits {
            bulk_len_max: limit(config::PROTO_MAX_BULK_LEN),
            inline_len_max: INLINE_LEN_MAX,
            args_max: i32::MAX as usize,
            request_len_max: limit(config::CLIENT_QUERY_BUFFER_LIMIT),
            is_unknown: false,
        },
        output: OutputSettings::new(
            config.output_limits(ClientClass::Normal),
            config.output_limits(ClientClass::Pubsub),
        ),
    }
}
