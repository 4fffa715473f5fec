//! How the text of a value is read.

use super::parameter::Kind;
use crate::kernel::until_zero;

pub(super) struct Parsed {
    pub(super) text: String,
    pub(super) number: i64,
    pub(super) limits: Option<[i64; 3]>,
}

impl Parsed {
    fn text(text: String) -> Self {
        Self { text, number: 0, limits: None }
    }

    fn number(number: i64) -> Self {
        Self { text: number.to_string(), number, limits: None }
    }
}

pub(super) fn parse(kind: Kind, value: &[u8]) -> Result<Parsed, String> {
    // Redis reads words and sizes, though not whole numbers, up to the first zero byte.
    let text = String::from_utf8_lossy(until_zero(value)).into_owned();
    let in_range = |number: i64, min: i64, max: i64| {
        let error = || format!("argument must be between {min} and {max} inclusive");
        (min..=max).contains(&number).then_some(number).ok_or_else(error)
    };
    match kind {
        Kind::Bool => parse_bool(&text),
        Kind::Never(why) => match parse_bool(&text)? {
            parsed if parsed.number == 0 => Ok(parsed),
            _ => Err(why.into()),
        },
        Kind::Choice(words) => parse_choice(&text, words),
        Kind::Int { min, max } => {
            let number = crate::value::string::parse_int(value);
            let number = number.ok_or("argument couldn't be parsed into an integer")?;
            Ok(Parsed::number(in_range(number, min, max)?))
        }
        Kind::Memory { min, max } => {
            let number = parse_memory(&text).ok_or("argument must be a memory value")?;
            // What does not fit is outside of every range, as -1 is.
            let number = i64::try_from(number).unwrap_or(-1);
            Ok(Parsed::number(in_range(number, min, max)?))
        }
        Kind::Text => Ok(Parsed::text(text)),
        Kind::OutputLimits => {
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let [class, hard, soft, seconds] = words[..] else {
                return Err("Wrong number of arguments in buffer limit configuration.".into());
            };
            if !class.eq_ignore_ascii_case("normal") {
                return Err("Invalid client class specified in buffer limit configuration.".into());
            }
            let limits = (parse_memory(hard), parse_memory(soft), seconds.parse::<u32>().ok());
            let (Some(hard), Some(soft), Some(seconds)) = limits else {
                return Err(
                    "Error in hard, soft or soft_seconds setting in buffer limit configuration."
                        .into(),
                );
            };
            let [hard, soft] = [hard, soft].map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
            let text = format!("normal {hard} {soft} {seconds}");
            Ok(Parsed { text, number: 0, limits: Some([hard, soft, i64::from(seconds)]) })
        }
    }
}

fn parse_bool(text: &str) -> Result<Parsed, String> {
    match text.to_ascii_lowercase().as_str() {
        word @ ("yes" | "no") => {
            Ok(Parsed { text: word.into(), number: i64::from(word == "yes"), limits: None })
        }
        _ => Err("argument must be 'yes' or 'no'".into()),
    }
}

fn parse_choice(text: &str, words: &[&str]) -> Result<Parsed, String> {
    let position = words.iter().position(|word| word.eq_ignore_ascii_case(text));
    let error = || format!("argument(s) must be one of the following: {}", words.join(", "));
    let position = position.ok_or_else(error)?;
    Ok(Parsed { text: words[position].into(), number: position as i64, limits: None })
}

/// A number of bytes with an optional unit. As in Redis, no digits are 0; a number beyond 64 bits
/// is the greatest there is.
fn parse_memory(text: &str) -> Option<u64> {
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
