//! `kv-sim plan`: shows what a seed means.

use super::{Command, Result, tier};
use kv_sim::plan::{Plan, Tier};
use lexopt::{Arg, Parser, ValueExt as _};
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command { name: "plan", help: HELP, start };

const HELP: &str = "\
kv-sim plan --seed N
    prints the plan that the seed means: a text to save, to edit, and to run with `run --plan FILE`

  --tier swarm|turmoil             where it runs (default: swarm)
  --commands N                     about how many commands it sends (default: the seed decides)
";

fn start(mut parser: Parser) -> Result {
    let (mut seed, mut place, mut commands) = (None, Tier::Swarm, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("seed") => seed = Some(parser.value()?.parse()?),
            Arg::Long("tier") => place = tier(&mut parser)?,
            Arg::Long("commands") => commands = Some(parser.value()?.parse()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let plan = Plan { tier: place, ..Plan::new(seed.ok_or("plan needs --seed")?, commands) };
    io::stdout().write_all(plan.to_text().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
