//! Target groups, health, tags and pages.

use aws_sdk_elasticloadbalancingv2::types::{Tag, TargetDescription, TargetGroupAttribute};
use test_support::ecs::Rule;

use crate::scene::{Scene, forward};

fn target(id: &str) -> TargetDescription {
    TargetDescription::builder().id(id).build()
}

impl Scene {
    fn add_target(&self, group: &str, id: &str) {
        let call = self.elb.register_targets().target_group_arn(group);
        self.ok(call.targets(target(id)).send());
    }

    fn unwired_group(&self) -> String {
        let made = self.ok(self.elb.create_target_group().name("unwired").send());
        made.target_groups()[0]
            .target_group_arn()
            .unwrap()
            .to_owned()
    }
}

#[test]
fn attributes_are_in_range() {
    let scene = Scene::new();
    let set = |pairs: &[(&str, &str)]| {
        let call = scene.elb.modify_target_group_attributes();
        let call = call.target_group_arn(&scene.shop.stable_group);
        pairs
            .iter()
            .map(|(key, value)| {
                TargetGroupAttribute::builder()
                    .key(*key)
                    .value(*value)
                    .build()
            })
            .fold(call, |call, attribute| call.attributes(attribute))
            .send()
    };
    let (delay, slow) = (
        "deregistration_delay.timeout_seconds",
        "slow_start.duration_seconds",
    );
    for pair in [(delay, "3601"), (slow, "29"), (slow, "901")] {
        scene.refuses(Rule::AttributeRanges, "ValidationError", set(&[pair]));
    }
    scene.ok(set(&[(delay, "0"), (slow, "30")]));
    let algorithm = (
        "load_balancing.algorithm.type",
        "least_outstanding_requests",
    );
    scene.refuses(
        Rule::SlowStartNeedsRoundRobin,
        "InvalidConfigurationRequest",
        set(&[algorithm]),
    );
    let call = scene.elb.describe_target_group_attributes();
    let described = scene.ok(call.target_group_arn(&scene.shop.stable_group).send());
    let kept = described
        .attributes()
        .iter()
        .find(|one| one.key() == Some(slow))
        .unwrap();
    assert_eq!(kept.value(), Some("30"));
}

#[test]
fn a_group_in_use_is_not_deleted() {
    let scene = Scene::new();
    let delete = |arn: &str| scene.elb.delete_target_group().target_group_arn(arn).send();
    scene.refuses(
        Rule::GroupInUse,
        "ResourceInUse",
        delete(&scene.shop.canary_group),
    );
    scene.ok(delete(&scene.unwired_group()));
}

#[test]
fn targets_of_a_group_in_no_rule_are_unused_until_it_is_wired() {
    let scene = Scene::new();
    let group = scene.unwired_group();
    scene.add_target(&group, "10.1.0.1");
    scene.wait(120);
    assert_eq!(scene.health(&group), ["unused"]);
    scene.notices(Rule::NotInUse);
    let call = scene.elb.modify_rule().rule_arn(&scene.shop.rule);
    let weights = [(scene.shop.stable_group.as_str(), 1), (&group, 0)];
    scene.ok(call.actions(forward(&weights)).send());
    assert_eq!(scene.health(&group), ["initial"]);
    scene.wait(6);
    assert_eq!(scene.health(&group), ["healthy"]);
    scene.notices(Rule::FirstPassingCheck);
}

#[test]
fn a_target_that_is_not_there_is_unused() {
    let scene = Scene::new();
    let call = scene
        .elb
        .describe_target_health()
        .target_group_arn(&scene.shop.stable_group);
    let answer = scene.ok(call.targets(target("10.1.0.9")).send());
    let health = answer.target_health_descriptions()[0]
        .target_health()
        .unwrap();
    assert_eq!(health.reason().unwrap().as_str(), "Target.NotRegistered");
    scene.notices(Rule::NotRegistered);
}

#[test]
fn health_changes_at_the_threshold() {
    let scene = Scene::new();
    let group = &scene.shop.stable_group;
    scene.add_target(group, "10.1.0.1");
    scene.wait(10);
    assert_eq!(scene.health(group), ["healthy"]);
    scene.fake.set_answers(group, "10.1.0.1", false);
    scene.wait(15);
    // One of two failed checks.
    assert_eq!(scene.health(group), ["healthy"]);
    scene.wait(10);
    assert_eq!(scene.health(group), ["unhealthy"]);
    scene.notices(Rule::UnhealthyAfterThreshold);
    scene.fake.set_answers(group, "10.1.0.1", true);
    scene.wait(45);
    assert_eq!(scene.health(group), ["unhealthy"]);
    scene.wait(10);
    assert_eq!(scene.health(group), ["healthy"]);
}

#[test]
fn a_deregistered_target_drains_for_the_delay() {
    let scene = Scene::new();
    let group = &scene.shop.stable_group;
    scene.add_target(group, "10.1.0.1");
    scene.wait(10);
    let call = scene.elb.deregister_targets().target_group_arn(group);
    scene.ok(call.targets(target("10.1.0.1")).send());
    scene.wait(29);
    assert_eq!(scene.health(group), ["draining"]);
    scene.notices(Rule::DrainsForTheDelay);
    scene.wait(1);
    assert_eq!(scene.health(group), [""; 0]);
    // One that is registered again while it drains is new.
    scene.add_target(group, "10.1.0.2");
    scene.wait(10);
    let call = scene.elb.deregister_targets().target_group_arn(group);
    scene.ok(call.targets(target("10.1.0.2")).send());
    scene.add_target(group, "10.1.0.2");
    assert_eq!(scene.health(group), ["initial"]);
    scene.wait(10);
    scene.add_target(group, "10.1.0.2");
    assert_eq!(scene.health(group), ["healthy"]);
}

#[test]
fn tags_are_kept_and_counted() {
    let scene = Scene::new();
    let tag = |key: String| Tag::builder().key(key).value("v").build();
    let add = |count: usize| {
        let call = scene.elb.add_tags().resource_arns(&scene.shop.rule);
        (0..count)
            .map(|number| tag(format!("k{number}")))
            .fold(call, |call, tag| call.tags(tag))
            .send()
    };
    scene.refuses(Rule::MostTags, "TooManyTags", add(51));
    scene.ok(add(2));
    scene.ok(scene
        .elb
        .remove_tags()
        .resource_arns(&scene.shop.rule)
        .tag_keys("k0")
        .send());
    let described = scene.ok(scene
        .elb
        .describe_tags()
        .resource_arns(&scene.shop.rule)
        .send());
    let tags = described.tag_descriptions()[0].tags();
    assert_eq!((tags.len(), tags[0].key()), (1, Some("k1")));
    let many = (0..21).fold(scene.elb.describe_tags(), |call, _| {
        call.resource_arns(&scene.shop.rule)
    });
    scene.refuses(Rule::BatchOfTags, "ValidationError", many.send());
}

#[test]
fn lists_come_in_pages() {
    let scene = Scene::new();
    let list = || scene.elb.describe_target_groups();
    scene.refuses(
        Rule::PageSizes,
        "ValidationError",
        list().page_size(0).send(),
    );
    scene.refuses(
        Rule::PageTokens,
        "ValidationError",
        list().marker("x").send(),
    );
    let first = scene.ok(list().page_size(1).send());
    assert_eq!(first.target_groups().len(), 1);
    let second = scene.ok(list()
        .set_marker(first.next_marker.clone())
        .page_size(1)
        .send());
    assert_eq!(
        (second.target_groups().len(), second.next_marker()),
        (1, None)
    );
    assert_ne!(first.target_groups(), second.target_groups());
    // Also where nobody asked for small pages.
    scene.fake.set_page_size(Some(1));
    let rules = scene.ok(scene
        .elb
        .describe_rules()
        .listener_arn(&scene.shop.listener)
        .send());
    assert!(rules.rules().len() == 1 && rules.next_marker().is_some());
    scene.notices(Rule::Pages);
}
