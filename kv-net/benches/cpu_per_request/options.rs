//! The command line.

use crate::support::Outcome;
use crate::workload::{self, Workload};
use lexopt::{Arg, Parser, ValueExt};
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
Compares the processor time per request of kv-server, redis-server and the floor.

  --only NAME        run this workload alone; may be repeated. Names: get, set (50 clients,
                     pipelines of 32, 1M keys, values of 32 bytes), get-2000, set-2000
                     (2000 clients), get-4k, set-4k (100k keys, values of 4096 bytes),
                     get-p1, set-p1 (no pipelining), and with pipelines of 16 on values of 1M
                     elements: incr, mset-10, lpush, lrange-100, hset, sadd, spop, zadd,
                     zrange, xadd
  --rounds R         rounds to take the median of (5)
  --requests N       requests per round (differs by workload)
  --server PATH      the kv-server to measure (the one built along with this benchmark)
  --redis PATH       the redis-server to measure, or a relative of it (redis-server)
  --skip-kv          leave out kv-server
  --skip-redis       leave out redis-server
  --port P           the first of three ports to use (17110)
  --load-threads T   threads of redis-benchmark; 0 for its loop without locks (1)
  --pin-servers C    run the servers on these cores, in taskset's notation
  --pin-load C       run redis-benchmark on these cores
";

/// What to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// `cargo test --all-targets` runs benchmarks too, without `--bench`.
    Nothing,
    Help,
    /// Be the floor: the process that `Compare` starts.
    Floor {
        port: u16,
        reply: Vec<u8>,
    },
    Compare(Options),
}

#[derive(Debug)]
pub(crate) struct Options {
    only: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) requests: Option<u64>,
    /// Where kv-server is, unless it is left out.
    pub(crate) kv: Option<PathBuf>,
    /// Where redis-server is, unless it is left out.
    pub(crate) redis: Option<PathBuf>,
    pub(crate) port: u16,
    pub(crate) load_threads: u32,
    pub(crate) server_cores: Option<String>,
    pub(crate) load_cores: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            rounds: 5,
            requests: None,
            kv: Some(env!("CARGO_BIN_EXE_kv-server").into()),
            redis: Some("redis-server".into()),
            port: 17110,
            load_threads: 1,
            server_cores: None,
            load_cores: None,
        }
    }
}

impl Options {
    /// The workloads that were asked for: all, unless some were named.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = &'static Workload> {
        let wanted = |name| self.only.is_empty() || self.only.iter().any(|only| only == name);
        workload::ALL.iter().filter(move |workload| wanted(workload.name))
    }

    fn check(self) -> Outcome<Self> {
        if let Some(name) = self.only.iter().find(|name| workload::find(name).is_none()) {
            return Err(format!("there is no workload `{name}`; see --help").into());
        }
        if self.rounds == 0 {
            return Err("there must be at least one round".into());
        }
        Ok(self)
    }
}

pub(crate) fn parse() -> Outcome<Task> {
    let mut options = Options::default();
    let (mut skip_kv, mut skip_redis, mut called_to_bench) = (false, false, false);
    let mut floor = None;
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("bench") => called_to_bench = true,
            Arg::Long("floor") => floor = Some(parser.value()?.string()?),
            Arg::Long("help") => return Ok(Task::Help),
            Arg::Long("only") => options.only.push(parser.value()?.string()?),
            Arg::Long("rounds") => options.rounds = parser.value()?.parse()?,
            Arg::Long("requests") => options.requests = Some(parser.value()?.parse()?),
            Arg::Long("server") => options.kv = Some(parser.value()?.into()),
            Arg::Long("redis") => options.redis = Some(parser.value()?.into()),
            Arg::Long("skip-kv") => skip_kv = true,
            Arg::Long("skip-redis") => skip_redis = true,
            Arg::Long("port") => options.port = parser.value()?.parse()?,
            Arg::Long("load-threads") => options.load_threads = parser.value()?.parse()?,
            Arg::Long("pin-servers") => options.server_cores = Some(parser.value()?.string()?),
            Arg::Long("pin-load") => options.load_cores = Some(parser.value()?.string()?),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if let Some(name) = floor {
        let reply = workload::find(&name).ok_or("there is no such workload")?.reply();
        return Ok(Task::Floor { port: options.port, reply });
    }
    if !called_to_bench {
        return Ok(Task::Nothing);
    }
    options.kv = options.kv.filter(|_| !skip_kv);
    options.redis = options.redis.filter(|_| !skip_redis);
    options.check().map(Task::Compare)
}
