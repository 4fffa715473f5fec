//! Publishing and subscribing.

use crate::command::EngineCx;
use crate::error::Error;
use crate::kernel::{Flow, Kernel};
use crate::pubsub::Kind;
use crate::session::Session;

pub(crate) fn subscribe(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    add(cx, Kind::Channel)
}

pub(crate) fn psubscribe(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    add(cx, Kind::Pattern)
}

pub(crate) fn ssubscribe(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    add(cx, Kind::Shard)
}

fn add(cx: &mut EngineCx<'_, '_>, kind: Kind) -> Result<Flow, Error> {
    for name in cx.args.from(1) {
        let subscriptions = cx.session.subscriptions.get_or_insert_default();
        if subscriptions.add(kind, name) {
            cx.kernel.pubsub.subscribe(kind, name, cx.session.shared());
        }
        cx.session.note_listening();
        confirm(cx, ["subscribe", "psubscribe", "ssubscribe"][kind as usize], kind, Some(name));
    }
    Ok(Flow::Continue)
}

pub(crate) fn unsubscribe(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    remove(cx, Kind::Channel)
}

pub(crate) fn punsubscribe(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    remove(cx, Kind::Pattern)
}

pub(crate) fn sunsubscribe(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    remove(cx, Kind::Shard)
}

fn remove(cx: &mut EngineCx<'_, '_>, kind: Kind) -> Result<Flow, Error> {
    const NAMES: [&str; 3] = ["unsubscribe", "punsubscribe", "sunsubscribe"];
    let names: Vec<Box<[u8]>> = match (cx.args.len(), &cx.session.subscriptions) {
        (1, Some(subscriptions)) => subscriptions.names(kind).map(Into::into).collect(),
        _ => cx.args.from(1).map(Into::into).collect(),
    };
    for name in &names {
        if cx.session.subscriptions.as_mut().is_some_and(|s| s.remove(kind, name)) {
            cx.kernel.pubsub.unsubscribe(kind, name, cx.session.id());
        }
        // What was published before comes before the confirmation. A transaction has seen to that
        // before its reply began.
        let flow = match cx.session.is_in_exec {
            true => Flow::Continue,
            false => cx.session.deliver(cx.out),
        };
        confirm(cx, NAMES[kind as usize], kind, Some(name));
        if flow == Flow::Close {
            return Ok(flow);
        }
    }
    if names.is_empty() {
        confirm(cx, NAMES[kind as usize], kind, None);
    }
    cx.session.subscriptions.take_if(|subscriptions| subscriptions.is_empty());
    cx.session.note_listening();
    Ok(Flow::Continue)
}

fn confirm(cx: &mut EngineCx<'_, '_>, what: &str, kind: Kind, name: Option<&[u8]>) {
    cx.out.push(3);
    cx.out.bulk(what.as_bytes());
    cx.out.bulk_or_null(name);
    let count = cx.session.subscriptions.as_ref().map_or(0, |s| s.count(kind));
    cx.out.int(count as i64);
}

/// The session listens to nothing any more. Says nothing.
pub(crate) fn forget(kernel: &Kernel, session: &mut Session) {
    let Some(subscriptions) = session.subscriptions.take() else { return };
    for kind in Kind::ALL {
        for name in subscriptions.names(kind) {
            kernel.pubsub.unsubscribe(kind, name, session.id());
        }
    }
    session.note_listening();
}

pub(crate) fn publish(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let max = cx.kernel.mail_max();
    let told = cx.kernel.pubsub.publish(cx.args.get(1), cx.args.get(2), max);
    cx.out.int(told as i64);
    Ok(Flow::Continue)
}

pub(crate) fn spublish(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let max = cx.kernel.mail_max();
    let told = cx.kernel.pubsub.publish_to_shard(cx.args.get(1), cx.args.get(2), max);
    cx.out.int(told as i64);
    Ok(Flow::Continue)
}

pub(crate) fn channels(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    list(cx, Kind::Channel)
}

pub(crate) fn shardchannels(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    list(cx, Kind::Shard)
}

fn list(cx: &mut EngineCx<'_, '_>, kind: Kind) -> Result<Flow, Error> {
    if cx.args.len() > 3 {
        let name = String::from_utf8_lossy(cx.args.get(1));
        let text = format!(
            "ERR unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP."
        );
        return Err(Error::composed(text.into_bytes()));
    }
    let names = cx.kernel.pubsub.names(kind, cx.args.try_get(2));
    cx.out.array(names.len());
    names.iter().for_each(|name| cx.out.bulk(name));
    Ok(Flow::Continue)
}

pub(crate) fn numsub(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    count(cx, Kind::Channel)
}

pub(crate) fn shardnumsub(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    count(cx, Kind::Shard)
}

fn count(cx: &mut EngineCx<'_, '_>, kind: Kind) -> Result<Flow, Error> {
    let names = cx.args.from(2);
    cx.out.array(2 * names.len());
    for name in names {
        cx.out.bulk(name);
        cx.out.int(cx.kernel.pubsub.listeners(kind, name) as i64);
    }
    Ok(Flow::Continue)
}

pub(crate) fn numpat(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.int(cx.kernel.pubsub.len(Kind::Pattern) as i64);
    Ok(Flow::Continue)
}
