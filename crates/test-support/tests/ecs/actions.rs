//! Rules of listeners and their actions.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, RuleCondition, RuleTransform, TargetGroupStickinessConfig,
    TargetGroupTuple, TransformTypeEnum,
};
use test_support::ecs::{AllZeroWeights, Rule, Settings};

use crate::scene::{Scene, config, forward};

pub(crate) fn path(pattern: &str) -> RuleCondition {
    RuleCondition::builder()
        .field("path-pattern")
        .values(pattern)
        .build()
}

fn sticky(scene: &Scene, is_on: bool, seconds: Option<i32>) -> Action {
    let stickiness = TargetGroupStickinessConfig::builder()
        .enabled(is_on)
        .set_duration_seconds(seconds)
        .build();
    let config = config(&[(&scene.shop.stable_group, 1), (&scene.shop.canary_group, 1)]);
    Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .forward_config(config.target_group_stickiness_config(stickiness).build())
        .build()
}

impl Scene {
    pub(crate) fn modify(
        &self,
    ) -> aws_sdk_elasticloadbalancingv2::operation::modify_rule::builders::ModifyRuleFluentBuilder
    {
        self.elb.modify_rule().rule_arn(&self.shop.rule)
    }

    fn actions(&self) -> Vec<Action> {
        let answer = self.ok(self.elb.describe_rules().rule_arns(&self.shop.rule).send());
        answer.rules()[0].actions().to_vec()
    }

    pub(crate) fn refuses_action(&self, rule: Rule, code: &str, action: Action) {
        let before = self.actions();
        self.refuses(rule, code, self.modify().actions(action).send());
        assert_eq!(self.actions(), before);
    }

    fn new_group(&self, name: &str) -> String {
        let made = self.ok(self.elb.create_target_group().name(name).send());
        made.target_groups()[0]
            .target_group_arn()
            .unwrap()
            .to_owned()
    }
}

#[test]
fn weights_are_from_0_to_999_and_1_if_not_given() {
    let scene = Scene::new();
    let (stable, canary) = (&scene.shop.stable_group, &scene.shop.canary_group);
    for weight in [1000, -1] {
        let action = forward(&[(stable, 1), (canary, weight)]);
        scene.refuses(
            Rule::WeightRange,
            "ValidationError",
            scene.modify().actions(action).send(),
        );
    }
    scene.ok(scene
        .modify()
        .actions(forward(&[(stable, 999), (canary, 0)]))
        .send());
    let without = TargetGroupTuple::builder().target_group_arn(canary).build();
    let forward = config(&[(stable, 3)]).target_groups(without).build();
    let action = Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .forward_config(forward)
        .build();
    scene.ok(scene.modify().actions(action).send());
    let actions = scene.actions();
    let groups = actions[0].forward_config().unwrap().target_groups();
    assert_eq!(
        groups.iter().map(|one| one.weight()).collect::<Vec<_>>(),
        [Some(3), Some(1)]
    );
    scene.notices(Rule::DefaultWeight);
}

#[test]
fn an_action_has_at_most_five_target_groups_each_once() {
    let scene = Scene::new();
    let groups: Vec<String> = (0..6)
        .map(|number| scene.new_group(&format!("g{number}")))
        .collect();
    let of = |count: usize| -> Vec<(&str, i32)> {
        groups[..count]
            .iter()
            .map(|arn| (arn.as_str(), 1))
            .collect()
    };
    scene.refuses_action(
        Rule::TargetGroupsPerAction,
        "ValidationError",
        forward(&of(6)),
    );
    let twice = forward(&[(&groups[0], 1), (&groups[0], 2)]);
    scene.refuses_action(Rule::TargetGroupOnce, "ValidationError", twice);
    scene.ok(scene.modify().actions(forward(&of(5))).send());
}

#[test]
fn a_target_group_is_behind_one_load_balancer() {
    let scene = Scene::new();
    let other = scene.ok(scene.elb.create_load_balancer().name("other").send());
    let other = other.load_balancers()[0].load_balancer_arn().unwrap();
    let call = scene
        .elb
        .create_listener()
        .load_balancer_arn(other)
        .port(80);
    scene.refuses(
        Rule::OneBalancerPerGroup,
        "TargetGroupAssociationLimit",
        call.default_actions(forward(&[(&scene.shop.stable_group, 1)]))
            .send(),
    );
}

#[test]
fn there_is_one_way_to_forward_and_one_group_is_told_both_ways() {
    let scene = Scene::new();
    let (stable, canary) = (&scene.shop.stable_group, &scene.shop.canary_group);
    let both = |weights: &[(&str, i32)]| {
        Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .target_group_arn(stable)
            .forward_config(config(weights).build())
            .build()
    };
    let two = both(&[(stable, 1), (canary, 1)]);
    scene.refuses_action(Rule::OneWayToForward, "ValidationError", two);
    let another = both(&[(canary, 1)]);
    scene.refuses_action(Rule::OneWayToForward, "ValidationError", another);
    let single = Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .target_group_arn(stable);
    scene.ok(scene.modify().actions(single.build()).send());
    let action = &scene.actions()[0];
    assert_eq!(action.target_group_arn(), Some(stable.as_str()));
    assert_eq!(action.forward_config().unwrap().target_groups().len(), 1);
    scene.notices(Rule::OneGroupBothWays);
    scene.ok(scene
        .modify()
        .actions(forward(&[(stable, 1), (canary, 1)]))
        .send());
    assert_eq!(scene.actions()[0].target_group_arn(), None);
}

#[test]
fn weights_that_are_all_zero_are_accepted_or_refused_as_set() {
    let zero =
        |scene: &Scene| forward(&[(&scene.shop.stable_group, 0), (&scene.shop.canary_group, 0)]);
    let scene = Scene::new();
    scene.ok(scene.modify().actions(zero(&scene)).send());
    scene.wait(60);
    assert_eq!(scene.shares(), []);
    let scene = Scene::with(Settings {
        all_zero_weights: AllZeroWeights::Refused,
        ..Settings::default()
    });
    scene.refuses_action(Rule::AllZeroWeights, "ValidationError", zero(&scene));
}

#[test]
fn stickiness_has_a_duration_in_range() {
    let scene = Scene::new();
    for seconds in [None, Some(0), Some(604_801)] {
        let action = sticky(&scene, true, seconds);
        scene.refuses_action(Rule::StickinessRange, "ValidationError", action);
    }
    scene.ok(scene
        .modify()
        .actions(sticky(&scene, true, Some(604_800)))
        .send());
    scene.ok(scene.modify().actions(sticky(&scene, false, None)).send());
}

#[test]
fn actions_before_the_last_keep_their_order_and_are_kept_word_for_word() {
    let scene = Scene::new();
    let target = [
        (scene.shop.stable_group.as_str(), 1),
        (&scene.shop.canary_group, 1),
    ];
    let cognito = AuthenticateCognitoActionConfig::builder()
        .user_pool_arn("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/one")
        .user_pool_client_id("client & <co>")
        .user_pool_domain("shop")
        .authentication_request_extra_params("prompt", "login");
    let login = Action::builder()
        .r#type(ActionTypeEnum::AuthenticateCognito)
        .authenticate_cognito_config(cognito.build());
    let unordered = scene
        .modify()
        .actions(login.clone().build())
        .actions(forward(&target));
    scene.refuses(Rule::OrderOfActions, "ValidationError", unordered.send());
    let login = login.order(1).build();
    let second = Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .order(2)
        .forward_config(config(&target).build());
    let redirect =
        RedirectActionConfig::builder().status_code(RedirectActionStatusCodeEnum::Http302);
    let redirect = Action::builder()
        .r#type(ActionTypeEnum::Redirect)
        .order(3)
        .redirect_config(redirect.build());
    let two_ends = scene
        .modify()
        .actions(second.clone().build())
        .actions(redirect.build());
    scene.refuses(
        Rule::LastAction,
        "InvalidLoadBalancerAction",
        two_ends.send(),
    );
    let good = scene
        .modify()
        .actions(second.build())
        .actions(login.clone());
    scene.ok(good.send());
    let actions = scene.actions();
    assert_eq!(actions[0], login);
    assert_eq!(actions[1].order(), Some(2));
}

#[test]
fn lists_are_replaced_and_what_is_omitted_stays() {
    let scene = Scene::new();
    scene.ok(scene
        .modify()
        .actions(sticky(&scene, true, Some(60)))
        .send());
    let plain = forward(&[(&scene.shop.stable_group, 1), (&scene.shop.canary_group, 1)]);
    let rewrite = RuleTransform::builder()
        .r#type(TransformTypeEnum::UrlRewrite)
        .build();
    scene.ok(scene.modify().transforms(rewrite).send());
    scene.ok(scene.modify().actions(plain).send());
    let stickiness = scene.actions()[0]
        .forward_config()
        .and_then(|config| config.target_group_stickiness_config().cloned());
    assert_eq!(stickiness.and_then(|one| one.enabled()), Some(false));
    scene.notices(Rule::ListsAreReplaced);
    scene.ok(scene.modify().conditions(path("/shop/*")).send());
    let answer = scene.ok(scene
        .elb
        .describe_rules()
        .rule_arns(&scene.shop.rule)
        .send());
    let rule = &answer.rules()[0];
    assert_eq!(
        (rule.actions().len(), rule.conditions()[0].values()),
        (1, &["/shop/*".to_owned()][..])
    );
    assert_eq!(rule.transforms().len(), 1);
    scene.notices(Rule::WhatIsOmittedStays);
    scene.notices(Rule::TransformsStay);
    let reset = scene.ok(scene.modify().reset_transforms(true).send());
    assert_eq!(reset.rules()[0].transforms().len(), 0);
}
