//! Starts that an autoscaler has a part in are restored as they were.

use strategy_core::rollout::Outcome;
use test_support::ecs::Image;

use crate::scene::{Scene, blue_green};

/// Somebody scaled the idle slot to 0, below the minimum of its autoscaler, which nothing raises.
#[test]
fn an_idle_slot_without_tasks_under_a_minimum_has_none_again() {
    let scene = Scene::pair();
    for name in ["web", "web-other"] {
        scene.autoscaled(name, 2);
    }
    scene.fake.somebody_scales("shop", "web-other", 0).unwrap();
    scene.wait(300);
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    let outcome = scene.roll_out(&blue_green(), "web:bad");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    scene.wait(300);
    assert_eq!(scene.service("web-other")["desiredCount"], 0);
    assert_eq!(scene.scaler("web-other"), scene.scaler("web"), "as it was");
    scene.nobody_was_let_down();
}
