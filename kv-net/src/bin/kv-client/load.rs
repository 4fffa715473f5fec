//! Many connections that run sequences of SET, GET and DELETE, and check what comes back.

mod client;
mod report;
mod work;

use crate::Outcome;
use crate::dialogue::{Dialogue, Options, Target};
use crate::link::LinkError;
use client::Client;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use kv_proto::resp::value::Value;
use kv_proto::text::{self, Style};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use report::Report;
use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use work::{Step, Work};

/// How many events one poll takes.
const EVENTS_PER_POLL: usize = 1024;

/// How long the server may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// The most connections; the server's `maxclients` and the system's limits are mostly lower.
const CLIENTS_MAX: usize = 100_000;

/// The most requests in flight on one connection.
const PIPELINE_MAX: usize = 100_000;

/// The longest key and value, in bytes.
const LEN_MAX: usize = 512 * 1024 * 1024;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    /// In all. The last sequence is completed.
    pub(crate) requests: u64,
    /// How many requests a connection sends at once.
    pub(crate) pipeline: usize,
    /// In bytes.
    pub(crate) key_len: usize,
    /// In bytes.
    pub(crate) value_len: usize,
    pub(crate) seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { clients: 50, requests: 300_000, pipeline: 1, key_len: 16, value_len: 64, seed: 1 }
    }
}

impl Plan {
    /// Whether it can be done.
    pub(crate) fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: usize, min: usize, max: usize| {
            let fits = (min..=max).contains(&value);
            fits.then_some(()).ok_or_else(|| format!("--{name} must be from {min} to {max}"))
        };
        within("clients", self.clients, 1, CLIENTS_MAX)?;
        within("pipeline", self.pipeline, 1, PIPELINE_MAX)?;
        within("value-length", self.value_len, 0, LEN_MAX)?;
        if self.requests == 0 {
            return Err("--requests must be 1 or more".into());
        }
        within("key-length", self.key_len, work::digits(self.sequences()), LEN_MAX)
            .map_err(|error| format!("{error}, since each sequence has a key of its own"))
    }

    fn sequences(&self) -> u64 {
        self.requests.div_ceil(Step::ALL.len() as u64)
    }
}

/// What went wrong while the load ran.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("connection {client}: {source}")]
    Link { client: usize, source: LinkError },
    #[error("wrong reply on connection {client} to {step} {key:?}: {got} instead of {wanted}")]
    WrongReply { client: usize, step: &'static str, key: String, got: String, wanted: String },
    #[error("connection {client}: a reply without a request: {got}")]
    Unasked { client: usize, got: String },
    #[error("the server has sent nothing for {} seconds", SILENCE_MAX.as_secs())]
    Silence,
}

/// Runs the load and prints how it went.
pub(crate) fn run(target: &Target, plan: &Plan) -> Outcome<ExitCode> {
    raise_descriptor_limit();
    let work = Work::new(plan, target.dialect);
    let mut load = Load::connect(target, plan, &work)?;
    let begin = Instant::now();
    let result = load.run();
    load.bar.finish_and_clear();
    result?;
    let mut out = io::stdout().lock();
    out.write_all(load.report.text(plan, begin.elapsed()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

struct Load<'a> {
    poll: Poll,
    clients: Vec<Client<'a>>,
    report: Report,
    bar: ProgressBar,
}

impl<'a> Load<'a> {
    fn connect(target: &Target, plan: &Plan, work: &'a Work) -> Outcome<Self> {
        let poll = Poll::new()?;
        let mut clients = Vec::new();
        for index in 0..plan.clients {
            let options = Options::silent(target.clone());
            let link = Dialogue::new(&options).into_link()?;
            let client = Client::new(index, link, work)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(
                &mut SourceFd(&client.descriptor()),
                Token(index),
                interest,
            )?;
            clients.push(client);
        }
        Ok(Self { poll, clients, report: Report::new(), bar: progress_bar(work.requests()) })
    }

    fn run(&mut self) -> Outcome<()> {
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        for client in &mut self.clients {
            client.go_on(&mut self.report)?;
        }
        while !self.clients.iter().all(Client::is_done) {
            self.poll(&mut events)?;
            for event in &events {
                self.clients[event.token().0].go_on(&mut self.report)?;
            }
            self.bar.set_position(self.report.requests());
        }
        Ok(())
    }

    fn poll(&mut self, events: &mut Events) -> Outcome<()> {
        match self.poll.poll(events, Some(SILENCE_MAX)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => events.clear(),
            Err(error) => return Err(error.into()),
            Ok(()) if events.is_empty() => return Err(LoadError::Silence.into()),
            Ok(()) => {}
        }
        Ok(())
    }
}

fn progress_bar(requests: u64) -> ProgressBar {
    let style = "{prefix:8} {bar:40} {pos} of {len} requests, {rate} per second, {eta} to go";
    let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
        // Nobody misses a number that cannot be shown.
        let _ = write!(out, "{:.0}", state.per_sec());
    };
    let style = ProgressStyle::with_template(style).expect("the template is well-formed");
    ProgressBar::new(requests).with_style(style.with_key("rate", rate)).with_prefix("load")
}

/// Lets the process have as many connections as the system allows.
fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // If it stays as it is, a connection that is too many says so.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// A value as a message shows it: on one line, and not too long.
fn shown(value: &Value) -> String {
    const SHOWN: usize = 100;
    let mut text = Vec::new();
    text::print(value, Style::Terminal, &mut text);
    let mut text = String::from_utf8_lossy(&text).trim_end().replace('\n', " ");
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text += "...";
    }
    text
}
