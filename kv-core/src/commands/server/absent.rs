//! Commands that clients and tools send to find out about what this server does not have: replicas,
//! a cluster, modules, snapshots.

use crate::command::EngineCx;
use crate::commands::parse::is;
use crate::error::Error;
use crate::kernel::{Flow, REDIS_VERSION};
use crate::value::string::parse_int;

pub(crate) fn cluster(_: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    Err(Error::text("ERR This instance has cluster support disabled"))
}

pub(crate) fn role(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.array(3);
    cx.out.bulk(b"master");
    cx.out.int(0);
    cx.out.array(0);
    Ok(Flow::Continue)
}

pub(crate) fn replicaof(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if is(cx.args.get(1), "NO") && is(cx.args.get(2), "ONE") {
        cx.out.ok();
        return Ok(Flow::Continue);
    }
    let port = parse_int(cx.args.get(2)).filter(|port| (0..=65_535).contains(port));
    port.ok_or(Error::text("ERR Invalid master port"))?;
    Err(Error::text("ERR This server cannot be a replica, only REPLICAOF NO ONE is possible"))
}

pub(crate) fn failover(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let aborts = aborts_failover(cx)?;
    Err(Error::text(if aborts {
        "ERR No failover in progress."
    } else {
        "ERR FAILOVER requires connected replicas."
    }))
}

/// Whether a FAILOVER is to end one, if its arguments are right.
fn aborts_failover(cx: &EngineCx<'_, '_>) -> Result<bool, Error> {
    let args = cx.args;
    let (mut at, mut aborts) = (1, false);
    while let Some(option) = args.try_get(at) {
        let follow = args.len() - at - 1;
        at += match option {
            word if is(word, "TIMEOUT") && follow >= 1 => 2,
            word if is(word, "TO") && follow >= 2 => 3,
            word if is(word, "FORCE") => 1,
            word if is(word, "ABORT") => {
                aborts = true;
                1
            }
            _ => return Err(Error::Syntax),
        };
    }
    Ok(aborts)
}

pub(crate) fn module_list(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.array(0);
    Ok(Flow::Continue)
}

pub(crate) fn modules(_: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    Err(Error::text(
        "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", \
         you can run it from a local connection, otherwise you need to set this option in the \
         configuration file, and then restart the server.",
    ))
}

/// Nothing is saved yet: the time of the start, as Redis tells it until something is.
pub(crate) fn lastsave(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.int((cx.kernel.started.unix_us / 1_000_000) as i64);
    Ok(Flow::Continue)
}

pub(crate) fn lolwut(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.args.len() >= 3 && is(cx.args.get(1), "VERSION") {
        parse_int(cx.args.get(2)).ok_or(Error::NotAnInteger)?;
    }
    cx.out.verbatim(format!("Redis ver. {REDIS_VERSION}\n").as_bytes());
    Ok(Flow::Continue)
}
