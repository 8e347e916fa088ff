//! A fatal status is acted on when the watch brings it, not on a timer.

use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{WatchEvent, WatchParams};
use strategy_core::Timestamp;
use strategy_core::driver::{Clock as _, SystemClock};
use strategy_core::plan::Policies;
use strategy_core::rollout::{News, Reason};
use test_support::AuditEvent;

use crate::scene::{AGENT, Scene};
use crate::terms::{Mode, Terms, seconds};

/// Everything is read this often, news or not; no answer to a fatal status may wait for it.
const RESYNC: Duration = seconds(30);
/// Generous for a machine that does other things too.
const AT_ONCE: Duration = seconds(8);

fn waits_because(pod: &Pod, reason: &str) -> bool {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    statuses.into_iter().flatten().any(|status| {
        let waiting = status
            .state
            .as_ref()
            .and_then(|state| state.waiting.as_ref());
        waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some(reason))
    })
}

/// The first pod of the namespace that a watch of the test's own sees waiting for this reason, and
/// when.
async fn first_that_waits(scene: &Scene, reason: &str) -> (String, Timestamp) {
    let pods: Api<Pod> = Api::namespaced(scene.shop.client.clone(), &scene.shop.namespace);
    let watch = pods.watch(&WatchParams::default(), "0").await.unwrap();
    let mut watch = std::pin::pin!(watch);
    while let Some(event) = watch.next().await {
        if let Ok(WatchEvent::Added(pod) | WatchEvent::Modified(pod)) = event
            && waits_because(&pod, reason)
        {
            return (pod.metadata.name.unwrap(), SystemClock.now());
        }
    }
    panic!("the watch ended");
}

fn received(event: &AuditEvent) -> Timestamp {
    Timestamp::from_millis(event.received.0.as_millisecond().try_into().unwrap())
}

/// When the API server received the status that the watch then brought: the last of this pod before.
fn status_written(scene: &Scene, pod: &str, seen: Timestamp) -> Timestamp {
    let events = scene.plane.audit_log().unwrap();
    let of_pod = events.iter().filter(|event| {
        event.namespace == scene.shop.namespace
            && (event.resource.as_str(), event.name.as_str()) == ("pods", pod)
            && event.subresource == "status"
            && event.verb == "patch"
            && event.code == 200
    });
    of_pod.map(received).filter(|at| *at <= seen).max().unwrap()
}

/// When the API server received the first write of ours to such an object after that.
fn next_write(scene: &Scene, resource: &str, after: Timestamp) -> Timestamp {
    let events = scene.plane.audit_log().unwrap();
    let ours = events.iter().filter(|event| {
        event.user_agent == AGENT
            && event.namespace == scene.shop.namespace
            && event.resource == resource
            && matches!(event.verb.as_str(), "update" | "delete")
            && event.code == 200
    });
    ours.map(received).filter(|at| *at >= after).min().unwrap()
}

async fn from_crash_loop_to_no_traffic(mode: Mode, resource: &str) -> Duration {
    let scene = Scene::open(mode).await;
    let before = scene.objects().await;
    let terms = Terms {
        policies: policies(),
        ..Terms::long_bake()
    };
    let seen = first_that_waits(&scene, "CrashLoopBackOff");
    let rolled_back = async {
        let rollout = scene.release("v2-late", &terms).await;
        let reason = rollout.rolled_back().await;
        assert!(matches!(reason, Reason::Fatal { .. }), "{reason}");
        rollout.story
    };
    let (seen, story) = tokio::join!(seen, rolled_back);
    assert!(story.is_baking(mode.first_exposed()), "{}", story.told());
    assert_eq!(scene.objects().await, before);
    let (pod, seen) = seen;
    let status = status_written(&scene, &pod, seen);
    let took = next_write(&scene, resource, status).since(status);
    // The first write to the route after that is the one that takes all traffic away.
    let told = story.when(|news| matches!(news, News::RollbackBegan { .. }));
    assert!(told.unwrap() >= status, "{}", story.told());
    let traffic = story.weights();
    assert_eq!(traffic.iter().filter(|weight| !weight.is_zero()).count(), 1);
    println!(
        "{mode:?}: ready, then a crash loop during the bake: {:.3} s from the pod's status to the write of weight 0, both as the API server received them; everything is read every {} s\n{}",
        took.as_secs_f64(),
        RESYNC.as_secs(),
        story.told(),
    );
    took
}

fn policies() -> Policies {
    let mut policies = Policies::default();
    policies.resync = RESYNC;
    policies
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn ready_then_crash_looping_during_the_bake() {
    let (blue_green, canary) = tokio::join!(
        from_crash_loop_to_no_traffic(Mode::BlueGreen, "services"),
        from_crash_loop_to_no_traffic(Mode::Canary, "virtualservices"),
    );
    assert!(blue_green < AT_ONCE, "{blue_green:?}");
    assert!(canary < AT_ONCE, "{canary:?}");
}

/// Never exposed: the first write after the status is the one that takes the candidate's pods away.
async fn from_status_to_no_pods(mode: Mode, tag: &str, reason: &str) -> Duration {
    let scene = Scene::open(mode).await;
    let before = scene.objects().await;
    let terms = Terms {
        policies: policies(),
        ..Terms::default()
    };
    let seen = first_that_waits(&scene, reason);
    let rolled_back = async {
        let rollout = scene.release(tag, &terms).await;
        let why = rollout.rolled_back().await;
        assert!(matches!(why, Reason::Fatal { .. }), "{why}");
        rollout.story
    };
    let ((pod, seen), story) = tokio::join!(seen, rolled_back);
    assert_eq!(scene.objects().await, before);
    assert!(story.weights().iter().all(|weight| weight.is_zero()));
    let status = status_written(&scene, &pod, seen);
    let took = next_write(&scene, "deployments", status).since(status);
    println!(
        "{mode:?}, {tag}: {:.3} s from the pod's first `{reason}` to the write that takes the candidate's pods away, both as the API server received them; everything is read every {} s\n{}",
        took.as_secs_f64(),
        RESYNC.as_secs(),
        story.told(),
    );
    took
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn crash_looping_from_the_start_and_an_image_that_cannot_be_pulled() {
    let took = tokio::join!(
        from_status_to_no_pods(Mode::BlueGreen, "v2-bad", "CrashLoopBackOff"),
        from_status_to_no_pods(Mode::Canary, "v2-bad", "CrashLoopBackOff"),
        from_status_to_no_pods(Mode::BlueGreen, "v2-pull", "ImagePullBackOff"),
        from_status_to_no_pods(Mode::Canary, "v2-pull", "ImagePullBackOff"),
    );
    for took in [took.0, took.1, took.2, took.3] {
        assert!(took < AT_ONCE, "{took:?}");
    }
}
