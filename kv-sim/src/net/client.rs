//! A client host: runs its script, and goes on with it after a crash.

use super::{PORT, SERVER, Shared, elapsed_us};
use crate::failure::Check;
use crate::plan::{Plan, Script, Step, Then};
use crate::swarm::{piece, render, sent_len};
use kv_core::rng::Rng;
use kv_proto::dialect::Dialect;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};
use turmoil::net::TcpStream;
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The longest wait between steps: virtual time is expensive here.
const WAIT_MAX: Duration = Duration::from_millis(50);

/// How long a client waits for a reply. Longer than faults last.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it waits if what was sent may have been lost.
const PATIENCE_WITH_LOSS_US: u64 = 4_000_000;

/// How long it waits for a connection, and before it tries again.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
const CONNECT_INTERVAL: Duration = Duration::from_millis(30);

/// How long a client takes nothing, at most: virtual time is expensive here.
const DEAF_MAX_US: u64 = 6_000_000;

/// How often a client looks whether it has what it waits for, when nothing arrives.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// A client, as its host starts it.
#[derive(Clone)]
pub(super) struct Client {
    plan: Rc<Plan>,
    shared: Rc<Shared>,
    position: usize,
    state: Rc<State>,
}

/// What survives a crash.
pub(super) struct State {
    next_step: Cell<usize>,
    rng: RefCell<Rng>,
    done: Cell<bool>,
    /// When it takes nothing, from when to when, in microseconds since the start.
    deafness: RefCell<Vec<(u64, u64)>>,
    /// Up to when what is sent may be lost.
    loss_us: Cell<u64>,
    /// It is to break its connection.
    resets: Cell<bool>,
}

impl State {
    /// It takes nothing from now on, up to a time in milliseconds since the start.
    pub(super) fn be_deaf(&self, until_ms: u64) {
        self.deafness.borrow_mut().push((0, until_ms * 1000));
    }

    /// What is sent until then may be lost.
    pub(super) fn note_loss(&self, until_us: u64) {
        self.loss_us.set(self.loss_us.get().max(until_us));
    }

    /// It breaks its connection.
    pub(super) fn reset(&self) {
        self.resets.set(true);
    }

    /// Up to when it takes nothing.
    fn deaf_until_us(&self) -> u64 {
        let now_us = elapsed_us();
        let deafness = self.deafness.borrow();
        let present = deafness.iter().filter(|(from_us, _)| *from_us <= now_us);
        present.map(|(_, until_us)| *until_us).max().unwrap_or(0)
    }

    /// Whether the script is at its end.
    pub(super) fn is_done(&self) -> bool {
        self.done.get()
    }
}

/// A connection, from the client's side.
struct Link {
    shared: Rc<Shared>,
    state: Rc<State>,
    opened_us: u64,
    serial: u64,
    writer: OwnedWriteHalf,
    sent: usize,
    reader: JoinHandle<()>,
    arrived: Rc<Notify>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
        self.shared.witness.borrow_mut().cut(self.serial);
        self.shared.tell(|checker| checker.cut(self.serial));
        let mut ends = self.shared.ends.borrow_mut();
        ends.entry(self.serial).or_default().gone_us = Some(self.shared.elapsed_us());
    }
}

impl Client {
    pub(super) fn new(plan: &Rc<Plan>, shared: &Rc<Shared>, position: usize) -> Self {
        let state = State {
            next_step: Cell::new(0),
            rng: RefCell::new(Rng::derive(plan.seed, 0x636c_6965, position as u64)),
            done: Cell::new(false),
            deafness: RefCell::new(deafness(plan, position)),
            loss_us: Cell::new(0),
            resets: Cell::new(false),
        };
        let (plan, shared) = (Rc::clone(plan), Rc::clone(shared));
        Self { plan, shared, position, state: Rc::new(state) }
    }

    pub(super) fn state(&self) -> Rc<State> {
        Rc::clone(&self.state)
    }

    pub(super) async fn run(self) -> turmoil::Result {
        let mut link = None;
        while let Some(step) = self.script().step(self.state.next_step.get()) {
            self.state.next_step.set(self.state.next_step.get() + 1);
            sleep(Duration::from_micros(step.wait_us).min(WAIT_MAX)).await;
            let current = match link.take() {
                Some(link) => link,
                None => match self.connect().await {
                    Some(link) => link,
                    None => return Ok(()),
                },
            };
            link = self.run_step(step, current).await?;
        }
        self.state.done.set(true);
        Ok(())
    }

    fn script(&self) -> &Script {
        &self.plan.scripts[self.position]
    }

    /// A new connection, as soon as there can be one. None if there never is.
    async fn connect(&self) -> Option<Link> {
        let connected = async {
            loop {
                match timeout(CONNECT_PATIENCE, self.try_to_connect()).await {
                    Ok(Ok(link)) => break link,
                    _ => sleep(CONNECT_INTERVAL).await,
                }
            }
        };
        let link = timeout(PATIENCE, connected).await.ok();
        if link.is_none() {
            self.shared.tell(|checker| {
                checker.fail(0, Check::Clients.violated("a client finds no server"))
            });
        }
        link
    }

    async fn try_to_connect(&self) -> io::Result<Link> {
        let stream = TcpStream::connect((SERVER, PORT)).await?;
        let address = stream.local_addr()?;
        loop {
            let serial = self.shared.connections.borrow().get(&address).copied();
            match serial {
                Some(serial) => return Ok(self.link(stream, serial)),
                // The server's process stands still.
                None => sleep(LOOK_INTERVAL).await,
            }
        }
    }

    fn link(&self, stream: TcpStream, serial: u64) -> Link {
        self.shared.ends.borrow_mut().entry(serial).or_default();
        let (reader, writer) = stream.into_split();
        let arrived = Rc::new(Notify::new());
        let (shared, state) = (Rc::clone(&self.shared), Rc::clone(&self.state));
        let reading = Reading { shared, state, serial, arrived: Rc::clone(&arrived) };
        let (shared, state) = (Rc::clone(&self.shared), Rc::clone(&self.state));
        let reader = spawn_local(reading.read(reader));
        let opened_us = elapsed_us();
        state.resets.set(false);
        Link { shared, state, opened_us, serial, writer, sent: 0, reader, arrived }
    }

    /// Sends a step's requests and does what comes then. Gives the connection back if it is still
    /// of use.
    async fn run_step(&self, step: &Step, mut link: Link) -> turmoil::Result<Option<Link>> {
        let told = self.shared.checker.borrow().told(link.serial);
        let mut bytes = render(&step.requests, Dialect::Resp, &told);
        bytes.truncate(sent_len(step.then, bytes.len()));
        self.send(&mut link, &bytes).await;
        let goes_on = match step.then {
            Then::GoOn => true,
            Then::Await => link.wait_for(Link::is_answered).await,
            Then::AwaitFor(patience_us) => {
                let patience = Duration::from_micros(patience_us);
                let is_late = timeout(patience, link.wait_until(Link::is_answered)).await.is_err();
                if is_late && link.is_blocked() {
                    return Ok(None);
                }
                link.wait_for(|link| link.is_answered() || link.is_blocked()).await
            }
            Then::End => {
                // It fails if the server has closed already.
                let _ = link.writer.shutdown().await;
                link.wait_for(Link::is_closed).await
            }
            Then::Break(_) => false,
        };
        Ok(if goes_on && !link.is_closed() { Some(link) } else { None })
    }

    async fn send(&self, link: &mut Link, mut bytes: &[u8]) {
        self.shared.witness.borrow_mut().sent(link.serial, bytes);
        while !bytes.is_empty() && !link.is_closed() && !link.is_hopeless() {
            let len = piece(&mut self.state.rng.borrow_mut(), self.script().chunking, bytes.len());
            if link.writer.write_all(&bytes[..len]).await.is_err() {
                return;
            }
            link.sent += len;
            bytes = &bytes[len..];
            let pause_us = self.state.rng.borrow_mut().below(self.script().pause_max_us + 1);
            if pause_us > 0 && !bytes.is_empty() {
                sleep(Duration::from_micros(pause_us)).await;
            }
        }
    }
}

impl Link {
    fn is_closed(&self) -> bool {
        !self.shared.checker.borrow().is_open(self.serial)
    }

    /// Whether all that was sent has been received and answered, or nothing more will be.
    fn is_answered(&self) -> bool {
        let checker = self.shared.checker.borrow();
        let all = checker.received_len(self.serial) == self.sent;
        let settled = all && checker.is_answered(self.serial) && !checker.is_closing(self.serial);
        settled || !checker.is_open(self.serial)
    }

    /// Whether a request waits for data.
    fn is_blocked(&self) -> bool {
        self.shared.checker.borrow().is_blocked(self.serial)
    }

    /// Whether it is to be broken off, or waits for what may have been lost.
    fn is_hopeless(&self) -> bool {
        let loss_us = self.state.loss_us.get();
        let may_have_lost = loss_us > self.opened_us;
        let is_late = elapsed_us() > loss_us.max(self.opened_us) + PATIENCE_WITH_LOSS_US;
        self.state.resets.get() || may_have_lost && is_late
    }

    async fn wait_until(&self, condition: fn(&Link) -> bool) {
        while !condition(self) && !self.is_hopeless() {
            let _ = timeout(LOOK_INTERVAL, self.arrived.notified()).await;
        }
    }

    /// Waits for something that has to come. Whether it came: otherwise the connection is of no use.
    async fn wait_for(&self, condition: fn(&Link) -> bool) -> bool {
        if timeout(PATIENCE, self.wait_until(condition)).await.is_err() {
            let violation = Check::Clients.violated("a client waits for replies for ever");
            self.shared.tell(|checker| checker.fail(self.serial, violation));
        }
        condition(self)
    }
}

fn deafness(plan: &Plan, client: usize) -> Vec<(u64, u64)> {
    let of_client = plan.deafness.iter().filter(|deafness| deafness.client == client);
    let times = of_client.map(|deafness| {
        let from_us = deafness.at_ms * 1000;
        (from_us, from_us + (deafness.lasts_ms * 1000).min(DEAF_MAX_US))
    });
    times.collect()
}

/// The side of a connection that takes what the server sends.
struct Reading {
    shared: Rc<Shared>,
    state: Rc<State>,
    serial: u64,
    arrived: Rc<Notify>,
}

impl Reading {
    async fn read(self, mut reader: OwnedReadHalf) {
        let mut buffer = vec![0; 64 * 1024];
        let serial = self.serial;
        loop {
            self.listen().await;
            match reader.read(&mut buffer).await {
                Ok(0) => break self.shared.tell(|checker| checker.closed(serial)),
                Ok(len) => {
                    self.shared.witness.borrow_mut().read(serial, &buffer[..len]);
                    self.shared.ends.borrow_mut().entry(serial).or_default().taken += len;
                    self.shared.tell(|checker| checker.sent(serial, &buffer[..len]));
                }
                Err(_) => break self.shared.tell(|checker| checker.broke(serial)),
            }
            self.arrived.notify_one();
        }
        self.arrived.notify_one();
    }

    /// Waits until the client takes something.
    async fn listen(&self) {
        loop {
            let rest_us = self.state.deaf_until_us().saturating_sub(elapsed_us());
            if rest_us == 0 {
                return;
            }
            sleep(Duration::from_micros(rest_us)).await;
        }
    }
}
