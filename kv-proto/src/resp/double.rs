//! Floating-point numbers as text, laid out as Redis lays them out since 7.2.

/// Holds the text of one number.
#[derive(Debug, Default)]
pub struct DoubleBuffer {
    bytes: [u8; 32],
    len: usize,
}

/// Digits times a power of ten. No zero stands at either end of the digits.
struct Decimal {
    digits: [u8; 17],
    len: usize,
    /// The power of ten that the last digit counts.
    exponent: i32,
}

/// Whole numbers up to here are written like integers: all of them are exact.
const WHOLE_MAX: f64 = (1u64 << 52) as f64;

impl DoubleBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The shortest text that reads back as `value`; `inf`, `-inf` or `nan` if it is not finite.
    /// Exponents are used for very small and very large numbers only.
    pub fn format(&mut self, value: f64) -> &str {
        self.len = 0;
        if value.is_nan() {
            self.push(b"nan");
            return self.text();
        }
        if value.is_sign_negative() {
            self.push(b"-");
        }
        self.push_magnitude(value.abs());
        self.text()
    }

    fn push_magnitude(&mut self, value: f64) {
        if value.is_infinite() {
            self.push(b"inf");
        } else if value < WHOLE_MAX && value.fract() == 0.0 {
            self.push(itoa::Buffer::new().format(value as u64).as_bytes());
        } else {
            self.push_decimal(&Decimal::of(value));
        }
    }

    fn push_decimal(&mut self, decimal: &Decimal) {
        let digits = &decimal.digits[..decimal.len];
        // The power of ten of the first digit, with which an exponent would be written.
        let magnitude = decimal.exponent + decimal.len as i32 - 1;
        let is_small = decimal.exponent < 0;
        if !is_small && magnitude.abs() < decimal.len as i32 + 7 {
            self.push(digits);
            self.push_zeros(decimal.exponent as usize);
        } else if is_small && (decimal.exponent > -7 || magnitude.abs() < 4) {
            self.push_with_point(digits, magnitude);
        } else {
            self.push_with_exponent(digits, magnitude);
        }
    }

    fn push_with_point(&mut self, digits: &[u8], magnitude: i32) {
        if magnitude < 0 {
            self.push(b"0.");
            self.push_zeros((-magnitude - 1) as usize);
            self.push(digits);
        } else {
            let (whole, fraction) = digits.split_at(magnitude as usize + 1);
            self.push(whole);
            self.push(b".");
            self.push(fraction);
        }
    }

    fn push_with_exponent(&mut self, digits: &[u8], magnitude: i32) {
        self.push(&digits[..1]);
        if digits.len() > 1 {
            self.push(b".");
            self.push(&digits[1..]);
        }
        self.push(if magnitude < 0 { b"e-" } else { b"e+" });
        self.push(itoa::Buffer::new().format(magnitude.unsigned_abs()).as_bytes());
    }

    fn push_zeros(&mut self, count: usize) {
        (0..count).for_each(|_| self.push(b"0"));
    }

    fn push(&mut self, text: &[u8]) {
        self.bytes[self.len..self.len + text.len()].copy_from_slice(text);
        self.len += text.len();
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("only ASCII is pushed")
    }
}

impl Decimal {
    /// The shortest digits of a finite number that is neither negative nor zero.
    fn of(value: f64) -> Self {
        let mut buffer = zmij::Buffer::new();
        let (mantissa, exponent) = split_exponent(buffer.format_finite(value));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut decimal = Self { digits: [0; 17], len: 0, exponent };
        whole.bytes().for_each(|digit| decimal.push(digit));
        fraction.bytes().for_each(|digit| decimal.push(digit));
        decimal.exponent -= fraction.len() as i32;
        decimal.trim_zeros();
        decimal
    }

    /// Appends a digit, without zeros at the head. Zeros beyond the 17th digit raise the exponent.
    fn push(&mut self, digit: u8) {
        if self.len == self.digits.len() {
            debug_assert_eq!(digit, b'0', "17 digits tell any number");
            self.exponent += 1;
        } else if self.len > 0 || digit != b'0' {
            self.digits[self.len] = digit;
            self.len += 1;
        }
    }

    fn trim_zeros(&mut self) {
        while self.len > 1 && self.digits[self.len - 1] == b'0' {
            self.len -= 1;
            self.exponent += 1;
        }
    }
}

fn split_exponent(text: &str) -> (&str, i32) {
    match text.split_once('e') {
        None => (text, 0),
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse().expect("a number's exponent is a number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(value: f64, expected: &str) {
        assert_eq!(DoubleBuffer::new().format(value), expected);
    }

    #[test]
    fn whole_numbers_are_written_like_integers() {
        check(0.0, "0");
        check(-0.0, "-0");
        check(3.0, "3");
        check(-100_000.0, "-100000");
        check(4_503_599_627_370_495.0, "4503599627370495");
        check(9_007_199_254_740_992.0, "9007199254740992");
    }

    #[test]
    fn large_numbers_get_an_exponent_when_seven_zeros_do_not_suffice() {
        check(1e16, "1e+16");
        check(1e100, "1e+100");
        check(1.5e300, "1.5e+300");
        check(123_456_789_012_345_680_000.0, "123456789012345680000");
        check(f64::MAX, "1.7976931348623157e+308");
        check(-f64::MAX, "-1.7976931348623157e+308");
    }

    #[test]
    fn fractions_have_a_point_unless_they_are_long_or_small() {
        check(3.1, "3.1");
        check(-0.5, "-0.5");
        check(0.1 + 0.2, "0.30000000000000004");
        check(0.000001, "0.000001");
        check(0.0000001, "1e-7");
        check(1234.000000001, "1234.000000001");
        check(12345.678901234, "1.2345678901234e+4");
        check(5e-324, "5e-324");
    }

    #[test]
    fn what_is_no_number_has_a_name() {
        check(f64::INFINITY, "inf");
        check(f64::NEG_INFINITY, "-inf");
        check(f64::NAN, "nan");
        check(-f64::NAN, "nan");
    }

    proptest! {
        #[test]
        fn text_reads_back_as_the_number(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            let mut buffer = DoubleBuffer::new();
            prop_assert_eq!(buffer.format(value).parse::<f64>().unwrap().to_bits(), bits);
        }

        #[test]
        fn usual_numbers_read_back_too(thousandths in any::<i32>(), scale in -12i32..12) {
            let value = f64::from(thousandths) * 10f64.powi(scale);
            let mut buffer = DoubleBuffer::new();
            prop_assert_eq!(buffer.format(value).parse::<f64>().unwrap(), value);
        }
    }
}
