//! The policy test in random worlds of the guide, run.

use std::time::Duration;
use strategy_core::simulation::{Simulation, random};
use strategy_core::strategy::Canary;

#[test]
fn whatever_goes_wrong_every_promise_is_kept() {
    let policy = Canary::new().stages([5, 100]).bake(Duration::from_secs(60));
    let mine = Simulation::seed(0)
        .stable("v1", 10)
        .requests_per_second(100);
    let takes = Duration::from_secs(240);
    let mut promoted = 0;
    for world in random::worlds(&mine, takes, 7).take(50) {
        let report = world.run(&policy);
        let data = serde_json::to_string(&world).unwrap();
        assert!(report.broken_promises().is_empty(), "{data}\n{report}");
        promoted += u32::from(report.is_promoted());
    }
    assert!(
        promoted > 20,
        "a good release comes through in {promoted} of 50"
    );
}

#[test]
fn the_guide_shows_this_very_test() {
    super::assert_shown(
        include_str!("policy_random.rs"),
        23,
        &["docs/guides/test-a-policy.md"],
    );
}
