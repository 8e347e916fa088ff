//! A rule is read, changed and written back with everything else in it.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum,
    AuthenticateCognitoActionConfig, TargetGroupStickinessConfig,
};
use strategy_core::Target as _;
use strategy_core::target::{Certainty, ForeignField, TargetErrorKind};
use strategy_core::{Stickiness, Traffic, Weight};
use target_ecs::config::RuleConfig;

use crate::hand::Hand;
use crate::shop::{Shop, forward};

/// The weights of an action, by target group and in order.
fn weights(actions: &[Action]) -> Vec<(String, i32)> {
    let forward = actions.iter().find_map(|action| action.forward_config());
    let groups = forward.unwrap().target_groups().iter();
    let pairs = groups.map(|group| {
        let arn = group.target_group_arn().unwrap().to_owned();
        (arn, group.weight().unwrap())
    });
    pairs.collect()
}

/// The same actions with all weights alike.
fn without_weights(mut actions: Vec<Action>) -> Vec<Action> {
    for config in actions
        .iter_mut()
        .filter_map(|of| of.forward_config.as_mut())
    {
        for group in config.target_groups.iter_mut().flatten() {
            group.weight = None;
        }
    }
    actions
}

fn authenticate() -> Action {
    let config = AuthenticateCognitoActionConfig::builder()
        .user_pool_arn("arn:aws:cognito-idp:eu-central-1:123456789012:userpool/a")
        .user_pool_client_id("shop")
        .user_pool_domain("shop.example")
        .session_cookie_name("shop")
        .scope("openid email")
        .session_timeout(300)
        .authentication_request_extra_params("prompt", "login")
        .on_unauthenticated_request(AuthenticateCognitoActionConditionalBehaviorEnum::Deny);
    Action::builder()
        .r#type(ActionTypeEnum::AuthenticateCognito)
        .order(1)
        .authenticate_cognito_config(config.build())
        .build()
}

/// Authentication, then a forward action that keeps clients, with a target group of others at weight 0 in the middle.
async fn furnish(shop: &Shop) -> String {
    let groups = shop.clients.balancers.describe_target_groups();
    let groups = groups.target_group_arns(&shop.stable_group).send().await;
    let groups = groups.unwrap();
    let network = groups.target_groups()[0].vpc_id().unwrap();
    let others = shop.group("others", network).await;
    let groups = [
        (shop.stable_group.as_str(), 9),
        (&others, 0),
        (&shop.other_group, 0),
    ];
    let mut last = forward(&groups);
    let sticky = TargetGroupStickinessConfig::builder().enabled(true);
    last.order = Some(7);
    last.forward_config
        .as_mut()
        .unwrap()
        .target_group_stickiness_config = Some(sticky.duration_seconds(120).build());
    shop.set_actions(vec![authenticate(), last]).await;
    others
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn weights_are_written_and_read_back_in_thousandths() {
    let shop = Shop::open("weights").await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    for thousandths in [1, 2, 50, 333, 500, 998, 999, 1000, 0] {
        hand.apply(hand.candidate("web:2", thousandths)).await;
        let written = match i32::from(thousandths) {
            0 => (1, 0),
            1000 => (0, 1),
            some => (1000 - some, some),
        };
        let expected = [
            (shop.stable_group.clone(), written.0),
            (shop.other_group.clone(), written.1),
        ];
        assert_eq!(weights(&shop.actions().await), expected);
        let share = Weight::from_basis_points(thousandths * 10).unwrap();
        assert_eq!(hand.look().await.traffic.written, Traffic::weight(share));
    }
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn authentication_order_stickiness_and_groups_of_others_stay() {
    let shop = Shop::open("lossless").await;
    let others = furnish(&shop).await;
    let before = shop.actions().await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    for thousandths in [50, 999] {
        hand.apply(hand.candidate("web:2", thousandths)).await;
        let now = shop.actions().await;
        let (stable, other) = (1000 - i32::from(thousandths), i32::from(thousandths));
        let expected = [
            (shop.stable_group.clone(), stable),
            (others.clone(), 0),
            (shop.other_group.clone(), other),
        ];
        assert_eq!(weights(&now), expected);
        assert_eq!(without_weights(now), without_weights(before.clone()));
    }
    let seen = hand.look().await.traffic;
    assert_eq!(seen.sticky.as_secs(), 120);
    hand.apply(hand.start()).await;
    assert_eq!(shop.actions().await, before, "exactly as it was found");
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn stickiness_is_suspended_and_comes_back() {
    let shop = Shop::open("sticky").await;
    furnish(&shop).await;
    let before = shop.actions().await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    let mut suspended = hand.candidate("web:2", 50);
    suspended.traffic.stickiness = Stickiness::Suspended;
    hand.apply(suspended.clone()).await;
    let now = shop.actions().await;
    let config = now[1].forward_config().unwrap();
    let sticky = config.target_group_stickiness_config().unwrap();
    assert_eq!(sticky.enabled(), Some(false));
    assert_eq!(now[0], before[0]);
    assert_eq!(hand.look().await.traffic.written, suspended.traffic);
    hand.apply(hand.candidate("web:2", 50)).await;
    let now = shop.actions().await;
    assert_eq!(without_weights(now), without_weights(before));
}

/// A candidate's target group that was in no rule is wired before its service is made, and is gone in the end.
#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_target_group_that_was_in_no_rule_comes_and_goes() {
    let shop = Shop::open("wired").await;
    let before = shop.actions().await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    let writes = shop.clients.recorder.take_writes();
    let position = |action: &str| writes.iter().position(|of| of == action);
    let wired = position("elasticloadbalancing:ModifyRule").unwrap();
    assert!(wired < position("ecs:CreateService").unwrap(), "{writes:?}");
    let expected = [
        (shop.stable_group.clone(), 1),
        (shop.other_group.clone(), 0),
    ];
    assert_eq!(weights(&shop.actions().await), expected);
    hand.apply(hand.start()).await;
    let after = shop.actions().await;
    assert_eq!(weights(&after), [(shop.stable_group.clone(), 1)]);
    assert_eq!(after, before);
}

/// Its rule is not written by `ModifyRule`, which AWS refuses.
#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_default_rule_is_changed_through_its_listener() {
    let shop = Shop::open("default").await;
    let default = RuleConfig::ListenerDefault(shop.listener.clone());
    let config = shop.config(shop.candidate(), [default]);
    let mut hand = Hand::on(&shop, config).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    hand.apply(hand.candidate("web:2", 125)).await;
    let writes = shop.clients.recorder.take_writes();
    let balancing = writes.iter().filter(|of| of.starts_with("elastic"));
    let balancing: Vec<_> = balancing.collect();
    assert_eq!(balancing, ["elasticloadbalancing:ModifyListener"]);
    let told = shop.clients.balancers.describe_listeners();
    let told = told.listener_arns(&shop.listener).send().await.unwrap();
    let listener = &told.listeners()[0];
    let expected = [
        (shop.stable_group.clone(), 875),
        (shop.other_group.clone(), 125),
    ];
    assert_eq!(weights(listener.default_actions()), expected);
    assert_eq!(listener.port(), Some(80));
    let rule = weights(&shop.actions().await);
    assert_eq!(
        rule,
        [(shop.stable_group.clone(), 1)],
        "the other rule stays"
    );
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn what_somebody_wrote_since_the_look_is_not_overwritten() {
    let shop = Shop::open("foreign").await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 50)).await;
    let request = hand.request(hand.candidate("web:2", 100)).await;
    let theirs = [(shop.stable_group.as_str(), 3), (&shop.other_group, 1)];
    shop.set_actions(vec![forward(&theirs)]).await;
    let error = hand.target.apply(&request).await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_eq!(error.certainty, Certainty::NotTaken);
    assert_eq!(shop.clients.recorder.take_writes(), [""; 0]);
    let expected = theirs.map(|(arn, weight)| (arn.to_owned(), weight));
    assert_eq!(weights(&shop.actions().await), expected);
    let seen = hand.look().await;
    let fields: Vec<_> = seen.foreign.iter().map(|change| change.field).collect();
    assert_eq!(fields, [ForeignField::Traffic]);
}
