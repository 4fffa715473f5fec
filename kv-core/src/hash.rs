//! Keyed hashing of keys: SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF",
//! 2012, with one compression and three finalization rounds). Whoever does not know the 128-bit
//! key cannot choose strings that collide.

use crate::rng::Rng;
use crate::wide::partial_word;

/// Hashes keys under a secret that the server's seed decides.
#[derive(Clone, Copy, Debug)]
pub struct KeyHasher {
    k0: u64,
    k1: u64,
}

impl KeyHasher {
    /// The hasher whose secret `rng` gives.
    pub fn new(rng: &mut Rng) -> Self {
        Self { k0: rng.next_u64(), k1: rng.next_u64() }
    }

    /// The hash of `bytes`. Every bit depends on every input bit.
    #[inline]
    pub fn hash(self, bytes: &[u8]) -> u64 {
        let mut state = [
            self.k0 ^ 0x736f_6d65_7073_6575,
            self.k1 ^ 0x646f_7261_6e64_6f6d,
            self.k0 ^ 0x6c79_6765_6e65_7261,
            self.k1 ^ 0x7465_6462_7974_6573,
        ];
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            compress(&mut state, u64::from_le_bytes(*word));
        }
        compress(&mut state, partial_word(tail) | (bytes.len() as u64) << 56);
        state[2] ^= 0xff;
        (0..3).for_each(|_| round(&mut state));
        state[0] ^ state[1] ^ state[2] ^ state[3]
    }
}

fn compress(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    round(state);
    state[0] ^= word;
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[1]);
    v[0] = v[0].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_types, reason = "the standard library's hasher is the reference")]
    fn equals_the_standard_librarys_siphash_with_key_zero() {
        use std::hash::Hasher as _;
        for len in 0..70u8 {
            let bytes: Vec<u8> = (0..len).map(|i| i.wrapping_mul(37)).collect();
            let mut reference = std::hash::DefaultHasher::new();
            reference.write(&bytes);
            let ours = KeyHasher { k0: 0, k1: 0 }.hash(&bytes);
            assert_eq!(ours, reference.finish(), "{len} bytes");
        }
    }

    #[test]
    fn another_key_gives_another_hash() {
        let hash = |seed| KeyHasher::new(&mut Rng::new(seed)).hash(b"key");
        assert_ne!(hash(1), hash(2));
    }
}
