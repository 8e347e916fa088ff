//! Whole rollouts that a real Prometheus judges: routes and pods on a real API server, users who follow the routes, and
//! what becomes of their requests scraped and asked for as of Istio.

use std::time::Duration;

use serde_json::json;
use strategy_core::plan::{Bake, Check, Limits};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::Canary;
use strategy_metrics::{MetricAnalysis, MetricCheck};

use crate::mesh::{Candidate, Mesh};
use crate::prometheus::Prometheus;
use crate::scene::{Running, Scene, release};
use crate::shop::Shop;
use crate::terms::{Mode, seconds};

/// The default judge, and what Istio tells; nothing here is late, and all of it is short.
fn errors() -> Check {
    let metric = json!({ "ready-made": "istio", "settle": "1s", "stale-after": "10s" });
    let check = MetricCheck::new("prometheus", metric).check().unwrap();
    check
        .every(seconds(2))
        .limits(Limits::default().consecutive_inconclusive(4))
}

/// A release of which the candidate behaves so, judged.
async fn judged(scene: &Scene, candidate: Candidate, bake: Duration) -> (Outcome, Running) {
    let shop = Shop {
        namespace: scene.shop.namespace.clone(),
        client: scene.shop.client.clone(),
    };
    let mesh = Mesh::open(shop, candidate);
    let prometheus = Prometheus::scraping(&mesh.ports);
    let (driver, story) = scene.driver();
    let analysis = MetricAnalysis::new("prometheus", prometheus.source());
    // Its listener is there before the first question, which is asked when the rollout begins.
    let source = prometheus.source();
    until_ready(&source).await;
    let canary = Canary::new()
        .stages([20, 50, 100])
        .bake(Bake::of(bake))
        .bake_after_return(Bake::of(seconds(2)))
        .deadline(seconds(60))
        .check("errors", errors());
    let driver = driver.analysis("prometheus", analysis);
    let started = driver.start(&canary, release("v2")).await;
    let (handle, run) = started.unwrap_or_else(|error| panic!("{error:?}"));
    let rollout = Running::of(handle, run, story);
    let outcome = rollout.settled().await;
    println!("{outcome}\n{}", rollout.story.told());
    (outcome, rollout)
}

/// Asks until the server answers.
async fn until_ready(source: &strategy_metrics::source::Prometheus) {
    use strategy_core::{Part, Track};
    use strategy_metrics::Shape;
    use strategy_metrics::source::{MetricSource as _, Question};
    for _ in 0..300 {
        let metric = json!({ "query": "vector(1)" });
        let question = Question::new(metric, Shape::Values, Part::main(), Track::Stable);
        if source.admit(&question).await.is_ok() {
            return;
        }
        crate::shop::pause(Duration::from_millis(100)).await;
    }
    panic!("Prometheus does not get ready");
}

#[tokio::test]
#[ignore = "needs a control plane and Prometheus: cargo xtask test"]
async fn a_release_that_fails_more_often_is_rolled_back_by_what_prometheus_has_seen() {
    let scene = Scene::open(Mode::Canary).await;
    let before = scene.objects().await;
    let bad = Candidate {
        fails: 0.2,
        silent_from: f64::INFINITY,
    };
    let (outcome, rollout) = judged(&scene, bad, seconds(600)).await;
    let Outcome::RolledBack {
        reason: Reason::Check { evidence, .. },
    } = outcome
    else {
        panic!("{outcome}");
    };
    assert!(
        evidence.contains("the candidate's errors exceed stable's"),
        "{evidence}"
    );
    let weights = rollout.story.weights();
    assert!(
        weights.iter().all(|weight| weight.basis_points() <= 2_000),
        "{weights:?}"
    );
    assert_eq!(scene.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane and Prometheus: cargo xtask test"]
async fn a_release_that_fails_as_stable_does_is_promoted() {
    let scene = Scene::open(Mode::Canary).await;
    let before = scene.objects().await;
    let good = Candidate {
        fails: 0.02,
        silent_from: f64::INFINITY,
    };
    let (outcome, _) = judged(&scene, good, seconds(10)).await;
    assert_eq!(outcome, Outcome::Promoted);
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}

/// It passed before its proxies fell silent, and a counter that nobody scrapes is none that stands still.
#[tokio::test]
#[ignore = "needs a control plane and Prometheus: cargo xtask test"]
async fn a_release_that_falls_silent_is_not_promoted() {
    let scene = Scene::open(Mode::Canary).await;
    let before = scene.objects().await;
    let silent = Candidate {
        fails: 0.02,
        silent_from: 800.0,
    };
    let (outcome, rollout) = judged(&scene, silent, seconds(40)).await;
    let Outcome::RolledBack {
        reason: Reason::Check { evidence, .. },
    } = outcome
    else {
        panic!("{outcome}");
    };
    assert!(
        evidence.starts_with("5 inconclusive one after the other")
            && evidence.contains(": no data: the newest sample of candidate is of"),
        "{evidence}"
    );
    let told = rollout.story.told();
    for said in [
        "pass; no proof that the candidate's errors exceed stable's",
        "inconclusive; no data: the newest sample of candidate is of",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(scene.objects().await, before);
}
