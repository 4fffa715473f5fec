//! What the program can do: a file for each command.

mod cost;
mod oracle;
mod plan;
mod replay;
mod report;
pub(crate) mod run;
mod soak;
mod trace;
mod watchdog;

use indicatif::{ProgressBar, ProgressStyle};
use kv_sim::plan::Tier;
use lexopt::{Parser, ValueExt as _};
use std::error::Error;
use std::ops::Range;
use std::process::ExitCode;

/// A command of the program.
pub(crate) struct Command {
    /// The first word of the command line.
    pub(crate) name: &'static str,
    /// What `--help` says.
    pub(crate) help: &'static str,
    /// Reads the flags and does it.
    pub(crate) start: fn(Parser) -> Result,
}

/// What came of a command. The error is for the one who typed it.
pub(crate) type Result<T = ExitCode> = std::result::Result<T, Box<dyn Error>>;

/// All commands.
pub(crate) const COMMANDS: &[&Command] = &[
    &run::COMMAND,
    &plan::COMMAND,
    &trace::COMMAND,
    &soak::COMMAND,
    &replay::COMMAND,
    &oracle::COMMAND,
];

/// The value of `--tier`, if it may name both.
fn tiers(parser: &mut Parser) -> std::result::Result<Vec<Tier>, lexopt::Error> {
    parser.value()?.parse_with(|name| match name {
        "swarm" => Ok(vec![Tier::Swarm]),
        "turmoil" => Ok(vec![Tier::Turmoil]),
        "both" => Ok(vec![Tier::Swarm, Tier::Turmoil]),
        _ => Err("the tiers are swarm, turmoil and both"),
    })
}

/// The value of `--tier`.
fn tier(parser: &mut Parser) -> std::result::Result<Tier, lexopt::Error> {
    parser.value()?.parse_with(|name| match name {
        "swarm" => Ok(Tier::Swarm),
        "turmoil" => Ok(Tier::Turmoil),
        _ => Err("the tiers are swarm and turmoil"),
    })
}

/// The value of `--seeds`, from the first up to and without the last.
fn seed_range(parser: &mut Parser) -> std::result::Result<Range<u64>, lexopt::Error> {
    parser.value()?.parse_with(|text| {
        let (first, end) = text.split_once("..").ok_or("seeds are given as 1..100")?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| "seeds are whole numbers");
        Ok::<_, &str>(number(first)?..number(end)?)
    })
}

fn progress_bar(seeds: u64, name: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:8} {bar:40} {pos}/{len} seeds, {eta} left");
    let style = style.expect("the template is well-formed");
    ProgressBar::new(seeds).with_style(style).with_prefix(name)
}
