//! Runs a recorded server again, and tells where it does not do the same.
//!
//! [`Replay`] is one more driver of [`kv_proto::server::Server`]: it makes the calls that a
//! [`tape`] tells of, and compares what comes out with what came out then. [`run`] does so to the
//! end of a recording, or to the first difference, which is a bug of the server, or a change in it
//! since the recording was made. A panic ends it too, and is told with the request that led to it.

mod client;
mod host;
pub mod tape;

pub use client::Client;

use crate::panics::catch;
use crate::trace::{Direction, Trace};
use crate::wire::quoted;
use host::{Answers, RecordedHost};
use kv_core::config::{self, LoadError, Loader, Step as LoadStep};
use kv_core::kernel::Kernel;
use kv_core::now::Now;
use kv_core::session::Peer;
use kv_proto::dialect::Terms;
use kv_proto::recording::{Input, Output, Start, checksum};
use kv_proto::server::{ConnectionId, Server};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use tape::{Ending, Step, Tape, TapeError};

/// The most servers that a kernel has mailboxes for.
const SERVERS_MAX: u64 = kv_core::mailbox::POSTS_MAX as u64;

/// The most shards that a recorded server can have had.
const SHARDS_MAX: u64 = 1 << 16;

/// Where a replay stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Behind this record.
    Record(u64),
    /// Before the first record of a later time, in microseconds since the start.
    ElapsedUs(u64),
}

impl Until {
    fn is_before(self, step: &Step, start: Now) -> bool {
        match self {
            Self::Record(number) => step.number > number,
            Self::ElapsedUs(us) => elapsed_us(start, step.now) > us,
        }
    }
}

/// How a replay ended.
#[derive(Debug)]
pub enum Outcome {
    /// Everything was as it was, to the end of the recording.
    Same(Ending),
    /// Everything was as it was, up to where it was to stop.
    Stopped,
    /// Something was not.
    Different(Box<Difference>),
}

/// What was not as it was.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The record's number.
    pub record: u64,
    /// The time, in microseconds since the start.
    pub elapsed_us: u64,
    /// What is wrong.
    pub mismatch: Mismatch,
    /// The last requests of the connections that it may be about: the one that the record names,
    /// otherwise those that have received something since requests were run.
    pub last_requests: Vec<LastRequest>,
}

/// The last request that came whole on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRequest {
    /// The server's number.
    pub server: usize,
    /// The connection.
    pub connection: usize,
    /// The request, shortened.
    pub text: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, elapsed_us, mismatch, last_requests } = self;
        write!(f, "record {record}, {} s after the start: {mismatch}", seconds(*elapsed_us))?;
        last_requests.iter().try_for_each(|LastRequest { server, connection, text }| {
            write!(f, "\nthe last request of s{server} c{connection}: {text}")
        })
    }
}

/// Why the server does not do as it did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// A call cannot be made.
    #[error("there is no server {0}")]
    NoServer(usize),
    /// The same.
    #[error("there is no connection c{0}")]
    NoConnection(usize),
    /// The server gives less room to read to.
    #[error("{0} bytes were received, and there is room for {1}")]
    NoRoom(usize, usize),
    /// It gave something else.
    #[error("it gave {expected}, and now gives {actual}", expected = shown(.0), actual = shown(.1))]
    Output(Option<Output>, Option<Output>),
    /// It sends less.
    #[error("{0} bytes were sent, and now there are {1}: {2}")]
    Length(usize, usize, String),
    /// It sends something else.
    #[error("other bytes were sent than these: {0}")]
    Bytes(String),
    /// It panics.
    #[error("it {0}")]
    Panic(String),
}

fn shown(output: &Option<Output>) -> String {
    output.map_or("nothing".into(), |output| format!("{output:?}"))
}

/// What came of a replay, and the server as it was left.
#[derive(Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// How many records were run.
    pub records: u64,
    /// The number that equals another run's exactly if all inputs and outputs were equal.
    pub trace: u64,
    /// The server.
    pub replay: Replay,
}

/// Why there is nothing to replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is no recording.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// Its settings are none.
    #[error("the recording's settings are not those of this program: {0}")]
    Settings(#[from] LoadError),
    /// Its numbers are none that a server starts with.
    #[error("the recording is of {servers} event loops and {shards} shards, which no server has")]
    Shape {
        /// Event loops.
        servers: u64,
        /// Shards.
        shards: u64,
    },
}

/// Replays a recording, and shows `watch` each record once it has run.
pub fn run(
    source: impl Read,
    until: Option<Until>,
    watch: &mut dyn FnMut(&Step, &Replay),
) -> Result<Report, ReplayError> {
    let mut tape = Tape::open(source)?;
    let mut replay = Replay::new(tape.start())?;
    let mut records = 0;
    let outcome = loop {
        let Some(step) = tape.next()? else { break Outcome::Same(tape.ending()) };
        if until.is_some_and(|until| until.is_before(&step, replay.start)) {
            break Outcome::Stopped;
        }
        records = step.number;
        if let Err(mismatch) = replay.step(&step) {
            break Outcome::Different(Box::new(replay.difference(&step, mismatch)));
        }
        watch(&step, &replay);
    };
    Ok(Report { outcome, records, trace: replay.trace.hash(), replay })
}

/// A server that runs again.
#[derive(Debug)]
pub struct Replay {
    kernel: Arc<Kernel>,
    answers: Arc<Answers>,
    servers: Vec<Option<Server>>,
    /// By the number of the server and the index of the connection.
    clients: BTreeMap<(usize, usize), Client>,
    start: Now,
    now: Now,
    trace: Trace,
    /// What was sent by the last call.
    sent: Vec<u8>,
    other_questions: u64,
    /// Who received something that was not run yet.
    fresh: BTreeSet<(usize, usize)>,
}

impl Replay {
    /// A server as it was when the recording began.
    pub fn new(start: &Start) -> Result<Self, ReplayError> {
        let Start { seed, shards, servers, now, .. } = *start;
        if !(1..=SERVERS_MAX).contains(&servers) || shards > SHARDS_MAX || !shards.is_power_of_two()
        {
            return Err(ReplayError::Shape { servers, shards });
        }
        let mut loader = Loader::default();
        for directive in config::parse("settings", &start.settings)? {
            // A file to include would be no setting of the server.
            let (LoadStep::Next | LoadStep::Include(_)) = loader.apply(&directive)?;
        }
        let answers = Arc::<Answers>::default();
        let host = RecordedHost::new(start.facts.clone(), Arc::clone(&answers));
        let kernel = Kernel::new(loader.finish(), shards as usize, seed, Box::new(host), now);
        let kernel = Arc::new(kernel);
        let servers = (0..servers).map(|_| Some(Server::new(Arc::clone(&kernel)))).collect();
        Ok(Self {
            kernel,
            answers,
            servers,
            clients: BTreeMap::new(),
            start: now,
            now,
            trace: Trace::new(false),
            sent: Vec::new(),
            other_questions: 0,
            fresh: BTreeSet::new(),
        })
    }

    /// Makes a call, and compares what comes of it.
    pub fn step(&mut self, step: &Step) -> Result<(), Mismatch> {
        self.now = step.now;
        self.sent.clear();
        self.answers.expect(&step.answers);
        let made = catch(|| self.call(step));
        let output = made.unwrap_or_else(|said| Err(Mismatch::Panic(said)))?;
        if !step.is_whole {
            // What came of it was lost with the process that was recorded.
            return Ok(());
        }
        self.other_questions += u64::from(self.answers.have_differed());
        if output == step.output { Ok(()) } else { Err(Mismatch::Output(step.output, output)) }
    }

    /// The kernel, with all data.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// The connections that are open, by the numbers of their servers and their own, with the last
    /// of what was said on them.
    pub fn clients(&self) -> &BTreeMap<(usize, usize), Client> {
        &self.clients
    }

    /// In how many calls the kernel has asked the machine for something else than it did, or more or
    /// less often. 0 in the version that was recorded; another may look at the clock more often, and
    /// that is no difference to anybody.
    pub fn other_questions(&self) -> u64 {
        self.other_questions
    }

    /// What was sent, if the last record is about that.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// The time as of the last record.
    pub fn now(&self) -> Now {
        self.now
    }

    /// The same, in microseconds since the start.
    pub fn elapsed_us(&self) -> u64 {
        elapsed_us(self.start, self.now)
    }

    fn difference(&self, step: &Step, mismatch: Mismatch) -> Difference {
        let named = step.connection().map(|connection| (step.server, connection));
        let others = self.fresh.iter().copied().filter(|_| named.is_none());
        let last_request = |(server, connection)| {
            let text = self.clients.get(&(server, connection))?.requests().last()?.to_string();
            Some(LastRequest { server, connection, text })
        };
        let last_requests = named.into_iter().chain(others).filter_map(last_request).collect();
        let elapsed_us = elapsed_us(self.start, step.now);
        Difference { record: step.number, elapsed_us, mismatch, last_requests }
    }

    fn call(&mut self, step: &Step) -> Result<Option<Output>, Mismatch> {
        let now = step.now;
        self.note(step);
        match step.input.clone() {
            Input::Accept(peer, terms) => return self.accept(step, peer, terms),
            Input::Room(connection) => {
                let (server, id) = self.place(step.server, connection)?;
                server.input(id);
            }
            Input::Received(connection) => {
                self.receive(step.server, connection, &step.received)?;
            }
            Input::EndOfInput(connection) => {
                let (server, id) = self.place(step.server, connection)?;
                server.handle_end_of_input(id);
            }
            Input::Lost(connection) => {
                let (server, id) = self.place(step.server, connection)?;
                server.handle_lost(id);
                self.clients.remove(&(step.server, connection));
            }
            Input::Execute => {
                self.server(step.server)?.execute(now);
                self.fresh.retain(|&(server, _)| server != step.server);
            }
            Input::Timeout => self.server(step.server)?.handle_timeout(now),
            Input::Mail => self.server(step.server)?.handle_mail(now),
            Input::JoinIn => self.server(step.server)?.join_in(now),
            Input::Sent { connection, len, checksum } => {
                self.send(step, connection, len, checksum)?;
            }
            Input::Poll => return self.poll(step.server),
            Input::Close => {
                self.server(step.server)?;
                self.servers[step.server] = None;
                self.clients.retain(|&(server, _), _| server != step.server);
            }
        }
        Ok(None)
    }

    fn accept(
        &mut self,
        step: &Step,
        peer: Peer,
        terms: Terms,
    ) -> Result<Option<Output>, Mismatch> {
        let address = peer.address.clone();
        let id = self.server(step.server)?.handle_accept(step.now, peer, terms);
        let client = Client::new(id, address, terms.dialect);
        self.clients.insert((step.server, id.index()), client);
        Ok(Some(Output::Opened(id.index())))
    }

    fn receive(&mut self, server: usize, connection: usize, bytes: &[u8]) -> Result<(), Mismatch> {
        let (there, id) = self.place(server, connection)?;
        let room = there.input(id);
        if room.len() < bytes.len() {
            return Err(Mismatch::NoRoom(bytes.len(), room.len()));
        }
        room[..bytes.len()].copy_from_slice(bytes);
        there.handle_received(id, bytes.len());
        self.fresh.insert((server, connection));
        let client = self.clients.get_mut(&(server, connection));
        client.expect("it was found").receive(bytes);
        Ok(())
    }

    fn send(
        &mut self,
        step: &Step,
        connection: usize,
        len: usize,
        recorded: u32,
    ) -> Result<(), Mismatch> {
        let (server, id) = self.place(step.server, connection)?;
        let output = server.output(id);
        let Some(bytes) = output.get(..len).map(<[u8]>::to_vec) else {
            return Err(Mismatch::Length(len, output.len(), quoted(output)));
        };
        if checksum(&bytes) != recorded {
            return Err(Mismatch::Bytes(quoted(&bytes)));
        }
        server.handle_sent(step.now, id, len);
        let client = self.clients.get_mut(&(step.server, connection));
        client.expect("it was found").send(&bytes);
        self.fold(step, Direction::Sent, connection, &bytes);
        self.sent = bytes;
        Ok(())
    }

    fn poll(&mut self, server: usize) -> Result<Option<Output>, Mismatch> {
        let event = self.server(server)?.poll_event().map(Output::from);
        if let Some(Output::Closed(connection)) = event {
            self.clients.remove(&(server, connection));
        }
        Ok(event)
    }

    /// Counts the call in the trace.
    fn note(&mut self, step: &Step) {
        let connection = step.connection().unwrap_or_default();
        let direction = match step.input {
            Input::Accept(..) => Direction::Open,
            Input::Received(_) => Direction::Received,
            Input::EndOfInput(_) => Direction::EndOfInput,
            Input::Lost(_) => Direction::Lost,
            Input::Execute => Direction::Execute,
            Input::Close => Direction::Closed,
            _ => return,
        };
        self.fold(step, direction, connection, &step.received);
    }

    fn fold(&mut self, step: &Step, direction: Direction, connection: usize, bytes: &[u8]) {
        let id = (step.server as u64) << 32 | connection as u64;
        self.trace.record(step.now.mono_us, id, direction, bytes);
    }

    fn server(&mut self, number: usize) -> Result<&mut Server, Mismatch> {
        self.servers.get_mut(number).and_then(Option::as_mut).ok_or(Mismatch::NoServer(number))
    }

    fn place(
        &mut self,
        server: usize,
        connection: usize,
    ) -> Result<(&mut Server, ConnectionId), Mismatch> {
        let client = self.clients.get(&(server, connection));
        let id = client.ok_or(Mismatch::NoConnection(connection))?.id();
        Ok((self.server(server)?, id))
    }
}

fn elapsed_us(start: Now, now: Now) -> u64 {
    now.mono_us.saturating_sub(start.mono_us)
}

/// Microseconds as seconds.
pub fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}
