//! Against whoever decides by what was seen: exact, over all outcomes and all that can be decided after each.

use strategy_core::Timestamp;

use super::*;

const LOOK: u64 = 15_000;
const SHARES: [f64; 3] = [0.05, 0.5, 0.95];

/// What can be decided of the next look before it is seen.
#[derive(Clone, Copy)]
struct Choice {
    /// The share that is written.
    share: usize,
    /// How many looks are left out before it.
    left_out: usize,
    units: u64,
}

const fn choice(share: usize, left_out: usize, units: u64) -> Choice {
    Choice {
        share,
        left_out,
        units,
    }
}

/// Any share is written.
const WRITTEN: &[Choice] = &[choice(0, 0, 1), choice(1, 0, 1), choice(2, 0, 1)];

/// The share stays; looks are left out, and units come and go.
const LEFT_OUT: &[Choice] = &[
    choice(1, 0, 1),
    choice(1, 1, 1),
    choice(1, 0, 40),
    choice(1, 1, 40),
];

fn at(look: usize) -> Window {
    let from = u64::try_from(look).unwrap() * LOOK;
    Window {
        from: Timestamp::from_millis(from),
        to: Timestamp::from_millis(from + LOOK),
    }
}

/// What may happen in some looks.
///
/// In each there are so many events, by themselves or all at once at one of the two tracks. They are the candidate's
/// with a chance that is its share, and fail with the chance of their track.
struct Game {
    events: &'static [u64],
    at_once: bool,
    fails: (f64, f64),
    tolerated: f64,
    looks_of_a_window: u64,
    smoothing: f64,
    choices: &'static [Choice],
}

impl Game {
    /// The most that the mean of what is weighed can be, over all who decide of the next look by what they see.
    fn most(&self, look: usize, chosen: Choice, gathered: Gathered) -> f64 {
        let look = look + chosen.left_out;
        let Some(events) = self.events.get(look).copied() else {
            return 1.0;
        };
        let share = SHARES[chosen.share];
        let tolerated = self.tolerated;
        let mut mean = 0.0;
        for (candidate, stable, chance) in self.outcomes(events, share) {
            let failures = Failures {
                window: at(look),
                all: candidate + stable,
                candidate,
                share: share * tolerated / share.mul_add(tolerated - 1.0, 1.0),
                units: chosen.units,
                written: u64::try_from(chosen.share).unwrap(),
            };
            let mut after = gathered;
            let full = Duration::from_millis(LOOK * self.looks_of_a_window);
            let over = after.add(&failures, full);
            let weighed: f64 = over.iter().map(|one| one.evidence(self.smoothing)).sum();
            // Who leaves the last look out leaves the window open, as whoever ends the rollout; neither is weighed.
            let next = self
                .choices
                .iter()
                .filter(|next| next.left_out == 0 || look + 1 + next.left_out < self.events.len());
            let most = next
                .map(|next| self.most(look + 1, *next, after))
                .fold(0.0, f64::max);
            mean += chance * weighed.exp() * most;
        }
        mean
    }

    /// The failures of candidate and stable, and how likely they are.
    fn outcomes(&self, events: u64, share: f64) -> Vec<(u64, u64, f64)> {
        let (of_candidate, of_stable) = self.fails;
        if self.at_once {
            let (new, old) = (share * of_candidate, (1.0 - share) * of_stable);
            return vec![(events, 0, new), (0, events, old), (0, 0, 1.0 - new - old)];
        }
        let mut outcomes = Vec::new();
        for candidates in 0..=events {
            let split = chance(events, candidates, share);
            for candidate in 0..=candidates {
                let one = split * chance(candidates, candidate, of_candidate);
                for stable in 0..=events - candidates {
                    let both = one * chance(events - candidates, stable, of_stable);
                    outcomes.push((candidate, stable, both));
                }
            }
        }
        outcomes.retain(|(_, _, chance)| *chance > 0.0);
        outcomes
    }
}

/// That so many of so many come up.
fn chance(of: u64, ups: u64, chance: f64) -> f64 {
    let power = |base: f64, times: u64| base.powi(i32::try_from(times).unwrap());
    let ways = (0..ups).fold(1.0, |ways, at| ways * number(of - at) / number(at + 1));
    ways * power(chance, ups) * power(1.0 - chance, of - ups)
}

fn most(
    events: &'static [u64],
    at_once: bool,
    fails: (f64, f64),
    tolerated: f64,
    choices: &'static [Choice],
) -> f64 {
    let mut most = 0.0_f64;
    for (looks_of_a_window, smoothing) in [(1, 0.1), (2, 0.1), (3, 1.0), (4, 0.3)] {
        let game = Game {
            events,
            at_once,
            fails,
            tolerated,
            looks_of_a_window,
            smoothing,
            choices,
        };
        for first in choices {
            most = most.max(game.most(0, *first, Gathered::default()));
        }
    }
    println!("{events:?}, at once {at_once}, fails {fails:?}, tolerated {tolerated}: {most}");
    most
}

#[test]
fn whoever_writes_the_share_cannot_make_the_mean_more_than_one() {
    for (events, at_once) in [
        (&[3, 2, 1, 2, 1][..], false),
        (&[1, 0, 3, 0, 3], false),
        (&[20, 1, 30, 2, 9], true),
        (&[5, 50, 1, 0, 7], true),
    ] {
        assert!(most(events, at_once, (1.0, 1.0), 1.0, WRITTEN) <= 1.0 + 1e-9);
    }
}

/// As a crash does that takes the metrics of its pod along, and an autoscaler that heeds failures.
#[test]
fn nor_whoever_leaves_looks_out_and_adds_units() {
    for (events, at_once) in [
        (&[1, 3, 1, 2, 1][..], false),
        (&[1, 50, 1, 0, 7], true),
        (&[20, 1, 30, 2, 9], true),
    ] {
        assert!(most(events, at_once, (1.0, 1.0), 1.0, LEFT_OUT) <= 1.0 + 1e-9);
        assert!(most(events, at_once, (0.5, 1.0), 1.0, LEFT_OUT) <= 1.0 + 1e-9);
    }
}

#[test]
fn nor_of_a_candidate_that_is_better_or_may_be_worse() {
    for (fails, tolerated) in [
        ((0.8, 1.0), 1.0),
        ((0.3, 1.0), 1.0),
        ((1.0, 0.8), 1.25),
        ((1.0, 0.5), 2.0),
        ((0.5, 1.0), 0.5),
    ] {
        for (events, at_once) in [
            (&[2, 1, 2, 1][..], false),
            (&[20, 1, 30, 2, 9], true),
            (&[5, 50, 1, 0, 7], true),
        ] {
            assert!(most(events, at_once, fails, tolerated, WRITTEN) <= 1.0 + 1e-9);
        }
    }
}

fn look(number: usize, all: u64, candidate: u64, percent: u16) -> Failures {
    Failures {
        all,
        candidate,
        share: f64::from(percent) / 100.0,
        units: 1,
        written: percent.into(),
        ..Failures::none(at(number))
    }
}

/// What weighs: of each window that is over, what the candidate had and what it has in the mean.
fn over(looks: &[Failures], looks_of_a_window: u64) -> Vec<(f64, f64)> {
    let full = Duration::from_millis(LOOK * looks_of_a_window);
    let mut gathered = Gathered::default();
    let over = looks.iter().flat_map(|look| gathered.add(look, full));
    over.map(|over| (over.seen, over.expected)).collect()
}

#[test]
fn a_window_ends_where_the_share_changes_and_gives_up_what_it_was_ahead_by() {
    let ahead = [
        look(0, 20, 15, 50),
        look(1, 10, 9, 90),
        look(2, 6, 1, 20),
        look(3, 8, 8, 20),
    ];
    assert_eq!(over(&ahead, 3), [(10.0, 10.0), (9.0, 9.0)]);
    let behind = [
        look(0, 20, 5, 50),
        look(1, 10, 10, 90),
        look(2, 10, 8, 90),
        look(3, 0, 0, 90),
    ];
    assert_eq!(over(&behind, 3), [(5.0, 10.0), (18.0, 18.0)]);
    // Without a change it is the sum, each look by its own share.
    let mut alike = [look(0, 20, 15, 50), look(1, 10, 9, 50)];
    alike[1].share = 0.25;
    assert_eq!(over(&alike, 2), [(24.0, 12.5)]);
    // A look that is as long as a window is one by itself, after what waited.
    let mut long = [look(0, 20, 5, 50), look(1, 10, 9, 90)];
    long[1].window.to = at(9).to;
    assert_eq!(over(&long, 3), [(5.0, 10.0), (9.0, 9.0)]);
}

#[test]
fn a_window_ends_where_a_look_is_missing() {
    let behind = [look(0, 20, 5, 50), look(2, 10, 9, 50), look(3, 1, 0, 50)];
    assert_eq!(over(&behind, 2), [(5.0, 10.0), (9.0, 5.5)]);
    let ahead = [look(0, 20, 15, 50), look(2, 10, 9, 50), look(3, 1, 0, 50)];
    assert_eq!(over(&ahead, 2), [(10.0, 10.0), (9.0, 5.5)]);
}

#[test]
fn units_are_those_of_before_the_window() {
    let mut looks = [0, 1, 2, 3].map(|number| look(number, 2, 1, 50));
    for (look, units) in looks.iter_mut().zip([3, 5, 7, 9]) {
        look.units = units;
    }
    let mut gathered = Gathered::default();
    let full = Duration::from_millis(LOOK * 2);
    let over = looks.iter().flat_map(|look| gathered.add(look, full));
    let units: Vec<_> = over.map(|over| over.units).collect();
    assert_eq!(units, [0.0, 5.0]);
}
