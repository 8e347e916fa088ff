//! What stands in the way is found before anything is written, with what to do about it.

use serde_json::json;
use strategy_core::driver::Driver;
use strategy_core::target::{Severity, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Release, Strategy, Target};
use target_ecs::config::{Canary, RuleConfig, Slot};
use test_support::ecs::{Fault, Image, Service};

use crate::scene::{Scene, blue_green, five_steps};

/// Findings of a plan, with their severity.
fn found(scene: &Scene, strategy: &dyn Strategy) -> Vec<(String, Severity)> {
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let planned = block_on(&scene.clock, driver.plan(strategy, release));
    let planned = planned.unwrap().unwrap();
    for finding in &planned.findings {
        println!("{finding}");
    }
    assert!(
        scene.calls().iter().all(|call| !call.is_write()),
        "it wrote"
    );
    let findings = planned.findings.iter();
    let findings = findings.map(|finding| (finding.code.clone(), finding.severity));
    findings.collect()
}

fn codes(scene: &Scene) -> Vec<String> {
    let found = found(scene, &five_steps()).into_iter();
    found.map(|(code, _)| code).collect()
}

fn balancing(scene: &Scene, operation: &str, input: serde_json::Value) -> serde_json::Value {
    scene.ask(Service::LoadBalancing, operation, input)
}

#[test]
fn a_shop_in_order_has_no_findings() {
    assert_eq!(codes(&Scene::canary()), [""; 0]);
    assert_eq!(found(&Scene::pair(), &blue_green()), []);
}

#[test]
fn a_rule_that_comes_first_and_takes_everything_blocks() {
    let scene = Scene::canary();
    let rule = json!({
        "ListenerArn": scene.shop.listener, "Priority": 3,
        "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}],
    });
    balancing(&scene, "CreateRule", rule);
    assert_eq!(codes(&scene), ["rule-shadowed"]);
}

#[test]
fn a_deployment_under_way_blocks() {
    let scene = Scene::canary();
    let arn = scene.shop.register("web:1b");
    scene.fake.somebody_deploys("shop", "web", &arn).unwrap();
    scene.wait(5);
    assert_eq!(codes(&scene), ["deployment-in-flight"]);
}

#[test]
fn a_service_that_rolls_back_by_itself_warns() {
    let scene = Scene::canary();
    let configuration = json!({
        "cluster": "shop", "service": "web", "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
        },
    });
    scene.ask(Service::Ecs, "UpdateService", configuration);
    scene.wait(600);
    let found = found(&scene, &five_steps());
    assert_eq!(
        found,
        [("rolls-back-by-itself".to_owned(), Severity::Warns)]
    );
}

#[test]
fn slow_targets_warn() {
    let scene = Scene::canary();
    let attributes = json!({
        "TargetGroupArn": scene.shop.canary_group,
        "Attributes": [{"Key": "slow_start.duration_seconds", "Value": "60"}],
    });
    balancing(&scene, "ModifyTargetGroupAttributes", attributes);
    let impatient = json!({
        "cluster": "shop", "service": "web", "healthCheckGracePeriodSeconds": 1,
    });
    scene.ask(Service::Ecs, "UpdateService", impatient);
    scene.wait(600);
    let mut found = codes(&scene);
    found.sort();
    assert_eq!(found, ["grace-period-short", "slow-start"]);
}

#[test]
fn a_stable_that_could_not_carry_the_traffic_home_blocks() {
    let scene = Scene::canary();
    scene.fake.set_image("web:ill", Image::never_healthy());
    let arn = scene.shop.register("web:ill");
    scene.fake.somebody_scales("shop", "web", 0).unwrap();
    scene.fake.somebody_deploys("shop", "web", &arn).unwrap();
    scene.wait(600);
    scene.fake.somebody_scales("shop", "web", 1).unwrap();
    scene.wait(40);
    let found = codes(&scene);
    assert!(
        found.contains(&"stable-has-no-healthy-target".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_service_that_ecs_shifts_by_itself_blocks() {
    let mut scene = Scene::canary();
    let configuration = json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5});
    scene
        .shop
        .create_native_service("native", 2, &configuration);
    scene.wait(1800);
    let stable = Slot::new("native", &scene.shop.stable_group);
    let candidate = Slot::new("web-other", &scene.shop.canary_group);
    scene.workload = Canary::new(stable, candidate).into();
    let found = codes(&scene);
    assert!(
        found.contains(&"deployment-strategy".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_candidate_that_is_exposed_and_not_there_blocks() {
    let scene = Scene::canary();
    let shop = &scene.shop;
    let weights = [
        (shop.stable_group.as_str(), 9),
        (shop.canary_group.as_str(), 1),
    ];
    scene.fake.somebody_sets_weights(&shop.rule, &weights);
    let found = codes(&scene);
    assert!(
        found.contains(&"traffic-to-nothing".to_owned()),
        "{found:?}"
    );
}

#[test]
fn stickiness_that_is_not_there_cannot_be_suspended() {
    let scene = Scene::canary();
    let found = found(&scene, &five_steps().suspend_stickiness());
    assert_eq!(found, [("no-stickiness".to_owned(), Severity::Blocks)]);
}

#[test]
fn more_target_groups_than_a_rule_can_have_block() {
    let scene = Scene::canary();
    let group = |index: usize| {
        let group = json!({
            "Name": format!("other-{index}"), "TargetType": "ip", "Protocol": "HTTP", "Port": 80,
        });
        let made = balancing(&scene, "CreateTargetGroup", group);
        made["TargetGroups"][0]["TargetGroupArn"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let others: Vec<String> = (0..4).map(group).collect();
    let mut weights = vec![(scene.shop.stable_group.as_str(), 1)];
    weights.extend(others.iter().map(|arn| (arn.as_str(), 0)));
    scene.fake.somebody_sets_weights(&scene.shop.rule, &weights);
    assert_eq!(codes(&scene), ["too-many-target-groups"]);
}

/// A rule for a path of its own, to this target group.
fn other_rule(scene: &Scene, group: &str) {
    let rule = json!({
        "ListenerArn": scene.shop.listener, "Priority": 3,
        "Actions": [{"Type": "forward", "TargetGroupArn": group}],
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/old/*"]}}],
    });
    balancing(scene, "CreateRule", rule);
}

/// Its requests would meet two revisions at once, or nobody.
#[test]
fn a_rule_that_goes_on_sending_to_stable_blocks_what_changes_stable() {
    for (scene, strategy) in [
        (Scene::canary(), &five_steps() as &dyn Strategy),
        (Scene::pair(), &blue_green() as &dyn Strategy),
    ] {
        other_rule(&scene, &scene.shop.stable_group);
        let codes = found(&scene, strategy);
        assert_eq!(codes, [("rule-to-stable".to_owned(), Severity::Blocks)]);
    }
}

#[test]
fn a_rule_of_another_listener_that_sends_to_the_candidate_warns() {
    let scene = Scene::canary();
    let listener = json!({
        "LoadBalancerArn": scene.shop.load_balancer, "Port": 8443, "Protocol": "HTTP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": scene.shop.canary_group}],
    });
    balancing(&scene, "CreateListener", listener);
    let found = found(&scene, &five_steps());
    assert_eq!(found, [("rule-to-candidate".to_owned(), Severity::Warns)]);
}

/// As tools do that clean up.
#[test]
fn a_task_definition_that_was_deregistered_could_not_be_gone_back_to() {
    let scene = Scene::pair();
    let arn = scene.shop.register("web:0");
    scene
        .fake
        .somebody_deploys("shop", "web-other", &arn)
        .unwrap();
    scene.wait(120);
    let input = json!({"taskDefinition": arn});
    scene.ask(Service::Ecs, "DeregisterTaskDefinition", input);
    let found = found(&scene, &blue_green());
    assert_eq!(
        found,
        [("definition-deregistered".to_owned(), Severity::Blocks)]
    );
}

#[test]
fn a_service_in_several_target_groups_warns() {
    let scene = Scene::pair();
    let group = json!({"Name": "more", "TargetType": "ip", "Protocol": "HTTP", "Port": 80});
    let made = balancing(&scene, "CreateTargetGroup", group);
    let more = made["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap();
    let listener = json!({
        "LoadBalancerArn": scene.shop.load_balancer, "Port": 8443, "Protocol": "HTTP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": more}],
    });
    balancing(&scene, "CreateListener", listener);
    let both = [scene.shop.canary_group.as_str(), more]
        .map(|arn| json!({"targetGroupArn": arn, "containerName": "web", "containerPort": 8080}));
    let update = json!({"cluster": "shop", "service": "web-other", "loadBalancers": both});
    scene.ask(Service::Ecs, "UpdateService", update);
    scene.wait(600);
    let found = found(&scene, &blue_green());
    assert_eq!(
        found,
        [("several-target-groups".to_owned(), Severity::Warns)]
    );
}

/// Requests of either side may be under way for as long as its own target group lets them.
#[test]
fn the_drain_is_that_of_the_target_group_that_drains_longer() {
    for slow in [true, false] {
        let scene = Scene::canary();
        let group = if slow {
            &scene.shop.stable_group
        } else {
            &scene.shop.canary_group
        };
        let attributes = json!({
            "TargetGroupArn": group,
            "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "90"}],
        });
        balancing(&scene, "ModifyTargetGroupAttributes", attributes);
        let found = block_on(&scene.clock, scene.target().discover());
        let drain = found.unwrap().unwrap().observation.traffic.drain;
        assert_eq!(drain.as_secs(), 90);
    }
}

/// What was changed on the live side alone would be lost at the switch.
#[test]
fn a_pair_that_differs_in_more_than_images_warns() {
    let scene = Scene::pair();
    let definition = json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512",
        "containerDefinitions": [{ "name": "web", "image": "web:1", "essential": true,
            "environment": [{"name": "CACHE", "value": "on"}],
            "portMappings": [{ "containerPort": 8080 }] }],
    });
    let made = scene.ask(Service::Ecs, "RegisterTaskDefinition", definition);
    let arn = made["taskDefinition"]["taskDefinitionArn"]
        .as_str()
        .unwrap();
    scene.fake.somebody_deploys("shop", "web", arn).unwrap();
    scene.wait(600);
    let found = found(&scene, &blue_green());
    assert_eq!(found, [("definitions-differ".to_owned(), Severity::Warns)]);
}

/// What is not clear is an error, and says what is there.
fn refused(scene: &Scene, kind: TargetErrorKind, said: &str) {
    let error = block_on(&scene.clock, scene.target().discover())
        .unwrap()
        .unwrap_err();
    println!("{error}");
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn of_a_pair_exactly_one_must_be_live() {
    let scene = Scene::pair();
    let shop = &scene.shop;
    let weights = [
        (shop.stable_group.as_str(), 9),
        (shop.canary_group.as_str(), 1),
    ];
    scene.fake.somebody_sets_weights(&shop.rule, &weights);
    refused(
        &scene,
        TargetErrorKind::Ambiguous,
        "both web and web-other carry traffic",
    );
}

#[test]
fn a_target_group_of_neither_service_with_weight_is_ambiguous() {
    let scene = Scene::canary();
    let group = json!({"Name": "others", "TargetType": "ip", "Protocol": "HTTP", "Port": 80});
    let made = balancing(&scene, "CreateTargetGroup", group);
    let other = made["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap();
    let weights = [(scene.shop.stable_group.as_str(), 9), (other, 1)];
    scene.fake.somebody_sets_weights(&scene.shop.rule, &weights);
    refused(&scene, TargetErrorKind::Ambiguous, "targetgroup/others/");
}

#[test]
fn what_is_configured_must_be_there_and_belong_together() {
    let mut scene = Scene::canary();
    scene.workload = [
        Slot::new("web", &scene.shop.canary_group),
        Slot::new("web-other", &scene.shop.stable_group),
    ]
    .into();
    scene
        .shop
        .create_service("web-other", &scene.shop.canary_group, 0);
    refused(
        &scene,
        TargetErrorKind::InvalidConfig,
        "are not registered in targetgroup/web-",
    );
    let mut scene = Scene::canary();
    scene.workload = [
        Slot::new("web", &scene.shop.stable_group),
        Slot::new("nobody", &scene.shop.canary_group),
    ]
    .into();
    refused(&scene, TargetErrorKind::NotFound, "service/shop/nobody");
    let mut scene = Scene::canary();
    let arn = scene.shop.rule.rsplit_once('/').unwrap().0.to_owned() + "/0123456789abcdef";
    scene.rules = vec![RuleConfig::Rule(arn)];
    refused(&scene, TargetErrorKind::NotFound, "listener-rule/app/shop/");
}

#[test]
fn an_image_without_a_tag_could_not_be_gone_back_to() {
    let scene = Scene::canary();
    let arn = scene.shop.register("web");
    scene.fake.somebody_deploys("shop", "web", &arn).unwrap();
    scene.wait(600);
    refused(&scene, TargetErrorKind::InvalidConfig, "container web");
}

#[test]
fn what_an_answer_means_is_told_by_its_kind_and_certainty() {
    use strategy_core::target::Certainty;
    for (fault, kind, certainty) in [
        (
            Fault::Throttled,
            TargetErrorKind::RateLimited,
            Certainty::NotTaken,
        ),
        (
            Fault::ServerError,
            TargetErrorKind::Unavailable,
            Certainty::MayBeTaken,
        ),
        (
            Fault::ResetBefore,
            TargetErrorKind::Unavailable,
            Certainty::MayBeTaken,
        ),
        (
            Fault::ResetAfter,
            TargetErrorKind::Unavailable,
            Certainty::MayBeTaken,
        ),
        (
            Fault::TimeoutAfter,
            TargetErrorKind::Unavailable,
            Certainty::MayBeTaken,
        ),
    ] {
        let scene = Scene::canary();
        let target = scene.target();
        let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let claim = strategy_core::target::Claim {
            holder: "hand".parse().unwrap(),
            epoch: 1,
        };
        let before = scene.fake.next_index();
        scene.fake.fault_next("TagResource", 1, fault);
        let claimed = target.claim(&found.binding, None, Some(&claim));
        let error = block_on(&scene.clock, claimed).unwrap().unwrap_err();
        assert_eq!((error.kind, error.certainty), (kind, certainty), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("ecs:TagResource service/shop/web: "),
            "{error}"
        );
        let calls = scene.calls().into_iter().skip(before);
        let sent = calls.filter(|call| call.operation == "TagResource").count();
        assert_eq!(sent, 1, "who repeats it is the machine");
        // A read that fails has written nothing.
        scene.fake.fault_next("DescribeServices", 1, fault);
        let error = block_on(&scene.clock, target.discover())
            .unwrap()
            .unwrap_err();
        assert_eq!(
            (error.kind, error.certainty),
            (kind, Certainty::NotTaken),
            "{error}"
        );
    }
}
