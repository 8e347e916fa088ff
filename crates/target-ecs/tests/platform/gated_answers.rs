//! Which hook is answered, told by hand: the one that was seen, in its turn, and no other.

use strategy_core::target::{Desired, Found, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Part, Release, Strategy, Target, Traffic, Weight};

use crate::gated_hands::somebody_answers;
use crate::gated_promoted::canary;
use crate::hand::Hand;
use crate::scene::Scene;

/// A plan of four steps, admitted. `begun`: the release is up, and its first hook waits.
pub(crate) fn waiting(begun: bool) -> Hand {
    waiting_in(Scene::gated(), begun)
}

pub(crate) fn waiting_in(scene: Scene, begun: bool) -> Hand {
    let mut hand = Hand::new(scene);
    let release = Release::of([("web", "web:2")]).unwrap();
    let found = Found::main(hand.found.clone());
    let plan = canary([25, 50, 75, 100]).plan(&release, &found).unwrap();
    let part = Part::main();
    let admitted = hand.target.admit(&part, &hand.found, &plan);
    let admitted = block_on(&hand.scene.clock, admitted).unwrap().unwrap();
    hand.found.binding = admitted.binding;
    if begun {
        let desired = at(&hand, 0);
        hand.apply(desired, 1).unwrap();
        hand.scene.wait(180);
    }
    hand
}

/// The release, so far shifted.
pub(crate) fn at(hand: &Hand, percent: u16) -> Desired {
    let mut desired = hand.release(4);
    desired.stable = hand.home(4).stable;
    desired.traffic = Traffic::weight(Weight::from_basis_points(percent * 100).unwrap());
    desired
}

fn answered(hand: &Hand) -> usize {
    hand.scene.called("ContinueServiceDeployment")
}

#[test]
fn a_hook_is_answered_that_was_seen() {
    let mut hand = waiting(true);
    let step = at(&hand, 25);
    hand.apply(step, 2).unwrap();
    assert_eq!(answered(&hand), 1);
}

#[test]
fn the_hook_after_the_one_that_was_seen_is_not_answered_in_its_place() {
    let mut hand = waiting(true);
    let request = hand.request(at(&hand, 25), 2);
    somebody_answers(&hand.scene);
    hand.scene.wait(60);
    let error = hand.write(&request).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(answered(&hand), 0, "the hand alone");
}

#[test]
fn no_step_is_left_out() {
    let mut hand = waiting(true);
    let request = hand.request(at(&hand, 50), 2);
    let error = hand.write(&request).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(answered(&hand), 0);
}

/// It was to begin the deployment, and no hook was seen.
#[test]
fn a_write_that_comes_again_after_it_began_the_deployment_answers_nothing() {
    let mut hand = waiting(false);
    let request = hand.request(at(&hand, 25), 1);
    hand.write(&request).unwrap();
    hand.scene.wait(180);
    hand.write(&request).unwrap();
    assert_eq!(answered(&hand), 0);
    assert_eq!(hand.scene.called("UpdateService"), 1);
}

/// What is noted of a hook stays in every later note, for as long as the release is there.
#[test]
fn a_count_that_is_put_back_does_not_hide_how_far_it_was_let_go() {
    let mut hand = waiting(true);
    let quarter = at(&hand, 25);
    hand.apply(quarter.clone(), 2).unwrap();
    hand.scene.wait(180);
    hand.scene.fake.somebody_scales("shop", "web", 6).unwrap();
    hand.apply(quarter.clone(), 3).unwrap();
    assert_eq!(hand.scene.service()["desiredCount"], 4);
    let written = hand.observed().traffic.written;
    assert_eq!(written, quarter.traffic);
    assert_eq!(answered(&hand), 1);
}

/// What was is gone by then: nothing is asked for any more, whatever somebody's grace period is.
#[test]
fn what_was_is_given_up_though_somebody_changed_what_is_put_back_on_the_way_home_alone() {
    let mut hand = waiting(true);
    for (id, percent) in (2..).zip([25, 50, 75, 100]) {
        let step = at(&hand, percent);
        hand.apply(step, id).unwrap();
        hand.scene.wait(180);
    }
    hand.apply(hand.release(4), 6).unwrap();
    hand.scene.wait(600);
    hand.scene
        .update(serde_json::json!({"healthCheckGracePeriodSeconds": 5}));
    let seen = hand.observed();
    let stable = seen.stable.written.unwrap();
    assert_eq!(stable.replicas, strategy_core::Replicas::Count(0));
    assert_eq!(seen.foreign.len(), 1);
}
