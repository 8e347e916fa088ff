//! Work at a point of a stage: a migration, a smoke test, a load test.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Extension;
use crate::release::Part;
use crate::timestamp::duration;

/// Work at a point of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HookPlan {
    /// Unique in its stage.
    pub name: String,
    /// When.
    pub point: HookPoint,
    /// For which part; `None`: once for the stage. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What is run, found by name in the [`Registry`](crate::Registry).
    pub run: Extension,
    /// How long it may take. Default: 10 minutes, as the deadline of a stage: tests take less, and what
    /// takes longer should say so.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// What its failure means. Default: the stage fails, since it was asked for.
    pub on_failure: OnHookFailure,
    /// Whether it may run again after a crash left it unfinished. Default: never, a person is asked.
    pub rerun: Rerun,
    /// How it is undone on the way back. Default: it need not be, as tests need not.
    pub undo: Undo,
}

impl HookPlan {
    /// A hook with the careful defaults.
    pub fn new(name: impl Into<String>, point: HookPoint, run: Extension) -> Self {
        Self {
            name: name.into(),
            point,
            part: None,
            run,
            timeout: Duration::from_secs(600),
            on_failure: OnHookFailure::Block,
            rerun: Rerun::Never,
            undo: Undo::NotNeeded,
        }
    }

    /// For this part alone.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.part = Some(part);
        self
    }

    /// How long it may take.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Its failure is reported, and the rollout goes on.
    #[must_use]
    pub const fn warns(mut self) -> Self {
        self.on_failure = OnHookFailure::Warn;
        self
    }

    /// Whether it may run again after a crash left it unfinished.
    #[must_use]
    pub const fn rerun(mut self, rerun: Rerun) -> Self {
        self.rerun = rerun;
        self
    }

    /// How it is undone on the way back.
    #[must_use]
    pub fn undo(mut self, undo: Undo) -> Self {
        self.undo = undo;
        self
    }
}

/// The four points of a stage at which a hook can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HookPoint {
    /// Before anything of the stage is written.
    Before,
    /// When capacity is ready, before traffic moves: the place for smoke tests at the preview address.
    Ready,
    /// When traffic is effective.
    Effective,
    /// When the bake is over.
    Baked,
}

/// What a failed hook means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OnHookFailure {
    /// The stage fails.
    Block,
    /// It is reported, and the rollout goes on.
    Warn,
}

/// Whether a hook may run again: after a crash that left it unfinished, and when a person begins a
/// failed stage again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rerun {
    /// Any number of times.
    Safe,
    /// After a crash with the same key, by which the other end recognises it: the request's effect id.
    /// A stage that begins again runs it again under a new one.
    OnlyWithKey,
    /// No: after a crash a person is asked whether it is done, and a stage that begins again passes
    /// it if it is.
    Never,
}

/// How a hook is undone on the way back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Undo {
    /// It leaves nothing behind.
    NotNeeded,
    /// By this, once, after traffic is restored.
    By(Extension),
    /// It cannot be: when it has begun, the way back is closed.
    Impossible,
}
