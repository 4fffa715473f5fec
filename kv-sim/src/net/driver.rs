//! Drives the server from tokio tasks: one that runs requests, and for each connection one that
//! reads and one that writes.

use super::{PORT, Shared, elapsed_us};
use crate::check::Place;
use crate::plan::Plan;
use crate::swarm::{kernel, moment};
use kv_core::now::Now;
use kv_core::rng::Rng;
use kv_core::session::Peer;
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

/// Accepts connections for ever.
pub(super) async fn serve(plan: Rc<Plan>, shared: Rc<Shared>) -> turmoil::Result {
    let driver = Rc::new(Driver {
        server: RefCell::new(Server::with_pace(kernel(&plan, &[]), plan.pace)),
        unchecked: Cell::new(0),
        rng: RefCell::new(Rng::derive(plan.seed, 0x6472_6976, 0)),
        links: RefCell::new(BTreeMap::new()),
        work: Notify::new(),
        plan,
        shared,
    });
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    spawn_local(Rc::clone(&driver).run_requests());
    loop {
        let (stream, address) = listener.accept().await?;
        driver.accept(stream, address);
    }
}

struct Driver {
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
    output: Notify,
    input: Notify,
}

fn now() -> Now {
    moment(elapsed_us())
}

impl Driver {
    fn accept(self: &Rc<Self>, stream: TcpStream, address: SocketAddr) {
        let peer = Peer { address: address.to_string(), ..Peer::default() };
        let id = self.server.borrow_mut().handle_accept(now(), peer);
        let place = Place { server: 0, index: id.index() };
        let serial = self.shared.tell(|checker| checker.open(place));
        self.shared.connections.borrow_mut().insert(address, serial);
        let link = Rc::new(Link {
            id,
            serial,
            closed: Cell::new(false),
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
            self.execute();
        }
    }

    fn execute(&self) {
        let now = now();
        let mut server = self.server.borrow_mut();
        server.execute(now);
        self.tell_execution(&server, now);
        if server.poll_deadline().is_some_and(|at| at <= now.mono_us) {
            server.handle_timeout(now);
            self.tell_execution(&server, now);
            self.shared.tell(|checker| checker.time_out(0, now.unix_us));
        }
        self.unchecked.set(self.unchecked.get() + 1);
        if self.unchecked.get() >= self.plan.check_every {
            self.unchecked.set(0);
            server.kernel().batch(now).check();
        }
        drop(server);
        self.drain_events();
    }

    fn tell_execution(&self, server: &Server, now: Now) {
        let links = self.links.borrow();
        let ids: BTreeMap<u64, ConnectionId> =
            links.values().map(|link| (link.serial, link.id)).collect();
        let output = |serial| ids.get(&serial).map_or(&[][..], |&id| server.output(id));
        self.shared.tell(|checker| checker.execute(0, now.unix_us, output));
    }

    fn drain_events(&self) {
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
            self.shared.tell(|checker| checker.gone(link.serial));
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
                result = reader.read(&mut buffer) => match result {
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
                    self.server.borrow_mut().handle_sent(now(), link.id, len);
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
