//! Whole rollouts on what is wrong: each ends before it began, and the namespace saw no write.

use std::collections::BTreeMap;

use futures::future::{BoxFuture, join_all};
use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_core::driver::Driver;
use target_k8s::config::{Canary, IstioDestination, IstioRouter, ServiceSelectorRouter, Slot};
use target_k8s::{Config, KubernetesTarget};

use crate::scene::{AGENT, Scene, release};
use crate::terms::{Mode, Terms};

/// What is wrong, how it comes to be so, and what the refusal has to say.
struct Case {
    what: &'static str,
    mode: Mode,
    spoil: for<'a> fn(&'a Scene) -> BoxFuture<'a, ()>,
    config: fn(Config) -> Config,
    words: &'static [&'static str],
}

const fn as_it_is(config: Config) -> Config {
    config
}

fn patch<'a>(
    scene: &'a Scene,
    kind: &'static str,
    name: &'static str,
    patch: Value,
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        scene.shop.patch("person", kind, name, patch).await;
        if kind == "Deployment" {
            scene.shop.settle(&[name]).await;
        }
    })
}

fn delete<'a>(scene: &'a Scene, kind: &'static str, name: &'static str) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        scene.shop.delete(kind, name).await;
        while scene.shop.try_get(kind, name).await.is_some() {
            crate::shop::pause(std::time::Duration::from_millis(50)).await;
        }
    })
}

fn selector(value: Value) -> Value {
    json!({"spec": {"selector": value}})
}

fn image(image: &str) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": "api", "image": image}]}}}})
}

fn by_hosts(config: Config) -> Config {
    let mut router = IstioRouter::new("api", "api");
    router.destination_rule = None;
    router.stable = IstioDestination::host("api");
    router.canary = IstioDestination::host("api-canary");
    Config::new(config.namespace, Canary::of("api"), router)
}

/// Routes to two Services, of which stable's selects the canary's pods too.
fn overlapping_services(scene: &Scene) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        let ports = json!([{"name": "http", "port": 80}]);
        let canary = json!({
            "kind": "Service", "metadata": {"name": "api-canary"},
            "spec": {"selector": {"app": "shop", "track": "canary"}, "ports": ports},
        });
        scene.shop.create(canary).await;
        let routes = json!({"spec": {"http": [{"name": "everything", "route": [
            {"destination": {"host": "api"}, "weight": 100},
            {"destination": {"host": "api-canary"}, "weight": 0},
        ]}]}});
        scene
            .shop
            .patch("person", "VirtualService", "api", routes)
            .await;
    })
}

fn both_slots_blue(scene: &Scene) -> BoxFuture<'_, ()> {
    // The labels of slots cannot be changed; a key whose value both carry can be named.
    patch(scene, "Service", "api", selector(json!({"app": "shop"})))
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            what: "no such Service",
            mode: Mode::BlueGreen,
            spoil: |scene| delete(scene, "Service", "api"),
            config: as_it_is,
            words: &["service/api", "create it"],
        },
        Case {
            what: "the selector has no such key",
            mode: Mode::BlueGreen,
            spoil: |scene| {
                patch(
                    scene,
                    "Service",
                    "api",
                    selector(json!({"environment": null})),
                )
            },
            config: as_it_is,
            words: &["service/api", "no key `environment`"],
        },
        Case {
            what: "both slots are meant",
            mode: Mode::BlueGreen,
            spoil: both_slots_blue,
            config: |mut config| {
                config.router = ServiceSelectorRouter::new("api").key("app").into();
                config
            },
            words: &["api-blue and api-green both carry", "app: shop"],
        },
        Case {
            what: "no slot is meant",
            mode: Mode::BlueGreen,
            spoil: |scene| {
                patch(
                    scene,
                    "Service",
                    "api",
                    selector(json!({"environment": "red"})),
                )
            },
            config: as_it_is,
            words: &["neither api-blue nor api-green", "environment: red"],
        },
        Case {
            what: "a slot that is not there",
            mode: Mode::BlueGreen,
            spoil: |_| Box::pin(async {}),
            config: |mut config| {
                config.workload = [Slot::new("api-blue"), Slot::new("api-gren")].into();
                config
            },
            words: &[
                "deployment/api-gren",
                "there is none in namespace",
                "correct its name",
            ],
        },
        Case {
            what: "an image without a tag",
            mode: Mode::BlueGreen,
            spoil: |scene| {
                patch(
                    scene,
                    "Deployment",
                    "api-blue",
                    image("registry.example/shop/api"),
                )
            },
            config: as_it_is,
            words: &["deployment/api-blue", "give it a tag or a digest"],
        },
        Case {
            what: "stable without replicas",
            mode: Mode::BlueGreen,
            spoil: |scene| {
                patch(
                    scene,
                    "Deployment",
                    "api-blue",
                    json!({"spec": {"replicas": 0}}),
                )
            },
            config: as_it_is,
            words: &["deployment/api-blue", "no replicas"],
        },
        Case {
            what: "somebody else's claim",
            mode: Mode::BlueGreen,
            spoil: |scene| {
                let claim = r#"{"holder":"somebody","epoch":3}"#;
                let claim = json!({"metadata": {"annotations": {"rollway.dev/claim": claim}}});
                patch(scene, "Service", "api", claim)
            },
            config: as_it_is,
            words: &["claimed by rollout `somebody`"],
        },
        Case {
            what: "a claim that nobody can read",
            mode: Mode::Canary,
            spoil: |scene| {
                let claim = json!({"metadata": {"annotations": {"rollway.dev/claim": "mine"}}});
                patch(scene, "VirtualService", "api", claim)
            },
            config: as_it_is,
            words: &["virtualservice/api", "`mine`"],
        },
        Case {
            what: "no stable at all",
            mode: Mode::Canary,
            spoil: |scene| delete(scene, "Deployment", "api"),
            config: as_it_is,
            words: &["deployment/api", "first release by hand"],
        },
        Case {
            what: "stable of a canary without replicas",
            mode: Mode::Canary,
            spoil: |scene| patch(scene, "Deployment", "api", json!({"spec": {"replicas": 0}})),
            config: as_it_is,
            words: &["deployment/api", "no replicas"],
        },
        Case {
            what: "routes without the canary's destination",
            mode: Mode::Canary,
            spoil: |scene| {
                let stable = json!({"destination": {"host": "api", "subset": "stable"}});
                let routes = json!({"spec": {"http": [{"name": "all", "route": [stable]}]}});
                patch(scene, "VirtualService", "api", routes)
            },
            config: as_it_is,
            words: &["virtualservice/api"],
        },
        Case {
            what: "a subset of stable that selects the canary's pods too",
            mode: Mode::Canary,
            spoil: |scene| {
                let subsets = json!({"spec": {"subsets": [
                    {"name": "stable", "labels": {"component": "api"}},
                    {"name": "canary", "labels": {"track": "canary"}},
                ]}});
                patch(scene, "DestinationRule", "api", subsets)
            },
            config: as_it_is,
            words: &["destination-reaches-both-tracks", "subset `stable`"],
        },
        Case {
            what: "a Service of stable that selects the canary's pods too",
            mode: Mode::Canary,
            spoil: overlapping_services,
            config: by_hosts,
            words: &["destination-reaches-both-tracks", "`api` (stable)"],
        },
    ]
}

/// Why it did not begin.
async fn refused(case: &Case) -> String {
    let scene = Scene::open(case.mode).await;
    (case.spoil)(&scene).await;
    let before = scene.objects().await;
    let client = scene.plane.client(AGENT).unwrap();
    let config = (case.config)(scene.config());
    let driver = Driver::on(KubernetesTarget::new(client, config));
    let strategy = Terms::default().strategy(case.mode);
    let said = match driver.start(&*strategy, release("v2")).await {
        Err(error) => error.to_string(),
        Ok((_, run)) => panic!("{}: it began and ended with {:?}", case.what, run.await),
    };
    let writes = scene.writes_since(Timestamp::from_millis(0), AGENT);
    assert_eq!(writes, BTreeMap::new(), "{}", case.what);
    // It was seen at all: the same log has what was read.
    let calls = scene.calls_between(Timestamp::from_millis(0), None, AGENT);
    assert!(calls.contains_key("list deployments"), "{calls:?}");
    assert_eq!(scene.objects().await, before, "{}", case.what);
    said
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn writes_nothing_and_is_named() {
    let cases = cases();
    let said = join_all(cases.iter().map(refused)).await;
    for (case, said) in cases.iter().zip(said) {
        println!("{}: {said}\n", case.what);
        for word in case.words {
            assert!(
                said.contains(word),
                "{}: {word:?} is not in: {said}",
                case.what
            );
        }
    }
}
