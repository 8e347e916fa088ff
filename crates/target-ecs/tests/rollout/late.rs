//! A note that arrives when nobody waits for it any more, over newer ones.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use test_support::ecs::{Fault, Settings};

use crate::previews::header_first;
use crate::scene::{Scene, five_steps};

/// Long enough that other steps have been written by then, and short enough that the rollout is not over.
const LATE: [u64; 3] = [10, 70, 200];

fn late(seconds: u64) -> Settings {
    Settings {
        late: Duration::from_secs(seconds),
        ..Settings::default()
    }
}

/// Any of them: the claim itself, and the notes.
#[test]
fn a_note_that_lands_late_makes_no_step_of_ours_a_hand() {
    for seconds in LATE {
        for nth in 1..9 {
            let scene = Scene::canary_with(late(seconds));
            scene
                .fake
                .fault_nth("TagResource", nth, Fault::TimeoutThenDone);
            let outcome = scene.roll_out(&five_steps(), "web:2");
            assert_eq!(outcome, Outcome::Promoted, "{nth}, {seconds} s");
            scene.nobody_was_let_down();
        }
    }
}

#[test]
fn a_note_of_preview_rules_that_lands_late_makes_none_of_them_a_hand() {
    for nth in 2..7 {
        let scene = Scene::canary_with(late(100));
        scene
            .fake
            .fault_nth("TagResource", nth, Fault::TimeoutThenDone);
        let outcome = scene.roll_out(&header_first(), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{nth}");
        assert_eq!(scene.previews().len(), 0);
    }
}

/// What is judged by the copy of the note is judged as strictly.
#[test]
fn a_hand_is_seen_behind_a_note_that_landed_late() {
    let scene = Scene::canary_with(late(70));
    scene
        .fake
        .fault_nth("TagResource", 4, Fault::TimeoutThenDone);
    let groups = [&scene.shop.stable_group, &scene.shop.canary_group];
    let person = async {
        scene.until_weight(100).await;
        scene.after(80).await;
        let weights = [(groups[0].as_str(), 950), (groups[1].as_str(), 50)];
        scene.fake.somebody_sets_weights(&scene.shop.rule, &weights);
    };
    let outcome = scene.roll_out_while(&five_steps(), "web:2", person);
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
}
