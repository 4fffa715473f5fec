//! Strings that are stored or deleted only if a condition holds.

use super::{Lifetime, store};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::is;
use crate::error::Error;
use crate::store::{Deadline, View};
use crate::value::string::{IntBuffer, parse_int};
use crate::value::xxh3;
use std::ops::RangeInclusive;

pub(crate) fn digest(cx: &mut Cx<'_>) -> Result<(), Error> {
    let mut buffer = IntBuffer::new();
    match cx.db.string(cx.args.get(1))? {
        Some(string) => cx.out.bulk(hex_digest(string.as_bytes(&mut buffer)).as_bytes()),
        None => cx.out.null(),
    }
    Ok(())
}

fn hex_digest(bytes: &[u8]) -> String {
    format!("{:016x}", xxh3::digest(bytes))
}

pub(crate) fn delifeq(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (key, expected) = (cx.args.get(1), cx.args.get(2));
    let deletes = Condition::If(Comparison::Equal, expected).holds(&mut cx.db, key)?;
    let deleted = deletes && cx.db.remove(key);
    cx.out.int(deleted.into());
    Ok(())
}

pub(crate) fn delex(cx: &mut Cx<'_>) -> Result<(), Error> {
    let key = cx.args.get(1);
    let deletes = match cx.args.len() {
        2 => true,
        4 => delex_condition_holds(cx)?,
        _ => return Err(Error::WrongArity("delex".into())),
    };
    let deleted = deletes && cx.db.remove(key);
    cx.out.int(deleted.into());
    Ok(())
}

/// A missing key meets no condition, not even one that is none.
fn delex_condition_holds(cx: &mut Cx<'_>) -> Result<bool, Error> {
    const NOT_A_STRING: Error =
        Error::text("ERR Key should be of string type if conditions are specified");
    const UNKNOWN: Error = Error::text("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
    let mut buffer = IntBuffer::new();
    let string = cx.db.current_string(cx.args.get(1)).map_err(|_| NOT_A_STRING)?;
    let Some(string) = string else { return Ok(false) };
    let comparison = Comparison::of_option(cx.args.get(2)).ok_or(UNKNOWN)?;
    comparison.holds(string.as_bytes(&mut buffer), cx.args.get(3))
}

pub(crate) fn msetex(cx: &mut Cx<'_>) -> Result<(), Error> {
    let end = end_of_pairs(cx.args)?;
    let (condition, lifetime) = msetex_options(cx.args, end)?;
    let deadline = lifetime.deadline(Deadline::Clear, Deadline::Keep, cx.now, "msetex")?;
    let keys = (2..end).step_by(2);
    let stores = match condition {
        Some(condition) => holds_for_all(cx, condition, keys.clone())?,
        None => true,
    };
    if stores {
        keys.for_each(|at| store(&mut cx.db, cx.args.get(at), cx.args.get(at + 1), deadline));
    }
    cx.out.int(stores.into());
    Ok(())
}

fn holds_for_all(
    cx: &mut Cx<'_>,
    condition: Condition<'_>,
    mut keys: impl Iterator<Item = usize>,
) -> Result<bool, Error> {
    keys.try_fold(true, |all, at| Ok(all && condition.holds(&mut cx.db, cx.args.get(at))?))
}

/// Where the keys and values of MSETEX end.
fn end_of_pairs(args: Args<'_>) -> Result<usize, Error> {
    const COUNTS: RangeInclusive<i64> = 1..=i32::MAX as i64;
    let count = parse_int(args.get(1)).filter(|count| COUNTS.contains(count));
    let count = count.ok_or(Error::text("ERR invalid numkeys value"))?;
    let end = 2 + 2 * count as usize;
    let is_there = end <= args.len();
    is_there.then_some(end).ok_or(Error::text("ERR wrong number of key-value pairs"))
}

fn msetex_options(
    args: Args<'_>,
    from: usize,
) -> Result<(Option<Condition<'_>>, Lifetime<'_>), Error> {
    let (mut condition, mut lifetime) = (None, Lifetime::default());
    let mut rest = args.from(from);
    while let Some(option) = rest.next() {
        match Condition::of_word(option) {
            Some(new) => new.require(&mut condition)?,
            None => lifetime.read(option, &mut rest, "KEEPTTL")?,
        }
    }
    Ok((condition, lifetime))
}

/// When something is stored or deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition<'a> {
    /// NX
    Absent,
    /// XX
    Present,
    /// IFEQ and its like, with their operand.
    If(Comparison, &'a [u8]),
}

impl<'a> Condition<'a> {
    /// The condition that an option says, with its operand from `rest`.
    pub(super) fn of_option(
        option: &[u8],
        rest: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<Self>, Error> {
        if let Some(condition) = Self::of_word(option) {
            return Ok(Some(condition));
        }
        let Some(comparison) = Comparison::of_option(option) else { return Ok(None) };
        Ok(Some(Self::If(comparison, rest.next().ok_or(Error::Syntax)?)))
    }

    /// NX or XX.
    pub(super) fn of_word(option: &[u8]) -> Option<Self> {
        match option {
            word if is(word, "NX") => Some(Self::Absent),
            word if is(word, "XX") => Some(Self::Present),
            _ => None,
        }
    }

    /// Makes it the only condition. The same option again replaces the first.
    pub(super) fn require(self, only: &mut Option<Self>) -> Result<(), Error> {
        let fits = match (self, *only) {
            (_, None) => true,
            (Self::If(new, _), Some(Self::If(old, _))) => new == old,
            (new, Some(old)) => new == old,
        };
        *only = Some(self);
        if fits { Ok(()) } else { Err(Error::Syntax) }
    }

    /// Whether it holds for what is at `key`. Counts nothing. O(1), or the length of the string.
    pub(super) fn holds(self, db: &mut View<'_>, key: &[u8]) -> Result<bool, Error> {
        match self {
            Self::Absent => Ok(!db.contains(key)),
            Self::Present => Ok(db.contains(key)),
            Self::If(comparison, operand) => match db.current_string(key)? {
                Some(string) => comparison.holds(string.as_bytes(&mut IntBuffer::new()), operand),
                None => Ok(comparison.is_negative()),
            },
        }
    }
}

/// How a string is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    /// IFEQ
    Equal,
    /// IFNE
    NotEqual,
    /// IFDEQ
    DigestEqual,
    /// IFDNE
    DigestNotEqual,
}

impl Comparison {
    fn of_option(option: &[u8]) -> Option<Self> {
        [
            ("IFEQ", Self::Equal),
            ("IFNE", Self::NotEqual),
            ("IFDEQ", Self::DigestEqual),
            ("IFDNE", Self::DigestNotEqual),
        ]
        .into_iter()
        .find_map(|(word, comparison)| is(option, word).then_some(comparison))
    }

    /// Whether it asks for a difference, which there is from a string that is missing.
    fn is_negative(self) -> bool {
        matches!(self, Self::NotEqual | Self::DigestNotEqual)
    }

    fn holds(self, string: &[u8], operand: &[u8]) -> Result<bool, Error> {
        let is_equal = match self {
            Self::Equal | Self::NotEqual => string == operand,
            Self::DigestEqual | Self::DigestNotEqual => is_digest(string, operand)?,
        };
        Ok(is_equal != self.is_negative())
    }
}

/// Whether `operand`, which has the length of one, is the digest of `string`.
fn is_digest(string: &[u8], operand: &[u8]) -> Result<bool, Error> {
    const DIGITS: usize = 16;
    if operand.len() != DIGITS {
        return Err(Error::text("ERR must be exactly 16 hexadecimal characters"));
    }
    Ok(operand.eq_ignore_ascii_case(hex_digest(string).as_bytes()))
}
