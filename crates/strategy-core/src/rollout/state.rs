//! Where a rollout is: one variant per phase, each with only its own data; and what was decided about
//! each part.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::{Answer, CommandId};
use super::copy_on_change::CopyOnChange;
use super::effect::Effect;
use super::outcome::{Left, Outcome, Reason};
use super::part_state::PartState;
use super::step::Until;
use crate::plan::{HookPoint, StageName, Then};
use crate::release::Part;
use crate::target::{EffectId, RolloutId};
use crate::timestamp::{Timestamp, duration};

/// Everything that was decided. A change of it is journaled with the input that made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Decided {
    pub(super) state: State,
    /// Since when, by the machine's clock.
    pub(super) since: Timestamp,
    /// A person stopped it.
    pub(super) pause: Option<Timestamp>,
    /// Ask for one to change it only where it changes: that copies it.
    pub(super) parts: CopyOnChange<Part, PartState>,
    /// Effects that were ordered and not answered, whole.
    pub(super) open: BTreeMap<EffectId, Effect>,
    pub(super) next_id: u64,
    /// The stage whose goal is in effect; its checks apply.
    pub(super) standing: Option<usize>,
    /// How often a stage has begun to stand: only windows that began since count for the one that does.
    pub(super) standings: u64,
    /// The stage in which it failed, was aborted or was superseded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failed_at: Option<usize>,
    /// A declared point of no return is behind us.
    pub(super) past_no_return: bool,
    /// A person wants all bakes and holds ended.
    pub(super) promote_all: bool,
    /// Hooks that have begun and have an undo, in order.
    pub(super) to_undo: Vec<HookAt>,
    /// Hooks that may not run twice and are done: a stage that begins again passes them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) done_for_good: BTreeSet<HookAt>,
    /// Holds for other hands that ended by themselves.
    #[serde(default)]
    pub(super) went_on_by_time: u32,
    /// Recorded traffic is effective, and stable covers it.
    pub(super) traffic_restored: bool,
    /// Commands and alarms, each once.
    pub(super) audit: Vec<Audit>,
}

/// Where a rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Claims are taken, part by part in the order of their names.
    Claiming,
    /// Under our claim, all must be as it was discovered.
    Confirming,
    /// A gate is asked.
    Gating(Gating),
    /// A hook runs.
    Hooking(Hooking),
    /// On the way to the stage's goal.
    Stepping(Stepping),
    /// Watching.
    Baking(Baking),
    /// Waiting for a person.
    Holding(Box<Holding>),
    /// On the way to the recorded start; `stuck`: it does not get on.
    RollingBack(Box<RollingBack>),
    /// On the way to no exposure, for a successor.
    Superseding(Superseding),
    /// The outcome is reached; floors are restored and claims given back.
    Settling(Settling),
    /// Nothing is left to do.
    Settled {
        outcome: Outcome,
        /// What the clean-up could not do in time.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<Left>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Gating {
    pub(super) stage: usize,
    pub(super) gate: usize,
    pub(super) until: Timestamp,
    pub(super) given_by: BTreeSet<String>,
    pub(super) asking: Option<EffectId>,
    pub(super) ask_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Hooking {
    pub(super) stage: usize,
    pub(super) point: HookPoint,
    /// Index among the stage's hooks.
    pub(super) hook: usize,
    pub(super) running: Option<EffectId>,
    /// It is done: a person said so after a crash, or it ended while nothing could go on.
    pub(super) confirmed: bool,
    /// A crash left it unfinished and it may not run twice: a person is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unfinished: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Stepping {
    pub(super) stage: usize,
    pub(super) until: Until,
    pub(super) deadline: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Baking {
    pub(super) stage: usize,
    pub(super) clock: BakeClock,
    /// By the machine's clock, whether the bake's own runs or not.
    pub(super) at_most: Timestamp,
    /// A person ended it early.
    pub(super) advanced: bool,
    /// The last look at everything is under way.
    pub(super) closing: bool,
}

/// Runs while all is well, stands while it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct BakeClock {
    #[serde(with = "duration")]
    pub(super) elapsed: Duration,
    pub(super) running_since: Option<Timestamp>,
}

impl BakeClock {
    pub(super) fn at(&self, now: Timestamp) -> Duration {
        self.elapsed
            + self
                .running_since
                .map_or(Duration::ZERO, |since| now.since(since))
    }

    pub(super) fn run(&mut self, now: Timestamp) {
        self.running_since.get_or_insert(now);
    }

    pub(super) fn stand(&mut self, now: Timestamp) {
        self.elapsed = self.at(now);
        self.running_since = None;
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Holding {
    /// What it waits for.
    pub(super) why: Hold,
    pub(super) until: Timestamp,
    pub(super) then: Then,
    /// Where it goes on.
    pub(super) back_to: State,
    /// A stage whose goal is walked to meanwhile.
    pub(super) walk: Option<usize>,
}

/// Why a rollout waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Hold {
    /// A stage failed, and its policy is to hold.
    Failed(Reason),
    /// A stage failed behind a point of no return.
    NoWayBack(Reason),
    /// A bake ran out of time undecided.
    Undecided(Reason),
    /// Somebody else changed something.
    Foreign(Reason),
    /// A hook that may not run again was left unfinished by a crash.
    HookUnfinished { hook: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct RollingBack {
    pub(super) reason: Reason,
    pub(super) deadline: Timestamp,
    /// More than was ready at the start is waited for until then.
    pub(super) patient_until: Timestamp,
    pub(super) stuck: bool,
    pub(super) left: Vec<Left>,
    /// The undo under way.
    pub(super) undoing: Option<EffectId>,
    /// An undo failed; only a person's retry runs it again.
    pub(super) undo_failed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Superseding {
    pub(super) by: RolloutId,
    pub(super) deadline: Timestamp,
    /// The undo under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) undoing: Option<EffectId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Settling {
    pub(super) outcome: Outcome,
    /// Floors of autoscalers are put back first.
    pub(super) restore: bool,
    /// Nothing was written: claims that were taken over go back to whom they were taken from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) returns: bool,
    /// The outcome is said: nothing of ours can land any more.
    pub(super) announced: bool,
    pub(super) deadline: Timestamp,
    /// What could not be restored in time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left: Vec<Left>,
}

/// A hook of the plan, by its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct HookAt {
    pub(super) stage: usize,
    pub(super) hook: usize,
}

/// A command or alarm as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Audit {
    pub(super) id: CommandId,
    pub(super) at: Timestamp,
    pub(super) who: String,
    pub(super) what: String,
    pub(super) answer: Answer,
}

impl State {
    /// The stage it is in.
    pub(super) const fn stage(&self) -> Option<usize> {
        match self {
            Self::Gating(state) => Some(state.stage),
            Self::Hooking(state) => Some(state.stage),
            Self::Stepping(state) => Some(state.stage),
            Self::Baking(state) => Some(state.stage),
            Self::Holding(state) => state.back_to.stage(),
            Self::Claiming
            | Self::Confirming
            | Self::RollingBack(_)
            | Self::Superseding(_)
            | Self::Settling(_)
            | Self::Settled { .. } => None,
        }
    }

    /// What it waits for a person for.
    pub(super) fn held(&self) -> Option<&Holding> {
        let Self::Holding(holding) = self else {
            return None;
        };
        Some(holding)
    }

    /// The state that goes on when a hold ends; itself, where nothing is held.
    pub(super) fn underneath(&self) -> &Self {
        self.held().map_or(self, |holding| &holding.back_to)
    }

    /// The same, to change it.
    pub(super) const fn underneath_mut(&mut self) -> &mut Self {
        let Self::Holding(holding) = self else {
            return self;
        };
        &mut holding.back_to
    }

    /// The undo under way, where hooks are undone.
    pub(super) const fn undoing_mut(&mut self) -> Option<&mut Option<EffectId>> {
        match self {
            Self::RollingBack(rolling) => Some(&mut rolling.undoing),
            Self::Superseding(superseding) => Some(&mut superseding.undoing),
            Self::Claiming
            | Self::Confirming
            | Self::Gating(_)
            | Self::Hooking(_)
            | Self::Stepping(_)
            | Self::Baking(_)
            | Self::Holding(_)
            | Self::Settling(_)
            | Self::Settled { .. } => None,
        }
    }

    /// On the way to the plan's end: failures act.
    pub(super) const fn is_forward(&self) -> bool {
        match self {
            Self::Gating(_)
            | Self::Hooking(_)
            | Self::Stepping(_)
            | Self::Baking(_)
            | Self::Holding(_) => true,
            Self::Claiming
            | Self::Confirming
            | Self::RollingBack(_)
            | Self::Superseding(_)
            | Self::Settling(_)
            | Self::Settled { .. } => false,
        }
    }
}

/// The name of a stage, where it has one.
pub(super) fn stage_name(plan: &crate::Plan, stage: usize) -> Option<&StageName> {
    plan.stages().get(stage).map(|stage| &stage.name)
}
