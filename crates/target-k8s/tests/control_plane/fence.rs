//! One writer: a claim fences off whoever lost it, and whoever was slow.

use strategy_core::Target;
use strategy_core::target::{Owned, TargetErrorKind};

use crate::hand::{Hand, assert_not_taken, claim, release, weight};
use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_write_prepared_before_a_takeover_fails() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    let late = hand.prepare(|desired| desired.traffic = weight(100)).await;
    let objects = [
        ("Deployment", "api-blue"),
        ("Deployment", "api-green"),
        ("Service", "api"),
    ];
    let mut read_before = Vec::new();
    for (kind, name) in objects {
        read_before.push(shop.get(kind, name).await);
    }
    let next = hand.claim.next();
    let other = shop.target(shop.slots());
    other
        .claim(hand.binding(), Some(&hand.claim), Some(&next))
        .await
        .unwrap();

    let error = hand.target.apply(&late).await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_not_taken(&error);
    assert!(error.to_string().contains("hand/2"), "{error}");
    let service = shop.get("Service", "api").await;
    assert_eq!(service["spec"]["selector"]["version"], "blue");
    // A takeover stamps every object, so that a whole object read before it cannot be put in place.
    for ((kind, name), before) in objects.into_iter().zip(read_before) {
        let stamped = shop.get(kind, name).await;
        let stamp = stamped["metadata"]["annotations"]["rollway.dev/claim"].as_str();
        assert_eq!(stamp, Some(r#"{"holder":"hand","epoch":2}"#));
        match shop.put(&before).await {
            Err(kube::Error::Api(status)) => assert_eq!(status.code, 409),
            other => panic!("{kind}/{name}: {other:?}"),
        }
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_second_rollout_is_refused_before_it_writes() {
    let shop = Shop::open();
    let hand = Hand::on(shop.with_slots(1, 1).await).await;
    let other = shop.target(shop.slots());
    let found = other.discover().await.unwrap();
    assert_eq!(found.claim.as_ref(), Some(&hand.claim));
    let theirs = claim("other", 1);
    let before = shop.get("Service", "api").await;
    let error = other
        .claim(&found.binding, None, Some(&theirs))
        .await
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict);
    assert_not_taken(&error);
    assert_eq!(shop.get("Service", "api").await, before);
    // Taking over what is there works, and is seen.
    other
        .claim(&found.binding, found.claim.as_ref(), Some(&theirs))
        .await
        .unwrap();
    assert_eq!(other.discover().await.unwrap().claim, Some(theirs));
    let error = hand
        .target
        .claim(hand.binding(), Some(&hand.claim), None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_claim_taken_twice_or_given_up_twice_is_the_same() {
    let shop = Shop::open();
    let hand = Hand::on(shop.with_slots(1, 1).await).await;
    let next = hand.claim.next();
    for _ in 0..2 {
        hand.target
            .claim(hand.binding(), Some(&hand.claim), Some(&next))
            .await
            .unwrap();
    }
    for _ in 0..2 {
        hand.target
            .claim(hand.binding(), Some(&next), None)
            .await
            .unwrap();
    }
    let error = hand
        .target
        .claim(hand.binding(), Some(&next), Some(&next.next()))
        .await;
    assert_eq!(error.unwrap_err().kind, TargetErrorKind::Conflict);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn without_a_claim_nothing_is_written() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(1, 1).await).await;
    hand.give_up().await;
    let error = hand
        .try_step(|desired| desired.traffic = weight(100))
        .await
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn what_somebody_did_since_it_was_seen_is_not_overwritten() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    let late = hand
        .prepare(|desired| desired.candidate = release("2", 2))
        .await;
    let patch = serde_json::json!({"spec": {"replicas": 5}});
    shop.patch("person", "Deployment", "api-green", patch).await;
    let error = hand.target.apply(&late).await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert!(
        error.to_string().contains("the count of the candidate"),
        "{error}"
    );
    let green = shop.get("Deployment", "api-green").await;
    assert_eq!(green["spec"]["replicas"], 5);
    assert_eq!(
        green["spec"]["template"]["spec"]["containers"][0]["image"],
        "shop/api:1"
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_write_whose_answer_was_lost_is_done_again_without_harm() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    let request = hand
        .prepare(|desired| desired.candidate = release("2", 2))
        .await;
    hand.target.apply(&request).await.unwrap();
    // As another process repeats it, with what was seen before the first attempt.
    let other = shop.target(shop.slots());
    let before = shop.get("Deployment", "api-green").await["metadata"]["generation"].clone();
    other.apply(&request).await.unwrap();
    assert_eq!(
        shop.get("Deployment", "api-green").await["metadata"]["generation"],
        before
    );
    let mut strange = request;
    strange.seen = Owned("not ours".to_owned());
    let error = other.apply(&strange).await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::InvalidConfig);
}
