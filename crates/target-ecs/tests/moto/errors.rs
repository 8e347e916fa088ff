//! What AWS refuses, told by kind, action and resource.

use strategy_core::Target as _;
use strategy_core::target::{Certainty, TargetError, TargetErrorKind};
use target_ecs::config::{Canary, Config, OwnedWeights, RuleConfig, Slot};

use crate::hand::Hand;
use crate::server::Moto;
use crate::shop::Shop;

async fn refused(shop: &Shop, config: Config) -> TargetError {
    let error = shop.clients.target(&config).discover().await.unwrap_err();
    assert_eq!(error.certainty, Certainty::NotTaken, "{error}");
    error
}

#[track_caller]
fn check(error: &TargetError, kind: TargetErrorKind, action: &str, resource: &str, told: &str) {
    let why = error.source.as_ref().map(ToString::to_string);
    let why = why.unwrap_or_default();
    assert_eq!(error.kind, kind, "{error}: {why}");
    assert_eq!(error.operation, action, "{error}: {why}");
    assert!(error.resource.contains(resource), "{resource} in {error}");
    assert!(why.contains(told), "{told} in {error}: {why}");
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn what_is_not_there_is_not_found() {
    let shop = Shop::open("missing").await;
    let gone = |arn: &str| {
        let (start, _) = arn.rsplit_once('/').unwrap();
        format!("{start}/0000000000000000")
    };
    let missing = TargetErrorKind::NotFound;

    let rule = RuleConfig::Rule(gone(&shop.rule));
    let error = refused(&shop, shop.config(shop.candidate(), [rule])).await;
    let describe = "elasticloadbalancing:DescribeRules";
    check(
        &error,
        missing,
        describe,
        "listener-rule/app/missing",
        "RuleNotFound",
    );

    let listener = RuleConfig::ListenerDefault(gone(&shop.listener));
    let error = refused(&shop, shop.config(shop.candidate(), [listener])).await;
    let describe = "elasticloadbalancing:DescribeListeners";
    check(
        &error,
        missing,
        describe,
        "listener/app/missing",
        "ListenerNotFound",
    );

    let stable = Slot::new("web", &shop.stable_group);
    let group = Slot::new("web-canary", gone(&shop.other_group));
    let rules = [RuleConfig::Rule(shop.rule.clone())];
    let config = shop.config(Canary::new(stable.clone(), group), rules.clone());
    let error = refused(&shop, config).await;
    let describe = "elasticloadbalancing:DescribeTargetGroupAttributes";
    check(
        &error,
        missing,
        describe,
        "targetgroup/missing-other",
        "TargetGroupNotFound",
    );

    let workload = shop.candidate();
    let config = Config::new("nowhere", OwnedWeights::new(workload, rules.clone()));
    let error = refused(&shop, config).await;
    let describe = "ecs:DescribeServices";
    check(
        &error,
        missing,
        describe,
        "service/nowhere",
        "ClusterNotFoundException",
    );

    let nobody = Slot::new("nobody", &shop.stable_group);
    let canary = Canary::new(nobody, Slot::new("web-canary", &shop.other_group));
    let error = refused(&shop, shop.config(canary, rules.clone())).await;
    check(
        &error,
        missing,
        describe,
        "service/missing/nobody",
        "no such service",
    );

    let canary = Canary::new(stable, Slot::new("nobody", &shop.other_group)).create(false);
    let error = refused(&shop, shop.config(canary, rules)).await;
    check(
        &error,
        missing,
        describe,
        "service/missing/nobody",
        "no such service",
    );
}

/// What went between the look and the write: the answer to the write itself.
#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_refused_write_was_not_taken() {
    let shop = Shop::open("refused").await;
    let hand = Hand::on(&shop, shop.canary()).await;
    let request = hand.request(hand.candidate("web:2", 0)).await;
    let rule = shop.clients.balancers.delete_rule().rule_arn(&shop.rule);
    rule.send().await.unwrap();
    shop.clients.recorder.take();
    let error = hand.target.apply(&request).await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound, "{error}");
    assert_eq!(error.certainty, Certainty::NotTaken);
    assert_eq!(shop.clients.recorder.take_writes(), [""; 0]);
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_revision_that_nobody_registered_is_named() {
    let shop = Shop::open("unregistered").await;
    let hand = Hand::on(&shop, shop.canary()).await;
    let mut desired = hand.candidate("web:2", 0);
    let name = "unregistered:99";
    desired.candidate.revision = strategy_core::Revision::Named(name.to_owned());
    let request = hand.request(desired).await;
    let error = hand.target.apply(&request).await.unwrap_err();
    let describe = "ecs:DescribeTaskDefinition";
    check(
        &error,
        TargetErrorKind::Unsupported,
        describe,
        "service/unregistered/web-canary",
        name,
    );
}

/// The server is one of its own, since it forgets everybody's.
#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn credentials_that_nobody_knows_and_a_server_that_is_gone() {
    let moto = Moto::start();
    let shop = Shop::open_in(&moto, "unknown").await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    for thousandths in [0, 50, 60] {
        hand.apply(hand.candidate("web:2", thousandths)).await;
    }
    // A look, a note, another look; then the write, and it is read back.
    let calls = shop.clients.recorder.take();
    let write = "elasticloadbalancing:ModifyRule";
    let before = calls.iter().take_while(|call| *call != write).count();
    assert_eq!(before + 2, calls.len(), "{calls:?}");
    let request = hand.request(hand.candidate("web:2", 100)).await;
    moto.forget_credentials_after(before);
    let error = hand.target.apply(&request).await.unwrap_err();
    let denied = TargetErrorKind::PermissionDenied;
    check(&error, denied, write, "listener-rule/app/unknown", "");
    assert_eq!(error.certainty, Certainty::NotTaken, "the note alone was");

    moto.stop();
    let error = refused(&shop, shop.canary()).await;
    assert_eq!(error.kind, TargetErrorKind::Unavailable, "{error}");
    assert!(error.is_transient());
}
