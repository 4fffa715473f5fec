//! SCAN's kin for collections, and what is drawn from them at random.

use super::generic::matches;
use super::{
    Bytes, Expect, NOT_AN_INTEGER, OUT_OF_RANGE, Outcome, Page, Run, SYNTAX, exactly, int, is,
};
use crate::wire::{Value, parse_int};

/// An element's name, and what a reply says of it.
pub(super) type Element = (Bytes, Vec<Value>);

/// How many different elements, at most, a scan with a count several times as large has to give in
/// one step.
const SURPLUS: i64 = 8;

/// What SSCAN and its kin may answer. Pages of a collection that changes between them promise too
/// little for a model: a page is some of the elements, and all of them if it is the only one.
/// `drops` is an option of the command that leaves the elements' names alone. `hides` tells that there may be
/// others, which are looked at as well.
pub(super) fn page(
    run: &Run<'_>,
    elements: impl FnOnce() -> Result<Vec<Element>, Bytes>,
    drops: Option<&str>,
    hides: bool,
) -> Outcome {
    let cursor = cursor(&run.args[2])?;
    let elements = elements()?;
    if elements.is_empty() {
        return exactly(Value::array(vec![Value::bulk(b"0"), Value::array(vec![])]));
    }
    let (mut count, mut pattern, mut is_bare) = (10, &b"*"[..], false);
    let mut rest = &run.args[3..];
    while let Some((option, tail)) = rest.split_first() {
        rest = tail.get(1..).unwrap_or_default();
        match tail.first() {
            _ if drops.is_some_and(|word| is(option, word)) => (is_bare, rest) = (true, tail),
            Some(value) if is(option, "COUNT") => count = int(value)?,
            Some(value) if is(option, "MATCH") => pattern = value,
            _ => return Err(SYNTAX.into()),
        }
        if count < 1 {
            return Err(SYNTAX.into());
        }
    }
    let ends = cursor == 0 && !hides && count > SURPLUS * elements.len() as i64;
    let shown = elements.into_iter().filter(|(name, _)| matches(pattern, name));
    let of = shown.map(|(_, parts)| if is_bare { parts[..1].to_vec() } else { parts });
    Ok(Expect::Page(Page { of: of.collect(), begins: cursor == 0, ends }))
}

/// Nothing counts as 0, and a minus is none the worse.
fn cursor(arg: &[u8]) -> Result<u64, Bytes> {
    let text = std::str::from_utf8(arg).unwrap_or("x");
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits {
        "" => Ok(0),
        _ => digits.parse().map_err(|_| b"ERR invalid cursor".into()),
    }
}

/// What HRANDFIELD and ZRANDMEMBER may answer, of which `word` asks for more than names. `least` is
/// the least count that is no error.
pub(super) fn random(
    run: &Run<'_>,
    word: &str,
    least: i64,
    elements: impl FnOnce() -> Result<Vec<[Value; 2]>, Bytes>,
) -> Outcome {
    const LOWEST: &str = "ERR value is out of range, value must between -9223372036854775807 and \
        9223372036854775807";
    let Some(count) = run.args.get(2) else {
        let names: Vec<_> = elements()?.into_iter().map(|[name, _]| name).collect();
        let none = [run.null()];
        return Ok(Expect::OneOf(if names.is_empty() { none.into() } else { names }));
    };
    let count = parse_int(count).ok_or(NOT_AN_INTEGER)?;
    if count == i64::MIN {
        return Err(LOWEST.into());
    }
    let is_full = run.args.len() == 4 && is(&run.args[3], word);
    if run.args.len() > 3 && !is_full {
        return Err(SYNTAX.into());
    }
    if (is_full && count.unsigned_abs() > i64::MAX as u64 / 2) || count < least {
        return Err(OUT_OF_RANGE.into());
    }
    let elements = elements()?;
    let wanted = count.unsigned_abs() as usize;
    let may_repeat = count < 0 && !elements.is_empty();
    let len = if may_repeat { wanted } else { wanted.min(elements.len()) };
    let shape = |[name, value]: [Value; 2]| match (is_full, run.session.protocol) {
        (false, _) => vec![name],
        (true, 3) => vec![Value::array(vec![name, value])],
        (true, _) => vec![name, value],
    };
    let from = elements.into_iter().map(shape).collect();
    Ok(Expect::Drawn { from, len, differ: !may_repeat })
}
