//! What somebody does between the look that a write was decided on and its calls: each call that writes is looked
//! at once more, unless the look was just before it.

use std::time::Duration;

use futures::future::join;
use serde_json::json;
use strategy_core::Target;
use strategy_core::target::{Certainty, TargetErrorKind};
use strategy_core::world::block_on;
use test_support::ecs::{Fault, Settings};

use crate::gated_answers::{at, waiting_in};
use crate::hand::Hand;
use crate::scene::Scene;

fn somebody_tags(scene: &Scene, tags: &[(&str, &str)]) {
    let service = scene.service()["serviceArn"].clone();
    for (key, value) in tags {
        scene
            .fake
            .somebody_tags(service.as_str().unwrap(), key, Some(value));
    }
}

fn slow() -> Scene {
    Scene::slow(Duration::from_millis(100))
}

/// A write whose note is there already begins with the call itself.
#[test]
fn a_write_that_is_made_again_looks_once_more_after_task_definitions_were_looked_up() {
    for takes_over in [false, true] {
        let mut hand = Hand::new(slow());
        let request = hand.request(hand.release(4), 1);
        hand.scene
            .fake
            .fault_next("UpdateService", 1, Fault::Throttled);
        hand.write(&request).unwrap_err();
        let fresh = hand.scene.target();
        let listed = hand.scene.called("ListTaskDefinitions");
        let called = hand.scene.called("UpdateService");
        let arn = hand.scene.shop.register("web:theirs");
        let person = async {
            hand.scene.until_more("ListTaskDefinitions", listed).await;
            if takes_over {
                somebody_tags(&hand.scene, &[("rollway.dev/claim", "other/7")]);
            } else {
                let fake = &hand.scene.fake;
                fake.somebody_deploys("shop", "web", &arn).unwrap();
            }
        };
        let both = join(fresh.apply(&request), person);
        let (applied, ()) = block_on(&hand.scene.clock, both).unwrap();
        let error = applied.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
        assert_eq!(hand.scene.called("UpdateService"), called, "{takes_over}");
    }
}

#[test]
fn an_answer_that_is_given_again_looks_once_more_after_task_definitions_were_looked_up() {
    let settings = Settings {
        latency: Duration::from_millis(100),
        ..Settings::default()
    };
    let mut hand = waiting_in(Scene::gated_with(settings), true);
    let request = hand.request(at(&hand, 25), 2);
    hand.scene
        .fake
        .fault_next("ContinueServiceDeployment", 1, Fault::Throttled);
    hand.write(&request).unwrap_err();
    let fresh = hand.scene.target();
    let described = hand.scene.called("DescribeTaskDefinition");
    let person = async {
        hand.scene
            .until_more("DescribeTaskDefinition", described)
            .await;
        somebody_tags(&hand.scene, &[("rollway.dev/claim", "other/7")]);
    };
    let both = join(fresh.apply(&request), person);
    let (applied, ()) = block_on(&hand.scene.clock, both).unwrap();
    let error = applied.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(hand.scene.called("ContinueServiceDeployment"), 1);
}

/// The rest of a way home is told after ECS was asked to take the release back.
#[test]
fn the_rest_of_a_way_home_is_not_written_under_a_claim_that_is_over() {
    let mut hand = Hand::new(slow());
    hand.apply(hand.release(5), 1).unwrap();
    hand.scene.wait(20);
    let request = hand.request(hand.home(4), 2);
    let called = hand.scene.called("UpdateService");
    let person = async {
        hand.scene.until_more("StopServiceDeployment", 0).await;
        somebody_tags(&hand.scene, &[("rollway.dev/claim", "other/7")]);
    };
    let both = join(hand.written(&request), person);
    let (applied, ()) = block_on(&hand.scene.clock, both).unwrap();
    let error = applied.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(error.certainty, Certainty::MayBeTaken, "it was stopped");
    assert_eq!(hand.scene.called("UpdateService"), called);
}

/// The note of whoever took the service over may tell of a hook that was answered.
#[test]
fn no_note_is_written_under_a_claim_that_was_over_when_task_definitions_were_looked_up() {
    let hand = Hand::new(slow());
    let request = hand.request(hand.release(4), 1);
    let listed = hand.scene.called("ListTaskDefinitions");
    let person = async {
        hand.scene.until_more("ListTaskDefinitions", listed).await;
        let theirs = [
            ("rollway.dev/claim", "other/7"),
            ("rollway.dev/written", "id=9"),
        ];
        somebody_tags(&hand.scene, &theirs);
    };
    let both = join(hand.written(&request), person);
    let (applied, ()) = block_on(&hand.scene.clock, both).unwrap();
    let error = applied.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(hand.scene.tag("written").as_deref(), Some("id=9"));
}

/// Also where the task definition is the same: a conflict, and not overwritten.
#[test]
fn a_deployment_that_somebody_forces_between_look_and_write_is_a_conflict() {
    for is_at_release in [false, true] {
        let mut hand = Hand::new(slow());
        if is_at_release {
            hand.apply(hand.release(4), 1).unwrap();
            hand.scene.wait(600);
        }
        let desired = if is_at_release {
            hand.home(4)
        } else {
            hand.release(4)
        };
        let request = hand.request(desired, 2);
        let noted = hand.scene.called("TagResource");
        let called = hand.scene.called("UpdateService");
        let person = async {
            hand.scene.until_more("TagResource", noted).await;
            hand.scene.update(json!({"forceNewDeployment": true}));
        };
        let both = join(hand.written(&request), person);
        let (applied, ()) = block_on(&hand.scene.clock, both).unwrap();
        let error = applied.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains("was begun"), "{error}");
        assert_eq!(hand.scene.called("UpdateService"), called);
    }
}
