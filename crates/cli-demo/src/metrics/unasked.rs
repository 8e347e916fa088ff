//! A source that knows which metrics it understands, and asks nobody.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_metrics::source::{Admitted, Answer, Question, Rhythm, SourceError};
use strategy_metrics::{MetricSource, Shape};

/// For what is checked without the network: a file, and its plan offline.
#[derive(Debug)]
pub(super) struct Unasked(pub(super) Arc<dyn MetricSource>);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MetricSource for Unasked {
    fn name(&self) -> String {
        self.0.name()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        self.0.rhythm(metric, shape)
    }

    /// A metric that names a `unit` is taken to tell units apart, and so is the ready-made one that does by itself.
    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        let ready_made = question.metric.get("ready-made").and_then(Value::as_str);
        let tells_units = question.metric.get("unit").is_some() || ready_made == Some("http");
        let mut admitted = Admitted::default();
        admitted.units = tells_units.then_some(1);
        Ok(admitted)
    }

    async fn read(&self, _: &Question, _: Window) -> Result<Answer, SourceError> {
        Err(SourceError::passing(self.name(), "it is not asked here"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strategy_core::{Part, Track};
    use strategy_metrics::source::MemorySource;

    use super::*;

    #[tokio::test]
    async fn what_tells_units_apart_when_asked_does_so_unasked() {
        let unasked = Unasked(Arc::new(MemorySource::default()));
        for (metric, units) in [
            (
                json!({ "requests": "a", "failed": "b", "unit": "pod" }),
                Some(1),
            ),
            (json!({ "ready-made": "http" }), Some(1)),
            (json!({ "ready-made": "istio" }), None),
            (json!({ "requests": "a", "failed": "b" }), None),
        ] {
            let question = Question::new(metric, Shape::Events, Part::main(), Track::Stable);
            assert_eq!(unasked.admit(&question).await.unwrap().units, units);
        }
    }
}
