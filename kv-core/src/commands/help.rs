//! HELP, the same for every container: made from the rows of its subcommands.

use crate::command::syntax::plain;
use crate::command::{Command, EngineCx};
use crate::error::Error;
use crate::kernel::Flow;

/// Lists the subcommands of the container that the request names.
pub(crate) fn help(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let container = cx.command.container().expect("HELP is a subcommand");
    let lines = lines(container, &String::from_utf8_lossy(cx.args.get(0)));
    cx.out.array(lines.len());
    lines.iter().for_each(|line| cx.out.simple(line));
    Ok(Flow::Continue)
}

fn lines(container: &Command, name: &str) -> Vec<String> {
    let name = name.to_ascii_uppercase();
    let title = format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    // HELP itself stands last, as in Redis.
    let is_help = |sub: &&Command| sub.name == "help";
    let others = container.subcommands.iter().filter(|sub| !is_help(sub));
    let help = container.subcommands.iter().filter(is_help);
    std::iter::once(title).chain(others.chain(help).flat_map(describe)).collect()
}

fn describe(sub: &Command) -> [String; 2] {
    let usage = format!("{} {}", sub.name.to_ascii_uppercase(), plain(sub.syntax));
    [usage.trim_end().to_owned(), format!("    {}", sub.summary)]
}
