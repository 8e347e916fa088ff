//! What has happened: everything a rollout can be told, in the past tense.

use serde::{Deserialize, Serialize};

use super::command::{Alarm, Command};
use super::effect::{Effect, LookId, Ticket};
use crate::analysis::Measurement;
use crate::hook::{GateAnswer, HookReport};
use crate::release::Part;
use crate::target::{Applied, Certainty, EffectId, Observation, TargetError, TargetErrorKind};

/// Something that has happened. Time is not among them: it is an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Input {
    /// A write, claim, hook or question succeeded. An id that is no longer open changes nothing.
    EffectSucceeded {
        /// Which.
        id: EffectId,
        /// With what result.
        outcome: Completion,
    },
    /// It failed.
    EffectFailed {
        /// Which.
        id: EffectId,
        /// How.
        failure: Failure,
    },
    /// A part was observed.
    Observed {
        /// Which part.
        part: Part,
        /// The ticket of the [`Observe`](super::Effect::Observe) that asked for it.
        ticket: Ticket,
        /// What was found.
        observation: Box<Observation>,
    },
    /// A part could not be observed.
    ObserveFailed {
        /// Which part.
        part: Part,
        /// The ticket of the observe effect.
        ticket: Ticket,
        /// Why.
        failure: Failure,
    },
    /// [`Target::changed`](crate::Target::changed) resolved: there is something new to observe.
    Changed {
        /// On which part.
        part: Part,
    },
    /// A look was taken.
    Measured {
        /// Which look.
        look: LookId,
        /// What it found.
        measurement: Measurement,
    },
    /// A look could not be taken.
    MeasureFailed {
        /// Which look.
        look: LookId,
        /// Why.
        failure: Failure,
    },
    /// Somebody wants something.
    Commanded(Command),
    /// Something outside saw trouble.
    AlarmRaised(Alarm),
    /// Time has passed. Spurious ones change nothing.
    TimePassed,
    /// A process took the rollout up again from its journal.
    Resumed {
        /// Go straight back to the recorded start.
        roll_back: bool,
        /// Which process: a word that no other one uses, so that two which take the rollout up in the same
        /// millisecond do not write the same record. Empty: nobody said.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
}

/// The result of an effect that has an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Completion {
    /// Of a claim.
    Claimed,
    /// Of a write.
    Applied(Applied),
    /// Of a hook.
    HookRan(HookReport),
    /// Of a question to an external gate.
    GateAnswered(GateAnswer),
}

impl Completion {
    /// Whether it can be the result of this effect.
    pub(super) const fn fits(&self, effect: &Effect) -> bool {
        match self {
            Self::Claimed => matches!(effect, Effect::Claim { .. }),
            Self::Applied(_) => matches!(effect, Effect::Apply { .. }),
            Self::HookRan(_) => matches!(effect, Effect::RunHook { .. }),
            Self::GateAnswered(_) => matches!(effect, Effect::AskGate { .. }),
        }
    }
}

/// A failure, reduced to what the machine decides on and what people are told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Failure {
    /// What kind.
    pub kind: TargetErrorKind,
    /// Whether anything may have been written.
    pub certainty: Certainty,
    /// In words, without secrets, at most 500 characters.
    pub message: String,
}

impl Failure {
    /// The longest message that is kept.
    pub const MESSAGE: usize = 500;

    /// A failure of this kind.
    pub fn new(kind: TargetErrorKind, certainty: Certainty, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self {
            kind,
            certainty,
            message: message.chars().take(Self::MESSAGE).collect(),
        }
    }
}

impl From<&TargetError> for Failure {
    fn from(error: &TargetError) -> Self {
        Self::new(error.kind, error.certainty, error.to_string())
    }
}
