//! Several servers over one kernel, each driven by a thread of its own as an event loop drives it.
//!
//! What a thread does is a script, a line a step:
//!
//! ```text
//! a connects            client a connects to this thread's server; so does its first request
//! a> GET k              client a sends a request, or several at once, as `a> MULTI | GET k | EXEC`
//! a closes              client a is gone
//! a ends                client a will send nothing more, but takes its replies
//! +10ms                 time passes, for all threads
//! ```
//!
//! When its script is over, a thread sleeps until it is told of letters, of a backlog or that a deadline
//! has come. When all sleep, and nobody was told of anything, the scene is over: whatever is left undone
//! then, nobody would ever have done.

use kv_core::config::Config;
use kv_core::kernel::{Kernel, NoHost};
use kv_core::now::Now;
use kv_core::session::Peer;
use kv_proto::dialect::Terms;
use kv_proto::resp::value::{ReplyDecoder, ReplyLimits};
use kv_proto::server::{ConnectionId, Event, Server};
use shuttle::sync::{Condvar, Mutex, MutexGuard};
use shuttle::thread;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// When a scene begins, in microseconds since the Unix epoch.
const START_US: u64 = 1_700_000_000_000_000;

/// How many shards there are: enough for keys that lie apart, few enough to meet in.
const SHARDS: usize = 4;

/// What all threads share besides the kernel.
struct Hub {
    state: Mutex<State>,
    woken: Condvar,
    /// Microseconds since the start. Not one of shuttle's: looking at the clock tells nobody anything.
    clock_us: AtomicU64,
}

struct State {
    /// Which servers were told of letters, and which of a backlog.
    has_mail: Vec<bool>,
    joins_in: Vec<bool>,
    /// Time has passed since the server looked at its deadline.
    is_late: Vec<bool>,
    asleep: usize,
    is_over: bool,
}

/// What wakes a thread.
enum Call {
    Mail,
    Backlog,
    Deadline,
}

impl Hub {
    fn new(servers: usize) -> Self {
        let (has_mail, joins_in) = (vec![false; servers], vec![false; servers]);
        let is_late = vec![false; servers];
        let state = State { has_mail, joins_in, is_late, asleep: 0, is_over: false };
        Self { state: Mutex::new(state), woken: Condvar::new(), clock_us: AtomicU64::new(0) }
    }

    fn begin(&self) {
        let mut state = self.state();
        (state.asleep, state.is_over) = (0, false);
    }

    fn now(&self) -> Now {
        let us = self.clock_us.load(SeqCst);
        Now { mono_us: us, unix_us: START_US + us }
    }

    fn pass_us(&self, us: u64) {
        let mut state = self.state();
        state.is_late.fill(true);
        self.clock_us.fetch_add(us, SeqCst);
        self.woken.notify_all();
    }

    fn tell_of_mail(&self, server: usize) {
        self.state().has_mail[server] = true;
        self.woken.notify_all();
    }

    fn join_in(&self, server: usize) {
        self.state().joins_in[server] = true;
        self.woken.notify_all();
    }

    /// What there is for a server, if there is anything.
    fn call(&self, server: usize, deadline_us: Option<u64>) -> Option<Call> {
        self.take_call(&mut self.state(), server, deadline_us)
    }

    /// The same, after a sleep if need be. None when the scene is over.
    fn sleep(&self, server: usize, deadline_us: Option<u64>) -> Option<Call> {
        let mut state = self.state();
        loop {
            let call = self.take_call(&mut state, server, deadline_us);
            if call.is_some() || state.is_over {
                return call;
            }
            state.asleep += 1;
            let told = [&state.has_mail, &state.joins_in, &state.is_late];
            let is_quiet = !told.into_iter().flatten().any(|told| *told);
            if state.asleep == state.has_mail.len() && is_quiet {
                state.is_over = true;
                self.woken.notify_all();
                return None;
            }
            state = self.woken.wait(state).expect("no thread panics while it holds the state");
            state.asleep -= 1;
        }
    }

    fn take_call(
        &self,
        state: &mut State,
        server: usize,
        deadline_us: Option<u64>,
    ) -> Option<Call> {
        state.is_late[server] = false;
        if std::mem::take(&mut state.has_mail[server]) {
            Some(Call::Mail)
        } else if std::mem::take(&mut state.joins_in[server]) {
            Some(Call::Backlog)
        } else {
            deadline_us.filter(|&at| at <= self.now().mono_us).map(|_| Call::Deadline)
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the state")
    }
}

/// A client, and what it was sent.
#[derive(Default)]
struct Client {
    /// As long as it is connected.
    id: Option<ConnectionId>,
    received: Vec<u8>,
}

/// One thread's server, and the driver's part of the work.
struct EventLoop {
    server: Server,
    hub: Arc<Hub>,
    clients: BTreeMap<String, Client>,
}

impl EventLoop {
    /// Goes through a script, and then does what the others ask for.
    fn run(&mut self, script: Vec<String>) {
        for line in script {
            while self.answer_next() {}
            self.act(&line);
        }
        while let Some(call) = self.hub.sleep(self.number(), self.server.poll_deadline()) {
            self.answer(call);
        }
    }

    /// Does what there is to do. False if there is nothing.
    fn answer_next(&mut self) -> bool {
        let call = self.hub.call(self.number(), self.server.poll_deadline());
        let is_any = call.is_some();
        call.into_iter().for_each(|call| self.answer(call));
        is_any
    }

    fn answer(&mut self, call: Call) {
        match call {
            Call::Mail => self.server.handle_mail(self.hub.now()),
            Call::Backlog => self.server.join_in(self.hub.now()),
            Call::Deadline => {
                // It may come again and again until another thread has unlocked a shard.
                thread::yield_now();
                self.server.handle_timeout(self.hub.now());
            }
        }
        self.drain_events();
    }

    fn act(&mut self, line: &str) {
        if let Some(ms) = line.strip_prefix('+').and_then(|rest| rest.strip_suffix("ms")) {
            self.hub.pass_us(1000 * ms.parse::<u64>().expect("a number of milliseconds"));
        } else if let Some((name, requests)) = line.split_once("> ") {
            self.send(name, &requests.replace(" | ", "\r\n"));
        } else if let Some((name, what)) = line.split_once(' ') {
            match what {
                "connects" => drop(self.connect(name)),
                "closes" => self.lose(name),
                "ends" => self.end_input(name),
                _ => panic!("no step: {line}"),
            }
        }
        self.drain_events();
    }

    fn connect(&mut self, name: &str) -> Option<ConnectionId> {
        if !self.clients.contains_key(name) {
            let id = self.server.handle_accept(self.hub.now(), Peer::default(), Terms::default());
            let client = Client { id: Some(id), ..Client::default() };
            self.clients.insert(name.into(), client);
        }
        self.clients[name].id
    }

    /// A client that was closed meanwhile sends nothing.
    fn send(&mut self, name: &str, requests: &str) {
        let Some(id) = self.connect(name) else { return };
        self.drain_events();
        if self.server.wants_input(id) {
            let bytes = format!("{requests}\r\n");
            self.server.input(id)[..bytes.len()].copy_from_slice(bytes.as_bytes());
            self.server.handle_received(id, bytes.len());
            self.server.execute(self.hub.now());
        }
    }

    fn lose(&mut self, name: &str) {
        if let Some(id) = self.clients.get_mut(name).and_then(|client| client.id.take()) {
            self.server.handle_lost(id);
        }
    }

    fn end_input(&mut self, name: &str) {
        if let Some(id) = self.clients[name].id {
            self.server.handle_end_of_input(id);
            self.server.execute(self.hub.now());
        }
    }

    fn drain_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Output(id) => self.deliver(id),
                Event::Closed(id) => self.client(id).id = None,
                Event::Refused(_, reason) => panic!("refused: {reason}"),
                Event::Mail(number) => self.hub.tell_of_mail(number),
                Event::Backlog => {
                    let servers = self.hub.state().joins_in.len();
                    self.hub.join_in((self.number() + 1) % servers);
                }
            }
        }
    }

    fn deliver(&mut self, id: ConnectionId) {
        let output = self.server.output(id).to_vec();
        self.client(id).received.extend(&output);
        self.server.handle_sent(self.hub.now(), id, output.len());
    }

    fn client(&mut self, id: ConnectionId) -> &mut Client {
        let mut clients = self.clients.values_mut();
        clients.find(|client| client.id == Some(id)).expect("it was connected")
    }

    fn number(&self) -> usize {
        self.server.number()
    }
}

/// The servers of a scene, and what is left of it when it is over.
pub(crate) struct World {
    kernel: Arc<Kernel>,
    hub: Arc<Hub>,
    loops: Vec<EventLoop>,
}

impl World {
    /// So many servers over one kernel with these settings.
    pub(crate) fn new(servers: usize, settings: &[(&str, &str)]) -> Self {
        let config = Config::default();
        for (name, value) in settings {
            let id = kv_core::config::find(name.as_bytes()).expect("there is such a setting");
            config.set(id, value.as_bytes()).expect("it is a value of the setting");
        }
        let hub = Arc::new(Hub::new(servers));
        let host = Box::new(NoHost::default());
        let kernel = Arc::new(Kernel::new(config, SHARDS, 1, host, hub.now()));
        let event_loop = |_| EventLoop {
            server: Server::new(Arc::clone(&kernel)),
            hub: Arc::clone(&hub),
            clients: BTreeMap::new(),
        };
        Self { loops: (0..servers).map(event_loop).collect(), kernel, hub }
    }

    /// Goes through a script at one server, while the others only do what they are told.
    pub(crate) fn prepare(&mut self, server: usize, script: &[&str]) {
        for line in script {
            self.loops[server].act(line);
            self.settle();
        }
    }

    fn settle(&mut self) {
        while self.loops.iter_mut().any(EventLoop::answer_next) {}
    }

    /// Goes through one script at each server, all at the same time, and checks what holds for
    /// whatever they did.
    pub(crate) fn run<Line: Into<String> + Copy>(&mut self, scripts: &[&[Line]]) {
        assert_eq!(scripts.len(), self.loops.len(), "a script for each server");
        self.hub.begin();
        let loops = std::mem::take(&mut self.loops).into_iter().zip(scripts);
        let threads = loops.map(|(mut event_loop, script)| {
            let script = script.iter().map(|line| (*line).into()).collect();
            thread::spawn(move || {
                event_loop.run(script);
                event_loop
            })
        });
        let threads: Vec<_> = threads.collect();
        self.loops = threads.into_iter().map(|thread| thread.join().expect("it ended")).collect();
        self.check();
    }

    /// Nobody was told of anything that nobody has looked at.
    fn check(&self) {
        assert_eq!(self.kernel.take_rung(), 0, "a bell rang and woke nobody");
        for profile in self.kernel.sessions.profiles() {
            assert!(!profile.mailbox.is_full(), "session {} has letters left", profile.id);
        }
        self.kernel.batch(self.hub.now()).check();
    }

    /// The reply to a request, once all is quiet.
    pub(crate) fn ask(&mut self, request: &str) -> String {
        self.prepare(0, &[&format!("asker> {request}")]);
        self.replies("asker").pop().expect("there is a reply")
    }

    /// What a client was sent, one text for each reply or message.
    pub(crate) fn replies(&self, client: &str) -> Vec<String> {
        let mut rest = &self.client(client).received[..];
        let (mut decoder, mut replies) = (ReplyDecoder::default(), Vec::new());
        while let Some((reply, len)) =
            decoder.decode(rest, &ReplyLimits::default()).expect("what a server sends are replies")
        {
            replies.push(format!("{reply:?}"));
            rest = &rest[len..];
        }
        assert!(rest.is_empty(), "client {client} was sent half a reply");
        replies
    }

    /// How many clients wait for data.
    pub(crate) fn waiting(&self) -> usize {
        self.kernel.sessions.waiting()
    }

    /// Whether a client is connected still.
    pub(crate) fn is_connected(&self, client: &str) -> bool {
        self.client(client).id.is_some()
    }

    fn client(&self, name: &str) -> &Client {
        let clients = self.loops.iter().find_map(|event_loop| event_loop.clients.get(name));
        clients.expect("there is such a client")
    }

    /// All clients go. Nothing may be left of them.
    pub(crate) fn end(mut self) {
        for event_loop in &mut self.loops {
            let names: Vec<_> = event_loop.clients.keys().cloned().collect();
            names.iter().for_each(|name| event_loop.lose(name));
        }
        self.settle();
        self.check();
        let (sessions, kernel) = (&self.kernel.sessions, &self.kernel);
        assert_eq!((sessions.len(), sessions.waiting(), sessions.buffered()), (0, 0, 0));
        assert_eq!(kernel.observers(), 0, "nobody is left who could want to know of changes");
    }
}
