//! Before a rollout begins: whether a question can be answered, and what is there to be asked.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Track;
use strategy_core::target::Severity;
use strategy_metrics::Shape;
use strategy_metrics::source::{Admitted, MetricSource, SourceError};

use crate::server::{Reply, Server, question_about, requests, series, window};

async fn admitted(
    metric: Value,
    shape: Shape,
    replies: impl IntoIterator<Item = Reply>,
) -> Result<Admitted, SourceError> {
    let server = Server::answering(replies).await;
    let source = server.source();
    let admitted = source.admit(&question_about(metric, shape)).await;
    for asked in server.asked() {
        assert!(asked.starts_with("POST /api/v1/query HTTP/1.1"), "{asked}");
        assert!(!asked.contains("time="), "of now, as the server has it");
    }
    admitted
}

fn matrix(result: Value) -> Reply {
    Reply::of("matrix", result)
}

fn of_pod(pod: &str, more: &[(&str, &str)]) -> Value {
    let mut labels = json!({ "instance": pod, "pod": pod });
    for (name, value) in more {
        labels[*name] = json!(value);
    }
    series(labels, &[(1000.0, "1")])
}

#[tokio::test]
async fn what_the_server_refuses_is_refused_before_the_rollout_begins() {
    let refusal = || {
        let body = json!({ "status": "error", "errorType": "bad_data", "error": "parse error" });
        Reply::Body(400, body.to_string())
    };
    for (metric, shape) in [
        (requests(), Shape::Events),
        (json!({ "histogram": "a_bucket" }), Shape::Histogram),
        (json!({ "query": "a(" }), Shape::Values),
        (json!({ "query": "a(", "unit": "pod" }), Shape::Units),
    ] {
        let found = admitted(metric.clone(), shape, [refusal(), refusal()]).await;
        let is_refused = matches!(found, Err(SourceError::Permanent { .. }));
        assert!(is_refused, "{metric}: {found:?}");
        let found = admitted(metric.clone(), shape, [Reply::HangUp, Reply::HangUp]).await;
        let may_pass = matches!(found, Err(SourceError::Passing { .. }));
        assert!(may_pass, "{metric}: {found:?}");
    }
    let second = admitted(requests(), Shape::Events, [matrix(json!([])), refusal()]).await;
    assert!(second.is_err(), "the counter of failures is asked as well");
}

#[tokio::test]
async fn what_has_no_series_yet_is_no_error() {
    for (metric, shape) in [
        (requests(), Shape::Events),
        (json!({ "histogram": "a_bucket" }), Shape::Histogram),
        (json!({ "query": "a" }), Shape::Values),
        (json!({ "query": "a", "unit": "pod" }), Shape::Units),
    ] {
        let none = || matrix(json!([]));
        let found = admitted(metric, shape, [none(), none()]).await;
        let mut found = found.unwrap();
        assert!(!found.asked.is_empty());
        found.asked.clear();
        assert_eq!(found, Admitted::default());
    }
}

#[tokio::test]
async fn how_far_apart_samples_are_is_told() {
    let of = |pod: &str, at: &[f64]| {
        let labels = json!({ "instance": pod, "le": "+Inf" });
        let samples: Vec<_> = at.iter().map(|at| (*at, "1")).collect();
        series(labels, &samples)
    };
    // One scrape of `a` was lost.
    let all = || {
        matrix(json!([
            of("a", &[900.0, 915.0, 945.0, 960.0]),
            of("b", &[907.0, 922.0])
        ]))
    };
    let apart = Some(Duration::from_secs(15));
    let found = admitted(requests(), Shape::Events, [all(), all()]).await;
    assert_eq!(found.unwrap().samples_every, apart);
    let mut bounded = of("a", &[900.0, 915.0]);
    bounded["metric"]["le"] = json!("1");
    let all = matrix(json!([bounded, of("a", &[900.0, 915.0])]));
    let found = admitted(json!({ "histogram": "a" }), Shape::Histogram, [all]).await;
    assert_eq!(found.unwrap().samples_every, apart);
}

#[tokio::test]
async fn units_are_counted() {
    let mut metric = requests();
    metric["unit"] = json!("pod");
    let all = json!([
        of_pod("a", &[("code", "200")]),
        of_pod("a", &[("code", "500")]),
        of_pod("b", &[("code", "200")]),
    ]);
    let failed = json!([of_pod("a", &[("code", "500")])]);
    let replies = || [matrix(all.clone()), matrix(failed.clone())];
    let found = admitted(metric, Shape::Events, replies()).await.unwrap();
    assert_eq!((found.units, found.bounds), (Some(2), None));
    let found = admitted(requests(), Shape::Events, replies()).await;
    assert_eq!(found.unwrap().units, Some(0), "they are not told apart");

    let heap = json!({ "query": "heap_bytes", "unit": "pod" });
    let vector = Reply::of(
        "vector",
        json!([
            { "metric": { "pod": "a" }, "value": [1.0, "1"] },
            { "metric": { "pod": "b" }, "value": [1.0, "2"] },
        ]),
    );
    let found = admitted(heap, Shape::Units, [vector]).await.unwrap();
    assert_eq!(found.units, Some(2));
}

fn of_two(pod: &str) -> Value {
    let labels = json!({ "instance": pod, "pod": pod });
    series(labels, &[(1000.0, "1"), (1015.0, "1")])
}

#[tokio::test]
async fn a_unit_that_series_do_not_have_is_refused() {
    let mut metric = requests();
    metric["unit"] = json!("pdo");
    let all = || matrix(json!([of_pod("a", &[]), of_two("b")]));
    let found = admitted(metric.clone(), Shape::Events, [all(), all()]).await;
    let read = Server::answering([all(), all()]).await;
    let question = question_about(metric, Shape::Events);
    let read = read.source().read(&question, window()).await;
    for error in [found.unwrap_err(), read.unwrap_err()] {
        assert!(matches!(error, SourceError::Permanent { .. }), "{error}");
        assert!(error.to_string().contains("has no label `pdo`"), "{error}");
    }
}

#[tokio::test]
async fn bounds_are_those_that_all_histograms_have() {
    let metric = json!({ "histogram": "a_bucket" });
    let all = json!([
        of_pod("a", &[("le", "0.1")]),
        of_pod("a", &[("le", "0.5")]),
        of_pod("a", &[("le", "+Inf")]),
        of_pod("b", &[("le", "0.5")]),
        of_pod("b", &[("le", "+Inf")]),
    ]);
    let found = admitted(metric.clone(), Shape::Histogram, [matrix(all)]).await;
    assert_eq!(found.unwrap().bounds, Some(vec![0.5]));
    let none = matrix(json!([of_pod("a", &[])]));
    let found = admitted(metric, Shape::Histogram, [none])
        .await
        .unwrap_err();
    assert!(found.to_string().contains("no label `le`"), "{found}");
}

#[tokio::test]
async fn several_series_are_found_before_the_rollout_begins() {
    let several = Reply::of(
        "vector",
        json!([
            { "metric": { "pod": "a" }, "value": [1.0, "1"] },
            { "metric": { "pod": "b" }, "value": [1.0, "2"] },
        ]),
    );
    let found = admitted(json!({ "query": "up" }), Shape::Values, [several]).await;
    assert!(found.unwrap_err().to_string().contains("2 series"));
}

#[tokio::test]
async fn how_far_apart_samples_are_is_known_before() {
    let of = |samples: &[(f64, &str)]| series(json!({ "instance": "a" }), samples);
    // One scrape of the second one is missing.
    let scraped = [
        of(&[(1000.0, "1"), (1015.0, "2"), (1030.0, "3")]),
        of(&[(1004.5, "1"), (1064.5, "2"), (1094.5, "2")]),
        of(&[(1030.0, "9")]),
    ];
    let found = admitted(
        requests(),
        Shape::Events,
        [matrix(json!(scraped)), matrix(json!([]))],
    );
    let apart = found.await.unwrap().samples_every;
    assert_eq!(apart, Some(Duration::from_secs(30)));
    let histogram = json!({ "histogram": "a_bucket" });
    let twice = ["1", "+Inf"].map(|le| {
        let labels = json!({ "instance": "a", "le": le });
        series(labels, &[(1000.0, "1"), (1015.0, "2")])
    });
    let found = admitted(histogram, Shape::Histogram, [matrix(json!(twice))]);
    let apart = found.await.unwrap().samples_every;
    assert_eq!(apart, Some(Duration::from_secs(15)));
    let once = of(&[(1000.0, "1")]);
    let found = admitted(
        requests(),
        Shape::Events,
        [matrix(json!([once])), matrix(json!([]))],
    );
    assert_eq!(found.await.unwrap().samples_every, None);
}

async fn findings(
    track: Track,
    metric: Value,
    shape: Shape,
    replies: impl IntoIterator<Item = Reply>,
) -> Vec<String> {
    let server = Server::answering(replies).await;
    let mut question = question_about(metric, shape);
    question.track = track;
    let admitted = server.source().admit(&question).await.unwrap();
    let all = admitted.findings.iter();
    all.map(|finding| {
        assert_eq!(finding.severity, Severity::Warns);
        finding
            .to_string()
            .replace(&server.address, "http://server")
    })
    .collect()
}

#[tokio::test]
async fn a_stable_that_matches_nothing_is_warned_of() {
    let none = || matrix(json!([]));
    let histogram = json!({ "histogram": "a_bucket{x=\"{{hash}}\"}", "stale-after": "1m" });
    for (metric, shape, selector) in [
        (
            requests(),
            Shape::Events,
            "`http_requests_total{hash=\"5d4f\"}` in the last 2m30s",
        ),
        (
            histogram,
            Shape::Histogram,
            "`a_bucket{x=\"5d4f\"}` in the last 1m",
        ),
    ] {
        let found = findings(Track::Stable, metric.clone(), shape, [none(), none()]).await;
        let expected = format!(
            "warning [metric-without-data] prometheus at http://server: of stable no series answers {selector}; ask the \
             server for it, and correct the name and the labels: what is misspelt looks like what did not happen"
        );
        assert_eq!(found, [expected]);
        let found = findings(Track::Candidate, metric, shape, [none(), none()]).await;
        assert_eq!(found, [""; 0], "it may have nothing yet");
    }
    let some = || matrix(json!([of_pod("a", &[("code", "200"), ("hash", "5d4f")])]));
    let found = findings(Track::Stable, requests(), Shape::Events, [some(), none()]).await;
    assert_eq!(found, [""; 0], "nothing has failed yet");
}

#[tokio::test]
async fn failures_by_a_label_that_no_request_has_are_warned_of() {
    let none = || matrix(json!([]));
    let some = || {
        matrix(json!([of_pod(
            "a",
            &[
                ("response_code", "200"),
                ("hash", "5d4f"),
                ("__name__", "http_requests_total"),
            ]
        )]))
    };
    for track in [Track::Stable, Track::Candidate] {
        let found = findings(track, requests(), Shape::Events, [some(), none()]).await;
        assert_eq!(
            found,
            [
                "warning [failed-without-label] metric.failed: no series of `http_requests_total` has the label `code`, so \
                 nothing counts as failed; select failures by a label that is there: hash, instance, pod, response_code; \
                 where only what failed has it, nothing is to be mended"
            ]
        );
    }
    // As of ingress-nginx: a label that is empty is none.
    let mut empty = requests();
    empty["requests"] = json!("http_requests_total{canary=\"\"}");
    empty["failed"] = json!("http_requests_total{canary=\"\",response_code=~\"5..\"}");
    let found = findings(Track::Stable, empty, Shape::Events, [some(), none()]).await;
    assert_eq!(found, [""; 0]);
    // Where it cannot be said, nothing is said: of a counter of its own, and where something has failed.
    let mut other = requests();
    other["failed"] = json!("http_failures_total{code=\"500\"}");
    let found = findings(Track::Candidate, other, Shape::Events, [some(), none()]).await;
    assert_eq!(found, [""; 0]);
    let found = findings(
        Track::Candidate,
        requests(),
        Shape::Events,
        [some(), some()],
    );
    assert_eq!(found.await, [""; 0]);
}
