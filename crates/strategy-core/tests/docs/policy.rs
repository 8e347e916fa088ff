//! The policy test of the README and the guide, run.

use std::error::Error;
use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::Outcome;
use strategy_core::{Release, strategy::Canary, world::World};

#[test]
fn one_failure_in_twenty_takes_it_back() -> Result<(), Box<dyn Error>> {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    let policy = Canary::new().stages([5, 25, 100]).check("errors", errors);
    let world = World::seeded(7)
        .stable("app:v1", 4)
        .requests_per_second(100)
        .fails("app:v2", 0.05)
        .build()?;
    let finished = world.run(&policy, Release::of([("app", "app:v2")])?)?;
    assert!(matches!(finished.outcome, Outcome::RolledBack { .. }));
    assert!(finished.report.failed() < 100); // of 100 requests a second
    Ok(())
}

#[test]
fn readme_and_guide_show_this_very_test() {
    let pages = ["README.md", "docs/guides/test-a-policy.md"];
    super::assert_shown(include_str!("policy.rs"), 22, &pages);
}
