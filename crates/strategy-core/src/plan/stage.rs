//! One stage: a goal, how it is reached and judged, and what a failure means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Bake, CheckName, Gate, Health, HookPlan};
use crate::release::Part;
use crate::timestamp::duration;
use crate::track::{Capacity, Revision, Track};
use crate::traffic::Traffic;
use crate::weight::Weight;

/// The name of a stage, unique in its plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageName(Arc<str>);

impl StageName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for StageName {
    fn from(name: T) -> Self {
        Self(name.into().into())
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One stage of a plan.
///
/// Within it: gates, hooks `Before`, walk until ready, hooks `Ready`, walk until traffic is
/// effective, hooks `Effective`, bake with checks, a last look, hooks `Baked`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stage {
    /// Unique in the plan.
    pub name: StageName,
    /// What the stage is for.
    pub kind: StageKind,
    /// What is asked of each part; a part that is not named keeps its goal.
    ///
    /// Boxed, since a map has room for eleven values from the first one on.
    pub goals: BTreeMap<Part, Box<Goal>>,
    /// When a track counts as ready.
    pub ready: ReadyRule,
    /// What must be answered before anything of the stage happens. Asked in order.
    pub gates: Vec<Gate>,
    /// Work at points of the stage, in order within a point.
    pub hooks: Vec<HookPlan>,
    /// The checks that judge while the stage stands. Default: none.
    pub checks: BTreeSet<CheckName>,
    /// The built-in health checks. Default: on.
    pub health: Health,
    /// How long it is watched once traffic is effective.
    pub bake: Bake,
    /// Limit for the walking alone; gates, hooks, bake, hold and pause have their own.
    /// Default: 10 minutes, as a Deployment's own progress deadline.
    #[serde(with = "duration")]
    pub deadline: Duration,
    /// What a failure in this stage means. Default: roll back.
    pub on_failure: OnFailure,
    /// Entering this stage closes the way back: from then on a failure holds, and an abort needs
    /// `force`. Default: no.
    pub point_of_no_return: bool,
}

impl Stage {
    /// Ten minutes: what a Deployment gives its own progress by default.
    pub const DEADLINE: Duration = Duration::from_secs(600);

    /// A stage with goals and defaults for everything else: all ready, no gates, hooks or checks,
    /// health on, no bake, ten minutes to walk, and roll back.
    pub fn new(
        name: impl Into<StageName>,
        kind: StageKind,
        goals: impl IntoIterator<Item = (Part, impl Into<Box<Goal>>)>,
    ) -> Self {
        let goals = goals.into_iter();
        Self {
            name: name.into(),
            kind,
            goals: goals.map(|(part, goal)| (part, goal.into())).collect(),
            ready: ReadyRule::default(),
            gates: Vec::new(),
            hooks: Vec::new(),
            checks: BTreeSet::new(),
            health: Health::default(),
            bake: Bake::default(),
            deadline: Self::DEADLINE,
            on_failure: OnFailure::RollBack,
            point_of_no_return: false,
        }
    }
}

/// What a stage is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StageKind {
    /// The release is tried on more and more of the traffic.
    Expose,
    /// What was tried becomes what is: stable is updated, traffic returns to it.
    Promote,
    /// What is no longer needed is given up.
    Retire,
}

/// What is asked of a part in a stage, before the baseline is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Goal {
    /// The stable track.
    pub stable: GoalTrack,
    /// The candidate track.
    pub candidate: GoalTrack,
    /// How requests are shared.
    pub traffic: Traffic,
}

impl Goal {
    /// Both tracks and what is shared between them.
    pub const fn new(stable: GoalTrack, candidate: GoalTrack, traffic: Traffic) -> Self {
        Self {
            stable,
            candidate,
            traffic,
        }
    }

    /// Of this track.
    pub const fn track(&self, track: Track) -> &GoalTrack {
        match track {
            Track::Stable => &self.stable,
            Track::Candidate => &self.candidate,
        }
    }
}

/// What is asked of one track in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GoalTrack {
    /// What it should run.
    pub revision: Revision,
    /// How many. Where an autoscaler decides, this is its floor.
    pub capacity: Capacity,
}

impl GoalTrack {
    /// This revision, so many of it.
    pub const fn new(revision: Revision, capacity: Capacity) -> Self {
        Self { revision, capacity }
    }

    /// Exactly what was found, in kind and number.
    pub const fn recorded() -> Self {
        Self {
            revision: Revision::Recorded,
            capacity: Capacity::Recorded,
        }
    }

    /// No workload.
    pub const fn absent() -> Self {
        Self {
            revision: Revision::Absent,
            capacity: Capacity::Count(0),
        }
    }
}

/// When a track counts as ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReadyRule {
    /// Share of what is wanted that must be ready; never less than the traffic needs. Default: all.
    pub share: Weight,
    /// How long it must have been ready without a break before the walk goes on. Default: none.
    #[serde(with = "duration")]
    pub settle: Duration,
    /// How long, summed over all episodes of the stage, a release that was ready may be unready
    /// before the stage fails; flapping spends it. Default: 10 seconds, one period of a Kubernetes
    /// readiness probe: a probe that is missed once is borne.
    #[serde(with = "duration")]
    pub grace: Duration,
}

impl Default for ReadyRule {
    fn default() -> Self {
        Self {
            share: Weight::FULL,
            settle: Duration::ZERO,
            grace: Duration::from_secs(10),
        }
    }
}

impl ReadyRule {
    /// Share of what is wanted that must be ready.
    #[must_use]
    pub const fn share(mut self, share: Weight) -> Self {
        self.share = share;
        self
    }

    /// How long it must have been ready without a break.
    #[must_use]
    pub const fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// How long a release that was ready may be unready.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

/// What a failure in a stage means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OnFailure {
    /// Back to the recorded start.
    RollBack,
    /// Stop and wait for a person: `retry` begins the stage again, `abort` rolls back.
    Hold {
        /// How long.
        #[serde(with = "duration")]
        at_most: Duration,
        /// And then.
        then: Then,
    },
    /// In promotion stages: all traffic back to the candidate, where it was judged good, and wait
    /// for a person as in `Hold`.
    StayOnCandidate {
        /// How long.
        #[serde(with = "duration")]
        at_most: Duration,
        /// And then.
        then: Then,
    },
}

/// What follows when a limit runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Then {
    /// Back to the recorded start.
    RollBack,
    /// Go on with the plan. Refused where it would pass a failed check.
    GoOn,
    /// Leave all as it is and give up the claim: the outcome is `Abandoned`.
    Abandon,
}
