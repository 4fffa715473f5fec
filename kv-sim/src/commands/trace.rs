//! `kv-sim trace`: one line for each seed, for comparing builds and processes.

use super::{Command, Result, seed_range, tier};
use kv_sim::model::Flaw;
use kv_sim::plan::{Plan, Tier};
use kv_sim::{Options, Outcome};
use lexopt::{Arg, Parser, ValueExt as _};
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command { name: "trace", help: HELP, start };

const HELP: &str = "\
kv-sim trace --seeds A..B
    prints a line for each seed from A up to, and without, B: the seed, and the hash of all its
    events, which is the same in every build on every machine

  --tier swarm|turmoil             which simulator (default: swarm)
  --commands N                     about how many commands a seed sends (default: the seed decides)
  --flaw NAME                      gives the model a defect
";

fn start(mut parser: Parser) -> Result {
    let (mut seeds, mut place, mut options) = (None, Tier::Swarm, Options::default());
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("seeds") => seeds = Some(seed_range(&mut parser)?),
            Arg::Long("tier") => place = tier(&mut parser)?,
            Arg::Long("commands") => options.commands = Some(parser.value()?.parse()?),
            Arg::Long("flaw") => options.flaw = Some(parser.value()?.parse_with(Flaw::from_name)?),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut out = io::stdout().lock();
    for seed in seeds.ok_or("trace needs --seeds A..B")? {
        let plan = Plan { tier: place, ..Plan::new(seed, options.commands) };
        writeln!(out, "{seed} {:016x}", hash(&kv_sim::run(&plan, options)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The number that stands for all events of a run, whatever came of it.
pub(super) fn hash(outcome: &Outcome) -> u64 {
    match outcome {
        Ok(summary) => summary.trace,
        Err(failed) => failed.summary.trace,
    }
}

/// The hash that another process, of this program, gives a seed.
pub(super) fn hash_elsewhere(tier: Tier, seed: u64, options: Options) -> Result<u64> {
    let mut process = std::process::Command::new(std::env::current_exe()?);
    process.args(["trace", "--tier", tier.name(), "--seeds", &format!("{seed}..{}", seed + 1)]);
    let commands = options.commands.map(|count| ["--commands".into(), count.to_string()]);
    let flaw = options.flaw.map(|flaw| ["--flaw".into(), format!("{flaw:?}")]);
    process.args(commands.into_iter().chain(flaw).flatten());
    let output = process.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let hash =
        text.trim().strip_prefix(&format!("{seed} ")).map(|hex| u64::from_str_radix(hex, 16));
    match hash {
        Some(Ok(hash)) if output.status.success() => Ok(hash),
        _ => Err(format!("seed {seed} in another process gave {output:?}").into()),
    }
}
