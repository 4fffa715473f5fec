//! The checker: told what the server received, in its order, and what clients got, it decides
//! whether every reply is there once, in order, with the value that the model gives.

use crate::Summary;
use crate::failure::{Check, Failure, Violation};
use crate::model::{Bytes, Expect, Flaw, Hit, Hits, Keys, Letter, Model, Page, Scan, Session};
use crate::speech;
use crate::trace::{Direction, Trace};
use crate::wire::{self, Request, Value, quoted};
use kv_proto::dialect::Dialect;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Checks one run.
#[derive(Debug)]
pub struct Checker {
    model: Model,
    connections: BTreeMap<u64, Connection>,
    servers: BTreeMap<usize, ServerState>,
    /// Which client had which connection, in order of opening.
    owners: Vec<usize>,
    requests: u64,
    replies: u64,
    time_us: u64,
    /// With more unsent bytes of replies than this, a connection pauses.
    output_soft_max: usize,
    /// With more unsent bytes than this, a subscriber's connection is closed.
    audience_hard_max: usize,
    /// Clients beyond so many are refused.
    clients_max: usize,
    certainty: Certainty,
    trace: Trace,
    failure: Option<Failure>,
}

/// How certain it is what a reply has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Exactly what the model says.
    Full,
    /// What the model says, or that memory is short. Then nothing has changed.
    MayRefuse,
    /// Any key may be gone at any time.
    MayLose,
}

/// What a server has to do.
#[derive(Debug, Default)]
struct ServerState {
    /// Which connections received something since the last execution, the first to do so first.
    ready: Vec<u64>,
    /// Which connections have letters, the first to get one first.
    post: Vec<u64>,
}

/// A connection's place: its server, and its number there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The server's number.
    pub server: usize,
    /// The connection's number.
    pub index: usize,
}

/// Whether a connection's requests run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Waiting {
    /// They do.
    #[default]
    No,
    /// One waits for data.
    Yes,
    /// One has waited, and its reply is among the letters.
    Answered,
    /// They are put off, since clients are paused.
    Held,
}

impl Waiting {
    /// Whether a request waits for its reply, so that no letter is passed on in its turn.
    fn is_for_reply(self) -> bool {
        matches!(self, Self::Yes | Self::Answered)
    }
}

#[derive(Debug, Default)]
struct Connection {
    session: Session,
    dialect: Dialect,
    place: Place,
    waiting: Waiting,
    /// If its requests are put off: when they come again, as the server saw it last, in microseconds
    /// since the run began.
    held_until_us: i64,
    /// It has letters that its server has not passed on.
    has_mail: bool,
    /// Messages that have to come, in order.
    pushes: VecDeque<DuePush>,
    /// How many replies there have been or have to be.
    owed: u64,
    /// How many replies there have been.
    matched: u64,
    /// The server has given up what there was to send.
    dead: bool,
    /// Received and not yet executed.
    input: Bytes,
    /// Sent by the server and not yet matched.
    output: Bytes,
    due: VecDeque<Due>,
    walk: Option<Walk>,
    /// What the server told, besides a scan's cursor.
    told: Told,
    /// The client said that it will send no more.
    ended: bool,
    /// The client is gone, so that nobody sees the replies.
    cut: bool,
    /// How many bytes the server has received.
    received: usize,
    /// How many bytes of replies and messages the server has made.
    made: usize,
    /// How many of them are letters that its server has not passed on.
    undelivered: usize,
    /// How many bytes of replies the server has handed on.
    taken: usize,
    /// Nothing is run until the server has handed on more.
    paused: bool,
    /// There were too many clients.
    refused: bool,
}

/// What the server told a client, and the client may use again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Where a scan goes on; 0 if none is under way.
    pub cursor: u64,
    /// What DUMP gave last.
    pub payload: Bytes,
    /// What DIGEST gave last.
    pub digest: Bytes,
}

impl Told {
    fn note(&mut self, request: &[Bytes], dialect: Dialect, reply: &[u8]) {
        let place = match request[0].to_ascii_uppercase().as_slice() {
            b"DUMP" => &mut self.payload,
            b"DIGEST" => &mut self.digest,
            _ => return,
        };
        if let Ok(Some((Value::Blob(_, bytes), _))) = speech::parse_reply(dialect, reply) {
            *place = bytes;
        }
    }
}

/// A message that has to come.
#[derive(Debug)]
struct DuePush {
    bytes: Bytes,
    /// After so many replies at least.
    after: u64,
    /// After so many replies at most.
    before: u64,
}

/// A reply that has to come.
#[derive(Debug)]
struct Due {
    request: Vec<Bytes>,
    dialect: Dialect,
    expect: Expect,
    /// The reply's bytes, if they are known.
    bytes: Option<Bytes>,
    /// How many they are, or about how many.
    len: usize,
}

/// A scan from its beginning, as far as it got.
#[derive(Debug)]
struct Walk {
    cursor: u64,
    database: usize,
    /// The keys that were there all the time.
    constant: Keys,
    /// How often each key was returned.
    seen: BTreeMap<Bytes, u32>,
}

impl Checker {
    /// A checker of a run that has just begun.
    pub fn new(flaw: Option<Flaw>, verbose: bool) -> Self {
        Self {
            model: Model::new(flaw),
            connections: BTreeMap::new(),
            servers: BTreeMap::new(),
            owners: Vec::new(),
            requests: 0,
            replies: 0,
            time_us: 0,
            output_soft_max: usize::MAX,
            audience_hard_max: usize::MAX,
            clients_max: usize::MAX,
            certainty: Certainty::Full,
            trace: Trace::new(verbose),
            failure: None,
        }
    }

    /// The server lets connections pause that have more unsent bytes of replies than this.
    pub fn limit_output(&mut self, soft_max: usize) {
        self.output_soft_max = soft_max;
    }

    /// The server closes the connections of subscribers that have more unsent bytes than this.
    pub fn limit_audience(&mut self, hard_max: usize) {
        self.audience_hard_max = hard_max;
    }

    /// The server refuses clients beyond so many. Only where it learns of a client's end when the
    /// checker does.
    pub fn limit_clients(&mut self, max: usize) {
        self.clients_max = max;
    }

    /// Memory may be short.
    pub fn limit_memory(&mut self, certainty: Certainty) {
        self.certainty = certainty;
    }

    /// What the clients have stored, as far as that is certain.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How many replies were checked.
    pub fn replies(&self) -> u64 {
        self.replies
    }

    /// How many requests were run.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// How certain it is what a reply has to be.
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// The time of what is told from now on, in microseconds since the run began.
    pub fn at(&mut self, time_us: u64) -> &mut Self {
        self.time_us = time_us;
        self.model.at(time_us);
        self
    }

    /// The server's wall clock is about to be set back, from this time on, in milliseconds since the
    /// Unix epoch.
    pub fn set_back(&mut self, unix_ms: i64) {
        self.model.set_back(unix_ms);
    }

    /// The server has crashed and lost all data: what it had received has no effect any more, and
    /// clients may miss replies.
    pub fn restart(&mut self) {
        self.model = self.model.anew();
        self.model.at(self.time_us);
        self.servers.clear();
        self.connections.values_mut().for_each(|connection| connection.break_off());
    }

    /// A connection of a client, by position, was opened; gives the number it has here.
    pub fn open(&mut self, place: Place, client: usize, dialect: Dialect) -> u64 {
        self.owners.push(client);
        let id = self.owners.len() as u64;
        let mut session = Session::new(id);
        session.has_one_version = dialect != Dialect::Resp;
        let mut connection = Connection { session, dialect, place, ..Connection::default() };
        let accepted = self.connections.values().filter(|connection| !connection.refused).count();
        if accepted >= self.clients_max {
            connection.refuse();
        }
        self.connections.insert(id, connection);
        self.note(id, Direction::Open, b"");
        id
    }

    /// The server received these bytes.
    pub fn received(&mut self, id: u64, bytes: &[u8]) {
        self.note(id, Direction::Received, bytes);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.input.extend_from_slice(bytes);
        connection.received += bytes.len();
        self.make_ready(id);
    }

    /// The server learnt that the client will send no more.
    pub fn end_of_input(&mut self, id: u64) {
        self.note(id, Direction::EndOfInput, b"");
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.ended = true;
            self.make_ready(id);
        }
    }

    /// The connection broke: what was not executed never will be, and replies may be missing.
    pub fn lost(&mut self, id: u64) {
        self.note(id, Direction::Lost, b"");
        self.gone(id);
        self.connections.remove(&id);
    }

    /// The connection broke, but the client may still get what was sent before.
    pub fn broken(&mut self, id: u64) {
        self.note(id, Direction::Lost, b"");
        self.gone(id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.break_off();
        }
    }

    /// The server is done with the connection. The client may still have to get what was sent.
    pub fn gone(&mut self, id: u64) {
        self.model.end(id);
        for server in self.servers.values_mut() {
            server.ready.retain(|&ready| ready != id);
        }
    }

    /// The client is gone and will see no more replies, but the server may not know that yet.
    pub fn cut(&mut self, id: u64) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.cut = true;
            self.note(id, Direction::Cut, b"");
        }
    }

    /// The server of this number ran what it had received, at `unix_us`. `output` gives what it has
    /// for a connection that it has not handed on yet: the model does not know what chance decides,
    /// when memory is short, and how long replies are that it does not know, on which it depends
    /// when a connection pauses.
    pub fn execute<'o>(&mut self, server: usize, unix_us: u64, output: impl Fn(u64) -> &'o [u8]) {
        self.note(server as u64, Direction::Execute, b"");
        let ready = std::mem::take(&mut self.server(server).ready);
        if ready.is_empty() {
            return;
        }
        for id in ready {
            self.run(id, unix_us as i64, output(id));
        }
        self.model.publish_changes();
        self.pass_letters();
        self.handle_mail(server);
    }

    /// Runs what a connection has received.
    fn run(&mut self, id: u64, now_us: i64, output: &[u8]) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.has_mail &= connection.waiting.is_for_reply();
        }
        self.deliver(id);
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let certainty = self.certainty;
            let mut oracle = Oracle { model: &mut self.model, now_us, certainty };
            if !connection.step(&mut oracle, self.output_soft_max, output) {
                break;
            }
            self.requests += 1;
            self.pass_letters();
            self.deliver_own(id);
            self.limit(id);
        }
        self.note_hold(id);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.waiting != Waiting::No && connection.ended {
            // Nobody is there to get the reply.
            connection.dead = true;
            self.model.stop_waiting(id);
        }
    }

    /// What there is to be told on a connection that does not wait is written.
    fn deliver(&mut self, id: u64) {
        let hard_max = self.audience_hard_max;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if !connection.waiting.is_for_reply() {
            connection.take_letters(hard_max);
        }
    }

    /// If a connection's requests are put off, the server has just seen until when.
    fn note_hold(&mut self, id: u64) {
        let pause_end_us = self.model.pause_end_us().unwrap_or_default().max(self.time_us);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.held_until_us = pause_end_us as i64;
        }
    }

    /// The server of this number runs what it has put off, if clients are paused no more, and sees
    /// until when they are otherwise.
    fn let_go(&mut self, server: usize) {
        for (_, _, id) in self.waits(server) {
            let is_paused = self.model.is_paused();
            self.note_hold(id);
            let connection = self.connections.get_mut(&id).expect("it waits");
            if connection.waiting == Waiting::Held && !is_paused {
                connection.waiting = Waiting::No;
                self.make_ready(id);
            }
        }
    }

    /// What a request tells its own session comes right behind its reply.
    fn deliver_own(&mut self, id: u64) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.waiting == Waiting::No {
            connection.undelivered = 0;
        }
    }

    /// A subscriber that is sent too much is closed.
    fn limit(&mut self, id: u64) {
        let (hard_max, is_listening) = (self.audience_hard_max, self.model.is_listening(id));
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.dead |= is_listening && connection.written() > hard_max;
    }

    fn pass_letters(&mut self) {
        for (id, letter) in self.model.take_letters() {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            match letter {
                Letter::Push(push) => connection.owe_push(&push),
                Letter::Reply(request, expect) => {
                    let made = connection.made;
                    connection.owe(request, expect, &[]);
                    connection.undelivered += connection.made - made;
                    connection.waiting = Waiting::Answered;
                }
            }
            if !std::mem::replace(&mut connection.has_mail, true) {
                let server = connection.place.server;
                self.server(server).post.push(id);
            }
        }
    }

    /// The server of this number passed on the letters for its connections.
    pub fn handle_mail(&mut self, server: usize) {
        let hard_max = self.audience_hard_max;
        if self.model.pause_end_us().is_some() {
            self.let_go(server);
        }
        for id in std::mem::take(&mut self.server(server).post) {
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.has_mail = false;
            connection.take_letters(hard_max);
            if connection.waiting == Waiting::Answered && !connection.dead {
                connection.waiting = Waiting::No;
                self.make_ready(id);
            }
            self.note_hold(id);
        }
    }

    /// The server of this number answered the requests that have waited long enough, and runs those
    /// that were put off for so long.
    pub fn time_out(&mut self, server: usize) {
        let now_us = self.time_us as i64;
        for (_, _, id) in self.waits(server).into_iter().filter(|wait| wait.0 <= now_us) {
            let connection = self.connections.get_mut(&id).expect("it waits");
            if std::mem::take(&mut connection.waiting) != Waiting::Held {
                let (request, nothing) = self.model.time_out(id);
                connection.owe(request, Expect::Exactly(nothing), &[]);
            }
            self.make_ready(id);
        }
    }

    /// Which connections of a server wait, and until when, in the order of that.
    fn waits(&self, server: usize) -> Vec<(i64, usize, u64)> {
        let connections = self.connections.iter().filter(|(_, it)| it.place.server == server);
        let waits = connections.filter_map(|(&id, connection)| {
            let until_us = match connection.waiting {
                Waiting::Held => connection.held_until_us,
                _ => self.model.waits_until_us(id)?,
            };
            Some((until_us, connection.place.index, id))
        });
        let mut waits: Vec<_> = waits.collect();
        waits.sort_unstable();
        waits
    }

    /// A connection whose request waits although it did not want to wait up to this time, in
    /// microseconds since the run began, if there is one.
    pub fn overdue(&self, time_us: u64) -> Option<u64> {
        let late =
            |id: &&u64| self.model.waits_until_us(**id).is_some_and(|at| at < time_us as i64);
        self.connections.keys().find(late).copied()
    }

    /// A connection whose requests are put off although clients are paused no more since before this
    /// time, in microseconds since the run began, if there is one.
    pub fn forgotten(&self, time_us: u64) -> Option<u64> {
        let is_over = self.model.pause_end_us().is_some_and(|end_us| end_us < time_us);
        let mut connections = self.connections.iter().filter(|_| is_over);
        connections.find(|(_, it)| it.waiting == Waiting::Held).map(|(&id, _)| id)
    }

    /// The server handed on so many bytes of replies.
    pub fn handed_on(&mut self, id: u64, len: usize) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.taken += len;
        self.note_hold(id);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.paused && connection.unsent() <= self.output_soft_max / 2 {
            connection.paused = false;
            self.make_ready(id);
        }
    }

    /// The client got these bytes.
    pub fn sent(&mut self, id: u64, bytes: &[u8]) {
        self.note(id, Direction::Sent, bytes);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.output.extend_from_slice(bytes);
        match connection.match_replies() {
            Ok(replies) => self.replies += replies,
            Err(violation) => self.fail(id, violation),
        }
    }

    /// The client saw the server close the connection, after all that the server had sent.
    pub fn closed(&mut self, id: u64) {
        self.note(id, Direction::Closed, b"");
        self.gone(id);
        let Some(connection) = self.connections.remove(&id) else { return };
        if let Err(violation) = connection.check_closed() {
            self.fail(id, violation);
        }
    }

    /// The client saw the connection break, at a time when the server was done with it already.
    pub fn broke(&mut self, id: u64) {
        self.note(id, Direction::Lost, b"");
        if self.connections.remove(&id).is_some_and(|connection| !connection.dead) {
            self.fail(id, Check::Closing.violated("the connection broke without a reason"));
        }
    }

    /// The run is over: nothing may be missing or left over.
    pub fn finish(&mut self) {
        for (id, connection) in std::mem::take(&mut self.connections) {
            if !connection.cut
                && !connection.dead
                && let Err(violation) = connection.check_complete()
            {
                self.fail(id, violation);
            }
        }
    }

    /// Whether the client has got all replies to what the server received, or will get no more.
    pub fn is_answered(&self, id: u64) -> bool {
        let nothing_due = |connection: &Connection| {
            connection.due.is_empty()
                && connection.waiting == Waiting::No
                && connection.pushes.is_empty()
                && connection.output.is_empty()
                && !connection.paused
                && !self.is_ready(connection.place.server, id)
        };
        self.connections.get(&id).is_none_or(nothing_due)
    }

    /// Whether a request of the connection waits for data.
    pub fn is_blocked(&self, id: u64) -> bool {
        self.connections.get(&id).is_some_and(|connection| connection.waiting == Waiting::Yes)
    }

    /// How many bytes the server has received on the connection.
    pub fn received_len(&self, id: u64) -> usize {
        self.connections.get(&id).map_or(0, |connection| connection.received)
    }

    /// Whether the connection is there: neither lost nor closed.
    pub fn is_open(&self, id: u64) -> bool {
        self.connections.contains_key(&id)
    }

    /// Whether the session listens to channels.
    pub fn is_listening(&self, id: u64) -> bool {
        self.model.is_listening(id)
    }

    /// A connection that the server must have closed by now, if there is one.
    pub fn dead(&self) -> Option<u64> {
        self.connections.iter().find(|(_, connection)| connection.dead).map(|(&id, _)| id)
    }

    /// Whether nothing is run on the connection until the client has taken more.
    pub fn is_stopped(&self, id: u64) -> bool {
        self.connections
            .get(&id)
            .is_some_and(|it| it.paused || it.session.closing || it.ended || it.refused)
    }

    /// Whether the server will close the connection after the replies that are due.
    pub fn is_closing(&self, id: u64) -> bool {
        self.connections.get(&id).is_none_or(|connection| connection.session.closing)
    }

    /// What the server told on the connection.
    pub fn told(&self, id: u64) -> Told {
        let Some(connection) = self.connections.get(&id) else { return Told::default() };
        let cursor = connection.walk.as_ref().map_or(0, |walk| walk.cursor);
        Told { cursor, ..connection.told.clone() }
    }

    /// The first failure, if there was one.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Something was wrong.
    pub fn fail(&mut self, connection: u64, violation: Violation) {
        let (time_us, Violation { check, text }) = (self.time_us, violation);
        self.failure.get_or_insert(Failure { time_us, connection, check, text });
    }

    /// The numbers of the run so far.
    pub fn summary(&mut self) -> Summary {
        let mut summary = Summary {
            replies: self.replies,
            connections: self.owners.len() as u64,
            owners: self.owners.clone(),
            elapsed_us: self.time_us,
            ..Summary::default()
        };
        self.trace.summarize(&mut summary);
        summary
    }

    fn server(&mut self, server: usize) -> &mut ServerState {
        self.servers.entry(server).or_default()
    }

    fn is_ready(&self, server: usize, id: u64) -> bool {
        self.servers.get(&server).is_some_and(|server| server.ready.contains(&id))
    }

    fn make_ready(&mut self, id: u64) {
        let Some(connection) = self.connections.get(&id) else { return };
        let server = connection.place.server;
        if !self.is_ready(server, id) {
            self.server(server).ready.push(id);
        }
    }

    fn note(&mut self, id: u64, direction: Direction, bytes: &[u8]) {
        self.trace.record(self.time_us, id, direction, bytes);
    }
}

/// Says what replies have to be.
struct Oracle<'m> {
    model: &'m mut Model,
    now_us: i64,
    certainty: Certainty,
}

impl Oracle<'_> {
    /// `reply` begins with the reply.
    fn run(&mut self, session: &mut Session, request: &[Bytes], reply: &[u8]) -> Expect {
        match self.certainty {
            Certainty::Full => self.model.run(self.now_us, session, request, reply),
            Certainty::MayRefuse => self.model.run_refusable(self.now_us, session, request, reply),
            Certainty::MayLose => self.model.run_loosely(self.now_us, session, request, reply),
        }
    }
}

impl Connection {
    fn refuse(&mut self) {
        self.refused = true;
        self.session.closing = true;
        let expect = Expect::Exactly(Value::error(b"ERR max number of clients reached"));
        self.owe(vec![b"(connecting)".to_vec()], expect, &[]);
    }

    fn unsent(&self) -> usize {
        self.made.saturating_sub(self.taken)
    }

    /// How many bytes the server has written and not handed on.
    fn written(&self) -> usize {
        self.unsent().saturating_sub(self.undelivered)
    }

    /// The server writes what others have told.
    fn take_letters(&mut self, hard_max: usize) {
        if std::mem::take(&mut self.undelivered) > 0 {
            self.dead |= self.written() > hard_max;
        }
    }

    /// Nothing more is run, and nothing more has to come.
    fn break_off(&mut self) {
        self.dead = true;
        self.ended = true;
        self.waiting = Waiting::No;
        self.input.clear();
    }

    /// Runs the next of what was received, if it may run. Whether there was something.
    fn step(&mut self, oracle: &mut Oracle<'_>, soft_max: usize, output: &[u8]) -> bool {
        if self.session.closing || self.paused || self.dead || self.waiting != Waiting::No {
            return false;
        }
        if self.unsent() > soft_max {
            self.paused = true;
            return false;
        }
        match speech::parse_request(self.dialect, &self.input) {
            Request::Incomplete => return false,
            Request::Nothing(len) => drop(self.input.drain(..len)),
            Request::Arguments(request, len) => {
                let reply = self.in_resp(output.get(self.written()..).unwrap_or_default());
                let expect = oracle.run(&mut self.session, &request, &reply);
                if let Expect::Held = expect {
                    self.waiting = Waiting::Held;
                    return false;
                }
                self.input.drain(..len);
                self.expect(request, expect, output);
            }
            Request::Malformed(text) => {
                self.session.closing = true;
                let text = format!("ERR Protocol error: {text}");
                let expect = Expect::Exactly(Value::error(text.as_bytes()));
                let input = std::mem::take(&mut self.input);
                match self.dialect {
                    Dialect::Tlv | Dialect::TlvStrict => {}
                    _ => self.owe(vec![input], expect, output),
                }
            }
        }
        if self.session.closing {
            self.input.clear();
        }
        true
    }

    /// A request has run.
    fn expect(&mut self, request: Vec<Bytes>, expect: Expect, output: &[u8]) {
        match expect {
            Expect::Later => self.waiting = Waiting::Yes,
            Expect::Several(values) => {
                if wire::ends_subscriptions(&request) {
                    let owed = self.owed;
                    self.pushes.iter_mut().for_each(|push| push.before = push.before.min(owed));
                }
                for value in values {
                    self.owe(request.clone(), Expect::Exactly(value), output);
                }
            }
            expect => self.owe(request, expect, output),
        }
    }

    /// The reply at the beginning of `output`, as the model knows replies.
    fn in_resp<'o>(&self, output: &'o [u8]) -> Cow<'o, [u8]> {
        if self.dialect == Dialect::Resp {
            return Cow::Borrowed(output);
        }
        let parsed = speech::parse_reply(self.dialect, output).ok().flatten();
        Cow::Owned(parsed.map_or(Bytes::new(), |(value, _)| value.bytes()))
    }

    /// A message has to come.
    fn owe_push(&mut self, push: &Value) {
        let bytes = speech::push_bytes(self.dialect, push);
        self.made += bytes.len();
        self.undelivered += bytes.len();
        self.pushes.push_back(DuePush { bytes, after: self.owed, before: u64::MAX });
    }

    /// A reply has to come, or the connection's end instead of it; `output` is what the server has
    /// made and not sent.
    fn owe(&mut self, request: Vec<Bytes>, expect: Expect, output: &[u8]) {
        let is_error = matches!(&expect, Expect::Exactly(Value::Line(b'-', _)));
        if is_error && self.dialect == Dialect::Tlv {
            self.session.closing = true;
            return;
        }
        let mut due = Due::new(request, expect.carried(self.dialect), self.dialect);
        let rest = output.get(self.written()..).unwrap_or_default();
        if due.bytes.is_none()
            && let Ok(Some((_, len))) = speech::parse_reply(self.dialect, rest)
        {
            due.len = len;
        }
        self.made += due.len;
        self.due.push_back(due);
        self.owed += 1;
    }

    /// Matches the replies that are complete, and says how many they were.
    fn match_replies(&mut self) -> Result<u64, Violation> {
        let (mut at, mut replies) = (0, 0);
        while at < self.output.len() {
            let rest = &self.output[at..];
            if let Some(push) = self.pushes.front() {
                let parsed = speech::parse_reply(self.dialect, rest);
                let parsed = parsed.map_err(|text| Check::Replies.violated(text))?;
                let Some((_, len)) = parsed else { break };
                if rest[..len] == push.bytes {
                    push.check_time(self.matched)?;
                    self.pushes.pop_front();
                    at += len;
                    continue;
                }
            }
            let Some(due) = self.due.front() else {
                let pushes: Vec<_> = self.pushes.iter().map(|push| quoted(&push.bytes)).collect();
                let text = format!("surplus bytes {}, messages due {pushes:?}", quoted(rest));
                return Err(Check::ReplyCount.violated(text));
            };
            let matched = due.match_reply(rest, &mut self.walk);
            let matched = matched.map_err(|text| Check::Replies.violated(text))?;
            let Some(len) = matched else { break };
            self.told.note(&due.request, self.dialect, rest);
            // It may not have been seen before.
            self.made = self.made - due.len + len;
            self.due.pop_front();
            self.matched += 1;
            at += len;
            replies += 1;
        }
        self.output.drain(..at);
        Ok(replies)
    }

    fn check_closed(&self) -> Result<(), Violation> {
        if self.dead {
            return Ok(());
        }
        self.check_complete()?;
        let expected = self.session.closing || self.ended;
        if expected {
            return Ok(());
        }
        Err(Check::Closing.violated("the server closed without a reason"))
    }

    fn check_complete(&self) -> Result<(), Violation> {
        // A connection that is about to close may be told of nothing more.
        if let Some(push) = self.pushes.front().filter(|_| !self.session.closing && !self.ended) {
            let text = format!("the message {} is missing", quoted(&push.bytes));
            return Err(Check::Messages.violated(text));
        }
        let Some(due) = self.due.front() else {
            if self.output.is_empty() {
                return Ok(());
            }
            let text = format!("surplus {}", quoted(&self.output));
            return Err(Check::ReplyCount.violated(text));
        };
        let (missing, after) = (self.due.len(), quoted(&self.output));
        let first = due.show();
        let text = format!("{missing} replies are missing, that to {first} first; got {after}");
        Err(Check::ReplyCount.violated(text))
    }
}

impl DuePush {
    /// Whether it may come after so many replies.
    fn check_time(&self, replies: u64) -> Result<(), Violation> {
        let when = match () {
            () if replies < self.after => "early",
            () if replies > self.before => "late",
            () => return Ok(()),
        };
        Err(Check::Messages.violated(format!("{} comes {when}", quoted(&self.bytes))))
    }
}

/// Whether `output` is exactly the reply that `expect` wants; the error explains.
pub(crate) fn judge(request: &[Bytes], expect: Expect, output: &[u8]) -> Result<(), String> {
    let due = Due::new(request.to_vec(), expect, Dialect::Resp);
    match due.match_reply(output, &mut None)? {
        Some(len) if len == output.len() => Ok(()),
        _ => Err(due.mismatch(output, "a reply of another length")),
    }
}

impl Due {
    fn new(request: Vec<Bytes>, expect: Expect, dialect: Dialect) -> Self {
        let value = match &expect {
            Expect::Exactly(value) => Some(value),
            _ => None,
        };
        let bytes = value.and_then(|value| speech::exact_bytes(dialect, value));
        let about_len = || value.map_or(0, |value| speech::about_len(dialect, value));
        let len = bytes.as_ref().map_or_else(about_len, Vec::len);
        Self { request, dialect, expect, bytes, len }
    }

    fn show(&self) -> String {
        let words: Vec<String> = self.request.iter().map(|arg| quoted(arg)).collect();
        words.join(" ")
    }

    /// The length of the reply at the beginning of `output`, or nothing if it is not complete.
    fn match_reply(&self, output: &[u8], walk: &mut Option<Walk>) -> Result<Option<usize>, String> {
        if let Some(bytes) = &self.bytes {
            return self.match_bytes(output, bytes);
        }
        let parsed = speech::parse_reply(self.dialect, output);
        let Some((reply, len)) = parsed.map_err(|text| self.mismatch(output, &text))? else {
            return Ok(None);
        };
        let fits = self.fits(&self.expect, &reply, walk);
        match fits {
            Ok(true) => Ok(Some(len)),
            Ok(false) => Err(self.mismatch(&output[..len], &format!("{:?}", self.expect))),
            Err(text) => Err(self.mismatch(&output[..len], &text)),
        }
    }

    /// Whether a reply is what `expect` wants.
    fn fits(
        &self,
        expect: &Expect,
        reply: &Value,
        walk: &mut Option<Walk>,
    ) -> Result<bool, String> {
        match expect {
            Expect::Exactly(value) => Ok(*reply == *value),
            Expect::AnyOrder(values) => Ok(is_array_of(reply, values)),
            Expect::Pairs(kind, pairs) => Ok(is_pairs(reply, *kind, pairs)),
            Expect::Drawn { from, len, differ } => Ok(is_drawn(reply, from, *len, *differ)),
            Expect::OneOf(values) => Ok(values.contains(reply)),
            Expect::Beginning(kinds) => Ok(begins(&reply.bytes(), kinds)),
            Expect::Between(least, most) => Ok(is_int_between(reply, *least, *most)),
            Expect::Member(keys, null) => Ok(is_member(reply, keys, null)),
            Expect::Members { kind, of, len, may_repeat } => Ok(members_in(reply, *kind, of)
                .is_some_and(|(members, different)| {
                    members == *len && (*may_repeat || different == members)
                })),
            Expect::Hits(hits) => Ok(is_search(reply, hits)),
            Expect::Page(page) => Ok(is_page(reply, page)),
            Expect::Like(pattern) => Ok(is_like(reply, pattern)),
            Expect::Never(reason) => Err((*reason).into()),
            Expect::Scan(scan) => scan_step(scan, reply, walk),
            Expect::Hello(protocol) => Ok(is_hello(reply, *protocol)),
            Expect::Each(expects) => {
                let Value::Many(b'*', items) = reply else { return Ok(false) };
                let mut pairs = expects.iter().zip(items);
                let all = pairs.try_fold(true, |all, (expect, item)| {
                    Ok::<_, String>(all && self.fits(expect, item, walk)?)
                })?;
                Ok(all && items.len() == expects.len())
            }
            Expect::Several(values) => Ok(values.len() == 1 && *reply == values[0]),
            Expect::Later | Expect::Held => Err("nothing yet".into()),
        }
    }

    fn match_bytes(&self, output: &[u8], expected: &[u8]) -> Result<Option<usize>, String> {
        let len = output.len().min(expected.len());
        if output[..len] == expected[..len] {
            return Ok((len == expected.len()).then_some(len));
        }
        // A wrong reply is told of when all of it is there.
        match speech::parse_reply(self.dialect, output) {
            Ok(None) => Ok(None),
            Ok(Some((_, len))) => Err(self.mismatch(&output[..len], &quoted(expected))),
            Err(_) => Err(self.mismatch(output, &quoted(expected))),
        }
    }

    fn mismatch(&self, got: &[u8], expected: &str) -> String {
        let expected: String = expected.chars().take(1000).collect();
        format!("the reply to {} is {}, expected {expected}", self.show(), quoted(got))
    }
}

fn is_array_of(reply: &Value, values: &[Value]) -> bool {
    let Value::Many(b'*', items) = reply else { return false };
    let mut items = items.clone();
    let mut values = values.to_vec();
    items.sort();
    values.sort();
    items == values
}

fn is_pairs(reply: &Value, kind: u8, pairs: &[[Value; 2]]) -> bool {
    let Value::Many(found, items) = reply else { return false };
    let mut items: Vec<_> = items.chunks(2).map(<[Value]>::to_vec).collect();
    let mut pairs: Vec<_> = pairs.iter().map(|pair| pair.to_vec()).collect();
    items.sort();
    pairs.sort();
    *found == kind && items == pairs
}

fn is_drawn(reply: &Value, from: &[Vec<Value>], len: usize, differ: bool) -> bool {
    let Value::Many(b'*', items) = reply else { return false };
    let width = from.first().map_or(1, Vec::len);
    let mut drawn: Vec<&[Value]> = items.chunks(width).collect();
    let (drawn_len, known) = (drawn.len(), from.iter().map(|parts| &parts[..]).collect());
    drawn.sort();
    drawn.dedup();
    let are_known = is_subset(&drawn, &known);
    are_known && drawn_len == len && (!differ || drawn.len() == len)
}

fn is_subset(some: &[&[Value]], of: &BTreeSet<&[Value]>) -> bool {
    some.iter().all(|parts| of.contains(parts))
}

/// Whether a reply begins with one of these bytes, or is an error that clients can bring about.
fn begins(reply: &[u8], kinds: &str) -> bool {
    let errors: [&[u8]; 4] = [b"-ERR ", b"-WRONGTYPE ", b"-OOM ", b"-BUSYKEY "];
    kinds.as_bytes().contains(&reply[0]) || errors.iter().any(|error| reply.starts_with(error))
}

fn is_int_between(reply: &Value, least: i64, most: i64) -> bool {
    let Value::Line(b':', text) = reply else { return false };
    wire::parse_int(text).is_some_and(|value| (least..=most).contains(&value))
}

fn is_member(reply: &Value, keys: &Keys, null: &Value) -> bool {
    match reply {
        Value::Blob(b'$', key) => keys.contains_key(key),
        other => keys.is_empty() && other == null,
    }
}

/// How many members a reply has, and how many different ones, if all are of these.
fn members_in(reply: &Value, kind: u8, of: &BTreeSet<Bytes>) -> Option<(usize, usize)> {
    let Value::Many(found, items) = reply else { return None };
    let members = items.iter().map(|item| match item {
        Value::Blob(b'$', member) => of.get(member),
        _ => None,
    });
    let different: BTreeSet<&Bytes> = members.collect::<Option<_>>()?;
    (*found == kind).then_some((items.len(), different.len()))
}

fn is_page(reply: &Value, page: &Page) -> bool {
    let Value::Many(b'*', parts) = reply else { return false };
    let [Value::Blob(b'$', cursor), Value::Many(b'*', items)] = &parts[..] else { return false };
    let cursor = std::str::from_utf8(cursor).ok().and_then(|text| text.parse::<u64>().ok());
    let Some(cursor) = cursor else { return false };
    let width = page.of.first().map_or(1, Vec::len);
    let known: BTreeSet<&[Value]> = page.of.iter().map(|parts| &parts[..]).collect();
    let found: Vec<&[Value]> = items.chunks(width).collect();
    let different: BTreeSet<&[Value]> = found.iter().copied().collect();
    let is_complete = !page.begins || cursor != 0 || found.len() == known.len();
    let is_ended = !page.ends || cursor == 0;
    is_subset(&found, &known) && found.len() == different.len() && is_complete && is_ended
}

/// Whether a reply gives places that a search may find, as many as it has to, and in order.
fn is_search(reply: &Value, hits: &Hits) -> bool {
    let Value::Many(b'*', items) = reply else { return false };
    let mut left: Vec<&Hit> = hits.all.iter().collect();
    let mut found: Vec<&Hit> = Vec::new();
    for item in items {
        let Some(at) = left.iter().position(|hit| is_like(item, &hit.shown)) else { return false };
        found.push(left.remove(at));
    }
    let most = hits.count.unwrap_or(usize::MAX);
    let certain = hits.all.iter().filter(|hit| hit.is_certain).count();
    let is_enough = (certain.min(most)..=hits.all.len().min(most)).contains(&found.len());
    let may_precede = |a: &Hit, b: &Hit| match hits.order {
        None => true,
        Some(false) => a.distance_m <= b.distance_m + wire::NEAR,
        Some(true) => a.distance_m >= b.distance_m - wire::NEAR,
    };
    let is_ordered = found.windows(2).all(|two| may_precede(two[0], two[1]));
    let last = found.last().filter(|_| !hits.any);
    let missed = left.iter().filter(|hit| hit.is_certain);
    is_enough
        && is_ordered
        && last.is_none_or(|last| missed.clone().all(|it| may_precede(last, it)))
}

/// Whether a reply is the same as a pattern, which may have integers and numbers that are open.
fn is_like(reply: &Value, pattern: &Value) -> bool {
    match (reply, pattern) {
        (Value::Many(a, items), Value::Many(b, patterns)) => {
            let mut pairs = items.iter().zip(patterns);
            a == b && items.len() == patterns.len() && pairs.all(|(a, b)| is_like(a, b))
        }
        (reply, pattern) if *pattern == Value::any_int() => {
            is_int_between(reply, i64::MIN, i64::MAX)
        }
        (reply, pattern) => reply.is_about(pattern).unwrap_or(reply == pattern),
    }
}

fn is_hello(reply: &Value, protocol: u8) -> bool {
    let kind = if protocol == 3 { b'%' } else { b'*' };
    let Value::Many(found, items) = reply else { return false };
    let field = |name: &[u8]| {
        let mut pairs = items.chunks(2).filter(|pair| pair.len() == 2);
        pairs.find(|pair| pair[0].text() == Some(name)).map(|pair| &pair[1])
    };
    *found == kind
        && field(b"server") == Some(&Value::bulk(b"redis"))
        && field(b"proto") == Some(&Value::int(i64::from(protocol)))
        && field(b"mode") == Some(&Value::bulk(b"standalone"))
        && field(b"id").is_some_and(|id| is_int_between(id, 1, i64::MAX))
}

/// Whether a reply to SCAN names its cursor and keys that are there, and none twice. At the end of
/// a scan of a whole database: whether each key that was there all the time came exactly once.
fn scan_step(scan: &Scan, reply: &Value, walk: &mut Option<Walk>) -> Result<bool, String> {
    let Value::Many(b'*', parts) = reply else { return Ok(false) };
    let [Value::Blob(b'$', cursor), Value::Many(b'*', items)] = &parts[..] else {
        return Ok(false);
    };
    let cursor = std::str::from_utf8(cursor).ok().and_then(|text| text.parse::<u64>().ok());
    let cursor = cursor.ok_or("a cursor")?;
    let mut step = begin_step(scan, walk.take());
    for item in items {
        let Value::Blob(b'$', key) = item else { return Ok(false) };
        if !scan.keys.contains_key(key) {
            return Err(format!("only keys that exist, not {}", quoted(key)));
        }
        let count = step.seen.entry(key.clone()).or_default();
        *count += 1;
        if *count > 1 && step.constant.contains_key(key) {
            return Err(format!("{} only once", quoted(key)));
        }
    }
    step.cursor = cursor;
    if cursor != 0 {
        *walk = scan.all.then_some(step);
    } else if scan.all
        && let Some(key) = step.constant.keys().find(|key| !step.seen.contains_key(*key))
    {
        return Err(format!("{}, which was there all the time", quoted(key)));
    }
    Ok(true)
}

/// The scan that this step continues, or a new one.
fn begin_step(scan: &Scan, walk: Option<Walk>) -> Walk {
    let continues = |walk: &Walk| {
        scan.all && scan.cursor != 0 && walk.cursor == scan.cursor && walk.database == scan.database
    };
    match walk.filter(continues) {
        Some(mut walk) => {
            walk.constant.retain(|key, born| scan.keys.get(key) == Some(born));
            walk
        }
        None => {
            // A scan that begins in the middle promises nothing of the keys before.
            let constant = if scan.cursor == 0 { Keys::clone(&scan.keys) } else { Keys::new() };
            Walk { cursor: scan.cursor, database: scan.database, constant, seen: BTreeMap::new() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUESTS: &[&str] = &["SET k 1", "INCR k", "GET k"];

    fn checker() -> (Checker, u64) {
        let mut checker = Checker::new(None, false);
        let id = checker.open(Place::default(), 0, Dialect::Resp);
        for request in REQUESTS {
            let words: Vec<Bytes> = request.split(' ').map(Bytes::from).collect();
            checker.received(id, &wire::render_request(&words));
        }
        checker.execute(0, crate::EPOCH_US, |_| &[]);
        (checker, id)
    }

    fn failure_after(replies: &[u8]) -> Option<String> {
        let (mut checker, id) = checker();
        replies.chunks(3).for_each(|piece| checker.sent(id, piece));
        checker.finish();
        checker.failure().map(|failure| failure.text.clone())
    }

    #[test]
    fn the_right_replies_pass() {
        assert_eq!(failure_after(b"+OK\r\n:2\r\n$1\r\n2\r\n"), None);
    }

    #[test]
    fn swapped_missing_surplus_and_wrong_replies_are_noticed() {
        let swapped = failure_after(b"+OK\r\n$1\r\n2\r\n:2\r\n").expect("swapped");
        assert!(swapped.contains("INCR"), "{swapped}");
        let missing = failure_after(b"+OK\r\n:2\r\n").expect("missing");
        assert!(missing.contains("missing") && missing.contains("GET"), "{missing}");
        let half = failure_after(b"+OK\r\n:2\r\n$1\r\n2").expect("half");
        assert!(half.contains("missing"), "{half}");
        let surplus = failure_after(b"+OK\r\n:2\r\n$1\r\n2\r\n+OK\r\n").expect("surplus");
        assert!(surplus.contains("surplus"), "{surplus}");
        assert!(failure_after(b"+OK\r\n:3\r\n$1\r\n2\r\n").is_some());
    }

    /// The failure after a client of this dialect has asked for `words` and got `reply`.
    fn failure_in(dialect: Dialect, words: &str, reply: &[u8], closes: bool) -> Option<String> {
        let mut checker = Checker::new(None, false);
        let other = checker.open(Place::default(), 0, Dialect::Resp);
        checker.received(other, b"RPUSH l x\r\nSET s v\r\nSET e ''\r\n");
        checker.execute(0, crate::EPOCH_US, |_| &[]);
        checker.sent(other, b":1\r\n+OK\r\n+OK\r\n");
        let id = checker.open(Place { server: 0, index: 1 }, 1, dialect);
        let words: Vec<Bytes> = words.split(' ').map(Bytes::from).collect();
        checker.received(id, &speech::render_request(dialect, &words));
        checker.execute(0, crate::EPOCH_US, |_| &[]);
        reply.chunks(3).for_each(|piece| checker.sent(id, piece));
        if closes {
            checker.closed(id);
        }
        checker.finish();
        checker.failure().map(|failure| failure.text.clone())
    }

    #[test]
    fn each_dialect_has_its_replies() {
        const NIL: &[u8] = b"\x01\0\0\0\0";
        let wrong = b"WRONGTYPE Operation against a key holding the wrong kind of value";
        let strict = [&b"\x02\x41\0\0\0"[..], wrong].concat();
        let frame = [&b"\x4a\0\0\0\x01\x03\0\0\0\x41\0\0\0"[..], wrong].concat();
        let code = [&b"\x4a\0\0\0\x01\x04\0\0\0\x41\0\0\0"[..], wrong].concat();
        for (dialect, words, reply, closes, is_right) in [
            (Dialect::Tlv, "GET s", &b"\x01\0\0\0v"[..], false, true),
            (Dialect::Tlv, "GET s", b"\x01\0\0\0w", false, false),
            (Dialect::Tlv, "GET none", b"\0\0\0\0", false, true),
            (Dialect::Tlv, "GET none", b"", false, false),
            (Dialect::Tlv, "GET l", b"", true, true),
            (Dialect::Tlv, "GET s", b"", true, false),
            (Dialect::Tlv, "GET l", b"\0\0\0\0", true, false),
            (Dialect::TlvStrict, "GET none", NIL, false, true),
            (Dialect::TlvStrict, "GET e", NIL, false, false),
            (Dialect::TlvStrict, "GET none", b"\0\0\0\0\0", false, false),
            (Dialect::TlvStrict, "GET l", &strict, false, true),
            (Dialect::Frame, "GET none", b"\x01\0\0\0\0", false, true),
            (Dialect::Frame, "SET n v", b"\x07\0\0\0\x02\x02\0\0\0OK", false, true),
            (Dialect::Frame, "STRLEN s", b"\x09\0\0\0\x03\x01\0\0\0\0\0\0\0", false, true),
            (Dialect::Frame, "STRLEN s", b"\x09\0\0\0\x03\x02\0\0\0\0\0\0\0", false, false),
            (Dialect::Frame, "GET l", &frame, false, true),
            (Dialect::Frame, "GET l", &code, false, false),
        ] {
            let failure = failure_in(dialect, words, reply, closes);
            let shown = reply.escape_ascii();
            assert_eq!(failure.is_none(), is_right, "{dialect:?}, {words}, {shown}: {failure:?}");
        }
    }

    #[test]
    fn requests_of_a_lost_connection_that_were_not_executed_have_no_effect() {
        let mut checker = Checker::new(None, false);
        let (first, second) = (
            checker.open(Place::default(), 0, Dialect::Resp),
            checker.open(Place::default(), 0, Dialect::Resp),
        );
        checker.received(first, b"SET k 1\r\n");
        checker.lost(first);
        checker.received(second, b"GET k\r\n");
        checker.execute(0, crate::EPOCH_US, |_| &[]);
        checker.sent(second, b"$-1\r\n");
        checker.finish();
        assert_eq!(checker.failure(), None);
    }

    #[test]
    fn closing_needs_a_reason_and_all_replies() {
        let (mut early, id) = checker();
        early.closed(id);
        assert!(early.failure().expect("replies were due").text.contains("missing"));
        let (mut idle, id) = checker();
        idle.sent(id, b"+OK\r\n:2\r\n$1\r\n2\r\n");
        idle.closed(id);
        assert!(idle.failure().expect("nobody asked for it").text.contains("reason"));
    }

    fn walk(replies: &[&[u8]]) -> Option<String> {
        let mut checker = Checker::new(None, false);
        let id = checker.open(Place::default(), 0, Dialect::Resp);
        checker.received(id, b"MSET a 1 b 2 c 3\r\n");
        checker.execute(0, crate::EPOCH_US, |_| &[]);
        checker.sent(id, b"+OK\r\n");
        for reply in replies {
            checker.received(id, format!("SCAN {}\r\n", checker.told(id).cursor).as_bytes());
            checker.execute(0, crate::EPOCH_US, |_| &[]);
            checker.sent(id, reply);
        }
        checker.failure().map(|failure| failure.text.clone())
    }

    #[test]
    fn a_scan_returns_each_constant_key_exactly_once() {
        let first = b"*2\r\n$1\r\n7\r\n*2\r\n$1\r\nc\r\n$1\r\na\r\n";
        let last = b"*2\r\n$1\r\n0\r\n*1\r\n$1\r\nb\r\n";
        assert_eq!(walk(&[first, last]), None);
        let none = b"*2\r\n$1\r\n0\r\n*0\r\n";
        assert!(walk(&[first, none]).expect("b is missing").contains("all the time"));
        let twice = b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n$1\r\na\r\n";
        assert!(walk(&[first, twice]).expect("a came again").contains("once"));
        let foreign = b"*2\r\n$1\r\n0\r\n*1\r\n$1\r\nx\r\n";
        assert!(walk(&[foreign]).expect("there is no x").contains("exist"));
    }
}
