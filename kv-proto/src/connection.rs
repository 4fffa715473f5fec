//! One client's connection: received bytes in, the kernel, bytes to send out.

use crate::codec::{Codec, Speech};
use crate::dialect::Dialect;
use crate::proxy::{self, Endpoints, HeaderError};
use crate::request::Limits;
use crate::window::{End, Next, Turn, Window};
use kv_core::config::{ClientClass, Config, OutputLimits};
use kv_core::error::Error;
use kv_core::kernel::{Batch, Flow, Kernel, Unwelcome};
use kv_core::mailbox::Post;
use kv_core::now::Now;
use kv_core::rare::{Rare, sometimes};
use kv_core::reply::Reply;
use kv_core::session::{Buffered, Origin, Peer, Session};
use std::ops::Range;
use std::sync::Arc;

/// A connection reads no more requests than this at once, in bytes, so that one with an endless
/// pipeline gets its share of a tick and no more. Redis's.
pub(crate) const READ_MAX: usize = 16 * 1024;

/// The smallest room worth reading into, in bytes.
pub(crate) const READ_MIN: usize = 4 * 1024;

/// As long as a request waits, those behind it are kept up to so many bytes.
const WAITING_INPUT_MAX: usize = 64 * 1024;

/// A buffer with more capacity than this is freed when it is empty, rather than kept, in bytes.
const KEEP_MAX: usize = 256 * 1024;

/// Sent bytes stay in front of unsent ones until there are so many, and more than those.
const COMPACT_MIN: usize = 64 * 1024;

/// How many empty buffers a server keeps for its connections.
const POOL_LEN: usize = 32;

/// What a running connection needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) decode: Limits,
    pub(crate) output: OutputSettings,
}

/// How much may wait to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutputSettings {
    /// Of replies.
    normal: OutputLimits,
    /// Where there are messages that nobody asked for.
    audience: OutputLimits,
    /// Up to so many bytes stop no connection, whatever it is.
    harmless: usize,
}

impl OutputSettings {
    pub(crate) fn new(normal: OutputLimits, audience: OutputLimits) -> Self {
        let limits = [normal.soft, normal.hard, audience.hard].into_iter();
        let harmless = limits.filter(|&limit| limit > 0).min().unwrap_or(usize::MAX);
        Self { normal, audience, harmless }
    }

    /// What becomes of a session's connection that has so much to send.
    #[inline]
    fn stop(&self, session: &Session, output: &Output) -> Option<Phase> {
        if output.len() <= self.harmless { None } else { self.judge(session, output) }
    }

    #[cold]
    fn judge(&self, session: &Session, output: &Output) -> Option<Phase> {
        match session.class() {
            ClientClass::Pubsub => output.exceeds(self.audience.hard).then_some(Phase::Dead),
            _ => output.beyond(&self.normal),
        }
    }
}

/// One client.
#[derive(Debug)]
pub(crate) struct Connection {
    /// None if the client was refused and only waits for the reason to be sent, or is not known.
    pub(crate) session: Option<Session>,
    /// As long as a header of the PROXY protocol is to come: who has connected.
    proxy: Option<Box<Peer>>,
    codec: Codec,
    input: Input,
    /// Up to where its input has been decoded in this turn.
    decoded: usize,
    /// Up to where its input has been used in this turn: what follows has had no effect yet.
    used: usize,
    output: Output,
    phase: Phase,
    /// The client will send no more.
    pub(crate) end_of_input: bool,
    /// What it received since its last turn, if that is in the server's arena.
    pub(crate) fresh: Option<Range<usize>>,
    /// It stands in the server's list of connections to run, and its turn did not end yet.
    pub(crate) is_queued: bool,
    /// When it will be given up because the client takes nothing, or does not say who it is, if
    /// that is being watched.
    pub(crate) stall_deadline_us: Option<u64>,
    /// Whether its client was behind with messages when that was looked at last.
    pub(crate) was_behind: bool,
    /// When the request that waits will have waited long enough, if that is being watched.
    pub(crate) wait_until_us: Option<u64>,
    /// When it last received or sent anything.
    pub(crate) active_us: u64,
    /// Its place in the server's list of connections that may become idle.
    pub(crate) idle_from_us: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It waits for the header of the PROXY protocol.
    Announced,
    /// Requests are run as they come.
    Open,
    /// No request is run until the client has taken some of what there is to send.
    Paused,
    /// No request is run until the one that waits has got its reply.
    Waiting,
    /// No request is run as long as clients are paused, by CLIENT PAUSE.
    Held,
    /// Nothing more is run; what there is to send is sent, then the connection is closed.
    Closing,
    /// It is closed at once, whatever there is to send.
    Dead,
}

impl Phase {
    /// Whether requests are kept, to be run later.
    fn is_stopped(self) -> bool {
        matches!(self, Self::Paused | Self::Waiting | Self::Held)
    }
}

impl Connection {
    /// A connection whose client is known by its first bytes only: those tell whose connection
    /// `proxy` passes on.
    pub(crate) fn announced(proxy: Peer, dialect: Dialect, now: Now) -> Self {
        Self { proxy: Some(Box::new(proxy)), phase: Phase::Announced, ..Self::new(dialect, now) }
    }

    /// A connection without a session, which closes at once unless it is opened.
    pub(crate) fn new(dialect: Dialect, now: Now) -> Self {
        Self {
            session: None,
            proxy: None,
            codec: Codec::new(dialect),
            input: Input::default(),
            decoded: 0,
            used: 0,
            output: Output::default(),
            phase: Phase::Closing,
            end_of_input: false,
            fresh: None,
            is_queued: false,
            stall_deadline_us: None,
            was_behind: false,
            wait_until_us: None,
            active_us: now.mono_us,
            idle_from_us: now.mono_us,
        }
    }

    /// Opens a session for the client. If there cannot be one, the client is told why, and nothing
    /// more.
    pub(crate) fn open(&mut self, kernel: &Kernel, peer: Peer, now: Now) -> Result<(), Unwelcome> {
        match kernel.open_session(peer, now) {
            Ok(session) => {
                self.session = Some(session);
                self.phase = Phase::Open;
                Ok(())
            }
            Err(reason) => {
                self.phase = Phase::Closing;
                let error = Error::from(reason);
                self.codec.write(&mut self.output.bytes, |out: &mut dyn Reply| out.error(&error));
                Err(reason)
            }
        }
    }

    /// Whether it waits for the header of the PROXY protocol.
    pub(crate) fn is_announced(&self) -> bool {
        self.phase == Phase::Announced
    }

    /// Reads the header of the PROXY protocol, and says who the client is. None if it is not whole.
    pub(crate) fn announcement(
        &mut self,
        arena: &[u8],
        pool: &mut Pool,
    ) -> Result<Option<Peer>, HeaderError> {
        let Some(header) = proxy::parse(received(&self.input, &self.fresh, arena))? else {
            self.is_queued = false;
            self.keep_fresh(arena, pool);
            return Ok(None);
        };
        match &mut self.fresh {
            Some(fresh) => fresh.start += header.len,
            None => self.input.consume(header.len, pool),
        }
        let peer = self.proxy.take().expect("it is announced");
        Ok(Some(match header.endpoints {
            Some(ends) => passed_on(*peer, ends),
            None => *peer,
        }))
    }

    /// Whether it may be given more input. One that waits is read from all the same, since its end
    /// would not be noticed otherwise.
    pub(crate) fn wants_input(&self) -> bool {
        let may = match self.phase {
            Phase::Open | Phase::Announced => true,
            Phase::Waiting | Phase::Held => self.input.filled < WAITING_INPUT_MAX,
            _ => false,
        };
        may && !self.end_of_input
    }

    /// Whether the next bytes must go behind others that wait already.
    pub(crate) fn has_input(&self) -> bool {
        self.input.filled > 0
    }

    /// Room of its own for received bytes.
    pub(crate) fn room(&mut self, pool: &mut Pool) -> &mut [u8] {
        self.input.room(self.codec.needed(), pool)
    }

    /// So many bytes were put in its own room.
    pub(crate) fn received(&mut self, len: usize) {
        self.input.filled += len;
    }

    /// Puts received bytes behind those that wait already.
    pub(crate) fn keep(&mut self, mut bytes: &[u8], pool: &mut Pool) {
        while !bytes.is_empty() {
            let room = self.room(pool);
            let len = room.len().min(bytes.len());
            room[..len].copy_from_slice(&bytes[..len]);
            self.received(len);
            bytes = &bytes[len..];
        }
    }

    /// Decodes requests into the window, until it is full or the input comes to its end.
    pub(crate) fn look_ahead(
        &mut self,
        arena: &[u8],
        window: &mut Window,
        batch: &mut Batch<'_>,
        limits: &Limits,
        pool: &mut Pool,
    ) -> Option<End> {
        if self.has_input() || self.phase.is_stopped() {
            self.keep_fresh(arena, pool);
        }
        let Self { session, codec, input, fresh, decoded, .. } = self;
        let input = received(input, fresh, arena);
        match (session, self.phase) {
            (Some(session), Phase::Open) => {
                let limits = Limits { is_unknown: batch.requires_auth(session), ..*limits };
                codec.settle(input);
                match codec {
                    Codec::Resp(it) => window.decode(it, input, decoded, session, batch, &limits),
                    Codec::Tlv(it) => window.decode(it, input, decoded, session, batch, &limits),
                    Codec::Frame(it) => window.decode(it, input, decoded, session, batch, &limits),
                    Codec::Text(it) => {
                        window.decode(&mut **it, input, decoded, session, batch, &limits)
                    }
                }
            }
            (_, phase) if phase.is_stopped() => Some(Ok(())),
            _ => {
                self.used = input.len();
                Some(Ok(()))
            }
        }
    }

    /// Runs the requests that the window has. The turn ends behind the last of the input, or where
    /// the connection stops.
    pub(crate) fn run(
        &mut self,
        arena: &[u8],
        window: &Window,
        turn: &Turn,
        batch: &mut Batch<'_>,
        limits: &OutputSettings,
        pool: &mut Pool,
    ) {
        // The letters of one that waits come when all turns are over, and it goes on then.
        if self.has_mail() && self.phase != Phase::Waiting {
            self.deliver(&limits.audience, pool);
        }
        if self.phase == Phase::Open {
            self.output.prepare(pool);
            self.phase = self.run_requests(arena, window, turn, batch, limits);
        }
        if turn.end.is_some() || self.phase != Phase::Open {
            self.end_turn(arena, pool);
        }
        if let (Phase::Dead, Some(session)) = (self.phase, &mut self.session) {
            batch.stop_waiting(session);
        }
    }

    fn run_requests(
        &mut self,
        arena: &[u8],
        window: &Window,
        turn: &Turn,
        batch: &mut Batch<'_>,
        limits: &OutputSettings,
    ) -> Phase {
        let Self { session: Some(session), codec, input, fresh, used, output, .. } = self else {
            unreachable!("a connection without a session is closing");
        };
        let requests = window.requests(turn, received(input, fresh, arena));
        let run = Run { session, batch, limits, used, output };
        let stopped = match codec {
            Codec::Resp(speech) => run.all(requests, speech),
            Codec::Tlv(speech) => run.all(requests, speech),
            Codec::Frame(speech) => run.all(requests, speech),
            Codec::Text(speech) => run.all(requests, &mut **speech),
        };
        stopped.unwrap_or_else(|| self.come_to(turn.end))
    }

    /// Comes to the end of the input, if that is decoded.
    fn come_to(&mut self, end: Option<End>) -> Phase {
        let Some(end) = end else { return Phase::Open };
        self.used = self.decoded;
        let Err(garbage) = end else { return Phase::Open };
        let is_silent = self.session.as_ref().is_some_and(Session::is_silent);
        let has_output = !self.output().is_empty();
        if !self.codec.complain(garbage, is_silent, &mut self.output.bytes) {
            return Phase::Dead;
        }
        sometimes(Rare::GarbageBehindRequests, has_output);
        Phase::Closing
    }

    /// Keeps the input that was not used.
    fn end_turn(&mut self, arena: &[u8], pool: &mut Pool) {
        self.is_queued = false;
        self.decoded = 0;
        let used = std::mem::take(&mut self.used);
        if let Some(fresh) = &mut self.fresh {
            fresh.start += used;
            self.keep_fresh(arena, pool);
        } else {
            self.input.consume(used, pool);
        }
        match self.phase {
            // What was decoded beyond the pause will be decoded again.
            Phase::Paused => {
                sometimes(Rare::OutputPauses, self.has_input());
                self.codec.forget();
            }
            // Nobody is there to get the reply.
            Phase::Waiting | Phase::Held if self.end_of_input => {
                sometimes(Rare::EndOfInputWhileWaiting, true);
                self.phase = Phase::Dead;
            }
            Phase::Waiting | Phase::Held => self.codec.forget(),
            Phase::Open if self.end_of_input => self.phase = Phase::Closing,
            _ => {}
        }
        if self.phase == Phase::Closing {
            self.input = Input::default();
        }
        self.note_buffered();
    }

    /// Has the post told under this name of what others tell the session.
    pub(crate) fn register(&self, post: &Arc<Post>, name: u64) {
        let session = self.session.as_ref().expect("it was opened");
        session.profile().mailbox.register(post, name);
    }

    /// Whether it is in order that the client sends nothing, for however long.
    pub(crate) fn may_be_idle(&self) -> bool {
        let is_stopped = matches!(self.phase, Phase::Waiting | Phase::Held);
        is_stopped || self.session.as_ref().is_some_and(Session::is_audience)
    }

    /// Whether others have told the session something.
    pub(crate) fn has_mail(&self) -> bool {
        self.session.as_ref().is_some_and(Session::has_mail)
    }

    /// Writes what others have told the session. Whether it goes on after having waited.
    pub(crate) fn deliver(&mut self, limits: &OutputLimits, pool: &mut Pool) -> bool {
        let Self { session: Some(session), output, codec, .. } = self else { return false };
        output.prepare(pool);
        let flow = codec.write(&mut output.bytes, |out: &mut dyn Reply| session.deliver(out));
        if flow == Flow::Close || output.exceeds(limits.hard) {
            sometimes(Rare::SubscriberIsBehind, true);
            self.phase = Phase::Dead;
        }
        self.goes_on_after_waiting()
    }

    /// The request that waits has waited long enough. Whether the connection goes on.
    pub(crate) fn time_out(&mut self, kernel: &Kernel, pool: &mut Pool) -> bool {
        let Self { session: Some(session), output, codec, .. } = self else { return false };
        output.prepare(pool);
        codec.write(&mut output.bytes, |out: &mut dyn Reply| kernel.time_out(session, out));
        self.goes_on_after_waiting()
    }

    fn goes_on_after_waiting(&mut self) -> bool {
        let is_waiting = self.session.as_ref().is_some_and(Session::is_waiting);
        let goes_on = self.phase == Phase::Waiting && !is_waiting;
        if goes_on {
            self.phase = Phase::Open;
        }
        goes_on
    }

    /// When the request that waits has waited long enough.
    pub(crate) fn wait_deadline_us(&self, kernel: &Kernel, now: Now) -> Option<u64> {
        match self.phase {
            Phase::Waiting => self.session.as_ref()?.wait_deadline_us(),
            Phase::Held => Some(kernel.pause.deadline_us(now)),
            _ => None,
        }
    }

    /// Whether its requests are held back while clients are paused.
    pub(crate) fn is_held(&self) -> bool {
        self.phase == Phase::Held
    }

    /// Clients may be paused no more: the requests that were held back come again.
    pub(crate) fn let_go(&mut self) {
        self.phase = Phase::Open;
    }

    fn keep_fresh(&mut self, arena: &[u8], pool: &mut Pool) {
        if let Some(fresh) = self.fresh.take() {
            self.keep(&arena[fresh], pool);
        }
    }

    /// What is to be sent next.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output.bytes[self.output.sent..]
    }

    /// So many bytes were sent. Whether the connection goes on after a pause.
    pub(crate) fn sent(&mut self, len: usize, limits: OutputLimits, pool: &mut Pool) -> bool {
        self.output.sent += len;
        assert!(self.output.sent <= self.output.bytes.len(), "more was sent than there was");
        if self.output().is_empty() {
            self.output.sent = 0;
            pool.give_output(&mut self.output.bytes);
        } else if self.output.sent >= COMPACT_MIN && self.output.sent >= self.output.len() {
            self.output.bytes.drain(..self.output.sent);
            self.output.sent = 0;
        }
        self.note_buffered();
        let goes_on = self.phase == Phase::Paused && self.output.len() <= limits.soft / 2;
        sometimes(Rare::OutputGoesOn, goes_on);
        if goes_on {
            self.phase = Phase::Open;
        }
        goes_on
    }

    fn note_buffered(&self) {
        if let Some(session) = &self.session {
            session.set_buffered(Buffered {
                input: self.input.filled,
                input_free: self.input.bytes.len() - self.input.filled,
                output: self.output.len(),
                output_size: self.output.bytes.capacity(),
            });
        }
    }

    /// Gives up what there is to send.
    pub(crate) fn abandon(&mut self) {
        self.phase = Phase::Dead;
    }

    /// Whether nothing is left but to close it.
    pub(crate) fn is_finished(&self) -> bool {
        self.phase == Phase::Dead || (self.phase == Phase::Closing && self.output().is_empty())
    }

    /// For how long the client may leave what there is to send as it is, in seconds, if there is a
    /// limit: it takes nothing, and its connection does nothing else than wait for that; or it gets
    /// messages and is behind with them.
    #[inline]
    pub(crate) fn patience_s(&self, config: &Config) -> Option<u64> {
        let waits = matches!(self.phase, Phase::Paused | Phase::Closing);
        let waits_for_client = waits && !self.output().is_empty();
        let is_impatient = waits_for_client || self.is_behind(config);
        is_impatient.then(|| config.output_limits(self.class()).seconds.max(1))
    }

    /// Whether its client is behind with messages.
    #[inline]
    pub(crate) fn is_behind(&self, config: &Config) -> bool {
        let class = self.class();
        class == ClientClass::Pubsub && self.output.exceeds(config.output_limits(class).soft)
    }

    fn class(&self) -> ClientClass {
        self.session.as_ref().map_or(ClientClass::Normal, Session::class)
    }
}

/// What the requests of a turn need, and change.
struct Run<'a, 'k> {
    session: &'a mut Session,
    batch: &'a mut Batch<'k>,
    limits: &'a OutputSettings,
    /// Up to where the input has been used.
    used: &'a mut usize,
    output: &'a mut Output,
}

impl Run<'_, '_> {
    /// Runs one after the other. What stops the connection, if anything does.
    fn all<'a>(
        self,
        requests: impl Iterator<Item = Next<'a>>,
        speech: &mut impl Speech,
    ) -> Option<Phase> {
        let Self { session, batch, limits, used, output } = self;
        for next in requests {
            let stopped = limits.stop(session, output);
            if stopped.is_some() {
                return stopped;
            }
            let before = std::mem::replace(used, next.end);
            let mut out = speech.sink(&mut output.bytes);
            match batch.execute_prepared(next.prepared, session, next.args, &mut out) {
                Flow::Continue => {}
                Flow::Close => return Some(Phase::Closing),
                Flow::Wait => return Some(Phase::Waiting),
                Flow::Pause => {
                    *used = before;
                    return Some(Phase::Held);
                }
            }
            // What a request tells its own session comes right behind its reply.
            if session.has_mail() && session.deliver(&mut out) == Flow::Close {
                return Some(Phase::Dead);
            }
            drop(out);
            if speech.has_failed() {
                return Some(Phase::Closing);
            }
        }
        limits.stop(session, output)
    }
}

/// The client of a connection that a proxy passes on. It is local only if it is on the machine of a
/// proxy that is local: anyone could say so of himself.
fn passed_on(proxy: Peer, ends: Endpoints) -> Peer {
    let is_local = proxy.origin != Origin::Remote && ends.source.ip().is_loopback();
    Peer {
        address: ends.source.to_string(),
        local_address: ends.destination.to_string(),
        descriptor: proxy.descriptor,
        origin: if is_local { Origin::Local } else { Origin::Remote },
    }
}

/// A connection's input: in its own buffer, unless it is in the server's arena.
fn received<'a>(input: &'a Input, fresh: &Option<Range<usize>>, arena: &'a [u8]) -> &'a [u8] {
    match fresh {
        Some(fresh) => &arena[fresh.clone()],
        None => &input.bytes[..input.filled],
    }
}

/// Received bytes that were not yet executed, from the start of a request on.
#[derive(Debug, Default)]
struct Input {
    /// Room, of which the first `filled` bytes were received.
    bytes: Vec<u8>,
    filled: usize,
}

impl Input {
    /// Room for more. `needed` is how long the request at the start is at least.
    fn room(&mut self, needed: usize, pool: &mut Pool) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = pool.take_input();
        }
        if self.bytes.len() - self.filled < READ_MIN {
            // Doubling copies each byte once on average; what a client merely announces takes no
            // memory before it arrives.
            let wanted = needed.max(self.filled + READ_MIN);
            let len = wanted.min(2 * self.filled + READ_MIN);
            self.bytes.reserve_exact(len - self.bytes.len());
            self.bytes.resize(len, 0);
        }
        // The rest of one long request may come at once.
        let end = needed.max(self.filled + READ_MAX).min(self.bytes.len());
        &mut self.bytes[self.filled..end]
    }

    fn consume(&mut self, len: usize, pool: &mut Pool) {
        self.bytes.copy_within(len..self.filled, 0);
        self.filled -= len;
        if self.filled == 0 {
            pool.give_input(&mut self.bytes);
        }
    }
}

/// Replies that were not yet sent.
#[derive(Debug, Default)]
struct Output {
    bytes: Vec<u8>,
    sent: usize,
}

impl Output {
    fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Has a buffer to write to.
    fn prepare(&mut self, pool: &mut Pool) {
        if self.bytes.capacity() == 0 {
            self.bytes = pool.take_output();
        }
    }

    /// Whether there is more to send than a limit allows, if there is one.
    fn exceeds(&self, limit: usize) -> bool {
        limit > 0 && self.len() > limit
    }

    /// What becomes of the connection if there is more to send than there may be.
    fn beyond(&self, limits: &OutputLimits) -> Option<Phase> {
        if self.exceeds(limits.hard) {
            Some(Phase::Dead)
        } else if self.exceeds(limits.soft) {
            Some(Phase::Paused)
        } else {
            None
        }
    }
}

/// Empty buffers, which the connections of one server share, so that idle ones hold none.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    /// At their full length, so that they are not zeroed again and again.
    inputs: Vec<Vec<u8>>,
    outputs: Vec<Vec<u8>>,
}

impl Pool {
    fn take_input(&mut self) -> Vec<u8> {
        self.inputs.pop().unwrap_or_else(|| vec![0; READ_MAX + READ_MIN])
    }

    fn give_input(&mut self, buffer: &mut Vec<u8>) {
        let buffer = std::mem::take(buffer);
        if self.inputs.len() < POOL_LEN && (1..=KEEP_MAX).contains(&buffer.len()) {
            self.inputs.push(buffer);
        }
    }

    fn take_output(&mut self) -> Vec<u8> {
        self.outputs.pop().unwrap_or_default()
    }

    fn give_output(&mut self, buffer: &mut Vec<u8>) {
        let mut buffer = std::mem::take(buffer);
        if self.outputs.len() < POOL_LEN && (1..=KEEP_MAX).contains(&buffer.capacity()) {
            buffer.clear();
            self.outputs.push(buffer);
        }
    }
}
