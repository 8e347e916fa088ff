//! The page of what `cargo xtask bench judge` found has the tables that it writes, and the bench's own worlds are
//! what they are said to be.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test, which uses a part of the bench"
)]

#[path = "../benches/judge/bound.rs"]
mod bound;
#[path = "../benches/judge/calibrate.rs"]
mod calibrate;
#[path = "../benches/judge/choice.rs"]
mod choice;
#[path = "../benches/judge/contestants.rs"]
mod contestants;
#[path = "../benches/judge/dice.rs"]
mod dice;
#[path = "../benches/judge/failures.rs"]
mod failures;
#[path = "../benches/judge/figure.rs"]
mod figure;
#[path = "../benches/judge/latencies.rs"]
mod latencies;
#[path = "../benches/judge/mixture.rs"]
mod mixture;
#[path = "../benches/judge/page.rs"]
mod page;
#[path = "../benches/judge/peeking.rs"]
mod peeking;
#[path = "../benches/judge/picture.rs"]
mod picture;
#[path = "../benches/judge/run.rs"]
mod run;
#[path = "../benches/judge/slow.rs"]
mod slow;
#[path = "../benches/judge/speed.rs"]
mod speed;
#[path = "../benches/judge/table.rs"]
mod table;
#[path = "../benches/judge/tally.rs"]
mod tally;
#[path = "../benches/judge/worlds.rs"]
mod worlds;

use proptest::prelude::*;

use choice::choice_evidence;
use dice::{Dice, number};
use table::{Table, interval};
use worlds::{Bursts, Incident, Path, Scrapes, Uneven, World};

const PAGE: &str = include_str!("../../../docs/reference/evidence-of-judges.md");

/// All tables of the page without figures.
fn layouts() -> Vec<Table> {
    let mut tables = failures::layouts();
    tables.push(page::calibrated());
    tables.extend(slow::layouts());
    tables.extend([
        mixture::layout(),
        bound::layout(),
        peeking::layout(),
        speed::layout(),
    ]);
    tables
}

/// The cells of a table of the page, the line under the heading left out.
fn rows(name: &str) -> Vec<Vec<String>> {
    let (begins, ends) = Table::marks(name);
    let (_, rest) = PAGE
        .split_once(&begins)
        .unwrap_or_else(|| panic!("no table {name}"));
    let (table, _) = rest.split_once(&ends).unwrap();
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    lines.map(cells).collect()
}

#[test]
fn the_page_has_the_tables_that_the_bench_writes() {
    for table in layouts() {
        let rows = rows(table.name);
        assert_eq!(rows[0], table.columns, "{}", table.name);
        assert_eq!(rows.len(), table.rows.len() + 1, "{}", table.name);
        for (row, named) in rows[1..].iter().zip(&table.rows) {
            assert!(row.starts_with(named), "{}: {row:?}", table.name);
            assert_eq!(row.len(), table.columns.len(), "{}: {row:?}", table.name);
            let empty = row.iter().any(String::is_empty);
            assert!(!empty, "{}: {row:?}", table.name);
        }
        // Nothing but the figures is lost where it is written again.
        let mut again = table.clone();
        again.rows = rows[1..].to_vec();
        assert_eq!(again.put(PAGE).unwrap(), PAGE, "{}", table.name);
    }
    let pictures = ["judges-costs.svg", "judges-peeking.svg"];
    assert!(pictures.iter().all(|name| PAGE.contains(name)));
}

#[test]
fn the_picture_of_costs_is_what_the_table_says() {
    let mut table = layouts().remove(0);
    table.rows = rows(table.name).split_off(1);
    let at = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let at = at.join("../../docs/reference/judges-costs.svg");
    let drawn = picture::costs(&table);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&at, &drawn).unwrap();
    }
    let is_drawn = std::fs::read_to_string(at).unwrap() == drawn;
    assert!(is_drawn, "`UPDATE_DOCS=1 cargo test` draws it again");
}

/// Requests and failures of both tracks, and of the candidate's first unit.
fn sums(world: &World, paths: u64) -> [f64; 4] {
    let mut sums = [0, 0, 0, 0];
    for path in 0..paths {
        for tick in Path::new(world, Dice::of_path(7, path)) {
            let (candidate, stable) = tick.sums();
            for (sum, seen) in
                sums.iter_mut()
                    .zip([candidate[0], candidate[1], stable[0], stable[1]])
            {
                *sum += seen;
            }
        }
    }
    sums.map(number)
}

#[test]
fn worlds_fail_as_often_as_they_are_said_to() {
    let bursts = Bursts {
        mean: 5.0,
        spread: 30,
    };
    let scrapes = Scrapes {
        every: 30,
        apart: true,
    };
    let worlds = [
        World::NULL,
        World {
            bursts: Some(bursts),
            ..World::NULL
        },
        World {
            uneven: Uneven::Spread(0.2),
            ..World::NULL
        },
        World {
            scrapes: Some(scrapes),
            ..World::NULL
        },
        World {
            rate: 0.2,
            ..World::NULL
        },
    ];
    for world in worlds {
        // Enough for the share to be within a tenth of itself.
        let paths = if world.rate < 1.0 { 300 } else { 8 };
        let [candidate, _, stable, failed] = sums(&world, paths);
        let share = candidate / (candidate + stable);
        assert!((share - 0.1).abs() < 0.01, "{world:?}: {share}");
        let asked = world.rate * 1800.0 * number(paths);
        let told = (candidate + stable) / asked;
        assert!((0.95..1.01).contains(&told), "{world:?}: {told}");
        let failing = failed / stable;
        assert!((failing - 0.005).abs() < 0.001, "{world:?}: {failing}");
    }
    let mut incident = World::failing(0.02);
    incident.incident = Some(Incident {
        from: (600, 600),
        seconds: 300,
        share: 0.3,
    });
    let [candidate, failed, ..] = sums(&incident, 4);
    let expected = (0.3 * 300.0 + 0.02 * 1500.0) / 1800.0;
    assert!((failed / candidate - expected).abs() < 0.01);
}

#[test]
fn draws_have_their_means() {
    let mut dice = Dice::of_path(1, 0);
    let draws = 20_000;
    let mut mean = |draw: fn(&mut Dice) -> f64| {
        (0..draws).map(|_| draw(&mut dice)).sum::<f64>() / number(draws)
    };
    let geometric = mean(|dice| number(dice.geometric(5.0)));
    assert!((geometric - 5.0).abs() < 0.15, "{geometric}");
    let large = mean(|dice| number(dice.binomial(2000, 0.4)));
    assert!((large - 800.0).abs() < 1.0, "{large}");
    let normal = mean(Dice::normal);
    let square = mean(|dice| dice.normal().powi(2));
    assert!(
        normal.abs() < 0.03 && (square - 1.0).abs() < 0.05,
        "{normal} {square}"
    );
}

#[test]
fn intervals_are_wilsons() {
    // Brown, Cai and DasGupta (2001) have the formula; 10 of 100 is their usual example.
    let (low, high) = interval(10, 100);
    assert!(
        (low - 0.0552).abs() < 1e-3 && (high - 0.1744).abs() < 1e-3,
        "{low} {high}"
    );
    assert!(interval(0, 5000).0.abs() < 1e-12 && interval(0, 5000).1 < 0.001);
}

#[test]
fn the_p_value_is_the_binomial_tail() {
    // 3 of 3 failures at a share of a tenth: 0.1^3.
    let p = run::p_value([100, 3], [900, 0]);
    assert!((p - 0.001).abs() < 1e-9, "{p}");
    // 2 or more of 3: 3 * 0.1^2 * 0.9 + 0.1^3.
    let p = run::p_value([100, 2], [900, 1]);
    assert!((p - 0.028).abs() < 1e-9, "{p}");
}

fn size(count: usize) -> f64 {
    number(u64::try_from(count).unwrap())
}

/// The most that a window can weigh, as a logarithm: how many ways there are to choose the candidate's units.
fn most(candidate: usize, stable: usize) -> f64 {
    (1..=candidate)
        .map(|at| ((size(stable) + size(at)) / size(at)).ln())
        .sum()
}

/// All ways to choose so many of these.
fn choices(all: &[f64], chosen: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
    let sets = 0..1_u32 << all.len();
    let fit = sets.filter(|set| set.count_ones() == u32::try_from(chosen).unwrap());
    fit.map(|set| {
        let mut parts = (Vec::new(), Vec::new());
        for (at, weight) in all.iter().enumerate() {
            if set >> at & 1 == 1 {
                parts.0.push(*weight);
            } else {
                parts.1.push(*weight);
            }
        }
        parts
    })
    .collect()
}

proptest! {
    #[test]
    fn its_mean_over_all_choices_is_one(
        weights in prop::collection::vec(-3.0..3.0_f64, 2..9),
        chosen in 1..8_usize,
    ) {
        prop_assume!(chosen < weights.len());
        let choices = choices(&weights, chosen);
        let most = most(chosen, weights.len() - chosen);
        prop_assert!((most.exp() - size(choices.len())).abs() < 1e-6);
        let weighed: Vec<f64> = choices
            .iter()
            .map(|(candidate, stable)| choice_evidence(candidate, stable))
            .collect();
        let mean = weighed.iter().map(|weighed| weighed.exp()).sum::<f64>() / most.exp();
        prop_assert!((mean - 1.0).abs() < 1e-9, "{mean}");
        prop_assert!(weighed.iter().all(|weighed| *weighed <= most + 1e-9));
    }
}

#[test]
fn large_counts_weigh_as_much_as_there_are_ways_and_no_more() {
    let weighed = choice_evidence(&[1e9; 5], &[0.0; 5]);
    assert!((weighed.exp() - 252.0).abs() < 1e-3, "{weighed}");
    assert!((choice_evidence(&[1e9], &[0.0; 9]).exp() - 10.0).abs() < 1e-3);
    for nothing in [choice_evidence(&[], &[1.0]), choice_evidence(&[1.0], &[])] {
        assert_eq!(nothing.to_bits(), 0.0_f64.to_bits());
    }
}
