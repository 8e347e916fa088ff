//! The seam to where metrics are: one question about one track in one closed window.

#[cfg(feature = "cloudwatch")]
mod cloudwatch;
#[cfg(any(feature = "datadog", feature = "prometheus"))]
mod confidential;
#[cfg(any(feature = "datadog", feature = "prometheus"))]
mod counts;
#[cfg(feature = "datadog")]
mod datadog;
#[cfg(any(feature = "prometheus", feature = "http-probe", feature = "datadog"))]
mod http;
#[cfg(feature = "http-probe")]
mod http_probe;
mod memory;
pub(crate) mod periods;
#[cfg(feature = "prometheus")]
mod prometheus;
#[cfg(any(
    feature = "cloudwatch",
    feature = "datadog",
    feature = "http-probe",
    feature = "prometheus"
))]
mod template;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_core::target::Finding;
use strategy_core::{Part, Timestamp, Track};
use thiserror::Error;

#[cfg(feature = "cloudwatch")]
pub use self::cloudwatch::CloudWatch;
#[cfg(feature = "datadog")]
pub use self::datadog::Datadog;
#[cfg(feature = "http-probe")]
pub use self::http_probe::HttpProbe;
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
#[deny(clippy::missing_trait_methods)]
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
    /// What tells the series of the track apart, as its target says, such as `deployment`.
    pub labels: BTreeMap<String, String>,
    /// Where the candidate answers apart from user traffic; `None`: nowhere, or the question is about stable.
    pub preview: Option<String>,
    /// Since when windows of one share of traffic adjoin without a gap up to the one that is asked about. What
    /// happened before belongs to no window, also where a source learns of it only in this one, as from a counter
    /// that is scraped now and then. `None`: not known, as before a rollout begins.
    pub watched_since: Option<Timestamp>,
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
            watched_since: None,
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
    /// The window was too short for the source to learn of anything in it, and nothing is missing yet: of a longer
    /// one that begins likewise it may tell. Nothing of the window is judged then, and it is asked for again,
    /// longer, as long as windows adjoin.
    pub too_short: bool,
}

impl From<Reading> for Answer {
    fn from(reading: Reading) -> Self {
        Self {
            reading,
            notes: Vec::new(),
            too_short: false,
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
    /// How far apart the moments are at which it sees what was counted, such as scrapes; `None`: it sees everything when
    /// it happens, or that is not known.
    pub samples_every: Option<Duration>,
    /// What the source will ask for, in its own language, with what is known of the track filled in; none: there
    /// is no such language.
    pub asked: Vec<String>,
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
    #[non_exhaustive]
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
    #[non_exhaustive]
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
    #[non_exhaustive]
    Permanent {
        /// The source's name.
        source_name: String,
        /// What it said, without secrets.
        problem: String,
        /// How to mend it.
        mend: String,
    },
}

impl SourceError {
    /// [`Invalid`](Self::Invalid): where, from `metric` on, what is wrong, and how to mend it.
    pub fn invalid(
        field: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            field: field.into(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    /// [`Passing`](Self::Passing): the source's name, and what happened, without secrets.
    pub fn passing(source_name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Passing {
            source_name: source_name.into(),
            problem: problem.into(),
            source: None,
        }
    }

    /// [`Passing`](Self::Passing), with why. What `source` says must be without secrets as well.
    pub fn passing_because(
        source_name: impl Into<String>,
        problem: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Passing {
            source_name: source_name.into(),
            problem: problem.into(),
            source: Some(source.into()),
        }
    }

    /// [`Permanent`](Self::Permanent): the source's name, what it said, without secrets, and how to mend it.
    pub fn permanent(
        source_name: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Permanent {
            source_name: source_name.into(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    /// The caller's mistake in a part of a metric, with where that part is.
    #[cfg(feature = "cloudwatch")]
    fn within(self, path: &str) -> Self {
        match self {
            Self::Invalid {
                field,
                problem,
                mend,
            } => Self::invalid(format!("{path}.{field}"), problem, mend),
            error @ (Self::Passing { .. } | Self::Permanent { .. }) => error,
        }
    }
}
