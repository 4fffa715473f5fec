//! `kv-sim run`: runs seeds.

use super::{Command, Result, Tier, oracle, parse_tiers, progress_bar};
use kv_sim::{Failed, Options, Summary};
use lexopt::{Arg, Parser, ValueExt as _};
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command { name: "run", help: HELP, start };

const HELP: &str = "\
kv-sim run [--seeds N] [--first N]   (`run` may be left out)
    runs N seeds (default 1000), from seed 1 or --first on, up to the first that fails
kv-sim run --seed N
    runs one seed and prints its figures

  --tier swarm|turmoil|both        which simulator: a bare event loop, a simulated network
                                   (default: swarm for many seeds, both for one)
  --commands N                     about how many commands a seed sends (default: the seed decides)
  --verbose                        with --seed: print every event
  --oracle HOST:PORT               the same as `kv-sim oracle HOST:PORT`
";

#[derive(Debug)]
struct Arguments {
    seed: Option<u64>,
    first: u64,
    seeds: u64,
    tiers: Option<Vec<Tier>>,
    oracle: Option<String>,
    options: Options,
}

fn start(parser: Parser) -> Result {
    let arguments = parse(parser)?;
    match (&arguments.oracle, arguments.seed) {
        (Some(address), Some(seed)) => {
            oracle::compare(address, seed..seed + 1, arguments.options.commands)
        }
        (Some(address), None) => {
            let seeds = arguments.first..arguments.first + arguments.seeds;
            oracle::compare(address, seeds, arguments.options.commands)
        }
        (None, Some(seed)) => run_one(seed, &arguments),
        (None, None) => run_many(&arguments),
    }
}

fn parse(mut parser: Parser) -> std::result::Result<Arguments, lexopt::Error> {
    let mut arguments = Arguments {
        seed: None,
        first: 1,
        seeds: 1000,
        tiers: None,
        oracle: None,
        options: Options::default(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("seed") => arguments.seed = Some(parser.value()?.parse()?),
            Arg::Long("seeds") => arguments.seeds = parser.value()?.parse()?,
            Arg::Long("first") => arguments.first = parser.value()?.parse()?,
            Arg::Long("commands") => arguments.options.commands = Some(parser.value()?.parse()?),
            Arg::Long("tier") => arguments.tiers = Some(parse_tiers(&mut parser)?),
            Arg::Long("oracle") => arguments.oracle = Some(parser.value()?.string()?),
            Arg::Long("verbose") => arguments.options.verbose = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(arguments)
}

fn run_one(seed: u64, arguments: &Arguments) -> Result {
    let mut out = io::stdout().lock();
    let both = vec![Tier::Swarm, Tier::Turmoil];
    let mut trace: u64 = 0;
    for &tier in arguments.tiers.as_ref().unwrap_or(&both) {
        let outcome = tier.run(seed, arguments.options);
        let summary = match &outcome {
            Ok(summary) => summary,
            Err(failed) => &failed.summary,
        };
        for line in &summary.log {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{:<8} seed {seed}: {}", tier.name(), figures(summary))?;
        // One tier's trace as it is, and each of several counts in its place.
        trace = trace.rotate_left(32) ^ summary.trace;
        if let Err(failed) = outcome {
            return tell_failure(tier, seed, arguments, &failed);
        }
    }
    writeln!(out, "trace {trace:016x}")?;
    Ok(ExitCode::SUCCESS)
}

fn figures(summary: &Summary) -> String {
    let Summary { replies, connections, events, elapsed_us, .. } = summary;
    let elapsed_ms = elapsed_us / 1000;
    format!("{replies} replies on {connections} connections, {events} events, {elapsed_ms} ms")
}

/// Runs seeds one after the other, up to the first that fails.
fn run_many(arguments: &Arguments) -> Result {
    let swarm = vec![Tier::Swarm];
    let mut rows = Vec::new();
    for &tier in arguments.tiers.as_ref().unwrap_or(&swarm) {
        let mut row = Row { tier, seeds: 0, seconds: 0.0, total: Summary::default() };
        let bar = progress_bar(arguments.seeds, tier.name());
        for seed in arguments.first..arguments.first + arguments.seeds {
            match tier.run(seed, arguments.options) {
                Ok(summary) => row.add(&summary),
                Err(failed) => {
                    bar.abandon();
                    return tell_failure(tier, seed, arguments, &failed);
                }
            }
            bar.inc(1);
        }
        row.seconds = bar.elapsed().as_secs_f64();
        bar.finish_and_clear();
        rows.push(row);
    }
    print_table(&rows)?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug)]
struct Row {
    tier: Tier,
    seeds: u64,
    seconds: f64,
    total: Summary,
}

impl Row {
    fn add(&mut self, summary: &Summary) {
        self.seeds += 1;
        self.total.replies += summary.replies;
        self.total.connections += summary.connections;
        self.total.events += summary.events;
        self.total.elapsed_us += summary.elapsed_us;
    }
}

fn print_table(rows: &[Row]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let heads = ["tier", "seeds", "failed", "replies", "connections", "events", "virtual s", "s"];
    for head in heads {
        write!(out, "{head:>12}")?;
    }
    writeln!(out)?;
    for Row { tier, seeds, seconds, total } in rows {
        let (replies, connections, events) = (total.replies, total.connections, total.events);
        let elapsed_s = total.elapsed_us / 1_000_000;
        write!(out, "{:>12}{seeds:>12}{:>12}{replies:>12}", tier.name(), 0)?;
        writeln!(out, "{connections:>12}{events:>12}{elapsed_s:>12}{seconds:>12.1}")?;
    }
    Ok(())
}

fn tell_failure(tier: Tier, seed: u64, arguments: &Arguments, failed: &Failed) -> Result {
    let commands =
        arguments.options.commands.map(|count| format!(" --commands {count}")).unwrap_or_default();
    let name = tier.name();
    let mut out = io::stdout().lock();
    writeln!(out, "{name} seed {seed} FAILED {}", failed.failure)?;
    writeln!(
        out,
        "reproduce with: cargo run -p kv-sim --release -- run --tier {name} --seed {seed}{commands}"
    )?;
    Ok(ExitCode::FAILURE)
}
