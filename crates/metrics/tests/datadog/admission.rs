//! Before a rollout begins: whether a question can be answered, and what is there to be asked.

use serde_json::{Value, json};
use strategy_metrics::Shape;
use strategy_metrics::source::{Admitted, MetricSource, SourceError};

use crate::loopback::{Reply, Server};
use crate::question::{numbers, question_about, requests, source, timeseries};

async fn admitted(metric: Value, shape: Shape, reply: Reply) -> Result<Admitted, SourceError> {
    let server = Server::answering([reply]).await;
    let admitted = source(&server).admit(&question_about(metric, shape)).await;
    assert_eq!(server.asked().len(), 1);
    // Of the newest whole intervals: it is second 1 034.
    assert!(
        server.asked()[0].contains(r#""to":1030000}"#),
        "{:?}",
        server.asked()
    );
    admitted
}

fn with_units() -> Value {
    let mut metric = requests();
    metric["unit"] = json!("pod_name");
    metric["query"] = json!("avg:web.heap{*} by {pod_name}");
    metric
}

#[tokio::test]
async fn what_is_refused_is_refused_before_the_rollout_begins() {
    for shape in [Shape::Events, Shape::Values, Shape::Units] {
        let refusal = Reply::Body(400, json!({ "errors": ["parse error"] }).to_string());
        let error = admitted(with_units(), shape, refusal).await.unwrap_err();
        assert!(matches!(error, SourceError::Permanent { .. }), "{error:?}");
    }
    let forbidden = Reply::Body(403, json!({ "errors": ["Forbidden"] }).to_string());
    assert!(
        admitted(requests(), Shape::Events, forbidden)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn that_there_is_nothing_yet_is_no_error() {
    for shape in [Shape::Events, Shape::Units] {
        let nothing = timeseries(&[], &[]);
        let admitted = admitted(with_units(), shape, nothing).await.unwrap();
        assert_eq!((admitted.units, admitted.bounds), (None, None), "{shape}");
    }
    let nothing = timeseries(&[], &[]);
    let admitted = admitted(requests(), Shape::Events, nothing).await.unwrap();
    assert_eq!(admitted.units, Some(0), "units are not told apart");
    let asked = [
        "sum:web.hits{version:v2}.as_count().rollup(sum, 10)",
        "sum:web.hits{version:v2,status:5xx}.as_count().rollup(sum, 10)",
    ];
    assert_eq!(admitted.asked, asked);
}

#[tokio::test]
async fn units_are_counted() {
    let reply = || {
        timeseries(
            &[1_000],
            &[
                (0, &["pod_name:a"], &numbers([1])),
                (0, &["pod_name:b"], &numbers([1])),
            ],
        )
    };
    for shape in [Shape::Events, Shape::Units] {
        let admitted = admitted(with_units(), shape, reply()).await.unwrap();
        assert_eq!(admitted.units, Some(2), "{shape}");
    }
    let error = admitted(requests_by("zone"), Shape::Events, reply())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no tag `zone`"), "{error}");
    assert!(error.to_string().contains("by {zone}"), "{error}");
}

fn requests_by(unit: &str) -> Value {
    let mut metric = requests();
    metric["unit"] = json!(unit);
    metric
}
