//! The page of sources, held against what is read and what is asked.

use serde_json::{Map, Value, json};
use strategy_metrics::Shape;
use strategy_metrics::reading::Histogram;
use strategy_metrics::source::{MetricSource, Prometheus};

use crate::pages::{expected, quoted, table, value};
use crate::server::{Reply, Server, question_about, window};

const SOURCES: &str = include_str!("../../../../docs/reference/sources.md");

fn parameters() -> Vec<(String, Value)> {
    let rows = table(SOURCES, "## Prometheus").into_iter();
    rows.map(|row| {
        let name = quoted(&row["parameter"])[0].to_owned();
        let default = match row["default"].as_str() {
            "none" => Value::Null,
            text => value(quoted(text)[0]),
        };
        (name, default)
    })
    .collect()
}

#[tokio::test]
async fn the_page_has_every_parameter() {
    let server = Server::answering([]).await;
    let metric = json!({ "not-there": 0 });
    let error = server.source().rhythm(&metric, Shape::Events).unwrap_err();
    let error = error.to_string();
    let parameters = parameters();
    let named = parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(expected(&error), named, "{error}");
}

/// What is asked about a metric, and when.
async fn asked(metric: Value, shape: Shape) -> (Vec<String>, String) {
    let empty = || Reply::of("matrix", json!([]));
    let server = Server::answering([empty(), empty()]).await;
    let source = server.source();
    let rhythm = format!("{:?}", source.rhythm(&metric, shape).unwrap());
    let question = question_about(metric, shape);
    source.read(&question, window()).await.unwrap();
    let lines = |asked: String| asked.lines().last().unwrap_or_default().to_owned();
    (server.asked().into_iter().map(lines).collect(), rhythm)
}

#[tokio::test]
async fn the_page_has_the_defaults() {
    for (given, shape) in [
        (json!({ "requests": "a", "failed": "b" }), Shape::Events),
        (json!({ "histogram": "a_bucket" }), Shape::Histogram),
        (json!({ "query": "a" }), Shape::Values),
        (json!({ "query": "a", "unit": "pod" }), Shape::Units),
    ] {
        let mut written: Map<_, _> = parameters().into_iter().collect();
        written.extend(given.as_object().unwrap().clone());
        let (lines, rhythm) = asked(given, shape).await;
        assert!(
            lines.iter().all(|line| line.contains("query=")),
            "{lines:?}"
        );
        assert_eq!(asked(Value::Object(written), shape).await, (lines, rhythm));
    }
}

#[test]
fn the_page_has_the_limits() {
    let said = |what: &str| {
        let rows = table(SOURCES, "### Limits").into_iter();
        let mut of = rows.filter(|row| row["what"] == what);
        of.next().unwrap().remove("limit").unwrap()
    };
    let seconds = format!("{} seconds, ", Prometheus::TIMEOUT.as_secs());
    assert!(said("time for one request").starts_with(&seconds));
    assert_eq!(said("bounds of a histogram"), Histogram::LIMIT.to_string());
}
