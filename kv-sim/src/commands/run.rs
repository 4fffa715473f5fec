//! `kv-sim run`: runs seeds, or a plan from a file.

use super::cost::{Row, cpu_time, print_table};
use super::report::{SAVE_DIR, tell_failure};
use super::trace::{hash, hash_elsewhere};
use super::watchdog::{SEED_MAX_S, Watchdog};
use super::{Command, Result, oracle, progress_bar, tiers};
use indicatif::ProgressBar;
use kv_core::rare::{self, Rare};
use kv_sim::failure::{Check, Failure};
use kv_sim::model::Flaw;
use kv_sim::plan::{Plan, Tier};
use kv_sim::{Options, Outcome, Summary};
use lexopt::{Arg, Parser, ValueExt as _};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command { name: "run", help: HELP, start };

const HELP: &str = "\
kv-sim run [--seeds N] [--first N]   (`run` may be left out)
    runs N seeds (default 1000), from seed 1 or --first on, up to the first that fails; one in 20
    runs again in a process of its own, and has to do the same there
kv-sim run --seed N
    runs one seed and prints its figures
kv-sim run --plan FILE
    runs a plan as `kv-sim plan` prints it

  --tier swarm|turmoil|both        which simulator: a bare event loop, a simulated network
                                   (default: swarm for many seeds, both for one, the plan's own)
  --commands N                     about how many commands a seed sends (default: the seed decides)
  --rare                           go on, with up to four times as many seeds, until each rare state
                                   of the code (`kv_core::rare`) is reached, or else fail
  --as-is                          a plan that fails is neither made small nor saved
  --save DIR                       where a plan that fails is saved, made small
                                   (default: target/kv-sim)
  --flaw NAME                      gives the model a defect, to see it caught: one of
                                   `kv_sim::model::Flaw`
  --verbose                        with --seed and --plan: print every event
  --oracle HOST:PORT               the same as `kv-sim oracle HOST:PORT`
";

/// One seed in so many runs again in another process.
pub(super) const CHECK_TWICE_EVERY: u64 = 20;

/// How many times as many seeds there may be until all rare states are reached, if that is demanded.
const RARE_PATIENCE: u64 = 4;

#[derive(Debug)]
struct Arguments {
    seed: Option<u64>,
    plan: Option<PathBuf>,
    first: u64,
    seeds: u64,
    tiers: Option<Vec<Tier>>,
    oracle: Option<String>,
    demands_rare: bool,
    as_is: bool,
    save: PathBuf,
    options: Options,
}

impl Arguments {
    /// Where a plan that fails is saved, and as what.
    fn place<'a>(&'a self, name: &'a str) -> Option<(&'a Path, &'a str)> {
        (!self.as_is).then_some((&*self.save, name))
    }
}

fn start(parser: Parser) -> Result {
    let arguments = parse(parser)?;
    let seeds = match arguments.seed {
        Some(seed) => seed..seed.saturating_add(1),
        None => arguments.first..arguments.first.saturating_add(arguments.seeds),
    };
    match (&arguments.oracle, &arguments.plan, arguments.seed) {
        (Some(address), _, _) => oracle::compare(address, seeds, arguments.options.commands),
        (None, Some(path), _) => run_file(path, &arguments),
        (None, None, Some(seed)) => run_one(seed, &arguments),
        (None, None, None) => run_many(&arguments),
    }
}

fn parse(mut parser: Parser) -> std::result::Result<Arguments, lexopt::Error> {
    let mut arguments = Arguments {
        seed: None,
        plan: None,
        first: 1,
        seeds: 1000,
        tiers: None,
        oracle: None,
        demands_rare: false,
        as_is: false,
        save: SAVE_DIR.into(),
        options: Options::default(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("seed") => arguments.seed = Some(parser.value()?.parse()?),
            Arg::Long("plan") => arguments.plan = Some(parser.value()?.into()),
            Arg::Long("seeds") => arguments.seeds = parser.value()?.parse()?,
            Arg::Long("first") => arguments.first = parser.value()?.parse()?,
            Arg::Long("commands") => arguments.options.commands = Some(parser.value()?.parse()?),
            Arg::Long("tier") => arguments.tiers = Some(tiers(&mut parser)?),
            Arg::Long("oracle") => arguments.oracle = Some(parser.value()?.string()?),
            Arg::Long("rare") => arguments.demands_rare = true,
            Arg::Long("as-is") => arguments.as_is = true,
            Arg::Long("save") => arguments.save = parser.value()?.into(),
            Arg::Long("flaw") => {
                arguments.options.flaw = Some(parser.value()?.parse_with(Flaw::from_name)?)
            }
            Arg::Long("verbose") => arguments.options.verbose = true,
            other => return Err(other.unexpected()),
        }
    }
    Ok(arguments)
}

fn run_file(path: &Path, arguments: &Arguments) -> Result {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let plan = Plan::from_text(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let tiers = arguments.tiers.clone().unwrap_or_else(|| vec![plan.tier]);
    let repeat = format!("run --plan {}", path.display());
    let name = path.file_stem().map_or("plan".into(), |name| name.to_string_lossy());
    run_and_show(&plan, &tiers, arguments, |tier| {
        (format!("{repeat} --tier {}", tier.name()), format!("{name}-shrunk"))
    })
}

fn run_one(seed: u64, arguments: &Arguments) -> Result {
    let both = [Tier::Swarm, Tier::Turmoil];
    let tiers = arguments.tiers.as_deref().unwrap_or(&both);
    let plan = Plan::new(seed, arguments.options.commands);
    run_and_show(&plan, tiers, arguments, |tier| of_seed(tier, seed, arguments))
}

/// How to run a seed of a tier again, and under which name to save it.
fn of_seed(tier: Tier, seed: u64, arguments: &Arguments) -> (String, String) {
    let count = arguments.options.commands;
    let commands = count.map(|count| format!(" --commands {count}")).unwrap_or_default();
    let name = tier.name();
    (format!("run --tier {name} --seed {seed}{commands}"), format!("{name}-{seed}"))
}

/// Runs a plan in some tiers and prints figures. `names` gives how to run it again, and under which
/// name to save it.
fn run_and_show(
    plan: &Plan,
    tiers: &[Tier],
    arguments: &Arguments,
    names: impl Fn(Tier) -> (String, String),
) -> Result {
    let mut trace: u64 = 0;
    for &tier in tiers {
        let plan = Plan { tier, ..plan.clone() };
        let outcome = run_watched(&plan, arguments.options);
        let summary = match &outcome {
            Ok(summary) => summary,
            Err(failed) => &failed.summary,
        };
        show(&plan, summary)?;
        // One tier's trace as it is, and each of several counts in its place.
        trace = trace.rotate_left(32) ^ summary.trace;
        if let Err(failed) = outcome {
            let (repeat, name) = names(tier);
            let repeat = with_flaw(repeat, arguments.options);
            tell_failure(&plan, &failed, arguments.options, &repeat, arguments.place(&name))?;
            return Ok(ExitCode::FAILURE);
        }
    }
    writeln!(io::stdout(), "trace {trace:016x}")?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a plan, or says that it never ends and ends the program.
fn run_watched(plan: &Plan, options: Options) -> Outcome {
    let what = format!("{} seed {}", plan.tier.name(), plan.seed);
    let _watchdog = Watchdog::new(move || {
        let text = format!("it has not ended after {SEED_MAX_S} s of CPU time");
        let failure = Failure { time_us: 0, connection: 0, check: Check::Work, text };
        let _ = writeln!(io::stdout(), "{what} FAILED: {failure}");
        std::process::exit(1);
    });
    kv_sim::run(plan, options)
}

fn with_flaw(repeat: String, options: Options) -> String {
    options.flaw.map_or(repeat.clone(), |flaw| format!("{repeat} --flaw {flaw:?}"))
}

fn show(plan: &Plan, summary: &Summary) -> io::Result<()> {
    let mut out = io::stdout().lock();
    summary.log.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    let Summary { replies, connections, events, elapsed_us, history, .. } = summary;
    let (elapsed_ms, explained) = (elapsed_us / 1000, history.explained);
    write!(out, "{:<8} seed {}: {replies} replies ", plan.tier.name(), plan.seed)?;
    write!(out, "on {connections} connections, {events} events, {elapsed_ms} ms")?;
    if plan.tier == Tier::Turmoil {
        write!(out, "; {explained} operations have an order by what clients saw")?;
    }
    writeln!(out)
}

/// Runs seeds one after the other, up to the first that fails.
fn run_many(arguments: &Arguments) -> Result {
    let tiers = arguments.tiers.clone().unwrap_or_else(|| vec![Tier::Swarm]);
    let (mut rows, mut twice) = (Vec::new(), 0);
    for tier in tiers {
        let bar = progress_bar(arguments.seeds, tier.name());
        let mut row = Row::new(tier);
        let passed = run_tier(tier, arguments, &bar, &mut row, &mut twice)?;
        bar.finish_and_clear();
        rows.push(row);
        if !passed {
            print_table(&rows)?;
            return Ok(ExitCode::FAILURE);
        }
    }
    print_table(&rows)?;
    writeln!(io::stdout(), "{twice} seeds checked twice")?;
    let is_enough = tell_rare()? || !arguments.demands_rare;
    Ok(if is_enough { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The rare states that no seed has reached so far.
fn missed() -> impl Iterator<Item = Rare> {
    Rare::ALL.iter().copied().filter(|&state| rare::count_of(state) == 0)
}

/// Prints which rare states were never reached, and whether all were.
fn tell_rare() -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let missed: Vec<_> = missed().collect();
    let reached = Rare::ALL.len() - missed.len();
    writeln!(out, "{reached} of {} rare states reached", Rare::ALL.len())?;
    for state in &missed {
        writeln!(out, "never: {state:?}: {}", state.meaning())?;
    }
    Ok(missed.is_empty())
}

/// Runs the seeds of one tier, and says whether all passed.
fn run_tier(
    tier: Tier,
    arguments: &Arguments,
    bar: &ProgressBar,
    row: &mut Row,
    twice: &mut u64,
) -> Result<bool> {
    let most =
        arguments.seeds.saturating_mul(if arguments.demands_rare { RARE_PATIENCE } else { 1 });
    for (number, seed) in (0..most).zip(arguments.first..) {
        if number >= arguments.seeds && missed().next().is_none() {
            break;
        }
        let begin = cpu_time();
        let plan = Plan { tier, ..Plan::new(seed, arguments.options.commands) };
        let outcome = run_watched(&plan, arguments.options);
        row.cpu += cpu_time() - begin;
        match &outcome {
            Ok(summary) => row.add(summary),
            Err(failed) => {
                row.add_failed(&failed.summary);
                bar.abandon();
                let (repeat, name) = of_seed(tier, seed, arguments);
                let repeat = with_flaw(repeat, arguments.options);
                tell_failure(&plan, failed, arguments.options, &repeat, arguments.place(&name))?;
                return Ok(false);
            }
        }
        if number.is_multiple_of(CHECK_TWICE_EVERY) {
            *twice += 1;
            if let Err(text) = check_twice(tier, seed, arguments.options, hash(&outcome))? {
                bar.abandon();
                row.add_failed(&Summary::default());
                writeln!(io::stdout(), "{text}")?;
                return Ok(false);
            }
        }
        bar.inc(1);
    }
    Ok(true)
}

/// Whether another process does the same with a seed. The error explains.
pub(super) fn check_twice(
    tier: Tier,
    seed: u64,
    options: Options,
    here: u64,
) -> Result<std::result::Result<(), String>> {
    let there = hash_elsewhere(tier, seed, options)?;
    let name = tier.name();
    Ok(if here == there {
        Ok(())
    } else {
        Err(format!(
            "{name} seed {seed} FAILED: wrong answer (repeats): its trace is {here:016x} in one \
             process and {there:016x} in another\ncompare with: cargo run -p kv-sim --release -- \
             run --tier {name} --seed {seed} --verbose"
        ))
    })
}
