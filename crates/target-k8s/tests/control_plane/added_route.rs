//! Routes that somebody adds beside those that are split take requests from them.

use serde_json::json;
use strategy_core::Track;
use strategy_core::target::{DesiredTrack, ForeignField};

use crate::hand::{Hand, release, weight};
use crate::shop::{Shop, virtual_service};

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_route_that_was_added_is_told_and_one_that_was_there_is_not() {
    let shop = Shop::open();
    let target = shop.with_mesh(2).await;
    let to = |subset: &str, name: &str| {
        json!({
            "name": name, "match": [{"uri": {"prefix": format!("/{name}")}}],
            "route": [{"destination": {"host": "api", "subset": subset}}],
        })
    };
    let mut http = virtual_service()["spec"]["http"]
        .as_array()
        .unwrap()
        .clone();
    http.insert(1, to("stable", "before"));
    let routes = |http: &[serde_json::Value]| json!({"spec": {"http": http}});
    shop.patch("kubectl-create", "VirtualService", "api", routes(&http))
        .await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.step(|desired| desired.traffic = weight(20)).await;
    for subset in ["stable", "canary"] {
        let now = shop.get("VirtualService", "api").await;
        let mut more = now["spec"]["http"].as_array().unwrap().clone();
        more.insert(0, to(subset, "added"));
        shop.patch("person", "VirtualService", "api", routes(&more))
            .await;
        let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
        let [change] = seen.foreign.as_slice() else {
            panic!("{:?}", seen.foreign);
        };
        assert_eq!(change.field, ForeignField::Traffic);
        assert!(change.by.contains("person"), "{change:?}");
        assert!(
            change.message.contains("route `added` sends to"),
            "{change:?}"
        );
        more.remove(0);
        shop.patch("person", "VirtualService", "api", routes(&more))
            .await;
        hand.until(|seen| seen.foreign.is_empty()).await;
    }
    hand.step(|desired| desired.traffic = weight(0)).await;
    hand.step(|desired| desired.candidate = DesiredTrack::absent())
        .await;
    assert!(hand.look().await.track(Track::Candidate).written.is_none());
}
