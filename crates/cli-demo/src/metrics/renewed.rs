//! A source whose token or certificate lies in a file that others renew: read again before each question.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_metrics::source::{Admitted, Answer, Question, Rhythm, SourceError};
use strategy_metrics::{MetricSource, Shape};

use super::secrets::{SecretAt, Secrets};
use super::{Aws, Problem, kind};
use crate::file::Metrics;
use crate::file::metrics::Secret;

/// A source, made anew when what lies in its files is other than before.
pub(super) struct Renewed {
    given: Metrics,
    aws: Aws,
    wanted: Vec<SecretAt>,
    now: Mutex<(Secrets, Arc<dyn MetricSource>)>,
}

impl Renewed {
    /// The source as its files are now.
    pub(super) async fn connected(
        given: Metrics,
        aws: Aws,
    ) -> Result<Arc<dyn MetricSource>, Problem> {
        let wanted = kind(&given).secrets();
        let secrets = Secrets::read(&wanted)?;
        let source = kind(&given).connected(&secrets, &aws).await?;
        let in_file = |at: &SecretAt| matches!(at.secret, Secret::File(_));
        if !wanted.iter().any(in_file) {
            return Ok(source);
        }
        Ok(Arc::new(Self {
            now: Mutex::new((secrets, source)),
            given,
            aws,
            wanted,
        }))
    }

    fn last(&self) -> (Secrets, Arc<dyn MetricSource>) {
        // Both are put there in one piece: what a panic elsewhere left behind is whole.
        self.now
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// As its files are now. That one is just being written may pass.
    async fn fresh(&self) -> Result<Arc<dyn MetricSource>, SourceError> {
        let (before, source) = self.last();
        let failed = |problem: Problem| {
            SourceError::passing(
                source.name(),
                format!("{}: {}", problem.field, problem.what),
            )
        };
        let secrets = Secrets::read(&self.wanted).map_err(failed)?;
        if secrets == before {
            return Ok(source);
        }
        let connected = kind(&self.given).connected(&secrets, &self.aws).await;
        let renewed = connected.map_err(failed)?;
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = (secrets, renewed.clone());
        Ok(renewed)
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Renewed").field(&self.last().1).finish()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MetricSource for Renewed {
    fn name(&self) -> String {
        self.last().1.name()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        self.last().1.rhythm(metric, shape)
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        self.fresh().await?.admit(question).await
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        self.fresh().await?.read(question, window).await
    }
}
