//! A fatal status is acted on when the watch brings it, not on a timer.

use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{WatchEvent, WatchParams};
use strategy_core::Timestamp;
use strategy_core::driver::{Clock as _, SystemClock};
use strategy_core::plan::Policies;
use strategy_core::rollout::Reason;

use crate::scene::{AGENT, Scene};
use crate::terms::{Mode, Terms, seconds};

/// Everything is read this often, news or not; no answer to a fatal status may wait for it.
const RESYNC: Duration = seconds(30);
/// Generous for a machine that does other things too.
const AT_ONCE: Duration = seconds(8);

fn is_crash_looping(pod: &Pod) -> bool {
    let statuses = pod
        .status
        .as_ref()
        .and_then(|status| status.container_statuses.as_ref());
    statuses.into_iter().flatten().any(|status| {
        let waiting = status
            .state
            .as_ref()
            .and_then(|state| state.waiting.as_ref());
        waiting.is_some_and(|waiting| waiting.reason.as_deref() == Some("CrashLoopBackOff"))
    })
}

/// When the first pod of the namespace was seen in a crash loop, by a watch of the test's own.
async fn first_crash_loop(scene: &Scene) -> Timestamp {
    let pods: Api<Pod> = Api::namespaced(scene.shop.client.clone(), &scene.shop.namespace);
    let watch = pods.watch(&WatchParams::default(), "0").await.unwrap();
    let mut watch = std::pin::pin!(watch);
    while let Some(event) = watch.next().await {
        if let Ok(WatchEvent::Added(pod) | WatchEvent::Modified(pod)) = event
            && is_crash_looping(&pod)
        {
            return SystemClock.now();
        }
    }
    panic!("the watch ended");
}

/// When the API server received the last write of ours to this object.
fn last_write(scene: &Scene, resource: &str) -> Timestamp {
    let events = scene.plane.audit_log().unwrap();
    let ours = events.iter().filter(|event| {
        event.user_agent == AGENT
            && event.namespace == scene.shop.namespace
            && event.resource == resource
            && event.verb == "update"
            && event.code == 200
    });
    // The very last one gives up the claim; the one before it changed the weight.
    let mut times: Vec<_> = ours
        .map(|event| event.received.0.as_millisecond())
        .collect();
    times.sort_unstable();
    let millis = times[times.len().checked_sub(2).unwrap()];
    Timestamp::from_millis(millis.try_into().unwrap())
}

async fn from_crash_loop_to_no_traffic(mode: Mode, resource: &str) -> Duration {
    let scene = Scene::open(mode).await;
    let before = scene.objects().await;
    let terms = Terms {
        policies: policies(),
        ..Terms::long_bake()
    };
    let seen = first_crash_loop(&scene);
    let rolled_back = async {
        let rollout = scene.release("v2-late", &terms).await;
        let reason = rollout.rolled_back().await;
        assert!(matches!(reason, Reason::Fatal { .. }), "{reason}");
        rollout.story
    };
    let (seen, story) = tokio::join!(seen, rolled_back);
    assert!(story.is_baking(mode.first_exposed()), "{}", story.told());
    assert_eq!(scene.objects().await, before);
    let took = last_write(&scene, resource).since(seen);
    println!(
        "{mode:?}: ready, then a crash loop during the bake: {:.3} s from the status in a watch to the write of weight 0; everything is read every {} s\n{}",
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
