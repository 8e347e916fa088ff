//! Against whoever writes the share: exact, over all outcomes and all that can be written after each.

use super::*;

const LOOK: u64 = 15_000;
const SHARES: [f64; 3] = [0.05, 0.5, 0.95];

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
}

impl Game {
    /// The most that the mean of what is weighed can be, over all who write the next share by what they see.
    fn most(&self, look: usize, written: usize, gathered: Gathered) -> f64 {
        let Some(events) = self.events.get(look).copied() else {
            return 1.0;
        };
        let share = SHARES[written];
        let tolerated = self.tolerated;
        let mut mean = 0.0;
        for (candidate, stable, chance) in self.outcomes(events, share) {
            let failures = Failures {
                all: candidate + stable,
                candidate,
                share: share * tolerated / share.mul_add(tolerated - 1.0, 1.0),
                units: 1,
                judged: LOOK,
                written: u64::try_from(written).unwrap(),
                evenly: tolerated.to_bits() == 1.0_f64.to_bits(),
            };
            let mut after = gathered;
            let full = Duration::from_millis(LOOK * self.looks_of_a_window);
            let over = after.add(&failures, full);
            let weighed: f64 = over.iter().map(|one| one.evidence(self.smoothing)).sum();
            let most = (0..SHARES.len())
                .map(|next| self.most(look + 1, next, after))
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

fn most(events: &'static [u64], at_once: bool, fails: (f64, f64), tolerated: f64) -> f64 {
    let mut most = 0.0_f64;
    for (looks_of_a_window, smoothing) in [(1, 0.1), (2, 0.1), (3, 1.0), (4, 0.3)] {
        let game = Game {
            events,
            at_once,
            fails,
            tolerated,
            looks_of_a_window,
            smoothing,
        };
        for first in 0..SHARES.len() {
            most = most.max(game.most(0, first, Gathered::default()));
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
        assert!(most(events, at_once, (1.0, 1.0), 1.0) <= 1.0 + 1e-9);
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
            assert!(most(events, at_once, fails, tolerated) <= 1.0 + 1e-9);
        }
    }
}

fn look(all: u64, candidate: u64, percent: u16, evenly: bool) -> Failures {
    Failures {
        all,
        candidate,
        share: f64::from(percent) / 100.0,
        units: 1,
        judged: LOOK,
        written: percent.into(),
        evenly,
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
fn a_window_is_settled_where_the_share_changes() {
    let ahead = |evenly| {
        let looks = [
            look(20, 15, 50, evenly),
            look(10, 9, 90, evenly),
            look(6, 1, 20, evenly),
            look(8, 8, 20, evenly),
        ];
        over(&looks, 3)
    };
    // 15 of 20 at a half, and a half of the 16 that come later, whoever had them. The next window begins after it.
    assert_eq!(ahead(true), [(23.0, 18.0)]);
    // Given up, and what comes then is windows of its own: 9 of 10 at 90 % is no more than its part.
    assert_eq!(ahead(false), [(10.0, 10.0), (9.0, 9.0)]);
    let behind = [
        look(20, 5, 50, true),
        look(10, 10, 90, true),
        look(10, 8, 90, true),
        look(0, 0, 90, true),
    ];
    assert_eq!(over(&behind, 3), [(5.0, 10.0), (18.0, 18.0)]);
    // Without a change it is the sum, each look by its own share.
    let mut alike = [look(20, 15, 50, true), look(10, 9, 50, true)];
    alike[1].share = 0.25;
    assert_eq!(over(&alike, 2), [(24.0, 12.5)]);
    // A look that is as long as a window is one by itself, after what waited.
    let mut long = [look(20, 5, 50, true), look(10, 9, 90, true)];
    long[1].judged = 9 * LOOK;
    assert_eq!(over(&long, 3), [(5.0, 10.0), (9.0, 9.0)]);
}
