//! The policy test of the guide with a mock that carries writes out, run.

use std::error::Error;
use std::sync::{Arc, Mutex};
use strategy_core::driver::Driver;
use strategy_core::mock::MockTarget;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use strategy_core::target::Applied;
use strategy_core::world::{World, discovery_of, fulfilled, observed_track};
use strategy_core::{Images, Release};

#[test]
fn a_canary_of_two_stages_takes_these_writes() -> Result<(), Box<dyn Error>> {
    let stable = observed_track(&Images::parse([("app", "app:v1")])?, 4);
    let found = discovery_of(stable, Default::default());
    let is = Arc::new(Mutex::new(found.observation.clone()));
    let weights = Arc::new(Mutex::new(Vec::new()));
    let mut target = MockTarget::new();
    let discovered = found.clone();
    target
        .expect_discover()
        .returning(move || Ok(discovered.clone()));
    let seen = Arc::clone(&is);
    target
        .expect_observe()
        .returning(move |_| Ok(seen.lock().unwrap().clone()));
    let written = Arc::clone(&weights);
    target.expect_apply().returning(move |request| {
        let weight = request.desired.traffic.weight.basis_points();
        written.lock().unwrap().push(weight);
        // What was written is so at once.
        let done = fulfilled(&request.desired, &found);
        *is.lock().unwrap() = done;
        Ok(Applied::default())
    });

    let time = World::seeded(0).build()?;
    let driver = Driver::on(target).clock(time.clock().clone());
    let outcome = time.block_on(async {
        let (_handle, run) = driver
            .start(
                &Canary::new().stages([10, 100]),
                Release::of([("app", "app:v2")])?,
            )
            .await?;
        Ok::<_, Box<dyn Error>>(run.await?)
    })??;
    assert!(matches!(outcome, Outcome::Promoted));
    let mut weights = weights.lock().unwrap().clone();
    weights.dedup();
    assert_eq!(weights, [0, 1_000, 10_000, 0]); // of 10 000; in the end stable runs it
    Ok(())
}

#[test]
fn the_guide_shows_this_very_test() {
    super::assert_shown(
        include_str!("policy_mock_answers.rs"),
        52,
        &["docs/guides/test-a-policy.md"],
    );
}
