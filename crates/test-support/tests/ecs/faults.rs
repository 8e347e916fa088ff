//! Faults, the log of calls, and other hands.

use std::time::Duration;

use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::json;
use test_support::ecs::{Fault, Image, Outcome, Rule, Service, Settings, Shop};

use crate::scene::{Scene, forward};

impl Scene {
    fn since<T>(&self, act: impl FnOnce() -> T) -> (T, Duration) {
        let before = self.clock.now();
        let done = act();
        (done, self.clock.now().since(before))
    }

    fn outcomes(&self) -> Vec<Outcome> {
        self.fake
            .calls()
            .into_iter()
            .map(|call| call.outcome)
            .collect()
    }
}

#[test]
fn the_sdk_tries_again_when_throttled_and_it_takes_virtual_time() {
    let scene = Scene::new();
    scene
        .fake
        .fault_next("DescribeServices", 2, Fault::Throttled);
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    let (_, took) = scene.since(|| scene.service("api"));
    assert_eq!(took, Duration::from_secs(2));
    scene.fake.fault_next("DescribeRules", 3, Fault::Throttled);
    let call = scene.elb.describe_rules().rule_arns(&scene.shop.rule);
    let error = scene.run(call.send()).unwrap_err();
    assert_eq!(error.code(), Some("Throttling"));
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(
        scene.outcomes(),
        [
            Outcome::Faulty(Fault::Throttled),
            Outcome::Faulty(Fault::Throttled),
            Outcome::Answered,
            Outcome::Faulty(Fault::Throttled),
            Outcome::Faulty(Fault::Throttled),
            Outcome::Faulty(Fault::Throttled),
        ]
    );
    scene.notices(Rule::ThrottlingCodes);
}

#[test]
fn an_account_makes_no_more_calls_than_is_published() {
    let scene = Scene::with(Settings {
        published_buckets: true,
        ..Settings::default()
    });
    let answered = |calls: usize, ask: &dyn Fn()| {
        let before = scene.fake.calls().len();
        (0..calls).for_each(|_| ask());
        let calls = scene.fake.calls().into_iter().skip(before);
        calls
            .filter(|call| call.outcome == Outcome::Answered)
            .count()
    };
    let elb = scene.elb.config().to_builder();
    let elb = elb.retry_config(aws_smithy_types::retry::RetryConfig::disabled());
    let elb = aws_sdk_elasticloadbalancingv2::Client::from_conf(elb.build());
    let rules = || drop(scene.run(elb.describe_rules().rule_arns(&scene.shop.rule).send()));
    assert_eq!(answered(45, &rules), 40);
    scene.refuses(
        Rule::PublishedBuckets,
        "Throttling",
        elb.describe_rules().rule_arns(&scene.shop.rule).send(),
    );
    // Other calls of load balancing spend of the same account.
    let balancers = || drop(scene.run(elb.describe_load_balancers().send()));
    assert_eq!(answered(1, &balancers), 0);
    scene.wait(1);
    assert_eq!(answered(5, &rules), 5);
    assert_eq!(answered(10, &balancers), 5);
    scene.wait(100);
    assert_eq!(answered(41, &rules), 40);
    // Amazon ECS has buckets of its own.
    let ecs = scene.ecs.config().to_builder();
    let ecs = ecs.retry_config(aws_smithy_types::retry::RetryConfig::disabled());
    let ecs = aws_sdk_ecs::Client::from_conf(ecs.build());
    let tasks = || drop(scene.run(ecs.list_tasks().cluster("shop").send()));
    assert_eq!(answered(120, &tasks), 100);
}

#[test]
fn each_fault_is_applied_or_not_as_it_says() {
    for (fault, is_applied) in [
        (Fault::Throttled, false),
        (Fault::ServerError, false),
        (Fault::ResetBefore, false),
        (Fault::TimeoutBefore, false),
        (Fault::ResetAfter, true),
        (Fault::TimeoutAfter, true),
    ] {
        let scene = Scene::new();
        scene
            .fake
            .fault_always("RegisterTaskDefinition", Some(fault));
        let container = aws_sdk_ecs::types::ContainerDefinition::builder()
            .name("web")
            .image("web:2");
        let call = scene.ecs.register_task_definition().family("other");
        let call = call.container_definitions(container.build());
        scene.run(call.send()).unwrap_err();
        let attempts = scene.fake.calls().len();
        let listed = scene.ok(scene
            .ecs
            .list_task_definitions()
            .family_prefix("other")
            .send());
        // Every attempt that is applied is another revision: there is no token.
        let expected = if is_applied { attempts } else { 0 };
        assert_eq!(listed.task_definition_arns().len(), expected, "{fault:?}");
        assert_eq!(attempts, 3, "{fault:?}");
    }
}

#[test]
fn a_timeout_of_the_sdk_takes_virtual_time() {
    let scene = Scene::new();
    scene.fake.fault_at(0, Fault::TimeoutAfter);
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(7));
    let config =
        aws_sdk_elasticloadbalancingv2::config::Builder::new().timeout_config(timeouts.build());
    let weights = [
        (scene.shop.stable_group.as_str(), 9),
        (&scene.shop.canary_group, 1),
    ];
    let call = scene
        .elb
        .modify_rule()
        .rule_arn(&scene.shop.rule)
        .actions(forward(&weights));
    let (_, took) = scene.since(|| scene.ok(call.customize().config_override(config).send()));
    // A tenth of a second less, as the SDK has it; then, with or without a second of patience, the second attempt.
    assert!((6..=8).contains(&took.as_secs()), "{took:?}");
    assert_eq!(
        scene.outcomes(),
        [Outcome::Faulty(Fault::TimeoutAfter), Outcome::Answered]
    );
}

#[test]
fn an_action_that_is_denied_changes_nothing_and_is_not_tried_again() {
    let scene = Scene::new();
    scene.fake.deny("elasticloadbalancing:ModifyRule");
    scene.fake.deny("ecs:TagResource");
    let weights = [
        (scene.shop.stable_group.as_str(), 9),
        (&scene.shop.canary_group, 1),
    ];
    let modify = || {
        let call = scene.elb.modify_rule().rule_arn(&scene.shop.rule);
        call.actions(forward(&weights)).send()
    };
    scene.refuses(Rule::DeniedCodes, "AccessDenied", modify());
    let error = scene.run(modify()).unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 403);
    // Creating something with tags needs the action of tagging.
    let create = || {
        let call = scene
            .ecs
            .create_service()
            .cluster(Shop::CLUSTER)
            .service_name("api");
        call.task_definition("web:1")
    };
    let tag = aws_sdk_ecs::types::Tag::builder()
        .key("a")
        .value("b")
        .build();
    scene.refuses(
        Rule::DeniedCodes,
        "AccessDeniedException",
        create().tags(tag).send(),
    );
    let error = scene.run(scene.ecs.tag_resource().resource_arn("a").send());
    let error = error.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(scene.fake.calls().len(), 4);
    scene.ok(create().send());
    scene.fake.allow("elasticloadbalancing:ModifyRule");
    scene.ok(modify());
}

#[test]
fn every_call_is_in_the_log_with_what_it_is_about() {
    let scene = Scene::new();
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    assert_eq!(scene.fake.calls(), []);
    scene.service("api");
    scene.wait(5);
    scene.ok(scene
        .elb
        .delete_rule()
        .rule_arn(&scene.shop.test_rule)
        .send());
    let calls = scene.fake.calls();
    let told: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.service,
                call.operation.as_str(),
                call.resource.as_str(),
                call.is_write(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Service::Ecs, "DescribeServices", "api", false),
            (
                Service::LoadBalancing,
                "DeleteRule",
                scene.shop.test_rule.as_str(),
                true
            ),
        ]
    );
    assert_eq!(calls[1].actions, ["elasticloadbalancing:DeleteRule"]);
    assert_eq!(calls[1].at.since(calls[0].at), Duration::from_secs(5));
}

#[test]
fn other_hands_change_things_and_are_in_no_log() {
    let scene = Scene::new();
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(120);
    scene.fake.somebody_scales(Shop::CLUSTER, "api", 3).unwrap();
    scene
        .fake
        .somebody_deploys(Shop::CLUSTER, "api", &scene.shop.register("web:2"))
        .unwrap();
    scene.fake.somebody_sets_weights(
        &scene.shop.rule,
        &[(&scene.shop.stable_group, 1), (&scene.shop.canary_group, 3)],
    );
    let service = scene.service("api");
    scene
        .fake
        .somebody_tags(service.service_arn().unwrap(), "owner", Some("them"));
    assert_eq!(service.desired_count(), 3);
    assert!(service.task_definition().unwrap().ends_with("web:2"));
    let tags = scene
        .ecs
        .list_tags_for_resource()
        .resource_arn(service.service_arn().unwrap());
    assert_eq!(scene.ok(tags.send()).tags()[0].value(), Some("them"));
    scene.wait(30);
    assert_eq!(
        scene.shares(),
        [("web-canary".to_owned(), 75), ("web-stable".to_owned(), 25)]
    );
    let why = scene
        .fake
        .somebody_scales(Shop::CLUSTER, "none", 3)
        .unwrap_err();
    assert_eq!(why, "ServiceNotFoundException: Service not found.");
    assert_eq!(scene.fake.calls().len(), 2);
    // A rule with one target group is told both ways; with two it no longer is.
    let single = json!([{ "Type": "forward", "TargetGroupArn": scene.shop.stable_group }]);
    let input = json!({ "RuleArn": scene.shop.rule, "Actions": single });
    scene
        .fake
        .as_somebody_else(Service::LoadBalancing, "ModifyRule", input)
        .unwrap();
    let both = [
        (&*scene.shop.stable_group, 1),
        (&*scene.shop.canary_group, 3),
    ];
    scene.fake.somebody_sets_weights(&scene.shop.rule, &both);
    let rules = scene.ok(scene
        .elb
        .describe_rules()
        .rule_arns(&scene.shop.rule)
        .send());
    let action = &rules.rules()[0].actions()[0];
    assert_eq!(action.target_group_arn(), None);
    assert_eq!(action.forward_config().unwrap().target_groups().len(), 2);
}

#[test]
fn equal_histories_are_equal_to_the_last_id() {
    let tell = |seed: u64| {
        let scene = Scene::with(Settings {
            seed,
            ..Settings::default()
        });
        scene
            .shop
            .create_service("api", &scene.shop.stable_group, 2);
        scene
            .fake
            .fault_next("DescribeServices", 2, Fault::Throttled);
        scene.wait(120);
        format!(
            "{:?} {:?} {:?}",
            scene.service("api"),
            scene.fake.calls(),
            scene.fake.requests()
        )
    };
    assert_eq!(tell(1), tell(1));
    assert_ne!(tell(1), tell(2));
}

#[test]
fn reads_may_be_old_for_a_while() {
    let read_lag = Duration::from_secs(10);
    let scene = Scene::with(Settings {
        read_lag,
        ..Settings::default()
    });
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(120);
    let call = scene
        .ecs
        .update_service()
        .cluster(Shop::CLUSTER)
        .service("api");
    let answer = scene.ok(call.desired_count(3).send());
    assert_eq!(answer.service().unwrap().desired_count(), 3);
    assert_eq!(scene.service("api").desired_count(), 1);
    scene.notices(Rule::ReadsLag);
    scene.wait(9);
    assert_eq!(scene.service("api").desired_count(), 1);
    scene.wait(1);
    assert_eq!(scene.service("api").desired_count(), 3);
}

#[test]
fn roles_are_passed_by_those_who_may() {
    let scene = Scene::new();
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.fake.deny("iam:PassRole");
    let refused = |code: Option<&str>| {
        assert_eq!(code, Some("AccessDeniedException"));
        let calls = scene.fake.calls();
        assert!(
            calls
                .last()
                .unwrap()
                .actions
                .contains(&"iam:PassRole".to_owned())
        );
    };
    let register = || {
        let container = aws_sdk_ecs::types::ContainerDefinition::builder()
            .name("web")
            .image("web:1");
        let call = scene.ecs.register_task_definition().family("roles");
        call.container_definitions(container.build())
    };
    let role = "arn:aws:iam::123456789012:role/tasks";
    let error = scene.run(register().execution_role_arn(role).send());
    refused(error.unwrap_err().code());
    let error = scene.run(register().task_role_arn(role).send());
    refused(error.unwrap_err().code());
    let hook = aws_sdk_ecs::types::DeploymentLifecycleHook::builder()
        .hook_target_arn("arn:aws:lambda:check")
        .role_arn(role)
        .lifecycle_stages("PRE_SCALE_UP".into());
    let hooks =
        aws_sdk_ecs::types::DeploymentConfiguration::builder().lifecycle_hooks(hook.build());
    let update = || {
        scene
            .ecs
            .update_service()
            .cluster(Shop::CLUSTER)
            .service("api")
    };
    let error = scene.run(update().deployment_configuration(hooks.build()).send());
    refused(error.unwrap_err().code());
    let advanced = aws_sdk_ecs::types::AdvancedConfiguration::builder().role_arn(role);
    let balancer = aws_sdk_ecs::types::LoadBalancer::builder()
        .target_group_arn(&scene.shop.stable_group)
        .advanced_configuration(advanced.build());
    let error = scene.run(update().load_balancers(balancer.build()).send());
    refused(error.unwrap_err().code());
    scene.notices(Rule::RolesArePassed);
    // Who passes none needs it not.
    scene.ok(register().send());
    scene.ok(update().desired_count(2).send());
}

#[test]
fn each_of_several_writes_is_seen_as_long_after_it_was_made() {
    let scene = Scene::with(Settings {
        read_lag: Duration::from_secs(10),
        ..Settings::default()
    });
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(120);
    let scale = |count: i32| {
        let call = scene.ecs.update_service().cluster(Shop::CLUSTER);
        scene.ok(call.service("api").desired_count(count).send());
    };
    let desired = || scene.service("api").desired_count();
    scale(3);
    scene.wait(6);
    scale(5);
    assert_eq!(desired(), 1);
    scene.wait(4);
    assert_eq!(desired(), 3);
    scene.wait(5);
    assert_eq!(desired(), 3);
    scene.wait(1);
    assert_eq!(desired(), 5);
    scene.notices(Rule::ReadsLag);
}

#[test]
fn what_is_told_of_that_never_was_has_ids_of_its_own() {
    let scene = Scene::with(Settings {
        read_lag: Duration::from_secs(60),
        ..Settings::default()
    });
    // The task runs from second 30 to 230, and ten seconds later there is another.
    let crashes = Image::crashes_after(Duration::from_secs(200));
    scene.fake.set_image("web:1", crashes);
    scene.open(1);
    scene.wait(20);
    let call = scene.ecs.update_service().cluster(Shop::CLUSTER);
    scene.ok(call.service("api").desired_count(2).send());
    scene.wait(45);
    let arns = || -> Vec<String> {
        let call = scene.ecs.list_tasks().cluster(Shop::CLUSTER);
        let answer = scene.ok(call.service_name("api").send());
        answer.task_arns.unwrap_or_default()
    };
    let told = arns();
    assert_eq!(told.len(), 1);
    scene.wait(20);
    let real = arns();
    assert_eq!(real.len(), 2);
    assert!(!real.contains(&told[0]), "{told:?} {real:?}");
}

#[test]
fn latency_takes_time() {
    let latency = Duration::from_secs(3);
    let scene = Scene::with(Settings {
        latency,
        ..Settings::default()
    });
    let call = scene.elb.describe_rules().rule_arns(&scene.shop.rule);
    assert_eq!(scene.since(|| scene.ok(call.send())).1, latency);
}

#[test]
fn a_fault_of_every_operation_hits_reads_and_writes_until_it_is_over() {
    let scene = Scene::new();
    scene.fake.fault_every(Some(Fault::Denied));
    scene.run(scene.ecs.list_clusters().send()).unwrap_err();
    let rules = || scene.elb.describe_rules().rule_arns(&scene.shop.rule);
    scene.run(rules().send()).unwrap_err();
    scene.fake.fault_every(None);
    scene.ok(rules().send());
}

#[test]
fn the_sdk_never_grows_tired_of_trying_again() {
    let scene = Scene::new();
    for fault in [Fault::Throttled, Fault::ServerError, Fault::ResetBefore] {
        scene.fake.fault_always("DescribeRules", Some(fault));
        let before = scene.fake.next_index();
        for _ in 0..100 {
            let call = scene.elb.describe_rules().rule_arns(&scene.shop.rule);
            scene.run(call.send()).unwrap_err();
        }
        // Its quota of retries is one for all clients of a process, and would make tests depend on each other.
        assert_eq!(scene.fake.next_index() - before, 300, "{fault:?}");
    }
}

#[test]
fn a_denied_call_is_refused_once_and_does_nothing() {
    let scene = Scene::new();
    scene.fake.fault_at(0, Fault::Denied);
    let create = scene.ecs.create_cluster().cluster_name("other");
    let error = scene.run(create.send()).unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    scene.fake.fault_at(1, Fault::Denied);
    let rules = scene.elb.describe_rules().rule_arns(&scene.shop.rule);
    let error = scene.run(rules.send()).unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"));
    let listed = scene.ok(scene.ecs.list_clusters().send());
    assert_eq!(listed.cluster_arns().len(), 1);
}

#[test]
fn running_tasks_crash_or_turn_unhealthy_as_told() {
    let scene = Scene::new();
    let group = scene.shop.stable_group.clone();
    scene.shop.create_service("web", &group, 3);
    scene.wait(300);
    let healthy = || {
        let states = scene.health(&group).into_iter();
        states.filter(|state| state == "healthy").count()
    };
    assert_eq!(healthy(), 3);
    assert_eq!(scene.fake.tasks_crash(Shop::CLUSTER, "web", 2, 1), 2);
    assert_eq!((healthy(), scene.service("web").running_count()), (1, 1));
    scene.wait(300);
    assert_eq!(healthy(), 3, "others took their place");
    let unhealthy = |count| scene.fake.tasks_turn_unhealthy(Shop::CLUSTER, "web", count);
    assert_eq!(unhealthy(1), 1);
    assert_eq!(healthy(), 3, "nobody has looked yet");
    scene.wait(25);
    assert_eq!(healthy(), 2);
    assert_eq!(scene.fake.tasks_crash(Shop::CLUSTER, "other", 1, 1), 0);
}
