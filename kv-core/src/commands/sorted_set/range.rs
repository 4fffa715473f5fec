//! Ranges of ranks, scores and members: what shows, stores and removes them.

use super::bounds::{self, Extent};
use super::{without_sign_of_zero, write_members, write_pairs};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::value::sorted_set::{Pair, SortedSet, SortedSetRef};
use crate::value::string::IntBuffer;
use std::ops::Range;

pub(crate) fn zrange(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Options::default())
}

pub(crate) fn zrangebylex(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Options { by: Some(By::Member), is_reverse: Some(false), ..Options::default() })
}

pub(crate) fn zrangebyscore(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Options { by: Some(By::Score), is_reverse: Some(false), ..Options::default() })
}

pub(crate) fn zrevrange(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Options { by: Some(By::Rank), is_reverse: Some(true), ..Options::default() })
}

pub(crate) fn zrevrangebylex(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Options { by: Some(By::Member), is_reverse: Some(true), ..Options::default() })
}

pub(crate) fn zrevrangebyscore(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Options { by: Some(By::Score), is_reverse: Some(true), ..Options::default() })
}

fn show(cx: &mut Cx<'_>, preset: Options) -> Result<(), Error> {
    let options = preset.parse(cx.args.skip(2))?;
    let extent = options.extent(cx.args.skip(2))?;
    let Some(set) = cx.db.get::<SortedSet>(cx.args.get(1))? else {
        cx.out.array(0);
        return Ok(());
    };
    let pairs = set.range(options.ranks(extent, set));
    match (options.with_scores, options.is_reverse == Some(true)) {
        (false, false) => write_members(cx.out, pairs.members()),
        (false, true) => write_members(cx.out, pairs.members().rev()),
        (true, false) => write_pairs(cx.out, pairs, true),
        (true, true) => write_pairs(cx.out, pairs.rev(), true),
    }
    Ok(())
}

pub(crate) fn zrangestore(cx: &mut Cx<'_>) -> Result<(), Error> {
    let target = cx.args.get(1);
    let preset = Options { stores: true, ..Options::default() };
    let options = preset.parse(cx.args.skip(3))?;
    let extent = options.extent(cx.args.skip(3))?;
    let mut stored = cx.db.create::<SortedSet>();
    if let Some(set) = cx.db.get::<SortedSet>(cx.args.get(2))? {
        let (mut buffer, pairs) = (IntBuffer::new(), set.range(options.ranks(extent, set)));
        let len = pairs.len();
        for Pair { score, member } in pairs {
            let member = member.as_bytes(&mut buffer);
            stored.set(member, without_sign_of_zero(score, member, len, cx.config));
        }
    }
    cx.out.int(stored.view().len() as i64);
    cx.db.replace(target, stored, "zrangestore");
    Ok(())
}

pub(crate) fn zremrangebyrank(cx: &mut Cx<'_>) -> Result<(), Error> {
    remove(cx, "zremrangebyrank", bounds::ranks(cx.args.get(2), cx.args.get(3))?)
}

pub(crate) fn zremrangebyscore(cx: &mut Cx<'_>) -> Result<(), Error> {
    remove(cx, "zremrangebyscore", bounds::scores(cx.args.get(2), cx.args.get(3))?)
}

pub(crate) fn zremrangebylex(cx: &mut Cx<'_>) -> Result<(), Error> {
    remove(cx, "zremrangebylex", bounds::members(cx.args.get(2), cx.args.get(3))?)
}

fn remove(cx: &mut Cx<'_>, event: &'static str, extent: Extent<'_>) -> Result<(), Error> {
    let set = cx.db.edit_existing::<SortedSet>(cx.args.get(1))?;
    let removed = set.map_or(0, |mut set| {
        let ranks = extent.ranks(set.view());
        if !ranks.is_empty() {
            set.remove_range(ranks.clone());
            set.notify(event);
        }
        ranks.len()
    });
    cx.out.int(removed as i64);
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Member,
}

/// How a range is meant and shown. What a command's name says already is no option of it.
#[derive(Clone, Copy, Default)]
struct Options {
    by: Option<By>,
    is_reverse: Option<bool>,
    stores: bool,
    with_scores: bool,
    /// How many are left out, and how many follow, all if negative.
    limit: Option<(i64, i64)>,
}

impl Options {
    /// Of arguments of which the first two are the ends of the range.
    fn parse(mut self, args: Args<'_>) -> Result<Self, Error> {
        let mut rest = args.from(2);
        while let Some(option) = rest.next() {
            if !self.stores && is(option, "WITHSCORES") {
                self.with_scores = true;
            } else if is(option, "LIMIT") && rest.len() >= 2 {
                let mut number = || int(rest.next().unwrap_or_default());
                self.limit = Some((number()?, number()?));
            } else if self.is_reverse.is_none() && is(option, "REV") {
                self.is_reverse = Some(true);
            } else if self.by.is_none() && is(option, "BYLEX") {
                self.by = Some(By::Member);
            } else if self.by.is_none() && is(option, "BYSCORE") {
                self.by = Some(By::Score);
            } else {
                return Err(Error::Syntax);
            }
        }
        self.check()
    }

    fn check(self) -> Result<Self, Error> {
        let is_by_rank = self.by.is_none_or(|by| by == By::Rank);
        if is_by_rank && self.limit.is_some_and(|(_, count)| count != -1) {
            return Err(Error::text(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if self.with_scores && self.by == Some(By::Member) {
            return Err(Error::text(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        Ok(Self { limit: self.limit.filter(|_| !is_by_rank), ..self })
    }

    /// What the first two arguments mean.
    fn extent<'a>(&self, args: Args<'a>) -> Result<Extent<'a>, Error> {
        let (first, last) = (args.get(0), args.get(1));
        let by = self.by.unwrap_or(By::Rank);
        let (min, max) = if self.is_reverse == Some(true) { (last, first) } else { (first, last) };
        match by {
            By::Rank => bounds::ranks(first, last),
            By::Score => bounds::scores(min, max),
            By::Member => bounds::members(min, max),
        }
    }

    /// The ranks that are meant.
    fn ranks(&self, extent: Extent<'_>, set: SortedSetRef<'_>) -> Range<usize> {
        let is_reverse = self.is_reverse == Some(true);
        let ranks = if is_reverse { extent.ranks_from_behind(set) } else { extent.ranks(set) };
        let Some((offset, count)) = self.limit else { return ranks };
        let offset = usize::try_from(offset).map_or(ranks.len(), |skip| skip.min(ranks.len()));
        let left = ranks.len() - offset;
        let count = usize::try_from(count).map_or(left, |count| count.min(left));
        if is_reverse {
            let end = ranks.end - offset;
            end - count..end
        } else {
            let start = ranks.start + offset;
            start..start + count
        }
    }
}
