//! Hashes.

pub(crate) mod expiry;

use super::scan::{self, ScanOptions};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::now::Now;
use crate::reply::{Protocol, Reply};
use crate::store::View;
use crate::value::Collection;
use crate::value::hash::{Field, Hash, Live, Written};
use crate::value::long_double::LongDouble;
use crate::value::pack::Item;
use crate::value::string::IntBuffer;

/// How many expired fields one command removes to draw others the sooner.
const PURGED_MAX: usize = 500;

/// As many fields may be drawn of a hash that has fewer.
const REPEATED_MAX: u64 = 1 << 24;

pub(crate) fn hset(cx: &mut Cx<'_>) -> Result<(), Error> {
    let added = set_pairs(cx, "hset")?;
    cx.out.int(added as i64);
    Ok(())
}

pub(crate) fn hmset(cx: &mut Cx<'_>) -> Result<(), Error> {
    set_pairs(cx, "hmset")?;
    cx.out.ok();
    Ok(())
}

fn set_pairs(cx: &mut Cx<'_>, command: &'static str) -> Result<usize, Error> {
    if cx.args.len() % 2 == 1 {
        return Err(Error::WrongArity(command.into()));
    }
    let (args, unix_ms) = (cx.args, cx.now.unix_ms());
    let mut hash = cx.db.edit::<Hash>(args.get(1))?;
    let pairs = (2..args.len()).step_by(2);
    let set = |at| {
        let field = cx.guess.sought(at, args.get(at));
        let set = |hash: &mut Hash| hash.set(field, args.get(at + 1), None, unix_ms);
        hash.keep_even(set, |&written| written == Written::InPlace)
    };
    let added = pairs.map(set).filter(|written| written.is_new()).count();
    hash.notify("hset");
    Ok(added)
}

pub(crate) fn hsetnx(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (field, unix_ms) = (cx.args.get(2), cx.now.unix_ms());
    let mut hash = cx.db.edit::<Hash>(cx.args.get(1))?;
    let is_absent = hash.at(unix_ms).find(field).is_none();
    if is_absent {
        hash.set(field, cx.args.get(3), None, unix_ms);
        hash.notify("hset");
    }
    cx.out.int(is_absent.into());
    Ok(())
}

pub(crate) fn hget(cx: &mut Cx<'_>) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    show_value(cx.out, hash, cx.args.get(2));
    Ok(())
}

pub(crate) fn hmget(cx: &mut Cx<'_>) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    let fields = cx.args.from(2);
    cx.out.array(fields.len());
    fields.for_each(|field| show_value(cx.out, hash, field));
    Ok(())
}

pub(crate) fn hexists(cx: &mut Cx<'_>) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    let found = hash.and_then(|hash| hash.find(cx.args.get(2)));
    cx.out.int(found.is_some().into());
    Ok(())
}

pub(crate) fn hstrlen(cx: &mut Cx<'_>) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    let value = hash.and_then(|hash| hash.value(cx.args.get(2)));
    cx.out.int(value.map_or(0, Item::text_len) as i64);
    Ok(())
}

pub(crate) fn hlen(cx: &mut Cx<'_>) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    cx.out.int(hash.map_or(0, Live::len) as i64);
    Ok(())
}

pub(crate) fn hgetall(cx: &mut Cx<'_>) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    cx.out.map(hash.map_or(0, Live::len));
    for field in hash.into_iter().flat_map(Live::iter) {
        show(cx.out, field.name);
        show(cx.out, field.value);
    }
    Ok(())
}

pub(crate) fn hkeys(cx: &mut Cx<'_>) -> Result<(), Error> {
    show_all(cx, |field| field.name)
}

pub(crate) fn hvals(cx: &mut Cx<'_>) -> Result<(), Error> {
    show_all(cx, |field| field.value)
}

fn show_all(cx: &mut Cx<'_>, part: for<'a> fn(Field<'a>) -> Item<'a>) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    cx.out.array(hash.map_or(0, Live::len));
    hash.into_iter().flat_map(Live::iter).for_each(|field| show(cx.out, part(field)));
    Ok(())
}

pub(crate) fn hdel(cx: &mut Cx<'_>) -> Result<(), Error> {
    let unix_ms = cx.now.unix_ms();
    let hash = cx.db.edit_existing::<Hash>(cx.args.get(1))?;
    let removed = hash.map_or(0, |mut hash| {
        let fields = cx.args.from(2);
        let removed = fields.filter(|field| hash.remove(field, unix_ms)).count();
        match removed {
            // Those that have expired are gone nonetheless.
            0 => hash.unchanged(),
            _ => hash.notify("hdel"),
        }
        removed
    });
    cx.out.int(removed as i64);
    Ok(())
}

pub(crate) fn hincrby(cx: &mut Cx<'_>) -> Result<(), Error> {
    const NOT_AN_INTEGER: Error = Error::text("ERR hash value is not an integer");
    let increment = int(cx.args.get(3))?;
    let (field, unix_ms) = (cx.args.get(2), cx.now.unix_ms());
    let mut hash = cx.db.edit::<Hash>(cx.args.get(1))?;
    let old = hash.at(unix_ms).find(field);
    let value = match old.map(|old| old.value) {
        None => 0,
        Some(Item::Int(value)) => value,
        Some(Item::Bytes(_)) => return Err(NOT_AN_INTEGER),
    };
    let deadline = old.and_then(|old| old.deadline);
    let sum = value.checked_add(increment).ok_or(Error::Overflow)?;
    hash.set(field, IntBuffer::new().format(sum).as_bytes(), deadline, unix_ms);
    hash.notify("hincrby");
    cx.out.int(sum);
    Ok(())
}

pub(crate) fn hincrbyfloat(cx: &mut Cx<'_>) -> Result<(), Error> {
    const NOT_A_FLOAT: Error = Error::text("ERR hash value is not a float");
    const NOT_FINITE: Error = Error::text("ERR value is NaN or Infinity");
    let increment = LongDouble::parse(cx.args.get(3)).ok_or(Error::NotAFloat)?;
    if !increment.is_finite() {
        return Err(NOT_FINITE);
    }
    let (field, unix_ms) = (cx.args.get(2), cx.now.unix_ms());
    let mut hash = cx.db.edit::<Hash>(cx.args.get(1))?;
    let old = hash.at(unix_ms).find(field);
    let value = old.map(|old| LongDouble::parse(old.value.as_bytes(&mut IntBuffer::new())));
    let value = value.unwrap_or(Some(LongDouble::ZERO)).ok_or(NOT_A_FLOAT)?;
    let deadline = old.and_then(|old| old.deadline);
    let sum = value.checked_add(increment).ok_or(Error::NotFinite)?.to_decimal();
    hash.set(field, sum.as_bytes(), deadline, unix_ms);
    hash.notify("hincrbyfloat");
    cx.out.bulk(sum.as_bytes());
    Ok(())
}

pub(crate) fn hscan(cx: &mut Cx<'_>) -> Result<(), Error> {
    let cursor = scan::cursor(cx.args.get(2))?;
    let Some(hash) = live(&mut cx.db, cx.args.get(1), cx.now)? else {
        scan::announce(cx.out, 0, 0);
        return Ok(());
    };
    let mut with_values = true;
    let options = ScanOptions::parse_with(cx.args.from(3), |option, _| {
        with_values &= !is(option, "NOVALUES");
        is(option, "NOVALUES").then_some(())
    })?;
    let mut found = Vec::new();
    let next = hash.scan(cursor, options.count, |field| {
        if options.select(field.name.as_bytes(&mut IntBuffer::new())) {
            found.push(field);
        }
    });
    scan::announce(cx.out, next, found.len() * (1 + usize::from(with_values)));
    for field in found {
        show(cx.out, field.name);
        with_values.then(|| show(cx.out, field.value));
    }
    Ok(())
}

pub(crate) fn hrandfield(cx: &mut Cx<'_>) -> Result<(), Error> {
    if cx.args.len() > 2 {
        return random_fields(cx);
    }
    let hash = purged(&mut cx.db, cx.args.get(1), cx.now)?;
    match hash.and_then(|hash| hash.random(&mut cx.rng)) {
        Some(field) => show(cx.out, field.name),
        None => cx.out.null(),
    }
    Ok(())
}

fn random_fields(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (count, with_values) = random_options(cx.args)?;
    let hash = purged(&mut cx.db, cx.args.get(1), cx.now)?.filter(|_| count != 0);
    let Some(hash) = hash else {
        cx.out.array(0);
        return Ok(());
    };
    let wanted = count.unsigned_abs();
    if count > 0 {
        let fields = hash.sample(usize::try_from(wanted).unwrap_or(usize::MAX), &mut cx.rng);
        announce_random(cx.out, fields.len(), with_values);
        fields.iter().for_each(|field| show_random(cx.out, field, with_values));
        return Ok(());
    }
    if wanted > REPEATED_MAX {
        return Err(Error::OutOfRange);
    }
    announce_random(cx.out, wanted as usize, with_values);
    hash.draw(wanted, &mut cx.rng, |field| show_random(cx.out, &field, with_values));
    Ok(())
}

/// How many fields, which may be the same if that is negative, and whether with their values.
fn random_options(args: Args<'_>) -> Result<(i64, bool), Error> {
    let count = int(args.get(2))?;
    if count == i64::MIN {
        return Err(Error::text(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ));
    }
    let with_values = match args.len() {
        3 => false,
        4 if is(args.get(3), "WITHVALUES") => true,
        _ => return Err(Error::Syntax),
    };
    let is_countable = !with_values || count.unsigned_abs() <= i64::MAX as u64 / 2;
    if is_countable { Ok((count, with_values)) } else { Err(Error::OutOfRange) }
}

/// Values stand in pairs with their fields where the protocol tells a pair.
fn announce_random(out: &mut dyn Reply, len: usize, with_values: bool) {
    let in_line = with_values && out.protocol() == Protocol::V2;
    out.array(if in_line { 2 * len } else { len });
}

fn show_random(out: &mut dyn Reply, field: &Field<'_>, with_values: bool) {
    if with_values && out.protocol() == Protocol::V3 {
        out.array(2);
    }
    show(out, field.name);
    if with_values {
        show(out, field.value);
    }
}

/// The hash at `key` as it is now, for a reading command.
fn live<'v>(db: &'v mut View<'_>, key: &[u8], now: Now) -> Result<Option<Live<'v>>, Error> {
    Ok(db.get::<Hash>(key)?.map(|hash| hash.at(now.unix_ms())))
}

/// The same for one that draws fields: where nearly all have expired, some of these go first, so that
/// commands in a row do not all have to search for the others.
fn purged<'v>(db: &'v mut View<'_>, key: &[u8], now: Now) -> Result<Option<Live<'v>>, Error> {
    let unix_ms = now.unix_ms();
    let hash = db.entry(key).and_then(|entry| Hash::of_ref(entry.value()));
    if hash.is_some_and(|hash| hash.at(unix_ms).is_sparse()) {
        db.edit::<Hash>(key)?.count("hexpired", |hash| hash.purge(unix_ms, PURGED_MAX));
    }
    live(db, key, now)
}

fn show(out: &mut dyn Reply, item: Item<'_>) {
    out.bulk(item.as_bytes(&mut IntBuffer::new()));
}

/// The value of a field, or null.
fn show_value(out: &mut dyn Reply, hash: Option<Live<'_>>, field: &[u8]) {
    match hash.and_then(|hash| hash.value(field)) {
        Some(value) => show(out, value),
        None => out.null(),
    }
}
