//! Two parts of one namespace, moved together and taken back together, over one set of watches.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strategy_core::driver::Driver;
use strategy_core::rollout::Reason;
use strategy_core::{Images, Part, Release};
use target_k8s::config::{ServiceSelectorRouter, Slot};
use target_k8s::{Config, KubernetesTarget, Watches};
use test_support::ControlPlane;

use crate::scene::Running;
use crate::shop::{Shop, content, service};
use crate::story::Story;
use crate::terms::{Mode, Terms, seconds};

const PARTS: [&str; 2] = ["api", "web"];
const AGENT: &str = "rollway-parts";

/// Blue (live) and green of each part behind a Service of its name.
async fn furnished() -> Shop {
    let shop = Shop::open();
    for part in PARTS {
        for slot in ["blue", "green"] {
            let labels = json!({"app": part, "version": slot});
            let name = format!("{part}-{slot}");
            shop.deploy(&name, labels, "shop/api:1", 1).await;
        }
        shop.create(service(part, json!({"app": part, "version": "blue"})))
            .await;
    }
    shop.settle(&["api-blue", "api-green", "web-blue", "web-green"])
        .await;
    shop
}

fn config(shop: &Shop, part: &str) -> Config {
    let slots = ["blue", "green"].map(|slot| Slot::new(format!("{part}-{slot}")));
    let router = ServiceSelectorRouter::new(part);
    Config::new(&shop.namespace, slots, router).drain(seconds(1))
}

fn release(tags: [&str; 2]) -> Release {
    let images = PARTS.into_iter().zip(tags).map(|(part, tag)| {
        let images = Images::parse([("api", format!("shop/api:{tag}"))]).unwrap();
        (part.parse::<Part>().unwrap(), images)
    });
    Release::parts(images).unwrap()
}

/// Both parts on one set of watches.
async fn start(shop: &Shop, tags: [&str; 2], terms: &Terms) -> Running {
    let client = ControlPlane::shared().unwrap().client(AGENT).unwrap();
    let watches = Watches::new(client, &shop.namespace);
    let story = Story::default();
    let targets = PARTS.map(|part| {
        (
            part,
            KubernetesTarget::sharing(&watches, config(shop, part)),
        )
    });
    let driver = Driver::parts(targets).observer(story.clone());
    let strategy = terms.strategy(Mode::BlueGreen);
    let (handle, run) = driver.start(&*strategy, release(tags)).await.unwrap();
    Running::of(handle, run, story)
}

async fn objects(shop: &Shop) -> BTreeMap<String, Value> {
    let mut objects = BTreeMap::new();
    for part in PARTS {
        for (kind, name) in [
            ("Service", part.to_owned()),
            ("Deployment", format!("{part}-blue")),
            ("Deployment", format!("{part}-green")),
        ] {
            let object = shop.get(kind, &name).await;
            objects.insert(format!("{kind}/{name}"), content(&object));
        }
    }
    objects
}

/// How often each kind of object was watched, by what selects it.
fn watches(shop: &Shop) -> BTreeMap<String, u32> {
    let mut watches = BTreeMap::new();
    for event in ControlPlane::shared().unwrap().audit_log().unwrap() {
        if event.user_agent == AGENT
            && event.namespace == shop.namespace
            && (event.verb.as_str(), event.stage.as_str()) == ("watch", "ResponseStarted")
        {
            *watches.entry(event.resource).or_insert(0) += 1;
        }
    }
    watches
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn both_are_switched_over_one_set_of_watches() {
    let shop = furnished().await;
    let rollout = start(&shop, ["2", "3"], &Terms::default()).await;
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    for (part, tag) in PARTS.into_iter().zip(["2", "3"]) {
        let service = shop.get("Service", part).await;
        assert_eq!(service["spec"]["selector"]["version"], "green");
        let green = shop.get("Deployment", &format!("{part}-green")).await;
        let image = &green["spec"]["template"]["spec"]["containers"][0]["image"];
        assert_eq!(image, &json!(format!("shop/api:{tag}")));
    }
    let watches = watches(&shop);
    println!("watches of two parts: {watches:?}");
    // What is followed whole once for both, what a selector picks once for each slot or Service.
    let expected = [
        ("deployments", 1),
        ("endpointslices", 2),
        ("horizontalpodautoscalers", 1),
        ("pods", 4),
        ("replicasets", 4),
        ("services", 1),
    ];
    let expected = expected.map(|(resource, number)| (resource.to_owned(), number));
    assert_eq!(watches, BTreeMap::from(expected));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn one_that_goes_bad_under_traffic_takes_both_back() {
    let shop = furnished().await;
    let before = objects(&shop).await;
    let rollout = start(&shop, ["2", "3-late"], &Terms::long_bake()).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    let Reason::Fatal { .. } = &reason else {
        panic!("{reason}");
    };
    assert!(reason.to_string().contains("web"), "{reason}");
    assert_eq!(objects(&shop).await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn one_that_never_becomes_good_keeps_both_from_traffic() {
    let shop = furnished().await;
    let before = objects(&shop).await;
    let rollout = start(&shop, ["2-bad", "3"], &Terms::default()).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert!(reason.to_string().contains("api"), "{reason}");
    assert!(
        rollout
            .story
            .weights()
            .iter()
            .all(|weight| weight.is_zero())
    );
    assert_eq!(objects(&shop).await, before);
}
