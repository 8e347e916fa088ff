//! Hooks in the rollout file: work at a point of a stage, done by a program.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::Time;

/// Work at a point of a stage, done by a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hook {
    /// Unique in its stage.
    pub name: String,
    /// When it runs.
    pub at: Point,
    /// Program and arguments; no shell is involved. Status 0 passes.
    pub command: Vec<String>,
    /// For which part. Default: once for the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// How long it may take. Default: `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Time>,
    /// What its failure means. Default: `block`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnHookFailure>,
    /// Whether it may run again after a crash left it unfinished. Default: `never`, a person is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rerun: Option<Rerun>,
    /// How it is undone on the way back. Default: `not-needed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
}

/// The four points of a stage at which a hook can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// Before anything of the stage is written.
    Before,
    /// When capacity is ready, before traffic moves.
    Ready,
    /// When traffic is effective.
    Effective,
    /// When the bake is over.
    Baked,
}

/// What a failed hook means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnHookFailure {
    /// The stage fails.
    Block,
    /// It is reported, and the rollout goes on.
    Warn,
}

/// Whether a hook that a crash left unfinished may run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rerun {
    /// Any number of times.
    Safe,
    /// With the same `ROLLWAY_KEY`, by which the other end recognises it.
    OnlyWithKey,
    /// No: a person is asked whether it is done.
    Never,
}

/// How a hook is undone on the way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// It leaves nothing behind.
    NotNeeded,
    /// It cannot be undone: when it has begun, the way back is closed.
    Impossible,
    /// By this program, once, after traffic is restored.
    Command(Vec<String>),
}
