//! What every source promises, of this one on a real server.

use serde_json::json;
use strategy_metrics::Shape;
use strategy_metrics::conformance::source::{Subject, keeps_every_promise};

use crate::question::{later, question, requests, window};
use crate::server::Prometheus;

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn the_source_keeps_every_promise() {
    let server = Prometheus::shared();
    let source = server.source();
    for job in ["web", "restarted", "first-failure"] {
        let scrapes = server.scrapes(job, "candidate", 6).await;
        let (first, last) = (scrapes[0].0, scrapes[scrapes.len() - 1].0);
        let question = question(requests(job), Shape::Events, "candidate");
        let window = window(later(first, 1), later(last, 1));
        let meaningless = json!({ "requests": "http_requests_total" });
        // The next test asks about all that this one leaves out.
        let left_out = [
            "histogram",
            "units",
            "values",
            "quiet",
            "numberless",
            "secrets",
        ];
        let subject = Subject::new(&source, question, window, meaningless);
        let subject = left_out.into_iter().fold(subject, Subject::without);
        assert_eq!(keeps_every_promise(&subject).await, Ok(()), "{job}");
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn the_source_keeps_every_promise_in_every_shape() {
    let server = Prometheus::shared();
    let secret = "open-sesame";
    // It lets everybody in, whoever they say that they are.
    let source = server.source().bearer(secret);
    for job in ["web", "pods"] {
        server.scrapes(job, "candidate", 6).await;
    }
    let scrapes = server.scrapes("latency", "a", 6).await;
    let (first, last) = (scrapes[1].0, scrapes[scrapes.len() - 1].0);
    let ask = |metric, shape| question(metric, shape, "candidate");
    let number =
        json!({ "query": "scrape_number{job=\"pods\",track=\"{{track}}\"}", "step": "1s" });
    let heap = json!({ "query": "heap_bytes{job=\"pods\"}", "unit": "pod" });
    let subject = Subject::new(
        &source,
        ask(requests("web"), Shape::Events),
        window(later(first, 1), later(last, 1)),
        json!({ "requests": "http_requests_total" }),
    )
    .other(ask(
        json!({ "histogram": "request_seconds_bucket{job=\"latency\"}" }),
        Shape::Histogram,
    ))
    .other(ask(heap, Shape::Units))
    .other(ask(number, Shape::Values))
    .numberless(ask(json!({ "query": "vector(1) / 0" }), Shape::Values))
    .secret(secret)
    .without("quiet");
    assert_eq!(subject.left_out(), ["quiet"]);
    assert_eq!(keeps_every_promise(&subject).await, Ok(()));
}
