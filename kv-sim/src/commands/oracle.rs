//! `kv-sim oracle`: compares the model with a real Redis.

use super::{Command, Result, progress_bar};
use kv_sim::oracle;
use lexopt::{Arg, Parser, ValueExt as _};
use std::io::{self, Write};
use std::ops::Range;
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command { name: "oracle", help: HELP, start };

const HELP: &str = "\
kv-sim oracle HOST:PORT [--seeds N] [--first N]
    compares the model with a real Redis there, over N seeds (default 1000); ITS DATA ARE LOST

  --commands N                     about how many commands a seed sends (default: the seed decides)
";

fn start(mut parser: Parser) -> Result {
    let (mut address, mut seeds, mut first, mut commands) = (None, 1000, 1, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Value(value) => address = Some(value.string()?),
            Arg::Long("seeds") => seeds = parser.value()?.parse()?,
            Arg::Long("first") => first = parser.value()?.parse()?,
            Arg::Long("commands") => commands = Some(parser.value()?.parse()?),
            other => return Err(other.unexpected().into()),
        }
    }
    compare(&address.ok_or("oracle needs HOST:PORT")?, first..first + seeds, commands)
}

/// Compares the model with the server at `address`, up to the first reply that differs.
pub(crate) fn compare(address: &str, seeds: Range<u64>, commands: Option<usize>) -> Result {
    let bar = progress_bar(seeds.end - seeds.start, "oracle");
    let mut replies = 0;
    for seed in seeds {
        match oracle::compare(address, seed, commands)? {
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
