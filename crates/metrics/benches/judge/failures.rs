//! The tables of requests that fail: what is found, what is failed though nothing is wrong, and what is seen at
//! different moments.

use crate::contestants::{
    self, Chosen, Contestant, GATED_10, GATED_30, GATED_60, UNGATED, of_failures,
};
use crate::dice::{Dice, number, paths};
use crate::figure::{Goal, tell};
use crate::run::outcomes;
use crate::table::{Table, percent, with_interval};
use crate::tally::{Tally, by_contestant};
use crate::worlds::{Bursts, Incident, Path, Scrapes, Uneven, World};

/// Each world has courses of its own.
pub(crate) const SEED: u64 = 100_001;

/// What both tracks have for five minutes.
const INCIDENT: Incident = Incident {
    from: (600, 600),
    seconds: 300,
    share: 0.03,
};

pub(crate) fn tallies(
    world: &World,
    contestants: &[Contestant],
    count: u64,
    seed: u64,
) -> Vec<Tally> {
    let courses = paths(count, |path| {
        outcomes(contestants, Path::new(world, Dice::of_path(seed, path)))
    });
    by_contestant(&courses, contestants.len(), world.onset)
}

/// A world in which a candidate is worse, by its heading.
fn worse() -> [(&'static str, World); 7] {
    let half = |failing| World {
        share: 0.5,
        units: (5, 5),
        ..World::failing(failing)
    };
    let mut late = World::failing(0.02);
    late.onset = 900;
    [
        ("1%", World::failing(0.01)),
        ("2%", World::failing(0.02)),
        ("5%", World::failing(0.05)),
        ("all", World::failing(1.0)),
        ("2%, half of the traffic", half(0.02)),
        ("all, half of the traffic", half(1.0)),
        ("2% from 15 min on", late),
    ]
}

/// A world in which nothing is wrong, by its heading.
fn good() -> [(&'static str, World); 8] {
    let null = World::NULL;
    let bursts = |spread| Bursts { mean: 5.0, spread };
    [
        (
            "both 3% for 5 min",
            World {
                incident: Some(INCIDENT),
                ..null.clone()
            },
        ),
        (
            "0.2 requests a second",
            World {
                rate: 0.2,
                ..null.clone()
            },
        ),
        ("both 1.2%", World::alike(0.012)),
        (
            "bursts of 5",
            World {
                bursts: Some(bursts(5)),
                ..null.clone()
            },
        ),
        (
            "bursts of 5 over 10 s",
            World {
                bursts: Some(bursts(10)),
                ..null.clone()
            },
        ),
        (
            "bursts of 5 over 30 s",
            World {
                bursts: Some(bursts(30)),
                ..null.clone()
            },
        ),
        (
            "units differ by 20%",
            World {
                uneven: Uneven::Spread(0.2),
                ..null.clone()
            },
        ),
        (
            "one unit of ten fails 3 times as often",
            World {
                uneven: Uneven::One(3.0),
                ..null
            },
        ),
    ]
}

/// A minute in which half of all requests fail, and bursts, seen by scrapes.
fn scraped() -> [(&'static str, World); 6] {
    let world = |every, apart| World {
        seconds: 900,
        tick: 1,
        incident: Some(Incident {
            from: (300, 600),
            seconds: 60,
            share: 0.5,
        }),
        scrapes: Some(Scrapes { every, apart }),
        ..World::NULL
    };
    let bursts = |spread| World {
        tick: 5,
        bursts: Some(Bursts { mean: 5.0, spread }),
        scrapes: Some(Scrapes {
            every: 30,
            apart: true,
        }),
        ..World::NULL
    };
    [
        ("each 30 s, all at once", world(30, false)),
        ("each 30 s, apart", world(30, true)),
        ("each 15 s, apart", world(15, true)),
        ("each 5 s, apart", world(5, true)),
        ("bursts of 5 over 10 s, each 30 s, apart", bursts(10)),
        ("bursts of 5 over 30 s, each 30 s, apart", bursts(30)),
    ]
}

pub(crate) const FOUND: &str = "failures that are found";
pub(crate) const NOTHING: &str = "failures where nothing is wrong";
pub(crate) const SCRAPED: &str = "failures that are scraped";

/// The rows of all three.
fn rows(chosen: Chosen, every: u64) -> Vec<Contestant> {
    of_failures(chosen, every)
}

/// The tables without figures.
pub(crate) fn layouts() -> Vec<Table> {
    let heading = |first: &[&'static str], worlds: &[(&'static str, World)]| {
        let mut columns = vec!["judge"];
        columns.extend(first);
        columns.extend(worlds.iter().map(|(heading, _)| *heading));
        columns
    };
    let name = |contestant: &Contestant| vec![contestant.name.to_owned()];
    let mut tables = vec![
        Table::new(FOUND, &heading(&["false alarms"], &worse())),
        Table::new(NOTHING, &heading(&[], &good())),
        Table::new(SCRAPED, &heading(&[], &scraped())),
    ];
    for table in &mut tables {
        table.rows = rows(Chosen::ANY, 5).iter().map(name).collect();
    }
    tables[0].rows.push(vec![contestants::WALD.to_owned()]);
    tables
}

/// Fills the tables.
pub(crate) fn measure(count: u64, chosen: Chosen) -> Vec<Table> {
    let mut tables = layouts();
    let contestants = rows(chosen, 5);
    let null = tallies(&World::NULL, &contestants, 5 * count / 2, SEED);
    for (row, tally) in tables[0].rows.iter_mut().zip(&null) {
        row.push(with_interval(tally.acted, tally.courses));
    }
    for (name, tally) in rows(chosen, 5).iter().zip(&null) {
        if [UNGATED, GATED_10, GATED_30, GATED_60].contains(&name.name) {
            false_alarms("nothing wrong", name.name, tally);
        }
    }
    if let Some(wald) = tables[0].rows.last_mut() {
        wald.push("–".to_owned());
    }
    for ((heading, world), seed) in worse().into_iter().zip(SEED + 1..) {
        let mut everybody = rows(chosen, 5);
        everybody.push(contestants::wald(world.stable, world.candidate.min(0.99)));
        let tallies = tallies(&world, &everybody, count, seed);
        for (row, tally) in tables[0].rows.iter_mut().zip(&tallies) {
            let early = if world.onset > 0 {
                format!(
                    ", early {}",
                    percent(number(tally.early) / number(tally.courses))
                )
            } else {
                String::new()
            };
            row.push(tally.cell() + &early);
        }
        if heading == "2%" {
            goals(&everybody, &tallies);
        }
    }
    for ((heading, world), seed) in good().into_iter().zip(SEED + 11..) {
        let tallies = tallies(&world, &contestants, count, seed);
        eprintln!("  {heading}");
        fill(&mut tables[1], heading, &contestants, &tallies);
    }
    let by_look = rows(chosen, 30);
    for ((heading, world), seed) in scraped().into_iter().zip(SEED + 31..) {
        let tallies = tallies(&world, &by_look, count / 2, seed);
        fill(&mut tables[2], heading, &by_look, &tallies);
    }
    tables
}

fn fill(table: &mut Table, heading: &str, contestants: &[Contestant], tallies: &[Tally]) {
    for ((row, contestant), tally) in table.rows.iter_mut().zip(contestants).zip(tallies) {
        let share = number(tally.acted) / number(tally.courses);
        row.push(percent(share));
        let differs = heading.starts_with("units") || heading.starts_with("one unit");
        let lasts = heading.contains("over 10 s") || heading.contains("over 30 s");
        let covered = match contestant.name {
            // A burst is over in a third of a window.
            GATED_60 | GATED_30 => !differs && !heading.contains("over 30 s"),
            GATED_10 => !differs && !lasts,
            UNGATED => !differs && !heading.contains("bursts") && !heading.starts_with("each"),
            _ => false,
        };
        if covered {
            false_alarms(heading, contestant.name, tally);
        }
    }
}

fn false_alarms(world: &str, judge: &str, tally: &Tally) {
    let share = number(tally.acted) / number(tally.courses);
    let name = format!("{world}: {judge}: false alarms");
    tell(&name, share * 100.0, "%", Goal::AtMost(1.0));
}

fn goals(contestants: &[Contestant], tallies: &[Tally]) {
    let limits = [(UNGATED, 110.0, 13.0), (GATED_10, 140.0, 16.0)];
    for (name, seconds, failed) in limits {
        let found = contestants.iter().zip(tallies);
        for (_, tally) in found.filter(|(contestant, _)| contestant.name == name) {
            let median = tally.median().map_or(f64::INFINITY, number);
            tell(
                &format!("2%: {name}: median"),
                median,
                "s",
                Goal::AtMost(seconds),
            );
            let mean = tally.failed();
            tell(
                &format!("2%: {name}: failed"),
                mean,
                "requests",
                Goal::AtMost(failed),
            );
        }
    }
}
