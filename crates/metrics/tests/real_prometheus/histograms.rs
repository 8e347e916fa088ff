//! Histograms of a real server.

use serde_json::json;
use strategy_metrics::source::MetricSource as _;
use strategy_metrics::{Data, Histogram, Reading, Shape};

use crate::exporter::{Page, Target};
use crate::question::{ask, between, later, question, window};
use crate::server::Prometheus;

pub(crate) const TARGETS: &[Target] = &[
    Target::new("latency", "a", |number| {
        buckets(&[
            ("0.1", 3 * number),
            ("0.5", 5 * number),
            ("+Inf", 6 * number),
        ])
    }),
    Target::new("latency", "b", |number| {
        buckets(&[
            ("0.1", number),
            ("0.25", 2 * number),
            ("0.5", 2 * number),
            ("+Inf", 9 * number),
        ])
    }),
];

fn buckets(buckets: &[(&str, u64)]) -> Page {
    let lines = buckets
        .iter()
        .map(|(bound, count)| format!("request_seconds_bucket{{le=\"{bound}\"}} {count}\n"));
    let count = buckets.last().unwrap().1;
    Page::Text(format!(
        "# TYPE request_seconds histogram\n{}request_seconds_sum 0.5\nrequest_seconds_count {count}",
        lines.collect::<String>()
    ))
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn buckets_of_two_targets_are_added_at_the_bounds_that_both_have() {
    let server = Prometheus::shared();
    let of_a = server.scrapes("latency", "a", 5).await;
    let of_b = server.scrapes("latency", "b", 5).await;
    let window = window(later(of_a[1].0, 1), later(of_a[4].0, 1));
    let metric = json!({ "histogram": "request_seconds_bucket{job=\"latency\"}" });
    let told = ask(
        server,
        metric.clone(),
        Shape::Histogram,
        "candidate",
        window,
    )
    .await
    .unwrap();
    let scrapes = |of| {
        let (from, to) = between(of, window);
        to - from
    };
    let (a, b) = (scrapes(&of_a), scrapes(&of_b));
    let counts = vec![3 * a + b, 2 * a + b, a + 7 * b];
    let expected = Histogram::new(vec![0.1, 0.5], counts).unwrap();
    assert_eq!(told, Reading::Told(Data::Histogram(expected)));
    let question = question(metric, Shape::Histogram, "candidate");
    let admitted = server.source().admit(&question).await.unwrap();
    assert_eq!(admitted.bounds, Some(vec![0.1, 0.5]));
}
