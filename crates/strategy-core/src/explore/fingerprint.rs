//! A state in 128 bits: what is kept of every state that was visited.

use std::hash::{Hash, Hasher};

/// The fingerprint of a value. Two different states of one search have the same one with a chance of
/// about 1 in 10^25 at ten million states.
pub(super) fn fingerprint(value: &impl Hash) -> u128 {
    let mut mixer = Mixer::default();
    value.hash(&mut mixer);
    mixer.whole()
}

/// The same in 64 bits, for what is counted and not kept.
pub(super) fn mix(value: &impl Hash) -> u64 {
    let mut mixer = Mixer::default();
    value.hash(&mut mixer);
    mixer.finish()
}

/// Two lanes, each a chain of folded multiplications.
#[derive(Debug)]
pub(super) struct Mixer {
    left: u64,
    right: u64,
}

const LEFT: u64 = 0x9e37_79b9_7f4a_7c15;
const RIGHT: u64 = 0xd6e8_feb8_6659_fd93;

impl Default for Mixer {
    fn default() -> Self {
        Self {
            left: 0x243f_6a88_85a3_08d3,
            right: 0x1319_8a2e_0370_7344,
        }
    }
}

impl Mixer {
    pub(super) const fn whole(&self) -> u128 {
        let left = fold(self.left ^ self.right.rotate_left(32), LEFT);
        let right = fold(self.right.wrapping_add(self.left), RIGHT);
        (left as u128) << 64 | right as u128
    }

    const fn word(&mut self, word: u64) {
        self.left = fold(self.left ^ word, LEFT).wrapping_add(word);
        self.right = fold(self.right.rotate_left(23) ^ word, RIGHT).wrapping_sub(word);
    }
}

/// Both halves of a product, so that every bit of the input reaches every bit of the result.
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.left ^ self.right
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(rest) {
            *to = *from;
        }
        self.word(u64::from_le_bytes(word) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value) | 1 << 60);
    }

    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value) | 2 << 60);
    }

    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn small_differences_make_different_fingerprints() {
        let mut seen = BTreeSet::new();
        for a in 0..100u8 {
            for b in 0..100u32 {
                for text in ["", "a", "b", "ab", "ba", "abcdefgh", "abcdefg\0"] {
                    assert!(seen.insert(fingerprint(&(a, b, text))), "{a} {b} {text:?}");
                }
            }
        }
        let halves: BTreeSet<u64> = seen.iter().map(|print| *print as u64).collect();
        assert_eq!(halves.len(), seen.len());
    }
}
