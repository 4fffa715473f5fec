//! The command line.

use crate::scenarios::{self, Scenario};
use crate::stage::Contestant;
use crate::support::Outcome;
use crate::support::servers::{KV, REDIS};
use lexopt::{Arg, Parser, ValueExt};
use std::path::PathBuf;

const HELP: &str = "\
Compares the pauses and the memory of kv-server and redis-server.

  --only NAME        run this scenario alone; may be repeated. Names are below
  --keys N           keys (or elements) in each scenario, rather than its own number
  --server NAME      run only this server: kv or redis
  --threads N        threads of kv-server (1)
  --kv PATH          the kv-server to measure (the one built along with this benchmark)
  --redis PATH       the redis-server to measure, or a relative of it (redis-server)
  --port P           the port to use (17120)

Scenarios:
";

/// What to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// `cargo test --all-targets` runs benchmarks too, without `--bench`.
    Nothing,
    Help,
    Compare(Options),
}

#[derive(Debug)]
pub(crate) struct Options {
    only: Vec<String>,
    /// The short name of the one server to run.
    server: Option<String>,
    /// How many keys, whatever the scenario.
    pub(crate) keys: Option<u64>,
    threads: u32,
    kv: PathBuf,
    redis: PathBuf,
    pub(crate) port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            server: None,
            keys: None,
            threads: 1,
            kv: env!("CARGO_BIN_EXE_kv-server").into(),
            redis: "redis-server".into(),
            port: 17120,
        }
    }
}

impl Options {
    /// The scenarios that were asked for: all, unless some were named.
    pub(crate) fn scenarios(&self) -> impl Iterator<Item = &'static Scenario> {
        let wanted = |name| self.only.is_empty() || self.only.iter().any(|only| only == name);
        scenarios::ALL.iter().filter(move |scenario| wanted(scenario.name))
    }

    /// The servers that were asked for: both, unless one was named.
    pub(crate) fn contestants(&self) -> impl Iterator<Item = Contestant<'_>> {
        let kv = Contestant::Kv { path: &self.kv, threads: self.threads };
        let redis = Contestant::Redis { path: &self.redis };
        let wanted = |name: &str| self.server.as_deref().is_none_or(|server| server == name);
        [("kv", kv), ("redis", redis)]
            .into_iter()
            .filter(move |(name, _)| wanted(name))
            .map(|(_, contestant)| contestant)
    }

    fn check(self) -> Outcome<Self> {
        let unknown =
            |name: &&String| scenarios::ALL.iter().all(|scenario| scenario.name != **name);
        if let Some(name) = self.only.iter().find(unknown) {
            return Err(format!("there is no scenario `{name}`; see --help").into());
        }
        if self.contestants().next().is_none() {
            return Err(format!("--server takes kv (for {KV}) or redis (for {REDIS})").into());
        }
        if self.keys == Some(0) {
            return Err("there must be at least one key".into());
        }
        Ok(self)
    }
}

pub(crate) fn help() -> String {
    let mut help = HELP.to_owned();
    for Scenario { name, keys, of, what, .. } in &scenarios::ALL {
        help += &format!("  {name:<12} {what} ({keys} {of})\n");
    }
    help
}

pub(crate) fn parse() -> Outcome<Task> {
    let mut options = Options::default();
    let mut called_to_bench = false;
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("bench") => called_to_bench = true,
            Arg::Long("help") => return Ok(Task::Help),
            Arg::Long("only") => options.only.push(parser.value()?.string()?),
            Arg::Long("keys") => options.keys = Some(parser.value()?.parse()?),
            Arg::Long("server") => options.server = Some(parser.value()?.string()?),
            Arg::Long("threads") => options.threads = parser.value()?.parse()?,
            Arg::Long("kv") => options.kv = parser.value()?.into(),
            Arg::Long("redis") => options.redis = parser.value()?.into(),
            Arg::Long("port") => options.port = parser.value()?.parse()?,
            _ => return Err(arg.unexpected().into()),
        }
    }
    if called_to_bench { options.check().map(Task::Compare) } else { Ok(Task::Nothing) }
}
