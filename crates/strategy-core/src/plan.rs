//! A plan: ordered stages, checks and policies. Finite, checked, printable data.

mod bake;
mod check;
mod digest;
mod error;
mod extension;
mod fits;
mod gate;
mod health;
mod hook;
#[cfg(any(test, feature = "driver"))]
pub(crate) mod linger;
mod policy;
mod stage;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod validate;

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
pub use self::table::Facts;
use crate::release::Release;
use crate::target::Found;

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
        mut stages: Vec<Stage>,
        checks: BTreeMap<CheckName, Check>,
        policies: Policies,
    ) -> Result<Self, PlanError> {
        // Plans are many and live for hours.
        stages.shrink_to_fit();
        let plan = Self {
            strategy: strategy.into(),
            release,
            stages,
            checks,
            policies,
        };
        plan.check()?;
        Ok(plan)
    }

    /// What [`Plan::new`] refuses. A plan that was read back is not asked again, so that a later version
    /// can be stricter and still take up the journal of an older one; one that begins is.
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        validate::check(self)
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

    /// Whether it can be carried out on what was found, as far as data can tell.
    ///
    /// The built-in strategies ask this themselves; a strategy of one's own ends with it.
    ///
    /// # Errors
    /// [`PlanError`] when release and targets do not name the same parts, nothing runs that could be
    /// replaced, stable has no such container, a weight is finer than the router can share or further
    /// from what counts can achieve than is tolerated, a route or mirror is not known here, or a
    /// workload that was found would be removed.
    pub fn fits(&self, found: &Found) -> Result<(), PlanError> {
        fits::check(self, found)
    }

    /// The plan for people: one line a stage, then what differs from the defaults, then the digest.
    pub fn table(&self) -> String {
        table::of(self, &Facts::new())
    }

    /// The same with what is known beside the plan: counts and achieved shares, which judges have a
    /// bound, what fences, and what a driver has to say.
    pub fn table_with(&self, facts: &Facts<'_>) -> String {
        table::of(self, facts)
    }
}
