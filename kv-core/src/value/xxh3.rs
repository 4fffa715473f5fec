//! XXH3 with 64 bits, without a seed: the digest of a string. Not fit against chosen inputs.

use std::array;

const PRIME32: [u64; 3] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d];

const PRIME64: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

const MIX: [u64; 2] = [0x1656_6791_9e37_79f9, 0x9fb2_1c65_1e98_df25];

/// The default secret of the algorithm.
const SECRET: [u8; 192] = [
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
];

/// The digest of `bytes`. O(n).
pub fn digest(bytes: &[u8]) -> u64 {
    match bytes.len() {
        0 => avalanche_short(secret(56) ^ secret(64)),
        1..=3 => digest_1_to_3(bytes),
        4..=8 => digest_4_to_8(bytes),
        9..=16 => digest_9_to_16(bytes),
        17..=128 => digest_17_to_128(bytes),
        129..=240 => digest_129_to_240(bytes),
        _ => digest_long(bytes),
    }
}

fn digest_1_to_3(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let [first, middle, last] = [0, len / 2, len - 1].map(|at| u64::from(bytes[at]));
    let combined = first << 16 | middle << 24 | last | (len as u64) << 8;
    avalanche_short(combined ^ word32(&SECRET, 0) ^ word32(&SECRET, 4))
}

fn digest_4_to_8(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let combined = word32(bytes, len - 4) | word32(bytes, 0) << 32;
    let mut hash = combined ^ secret(8) ^ secret(16);
    hash ^= hash.rotate_left(49) ^ hash.rotate_left(24);
    hash = hash.wrapping_mul(MIX[1]);
    hash ^= (hash >> 35).wrapping_add(len as u64);
    hash = hash.wrapping_mul(MIX[1]);
    hash ^ hash >> 28
}

fn digest_9_to_16(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let low = word(bytes, 0) ^ secret(24) ^ secret(32);
    let high = word(bytes, len - 8) ^ secret(40) ^ secret(48);
    let sum = (len as u64).wrapping_add(low.swap_bytes()).wrapping_add(high);
    avalanche(sum.wrapping_add(folded_product(low, high)))
}

/// Pairs of pieces from both ends, towards the middle.
fn digest_17_to_128(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let mut hash = (len as u64).wrapping_mul(PRIME64[0]);
    for pair in 0..len.div_ceil(32) {
        let (front, back) = (16 * pair, len - 16 * (pair + 1));
        hash = hash.wrapping_add(mix16(bytes, front, 32 * pair));
        hash = hash.wrapping_add(mix16(bytes, back, 32 * pair + 16));
    }
    avalanche(hash)
}

fn digest_129_to_240(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let mut hash = (len as u64).wrapping_mul(PRIME64[0]);
    for piece in 0..8 {
        hash = hash.wrapping_add(mix16(bytes, 16 * piece, 16 * piece));
    }
    hash = avalanche(hash);
    for piece in 8..len / 16 {
        hash = hash.wrapping_add(mix16(bytes, 16 * piece, 16 * (piece - 8) + 3));
    }
    avalanche(hash.wrapping_add(mix16(bytes, len - 16, 136 - 17)))
}

const STRIPE: usize = 64;

/// How far the secret moves on with each stripe.
const SECRET_STEP: usize = 8;

const STRIPES_PER_BLOCK: usize = (SECRET.len() - STRIPE) / SECRET_STEP;

fn digest_long(bytes: &[u8]) -> u64 {
    let mut lanes = Lanes::default();
    // The last stripe is taken from the end, even if it is whole.
    let (stripes, _) = bytes[..bytes.len() - 1].as_chunks::<STRIPE>();
    for block in stripes.chunks(STRIPES_PER_BLOCK) {
        for (at, stripe) in block.iter().enumerate() {
            lanes.accumulate(stripe, SECRET_STEP * at);
        }
        if block.len() == STRIPES_PER_BLOCK {
            lanes.scramble();
        }
    }
    let last = bytes.last_chunk().expect("it is longer than a stripe");
    lanes.accumulate(last, SECRET.len() - STRIPE - 7);
    lanes.merge(bytes.len())
}

/// What long inputs are gathered in.
struct Lanes([u64; 8]);

impl Default for Lanes {
    fn default() -> Self {
        let [a, b, c] = PRIME32;
        let [p, q, r, s, t] = PRIME64;
        Self([c, p, q, r, s, b, t, a])
    }
}

impl Lanes {
    fn accumulate(&mut self, stripe: &[u8; STRIPE], at: usize) {
        let secret = SECRET[at..].first_chunk().expect("the secret goes on for a stripe");
        let (words, keys) = (words(stripe), words(secret));
        for lane in 0..8 {
            let keyed = words[lane] ^ keys[lane];
            let product = (keyed & 0xffff_ffff).wrapping_mul(keyed >> 32);
            self.0[lane] = self.0[lane].wrapping_add(words[lane ^ 1]).wrapping_add(product);
        }
    }

    fn scramble(&mut self) {
        for (lane, value) in self.0.iter_mut().enumerate() {
            let mixed = *value ^ *value >> 47 ^ secret(SECRET.len() - STRIPE + 8 * lane);
            *value = mixed.wrapping_mul(PRIME32[0]);
        }
    }

    fn merge(&self, len: usize) -> u64 {
        let start = (len as u64).wrapping_mul(PRIME64[0]);
        let products = (0..4).map(|pair| {
            let key = 11 + 16 * pair;
            folded_product(self.0[2 * pair] ^ secret(key), self.0[2 * pair + 1] ^ secret(key + 8))
        });
        avalanche(products.fold(start, u64::wrapping_add))
    }
}

fn mix16(bytes: &[u8], at: usize, key: usize) -> u64 {
    folded_product(word(bytes, at) ^ secret(key), word(bytes, at + 8) ^ secret(key + 8))
}

/// Both halves of the product, one over the other.
fn folded_product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

fn avalanche(mut hash: u64) -> u64 {
    hash ^= hash >> 37;
    hash = hash.wrapping_mul(MIX[0]);
    hash ^ hash >> 32
}

fn avalanche_short(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(PRIME64[1]);
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(PRIME64[2]);
    hash ^ hash >> 32
}

fn secret(at: usize) -> u64 {
    word(&SECRET, at)
}

fn words(stripe: &[u8; STRIPE]) -> [u64; 8] {
    let (words, _) = stripe.as_chunks();
    array::from_fn(|lane| u64::from_le_bytes(words[lane]))
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("the word is within the bytes"))
}

fn word32(bytes: &[u8], at: usize) -> u64 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("the word is within the bytes")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    /// Bytes that look random, of any number.
    fn sample(len: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let step = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005);
            state = state.wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        std::iter::repeat_with(step).take(len).collect()
    }

    /// Digests by the reference implementation, of the first bytes of `sample`.
    const DIGESTS: &[(usize, u64)] = &[
        (0, 0x2d06_8005_38d3_94c2),
        (1, 0xc00f_9d4f_580c_0c3a),
        (2, 0xb248_061f_b52b_d64c),
        (3, 0xe921_12d1_e602_af4a),
        (4, 0x9008_de7e_1006_06d1),
        (5, 0xaba4_062f_2484_5bdc),
        (7, 0x7187_a123_2e2d_811b),
        (8, 0xcca6_ee6f_8e08_0c52),
        (9, 0x568f_9d2e_69ad_8bd0),
        (12, 0x373d_a156_a0ef_76b0),
        (15, 0xf79a_07c5_5beb_f28a),
        (16, 0x600a_07a4_f5a9_911c),
        (17, 0xdeab_0265_f35d_fc24),
        (31, 0x423b_58cf_0cc7_d932),
        (32, 0xd045_81c5_6661_6653),
        (33, 0xe2f9_6cd2_71e7_2881),
        (63, 0x0ede_7f30_a620_477c),
        (64, 0xad06_85da_bb3c_e66b),
        (65, 0x7d4e_3da0_65c2_1b2d),
        (96, 0xbf9a_1938_3014_28ca),
        (97, 0xae7c_2604_94b7_847c),
        (127, 0x422f_a93a_f255_d6f6),
        (128, 0x410b_d3b4_d8d8_4f51),
        (129, 0x5596_4eec_3962_5032),
        (143, 0x8733_fa80_2952_9e24),
        (144, 0x827f_bbc0_3ec4_8dd7),
        (145, 0x72c2_d471_c12e_d34d),
        (191, 0xde67_850f_d730_b942),
        (239, 0xf5e2_3450_0a1f_2b94),
        (240, 0x977b_659b_dc81_fdb1),
        (241, 0x2cb1_ed4a_30c8_bded),
        (255, 0xc77e_ae9c_20c2_1088),
        (256, 0x7fd9_7c64_50f1_9383),
        (257, 0x42c7_23a9_3a4c_46b9),
        (319, 0x27f0_d3ce_c985_9a7f),
        (320, 0x98fa_e8bd_eca7_6e58),
        (511, 0xf2bf_2354_a8c6_03a7),
        (512, 0xd21b_608b_4432_0be0),
        (513, 0x4b10_9def_3349_5091),
        (1023, 0x296b_8bdb_d696_752e),
        (1024, 0x5ec1_11a1_e5a2_93ae),
        (1025, 0x5ea0_2645_28a9_03fc),
        (1087, 0x1978_5ff0_14f9_95e6),
        (1088, 0x5caa_7335_3133_0766),
        (1089, 0x093a_ae8d_6736_e7b3),
        (1151, 0x27f4_8f48_31ed_cda3),
        (2048, 0x8265_1c64_d545_e737),
        (2049, 0x35fa_9759_e87c_7270),
        (3000, 0xf7ac_28a5_609f_a858),
        (4097, 0x9dde_0268_3ba4_8d0e),
        (10000, 0x55b5_0192_c3f1_b288),
    ];

    #[test]
    fn digests_are_those_of_the_reference_implementation() {
        let bytes = sample(10_000);
        for &(len, expected) in DIGESTS {
            assert_eq!(digest(&bytes[..len]), expected, "of {len} bytes");
        }
    }

    #[test]
    fn digests_of_every_length_are_those_of_the_reference_implementation() {
        let bytes = sample(2500);
        let all = (0..2500).map(|len| digest(&bytes[..len]));
        let sum = all.fold(0_u64, |sum, digest| sum.wrapping_mul(31).wrapping_add(digest));
        assert_eq!(sum, 0x52a6_a486_a991_3eca);
    }

    #[test]
    fn words_have_the_digests_that_redis_documents() {
        assert_eq!(digest(b"Hello world"), 0xb6ac_b9d8_4a38_ff74);
        assert_eq!(digest(b"hello"), 0x9555_e855_5c62_dcfd);
    }
}
