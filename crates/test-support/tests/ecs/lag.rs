//! Reads that are behind the writes of load balancing and autoscaling.

use std::time::Duration;

use aws_sdk_ecs::config::retry::RetryConfig;

use aws_sdk_elasticloadbalancingv2::types as elb;
use test_support::ecs::{Fault, Rule, Settings, Shop};

use crate::scene::Scene;

#[test]
fn reads_of_load_balancing_and_of_scalable_targets_may_be_old_for_a_while() {
    let lag = Duration::from_secs(10);
    let scene = Scene::with(Settings {
        balancing_read_lag: lag,
        scaling_read_lag: lag,
        ..Settings::default()
    });
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(120);
    let minimum = |minimum: i32| {
        let call = scene.autoscaling.register_scalable_target();
        let call = call
            .service_namespace("ecs".into())
            .resource_id("service/shop/api");
        let call = call.scalable_dimension("ecs:service:DesiredCount".into());
        scene.ok(call.min_capacity(minimum).max_capacity(5).send());
    };
    let kind = |rules: &[elb::Rule]| rules[0].actions()[0].r#type().cloned();
    let told = || {
        let rules = scene.elb.describe_rules().rule_arns(&scene.shop.rule);
        let rules = scene.ok(rules.send());
        let scalers = scene.autoscaling.describe_scalable_targets();
        let scalers = scene.ok(scalers.service_namespace("ecs".into()).send());
        (
            kind(rules.rules()),
            scalers.scalable_targets()[0].min_capacity,
        )
    };
    minimum(1);
    scene.wait(60);
    let answer = elb::FixedResponseActionConfig::builder()
        .status_code("200")
        .build();
    let answer = elb::Action::builder()
        .r#type("fixed-response".into())
        .fixed_response_config(answer)
        .build();
    let modify = scene.elb.modify_rule().rule_arn(&scene.shop.rule);
    let answered = scene.ok(modify.actions(answer).send());
    assert_eq!(kind(answered.rules()), Some("fixed-response".into()));
    minimum(3);
    assert_eq!(told(), (Some("forward".into()), 1));
    scene.notices(Rule::BalancingReadsLag);
    scene.notices(Rule::ScalingReadsLag);
    scene.wait(9);
    assert_eq!(told(), (Some("forward".into()), 1));
    scene.wait(1);
    assert_eq!(told(), (Some("fixed-response".into()), 3));
}

#[test]
fn target_health_may_be_old() {
    let healthy = |lag: u64| {
        let scene = Scene::with(Settings {
            balancing_read_lag: Duration::from_secs(lag),
            ..Settings::default()
        });
        scene
            .shop
            .create_service("api", &scene.shop.stable_group, 1);
        let count = || {
            let call = scene.elb.describe_target_health();
            let call = call.target_group_arn(&scene.shop.stable_group).send();
            let told = scene
                .ok(call)
                .target_health_descriptions
                .unwrap_or_default();
            let mut told = told.iter().filter_map(|of| of.target_health());
            told.any(|of| of.state() == Some(&"healthy".into()))
        };
        let before = scene.clock.now();
        scene.wait_until(count);
        let time = scene.clock.now().since(before);
        if lag > 0 {
            scene.notices(Rule::TargetHealthLags);
        }
        time
    };
    assert_eq!(healthy(20), healthy(0) + Duration::from_secs(20));
}

#[test]
fn a_call_may_be_done_when_nobody_waits_for_it_any_more() {
    let scene = Scene::new();
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(60);
    scene
        .fake
        .fault_next("UpdateService", 1, Fault::TimeoutThenDone);
    let scale = |count: i32| {
        let call = scene.ecs.update_service().cluster(Shop::CLUSTER);
        let once = aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled());
        let call = call.service("api").desired_count(count).customize();
        let answer = scene.run(call.config_override(once).send());
        answer.is_ok()
    };
    let before = scene.clock.now();
    assert!(!scale(3), "nobody hears of it");
    assert!(scale(2));
    assert_eq!(scene.service("api").desired_count(), 2);
    let Settings { hang, late, .. } = Settings::default();
    let left = hang + late - scene.clock.now().since(before);
    scene.wait(left.as_secs());
    assert_eq!(scene.service("api").desired_count(), 2);
    scene.wait(1);
    assert_eq!(scene.service("api").desired_count(), 3);
}
