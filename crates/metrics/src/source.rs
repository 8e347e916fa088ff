//! The seam to where metrics are: one question about one track in one closed window.

mod memory;
#[cfg(feature = "prometheus")]
mod prometheus;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::Part;
use strategy_core::Track;
use strategy_core::analysis::Window;
use strategy_core::target::Finding;
use thiserror::Error;

pub use self::memory::MemorySource;
#[cfg(feature = "prometheus")]
pub use self::prometheus::{InvalidRecording, Prometheus, Recording};
use crate::reading::{Reading, Shape};

/// Tells what happened to one track in one window. Keeps no state of its own.
#[async_trait]
pub trait MetricSource: fmt::Debug + Send + Sync {
    /// Which, for people: `prometheus at http://prometheus:9090`. No secret is in it.
    fn name(&self) -> String;

    /// In which rhythm it tells of a metric. Asks nobody.
    ///
    /// # Errors
    /// [`SourceError::Invalid`] for a metric or a shape that this source does not understand.
    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError>;

    /// Can the question be answered?
    ///
    /// Asked before the rollout begins, once for each track that the judge needs. The candidate may have no
    /// series yet, and that is no error.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError>;

    /// What happened to the track in the window.
    ///
    /// # Guarantees
    /// The same question about the same window has the same answer as far as the source still has it, and
    /// windows that adjoin share no event.
    ///
    /// # Errors
    /// When it cannot be told. That there is nothing to tell is no error but a [`Reading`].
    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError>;
}

const _: Option<&dyn MetricSource> = None;

#[async_trait]
impl<T: MetricSource + ?Sized> MetricSource for std::sync::Arc<T> {
    fn name(&self) -> String {
        (**self).name()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        (**self).rhythm(metric, shape)
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        (**self).admit(question).await
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        (**self).read(question, window).await
    }
}

/// What is asked about one track.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Question {
    /// The metric, in the source's own words, as the plan has it.
    pub metric: Value,
    /// In which shape the answer is needed.
    pub shape: Shape,
    /// Of which part of the rollout.
    pub part: Part,
    /// Of which track.
    pub track: Track,
    /// What tells the series of the track apart, as its target says, such as `pod_template_hash`.
    pub labels: BTreeMap<String, String>,
    /// Where the candidate answers apart from user traffic; `None`: nowhere, or the question is about stable.
    pub preview: Option<String>,
}

impl Question {
    /// About a track that nothing is known of.
    pub fn new(metric: Value, shape: Shape, part: Part, track: Track) -> Self {
        Self {
            metric,
            shape,
            part,
            track,
            labels: BTreeMap::new(),
            preview: None,
        }
    }
}

/// What a source answers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// What happened.
    pub reading: Reading,
    /// What the source says of its answer, such as that a part of it is missing; it is told with the evidence.
    pub notes: Vec<String>,
}

impl From<Reading> for Answer {
    fn from(reading: Reading) -> Self {
        Self {
            reading,
            notes: Vec::new(),
        }
    }
}

/// A question that can be answered.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Admitted {
    /// The bounds of the histogram as they are now; `None`: it has none yet, or another shape was asked for.
    pub bounds: Option<Vec<f64>>,
    /// How many units tell of themselves now; 0: it does not tell them apart. `None`: not known.
    pub units: Option<usize>,
    /// What stands in the way or is worth knowing.
    pub findings: Vec<Finding>,
}

/// When a source can tell of which windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rhythm {
    /// It tells only of windows that begin and end at a multiple of this since 1970; zero: of any.
    pub period: Duration,
    /// What a window saw is all there only so long after its end; zero: at once.
    pub settle: Duration,
}

impl Rhythm {
    /// Of windows on this grid, so long after their end.
    pub const fn new(period: Duration, settle: Duration) -> Self {
        Self { period, settle }
    }
}

/// What a source could not tell.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The caller's mistake: the metric of a check means nothing to this source.
    #[error("{field}: {problem}; {mend}")]
    Invalid {
        /// Where, from `metric` on.
        field: String,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        mend: String,
    },
    /// The world's doing, and it may pass: a time-out, a lost connection, too many requests.
    #[error("{source_name} could not be asked: {problem}")]
    Passing {
        /// The source's name.
        source_name: String,
        /// What happened, without secrets.
        problem: String,
        /// Why.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The world's doing, and it will not pass by itself: access refused, a query that the server refuses.
    #[error("{source_name} refuses: {problem}; {mend}")]
    Permanent {
        /// The source's name.
        source_name: String,
        /// What it said, without secrets.
        problem: String,
        /// How to mend it.
        mend: String,
    },
}
