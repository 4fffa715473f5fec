//! Between which scores or members.

use crate::commands::parse::int;
use crate::error::Error;
use crate::kernel::until_zero;
use crate::value::double;
use crate::value::sorted_set::SortedSetRef;
use std::ops::{Bound, Range};

/// Some of the pairs of a sorted set.
#[derive(Clone, Copy, Debug)]
pub(super) enum Extent<'a> {
    /// By ranks from the first to the last, which count from the end if they are negative.
    Ranks(i64, i64),
    /// By scores.
    Scores(Bound<f64>, Bound<f64>),
    /// By members.
    Members(Bound<&'a [u8]>, Bound<&'a [u8]>),
    /// None at all.
    Nothing,
}

impl Extent<'_> {
    /// The ranks of these pairs.
    pub(super) fn ranks(self, set: SortedSetRef<'_>) -> Range<usize> {
        match self {
            Self::Ranks(first, last) => ranks_within(first, last, set.len()),
            Self::Scores(min, max) => set.ranks_by_score(min, max),
            Self::Members(min, max) => set.ranks_by_member(min, max),
            Self::Nothing => 0..0,
        }
    }

    /// The same, if ranks count from the other end.
    pub(super) fn ranks_from_behind(self, set: SortedSetRef<'_>) -> Range<usize> {
        match self {
            Self::Ranks(first, last) => {
                let ranks = ranks_within(first, last, set.len());
                set.len() - ranks.end..set.len() - ranks.start
            }
            _ => self.ranks(set),
        }
    }
}

fn ranks_within(first: i64, last: i64, len: usize) -> Range<usize> {
    let from_front = |rank: i64| if rank < 0 { rank + len as i64 } else { rank };
    let first = from_front(first).max(0);
    let end = from_front(last).saturating_add(1).min(len as i64);
    if first < end { first as usize..end as usize } else { 0..0 }
}

/// From the rank `first` to `last`.
pub(super) fn ranks(first: &[u8], last: &[u8]) -> Result<Extent<'static>, Error> {
    Ok(Extent::Ranks(int(first)?, int(last)?))
}

/// From the score `min` to `max`, which do not belong to it if `(` is before them.
pub(super) fn scores(min: &[u8], max: &[u8]) -> Result<Extent<'static>, Error> {
    let bound = |arg| score(arg).ok_or(Error::text("ERR min or max is not a float"));
    Ok(Extent::Scores(bound(min)?, bound(max)?))
}

/// Unlike other numbers, these may have white space before them and anything behind a zero byte,
/// may be too large, and nothing means 0.
fn score(arg: &[u8]) -> Option<Bound<f64>> {
    match arg {
        [b'(', rest @ ..] => number(rest).map(Bound::Excluded),
        _ => number(arg).map(Bound::Included),
    }
}

fn number(text: &[u8]) -> Option<f64> {
    let text = until_zero(text);
    if text.is_empty() {
        return Some(0.0);
    }
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let begin = text.iter().position(|byte| !is_space(byte))?;
    double::parse(&text[begin..]).map(|reading| reading.value).filter(|value| !value.is_nan())
}

/// The end of a range of members.
enum End<'a> {
    /// Before all.
    First,
    /// Behind all.
    Last,
    At(Bound<&'a [u8]>),
}

/// From the member `min` to `max`, of which each is `[` or `(` and a member, or `-` or `+`.
pub(super) fn members<'a>(min: &'a [u8], max: &'a [u8]) -> Result<Extent<'a>, Error> {
    let end = |arg| member(arg).ok_or(Error::text("ERR min or max not valid string range item"));
    Ok(match (end(min)?, end(max)?) {
        (End::Last, _) | (_, End::First) => Extent::Nothing,
        (min, max) => Extent::Members(min.bound(), max.bound()),
    })
}

impl<'a> End<'a> {
    fn bound(self) -> Bound<&'a [u8]> {
        if let Self::At(bound) = self { bound } else { Bound::Unbounded }
    }
}

fn member(arg: &[u8]) -> Option<End<'_>> {
    Some(match arg {
        [b'[', rest @ ..] => End::At(Bound::Included(rest)),
        [b'(', rest @ ..] => End::At(Bound::Excluded(rest)),
        _ if until_zero(arg) == b"-" => End::First,
        _ if until_zero(arg) == b"+" => End::Last,
        _ => return None,
    })
}
