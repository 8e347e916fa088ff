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
        let subject = Subject::new(&source, question, window, meaningless);
        assert_eq!(keeps_every_promise(&subject).await, Ok(()), "{job}");
    }
}
