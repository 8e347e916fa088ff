//! The simulation of the guide that is made small, run.

use std::time::Duration;
use strategy_core::Track;
use strategy_core::simulation::{Simulation, random};
use strategy_core::strategy::Canary;
use strategy_core::world::Happening;

#[test]
fn what_was_found_is_made_small() {
    let policy = Canary::new().stages([5, 100]).bake(Duration::from_secs(60));
    let seconds = Duration::from_secs;
    let found = Simulation::seed(7)
        .stable("v1", 10)
        .requests_per_second(100)
        .at(seconds(50), Happening::pods_evicted(Track::Stable, 10))
        .crash(seconds(90), seconds(20))
        .clock_offsets([0, -1_500]);
    let fails = |world: &Simulation| world.run(&policy).failed() > 0;
    let smallest = random::shrink(&found, fails);
    assert!(fails(&smallest));
    assert!(smallest.mishaps.is_empty() && smallest.clock_offsets.is_empty());
    assert_eq!(smallest.world.happenings.len(), 1);
}

#[test]
fn the_guide_shows_this_very_test() {
    super::assert_shown(
        include_str!("policy_shrunk.rs"),
        22,
        &["docs/guides/test-a-policy.md"],
    );
}
