//! A note that arrives when nobody waits for it any more, over newer ones.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use test_support::ecs::{Fault, Settings};

use crate::gated_promoted::canary;
use crate::scene::{Scene, breaker, roll};

fn late(seconds: u64) -> Settings {
    Settings {
        late: Duration::from_secs(seconds),
        ..Settings::default()
    }
}

#[test]
fn a_note_that_lands_late_lets_no_step_be_answered_twice_and_none_be_a_hand() {
    for seconds in [20, 70, 200] {
        for nth in 1..7 {
            let scene = Scene::gated_with(late(seconds));
            scene
                .fake
                .fault_nth("TagResource", nth, Fault::TimeoutThenDone);
            let outcome = scene.roll_out(&canary([25, 50, 75, 100]), "web:2");
            assert_eq!(outcome, Outcome::Promoted, "{nth}, {seconds} s");
            assert_eq!(scene.called("ContinueServiceDeployment"), 5);
            scene.nobody_was_let_down();
        }
    }
}

#[test]
fn a_note_that_lands_late_is_no_hand_while_it_rolls() {
    for nth in 1..3 {
        let scene = Scene::with(late(20), &breaker());
        scene
            .fake
            .fault_nth("TagResource", nth, Fault::TimeoutThenDone);
        assert_eq!(scene.roll_out(&roll(), "web:2"), Outcome::Promoted, "{nth}");
    }
}
