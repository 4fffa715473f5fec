//! Lists.

use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{count, int, is, once_waited, positive, range_int, timeout};
use crate::error::Error;
use crate::reply::Reply;
use crate::store::{Edit, View};
use crate::value::list::{End, List, ListRef};
use crate::value::pack::Item;
use crate::value::string::IntBuffer;
use crate::waiter::{Nothing, Wait};
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
    list.notify(pushed(end));
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
    let len = list.map_or(0, |mut list| {
        let len = list.push_all(end, cx.args.from(2));
        list.notify(pushed(end));
        len
    });
    cx.out.int(len as i64);
    Ok(())
}

/// The event of a push.
fn pushed(end: End) -> &'static str {
    match end {
        End::Head => "lpush",
        End::Tail => "rpush",
    }
}

/// The event of a pop.
fn popped(end: End) -> &'static str {
    match end {
        End::Head => "lpop",
        End::Tail => "rpop",
    }
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
    pop_from(&mut list, end, |item| cx.out.bulk(item));
    Ok(())
}

/// Takes an element, which is shown to `show`.
fn pop_from(list: &mut Edit<'_, List>, end: End, show: impl FnOnce(&[u8])) {
    list.pop(end, show);
    list.notify(popped(end));
}

fn pop_many(cx: &mut Cx<'_>, end: End, count: usize) -> Result<(), Error> {
    let key = cx.args.get(1);
    let Some(mut list) = cx.db.edit_existing::<List>(key)? else {
        cx.out.null_array();
        return Ok(());
    };
    give_popped(&mut list, end, count, cx.out);
    if count == 0 {
        list.unchanged();
    }
    Ok(())
}

/// Takes up to `count` elements and replies with them.
fn give_popped(list: &mut Edit<'_, List>, end: End, count: usize, out: &mut dyn Reply) {
    let count = count.min(list.len());
    out.array(count);
    if count == 0 {
        return;
    }
    for _ in 0..count {
        list.pop(end, |item| out.bulk(item));
    }
    list.notify(popped(end));
}

pub(crate) fn blpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop_or_wait(cx, End::Head)
}

pub(crate) fn brpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop_or_wait(cx, End::Tail)
}

fn pop_or_wait(cx: &mut Cx<'_>, end: End) -> Result<(), Error> {
    let last = cx.args.len() - 1;
    let timeout_us = timeout(cx.args.get(last))?;
    for key in cx.args.first(last).from(1) {
        if let Some(mut list) = once_waited(cx.db.edit_existing::<List>(key), cx.has_waited)? {
            cx.out.array(2);
            cx.out.bulk(key);
            pop_from(&mut list, end, |item| cx.out.bulk(item));
            return Ok(());
        }
    }
    cx.wait = Some(Wait::for_array(1..last, timeout_us));
    Ok(())
}

pub(crate) fn lmpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    let request = PopRequest::parse(cx.args.skip(1))?;
    if !pop_from_first(cx, &request)? {
        cx.out.null_array();
    }
    Ok(())
}

pub(crate) fn blmpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    let request = PopRequest::parse(cx.args.skip(2))?;
    let timeout_us = timeout(cx.args.get(1))?;
    if !pop_from_first(cx, &request)? {
        let first = 3;
        cx.wait = Some(Wait::for_array(first..first + request.keys.len(), timeout_us));
    }
    Ok(())
}

/// What LMPOP asks for.
struct PopRequest<'a> {
    keys: Args<'a>,
    end: End,
    count: usize,
}

impl<'a> PopRequest<'a> {
    /// Of `numkeys key [key ...] LEFT|RIGHT [COUNT count]`.
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let len = positive(args.get(0), "ERR numkeys should be greater than 0")?;
        let end = end(args.skip(1).try_get(len).ok_or(Error::Syntax)?)?;
        let mut count = None;
        let mut options = args.skip(len + 2).from(0);
        while let Some(option) = options.next() {
            let value = options.next().filter(|_| count.is_none() && is(option, "COUNT"));
            let value = value.ok_or(Error::Syntax)?;
            count = Some(positive(value, "ERR count should be greater than 0")?);
        }
        Ok(Self { keys: args.skip(1).first(len), end, count: count.unwrap_or(1) })
    }
}

/// Takes elements from the first of the lists that is there, and replies with its key and them.
/// False, without a reply, if there is none.
fn pop_from_first(cx: &mut Cx<'_>, request: &PopRequest<'_>) -> Result<bool, Error> {
    for key in request.keys.from(0) {
        if let Some(mut list) = once_waited(cx.db.edit_existing::<List>(key), cx.has_waited)? {
            cx.out.array(2);
            cx.out.bulk(key);
            give_popped(&mut list, request.end, request.count, cx.out);
            return Ok(true);
        }
    }
    Ok(false)
}

pub(crate) fn lmove(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (from, to) = (end(cx.args.get(3))?, end(cx.args.get(4))?);
    move_between(cx, from, to)
}

pub(crate) fn rpoplpush(cx: &mut Cx<'_>) -> Result<(), Error> {
    move_between(cx, End::Tail, End::Head)
}

fn move_between(cx: &mut Cx<'_>, from: End, to: End) -> Result<(), Error> {
    let (source, target) = (cx.args.get(1), cx.args.get(2));
    if !move_element(&mut cx.db, (source, from), (target, to), cx.out)? {
        cx.out.null();
    }
    Ok(())
}

pub(crate) fn blmove(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (from, to) = (end(cx.args.get(3))?, end(cx.args.get(4))?);
    let timeout_us = timeout(cx.args.get(5))?;
    move_or_wait(cx, from, to, timeout_us)
}

pub(crate) fn brpoplpush(cx: &mut Cx<'_>) -> Result<(), Error> {
    let timeout_us = timeout(cx.args.get(3))?;
    move_or_wait(cx, End::Tail, End::Head, timeout_us)
}

fn move_or_wait(cx: &mut Cx<'_>, from: End, to: End, timeout_us: Option<u64>) -> Result<(), Error> {
    let (source, target) = (cx.args.get(1), cx.args.get(2));
    let is_list = once_waited(cx.db.edit_existing::<List>(source), cx.has_waited)?.is_some();
    if !is_list || !move_element(&mut cx.db, (source, from), (target, to), cx.out)? {
        let wait = Wait::for_array([1], timeout_us);
        cx.wait = Some(Wait { at_once: Nothing::Null, ..wait });
    }
    Ok(())
}

/// Takes an element from an end of one list to an end of another or the same, and replies with it.
/// False, without a reply, if there is no such list.
fn move_element(
    db: &mut View<'_>,
    (source, from): (&[u8], End),
    (target, to): (&[u8], End),
    out: &mut dyn Reply,
) -> Result<bool, Error> {
    if db.edit_existing::<List>(source)?.is_none() {
        return Ok(false);
    }
    db.edit::<List>(target)?;
    let mut list = db.edit::<List>(source)?;
    let mut element = Vec::new();
    if source == target {
        // In one edit: a list of one element must not be gone in between.
        list.pop(from, |item| element.extend_from_slice(item));
        list.push(to, &element);
        list.notify(pushed(to));
        list.notify(popped(from));
    } else {
        element.extend_from_slice(end_of(list.view(), from).as_bytes(&mut IntBuffer::new()));
        drop(list);
        let mut list = db.edit::<List>(target)?;
        list.push(to, &element);
        list.notify(pushed(to));
        drop(list);
        pop_from(&mut db.edit::<List>(source)?, from, |_| {});
    }
    out.bulk(&element);
    Ok(true)
}

/// The element at an end of a list that exists.
fn end_of(list: ListRef<'_>, end: End) -> Item<'_> {
    let item = match end {
        End::Head => list.iter().next(),
        End::Tail => list.iter().next_back(),
    };
    item.expect("an empty list does not exist")
}

/// `LEFT` or `RIGHT`.
fn end(arg: &[u8]) -> Result<End, Error> {
    match arg {
        arg if is(arg, "LEFT") => Ok(End::Head),
        arg if is(arg, "RIGHT") => Ok(End::Tail),
        _ => Err(Error::Syntax),
    }
}

pub(crate) fn linsert(cx: &mut Cx<'_>) -> Result<(), Error> {
    let behind = match cx.args.get(2) {
        side if is(side, "BEFORE") => 0,
        side if is(side, "AFTER") => 1,
        _ => return Err(Error::Syntax),
    };
    let list = cx.db.edit_existing::<List>(cx.args.get(1))?;
    let len = list.map_or(0, |mut list| match list.view().find(cx.args.get(3)) {
        Some(pivot) => {
            list.insert(pivot + behind, cx.args.get(4));
            list.notify("linsert");
            list.len() as i64
        }
        None => -1,
    });
    cx.out.int(len);
    Ok(())
}

pub(crate) fn lset(cx: &mut Cx<'_>) -> Result<(), Error> {
    let list = cx.db.edit_existing::<List>(cx.args.get(1))?;
    let mut list = list.ok_or(Error::NoSuchKey)?;
    let index = usize::try_from(from_head(int(cx.args.get(2))?, list.len())).ok();
    let index = index.filter(|&index| index < list.len()).ok_or(Error::IndexOutOfRange)?;
    list.set(index, cx.args.get(3));
    list.notify("lset");
    cx.out.ok();
    Ok(())
}

pub(crate) fn lrem(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (end, limit) = match int(cx.args.get(2))? {
        0 => (End::Head, usize::MAX),
        count @ 1.. => (End::Head, count as usize),
        count => (End::Tail, count.unsigned_abs() as usize),
    };
    let list = cx.db.edit_existing::<List>(cx.args.get(1))?;
    let removed = list.map_or(0, |mut list| {
        list.count("lrem", |list| list.remove_equal(cx.args.get(3), end, limit))
    });
    cx.out.int(removed as i64);
    Ok(())
}

pub(crate) fn ltrim(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (start, stop) = (int(cx.args.get(2))?, int(cx.args.get(3))?);
    let key = cx.args.get(1);
    let is_emptied = match cx.db.edit_existing::<List>(key)? {
        Some(mut list) => trim(&mut list, start, stop),
        None => false,
    };
    if is_emptied {
        // As a whole, so that it is freed in slices.
        cx.db.remove(key);
    }
    cx.out.ok();
    Ok(())
}

/// Keeps the elements of a range. If there are none it keeps all, and says that.
fn trim(list: &mut Edit<'_, List>, start: i64, stop: i64) -> bool {
    let kept = range(start, stop, list.len());
    list.notify("ltrim");
    if kept.is_empty() {
        return true;
    }
    list.retain(kept);
    false
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
    list.range(range).for_each(|item| cx.out.bulk(item.as_bytes(&mut buffer)));
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

pub(crate) fn lpos(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = PosOptions::parse(cx.args)?;
    let list = cx.db.get::<List>(cx.args.get(1))?;
    let element = Item::new(cx.args.get(2));
    let found = list.map_or(Vec::new(), |list| options.positions(list, element));
    if options.count.is_some() {
        cx.out.array(found.len());
        found.into_iter().for_each(|position| cx.out.int(position as i64));
    } else {
        match found.first() {
            Some(&position) => cx.out.int(position as i64),
            None => cx.out.null(),
        }
    }
    Ok(())
}

/// What LPOS looks for.
struct PosOptions {
    /// From which end the list is searched.
    end: End,
    /// How many matches are passed over.
    skipped: usize,
    /// How many matches are wanted, 0 for all; one, not in an array, if nothing is said.
    count: Option<usize>,
    /// How many elements are looked at, 0 for all.
    len_max: usize,
}

impl PosOptions {
    fn parse(args: Args<'_>) -> Result<Self, Error> {
        let mut options = Self { end: End::Head, skipped: 0, count: None, len_max: 0 };
        let mut rest = args.from(3);
        while let Some(option) = rest.next() {
            let value = rest.next().ok_or(Error::Syntax)?;
            if is(option, "RANK") {
                options.set_rank(range_int(value, -i64::MAX..=i64::MAX)?)?;
            } else if is(option, "COUNT") {
                let error = Error::text("ERR COUNT can't be negative");
                options.count = Some(count(value).map_err(|_| error)?);
            } else if is(option, "MAXLEN") {
                let error = Error::text("ERR MAXLEN can't be negative");
                options.len_max = count(value).map_err(|_| error)?;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(options)
    }

    fn set_rank(&mut self, rank: i64) -> Result<(), Error> {
        if rank == 0 {
            return Err(Error::text(
                "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second \
                 ... or use negative to start from the end of the list",
            ));
        }
        self.end = if rank > 0 { End::Head } else { End::Tail };
        self.skipped = rank.unsigned_abs() as usize - 1;
        Ok(())
    }

    fn positions(&self, list: ListRef<'_>, element: Item<'_>) -> Vec<usize> {
        let or_all = |limit| if limit == 0 { usize::MAX } else { limit };
        let (len_max, count) = (or_all(self.len_max), or_all(self.count.unwrap_or(1)));
        let matches = |items: &mut dyn Iterator<Item = Item<'_>>| {
            let items = items.take(len_max).enumerate();
            let found = items.filter(|(_, item)| *item == element).skip(self.skipped).take(count);
            found.map(|(passed, _)| passed).collect::<Vec<_>>()
        };
        match self.end {
            End::Head => matches(&mut list.iter()),
            End::Tail => {
                let passed = matches(&mut list.iter().rev());
                passed.into_iter().map(|passed| list.len() - 1 - passed).collect()
            }
        }
    }
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
