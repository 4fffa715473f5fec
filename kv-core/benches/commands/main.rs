//! What each command costs on values of 1e3, 1e5 and 1e6 elements, and how long the longest step
//! takes when a large value goes.
//!
//! ```text
//! cargo bench -p kv-core --bench commands -- [options]
//! ```
//!
//! Requests go through the kernel one after the other, in one thread, replies to nowhere. A cost is
//! the median over rounds of the thread's processor time for a request; beside it stands the
//! complexity that the command's documentation promises, so that a cost which grows faster can be
//! seen.
//!
//! Needs Linux.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it reports to a terminal")]
#![allow(clippy::disallowed_methods, reason = "benchmarks read clocks")]

#[path = "../keyspace/clock.rs"]
mod clock;
mod costs;
mod pauses;
mod requests;
mod served;
#[path = "../keyspace/steps.rs"]
#[allow(dead_code, reason = "the other benchmark uses the rest")]
mod steps;
#[path = "../keyspace/table.rs"]
mod table;
#[path = "../keyspace/target.rs"]
#[allow(dead_code, reason = "the other benchmark uses the rest")]
mod target;

use lexopt::{Arg, Parser, ValueExt};
use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

const HELP: &str = "\
Measures what commands cost on values of several sizes, and the pauses when large values go.

  --only NAME        measure this command alone, or `pauses`; may be repeated
  --elements N       measure on values of so many elements, rather than on several sizes
";

/// What to do.
#[derive(Debug, Default)]
struct Options {
    only: Vec<String>,
    elements: Option<usize>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only.eq_ignore_ascii_case(name))
    }
}

fn main() -> ExitCode {
    match parse() {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(options)) => {
            costs::run(&options);
            if options.wants("pauses") {
                pauses::run(options.elements);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("commands: {error}");
            ExitCode::FAILURE
        }
    }
}

/// None if there is nothing to do: `cargo test --all-targets` runs benchmarks too, without
/// `--bench`.
fn parse() -> Result<Option<Options>, lexopt::Error> {
    let (mut options, mut called_to_bench) = (Options::default(), false);
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("bench") => called_to_bench = true,
            Arg::Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            Arg::Long("only") => options.only.push(parser.value()?.string()?),
            Arg::Long("elements") => options.elements = Some(parser.value()?.parse()?),
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(called_to_bench.then_some(options))
}
