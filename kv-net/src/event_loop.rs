//! One thread's event loop: it moves bytes between sockets and its sans-I/O server.

use crate::clock::Clock;
use crate::listener::{Accepted, Listener};
use crate::recorded::Recorded;
use crate::stream::Stream;
use crate::throttle::Throttle;
use kv_core::config;
use kv_proto::server::{ConnectionId, Event, Refusal};
use mio::{Events, Interest, Poll, Token, Waker};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How many connections are read before their requests are run and their replies sent: enough to
/// share the work of a round, few enough to stay in the cache.
const READS_PER_ROUND: usize = 16;

/// How many events one poll takes.
const EVENTS_PER_POLL: usize = 256;

/// How many connections one listener accepts before the others get their turn.
const ACCEPTS_PER_TICK: usize = 64;

/// How long to wait before accepting again when the process has no descriptor left.
const ACCEPT_RETRY_US: u64 = 100_000;

/// How long a stopping server tries to send what is left.
const STOP_GRACE_US: u64 = 2_000_000;

/// How long a closed connection's socket stays, so that what the client was still sending does not
/// reset the connection before the client has read its replies.
const LINGER_US: u64 = 1_000_000;

/// How many such sockets stay at most.
const LINGERERS_MAX: usize = 512;

/// How much of what a client still sends is thrown away before its socket is closed, in bytes.
const LINGER_READ_MAX: usize = 1024 * 1024;

const WAKER: Token = Token(usize::MAX);
/// Listeners have the tokens from here on.
const LISTENERS: usize = usize::MAX / 2;

/// Where other threads leave things for an event loop.
#[derive(Debug)]
pub(crate) struct Inbox {
    accepted: Mutex<Vec<Accepted>>,
    stop: AtomicBool,
    /// Another loop has more to do besides requests than it can.
    join_in: AtomicBool,
    /// Sessions of the loop have letters.
    has_mail: AtomicBool,
    waker: Waker,
    /// Connections that the loop has or will have.
    load: AtomicUsize,
}

impl Inbox {
    fn push(&self, accepted: Accepted) {
        self.accepted.lock().expect("nothing panics while it holds the inbox").push(accepted);
        self.wake();
    }

    /// Asks the loop to take part in what there is to do besides requests.
    fn join_in(&self) {
        if !self.join_in.swap(true, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Tells the loop that its sessions have letters.
    fn tell_of_mail(&self) {
        if !self.has_mail.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Asks the loop to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// How many connections the loop has or will have.
    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::warn!("cannot wake an event loop: {error}");
        }
    }
}

/// One thread's connections, and the listeners at which it accepts.
#[derive(Debug)]
pub(crate) struct EventLoop {
    poll: Poll,
    clock: Clock,
    server: Recorded,
    inbox: Arc<Inbox>,
    /// All loops with the same kernel, by the numbers of their servers.
    loops: Arc<[Arc<Inbox>]>,
    doors: Vec<Door>,
    accept_retry_us: Option<u64>,
    /// By the index of their connections.
    sockets: Vec<Option<Socket>>,
    /// Connections that may have something to read.
    ready: VecDeque<ConnectionId>,
    lingerers: VecDeque<(u64, Stream)>,
    /// For lines about clients that were refused.
    throttle: Throttle,
}

#[derive(Debug)]
struct Door {
    listener: Listener,
    is_ready: bool,
    /// Whether its connections are for all loops, and not only for this one.
    is_for_all: bool,
}

#[derive(Debug)]
struct Socket {
    stream: Stream,
    id: ConnectionId,
    /// There may be something to read.
    readable: bool,
    /// It stands in the list of ready connections.
    is_queued: bool,
    /// It waits for room in its send buffer.
    awaits_room: bool,
    /// The client has closed its side: the end of the stream follows what is still to be read.
    end_follows: bool,
    /// All that the client sent was read.
    at_end: bool,
}

impl EventLoop {
    /// A loop without connections and listeners, and the inbox that others reach it by.
    pub(crate) fn new(server: Recorded, clock: Clock) -> io::Result<Self> {
        let poll = Poll::new()?;
        let inbox = Inbox {
            accepted: Mutex::default(),
            stop: AtomicBool::new(false),
            join_in: AtomicBool::new(false),
            has_mail: AtomicBool::new(false),
            waker: Waker::new(poll.registry(), WAKER)?,
            load: AtomicUsize::new(0),
        };
        Ok(Self {
            poll,
            clock,
            server,
            inbox: Arc::new(inbox),
            loops: Arc::new([]),
            doors: Vec::new(),
            accept_retry_us: None,
            sockets: Vec::new(),
            ready: VecDeque::new(),
            lingerers: VecDeque::new(),
            throttle: Throttle::default(),
        })
    }

    /// The way for other threads to reach the loop.
    pub(crate) fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    /// Tells the loop of all with the same kernel, by the numbers of their servers. It calls the next
    /// one for help, which may call the next if there is enough to do.
    pub(crate) fn meet(&mut self, loops: Arc<[Arc<Inbox>]>) {
        self.loops = loops;
    }

    /// Makes the loop accept connections, and hand each to the loop with the fewest of these.
    pub(crate) fn accept_for_all(&mut self, listeners: Vec<Listener>) -> io::Result<()> {
        listeners.into_iter().try_for_each(|listener| self.open_door(listener, true))
    }

    /// Makes the loop accept connections and keep them.
    pub(crate) fn accept_own(&mut self, listeners: Vec<Listener>) -> io::Result<()> {
        listeners.into_iter().try_for_each(|listener| self.open_door(listener, false))
    }

    fn open_door(&mut self, mut listener: Listener, is_for_all: bool) -> io::Result<()> {
        let token = Token(LISTENERS + self.doors.len());
        self.poll.registry().register(listener.source(), token, Interest::READABLE)?;
        self.doors.push(Door { listener, is_ready: false, is_for_all });
        Ok(())
    }

    /// Runs until it is asked to stop and everything that can be sent is sent.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        while !self.inbox.stop.load(Ordering::SeqCst) {
            self.wait(&mut events)?;
            self.tick(&events);
        }
        self.doors.clear();
        self.ready.clear();
        let deadline = self.clock.now().mono_us + STOP_GRACE_US;
        while self.has_output() && self.clock.now().mono_us < deadline {
            self.poll.poll(&mut events, Some(Duration::from_millis(10)))?;
            self.note_events(&events);
            self.ready.clear();
            self.drain_events();
        }
        self.server.close();
        Ok(())
    }

    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        self.server.flush();
        let now_us = self.clock.now().mono_us;
        let until = |at: u64| Duration::from_micros(at.saturating_sub(now_us));
        let is_busy = !self.ready.is_empty()
            || (self.accept_retry_us.is_none() && self.doors.iter().any(|door| door.is_ready));
        let timeout = if is_busy {
            Some(Duration::ZERO)
        } else {
            let linger = self.lingerers.front().map(|lingerer| lingerer.0);
            [self.server.poll_deadline(), self.accept_retry_us, linger]
                .into_iter()
                .flatten()
                .min()
                .map(until)
        };
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                events.clear();
                Ok(())
            }
            result => result,
        }
    }

    fn tick(&mut self, events: &Events) {
        self.note_events(events);
        self.accept();
        for _ in 0..self.ready.len().div_ceil(READS_PER_ROUND) {
            self.read_round();
            self.server.execute(self.clock.now());
            self.drain_events();
        }
        let now = self.clock.now();
        if self.server.poll_deadline().is_some_and(|at| at <= now.mono_us) {
            self.server.handle_timeout(now);
            self.drain_events();
        }
        self.end_lingering(now.mono_us);
    }

    fn note_events(&mut self, events: &Events) {
        for event in events {
            match event.token() {
                WAKER => self.open_inbox(),
                Token(token) if token >= LISTENERS => {
                    self.doors[token - LISTENERS].is_ready = true;
                }
                Token(index) => {
                    let Some(Some(socket)) = self.sockets.get_mut(index) else { continue };
                    let id = socket.id;
                    socket.end_follows |= event.is_read_closed() || event.is_error();
                    if event.is_readable() || event.is_read_closed() || event.is_error() {
                        socket.readable = true;
                        self.make_ready(id);
                    }
                    if event.is_writable() {
                        self.send(id);
                    }
                }
            }
        }
    }

    /// Puts the connection on the list of those to read, if it has something and may be read.
    fn make_ready(&mut self, id: ConnectionId) {
        let wants = self.server.wants_input(id);
        let Some(socket) = socket_mut(&mut self.sockets, id) else { return };
        if wants && socket.readable && !std::mem::replace(&mut socket.is_queued, true) {
            self.ready.push_back(id);
        }
    }

    /// Reads once from each of the next ready connections, and from none of them twice: one with
    /// an endless pipeline would hold up all others.
    fn read_round(&mut self) {
        for _ in 0..READS_PER_ROUND.min(self.ready.len()) {
            let Some(id) = self.ready.pop_front() else { return };
            let Some(socket) = socket_mut(&mut self.sockets, id) else { continue };
            socket.is_queued = false;
            if !self.server.wants_input(id) {
                continue;
            }
            let room = self.server.input(id);
            let size = room.len();
            match socket.stream.read(room) {
                Ok(0) => {
                    socket.readable = false;
                    socket.at_end = true;
                    self.server.handle_end_of_input(id);
                }
                Ok(len) => {
                    // A short read has emptied the socket, and more will raise another event; but
                    // the end of the stream raises none if it was announced with the data.
                    self.server.handle_received(id, len);
                    socket.readable = len == size || socket.end_follows;
                    self.make_ready(id);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => socket.readable = false,
                    ErrorKind::Interrupted => self.make_ready(id),
                    _ => self.lose(id),
                },
            }
        }
    }

    /// Does what the server wants done.
    fn drain_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Output(id) => self.send(id),
                Event::Refused(id, reason) => self.log_refused(id, reason),
                Event::Closed(id) => self.close(id),
                Event::Mail(number) => self.loops[number].tell_of_mail(),
                Event::Backlog => {
                    let next = (self.server.number() + 1) % self.loops.len();
                    if next != self.server.number() {
                        self.loops[next].join_in();
                    }
                    // What delivers packets on this processor need not wait for the scheduler.
                    std::thread::yield_now();
                }
            }
        }
    }

    /// Writes once, and asks to be told about room if there is more.
    fn send(&mut self, id: ConnectionId) {
        let Some(socket) = socket_mut(&mut self.sockets, id) else { return };
        let output = self.server.output(id);
        if !output.is_empty() {
            match socket.stream.write(output) {
                Ok(len) => self.server.handle_sent(self.clock.now(), id, len),
                Err(error) if is_temporary(&error) => {}
                Err(_) => return self.lose(id),
            }
        }
        let blocked = !self.server.output(id).is_empty();
        if blocked != socket.awaits_room {
            socket.awaits_room = blocked;
            let interest =
                if blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            let token = Token(id.index());
            if self.poll.registry().reregister(&mut socket.stream, token, interest).is_err() {
                return self.lose(id);
            }
        }
        self.make_ready(id);
    }

    fn log_refused(&mut self, id: ConnectionId, reason: Refusal) {
        let Some(held_back) = self.throttle.pass(self.clock.now().mono_us) else { return };
        if held_back > 0 {
            tracing::warn!("{held_back} more clients were refused");
        }
        if let Some(socket) = socket_mut(&mut self.sockets, id) {
            tracing::warn!("refused the client at {}: {reason}", socket.stream.peer().address);
        }
    }

    /// The socket failed.
    fn lose(&mut self, id: ConnectionId) {
        self.server.handle_lost(id);
        self.take_socket(id);
    }

    /// The server has closed the connection.
    fn close(&mut self, id: ConnectionId) {
        let Some(socket) = self.take_socket(id) else { return };
        if socket.at_end || self.lingerers.len() >= LINGERERS_MAX {
            return;
        }
        if socket.stream.shutdown(Shutdown::Write).is_ok() {
            self.lingerers.push_back((self.clock.now().mono_us + LINGER_US, socket.stream));
        }
    }

    fn take_socket(&mut self, id: ConnectionId) -> Option<Socket> {
        let mut socket = self.sockets.get_mut(id.index())?.take()?;
        self.inbox.load.fetch_sub(1, Ordering::Relaxed);
        let _ = self.poll.registry().deregister(&mut socket.stream);
        Some(socket)
    }

    fn end_lingering(&mut self, now_us: u64) {
        while self.lingerers.front().is_some_and(|lingerer| lingerer.0 <= now_us) {
            let Some((_, mut stream)) = self.lingerers.pop_front() else { return };
            let mut rubbish = vec![0; LINGER_READ_MAX];
            let _ = stream.read(&mut rubbish);
        }
    }

    fn open_inbox(&mut self) {
        if self.inbox.join_in.swap(false, Ordering::Relaxed) {
            self.server.join_in(self.clock.now());
        }
        if self.inbox.has_mail.swap(false, Ordering::AcqRel) {
            self.server.handle_mail(self.clock.now());
            self.drain_events();
        }
        let accepted = std::mem::take(&mut *self.inbox.accepted.lock().expect("see `push`"));
        accepted.into_iter().for_each(|accepted| self.adopt(accepted));
    }

    fn accept(&mut self) {
        if self.accept_retry_us.is_some_and(|at| at > self.clock.now().mono_us) {
            return;
        }
        self.accept_retry_us = None;
        for index in 0..self.doors.len() {
            for _ in 0..ACCEPTS_PER_TICK {
                if !self.doors[index].is_ready {
                    break;
                }
                match self.doors[index].listener.accept() {
                    Ok(accepted) if self.doors[index].is_for_all => self.hand_out(accepted),
                    Ok(accepted) => self.keep(accepted),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        self.doors[index].is_ready = false;
                    }
                    Err(error) if is_about_the_client(&error) => {}
                    Err(error) => {
                        tracing::warn!("cannot accept a connection: {error}");
                        self.accept_retry_us = Some(self.clock.now().mono_us + ACCEPT_RETRY_US);
                        return;
                    }
                }
            }
        }
    }

    /// Gives a connection to the loop that has the fewest.
    fn hand_out(&mut self, accepted: Accepted) {
        let target = self.loops.iter().min_by_key(|inbox| inbox.load()).unwrap_or(&self.inbox);
        if Arc::ptr_eq(target, &self.inbox) {
            self.keep(accepted);
        } else {
            target.load.fetch_add(1, Ordering::Relaxed);
            target.push(accepted);
        }
    }

    fn keep(&mut self, accepted: Accepted) {
        self.inbox.load.fetch_add(1, Ordering::Relaxed);
        self.adopt(accepted);
    }

    /// Serves a connection that already counts in the load.
    fn adopt(&mut self, Accepted { mut stream, terms }: Accepted) {
        let (now, peer) = (self.clock.now(), stream.peer());
        tracing::debug!("accepted the client at {}", peer.address);
        stream.prepare(self.server.kernel().config.int(config::TCP_KEEPALIVE) as u64);
        let id = self.server.handle_accept(now, peer, terms);
        let token = Token(id.index());
        if let Err(error) = self.poll.registry().register(&mut stream, token, Interest::READABLE) {
            tracing::warn!("cannot watch a connection: {error}");
            self.inbox.load.fetch_sub(1, Ordering::Relaxed);
            return self.server.handle_lost(id);
        }
        if self.sockets.len() <= id.index() {
            self.sockets.resize_with(id.index() + 1, || None);
        }
        let socket = Socket {
            stream,
            id,
            readable: false,
            is_queued: false,
            awaits_room: false,
            end_follows: false,
            at_end: false,
        };
        self.sockets[id.index()] = Some(socket);
        self.drain_events();
    }

    fn has_output(&self) -> bool {
        self.sockets.iter().flatten().any(|socket| !self.server.output(socket.id).is_empty())
    }
}

fn socket_mut(sockets: &mut [Option<Socket>], id: ConnectionId) -> Option<&mut Socket> {
    sockets.get_mut(id.index())?.as_mut()
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Whether accepting failed because of the one client that was to be accepted.
fn is_about_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_small() {
        // The rest of the kibibyte that an idle connection may take is counted in kv-proto.
        assert!(size_of::<Option<Socket>>() <= 64);
    }
}
