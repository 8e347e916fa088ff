//! Each way of being broken, as a Deployment shows it.
#![allow(clippy::unwrap_used, reason = "test")]

mod support;

use std::time::Duration;

use support::{LONGEST, Shop, Story, app, in_words, is_ready};

/// The first changes of one pod of `image`, and those of the quiet seconds after them.
async fn story(image: &str, changes: usize, quiet: u64) -> Story {
    let (nothing, quiet) = (serde_json::json!({}), Duration::from_secs(quiet));
    Shop::open().story(image, nothing, changes, quiet).await
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn healthy_pods_are_ready_and_tell_their_images() {
    let shop = Shop::open();
    shop.deploy("web", "registry:5000/shop/web:latest", 3).await;
    let all_ready = |pods: &[_]| pods.len() == 3 && pods.iter().all(is_ready);
    let (pods, _) = shop.until("web", LONGEST, all_ready).await;
    for pod in &pods {
        let status = pod.status.clone().unwrap();
        assert_eq!(status.phase.unwrap(), "Running");
        assert!(!status.pod_ip.unwrap().is_empty());
        let [app, proxy] = status.container_statuses.unwrap().try_into().unwrap();
        let (repository, digest) = app.image_id.split_once("@sha256:").unwrap();
        assert_eq!(repository, "registry:5000/shop/web");
        assert_eq!(digest.len(), 64);
        assert_eq!(proxy.image_id, "shop/proxy@sha256:bad0bad0");
        let conditions = status.conditions.unwrap();
        let state = conditions
            .iter()
            .find(|condition| condition.type_ == "rollway.test/state");
        assert_eq!(
            state.unwrap().reason.as_deref(),
            Some("Ready"),
            "a word in a digest counted"
        );
        let [migrate] = status.init_container_statuses.unwrap().try_into().unwrap();
        assert_eq!(
            migrate.state.unwrap().terminated.unwrap().reason.unwrap(),
            "Completed"
        );
        assert!(
            migrate.image_id.starts_with("shop/migrate@sha256:"),
            "{}",
            migrate.image_id
        );
    }
    let images: Vec<_> = pods.iter().map(|pod| &app(pod).unwrap().image_id).collect();
    assert!(images.iter().all(|image| *image == images[0]), "{images:?}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_word_within_another_breaks_nothing() {
    let shop = Shop::open();
    for (name, image) in [
        ("plain", "shop/web"),
        ("latest", "shop/web:latest"),
        ("ending", "shop/web:whenever"),
        ("beginning", "shop/web:neverland"),
        ("repository", "bad:5000/slow/never"),
    ] {
        shop.deploy(name, image, 1).await;
        shop.until(name, LONGEST, |pods| pods.len() == 1 && is_ready(&pods[0]))
            .await;
    }
    let plain = app(&shop.pods("plain").await[0]).unwrap().image_id.clone();
    let latest = app(&shop.pods("latest").await[0]).unwrap().image_id.clone();
    assert_eq!(plain, latest, "no tag is `latest`");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn deleted_pods_go_and_are_replaced() {
    let shop = Shop::open();
    shop.deploy("web", "shop/web:1", 1).await;
    let (before, _) = shop
        .until("web", LONGEST, |pods| pods.len() == 1 && is_ready(&pods[0]))
        .await;
    let name = before[0].metadata.name.clone().unwrap();
    shop.pods_api()
        .delete(&name, &Default::default())
        .await
        .unwrap();
    let replaced = |pods: &[k8s_openapi::api::core::v1::Pod]| {
        pods.len() == 1 && is_ready(&pods[0]) && pods[0].metadata.name != before[0].metadata.name
    };
    shop.until("web", LONGEST, replaced).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn bad_crash_loops_from_the_start_and_restarts_climb() {
    let story = story("shop/web:v2-bad", 4, 0).await;
    let expected = [1, 2, 3, 4].map(|count| format!("CrashLoopBackOff {count}"));
    assert_eq!(story.words()[..4], expected);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_crash_loop_tells_how_the_container_ended() {
    let shop = Shop::open();
    shop.deploy("web", "shop/web:bad", 1).await;
    let looping =
        |pods: &[_]| pods.len() == 1 && in_words(&pods[0]).starts_with("CrashLoopBackOff");
    let (pods, _) = shop.until("web", LONGEST, looping).await;
    let ended = app(&pods[0])
        .unwrap()
        .last_state
        .clone()
        .unwrap()
        .terminated
        .unwrap();
    assert_eq!(
        (ended.exit_code, ended.reason.as_deref()),
        (1, Some("Error"))
    );
    let proxy = pods[0]
        .status
        .as_ref()
        .unwrap()
        .container_statuses
        .as_ref()
        .unwrap()[1]
        .clone();
    assert!(
        proxy.ready && proxy.restart_count == 0,
        "the healthy container is broken too"
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn pull_waits_for_its_image_for_ever() {
    let (shop, quiet) = (Shop::open(), Duration::from_secs(4));
    let nothing = serde_json::json!({});
    let story = shop.story("shop/web:pull", nothing, 1, quiet).await;
    assert_eq!(story.words(), ["ImagePullBackOff 0"]);
    let pods = shop.pods("web").await;
    assert_eq!(
        pods[0].status.as_ref().unwrap().phase.as_deref(),
        Some("Pending")
    );
    assert_eq!(app(&pods[0]).unwrap().image_id, "");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn never_runs_and_is_never_ready() {
    let story = story("shop/web:1.2.never", 1, 5).await;
    assert_eq!(story.words(), ["running 0"]);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn slow_is_ready_after_three_seconds() {
    let story = story("shop/web:slow", 2, 2).await;
    assert_eq!(story.words(), ["running 0", "Ready 0"]);
    story.check_apart(1, 3);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn late_is_ready_for_five_seconds_and_then_crash_loops_for_good() {
    let story = story("shop/web:v2late", 5, 0).await;
    assert_eq!(story.words()[0], "Ready 0");
    let expected = [1, 2, 3, 4].map(|count| format!("CrashLoopBackOff {count}"));
    assert_eq!(story.words()[1..5], expected);
    story.check_apart(1, 5);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn flap_is_ready_and_crashed_in_turn_with_restarts() {
    let story = story("shop/web:flap", 4, 0).await;
    assert_eq!(
        story.words()[..4],
        [
            "Ready 0",
            "CrashLoopBackOff 0",
            "Ready 1",
            "CrashLoopBackOff 1"
        ]
    );
    story.check_apart(1, 5);
    story.check_apart(2, 10);
    story.check_apart(3, 5);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn wobble_is_ready_and_unready_in_turn_without_restarts() {
    let story = story("shop/web:wobble", 4, 0).await;
    assert_eq!(
        story.words()[..4],
        ["Ready 0", "running 0", "Ready 0", "running 0"]
    );
    story.check_apart(1, 5);
    story.check_apart(2, 10);
    story.check_apart(3, 5);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn oom_is_killed_again_and_again() {
    let story = story("shop/web:oom", 5, 0).await;
    assert_eq!(
        story.words()[..5],
        [
            "running 0",
            "OOMKilled 0",
            "CrashLoopBackOff 1",
            "OOMKilled 1",
            "CrashLoopBackOff 2"
        ]
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn half_of_the_pods_are_never_ready() {
    let shop = Shop::open();
    shop.deploy("web", "shop/web:half", 10).await;
    let started = |pods: &[k8s_openapi::api::core::v1::Pod]| {
        pods.len() == 10 && pods.iter().all(|pod| app(pod).is_some())
    };
    let (pods, _) = shop.until("web", LONGEST, started).await;
    assert_eq!(pods.iter().filter(|pod| is_ready(pod)).count(), 5);
    support::pause(Duration::from_secs(4)).await;
    assert_eq!(
        shop.pods("web")
            .await
            .iter()
            .filter(|pod| is_ready(pod))
            .count(),
        5
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_repointed_tag_is_another_image_for_pods_created_afterwards() {
    let shop = Shop::open();
    let plane = test_support::ControlPlane::shared().unwrap();
    let (web, other) = ("shop/web:1", "shop/other:1");
    shop.deploy("before", web, 1).await;
    shop.until("before", LONGEST, |pods| {
        pods.len() == 1 && is_ready(&pods[0])
    })
    .await;

    plane
        .repoint_tag(&shop.namespace, web, "pushed again")
        .unwrap();
    shop.deploy("after", web, 1).await;
    shop.deploy("other", other, 1).await;
    shop.until("after", LONGEST, |pods| {
        pods.len() == 1 && is_ready(&pods[0])
    })
    .await;
    shop.until("other", LONGEST, |pods| {
        pods.len() == 1 && is_ready(&pods[0])
    })
    .await;

    plane
        .repoint_tag(&shop.namespace, web, "pushed a third time")
        .unwrap();
    shop.deploy("third", web, 1).await;
    shop.until("third", LONGEST, |pods| {
        pods.len() == 1 && is_ready(&pods[0])
    })
    .await;

    let mut images = Vec::new();
    for name in ["before", "after", "third", "other"] {
        images.push(app(&shop.pods(name).await[0]).unwrap().image_id.clone());
    }
    let distinct: std::collections::BTreeSet<&String> = images.iter().collect();
    assert_eq!(distinct.len(), 4, "{images:#?}");

    let elsewhere = Shop::open();
    elsewhere.deploy("web", web, 1).await;
    elsewhere
        .until("web", LONGEST, |pods| pods.len() == 1 && is_ready(&pods[0]))
        .await;
    assert_eq!(
        app(&elsewhere.pods("web").await[0]).unwrap().image_id,
        images[0]
    );
}
