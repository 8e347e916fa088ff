//! How often the judge of failures is wrong, and how soon it is right.

use std::time::Duration;

use strategy_core::analysis::Verdict;

use super::super::{Gate, SequentialRatio};
use crate::judge::Judgement;
use crate::judge::simulated::World;
use crate::judge::simulated::controller::assert_no_controller_breaks;
use crate::judge::weighing::number;

/// The bound of 1 %, widened to what 2 000 paths can tell: where the chance is 1 %, 39 alarms or more come in one
/// run of 10 000.
const WIDENED: usize = 38;
const PATHS: u64 = 2_000;
const SEED: u64 = 20_250_117;

fn fails(judgement: &Judgement) -> bool {
    judgement.verdict == Verdict::Fail
}

fn false_alarms(name: &str, world: World, judge: &SequentialRatio) -> usize {
    let alarms = world.ended(judge, PATHS, SEED, fails).len();
    println!("{name}: {alarms} of {PATHS} false alarms, seed {SEED}");
    alarms
}

#[test]
fn false_alarms_are_few_where_nothing_is_wrong() {
    let alarms = false_alarms("null", World::NULL, &SequentialRatio::default());
    assert!(alarms <= WIDENED);
}

#[test]
fn false_alarms_are_few_while_weights_change() {
    let mut world = World::NULL;
    world.share = |second| [0.05, 0.1, 0.25, 0.5][usize::try_from(second / 450).unwrap().min(3)];
    let alarms = false_alarms("changing weights", world, &SequentialRatio::default());
    assert!(alarms <= WIDENED);
}

#[test]
fn false_alarms_are_few_in_an_incident_of_both() {
    let mut world = World::NULL;
    world.stable = |second| {
        if (600..900).contains(&second) {
            0.03
        } else {
            0.005
        }
    };
    world.candidate = world.stable;
    let alarms = false_alarms("shared incident", world, &SequentialRatio::default());
    assert!(alarms <= WIDENED);
}

#[test]
fn clustered_errors_need_the_gate() {
    let judge = SequentialRatio::default();
    let mut world = World::NULL;
    world.burst = 5;
    world.units = Some((1, 9));
    let alarms = false_alarms("bursts of 5, gated by units", world, &judge);
    assert!(alarms <= WIDENED);
    // The world is one that breaks what is assumed, else the gate shows nothing.
    world.units = None;
    let alarms = world.ended(&judge, 200, SEED, fails).len();
    println!("bursts of 5, not gated: {alarms} of 200 false alarms, seed {SEED}");
    assert!(alarms > 20, "{alarms}");
}

#[test]
fn clustered_errors_are_gated_without_units_too() {
    let judge = SequentialRatio {
        gate: Gate::Always,
        ..SequentialRatio::default()
    };
    let mut world = World::NULL;
    world.burst = 5;
    let alarms = false_alarms("bursts of 5, gated without units", world, &judge);
    assert!(alarms <= WIDENED);
}

/// How soon failures of 2 % in place of 0.5 % are found on 10 % of 50 requests a second.
fn found(name: &str, judge: &SequentialRatio, units: Option<(u64, u64)>) -> u64 {
    let mut world = World::NULL;
    (world.every, world.looks, world.candidate, world.units) = (5, 360, |_| 0.02, units);
    let mut found = world.ended(judge, PATHS, SEED, fails);
    let share = number(u64::try_from(found.len()).unwrap()) / number(PATHS);
    found.sort_unstable();
    let (looks, _) = found[found.len() / 2];
    let mut failed: Vec<_> = found.iter().map(|(_, failed)| *failed).collect();
    failed.sort_unstable();
    let (seconds, failed) = (looks * world.every, failed[failed.len() / 2]);
    println!("{name}: found {share:.3}, median {seconds} s, {failed} failed requests, seed {SEED}");
    assert!(share > 0.99, "{share}");
    seconds
}

#[test]
fn two_percent_on_a_tenth_is_found_in_two_minutes() {
    let mut judge = SequentialRatio::default();
    assert!(found("not gated", &judge, None) <= 150);
    assert!(found("gated by 30 seconds", &judge, Some((1, 9))) <= 270);
    judge.unit_window = Duration::from_secs(10);
    assert!(found("gated by 10 seconds", &judge, Some((1, 9))) <= 200);
}

#[test]
fn bursts_over_half_a_window_break_little() {
    // A burst that reaches into the next window is more than is assumed, so no bound holds exactly.
    let world = World {
        every: 15,
        looks: 120,
        burst: 6,
        spread: 2,
        units: Some((1, 9)),
        ..World::NULL
    };
    let long = SequentialRatio {
        unit_window: Duration::from_secs(60),
        ..SequentialRatio::default()
    };
    let alarms = false_alarms("bursts over 30 s, windows of 60 s", world, &long);
    assert!(alarms <= 2 * WIDENED);
    let short = SequentialRatio {
        unit_window: Duration::from_secs(15),
        ..SequentialRatio::default()
    };
    let alarms = world.ended(&short, 200, SEED, fails).len();
    println!("bursts over 30 s, windows of 15 s: {alarms} of 200 false alarms, seed {SEED}");
    assert!(alarms > 8, "{alarms}");
}

#[test]
fn what_goes_wrong_late_is_found_sooner_with_late_starts() {
    let after = |judge: &SequentialRatio| {
        let mut world = World::NULL;
        world.candidate = |second| if second < 900 { 0.005 } else { 0.02 };
        let mut found = world.ended(judge, 200, SEED, fails);
        found.sort_unstable();
        found[found.len() / 2].0 * world.every - 900
    };
    let with = after(&SequentialRatio::default());
    let without = after(&SequentialRatio {
        restart: Duration::ZERO,
        ..SequentialRatio::default()
    });
    println!("late onset: median {with} s after it, {without} s without late starts, seed {SEED}");
    assert!(with < without && with <= 240, "{with} {without}");
}

#[test]
fn weights_that_follow_what_was_seen_keep_the_bound_of_the_gate() {
    assert_no_controller_breaks(&SequentialRatio {
        unit_window: Duration::from_secs(60),
        ..SequentialRatio::default()
    });
}

#[test]
fn a_bad_candidate_is_found_by_units_while_weights_change_within_each_window() {
    let world = World {
        looks: 80,
        share: |second| [0.1, 0.15, 0.2, 0.25][usize::try_from(second / 30 % 4).unwrap()],
        candidate: |_| 0.02,
        units: Some((1, 9)),
        ..World::NULL
    };
    let found = world.ended(&SequentialRatio::default(), 40, SEED, fails);
    println!(
        "weights that change each 30 s: {} of 40 found, seed {SEED}",
        found.len()
    );
    assert!(found.len() >= 36, "{} of 40", found.len());
}
