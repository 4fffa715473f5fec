//! Processor time per request: kv-server against redis-server and against the floor.
//!
//! ```text
//! cargo bench -p kv-net --bench cpu_per_request -- [options]
//! ```
//!
//! What is compared is the processor time (user and system, all threads) that a server's process
//! spends on a request, not its throughput: throughput against a load generator that is slower than
//! the server says little, and on a busy machine even less. The *floor* is a server that only
//! receives, counts requests and sends canned bytes (see [`floor`]); what a server takes beyond it
//! is its own doing.
//!
//! Machines drift, so each round runs the same load against every server in turn, in rotating
//! order, and ratios are taken within a round; the table shows the medians over the rounds. Each
//! workload starts its servers anew, fills them with all keys that the load will ask for, and runs
//! them warm before the first round. Opening and closing the connections is part of what is
//! measured, 20 to 40 µs for each: with 2000 clients, take millions of requests.
//!
//! A server that is faster than redis-benchmark finds fewer requests at each wake-up, and so pays
//! more system calls per request than one that is behind; this holds for the floor most of all.
//!
//! Needs redis-benchmark and redis-server in the path, and Linux.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it reports to a terminal")]

mod fill;
mod floor;
mod load;
#[path = "../support/median.rs"]
mod median;
mod options;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod workload;

use load::Load;
use options::{Options, Task};
use std::process::ExitCode;
use support::Outcome;
use support::servers::Server;
use table::Sample;
use workload::Workload;

fn main() -> ExitCode {
    match options::parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cpu_per_request: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Outcome<()> {
    match task {
        Task::Nothing => Ok(()),
        Task::Help => {
            print!("{}", options::HELP);
            Ok(())
        }
        Task::Floor { port, reply } => Ok(floor::serve(port, reply)?),
        Task::Compare(options) => compare(&options),
    }
}

fn compare(options: &Options) -> Outcome<()> {
    let load = Load::new(options)?;
    println!("{}", table::HEADER);
    for workload in options.workloads() {
        let samples = measure(options, &load, workload)?;
        print!("{}", table::rows(workload.name, &samples));
    }
    Ok(())
}

/// Runs one workload against every server; the samples of each server, one per round.
fn measure(
    options: &Options,
    load: &Load,
    workload: &Workload,
) -> Outcome<Vec<(&'static str, Vec<Sample>)>> {
    let servers = fill::start(options, workload)?;
    let requests = workload.requests(options.requests);
    for server in &servers {
        sample(load, workload, server, workload.requests(Some(requests / 4)))?;
    }
    let mut samples: Vec<_> = servers.iter().map(|server| (server.name, Vec::new())).collect();
    for round in 0..options.rounds {
        for turn in 0..servers.len() {
            let index = (round + turn) % servers.len();
            samples[index].1.push(sample(load, workload, &servers[index], requests)?);
        }
    }
    Ok(samples)
}

fn sample(load: &Load, workload: &Workload, server: &Server, requests: u64) -> Outcome<Sample> {
    let before = server.cpu_time()?;
    let requests_per_second = load.run(workload, server.port, requests)?;
    let spent = server.cpu_time()? - before;
    let us_per_request = spent.as_secs_f64() * 1e6 / requests as f64;
    Ok(Sample { us_per_request, requests_per_second })
}
