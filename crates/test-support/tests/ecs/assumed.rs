//! What is known from nowhere of the strategies of ECS itself, and how the fake has it.

use aws_sdk_elasticloadbalancingv2::types::TargetGroupAttribute;
use serde_json::json;
use test_support::ecs::{DescribedHooks, Image, Rule, Settings, Verdict};

use crate::scene::Scene;

#[test]
fn until_a_deployment_was_completed_every_one_rolls() {
    let scene = Scene::new();
    scene.fake.set_image("web:1", Image::missing());
    scene
        .shop
        .create_native_service("api", 2, &json!({ "strategy": "CANARY" }));
    let first = scene.service("api");
    let first = first.current_service_deployment().unwrap();
    assert_eq!(scene.service_deployment(first).lifecycle_stage(), None);
    scene.notices(Rule::FirstDeploymentRolls);
    scene.wait(60);
    let second = scene.begin("web:2");
    let one = scene.service_deployment(&second);
    assert_eq!(one.lifecycle_stage(), None);
    let new = one.target_service_revision().unwrap();
    assert_eq!(new.requested_production_traffic_weight(), None);
    scene.wait_until(|| scene.status(&second) == "SUCCESSFUL");
    assert_eq!(scene.running("api"), [2]);
    let third = scene.begin("web:3");
    assert!(scene.service_deployment(&third).lifecycle_stage().is_some());
}

#[test]
fn after_a_rollback_the_old_deployment_is_primary_and_the_definition_goes_back_last() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }));
    let ids = || -> Vec<String> {
        let service = scene.service("api");
        let deployments = service.deployments().iter();
        deployments
            .map(|one| one.id().unwrap().to_owned())
            .collect()
    };
    let definition = || {
        let service = scene.service("api");
        service
            .task_definition()
            .unwrap()
            .rsplit_once('/')
            .unwrap()
            .1
            .to_owned()
    };
    let before = ids();
    let arn = scene.begin("web:2");
    scene.wait(120);
    let both = ids();
    assert_eq!((both.len(), &both[1]), (2, &before[0]));
    scene.stop(&arn);
    while scene.status(&arn) == "ROLLBACK_IN_PROGRESS" {
        assert_eq!((definition(), ids()), ("web:2".to_owned(), both.clone()));
        scene.wait(1);
    }
    assert_eq!((definition(), ids()), ("web:1".to_owned(), before));
    scene.notices(Rule::BlueKeepsItsDeployment);
    scene.notices(Rule::DefinitionGoesBackLast);
}

#[test]
fn the_rollout_state_of_other_strategies_is_told_or_not() {
    for native_rollout_state in [true, false] {
        let scene = Scene::with(Settings {
            native_rollout_state,
            ..Settings::default()
        });
        scene.native(json!({ "strategy": "CANARY" }));
        scene.notices(Rule::RolloutStateOfNative);
        let service = scene.service("api");
        let one = &service.deployments()[0];
        assert_eq!(one.rollout_state().is_some(), native_rollout_state);
        assert_eq!(one.rollout_state_reason().is_some(), native_rollout_state);
    }
    let scene = Scene::with(Settings {
        native_rollout_state: false,
        ..Settings::default()
    });
    scene.native(json!({ "strategy": "ROLLING" }));
    assert!(
        scene.service("api").deployments()[0]
            .rollout_state()
            .is_some()
    );
}

#[test]
fn hooks_of_a_shift_are_resolved_before_traffic_moves() {
    for (stage, rule) in [("TEST_TRAFFIC_SHIFT", 0), ("PRODUCTION_TRAFFIC_SHIFT", 1)] {
        let scene = Scene::new();
        let hook = json!([{ "targetType": "AWS_LAMBDA", "lifecycleStages": [stage],
            "hookTargetArn": "arn:aws:lambda:check", "roleArn": "arn:aws:iam::123456789012:role/hooks" }]);
        scene.native(
            json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30, "lifecycleHooks": hook }),
        );
        scene
            .fake
            .set_lambda("arn:aws:lambda:check", Verdict::InProgress);
        let arn = scene.begin("web:2");
        scene.wait(120);
        assert_eq!(scene.stage(&arn), stage);
        let rule = [&scene.shop.test_rule, &scene.shop.rule][rule];
        let group = || scene.fake.shares(rule)[0].target_group.clone();
        assert_eq!(group(), scene.shop.stable_group);
        scene.notices(Rule::HooksBeforeTheShift);
        scene
            .fake
            .set_lambda("arn:aws:lambda:check", Verdict::Succeeded);
        scene.wait(30);
        assert_eq!(group(), scene.shop.canary_group);
    }
}

#[test]
fn hooks_that_are_over_say_whether_they_were_answered() {
    let scene = Scene::with(Settings {
        described_hooks: DescribedHooks::All,
        ..Settings::default()
    });
    let pause = |stage: &str| json!({ "targetType": "PAUSE", "lifecycleStages": [stage] });
    let hooks = json!([
        pause("POST_TEST_TRAFFIC_SHIFT"),
        pause("POST_TEST_TRAFFIC_SHIFT")
    ]);
    scene.native(
        json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": hooks }),
    );
    let statuses = |arn: &str| -> Vec<String> {
        let one = scene.service_deployment(arn);
        let hooks = one.lifecycle_hook_details().iter();
        hooks
            .map(|hook| hook.status().unwrap().as_str().to_owned())
            .collect()
    };
    let first = scene.begin("web:2");
    scene.wait(60);
    assert_eq!(statuses(&first), ["AWAITING_ACTION", "AWAITING_ACTION"]);
    let second = scene.begin("web:3");
    assert_eq!(statuses(&first), ["FAILED", "FAILED"]);
    scene.notices(Rule::SupersededHooks);
    scene.wait_until(|| statuses(&second).len() == 2);
    let one = scene.service_deployment(&second);
    let id = one.lifecycle_hook_details()[0].hook_id().unwrap();
    let call = scene.ecs.continue_service_deployment();
    let call = call.service_deployment_arn(&second).hook_id(id);
    scene.ok(call.action("ROLLBACK".into()).send());
    assert_eq!(statuses(&second), ["SUCCEEDED", "FAILED"]);
    scene.notices(Rule::AnsweredHooks);
}

#[test]
fn slow_start_is_described_and_not_applied() {
    let scene = Scene::new();
    scene.open(1);
    let attribute = TargetGroupAttribute::builder()
        .key("slow_start.duration_seconds")
        .value("900");
    let call = scene.elb.modify_target_group_attributes();
    let call = call.target_group_arn(&scene.shop.stable_group);
    scene.ok(call.attributes(attribute.build()).send());
    scene.notices(Rule::NoSlowStart);
    scene
        .shop
        .create_service("other", &scene.shop.stable_group, 1);
    scene.wait(60);
    scene.deploy("other", &scene.shop.register("web:2"));
    scene.wait_until(|| scene.running("other") == [1]);
    // Both have half, long before a quarter of an hour has passed.
    scene.fake.forget_requests();
    scene.wait(10);
    let requests = scene.fake.requests_by_task_definition();
    let parts: Vec<i64> = requests.values().map(|one| one.round() as i64).collect();
    assert_eq!(parts, [50, 50]);
}
