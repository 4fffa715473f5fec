//! SLOWLOG: the commands that took long.

use crate::command::EngineCx;
use crate::error::Error;
use crate::kernel::Flow;
use crate::reply::Reply;
use crate::stats::Entry;
use crate::value::string::parse_int;

/// How many entries are shown if the request does not say.
const SHOWN: usize = 10;

pub(crate) fn get(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let count = match cx.args.len() {
        2 => SHOWN,
        3 => count(cx.args.get(2))?,
        _ => return Err(super::wrong_subcommand(cx)),
    };
    let entries = cx.kernel.stats.slowlog.newest(count);
    cx.out.array(entries.len());
    entries.iter().for_each(|entry| write(cx.out, entry));
    Ok(Flow::Continue)
}

/// A number of entries, where -1 stands for all.
fn count(arg: &[u8]) -> Result<usize, Error> {
    let count = parse_int(arg).filter(|&count| count >= -1);
    let count = count.ok_or(Error::text("ERR count should be greater than or equal to -1"))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn write(out: &mut dyn Reply, entry: &Entry) {
    out.array(6);
    out.int(entry.id as i64);
    out.int(entry.unix_s as i64);
    out.int(entry.time_us as i64);
    out.array(entry.args.len());
    entry.args.iter().for_each(|arg| out.bulk(arg));
    out.bulk(entry.address.as_bytes());
    out.bulk(&entry.name);
}

pub(crate) fn len(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.int(cx.kernel.stats.slowlog.len() as i64);
    Ok(Flow::Continue)
}

pub(crate) fn reset(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.kernel.stats.slowlog.reset();
    cx.out.ok();
    Ok(Flow::Continue)
}
