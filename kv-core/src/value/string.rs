//! Strings.

use crate::wide::partial_word;

/// A string of bytes that owns its memory. One that is the canonical decimal form of a 64-bit
/// integer is stored as that integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Str(Repr);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    Int(i64),
    Bytes { bytes: Vec<u8>, is_built: bool },
}

/// A string, wherever it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrRef<'a> {
    /// The decimal form of an integer.
    Int(i64),
    /// Any bytes, which may also read as an integer.
    Bytes {
        /// The bytes.
        bytes: &'a [u8],
        /// It was built by parts, as APPEND does, and is called `raw` however short it is.
        is_built: bool,
    },
}

/// Room for the digits of an integer, so that reading one as bytes does not allocate.
pub type IntBuffer = itoa::Buffer;

/// The most digits that a 64-bit integer has.
const INT_DIGITS_MAX: usize = 19;

/// The longest string that Redis stores in its entry, in bytes: what `embstr` means.
const EMBEDDED_MAX: usize = 44;

impl<'a> StrRef<'a> {
    /// The string without any byte.
    pub const EMPTY: Self = Self::Bytes { bytes: &[], is_built: false };

    /// The string of these bytes, as it is to be stored. O(1) in effect: an integer is short.
    pub fn new(bytes: &'a [u8]) -> Self {
        match parse_int(bytes) {
            Some(value) => Self::Int(value),
            None => Self::Bytes { bytes, is_built: false },
        }
    }

    /// The length in bytes. O(1).
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(self) -> usize {
        match self {
            Self::Int(value) => itoa::Buffer::new().format(value).len(),
            Self::Bytes { bytes, .. } => bytes.len(),
        }
    }

    /// The bytes; those of an integer are written into `buffer`.
    pub fn as_bytes(self, buffer: &'a mut IntBuffer) -> &'a [u8] {
        match self {
            Self::Int(value) => buffer.format(value).as_bytes(),
            Self::Bytes { bytes, .. } => bytes,
        }
    }

    /// The integer that the string is the canonical form of, if it is.
    pub fn as_int(self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(value),
            Self::Bytes { bytes, .. } => parse_int(bytes),
        }
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Str {
        Str(match self {
            Self::Int(value) => Repr::Int(value),
            Self::Bytes { bytes, is_built } => Repr::Bytes { bytes: bytes.to_vec(), is_built },
        })
    }

    /// The name that OBJECT ENCODING gives.
    pub fn encoding(self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Bytes { bytes, is_built: false } if bytes.len() <= EMBEDDED_MAX => "embstr",
            Self::Bytes { .. } => "raw",
        }
    }
}

/// The string of these bytes, as it is to be stored. O(1) in effect: an integer is short.
impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        match parse_int(&bytes) {
            Some(value) => Self(Repr::Int(value)),
            None => Self(Repr::Bytes { bytes, is_built: false }),
        }
    }
}

impl Str {
    /// The string of these bytes, which was built by parts. O(1).
    pub fn built(bytes: Vec<u8>) -> Self {
        Self(Repr::Bytes { bytes, is_built: true })
    }

    /// A view of it.
    pub fn view(&self) -> StrRef<'_> {
        match &self.0 {
            Repr::Int(value) => StrRef::Int(*value),
            Repr::Bytes { bytes, is_built } => StrRef::Bytes { bytes, is_built: *is_built },
        }
    }

    /// The length in bytes. O(1).
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Overwrites the bytes from `offset` on with `patch`, filling a gap with zero bytes. O(length
    /// of `patch` and of the gap), amortized.
    pub fn set_range(&mut self, offset: usize, patch: &[u8]) {
        let end = offset + patch.len();
        let bytes = self.make_bytes();
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset..end].copy_from_slice(patch);
    }

    /// The memory outside of the value itself, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Int(_) => 0,
            Repr::Bytes { bytes, .. } => bytes.capacity(),
        }
    }

    fn make_bytes(&mut self) -> &mut Vec<u8> {
        if let Repr::Int(value) = self.0 {
            let bytes = itoa::Buffer::new().format(value).as_bytes().to_vec();
            self.0 = Repr::Bytes { bytes, is_built: true };
        }
        match &mut self.0 {
            Repr::Bytes { bytes, is_built } => {
                *is_built = true;
                bytes
            }
            Repr::Int(_) => unreachable!("an integer was turned into bytes above"),
        }
    }
}

/// The integer of which `bytes` is the canonical decimal form: no sign but a minus, no leading
/// zero, no space.
pub fn parse_int(bytes: &[u8]) -> Option<i64> {
    let (negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= INT_DIGITS_MAX => {}
        _ => return None,
    }
    if digits.len() <= 8 {
        let value = parse_digits(digits)? as i64;
        return Some(if negative { -value } else { value });
    }
    let magnitude = parse_whole(digits)?;
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { magnitude.try_into().ok() }
}

/// The number of digits, if they are digits and no more than [`INT_DIGITS_MAX`], which are less than a u64 holds.
#[inline]
pub(super) fn parse_whole(digits: &[u8]) -> Option<u64> {
    let (front, words) = digits.as_rchunks::<8>();
    words.iter().try_fold(parse_digits(front)?, |number, word| {
        Some(number * 100_000_000 + parse_digits(word)?)
    })
}

/// The number of up to eight digits, if they are digits. They come together in the lanes of a word: to
/// pairs, to fours, to eight (Lemire: "Quickly parsing eight digits", 2018).
#[inline]
fn parse_digits(digits: &[u8]) -> Option<u64> {
    const ONES: u64 = u64::MAX / 0xff;
    const ZEROS: u64 = ONES * b'0' as u64;
    const FOURS: u64 = 0x0000_00ff_0000_00ff;
    let missing = 8 * (8 - digits.len() as u32);
    // The digits stand at the end, behind zeros.
    let word = partial_word(digits).unbounded_shl(missing) | ZEROS.unbounded_shr(64 - missing);
    let word = word ^ ZEROS;
    // What is no digit is above 9 now, and reaches the top bit of its lane.
    let raised = (word & (ONES * 0x7f)) + ONES * (0x7f - 9);
    if (word | raised) & (ONES * 0x80) != 0 {
        return None;
    }
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let front = (pairs & FOURS).wrapping_mul(100 + (1_000_000 << 32));
    let back = (pairs >> 16 & FOURS).wrapping_mul(1 + (10_000 << 32));
    Some(front.wrapping_add(back) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_canonical_integers_are_integers() {
        for text in [
            "",
            "-",
            "+1",
            "01",
            "-0",
            " 1",
            "1 ",
            "1a",
            "9223372036854775808",
            "-9223372036854775809",
            "00",
        ] {
            assert_eq!(parse_int(text.as_bytes()), None, "{text:?}");
        }
        for value in [0, 1, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(parse_int(value.to_string().as_bytes()), Some(value));
        }
    }

    proptest! {
        #[test]
        fn an_integer_is_what_reads_back_as_it_was_written(
            value: i64,
            shift in 0..64u32,
            spoilt in prop::option::of((0..20usize, any::<u8>())),
        ) {
            let mut text = (value >> shift).to_string().into_bytes();
            if let Some((at, byte)) = spoilt {
                let at = at % text.len();
                text[at] = byte;
            }
            let written = std::str::from_utf8(&text).ok().and_then(|text| text.parse::<i64>().ok());
            let canonical = written.filter(|value| value.to_string().as_bytes() == text);
            prop_assert_eq!(parse_int(&text), canonical);
        }

        #[test]
        fn reads_back_as_written_and_changed(
            start in prop_oneof![any::<i64>().prop_map(|i| i.to_string().into_bytes()), prop::collection::vec(any::<u8>(), 0..20)],
            patch in prop::collection::vec(any::<u8>(), 0..5),
            offset in 0..30usize,
        ) {
            let mut string = StrRef::new(&start).to_owned();
            let mut model = start.clone();
            let check = |string: &Str, model: &[u8]| {
                assert_eq!(string.view().as_bytes(&mut IntBuffer::new()), model);
                assert_eq!(string.len(), model.len());
            };
            check(&string, &model);
            string.set_range(offset, &patch);
            if model.len() < offset + patch.len() {
                model.resize(offset + patch.len(), 0);
            }
            model[offset..offset + patch.len()].copy_from_slice(&patch);
            check(&string, &model);
            prop_assert_eq!(string.view().encoding(), "raw");
        }
    }
}
