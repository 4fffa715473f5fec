//! The arithmetic of INCRBYFLOAT and HINCRBYFLOAT.
//!
//! Redis computes these in the 80-bit format of the x87, and its clients see the rounding of that
//! format, so this is the same in software: a mantissa of 64 bits, a binary exponent of 15 bits,
//! every result rounded to nearest and ties to even. Texts of up to [`LEN_MAX`] bytes are read
//! exactly; the work for the worst of them is some hundred thousand steps.

use std::cmp::Ordering;
use std::fmt::Write;

/// A number is shorter than this many bytes, as text.
pub const LEN_MAX: usize = 5 * 1024;

/// An extended-precision number: `mantissa` times two to the `exponent`. Never NaN.
///
/// The mantissa's highest bit is set, unless the exponent is the least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    exponent: i32,
    mantissa: u64,
}

const EXPONENT_MIN: i32 = -16_445;
const EXPONENT_MAX: i32 = 16_320;
const INFINITE: i32 = i32::MAX;

/// Decimal digits after the point that are shown.
const FRACTION_DIGITS: u32 = 17;

impl LongDouble {
    /// 0.
    pub const ZERO: Self = Self { negative: false, exponent: EXPONENT_MIN, mantissa: 0 };

    /// The largest that is no infinity.
    pub const MAX: Self = Self { negative: false, exponent: EXPONENT_MAX, mantissa: u64::MAX };

    /// The number that is nearest to what `text` says: decimal or hexadecimal, with or without a
    /// fraction and an exponent, or an infinity by name. None for anything else, such as NaN,
    /// spaces, too long a text, or a number that is too large or that would round to 0.
    /// O(n²) in the length of the text.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() >= LEN_MAX {
            return None;
        }
        let (negative, magnitude) = split_sign(text);
        let number = match magnitude {
            [b'0', b'x' | b'X', digits @ ..] => parse_hexadecimal(digits)?,
            word if is_infinity(word) => Self { exponent: INFINITE, ..Self::ZERO },
            digits => parse_decimal(digits)?,
        };
        Some(Self { negative, ..number })
    }

    /// The number of the same magnitude on the other side of 0.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    /// How it compares to another, infinities included. 0 has no sign.
    pub fn compare(self, other: Self) -> Ordering {
        match (self.is_below_zero(), other.is_below_zero()) {
            (false, false) => self.magnitude().cmp(&other.magnitude()),
            (true, true) => other.magnitude().cmp(&self.magnitude()),
            (is_below, _) => {
                if is_below {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }

    fn is_below_zero(self) -> bool {
        self.negative && self.magnitude() != Self::ZERO.magnitude()
    }

    fn magnitude(self) -> (i32, u64) {
        (self.exponent, self.mantissa)
    }

    /// Whether it is no infinity.
    pub fn is_finite(self) -> bool {
        self.exponent != INFINITE
    }

    /// The sum, rounded. None if it is not finite.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if !self.is_finite() || !other.is_finite() {
            return None;
        }
        let is_larger = self.magnitude() >= other.magnitude();
        let (large, small) = if is_larger { (self, other) } else { (other, self) };
        // Both in units of 2^-63 of the larger one's last place, with one bit to spare above.
        let [wide, narrow] = [large, small].map(|number| u128::from(number.mantissa) << 63);
        let gap = (large.exponent - small.exponent) as u32;
        let aligned = narrow.checked_shr(gap).unwrap_or(0);
        let inexact = aligned.checked_shl(gap).unwrap_or(0) != narrow;
        let sum = if large.negative == small.negative {
            wide + aligned
        } else {
            // What was cut off is more than nothing: go down to the next, and up by the rest.
            wide - aligned - u128::from(inexact)
        };
        let sum = round(Exactly { bits: sum, exponent: large.exponent - 63, more: inexact });
        sum.is_finite().then_some(Self { negative: large.negative, ..sum })
    }

    /// The decimal form with at most 17 digits after the point, rounded, without trailing zeros.
    /// O(n²) in its length, which is at most 4951.
    ///
    /// # Panics
    /// If it is an infinity.
    pub fn to_decimal(self) -> String {
        assert!(self.is_finite(), "an infinity has no decimal form");
        let digits = if self.exponent >= 0 {
            Natural::new(self.mantissa).shifted(self.exponent as usize).into_decimal()
        } else {
            self.fixed_point()
        };
        if self.negative && digits != "0" { format!("-{digits}") } else { digits }
    }

    /// The decimal form of the magnitude of a number with a negative exponent.
    fn fixed_point(self) -> String {
        const UNIT: u128 = 10_u128.pow(FRACTION_DIGITS);
        let scaled = u128::from(self.mantissa) * UNIT;
        let scaled = shift_rounding(scaled, self.exponent.unsigned_abs(), false);
        let mut text = (scaled / UNIT).to_string();
        if !scaled.is_multiple_of(UNIT) {
            write!(text, ".{:0width$}", scaled % UNIT, width = FRACTION_DIGITS as usize)
                .expect("a String takes everything");
            text.truncate(text.trim_end_matches('0').len());
        }
        text
    }
}

/// An exact value: `bits` times two to the `exponent`, and `more` if something positive, less than
/// one unit of `bits`, comes on top of it; then `bits` has at least 65 bits.
struct Exactly {
    bits: u128,
    exponent: i32,
    more: bool,
}

/// The nearest number, perhaps an infinity.
fn round(value: Exactly) -> LongDouble {
    let len = (u128::BITS - value.bits.leading_zeros()) as i32;
    let drop = (len - 64).max(EXPONENT_MIN - value.exponent);
    let exponent = value.exponent + drop;
    let mantissa = if drop <= 0 {
        value.bits.checked_shl(drop.unsigned_abs()).unwrap_or(0)
    } else {
        shift_rounding(value.bits, drop.unsigned_abs(), value.more)
    };
    let (mantissa, exponent) = match u64::try_from(mantissa) {
        Ok(0) => return LongDouble::ZERO,
        Ok(mantissa) => (mantissa, exponent),
        Err(_) => (1 << 63, exponent + 1),
    };
    let exponent = if exponent > EXPONENT_MAX { INFINITE } else { exponent };
    LongDouble { negative: false, exponent, mantissa }
}

/// `bits` without its last `drop` bits, rounded to nearest, ties to even. `more` says that the
/// exact value is a little larger than `bits`. `drop` is not 0.
fn shift_rounding(bits: u128, drop: u32, more: bool) -> u128 {
    let kept = bits.checked_shr(drop).unwrap_or(0);
    let half = 1_u128.checked_shl(drop - 1).unwrap_or(0);
    let rest = bits & half.wrapping_sub(1);
    let up = bits & half != 0 && (rest != 0 || more || kept % 2 == 1);
    kept + u128::from(up)
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

fn is_infinity(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity")
}

/// A number without its sign, taken apart.
struct Numeral<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i32,
}

/// Beyond what any number of `LEN_MAX` digits can make up for.
const EXPONENT_LIMIT: i32 = 1_000_000;

impl<'a> Numeral<'a> {
    /// Takes a text apart that has at least one digit; `marker` begins the exponent.
    fn split(text: &'a [u8], is_digit: fn(&u8) -> bool, marker: u8) -> Option<Self> {
        let (whole, rest) = split_digits(text, is_digit);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_digits(rest, is_digit),
            rest => (&rest[..0], rest),
        };
        let exponent = match rest {
            [] => 0,
            [letter, exponent @ ..] if letter.to_ascii_lowercase() == marker => {
                parse_exponent(exponent)?
            }
            _ => return None,
        };
        let has_digits = !whole.is_empty() || !fraction.is_empty();
        has_digits.then_some(Self { whole, fraction, exponent })
    }

    /// The digits from the first one that is not 0 on.
    fn digits(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        self.whole.iter().chain(self.fraction).copied().skip_while(|&digit| digit == b'0')
    }
}

fn split_digits(text: &[u8], is_digit: fn(&u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !is_digit(byte)).unwrap_or(text.len()))
}

fn parse_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().fold(0, |exponent: i32, digit| {
        (exponent * 10 + i32::from(digit - b'0')).min(EXPONENT_LIMIT)
    });
    Some(if negative { -magnitude } else { magnitude })
}

/// None if the number is out of range.
fn in_range(number: LongDouble) -> Option<LongDouble> {
    (number.is_finite() && number.mantissa != 0).then_some(number)
}

fn parse_hexadecimal(text: &[u8]) -> Option<LongDouble> {
    let numeral = Numeral::split(text, u8::is_ascii_hexdigit, b'p')?;
    let mut value = Exactly {
        bits: 0,
        exponent: numeral.exponent - 4 * numeral.fraction.len() as i32,
        more: false,
    };
    for digit in numeral.digits() {
        let digit = char::from(digit).to_digit(16).expect("it is a digit");
        if value.bits >> 124 == 0 {
            value.bits = value.bits << 4 | u128::from(digit);
        } else {
            value.exponent += 4;
            value.more |= digit != 0;
        }
    }
    if value.bits == 0 { Some(LongDouble::ZERO) } else { in_range(round(value)) }
}

/// The decimal digits that a word of 64 bits always holds.
const WORD_DIGITS: usize = 19;

/// The power of five that a word of 64 bits holds at most.
const WORD_FIVES: u32 = 27;

fn parse_decimal(text: &[u8]) -> Option<LongDouble> {
    let numeral = Numeral::split(text, u8::is_ascii_digit, b'e')?;
    let digits = numeral.digits();
    let len = digits.clone().count();
    if len == 0 {
        return Some(LongDouble::ZERO);
    }
    let exponent = numeral.exponent - numeral.fraction.len() as i32;
    // The first digit's place, beyond which there is no number, spares work on huge exponents.
    if !(-4951..=4932).contains(&(exponent + len as i32 - 1)) {
        return None;
    }
    let value = if len <= WORD_DIGITS && exponent.unsigned_abs() <= WORD_FIVES {
        scale_word(digits.fold(0, |word, digit| word * 10 + u64::from(digit - b'0')), exponent)
    } else {
        scale(Natural::from_digits(digits), exponent)
    };
    in_range(round(value))
}

/// `word` times ten to the `exponent`, which is at most 27 and at least -27. `word` is not 0.
fn scale_word(word: u64, exponent: i32) -> Exactly {
    let fives = 5_u64.pow(exponent.unsigned_abs());
    if exponent >= 0 {
        return Exactly { bits: u128::from(word) * u128::from(fives), exponent, more: false };
    }
    let shift = 64 + word.leading_zeros();
    let (dividend, divisor) = (u128::from(word) << shift, u128::from(fives));
    Exactly {
        bits: dividend / divisor,
        exponent: exponent - shift as i32,
        more: !dividend.is_multiple_of(divisor),
    }
}

/// `number` times ten to the `exponent`. `number` is not 0.
fn scale(mut number: Natural, exponent: i32) -> Exactly {
    if exponent >= 0 {
        number.multiply_by_five(exponent.unsigned_abs());
        number.leading_bits(exponent)
    } else {
        let mut divisor = Natural::new(1);
        divisor.multiply_by_five(exponent.unsigned_abs());
        divide(number, divisor, exponent)
    }
}

/// How many bits of a quotient are computed: 64, one that may be 0, and one to round by.
const QUOTIENT_BITS: i32 = 66;

/// `dividend` by `divisor`, times two to the `exponent`.
fn divide(dividend: Natural, divisor: Natural, exponent: i32) -> Exactly {
    let shift = dividend.bit_len() as i32 - divisor.bit_len() as i32;
    let mut rest = dividend.shifted((-shift).max(0) as usize);
    let divisor = divisor.shifted(shift.max(0) as usize);
    let mut bits = 0;
    for _ in 0..QUOTIENT_BITS {
        let fits = rest.at_least(&divisor);
        if fits {
            rest.subtract(&divisor);
        }
        bits = bits << 1 | u128::from(fits);
        rest.double();
    }
    Exactly { bits, exponent: exponent + shift - (QUOTIENT_BITS - 1), more: !rest.is_zero() }
}

/// A natural number of any size: words of 64 bits, the least significant first, the last not 0.
struct Natural(Vec<u64>);

impl Natural {
    fn new(word: u64) -> Self {
        Self(if word == 0 { vec![] } else { vec![word] })
    }

    fn from_digits(mut digits: impl Iterator<Item = u8>) -> Self {
        let mut number = Self::new(0);
        loop {
            let (mut word, mut scale) = (0, 1);
            for digit in digits.by_ref().take(WORD_DIGITS) {
                word = word * 10 + u64::from(digit - b'0');
                scale *= 10;
            }
            if scale == 1 {
                return number;
            }
            number.multiply_add(scale, word);
        }
    }

    fn multiply_add(&mut self, factor: u64, summand: u64) {
        let mut carry = u128::from(summand);
        for word in &mut self.0 {
            let product = u128::from(*word) * u128::from(factor) + carry;
            *word = product as u64;
            carry = product >> 64;
        }
        if carry != 0 {
            self.0.push(carry as u64);
        }
    }

    fn multiply_by_five(&mut self, times: u32) {
        for _ in 0..times / WORD_FIVES {
            self.multiply_add(5_u64.pow(WORD_FIVES), 0);
        }
        self.multiply_add(5_u64.pow(times % WORD_FIVES), 0);
    }

    /// Divides by ten to the 19th and returns the rest.
    fn split_off_digits(&mut self) -> u64 {
        const UNIT: u128 = 10_u128.pow(WORD_DIGITS as u32);
        let mut rest = 0;
        for word in self.0.iter_mut().rev() {
            let dividend = rest << 64 | u128::from(*word);
            *word = (dividend / UNIT) as u64;
            rest = dividend % UNIT;
        }
        self.trim();
        rest as u64
    }

    fn into_decimal(mut self) -> String {
        let mut groups = vec![self.split_off_digits()];
        while !self.is_zero() {
            groups.push(self.split_off_digits());
        }
        let mut text = groups.pop().expect("there is at least one").to_string();
        for group in groups.iter().rev() {
            write!(text, "{group:019}").expect("a String takes everything");
        }
        text
    }

    fn shifted(mut self, bits: usize) -> Self {
        self.0.splice(..0, std::iter::repeat_n(0, bits / 64));
        self.multiply_add(1 << (bits % 64), 0);
        self.trim();
        self
    }

    fn double(&mut self) {
        self.multiply_add(2, 0);
    }

    fn subtract(&mut self, other: &Natural) {
        let mut borrow = false;
        for (at, word) in self.0.iter_mut().enumerate() {
            let (difference, below) = word.overflowing_sub(other.0.get(at).copied().unwrap_or(0));
            let (difference, below_again) = difference.overflowing_sub(u64::from(borrow));
            *word = difference;
            borrow = below || below_again;
        }
        assert!(!borrow, "a natural number cannot be negative");
        self.trim();
    }

    fn at_least(&self, other: &Natural) -> bool {
        let by_len = self.0.len().cmp(&other.0.len());
        by_len.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev())).is_ge()
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn bit_len(&self) -> usize {
        self.0.last().map_or(0, |last| self.0.len() * 64 - last.leading_zeros() as usize)
    }

    /// The highest 128 bits of this number, times two to the `exponent`.
    fn leading_bits(&self, exponent: i32) -> Exactly {
        let drop = self.bit_len().saturating_sub(128);
        let word = |at: usize| u128::from(self.0.get(at).copied().unwrap_or(0));
        let (first, shift) = (drop / 64, drop % 64);
        let low = word(first) | word(first + 1) << 64;
        let high = if shift == 0 { 0 } else { word(first + 2) << (128 - shift) };
        let cut_off =
            self.0.iter().take(first).any(|&word| word != 0) || low & ((1 << shift) - 1) != 0;
        Exactly { bits: low >> shift | high, exponent: exponent + drop as i32, more: cut_off }
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The sum of two numbers as text, or why there is none.
    fn sum(a: &str, b: &str) -> String {
        match (LongDouble::parse(a.as_bytes()), LongDouble::parse(b.as_bytes())) {
            (Some(a), Some(b)) => a.checked_add(b).map_or("inf".into(), LongDouble::to_decimal),
            _ => "bad".into(),
        }
    }

    #[test]
    fn sums_are_those_of_the_hardware() {
        // Computed in C, with x87's `long double` and glibc's strtold and printf.
        let known = [
            ("0", "0", "0"),
            ("-0", "0", "0"),
            ("-0", "-0.0", "0"),
            ("0.1", "0.2", "0.3"),
            ("3.0", "1.1000000000000000000000001", "4.1"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("1e-18", "0", "0"),
            ("5e-18", "0", "0"),
            ("5.0000001e-18", "0", "0.00000000000000001"),
            ("-1e-18", "0", "0"),
            ("0x3p-18", "0", "0.00001144409179688"),
            ("0x1p-18", "0", "0.00000381469726562"),
            ("0.000003814697265625", "0", "0.00000381469726562"),
            (".5", "5.", "5.5"),
            ("+1.5", "-.5", "1"),
            ("1E+2", "-1e-2", "99.99"),
            ("0x1F", "0X.8p+1", "32"),
            ("0xAp-1", "0", "5"),
            ("9007199254740993", "0", "9007199254740993"),
            ("18446744073709551615", "0", "18446744073709551615"),
            ("18446744073709551616", "1", "18446744073709551616"),
            ("18446744073709551617", "0", "18446744073709551616"),
            ("36893488147419103233", "0", "36893488147419103232"),
            ("36893488147419103235", "0", "36893488147419103236"),
            ("18446744073709551615", "0.5", "18446744073709551616"),
            ("18446744073709551615", "0.4999999999999999999", "18446744073709551615"),
            ("18446744073709551616", "-0.5", "18446744073709551616"),
            ("18446744073709551616", "-0.5000000000000000001", "18446744073709551615"),
            ("18446744073709551616", "-0.4999999999999999999", "18446744073709551616"),
            ("18446744073709551616", "-0.25", "18446744073709551616"),
            ("18446744073709551616", "-0.2500000000000000001", "18446744073709551616"),
            ("9223372036854775808", "0.5", "9223372036854775808"),
            ("1e30", "-1e30", "0"),
            ("1e30", "1", "1000000000000000000024696061952"),
            ("123456789012345678901234567890", "0", "123456789012345678899921813504"),
            ("0.3", "-0.3", "0"),
            ("0.3", "-0.2999999999999999999", "0"),
            ("3.14159265358979323846", "0", "3.14159265358979324"),
            ("1e-4950", "0", "0"),
            ("3.6e-4951", "0", "0"),
            ("1.9e-4951", "0", "0"),
            ("1.8e-4951", "0", "bad"),
            ("1e-4951", "0", "bad"),
            ("1e-99999999999", "0", "bad"),
            ("0e99999999999", "1", "1"),
            ("0x0p-99999999999", "1", "1"),
            ("0x1p-16445", "0", "0"),
            ("0x1p-16446", "0", "bad"),
            ("0x1.00000000000000000000001p-16446", "0", "0"),
            ("1e4933", "0", "bad"),
            ("1.18973149535723176507e4932", "0", "bad"),
            ("0x1p16384", "0", "bad"),
            ("0x1p16383", "0x1p16383", "inf"),
            ("inf", "1", "inf"),
            ("-Infinity", "inf", "inf"),
            ("INF", "x", "bad"),
            ("nan", "0", "bad"),
            ("-nan", "0", "bad"),
            ("nan(1)", "0", "bad"),
            ("", "0", "bad"),
            (".", "0", "bad"),
            ("-", "0", "bad"),
            ("+-1", "0", "bad"),
            ("1e", "0", "bad"),
            ("1e+", "0", "bad"),
            ("e1", "0", "bad"),
            ("0x", "0", "bad"),
            ("0x.", "0", "bad"),
            ("0x1p", "0", "bad"),
            ("0xg", "0", "bad"),
            ("1_000", "0", "bad"),
            ("1,5", "0", "bad"),
            (" 1", "0", "bad"),
            ("1 ", "0", "bad"),
            ("1f", "0", "bad"),
        ];
        for (a, b, expected) in known {
            assert_eq!(sum(a, b), expected, "{a} + {b}");
            assert_eq!(sum(b, a), expected, "{b} + {a}");
        }
    }

    #[test]
    fn numbers_compare_as_they_are_in_size() {
        let texts = [
            "-inf", "-1e4932", "-2", "-1.5", "-1e-4932", "0", "1e-4932", "0.1", "1", "3", "1e4932",
            "inf",
        ];
        let numbers = texts.map(|text| LongDouble::parse(text.as_bytes()).expect(text));
        for (i, a) in numbers.iter().enumerate() {
            for (j, b) in numbers.iter().enumerate() {
                assert_eq!(a.compare(*b), i.cmp(&j), "{} {}", texts[i], texts[j]);
            }
            assert_eq!(a.negated().negated(), *a);
        }
        assert_eq!(LongDouble::ZERO.negated().compare(LongDouble::ZERO), Ordering::Equal);
        assert!(LongDouble::MAX.checked_add(numbers[8]) == Some(LongDouble::MAX));
        assert_eq!(LongDouble::MAX.checked_add(LongDouble::MAX), None);
    }

    #[test]
    fn the_greatest_number_has_all_its_digits() {
        let text = sum("1.18973149535723176502e4932", "0");
        assert_eq!(text.len(), 4933);
        assert!(text.starts_with("118973149535723176502126385303097020516906332229462420044032"));
        assert!(text.ends_with("604419552086811989770240"), "{}", &text[4900..]);
    }

    #[test]
    fn digits_count_however_far_behind_they_stand() {
        // Halfway between two neighbours, but for the last digit.
        let tie = format!("18446744073709551617.{}", "0".repeat(5000));
        assert_eq!(sum(&tie, "0"), "18446744073709551616");
        assert_eq!(sum(&(tie + "1"), "0"), "18446744073709551618");
        assert_eq!(sum(&format!("0x10000000000000001{}", "0".repeat(900)), "0").len(), 1103);
        assert_eq!(sum(&"0".repeat(LEN_MAX - 1), "1"), "1");
        assert_eq!(sum(&"0".repeat(LEN_MAX), "1"), "bad");
    }

    proptest! {
        #[test]
        fn sums_of_integers_are_exact(a in any::<i64>(), b in any::<i64>()) {
            let exact = i128::from(a) + i128::from(b);
            prop_assert_eq!(sum(&a.to_string(), &b.to_string()), exact.to_string());
        }

        #[test]
        fn short_numbers_are_read_as_long_ones_are(word in 1..u64::MAX, exponent in -27..=27) {
            let long = scale(Natural::new(word), exponent);
            prop_assert_eq!(round(scale_word(word, exponent)), round(long));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9a-fxpe.]{0,40}") {
            if let Some(number) = LongDouble::parse(text.as_bytes()).filter(|it| it.is_finite()) {
                let shown = number.to_decimal();
                let read = LongDouble::parse(shown.as_bytes()).expect("what is shown can be read");
                prop_assert_eq!(read.to_decimal(), shown);
            }
        }
    }
}
