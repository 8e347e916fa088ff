//! What happens to requests.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, TargetDescription, TargetGroupStickinessConfig,
};
use test_support::ecs::{Image, Request, Rule, Serving, Settings};

use crate::scene::{Scene, config, forward};

impl Scene {
    fn shift(&self, stable: i32, canary: i32) {
        let weights = [
            (self.shop.stable_group.as_str(), stable),
            (&self.shop.canary_group, canary),
        ];
        let call = self.elb.modify_rule().rule_arn(&self.shop.rule);
        self.ok(call.actions(forward(&weights)).send());
    }

    fn shift_sticky(&self, stable: i32, canary: i32, seconds: i32) {
        let weights = [
            (self.shop.stable_group.as_str(), stable),
            (&self.shop.canary_group, canary),
        ];
        let stickiness = TargetGroupStickinessConfig::builder()
            .enabled(true)
            .duration_seconds(seconds);
        let config = config(&weights).target_group_stickiness_config(stickiness.build());
        let action = Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .forward_config(config.build());
        let call = self.elb.modify_rule().rule_arn(&self.shop.rule);
        self.ok(call.actions(action.build()).send());
    }

    fn target(&self, group: &str, id: &str) {
        let call = self.elb.register_targets().target_group_arn(group);
        self.ok(call
            .targets(TargetDescription::builder().id(id).build())
            .send());
    }

    fn with_targets(settings: Settings) -> Self {
        let scene = Self::with(settings);
        scene.target(&scene.shop.stable_group, "10.1.0.1");
        scene.target(&scene.shop.canary_group, "10.1.0.2");
        scene.fake.set_load(&scene.shop.rule, 0.0);
        scene.wait(10);
        scene.fake.set_load(&scene.shop.rule, 10.0);
        scene
    }
}

fn shares(list: &[(&str, i64)]) -> Vec<(String, i64)> {
    let mut list: Vec<_> = list
        .iter()
        .map(|(name, share)| ((*name).to_owned(), *share))
        .collect();
    list.sort();
    list
}

#[test]
fn shares_are_weights_by_their_sum_and_come_node_by_node() {
    let scene = Scene::with_targets(Settings::default());
    assert_eq!(scene.shares(), shares(&[("web-stable", 100)]));
    scene.shift(3, 1);
    // The description is new at once, the requests are not.
    assert_eq!(scene.shares(), shares(&[("web-stable", 100)]));
    scene.notices(Rule::PropagationTakesTime);
    scene.wait(8);
    assert_eq!(
        scene.shares(),
        shares(&[("web-canary", 13), ("web-stable", 88)])
    );
    scene.wait(8);
    assert_eq!(
        scene.shares(),
        shares(&[("web-canary", 25), ("web-stable", 75)])
    );
    scene.notices(Rule::WeightsAreShares);
    let before = scene.fake.requests();
    scene.wait(100);
    let after = scene.fake.requests();
    let more = after[&scene.shop.canary_group] - before[&scene.shop.canary_group];
    assert!((more - 250.0).abs() < 1e-6, "{more}");
    assert_eq!(scene.fake.shortages(), []);
}

#[test]
fn a_group_without_targets_keeps_its_share() {
    let scene = Scene::with_targets(Settings::default());
    let call = scene
        .elb
        .deregister_targets()
        .target_group_arn(&scene.shop.canary_group);
    scene.ok(call
        .targets(TargetDescription::builder().id("10.1.0.2").build())
        .send());
    scene.shift(1, 1);
    scene.wait(25);
    let shortages = scene.fake.shortages();
    assert_eq!(shortages.len(), 1, "{shortages:?}");
    assert_eq!(shortages[0].serving, Serving::Nobody);
    assert_eq!(shortages[0].target_group, scene.shop.canary_group);
    // A quarter for 7.5 s, half for 10 s, of ten a second.
    let requests = shortages[0].requests;
    assert!((requests - (18.75 + 50.0)).abs() < 0.1, "{requests}");
    scene.notices(Rule::EmptyGroupIsNotSkipped);
}

#[test]
fn unhealthy_targets_alone_get_everything() {
    let scene = Scene::with_targets(Settings::default());
    scene
        .fake
        .set_answers(&scene.shop.stable_group, "10.1.0.1", false);
    scene.wait(60);
    assert_eq!(scene.health(&scene.shop.stable_group), ["unhealthy"]);
    assert_eq!(
        scene.fake.shares(&scene.shop.rule)[0].serving,
        Serving::FailOpen
    );
    assert_eq!(scene.fake.shortages()[0].serving, Serving::FailOpen);
    scene.notices(Rule::FailOpen);
}

#[test]
fn clients_stick_to_a_group_though_its_weight_is_zero_and_nobody_is_there() {
    let scene = Scene::with_targets(Settings::default());
    scene.shift_sticky(1, 0, 300);
    scene.wait(60);
    scene.shift_sticky(0, 1, 300);
    scene.wait(60);
    assert_eq!(
        scene.shares(),
        shares(&[("web-canary", 50), ("web-stable", 50)])
    );
    let call = scene
        .elb
        .deregister_targets()
        .target_group_arn(&scene.shop.stable_group);
    scene.ok(call
        .targets(TargetDescription::builder().id("10.1.0.1").build())
        .send());
    scene.wait(60);
    assert_eq!(scene.fake.shortages()[0].serving, Serving::Nobody);
    scene.notices(Rule::StickyToEmpty);
    // Until cookies end.
    scene.wait(200);
    assert_eq!(scene.shares(), shares(&[("web-canary", 100)]));
}

#[test]
fn cookies_count_for_nothing_once_stickiness_is_off() {
    let scene = Scene::with_targets(Settings::default());
    scene.shift_sticky(1, 0, 300);
    scene.wait(60);
    scene.shift(0, 1);
    scene.wait(16);
    assert_eq!(scene.shares(), shares(&[("web-canary", 100)]));
}

#[test]
fn new_requests_reach_a_target_for_a_while_after_it_is_deregistered() {
    let scene = Scene::new();
    let crash = Image::crashes_after(Duration::from_secs(60));
    scene
        .fake
        .set_image("web:1", crash.starting_in(Duration::from_secs(10)));
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(60);
    assert_eq!(scene.fake.lost_requests().len(), 0);
    // It crashes at 70 s, and another is there at 95 s: all requests of 25 s go to nobody that lives.
    scene.wait(60);
    let lost = scene.fake.lost_requests()[&scene.shop.stable_group];
    assert!((200.0..=250.0).contains(&lost), "{lost}");
    scene.notices(Rule::DeregistrationLags);
    // A task that is stopped while it drains loses none.
    let scene = Scene::new();
    scene.open(1);
    scene.deploy("api", &scene.shop.register("web:2"));
    scene.wait(300);
    assert_eq!(scene.fake.lost_requests().len(), 0);
}

#[test]
fn the_first_rule_that_matches_gets_a_request() {
    let scene = Scene::with_targets(Settings::default());
    let rule = |request: &Request| {
        let reached = scene.fake.reach(&scene.shop.listener, request);
        reached.first().map(|share| share.rule.clone())
    };
    assert_eq!(rule(&Request::default()), Some(scene.shop.rule.clone()));
    let test = Request::default().with_header("X-Test", "1");
    assert_eq!(rule(&test), Some(scene.shop.test_rule.clone()));
}
