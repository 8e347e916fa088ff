//! Answers that are lost: each hook is answered once, and never the next one in its place.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use test_support::ecs::{Fault, Settings};

use crate::gated_promoted::canary;
use crate::scene::Scene;

/// Each step has a hook of its own, the answer to one is lost, and described weights are old: nothing is let go
/// on that was not judged.
#[test]
fn the_next_hook_is_not_answered_for_one_whose_answer_was_lost() {
    for lost in 1..=4 {
        for fault in [
            Fault::ResetAfter,
            Fault::TimeoutAfter,
            Fault::ResetBefore,
            Fault::ServerError,
        ] {
            let settings = Settings {
                description_lag: Duration::from_secs(600),
                ..Settings::default()
            };
            let scene = Scene::gated_with(settings);
            let watch = async {
                let mut last = scene.clock.now();
                for (number, weight) in (1..).zip([25, 50, 75, 100]) {
                    if number == lost {
                        scene.fake.fault_next("ContinueServiceDeployment", 1, fault);
                    }
                    scene.until_weight(weight).await;
                    let now = scene.clock.now();
                    let least = if number == 1 { 0 } else { 120 };
                    assert!(
                        now.since(last) >= Duration::from_secs(least),
                        "{weight}%: {fault:?}"
                    );
                    last = now;
                }
            };
            let strategy = canary([25, 50, 75, 100]);
            let outcome = scene.roll_out_while(&strategy, "web:2", watch);
            assert_eq!(outcome, Outcome::Promoted, "{lost} {fault:?}");
            let repeated = usize::from(!fault.is_applied());
            assert_eq!(scene.called("ContinueServiceDeployment"), 5 + repeated);
            assert_eq!(scene.image(), "web:2");
            scene.nobody_was_let_down();
            scene.nothing_is_left();
        }
    }
}

#[test]
fn reads_that_lag_behind_change_nothing() {
    for lag in [3, 20] {
        let settings = Settings {
            read_lag: Duration::from_secs(lag),
            ..Settings::default()
        };
        let scene = Scene::gated_with(settings);
        let outcome = scene.roll_out(&canary([25, 50, 75, 100]), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{lag} s");
        assert_eq!(scene.called("ContinueServiceDeployment"), 5, "{lag} s");
        scene.wait(120);
        scene.nothing_is_left();
    }
}

#[test]
fn a_rollout_goes_on_after_a_crash_at_any_moment() {
    for tenths in (0..=60).step_by(6).chain((70..6000).step_by(370)) {
        let settings = Settings {
            latency: Duration::from_millis(200),
            ..Settings::default()
        };
        let scene = Scene::gated_with(settings);
        let before = scene.service();
        let after = Duration::from_millis(tenths * 100);
        let outcome = scene.roll_out_with_a_crash(&canary([10, 100]), "web:2", after);
        assert_eq!(outcome, Outcome::Promoted, "after {after:?}");
        assert_eq!(scene.image(), "web:2");
        assert_eq!(scene.deployments().len(), 2, "after {after:?}");
        assert!(
            scene.called("ContinueServiceDeployment") <= 4,
            "after {after:?}"
        );
        scene.is_configured_as(&before);
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}
