//! Hands on services while a write of several calls is under way.

use std::time::Duration;

use futures::future::join;
use strategy_core::Target;
use strategy_core::target::{Certainty, TargetErrorKind};
use strategy_core::world::block_on;
use test_support::ecs::Fault;

use crate::foreign::Hand;
use crate::scene::Scene;

/// When the calls of a write of the candidate's count arrive.
fn schedule() -> Vec<(String, Duration)> {
    let hand = Hand::new();
    let (request, before) = (hand.request_of(3, 0), hand.scene.fake.next_index());
    let start = hand.scene.clock.now();
    let applied = hand.target.apply(&request);
    block_on(&hand.scene.clock, applied).unwrap().unwrap();
    let calls = hand.scene.calls().into_iter().skip(before);
    calls
        .map(|call| (call.operation, call.at.since(start)))
        .collect()
}

/// ECS has no compare-and-set either: the window is between the look before the write and the write.
#[test]
fn a_count_that_somebody_wrote_before_the_look_is_not_overwritten() {
    let calls = schedule();
    println!("{calls:?}");
    let at = |wanted: &str| {
        let mut calls = calls.iter().rev();
        calls.find(|(name, _)| name == wanted).unwrap().1
    };
    let (look, write) = (at("DescribeServices"), at("UpdateService"));
    let half = Duration::from_millis(50);
    for (when, is_lost) in [(half, false), (look - half, false), (write - half, true)] {
        let hand = Hand::new();
        let request = hand.request_of(3, 0);
        let start = hand.scene.clock.now();
        let somebody = async {
            hand.scene.clock.sleep_until(start + when).await;
            hand.scene
                .fake
                .somebody_scales("shop", "web-other", 0)
                .unwrap();
        };
        let both = join(hand.target.apply(&request), somebody);
        let (answer, ()) = block_on(&hand.scene.clock, both).unwrap();
        let count = hand.scene.service("web-other")["desiredCount"].clone();
        if is_lost {
            answer.unwrap();
            assert_eq!(count, 3, "in the window");
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.kind, TargetErrorKind::Conflict, "{when:?}: {error}");
            assert_eq!(count, 0, "{when:?}: theirs stays");
        }
    }
}

/// What the autoscaler wants more of is not taken away by a minimum that is held.
#[test]
fn a_minimum_is_held_above_what_the_autoscaler_wants_by_then() {
    let hand = {
        let scene = Scene::slow_canary(Duration::from_millis(100));
        scene.autoscaled("web", 2);
        Hand::of(scene)
    };
    let request = hand.request_held(6, 0);
    let start = hand.scene.clock.now();
    let autoscaler = async {
        let at = start + Duration::from_millis(350);
        hand.scene.clock.sleep_until(at).await;
        hand.scene.fake.somebody_scales("shop", "web", 9).unwrap();
    };
    let both = join(hand.target.apply(&request), autoscaler);
    let (answer, ()) = block_on(&hand.scene.clock, both).unwrap();
    answer.unwrap();
    assert_eq!(hand.scene.service("web")["desiredCount"], 9);
}

/// The minimum that somebody gave it since it was looked at is theirs.
#[test]
fn a_minimum_that_somebody_wrote_before_the_look_is_not_overwritten() {
    let hand = {
        let scene = Scene::slow_canary(Duration::from_millis(100));
        scene.autoscaled("web", 2);
        Hand::of(scene)
    };
    let request = hand.request_held(6, 0);
    let start = hand.scene.clock.now();
    let somebody = async {
        let at = start + Duration::from_millis(250);
        hand.scene.clock.sleep_until(at).await;
        hand.scene.autoscaled("web", 3);
    };
    let both = join(hand.target.apply(&request), somebody);
    let (answer, ()) = block_on(&hand.scene.clock, both).unwrap();
    let error = answer.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");

    assert_eq!(hand.scene.scaler("web").0, 3);
}

/// A note alone changes nothing that needs a fence.
#[test]
fn a_write_that_is_refused_after_its_note_was_certainly_not_taken() {
    for fault in [Fault::Throttled, Fault::Denied] {
        let hand = Hand::new();
        let request = hand.request_of(3, 0);
        hand.scene.fake.fault_next("UpdateService", 1, fault);
        let applied = hand.target.apply(&request);
        let error = block_on(&hand.scene.clock, applied).unwrap().unwrap_err();
        assert_eq!(error.certainty, Certainty::NotTaken, "{error}");
    }
}

/// What came before the failure is there.
#[test]
fn a_write_that_is_refused_after_another_may_have_been_taken() {
    let hand = Hand::new();
    let request = hand.request_of(3, 25);
    hand.scene
        .fake
        .fault_next("ModifyRule", 1, Fault::Throttled);
    let applied = hand.target.apply(&request);
    let error = block_on(&hand.scene.clock, applied).unwrap().unwrap_err();
    assert_eq!(error.certainty, Certainty::MayBeTaken, "{error}");
}
