//! Scores as items. Whole numbers take as few bytes as they can.

use crate::value::pack::Item;

/// Where a score is written that is no whole number.
pub(super) type Buffer = [u8; size_of::<f64>()];

/// The item of a score. The same score always gives the same item, and 0 keeps its sign.
pub(super) fn encode(score: f64, buffer: &mut Buffer) -> Item<'_> {
    debug_assert!(!score.is_nan(), "a score has an order");
    // Saturates, and so i64::MAX stands for 2^63, to which it is rounded when it is read.
    let whole = score as i64;
    if whole as f64 == score && (whole != 0 || score.is_sign_positive()) {
        return Item::Int(whole);
    }
    *buffer = score.to_le_bytes();
    Item::Bytes(buffer)
}

/// The score of an item.
pub(super) fn decode(item: Item<'_>) -> f64 {
    match item {
        Item::Int(whole) => whole as f64,
        Item::Bytes(bytes) => f64::from_le_bytes(bytes.try_into().expect("a score has 8 bytes")),
    }
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
        assert_eq!([0.0, -128.0, 128.0, 1.7e9, -0.0, 0.5].map(len), [2, 2, 3, 5, 9, 9]);
    }

    proptest! {
        #[test]
        fn scores_read_back_as_they_were(bits: u64, whole: i64) {
            let score = f64::from_bits(bits);
            prop_assume!(!score.is_nan());
            prop_assert_eq!(read_back(score).to_bits(), bits);
            prop_assert_eq!(read_back(whole as f64), whole as f64);
        }
    }
}
