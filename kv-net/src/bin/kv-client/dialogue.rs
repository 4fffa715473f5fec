//! Requests one after the other, and their replies as text.

use crate::Outcome;
use crate::hints;
use crate::link::{Link, LinkError, Place};
use kv_proto::dialect::Dialect;
use kv_proto::resp::value::Value;
use kv_proto::text::{self, Style};
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Which server, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) dialect: Dialect,
    /// Of RESP.
    pub(crate) is_v3: bool,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) database: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) style: Style,
    /// Whether an error reply is a failure of the program.
    pub(crate) fails_on_error: bool,
}

impl Options {
    /// For a connection whose replies are not printed.
    pub(crate) fn silent(target: Target) -> Self {
        Self { target, style: Style::Raw, fails_on_error: false }
    }
}

/// Why a request has no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TalkError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the server refuses {what}: {reason}")]
    Refused { what: &'static str, reason: String },
    #[error(transparent)]
    Print(#[from] io::Error),
}

/// Sends one command and prints its reply.
pub(crate) fn run_one(options: &Options, words: &[Vec<u8>]) -> Outcome<ExitCode> {
    let mut dialogue = Dialogue::new(options);
    dialogue.ask(words).map_err(without_source)?;
    Ok(dialogue.exit_code())
}

/// Sends the commands that `source` has, one in a line.
pub(crate) fn run_script(options: &Options, source: impl BufRead) -> Outcome<ExitCode> {
    let mut dialogue = Dialogue::new(options);
    for (index, line) in source.split(b'\n').enumerate() {
        let words = hints::split(&line?).map_err(|error| format!("line {}: {error}", index + 1))?;
        if is_end(&words) {
            break;
        }
        if !words.is_empty() {
            dialogue.ask(&words).map_err(without_source)?;
        }
    }
    Ok(dialogue.exit_code())
}

/// An error of standard output shows as such.
fn without_source(error: TalkError) -> Box<dyn std::error::Error> {
    match error {
        TalkError::Print(error) => error.into(),
        error => error.into(),
    }
}

/// Whether these words end a dialogue.
pub(crate) fn is_end(words: &[Vec<u8>]) -> bool {
    matches!(words, [word] if is_one_of(word, &["quit", "exit"]))
}

/// A connection that is opened when it is needed, and again when it was closed.
#[derive(Debug)]
pub(crate) struct Dialogue<'a> {
    options: &'a Options,
    link: Option<Link>,
    /// The database that the server works on.
    database: u32,
    is_in_transaction: bool,
    /// The last reply was an error.
    has_failed: bool,
    /// Set when the user has waited long enough.
    interrupt: Option<Arc<AtomicBool>>,
}

impl<'a> Dialogue<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self {
            options,
            link: None,
            database: options.target.database,
            is_in_transaction: false,
            has_failed: false,
            interrupt: None,
        }
    }

    /// Ends a wait when `interrupt` is set.
    pub(crate) fn interruptible(self, interrupt: Arc<AtomicBool>) -> Self {
        Self { interrupt: Some(interrupt), ..self }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.options.fails_on_error && self.has_failed))
    }

    /// Where the user is, to stand before what is typed.
    pub(crate) fn prompt(&self) -> String {
        if self.link.is_none() {
            return "not connected> ".into();
        }
        let place = &self.options.target.place;
        let database =
            if self.database == 0 { String::new() } else { format!("[{}]", self.database) };
        let transaction = if self.is_in_transaction { "(TX)" } else { "" };
        format!("{place}{database}{transaction}> ")
    }

    /// Sends a request and prints all that comes until its reply, or until nothing more comes if it
    /// is one that is answered forever.
    pub(crate) fn ask(&mut self, words: &[Vec<u8>]) -> Result<(), TalkError> {
        let result = self.connect().and_then(|()| self.converse(words));
        if result.is_err() {
            self.disconnect();
        }
        match result {
            Err(TalkError::Link(LinkError::Closed)) if is_last(words) => Ok(()),
            result => result,
        }
    }

    /// Connects, unless there is a connection.
    pub(crate) fn connect(&mut self) -> Result<(), TalkError> {
        if self.link.as_mut().is_some_and(Link::is_closed) {
            self.disconnect();
        }
        if self.link.is_none() {
            let target = &self.options.target;
            self.link = Some(Link::open(&target.place, target.dialect)?);
            self.introduce()?;
        }
        Ok(())
    }

    /// A connection on which the server knows who the client is.
    pub(crate) fn into_link(mut self) -> Result<Link, TalkError> {
        self.connect()?;
        Ok(self.link.take().expect("it is connected"))
    }

    fn disconnect(&mut self) {
        self.link = None;
        self.is_in_transaction = false;
    }

    /// Says who the client is and what it wants.
    fn introduce(&mut self) -> Result<(), TalkError> {
        for (what, words) in self.options.target.introduction(self.database) {
            let reason = match self.exchange(&words)? {
                Value::Error(reason) | Value::BulkError(reason) => reason,
                _ => continue,
            };
            self.disconnect();
            let reason = String::from_utf8_lossy(&reason).into_owned();
            return Err(TalkError::Refused { what, reason });
        }
        Ok(())
    }

    fn exchange(&mut self, words: &[Vec<u8>]) -> Result<Value, TalkError> {
        self.link().send(words)?;
        self.receive()
    }

    fn receive(&mut self) -> Result<Value, TalkError> {
        let interrupt = self.interrupt.clone();
        Ok(self.link().receive(interrupt.as_deref())?)
    }

    fn link(&mut self) -> &mut Link {
        self.link.as_mut().expect("it is connected")
    }

    fn converse(&mut self, words: &[Vec<u8>]) -> Result<(), TalkError> {
        self.link().send(words)?;
        if is_answered_forever(words) {
            loop {
                let value = self.receive()?;
                self.show(&value, self.options.style)?;
            }
        }
        let style = if is_answered_with_text(words) { Style::Raw } else { self.options.style };
        loop {
            let value = self.receive()?;
            self.show(&value, style)?;
            if !matches!(value, Value::Push(_)) || is_answered_with_push(words) {
                self.note(words, &value);
                return Ok(());
            }
        }
    }

    fn show(&self, value: &Value, style: Style) -> io::Result<()> {
        let mut text = Vec::new();
        text::print(value, style, &mut text);
        let mut out = io::stdout().lock();
        out.write_all(&text)?;
        out.flush()
    }

    /// What the reply means for the requests that follow.
    fn note(&mut self, words: &[Vec<u8>], reply: &Value) {
        self.has_failed = matches!(reply, Value::Error(_) | Value::BulkError(_));
        let is_ok = !self.has_failed;
        match words {
            [name] if is_one_of(name, &["multi"]) => self.is_in_transaction |= is_ok,
            [name] if is_one_of(name, &["exec", "discard"]) => self.is_in_transaction = false,
            [name] if is_one_of(name, &["reset"]) => {
                (self.is_in_transaction, self.database) = (false, 0);
            }
            [name, database]
                if is_ok && is_one_of(name, &["select"]) && !self.is_in_transaction =>
            {
                let number = String::from_utf8_lossy(database).parse();
                self.database = number.unwrap_or(self.database);
            }
            _ => {}
        }
    }
}

impl Target {
    /// The requests that a connection begins with, each with what it asks for.
    pub(crate) fn introduction(&self, database: u32) -> Vec<(&'static str, Vec<Vec<u8>>)> {
        let word = |text: &str| text.as_bytes().to_vec();
        let mut requests = Vec::new();
        if let Some(password) = &self.password {
            let user = self.user.iter().map(|user| word(user));
            let words = [word("AUTH")].into_iter().chain(user).chain([password.clone()]);
            requests.push(("the password", words.collect()));
        }
        if self.is_v3 {
            requests.push(("version 3 of its protocol", vec![word("HELLO"), word("3")]));
        }
        if database != 0 {
            requests.push(("the database", vec![word("SELECT"), word(&database.to_string())]));
        }
        requests
    }
}

fn is_one_of(word: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether what follows is all that comes, until the connection ends.
fn is_answered_forever(words: &[Vec<u8>]) -> bool {
    let names = &["monitor", "subscribe", "psubscribe", "ssubscribe"];
    words.first().is_some_and(|name| is_one_of(name, names))
}

fn is_answered_with_push(words: &[Vec<u8>]) -> bool {
    let names = &["unsubscribe", "punsubscribe", "sunsubscribe"];
    words.first().is_some_and(|name| is_one_of(name, names))
}

/// Whether the server says nothing more if it does as it is told.
fn is_last(words: &[Vec<u8>]) -> bool {
    words.first().is_some_and(|name| is_one_of(name, &["shutdown"]))
}

/// Whether the reply is text for people, which version 2 of RESP does not tell.
fn is_answered_with_text(words: &[Vec<u8>]) -> bool {
    let of = |name: &[u8]| match &name.to_ascii_lowercase()[..] {
        b"client" => &["list", "info"][..],
        b"cluster" => &["nodes", "info"],
        b"latency" => &["doctor", "graph"],
        b"memory" => &["doctor", "malloc-stats"],
        _ => &[],
    };
    match words {
        [name, ..] if is_one_of(name, &["info", "lolwut"]) => true,
        [name, subcommand, ..] => is_one_of(subcommand, of(name)),
        _ => false,
    }
}
