//! The command line.

use crate::Outcome;
use crate::cases::{self, Case};
use lexopt::{Arg, Parser, ValueExt};

const HELP: &str = "\
Compares the keyspace with hashbrown's HashMap.

  --only NAME        run this case alone; may be repeated. Names are below
  --keys N           keys (or elements) in each case, rather than its own numbers

Cases:
";

/// What to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// `cargo test --all-targets` runs benchmarks too, without `--bench`.
    Nothing,
    Help,
    /// Be the process whose memory `Compare` wants to know.
    Fill {
        holder: String,
        keys: usize,
    },
    Compare(Options),
}

#[derive(Debug, Default)]
pub(crate) struct Options {
    only: Vec<String>,
    /// How many keys, whatever the case.
    pub(crate) keys: Option<usize>,
}

impl Options {
    /// The cases that were asked for: all, unless some were named.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &'static Case> {
        let wanted = |name| self.only.is_empty() || self.only.iter().any(|only| only == name);
        cases::ALL.iter().filter(move |case| wanted(case.name))
    }

    fn check(self) -> Outcome<Self> {
        let unknown = |name: &&String| cases::ALL.iter().all(|case| case.name != **name);
        if let Some(name) = self.only.iter().find(unknown) {
            return Err(format!("there is no case `{name}`; see --help").into());
        }
        if self.keys == Some(0) {
            return Err("there must be at least one key".into());
        }
        Ok(self)
    }
}

pub(crate) fn help() -> String {
    let mut help = HELP.to_owned();
    for Case { name, sizes, what, .. } in &cases::ALL {
        let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
        help += &format!("  {name:<8} {what} ({})\n", sizes.join(", "));
    }
    help
}

pub(crate) fn parse() -> Outcome<Task> {
    let mut options = Options::default();
    let (mut called_to_bench, mut holder) = (false, None);
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("bench") => called_to_bench = true,
            Arg::Long("help") => return Ok(Task::Help),
            Arg::Long("only") => options.only.push(parser.value()?.string()?),
            Arg::Long("keys") => options.keys = Some(parser.value()?.parse()?),
            Arg::Long("fill") => holder = Some(parser.value()?.string()?),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if let Some(holder) = holder {
        let keys = options.keys.ok_or("--fill needs --keys")?;
        return Ok(Task::Fill { holder, keys });
    }
    if called_to_bench { options.check().map(Task::Compare) } else { Ok(Task::Nothing) }
}
