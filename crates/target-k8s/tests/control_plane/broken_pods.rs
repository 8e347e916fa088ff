//! Broken pods are reported as what they are, when the watch brings it.

use serde_json::json;
use strategy_core::target::FatalReason;

use crate::hand::{Hand, release};
use crate::shop::Shop;

async fn fatal(tag: &str) -> (FatalReason, String) {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(1, 1).await).await;
    hand.step(|desired| desired.candidate = release(tag, 1))
        .await;
    let revision = release(tag, 1).revision;
    let broken = |seen: &strategy_core::target::Observation| {
        seen.candidate
            .at(&revision)
            .any(|pods| !pods.fatal.is_empty())
    };
    let seen = hand.until(broken).await;
    let pods = seen.candidate.at(&revision).next().unwrap();
    (pods.fatal[0].reason, pods.fatal[0].message.clone())
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_crash_loop() {
    let (reason, message) = fatal("bad").await;
    assert_eq!(reason, FatalReason::CrashLoop);
    assert!(message.contains("CrashLoopBackOff"), "{message}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_image_that_cannot_be_pulled() {
    assert_eq!(fatal("pull").await.0, FatalReason::ImagePull);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn out_of_memory() {
    assert_eq!(fatal("oom").await.0, FatalReason::OutOfMemory);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn flapping_shows_as_restarts_and_lost_readiness() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(1, 1).await).await;
    hand.step(|desired| desired.candidate = release("flap", 1))
        .await;
    let revision = release("flap", 1).revision;
    hand.until(|seen| seen.candidate.ready_at(&revision) == 1)
        .await;
    let down = hand
        .until(|seen| seen.candidate.ready_at(&revision) == 0)
        .await;
    assert!(
        !down
            .candidate
            .at(&revision)
            .next()
            .unwrap()
            .fatal
            .is_empty()
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_quota_that_allows_no_more_pods() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(1, 1).await).await;
    let quota = json!({
        "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"pods": "2"}},
    });
    shop.create(quota).await;
    shop.use_up("few").await;
    hand.step(|desired| desired.candidate = release("2", 3))
        .await;
    let seen = hand
        .until(|seen| {
            seen.candidate
                .pods
                .iter()
                .any(|pods| !pods.fatal.is_empty())
        })
        .await;
    let fatal = seen
        .candidate
        .pods
        .iter()
        .flat_map(|pods| &pods.fatal)
        .next()
        .unwrap();
    assert_eq!(fatal.reason, FatalReason::Refused);
    assert!(fatal.message.contains("quota"), "{}", fatal.message);
}
