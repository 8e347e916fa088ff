//! From a rollout that shows something to the smallest that shows it.

use proptest::strategy::ValueTree as _;

use super::{Drawn, drawing, tree};

/// The most rollouts that are tried; each step tries one, and most need some hundred.
const MOST: u32 = 5_000;

/// The smallest rollout that `shows` it, out of the one that `seed` draws: fewer and smaller of everything,
/// one thing after the other, as far as it goes.
///
/// What the seed draws is handed back as it is if it does not show it. The shrunk rollout is data that no
/// seed draws; it keeps the seed that it comes from.
pub fn shrunk(seed: u64, mut shows: impl FnMut(&Drawn) -> bool) -> Drawn {
    let mut tree = tree(&drawing::rollout(), seed);
    let drawn = |(policy, simulation)| Drawn {
        seed,
        policy,
        simulation,
    };
    let mut smallest = drawn(tree.current());
    let mut goes_on = shows(&smallest) && tree.simplify();
    for _ in 0..MOST {
        if !goes_on {
            break;
        }
        let now = drawn(tree.current());
        goes_on = if now == smallest {
            tree.simplify()
        } else if shows(&now) {
            smallest = now;
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    smallest
}
