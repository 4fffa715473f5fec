//! Runs requests on a kernel and shows the replies as text, for tables of requests and replies.
//!
//! Requests are words separated by spaces; a word in double quotes may hold spaces and the escapes
//! `\xNN`, `\r`, `\n`, `\t`, `\"` and `\\`. A request `+500ms` lets that time pass instead, and its
//! reply is empty. A request `<` takes what others have told the session, and its reply is all of it,
//! or `closed`. Replies read as follows; bytes that are no printable ASCII are shown as `\xNN`.
//!
//! ```text
//! +OK  -ERR text  :1  ,1.5  #t    status, error, integer, double, boolean
//! $bytes  =text                   string, verbatim string
//! _  *_                           null, null array
//! [$a :1]  {$k=$v}  ~[$a]  >[$a]  array, map, set, push
//! waits  held                     none yet, since it waits for data or clients are paused
//! ```

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use kv_core::args::OwnedArgs;
use kv_core::config::Config;
use kv_core::error::Error;
use kv_core::kernel::{Flow, Host, Kernel, NoHost};
use kv_core::now::Now;
use kv_core::reply::{Protocol, Reply};
use kv_core::session::{Peer, Session};
use std::collections::BTreeMap;

/// The numbers of shards that every table is run with.
pub const SHARDS: [usize; 2] = [1, 16];

/// When a test begins, in milliseconds since the Unix epoch.
pub const START_MS: i64 = 1_700_000_000_000;

/// Runs the requests on a new server and compares each reply, once for each number of shards.
#[track_caller]
pub fn check(table: &[(&str, &str)]) {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        for (request, expected) in table {
            assert_eq!(client.run(request), *expected, "{request}, with {shards} shards");
        }
    }
}

/// The same with several sessions, each of which has a number and is opened when it is first named.
/// The first has the id 2. A request `close 5` ends session 5.
#[track_caller]
pub fn check_sessions(table: &[(usize, &str, &str)]) {
    for shards in SHARDS {
        let mut client = Client::new(shards);
        let mut others = BTreeMap::new();
        for (number, request, expected) in table {
            if let Some(name) = request.strip_prefix("close ") {
                let number = name.parse().expect("a session's number");
                let (session, _) = others.remove(&number).expect("it is open");
                client.kernel.close_session(session);
                continue;
            }
            let other = others.remove(number).unwrap_or_else(|| (client.open(), Protocol::V2));
            let own = client.become_session(other);
            let reply = client.run(request);
            assert_eq!(reply, *expected, "{number}: {request}, with {shards} shards");
            others.insert(*number, client.become_session(own));
        }
    }
}

/// A server with one session.
pub struct Client {
    pub kernel: Kernel,
    pub session: Session,
    pub now: Now,
    protocol: Protocol,
}

impl Client {
    /// A new server without data.
    pub fn new(shards: usize) -> Self {
        Self::build(Config::default(), shards, Box::new(NoHost::default()))
    }

    /// A new server without data that has these settings.
    pub fn with(config: Config, shards: usize) -> Self {
        Self::build(config, shards, Box::new(NoHost::default()))
    }

    /// A new server without data on a machine of its own.
    pub fn with_host(shards: usize, host: Box<dyn Host>) -> Self {
        Self::build(Config::default(), shards, host)
    }

    fn build(config: Config, shards: usize, host: Box<dyn Host>) -> Self {
        let now = Now { mono_us: 0, unix_us: START_MS as u64 * 1000 };
        let kernel = Kernel::new(config, shards, 1, host, now);
        let session = kernel.open_session(Peer::default(), now).expect("it is the first");
        Self { kernel, session, now, protocol: Protocol::V2 }
    }

    /// Another session.
    pub fn open(&self) -> Session {
        self.kernel.open_session(Peer::default(), self.now).expect("there are few")
    }

    /// Goes on as another session. The one so far.
    pub fn become_session(
        &mut self,
        (session, protocol): (Session, Protocol),
    ) -> (Session, Protocol) {
        let before = std::mem::replace(&mut self.protocol, protocol);
        (std::mem::replace(&mut self.session, session), before)
    }

    /// What another session was told since it was last asked, as text.
    pub fn told(&self, session: &mut Session) -> String {
        let mut out = Text::new(Protocol::V2);
        assert_eq!(session.deliver(&mut out), Flow::Continue, "it takes what it is told");
        out.text
    }

    /// The reply to a request, as text.
    pub fn run(&mut self, request: &str) -> String {
        if let Some(ms) = request.strip_prefix('+').and_then(|rest| rest.strip_suffix("ms")) {
            self.now = self.now.after_us(ms.parse::<u64>().expect("milliseconds") * 1000);
            return String::new();
        }
        if request == "<" {
            return self.take_mail();
        }
        self.send(&words(request))
    }

    /// What others have told the session, as text.
    fn take_mail(&mut self) -> String {
        let mut out = Text::new(self.protocol);
        match self.session.deliver(&mut out) {
            Flow::Close => "closed".to_owned(),
            _ => out.text,
        }
    }

    /// The reply to a request of these arguments, as text.
    pub fn send<T: AsRef<[u8]>>(&mut self, args: &[T]) -> String {
        let args: OwnedArgs = args.iter().collect();
        let mut out = Text::new(self.protocol);
        let mut batch = self.kernel.batch(self.now);
        let flow = batch.execute(&mut self.session, args.as_args(), &mut out);
        self.protocol = out.protocol;
        // One about channels has a reply for each.
        let name = args.as_args().get(0).to_ascii_lowercase();
        match flow {
            Flow::Wait => "waits".to_owned(),
            Flow::Pause => "held".to_owned(),
            Flow::Continue | Flow::Close if self.session.is_silent() => out.text,
            Flow::Continue | Flow::Close if name.ends_with(b"subscribe") => out.finish_all(),
            Flow::Continue | Flow::Close if out.replies == 0 => String::new(),
            Flow::Continue | Flow::Close => out.finish(),
        }
    }
}

/// The words of a request.
pub fn words(request: &str) -> Vec<Vec<u8>> {
    let mut rest = request.trim_start();
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (word, tail) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => plain(rest),
        };
        words.push(word);
        rest = tail.trim_start();
    }
    words
}

fn plain(text: &str) -> (Vec<u8>, &str) {
    let (word, tail) = text.split_at(text.find(' ').unwrap_or(text.len()));
    (word.as_bytes().to_vec(), tail)
}

fn unquote(text: &str) -> (Vec<u8>, &str) {
    let mut word = Vec::new();
    let mut at = 0;
    let bytes = text.as_bytes();
    while bytes[at] != b'"' {
        let (byte, len) = match &bytes[at..] {
            [b'\\', b'x', ..] => {
                (u8::from_str_radix(&text[at + 2..at + 4], 16).expect("two digits"), 4)
            }
            [b'\\', b'r', ..] => (b'\r', 2),
            [b'\\', b'n', ..] => (b'\n', 2),
            [b'\\', b't', ..] => (b'\t', 2),
            [b'\\', escaped, ..] => (*escaped, 2),
            bytes => (bytes[0], 1),
        };
        word.push(byte);
        at += len;
    }
    (word, &text[at + 1..])
}

/// An aggregate that is not complete yet.
struct Open {
    /// Elements still to come.
    left: usize,
    /// Elements already there.
    done: usize,
    is_map: bool,
}

/// A sink that writes one reply as text.
pub struct Text {
    text: String,
    open: Vec<Open>,
    replies: usize,
    protocol: Protocol,
}

impl Text {
    pub fn new(protocol: Protocol) -> Self {
        Self { text: String::new(), open: Vec::new(), replies: 0, protocol }
    }

    /// The reply.
    ///
    /// # Panics
    /// If there was not exactly one whole reply.
    /// All replies, separated by spaces, however many there are.
    pub fn finish_all(self) -> String {
        assert!(self.open.is_empty(), "elements are missing: {}", self.text);
        self.text
    }

    pub fn finish(self) -> String {
        assert!(self.open.is_empty(), "elements are missing: {}", self.text);
        assert_eq!(self.replies, 1, "a command gives one reply: {}", self.text);
        self.text
    }

    /// What was written so far, whole replies or not.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn put(&mut self, prefix: &str, bytes: &[u8]) {
        self.separate();
        self.text.push_str(prefix);
        for &byte in bytes {
            match byte {
                b' '..=b'~' => self.text.push(char::from(byte)),
                _ => self.text.push_str(&format!("\\x{byte:02x}")),
            }
        }
        self.close();
    }

    fn begin(&mut self, bracket: &str, left: usize, is_map: bool) {
        self.separate();
        self.text.push_str(bracket);
        self.open.push(Open { left, done: 0, is_map });
        if left == 0 {
            self.end_aggregate();
        }
    }

    fn separate(&mut self) {
        if self.open.is_empty() && self.replies > 0 {
            self.text.push(' ');
        }
        if let Some(open) = self.open.last() {
            match (open.done, open.is_map) {
                (0, _) => {}
                (done, true) if done % 2 == 1 => self.text.push('='),
                _ => self.text.push(' '),
            }
        }
    }

    /// Counts a complete reply or element, and completes the aggregates that it was the last of.
    fn close(&mut self) {
        match self.open.last_mut() {
            None => self.replies += 1,
            Some(open) => {
                open.left -= 1;
                open.done += 1;
                if open.left == 0 {
                    self.end_aggregate();
                }
            }
        }
    }

    fn end_aggregate(&mut self) {
        let open = self.open.pop().expect("an aggregate is open");
        self.text.push(if open.is_map { '}' } else { ']' });
        self.close();
    }
}

impl Reply for Text {
    fn simple(&mut self, status: &str) {
        self.put("+", status.as_bytes());
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.put("$", bytes);
    }

    fn int(&mut self, value: i64) {
        self.put(":", value.to_string().as_bytes());
    }

    fn double(&mut self, value: f64) {
        self.put(",", value.to_string().as_bytes());
    }

    fn bulk_double(&mut self, value: f64) {
        self.put("$", value.to_string().as_bytes());
    }

    fn boolean(&mut self, value: bool) {
        self.put("#", if value { b"t" } else { b"f" });
    }

    fn null(&mut self) {
        self.put("_", b"");
    }

    fn null_array(&mut self) {
        self.put("*_", b"");
    }

    fn verbatim(&mut self, text: &[u8]) {
        self.put("=", text);
    }

    fn array(&mut self, len: usize) {
        self.begin("[", len, false);
    }

    fn map(&mut self, len: usize) {
        self.begin("{", 2 * len, true);
    }

    fn set(&mut self, len: usize) {
        self.begin("~[", len, false);
    }

    fn push(&mut self, len: usize) {
        self.begin(">[", len, false);
    }

    fn error(&mut self, error: &Error) {
        self.put("-", &error.message());
    }

    fn written(&self) -> usize {
        self.text.len()
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn switch_protocol(&mut self, protocol: Protocol) -> bool {
        self.protocol = protocol;
        true
    }
}

/// The bytes of a text in a reply, where `\xNN` stands for one that is no printable ASCII. Not for
/// texts with a backslash before an `x`.
pub fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = rest.strip_prefix(b"\\x").and_then(|rest| rest.get(..2));
        let code = digits.and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { &rest[4..] } else { tail };
    }
    bytes
}
