//! A server that lets in who knows a password.

use serde_json::json;
use strategy_core::Timestamp;
use strategy_metrics::source::{MetricSource as _, Prometheus as Source, SourceError};
use strategy_metrics::{Reading, Shape};

use crate::question::{question, window};
use crate::server::Prometheus;

/// The bcrypt hash of [`PASSWORD`], of the least cost.
const WEB: &str =
    "basic_auth_users:\n  aladdin: $2b$04$abcdefghijklmnopqrstuuXcjcm5avyCiJoD2uS24xa2lb6fjMB3G\n";
const PASSWORD: &str = "open-sesame";

async fn told(server: &Prometheus, source: Source) -> Result<Reading, SourceError> {
    let metric = json!({ "query": "no_such_metric" });
    let question = question(metric, Shape::Values, "candidate");
    let (from, to) = (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
    let ask = async || source.read(&question, window(from, to)).await;
    server.answer(ask).await.map(|answer| answer.reading)
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn user_and_password_are_let_in_and_nothing_else_is() {
    let server = Prometheus::guarded(&[("web.yml", WEB)]);
    let let_in = told(&server, server.source().basic("aladdin", PASSWORD)).await;
    assert_eq!(let_in.unwrap(), Reading::Empty);
    for refused in [
        server.source(),
        server.source().bearer(PASSWORD),
        server.source().basic("aladdin", "open-barley"),
        server.source().basic("cassim", PASSWORD),
    ] {
        match told(&server, refused).await {
            Err(error @ SourceError::Permanent { .. }) => {
                let text = format!("{error} {error:?}");
                assert!(text.contains("401"), "{text}");
                assert!(!text.contains(PASSWORD), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }
}
