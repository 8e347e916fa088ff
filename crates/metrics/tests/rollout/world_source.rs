//! The world in memory as a source of metrics: what users got, by workload.

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::Tracks;
use strategy_core::analysis::{Count, Counter, Look, Window};
use strategy_core::plan::Extension;
use strategy_core::world::World;
use strategy_metrics::source::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use strategy_metrics::{Data, Events, Reading, Shape};

#[derive(Debug)]
pub(crate) struct WorldSource(World);

impl WorldSource {
    pub(crate) fn of(world: &World) -> Self {
        Self(world.clone())
    }
}

#[async_trait]
impl MetricSource for WorldSource {
    fn name(&self) -> String {
        "the world".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, _: &Question) -> Result<Admitted, SourceError> {
        Ok(Admitted::default())
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        let mut look = Look::new("errors", Extension::new("world"), window);
        let labels = Tracks {
            stable: question.labels.clone(),
            candidate: question.labels.clone(),
        };
        look.identities.insert(question.part.clone(), labels);
        let counted = self.0.count(&look, &question.part, question.track).await;
        let Count { total, failed } =
            counted.map_err(|error| SourceError::passing(self.name(), error.to_string()))?;
        Ok(Reading::Told(Data::Events(Events::counted(total, failed))).into())
    }
}
