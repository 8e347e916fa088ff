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

    /// A metric that names a `unit` is taken to tell units apart.
    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        let mut admitted = Admitted::default();
        admitted.units = question.metric.get("unit").map(|_| 1);
        Ok(admitted)
    }

    async fn read(&self, _: &Question, _: Window) -> Result<Answer, SourceError> {
        Err(SourceError::passing(self.name(), "it is not asked here"))
    }
}
