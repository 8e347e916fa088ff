//! The seam to hooks and external gates: work and conditions that a plan names.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::plan::{Extension, HookPoint, StageName};
use crate::release::{Part, Release};
use crate::target::{EffectId, RolloutId};
use crate::track::Revision;

/// Work at a point of a stage.
#[async_trait]
pub trait Hook: std::fmt::Debug + Send + Sync {
    /// Does it.
    ///
    /// Called again with the same `id` after a crash if the plan allows it.
    ///
    /// # Errors
    /// When it could not be done. A smoke test that found fault is a report with `passed: false`.
    async fn run(&self, request: &HookRequest) -> Result<HookReport, HookError>;
}

const _: Option<&dyn Hook> = None;

/// What a hook is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HookRequest {
    /// The same when it is run again after a crash: a key by which the other end can recognise it.
    pub id: EffectId,
    /// Of which rollout.
    pub rollout: RolloutId,
    /// In which stage.
    pub stage: StageName,
    /// Its name in the plan.
    pub hook: String,
    /// At which point; `None`: it is being undone.
    pub point: Option<HookPoint>,
    /// For which part; `None`: once for the stage.
    pub part: Option<Part>,
    /// What is shipped.
    pub release: Release,
    /// What the candidate of each part is to run.
    pub revisions: BTreeMap<Part, Revision>,
    /// Where the candidate of each part answers apart from user traffic.
    pub previews: BTreeMap<Part, String>,
    /// Kind and parameters from the plan.
    pub run: Extension,
}

impl HookRequest {
    /// What a hook is told once for its stage, before anything is written: to try it with.
    pub fn new(
        id: EffectId,
        rollout: RolloutId,
        stage: impl Into<StageName>,
        hook: impl Into<String>,
        release: Release,
        run: Extension,
    ) -> Self {
        Self {
            id,
            rollout,
            stage: stage.into(),
            hook: hook.into(),
            point: Some(HookPoint::Before),
            part: None,
            release,
            revisions: BTreeMap::new(),
            previews: BTreeMap::new(),
            run,
        }
    }
}

/// What a hook found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HookReport {
    /// Whether it is as it should be.
    pub passed: bool,
    /// In plain words and numbers, for the audit and for people.
    pub summary: String,
}

impl HookReport {
    /// All is as it should be.
    pub fn passed(summary: impl Into<String>) -> Self {
        Self {
            passed: true,
            summary: summary.into(),
        }
    }

    /// It is not.
    pub fn failed(summary: impl Into<String>) -> Self {
        Self {
            passed: false,
            summary: summary.into(),
        }
    }
}

/// A hook that could not be run.
#[derive(Debug, Error)]
#[error("hook `{hook}`: {problem}")]
#[non_exhaustive]
pub struct HookError {
    /// Which.
    pub hook: String,
    /// What went wrong.
    pub problem: String,
    /// Why.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl HookError {
    /// It could not be run, for this reason.
    pub fn new(hook: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            hook: hook.into(),
            problem: problem.into(),
            source: None,
        }
    }

    /// Why, as an error or in words.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }
}

/// A condition that somebody else knows.
#[async_trait]
pub trait ExternalGate: std::fmt::Debug + Send + Sync {
    /// May the stage begin? Read-only; asked again and again until it opens.
    ///
    /// # Errors
    /// When it cannot be said; the gate stays closed.
    async fn ask(&self, request: &GateRequest) -> Result<GateAnswer, HookError>;
}

const _: Option<&dyn ExternalGate> = None;

/// What an external gate is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GateRequest {
    /// Of this question.
    pub id: EffectId,
    /// Of which rollout.
    pub rollout: RolloutId,
    /// For which stage.
    pub stage: StageName,
    /// Its name in the plan.
    pub gate: String,
    /// What is shipped.
    pub release: Release,
    /// Kind and parameters from the plan.
    pub ask: Extension,
}

impl GateRequest {
    /// What a gate is told: to try it with.
    pub fn new(
        id: EffectId,
        rollout: RolloutId,
        stage: impl Into<StageName>,
        gate: impl Into<String>,
        release: Release,
        ask: Extension,
    ) -> Self {
        Self {
            id,
            rollout,
            stage: stage.into(),
            gate: gate.into(),
            release,
            ask,
        }
    }
}

/// What an external gate says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GateAnswer {
    /// Go on.
    Open,
    /// Not now, and why; ask again.
    Closed(String),
    /// No, and why: the stage fails.
    Refused(String),
}
