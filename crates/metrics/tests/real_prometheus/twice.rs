//! A process that two jobs scrape.

use serde_json::json;
use strategy_metrics::Shape;
use strategy_metrics::source::MetricSource as _;

use crate::exporter::{Page, Target};
use crate::question::question;
use crate::server::Prometheus;

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_process_that_two_jobs_scrape_is_found_before_a_rollout_begins() {
    let target = Target::new("both", "candidate", |number| {
        Page::Text(format!(
            "http_requests_total{{code=\"200\"}} {}",
            10 * number
        ))
    });
    let server = Prometheus::scraping_twice(["endpoints", "pods"], target);
    for job in ["endpoints", "pods"] {
        let selector = format!("http_requests_total{{job=\"{job}\"}}");
        server.until(&selector, |samples| samples.len() > 1).await;
    }
    let admitted = async |selector: &str| {
        let metric = json!({ "requests": selector, "failed": "http_requests_total{code=\"500\"}" });
        let question = question(metric, Shape::Events, "candidate");
        server.source().admit(&question).await.unwrap()
    };
    let twice = admitted("http_requests_total").await.findings;
    assert_eq!(twice.len(), 1, "{twice:?}");
    assert_eq!(twice[0].code, "counted-twice");
    assert!(
        twice[0]
            .message
            .contains("as job `endpoints` and as job `pods`"),
        "{twice:?}"
    );
    assert_eq!(
        admitted("http_requests_total{job=\"pods\"}").await.findings,
        []
    );
}
