//! The stepper in every situation that small worlds can get into.

mod decide;
mod explore;
mod model;
mod promises;
mod world;

use self::explore::search;
use self::model::Model;

#[track_caller]
fn closes(model: &Model) {
    let found = search(model, None);
    println!(
        "{}: {} states, {} edges",
        model.name, found.states, found.edges
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
    closes(&model::short_update());
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
    closes(&model::owned_update());
}
