//! Metrics that mean nothing are refused before anything is asked.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_metrics::Shape;
use strategy_metrics::source::{MetricSource, Rhythm, SourceError};

use crate::loopback::Server;
use crate::question::{question_about, requests, source, window};

fn with(name: &str, value: Value) -> Value {
    let mut metric = requests();
    metric[name] = value;
    metric
}

#[tokio::test]
async fn a_metric_that_means_nothing_is_refused() {
    let server = Server::answering([]).await;
    let source = source(&server);
    let count = |text: &str| with("requests", json!(text));
    for (metric, shape, field) in [
        (json!("avg:a{*}"), Shape::Values, "metric"),
        (json!({ "quer": "avg:a{*}" }), Shape::Values, "metric"),
        (
            json!({ "requests": "sum:a{*}.as_count()" }),
            Shape::Events,
            "metric.failed",
        ),
        (
            json!({ "failed": "sum:a{*}.as_count()" }),
            Shape::Events,
            "metric.requests",
        ),
        (
            with("good", json!("sum:a{*}.as_count()")),
            Shape::Events,
            "metric.good",
        ),
        (
            count("avg:a{*}.as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        (count("sum:a{*}"), Shape::Events, "metric.requests"),
        (
            count("sum:a{*}.as_rate()"),
            Shape::Events,
            "metric.requests",
        ),
        (
            count("sum:a{*}.rollup(sum, 60).as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        // Points that are made up, other metrics, and a rate beside a count.
        (
            count("sum:a{*}.fill(last).as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        (
            count("sum:a{*} + avg:b{*}.as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        (
            count("sum:a{*}, sum:b{*}.as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        (
            count("sum:a{*}.as_rate() * 10 + sum:a{*}.as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        (
            count("sum:{*}.as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        (count("sum:a.as_count()"), Shape::Events, "metric.requests"),
        (
            count("sum:a{*}.as_count() / sum:b{*}.as_count()"),
            Shape::Events,
            "metric.requests",
        ),
        (
            with("failed", json!("per_second(sum:a{*}.as_count())")),
            Shape::Events,
            "metric.failed",
        ),
        (
            with("interval", json!("15s")),
            Shape::Events,
            "metric.interval",
        ),
        (
            with("interval", json!("0s")),
            Shape::Events,
            "metric.interval",
        ),
        (
            with("interval", json!("500ms")),
            Shape::Events,
            "metric.interval",
        ),
        (
            with("interval", json!("2h")),
            Shape::Events,
            "metric.interval",
        ),
        (
            with("stale-after", json!("5s")),
            Shape::Events,
            "metric.stale-after",
        ),
        (json!({ "query": "avg:a{*}" }), Shape::Units, "metric.unit"),
        (json!({ "unit": "pod_name" }), Shape::Units, "metric.query"),
        (json!({}), Shape::Values, "metric.query"),
        (requests(), Shape::Histogram, "judge"),
    ] {
        let question = question_about(metric.clone(), shape);
        let errors = [
            source.rhythm(&metric, shape).err(),
            source.admit(&question).await.err(),
            source.read(&question, window()).await.err(),
        ];
        for error in errors {
            let Some(SourceError::Invalid { field: found, .. }) = error else {
                panic!("{metric} is not refused as the caller's mistake: {error:?}");
            };
            assert_eq!(found, field, "{metric}");
        }
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_label_that_is_not_known_or_no_tag_is_refused() {
    let server = Server::answering([]).await;
    for (name, value, named) in [
        ("hash", "5d4f", "`version` is no label"),
        ("version", "v2} by {host", "characters that no tag has"),
        ("version", "v2,env:prod", "characters that no tag has"),
        ("version", "v*", "characters that no tag has"),
        ("version", "", "characters that no tag has"),
    ] {
        let mut question = question_about(requests(), Shape::Events);
        question.labels = [(name.to_owned(), value.to_owned())].into();
        let error = source(&server).admit(&question).await.unwrap_err();
        let SourceError::Invalid { field, problem, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(field, "metric.requests");
        assert!(problem.contains(named), "{problem}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn windows_are_whole_intervals_that_have_settled() {
    let server = Server::answering([]).await;
    let rhythm = |metric: Value| source(&server).rhythm(&metric, Shape::Events).unwrap();
    let seconds = Duration::from_secs;
    assert_eq!(rhythm(requests()), Rhythm::new(seconds(10), seconds(60)));
    let mut metric = with("interval", json!("1m"));
    metric["settle"] = json!("15m");
    assert_eq!(rhythm(metric), Rhythm::new(seconds(60), seconds(900)));
}
