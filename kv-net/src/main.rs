//! The server program.

#![forbid(unsafe_code)]

mod log;
mod systemd;

use kv_core::config;
use kv_net::{Builder, Server};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::collections::VecDeque;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
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
    let builder = match parse(std::env::args_os().skip(1))? {
        Task::Print(text) => return Ok(std::io::stdout().write_all(text.as_bytes())?),
        Task::Serve(builder) => builder,
    };
    log::start(builder.config())?;
    abort_on_panic();
    // Before the first thread, so that a signal that comes early is not lost.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let supervisor = Supervisor::new(&builder.config().text(config::SUPERVISED));
    let server = builder.start()?;
    tracing::info!("kv {} has started", env!("CARGO_PKG_VERSION"));
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

/// The arguments of redis-server: a configuration file first, if any, then flags with their values,
/// and `-` at either end for settings on standard input.
fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task, Box<dyn Error>> {
    let mut args: VecDeque<Vec<u8>> = args.into_iter().map(OsString::into_encoded_bytes).collect();
    if let Some(text) = args.front().and_then(|arg| answer(arg)) {
        return Ok(Task::Print(text));
    }
    let mut builder = Server::builder().environment(std::env::vars_os())?;
    let is_dash = |arg: Option<&Vec<u8>>| arg.is_some_and(|arg| arg == b"-");
    let mut reads_stdin = false;
    if is_dash(args.front()) {
        args.pop_front();
        reads_stdin = true;
    } else if args.front().is_some_and(|arg| !arg.starts_with(b"-")) {
        let path = args.pop_front().expect("there is one");
        builder = builder.config_file(OsStr::from_bytes(&path))?;
    }
    if is_dash(args.back()) {
        args.pop_back();
        reads_stdin = true;
    }
    if reads_stdin {
        builder = builder.config_text("standard input", std::io::stdin().lock())?;
    }
    Ok(Task::Serve(Box::new(flags(builder, args)?)))
}

/// What is printed instead of starting, if that is what the first argument asks for.
fn answer(arg: &[u8]) -> Option<String> {
    match arg {
        b"-h" | b"--help" => Some(help()),
        b"-v" | b"--version" => Some(format!("kv-server {}\n", env!("CARGO_PKG_VERSION"))),
        _ => None,
    }
}

/// Every setting is a flag of the same name, followed by its values: all up to the next flag.
fn flags(mut builder: Builder, mut args: VecDeque<Vec<u8>>) -> Result<Builder, Box<dyn Error>> {
    while let Some(arg) = args.pop_front() {
        let flag = arg.strip_prefix(b"--").map(String::from_utf8_lossy);
        let Some(name) = flag.filter(|name| !name.is_empty()) else {
            let arg = String::from_utf8_lossy(&arg);
            return Err(format!("unexpected argument '{arg}'; --help tells what there is").into());
        };
        let is_value = |arg: &&Vec<u8>| !arg.starts_with(b"--");
        let count = args.iter().take_while(is_value).count();
        builder = builder.flag(&name, args.drain(..count).collect())?;
    }
    Ok(builder)
}

const USAGE: &str = "\
usage: kv-server [<configuration file>] [-] [--<setting> <value> ...] ...

Settings come from, each replacing what those before it say:
  the defaults below
  environment variables, KV_<SETTING> with underscores for dashes, or
    KV_<SETTING>_FILE, which names a file that contains the value
  the configuration file, in the syntax of redis.conf
  standard input, in the same syntax, if '-' is the first or the last argument
  flags
Of 'save', each line and flag adds to those before it; an empty one removes them.

settings, with their defaults:
";

fn help() -> String {
    let mut text = String::from(USAGE);
    for parameter in config::parameters() {
        let default = if parameter.default.is_empty() { "\"\"" } else { parameter.default };
        text += &format!("  --{} {default}\n        {}\n", parameter.name, parameter.summary);
        text += &format!("        takes {}\n", parameter.kind.allowed());
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
