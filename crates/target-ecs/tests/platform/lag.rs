//! What load balancing and autoscaling tell may be behind.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use test_support::ecs::Settings;

use crate::gated_promoted::canary;
use crate::scene::{Scene, breaker, roll};

fn behind() -> Settings {
    let lag = Duration::from_secs(20);
    Settings {
        balancing_read_lag: lag,
        scaling_read_lag: lag,
        ..Settings::default()
    }
}

#[test]
fn targets_that_are_told_late_hold_up_a_rolling_deployment_and_no_more() {
    let scene = Scene::with(behind(), &breaker());
    assert_eq!(scene.roll_out(&roll(), "web:2"), Outcome::Promoted);
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}

#[test]
fn targets_and_rules_that_are_told_late_are_nobodys_while_amazon_ecs_shifts() {
    let scene = Scene::gated_with(behind());
    let outcome = scene.roll_out(&canary([10, 100]), "web:2");
    assert_eq!(outcome, Outcome::Promoted);
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}
