//! Which of several runs go wrong: the first ones, or a share of them that the seed decides.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::random::SplitMix64;
use crate::weight::Weight;

/// Which of the runs of a hook, or questions to a gate, are meant. In a file a number or a percentage: `2`,
/// `"20%"`. Default: none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Runs {
    /// So many from the first on, over all processes.
    First(u32),
    /// This share of all, decided by the seed of the world.
    Share(Weight),
}

impl Default for Runs {
    fn default() -> Self {
        Self::First(0)
    }
}

impl Runs {
    /// Every one.
    pub const ALL: Self = Self::Share(Weight::FULL);

    pub(super) fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// One of the runs of something.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// The first one is 1.
    number: u32,
    random: SplitMix64,
}

impl Run {
    /// Whether it is meant; asked in the same order every time.
    pub(super) const fn is_of(&mut self, runs: Runs) -> bool {
        match runs {
            Runs::First(first) => self.number <= first,
            Runs::Share(share) => self.random.chance(share.basis_points()),
        }
    }
}

/// How often each hook ran and each gate was asked, in all processes together. Clones count together.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    seed: u64,
    counts: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Tally {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            counts: Arc::default(),
        }
    }

    /// One more of this name.
    pub(super) fn next(&self, name: String) -> Run {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        // FNV-1a: another sequence for every name, and the same on every machine.
        let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let number = counts.entry(name).or_default();
        *number += 1;
        let seed = SplitMix64::new(self.seed ^ hash).next() ^ u64::from(*number);
        Run {
            number: *number,
            random: SplitMix64::new(seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_or_a_share_that_the_seed_decides() {
        let meant = |seed, name: &str, runs| {
            let tally = Tally::new(seed);
            let run = |_| tally.next(name.to_owned()).is_of(runs);
            (1..=1_000).map(run).collect::<Vec<bool>>()
        };
        let first = meant(1, "a", Runs::First(2));
        assert_eq!(first.iter().position(|meant| !meant), Some(2));
        assert_eq!(first.iter().filter(|meant| **meant).count(), 2);
        let share = |seed, name| meant(seed, name, Runs::Share(Weight::HALF));
        let hits = share(1, "a").iter().filter(|meant| **meant).count();
        assert!((450..550).contains(&hits), "{hits}");
        assert_eq!(share(1, "a"), share(1, "a"));
        assert_ne!(share(1, "a"), share(2, "a"));
        assert_ne!(share(1, "a"), share(1, "b"));
        assert!(meant(1, "a", Runs::ALL).iter().all(|meant| *meant));
        assert!(!meant(1, "a", Runs::default()).iter().any(|meant| *meant));
    }

    #[test]
    fn each_name_is_counted_by_itself_and_by_all_clones_together() {
        let tally = Tally::new(0);
        let is_first =
            |tally: &Tally, name: &str| tally.next(name.to_owned()).is_of(Runs::First(1));
        assert!(is_first(&tally, "a"));
        let clone = tally.clone();
        assert!(is_first(&clone, "b"));
        assert!(!is_first(&clone, "a"));
        assert!(!is_first(&tally, "b"));
    }

    #[test]
    fn in_a_file_it_is_a_number_or_a_percentage() {
        for (text, runs) in [
            ("3", Runs::First(3)),
            ("\"50%\"", Runs::Share(Weight::HALF)),
        ] {
            assert_eq!(serde_json::from_str::<Runs>(text).unwrap(), runs);
            assert_eq!(serde_json::to_string(&runs).unwrap(), text);
        }
        assert!(serde_json::from_str::<Runs>("\"often\"").is_err());
    }
}
