//! Scores as items: whole numbers as integers, numbers with a few decimal places as the digits and the
//! place of the point, all others as the eight bytes of a double.

use crate::value::pack::{Item, read_int};

/// Where a score is written that is no whole number.
pub(super) type Buffer = [u8; size_of::<f64>()];

/// The powers of ten that a number with so many decimal places is divided by. Both parts of the
/// division are whole numbers that a double holds exactly, so that its result is the double nearest
/// to the decimal number: the very score (Clinger: "How to read floating point numbers accurately",
/// 1990).
const POWERS: [f64; 5] = [1.0, 10.0, 100.0, 1000.0, 10_000.0];

/// More bytes of digits are not shorter than a double.
const DIGITS_MAX: usize = size_of::<f64>() - 2;

/// The item of a score. The same score always gives the same item, and 0 keeps its sign.
pub(super) fn encode(score: f64, buffer: &mut Buffer) -> Item<'_> {
    debug_assert!(!score.is_nan(), "a score has an order");
    // Saturates, and so i64::MAX stands for 2^63, to which it is rounded when it is read.
    let whole = score as i64;
    if whole as f64 == score && (whole != 0 || score.is_sign_positive()) {
        return Item::Int(whole);
    }
    let len = write_decimal(score, buffer).unwrap_or_else(|| {
        *buffer = score.to_le_bytes();
        buffer.len()
    });
    Item::Bytes(&buffer[..len])
}

/// Writes the digits of a number with few decimal places, and how many there are of these. How many
/// bytes it takes.
fn write_decimal(score: f64, buffer: &mut Buffer) -> Option<usize> {
    let (places, digits) = (1..POWERS.len()).find_map(|places| {
        let digits = (score * POWERS[places]).round() as i64;
        let is_exact = digits != 0 && (digits as f64 / POWERS[places]).to_bits() == score.to_bits();
        is_exact.then_some((places, digits))
    })?;
    // Sign bits need not be kept, but for one.
    let bits = 65 - (digits ^ (digits >> 63)).leading_zeros();
    let len = bits.div_ceil(8) as usize;
    if len > DIGITS_MAX {
        return None;
    }
    buffer[..len].copy_from_slice(&digits.to_le_bytes()[..len]);
    buffer[len] = places as u8;
    Some(len + 1)
}

/// The score of an item.
#[inline]
pub(super) fn decode(item: Item<'_>) -> f64 {
    match item {
        Item::Int(whole) => whole as f64,
        Item::Bytes(bytes) => match bytes.try_into() {
            Ok(bytes) => f64::from_le_bytes(bytes),
            Err(_) => read_decimal(bytes),
        },
    }
}

fn read_decimal(bytes: &[u8]) -> f64 {
    let (&places, digits) = bytes.split_last().expect("a score has bytes");
    read_int(digits) as f64 / POWERS[usize::from(places)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_back(score: f64) -> f64 {
        decode(encode(score, &mut Buffer::default()))
    }

    #[test]
    fn odd_scores_read_back_as_they_were() {
        let two_to_63 = i64::MAX as f64;
        for score in [0.0, -0.0, two_to_63, -two_to_63, 2.0 * two_to_63, f64::MAX, f64::INFINITY] {
            assert_eq!(read_back(score).to_bits(), score.to_bits(), "{score}");
            assert_eq!(read_back(-score).to_bits(), (-score).to_bits(), "-{score}");
        }
    }

    #[test]
    fn whole_scores_are_small() {
        let len = |score| encode(score, &mut Buffer::default()).packed_len();
        assert_eq!([0.0, -128.0, 128.0, 1.7e9, -0.0].map(len), [2, 2, 3, 5, 9]);
    }

    #[test]
    fn scores_with_few_decimal_places_are_small() {
        let len = |score| encode(score, &mut Buffer::default()).packed_len();
        assert_eq!([0.5, -1.28, 99.99, 1.7e9 + 0.5].map(len), [3, 3, 4, 7]);
        assert_eq!([1.0 / 3.0, 1e-5, f64::MIN_POSITIVE, 1e300 / 7.0].map(len), [9; 4]);
    }

    proptest! {
        #[test]
        fn scores_read_back_as_they_were(bits: u64, whole: i64) {
            let score = f64::from_bits(bits);
            prop_assume!(!score.is_nan());
            prop_assert_eq!(read_back(score).to_bits(), bits);
            prop_assert_eq!(read_back(whole as f64), whole as f64);
        }

        #[test]
        fn scores_with_decimal_places_read_back_as_they_were(digits: i64, places in 0..8u32) {
            let score = (digits >> 11) as f64 / f64::from(10u32.pow(places));
            prop_assert_eq!(read_back(score).to_bits(), score.to_bits());
            let small = f64::from(digits as i32) / f64::from(10u32.pow(places));
            prop_assert_eq!(read_back(small).to_bits(), small.to_bits());
        }
    }
}
