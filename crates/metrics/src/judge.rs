//! The seam to judgement: what was seen of both tracks, and what it means.

mod assumptions;
mod buckets;
mod checked;
mod defaults;
mod drained;
mod exchangeable_units;
mod figure;
mod kinds;
pub mod mann_whitney;
mod marks;
mod quantile;
mod quantities;
mod reach;
mod readings;
mod sample;
mod seen;
mod sequential_ratio;
#[cfg(test)]
mod simulated;
mod slo;
mod split_ratio;
mod stochastic_order;
pub mod threshold;
pub mod weighing;
mod words;

use std::fmt;
use std::time::Duration;

use strategy_core::analysis::{Verdict, Window};
use strategy_core::plan::Limits;
use strategy_core::target::Finding;
use strategy_core::{Tracks, Weight};
use thiserror::Error;

use crate::reading::{Reading, Shape};
use crate::source::{Admitted, Rhythm};
use crate::state::{State, StateError};

pub use self::drained::Drained;
pub use self::exchangeable_units::{Compared, ExchangeableUnits, Load};
pub use self::kinds::{InvalidJudge, Kinds};
pub use self::mann_whitney::MannWhitney;
pub use self::quantile::{Limit, Quantile};
pub use self::quantities::{Grid, InvalidQuantity, Ratio, Share, Smoothing};
pub use self::reach::Span;
pub use self::readings::data_of;
pub use self::sequential_ratio::{Gate, Pass, SequentialRatio};
pub use self::slo::Slo;
pub use self::split_ratio::SplitRatio;
pub use self::stochastic_order::StochasticOrder;
pub use self::threshold::Threshold;
pub use self::words::odds;

/// Says what was seen means. Pure: no clock, no input or output, no state of its own.
pub trait Judge: fmt::Debug + Send + Sync {
    /// In which shape it needs what happened.
    fn shape(&self) -> Shape;

    /// It compares the candidate with stable, so that it ends before stable changes or loses its traffic.
    fn compares(&self) -> bool;

    /// It is told of stable too. Else it is told of the candidate alone, and what it is told of stable is
    /// [`Reading::Empty`]. Default: where it compares.
    fn told_of_stable(&self) -> bool {
        self.compares()
    }

    /// It means something only where all traffic is the candidate's: a plan that asks it in another stage is refused.
    /// Default: no.
    fn awaits_all_traffic(&self) -> bool {
        false
    }

    /// It fails a good release with at most the chance `alpha` that it is given, over all its looks.
    fn bounded(&self) -> bool;

    /// Can it judge what the source tells? What stands in the way or is worth knowing.
    fn admit(&self, prospect: &Prospect) -> Vec<Finding>;

    /// The most that the evidence against the candidate can be at any time in these spans, one after the other, as a
    /// natural logarithm, where requests are split as they are written and looks come when they are due; `None`: nothing is known to bound it. Default:
    /// none. Where it is too little to fail the candidate, the plan warns of it.
    fn most_evidence(&self, prospect: &Prospect, spans: &[Span]) -> Option<f64> {
        let (_, _) = (prospect, spans);
        None
    }

    /// The limits that a check with this judge must have, so that it means what its parameters say; `None`:
    /// any. Default: any.
    fn limits(&self) -> Option<Limits> {
        None
    }

    /// What was seen in one window means, after all that was seen before.
    ///
    /// # Guarantees
    /// The same sight after the same state is the same judgement, bit for bit. The state stays below
    /// [`State::LIMIT`], and what one look costs does not grow with the looks.
    ///
    /// # Errors
    /// When the state is not one of this judge's with these parameters; [`State::marked`] writes one of which that is
    /// told. Each look with such a state is an error then, and the release goes back after as many as are tolerated.
    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError>;
}

const _: Option<&dyn Judge> = None;

/// What is known before a rollout begins.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Prospect {
    /// What the finding is about: `check errors`.
    pub resource: String,
    /// What the source says of each track.
    pub source: Tracks<Admitted>,
    /// How many units each track has: what its target wants; the most the candidate gets in the plan.
    pub replicas: Tracks<u32>,
    /// Time between looks.
    pub interval: Duration,
    /// Of which windows the source can tell, and when.
    pub rhythm: Rhythm,
}

/// What was seen in one window.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sight {
    /// In which one.
    pub window: Window,
    /// Of each track.
    pub readings: Tracks<Reading>,
    /// The chance of a false alarm that is given to this judge over the whole rollout; 0: none, as it has
    /// no bound.
    pub alpha: f64,
    /// The candidate's share of the requests, as it was written; `None`: none is.
    pub share: Option<Weight>,
}

impl Sight {
    /// What was seen of both tracks, of which no share is written.
    pub const fn new(window: Window, readings: Tracks<Reading>, alpha: f64) -> Self {
        Self {
            window,
            readings,
            alpha,
            share: None,
        }
    }
}

/// What a judge says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Judgement {
    /// Good, bad, or not known.
    pub verdict: Verdict,
    /// Why, in plain words and numbers.
    pub evidence: String,
    /// The natural logarithm of the evidence against the candidate; it fails at `ln(1/alpha)`. `None`: this
    /// judge does not weigh evidence.
    pub log_evidence: Option<f64>,
    /// What the next look is handed.
    pub state: State,
}

impl Judgement {
    /// A judgement and its evidence, with what was remembered before.
    pub fn new(verdict: Verdict, evidence: impl Into<String>, state: &State) -> Self {
        Self {
            verdict,
            evidence: evidence.into(),
            log_evidence: None,
            state: state.clone(),
        }
    }

    /// Nothing can be said of this window, and why is all the evidence.
    fn unknown(why: Verdict, state: &State) -> Self {
        let evidence = words::why(&why);
        Self::new(why, evidence, state)
    }

    /// With the logarithm of the evidence that it rests on: the highest that ever was where it fails, since that
    /// stays failed; else what there is now.
    #[must_use]
    pub fn weighing(self, now: f64, highest: f64) -> Self {
        let failed = self.verdict == Verdict::Fail;
        Self {
            log_evidence: Some(if failed { highest } else { now }),
            ..self
        }
    }
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No series, only old samples, or no number.
    NoData,
    /// There were some, and too few to say anything.
    TooFewEvents,
    /// The buckets are too coarse for what is asked.
    BucketResolution,
    /// The requests are not split as the weights say, so that what compares the tracks may compare different
    /// users. Of this crate's judges [`SplitRatio`] says so, as a warning.
    SplitMismatch,
}

impl Reason {
    /// As a verdict, with what exactly.
    pub fn because(self, what: impl fmt::Display) -> Verdict {
        Verdict::Inconclusive(format!("{self}: {what}"))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoData => "no data",
            Self::TooFewEvents => "too few events",
            Self::BucketResolution => "the buckets are too coarse",
            Self::SplitMismatch => "the split is not as written",
        })
    }
}

/// Our bug, or a state of somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The state is none of this judge's.
    #[error(transparent)]
    State(#[from] StateError),
    /// The readings have another shape than the judge asked for: a bug of the source.
    #[error("a judge of {asked} was told {told}: a bug of the source")]
    Shape {
        /// Which it needs.
        asked: Shape,
        /// Which it was told.
        told: Shape,
    },
}
