//! What SCAN and its kin for collections have in common: cursor, options, the form of the reply.

use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::glob;
use crate::kernel::until_zero;
use crate::reply::Reply;

/// How many elements a call looks at, about, unless COUNT says another number.
const COUNT_DEFAULT: usize = 10;

/// A cursor as C's `strtoul` reads it: nothing is 0, a minus negates modulo 2^64, and a zero byte
/// ends it. Only white space before it, which `strtoul` would skip, is refused.
pub(crate) fn cursor(arg: &[u8]) -> Result<u64, Error> {
    let (digits, is_negative) = match until_zero(arg) {
        [] => return Ok(0),
        [b'-', digits @ ..] => (digits, true),
        [b'+', digits @ ..] => (digits, false),
        digits => (digits, false),
    };
    // `parse` alone would take a second sign.
    let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'));
    let number: u64 = digits.and_then(|text| text.parse().ok()).ok_or(Error::InvalidCursor)?;
    Ok(if is_negative { number.wrapping_neg() } else { number })
}

/// How much to look at, and what of that to show.
pub(crate) struct ScanOptions<'a> {
    /// COUNT: how many elements to look at, about. At least 1.
    pub(crate) count: usize,
    pattern: &'a [u8],
}

impl<'a> ScanOptions<'a> {
    /// MATCH and COUNT, which all scans have.
    pub(crate) fn parse(rest: impl Iterator<Item = &'a [u8]>) -> Result<Self, Error> {
        Self::parse_with(rest, |_, _| None)
    }

    /// The same, and what `other` knows: it is given each other option and what follows, and takes
    /// the values that belong to it. None if it does not know the option, or lacks a value.
    pub(crate) fn parse_with<I: Iterator<Item = &'a [u8]>>(
        mut rest: I,
        mut other: impl FnMut(&'a [u8], &mut I) -> Option<()>,
    ) -> Result<Self, Error> {
        let mut options = ScanOptions { count: COUNT_DEFAULT, pattern: b"*" };
        while let Some(option) = rest.next() {
            if is(option, "COUNT") {
                let count = int(rest.next().ok_or(Error::Syntax)?)?;
                let count = usize::try_from(count).ok().filter(|&count| count > 0);
                options.count = count.ok_or(Error::Syntax)?;
            } else if is(option, "MATCH") {
                options.pattern = rest.next().ok_or(Error::Syntax)?;
            } else {
                other(option, &mut rest).ok_or(Error::Syntax)?;
            }
        }
        Ok(options)
    }

    /// Whether the pattern is that of `element`.
    pub(crate) fn select(&self, element: &[u8]) -> bool {
        selects(self.pattern, element)
    }
}

/// Whether `pattern` is that of `element`. The pattern `*` means every element, the empty one
/// included, which no other star matches.
pub(crate) fn selects(pattern: &[u8], element: &[u8]) -> bool {
    pattern == b"*" || glob::matches(pattern, element)
}

/// Announces a reply of `len` strings, after which the scan goes on from the cursor `next`.
pub(crate) fn announce(out: &mut dyn Reply, next: u64, len: usize) {
    out.array(2);
    out.bulk_int(next as i64);
    out.array(len);
}
