//! What load balancing and autoscaling tell may be behind what we wrote, which is nobody's hand; a hand is seen all
//! the same.

use std::time::Duration;

use strategy_core::Target;
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::target::ForeignField;
use strategy_core::world::block_on;
use test_support::ecs::Settings;

use crate::foreign::Hand;
use crate::previews::header_first;
use crate::scene::{Scene, blue_green, five_steps};

const LAGS: [u64; 3] = [3, 10, 25];

pub(crate) fn behind(seconds: u64) -> Settings {
    let lag = Duration::from_secs(seconds);
    Settings {
        balancing_read_lag: lag,
        scaling_read_lag: lag,
        ..Settings::default()
    }
}

#[test]
fn weights_that_are_told_late_are_nobodys() {
    for seconds in LAGS {
        let scene = Scene::canary_with(behind(seconds));
        let before = scene.rule();
        let outcome = scene.roll_out(&five_steps(), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{seconds} s");
        scene.wait(60);
        assert_eq!(scene.rule(), before, "{seconds} s");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

#[test]
fn minimums_that_are_told_late_are_nobodys() {
    for seconds in LAGS {
        let scene = Scene::pair_with(behind(seconds));
        scene.autoscaled("web", 4);
        scene.autoscaled("web-other", 2);
        scene.wait(60);
        let outcome = scene.roll_out(&blue_green(), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{seconds} s");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

#[test]
fn preview_rules_that_are_told_late_are_nobodys() {
    for seconds in LAGS {
        let scene = Scene::canary_with(behind(seconds));
        let outcome = scene.roll_out(&header_first(), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{seconds} s");
        scene.wait(60);
        assert_eq!(scene.previews().len(), 0, "{seconds} s");
        scene.nothing_is_left();
    }
}

/// Also one that puts it back to exactly what was before our step.
#[test]
fn weights_that_somebody_set_are_seen_though_reads_are_behind() {
    for (stable, candidate) in [(1, 1), (1, 0)] {
        let scene = Scene::canary_with(behind(10));
        let groups = [&scene.shop.stable_group, &scene.shop.canary_group];
        let person = async {
            scene.until_weight(50).await;
            scene.after(5).await;
            let weights = [
                (groups[0].as_str(), stable),
                (groups[1].as_str(), candidate),
            ];
            scene.fake.somebody_sets_weights(&scene.shop.rule, &weights);
        };
        let outcome = scene.roll_out_while(&five_steps(), "web:2", person);
        let Outcome::RolledBack { reason } = outcome else {
            panic!("{outcome}");
        };
        println!("{reason:?}");
        assert!(matches!(reason, Reason::Foreign { .. }), "{reason:?}");
        scene.nothing_is_left();
    }
}

#[test]
fn a_minimum_that_somebody_set_is_seen_though_reads_are_behind() {
    let scene = Scene::canary_with(behind(10));
    scene.autoscaled("web", 2);
    let mut hand = Hand::of(scene);
    let mut request = hand.request_held(6, 0);
    request.id = strategy_core::target::EffectId(7);
    let applied = block_on(&hand.scene.clock, hand.target.apply(&request));
    hand.found.binding = applied.unwrap().unwrap().binding.unwrap();
    let foreign = || {
        let seen = hand.target.observe(&hand.found.binding);
        let seen = block_on(&hand.scene.clock, seen).unwrap().unwrap();
        let fields = seen.foreign.into_iter().map(|change| change.field);
        fields.collect::<Vec<_>>()
    };
    assert_eq!(foreign(), [], "it is ours, though it is told late");
    hand.scene.autoscaled("web", 3);
    hand.scene.wait(11);
    assert_eq!(foreign(), [ForeignField::Capacity]);
}
