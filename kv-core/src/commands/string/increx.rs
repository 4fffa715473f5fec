//! INCREX: a counter with bounds and a deadline in one step.

use super::conditional::Condition;
use super::{Lifetime, long_double};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::is;
use crate::config::Notifications;
use crate::error::Error;
use crate::keyspace::Input;
use crate::reply::{Protocol, Reply};
use crate::store::Deadline;
use crate::value::long_double::LongDouble;
use crate::value::string::{IntBuffer, StrRef, parse_int};

pub(crate) fn increx(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx.args)?;
    match options.by {
        Some(By::Float(_)) => increx_float(cx, &options),
        Some(By::Int(_)) | None => increx_int(cx, &options),
    }
}

fn increx_int(cx: &mut Cx<'_>, options: &Options<'_>) -> Result<(), Error> {
    let addition = IntAddition::parse(options)?;
    let deadline = options.deadline(cx)?;
    let key = cx.args.get(1);
    let old = match cx.db.current_string(key)? {
        Some(string) => string.as_int().ok_or(Error::NotAnInteger)?,
        None => 0,
    };
    let step = if options.admits(cx)? { addition.step(old)? } else { None };
    let Step { new, applied } = step.unwrap_or(Step { new: old, applied: 0 });
    if step.is_some() {
        store(cx, StrRef::Int(new), deadline, "incrby");
    }
    cx.out.array(2);
    cx.out.int(new);
    cx.out.int(applied);
    Ok(())
}

fn increx_float(cx: &mut Cx<'_>, options: &Options<'_>) -> Result<(), Error> {
    let addition = FloatAddition::parse(options)?;
    let deadline = options.deadline(cx)?;
    let key = cx.args.get(1);
    let old = match cx.db.current_string(key)? {
        Some(string) => long_double(string.as_bytes(&mut IntBuffer::new()))?,
        None => LongDouble::ZERO,
    };
    if !old.is_finite() {
        return Err(Error::text("ERR value cannot be Infinity"));
    }
    let step = if options.admits(cx)? { addition.step(old)? } else { None };
    let Step { new, applied } = step.unwrap_or(Step { new: old, applied: LongDouble::ZERO });
    let (new, applied) = (new.to_decimal(), applied.to_decimal());
    if step.is_some() {
        let string = StrRef::Bytes { bytes: new.as_bytes(), is_built: false };
        store(cx, string, deadline, "incrbyfloat");
    }
    cx.out.array(2);
    reply_decimal(cx.out, &new);
    reply_decimal(cx.out, &applied);
    Ok(())
}

fn reply_decimal(out: &mut dyn Reply, decimal: &str) {
    match out.protocol() {
        Protocol::V2 => out.bulk(decimal.as_bytes()),
        Protocol::V3 => out.double(decimal.parse().expect("it is a decimal number")),
    }
}

/// A deadline in the past deletes the key.
fn store<'v>(
    cx: &mut Cx<'_>,
    value: impl Into<Input<'v>>,
    deadline: Deadline,
    event: &'static str,
) {
    let key = cx.args.get(1);
    let had_deadline = cx.db.deadline(key).flatten().is_some();
    let is_over = matches!(deadline, Deadline::At(unix_ms) if unix_ms <= cx.now.unix_ms());
    if is_over {
        cx.db.remove(key);
        return;
    }
    cx.db.set(key, value, deadline);
    cx.db.notify(Notifications::STRING, event, key);
    match deadline {
        Deadline::At(_) => cx.db.notify(Notifications::GENERIC, "expire", key),
        Deadline::Clear if had_deadline => {
            cx.db.notify(Notifications::GENERIC, "persist", key);
        }
        _ => {}
    }
}

/// What became of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step<T> {
    new: T,
    /// How much more `new` is than the old one.
    applied: T,
}

struct IntAddition {
    by: i64,
    lower: i64,
    upper: i64,
    saturates: bool,
}

impl IntAddition {
    fn parse(options: &Options<'_>) -> Result<Self, Error> {
        let by = match options.by {
            Some(By::Int(by)) => parse_int(by)
                .ok_or(Error::text("ERR Increment is not an integer or out of range"))?,
            _ => 1,
        };
        let bound = |arg: Option<&[u8]>, unsaid| arg.map_or(Some(unsaid), parse_int);
        let lower = bound(options.lower, i64::MIN)
            .ok_or(Error::text("ERR LBOUND is not an integer or out of range"))?;
        let upper = bound(options.upper, i64::MAX)
            .ok_or(Error::text("ERR UBOUND is not an integer or out of range"))?;
        if lower > upper {
            return Err(BOUNDS_CROSS);
        }
        Ok(Self { by, lower, upper, saturates: options.saturates })
    }

    /// None if the sum is out of bounds, and is not to be cut to them.
    fn step(&self, old: i64) -> Result<Option<Step<i64>>, Error> {
        let old = i128::from(old);
        let sum = old + i128::from(self.by);
        let new = sum.clamp(self.lower.into(), self.upper.into());
        if new != sum && !self.saturates {
            return Ok(None);
        }
        let applied = i64::try_from(new - old)
            .map_err(|_| Error::text("ERR applied increment would overflow"))?;
        Ok(Some(Step { new: new as i64, applied }))
    }
}

struct FloatAddition {
    by: LongDouble,
    lower: LongDouble,
    upper: LongDouble,
    saturates: bool,
}

impl FloatAddition {
    fn parse(options: &Options<'_>) -> Result<Self, Error> {
        let by = match options.by {
            Some(By::Float(by)) => {
                LongDouble::parse(by).ok_or(Error::text("ERR Increment is not a valid float"))?
            }
            _ => unreachable!("INCREX adds integers unless BYFLOAT says otherwise"),
        };
        if !by.is_finite() {
            return Err(Error::text("ERR BYFLOAT increment cannot be Infinity"));
        }
        let bound = |arg: Option<&[u8]>, unsaid| arg.map_or(Some(unsaid), LongDouble::parse);
        let lower = bound(options.lower, LongDouble::MAX.negated())
            .ok_or(Error::text("ERR LBOUND is not a valid float"))?;
        let upper = bound(options.upper, LongDouble::MAX)
            .ok_or(Error::text("ERR UBOUND is not a valid float"))?;
        if lower.compare(upper).is_gt() {
            return Err(BOUNDS_CROSS);
        }
        Ok(Self { by, lower, upper, saturates: options.saturates })
    }

    /// None if the sum is out of bounds, and is not to be cut to them.
    fn step(&self, old: LongDouble) -> Result<Option<Step<LongDouble>>, Error> {
        const INFINITE: Error = Error::text("ERR applied increment would be Infinity");
        let sum = old.checked_add(self.by);
        let bound = match sum {
            Some(sum) if sum.compare(self.upper).is_gt() => Some(self.upper),
            Some(sum) if sum.compare(self.lower).is_lt() => Some(self.lower),
            Some(_) => None,
            // Beyond all numbers, on the side that it goes to.
            None if self.by.compare(LongDouble::ZERO).is_lt() => Some(self.lower),
            None => Some(self.upper),
        };
        let new = match (bound, sum) {
            (Some(_), _) if !self.saturates => return Ok(None),
            (Some(bound), _) => bound,
            (None, sum) => sum.ok_or(INFINITE)?,
        };
        let applied = new.checked_add(old.negated()).ok_or(INFINITE)?;
        Ok(Some(Step { new, applied }))
    }
}

const BOUNDS_CROSS: Error = Error::text("ERR LBOUND can't be greater than UBOUND");

/// An increment that was not read yet.
#[derive(Clone, Copy)]
enum By<'a> {
    Int(&'a [u8]),
    Float(&'a [u8]),
}

#[derive(Default)]
struct Options<'a> {
    condition: Option<Condition<'a>>,
    by: Option<By<'a>>,
    lower: Option<&'a [u8]>,
    upper: Option<&'a [u8]>,
    saturates: bool,
    lifetime: Lifetime<'a>,
    /// A deadline that there is stays.
    keeps_deadline: bool,
}

impl<'a> Options<'a> {
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut rest = args.from(2);
        while let Some(option) = rest.next() {
            options.read(option, &mut rest)?;
        }
        match (options.keeps_deadline, options.lifetime) {
            (true, Lifetime::Unsaid) => Err(Error::text("ERR ENX flag requires an expiration")),
            (true, Lifetime::Word) => Err(Error::Syntax),
            _ => Ok(options),
        }
    }

    /// Each option may be given once.
    fn read(
        &mut self,
        option: &[u8],
        rest: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Error> {
        let mut operand = || rest.next().ok_or(Error::Syntax);
        if let Some(condition) = Condition::of_word(option) {
            once(&mut self.condition, condition)
        } else if is(option, "BYINT") {
            once(&mut self.by, By::Int(operand()?))
        } else if is(option, "BYFLOAT") {
            once(&mut self.by, By::Float(operand()?))
        } else if is(option, "LBOUND") {
            once(&mut self.lower, operand()?)
        } else if is(option, "UBOUND") {
            once(&mut self.upper, operand()?)
        } else if is(option, "SATURATE") {
            flag_once(&mut self.saturates)
        } else if is(option, "ENX") {
            flag_once(&mut self.keeps_deadline)
        } else if matches!(self.lifetime, Lifetime::Unsaid) {
            self.lifetime.read(option, rest, "PERSIST")
        } else {
            Err(Error::Syntax)
        }
    }

    /// Whether the key is there or not, as NX or XX asks for.
    fn admits(&self, cx: &mut Cx<'_>) -> Result<bool, Error> {
        let key = cx.args.get(1);
        self.condition.map_or(Ok(true), |condition| condition.holds(&mut cx.db, key))
    }

    fn deadline(&self, cx: &mut Cx<'_>) -> Result<Deadline, Error> {
        let new = self.lifetime.deadline(Deadline::Keep, Deadline::Clear, cx.now, "increx")?;
        let old = cx.db.deadline(cx.args.get(1)).flatten();
        Ok(if self.keeps_deadline && old.is_some() { Deadline::Keep } else { new })
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Error> {
    if place.replace(value).is_none() { Ok(()) } else { Err(Error::Syntax) }
}

fn flag_once(flag: &mut bool) -> Result<(), Error> {
    if std::mem::replace(flag, true) { Err(Error::Syntax) } else { Ok(()) }
}
