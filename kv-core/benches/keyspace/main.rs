//! The keyspace in-process: speed, pauses and memory beside hashbrown's `HashMap`.
//!
//! ```text
//! cargo bench -p kv-core --bench keyspace -- [options]
//! ```
//!
//! Keys have 16 bytes and values 32. The map is a `HashMap<Box<[u8]>, Box<[u8]>>`, what one would
//! write without a keyspace; it hashes with the keyspace's own SipHash-1-3, so that hashing costs
//! the same on both sides. Both allocate from jemalloc, as the server does.
//!
//! Machines drift, so contestants take turns within each round, ratios are taken within a round,
//! and the tables show medians over the rounds. What is counted is the thread's processor time, so
//! that other processes hardly matter, save for the caches and the memory that they share with us.
//! The longest of many short steps is another matter: the machine interrupts them, and not all of
//! that is told from our own time. So they are measured both ways, beside an idle loop as long,
//! which tells what the machine does to those who do nothing.
//!
//! Needs Linux.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it reports to a terminal")]
#![allow(clippy::disallowed_methods, reason = "benchmarks read clocks")]

mod allocator;
mod cases;
mod clock;
mod data;
mod options;
mod steps;
mod table;
mod target;

use options::{Options, Task};
use std::process::ExitCode;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[global_allocator]
static ALLOCATOR: allocator::Counting = allocator::Counting;

fn main() -> ExitCode {
    match options::parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keyspace: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Outcome<()> {
    match task {
        Task::Nothing => {}
        Task::Help => print!("{}", options::help()),
        Task::Fill { holder, keys } => println!("{}", cases::memory::fill(&holder, keys)?),
        Task::Compare(options) => compare(&options)?,
    }
    Ok(())
}

fn compare(options: &Options) -> Outcome<()> {
    let mut results = Vec::new();
    for case in options.cases() {
        let sizes = options.keys.as_ref().map_or(case.sizes, std::slice::from_ref);
        for &keys in sizes {
            results.extend((case.run)(keys)?);
        }
    }
    println!("{}", target::summary(&results));
    Ok(())
}
