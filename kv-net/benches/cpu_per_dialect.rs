//! Processor time per GET in each protocol that the server speaks, on the same keys.
//!
//! ```text
//! cargo bench -p kv-net --bench cpu_per_dialect -- [--rounds R] [--requests N] [--server PATH] [--port P]
//! ```
//!
//! One server serves all protocols. Each round runs the same load in each of them, in rotating
//! order: 20 connections, pipelines of 32, random keys of 100,000, values of 32 bytes. What is
//! measured is the processor time (user and system) of the server's process; the ratios are those
//! within a round, and the medians of all rounds are shown. The load generator is the same for all,
//! so that what the system spends on the connections is, too.
//!
//! Needs Linux.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it reports to a terminal")]

#[path = "support/median.rs"]
mod median;
#[allow(dead_code, reason = "other benchmarks use the rest")]
#[path = "support/mod.rs"]
mod support;

use kv_core::rng::Rng;
use kv_proto::dialect::Dialect;
use kv_proto::tlv::Operation;
use kv_proto::{frame, resp, tlv};
use lexopt::{Arg, ValueExt as _};
use median::median;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use support::Outcome;
use support::servers::{self, KV, Server};

const DIALECTS: [(&str, Dialect); 3] =
    [("resp", Dialect::Resp), ("frame", Dialect::Frame), ("tlv", Dialect::Tlv)];

const CONNECTIONS: usize = 20;
const PIPELINE: usize = 32;
const KEYS: u64 = 100_000;
const VALUE: [u8; 32] = [b'v'; 32];

/// So many different pipelines are sent in turn.
const PIPELINES: usize = 500;

struct Options {
    rounds: usize,
    requests: usize,
    server: String,
    port: u16,
}

fn main() -> ExitCode {
    match options().and_then(|options| options.map_or(Ok(()), |options| compare(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cpu_per_dialect: {error}");
            ExitCode::FAILURE
        }
    }
}

/// None if nothing is to be measured: `cargo test` runs benchmarks without `--bench`.
fn options() -> Outcome<Option<Options>> {
    let server = env!("CARGO_BIN_EXE_kv-server").to_owned();
    let mut options = Options { rounds: 9, requests: 640_000, server, port: 17130 };
    let (mut parser, mut is_bench) = (lexopt::Parser::from_env(), false);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("bench") => is_bench = true,
            Arg::Long("rounds") => options.rounds = parser.value()?.parse()?,
            Arg::Long("requests") => options.requests = parser.value()?.parse()?,
            Arg::Long("server") => options.server = parser.value()?.string()?,
            Arg::Long("port") => options.port = parser.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(is_bench.then_some(options))
}

fn compare(options: &Options) -> Outcome<()> {
    let mut command = servers::kv(&options.server, 1, None);
    command.args(["--frame-port", &(options.port + 1).to_string()]);
    command.args(["--tlv-port", &(options.port + 2).to_string()]);
    let server = Server::start(KV, options.port, command)?;
    fill(&server)?;
    let mut loads = Vec::new();
    for ((name, dialect), port) in DIALECTS.into_iter().zip(options.port..) {
        loads.push(Load::new(name, dialect, port)?);
    }
    for load in &mut loads {
        load.run(&server, options.requests / 4)?;
    }
    for round in 0..options.rounds {
        for turn in 0..loads.len() {
            let load = &mut loads[(round + turn) % DIALECTS.len()];
            let us = load.run(&server, options.requests)?;
            load.us_per_request.push(us);
        }
    }
    println!("protocol   us/GET     min   x resp");
    for load in &loads {
        let rounds = load.us_per_request.iter().zip(&loads[0].us_per_request);
        let ratio = median(rounds.map(|(us, resp)| us / resp).collect());
        let min = load.us_per_request.iter().copied().fold(f64::MAX, f64::min);
        let us = median(load.us_per_request.clone());
        println!("{:<8} {us:>8.3} {min:>7.3} {ratio:>8.3}", load.name);
    }
    Ok(())
}

fn key(number: u64) -> Vec<u8> {
    format!("key:{number:012}").into_bytes()
}

fn fill(server: &Server) -> Outcome<()> {
    let mut client = server.client()?;
    for number in 0..KEYS {
        client.ask(&[b"SET", &key(number), &VALUE])?;
    }
    Ok(())
}

/// The load in one protocol.
struct Load {
    name: &'static str,
    connections: Vec<TcpStream>,
    pipelines: Vec<Vec<u8>>,
    /// How long the replies to a pipeline are.
    replies_len: usize,
    us_per_request: Vec<f64>,
}

impl Load {
    fn new(name: &'static str, dialect: Dialect, port: u16) -> Outcome<Self> {
        let mut rng = Rng::new(1);
        let pipeline = |_| {
            let mut pipeline = Vec::new();
            (0..PIPELINE).for_each(|_| encode(dialect, &key(rng.below(KEYS)), &mut pipeline));
            pipeline
        };
        let pipelines = (0..PIPELINES).map(pipeline).collect();
        let connections = (0..CONNECTIONS).map(|_| TcpStream::connect(("127.0.0.1", port)));
        Ok(Self {
            name,
            connections: connections.collect::<Result<_, _>>()?,
            pipelines,
            replies_len: PIPELINE * (head_len(dialect) + VALUE.len()),
            us_per_request: Vec::new(),
        })
    }

    /// The server's processor time for each request, in microseconds.
    fn run(&mut self, server: &Server, requests: usize) -> Outcome<f64> {
        let before = server.cpu_time()?;
        let mut replies = vec![0; self.replies_len];
        let mut pipelines = self.pipelines.iter().cycle();
        let turns = requests.div_ceil(PIPELINE * CONNECTIONS);
        for _ in 0..turns {
            for (connection, pipeline) in self.connections.iter_mut().zip(&mut pipelines) {
                connection.write_all(pipeline)?;
            }
            for connection in &mut self.connections {
                connection.read_exact(&mut replies)?;
                if !replies.windows(VALUE.len()).any(|bytes| bytes == VALUE) {
                    return Err(format!("{}: a reply without the value", self.name).into());
                }
            }
        }
        let spent = server.cpu_time()? - before;
        Ok(spent.as_secs_f64() * 1e6 / (turns * PIPELINE * CONNECTIONS) as f64)
    }
}

fn encode(dialect: Dialect, key: &[u8], out: &mut Vec<u8>) {
    match dialect {
        Dialect::Resp => resp::encode_request([b"GET", key], out),
        Dialect::Frame => frame::encode_request([b"GET", key], out),
        Dialect::Tlv | Dialect::TlvStrict => tlv::encode_request(Operation::Get(key), out),
    }
}

/// How many bytes of a reply are not the value's.
fn head_len(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Resp => "$32\r\n\r\n".len(),
        Dialect::Frame => 9,
        Dialect::Tlv => 4,
        Dialect::TlvStrict => 5,
    }
}
