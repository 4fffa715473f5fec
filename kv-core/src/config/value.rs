//! How the text of a value is read.

use super::notifications::Notifications;
use super::output_limits::{self, ClientClass, OutputLimits};
use super::parameter::Kind;
use crate::kernel::until_zero;
use crate::value::double;

/// A value that was read.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// In the form in which CONFIG GET gives it. Empty for output limits: theirs depends on what
    /// was set before.
    pub(super) text: String,
    /// The number that it stands for, if it does.
    pub(super) number: i64,
    /// Of output limits.
    pub(super) limits: Vec<(ClientClass, OutputLimits)>,
}

impl Parsed {
    fn text(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    fn number(number: i64) -> Self {
        Self { text: number.to_string(), number, ..Self::default() }
    }
}

/// The greatest number of addresses in `bind`.
pub(super) const ADDRESSES_MAX: usize = 16;

/// The greatest number of pairs in `save`.
const SAVE_POINTS_MAX: usize = 64;

/// The greatest number of percentiles that INFO tells.
pub(super) const PERCENTILES_MAX: usize = 32;

/// Reads a value. The error is Redis's explanation.
pub(super) fn parse(kind: Kind, value: &[u8]) -> Result<Parsed, String> {
    // Redis reads words and sizes, though not whole numbers, up to the first zero byte.
    let text = str::from_utf8(until_zero(value)).map_err(|_| "argument must be UTF-8 text")?;
    match kind {
        Kind::Bool => parse_bool(text),
        Kind::Never(why) => match parse_bool(text)? {
            parsed if parsed.number == 0 => Ok(parsed),
            _ => Err(why.into()),
        },
        Kind::Choice(words) => parse_choice(text, words),
        Kind::Int { min, max } => parse_int(value, min, max),
        Kind::Octal { max } => parse_octal(text, max),
        Kind::Memory { min, max } => {
            let number = parse_memory(text).ok_or("argument must be a memory value")?;
            // What does not fit is outside of every range, as -1 is.
            let number = i64::try_from(number).unwrap_or(-1);
            Ok(Parsed::number(in_range(number, min, max)?))
        }
        Kind::Text => Ok(Parsed::text(text.into())),
        Kind::Secret => {
            Ok(Parsed { number: i64::from(!text.is_empty()), ..Parsed::text(text.into()) })
        }
        Kind::FileName => parse_file_name(text),
        Kind::Addresses if words(text).len() > ADDRESSES_MAX => {
            Err("Too many bind addresses specified.".into())
        }
        Kind::Addresses => Ok(Parsed::text(text.into())),
        Kind::OutputLimits => {
            let limits = output_limits::parse(&words(text))?;
            Ok(Parsed { limits, ..Parsed::default() })
        }
        Kind::SavePoints => parse_save_points(text),
        Kind::Notifications => parse_notifications(text),
        Kind::Percentiles => parse_percentiles(text),
    }
}

/// Words stand apart by one space each: two of them have an empty word between.
pub(super) fn words(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split(' ').collect() }
}

fn in_range(number: i64, min: i64, max: i64) -> Result<i64, String> {
    let error = || format!("argument must be between {min} and {max} inclusive");
    (min..=max).contains(&number).then_some(number).ok_or_else(error)
}

fn parse_int(value: &[u8], min: i64, max: i64) -> Result<Parsed, String> {
    let number = crate::value::string::parse_int(value);
    let number = number.ok_or("argument couldn't be parsed into an integer")?;
    Ok(Parsed::number(in_range(number, min, max)?))
}

fn parse_octal(text: &str, max: i64) -> Result<Parsed, String> {
    let number = i64::from_str_radix(text, 8);
    let number = number.map_err(|_| "argument couldn't be parsed as an octal number")?;
    if !(0..=max).contains(&number) {
        return Err(format!("argument must be between 0 and {max:o} inclusive"));
    }
    Ok(Parsed { text: format!("{number:o}"), number, ..Parsed::default() })
}

fn parse_file_name(text: &str) -> Result<Parsed, String> {
    if text.contains(['/', '\\']) {
        return Err("dbfilename can't be a path, just a filename".into());
    }
    Ok(Parsed::text(text.into()))
}

fn parse_save_points(text: &str) -> Result<Parsed, String> {
    let words = words(text);
    if words.len() > 2 * SAVE_POINTS_MAX {
        return Err(format!("Invalid save parameters: more than {SAVE_POINTS_MAX} of them"));
    }
    let pairs = words.chunks(2).map(|pair| match pair {
        [seconds, changes] => {
            let (seconds, changes) = (seconds.parse::<u32>().ok()?, changes.parse::<i32>().ok()?);
            (seconds >= 1 && changes >= 0).then(|| format!("{seconds} {changes}"))
        }
        _ => None,
    });
    let pairs: Option<Vec<String>> = pairs.collect();
    Ok(Parsed::text(pairs.ok_or("Invalid save parameters")?.join(" ")))
}

fn parse_notifications(letters: &str) -> Result<Parsed, String> {
    let set = Notifications::parse(letters);
    let known = Notifications::LETTERS;
    let set = set.ok_or_else(|| format!("Invalid event class character. Use '{known}'."))?;
    Ok(Parsed { text: set.shown(), number: set.bits(), ..Parsed::default() })
}

fn parse_percentiles(text: &str) -> Result<Parsed, String> {
    const NAME: &str = "latency-tracking-info-percentiles";
    let words = words(text);
    if words.len() > PERCENTILES_MAX {
        return Err(format!("Invalid {NAME} parameters: more than {PERCENTILES_MAX} of them"));
    }
    let mut shown = Vec::new();
    for word in words {
        let number = double::parse(word.as_bytes()).map(|reading| reading.value);
        let number = number.filter(|number| !number.is_nan());
        let number = number.ok_or_else(|| format!("Invalid {NAME} parameters"))?;
        if !(0.0..=100.0).contains(&number) {
            return Err(format!("{NAME} parameters should sit between [0.0,100.0]"));
        }
        let six_decimals = format!("{number:.6}");
        shown.push(six_decimals.trim_end_matches('0').trim_end_matches('.').to_owned());
    }
    Ok(Parsed::text(shown.join(" ")))
}

fn parse_bool(text: &str) -> Result<Parsed, String> {
    match text.to_ascii_lowercase().as_str() {
        word @ ("yes" | "no") => {
            Ok(Parsed { text: word.into(), number: i64::from(word == "yes"), ..Parsed::default() })
        }
        _ => Err("argument must be 'yes' or 'no'".into()),
    }
}

fn parse_choice(text: &str, words: &[&str]) -> Result<Parsed, String> {
    let position = words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let error = || format!("argument(s) must be one of the following: {}", words.join(", "));
    let position = position.ok_or_else(error)?;
    Ok(Parsed { text: words[position].into(), number: position as i64, ..Parsed::default() })
}

/// A number of bytes with an optional unit. As in Redis, no digits are 0; a number beyond 64 bits
/// is the greatest there is.
pub(crate) fn parse_memory(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    if number.is_empty() {
        return Some(0);
    }
    Some(number.parse().unwrap_or(u64::MAX).saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_sizes_have_redis_units() {
        let sizes = [
            ("0", 0),
            ("", 0),
            ("kb", 0),
            ("12", 12),
            ("1k", 1000),
            ("1KB", 1024),
            ("2m", 2_000_000),
            ("2mb", 2 << 20),
            ("1gb", 1 << 30),
        ];
        for (text, bytes) in sizes {
            assert_eq!(parse_memory(text), Some(bytes), "{text}");
        }
        for text in ["99999999999999999999", "9223372036854775807kb"] {
            assert_eq!(parse_memory(text), Some(u64::MAX), "{text}");
        }
        for text in ["-1", "1tb", "1 k", "1.5gb"] {
            assert_eq!(parse_memory(text), None, "{text}");
        }
    }
}
