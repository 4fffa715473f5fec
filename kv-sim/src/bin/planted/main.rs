//! Plants bugs, one at a time, and measures how soon the simulator finds each.
//!
//! The sources stay as they are. A copy of the workspace gets all [`bugs`] at once, each behind a
//! switch that the environment turns, so that one build serves all of them ([`tree`]). Then the
//! simulator runs until it fails, for each bug with seeds of its own ([`hunt`]), and a table says
//! what came of it ([`table`]). Two bugs are none: the *canary*, which every few seeds must find,
//! proves that bugs get into the build at all; without a bug, the same seeds must pass.

#![forbid(unsafe_code)]

mod bugs;
mod hunt;
mod table;
mod tree;

use bugs::Bug;
use hunt::{Hunt, Trail};
use kv_core::rng::Rng;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use table::Row;

const HELP: &str = "\
Plants bugs in a copy of the sources, one at a time, and measures how soon the simulator finds them.

  planted                          hunt all bugs and print the table
  planted --only NAME              hunt this one; may be given several times
  planted --sample N [--seed S]    hunt N bugs that S chooses
  planted --list                   say what the bugs are

  --runs N                         how often each is hunted, with other seeds (default 3)
  --budget MINUTES                 how long a hunt may take, in CPU time (default 10)
  --first N                        the first seed of all (default 1)
  --write FILE                     write the table to a file as well

It fails if a bug is missed, and if a seed fails without one.
";

/// Every pipeline that works finds this one at once.
const CANARY: &str = "canary";

/// How many seeds the canary may sing through.
const CANARY_SEEDS_MAX: u64 = 500;

/// How far apart the first seeds of hunts of the same bug lie.
const RUN_STRIDE: u64 = 1_000_000_000;

#[derive(Debug)]
struct Arguments {
    only: Vec<String>,
    sample: Option<usize>,
    seed: u64,
    runs: u64,
    budget_s: f64,
    first: u64,
    write: Option<PathBuf>,
    list: bool,
    help: bool,
}

fn main() -> ExitCode {
    match parse().map_err(io::Error::other).and_then(|arguments| start(&arguments)) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "planted: {error}");
            ExitCode::from(2)
        }
    }
}

fn parse() -> Result<Arguments, lexopt::Error> {
    use lexopt::prelude::*;
    let mut arguments = Arguments {
        only: Vec::new(),
        sample: None,
        seed: 1,
        runs: 3,
        budget_s: 600.0,
        first: 1,
        write: None,
        list: false,
        help: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("only") => arguments.only.push(parser.value()?.string()?),
            Long("sample") => arguments.sample = Some(parser.value()?.parse()?),
            Long("seed") => arguments.seed = parser.value()?.parse()?,
            Long("runs") => arguments.runs = parser.value()?.parse::<u64>()?.max(1),
            Long("budget") => arguments.budget_s = 60.0 * parser.value()?.parse::<f64>()?,
            Long("first") => arguments.first = parser.value()?.parse()?,
            Long("write") => arguments.write = Some(parser.value()?.into()),
            Long("list") => arguments.list = true,
            Long("help") | Short('h') => arguments.help = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(arguments)
}

fn start(arguments: &Arguments) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    if arguments.help {
        out.write_all(HELP.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let bugs = bugs::all();
    let chosen = choose(&bugs, arguments)?;
    if arguments.list {
        for bug in chosen {
            writeln!(out, "{:<32} {}", bug.name, bug.harm)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    drop(out);
    let program = tree::build(&bugs)?;
    let hunt = Hunt { program, budget_s: arguments.budget_s };
    measure(&hunt, &chosen, arguments)
}

/// The canary, and the bugs that the arguments name.
fn choose<'b>(bugs: &'b [Bug], arguments: &Arguments) -> io::Result<Vec<&'b Bug>> {
    let (canaries, mut others): (Vec<&Bug>, Vec<&Bug>) =
        bugs.iter().partition(|bug| bug.name == CANARY);
    if let Some(unknown) =
        arguments.only.iter().find(|name| bugs.iter().all(|it| it.name != **name))
    {
        return Err(io::Error::other(format!("there is no bug {unknown}; see --list")));
    }
    if !arguments.only.is_empty() {
        others.retain(|bug| arguments.only.iter().any(|name| name == bug.name));
    }
    if let Some(count) = arguments.sample {
        let mut rng = Rng::derive(arguments.seed, 0x706c_616e, 0);
        while others.len() > count {
            others.swap_remove(rng.below(others.len() as u64) as usize);
        }
    }
    Ok(canaries.into_iter().chain(others).collect())
}

fn measure(hunt: &Hunt, bugs: &[&Bug], arguments: &Arguments) -> io::Result<ExitCode> {
    let firsts = (0..arguments.runs).map(|run| arguments.first + run * RUN_STRIDE);
    let firsts: Vec<u64> = firsts.collect();
    let mut rows: Vec<Row> = Vec::new();
    for bug in bugs {
        let trails = hunt_in_turn(hunt, bug, &firsts)?;
        let row = Row { name: bug.name, harm: bug.harm, trails };
        writeln!(io::stdout(), "{}", row.summary())?;
        rows.push(row);
    }
    let control = control(hunt, &rows, &firsts)?;
    let report = table::render(&rows, &control, &command_line());
    writeln!(io::stdout(), "\n{report}")?;
    if let Some(path) = &arguments.write {
        std::fs::write(path, &report)?;
    }
    verdict(&rows, &control)
}

/// Hunts a bug from each of these seeds on, up to the first hunt that misses it.
fn hunt_in_turn(hunt: &Hunt, bug: &Bug, firsts: &[u64]) -> io::Result<Vec<Trail>> {
    let mut trails = Vec::new();
    for &first in firsts {
        let trail = hunt.run(Some(bug.name), first, u64::MAX)?;
        let is_found = trail.find.is_some();
        trails.push(trail);
        if !is_found {
            break;
        }
    }
    Ok(trails)
}

/// The seeds that found bugs, without a bug.
fn control(hunt: &Hunt, rows: &[Row], firsts: &[u64]) -> io::Result<Vec<Trail>> {
    let runs = firsts.iter().enumerate().map(|(run, &first)| {
        let found = rows.iter().filter_map(|row| row.trails.get(run));
        let seeds = found.filter(|trail| trail.find.is_some()).map(|trail| trail.seeds).max();
        hunt.run(None, first, seeds.unwrap_or(0))
    });
    runs.collect()
}

fn verdict(rows: &[Row], control: &[Trail]) -> io::Result<ExitCode> {
    let mut complaints: Vec<String> = Vec::new();
    let canary = rows.iter().find(|row| row.name == CANARY);
    let sings = |trail: &Trail| trail.find.is_none() || trail.seeds > CANARY_SEEDS_MAX;
    if canary.is_none_or(|row| row.trails.iter().any(sings)) {
        complaints.push(format!(
            "the canary was not found within {CANARY_SEEDS_MAX} seeds: bugs do not get into the \
             build, or the simulator's checks are dead"
        ));
    }
    for find in control.iter().filter_map(|trail| trail.find.as_ref()) {
        complaints.push(format!("without a bug, {find}"));
    }
    let missed = rows.iter().filter(|row| !row.is_found());
    complaints.extend(missed.map(|row| format!("{} was missed: {}", row.name, row.harm)));
    for complaint in &complaints {
        writeln!(io::stderr(), "planted: {complaint}")?;
    }
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn command_line() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!("cargo run -p kv-sim --release --bin planted -- {}", arguments.join(" "))
}
