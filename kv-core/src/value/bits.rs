//! Strings as arrays of bits, the first of which is the highest bit of the first byte. What sees a
//! whole string does so a word at a time, or in loops that the compiler makes such.

use std::ops::Range;

/// The bit at `offset`. What lies beyond the string is clear. O(1).
pub fn bit(bytes: &[u8], offset: u64) -> bool {
    let byte = usize::try_from(offset / 8).ok().and_then(|at| bytes.get(at)).copied();
    byte.unwrap_or(0) & mask(offset) != 0
}

/// The bit at `offset` within its byte.
pub fn mask(offset: u64) -> u8 {
    0x80 >> (offset % 8)
}

/// How many bits are set. O(n).
pub fn count(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let words = words.iter().map(|&word| u64::from(u64::from_ne_bytes(word).count_ones()));
    words.sum::<u64>() + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// How many bits of `range`, which lies within the string, are set. O(length of the range).
pub fn count_in(bytes: &[u8], range: Range<u64>) -> u64 {
    if range.is_empty() {
        return 0;
    }
    let (first, last) = (range.start as usize / 8, (range.end as usize - 1) / 8);
    let before = bytes[first] & !(0xff >> (range.start % 8));
    let after = bytes[last] & (mask(range.end - 1) - 1);
    count(&bytes[first..=last]) - u64::from(before.count_ones() + after.count_ones())
}

/// Where in `range`, which lies within the string, the first bit of this value is. O(distance).
pub fn find(bytes: &[u8], value: bool, range: Range<u64>) -> Option<u64> {
    if range.is_empty() {
        return None;
    }
    let first = range.start as usize / 8;
    // In a byte without the value, all bits are like this.
    let skip = if value { 0 } else { 0xff };
    let candidates = |at: usize| bytes[at] ^ skip;
    let (at, bits) = match candidates(first) & (0xff >> (range.start % 8)) {
        0 => {
            let end = range.end.div_ceil(8) as usize;
            let at = first + 1 + find_other(&bytes[first + 1..end], skip)?;
            (at, candidates(at))
        }
        bits => (first, bits),
    };
    let position = at as u64 * 8 + u64::from(bits.leading_zeros());
    (position < range.end).then_some(position)
}

/// Where the first byte is that is not `skip`.
fn find_other(bytes: &[u8], skip: u8) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let skipped = words.iter().take_while(|&&word| word == [skip; 8]).count() * 8;
    Some(skipped + bytes[skipped..].iter().position(|&byte| byte != skip)?)
}

/// What BITOP does to two bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Set if both are.
    And,
    /// Set if one is.
    Or,
    /// Set if they differ.
    Xor,
}

/// Puts the bits of both in `target`. The shorter one counts as long as the other, its missing bits
/// clear. O(n).
pub fn combine(target: &mut Vec<u8>, operation: Operation, operand: &[u8]) {
    if target.len() < operand.len() {
        target.resize(operand.len(), 0);
    }
    let (common, beyond) = target.split_at_mut(operand.len());
    let pairs = common.iter_mut().zip(operand);
    match operation {
        Operation::And => {
            pairs.for_each(|(target, operand)| *target &= operand);
            beyond.fill(0);
        }
        Operation::Or => pairs.for_each(|(target, operand)| *target |= operand),
        Operation::Xor => pairs.for_each(|(target, operand)| *target ^= operand),
    }
}

/// A type of integers in BITFIELD: all whose two's complement, or binary form, has `width` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntType {
    signed: bool,
    width: u32,
}

/// What BITFIELD does with a result that its type does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// Drops the bits that are too many.
    #[default]
    Wrap,
    /// Takes the nearest number that there is.
    Saturate,
    /// Leaves the old one.
    Fail,
}

impl IntType {
    /// The type of this width in bits: 1 to 64, or to 63 without a sign.
    pub fn new(signed: bool, width: i64) -> Option<Self> {
        let max = if signed { 64 } else { 63 };
        (1..=max).contains(&width).then_some(Self { signed, width: width as u32 })
    }

    /// Bits.
    pub fn width(self) -> u32 {
        self.width
    }

    /// `value` as `fit` takes it for BITFIELD SET. Without a sign its 64 bits count as one number.
    pub fn widen(self, value: i64) -> i128 {
        let (_, max) = self.range();
        let value = i128::from(value);
        if !self.signed {
            value & i128::from(u64::MAX)
        } else if self.width < 64 && max - value > i128::from(i64::MAX) {
            // So far below the type that Redis, whose difference overflows, takes it for too large.
            value + (1 << 64)
        } else {
            value
        }
    }

    /// `value`, or what `overflow` makes of it. None if it fails.
    pub fn fit(self, value: i128, overflow: Overflow) -> Option<i64> {
        let (min, max) = self.range();
        if (min..=max).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.decode(value as u64)),
            Overflow::Saturate => Some(value.clamp(min, max) as i64),
            Overflow::Fail => None,
        }
    }

    fn range(self) -> (i128, i128) {
        let count = 1_i128 << self.width;
        if self.signed { (-count / 2, count / 2 - 1) } else { (0, count - 1) }
    }

    /// The number that the low bits of `bits` are.
    fn decode(self, bits: u64) -> i64 {
        let high = bits << (64 - self.width);
        if self.signed {
            high as i64 >> (64 - self.width)
        } else {
            (high >> (64 - self.width)) as i64
        }
    }
}

/// An integer somewhere in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What kind of integer it is.
    pub int_type: IntType,
    /// Its first bit, of at most 2^60.
    pub offset: u64,
}

/// As many bytes as the bits of a field can touch.
const FIELD_BYTES_MAX: usize = 9;

impl Field {
    /// The bytes in which it has bits, at most nine.
    pub fn bytes(self) -> Range<usize> {
        let end = self.offset + u64::from(self.int_type.width);
        self.offset as usize / 8..end.div_ceil(8) as usize
    }

    /// Its value in the string `bytes`, beyond whose end all bits are clear. O(1).
    pub fn read(self, bytes: &[u8]) -> i64 {
        self.int_type.decode((self.window(bytes) >> self.low_bit()) as u64)
    }

    /// What its bytes are in the string `bytes` if it is `value`. O(1).
    pub fn patch(self, bytes: &[u8], value: i64) -> ([u8; FIELD_BYTES_MAX], usize) {
        let ones = u128::from(u64::MAX >> (64 - self.int_type.width)) << self.low_bit();
        let bits = (value as u64 as u128) << self.low_bit() & ones;
        let window = (self.window(bytes) & !ones | bits).to_be_bytes();
        let mut patch = [0; FIELD_BYTES_MAX];
        patch.copy_from_slice(&window[..FIELD_BYTES_MAX]);
        (patch, self.bytes().len())
    }

    /// The string from the field's first byte on.
    fn window(self, bytes: &[u8]) -> u128 {
        let mut window = [0; size_of::<u128>()];
        let from = bytes.get(self.bytes().start..).unwrap_or(&[]);
        let len = from.len().min(FIELD_BYTES_MAX);
        window[..len].copy_from_slice(&from[..len]);
        u128::from_be_bytes(window)
    }

    /// Where its lowest bit is in the window.
    fn low_bit(self) -> u32 {
        u128::BITS - (self.offset % 8) as u32 - self.int_type.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn bits_of(bytes: &[u8]) -> Vec<bool> {
        (0..bytes.len() as u64 * 8).map(|at| bit(bytes, at)).collect()
    }

    /// Long runs of like bytes, so that searches go beyond the first word.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let run = (prop_oneof![Just(0), Just(0xff), any::<u8>()], 0..20usize);
        vec(run.prop_map(|(byte, len)| vec![byte; len]), 0..4).prop_map(|runs| runs.concat())
    }

    fn bytes_and_range() -> impl Strategy<Value = (Vec<u8>, Range<u64>)> {
        bytes().prop_flat_map(|bytes| {
            let end = bytes.len() as u64 * 8;
            let range = (0..=end, 0..=end).prop_map(|(a, b)| a.min(b)..a.max(b));
            (Just(bytes), range)
        })
    }

    fn field() -> impl Strategy<Value = Field> {
        (any::<bool>(), 1..=63_i64, 0..200_u64, any::<bool>()).prop_map(
            |(signed, width, offset, widest)| Field {
                int_type: IntType::new(signed, if signed && widest { 64 } else { width })
                    .expect("the width is allowed"),
                offset,
            },
        )
    }

    #[test]
    fn the_first_bit_is_the_highest() {
        let set: Vec<u64> = (0..20).filter(|&at| bit(&[0x80, 0x01], at)).collect();
        assert_eq!(set, [0, 15]);
        assert!(!bit(&[0xff], u64::MAX));
    }

    #[test]
    fn types_have_1_to_64_bits_or_63_without_a_sign() {
        for (signed, width) in [(true, 0), (true, 65), (false, 64), (true, -1), (false, i64::MAX)] {
            assert_eq!(IntType::new(signed, width), None);
        }
        assert!(IntType::new(true, 64).is_some() && IntType::new(false, 63).is_some());
    }

    #[test]
    fn what_does_not_fit_wraps_saturates_or_fails() {
        let fit = |signed, width, value| {
            let int_type = IntType::new(signed, width).expect("it is a type");
            [Overflow::Wrap, Overflow::Saturate, Overflow::Fail].map(|it| int_type.fit(value, it))
        };
        assert_eq!(fit(true, 8, 127), [Some(127); 3]);
        assert_eq!(fit(true, 8, 128), [Some(-128), Some(127), None]);
        assert_eq!(fit(true, 8, -129), [Some(127), Some(-128), None]);
        assert_eq!(fit(false, 8, 256), [Some(0), Some(255), None]);
        assert_eq!(fit(false, 8, -1), [Some(255), Some(0), None]);
        assert_eq!(fit(true, 64, 1 << 63), [Some(i64::MIN), Some(i64::MAX), None]);
        assert_eq!(fit(false, 63, 1 << 63), [Some(0), Some(i64::MAX), None]);
        assert_eq!(fit(true, 1, 1), [Some(-1), Some(0), None]);
    }

    #[test]
    fn a_value_far_below_a_type_saturates_as_in_redis() {
        let saturated = |signed, width, value| {
            let int_type = IntType::new(signed, width).expect("it is a type");
            int_type.fit(int_type.widen(value), Overflow::Saturate)
        };
        assert_eq!(saturated(true, 8, i64::MIN + 128), Some(-128));
        assert_eq!(saturated(true, 8, i64::MIN + 126), Some(127));
        assert_eq!(saturated(true, 64, i64::MIN), Some(i64::MIN));
        assert_eq!(saturated(false, 8, -1), Some(255));
    }

    proptest! {
        #[test]
        fn ranges_are_counted_and_searched_bit_by_bit((bytes, range) in bytes_and_range()) {
            let bits = bits_of(&bytes);
            let of_range = &bits[range.start as usize..range.end as usize];
            let set = of_range.iter().filter(|&&bit| bit).count() as u64;
            prop_assert_eq!(count_in(&bytes, range.clone()), set);
            for value in [false, true] {
                let at = of_range.iter().position(|&bit| bit == value);
                let expected = at.map(|at| at as u64 + range.start);
                prop_assert_eq!(find(&bytes, value, range.clone()), expected);
            }
            prop_assert_eq!(count(&bytes), bits.iter().filter(|&&bit| bit).count() as u64);
        }

        #[test]
        fn strings_are_combined_byte_by_byte(a in bytes(), b in bytes()) {
            type Model = fn(u8, u8) -> u8;
            let operations: [(Operation, Model); 3] = [
                (Operation::And, |a, b| a & b),
                (Operation::Or, |a, b| a | b),
                (Operation::Xor, |a, b| a ^ b),
            ];
            let byte = |bytes: &[u8], at: usize| bytes.get(at).copied().unwrap_or(0);
            for (operation, model) in operations {
                let mut target = a.clone();
                combine(&mut target, operation, &b);
                let len = a.len().max(b.len());
                let expected: Vec<u8> = (0..len).map(|at| model(byte(&a, at), byte(&b, at))).collect();
                prop_assert_eq!(target, expected);
            }
        }

        #[test]
        fn a_field_reads_back_as_written_and_nothing_else_changes(
            bytes in vec(any::<u8>(), 0..30),
            field in field(),
            value in any::<i64>(),
        ) {
            let mut patched = bytes.clone();
            let (patch, len) = field.patch(&bytes, value);
            patched.resize(patched.len().max(field.bytes().end), 0);
            patched[field.bytes()].copy_from_slice(&patch[..len]);
            let fitting = field.int_type.fit(value.into(), Overflow::Wrap);
            prop_assert_eq!(Some(field.read(&patched)), fitting);
            let own = field.offset..field.offset + u64::from(field.int_type.width());
            for at in (0..patched.len() as u64 * 8).filter(|at| !own.contains(at)) {
                prop_assert_eq!(bit(&patched, at), bit(&bytes, at));
            }
        }
    }
}
