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
    /// Something of the plan as a whole is wrong.
    #[error("the plan: {problem}; {mend}")]
    Plan {
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
    /// The intent is a plan, and what stands there now is nothing that it can work with.
    #[error("part `{part}`: {problem}; {mend}")]
    Unready {
        /// Which part.
        part: Part,
        /// What stands there.
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

impl PlanError {
    pub(crate) fn plan(problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Plan {
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn strategy(
        strategy: &str,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Strategy {
            strategy: strategy.to_owned(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn stage(
        stage: &StageName,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Stage {
            stage: stage.clone(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn check(
        check: &CheckName,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Check {
            check: check.clone(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn part(part: &Part, problem: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Part {
            part: part.clone(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn unready(
        part: &Part,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Unready {
            part: part.clone(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    pub(crate) fn policy(
        policy: &str,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Policy {
            policy: policy.to_owned(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }
}
