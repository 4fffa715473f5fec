//! Lists.

use crate::command::Cx;
use crate::commands::parse::{count, int};
use crate::error::Error;
use crate::value::list::{End, List, ListRef};
use crate::value::string::IntBuffer;
use std::ops::Range;

pub(crate) fn lpush(cx: &mut Cx<'_>) -> Result<(), Error> {
    push(cx, End::Head)
}

pub(crate) fn rpush(cx: &mut Cx<'_>) -> Result<(), Error> {
    push(cx, End::Tail)
}

fn push(cx: &mut Cx<'_>, end: End) -> Result<(), Error> {
    let mut list = cx.db.edit::<List>(cx.args.get(1))?;
    let len = list.push_all(end, cx.args.from(2));
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn lpushx(cx: &mut Cx<'_>) -> Result<(), Error> {
    push_if_exists(cx, End::Head)
}

pub(crate) fn rpushx(cx: &mut Cx<'_>) -> Result<(), Error> {
    push_if_exists(cx, End::Tail)
}

fn push_if_exists(cx: &mut Cx<'_>, end: End) -> Result<(), Error> {
    let list = cx.db.edit_existing::<List>(cx.args.get(1))?;
    let len = list.map_or(0, |mut list| list.push_all(end, cx.args.from(2)));
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn lpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop(cx, End::Head, "lpop")
}

pub(crate) fn rpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop(cx, End::Tail, "rpop")
}

fn pop(cx: &mut Cx<'_>, end: End, command: &'static str) -> Result<(), Error> {
    match cx.args.len() {
        2 => pop_one(cx, end),
        3 => pop_many(cx, end, count(cx.args.get(2))?),
        _ => Err(Error::WrongArity(command.into())),
    }
}

fn pop_one(cx: &mut Cx<'_>, end: End) -> Result<(), Error> {
    let key = cx.args.get(1);
    let Some(mut list) = cx.db.edit_existing::<List>(key)? else {
        cx.out.null();
        return Ok(());
    };
    list.pop(end, |item| cx.out.bulk(item));
    Ok(())
}

fn pop_many(cx: &mut Cx<'_>, end: End, count: usize) -> Result<(), Error> {
    let key = cx.args.get(1);
    let Some(mut list) = cx.db.edit_existing::<List>(key)? else {
        cx.out.null_array();
        return Ok(());
    };
    let count = count.min(list.len());
    cx.out.array(count);
    for _ in 0..count {
        list.pop(end, |item| cx.out.bulk(item));
    }
    Ok(())
}

pub(crate) fn llen(cx: &mut Cx<'_>) -> Result<(), Error> {
    let len = cx.db.get::<List>(cx.args.get(1))?.map_or(0, ListRef::len);
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn lrange(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (start, stop) = (int(cx.args.get(2))?, int(cx.args.get(3))?);
    let Some(list) = cx.db.get::<List>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    let range = range(start, stop, list.len());
    cx.out.array(range.len());
    let mut buffer = IntBuffer::new();
    for item in list.iter_from(range.start).take(range.len()) {
        cx.out.bulk(item.as_bytes(&mut buffer));
    }
    Ok(())
}

pub(crate) fn lindex(cx: &mut Cx<'_>) -> Result<(), Error> {
    let Some(list) = cx.db.get::<List>(cx.args.get(1))? else {
        cx.out.null();
        return Ok(());
    };
    // Not before: without a list the index may be anything.
    let index = from_head(int(cx.args.get(2))?, list.len());
    let mut buffer = IntBuffer::new();
    let item = usize::try_from(index).ok().and_then(|index| list.iter_from(index).next());
    cx.out.bulk_or_null(item.map(|item| item.as_bytes(&mut buffer)));
    Ok(())
}

/// The positions from `start` to `stop`, both included, that a list of `len` elements has.
fn range(start: i64, stop: i64, len: usize) -> Range<usize> {
    let first = from_head(start, len).max(0);
    let end = from_head(stop, len).saturating_add(1).min(len as i64);
    if first < end { first as usize..end as usize } else { 0..0 }
}

/// `index`, which counts from the end if it is negative, counted from the head. Negative if it
/// lies before the head.
fn from_head(index: i64, len: usize) -> i64 {
    if index < 0 { index + len as i64 } else { index }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_list() {
        assert_eq!(range(0, -1, 3), 0..3);
        assert_eq!(range(-2, -1, 3), 1..3);
        assert_eq!(range(-9, 0, 3), 0..1);
        assert_eq!(range(i64::MIN, i64::MAX, 3), 0..3);
        for (start, stop) in [(2, 1), (3, 9), (0, -4), (i64::MAX, i64::MIN), (i64::MAX, i64::MAX)] {
            assert_eq!(range(start, stop, 3), 0..0, "{start} {stop}");
        }
    }
}
