//! The rules of others made as fair as can be: with counts that keep false alarms at 1%, and with a limit tuned for
//! the very regression that is to be found; all on courses that nobody is judged on.

use crate::contestants::Chosen;
use crate::dice::{Dice, number, paths};
use crate::worlds::{Pair, Path, World};

/// How many courses of a good release, and of a bad one.
const GOOD: u64 = 20_000;
const BAD: u64 = 2_000;
const SEED: u64 = 900_001;

/// The share of good releases that may be failed.
const MOST: f64 = 0.01;

/// Requests and failures of the candidate in each look at the last minute, from the first whole one on.
type Looks = Vec<Pair>;

fn looks(world: &World, dice: Dice, every: usize) -> Looks {
    let ticks: Vec<Pair> = Path::new(world, dice).map(|tick| tick.sums().0).collect();
    let minute = |end: usize| {
        ticks[end - 12..end]
            .iter()
            .fold([0, 0], |sum, seen| [sum[0] + seen[0], sum[1] + seen[1]])
    };
    (12..=ticks.len()).step_by(every / 5).map(minute).collect()
}

fn failing(looks: &[Pair], limit: f64) -> usize {
    let fails = |look: &&Pair| look[0] > 0 && number(look[1]) >= limit * number(look[0]);
    looks.iter().filter(fails).count()
}

/// The least number of failed looks that few enough good releases have.
fn count(good: &[Looks], limit: f64, last: usize) -> u32 {
    let counts: Vec<_> = good
        .iter()
        .map(|looks| failing(&looks[..looks.len() - last], limit))
        .collect();
    let few = |least: &u32| {
        let alarms = counts.iter().filter(|count| **count >= size(*least));
        share(alarms.count(), counts.len()) <= MOST
    };
    (1..1000).find(few).unwrap_or(1000)
}

/// Of limits of 0.5% to 4%, each with the least count that it needs, the one by which the fewest requests fail.
fn tuned(good: &[Looks], bad: &[Looks], every: usize) -> (f64, u32) {
    let mut best = (f64::INFINITY, (0.0, 0));
    for tenth in 5..=40_u32 {
        let limit = f64::from(tenth) / 1000.0;
        let least = count(good, limit, 0);
        let until = |looks: &Looks| {
            let mut failed = 0;
            let acts = looks.iter().position(|look| {
                failed += u32::from(look[0] > 0 && number(look[1]) >= limit * number(look[0]));
                failed >= least
            });
            60 + acts.unwrap_or(looks.len()) * every
        };
        let seconds: usize = bad.iter().map(until).sum();
        let mean = share(seconds, bad.len());
        if mean < best.0 {
            best = (mean, (limit, least - 1));
        }
    }
    best.1
}

/// On courses of 20 000 good releases.
pub(crate) fn chosen() -> Chosen {
    let draw = |world: World, count, every, seed| {
        paths(count, |path| {
            looks(&world, Dice::of_path(seed, path), every)
        })
    };
    let good = [60, 10].map(|every| draw(World::NULL, GOOD, every, SEED));
    let bad = [60, 10].map(|every| draw(World::failing(0.02), BAD, every, SEED + 1));
    Chosen {
        // Success below 99%, seen a tick before it acts.
        flagger: count(&good[0], 0.010_000_001, 1),
        argo: count(&good[0], 0.01, 0) - 1,
        minute: tuned(&good[0], &bad[0], 60),
        often: tuned(&good[1], &bad[1], 10),
    }
}

fn share(part: usize, whole: usize) -> f64 {
    let number = |count| number(u64::try_from(count).unwrap_or(u64::MAX));
    number(part) / number(whole)
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
