//! How a rollout stands, for people and for `watch`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outcome::{Left, Outcome, Reason};
use crate::analysis::Verdict;
use crate::plan::{CheckName, StageName};
use crate::release::Part;
use crate::target::RolloutId;
use crate::timestamp::{Timestamp, duration};
use crate::weight::Weight;

/// How a rollout stands. A copy: nothing in it changes the rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// Its name.
    pub id: RolloutId,
    /// What made its plan.
    pub strategy: String,
    /// What is shipped, as text.
    pub release: String,
    /// The plan's digest, whole.
    pub plan: String,
    /// What it is doing.
    pub phase: Phase,
    /// Since when, by the wall clock.
    pub since: Timestamp,
    /// The stage it is in, counted from 0; past the last one when all have passed.
    pub stage: usize,
    /// The stages in order.
    pub stages: Vec<StageStatus>,
    /// Until when a person paused it, by the wall clock.
    pub paused_until: Option<Timestamp>,
    /// Until when it holds for a person, by the wall clock.
    pub held_until: Option<Timestamp>,
    /// Why it failed or holds.
    pub reason: Option<Reason>,
    /// What each part waits for, in words.
    pub waiting: Vec<Left>,
    /// What is left to do where it is stuck.
    pub left: Vec<Left>,
    /// The approval it waits for.
    pub approval: Option<ApprovalStatus>,
    /// The bake that runs.
    pub bake: Option<BakeStatus>,
    /// The parts by name. Boxed, since a map has room for eleven values from the first one on.
    pub parts: BTreeMap<Part, Box<PartStatus>>,
    /// The checks by name.
    pub checks: BTreeMap<CheckName, CheckStatus>,
    /// How it ended, once that is reached.
    pub outcome: Option<Outcome>,
    /// Nothing is left to do.
    pub settled: bool,
}

/// What a rollout is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Phase {
    /// Takes the claims, part by part.
    Claiming,
    /// Looks whether all is as it was discovered.
    Confirming,
    /// Waits for a gate.
    Gating,
    /// Runs a hook.
    Hooking,
    /// Walks to the stage's goal.
    Stepping,
    /// Watches.
    Baking,
    /// Waits for a person.
    Holding,
    /// Walks to the recorded start.
    RollingBack,
    /// Cannot go on by itself.
    Stuck,
    /// Takes exposure to 0 for a successor.
    Superseding,
    /// The outcome is reached; gives back the claims.
    Settling,
    /// Nothing is left to do.
    Settled,
}

/// One stage as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StageStatus {
    /// Its name.
    pub name: StageName,
    /// The largest weight it asks of any part.
    pub weight: Weight,
    /// Whether it is over.
    pub state: StageState,
}

/// Whether a stage is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StageState {
    /// Not yet begun.
    Pending,
    /// Under way.
    Active,
    /// Over, and good.
    Passed,
    /// Where it failed.
    Failed,
}

/// An approval that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApprovalStatus {
    /// Of which stage.
    pub stage: StageName,
    /// Which gate.
    pub gate: String,
    /// Roles that count; empty: anyone.
    pub roles: Vec<String>,
    /// Who has approved.
    pub given_by: Vec<String>,
    /// How many are still missing.
    pub missing: u32,
    /// Until when, by the wall clock.
    pub until: Timestamp,
}

/// A bake that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BakeStatus {
    /// On the bake clock so far.
    #[serde(with = "duration")]
    pub elapsed: Duration,
    /// What the plan asks.
    #[serde(with = "duration")]
    pub at_least: Duration,
    /// Whether the clock runs.
    pub running: bool,
}

/// One part as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PartStatus {
    /// The stable track.
    pub stable: TrackStatus,
    /// The candidate track.
    pub candidate: TrackStatus,
    /// The candidate's share as written; where traffic follows readiness, as achieved.
    pub written: Weight,
    /// The candidate's share as effective, where it is known.
    pub effective: Option<Weight>,
    /// Whether it can be read and written.
    pub reachable: bool,
    /// When it was last observed, by the wall clock.
    pub observed: Option<Timestamp>,
}

/// One track as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrackStatus {
    /// Its name, such as `deployment/api-green`.
    pub name: String,
    /// What it was told to run, as text.
    pub runs: String,
    /// Ready pods.
    pub ready: u32,
    /// Wanted pods.
    pub wanted: u32,
    /// What will not mend itself, as text.
    pub fatal: Vec<String>,
}

/// One check as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckStatus {
    /// Looks judged so far.
    pub looks: u64,
    /// `Fail` among them.
    pub failures: u32,
    /// The newest verdict.
    pub verdict: Option<Verdict>,
    /// Its evidence.
    pub evidence: String,
}
