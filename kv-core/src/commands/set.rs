//! Sets.

use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{count, int, is};
use crate::commands::scan::{self, ScanOptions};
use crate::error::Error;
use crate::reply::Reply;
use crate::value::pack::Item;
use crate::value::set::{Set, SetRef, algebra};
use crate::value::string::IntBuffer;

/// How many members SRANDMEMBER gives at most where they may repeat. A reply of so many takes
/// seconds; without a limit a few bytes could ask for one that never ends.
const REPEATED_MAX: u64 = 1 << 24;

pub(crate) fn sadd(cx: &mut Cx<'_>) -> Result<(), Error> {
    let members = (2..).zip(cx.args.from(2)).map(|(at, member)| cx.guess.sought(at, member));
    let mut set = cx.db.edit::<Set>(cx.args.get(1))?;
    let added = set.count("sadd", |set| set.add_all(members));
    cx.out.int(added as i64);
    Ok(())
}

pub(crate) fn srem(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.edit_existing::<Set>(cx.args.get(1))?;
    let members = cx.args.from(2).map(Item::new);
    let removed = set.map_or(0, |mut set| {
        set.count("srem", |set| members.filter(|&member| set.remove(member)).count())
    });
    cx.out.int(removed as i64);
    Ok(())
}

pub(crate) fn smove(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (source, target, member) = (cx.args.get(1), cx.args.get(2), Item::new(cx.args.get(3)));
    let set = cx.db.edit_existing::<Set>(source)?;
    let is_member = set.map(|set| set.view().contains(member));
    if is_member.is_some() {
        // The type comes before everything else, unless there is no source.
        cx.db.edit_existing::<Set>(target)?;
    }
    let is_member = is_member == Some(true);
    if is_member && source != target {
        cx.db.edit::<Set>(source)?.count("srem", |set| set.remove(member).into());
        cx.db.edit::<Set>(target)?.count("sadd", |set| set.add(member).into());
    }
    cx.out.int(is_member.into());
    Ok(())
}

pub(crate) fn scard(cx: &mut Cx<'_>) -> Result<(), Error> {
    let len = cx.db.get::<Set>(cx.args.get(1))?.map_or(0, SetRef::len);
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn sismember(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<Set>(cx.args.get(1))?;
    let is_member = set.is_some_and(|set| set.contains(Item::new(cx.args.get(2))));
    cx.out.int(is_member.into());
    Ok(())
}

pub(crate) fn smismember(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<Set>(cx.args.get(1))?;
    let members = cx.args.from(2).map(Item::new);
    cx.out.array(members.len());
    for member in members {
        cx.out.int(set.is_some_and(|set| set.contains(member)).into());
    }
    Ok(())
}

pub(crate) fn smembers(cx: &mut Cx<'_>) -> Result<(), Error> {
    match cx.db.get::<Set>(cx.args.get(1))? {
        Some(set) => give(cx.out, set),
        None => cx.out.set(0),
    }
    Ok(())
}

/// All members as a reply.
fn give(out: &mut dyn Reply, set: SetRef<'_>) {
    out.set(set.len());
    give_each(out, set.iter());
}

fn give_each<'a>(out: &mut dyn Reply, members: impl Iterator<Item = Item<'a>>) {
    let mut buffer = IntBuffer::new();
    members.for_each(|member| out.bulk(member.as_bytes(&mut buffer)));
}

pub(crate) fn spop(cx: &mut Cx<'_>) -> Result<(), Error> {
    match cx.args.len() {
        2 => pop_one(cx),
        3 => pop_many(cx, count(cx.args.get(2))?),
        _ => Err(Error::Syntax),
    }
}

fn pop_one(cx: &mut Cx<'_>) -> Result<(), Error> {
    match cx.db.edit_existing::<Set>(cx.args.get(1))? {
        Some(mut set) => {
            set.pop(&mut cx.rng, |member| cx.out.bulk(member));
            set.notify("spop");
        }
        None => cx.out.null(),
    }
    Ok(())
}

fn pop_many(cx: &mut Cx<'_>, count: usize) -> Result<(), Error> {
    let key = cx.args.get(1);
    let Some(mut set) = cx.db.edit_existing::<Set>(key)? else {
        cx.out.set(0);
        return Ok(());
    };
    if count > 0 {
        set.notify("spop");
    }
    if count < set.len() {
        cx.out.set(count);
        for _ in 0..count {
            set.pop(&mut cx.rng, |member| cx.out.bulk(member));
        }
        return Ok(());
    }
    give(cx.out, set.view());
    drop(set);
    cx.db.remove(key);
    Ok(())
}

pub(crate) fn srandmember(cx: &mut Cx<'_>) -> Result<(), Error> {
    match cx.args.len() {
        2 => random_one(cx),
        3 => match signed_count(cx.args.get(2))? {
            count @ 0.. => random_different(cx, count as usize),
            count => random_repeated(cx, count.unsigned_abs()),
        },
        _ => Err(Error::Syntax),
    }
}

/// A count whose sign says something.
fn signed_count(arg: &[u8]) -> Result<i64, Error> {
    let count = int(arg)?;
    if count == i64::MIN {
        return Err(Error::text(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        ));
    }
    Ok(count)
}

fn random_one(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<Set>(cx.args.get(1))?;
    let member = set.and_then(|set| set.random(&mut cx.rng));
    let mut buffer = IntBuffer::new();
    cx.out.bulk_or_null(member.map(|member| member.as_bytes(&mut buffer)));
    Ok(())
}

fn random_different(cx: &mut Cx<'_>, count: usize) -> Result<(), Error> {
    let Some(set) = cx.db.get::<Set>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    cx.out.array(count.min(set.len()));
    let mut buffer = IntBuffer::new();
    set.sample(count, &mut cx.rng, |member| cx.out.bulk(member.as_bytes(&mut buffer)));
    Ok(())
}

fn random_repeated(cx: &mut Cx<'_>, count: u64) -> Result<(), Error> {
    let Some(set) = cx.db.get::<Set>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    if count > REPEATED_MAX {
        return Err(Error::OutOfRange);
    }
    cx.out.array(count as usize);
    give_each(cx.out, (0..count).filter_map(|_| set.random(&mut cx.rng)));
    Ok(())
}

pub(crate) fn sinter(cx: &mut Cx<'_>) -> Result<(), Error> {
    let sets = cx.db.get_all::<Set>(cx.args.from(1))?;
    let members: Vec<Item<'_>> = intersection(sets).collect();
    cx.out.set(members.len());
    give_each(cx.out, members.into_iter());
    Ok(())
}

pub(crate) fn sinterstore(cx: &mut Cx<'_>) -> Result<(), Error> {
    store(cx, "sinterstore", |result, sets| {
        result.add_all(intersection(sets));
    })
}

pub(crate) fn sintercard(cx: &mut Cx<'_>) -> Result<(), Error> {
    let numkeys = numkeys(cx.args)?;
    let limit = limit(cx.args.from(2 + numkeys))?;
    let sets = cx.db.get_all::<Set>(cx.args.from(2).take(numkeys))?;
    cx.out.int(intersection(sets).take(limit).count() as i64);
    Ok(())
}

/// How many keys follow, by the first argument.
fn numkeys(args: Args<'_>) -> Result<usize, Error> {
    let numkeys = int(args.get(1)).ok().filter(|&numkeys| numkeys > 0);
    let numkeys = numkeys.ok_or(Error::text("ERR numkeys should be greater than 0"))?;
    let numkeys = usize::try_from(numkeys).ok().filter(|&numkeys| numkeys <= args.len() - 2);
    numkeys.ok_or(Error::text("ERR Number of keys can't be greater than number of args"))
}

/// The last LIMIT, of which 0 means none.
fn limit<'a>(mut options: impl Iterator<Item = &'a [u8]>) -> Result<usize, Error> {
    let mut limit = 0;
    while let Some(option) = options.next() {
        let value = options.next().filter(|_| is(option, "LIMIT")).ok_or(Error::Syntax)?;
        limit = count(value).map_err(|_| Error::text("ERR LIMIT can't be negative"))?;
    }
    Ok(if limit == 0 { usize::MAX } else { limit })
}

/// The members that all sets have: none if one of the sets is missing.
fn intersection<'a>(sets: Vec<Option<SetRef<'a>>>) -> impl Iterator<Item = Item<'a>> {
    let sets: Option<Vec<SetRef<'a>>> = sets.into_iter().collect();
    sets.into_iter().flat_map(algebra::intersection)
}

pub(crate) fn sunion(cx: &mut Cx<'_>) -> Result<(), Error> {
    combine(cx, union)
}

pub(crate) fn sunionstore(cx: &mut Cx<'_>) -> Result<(), Error> {
    store(cx, "sunionstore", union)
}

fn union(result: &mut Set, sets: Vec<Option<SetRef<'_>>>) {
    algebra::union(result, sets.into_iter().flatten().collect());
}

pub(crate) fn sdiff(cx: &mut Cx<'_>) -> Result<(), Error> {
    combine(cx, difference)
}

pub(crate) fn sdiffstore(cx: &mut Cx<'_>) -> Result<(), Error> {
    store(cx, "sdiffstore", difference)
}

fn difference(result: &mut Set, sets: Vec<Option<SetRef<'_>>>) {
    let mut sets = sets.into_iter();
    if let Some(first) = sets.next().flatten() {
        algebra::difference(result, first, sets.flatten().collect());
    }
}

/// Gives what `combine` makes of the sets at the request's keys.
fn combine(
    cx: &mut Cx<'_>,
    combine: impl FnOnce(&mut Set, Vec<Option<SetRef<'_>>>),
) -> Result<(), Error> {
    let mut result = cx.db.create::<Set>();
    combine(&mut result, cx.db.get_all::<Set>(cx.args.from(1))?);
    give(cx.out, result.view());
    cx.db.discard(result);
    Ok(())
}

/// Stores under the request's first key what `combine` makes of the sets at the others.
fn store(
    cx: &mut Cx<'_>,
    event: &'static str,
    combine: impl FnOnce(&mut Set, Vec<Option<SetRef<'_>>>),
) -> Result<(), Error> {
    let mut result = cx.db.create::<Set>();
    combine(&mut result, cx.db.get_all::<Set>(cx.args.from(2))?);
    cx.out.int(result.len() as i64);
    cx.db.replace(cx.args.get(1), result, event);
    Ok(())
}

pub(crate) fn sscan(cx: &mut Cx<'_>) -> Result<(), Error> {
    let cursor = scan::cursor(cx.args.get(2))?;
    let Some(set) = cx.db.get::<Set>(cx.args.get(1))? else {
        scan::announce(cx.out, 0, 0);
        return Ok(());
    };
    let options = ScanOptions::parse(cx.args.from(3))?;
    let mut members = Vec::new();
    let mut buffer = IntBuffer::new();
    let next = set.scan(cursor, options.count, |member| {
        if options.select(member.as_bytes(&mut buffer)) {
            members.push(member);
        }
    });
    scan::announce(cx.out, next, members.len());
    give_each(cx.out, members.into_iter());
    Ok(())
}
