//! Rules of listeners: priorities, conditions, names, and the default rule.

use aws_sdk_elasticloadbalancingv2::types::{ActionTypeEnum, RuleCondition, RulePriorityPair};
use test_support::ecs::Rule;

use crate::actions::path;
use crate::scene::{Scene, forward};

#[test]
fn what_is_named_exists() {
    let scene = Scene::new();
    let missing = forward(&[(
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/no/1",
        1,
    )]);
    scene.refuses_action(Rule::TargetGroupExists, "TargetGroupNotFound", missing);
    let elb = &scene.elb;
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:nothing/here";
    scene.refuses(
        Rule::RuleExists,
        "RuleNotFound",
        elb.describe_rules().rule_arns(arn).send(),
    );
    let listener = elb.describe_listeners().listener_arns(arn);
    scene.refuses(Rule::ListenerExists, "ListenerNotFound", listener.send());
    let balancer = elb.describe_load_balancers().names("none");
    scene.refuses(
        Rule::BalancerExists,
        "LoadBalancerNotFound",
        balancer.send(),
    );
    let error = scene
        .run(elb.describe_rules().rule_arns(arn).send())
        .unwrap_err();
    assert!(
        error
            .as_service_error()
            .unwrap()
            .is_rule_not_found_exception()
    );
}

#[test]
fn the_default_rule_is_the_listeners() {
    let scene = Scene::new();
    let listener = &scene.shop.listener;
    let rules = scene.ok(scene.elb.describe_rules().listener_arn(listener).send());
    let default = rules
        .rules()
        .iter()
        .find(|rule| rule.is_default() == Some(true))
        .unwrap();
    assert_eq!(default.priority(), Some("default"));
    let arn = default.rule_arn().unwrap();
    let action = forward(&[(&scene.shop.stable_group, 1)]);
    let code = "OperationNotPermitted";
    let modify = scene
        .elb
        .modify_rule()
        .rule_arn(arn)
        .actions(action.clone());
    scene.refuses(Rule::DefaultRuleByListener, code, modify.send());
    let delete = scene.elb.delete_rule().rule_arn(arn);
    scene.refuses(Rule::DefaultRuleByListener, code, delete.send());
    scene.ok(scene
        .elb
        .modify_listener()
        .listener_arn(listener)
        .default_actions(action)
        .send());
    let rules = scene.ok(scene.elb.describe_rules().rule_arns(arn).send());
    let listeners = scene.ok(scene
        .elb
        .describe_listeners()
        .listener_arns(listener)
        .send());
    assert_eq!(
        rules.rules()[0].actions(),
        listeners.listeners()[0].default_actions()
    );
    assert_eq!(
        rules.rules()[0].actions()[0].r#type(),
        Some(&ActionTypeEnum::Forward)
    );
}

#[test]
fn priorities_are_in_range_and_used_once() {
    let scene = Scene::new();
    let create = |priority: i32| {
        let call = scene
            .elb
            .create_rule()
            .listener_arn(&scene.shop.listener)
            .priority(priority);
        call.conditions(path("/a"))
            .actions(forward(&[(&scene.shop.stable_group, 1)]))
            .send()
    };
    for priority in [0, 50_001] {
        scene.refuses(Rule::PriorityRange, "ValidationError", create(priority));
    }
    scene.refuses(Rule::PriorityOnce, "PriorityInUse", create(10));
    let made = scene.ok(create(50_000));
    let arn = made.rules()[0].rule_arn().unwrap();
    let pair = |arn: &str, priority: i32| {
        RulePriorityPair::builder()
            .rule_arn(arn)
            .priority(priority)
            .build()
    };
    let swap = scene
        .elb
        .set_rule_priorities()
        .rule_priorities(pair(arn, 10));
    scene.refuses(Rule::PriorityOnce, "PriorityInUse", swap.clone().send());
    scene.ok(swap.rule_priorities(pair(&scene.shop.rule, 50_000)).send());
    scene.ok(scene.elb.delete_rule().rule_arn(arn).send());
    scene.ok(create(10));
}

#[test]
fn a_load_balancer_has_at_most_a_hundred_rules() {
    let scene = Scene::new();
    let create = |priority: i32| {
        let call = scene
            .elb
            .create_rule()
            .listener_arn(&scene.shop.listener)
            .priority(priority);
        call.conditions(path("/a"))
            .actions(forward(&[(&scene.shop.stable_group, 1)]))
            .send()
    };
    // There are two already.
    for priority in 100..198 {
        scene.ok(create(priority));
    }
    scene.refuses(Rule::RulesPerBalancer, "TooManyRules", create(200));
}

#[test]
fn conditions_are_limited() {
    let scene = Scene::new();
    let twice = scene.modify().conditions(path("/a")).conditions(path("/b"));
    scene.refuses(Rule::OneConditionPerField, "ValidationError", twice.send());
    let many = (0..6).fold(
        RuleCondition::builder().field("path-pattern"),
        |condition, number| condition.values(format!("/{number}")),
    );
    let many = scene.modify().conditions(many.build());
    scene.refuses(Rule::ConditionValues, "ValidationError", many.send());
}

#[test]
fn a_condition_is_told_both_ways_and_taken_one_way() {
    let scene = Scene::new();
    let described = || {
        let call = scene
            .elb
            .describe_rules()
            .listener_arn(&scene.shop.listener);
        let rules = scene.ok(call.send()).rules.unwrap();
        let own =
            |rule: &aws_sdk_elasticloadbalancingv2::types::Rule| rule.priority() == Some("10");
        rules.into_iter().find(own).unwrap().conditions.unwrap()[0].clone()
    };
    let condition = described();
    let config = condition.path_pattern_config().unwrap();
    assert_eq!(
        (condition.values(), config.values()),
        (&["/*".to_owned()][..], &["/*".to_owned()][..])
    );
    scene.notices(Rule::ConditionsBothWays);
    let back = scene.modify().conditions(condition.clone());
    scene.refuses(Rule::OneWayToMatch, "ValidationError", back.send());
    scene.ok(scene.modify().conditions(path("/a")).send());
    assert_eq!(described().path_pattern_config().unwrap().values(), ["/a"]);
}

#[test]
fn names_and_ports_are_used_once() {
    let scene = Scene::new();
    let elb = &scene.elb;
    let rule = Rule::NamesOfBalancing;
    let balancer = elb.create_load_balancer().name("shop");
    scene.refuses(rule, "DuplicateLoadBalancerName", balancer.send());
    let group = elb.create_target_group().name("web-stable");
    scene.refuses(rule, "DuplicateTargetGroupName", group.send());
    let listener = elb
        .create_listener()
        .load_balancer_arn(&scene.shop.load_balancer)
        .port(80);
    let action = forward(&[(&scene.shop.stable_group, 1)]);
    scene.refuses(
        Rule::NamesOfBalancing,
        "DuplicateListener",
        listener.default_actions(action).send(),
    );
}
