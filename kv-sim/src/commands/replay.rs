//! `kv-sim replay`: runs a recorded server again, and shows what it did.

use super::{Command, Result};
use kv_core::kernel::Figures;
use kv_proto::recording::{Input, Output};
use kv_sim::replay::tape::{Ending, Step};
use kv_sim::replay::{self, Outcome, Replay, Report, Until, seconds};
use kv_sim::wire::quoted;
use lexopt::Parser;
use lexopt::prelude::*;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command { name: "replay", help: HELP, start };

const HELP: &str = "\
kv-sim replay FILE
    runs again what `kv-server --record FILE` has recorded, and compares what the server does with
    what it did; fails if that differs, if the recording is damaged, or if the server panics

  --until N                        stop behind record N
  --until Ts                       stop T seconds after the start, such as 12.5s
  --show state                     print the clients, what was last said to them, databases and
                                   figures at the end; this is done anyway if the replay fails or
                                   is stopped
  --show trace                     print every record
  --verbose                        do not shorten what was received and sent in it
";

#[derive(Debug, Default)]
struct Arguments {
    file: PathBuf,
    until: Option<Until>,
    shows_state: bool,
    shows_trace: bool,
    is_verbose: bool,
}

fn start(parser: Parser) -> Result {
    Ok(replay(&parse(parser)?)?)
}

fn parse(mut parser: Parser) -> std::result::Result<Arguments, lexopt::Error> {
    let mut arguments = Arguments::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("until") => arguments.until = Some(parser.value()?.parse_with(parse_until)?),
            Long("show") => match parser.value()?.string()?.as_str() {
                "state" => arguments.shows_state = true,
                "trace" => arguments.shows_trace = true,
                _ => return Err("--show takes state or trace".into()),
            },
            Long("verbose") => arguments.is_verbose = true,
            Value(file) if arguments.file.as_os_str().is_empty() => arguments.file = file.into(),
            other => return Err(other.unexpected()),
        }
    }
    if arguments.file.as_os_str().is_empty() {
        return Err("name the file with the recording; --help tells more".into());
    }
    Ok(arguments)
}

fn parse_until(text: &str) -> std::result::Result<Until, String> {
    let wrong = || "it takes a record's number, or seconds such as 12.5s".to_owned();
    match text.strip_suffix('s') {
        None => text.parse().map(Until::Record).map_err(|_| wrong()),
        Some(seconds) => match seconds.parse::<f64>() {
            Ok(seconds) if seconds >= 0.0 => Ok(Until::ElapsedUs((seconds * 1e6) as u64)),
            _ => Err(wrong()),
        },
    }
}

fn replay(arguments: &Arguments) -> io::Result<ExitCode> {
    let file = &arguments.file;
    let wrong = |error: io::Error| io::Error::other(format!("{}: {error}", file.display()));
    let source = File::open(file).map_err(wrong)?;
    let mut out = io::stdout().lock();
    let mut written = Ok(());
    let report = replay::run(source, arguments.until, &mut |step, replay| {
        if arguments.shows_trace && written.is_ok() {
            let at = seconds(replay.elapsed_us());
            let text = describe(step, replay.sent(), arguments.is_verbose);
            written = writeln!(out, "#{:<8} +{at} s{} {text}", step.number, step.server);
        }
    });
    written?;
    let report = report.map_err(|error| wrong(io::Error::other(error)))?;
    let is_same = matches!(
        report.outcome,
        Outcome::Same(Ending::Stopped | Ending::Full | Ending::Torn(_)) | Outcome::Stopped
    );
    if arguments.shows_state || !is_same || matches!(report.outcome, Outcome::Stopped) {
        show_state(&mut out, &report.replay)?;
    }
    tell(&mut out, &report)?;
    Ok(if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let elapsed = seconds(report.replay.elapsed_us());
    writeln!(out, "{} records, {elapsed} s", report.records)?;
    match &report.outcome {
        Outcome::Same(Ending::Stopped) => {
            writeln!(out, "the same outputs, up to the end of the server")?;
        }
        Outcome::Same(Ending::Full) => {
            writeln!(out, "the same outputs, up to where the recording was full")?;
        }
        Outcome::Same(Ending::Torn(bytes)) => writeln!(
            out,
            "the same outputs, up to where the server ended without being told ({bytes} bytes follow that are no whole frame)"
        )?,
        Outcome::Same(Ending::Damaged(offset, damage)) => {
            writeln!(
                out,
                "the same outputs, but the recording is damaged at byte {offset}: {damage}"
            )?;
        }
        Outcome::Stopped => writeln!(out, "the same outputs up to here; there is more")?,
        Outcome::Different(difference) => writeln!(out, "DIFFERENT at {difference}")?,
    }
    let questions = report.replay.other_questions();
    if questions > 0 {
        writeln!(out, "in {questions} records the kernel asked the machine other questions")?;
    }
    writeln!(out, "trace {:016x}", report.trace)
}

fn describe(step: &Step, sent: &[u8], is_verbose: bool) -> String {
    let shown = |bytes: &[u8]| match is_verbose {
        true => format!("\"{}\"", bytes.escape_ascii()),
        false => quoted(bytes),
    };
    let input = match &step.input {
        Input::Accept(peer, terms) => {
            let proxy = if terms.is_proxied { ", by proxy" } else { "" };
            format!("connects from {}{proxy}, speaks {:?}", peer.address, terms.dialect)
        }
        Input::Room(connection) => format!("c{connection} is read from"),
        Input::Received(connection) => format!("c{connection} received {}", shown(&step.received)),
        Input::EndOfInput(connection) => format!("c{connection} sends no more"),
        Input::Lost(connection) => format!("c{connection} is lost"),
        Input::Execute => "execute".into(),
        Input::Timeout => "timeout".into(),
        Input::Mail => "mail".into(),
        Input::JoinIn => "join in".into(),
        Input::Sent { connection, .. } => format!("c{connection} was sent {}", shown(sent)),
        Input::Poll => "poll".into(),
        Input::Close => "ends".into(),
    };
    let output = match step.output {
        None => return input,
        Some(Output::Opened(connection)) => format!("c{connection}"),
        Some(Output::Output(connection)) => format!("c{connection} has output"),
        Some(Output::Refused(connection)) => format!("c{connection} is refused"),
        Some(Output::Closed(connection)) => format!("c{connection} is closed"),
        Some(Output::Backlog) => "backlog".into(),
        Some(Output::Mail(server)) => format!("mail for s{server}"),
    };
    format!("{input}: {output}")
}

fn show_state(out: &mut impl Write, replay: &Replay) -> io::Result<()> {
    let kernel = replay.kernel();
    writeln!(out, "# Clients\n{}", kernel.client_list(replay.now()))?;
    writeln!(out, "# Said last")?;
    for ((server, connection), client) in replay.clients() {
        writeln!(out, "s{server} c{connection} {}", client.address())?;
        for request in client.requests() {
            writeln!(out, "  > {request}")?;
        }
        for reply in client.replies() {
            writeln!(out, "  < {reply}")?;
        }
    }
    show_figures(out, &kernel.figures())
}

fn show_figures(out: &mut impl Write, figures: &Figures) -> io::Result<()> {
    writeln!(out, "\n# Figures")?;
    let keys = figures.keys;
    let all = [
        ("connected_clients", figures.clients as u64),
        ("total_connections_received", figures.clients_opened),
        ("rejected_connections", figures.clients_refused),
        ("total_commands_processed", figures.commands),
        ("total_net_input_bytes", figures.received_bytes),
        ("total_net_output_bytes", figures.sent_bytes),
        ("used_memory", figures.used_bytes as u64),
        ("keyspace_hits", keys.hits),
        ("keyspace_misses", keys.misses),
        ("expired_keys", keys.expired),
        ("evicted_keys", keys.evicted),
    ];
    all.iter().try_for_each(|(name, number)| writeln!(out, "{name}:{number}"))?;
    for (number, database) in figures.databases.iter().enumerate().filter(|db| db.1.keys > 0) {
        writeln!(out, "db{number}:keys={},expires={}", database.keys, database.with_deadline)?;
    }
    writeln!(out)
}
