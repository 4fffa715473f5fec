//! The admin port: metrics and health over HTTP, on a thread of its own.
//!
//! It reads what the kernel publishes and takes none of its locks, so that it answers while
//! commands run, however long they take. One request is answered on each connection.

mod http;

use crate::clock::Clock;
use crate::event_loop::Inbox;
use crate::metrics;
use http::{Answer, Request, Status};
use kv_core::kernel::Kernel;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many connections there may be; others wait until one of these ends.
const CONNECTIONS_MAX: usize = 16;

/// How long a client has for its request and for taking the answer, in microseconds.
const PATIENCE_US: u64 = 5_000_000;

const EVENTS_PER_POLL: usize = 32;

const WAKER: Token = Token(usize::MAX);
/// Listeners have the tokens from here on.
const LISTENERS: usize = usize::MAX / 2;

const SERVING: u8 = 0;
const STOPPING: u8 = 1;
const STOPPED: u8 = 2;

/// The thread of the admin port.
#[derive(Debug)]
pub(crate) struct Admin {
    control: Arc<Control>,
    thread: JoinHandle<io::Result<()>>,
}

#[derive(Debug)]
struct Control {
    /// How far the server has come on its way to the end.
    state: AtomicU8,
    waker: Waker,
}

impl Admin {
    /// Answers on `listeners` from now on.
    pub(crate) fn start(
        listeners: Vec<TcpListener>,
        kernel: Arc<Kernel>,
        loops: Vec<Arc<Inbox>>,
        clock: Clock,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let control = Arc::new(Control { state: AtomicU8::new(SERVING), waker });
        let service = Service { kernel, loops, control: Arc::clone(&control), clock };
        let desk = Desk::new(poll, listeners, service)?;
        let thread = std::thread::Builder::new().name("kv-admin".into());
        Ok(Self { control, thread: thread.spawn(move || desk.run())? })
    }

    /// Says from now on that the server is about to end.
    pub(crate) fn announce_stop(&self) {
        self.control.state.store(STOPPING, SeqCst);
    }

    /// Ends the thread.
    pub(crate) fn stop(self) {
        self.control.state.store(STOPPED, SeqCst);
        if let Err(error) = self.control.waker.wake() {
            // Waiting for a thread that sleeps would take for ever.
            return tracing::warn!("cannot wake the admin port: {error}");
        }
        match self.thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the admin port failed: {error}"),
            Err(panic) if !std::thread::panicking() => std::panic::resume_unwind(panic),
            Err(_) => {}
        }
    }
}

/// What is served.
#[derive(Debug)]
struct Service {
    kernel: Arc<Kernel>,
    loops: Vec<Arc<Inbox>>,
    control: Arc<Control>,
    clock: Clock,
}

impl Service {
    fn answer(&self, request: &Request) -> Answer {
        match (request.is_get(), request.path.as_str()) {
            (false, _) => Answer::text(Status::MethodNotAllowed, "only GET and HEAD\n"),
            (_, "/metrics") => Answer::new(Status::Ok, metrics::CONTENT_TYPE, self.metrics()),
            (_, "/health") => self.health(),
            _ => Answer::text(Status::NotFound, "there are /metrics and /health\n"),
        }
    }

    fn metrics(&self) -> String {
        let loads = self.loops.iter().map(|inbox| inbox.load());
        metrics::render(&self.kernel, loads, self.clock.now())
    }

    fn health(&self) -> Answer {
        match self.control.state.load(SeqCst) {
            SERVING => Answer::text(Status::Ok, "ok\n"),
            _ => Answer::text(Status::Unavailable, "shutting down\n"),
        }
    }
}

/// The thread's connections.
struct Desk {
    poll: Poll,
    listeners: Vec<TcpListener>,
    /// There may be more to accept.
    is_ready: bool,
    visitors: Slab<Visitor>,
    service: Service,
}

/// One connection.
struct Visitor {
    stream: TcpStream,
    request: Vec<u8>,
    /// What is still to be sent, once the request is whole.
    answer: Option<Vec<u8>>,
    sent: usize,
    deadline_us: u64,
}

impl Desk {
    fn new(poll: Poll, mut listeners: Vec<TcpListener>, service: Service) -> io::Result<Self> {
        for (index, listener) in listeners.iter_mut().enumerate() {
            let token = Token(LISTENERS + index);
            poll.registry().register(listener, token, Interest::READABLE)?;
        }
        Ok(Self { poll, listeners, is_ready: false, visitors: Slab::new(), service })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        while self.service.control.state.load(SeqCst) != STOPPED {
            match self.poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            for event in &events {
                match event.token() {
                    WAKER => {}
                    Token(token) if token >= LISTENERS => self.is_ready = true,
                    Token(index) => self.attend(index),
                }
            }
            self.dismiss_late();
            self.accept();
        }
        Ok(())
    }

    /// How long to wait for something to happen.
    fn patience(&self) -> Option<Duration> {
        let deadline_us = self.visitors.iter().map(|(_, visitor)| visitor.deadline_us).min()?;
        let now_us = self.service.clock.now().mono_us;
        // Rounded up, so that it is not too early afterwards.
        Some(Duration::from_micros(deadline_us.saturating_sub(now_us) + 1000))
    }

    /// Accepts connections as long as there is room for them.
    fn accept(&mut self) {
        while self.is_ready && self.visitors.len() < CONNECTIONS_MAX {
            let accepted = self.listeners.iter().map(TcpListener::accept);
            match accepted.flatten().next() {
                Some((stream, _)) => self.admit(stream),
                None => self.is_ready = false,
            }
        }
    }

    fn admit(&mut self, mut stream: TcpStream) {
        let place = self.visitors.vacant_entry();
        let token = Token(place.key());
        let interests = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(&mut stream, token, interests).is_ok() {
            let deadline_us = self.service.clock.now().mono_us + PATIENCE_US;
            place.insert(Visitor {
                stream,
                request: Vec::new(),
                answer: None,
                sent: 0,
                deadline_us,
            });
        }
    }

    /// Goes on with a connection that is ready for something.
    fn attend(&mut self, index: usize) {
        let Some(visitor) = self.visitors.get_mut(index) else { return };
        match visitor.proceed(&self.service) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => self.dismiss(index),
        }
    }

    fn dismiss_late(&mut self) {
        let now_us = self.service.clock.now().mono_us;
        let is_late = |(_, visitor): &(usize, &Visitor)| visitor.deadline_us <= now_us;
        let late: Vec<usize> =
            self.visitors.iter().filter(is_late).map(|(index, _)| index).collect();
        late.into_iter().for_each(|index| self.dismiss(index));
    }

    fn dismiss(&mut self, index: usize) {
        let mut visitor = self.visitors.remove(index);
        let _ = self.poll.registry().deregister(&mut visitor.stream);
    }
}

impl Visitor {
    /// Reads and writes what can be. Ends when the answer is sent, or with an error.
    fn proceed(&mut self, service: &Service) -> io::Result<()> {
        while self.answer.is_none() {
            self.answer = self.read(service)?;
        }
        let answer = self.answer.as_deref().unwrap_or_default();
        while self.sent < answer.len() {
            self.sent += self.stream.write(&answer[self.sent..])?;
        }
        self.stream.shutdown(Shutdown::Write)?;
        // What is left unread would reset the connection before the client has read the answer.
        let _ = self.stream.read(&mut [0; http::REQUEST_LEN_MAX]);
        Ok(())
    }

    /// Reads once. The answer, if there is one now.
    fn read(&mut self, service: &Service) -> io::Result<Option<Vec<u8>>> {
        let mut room = [0; 1024];
        match self.stream.read(&mut room)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            len => self.request.extend_from_slice(&room[..len]),
        }
        Ok(match http::parse(&self.request) {
            Ok(None) => None,
            Ok(Some(request)) => Some(service.answer(&request).into_bytes(request.wants_body())),
            Err(status) => Some(Answer::text(status, "").into_bytes(true)),
        })
    }
}
