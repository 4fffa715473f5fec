//! The client program: one command, a prompt, a script on standard input, or a load.

#![forbid(unsafe_code)]

mod codec;
mod dialogue;
mod hints;
mod link;
mod load;
mod options;
mod prompt;

use options::Task;
use std::error::Error;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        if is_unwanted(&*error) {
            return ExitCode::SUCCESS;
        }
        let _ = writeln!(io::stderr(), "kv-client: {error}");
        ExitCode::FAILURE
    })
}

fn run() -> Outcome<ExitCode> {
    match options::parse(std::env::args_os(), std::env::var_os("KV_CLIENT_PASSWORD"))? {
        Task::Print(text) => {
            io::stdout().write_all(text.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Command(options, words) => dialogue::run_one(&options, &words),
        Task::Script(options) => dialogue::run_script(&options, io::stdin().lock()),
        Task::Prompt(options) => prompt::run(&options),
        Task::Load(target, plan) => load::run(&target, &plan),
    }
}

/// Whether whoever reads what is printed has seen enough of it, as `head` does.
fn is_unwanted(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
