//! Why something is no plan.

use thiserror::Error;

use super::{CheckName, StageName};
use crate::release::{InvalidRelease, Part};
use crate::weight::InvalidWeight;

/// Why something is no plan, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A weight could not be read.
    #[error(transparent)]
    Weight(#[from] InvalidWeight),
    /// The release could not be read.
    #[error(transparent)]
    Release(#[from] InvalidRelease),
    /// A rollout's id.
    #[error(
        "`{id}` cannot name a rollout: use 1 to 63 letters, digits, `.`, `_` and `-`, not at either end"
    )]
    RolloutId {
        /// What was given.
        id: String,
    },
    /// It has no stage.
    #[error("the plan has no stage")]
    NoStages,
    /// The strategy was given something it cannot work with.
    #[error("{strategy}: {problem}; {mend}")]
    Strategy {
        /// Which strategy.
        strategy: String,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        mend: String,
    },
    /// A stage is wrong.
    #[error("stage `{stage}`: {problem}; {mend}")]
    Stage {
        /// Which stage.
        stage: StageName,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        mend: String,
    },
    /// A check is wrong.
    #[error("check `{check}`: {problem}; {mend}")]
    Check {
        /// Which check.
        check: CheckName,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        mend: String,
    },
    /// A part is wrong.
    #[error("part `{part}`: {problem}; {mend}")]
    Part {
        /// Which part.
        part: Part,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        mend: String,
    },
    /// A policy is wrong.
    #[error("policy `{policy}`: {problem}; {mend}")]
    Policy {
        /// Which policy.
        policy: String,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        mend: String,
    },
}
