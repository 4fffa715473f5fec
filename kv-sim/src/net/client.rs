//! A client host: runs its script, and goes on with it after a crash.

use super::{PORT, SERVER, Shared};
use crate::plan::{Plan, Script, Step, Then};
use crate::swarm::{piece, render, sent_len};
use kv_core::rng::Rng;
use std::cell::{Cell, RefCell};
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
}

impl State {
    /// Whether the script is at its end.
    pub(super) fn is_done(&self) -> bool {
        self.done.get()
    }
}

/// A connection, from the client's side.
struct Link {
    shared: Rc<Shared>,
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
    }
}

impl Client {
    pub(super) fn new(plan: &Rc<Plan>, shared: &Rc<Shared>, position: usize) -> Self {
        let state = State {
            next_step: Cell::new(0),
            rng: RefCell::new(Rng::derive(plan.seed, 0x636c_6965, position as u64)),
            done: Cell::new(false),
        };
        let (plan, shared) = (Rc::clone(plan), Rc::clone(shared));
        Self { plan, shared, position, state: Rc::new(state) }
    }

    pub(super) fn state(&self) -> Rc<State> {
        Rc::clone(&self.state)
    }

    pub(super) async fn run(self) -> turmoil::Result {
        let mut link = None;
        while let Some(step) = self.script().steps.get(self.state.next_step.get()) {
            self.state.next_step.set(self.state.next_step.get() + 1);
            sleep(Duration::from_micros(step.wait_us).min(WAIT_MAX)).await;
            let current = match link.take() {
                Some(link) => link,
                None => self.connect().await?,
            };
            link = self.run_step(step, current).await?;
        }
        self.state.done.set(true);
        Ok(())
    }

    fn script(&self) -> &Script {
        &self.plan.scripts[self.position]
    }

    async fn connect(&self) -> turmoil::Result<Link> {
        let stream = timeout(PATIENCE, TcpStream::connect((SERVER, PORT))).await??;
        let address = stream.local_addr()?;
        let serial = self.shared.connections.borrow()[&address];
        let (reader, writer) = stream.into_split();
        let arrived = Rc::new(Notify::new());
        let shared = Rc::clone(&self.shared);
        let reader = spawn_local(read(Rc::clone(&shared), serial, reader, Rc::clone(&arrived)));
        Ok(Link { shared, serial, writer, sent: 0, reader, arrived })
    }

    /// Sends a step's requests and does what comes then. Gives the connection back if it is still
    /// of use.
    async fn run_step(&self, step: &Step, mut link: Link) -> turmoil::Result<Option<Link>> {
        let told = self.shared.checker.borrow().told(link.serial);
        let mut bytes = render(&step.requests, &told);
        bytes.truncate(sent_len(step.then, bytes.len()));
        self.send(&mut link, &bytes).await;
        match step.then {
            Then::GoOn => {}
            Then::Await => link.wait_for(Link::is_answered).await,
            Then::AwaitFor(patience_us) => {
                let patience = Duration::from_micros(patience_us);
                let is_late = timeout(patience, link.wait_until(Link::is_answered)).await.is_err();
                if is_late && link.is_blocked() {
                    return Ok(None);
                }
                link.wait_for(|link| link.is_answered() || link.is_blocked()).await;
            }
            Then::End => {
                // It fails if the server has closed already.
                let _ = link.writer.shutdown().await;
                link.wait_for(Link::is_closed).await;
            }
            Then::Break(_) => return Ok(None),
        }
        Ok(if link.is_closed() { None } else { Some(link) })
    }

    async fn send(&self, link: &mut Link, mut bytes: &[u8]) {
        self.shared.witness.borrow_mut().sent(link.serial, bytes);
        while !bytes.is_empty() && !link.is_closed() {
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

    async fn wait_until(&self, condition: fn(&Link) -> bool) {
        while !condition(self) {
            let _ = timeout(LOOK_INTERVAL, self.arrived.notified()).await;
        }
    }

    async fn wait_for(&self, condition: fn(&Link) -> bool) {
        if timeout(PATIENCE, self.wait_until(condition)).await.is_err() {
            let text = "a client waits for replies for ever".into();
            self.shared.tell(|checker| checker.fail(self.serial, text));
        }
    }
}

async fn read(shared: Rc<Shared>, serial: u64, mut reader: OwnedReadHalf, arrived: Rc<Notify>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer).await {
            Ok(0) => break shared.tell(|checker| checker.closed(serial)),
            Ok(len) => {
                shared.witness.borrow_mut().read(serial, &buffer[..len]);
                shared.tell(|checker| checker.sent(serial, &buffer[..len]));
            }
            Err(error) => {
                break shared.tell(|checker| checker.fail(serial, format!("reading: {error}")));
            }
        }
        arrived.notify_one();
    }
    arrived.notify_one();
}
