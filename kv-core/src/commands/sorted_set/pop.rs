//! What takes pairs from either end.

use super::{write_pair, write_pairs};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{count, is, once_waited, positive, timeout};
use crate::error::Error;
use crate::reply::Reply;
use crate::store::Edit;
use crate::value::sorted_set::{Pair, SortedSet};
use crate::waiter::Wait;

/// Of which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Min,
    Max,
}

pub(crate) fn zpopmin(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop(cx, End::Min)
}

pub(crate) fn zpopmax(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop(cx, End::Max)
}

fn pop(cx: &mut Cx<'_>, end: End) -> Result<(), Error> {
    let number = match cx.args.len() {
        2 => None,
        3 => Some(count(cx.args.get(2))?),
        _ => return Err(Error::Syntax),
    };
    let Some(mut set) = cx.db.edit_existing::<SortedSet>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    match number {
        Some(number) => {
            take(&mut set, end, number, cx.out, |out, pairs| write_pairs(out, pairs, true));
            if number == 0 {
                set.unchanged();
            }
        }
        None => take(&mut set, end, 1, cx.out, |out, pairs| {
            out.array(2);
            pairs.next().into_iter().for_each(|pair| write_pair(out, pair));
        }),
    }
    Ok(())
}

pub(crate) fn bzpopmin(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop_or_wait(cx, End::Min)
}

pub(crate) fn bzpopmax(cx: &mut Cx<'_>) -> Result<(), Error> {
    pop_or_wait(cx, End::Max)
}

fn pop_or_wait(cx: &mut Cx<'_>, end: End) -> Result<(), Error> {
    let last = cx.args.len() - 1;
    let timeout_us = timeout(cx.args.get(last))?;
    for key in cx.args.first(last).from(1) {
        let set = cx.db.edit_existing::<SortedSet>(key);
        let Some(mut set) = once_waited(set, cx.has_waited)? else { continue };
        cx.out.array(3);
        cx.out.bulk(key);
        take(&mut set, end, 1, cx.out, |out, pairs| {
            pairs.next().into_iter().for_each(|pair| write_pair(out, pair));
        });
        return Ok(());
    }
    cx.wait = Some(Wait::for_array(1..last, timeout_us));
    Ok(())
}

pub(crate) fn zmpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    let request = parse_zmpop(cx.args.skip(1))?;
    if !pop_from_first(cx, cx.args.skip(2), request)? {
        cx.out.null_array();
    }
    Ok(())
}

pub(crate) fn bzmpop(cx: &mut Cx<'_>) -> Result<(), Error> {
    let request = parse_zmpop(cx.args.skip(2))?;
    let timeout_us = timeout(cx.args.get(1))?;
    if !pop_from_first(cx, cx.args.skip(3), request)? {
        let first = 3;
        cx.wait = Some(Wait::for_array(first..first + request.0, timeout_us));
    }
    Ok(())
}

/// Takes pairs from the first of the sets that is there, and replies with its key and them. False,
/// without a reply, if there is none.
fn pop_from_first(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    (keys, end, number): (usize, End, usize),
) -> Result<bool, Error> {
    for key in args.from(0).take(keys) {
        let set = cx.db.edit_existing::<SortedSet>(key);
        let Some(mut set) = once_waited(set, cx.has_waited)? else { continue };
        cx.out.array(2);
        cx.out.bulk(key);
        take(&mut set, end, number, cx.out, |out, pairs| {
            out.array(pairs.len());
            pairs.for_each(|pair| {
                out.array(2);
                write_pair(out, pair);
            });
        });
        return Ok(true);
    }
    Ok(false)
}

/// Of `numkeys key [key ...] MIN|MAX [COUNT count]`: how many keys there are, which end is meant, and
/// how many pairs.
fn parse_zmpop(args: Args<'_>) -> Result<(usize, End, usize), Error> {
    let keys = positive(args.get(0), "ERR numkeys should be greater than 0")?;
    let end = keys.checked_add(1).and_then(|at| args.try_get(at)).ok_or(Error::Syntax)?;
    let end = match end {
        end if is(end, "MIN") => End::Min,
        end if is(end, "MAX") => End::Max,
        _ => return Err(Error::Syntax),
    };
    let mut number = None;
    let mut rest = args.from(keys + 2);
    while let Some(option) = rest.next() {
        let value = rest.next().filter(|_| is(option, "COUNT") && number.is_none());
        let value = value.ok_or(Error::Syntax)?;
        number = Some(positive(value, "ERR count should be greater than 0")?);
    }
    Ok((keys, end, number.unwrap_or(1)))
}

/// Takes up to `number` pairs from an end and shows them to `show`.
fn take(
    set: &mut Edit<'_, SortedSet>,
    end: End,
    number: usize,
    out: &mut dyn Reply,
    show: impl FnOnce(&mut dyn Reply, &mut dyn ExactSizeIterator<Item = Pair<'_>>),
) {
    let view = set.view();
    let number = number.min(view.len());
    let ranks = match end {
        End::Min => 0..number,
        End::Max => view.len() - number..view.len(),
    };
    let pairs = view.range(ranks.clone());
    match end {
        End::Min => show(out, &mut { pairs }),
        End::Max => show(out, &mut pairs.rev()),
    }
    if number == 0 {
        return;
    }
    set.remove_range(ranks);
    set.notify(match end {
        End::Min => "zpopmin",
        End::Max => "zpopmax",
    });
}
