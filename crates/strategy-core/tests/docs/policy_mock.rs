//! The policy test with a mock of the guide, run.

use std::error::Error;
use strategy_core::driver::Driver;
use strategy_core::mock::MockTarget;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::world::{World, discovery_of, observed_track};
use strategy_core::{Images, Release};

#[test]
fn nothing_is_written_before_the_approval() -> Result<(), Box<dyn Error>> {
    let stable = observed_track(&Images::parse([("app", "app:v1")])?, 3);
    let found = discovery_of(stable, Default::default());
    let seen = found.observation.clone();
    let mut target = MockTarget::new();
    target
        .expect_discover()
        .times(1)
        .returning(move || Ok(found.clone()));
    target.expect_observe().returning(move |_| Ok(seen.clone()));
    target.expect_apply().never(); // dropped at the end, it fails the test if it was called

    let policy = Canary::new().stage(CanaryStage::at(100).approval(["operations"], 1));
    let time = World::seeded(0).build()?; // an empty world: a clock, nothing else
    let driver = Driver::on(target).clock(time.clock().clone());
    let outcome = time.block_on(async {
        let (_handle, run) = driver
            .start(&policy, Release::of([("app", "app:v2")])?)
            .await?;
        Ok::<_, Box<dyn Error>>(run.await?)
    })??;
    assert!(matches!(outcome, Outcome::RolledBack { .. })); // a day later: nobody said yes
    Ok(())
}

#[test]
fn the_guide_shows_this_very_test() {
    super::assert_shown(
        include_str!("policy_mock.rs"),
        33,
        &["docs/guides/test-a-policy.md"],
    );
}
