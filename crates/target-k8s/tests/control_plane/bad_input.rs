//! What is wrong is said before anything is written: what, where, and how to mend it.

use serde_json::json;
use strategy_core::Target;
use strategy_core::target::{TargetError, TargetErrorKind};
use target_k8s::Config;
use target_k8s::config::{Canary, IstioRouter, ServiceSelectorRouter, Slot};

use crate::shop::{Shop, service, virtual_service};

async fn refused(shop: &Shop, config: Config) -> TargetError {
    shop.target(config).discover().await.unwrap_err()
}

#[track_caller]
fn check(error: &TargetError, kind: TargetErrorKind, words: &[&str]) {
    assert_eq!(error.kind, kind, "{error}");
    for word in words {
        assert!(
            error.to_string().contains(word),
            "{word:?} is not in: {error}"
        );
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn slots_that_cannot_be_told_apart() {
    let shop = Shop::open();
    for name in ["api-blue", "api-green"] {
        shop.deploy(
            name,
            json!({"app": name, "version": "blue"}),
            "shop/api:1",
            0,
        )
        .await;
    }
    let error = refused(&shop, shop.slots()).await;
    check(
        &error,
        TargetErrorKind::NotFound,
        &["service/api", "create it"],
    );
    shop.create(service("api", json!({"app": "api"}))).await;
    let error = refused(&shop, shop.slots()).await;
    check(
        &error,
        TargetErrorKind::Ambiguous,
        &["service/api", "no key `version`", "add the key"],
    );
    let selector = |slot: &str| json!({"spec": {"selector": {"version": slot}}});
    shop.patch("person", "Service", "api", selector("blue"))
        .await;
    let error = refused(&shop, shop.slots()).await;
    check(
        &error,
        TargetErrorKind::Ambiguous,
        &["api-blue and api-green both carry", "version: blue"],
    );
    shop.patch("person", "Service", "api", selector("red"))
        .await;
    let error = refused(&shop, shop.slots()).await;
    check(
        &error,
        TargetErrorKind::Ambiguous,
        &["neither api-blue nor api-green", "version: red"],
    );
    let slots = [Slot::new("api-blue"), Slot::new("api-gren")];
    let config = Config::new(&shop.namespace, slots, ServiceSelectorRouter::new("api"));
    let error = refused(&shop, config).await;
    check(&error, TargetErrorKind::NotFound, &["deployment/api-gren"]);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_without_stable_or_routes() {
    let shop = Shop::open();
    shop.create(virtual_service()).await;
    let error = refused(&shop, shop.mesh()).await;
    check(&error, TargetErrorKind::NotFound, &["destinationrule/api"]);
    shop.create(crate::shop::destination_rule()).await;
    let error = refused(&shop, shop.mesh()).await;
    check(
        &error,
        TargetErrorKind::NotFound,
        &["deployment/api", "first release by hand"],
    );
    let labels = json!({"app": "api", "track": "stable"});
    shop.deploy("api", labels, "shop/api", 1).await;
    let error = refused(&shop, shop.mesh()).await;
    check(
        &error,
        TargetErrorKind::InvalidConfig,
        &["deployment/api", "container api", "tag"],
    );
    let config = Config::new(
        &shop.namespace,
        Canary::of("api").create(false),
        IstioRouter::new("api", "api"),
    );
    let fixed = json!({"spec": {"template": {"spec": {
        "initContainers": null,
        "containers": [{"name": "api", "image": "shop/api:1"}],
    }}}});
    shop.patch("person", "Deployment", "api", fixed).await;
    let error = refused(&shop, config).await;
    check(
        &error,
        TargetErrorKind::NotFound,
        &["deployment/api-canary", "`create` is off"],
    );
    let routes = json!({"spec": {"http": [{"route": [{"destination": {"host": "other"}}]}]}});
    shop.patch("person", "VirtualService", "api", routes).await;
    let error = refused(&shop, shop.mesh()).await;
    assert!(error.to_string().contains("virtualservice/api"), "{error}");
}
