//! A controller that lags behind what was written: what it still shows is no news of the new template.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use strategy_core::Target;
use strategy_core::Track;
use strategy_core::rollout::News;
use strategy_core::target::{Binding, Effective, Observation};
use target_k8s::KubernetesTarget;

use crate::own_plane;
use crate::scene::{REPOSITORY, Running, Scene};
use crate::shop::pause;
use crate::terms::{Mode, Terms, seconds};

/// Whether its controller has seen its template.
fn is_seen(deployment: &Value) -> bool {
    deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
}

fn image(deployment: &Value) -> &str {
    let containers = &deployment["spec"]["template"]["spec"]["containers"];
    containers[0]["image"].as_str().unwrap()
}

/// Ready pods of a track by the image that they are to run.
fn ready(seen: &Observation, track: Track) -> BTreeMap<String, u32> {
    let pods = seen.track(track).pods.iter();
    let image = |images: &strategy_core::Images| images.get("api").unwrap().to_string();
    pods.map(|pods| (image(&pods.revision.images), pods.ready))
        .collect()
}

async fn until_effective(reader: &KubernetesTarget, binding: &Binding) {
    for _ in 0..60 {
        let seen = reader.observe(binding).await.unwrap();
        if matches!(seen.traffic.effective, Effective::Verified(_)) {
            return;
        }
        pause(seconds(1)).await;
    }
    panic!("traffic is never seen to flow as it is written");
}

/// Nothing of these pods carries traffic, and no stage has passed.
fn assert_waits(rollout: &Running) {
    let story = &rollout.story;
    assert!(
        story.weights().iter().all(|weight| weight.is_zero()),
        "{}",
        story.told()
    );
    assert!(story.passed().is_empty(), "{}", story.told());
}

/// Green runs three ready pods of the old template when it is given the new one, and its status goes
/// on saying so.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn readiness_of_the_old_template_is_not_counted_for_the_new_one() {
    let plane = own_plane().await;
    let scene = Scene::on(Arc::clone(&plane), Mode::BlueGreen).await;
    let before = scene.objects().await;
    let new = format!("{REPOSITORY}:v2");
    let old = image(&scene.shop.get("Deployment", "api-green").await).to_owned();
    assert_ne!(old, new);
    let reader = scene.target();
    let binding = reader.discover().await.unwrap().binding;
    // Endpoints are told of by a controller too: with one that stops halfway, traffic is never seen to
    // flow as it is written, and nothing may begin.
    until_effective(&reader, &binding).await;
    plane.pause_controllers().unwrap();
    let rollout = scene.release("v2", &Terms::default()).await;
    let green = scene
        .shop
        .until_object("Deployment", "api-green", |green| image(green) == new)
        .await;
    // As a reader of the status alone would see it: three of three updated, ready and available.
    assert!(!is_seen(&green), "{green:#}");
    for count in [
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
    ] {
        assert_eq!(green["status"][count], 3, "{green:#}");
    }
    for _ in 0..5 {
        pause(seconds(1)).await;
        assert!(!is_seen(&scene.shop.get("Deployment", "api-green").await));
        let seen = reader.observe(&binding).await.unwrap();
        let written = seen.candidate.written.as_ref().unwrap();
        assert_eq!(written.revision.images.get("api").unwrap().as_str(), new);
        assert_eq!(
            ready(&seen, Track::Candidate),
            BTreeMap::from([(old.clone(), 3)])
        );
        assert_waits(&rollout);
    }
    let passed = |news: &News| matches!(news, News::StagePassed { .. });
    assert!(!rollout.story.has(passed));
    plane.resume_controllers().unwrap();
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}

/// The same under traffic: stable of a canary is updated while nobody tells of it.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn traffic_does_not_return_to_a_stable_that_has_not_been_replaced() {
    let plane = own_plane().await;
    let scene = Scene::on(Arc::clone(&plane), Mode::Canary).await;
    let before = scene.objects().await;
    let terms = Terms {
        stages: vec![100],
        ..Terms::default()
    };
    let rollout = scene.release("v2", &terms).await;
    rollout.until_baking("100%").await;
    plane.pause_controllers().unwrap();
    let new = format!("{REPOSITORY}:v2");
    let stable = scene
        .shop
        .until_object("Deployment", "api", |stable| image(stable) == new)
        .await;
    assert!(!is_seen(&stable), "{stable:#}");
    assert_eq!(stable["status"]["readyReplicas"], 5, "{stable:#}");
    pause(seconds(5)).await;
    assert_eq!(rollout.story.passed(), ["100%"], "{}", rollout.story.told());
    let weights = rollout.story.weights();
    assert_eq!(weights.last().unwrap().to_string(), "100%");
    plane.resume_controllers().unwrap();
    rollout.promoted().await;
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}
