//! A writer that is suspended between its read and its write, while somebody else takes over.

use http::Method;
use serde_json::Value;
use strategy_core::Target;
use strategy_core::target::{Desired, TargetErrorKind};
use target_k8s::{Config, KubernetesTarget};
use test_support::{ControlPlane, Gate};

use crate::hand::{Hand, assert_not_taken, release, weight};
use crate::shop::{Shop, content};

const ZOMBIE: &str = "rollway-zombie";

/// What is written to, as URLs and as people have it.
#[derive(Clone, Copy)]
struct Place {
    kind: &'static str,
    resource: &'static str,
    name: &'static str,
}

async fn zombie(config: Config) -> (Hand, Gate) {
    let plane = ControlPlane::shared().unwrap();
    let (client, gate) = plane.gated_client(ZOMBIE).unwrap();
    (Hand::on(KubernetesTarget::new(client, config)).await, gate)
}

/// The answers to its writes to this object, oldest first.
fn answers(shop: &Shop, place: Place) -> Vec<u16> {
    let events = ControlPlane::shared().unwrap().audit_log().unwrap();
    let writes = events.into_iter().filter(|event| {
        event.user_agent == ZOMBIE
            && event.namespace == shop.namespace
            && event.stage == "ResponseComplete"
            && (event.verb.as_str(), event.resource.as_str()) == ("update", place.resource)
            && event.name == place.name
    });
    writes.map(|event| event.code).collect()
}

/// Its write stands before the server when the other one takes over, and goes on afterwards.
async fn is_refused(
    shop: &Shop,
    (mut hand, gate): (Hand, Gate),
    place: Place,
    change: impl FnOnce(&mut Desired),
) {
    let late = hand.prepare(change).await;
    let earlier = answers(shop, place).len();
    gate.close(Method::PUT, &format!("/{}/{}", place.resource, place.name));
    let takeover = async {
        gate.held().await;
        let next = hand.claim.next();
        let other = shop.target(hand.target.config().clone());
        let (binding, from) = (hand.binding(), Some(&hand.claim));
        other.claim(binding, from, Some(&next)).await.unwrap();
        let taken_over = shop.get(place.kind, place.name).await;
        gate.open();
        taken_over
    };
    let (written, taken_over): (_, Value) = tokio::join!(hand.target.apply(&late), takeover);
    // The server refuses the write itself: what it was decided on is not what is there.
    assert_eq!(answers(shop, place)[earlier..], [409], "{}", place.kind);
    let after = shop.get(place.kind, place.name).await;
    assert_eq!(content(&after), content(&taken_over));
    let claim = after["metadata"]["annotations"]["rollway.dev/claim"].as_str();
    assert_eq!(claim, Some(r#"{"holder":"hand","epoch":2}"#));
    let error = written.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    assert_not_taken(&error);
    assert!(error.to_string().contains("hand/2"), "{error}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_deployment_that_was_taken_over_before_its_write_arrives_stays_as_it_is() {
    let shop = Shop::open();
    drop(shop.with_slots(2, 1).await);
    let place = Place {
        kind: "Deployment",
        resource: "deployments",
        name: "api-green",
    };
    let zombie = zombie(shop.slots()).await;
    is_refused(&shop, zombie, place, |desired| {
        desired.candidate = release("2", 2);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_service_that_was_taken_over_before_its_write_arrives_stays_as_it_is() {
    let shop = Shop::open();
    drop(shop.with_slots(2, 1).await);
    let place = Place {
        kind: "Service",
        resource: "services",
        name: "api",
    };
    let zombie = zombie(shop.slots()).await;
    is_refused(&shop, zombie, place, |desired| {
        desired.traffic = weight(100);
    })
    .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_virtual_service_that_was_taken_over_before_its_write_arrives_stays_as_it_is() {
    let shop = Shop::open();
    drop(shop.with_mesh(2).await);
    let place = Place {
        kind: "VirtualService",
        resource: "virtualservices",
        name: "api",
    };
    let (mut hand, gate) = zombie(shop.mesh()).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready() == 1).await;
    is_refused(&shop, (hand, gate), place, |desired| {
        desired.traffic = weight(10);
    })
    .await;
}
