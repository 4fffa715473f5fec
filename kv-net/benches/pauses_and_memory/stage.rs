//! Where a scenario is played: how it starts servers, fills them, waits, and watches them at work.

use crate::load;
use crate::probe::{Pings, Probe};
use crate::support::Outcome;
use crate::support::interrupt::Interrupt;
use crate::support::servers::{self, KV, REDIS, Server};
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often to look whether something has come about, or a signal.
const POLL: Duration = Duration::from_millis(100);
/// Memory is at rest when it has stayed within 1 % for so long.
const REST: Duration = Duration::from_secs(2);
/// How long to wait for memory to come to rest.
const REST_WAIT_MAX: Duration = Duration::from_secs(30);

/// A server to start, any number of times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Contestant<'a> {
    Kv { path: &'a Path, threads: u32 },
    Redis { path: &'a Path },
}

impl Contestant<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kv { .. } => KV,
            Self::Redis { .. } => REDIS,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Stage<'a> {
    contestant: Contestant<'a>,
    port: u16,
    interrupt: Interrupt,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(contestant: Contestant<'a>, port: u16, interrupt: Interrupt) -> Self {
        Self { contestant, port, interrupt }
    }

    /// A server with nothing in it.
    pub(crate) fn start(&self) -> Outcome<Server> {
        let command = match self.contestant {
            Contestant::Kv { path, threads } => servers::kv(path, threads, None),
            Contestant::Redis { path } => servers::redis(path, None),
        };
        Server::start(self.contestant.name(), self.port, command)
    }

    /// Sends requests in one pipeline, and waits for their replies.
    pub(crate) fn load<R>(
        &self,
        server: &Server,
        requests: impl Iterator<Item = R> + Clone,
        encode: impl Fn(&mut Vec<u8>, R),
    ) -> Outcome<()> {
        load::pipeline(server.connect()?, &self.interrupt, requests, encode)
    }

    pub(crate) fn wait(&self, span: Duration) -> Outcome<()> {
        let end = Instant::now() + span;
        loop {
            self.interrupt.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            sleep(left.min(POLL));
        }
    }

    /// The resident memory of a server that has come to rest, in bytes.
    pub(crate) fn rss(&self, server: &Server) -> Outcome<f64> {
        let begin = Instant::now();
        let mut rest = Instant::now();
        let mut base = rss_now(server)?;
        while rest.elapsed() < REST && begin.elapsed() < REST_WAIT_MAX {
            self.wait(POLL)?;
            let rss = rss_now(server)?;
            if (rss - base).abs() > base / 100.0 {
                (base, rest) = (rss, Instant::now());
            }
        }
        rss_now(server)
    }
}

fn rss_now(server: &Server) -> Outcome<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: f64 = kib.ok_or("the system does not tell the memory of a process")?.parse()?;
    Ok(kib * 1024.0)
}

/// A server with a probe at it.
pub(crate) struct Watch<'a> {
    stage: &'a Stage<'a>,
    server: &'a Server,
    probe: Probe,
}

/// What was seen while something was done.
#[derive(Debug)]
pub(crate) struct Seen<T> {
    pub(crate) outcome: T,
    pub(crate) pings: Pings,
    /// Processor time of the server, the probe's part included.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

impl<T> Seen<T> {
    /// Processor time of the server beyond what it takes in the same time when idle.
    pub(crate) fn cpu_beyond<I>(&self, idle: &Seen<I>) -> Duration {
        let share = idle.cpu.as_secs_f64() / idle.wall.as_secs_f64();
        self.cpu.saturating_sub(self.wall.mul_f64(share))
    }
}

impl<'a> Watch<'a> {
    pub(crate) fn new(stage: &'a Stage<'a>, server: &'a Server) -> Outcome<Self> {
        Ok(Self { stage, server, probe: Probe::start(server)? })
    }

    pub(crate) fn idle(&self, span: Duration) -> Outcome<Seen<()>> {
        self.during(|| self.stage.wait(span))
    }

    pub(crate) fn during<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<Seen<T>> {
        self.probe.cut()?;
        let (begin, cpu) = (Instant::now(), self.server.cpu_time()?);
        let outcome = work()?;
        let (wall, cpu) = (begin.elapsed(), self.server.cpu_time()? - cpu);
        Ok(Seen { outcome, pings: self.probe.cut()?, cpu, wall })
    }
}
