//! The table of releases as they come: most are fine, and services differ.

use crate::contestants::{Chosen, Contestant, of_failures};
use crate::dice::{Dice, number, paths};
use crate::figure::{Goal, tell};
use crate::run::{Outcome, outcomes};
use crate::table::{Table, percent, with_interval};
use crate::worlds::{Bursts, Incident, Path, World};

pub(crate) const SEED: u64 = 300_001;

pub(crate) const NAME: &str = "releases as they come";

/// What is wrong with a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fine,
    Slightly,
    Badly,
    Late,
}

const COLUMNS: [&str; 8] = [
    "judge",
    "precision: bad ones of those it failed",
    "recall: failed of the bad ones",
    "slightly worse",
    "badly broken",
    "broken late",
    "fine ones failed",
    "median s, badly broken",
];

/// One release, as the page says that they are drawn.
fn release(dice: &mut Dice) -> (World, Kind) {
    let mut world = World::NULL;
    let drawn = dice.unit();
    let (kind, times) = if drawn < 0.8 {
        (Kind::Fine, 1.0)
    } else if drawn < 0.88 {
        (Kind::Slightly, dice.between(1.5, 3.0))
    } else if drawn < 0.96 {
        (Kind::Badly, dice.by_size(4.0, 40.0))
    } else {
        world.onset = 300 + dice.below(900);
        (Kind::Late, dice.by_size(4.0, 40.0))
    };
    let quiet = dice.happens(0.15);
    world.rate = if quiet {
        dice.by_size(0.2, 2.0)
    } else {
        dice.by_size(10.0, 200.0)
    };
    world.stable = dice.by_size(0.001, 0.015);
    world.candidate = (world.stable * times).min(0.5);
    if dice.happens(0.15) {
        world.incident = Some(Incident {
            from: (120, 1500),
            seconds: 60 + dice.below(540),
            share: dice.by_size(0.03, 0.3),
        });
    }
    if dice.happens(0.25) {
        world.bursts = Some(Bursts {
            mean: dice.between(2.0, 8.0),
            spread: 1 + dice.below(20),
        });
    }
    (world, kind)
}

/// The table without figures.
pub(crate) fn layout() -> Table {
    let mut table = Table::new(NAME, &COLUMNS);
    let name = |one: &Contestant| vec![one.name.to_owned()];
    table.rows = of_failures(Chosen::ANY, 5).iter().map(name).collect();
    table
}

/// Fills the table.
pub(crate) fn measure(count: u64, chosen: Chosen) -> Table {
    let contestants = of_failures(chosen, 5);
    let courses = paths(count, |path| {
        let mut dice = Dice::of_path(SEED, path);
        let (world, kind) = release(&mut dice);
        let outcomes = outcomes(&contestants, Path::new(&world, dice));
        (kind, world.onset, outcomes)
    });
    let mut table = layout();
    for (one, row) in table.rows.iter_mut().enumerate() {
        let of = |kind| {
            let all = courses.iter().filter(move |(of, _, _)| *of == kind);
            all.map(|(_, onset, outcomes)| (*onset, outcomes[one]))
        };
        // What is taken back before anything is wrong with it is a false alarm.
        let found = |kind| {
            of(kind)
                .filter(|(onset, outcome)| is_after(*onset, *outcome))
                .count()
        };
        let early = |kind| {
            let early = of(kind)
                .filter(|(onset, outcome)| outcome.acted.is_some() && !is_after(*onset, *outcome));
            early.count()
        };
        let bad = [Kind::Slightly, Kind::Badly, Kind::Late];
        let hits: u64 = bad.iter().map(|kind| size(found(*kind))).sum();
        let all: u64 = bad.iter().map(|kind| size(of(*kind).count())).sum();
        let fine = size(of(Kind::Fine).count());
        let alarms = size(
            of(Kind::Fine)
                .filter(|(_, outcome)| outcome.acted.is_some())
                .count(),
        );
        let wrong = alarms + size(early(Kind::Late));
        row.push(percent(number(hits) / number((hits + wrong).max(1))));
        row.push(percent(number(hits) / number(all)));
        for kind in bad {
            row.push(percent(
                number(size(found(kind))) / number(size(of(kind).count()).max(1)),
            ));
        }
        row.push(with_interval(alarms, fine.max(1)));
        let mut times: Vec<_> = of(Kind::Badly)
            .map(|(_, outcome)| outcome.acted.unwrap_or(u64::MAX))
            .collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2).filter(|time| **time < u64::MAX);
        row.push(median.map_or_else(|| "–".to_owned(), u64::to_string));
        let name = format!("releases as they come: {}", row[0]);
        let share = number(alarms) / number(fine.max(1)) * 100.0;
        tell(&format!("{name}: fine ones failed"), share, "%", Goal::None);
    }
    table
}

fn is_after(onset: u64, outcome: Outcome) -> bool {
    outcome.acted.is_some_and(|second| second > onset)
}

fn size(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
