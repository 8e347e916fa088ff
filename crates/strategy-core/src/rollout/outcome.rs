//! How a rollout ends, why it failed, and what is left where it is stuck.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::{CheckName, StageName};
use crate::release::Part;
use crate::target::{FatalReason, RolloutId};

/// How a rollout ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// Every stage passed; the release is what runs.
    Promoted,
    /// The recorded start is what runs, observed ready at its recorded revision.
    RolledBack {
        /// Why.
        reason: Reason,
    },
    /// Exposure is 0, and everything passed to a successor.
    Superseded {
        /// To which.
        by: RolloutId,
    },
    /// Left as it was.
    Abandoned {
        /// What was left.
        left: Vec<Left>,
    },
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// A check went over one of its limits.
    Check {
        /// Which.
        check: CheckName,
        /// The limit and the evidence.
        evidence: String,
    },
    /// Pods of the release will not mend themselves.
    Fatal {
        /// Of which part.
        part: Part,
        /// What they have.
        reason: FatalReason,
        /// What the platform says.
        message: String,
    },
    /// Too many restarts since the stage began.
    Restarts {
        /// Of which part.
        part: Part,
        /// How many.
        restarts: u64,
        /// How many are tolerated.
        limit: u32,
    },
    /// A release that was ready was unready for longer than its grace, all episodes together.
    Unready {
        /// Of which part.
        part: Part,
        /// Ready of wanted when the grace was spent.
        ready: u32,
        /// Wanted.
        wanted: u32,
    },
    /// The achieved share lies too far from the planned one.
    ShareDeviation {
        /// Of which part.
        part: Part,
        /// In words.
        message: String,
    },
    /// A stage was not reached in time.
    Deadline {
        /// Which stage.
        stage: StageName,
        /// What it waited for.
        waiting_for: String,
    },
    /// A bake ran out of time undecided.
    Undecided {
        /// Which stage.
        stage: StageName,
        /// What was missing.
        missing: String,
    },
    /// A hook failed.
    Hook {
        /// Which.
        hook: String,
        /// What it says.
        message: String,
    },
    /// A gate was refused or ran out of time.
    Gate {
        /// Which.
        gate: String,
        /// What it says.
        message: String,
    },
    /// A person wants it back.
    Aborted {
        /// Who.
        actor: String,
        /// Why.
        why: String,
    },
    /// Something outside saw trouble.
    Alarm {
        /// Who or what raised it.
        source: String,
        /// What it saw.
        message: String,
    },
    /// Somebody else changed what the rollout owns.
    Foreign {
        /// On which part.
        part: Part,
        /// What and who.
        message: String,
    },
    /// The image ids that run are not those that were validated.
    ImageChanged {
        /// Of which part.
        part: Part,
        /// Which container and ids.
        message: String,
    },
    /// A part could not be reached for too long.
    Unreachable {
        /// Which part.
        part: Part,
        /// Why.
        message: String,
    },
    /// The platform refused something for good.
    Refused {
        /// Which part.
        part: Part,
        /// What it says.
        message: String,
    },
    /// The platform ended its own deployment.
    Platform {
        /// Which part.
        part: Part,
        /// What it says.
        message: String,
    },
    /// A hold or pause ran out of time.
    HoldExpired {
        /// What it was for.
        why: String,
    },
    /// The start was not as discovered, or the claim is somebody else's.
    NotAsDiscovered {
        /// Which part.
        part: Part,
        /// What differs.
        message: String,
    },
    /// The claim is somebody else's, or gone: nothing of ours is written any more.
    ClaimLost {
        /// Of which part.
        part: Part,
        /// What the platform says.
        message: String,
    },
    /// A person asked for it at resume.
    ResumedToRollBack,
}

/// Something that a stuck or abandoned rollout leaves to be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Left {
    /// Of which part.
    pub part: Part,
    /// What, in one sentence.
    pub what: String,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.what)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check { check, evidence } => write!(f, "check `{check}` failed: {evidence}"),
            Self::Fatal {
                part,
                reason,
                message,
            } => write!(f, "replicas of {part} are dead ({reason}): {message}"),
            Self::Restarts {
                part,
                restarts,
                limit,
            } => {
                write!(
                    f,
                    "containers of {part} restarted {restarts} times since the stage began; {limit} are tolerated"
                )
            }
            Self::Unready {
                part,
                ready,
                wanted,
            } => {
                write!(
                    f,
                    "{part} lost readiness for longer than its grace: {ready} of {wanted} ready"
                )
            }
            Self::ShareDeviation { part, message } => write!(f, "{part}: {message}"),
            Self::Deadline { stage, waiting_for } => {
                write!(
                    f,
                    "stage `{stage}` was not reached in time; it waited for {waiting_for}"
                )
            }
            Self::Undecided { stage, missing } => {
                write!(
                    f,
                    "the bake of stage `{stage}` ran out of time undecided: {missing}"
                )
            }
            Self::Hook { hook, message } => write!(f, "hook `{hook}` failed: {message}"),
            Self::Gate { gate, message } => write!(f, "gate `{gate}`: {message}"),
            Self::Aborted { actor, why } if why.is_empty() => write!(f, "aborted by {actor}"),
            Self::Aborted { actor, why } => write!(f, "aborted by {actor}: {why}"),
            Self::Alarm { source, message } => write!(f, "alarm from {source}: {message}"),
            Self::Foreign { part, message } => write!(f, "somebody else changed {part}: {message}"),
            Self::ImageChanged { part, message } => {
                write!(f, "{part} runs other images than were validated: {message}")
            }
            Self::Unreachable { part, message } => {
                write!(f, "{part} could not be reached for too long: {message}")
            }
            Self::Refused { part, message } => write!(f, "{part} refused for good: {message}"),
            Self::Platform { part, message } => {
                write!(f, "the platform ended its deployment of {part}: {message}")
            }
            Self::HoldExpired { why } => write!(f, "nobody came before the limit: {why}"),
            Self::NotAsDiscovered { part, message } => {
                write!(f, "{part} is not as it was discovered: {message}")
            }
            Self::ClaimLost { part, message } => {
                write!(f, "the claim on {part} is not ours any more: {message}")
            }
            Self::ResumedToRollBack => f.write_str("resumed to roll back"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Promoted => f.write_str("promoted"),
            Self::RolledBack { reason } => write!(f, "rolled back: {reason}"),
            Self::Superseded { by } => write!(f, "superseded by {by}"),
            Self::Abandoned { left } if left.is_empty() => {
                f.write_str("abandoned; nothing is left to do")
            }
            Self::Abandoned { left } => {
                f.write_str("abandoned; left to do:")?;
                left.iter().try_for_each(|left| write!(f, " {left};"))
            }
        }
    }
}
