//! A release on a track is known as such, whatever became of its tag and of the order of its fields.

use strategy_core::Target;
use strategy_core::target::TargetErrorKind;
use strategy_core::world::block_on;

use crate::foreign::Hand;

fn definition(hand: &Hand) -> String {
    let service = hand.scene.service("web-other");
    service["taskDefinition"].as_str().unwrap().to_owned()
}

/// A process that is started again reads the task definition anew.
#[test]
fn a_release_without_its_tag_is_not_registered_again_under_requests() {
    let mut hand = Hand::new();
    let request = hand.request(25);
    let applied = hand.target.apply(&request);
    let applied = block_on(&hand.scene.clock, applied).unwrap().unwrap();
    hand.found.binding = applied.binding.unwrap();
    hand.scene.wait(60);
    let arn = definition(&hand);
    hand.scene
        .fake
        .somebody_tags(&arn, "rollway.dev/release", None);
    hand.target = hand.scene.target();
    let request = hand.request(50);
    let applied = hand.target.apply(&request);
    block_on(&hand.scene.clock, applied).unwrap().unwrap();
    assert_eq!(definition(&hand), arn);
    assert_eq!(hand.scene.weights(), (500, 500));
}

/// Traffic alone is what such a request is to change.
#[test]
fn another_release_is_not_given_to_a_track_under_requests() {
    let mut hand = Hand::new();
    let request = hand.request(25);
    let applied = hand.target.apply(&request);
    let applied = block_on(&hand.scene.clock, applied).unwrap().unwrap();
    hand.found.binding = applied.binding.unwrap();
    let arn = definition(&hand);
    for percent in [50, 0] {
        let mut request = hand.request(percent);
        let other = strategy_core::Images::parse([("web", "web:3")]).unwrap();
        request.desired.candidate.revision = strategy_core::Revision::Release(other);
        let applied = hand.target.apply(&request);
        let error = block_on(&hand.scene.clock, applied).unwrap().unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    }
    assert_eq!(definition(&hand), arn);
    assert_eq!(hand.scene.weights(), (750, 250));
}
