//! Runs plans of both tiers, and reproduces the ones that fail.

#![forbid(unsafe_code)]

mod commands;

use commands::{COMMANDS, Command, run};
use lexopt::Parser;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    match start(std::env::args_os().skip(1).collect()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "kv-sim: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the command that the first word names. Without one it is [`run::COMMAND`].
fn start(mut words: Vec<OsString>) -> commands::Result {
    match words.first().and_then(|word| word.to_str()) {
        Some("help" | "--help" | "-h") => print_help(),
        Some(name) if !name.starts_with('-') => {
            let command = find(name)?;
            words.remove(0);
            start_command(command, words)
        }
        _ => start_command(&run::COMMAND, words),
    }
}

fn find(name: &str) -> Result<&'static Command, String> {
    let known = || COMMANDS.iter().map(|command| command.name).collect::<Vec<_>>().join(", ");
    let found = COMMANDS.iter().copied().find(|command| command.name == name);
    found.ok_or_else(|| format!("there is no command {name:?}; the commands are {}", known()))
}

fn start_command(command: &Command, words: Vec<OsString>) -> commands::Result {
    if words.iter().any(|word| word == "--help" || word == "-h") {
        io::stdout().write_all(command.help.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    (command.start)(Parser::from_args(words))
}

fn print_help() -> commands::Result {
    let mut out = io::stdout().lock();
    writeln!(out, "Simulates the server under seeded workloads and faults.\n")?;
    for command in COMMANDS {
        writeln!(out, "{}", command.help)?;
    }
    Ok(ExitCode::SUCCESS)
}
