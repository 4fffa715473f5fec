//! Transactions: requests that run together, if nothing that they rely on has changed.

use crate::command::{EngineCx, flag};
use crate::error::Error;
use crate::kernel::{Call, Flow};
use crate::muted::Muted;
use crate::rare::{self, Rare, sometimes};
use crate::transaction::Transaction;
use crate::value::Guess;

pub(crate) fn multi(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.session.transaction.is_some() {
        return Err(Error::text("ERR MULTI calls can not be nested"));
    }
    cx.session.transaction = Some(Box::default());
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn discard(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.session.transaction.take().is_none() {
        return Err(Error::text("ERR DISCARD without MULTI"));
    }
    cx.session.unwatch(cx.store);
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn watch(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.session.transaction.is_some() {
        return Err(Error::text("ERR WATCH inside MULTI is not allowed"));
    }
    let database = cx.session.database;
    let watching = cx.session.watching.get_or_insert_default();
    // Once it is broken, EXEC will run nothing, whatever else is watched.
    if !watching.is_broken() {
        cx.args.from(1).for_each(|key| watching.add(cx.store, database, key));
    }
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn unwatch(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.session.unwatch(cx.store);
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn exec(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx
        .session
        .transaction
        .as_ref()
        .is_some_and(|transaction| transaction.is_held(&cx.kernel.pause, cx.now))
    {
        return Ok(Flow::Pause);
    }
    let transaction = cx.session.transaction.take();
    let transaction = transaction.ok_or(Error::text("ERR EXEC without MULTI"))?;
    let runs = if transaction.is_broken() {
        Err(Error::text("EXECABORT Transaction discarded because of previous errors."))
    } else {
        make_room(cx, &transaction)
    };
    if let Err(error) = runs {
        cx.session.unwatch(cx.store);
        return Err(error);
    }
    if cx.session.deliver(cx.out) == Flow::Close {
        return Ok(Flow::Close);
    }
    let needs = transaction.needs(cx.store, cx.session.watching.as_deref());
    cx.store.hold(&needs);
    cx.session.is_in_exec = true;
    let flow = run(cx, &transaction);
    cx.session.is_in_exec = false;
    cx.store.release();
    cx.session.unwatch(cx.store);
    Ok(flow)
}

/// Makes room for a transaction as for a single command.
fn make_room(cx: &mut EngineCx<'_, '_>, transaction: &Transaction) -> Result<(), Error> {
    let needs_room = transaction.has(flag::DENYOOM);
    sometimes(Rare::EvictionForExec, rare::IS_COUNTED && needs_room && cx.kernel.is_over_memory());
    let is_room =
        !needs_room || cx.kernel.make_room(cx.store, cx.meter, cx.session, cx.now).is_ok();
    is_room.then_some(()).ok_or(Error::text(
        "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
    ))
}

/// Runs everything, unless a watched key has changed.
fn run(cx: &mut EngineCx<'_, '_>, transaction: &Transaction) -> Flow {
    if cx.session.watching.as_ref().is_some_and(|watching| watching.has_broken(cx.store)) {
        sometimes(Rare::ExecFindsChange, true);
        cx.out.null_array();
        return Flow::Continue;
    }
    let requests = transaction.requests();
    cx.out.array(requests.len());
    cx.kernel.count_commands(requests.len());
    let mut flow = Flow::Continue;
    for queued in requests {
        let call = Call {
            kernel: cx.kernel,
            now: cx.now,
            command: queued.command,
            key: None,
            guess: &Guess::NONE,
        };
        let mut muted = Muted::of(cx.session, &mut *cx.out);
        if call.run(cx.store, cx.meter, cx.session, queued.args(), &mut muted) == Flow::Close {
            flow = Flow::Close;
        }
    }
    flow
}
