//! Claims as tags, read back by others.

use aws_sdk_ecs::types::Tag;
use strategy_core::Target as _;
use strategy_core::target::{Certainty, TargetErrorKind};
use target_ecs::config::{Config, RuleConfig, Slot};

use crate::hand::{Hand, claim};
use crate::shop::Shop;

/// Two services that take turns.
async fn pair(name: &'static str) -> (Shop, Config) {
    let shop = Shop::open(name).await;
    shop.serve("web-other", &shop.other_group, 0).await;
    let slots = [
        Slot::new("web", &shop.stable_group),
        Slot::new("web-other", &shop.other_group),
    ];
    let config = shop.config(slots, [RuleConfig::Rule(shop.rule.clone())]);
    (shop, config)
}

async fn tags(shop: &Shop, service: &str) -> Vec<(String, String)> {
    let service = shop.service(service).await;
    let tags = service.tags().iter();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut tags: Vec<_> = tags
        .map(|tag| (text(tag.key()), text(tag.value())))
        .collect();
    tags.sort();
    tags
}

fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    let owned = pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    owned.collect()
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_claim_is_seen_by_others_and_leaves_its_epoch() {
    let (shop, config) = pair("claims").await;
    let arn = shop.service("web").await.service_arn.unwrap();
    let team = Tag::builder().key("team").value("pets @ 4").build();
    let tag = shop.clients.ecs.tag_resource().resource_arn(arn);
    tag.tags(team).send().await.unwrap();

    let hand = Hand::on(&shop, config.clone()).await;
    let mine = hand.claim.clone();
    assert_eq!(mine, claim("a", 1));
    let other = shop.clients.target(&config);
    assert_eq!(other.discover().await.unwrap().claim, Some(mine.clone()));
    let ours = told(&[("rollway.dev/claim", "a/1"), ("team", "pets @ 4")]);
    assert_eq!(tags(&shop, "web").await, ours);
    let claimed = told(&[("rollway.dev/claim", "a/1")]);
    assert_eq!(tags(&shop, "web-other").await, claimed);

    let theirs = claim("b", 2);
    let binding = &hand.found.binding;
    let refused = other.claim(binding, None, Some(&theirs)).await.unwrap_err();
    assert_eq!(refused.kind, TargetErrorKind::Conflict, "{refused}");
    assert_eq!(refused.certainty, Certainty::NotTaken);
    assert_eq!(tags(&shop, "web-other").await, claimed);
    other
        .claim(binding, Some(&mine), Some(&theirs))
        .await
        .unwrap();
    let there = hand.target.discover().await.unwrap().claim;
    assert_eq!(there, Some(theirs.clone()));

    other.claim(binding, Some(&theirs), None).await.unwrap();
    let left = told(&[("rollway.dev/last-epoch", "2"), ("team", "pets @ 4")]);
    assert_eq!(tags(&shop, "web").await, left);
    let found = hand.target.discover().await.unwrap();
    assert_eq!((found.claim, found.last_epoch), (None, 2));
    let late = hand.set_claim(None, Some(&mine)).await.unwrap_err();
    assert_eq!(late.kind, TargetErrorKind::Conflict, "{late}");
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_write_under_a_claim_that_is_over_is_refused() {
    let (shop, config) = pair("over").await;
    let hand = Hand::on(&shop, config.clone()).await;
    let request = hand.request(hand.candidate("web:2", 0)).await;
    let other = shop.clients.target(&config);
    let theirs = claim("b", 2);
    other
        .claim(&hand.found.binding, Some(&hand.claim), Some(&theirs))
        .await
        .unwrap();
    shop.clients.recorder.take();
    let refused = hand.target.apply(&request).await.unwrap_err();
    assert_eq!(refused.kind, TargetErrorKind::Conflict, "{refused}");
    assert_eq!(refused.certainty, Certainty::NotTaken);
    assert_eq!(shop.clients.recorder.take_writes(), [""; 0]);
}
