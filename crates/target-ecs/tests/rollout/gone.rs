//! What is gone in the middle of a rollout is told, and keeps no traffic from going home.

use std::time::Duration;

use serde_json::json;
use strategy_core::Target;
use strategy_core::target::{ForeignField, TargetErrorKind};
use strategy_core::world::block_on;
use target_ecs::config::{Canary, Slot};
use test_support::ecs::{Image, Service};

use crate::foreign::Hand;
use crate::scene::{Scene, five_steps};

fn deregister(scene: &Scene, service: &str) {
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": format!("service/shop/{service}"),
        "ScalableDimension": "ecs:service:DesiredCount",
    });
    scene.ask(Service::Autoscaling, "DeregisterScalableTarget", target);
}

fn delete(scene: &Scene, service: &str) {
    let input = json!({"cluster": "shop", "service": service, "force": true});
    scene.ask(Service::Ecs, "DeleteService", input);
}

/// A candidate that was found, with no tasks.
fn found_candidate() -> Scene {
    let mut scene = Scene::canary();
    let group = scene.shop.canary_group.clone();
    scene.shop.create_service("web-other", &group, 0);
    scene.wait(60);
    let stable = Slot::new("web", &scene.shop.stable_group);
    let candidate = Slot::new("web-other", &group);
    scene.workload = Canary::new(stable, candidate).create(false).into();
    scene
}

#[test]
fn traffic_goes_home_from_a_candidate_that_somebody_deleted() {
    let scene = found_candidate();
    let look = async {
        scene.until_weight(250).await;
        scene.after(30).await;
        delete(&scene, "web-other");
        scene.after(180).await;
        assert_eq!(scene.weights(), (1, 0));
    };
    scene.while_it_rolls(&five_steps(), "web:2", look);
}

#[test]
fn a_candidate_that_is_gone_is_absent_and_somebodys_doing() {
    let scene = found_candidate();
    let hand = Hand::of(scene);
    delete(&hand.scene, "web-other");
    hand.scene.wait(300);
    let seen = hand.target.observe(&hand.found.binding);
    let seen = block_on(&hand.scene.clock, seen).unwrap().unwrap();
    assert_eq!(seen.candidate.written, None);
    let fields: Vec<_> = seen.foreign.iter().map(|change| change.field).collect();
    assert!(
        fields.contains(&ForeignField::Revision),
        "{:?}",
        seen.foreign
    );
    assert!(
        fields.contains(&ForeignField::Capacity),
        "{:?}",
        seen.foreign
    );
}

#[test]
fn a_stable_that_is_gone_is_an_error() {
    let hand = Hand::new();
    delete(&hand.scene, "web");
    let seen = hand.target.observe(&hand.found.binding);
    let error = block_on(&hand.scene.clock, seen).unwrap().unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("service/shop/web"), "{error}");
}

#[test]
fn traffic_goes_home_though_the_autoscaler_of_stable_is_gone() {
    let scene = Scene::canary();
    scene.autoscaled("web", 2);
    let failing = Image::crashes_after(Duration::from_secs(150));
    scene.fake.set_image("web:bad", failing);
    let look = async {
        scene.until_weight(50).await;
        deregister(&scene, "web");
        scene.after(900).await;
        assert_eq!(scene.weights(), (1, 0));
        assert_eq!(scene.service("web")["desiredCount"], 4);
    };
    scene.while_it_rolls(&five_steps(), "web:bad", look);
}
