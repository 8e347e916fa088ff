//! Questions, and answers as Datadog writes them.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::driver::Clock;
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::source::{Answer, Datadog, MetricSource, Question, SourceError};
use strategy_metrics::{Reading, Shape};

use crate::loopback::{Reply, Server, builder};

/// It is always second 1 034.
#[derive(Debug)]
struct StillClock;

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_034_000)
    }
    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
    async fn sleep_until(&self, _: Timestamp) {}
}

pub(crate) fn source(server: &Server) -> Datadog {
    Datadog::at(server.address.parse().unwrap(), builder())
        .unwrap()
        .keys("0123456789abcdef", "fedcba9876543210")
        .clock(Arc::new(StillClock))
}

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// Seconds 1 000 to 1 030: three intervals of ten seconds.
pub(crate) fn window() -> Window {
    Window {
        from: at(1_000),
        to: at(1_030),
    }
}

/// About the candidate with the tag `version:v2`.
pub(crate) fn question_about(metric: Value, shape: Shape) -> Question {
    let mut question = Question::new(metric, shape, Part::main(), Track::Candidate);
    question.labels = [("version".to_owned(), "v2".to_owned())].into();
    question
}

pub(crate) fn requests() -> Value {
    json!({
        "requests": "sum:web.hits{version:{{version}}}.as_count()",
        "failed": "sum:web.hits{version:{{version}},status:5xx}.as_count()",
    })
}

/// A series of an answer: of which query, with which tags, and its values.
pub(crate) type Line<'a> = (usize, &'a [&'a str], &'a [Value]);

/// As the service answers: <https://github.com/DataDog/datadog-api-client-ruby>, in
/// `cassettes/features/v2/metrics/Timeseries-cross-product-query-returns-OK-response.yml`.
pub(crate) fn timeseries(seconds: &[u64], lines: &[Line<'_>]) -> Reply {
    let series = lines
        .iter()
        .map(|(query, tags, _)| json!({ "group_tags": tags, "query_index": query, "unit": null }));
    let values = lines.iter().map(|(_, _, values)| json!(values));
    let attributes = json!({
        "series": series.collect::<Vec<_>>(),
        "times": seconds.iter().map(|second| second * 1000).collect::<Vec<_>>(),
        "values": values.collect::<Vec<_>>(),
    });
    let data = json!({ "id": "0", "type": "timeseries_response", "attributes": attributes });
    Reply::Body(200, json!({ "data": data }).to_string())
}

/// Numbers and nulls, as JSON has them.
pub(crate) fn numbers<const N: usize>(given: [i64; N]) -> [Value; N] {
    given.map(|number| json!(number))
}

pub(crate) async fn read(reply: Reply, metric: Value, shape: Shape) -> Result<Answer, SourceError> {
    let server = Server::answering([reply]).await;
    let question = question_about(metric, shape);
    source(&server).read(&question, window()).await
}

pub(crate) async fn events(reply: Reply, more: Value) -> Reading {
    let mut metric = requests();
    let fields = more.as_object().unwrap().clone();
    metric.as_object_mut().unwrap().extend(fields);
    read(reply, metric, Shape::Events).await.unwrap().reading
}
