//! Keys of any type.

use crate::args::Args;
use crate::command::{Cx, EngineCx};
use crate::commands::parse::{TimeUnit, int, is, timeout_ms};
use crate::commands::scan::{self, ScanOptions};
use crate::config::Notifications;
use crate::error::Error;
use crate::kernel::{Flow, until_zero};
use crate::keyspace::Entry;
use crate::store::View;
use crate::waiter::{Nothing, Wait, Waiter};
use std::sync::Arc;

pub(crate) fn del(cx: &mut Cx<'_>) -> Result<(), Error> {
    let removed = cx.args.from(1).filter(|key| cx.db.remove(key)).count();
    cx.out.int(removed as i64);
    Ok(())
}

pub(crate) fn exists(cx: &mut Cx<'_>) -> Result<(), Error> {
    let found = cx.args.from(1).filter(|key| cx.db.inspect(key).is_some()).count();
    cx.out.int(found as i64);
    Ok(())
}

pub(crate) fn touch(cx: &mut Cx<'_>) -> Result<(), Error> {
    let found = cx.args.from(1).filter(|key| cx.db.touch(key)).count();
    cx.out.int(found as i64);
    Ok(())
}

pub(crate) fn type_of(cx: &mut Cx<'_>) -> Result<(), Error> {
    let entry = cx.db.inspect(cx.args.get(1));
    cx.out.simple(entry.map_or("none", |entry| entry.value().type_name()));
    Ok(())
}

pub(crate) fn keys(cx: &mut Cx<'_>) -> Result<(), Error> {
    let pattern = cx.args.get(1);
    let keys = cx.db.iter().map(|(key, _)| key).filter(|key| scan::selects(pattern, key));
    let keys: Vec<&[u8]> = keys.collect();
    cx.out.array(keys.len());
    keys.iter().for_each(|key| cx.out.bulk(key));
    Ok(())
}

pub(crate) fn scan(cx: &mut Cx<'_>) -> Result<(), Error> {
    let cursor = scan::cursor(cx.args.get(1))?;
    let mut type_name = None;
    let options = ScanOptions::parse_with(cx.args.from(2), |option, rest| {
        type_name = is(option, "TYPE").then(|| rest.next()).flatten();
        type_name.map(|_| ())
    })?;
    let mut keys: Vec<&[u8]> = Vec::new();
    let next = cx.db.scan(cursor, options.count, |key, value| {
        // A type that does not exist selects no key.
        let is_of_type = type_name.is_none_or(|name| is(name, value.type_name()));
        if is_of_type && options.select(key) {
            keys.push(key);
        }
    });
    scan::announce(cx.out, next, keys.len());
    keys.iter().for_each(|key| cx.out.bulk(key));
    Ok(())
}

pub(crate) fn randomkey(cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.out.bulk_or_null(cx.db.random_key(&mut cx.rng));
    Ok(())
}

pub(crate) fn rename(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (key, target) = (cx.args.get(1), cx.args.get(2));
    if !cx.db.contains(key) {
        return Err(Error::NoSuchKey);
    }
    // A key keeps its name without having changed.
    if key != target {
        give_name(&mut cx.db, key, target);
    }
    cx.out.ok();
    Ok(())
}

/// Moves what is at `key`, if there is anything.
fn give_name(db: &mut View<'_>, key: &[u8], target: &[u8]) {
    if let Some(taken) = db.take(key) {
        db.put(target, taken);
        db.notify(Notifications::GENERIC, "rename_from", key);
        db.notify(Notifications::GENERIC, "rename_to", target);
    }
}

pub(crate) fn renamenx(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (key, target) = (cx.args.get(1), cx.args.get(2));
    if !cx.db.contains(key) {
        return Err(Error::NoSuchKey);
    }
    let is_free = !cx.db.contains(target);
    if is_free {
        give_name(&mut cx.db, key, target);
    }
    cx.out.int(is_free.into());
    Ok(())
}

pub(crate) fn copy(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (key, target) = (cx.args.get(1), cx.args.get(2));
    let options = CopyOptions::parse(cx.args, &cx.db)?;
    let database = cx.db.database();
    if options.database == database && key == target {
        return Err(Error::SameObject);
    }
    let Some(deadline) = cx.db.inspect(key).map(Entry::deadline) else {
        cx.out.int(0);
        return Ok(());
    };
    cx.db.select(options.database);
    if !options.replace && cx.db.contains(target) {
        cx.out.int(0);
        return Ok(());
    }
    cx.db.select(database);
    let value = cx.db.entry(key).expect("the key was there just now").value().to_owned();
    cx.db.select(options.database);
    cx.db.publish_renewal(target);
    cx.db.set(target, value, deadline.into());
    cx.db.notify(Notifications::GENERIC, "copy_to", target);
    cx.out.int(1);
    Ok(())
}

struct CopyOptions {
    database: usize,
    replace: bool,
}

impl CopyOptions {
    fn parse(args: Args<'_>, db: &View<'_>) -> Result<Self, Error> {
        let mut options = CopyOptions { database: db.database(), replace: false };
        let mut rest = args.from(3);
        while let Some(option) = rest.next() {
            if is(option, "REPLACE") {
                options.replace = true;
            } else if is(option, "DB") {
                options.database = database(rest.next().ok_or(Error::Syntax)?, db)?;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(options)
    }
}

pub(crate) fn move_key(cx: &mut Cx<'_>) -> Result<(), Error> {
    let key = cx.args.get(1);
    let (source, target) = (cx.db.database(), database(cx.args.get(2), &cx.db)?);
    if source == target {
        return Err(Error::SameObject);
    }
    cx.db.select(target);
    let is_free = !cx.db.contains(key);
    cx.db.select(source);
    let taken = if is_free { cx.db.take(key) } else { None };
    cx.out.int(taken.is_some().into());
    if let Some(taken) = taken {
        cx.db.select(target);
        cx.db.put(key, taken);
        cx.db.select(source);
        cx.db.notify(Notifications::GENERIC, "move_from", key);
        cx.db.select(target);
        cx.db.notify(Notifications::GENERIC, "move_to", key);
    }
    Ok(())
}

/// The number of a database that exists.
fn database(arg: &[u8], db: &View<'_>) -> Result<usize, Error> {
    let number = i32::try_from(int(arg)?).map_err(|_| {
        Error::text("ERR value is out of range, value must between -2147483648 and 2147483647")
    })?;
    let number = usize::try_from(number).ok().filter(|&number| number < db.databases());
    number.ok_or(Error::DatabaseOutOfRange)
}

pub(crate) fn expire(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire_by(cx, TimeUnit::Seconds, "expire")
}

pub(crate) fn expireat(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire_by(cx, TimeUnit::UnixSeconds, "expireat")
}

pub(crate) fn pexpire(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire_by(cx, TimeUnit::Milliseconds, "pexpire")
}

pub(crate) fn pexpireat(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire_by(cx, TimeUnit::UnixMilliseconds, "pexpireat")
}

fn expire_by(cx: &mut Cx<'_>, unit: TimeUnit, command: &'static str) -> Result<(), Error> {
    let key = cx.args.get(1);
    let conditions = Conditions::parse(cx.args)?;
    let deadline = unit.deadline(int(cx.args.get(2))?, cx.now.unix_ms());
    let deadline = deadline.ok_or(Error::InvalidExpire(command))?;
    let is_set = match cx.db.deadline(key) {
        Some(current) if conditions.allow(current, deadline) => {
            cx.db.expire(key, deadline);
            true
        }
        _ => false,
    };
    cx.out.int(is_set.into());
    Ok(())
}

/// When EXPIRE and its kin may replace a deadline.
#[derive(Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    fn parse(args: Args<'_>) -> Result<Self, Error> {
        let mut given = Conditions::default();
        for option in args.from(3) {
            *given.named(option).ok_or_else(|| unsupported_option(option))? = true;
        }
        if given.nx && (given.xx || given.gt || given.lt) {
            let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
            return Err(Error::text(text));
        }
        if given.gt && given.lt {
            return Err(Error::text("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(given)
    }

    fn named(&mut self, option: &[u8]) -> Option<&mut bool> {
        let names = [
            ("NX", &mut self.nx),
            ("XX", &mut self.xx),
            ("GT", &mut self.gt),
            ("LT", &mut self.lt),
        ];
        names.into_iter().find_map(|(name, given)| is(option, name).then_some(given))
    }

    /// Whether a key whose deadline is `current` may be given the deadline `new`. No deadline is
    /// later than any.
    fn allow(&self, current: Option<i64>, new: i64) -> bool {
        match current {
            None => !self.xx && !self.gt,
            Some(current) => !self.nx && (!self.gt || new > current) && (!self.lt || new < current),
        }
    }
}

fn unsupported_option(option: &[u8]) -> Error {
    Error::composed([b"ERR Unsupported option ", until_zero(option)].concat())
}

pub(crate) fn ttl(cx: &mut Cx<'_>) -> Result<(), Error> {
    let now = cx.now.unix_ms();
    show_deadline(cx, |deadline| round_to_seconds(deadline - now))
}

pub(crate) fn pttl(cx: &mut Cx<'_>) -> Result<(), Error> {
    let now = cx.now.unix_ms();
    show_deadline(cx, |deadline| deadline - now)
}

pub(crate) fn expiretime(cx: &mut Cx<'_>) -> Result<(), Error> {
    show_deadline(cx, round_to_seconds)
}

pub(crate) fn pexpiretime(cx: &mut Cx<'_>) -> Result<(), Error> {
    show_deadline(cx, |deadline| deadline)
}

fn show_deadline(cx: &mut Cx<'_>, show: impl Fn(i64) -> i64) -> Result<(), Error> {
    cx.out.int(match cx.db.inspect(cx.args.get(1)).map(Entry::deadline) {
        None => -2,
        Some(None) => -1,
        Some(Some(deadline)) => show(deadline),
    });
    Ok(())
}

fn round_to_seconds(ms: i64) -> i64 {
    ms / 1000 + i64::from(ms % 1000 >= 500)
}

pub(crate) fn persist(cx: &mut Cx<'_>) -> Result<(), Error> {
    let key = cx.args.get(1);
    let had_deadline = cx.db.deadline(key).flatten().is_some();
    if had_deadline {
        cx.db.persist(key);
    }
    cx.out.int(had_deadline.into());
    Ok(())
}

/// There are no replicas that could have anything.
pub(crate) fn wait(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let wanted = int(cx.args.get(1))?;
    let timeout_us = timeout_ms(cx.args.get(2))?;
    if wanted <= 0 || cx.session.is_in_exec {
        cx.out.int(0);
        return Ok(Flow::Continue);
    }
    let nothing = Nothing::Int(0);
    let wait = Wait { nothing, at_once: nothing, ..Wait::for_array([], timeout_us) };
    let (protocol, now) = (cx.out.protocol(), cx.now);
    let waiter = Waiter::new(cx.session, cx.command, cx.args, protocol, now, wait);
    cx.session.start_waiting(Arc::new(waiter));
    Ok(Flow::Wait)
}
