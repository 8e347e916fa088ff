//! Load balancers and grace period, which are recorded beside the task definition: somebody's hand on them is
//! told, and they go back with it, whichever way home.

use serde_json::json;
use strategy_core::rollout::Outcome;
use strategy_core::target::{ForeignField, TargetErrorKind};
use test_support::ecs::{Fault, Image, Service, Settings, Shop};

use crate::hand::Hand;
use crate::scene::{Scene, breaker, patient};

fn grace(scene: &Scene) -> serde_json::Value {
    scene.service()["healthCheckGracePeriodSeconds"].clone()
}

fn somebody_shortens_the_grace(scene: &Scene) {
    scene.update(json!({"healthCheckGracePeriodSeconds": 5}));
}

#[test]
fn somebodys_grace_is_told_before_it_is_overwritten() {
    let mut hand = Hand::new(Scene::rolling());
    hand.apply(hand.release(4), 1).unwrap();
    hand.scene.wait(600);
    let decided_before = hand.request(hand.home(4), 2);
    somebody_shortens_the_grace(&hand.scene);
    let foreign = hand.observed().foreign;
    assert_eq!(foreign.len(), 1, "{foreign:?}");
    assert_eq!(foreign[0].field, ForeignField::Revision);
    assert!(foreign[0].message.contains("grace period"), "{foreign:?}");
    let error = hand.write(&decided_before).unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(grace(&hand.scene), 5);
    hand.apply(hand.home(4), 3).unwrap();
    hand.scene.wait(600);
    assert_eq!(grace(&hand.scene), 60);
    assert_eq!(hand.observed().foreign, []);
}

/// It is theirs until something takes the release back: a release writes none of it.
#[test]
fn somebodys_grace_before_the_release_is_told_for_as_long_as_it_is_there() {
    let mut hand = Hand::new(Scene::rolling());
    somebody_shortens_the_grace(&hand.scene);
    hand.apply(hand.release(4), 1).unwrap();
    hand.scene.wait(600);
    assert_eq!(grace(&hand.scene), 5);
    assert_eq!(hand.observed().foreign.len(), 1);
}

/// The rest of a way home that ended after `StopServiceDeployment` is written again.
#[test]
fn what_was_recorded_goes_back_though_the_way_home_was_interrupted_after_the_stop() {
    let mut hand = Hand::new(Scene::rolling());
    hand.apply(hand.release(4), 1).unwrap();
    hand.scene.wait(20);
    somebody_shortens_the_grace(&hand.scene);
    hand.scene
        .fake
        .fault_next("UpdateService", 1, Fault::Throttled);
    hand.apply(hand.home(4), 2).unwrap_err();
    assert_eq!(hand.scene.called("StopServiceDeployment"), 1);
    hand.scene.wait(60);
    let stable = hand.observed().stable.written.unwrap();
    assert!(!stable.revision.recorded, "its grace is not back");
    hand.apply(hand.home(4), 3).unwrap();
    hand.scene.wait(600);
    assert_eq!(hand.scene.image(), "web:1");
    assert_eq!(grace(&hand.scene), 60);
    let seen = hand.observed();
    assert!(seen.stable.written.unwrap().revision.recorded);
    assert_eq!(seen.foreign, []);
}

#[test]
fn what_was_recorded_goes_back_though_ecs_took_the_release_back() {
    let scene = Scene::rolling();
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(1).await;
        somebody_shortens_the_grace(&scene);
    };
    let outcome = scene.roll_out_while(&patient(), "web:bad", person);
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!(grace(&scene), 60);
}

/// One that was not set cannot be told; 0 seconds are the same.
#[test]
fn a_grace_that_was_not_set_at_the_start_goes_back_to_none() {
    let scene = Scene::empty(Settings::default());
    let input = json!({
        "cluster": Shop::CLUSTER, "serviceName": "web", "desiredCount": 4,
        "taskDefinition": scene.shop.task_definition, "launchType": "FARGATE",
        "deploymentConfiguration": breaker(),
    });
    scene.ask(Service::Ecs, "CreateService", input);
    scene.wait(300);
    let mut hand = Hand::new(scene);
    hand.apply(hand.release(4), 1).unwrap();
    hand.scene.wait(600);
    assert_eq!(hand.observed().foreign, []);
    somebody_shortens_the_grace(&hand.scene);
    assert_eq!(hand.observed().foreign.len(), 1);
    hand.apply(hand.home(4), 2).unwrap();
    assert_eq!(grace(&hand.scene), 0);
    hand.scene.wait(600);
    let seen = hand.observed();
    assert_eq!(seen.foreign, []);
    assert!(seen.stable.written.unwrap().revision.recorded);
}

/// ECS deploys anew for that, which is no hand of somebody's.
#[test]
fn load_balancers_go_back_though_ecs_took_the_release_back() {
    let mut hand = Hand::new(Scene::rolling());
    let before = hand.scene.service()["loadBalancers"].clone();
    hand.apply(hand.release(4), 1).unwrap();
    hand.scene.wait(20);
    hand.apply(hand.home(4), 2).unwrap();
    assert_eq!(hand.scene.called("StopServiceDeployment"), 1);
    hand.scene.wait(600);
    let mut theirs = before.clone();
    theirs[0]["targetGroupArn"] = json!(hand.scene.shop.canary_group);
    hand.scene.update(json!({"loadBalancers": theirs}));
    hand.scene.wait(600);
    assert_ne!(hand.observed().foreign, []);
    hand.apply(hand.home(4), 3).unwrap();
    assert_eq!(hand.scene.service()["loadBalancers"], before);
    hand.scene.wait(600);
    let seen = hand.observed();
    assert_eq!(seen.foreign, []);
    assert!(seen.stable.written.unwrap().revision.recorded);
}
