//! Why a driver does not start, or ends before its rollout does.

use std::sync::Arc;

use thiserror::Error;

use crate::analysis::MeasureError;
use crate::journal::JournalError;
use crate::plan::PlanError;
use crate::release::{InvalidRelease, Part};
use crate::rollout::{Failure, RecoverError, StartError};
use crate::target::{Finding, RolloutId};

/// Why a driver does not start, or ends before its rollout does.
///
/// A rollout that fails is no error: it rolls back, which is an [`Outcome`](crate::rollout::Outcome).
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum DriverError {
    /// A part has a name that no part can have.
    #[error(transparent)]
    Part(#[from] InvalidRelease),
    /// The intent is no plan here.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A part could not be read. Nothing was written.
    #[error("{part} could not be read: {}", .failure.message)]
    Unreadable {
        /// Which part.
        part: Part,
        /// Why.
        failure: Failure,
    },
    /// An analysis could not say whether its checks can run. Nothing was written.
    #[error("the analysis `{kind}` could not say whether its checks can run")]
    Analysis {
        /// Of which kind.
        kind: String,
        /// Why.
        #[source]
        source: Arc<MeasureError>,
    },
    /// The plan cannot run here. Nothing was written.
    #[error("the plan cannot run here:\n{}", lines(.findings))]
    Blocked {
        /// Everything that stands in the way.
        findings: Vec<Finding>,
    },
    /// The rollout does not start. Nothing was written.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The journal holds a rollout already.
    #[error(
        "the journal already holds a rollout: resume it (`Driver::resume`), or start with another journal"
    )]
    JournalInUse,
    /// The journal does not read back to a rollout. It was left as it is.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The journal cannot be used: another process is at it, or it is damaged.
    #[error("the journal cannot be used")]
    Journal(#[source] Arc<JournalError>),
    /// A rollout was handed over to a successor of another name. Nothing was written.
    #[error(
        "the rollout was superseded by `{to}`, and the driver was told to be `{id}`: leave `Driver::id` out, or supersede by `{id}`"
    )]
    NotTheSuccessor {
        /// The driver's.
        id: RolloutId,
        /// The successor's.
        to: RolloutId,
    },
    /// The driver was told to stop, or dropped: the rollout is in progress and nobody carries it.
    #[error("rollout `{id}` was left in progress: resume it from its journal")]
    Detached {
        /// Which rollout.
        id: RolloutId,
    },
    /// A bug of this crate. Please report it.
    #[error("{what}; this is a bug of rollway, please report it")]
    Bug {
        /// What cannot be.
        what: String,
    },
}

impl From<JournalError> for DriverError {
    fn from(error: JournalError) -> Self {
        Self::Journal(Arc::new(error))
    }
}

fn lines(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
