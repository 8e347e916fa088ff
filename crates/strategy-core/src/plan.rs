//! A plan: ordered stages, checks and policies. Finite, checked, printable data.

mod bake;
mod check;
mod digest;
mod error;
mod extension;
mod gate;
mod health;
mod hook;
mod policy;
mod stage;
mod table;
mod validate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::bake::{Bake, Undecided};
pub use self::check::{Check, CheckName, Limits};
pub use self::digest::PlanDigest;
pub use self::error::PlanError;
pub use self::extension::Extension;
pub use self::gate::{Gate, GateKind};
pub use self::health::Health;
pub use self::hook::{HookPlan, HookPoint, OnHookFailure, Rerun, Undo};
pub use self::policy::{ForeignPolicies, ForeignPolicy, Policies, Unreachable};
pub use self::stage::{Goal, GoalTrack, OnFailure, ReadyRule, Stage, StageKind, StageName, Then};
use crate::release::Release;

/// What a rollout will do: stages in order, checks that judge them, policies for what may come.
///
/// Built by a [`Strategy`](crate::Strategy) or by hand; [`Plan::new`] refuses one that could not end.
/// Printed by [`Plan::table`]; approvals are bound to [`Plan::digest`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    strategy: String,
    release: Release,
    stages: Vec<Stage>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    checks: BTreeMap<CheckName, Check>,
    policies: Policies,
}

impl Plan {
    /// A checked plan.
    ///
    /// `strategy` is the name of what made it, for people.
    ///
    /// # Errors
    /// [`PlanError`] says which stage or check is wrong and how to mend it: no stage, a stage named
    /// twice, a goal for a part without images, a weight without capacity behind it, a check that no
    /// stage runs or that a stage names and nobody defines, a limit of zero time, and so on.
    pub fn new(
        strategy: impl Into<String>,
        release: Release,
        stages: Vec<Stage>,
        checks: BTreeMap<CheckName, Check>,
        policies: Policies,
    ) -> Result<Self, PlanError> {
        let plan = Self {
            strategy: strategy.into(),
            release,
            stages,
            checks,
            policies,
        };
        validate::check(&plan)?;
        Ok(plan)
    }

    /// The name of the strategy that made it.
    pub fn strategy(&self) -> &str {
        &self.strategy
    }

    /// What is shipped.
    pub const fn release(&self) -> &Release {
        &self.release
    }

    /// The stages in order; at least one.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The checks by name.
    pub const fn checks(&self) -> &BTreeMap<CheckName, Check> {
        &self.checks
    }

    /// What is to be done about what may come.
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// A digest of everything in the plan: two plans with the same digest do the same.
    pub fn digest(&self) -> PlanDigest {
        digest::of(self)
    }

    /// The plan for people: one line a stage.
    pub fn table(&self) -> String {
        table::of(self)
    }
}
