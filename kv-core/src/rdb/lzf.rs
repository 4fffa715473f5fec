//! LZF, the compression of strings.
//!
//! ```text
//! 000nnnnn                     n + 1 bytes follow as they are
//! nnnooooo oooooooo            n + 2 bytes, n from 1 to 6, are the same as those o + 1 bytes before
//! 111ooooo nnnnnnnn oooooooo   the same for n + 9 bytes
//! ```

use super::{Error, Result};

/// Bytes that one literal can carry.
const LITERAL_MAX: usize = 32;
/// The least and the most bytes that a copy stands for.
const COPY_MIN: usize = 3;
const COPY_MAX: usize = 264;
/// How far back a copy can reach.
const DISTANCE_MAX: usize = 8192;
/// A copy of the most bytes takes this many.
const LONG_COPY_BYTES: usize = 3;
/// Less is not worth that a reader has to expand it.
const SAVED_MIN: usize = 4;

/// After so many bytes without a copy one more is skipped at each place, up to the most.
const PATIENCE: usize = 256;
const SKIP_MAX: usize = 7;

const SLOTS_MIN: usize = 64;
const SLOTS_MAX: usize = 1 << 14;

/// What `compressed` stands for, which is `len` bytes long.
pub(super) fn expand(compressed: &[u8], len: u64) -> Result<Vec<u8>> {
    let most = compressed.len().saturating_mul(COPY_MAX / LONG_COPY_BYTES);
    let len = usize::try_from(len).ok().filter(|len| *len <= most).ok_or(Error::Corrupt)?;
    let mut out = Vec::with_capacity(len);
    let mut rest = compressed;
    while let Some((&control, after)) = rest.split_first() {
        rest = if usize::from(control) < LITERAL_MAX {
            expand_literal(usize::from(control) + 1, after, &mut out)?
        } else {
            expand_copy(control, after, &mut out)?
        };
        if out.len() > len {
            return Err(Error::Corrupt);
        }
    }
    if out.len() == len { Ok(out) } else { Err(Error::Corrupt) }
}

/// What is left of `rest`.
fn expand_literal<'a>(len: usize, rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8]> {
    let (literal, rest) = rest.split_at_checked(len).ok_or(Error::Corrupt)?;
    out.extend_from_slice(literal);
    Ok(rest)
}

/// What is left of `rest`.
fn expand_copy<'a>(control: u8, rest: &'a [u8], out: &mut Vec<u8>) -> Result<&'a [u8]> {
    let (more, low, rest) = match (control >> 5, rest) {
        (7, [more, low, rest @ ..]) => (*more, *low, rest),
        (0..7, [low, rest @ ..]) => (0, *low, rest),
        _ => return Err(Error::Corrupt),
    };
    let len = usize::from(control >> 5) + usize::from(more) + 2;
    let distance = (usize::from(control & 31) << 8 | usize::from(low)) + 1;
    let start = out.len().checked_sub(distance).ok_or(Error::Corrupt)?;
    copy_within(out, start, len);
    Ok(rest)
}

/// Appends `len` bytes from `start` on, which may be among those that it appends.
fn copy_within(out: &mut Vec<u8>, start: usize, len: usize) {
    let end = out.len() + len;
    while out.len() < end {
        let stop = out.len().min(start + (end - out.len()));
        out.extend_from_within(start..stop);
    }
}

/// The compressed bytes, if they are few enough to be worth it. O(n).
pub(super) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > u32::MAX as usize {
        return None;
    }
    let mut recent = Recent::new(bytes);
    let mut out = Output { bytes: Vec::new(), len_max: bytes.len().checked_sub(SAVED_MIN)? };
    let (mut literal, mut at) = (0, 0);
    while at + COPY_MIN <= bytes.len() {
        match recent.replace(at).map(|earlier| (earlier, common(bytes, earlier, at))) {
            Some((earlier, len)) if len >= COPY_MIN => {
                out.literals(&bytes[literal..at])?;
                out.copy(at - earlier, len)?;
                at += len;
                literal = at;
            }
            _ => at += 1 + ((at - literal) / PATIENCE).min(SKIP_MAX),
        }
    }
    out.literals(&bytes[literal..])?;
    Some(out.bytes)
}

/// How many bytes from `earlier` on are the same as those from `at` on.
fn common(bytes: &[u8], earlier: usize, at: usize) -> usize {
    let pairs = bytes[at..].iter().zip(&bytes[earlier..]).take(COPY_MAX);
    pairs.take_while(|(one, other)| one == other).count()
}

/// Where three bytes were last seen, by a hash of them.
struct Recent<'a> {
    bytes: &'a [u8],
    /// A place in `bytes`, plus one.
    slots: Vec<u32>,
    shift: u32,
}

impl<'a> Recent<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let slots = bytes.len().next_power_of_two().clamp(SLOTS_MIN, SLOTS_MAX);
        Self { bytes, slots: vec![0; slots], shift: u32::BITS - slots.ilog2() }
    }

    /// Where the bytes at `at` may have been before, within reach; now they are at `at`.
    fn replace(&mut self, at: usize) -> Option<usize> {
        let word = [0, self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]];
        let slot = u32::from_le_bytes(word).wrapping_mul(0x9e37_79b1) >> self.shift;
        let earlier = std::mem::replace(&mut self.slots[slot as usize], at as u32 + 1);
        let earlier = (earlier as usize).checked_sub(1)?;
        (at - earlier <= DISTANCE_MAX).then_some(earlier)
    }
}

/// Compressed bytes, as long as they are not too many.
struct Output {
    bytes: Vec<u8>,
    len_max: usize,
}

impl Output {
    fn literals(&mut self, bytes: &[u8]) -> Option<()> {
        for literal in bytes.chunks(LITERAL_MAX) {
            self.bytes.push(literal.len() as u8 - 1);
            self.bytes.extend_from_slice(literal);
            self.check()?;
        }
        Some(())
    }

    fn copy(&mut self, distance: usize, len: usize) -> Option<()> {
        let [low, high, ..] = (distance - 1).to_le_bytes();
        match len - 2 {
            len @ 0..7 => self.bytes.extend([(len as u8) << 5 | high, low]),
            len => self.bytes.extend([7 << 5 | high, (len - 7) as u8, low]),
        }
        self.check()
    }

    fn check(&self) -> Option<()> {
        (self.bytes.len() <= self.len_max).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_copy_may_reach_into_itself() {
        assert_eq!(expand(b"\x01ab\xe0\x03\x01", 14).unwrap(), b"ababababababab");
        assert_eq!(expand(b"\x00a\x20\x00", 4).unwrap(), b"aaaa");
    }

    #[test]
    fn what_does_not_come_to_its_length_is_corrupt() {
        for (compressed, len) in [
            (&b"\x01ab"[..], 1),
            (b"\x01ab", 3),
            (b"\x01a", 2),
            (b"\x00a\x20", 4),
            (b"\x00a\xe0\x00", 10),
            (b"\x00a\x20\x01", 4),
            (b"\x20\x00", 3),
            (b"\x00a", u64::MAX),
            (b"\x00a", 1000),
        ] {
            assert_eq!(expand(compressed, len), Err(Error::Corrupt), "{compressed:?} {len}");
        }
        assert_eq!(expand(b"", 0), Ok(Vec::new()));
    }

    #[test]
    fn the_best_that_can_be_expands_again() {
        let bytes = vec![b'x'; 100_000];
        let compressed = compress(&bytes).unwrap();
        assert!(compressed.len() < bytes.len() / 87);
        assert_eq!(expand(&compressed, 100_000).unwrap(), bytes);
    }

    #[test]
    fn no_copy_reaches_too_far() {
        for zeros in DISTANCE_MAX - 10..DISTANCE_MAX {
            let bytes = [b"marker", &vec![0; zeros][..], b"marker"].concat();
            let compressed = compress(&bytes).unwrap();
            assert_eq!(expand(&compressed, bytes.len() as u64).unwrap(), bytes);
        }
    }

    #[test]
    fn what_would_not_get_shorter_is_left_alone() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(compress(&bytes), None);
        assert_eq!(compress(b"abc"), None);
    }

    proptest! {
        #[test]
        fn expands_to_what_was_compressed(
            words in prop::collection::vec(prop::collection::vec(0..4_u8, 1..40), 1..6),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..800),
        ) {
            let bytes: Vec<u8> = order.iter().flat_map(|i| i.get(&words).clone()).collect();
            if let Some(compressed) = compress(&bytes) {
                prop_assert!(compressed.len() + SAVED_MIN <= bytes.len());
                prop_assert_eq!(expand(&compressed, bytes.len() as u64).unwrap(), bytes);
            }
        }
    }
}
