//! The strategies of ECS itself.

use aws_sdk_ecs::types::{
    CanaryConfiguration, DeploymentCircuitBreaker, DeploymentConfiguration, DeploymentStrategy,
    LinearConfiguration, ServiceDeployment,
};
use serde_json::json;
use test_support::ecs::{Image, Request, Rule, Service, Shop};

use crate::scene::Scene;

const INVALID: &str = "InvalidParameterException";

impl Scene {
    /// A service that is deployed so, with its first revision running.
    pub(crate) fn native(&self, configuration: serde_json::Value) {
        self.shop.create_native_service("api", 2, &configuration);
        self.wait(120);
        assert_eq!(self.running("api"), [2]);
        self.fake.forget_requests();
    }

    /// Deploys an image; gives the ARN of the service deployment.
    pub(crate) fn begin(&self, image: &str) -> String {
        let service = self.deploy("api", &self.shop.register(image));
        service.current_service_deployment().unwrap().to_owned()
    }

    /// Stage and weight of the new revision as they change, from now until the deployment is over.
    fn story(&self, arn: &str, most: usize) -> (Vec<(String, i64)>, ServiceDeployment) {
        let mut story = Vec::new();
        for _ in 0..most {
            let one = self.service_deployment(arn);
            let stage = one.lifecycle_stage().unwrap().as_str().to_owned();
            let shares = self.shares();
            let share = shares
                .iter()
                .find(|(name, _)| name == "web-canary")
                .map_or(0, |one| one.1);
            if story.last() != Some(&(stage.clone(), share)) {
                story.push((stage, share));
            }
            let status = one.status().unwrap().as_str();
            if status.ends_with("SUCCESSFUL") || status == "STOPPED" {
                return (story, one);
            }
            self.wait(1);
        }
        panic!("not over: {story:?}");
    }
}

fn told(story: &[(String, i64)]) -> Vec<(&str, i64)> {
    story
        .iter()
        .map(|(stage, share)| (stage.as_str(), *share))
        .collect()
}

#[test]
fn blue_green_shifts_at_once_and_keeps_both_for_the_bake() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 }));
    let arn = scene.begin("web:2");
    let (story, ended) = scene.story(&arn, 1000);
    assert_eq!(
        told(&story),
        [
            ("SCALE_UP", 0),
            ("BAKE_TIME", 0),
            ("BAKE_TIME", 50),
            ("BAKE_TIME", 100),
            ("CLEAN_UP", 100),
        ]
    );
    assert_eq!(ended.status().unwrap().as_str(), "SUCCESSFUL");
    scene.notices(Rule::AllAtOnce);
    scene.notices(Rule::BothRunInTheBake);
    let rules = scene.ok(scene
        .elb
        .describe_rules()
        .rule_arns(&scene.shop.rule)
        .send());
    let action = &rules.rules()[0].actions()[0];
    let groups = action.forward_config().unwrap().target_groups();
    let weights: Vec<_> = groups.iter().map(|one| one.weight().unwrap()).collect();
    assert_eq!((weights, action.target_group_arn()), (vec![0, 100], None));
    scene.notices(Rule::WeightsOfEcs);
    // And back to the other side with the next one.
    let arn = scene.begin("web:3");
    let (_, ended) = scene.story(&arn, 1000);
    assert_eq!(ended.status().unwrap().as_str(), "SUCCESSFUL");
    assert_eq!(scene.shares(), [("web-stable".to_owned(), 100)]);
    assert_eq!(scene.running("api"), [2]);
    assert_eq!(scene.fake.shortages(), []);
}

#[test]
fn canary_is_two_steps() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "CANARY",
        "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 2 } }));
    let arn = scene.begin("web:2");
    let (story, _) = scene.story(&arn, 1000);
    let shares: Vec<i64> = story.iter().map(|(_, share)| *share).collect();
    // By node: half of each change first.
    assert_eq!(shares, [0, 0, 5, 10, 10, 55, 100]);
    scene.notices(Rule::CanarySteps);
    assert_eq!(scene.fake.shortages(), []);
}

#[test]
fn linear_is_equal_steps() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "LINEAR",
        "linearConfiguration": { "stepPercent": 40.0, "stepBakeTimeInMinutes": 1 } }));
    let arn = scene.begin("web:2");
    let mut seen = Vec::new();
    for _ in 0..400 {
        let rules = scene.ok(scene
            .elb
            .describe_rules()
            .rule_arns(&scene.shop.rule)
            .send());
        let groups = rules.rules()[0].actions()[0]
            .forward_config()
            .unwrap()
            .target_groups()
            .to_vec();
        let weight = groups[1].weight().unwrap();
        if seen.last() != Some(&weight) {
            seen.push(weight);
        }
        scene.wait(1);
    }
    assert_eq!(seen, [0, 40, 80, 100]);
    scene.notices(Rule::LinearSteps);
    assert_eq!(
        scene.service_deployment(&arn).status().unwrap().as_str(),
        "SUCCESSFUL"
    );
}

impl Scene {
    /// For how many seconds each weight of the new revision is in the rule, from the first on, until it is over; and at
    /// least how many tasks run on both sides meanwhile.
    fn times(&self, arn: &str) -> (Vec<(i32, u64)>, i32) {
        let mut times: Vec<(i32, u64)> = Vec::new();
        let mut least = i32::MAX;
        while self.status(arn) == "IN_PROGRESS" && self.stage(arn) != "CLEAN_UP" {
            let call = self.elb.describe_rules().rule_arns(&self.shop.rule);
            let rules = self.ok(call.send());
            let action = &rules.rules()[0].actions()[0];
            let weight = action.forward_config().unwrap().target_groups()[1].weight();
            let weight = weight.unwrap();
            if weight > 0 {
                least = least.min(self.running("api").into_iter().min().unwrap());
                match times.last_mut() {
                    Some((last, seconds)) if *last == weight => *seconds += 1,
                    _ => times.push((weight, 1)),
                }
            }
            self.wait(1);
        }
        (times, least)
    }
}

#[test]
fn every_step_bakes_as_long_as_it_is_told_and_both_revisions_run() {
    for (configuration, rule, expected) in [
        (
            json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 }),
            Rule::BothRunInTheBake,
            vec![(100, 300)],
        ),
        (
            json!({ "strategy": "CANARY", "bakeTimeInMinutes": 3,
                "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 2 } }),
            Rule::CanarySteps,
            vec![(10, 120), (100, 180)],
        ),
        (
            json!({ "strategy": "CANARY", "bakeTimeInMinutes": 1 }),
            Rule::CanarySteps,
            vec![(5, 600), (100, 60)],
        ),
        (
            json!({ "strategy": "LINEAR", "bakeTimeInMinutes": 1,
                "linearConfiguration": { "stepPercent": 40.0, "stepBakeTimeInMinutes": 2 } }),
            Rule::LinearSteps,
            vec![(40, 120), (80, 120), (100, 60)],
        ),
    ] {
        let scene = Scene::new();
        scene.native(configuration);
        let arn = scene.begin("web:2");
        assert_eq!(scene.times(&arn), (expected, 2));
        scene.notices(rule);
    }
}

#[test]
fn test_traffic_reaches_the_new_revision_first() {
    let scene = Scene::new();
    scene.native(
        json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": [
        { "targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"] } ] }),
    );
    scene.begin("web:2");
    scene.wait(120);
    let test = Request::default().with_header("x-test", "1");
    let group = |request: &Request| {
        let reached = scene.fake.reach(&scene.shop.listener, request);
        reached
            .iter()
            .map(|share| share.target_group.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(group(&test), [&*scene.shop.canary_group]);
    assert_eq!(group(&Request::default()), [&*scene.shop.stable_group]);
}

#[test]
fn described_weights_are_old_for_a_while() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5 }));
    let arn = scene.begin("web:2");
    let weight = || {
        let one = scene.service_deployment(&arn);
        one.target_service_revision()
            .unwrap()
            .requested_production_traffic_weight()
            .unwrap()
    };
    let half = [("web-canary".to_owned(), 50), ("web-stable".to_owned(), 50)];
    scene.wait_until(|| scene.shares() == half);
    assert_eq!(weight().to_string(), "0");
    scene.notices(Rule::DescribedWeightsLag);
    scene.wait(10);
    assert_eq!(weight().to_string(), "100");
}

#[test]
fn a_rule_that_is_not_wired_is_not_shifted() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 }));
    // Somebody takes the other group out.
    scene
        .fake
        .somebody_sets_weights(&scene.shop.rule, &[(&scene.shop.stable_group, 1)]);
    let arn = scene.begin("web:2");
    let (_, ended) = scene.story(&arn, 100);
    assert_eq!(ended.status().unwrap().as_str(), "ROLLBACK_SUCCESSFUL");
    assert!(
        ended
            .status_reason()
            .unwrap()
            .starts_with("Both targetGroup and alternateTargetGroup")
    );
    scene.notices(Rule::RuleIsWired);
    assert!(
        scene
            .service("api")
            .task_definition()
            .unwrap()
            .ends_with("web:1")
    );
}

#[test]
fn a_test_rule_that_is_not_wired_or_gone_is_not_shifted() {
    for is_gone in [false, true] {
        let scene = Scene::new();
        scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 }));
        if is_gone {
            let input = json!({ "RuleArn": scene.shop.test_rule });
            let fake = &scene.fake;
            fake.as_somebody_else(Service::LoadBalancing, "DeleteRule", input)
                .unwrap();
        } else {
            scene
                .fake
                .somebody_sets_weights(&scene.shop.test_rule, &[(&scene.shop.stable_group, 1)]);
        }
        let arn = scene.begin("web:2");
        let (story, ended) = scene.story(&arn, 100);
        assert_eq!(ended.status().unwrap().as_str(), "ROLLBACK_SUCCESSFUL");
        assert_eq!(told(&story), [("PRE_SCALE_UP", 0)]);
        scene.notices(Rule::RuleIsWired);
    }
}

#[test]
fn a_rollback_fails_where_the_rule_is_not_wired_any_more() {
    let canary = json!({ "strategy": "CANARY",
        "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5 } });
    let blue_green = json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 });
    for (configuration, is_stopped) in [(canary, false), (blue_green, true)] {
        let scene = Scene::new();
        scene.native(configuration);
        let arn = scene.begin("web:2");
        scene.wait(120);
        scene
            .fake
            .somebody_sets_weights(&scene.shop.rule, &[(&scene.shop.canary_group, 1)]);
        if is_stopped {
            scene.stop(&arn);
        } else {
            // The next step is not written, and there is no way back.
            scene.wait(300);
        }
        let one = scene.service_deployment(&arn);
        assert_eq!(scene.status(&arn), "ROLLBACK_FAILED");
        let reason = one.status_reason().unwrap();
        assert!(
            reason.starts_with("Both targetGroup and alternateTargetGroup"),
            "{reason}"
        );
        scene.notices(Rule::RollbackNeedsTheRule);
        scene.wait(60);
        assert_eq!(scene.shares(), [("web-canary".to_owned(), 100)]);
        assert_eq!(scene.running("api"), [2, 2]);
    }
}

#[test]
fn a_rule_with_other_actions_is_not_shifted() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 }));
    let groups = [(&scene.shop.stable_group, 1), (&scene.shop.canary_group, 0)];
    let tuples = groups.map(|(arn, weight)| json!({ "TargetGroupArn": arn, "Weight": weight }));
    let login = json!({ "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": { "Issuer": "https://i" } });
    let forward =
        json!({ "Type": "forward", "Order": 2, "ForwardConfig": { "TargetGroups": tuples } });
    let input = json!({ "RuleArn": scene.shop.rule, "Actions": [login, forward] });
    scene
        .fake
        .as_somebody_else(Service::LoadBalancing, "ModifyRule", input)
        .unwrap();
    let arn = scene.begin("web:2");
    let (_, ended) = scene.story(&arn, 100);
    assert_eq!(ended.status().unwrap().as_str(), "ROLLBACK_SUCCESSFUL");
    scene.notices(Rule::NoMixedActions);
}

#[test]
fn a_stage_ends_after_a_day() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 }));
    scene.fake.set_image("web:2", Image::missing());
    let arn = scene.begin("web:2");
    scene.wait(24 * 3600 - 60);
    assert_eq!(
        scene.service_deployment(&arn).status().unwrap().as_str(),
        "IN_PROGRESS"
    );
    scene.wait(120);
    assert_eq!(
        scene.service_deployment(&arn).status().unwrap().as_str(),
        "ROLLBACK_SUCCESSFUL"
    );
    scene.notices(Rule::StageLimit);
}

#[test]
fn a_stop_moves_traffic_back_before_tasks_go() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }));
    let arn = scene.begin("web:2");
    scene.wait(120);
    assert_eq!(scene.shares(), [("web-canary".to_owned(), 100)]);
    scene.ok(scene
        .ecs
        .stop_service_deployment()
        .service_deployment_arn(&arn)
        .send());
    assert_eq!(scene.running("api"), [2, 2]);
    let (story, ended) = scene.story(&arn, 100);
    assert_eq!(story.last().unwrap().1, 0);
    assert_eq!(ended.status().unwrap().as_str(), "ROLLBACK_SUCCESSFUL");
    assert_eq!(scene.running("api"), [2]);
    assert_eq!(scene.fake.shortages(), []);
    scene.notices(Rule::TrafficGoesBackFirst);
    scene.notices(Rule::StopRollsBack);
}

#[test]
fn clean_up_ends_when_old_tasks_have_stopped() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 }));
    let arn = scene.begin("web:2");
    scene.wait_until(|| scene.stage(&arn) == "CLEAN_UP");
    // They drain for half a minute.
    for _ in 0..31 {
        assert_eq!(scene.status(&arn), "IN_PROGRESS");
        assert_eq!(scene.not_stopped("api", "web:1"), 2);
        scene.wait(1);
    }
    scene.wait_until(|| scene.status(&arn) == "SUCCESSFUL");
    assert_eq!(scene.not_stopped("api", "web:1"), 0);
    scene.notices(Rule::CleanUpEnds);
}

#[test]
fn a_stop_in_clean_up_brings_the_old_tasks_up_before_traffic_goes_back() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 }));
    let arn = scene.begin("web:2");
    scene.wait_until(|| scene.stage(&arn) == "CLEAN_UP");
    scene.wait(5);
    scene.stop(&arn);
    assert_eq!(scene.status(&arn), "ROLLBACK_IN_PROGRESS");
    scene.notices(Rule::StopInCleanUp);
    scene.wait(20);
    assert_eq!(scene.shares(), [("web-canary".to_owned(), 100)]);
    let (_, ended) = scene.story(&arn, 300);
    assert_eq!(ended.status().unwrap().as_str(), "ROLLBACK_SUCCESSFUL");
    assert_eq!(scene.shares(), [("web-stable".to_owned(), 100)]);
    assert_eq!(scene.running("api"), [2]);
    let service = scene.service("api");
    assert!(service.task_definition().unwrap().ends_with("web:1"));
    assert_eq!(scene.fake.shortages(), []);
}

#[test]
fn a_newer_deployment_reconciles_what_an_unfinished_one_left() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }));
    let first = scene.begin("web:2");
    scene.wait(120);
    let second = scene.begin("web:3");
    assert_eq!(
        scene.service_deployment(&first).status().unwrap().as_str(),
        "STOPPED"
    );
    let stage = scene.service_deployment(&second);
    assert_eq!(
        stage.lifecycle_stage().unwrap().as_str(),
        "RECONCILE_SERVICE"
    );
    let (_, ended) = scene.story(&second, 4000);
    assert_eq!(ended.status().unwrap().as_str(), "SUCCESSFUL");
    assert_eq!(scene.running("api"), [2]);
    assert_eq!(scene.fake.shortages(), []);
}

#[test]
fn configurations_are_checked() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0 }));
    let update = |configuration: DeploymentConfiguration| {
        let call = scene
            .ecs
            .update_service()
            .cluster(Shop::CLUSTER)
            .service("api");
        call.deployment_configuration(configuration).send()
    };
    let of = |strategy: &str| {
        DeploymentConfiguration::builder().strategy(DeploymentStrategy::from(strategy))
    };
    scene.refuses(
        Rule::BlueGreenNamesItsBake,
        INVALID,
        scene
            .ecs
            .create_service()
            .cluster(Shop::CLUSTER)
            .service_name("other")
            .task_definition("web:1")
            .deployment_configuration(of("BLUE_GREEN").build())
            .send(),
    );
    let threshold = aws_sdk_ecs::types::ThresholdConfiguration::builder()
        .r#type(aws_sdk_ecs::types::ThresholdType::UnboundedPercent)
        .value(101);
    let breaker = DeploymentCircuitBreaker::builder()
        .enable(true)
        .rollback(true)
        .threshold_configuration(threshold.build().unwrap());
    let breaker = of("ROLLING").deployment_circuit_breaker(breaker.build());
    scene.refuses(Rule::ThresholdRange, INVALID, update(breaker.build()));
    scene.refuses(Rule::Strategies, INVALID, update(of("NOPE").build()));
    let canary = |percent: f64, minutes: i32| {
        let canary = CanaryConfiguration::builder().canary_percent(percent);
        let canary = canary.canary_bake_time_in_minutes(minutes);
        of("CANARY").canary_configuration(canary.build()).build()
    };
    for (percent, minutes) in [(0.0, 1), (0.15, 1), (100.1, 1), (5.0, 1441)] {
        scene.refuses(Rule::CanaryRange, INVALID, update(canary(percent, minutes)));
    }
    let linear = |strategy: &str, percent: f64| {
        let linear = LinearConfiguration::builder().step_percent(percent);
        of(strategy).linear_configuration(linear.build()).build()
    };
    scene.refuses(Rule::LinearRange, INVALID, update(linear("LINEAR", 2.9)));
    scene.refuses(
        Rule::ConfigurationOfTheStrategy,
        INVALID,
        update(linear("CANARY", 10.0)),
    );
    let breaker = DeploymentCircuitBreaker::builder()
        .enable(true)
        .rollback(true)
        .build();
    let breaker = of("CANARY").deployment_circuit_breaker(breaker);
    scene.refuses(Rule::BreakerIsForRolling, INVALID, update(breaker.build()));
    let create = || {
        let call = scene
            .ecs
            .create_service()
            .cluster(Shop::CLUSTER)
            .service_name("other");
        call.task_definition("web:1")
            .deployment_configuration(of("CANARY").build())
    };
    scene.refuses(Rule::StrategiesNeedTraffic, INVALID, create().send());
    let plain = aws_sdk_ecs::types::LoadBalancer::builder()
        .target_group_arn(&scene.shop.stable_group)
        .container_name("web")
        .container_port(8080);
    let create = create().load_balancers(plain.build());
    scene.refuses(Rule::AdvancedConfiguration, INVALID, create.send());
}
