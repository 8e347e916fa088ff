//! A rollout ends as if nothing had been, whichever call fails and however.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use test_support::ecs::Fault;

use crate::scene::Scene;

/// As short as a canary can be, so that many can be run.
fn short() -> Canary {
    Canary::new()
        .stages([100])
        .bake(Duration::from_secs(5))
        .bake_after_return(Duration::from_secs(5))
}

fn survives(index: usize, fault: Fault) {
    let scene = Scene::canary();
    let before = scene.rule();
    scene.fake.fault_at(index, fault);
    let outcome = scene.roll_out(&short(), "web:2");
    let hit = &scene.calls()[index];
    let what = format!("{fault:?} of call {index}, {}", hit.operation);
    assert_eq!(outcome, Outcome::Promoted, "{what}");
    assert_eq!(scene.rule(), before, "{what}");
    assert_eq!(scene.image("web"), "web:2", "{what}");
    assert!(scene.service("web-other").is_null(), "{what}");
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}

/// Calls after discovery, whose failure is the caller's, and those of them that write.
fn indices(only_writes: bool) -> Vec<usize> {
    let scene = Scene::canary();
    assert_eq!(scene.roll_out(&short(), "web:2"), Outcome::Promoted);
    let calls = scene.calls();
    let first = calls.iter().position(|call| call.is_write()).unwrap();
    let calls = calls.iter().skip(first);
    calls
        .filter(|call| call.is_write() || !only_writes)
        .map(|call| call.index)
        .collect()
}

#[test]
fn every_write_may_lose_its_answer() {
    let writes = indices(true);
    println!("{} writes", writes.len());
    for index in writes {
        survives(index, Fault::ResetAfter);
    }
}

#[test]
fn every_write_may_be_refused_for_a_while() {
    for index in indices(true) {
        survives(index, Fault::Throttled);
    }
}

#[test]
fn any_call_may_fail_on_its_way() {
    let all = indices(false);
    println!("{} calls", all.len());
    for index in all.into_iter().step_by(9) {
        survives(index, Fault::ServerError);
    }
}

/// The descriptions of ECS may lag behind its writes.
#[test]
fn reads_may_be_old() {
    for seconds in [1, 3, 8] {
        let scene = Scene::lagging_canary(Duration::from_secs(seconds));
        let before = scene.rule();
        assert_eq!(scene.roll_out(&short(), "web:2"), Outcome::Promoted);
        scene.wait(60);
        assert_eq!(scene.rule(), before);
        assert_eq!(scene.image("web"), "web:2");
        assert!(scene.service("web-other").is_null());
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

/// What an earlier call told a service is not forgotten where a later one is refused, or its answer lost.
#[test]
fn reads_may_be_old_where_calls_fail_too() {
    let lag = Duration::from_secs(8);
    let scene = Scene::lagging_canary(lag);
    assert_eq!(scene.roll_out(&short(), "web:2"), Outcome::Promoted);
    let calls = scene.calls();
    let of_ecs = [
        "UpdateService",
        "TagResource",
        "DeleteService",
        "CreateService",
    ];
    let writes = calls
        .iter()
        .filter(|call| of_ecs.contains(&call.operation.as_str()));
    let writes: Vec<usize> = writes.map(|call| call.index).collect();
    println!("{} writes to services", writes.len());
    for fault in [Fault::Throttled, Fault::ResetAfter] {
        for index in &writes {
            // A claim or a service whose making had no answer is not there until it shows.
            let makes = ["TagResource", "CreateService"];
            if fault == Fault::ResetAfter && makes.contains(&calls[*index].operation.as_str()) {
                continue;
            }
            let scene = Scene::lagging_canary(lag);
            let before = scene.rule();
            scene.fake.fault_at(*index, fault);
            let outcome = scene.roll_out(&short(), "web:2");
            let what = format!("{fault:?} of {}", scene.calls()[*index].operation);
            assert_eq!(outcome, Outcome::Promoted, "{what}");
            scene.wait(60);
            assert_eq!(scene.rule(), before, "{what}");
            scene.nothing_is_left();
            scene.nobody_was_let_down();
        }
    }
}
