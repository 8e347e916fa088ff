//! A small seeded generator: the same seed, the same world, the same waits.

/// `SplitMix64` (Steele, Lea and Flood): one word of state, good enough to vary a world and to spread
/// waits, and the same on every machine. Not for secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    /// From this seed on.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next word.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// Somewhere in `0..=most`.
    pub(crate) const fn up_to(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            Some(count) => self.next() % count,
            None => self.next(),
        }
    }

    /// True so often in 10 000 times.
    pub(crate) const fn chance(&mut self, basis_points: u16) -> bool {
        self.up_to(9_999) < basis_points as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_sequence() {
        let mut random = SplitMix64::new(1_234_567);
        let words: Vec<_> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            words,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_chance_is_kept_about_as_often_as_it_says() {
        let mut random = SplitMix64::new(1);
        let hits = (0..10_000).filter(|_| random.chance(2_500)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(!(0..1_000).any(|_| random.chance(0)));
        assert!((0..1_000).all(|_| random.chance(10_000)));
    }
}
