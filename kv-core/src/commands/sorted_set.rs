//! Sorted sets.

mod add;
mod algebra;
mod bounds;
mod pop;
mod random;
mod range;

pub(crate) use add::{zadd, zincrby};
pub(crate) use algebra::{zdiff, zdiffstore, zinter, zintercard, zinterstore, zunion, zunionstore};
pub(crate) use pop::{bzmpop, bzpopmax, bzpopmin, zmpop, zpopmax, zpopmin};
pub(crate) use random::zrandmember;
pub(crate) use range::{
    zrange, zrangebylex, zrangebyscore, zrangestore, zremrangebylex, zremrangebyrank,
    zremrangebyscore, zrevrange, zrevrangebylex, zrevrangebyscore,
};

use crate::command::Cx;
use crate::commands::parse::{count, float, is};
use crate::commands::scan::{self, ScanOptions};
use crate::config::{self, Config};
use crate::error::Error;
use crate::reply::{Protocol, Reply};
use crate::value::pack::Item;
use crate::value::sorted_set::{Mark, Pair, SortedSet, SortedSetRef};
use crate::value::string::IntBuffer;

pub(crate) fn zrem(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.edit_existing::<SortedSet>(cx.args.get(1))?;
    let removed = set.map_or(0, |mut set| {
        set.count("zrem", |set| cx.args.from(2).filter(|member| set.remove(member)).count())
    });
    cx.out.int(removed as i64);
    Ok(())
}

pub(crate) fn zscore(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    write_score(cx.out, score_in(set, cx.args.get(2)));
    Ok(())
}

pub(crate) fn zmscore(cx: &mut Cx<'_>) -> Result<(), Error> {
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    let members = cx.args.from(2);
    cx.out.array(members.len());
    members.for_each(|member| write_score(cx.out, score_in(set, member)));
    Ok(())
}

fn score_in(set: Option<SortedSetRef<'_>>, member: &[u8]) -> Option<f64> {
    set.and_then(|set| set.score(Item::new(member)))
}

fn write_score(out: &mut dyn Reply, score: Option<f64>) {
    match score {
        Some(score) => out.double(score),
        None => out.null(),
    }
}

pub(crate) fn zcard(cx: &mut Cx<'_>) -> Result<(), Error> {
    let len = cx.db.get::<SortedSet>(cx.args.get(1))?.map_or(0, SortedSetRef::len);
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn zcount(cx: &mut Cx<'_>) -> Result<(), Error> {
    let range = bounds::scores(cx.args.get(2), cx.args.get(3))?;
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    cx.out.int(set.map_or(0, |set| range.ranks(set).len()) as i64);
    Ok(())
}

pub(crate) fn zlexcount(cx: &mut Cx<'_>) -> Result<(), Error> {
    let range = bounds::members(cx.args.get(2), cx.args.get(3))?;
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    cx.out.int(set.map_or(0, |set| range.ranks(set).len()) as i64);
    Ok(())
}

pub(crate) fn zrank(cx: &mut Cx<'_>) -> Result<(), Error> {
    rank(cx, "zrank", |rank, _| rank)
}

pub(crate) fn zrevrank(cx: &mut Cx<'_>) -> Result<(), Error> {
    rank(cx, "zrevrank", |rank, len| len - 1 - rank)
}

fn rank(
    cx: &mut Cx<'_>,
    command: &'static str,
    counted: fn(usize, usize) -> usize,
) -> Result<(), Error> {
    let with_score = match cx.args.try_get(3) {
        _ if cx.args.len() > 4 => return Err(Error::WrongArity(command.into())),
        Some(option) if is(option, "WITHSCORE") => true,
        Some(_) => return Err(Error::Syntax),
        None => false,
    };
    let set = cx.db.get::<SortedSet>(cx.args.get(1))?;
    let member = Item::new(cx.args.get(2));
    let found = set.and_then(|set| Some((set.rank(member)?, set.len())));
    match found {
        None if with_score => cx.out.null_array(),
        None => cx.out.null(),
        Some(((rank, score), len)) => {
            if with_score {
                cx.out.array(2);
            }
            cx.out.int(counted(rank, len) as i64);
            if with_score {
                cx.out.double(score);
            }
        }
    }
    Ok(())
}

/// `ZQUERY key score member offset limit`: the pairs from the first on that is not before this one,
/// which need not be there.
pub(crate) fn zquery(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (score, member) = (float(cx.args.get(2))?, cx.args.get(3));
    let (offset, limit) = (count(cx.args.get(4))?, count(cx.args.get(5))?);
    let Some(set) = cx.db.get::<SortedSet>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    let first = set.rank_of(Mark::Pair(score, member)).saturating_add(offset).min(set.len());
    let end = first.saturating_add(limit).min(set.len());
    cx.out.array(2 * (end - first));
    set.range(first..end).for_each(|pair| write_pair(cx.out, pair));
    Ok(())
}

pub(crate) fn zscan(cx: &mut Cx<'_>) -> Result<(), Error> {
    let cursor = scan::cursor(cx.args.get(2))?;
    let Some(set) = cx.db.get::<SortedSet>(cx.args.get(1))? else {
        scan::announce(cx.out, 0, 0);
        return Ok(());
    };
    let options = ScanOptions::parse(cx.args.from(3))?;
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    let next = set.scan(cursor, options.count, |pair| {
        if options.select(pair.member.as_bytes(&mut IntBuffer::new())) {
            pairs.push(pair);
        }
    });
    scan::announce(cx.out, next, 2 * pairs.len());
    for pair in pairs {
        write_member(cx.out, pair.member);
        cx.out.bulk_double(pair.score);
    }
    Ok(())
}

/// A list of members.
fn write_members<'a>(out: &mut dyn Reply, members: impl ExactSizeIterator<Item = Item<'a>>) {
    out.array(members.len());
    members.for_each(|member| write_member(out, member));
}

/// A list of members, or of members with their scores, each two of which are an array in version 3.
fn write_pairs<'a>(
    out: &mut dyn Reply,
    pairs: impl ExactSizeIterator<Item = Pair<'a>>,
    with_scores: bool,
) {
    if !with_scores {
        return write_members(out, pairs.map(|pair| pair.member));
    }
    let is_nested = out.protocol() == Protocol::V3;
    out.array(if is_nested { pairs.len() } else { 2 * pairs.len() });
    pairs.for_each(|pair| {
        if is_nested {
            out.array(2);
        }
        write_pair(out, pair);
    });
}

fn write_pair(out: &mut dyn Reply, pair: Pair<'_>) {
    write_member(out, pair.member);
    out.double(pair.score);
}

fn write_member(out: &mut dyn Reply, member: Item<'_>) {
    out.bulk(member.as_bytes(&mut IntBuffer::new()));
}

/// The score as it is stored in a set of `len`: where Redis uses a listpack, 0 loses its sign.
fn without_sign_of_zero(score: f64, member: &[u8], len: usize, config: &Config) -> f64 {
    let is_within = |len: usize, id| len as i64 <= config.int(id);
    let is_small = is_within(len, config::ZSET_MAX_LISTPACK_ENTRIES)
        && is_within(member.len(), config::ZSET_MAX_LISTPACK_VALUE);
    if score == 0.0 && is_small { 0.0 } else { score }
}
