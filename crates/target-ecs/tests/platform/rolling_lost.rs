//! Answers that are lost and processes that die: the deployment is ours all the same, and is begun once.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use test_support::ecs::{Fault, Image};

use crate::scene::{Scene, patient, roll};

#[test]
fn a_deployment_whose_answer_was_lost_is_ours() {
    for fault in [Fault::ResetAfter, Fault::TimeoutAfter] {
        let scene = Scene::rolling();
        scene.fake.fault_next("UpdateService", 1, fault);
        let outcome = scene.roll_out(&roll(), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{fault:?}");
        assert_eq!(scene.called("UpdateService"), 1, "{fault:?}");
        assert_eq!(scene.deployments().len(), 2, "{fault:?}");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

#[test]
fn a_deployment_whose_answer_was_lost_and_that_fails_goes_home() {
    for fault in [Fault::ResetAfter, Fault::TimeoutAfter] {
        let scene = Scene::rolling();
        scene.fake.set_image("web:bad", Image::exits_at_start(3));
        scene.fake.fault_next("UpdateService", 1, fault);
        let outcome = scene.roll_out(&patient(), "web:bad");
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        assert_eq!(scene.called("UpdateService"), 1, "{fault:?}");
        scene.is_home();
    }
}

#[test]
fn a_rollout_goes_on_after_a_crash_at_any_moment() {
    // Half a second after moments at which something was just written, and others.
    for tenths in (0..=60).step_by(3).chain((70..2600).step_by(190)) {
        let scene = Scene::slow(Duration::from_millis(200));
        let after = Duration::from_millis(tenths * 100);
        let outcome = scene.roll_out_with_a_crash(&roll(), "web:2", after);
        assert_eq!(outcome, Outcome::Promoted, "after {after:?}");
        assert_eq!(scene.image(), "web:2");
        assert_eq!(scene.deployments().len(), 2, "after {after:?}");
        assert_eq!(scene.called("RegisterTaskDefinition"), 1, "after {after:?}");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

#[test]
fn a_way_home_goes_on_after_a_crash_at_any_moment() {
    for seconds in (0..400).step_by(23) {
        let scene = Scene::slow(Duration::from_millis(200));
        scene.fake.set_image("web:ill", Image::never_healthy());
        let after = Duration::from_millis(seconds * 1000 + 300);
        let outcome = scene.roll_out_with_a_crash(&patient(), "web:ill", after);
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        scene.is_home();
        scene.nobody_was_let_down();
    }
}
