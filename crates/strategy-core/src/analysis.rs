//! The seam to measurement: one window measured and judged, the memory handed in and out.

mod counted;
mod failure_share;
mod slow_share;
mod tally;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::counted::{Count, Counter};
pub use self::failure_share::FailureShare;
pub use self::slow_share::SlowShare;
pub use self::tally::Tally;
use crate::plan::{CheckName, Extension, Plan};
use crate::release::Part;
use crate::target::{Finding, Found};
use crate::timestamp::Timestamp;
use crate::track::Tracks;
use crate::weight::Weight;

/// Measures one window and judges it; keeps no state of its own.
#[async_trait]
pub trait Analysis: fmt::Debug + Send + Sync {
    /// Can these checks run, and has each judge a bound on false alarms?
    ///
    /// One [`PreparedCheck`] for every check of the plan whose kind this analysis knows; a check that
    /// no analysis prepares keeps the rollout from starting.
    ///
    /// # Errors
    /// When what the answer depends on cannot be read.
    async fn admit(&self, plan: &Plan, found: &Found) -> Result<Vec<PreparedCheck>, MeasureError>;

    /// Measures the look's window and judges it.
    ///
    /// # Guarantees
    /// The same look gives the same verdict, as far as the source still has the window: a look that is
    /// repeated after a crash is the same look. No window is counted twice.
    ///
    /// # Errors
    /// When the source could not be asked. No data is not an error but
    /// [`Verdict::Inconclusive`].
    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError>;
}

const _: Option<&dyn Analysis> = None;

/// A check that can run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PreparedCheck {
    /// Which.
    pub check: CheckName,
    /// The judge keeps the chance of a false alarm, over all its looks, below the `alpha` it is given.
    /// Judges without such a bound take no share of the budget, and the plan says so.
    pub bounded: bool,
    /// What stands in the way or is worth knowing.
    pub findings: Vec<Finding>,
}

impl PreparedCheck {
    /// It can run, nothing is to be said of it, and its judge has no bound.
    pub fn new(check: impl Into<CheckName>) -> Self {
        Self {
            check: check.into(),
            bounded: false,
            findings: Vec::new(),
        }
    }
}

/// One look of one check: everything the judgement may depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Look {
    /// Of which check.
    pub check: CheckName,
    /// The first look of a check is 1.
    pub number: u64,
    /// What measures.
    pub analysis: Extension,
    /// Over which time, by the wall clock. Fixed when the look is issued.
    pub window: Window,
    /// The candidate's share of traffic during the window, by part: of the parts whose candidate is
    /// reached by requests, and for a check that compares, whose stable is as it was and reached too.
    /// A part whose turn has not come, or is over, is left out; where no candidate is reached, as in a
    /// preview, all parts are in.
    pub weights: BTreeMap<Part, Weight>,
    /// What tells the series of the tracks apart, of the same parts.
    pub identities: BTreeMap<Part, Tracks<BTreeMap<String, String>>>,
    /// Where the candidate answers apart from user traffic, by part.
    pub previews: BTreeMap<Part, String>,
    /// This check's share of the false-alarm budget, in millionths; 0: the judge has no bound.
    pub alpha_millionths: u32,
    /// What the last look handed out; empty at the first.
    pub memory: Memory,
}

impl Look {
    /// A first look, to try an analysis with: no weights, identities or previews, no share of the
    /// budget, nothing remembered.
    pub fn new(check: impl Into<CheckName>, analysis: Extension, window: Window) -> Self {
        Self {
            check: check.into(),
            number: 1,
            analysis,
            window,
            weights: BTreeMap::new(),
            identities: BTreeMap::new(),
            previews: BTreeMap::new(),
            alpha_millionths: 0,
            memory: Memory::default(),
        }
    }
}

/// A closed span of time: from inclusive, to exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Its first instant.
    pub from: Timestamp,
    /// The instant after its last.
    pub to: Timestamp,
}

/// All state of a source and a judge between two looks: at most 2 KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Memory(Arc<str>);

impl Memory {
    /// The most a memory may hold.
    pub const LIMIT: usize = 2048;

    /// Text of at most [`LIMIT`](Self::LIMIT) bytes.
    ///
    /// # Errors
    /// [`MeasureError::MemoryTooLarge`].
    pub fn new(text: impl Into<String>) -> Result<Self, MeasureError> {
        let text = text.into();
        if text.len() <= Self::LIMIT {
            Ok(Self(text.into()))
        } else {
            Err(MeasureError::MemoryTooLarge { bytes: text.len() })
        }
    }

    /// Its text; empty at the first look.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Memory {
    type Error = MeasureError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Memory> for String {
    fn from(memory: Memory) -> Self {
        memory.as_str().to_owned()
    }
}

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Measurement {
    /// The judgement.
    pub verdict: Verdict,
    /// Why, in plain words and numbers: `16 of 1 010 requests failed (1.58%), limit 1%`.
    pub evidence: String,
    /// What the next look is handed.
    pub memory: Memory,
}

impl Measurement {
    /// A judgement and its evidence, with nothing to remember.
    pub fn new(verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self {
            verdict,
            evidence: evidence.into(),
            memory: Memory::default(),
        }
    }

    /// What the next look is handed.
    #[must_use]
    pub fn remember(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }
}

/// A judgement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Good, on evidence.
    Pass,
    /// Good enough, and somebody should look.
    Warn,
    /// Bad. Counts towards the limits on failures.
    Fail,
    /// Not yet: touches no limit.
    Undecided,
    /// It cannot be said, and why: no data, too few events, NaN, stale. Never a pass.
    Inconclusive(String),
}

impl Verdict {
    /// In one word: `inconclusive`, without why.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Undecided => "undecided",
            Self::Inconclusive(_) => "inconclusive",
        }
    }

    /// The evidence of a look, and before it why the look is inconclusive where the evidence does not say so by itself.
    pub fn explained(&self, evidence: &str) -> String {
        match self {
            Self::Inconclusive(why) if evidence.is_empty() => why.clone(),
            Self::Inconclusive(why) if !evidence.contains(why.as_str()) => {
                format!("{why}; {evidence}")
            }
            Self::Pass | Self::Warn | Self::Fail | Self::Undecided | Self::Inconclusive(_) => {
                evidence.to_owned()
            }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inconclusive(reason) => write!(f, "{} ({reason})", self.name()),
            Self::Pass | Self::Warn | Self::Fail | Self::Undecided => f.write_str(self.name()),
        }
    }
}

/// A look that could not be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// No analysis knows this kind.
    #[error(
        "check `{check}`: no analysis of kind `{kind}` is registered; register it on the builder, at the start and at resume"
    )]
    UnknownKind {
        /// Which check.
        check: CheckName,
        /// The kind it names.
        kind: String,
    },
    /// A parameter of the check is missing or wrong.
    #[error("check `{check}`: {problem}; {mend}")]
    Invalid {
        /// Which check.
        check: CheckName,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        mend: String,
    },
    /// The source could not be asked.
    #[error("{source_name} could not be asked")]
    Unavailable {
        /// Which source, such as `prometheus`.
        source_name: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The source was asked and refuses, and that will not pass by itself: access denied, a query that its server
    /// does not take.
    #[error("check `{check}`: {source_name} refuses: {problem}; {mend}")]
    Refused {
        /// Which check.
        check: CheckName,
        /// Which source, such as `prometheus`.
        source_name: String,
        /// What it said, without secrets.
        problem: String,
        /// How to mend it.
        mend: String,
    },
    /// A source or a judge does not keep what it promises.
    #[error("check `{check}`: {problem}; report it to the author of the analysis")]
    Bug {
        /// Which check.
        check: CheckName,
        /// What was not kept, and by whom.
        problem: String,
    },
    /// A judge's memory is over its limit: a bug of the judge.
    #[error(
        "the memory of a judge has {bytes} bytes, and at most {} are kept",
        Memory::LIMIT
    )]
    MemoryTooLarge {
        /// How many.
        bytes: usize,
    },
}
