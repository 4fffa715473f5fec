//! Pauses and memory: kv-server beside redis-server.
//!
//! ```text
//! cargo bench -p kv-net --bench pauses_and_memory -- [options]
//! ```
//!
//! Each scenario does one big thing to a server (see [`scenarios`]) while a probe on a connection
//! of its own sends PING every 200 µs. What the probe had to wait is how long the server served
//! nobody. The servers run one after the other, never at once, each in fresh processes.
//!
//! A probe that waits for its reply sends nothing meanwhile: a pause of a second would count as one
//! slow PING among thousands of fast ones. So each slow PING also stands for those that should have
//! been sent while it was under way (*coordinated omission*), as if somebody else had sent them.
//!
//! The machine pauses too. How much, the same probe finds out while the server is idle; and where a
//! scenario loads the machine, redis-server beside us is under the same load. On few cores, the
//! loader, the server and the probe get in each other's way, and the slowest PINGs of a load say
//! little about the server: compare with a load that makes nothing grow, where the scenario has one.
//!
//! Needs redis-server in the path, and Linux.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it reports to a terminal")]

mod data;
mod load;
mod options;
mod probe;
mod report;
mod scenarios;
mod stage;
#[path = "../support/mod.rs"]
mod support;

use options::{Options, Task};
use stage::Stage;
use std::process::ExitCode;
use support::Outcome;
use support::interrupt::Interrupt;

fn main() -> ExitCode {
    match options::parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pauses_and_memory: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Outcome<()> {
    match task {
        Task::Nothing => Ok(()),
        Task::Help => {
            print!("{}", options::help());
            Ok(())
        }
        Task::Compare(options) => compare(&options),
    }
}

fn compare(options: &Options) -> Outcome<()> {
    let interrupt = Interrupt::on_signals()?;
    for scenario in options.scenarios() {
        let keys = options.keys.unwrap_or(scenario.keys);
        let mut reports = Vec::new();
        for contestant in options.contestants() {
            let stage = Stage::new(contestant, options.port, interrupt.clone());
            let report = (scenario.run)(&stage, keys);
            let name = contestant.name();
            reports.push((name, report.map_err(|e| format!("{}, {name}: {e}", scenario.name))?));
        }
        println!(
            "{}",
            report::table(&format!("{}: {keys} {}", scenario.name, scenario.of), &reports)
        );
    }
    Ok(())
}
