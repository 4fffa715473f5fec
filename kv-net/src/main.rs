//! The server program.

#![forbid(unsafe_code)]

mod log;
mod systemd;

use kv_core::config::{self, Kind};
use kv_net::{Builder, Server};
use lexopt::prelude::*;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use systemd::Supervisor;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// What the arguments ask for.
enum Task {
    Serve(Box<Builder>),
    Print(String),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "kv-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let builder = match parse(lexopt::Parser::from_env())? {
        Task::Print(text) => return Ok(std::io::stdout().write_all(text.as_bytes())?),
        Task::Serve(builder) => builder,
    };
    log::start(builder.config())?;
    abort_on_panic();
    // Before the first thread, so that a signal that comes early is not lost.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    tracing::info!("kv {} is starting", env!("CARGO_PKG_VERSION"));
    let supervisor = Supervisor::new(&builder.config().text(config::SUPERVISED));
    let server = builder.start()?;
    log::follow(server.kernel());
    tracing::info!("ready to accept connections");
    supervisor.ready();
    if let Some(signal) = signals.forever().next() {
        let name = if signal == SIGTERM { "SIGTERM" } else { "SIGINT" };
        tracing::warn!("received {name}, shutting down");
    }
    supervisor.stopping();
    server.stop();
    tracing::info!("all replies are sent, bye");
    Ok(())
}

/// Every setting is a flag of the same name, followed by its value or values.
fn parse(mut parser: lexopt::Parser) -> Result<Task, Box<dyn Error>> {
    let mut builder = Server::builder();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Task::Print(help())),
            Short('v') | Long("version") => {
                return Ok(Task::Print(format!("kv-server {}\n", env!("CARGO_PKG_VERSION"))));
            }
            Long(name) => {
                let name = name.to_owned();
                if config::find(name.as_bytes()).is_none() {
                    return Err(format!("unknown flag '--{name}'; --help lists all of them").into());
                }
                let values: Vec<String> =
                    parser.values()?.map(|value| value.string()).collect::<Result<_, _>>()?;
                builder = builder.set(&name, &values.join(" "))?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Task::Serve(Box::new(builder)))
}

fn help() -> String {
    let mut text = String::from(
        "usage: kv-server [--<setting> <value> ...]\n\nsettings, with their defaults:\n",
    );
    for parameter in config::parameters() {
        let default = match parameter.kind {
            Kind::Text if parameter.default.is_empty() => "\"\"",
            _ => parameter.default,
        };
        text += &format!("  --{} {default}\n        {}\n", parameter.name, parameter.summary);
    }
    text + "  --help\n  --version\n"
}

/// A panic in one thread is a bug that may have left shared data half changed: end the process
/// rather than serve from it.
fn abort_on_panic() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        std::process::abort();
    }));
}
