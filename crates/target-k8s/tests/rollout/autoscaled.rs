//! Workloads whose count an autoscaler decides: the count is never written, the minimum is held.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strategy_core::driver::MemoryJournal;
use strategy_core::rollout::Reason;

use crate::scene::{Running, Scene};
use crate::story::Story;
use crate::terms::{Mode, Terms};

pub(crate) async fn autoscale(scene: &Scene) {
    for deployment in scene.deployments() {
        scene.shop.create(autoscaler(deployment)).await;
    }
}

fn autoscaler(deployment: &str) -> Value {
    json!({
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": deployment, "labels": {"team": "shop"}},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "minReplicas": 2, "maxReplicas": 9,
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
            "metrics": [{
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            }],
        },
    })
}

async fn floors(scene: &Scene) -> BTreeMap<&'static str, u64> {
    let mut floors = BTreeMap::new();
    for deployment in scene.deployments() {
        let scaler = scene.shop.get("HorizontalPodAutoscaler", deployment).await;
        floors.insert(*deployment, scaler["spec"]["minReplicas"].as_u64().unwrap());
    }
    floors
}

/// Nobody who calls himself `rollway` has ever changed a count that an autoscaler decides.
async fn assert_counts_are_not_ours(scene: &Scene) {
    for name in scene.deployments() {
        let deployment = scene.shop.get("Deployment", name).await;
        for entry in deployment["metadata"]["managedFields"].as_array().unwrap() {
            let is_count = !entry["fieldsV1"]["f:spec"]["f:replicas"].is_null();
            assert!(entry["manager"] != "rollway" || !is_count, "{entry}");
        }
    }
}

/// The live workload's minimum while it is exposed: what it wanted when the rollout began.
const fn held(mode: Mode) -> (&'static str, u64) {
    match mode {
        Mode::BlueGreen | Mode::Ingress => ("api-blue", 3),
        Mode::Canary | Mode::Gateway => ("api", 5),
    }
}

async fn promoted(mode: Mode) {
    let scene = Scene::open(mode).await;
    autoscale(&scene).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::default()).await;
    rollout.until_baking(mode.first_exposed()).await;
    let (live, floor) = held(mode);
    let during = floors(&scene).await;
    println!("{mode:?}: minimum while exposed: {during:?}");
    assert_eq!(during[live], floor);
    assert_counts_are_not_ours(&scene).await;
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    assert_counts_are_not_ours(&scene).await;
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn the_minimum_is_held_and_given_back() {
    tokio::join!(promoted(Mode::BlueGreen), promoted(Mode::Canary));
}

async fn crashed(mode: Mode) {
    let scene = Scene::open(mode).await;
    autoscale(&scene).await;
    let before = scene.objects().await;
    let journal = MemoryJournal::new();
    let (driver, story) = scene.driver();
    let driver = driver.journal(journal.clone());
    let first = scene.start(driver, story, "v2", &Terms::long_bake()).await;
    first.until_baking(mode.first_exposed()).await;
    first.carrier.abort();
    assert!(first.handle.settled().await.is_err());
    let (live, floor) = held(mode);
    assert_eq!(floors(&scene).await[live], floor);

    let (driver, story): (_, Story) = scene.driver();
    let (handle, run) = driver.journal(journal).resume_rolling_back().await.unwrap();
    let second = Running::of(handle, run, story);
    assert_eq!(second.rolled_back().await, Reason::ResumedToRollBack);
    assert_eq!(scene.objects().await, before);
    assert_counts_are_not_ours(&scene).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn the_minimum_is_given_back_after_a_crash_in_between() {
    tokio::join!(crashed(Mode::BlueGreen), crashed(Mode::Canary));
}
