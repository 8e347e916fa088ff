//! An order by lot that is the same for the same seed, everywhere.

/// Puts `numbers` into the order that `seed` throws.
pub(super) fn shuffle(numbers: &mut [usize], seed: u64) {
    let mut state = seed;
    for index in (1..numbers.len()).rev() {
        numbers.swap(index, (next(&mut state) % (index as u64 + 1)) as usize);
    }
}

/// SplitMix64, which needs no more than a number to begin with.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_order_of_the_same_numbers() {
        let thrown = |seed| {
            let mut numbers: Vec<usize> = (0..100).collect();
            shuffle(&mut numbers, seed);
            numbers
        };
        assert_eq!(thrown(7), thrown(7));
        assert_ne!(thrown(7), thrown(8));
        let mut sorted = thrown(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    }
}
