//! What the program can do: a file for each command.

mod oracle;
pub(crate) mod run;

use indicatif::{ProgressBar, ProgressStyle};
use kv_sim::{Options, Outcome, net, swarm};
use lexopt::{Parser, ValueExt as _};
use std::error::Error;
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
pub(crate) type Result = std::result::Result<ExitCode, Box<dyn Error>>;

/// All commands.
pub(crate) const COMMANDS: &[&Command] = &[&run::COMMAND, &oracle::COMMAND];

/// A simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    Swarm,
    Turmoil,
}

impl Tier {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tier::Swarm => "swarm",
            Tier::Turmoil => "turmoil",
        }
    }

    pub(crate) fn run(self, seed: u64, options: Options) -> Outcome {
        match self {
            Tier::Swarm => swarm::run(seed, options),
            Tier::Turmoil => net::run(seed, options),
        }
    }
}

/// The value of `--tier`.
pub(crate) fn parse_tiers(parser: &mut Parser) -> std::result::Result<Vec<Tier>, lexopt::Error> {
    parser.value()?.parse_with(|name| match name {
        "swarm" => Ok(vec![Tier::Swarm]),
        "turmoil" => Ok(vec![Tier::Turmoil]),
        "both" => Ok(vec![Tier::Swarm, Tier::Turmoil]),
        _ => Err("the tiers are swarm, turmoil and both"),
    })
}

pub(crate) fn progress_bar(seeds: u64, name: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:8} {bar:40} {pos}/{len} seeds, {eta} left");
    let style = style.expect("the template is well-formed");
    ProgressBar::new(seeds).with_style(style).with_prefix(name)
}
