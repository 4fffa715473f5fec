//! The command line.

use crate::Outcome;
use crate::codec;
use crate::dialogue::{Options, Target};
use crate::link::Place;
use crate::load::Plan;
use kv_proto::dialect::Dialect;
use kv_proto::text::Style;
use lexopt::{Arg, Parser, ValueExt as _};
use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _, stdin, stdout};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

const HELP: &str = "\
usage: kv-client [options] [command [argument ...]]
       kv-client [options] load [options of the load]

Sends one command and prints the reply. Without a command it reads commands from a prompt, or from
standard input if that is no terminal, one in a line.

  -h HOST            the server's host (127.0.0.1)
  -p, --port PORT    its port (6379; for frames 1234)
  -s PATH            its Unix socket, instead of a host and a port
  --protocol NAME    resp, frame, tlv or tlv-strict (resp)
  -2, -3             the version of RESP: 3 has maps, sets and numbers (2)
  -a PASSWORD        authenticates; better in the environment variable KV_CLIENT_PASSWORD, since
                     other users can see arguments
  --user NAME        the user whose password it is (default)
  -n DATABASE        selects a database (0)
  -x                 the last argument of the command is what standard input holds
  -e                 fails with status 1 if the reply is an error
  --raw, --no-raw    prints replies for programs or for people (people, if it is to a terminal)
  --help, --version

options of the load, which has many connections run sequences of SET, GET and DELETE on keys of
their own, checks each reply, and prints how fast they came:

  --clients N        connections (50)
  --requests N       requests in all, rounded up to whole sequences (300000)
  --pipeline N       requests that each connection sends before it waits for their replies (1)
  --key-length N     bytes of a key (16)
  --value-length N   bytes of a value (64)
  --seed N           decides keys and values (1)
";

/// What the arguments ask for.
#[derive(Debug)]
pub(crate) enum Task {
    Print(String),
    Command(Options, Vec<Vec<u8>>),
    Script(Options),
    Prompt(Options),
    Load(Target, Plan),
}

/// Reads the arguments, the program's name first. `password` is what the environment says.
pub(crate) fn parse(
    args: impl IntoIterator<Item = OsString, IntoIter: 'static>,
    password: Option<OsString>,
) -> Outcome<Task> {
    let mut arguments = Arguments { password, ..Arguments::default() };
    let mut parser = Parser::from_iter(args);
    while let Some(arg) = parser.next()? {
        let option = match arg {
            Arg::Value(word) if word == "load" => return arguments.load(parser),
            Arg::Value(word) => {
                let words = std::iter::once(word).chain(parser.raw_args()?);
                return arguments.command(words.map(OsString::into_vec).collect());
            }
            arg => name(&arg),
        };
        match &option[..] {
            "--help" => return Ok(Task::Print(HELP.into())),
            "--version" => return Ok(Task::Print(version())),
            option => arguments.take(option, &mut parser)?,
        }
    }
    arguments.dialogue()
}

/// An option as it was written.
fn name(arg: &Arg<'_>) -> String {
    match arg {
        Arg::Short(name) => format!("-{name}"),
        Arg::Long(name) => format!("--{name}"),
        Arg::Value(word) => word.to_string_lossy().into_owned(),
    }
}

fn version() -> String {
    format!("kv-client {}\n", env!("CARGO_PKG_VERSION"))
}

#[derive(Debug, Default)]
struct Arguments {
    host: Option<String>,
    port: Option<u16>,
    socket: Option<PathBuf>,
    dialect: Option<Dialect>,
    is_v3: bool,
    user: Option<String>,
    password: Option<OsString>,
    database: u32,
    reads_stdin: bool,
    fails_on_error: bool,
    style: Option<Style>,
}

impl Arguments {
    fn take(&mut self, option: &str, parser: &mut Parser) -> Outcome<()> {
        match option {
            "-h" => self.host = Some(parser.value()?.string()?),
            "-p" | "--port" => self.port = Some(parser.value()?.parse()?),
            "-s" => self.socket = Some(parser.value()?.into()),
            "--protocol" => self.dialect = Some(parser.value()?.parse_with(codec::protocol)?),
            "-2" => self.is_v3 = false,
            "-3" => self.is_v3 = true,
            "-a" => self.password = Some(parser.value()?),
            "--user" => self.user = Some(parser.value()?.string()?),
            "-n" => self.database = parser.value()?.parse()?,
            "-x" => self.reads_stdin = true,
            "-e" => self.fails_on_error = true,
            "--raw" => self.style = Some(Style::Raw),
            "--no-raw" => self.style = Some(Style::Terminal),
            other => return Err(format!("unexpected argument '{other}'; see --help").into()),
        }
        Ok(())
    }

    fn command(self, mut words: Vec<Vec<u8>>) -> Outcome<Task> {
        if self.reads_stdin {
            let mut last = Vec::new();
            stdin().lock().read_to_end(&mut last)?;
            words.push(last);
        }
        Ok(Task::Command(self.options()?, words))
    }

    fn dialogue(self) -> Outcome<Task> {
        if self.reads_stdin {
            return Err("-x needs a command, whose last argument comes from standard input".into());
        }
        let options = self.options()?;
        let is_typed = stdin().is_terminal();
        Ok(if is_typed { Task::Prompt(options) } else { Task::Script(options) })
    }

    fn load(mut self, mut parser: Parser) -> Outcome<Task> {
        let mut plan = Plan::default();
        while let Some(arg) = parser.next()? {
            let option = name(&arg);
            match &option[..] {
                "--clients" => plan.clients = parser.value()?.parse()?,
                "--requests" => plan.requests = parser.value()?.parse()?,
                "--pipeline" => plan.pipeline = parser.value()?.parse()?,
                "--key-length" => plan.key_len = parser.value()?.parse()?,
                "--value-length" => plan.value_len = parser.value()?.parse()?,
                "--seed" => plan.seed = parser.value()?.parse()?,
                "--help" => return Ok(Task::Print(HELP.into())),
                option => self.take(option, &mut parser)?,
            }
        }
        plan.check()?;
        Ok(Task::Load(self.options()?.target, plan))
    }

    fn options(self) -> Outcome<Options> {
        let dialect = self.dialect.unwrap_or_default();
        let target = Target {
            place: place(self.socket, self.host, self.port, dialect)?,
            dialect,
            is_v3: self.is_v3,
            user: self.user,
            password: self.password.map(OsString::into_vec),
            database: self.database,
        };
        let style = if stdout().is_terminal() { Style::Terminal } else { Style::Raw };
        let style = self.style.unwrap_or(style);
        Ok(Options { target, style, fails_on_error: self.fails_on_error })
    }
}

fn place(
    socket: Option<PathBuf>,
    host: Option<String>,
    port: Option<u16>,
    dialect: Dialect,
) -> Outcome<Place> {
    match (socket, port.or(codec::default_port(dialect))) {
        (Some(_), _) if host.is_some() || port.is_some() => {
            Err("give either -s or -h and -p".into())
        }
        (Some(path), _) => Ok(Place::Unix(path)),
        (None, Some(port)) => {
            Ok(Place::Tcp { host: host.unwrap_or_else(|| "127.0.0.1".into()), port })
        }
        (None, None) => Err("this protocol has no customary port: say which with --port".into()),
    }
}
