//! The server itself: whole databases, and its clock.

pub(crate) mod absent;
pub(crate) mod config;
pub(crate) mod debug;
mod footprint;
pub(crate) mod info;
pub(crate) mod latency;
pub(crate) mod memory;
pub(crate) mod monitor;
pub(crate) mod slowlog;

use crate::args::Args;
use crate::command::{Cx, EngineCx};
use crate::commands::parse::is;
use crate::error::Error;
use crate::kernel::{Flow, QUOTE_MAX, quote};
use crate::value::string::parse_int;

/// The error of a container's command whose arguments do not fit one of its subcommands.
fn wrong_subcommand(cx: &EngineCx<'_, '_>) -> Error {
    let help = cx.args.get(0).to_ascii_uppercase();
    let start = b"ERR unknown subcommand or wrong number of arguments for '";
    Error::composed(
        [start, quote(cx.args.get(1), QUOTE_MAX), b"'. Try ", &help, b" HELP."].concat(),
    )
}

pub(crate) fn time(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let unix_us = cx.now.unix_us as i64;
    cx.out.array(2);
    cx.out.bulk_int(unix_us / 1_000_000);
    cx.out.bulk_int(unix_us % 1_000_000);
    Ok(Flow::Continue)
}

pub(crate) fn dbsize(cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.out.int(cx.db.len() as i64);
    Ok(())
}

pub(crate) fn flushdb(cx: &mut Cx<'_>) -> Result<(), Error> {
    check_flush_mode(cx.args)?;
    cx.db.flush();
    cx.db.forget_readers();
    cx.out.ok();
    Ok(())
}

pub(crate) fn flushall(cx: &mut Cx<'_>) -> Result<(), Error> {
    check_flush_mode(cx.args)?;
    for database in 0..cx.db.databases() {
        cx.db.select(database);
        cx.db.flush();
    }
    cx.db.forget_readers();
    cx.out.ok();
    Ok(())
}

/// ASYNC and SYNC are the same here: a flush is complete when it answers.
fn check_flush_mode(args: Args<'_>) -> Result<(), Error> {
    match (args.len(), args.try_get(1)) {
        (1, _) => Ok(()),
        (2, Some(mode)) if is(mode, "ASYNC") || is(mode, "SYNC") => Ok(()),
        _ => Err(Error::Syntax),
    }
}

pub(crate) fn swapdb(cx: &mut Cx<'_>) -> Result<(), Error> {
    let index = |at, error| {
        let index = parse_int(cx.args.get(at)).and_then(|index| i32::try_from(index).ok());
        index.ok_or(error)
    };
    let first = index(1, Error::text("ERR invalid first DB index"))?;
    let second = index(2, Error::text("ERR invalid second DB index"))?;
    let existing = |index| {
        let database = usize::try_from(index).ok();
        database.filter(|&index| index < cx.db.databases()).ok_or(Error::DatabaseOutOfRange)
    };
    let (first, second) = (existing(first)?, existing(second)?);
    if first != second {
        cx.db.swap_databases(first, second);
    }
    cx.out.ok();
    Ok(())
}
