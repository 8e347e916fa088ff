//! Application Auto Scaling.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};
use test_support::ecs::{Rule, Settings, Shop};

use crate::scene::Scene;

const INVALID: &str = "ValidationException";

impl Scene {
    fn register(&self, name: &str) -> aws_sdk_applicationautoscaling::operation::register_scalable_target::builders::RegisterScalableTargetFluentBuilder{
        self.autoscaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(format!("service/shop/{name}"))
    }

    fn scalable(&self, desired: usize) {
        self.open(desired);
        self.ok(self.register("api").min_capacity(2).max_capacity(6).send());
    }

    fn suspend(&self, scale_in: bool, scale_out: bool) {
        let state = SuspendedState::builder()
            .dynamic_scaling_in_suspended(scale_in)
            .dynamic_scaling_out_suspended(scale_out);
        self.ok(self.register("api").suspended_state(state.build()).send());
    }

    fn wants(&self, count: usize) -> Option<usize> {
        self.fake.autoscaling_wants(Shop::CLUSTER, "api", count)
    }
}

#[test]
fn a_target_is_a_service_with_bounds_in_order() {
    let scene = Scene::new();
    scene.open(2);
    let missing = scene.register("none").min_capacity(1).max_capacity(2);
    scene.refuses(Rule::ScalableServiceExists, INVALID, missing.send());
    let half = scene.register("api").min_capacity(1);
    scene.refuses(Rule::BoundsOfANewTarget, INVALID, half.send());
    let turned = scene.register("api").min_capacity(3).max_capacity(2);
    scene.refuses(Rule::BoundsInOrder, INVALID, turned.send());
    let deregister = || {
        scene
            .autoscaling
            .deregister_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id("service/shop/api")
            .send()
    };
    scene.refuses(
        Rule::ScalableTargetExists,
        "ObjectNotFoundException",
        deregister(),
    );
    scene.ok(scene.register("api").min_capacity(1).max_capacity(2).send());
    scene.ok(deregister());
}

#[test]
fn a_service_is_known_after_a_while() {
    let autoscaling_lag = Duration::from_secs(5);
    let scene = Scene::with(Settings {
        autoscaling_lag,
        ..Settings::default()
    });
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    let register = || scene.register("api").min_capacity(1).max_capacity(2).send();
    scene.refuses(Rule::ScalingKnowsServicesLater, INVALID, register());
    scene.wait(5);
    scene.ok(register());
}

#[test]
fn what_is_not_registered_stays() {
    let scene = Scene::new();
    scene.scalable(3);
    scene.suspend(true, true);
    scene.ok(scene.register("api").max_capacity(9).send());
    let call = scene.autoscaling.describe_scalable_targets();
    let call = call
        .service_namespace(ServiceNamespace::Ecs)
        .resource_ids("service/shop/api");
    let described = scene.ok(call.send());
    let target = &described.scalable_targets()[0];
    assert_eq!((target.min_capacity(), target.max_capacity()), (2, 9));
    assert_eq!(
        target
            .suspended_state()
            .unwrap()
            .dynamic_scaling_in_suspended(),
        Some(true)
    );
    scene.notices(Rule::WhatIsNotRegisteredStays);
}

#[test]
fn it_scales_within_bounds_and_not_while_suspended() {
    let scene = Scene::new();
    scene.scalable(3);
    assert_eq!(scene.wants(9), Some(6));
    assert_eq!(scene.service("api").desired_count(), 6);
    scene.notices(Rule::ScalesWithinBounds);
    scene.suspend(true, false);
    assert_eq!(scene.wants(2), None);
    scene.suspend(false, true);
    assert_eq!(scene.wants(2), Some(2));
    assert_eq!(scene.wants(5), None);
    scene.notices(Rule::SuspendedScaling);
    scene.wait(120);
    assert_eq!(scene.running("api"), [2]);
}

#[test]
fn while_it_deploys_it_scales_out_only() {
    let scene = Scene::new();
    scene.scalable(3);
    scene.deploy("api", &scene.shop.register("web:2"));
    assert_eq!(scene.wants(2), None);
    scene.notices(Rule::NoScaleInWhileDeploying);
    assert_eq!(scene.wants(4), Some(4));
    scene.wait(180);
    assert_eq!(scene.wants(2), Some(2));
}
