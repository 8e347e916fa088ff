//! From the sources of metrics that a rollout file names to those that are asked.
//!
//! A kind of source is one type of settings in `file::metrics`, its `Kind`, and one arm of `kind`.

mod cloudwatch;
mod datadog;
mod http;
mod http_probe;
mod prometheus;
mod renewed;
mod secrets;
mod unasked;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use strategy_metrics::MetricSource;
use thiserror::Error;

use self::http::Wrong;
use self::renewed::Renewed;
use self::secrets::{SecretAt, Secrets};
use self::unasked::Unasked;
use crate::ecs;
use crate::file::{Metrics, Mistake};

/// The kind of a source: the one place that has them all.
fn kind(given: &Metrics) -> &dyn Kind {
    match given {
        Metrics::CloudWatch(given) => given,
        Metrics::Datadog(given) => given,
        Metrics::HttpProbe(given) => given,
        Metrics::Prometheus(given) => given,
    }
}

/// The AWS that the rollout's target is on, whose region and credentials a source has that names none; `None`: it is
/// on another platform.
pub type Aws = Option<ecs::Connection>;

/// What a kind of source must know to be named in a file.
#[async_trait]
trait Kind: Send + Sync {
    /// What it is called in the file.
    fn word(&self) -> &'static str;

    /// Whether its settings can be meant; else which cannot, empty for the source itself, and why.
    fn sound(&self) -> Result<(), Wrong>;

    /// What of it is secret, or lies in files, and is read when it is connected.
    fn secrets(&self) -> Vec<SecretAt>;

    /// The source without whatever it needs to be asked: it knows which metrics it understands.
    fn unasked(&self) -> Result<Arc<dyn MetricSource>, String>;

    /// The source with what was read. The error says what is wrong and how to mend it, without a secret.
    async fn connected(
        &self,
        secrets: &Secrets,
        aws: &Aws,
    ) -> Result<Arc<dyn MetricSource>, Problem>;
}

/// What is wrong with a field of a source.
#[derive(Debug)]
struct Problem {
    field: &'static str,
    what: String,
}

/// Whether a source can be meant, which stands at `field`.
///
/// # Errors
/// [`Mistake`] names the setting that cannot.
pub fn sound(given: &Metrics, field: &str) -> Result<(), Mistake> {
    let kind = kind(given);
    kind.sound().map_err(|(setting, problem)| {
        let dot = if setting.is_empty() { "" } else { "." };
        Mistake::new(format!("{field}.{}{dot}{setting}", kind.word()), problem)
    })
}

/// A source that understands metrics and is never asked.
///
/// # Errors
/// What is wrong with its settings.
pub fn unasked(given: &Metrics) -> Result<Arc<dyn MetricSource>, String> {
    Ok(Arc::new(Unasked(kind(given).unasked()?)))
}

/// The sources to be asked, by name.
///
/// # Errors
/// When something that is secret, or a file, cannot be read.
pub async fn connected(
    given: &BTreeMap<String, Metrics>,
    aws: &Aws,
) -> Result<BTreeMap<String, Arc<dyn MetricSource>>, MetricsError> {
    let mut sources = BTreeMap::new();
    for (name, given) in given {
        let failed = |problem: Problem| MetricsError::Unusable {
            source_name: name.clone(),
            field: problem.field,
            problem: problem.what,
        };
        let source = Renewed::connected(given.clone(), aws.clone())
            .await
            .map_err(failed)?;
        sources.insert(name.clone(), source);
    }
    Ok(sources)
}

/// A source of metrics cannot be asked from here.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// A token, a password or a certificate cannot be had, or is none.
    #[error("source `{source_name}` of metrics: {field}: {problem}")]
    Unusable {
        /// Its name in the file.
        source_name: String,
        /// Which of its settings.
        field: &'static str,
        /// What is wrong, and how to mend it.
        problem: String,
    },
}
