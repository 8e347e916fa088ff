//! With the slot still warm, the old image again is one switch.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scene::{AGENT, Scene};
use crate::terms::{Mode, Terms};

/// How often a Deployment was written: annotations count too.
fn generation(deployment: &Value) -> u64 {
    deployment["metadata"]["generation"].as_u64().unwrap()
}

async fn whole(scene: &Scene) -> BTreeMap<String, Value> {
    let mut objects = BTreeMap::new();
    for (kind, name) in [
        ("Deployment", "api-blue"),
        ("Deployment", "api-green"),
        ("Service", "api"),
    ] {
        objects.insert(format!("{kind}/{name}"), scene.shop.get(kind, name).await);
    }
    objects
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn the_old_image_again_is_one_switch() {
    let scene = Scene::open(Mode::BlueGreen).await;
    scene
        .release("v2", &Terms::default())
        .await
        .promoted()
        .await;
    let before = whole(&scene).await;
    let pods = scene.pods("app=shop").await;
    // Blue still runs what it ran.
    let back = scene.release("2.4.0", &Terms::default()).await;
    back.promoted().await;
    println!("{}", back.story.told());
    let after = whole(&scene).await;
    assert_eq!(
        after["Service/api"]["spec"]["selector"]["environment"],
        "blue"
    );
    for slot in ["Deployment/api-blue", "Deployment/api-green"] {
        assert_eq!(after[slot]["spec"], before[slot]["spec"]);
        // The claim and its end, and nothing else.
        assert_eq!(generation(&after[slot]), generation(&before[slot]) + 2);
    }
    let names = |pods: &[k8s_openapi::api::core::v1::Pod]| -> Vec<Option<String>> {
        pods.iter().map(|pod| pod.metadata.name.clone()).collect()
    };
    assert_eq!(names(&scene.pods("app=shop").await), names(&pods));
    let applied = |news: &strategy_core::rollout::News| {
        matches!(news, strategy_core::rollout::News::Applying { .. })
    };
    let applied = back
        .story
        .events()
        .iter()
        .filter(|event| applied(&event.news))
        .count();
    let writes = scene.writes_since(back.story.events()[0].at, AGENT);
    println!("{applied} step, writes with those of the claim: {writes:?}");
    assert_eq!(applied, 1);
}
