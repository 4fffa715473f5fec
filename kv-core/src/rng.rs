//! Randomness, as an argument: one seed gives every random choice.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
///
/// Each command gets a generator derived from the server's seed, its session and its position in
/// that session, so that a random choice depends on nothing else: neither on the number of shards
/// nor on what other threads do meanwhile.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator that `seed` decides.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The generator of the `index`th member of a family that `seed` names. Most are never asked for a
    /// number, and so they begin at places that it takes two multiplications to find: what mixes the bits is
    /// in [`Rng::next_u64`].
    #[inline]
    pub fn derive(seed: u64, family: u64, index: u64) -> Self {
        // The fractions of the square roots of 2 and 3: no small numbers of steps in these directions and in
        // that of `GOLDEN` lead to the same place.
        let family = family.wrapping_mul(0x6a09_e667_f3bc_c909);
        let index = index.wrapping_mul(0xbb67_ae85_84ca_a73b);
        Self::new(seed.wrapping_add(family).wrapping_add(index))
    }

    /// Uniform over all 64-bit numbers.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// Uniform below `bound`, with a bias below 2^-32 for bounds below 2^32.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        // Lemire's multiplication instead of a division.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// 2^64 divided by the golden ratio: SplitMix64's increment.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence_of_seed_1234567_comes_out() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn below_covers_its_range_and_stays_in_it() {
        let mut rng = Rng::new(1);
        let mut seen = [0u32; 7];
        (0..7000).for_each(|_| seen[rng.below(7) as usize] += 1);
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
    }

    #[test]
    fn families_and_indexes_give_different_generators() {
        let first = |family, index| Rng::derive(9, family, index).next_u64();
        assert_ne!(first(1, 2), first(2, 1));
        assert_ne!(first(0, 0), first(0, 1));
        assert_ne!(first(0, 0), first(1, 0));
    }
}
