//! What people and machines outside may ask of a rollout, and what they are told.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::{PlanDigest, StageName};
use crate::target::RolloutId;

/// Identity of a command or alarm: whoever sends it chooses it, and it is recorded once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub String);

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody wants something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Command {
    /// Recorded once, however often it arrives.
    pub id: CommandId,
    /// Who, as the sender authenticated them.
    pub actor: String,
    /// In which roles.
    #[serde(default)]
    pub roles: BTreeSet<String>,
    /// Why, for the audit.
    #[serde(default)]
    pub reason: String,
    /// What.
    pub wish: Wish,
}

impl Command {
    /// A command without roles or reason.
    pub fn new(id: impl Into<String>, actor: impl Into<String>, wish: Wish) -> Self {
        Self {
            id: CommandId(id.into()),
            actor: actor.into(),
            roles: BTreeSet::new(),
            reason: String::new(),
            wish,
        }
    }

    /// With a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..self
        }
    }

    /// In this role too.
    #[must_use]
    pub fn in_role(mut self, role: impl Into<String>) -> Self {
        self.roles.insert(role.into());
        self
    }
}

/// What can be asked of a rollout. Heard in every state that is not an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Wish {
    /// Yes to the approval gate of a stage.
    Approve {
        /// Of which stage.
        stage: StageName,
        /// Of which plan.
        plan: PlanDigest,
    },
    /// An abort with a reason.
    Reject,
    /// Nothing goes on; everything is still watched, and failures still act.
    Pause,
    /// Ends a pause.
    Unpause,
    /// Ends the bake or hold of the named stage. Skips no readiness, effectiveness, hook, gate or
    /// failed check.
    Advance {
        /// Which stage.
        stage: StageName,
        /// Of which plan.
        plan: PlanDigest,
    },
    /// As `Advance`, of this stage and all that follow.
    Promote {
        /// Of which plan.
        plan: PlanDigest,
    },
    /// Back to the recorded start.
    Abort {
        /// Also past a point of no return.
        force: bool,
    },
    /// Tries again what is left: a stuck rollback, a held stage, an unfinished hook.
    Retry,
    /// Leaves all as it is, gives up the claim and says what is left.
    Abandon,
    /// Exposure to 0, then everything passes to a successor that never discovers its start.
    ///
    /// The rollout ends with [`Outcome::Superseded`](super::Outcome::Superseded) and leaves its claim
    /// where it is: from then on only the successor may go on, begun with `Driver::succeed` and the
    /// [`Handover`](super::Handover) that `Driver::handover` reads from this rollout's journal.
    /// Until somebody begins it the recorded start is what users get, and the candidate stays.
    Supersede {
        /// The successor's name, which it must be begun with.
        by: RolloutId,
    },
}

impl Wish {
    /// Its name, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Reject => "reject",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
            Self::Advance { .. } => "advance",
            Self::Promote { .. } => "promote",
            Self::Abort { .. } => "abort",
            Self::Retry => "retry",
            Self::Abandon => "abandon",
            Self::Supersede { .. } => "supersede",
        }
    }
}

/// Something outside saw trouble: the rollout goes back, whatever the plan's schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alarm {
    /// Recorded once, however often it arrives.
    pub id: CommandId,
    /// Who or what raised it.
    pub source: String,
    /// What it saw.
    pub message: String,
}

impl Alarm {
    /// An alarm under an id that its sender chooses.
    pub fn new(
        id: impl Into<String>,
        source: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            id: CommandId(id.into()),
            source: source.into(),
            message: message.into(),
        }
    }
}

/// What became of a command, once the journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Answer {
    /// It is recorded and acted on.
    Recorded,
    /// It is recorded, and nothing follows from it, for this reason.
    Refused(String),
}
