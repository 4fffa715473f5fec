//! Drives the server from tokio tasks: one that runs requests, and for each connection one that
//! reads and one that writes.

use super::{PORT, Shared, client_at, elapsed_us};
use crate::check::Place;
use crate::failure::Violation;
use crate::plan::Plan;
use crate::pressure::Pressure;
use crate::swarm::{audience_setting, check_sessions, kernel};
use crate::watch::Watch;
use kv_core::now::Now;
use kv_core::rng::Rng;
use kv_core::session::Peer;
use kv_proto::dialect::{Dialect, Terms};
use kv_proto::server::{ConnectionId, Event, Server};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use turmoil::net::{TcpListener, TcpStream};

/// How long what a client still sends is taken and thrown away after its connection was closed.
const LINGER: Duration = Duration::from_secs(60);

/// How long the server's system needs to find out that a client is gone of whose end the network has
/// lost all signs, in microseconds: TCP asks from time to time.
const KEEPALIVE_US: u64 = 10_000_000;

/// How often it looks.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);

/// How many bytes may be on their way to a client that does not take them, where that matters and
/// where it does not.
const WINDOW_MIN: usize = 300;
const WINDOW_MAX: usize = 64 * 1024;

/// How often a writer looks whether its client has taken something.
const WINDOW_INTERVAL: Duration = Duration::from_millis(3);

/// For how many seconds a client may take nothing when its connection does nothing else than wait
/// for that: the usual setting.
const OUTPUT_PATIENCE_S: u64 = 10;

/// Accepts connections for ever.
pub(super) async fn serve(plan: Rc<Plan>, shared: Rc<Shared>) -> turmoil::Result {
    let settings: Vec<_> = audience_setting(&plan).into_iter().collect();
    let driver = Rc::new(Driver {
        server: RefCell::new(Server::with_pace(kernel(&plan, &settings), plan.pace)),
        unchecked: Cell::new(0),
        rng: RefCell::new(Rng::derive(plan.seed, 0x6472_6976, 0)),
        links: RefCell::new(BTreeMap::new()),
        work: Notify::new(),
        plan,
        shared,
    });
    driver.tell_time(driver.now());
    *driver.shared.driver.borrow_mut() = Rc::downgrade(&driver);
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    spawn_local(Rc::clone(&driver).run_requests());
    spawn_local(Rc::clone(&driver).keep_alive());
    loop {
        let (stream, address) = listener.accept().await?;
        driver.go_on().await;
        driver.accept(stream, address);
    }
}

pub(super) struct Driver {
    plan: Rc<Plan>,
    shared: Rc<Shared>,
    server: RefCell<Server>,
    rng: RefCell<Rng>,
    links: RefCell<BTreeMap<ConnectionId, Rc<Link>>>,
    /// There is something to run, or a deadline changed.
    work: Notify,
    /// Executions since the store's invariants were checked.
    unchecked: Cell<u64>,
}

/// A connection as its tasks see it.
struct Link {
    id: ConnectionId,
    /// The checker's number for it.
    serial: u64,
    /// The server is done with it; `id` may name another by now.
    closed: Cell<bool>,
    opened_us: u64,
    pressure: Cell<Pressure>,
    /// How many bytes were written.
    written: Cell<usize>,
    output: Notify,
    input: Notify,
}

impl Driver {
    fn now(&self) -> Now {
        self.shared.now()
    }

    /// The process goes on, if it stands still.
    async fn go_on(&self) {
        let rest_us = self.shared.stalled_until_us.get().saturating_sub(elapsed_us());
        if rest_us > 0 {
            sleep(Duration::from_micros(rest_us)).await;
        }
    }

    /// The kernel learns what time it is.
    pub(super) fn tell_time(&self, now: Now) {
        drop(self.server.borrow().kernel().batch(now));
    }

    /// Whether nothing is left of clients. The error says what is.
    pub(super) fn check_end(&self, elapsed_us: u64) -> Result<(), Violation> {
        let (server, now) = (self.server.borrow(), self.shared.wall.borrow().now(elapsed_us));
        check_sessions(server.kernel(), server.len(), 0)?;
        server.kernel().batch(now).check();
        Watch::new(server.kernel(), now).check_channels(now)
    }

    fn accept(self: &Rc<Self>, stream: TcpStream, address: SocketAddr) {
        let peer = Peer { address: address.to_string(), ..Peer::default() };
        let id = self.server.borrow_mut().handle_accept(self.now(), peer, Terms::default());
        let place = Place { server: 0, index: id.index() };
        let serial =
            self.shared.tell(|checker| checker.open(place, client_at(address), Dialect::Resp));
        self.shared.connections.borrow_mut().insert(address, serial);
        let link = Rc::new(Link {
            id,
            serial,
            closed: Cell::new(false),
            opened_us: elapsed_us(),
            pressure: Cell::default(),
            written: Cell::new(0),
            output: Notify::new(),
            input: Notify::new(),
        });
        self.links.borrow_mut().insert(id, Rc::clone(&link));
        let (reader, writer) = stream.into_split();
        spawn_local(Rc::clone(self).read(Rc::clone(&link), reader));
        spawn_local(Rc::clone(self).write(link, writer));
        self.drain_events();
    }

    async fn run_requests(self: Rc<Self>) {
        loop {
            // A queue that is not empty announces itself by a deadline of 0, and by `work`.
            let deadline_us = self.server.borrow().poll_deadline().filter(|&at| at > 0);
            let left_us = deadline_us.map_or(u64::MAX, |at| at.saturating_sub(elapsed_us()));
            // The timer counts in milliseconds, so that no shorter sleep would end in time.
            let pause = Duration::from_micros(left_us.clamp(1000, 1_000_000_000));
            tokio::select! {
                biased;
                () = self.work.notified() => {}
                () = sleep(pause) => {}
            }
            self.go_on().await;
            self.execute();
        }
    }

    fn execute(&self) {
        let now = self.now();
        let mut server = self.server.borrow_mut();
        server.execute(now);
        self.tell_execution(&server);
        if server.poll_deadline().is_some_and(|at| at <= now.mono_us) {
            server.handle_mail(now);
            self.shared.tell(|checker| checker.handle_mail(0));
            server.handle_timeout(now);
            self.tell_execution(&server);
            self.shared.tell(|checker| checker.time_out(0));
        }
        self.unchecked.set(self.unchecked.get() + 1);
        if self.unchecked.get() >= self.plan.check_every {
            self.unchecked.set(0);
            server.kernel().batch(now).check();
        }
        if server.has_input() {
            self.work.notify_one();
        }
        drop(server);
        self.drain_events();
    }

    fn tell_execution(&self, server: &Server) {
        let links = self.links.borrow();
        let ids: BTreeMap<u64, ConnectionId> =
            links.values().map(|link| (link.serial, link.id)).collect();
        let output = |serial| ids.get(&serial).map_or(&[][..], |&id| server.output(id));
        self.shared.tell(|checker| checker.execute(0, self.shared.unix_us(), output));
    }

    /// Looks at how much there is to be sent to clients, before what is to be closed is forgotten.
    fn note_pressures(&self) {
        let (server, checker) = (self.server.borrow(), self.shared.checker.borrow());
        for link in self.links.borrow().values() {
            let limits = self.plan.audience.filter(|_| checker.is_listening(link.serial));
            let (len, is_stopped) = (server.output(link.id).len(), checker.is_stopped(link.serial));
            let mut pressure = link.pressure.get();
            pressure.note(elapsed_us(), len, limits, is_stopped);
            link.pressure.set(pressure);
        }
    }

    /// TCP finds out which clients are gone.
    async fn keep_alive(self: Rc<Self>) {
        loop {
            sleep(KEEPALIVE_INTERVAL).await;
            let links: Vec<Rc<Link>> = self.links.borrow().values().cloned().collect();
            links.iter().filter(|link| self.is_lost(link)).for_each(|link| self.lose(link));
        }
    }

    /// Whether the client of a connection is gone for long, or never learnt that it had one.
    fn is_lost(&self, link: &Link) -> bool {
        let since_us = match self.shared.ends.borrow().get(&link.serial) {
            Some(end) => end.gone_us,
            None => Some(link.opened_us),
        };
        since_us.is_some_and(|since_us| since_us + KEEPALIVE_US <= elapsed_us())
    }

    fn drain_events(&self) {
        self.note_pressures();
        loop {
            let event = self.server.borrow_mut().poll_event();
            match event {
                None => return,
                Some(Event::Output(id)) => self.links.borrow()[&id].output.notify_one(),
                Some(Event::Closed(id)) => self.forget(id),
                // There is no other server.
                Some(Event::Refused(..) | Event::Backlog | Event::Mail(_)) => {}
            }
        }
    }

    fn forget(&self, id: ConnectionId) {
        if let Some(link) = self.links.borrow_mut().remove(&id) {
            let pressure = link.pressure.get();
            let is_too_much =
                pressure.is_too_much(elapsed_us(), self.plan.audience, OUTPUT_PATIENCE_S);
            self.shared.tell(|checker| match is_too_much {
                true => checker.broken(link.serial),
                false => checker.gone(link.serial),
            });
            link.closed.set(true);
            link.output.notify_one();
            link.input.notify_one();
        }
    }

    fn lose(&self, link: &Link) {
        if !link.closed.get() {
            self.shared.tell(|checker| checker.lost(link.serial));
            self.server.borrow_mut().handle_lost(link.id);
            self.forget(link.id);
        }
    }

    async fn read(self: Rc<Self>, link: Rc<Link>, mut reader: OwnedReadHalf) {
        while !link.closed.get() {
            if !self.server.borrow().wants_input(link.id) {
                link.input.notified().await;
                continue;
            }
            let mut buffer = vec![0; self.piece(self.plan.buffer_max)];
            tokio::select! {
                biased;
                () = link.input.notified() => {}
                result = reader.read(&mut buffer) => match self.after_stall(result).await {
                    Ok(0) => {
                        self.end_input(&link);
                        return;
                    }
                    Ok(len) => self.take_input(&link, &buffer[..len]).await,
                    Err(_) => self.lose(&link),
                }
            }
        }
        // Closing a socket with unread input would reset the connection, and the client might lose
        // the last replies.
        let mut buffer = [0; 1024];
        let drained = async { while matches!(reader.read(&mut buffer).await, Ok(1..)) {} };
        let _ = timeout(LINGER, drained).await;
    }

    async fn after_stall<T>(&self, result: T) -> T {
        self.go_on().await;
        result
    }

    fn end_input(&self, link: &Link) {
        if !link.closed.get() {
            self.shared.tell(|checker| checker.end_of_input(link.serial));
            self.server.borrow_mut().handle_end_of_input(link.id);
            self.work.notify_one();
        }
    }

    async fn take_input(&self, link: &Link, mut bytes: &[u8]) {
        if link.closed.get() {
            return;
        }
        while !bytes.is_empty() {
            let mut server = self.server.borrow_mut();
            let room = server.input(link.id);
            let len = room.len().min(bytes.len());
            room[..len].copy_from_slice(&bytes[..len]);
            server.handle_received(link.id, len);
            self.shared.tell(|checker| checker.received(link.serial, &bytes[..len]));
            bytes = &bytes[len..];
        }
        // Sometimes more arrives before it is run.
        if self.below(4) == 0 {
            sleep(Duration::from_millis(self.below(4))).await;
        }
        self.work.notify_one();
    }

    async fn write(self: Rc<Self>, link: Rc<Link>, mut writer: OwnedWriteHalf) {
        while !link.closed.get() {
            self.go_on().await;
            if !self.has_window(&link) {
                sleep(WINDOW_INTERVAL).await;
                continue;
            }
            let output = self.next_output(link.id);
            if output.is_empty() {
                link.output.notified().await;
                continue;
            }
            if self.below(256) < self.plan.laziness {
                sleep(Duration::from_millis(self.below(5))).await;
            }
            match writer.write(&output).await {
                Ok(len) if !link.closed.get() => {
                    self.shared.tell(|checker| checker.handed_on(link.serial, len));
                    let mut pressure = link.pressure.get();
                    pressure.take(elapsed_us());
                    link.pressure.set(pressure);
                    link.written.set(link.written.get() + len);
                    self.server.borrow_mut().handle_sent(self.now(), link.id, len);
                    self.drain_events();
                    link.input.notify_one();
                    self.work.notify_one();
                }
                Ok(_) => {}
                Err(_) => self.lose(&link),
            }
        }
        // It fails if the client is gone, which is as well.
        let _ = writer.shutdown().await;
    }

    /// Whether the client's system takes more.
    fn has_window(&self, link: &Link) -> bool {
        let is_small = self.plan.audience.is_some();
        let window = if is_small { WINDOW_MIN } else { WINDOW_MAX };
        link.written.get() < self.shared.end(link.serial).taken + window
    }

    fn next_output(&self, id: ConnectionId) -> Vec<u8> {
        let server = self.server.borrow();
        let output = server.output(id);
        let len = if output.is_empty() { 0 } else { self.piece(output.len()) };
        output[..len].to_vec()
    }

    /// A random length up to `max` and the plan's limit.
    fn piece(&self, max: usize) -> usize {
        let max = max.min(self.plan.buffer_max);
        // Mostly as much as there is: the simulated network is slow in single bytes.
        if self.below(2) == 0 { max } else { 1 + self.below(max as u64) as usize }
    }

    fn below(&self, bound: u64) -> u64 {
        self.rng.borrow_mut().below(bound)
    }
}
