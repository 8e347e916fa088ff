//! Expressions: values over time, units, and what the server says to what it cannot evaluate.

use serde_json::{Value, json};
use strategy_metrics::source::{MetricSource as _, SourceError};
use strategy_metrics::{Data, Reading, Shape};

use crate::exporter::{Page, Target};
use crate::question::{ask, later, question, window};
use crate::server::Prometheus;

pub(crate) const TARGETS: &[Target] = &[
    Target::new("pods", "stable", |_| heap(&[("a", 5e6), ("b", 7e6)])),
    Target::new("pods", "candidate", |_| {
        heap(&[("c", 9e6), ("d", f64::NAN)])
    }),
];

fn heap(pods: &[(&str, f64)]) -> Page {
    let lines = pods
        .iter()
        .map(|(pod, bytes)| format!("heap_bytes{{pod=\"{pod}\"}} {bytes}\n"));
    Page::Text(lines.collect())
}

/// Asks about the candidate, in a window in which it was scraped.
async fn asked(metric: Value, shape: Shape) -> Result<Reading, SourceError> {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("pods", "candidate", 3).await;
    let window = window(scrapes[1].0, later(scrapes[3].0, 1));
    ask(server, metric, shape, "candidate", window).await
}

#[track_caller]
fn refused<T: std::fmt::Debug>(told: Result<T, SourceError>, because: &str) {
    match told {
        Err(error @ SourceError::Permanent { .. }) => {
            assert!(error.to_string().contains(because), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn values_are_what_the_query_says_at_each_step() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("pods", "candidate", 4).await;
    let window = window(scrapes[1].0, scrapes[4].0);
    let metric =
        json!({ "query": "scrape_number{job=\"pods\",track=\"{{track}}\"}", "step": "1s" });
    let told = ask(server, metric, Shape::Values, "candidate", window)
        .await
        .unwrap();
    // At each second the newest sample up to it, the one at that very moment included.
    let steps = (0..).map(|step| later(window.from, 1000 * step));
    let expected = steps.take_while(|at| *at < window.to).map(|step| {
        let newest = scrapes.iter().rfind(|(at, _)| *at <= step).unwrap().1;
        f64::from(u32::try_from(newest).unwrap())
    });
    assert_eq!(told, Reading::Told(Data::Values(expected.collect())));
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_query_without_a_number_is_told_as_such() {
    let idle = "sum(rate(http_requests_total{job=\"pods\",code=~\"5..\"}[3s])) or vector(0)";
    let query = json!({ "query": format!("({idle}) / ({idle})") });
    assert_eq!(
        asked(query, Shape::Values).await.unwrap(),
        Reading::NotANumber
    );
    let query = json!({ "query": "vector(1) / 0" });
    assert_eq!(
        asked(query, Shape::Values).await.unwrap(),
        Reading::NotANumber
    );
    let query = json!({ "query": "no_such_metric" });
    assert_eq!(asked(query, Shape::Values).await.unwrap(), Reading::Empty);
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_query_that_the_server_refuses_is_refused_for_good() {
    for (query, because) in [
        ("no_such_function(up)", "unknown function"),
        ("sum(", "parse error"),
        // Many on both sides: found out only when it is evaluated.
        ("heap_bytes * on(job) heap_bytes", "many-to-many"),
    ] {
        for (shape, unit) in [(Shape::Values, None), (Shape::Units, Some("pod"))] {
            let mut metric = json!({ "query": query });
            if let Some(unit) = unit {
                metric["unit"] = json!(unit);
            }
            refused(asked(metric, shape).await, because);
        }
    }
    let metric = json!({ "requests": "rate(up[1m])", "failed": "up" });
    refused(asked(metric, Shape::Events).await, "");
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_the_server_refuses_is_refused_before_the_rollout_begins() {
    let server = Prometheus::shared();
    server.scrapes("pods", "candidate", 1).await;
    for (metric, shape, because) in [
        (
            json!({ "query": "no_such_function(up)" }),
            Shape::Values,
            "unknown function",
        ),
        (json!({ "query": "heap_bytes" }), Shape::Values, "4 series"),
        (
            json!({ "requests": "up", "failed": "rate(up[1m])" }),
            Shape::Events,
            "range",
        ),
        (
            json!({ "histogram": "up" }),
            Shape::Histogram,
            "no label `le`",
        ),
    ] {
        let question = question(metric, shape, "candidate");
        refused(server.source().admit(&question).await, because);
    }
    let units = json!({ "query": "heap_bytes", "unit": "pod" });
    let question = question(units, Shape::Units, "candidate");
    let admitted = server.source().admit(&question).await.unwrap();
    assert_eq!(admitted.units, Some(4));
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn several_series_are_no_value() {
    let metric = json!({ "query": "heap_bytes{job=\"pods\",track=\"stable\"}" });
    refused(asked(metric, Shape::Values).await, "2 series");
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn units_have_one_number_each() {
    let metric = |query: &str| json!({ "query": query, "unit": "pod" });
    let units = |units: &[(&str, f64)]| {
        let units = units.iter().map(|(pod, bytes)| ((*pod).to_owned(), *bytes));
        Reading::Told(Data::Units(units.collect()))
    };
    let stable = metric("heap_bytes{job=\"pods\",track=\"stable\"}");
    let told = asked(stable, Shape::Units).await.unwrap();
    assert_eq!(told, units(&[("a", 5e6), ("b", 7e6)]));
    let candidate = metric("heap_bytes{job=\"pods\",track=\"{{track}}\"}");
    let told = asked(candidate, Shape::Units).await.unwrap();
    assert_eq!(told, units(&[("c", 9e6)]), "d tells no number");
    let sum = metric("sum(heap_bytes{job=\"pods\"})");
    refused(asked(sum, Shape::Units).await, "no label `pod`");
    let twice = metric("{__name__=~\"heap_bytes|up\",job=\"pods\",track=\"stable\"}");
    refused(asked(twice, Shape::Units).await, "no label `pod`");
}
