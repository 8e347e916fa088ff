//! Whole rollouts in the world in memory, judged by metrics: what is promoted, what goes back, and what users felt.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "test"
)]

mod world_source;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Release;
use strategy_core::plan::{Bake, Check, Extension};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::Canary;
use strategy_core::world::{Finished, Scenario, World};
use strategy_metrics::judge::Kinds;
use strategy_metrics::{MetricAnalysis, MetricCheck};

use self::world_source::WorldSource;

/// A canary of 10 % that bakes for ten minutes and looks each five seconds.
fn canary(judge: Value) -> Canary {
    let check = MetricCheck::new("world", json!({}))
        .judge(judge)
        .check()
        .unwrap();
    Canary::new()
        .stages([10, 100])
        .bake(Bake::of(Duration::from_secs(600)))
        .check("errors", check.every(Duration::from_secs(5)))
}

/// Fifty requests a second on ten pods of `app:v1`, of which one in two hundred fails.
fn shop(seed: u64) -> Scenario {
    World::seeded(seed)
        .stable("app:v1", 10)
        .requests_per_second(50)
        .fails("app:v1", 0.005)
}

fn roll_out(world: Scenario, judge: Value) -> Finished {
    let world = world.build().unwrap();
    let analysis = MetricAnalysis::new("world", WorldSource::of(&world));
    let driver = world.driver().analysis("world", analysis);
    let release = Release::of([("app", "app:v2")]).unwrap();
    world.run_with(driver, &canary(judge), release).unwrap()
}

fn sequential() -> Value {
    json!({ "kind": "sequential-ratio" })
}

#[test]
fn a_release_as_good_as_stable_is_promoted() {
    for seed in 1..=20 {
        let finished = roll_out(shop(seed).fails("app:v2", 0.005), sequential());
        assert_eq!(finished.outcome, Outcome::Promoted, "seed {seed}");
    }
}

#[test]
fn a_release_that_fails_ten_times_as_often_goes_back_within_a_minute_or_two() {
    for seed in 1..=20 {
        let finished = roll_out(shop(seed).fails("app:v2", 0.05), sequential());
        let Outcome::RolledBack {
            reason: Reason::Check { evidence, .. },
            ..
        } = &finished.outcome
        else {
            panic!("seed {seed}: {}", finished.outcome);
        };
        assert!(
            evidence.contains("the candidate's errors exceed stable's"),
            "{evidence}"
        );
    }
}

#[test]
fn what_fails_on_both_tracks_alike_goes_through() {
    for seed in 1..=10 {
        let world = shop(seed).fails("app:v1", 0.03).fails("app:v2", 0.03);
        let finished = roll_out(world, sequential());
        assert_eq!(finished.outcome, Outcome::Promoted, "seed {seed}");
    }
}

#[test]
fn without_requests_nothing_is_promoted() {
    let world = World::seeded(7).stable("app:v1", 10).requests_per_second(0);
    let finished = roll_out(world, sequential());
    assert!(
        matches!(finished.outcome, Outcome::RolledBack { .. }),
        "{}",
        finished.outcome
    );
}

/// A state that is not the judge's is neither taken nor forgotten: no look says anything, and the release goes back.
#[test]
fn a_state_of_other_parameters_takes_the_release_back() {
    let made = AtomicU64::new(1);
    let kinds = Kinds::built_in().made("changing", move |_| {
        let minimum = made.fetch_add(1, Ordering::Relaxed);
        Kinds::built_in().make(&json!({
            "kind": "slo", "tolerated": 0.5, "minimum-events": minimum,
        }))
    });
    let world = shop(1).fails("app:v2", 0.005).build().unwrap();
    let analysis = MetricAnalysis::new("world", WorldSource::of(&world)).judges(kinds);
    let driver = world.driver().analysis("world", analysis);
    let check = Extension::new("world")
        .with("metric", json!({}))
        .with("judge", json!({ "kind": "changing" }));
    let canary = Canary::new()
        .stages([10, 100])
        .bake(Bake::of(Duration::from_secs(600)))
        .check("errors", Check::new(check).every(Duration::from_secs(5)));
    let release = Release::of([("app", "app:v2")]).unwrap();
    let finished = world.run_with(driver, &canary, release).unwrap();
    let Outcome::RolledBack { reason, .. } = finished.outcome else {
        panic!("{:?}", finished.outcome);
    };
    let Reason::Check { evidence, .. } = reason else {
        panic!("{reason:?}");
    };
    for says in [
        "5 errors one after the other, 4 tolerated",
        "the state of a judge is of other parameters than it has now",
        "resume with the version and the plan that it began with",
    ] {
        assert!(evidence.contains(says), "{evidence}");
    }
}
