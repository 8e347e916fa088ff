//! Worlds for tests of judges: what happens to both tracks, drawn by a seed.

pub(super) mod controller;

use std::collections::BTreeMap;

use strategy_core::analysis::{Count, Window};
use strategy_core::{Timestamp, Tracks, Weight};

use super::weighing::number;
use super::{Judge, Judgement, Sight};
use crate::reading::{Data, Events, Reading};
use crate::state::State;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): enough for a simulation, and the same everywhere.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and below 1.
    pub(super) fn unit(&mut self) -> f64 {
        number(self.next() >> 11) / number(1 << 53)
    }

    /// How many of so many come up with this chance; in halves where the chance that none does would underflow.
    pub(super) fn binomial(&mut self, of: u64, chance: f64) -> u64 {
        if chance >= 1.0 {
            return of;
        }
        if of > 1 && -number(of) * (-chance).ln_1p() > 700.0 {
            return self.binomial(of / 2, chance) + self.binomial(of - of / 2, chance);
        }
        let mut left = self.unit();
        let mut likely = (number(of) * (-chance).ln_1p()).exp();
        assert!(likely > 0.0, "{of} {chance}");
        let odds = chance / (1.0 - chance);
        let mut ups = 0;
        while left > likely && ups < of {
            left -= likely;
            ups += 1;
            likely *= odds * number(of - ups + 1) / number(ups);
        }
        ups
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// From `at` on, of so many milliseconds.
pub(super) const fn window(at: u64, millis: u64) -> Window {
    Window {
        from: Timestamp::from_millis(at),
        to: Timestamp::from_millis(at + millis),
    }
}

/// So many events in the window from `at` on of so many milliseconds.
pub(super) fn sight(at: u64, millis: u64, stable: Events, candidate: Events, alpha: f64) -> Sight {
    let window = window(at, millis);
    let told = |events| Reading::Told(Data::Events(events));
    let readings = Tracks {
        stable: told(stable),
        candidate: told(candidate),
    };
    Sight::new(window, readings, alpha)
}

/// A share as it is written, in whole per cent.
fn written(share: f64) -> Option<Weight> {
    let percent = (0..=100_u16).find(|percent| f64::from(*percent) / 100.0 >= share - 1e-9);
    percent.and_then(|percent| Weight::from_percent(percent).ok())
}

/// A world of 50 requests a second, looked at every `every` seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) every: u64,
    pub(super) looks: u64,
    /// The candidate's share at a time in seconds.
    pub(super) share: fn(u64) -> f64,
    /// Stable's rate of failures.
    pub(super) stable: fn(u64) -> f64,
    /// The candidate's.
    pub(super) candidate: fn(u64) -> f64,
    /// Failures come so many at a time, on one unit.
    pub(super) burst: u64,
    /// Over so many looks the failures of a burst are spread, the first one included.
    pub(super) spread: u64,
    /// Units of each track, where they are told.
    pub(super) units: Option<(u64, u64)>,
}

/// The bursts of each track that go on: on which unit, how many failures are to come in each look, for how many
/// looks.
type Going = Tracks<Vec<(u64, u64, u64)>>;

impl World {
    /// Nothing is wrong: 10 %, 0.5 % failures, half an hour.
    pub(super) const NULL: Self = Self {
        every: 30,
        looks: 60,
        share: |_| 0.1,
        stable: |_| 0.005,
        candidate: |_| 0.005,
        burst: 1,
        spread: 1,
        units: None,
    };

    /// What happens in the look that begins at `second`: stable's, the candidate's.
    fn happens(&self, dice: &mut Dice, second: u64, going: &mut Going) -> (Events, Events) {
        let all = 50 * self.every;
        let candidate = dice.binomial(all, (self.share)(second));
        let (candidate_units, stable_units) = self.units.unwrap_or((1, 1));
        let mut draw = |total: u64, rate: f64, units: u64, going: &mut Vec<(u64, u64, u64)>| {
            for _ in 0..dice.binomial(total, rate / number(self.burst)) {
                going.push((dice.below(units), self.burst / self.spread, self.spread));
            }
            let mut counts = Vec::new();
            for unit in 0..units {
                let mut count = Count::default();
                (count.total, count.failed) = (total / units + u64::from(unit < total % units), 0);
                counts.push(count);
            }
            for (unit, failures, left) in &mut *going {
                for (_, count) in (0..).zip(&mut counts).filter(|(at, _)| at == unit) {
                    count.failed = (count.failed + *failures).min(count.total);
                }
                *left -= 1;
            }
            going.retain(|(_, _, left)| *left > 0);
            let named = (0..).zip(counts);
            let mut events =
                Events::of_units(named.map(|(at, count)| (format!("unit-{at}"), count)));
            if self.units.is_none() {
                events.by_unit = BTreeMap::new();
            }
            events
        };
        let of_candidate = draw(
            candidate,
            (self.candidate)(second),
            candidate_units,
            &mut going.candidate,
        );
        let of_stable = draw(
            all - candidate,
            (self.stable)(second),
            stable_units,
            &mut going.stable,
        );
        (of_stable, of_candidate)
    }

    /// The number of the first look after which `ends` holds, and the candidate's failures until then.
    pub(super) fn until(
        &self,
        judge: &dyn Judge,
        seed: u64,
        ends: impl Fn(&Judgement) -> bool,
    ) -> Option<(u64, u64)> {
        let mut dice = Dice::new(seed);
        let mut state = State::default();
        let mut failed = 0;
        let mut going = Going::default();
        for look in 0..self.looks {
            let second = look * self.every;
            let (stable, candidate) = self.happens(&mut dice, second, &mut going);
            failed += candidate.all.failed;
            let mut sight = sight(second * 1000, self.every * 1000, stable, candidate, 0.01);
            sight.share = written((self.share)(second));
            let judgement = judge.judge(&sight, &state).unwrap();
            if ends(&judgement) {
                return Some((look + 1, failed));
            }
            state = judgement.state;
        }
        None
    }

    /// On how many of so many paths it ends so.
    pub(super) fn ended(
        &self,
        judge: &dyn Judge,
        paths: u64,
        seed: u64,
        ends: impl Fn(&Judgement) -> bool,
    ) -> Vec<(u64, u64)> {
        let mut seeds = Dice::new(seed);
        (0..paths)
            .filter_map(|_| self.until(judge, seeds.next(), &ends))
            .collect()
    }
}
/// A sight of `Data` other than events of stable is told to no judge that does not compare.
pub(super) fn alone(at: u64, millis: u64, candidate: Events, alpha: f64) -> Sight {
    let mut sight = sight(at, millis, Events::default(), candidate, alpha);
    sight.readings.stable = Reading::Empty;
    sight
}
