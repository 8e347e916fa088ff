//! The promises that a search judges, by their number, and how often each was at stake.

use std::collections::BTreeMap;
use std::fmt;

/// A promise of the machine, by its number in the list of the architecture page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Promise(u8);

const NAMES: [&str; 17] = [
    "no exposure of what is not ready",
    "capacity leads traffic up and follows it down",
    "nobody's request changes revision under it",
    "what is promoted is what was validated",
    "written is not effective",
    "decide first, then apply",
    "rollback goes to the recorded start",
    "unknown is an error, and old is unknown",
    "no data is not a pass",
    "verdicts stand",
    "journal before effect",
    "one writer",
    "other people's hands",
    "it ends",
    "it rests",
    "commands are heard",
    "the audience cannot change the play",
];

impl Promise {
    /// Those that a search judges: 1 to 16. The 17th holds by construction: a search hands no event
    /// back.
    pub const JUDGED: [Self; 16] = {
        let mut all = [Self(0); 16];
        let mut index = 0;
        while index < 16 {
            all[index] = Self(index as u8 + 1);
            index += 1;
        }
        all
    };

    /// Its number, 1 to 17.
    pub const fn number(self) -> u8 {
        self.0
    }

    pub(super) const fn of(number: u8) -> Self {
        Self(number)
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES
            .get(usize::from(self.0).wrapping_sub(1))
            .unwrap_or(&"");
        write!(f, "{}. {name}", self.0)
    }
}

/// How often each promise was at stake, and the first that was broken.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counts: [u64; 18],
    broken: Option<(Promise, String)>,
}

impl Tally {
    /// The promise is at stake; it holds or it is broken.
    pub(super) fn judge(&mut self, number: u8, holds: bool, what: impl FnOnce() -> String) {
        if let Some(count) = self.counts.get_mut(usize::from(number)) {
            *count += 1;
        }
        if !holds && self.broken.is_none() {
            self.broken = Some((Promise::of(number), what()));
        }
    }

    pub(super) fn broken(&mut self) -> Option<(Promise, String)> {
        self.broken.take()
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    pub(super) fn checked(&self) -> BTreeMap<Promise, u64> {
        let count = |promise: Promise| self.counts.get(usize::from(promise.0)).copied();
        Promise::JUDGED
            .into_iter()
            .map(|promise| (promise, count(promise).unwrap_or(0)))
            .collect()
    }
}
