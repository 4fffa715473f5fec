//! Reading floating-point numbers as C's `strtod` does, which decides what Redis takes for a score.

use super::string::parse_whole;

/// A number that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The nearest number that there is. NaN if the text says so.
    pub value: f64,
    /// Whether that is an infinity or 0 although the text says something else.
    pub is_out_of_range: bool,
}

/// The number that the whole of `text` says: decimal or hexadecimal, with or without a fraction and
/// an exponent, or an infinity or NaN by name. O(length).
pub fn parse(text: &[u8]) -> Option<Reading> {
    if let Some(whole) = short_whole(text) {
        return Some(Reading { value: whole as f64, is_out_of_range: false });
    }
    let (is_negative, magnitude) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let Reading { value, is_out_of_range } = match magnitude {
        [b'0', b'x' | b'X', digits @ ..] => hexadecimal(digits)?,
        [b'-' | b'+', ..] => return None,
        _ => decimal(magnitude)?,
    };
    Some(Reading { value: if is_negative { -value } else { value }, is_out_of_range })
}

/// The number that only a few digits say, as most scores are written. A double holds it exactly.
fn short_whole(text: &[u8]) -> Option<u64> {
    const DIGITS_MAX: usize = 15;
    if text.is_empty() || text.len() > DIGITS_MAX {
        return None;
    }
    parse_whole(text)
}

fn decimal(text: &[u8]) -> Option<Reading> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let starts_with_number = matches!(text, [b'0'..=b'9' | b'.', ..]);
    let digits = text.iter().take_while(|byte| !byte.eq_ignore_ascii_case(&b'e'));
    let is_zero = || digits.clone().all(|byte| matches!(byte, b'0' | b'.'));
    let is_out_of_range =
        starts_with_number && (value.is_infinite() || (value == 0.0 && !is_zero()));
    Some(Reading { value, is_out_of_range })
}

fn hexadecimal(text: &[u8]) -> Option<Reading> {
    let end = text.iter().position(|byte| byte.eq_ignore_ascii_case(&b'p'));
    let (digits, exponent) = match end {
        Some(end) => (&text[..end], exponent(&text[end + 1..])?),
        None => (text, 0),
    };
    let mut number = Binary { mantissa: 0, exponent, is_more: false };
    let (mut has_digits, mut has_point) = (false, false);
    for &byte in digits {
        match char::from(byte).to_digit(16) {
            Some(digit) => {
                has_digits = true;
                number.push(digit, has_point);
            }
            None if byte == b'.' && !has_point => has_point = true,
            None => return None,
        }
    }
    has_digits.then(|| number.rounded())
}

/// The exponent that `text` says, or one that is as good.
fn exponent(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let more = |number: i64, &digit: &u8| {
        number.saturating_mul(10).saturating_add((digit - b'0').into()).min(1 << 40)
    };
    let number = digits.iter().fold(0, more);
    Some(if is_negative { -number } else { number })
}

/// A number of any size: the mantissa times two to the exponent.
struct Binary {
    mantissa: u64,
    exponent: i64,
    /// Whether it is a little more.
    is_more: bool,
}

impl Binary {
    /// Appends a hexadecimal digit.
    fn push(&mut self, digit: u32, is_fraction: bool) {
        if self.mantissa >> 60 == 0 {
            self.mantissa = self.mantissa << 4 | u64::from(digit);
            self.exponent -= if is_fraction { 4 } else { 0 };
        } else {
            self.is_more |= digit != 0;
            self.exponent += if is_fraction { 0 } else { 4 };
        }
    }

    /// The nearest number, of two the even one.
    fn rounded(&self) -> Reading {
        if self.mantissa == 0 {
            return Reading { value: 0.0, is_out_of_range: false };
        }
        let shift = self.mantissa.leading_zeros();
        let mantissa = self.mantissa << shift;
        // The power of two that the mantissa's last bit counts, and how many of its bits there are
        // not in the result, which has 53 and none that counts less than 2^-1074.
        let exponent = self.exponent - i64::from(shift);
        let dropped = (-1074 - exponent).max(64 - 53);
        if exponent + 63 > 1023 || dropped > 64 {
            let value = if exponent > 0 { f64::INFINITY } else { 0.0 };
            return Reading { value, is_out_of_range: true };
        }
        let wide = u128::from(mantissa) << 64 | u128::from(self.is_more);
        let kept = wide.checked_shr(64 + dropped as u32).unwrap_or(0) as u64;
        let rest = wide << (64 - dropped);
        let half = 1u128 << 127;
        let is_up = rest > half || (rest == half && kept & 1 == 1);
        let value = (kept + u64::from(is_up)) as f64 * power_of_two(exponent + dropped);
        Reading { value, is_out_of_range: value == 0.0 || value.is_infinite() }
    }
}

/// From 2^-1074 to 2^1023.
fn power_of_two(exponent: i64) -> f64 {
    if exponent < -1022 {
        return f64::from_bits(1 << (exponent + 1074));
    }
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &str) -> Option<f64> {
        parse(text.as_bytes()).filter(|reading| !reading.is_out_of_range).map(|r| r.value)
    }

    #[test]
    fn numbers_are_read_as_c_does() {
        let numbers = [
            ("1", 1.0),
            ("+1", 1.0),
            ("-.5", -0.5),
            ("5.", 5.0),
            ("1E3", 1000.0),
            ("0e99999", 0.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x10", 16.0),
            ("-0X.8", -0.5),
            ("0x1.8p1", 3.0),
            ("0x1p-1074", 5e-324),
            ("0x1.8p-1075", 5e-324),
            ("0x1p1023", 2f64.powi(1023)),
            ("0x1.fffffffffffff7p1023", f64::MAX),
            ("0x20000000000001", 9_007_199_254_740_992.0),
            ("0x20000000000003", 9_007_199_254_740_996.0),
            ("0x200000000000010000000000000001p-64", 9_007_199_254_740_994.0),
            ("0x0p99999999999999999999", 0.0),
            ("4.9e-324", 5e-324),
        ];
        for (text, expected) in numbers {
            assert_eq!(value(text), Some(expected), "{text}");
        }
        assert!(value("-0").unwrap().is_sign_negative());
        assert!(value("nan").unwrap().is_nan());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", "+-1", "--1", ".", "e5", "1e", "1e+", "x", " 1", "1 ", "1_0", "0x", "0x.",
            "0x1p", "0x1.2.3", "1\0", "infin",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn numbers_may_be_too_large_or_too_small() {
        for text in [
            "1e400",
            "-1e400",
            "1e-400",
            "0x1p1024",
            "0x1p-1075",
            "0x1p-99999999999999999999",
            "0x1.fffffffffffff8p1023",
        ] {
            let reading = parse(text.as_bytes()).unwrap();
            assert!(reading.is_out_of_range, "{text}");
            assert!(reading.value == 0.0 || reading.value.is_infinite());
        }
    }

    proptest! {
        #[test]
        fn whole_hexadecimal_numbers_are_rounded_as_integers_are(number: u128, shift in 0..128u32) {
            let number = number >> shift;
            prop_assert_eq!(value(&format!("0x{number:x}")), Some(number as f64));
            prop_assert_eq!(value(&format!("-0x{number:X}p-3")), Some(number as f64 / -8.0));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9a-fxpin.]{0,24}") {
            parse(text.as_bytes());
        }
    }
}
