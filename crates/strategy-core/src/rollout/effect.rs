//! What is to be done: everything a rollout can ask for, in the imperative.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::analysis::Look;
use crate::hook::{GateRequest, HookRequest};
use crate::plan::CheckName;
use crate::release::Part;
use crate::target::{Apply, Binding, Claim, EffectId};
use crate::timestamp::duration;

/// An order to the driver.
///
/// Those with an [`EffectId`] are journaled before they are performed and answered by
/// [`EffectSucceeded`](super::Input::EffectSucceeded) or [`EffectFailed`](super::Input::EffectFailed).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// Compare-and-set the claim on a part.
    Claim {
        /// Its identity.
        id: EffectId,
        /// On which part.
        part: Part,
        /// With which binding.
        binding: Binding,
        /// What must be there.
        from: Option<Claim>,
        /// What shall be there.
        to: Option<Claim>,
        /// How long it may take.
        #[serde(with = "duration")]
        timeout: Duration,
    },
    /// Make a part so.
    Apply {
        /// Which part.
        part: Part,
        /// What is asked.
        request: Box<Apply>,
    },
    /// Look at a part. Not journaled; a new one may be asked for at any time.
    Observe {
        /// Which part.
        part: Part,
        /// With which binding.
        binding: Binding,
        /// Handed back with the answer; an answer with an outdated ticket is dropped.
        ticket: Ticket,
        /// How long it may take.
        #[serde(with = "duration")]
        timeout: Duration,
    },
    /// Take a look of a check. Not journaled by itself: its window is fixed, so it can be repeated.
    Measure {
        /// The look.
        look: Box<Look>,
        /// How long it may take.
        #[serde(with = "duration")]
        timeout: Duration,
    },
    /// Do the work of a hook.
    RunHook {
        /// What it is told.
        request: Box<HookRequest>,
        /// How long it may take.
        #[serde(with = "duration")]
        timeout: Duration,
    },
    /// Ask an external gate.
    AskGate {
        /// What it is told.
        request: Box<GateRequest>,
        /// How long it may take.
        #[serde(with = "duration")]
        timeout: Duration,
    },
    /// Stop waiting for this one. Its outcome is unknown from now on; an answer that still comes
    /// changes nothing.
    Cancel {
        /// Which.
        id: EffectId,
    },
}

impl Effect {
    /// Its identity, where it has one.
    pub fn id(&self) -> Option<EffectId> {
        match self {
            Self::Claim { id, .. } | Self::Cancel { id } => Some(*id),
            Self::Apply { request, .. } => Some(request.id),
            Self::RunHook { request, .. } => Some(request.id),
            Self::AskGate { request, .. } => Some(request.id),
            Self::Observe { .. } | Self::Measure { .. } => None,
        }
    }

    /// Its kind, for journal and logs.
    pub const fn kind(&self) -> EffectKind {
        match self {
            Self::Claim { .. } => EffectKind::Claim,
            Self::Apply { .. } => EffectKind::Apply,
            Self::Observe { .. } => EffectKind::Observe,
            Self::Measure { .. } => EffectKind::Measure,
            Self::RunHook { .. } => EffectKind::RunHook,
            Self::AskGate { .. } => EffectKind::AskGate,
            Self::Cancel { .. } => EffectKind::Cancel,
        }
    }
}

/// The kind of an [`Effect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EffectKind {
    /// [`Effect::Claim`]
    Claim,
    /// [`Effect::Apply`]
    Apply,
    /// [`Effect::Observe`]
    Observe,
    /// [`Effect::Measure`]
    Measure,
    /// [`Effect::RunHook`]
    RunHook,
    /// [`Effect::AskGate`]
    AskGate,
    /// [`Effect::Cancel`]
    Cancel,
}

impl EffectKind {
    /// Performed only when the journal has it. Looks of either kind may be repeated freely.
    pub const fn waits_for_journal(self) -> bool {
        match self {
            Self::Observe | Self::Measure => false,
            Self::Claim | Self::Apply | Self::RunHook | Self::AskGate | Self::Cancel => true,
        }
    }
}

/// Tells a fresh observation from one that was begun too early.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Ticket(pub u64);

/// A look is its check and its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LookId {
    /// Of which check.
    pub check: CheckName,
    /// The first is 1.
    pub number: u64,
}

impl From<&Look> for LookId {
    fn from(look: &Look) -> Self {
        Self {
            check: look.check.clone(),
            number: look.number,
        }
    }
}

impl fmt::Display for LookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{}", self.check, self.number)
    }
}
