//! What Prometheus answers, by the server on loopback.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::source::{Answer, MetricSource, Prometheus, Question, SourceError};
use strategy_metrics::{Reading, Shape};

use crate::loopback::builder;
pub(crate) use crate::loopback::{Reply, Server};

impl Reply {
    /// A success with this result.
    pub(crate) fn of(kind: &str, result: Value) -> Self {
        let data = json!({ "resultType": kind, "result": result });
        Self::Body(
            200,
            json!({ "status": "success", "data": data }).to_string(),
        )
    }
}

impl Server {
    pub(crate) fn source(&self) -> Prometheus {
        let source = Prometheus::at(self.address.parse().unwrap(), builder()).unwrap();
        source.timeout(Duration::from_millis(500))
    }
}

/// Seconds 1 000 to 1 030.
pub(crate) fn window() -> Window {
    Window {
        from: Timestamp::from_millis(1_000_000),
        to: Timestamp::from_millis(1_030_000),
    }
}

/// About the candidate with the label `hash`.
pub(crate) fn question_about(metric: Value, shape: Shape) -> Question {
    let mut question = Question::new(metric, shape, Part::main(), Track::Candidate);
    question.labels = [("hash".to_owned(), "5d4f".to_owned())].into();
    question
}

/// Events of `http_requests_total`, answered so.
pub(crate) async fn events(
    replies: impl IntoIterator<Item = Reply>,
) -> Result<Answer, SourceError> {
    let server = Server::answering(replies).await;
    server
        .source()
        .read(&question_about(requests(), Shape::Events), window())
        .await
}

pub(crate) fn requests() -> Value {
    json!({
        "requests": "http_requests_total{hash=\"{{hash}}\"}",
        "failed": "http_requests_total{hash=\"{{hash}}\",code=~\"5..\"}",
    })
}

/// One series of a matrix.
pub(crate) fn series(labels: Value, samples: &[(f64, &str)]) -> Value {
    json!({ "metric": labels, "values": samples })
}

#[track_caller]
pub(crate) fn reading(answer: Result<Answer, SourceError>) -> Reading {
    answer.unwrap().reading
}
