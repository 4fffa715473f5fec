//! Arguments: integers, floats, options, times. The one place where they are read.

use crate::error::Error;
use crate::value::double;
use crate::value::string::parse_int;
use std::ops::RangeInclusive;

/// A 64-bit integer in canonical decimal form.
pub(crate) fn int(arg: &[u8]) -> Result<i64, Error> {
    parse_int(arg).ok_or(Error::NotAnInteger)
}

/// An integer that is not negative.
pub(crate) fn count(arg: &[u8]) -> Result<usize, Error> {
    usize::try_from(int(arg).map_err(|_| Error::NotPositive)?).map_err(|_| Error::NotPositive)
}

/// An integer above zero. `error` is what anything else is told.
pub(crate) fn positive(arg: &[u8], error: &'static str) -> Result<usize, Error> {
    let number = int(arg).ok().and_then(|number| usize::try_from(number).ok());
    number.filter(|&number| number > 0).ok_or(Error::text(error))
}

/// A floating-point number within the range of such, or an infinity by name.
pub(crate) fn float(arg: &[u8]) -> Result<f64, Error> {
    let reading = double::parse(arg).filter(|reading| !reading.is_out_of_range);
    let value = reading.map(|reading| reading.value).filter(|value| !value.is_nan());
    value.ok_or(Error::NotAFloat)
}

/// An integer from a range.
pub(crate) fn range_int(arg: &[u8], range: RangeInclusive<i64>) -> Result<i64, Error> {
    let value = int(arg)?;
    if range.contains(&value) {
        return Ok(value);
    }
    let (first, last) = range.into_inner();
    Err(Error::composed(format!(
        "ERR value is out of range, value must between {first} and {last}"
    )))
}

/// Whether `arg` is this word, in any case.
pub(crate) fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

/// How a time to live is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// Seconds since the Unix epoch.
    UnixSeconds,
    /// Milliseconds since the Unix epoch.
    UnixMilliseconds,
}

impl TimeUnit {
    /// The unit that an option of SET or GETEX names.
    pub(crate) fn of_option(option: &[u8]) -> Option<TimeUnit> {
        [
            ("EX", TimeUnit::Seconds),
            ("PX", TimeUnit::Milliseconds),
            ("EXAT", TimeUnit::UnixSeconds),
            ("PXAT", TimeUnit::UnixMilliseconds),
        ]
        .into_iter()
        .find_map(|(word, unit)| is(option, word).then_some(unit))
    }

    /// The deadline that `amount` of this unit means, in milliseconds since the Unix epoch; none if
    /// it overflows.
    pub(crate) fn deadline(self, amount: i64, unix_ms: i64) -> Option<i64> {
        match self {
            TimeUnit::Seconds => amount.checked_mul(1000)?.checked_add(unix_ms),
            TimeUnit::Milliseconds => amount.checked_add(unix_ms),
            TimeUnit::UnixSeconds => amount.checked_mul(1000),
            TimeUnit::UnixMilliseconds => Some(amount),
        }
    }
}

/// The deadline of a key whose time to live is `arg`, which must be positive, for `command`.
pub(crate) fn positive_ttl(
    arg: &[u8],
    unit: TimeUnit,
    unix_ms: i64,
    command: &'static str,
) -> Result<i64, Error> {
    let amount = int(arg)?;
    let deadline = if amount > 0 { unit.deadline(amount, unix_ms) } else { None };
    deadline.ok_or(Error::InvalidExpire(command))
}

/// How long to wait, of seconds with a fraction: in microseconds, in whole milliseconds; forever if
/// it is 0.
pub(crate) fn timeout(arg: &[u8]) -> Result<Option<u64>, Error> {
    const NOT_A_FLOAT: Error = Error::text("ERR timeout is not a float or out of range");
    let seconds = float(arg).map_err(|_| NOT_A_FLOAT)?;
    let ms = (seconds * 1000.0).ceil();
    if ms < 0.0 {
        return Err(NEGATIVE_TIMEOUT);
    }
    timeout_of_ms(if ms < i64::MAX as f64 { ms as i64 } else { i64::MAX })
}

/// The same of whole milliseconds.
pub(crate) fn timeout_ms(arg: &[u8]) -> Result<Option<u64>, Error> {
    const NOT_AN_INTEGER: Error = Error::text("ERR timeout is not an integer or out of range");
    match int(arg).map_err(|_| NOT_AN_INTEGER)? {
        ..0 => Err(NEGATIVE_TIMEOUT),
        ms => timeout_of_ms(ms),
    }
}

const NEGATIVE_TIMEOUT: Error = Error::text("ERR timeout is negative");

fn timeout_of_ms(ms: i64) -> Result<Option<u64>, Error> {
    /// Some 29 million years: a moment beyond cannot be told.
    const MS_MAX: i64 = i64::MAX / 10_000;
    match ms {
        0 => Ok(None),
        1..=MS_MAX => Ok(Some(ms as u64 * 1000)),
        _ => Err(Error::text("ERR timeout is out of range")),
    }
}

/// What a request for a key found, for which another type is nothing once it has waited.
pub(crate) fn once_waited<T>(
    found: Result<Option<T>, Error>,
    has_waited: bool,
) -> Result<Option<T>, Error> {
    match found {
        Err(Error::WrongType) if has_waited => Ok(None),
        found => found,
    }
}
