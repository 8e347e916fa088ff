//! Worlds in which whoever writes the weights does so by what was seen, to make a good release look bad.

use strategy_core::Weight;
use strategy_core::analysis::{Count, Verdict};

use super::{Dice, sight};
use crate::judge::Judge;
use crate::reading::Events;
use crate::state::State;

/// What a controller knows after a look: the look's number in the minute, whether the candidate had a burst in it,
/// and by how much the candidate had more than its part so far in this minute.
#[derive(Clone, Copy, Debug)]
pub(in crate::judge) struct Knows {
    pub(in crate::judge) look: u64,
    pub(in crate::judge) hit: bool,
    pub(in crate::judge) ahead: f64,
}

/// Two like units, one of them the candidate's. In each minute there are so many looks; each minute begins with a
/// half of 2 000 requests for each unit, and before each later look the controller writes the candidate's share.
///
/// Nothing is wrong with the candidate; with `better` below 1 it fails so many times as often.
#[derive(Clone, Copy, Debug)]
pub(in crate::judge) struct Controlled {
    pub(in crate::judge) looks: u64,
    /// How many failures there are at once in a look, on one of the two, with a chance that is its share; of a
    /// look's number in its minute.
    pub(in crate::judge) burst: fn(u64) -> u64,
    /// Which share of requests fails each by itself.
    pub(in crate::judge) rate: fn(u64) -> f64,
    pub(in crate::judge) better: f64,
    /// The share in per cent in the next look, of this one's; `None`: as it is.
    pub(in crate::judge) writes: fn(Knows) -> Option<u16>,
}

impl Controlled {
    /// On how many of so many paths of half an hour a judge fails, at 1 %.
    pub(in crate::judge) fn alarms(&self, judge: &dyn Judge, paths: u64, seed: u64) -> u64 {
        let mut dice = Dice::new(seed);
        (0..paths)
            .map(|_| u64::from(self.fails(judge, &mut dice)))
            .sum()
    }

    fn fails(&self, judge: &dyn Judge, dice: &mut Dice) -> bool {
        let mut state = State::default();
        let length = 60_000 / self.looks;
        for minute in 0..30 {
            let (mut percent, mut ahead) = (50_u16, 0.0);
            for look in 0..self.looks {
                let share = f64::from(percent) / 100.0;
                let candidate = u64::from(percent) * 20;
                let hit = dice.unit() < share;
                let (burst, rate) = ((self.burst)(look), (self.rate)(look));
                let mut failed = |total, burst, of: f64| {
                    dice.binomial(total, rate * of) + dice.binomial(burst, of)
                };
                let of_candidate = failed(candidate, if hit { burst } else { 0 }, self.better);
                let of_stable = failed(2_000 - candidate, if hit { 0 } else { burst }, 1.0);
                let all = f64::from(u32::try_from(of_candidate + of_stable).unwrap());
                ahead += f64::from(u32::try_from(of_candidate).unwrap()) - share * all;
                let unit = |name: &str, total, failed| {
                    let count = Count { total, failed };
                    Events::of_units([(name.to_owned(), count)])
                };
                let at = minute * 60_000 + look * length;
                let stable = unit("old", 2_000 - candidate, of_stable);
                let candidate = unit("new", candidate, of_candidate);
                let mut sight = sight(at, length, stable, candidate, 0.01);
                sight.share = Weight::from_percent(percent).ok();
                let said = judge.judge(&sight, &state).unwrap();
                if said.verdict == Verdict::Fail {
                    return true;
                }
                state = said.state;
                let knows = Knows { look, hit, ahead };
                percent = (self.writes)(knows).unwrap_or(percent);
            }
        }
        false
    }
}

/// Controllers that follow what they see within a minute, each with the name of what it does.
pub(in crate::judge) const HOSTILE: [(&str, Controlled); 4] = [
    (
        "down where it was hit, up where it was not",
        Controlled {
            looks: 2,
            burst: |look| if look == 0 { 20 } else { 0 },
            rate: |look| if look == 0 { 0.0 } else { 0.02 },
            better: 1.0,
            writes: |knows| Some(if knows.hit { 5 } else { 95 }),
        },
    ),
    (
        "a little, as soon as it is ahead",
        Controlled {
            looks: 6,
            burst: |_| 5,
            rate: |_| 0.005,
            better: 1.0,
            writes: |knows| {
                (knows.ahead > 0.0).then_some(if knows.look % 2 == 0 { 49 } else { 50 })
            },
        },
    ),
    (
        "a little, as soon as it is behind",
        Controlled {
            looks: 6,
            burst: |_| 5,
            rate: |_| 0.005,
            better: 1.0,
            writes: |knows| {
                (knows.ahead < 0.0).then_some(if knows.look % 2 == 0 { 49 } else { 50 })
            },
        },
    ),
    (
        "up as soon as it is ahead, which a better one is not so often",
        Controlled {
            looks: 6,
            burst: |_| 5,
            rate: |_| 0.005,
            better: 0.8,
            writes: |knows| (knows.ahead > 0.0).then_some(95),
        },
    ),
];

/// At 1 %, 80 paths have more than 5 alarms in one run of three thousand.
pub(in crate::judge) fn assert_no_controller_breaks(judge: &dyn Judge) {
    let (paths, seed) = (80, 31);
    for (name, controlled) in HOSTILE {
        let alarms = controlled.alarms(judge, paths, seed);
        println!("{name}: {alarms} of {paths} false alarms, seed {seed}");
        assert!(alarms <= 5, "{name}: {alarms} of {paths}");
    }
}
