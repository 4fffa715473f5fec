//! Strings.

/// A string of bytes. One that is the canonical decimal form of a 64-bit integer is stored as that
/// integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Str(Repr);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repr {
    Int(i64),
    Bytes(Vec<u8>),
}

/// Room for the digits of an integer, so that reading one as bytes does not allocate.
pub type IntBuffer = itoa::Buffer;

/// The most bytes that a 64-bit integer's decimal form has.
const INT_DIGITS_MAX: usize = 20;

impl Str {
    /// The string of these bytes. O(n).
    pub fn new(bytes: &[u8]) -> Self {
        match parse_int(bytes) {
            Some(value) => Self::from_int(value),
            None => Self(Repr::Bytes(bytes.to_vec())),
        }
    }

    /// The decimal form of `value`.
    pub fn from_int(value: i64) -> Self {
        Self(Repr::Int(value))
    }

    /// Makes it the string of these bytes, in the memory that it has where that is not too small
    /// and not more than twice as large. O(n).
    pub fn replace(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Repr::Bytes(old)
                if (bytes.len()..=2 * bytes.len()).contains(&old.capacity())
                    && parse_int(bytes).is_none() =>
            {
                old.clear();
                old.extend_from_slice(bytes);
            }
            _ => *self = Self::new(bytes),
        }
    }

    /// The length in bytes. O(1).
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Int(value) => itoa::Buffer::new().format(*value).len(),
            Repr::Bytes(bytes) => bytes.len(),
        }
    }

    /// The bytes; those of an integer are written into `buffer`.
    pub fn as_bytes<'a>(&'a self, buffer: &'a mut IntBuffer) -> &'a [u8] {
        match &self.0 {
            Repr::Int(value) => buffer.format(*value).as_bytes(),
            Repr::Bytes(bytes) => bytes,
        }
    }

    /// The integer that the string is the canonical form of, if it is.
    pub fn as_int(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(value) => Some(*value),
            Repr::Bytes(bytes) => parse_int(bytes),
        }
    }

    /// Appends `suffix`. Amortized O(length of the suffix).
    pub fn append(&mut self, suffix: &[u8]) {
        self.make_bytes(suffix.len()).extend_from_slice(suffix);
    }

    /// Overwrites the bytes from `offset` on with `patch`, filling a gap with zero bytes.
    pub fn set_range(&mut self, offset: usize, patch: &[u8]) {
        let end = offset + patch.len();
        let bytes = self.make_bytes(end.saturating_sub(self.len()));
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset..end].copy_from_slice(patch);
    }

    /// The bytes to change. Those of an integer get room for `more`.
    fn make_bytes(&mut self, more: usize) -> &mut Vec<u8> {
        if let Repr::Int(value) = self.0 {
            let mut buffer = itoa::Buffer::new();
            let digits = buffer.format(value).as_bytes();
            let mut bytes = Vec::with_capacity(digits.len() + more);
            bytes.extend_from_slice(digits);
            self.0 = Repr::Bytes(bytes);
        }
        match &mut self.0 {
            Repr::Bytes(bytes) => bytes,
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
        [b'1'..=b'9', ..] if bytes.len() <= INT_DIGITS_MAX => {}
        _ => return None,
    }
    let mut value: i64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        // Counting down reaches i64::MIN, whose magnitude is no i64.
        value = value.checked_mul(10)?.checked_sub(i64::from(digit - b'0'))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
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
        fn reads_back_as_written_and_changed(
            start in prop_oneof![any::<i64>().prop_map(|i| i.to_string().into_bytes()), prop::collection::vec(any::<u8>(), 0..20)],
            suffix in prop::collection::vec(any::<u8>(), 0..5),
            offset in 0..30usize,
        ) {
            let mut string = Str::new(&start);
            let mut model = start.clone();
            let check = |string: &Str, model: &[u8]| {
                assert_eq!(string.as_bytes(&mut IntBuffer::new()), model);
                assert_eq!(string.len(), model.len());
            };
            check(&string, &model);
            string.append(&suffix);
            model.extend(&suffix);
            check(&string, &model);
            string.set_range(offset, &suffix);
            if model.len() < offset + suffix.len() { model.resize(offset + suffix.len(), 0); }
            model[offset..offset + suffix.len()].copy_from_slice(&suffix);
            check(&string, &model);
            string.replace(&start);
            check(&string, &start);
            assert_eq!(string, Str::new(&start));
        }
    }

    #[test]
    fn a_replaced_string_keeps_memory_that_fits_and_gives_back_what_is_too_much() {
        let capacity = |string: &Str| match &string.0 {
            Repr::Bytes(bytes) => bytes.capacity(),
            Repr::Int(_) => 0,
        };
        let mut string = Str::new(&[b'x'; 100]);
        string.replace(&[b'y'; 60]);
        assert_eq!((string.len(), capacity(&string)), (60, 100));
        string.replace(b"short");
        assert_eq!((string.len(), capacity(&string)), (5, 5));
        string.replace(b"12");
        assert_eq!((string.as_int(), capacity(&string)), (Some(12), 0));
    }
}
