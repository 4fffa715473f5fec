//! Runs seeds of both tiers, and reproduces the ones that fail.

#![forbid(unsafe_code)]

mod watchdog;

use indicatif::{ProgressBar, ProgressStyle};
use kv_sim::check::Failure;
use kv_sim::{Failed, Options, Outcome, Summary, net, oracle, swarm};
use std::io::{self, Write};
use std::process::ExitCode;
use watchdog::{SEED_MAX_S, Watchdog};

const HELP: &str = "\
Simulates the server under seeded workloads and faults and checks every reply against a model.

  kv-sim [--seeds N] [--first N]   run N seeds (default 1000), from seed 1 or --first on
  kv-sim --seed N                  run one seed and print its figures

  --tier swarm|turmoil|both        which simulator: a bare event loop, a simulated network
                                   (default: swarm for many seeds, both for one)
  --commands N                     about how many commands a seed sends (default: the seed decides)
  --verbose                        with --seed: print every event
  --oracle HOST:PORT               instead of the server, compare the model with a real Redis there;
                                   ITS DATA ARE LOST
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    Swarm,
    Turmoil,
}

impl Tier {
    fn name(self) -> &'static str {
        match self {
            Tier::Swarm => "swarm",
            Tier::Turmoil => "turmoil",
        }
    }

    fn run(self, seed: u64, options: Options) -> Outcome {
        match self {
            Tier::Swarm => swarm::run(seed, options),
            Tier::Turmoil => net::run(seed, options),
        }
    }
}

#[derive(Debug)]
struct Arguments {
    seed: Option<u64>,
    first: u64,
    seeds: u64,
    tiers: Option<Vec<Tier>>,
    oracle: Option<String>,
    help: bool,
    options: Options,
}

fn main() -> ExitCode {
    let result = parse().map_err(io::Error::other).and_then(|arguments| start(&arguments));
    match result {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kv-sim: {error}");
            ExitCode::from(2)
        }
    }
}

fn parse() -> Result<Arguments, lexopt::Error> {
    use lexopt::prelude::*;
    let mut arguments = Arguments {
        seed: None,
        first: 1,
        seeds: 1000,
        tiers: None,
        oracle: None,
        help: false,
        options: Options::default(),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seed") => arguments.seed = Some(parser.value()?.parse()?),
            Long("seeds") => arguments.seeds = parser.value()?.parse()?,
            Long("first") => arguments.first = parser.value()?.parse()?,
            Long("commands") => arguments.options.commands = Some(parser.value()?.parse()?),
            Long("tier") => arguments.tiers = Some(parser.value()?.parse_with(parse_tiers)?),
            Long("oracle") => arguments.oracle = Some(parser.value()?.string()?),
            Long("verbose") => arguments.options.verbose = true,
            Long("help") | Short('h') => arguments.help = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(arguments)
}

fn parse_tiers(name: &str) -> Result<Vec<Tier>, String> {
    match name {
        "swarm" => Ok(vec![Tier::Swarm]),
        "turmoil" => Ok(vec![Tier::Turmoil]),
        "both" => Ok(vec![Tier::Swarm, Tier::Turmoil]),
        _ => Err("the tiers are swarm, turmoil and both".into()),
    }
}

fn start(arguments: &Arguments) -> io::Result<ExitCode> {
    if arguments.help {
        io::stdout().write_all(HELP.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    match (&arguments.oracle, arguments.seed) {
        (Some(address), _) => run_oracle(address, arguments),
        (None, Some(seed)) => run_one(seed, arguments),
        (None, None) => run_many(arguments),
    }
}

/// Runs a seed, or says that it never ends and ends the program.
fn run_watched(tier: Tier, seed: u64, options: Options) -> Outcome {
    let _watchdog = Watchdog::new(move || {
        let text = format!("it has not ended after {SEED_MAX_S} s of CPU time");
        let failure = Failure { time_us: 0, connection: 0, text };
        let failed = Failed { failure, summary: Summary::default() };
        let _ = tell_failure(tier, seed, options, &failed);
        std::process::exit(1);
    });
    tier.run(seed, options)
}

fn run_one(seed: u64, arguments: &Arguments) -> io::Result<ExitCode> {
    let mut out = io::stdout();
    let both = vec![Tier::Swarm, Tier::Turmoil];
    let mut trace: u64 = 0;
    for &tier in arguments.tiers.as_ref().unwrap_or(&both) {
        let outcome = run_watched(tier, seed, arguments.options);
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
            return tell_failure(tier, seed, arguments.options, &failed);
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
fn run_many(arguments: &Arguments) -> io::Result<ExitCode> {
    let swarm = vec![Tier::Swarm];
    let mut rows = Vec::new();
    for &tier in arguments.tiers.as_ref().unwrap_or(&swarm) {
        let mut row = Row { tier, seeds: 0, seconds: 0.0, total: Summary::default() };
        let bar = progress_bar(arguments.seeds, tier.name());
        for seed in arguments.first..arguments.first + arguments.seeds {
            match run_watched(tier, seed, arguments.options) {
                Ok(summary) => row.add(&summary),
                Err(failed) => {
                    bar.abandon();
                    return tell_failure(tier, seed, arguments.options, &failed);
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

fn progress_bar(seeds: u64, name: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:8} {bar:40} {pos}/{len} seeds, {eta} left");
    let style = style.expect("the template is well-formed");
    ProgressBar::new(seeds).with_style(style).with_prefix(name)
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

fn tell_failure(tier: Tier, seed: u64, options: Options, failed: &Failed) -> io::Result<ExitCode> {
    let commands = options.commands.map(|count| format!(" --commands {count}")).unwrap_or_default();
    let name = tier.name();
    let mut out = io::stdout().lock();
    writeln!(out, "{name} seed {seed} FAILED {}", failed.failure)?;
    writeln!(
        out,
        "reproduce with: cargo run -p kv-sim --release -- --tier {name} --seed {seed}{commands}"
    )?;
    Ok(ExitCode::FAILURE)
}

fn run_oracle(address: &str, arguments: &Arguments) -> io::Result<ExitCode> {
    let range = match arguments.seed {
        Some(seed) => seed..seed + 1,
        None => arguments.first..arguments.first + arguments.seeds,
    };
    let bar = progress_bar(range.end - range.start, "oracle");
    let mut replies = 0;
    for seed in range {
        match oracle::compare(address, seed, arguments.options.commands)? {
            Ok(count) => replies += count,
            Err(text) => {
                bar.abandon();
                writeln!(io::stdout(), "seed {seed}: {text}")?;
                return Ok(ExitCode::FAILURE);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    writeln!(io::stdout(), "the model agrees with the server on {replies} replies")?;
    Ok(ExitCode::SUCCESS)
}
