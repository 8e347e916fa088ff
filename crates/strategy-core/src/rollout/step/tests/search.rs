//! The stepper in every situation that small worlds can get into.

mod decide;
mod explore;
mod happen;
mod model;
mod promises;
mod world;

use std::collections::BTreeMap;

use self::decide::Bug;
use self::explore::search;
use self::model::Model;
use super::super::{follows_readiness, routed};

#[track_caller]
fn closes(model: &Model) {
    let found = search(model, None);
    println!(
        "{}: {} states, {} edges; in {} a person's hand is not overruled",
        model.name, found.states, found.edges, found.left
    );
    if let Some(broken) = &found.broken {
        panic!("{}: {broken}", model.name);
    }
    if let Some((count, story)) = &found.endless {
        panic!("{}: {count} states without an outcome\n{story}", model.name);
    }
    if let Some(circle) = &found.circle {
        panic!("{}: {circle}", model.name);
    }
    assert!(found.states > 400, "nothing was searched");
}

#[test]
fn short_update_keeps_every_promise() {
    closes(&model::short_update(2));
}

#[test]
fn a_start_that_exposes_the_candidate_keeps_every_promise() {
    closes(&model::exposed());
}

#[test]
fn swap_into_an_empty_slot_keeps_every_promise() {
    closes(&model::swap(0));
}

#[test]
fn swap_into_a_used_slot_keeps_every_promise() {
    closes(&model::swap(2));
}

#[test]
fn switch_and_retire_in_one_stage_keep_every_promise() {
    closes(&model::merged());
}

#[test]
fn an_owned_stable_keeps_every_promise() {
    closes(&model::owned());
}

#[test]
fn replica_share_keeps_every_promise() {
    closes(&model::follows_readiness(2));
    closes(&model::follows_readiness(4));
}

#[test]
fn a_canary_with_update_keeps_every_promise() {
    closes(&model::update(2));
}

#[test]
fn an_owned_stable_that_is_updated_keeps_every_promise() {
    closes(&model::short_owned_update());
}

#[test]
fn a_stable_that_makes_room_keeps_every_promise() {
    closes(&model::lean(2));
    closes(&model::lean(4));
}

#[test]
fn a_start_with_one_unready_keeps_every_promise() {
    closes(&model::one_unready(2));
    closes(&model::one_unready(3));
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_canary_of_four_with_update_keeps_every_promise() {
    closes(&model::update(4));
    closes(&Model {
        granularity: 25,
        ..model::update(4)
    });
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn an_owned_stable_with_half_steps_and_a_person_keeps_every_promise() {
    closes(&model::owned_update());
}

/// What a model finds of a bug.
fn found_by(model: &Model, bug: Bug) -> Option<String> {
    let found = search(model, Some(bug));
    let what = match (&found.broken, &found.endless, &found.circle) {
        (Some(broken), _, _) => broken.lines().last().unwrap_or_default().to_owned(),
        (None, Some((count, _)), _) => format!("{count} states without an outcome"),
        (None, None, Some(_)) => "a circle".to_owned(),
        (None, None, None) => return None,
    };
    Some(what.split(": State").next().unwrap_or_default().to_owned())
}

fn routed_models() -> Vec<Model> {
    vec![
        model::short_update(2),
        model::swap(0),
        model::swap(2),
        model::merged(),
        model::owned(),
    ]
}

#[test]
fn planted_bugs_are_found() {
    let models = routed_models();
    for bug in [
        Bug::NoCover,
        Bug::NoDrain,
        Bug::WrittenIsEffective,
        Bug::AnyRevision,
        Bug::Without("1"),
        Bug::Without("2a"),
        Bug::Without("2b"),
        Bug::Without("2e"),
    ] {
        let finders = models
            .iter()
            .filter_map(|model| found_by(model, bug).map(|what| (model.name, what)));
        let finders: BTreeMap<_, _> = finders.collect();
        for (model, what) in &finders {
            println!("{bug:?} is found by {model}: {what}");
        }
        assert!(!finders.is_empty(), "no model finds {bug:?}");
    }
}

/// Rows without which no promise breaks: they say what is waited for, or why there is no way.
const TELLING_ROWS: [&str; 3] = ["2d", "4", "6c"];

fn first_finder(row: &'static str, models: &[Model]) -> Option<(&'static str, String)> {
    models
        .iter()
        .find_map(|model| found_by(model, Bug::Without(row)).map(|what| (model.name, what)))
}

#[test]
fn a_missing_row_is_found() {
    let models = routed_models();
    let mut telling = Vec::new();
    for row in routed::ROWS {
        match first_finder(row.number, &models) {
            Some((model, what)) => println!("without {}: {model}: {what}", row.number),
            None => telling.push(row.number),
        }
    }
    assert_eq!(telling, TELLING_ROWS);
}

#[test]
fn a_missing_row_of_replica_share_is_found() {
    let models = [model::follows_readiness(2), model::follows_readiness(4)];
    for row in follows_readiness::ROWS {
        let (model, what) = first_finder(row.number, &models).expect(row.number);
        println!("without {}: {model}: {what}", row.number);
    }
}
