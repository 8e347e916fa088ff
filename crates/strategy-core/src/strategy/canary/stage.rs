//! One stage of a canary that differs from the others.

use std::collections::BTreeSet;

use super::super::Percent;
use crate::plan::{Bake, CheckName, Gate, Health, HookPlan, OnFailure, ReadyRule, StageName};
use crate::traffic::{Route, RouteBy};
use crate::weight::{InvalidWeight, Weight};

/// One stage of a canary. What it does not say is as the canary says for all stages.
#[derive(Clone, Debug)]
#[must_use]
pub struct CanaryStage {
    pub(super) weight: Result<Weight, InvalidWeight>,
    pub(super) mirror: Result<Weight, InvalidWeight>,
    pub(super) name: Option<StageName>,
    pub(super) bake: Option<Bake>,
    pub(super) gates: Vec<Gate>,
    pub(super) hooks: Vec<HookPlan>,
    pub(super) checks: Option<BTreeSet<CheckName>>,
    pub(super) routes: Vec<Route>,
    pub(super) health: Option<Health>,
    pub(super) ready: Option<ReadyRule>,
    pub(super) deadline: Option<std::time::Duration>,
    pub(super) on_failure: Option<OnFailure>,
}

impl CanaryStage {
    /// A stage at this weight. Its name is the weight, such as `25%`.
    ///
    /// At 0% it needs a route or a mirror, or else nothing would be tried.
    pub fn at(weight: impl Percent) -> Self {
        Self {
            weight: weight.weight(),
            mirror: Ok(Weight::ZERO),
            name: None,
            bake: None,
            gates: Vec::new(),
            hooks: Vec::new(),
            checks: None,
            routes: Vec::new(),
            health: None,
            ready: None,
            deadline: None,
            on_failure: None,
        }
    }

    /// Another name than the weight.
    pub fn named(mut self, name: impl Into<StageName>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How long it is watched.
    pub fn bake(mut self, bake: impl Into<Bake>) -> Self {
        self.bake = Some(bake.into());
        self
    }

    /// A question before it begins.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gates.push(gate);
        self
    }

    /// An approval before it begins.
    pub fn approval(self, roles: impl IntoIterator<Item = impl Into<String>>, quorum: u32) -> Self {
        self.gate(Gate::approval(
            "approval",
            roles.into_iter().map(Into::into),
            quorum,
        ))
    }

    /// Work at a point of it.
    pub fn hook(mut self, hook: HookPlan) -> Self {
        self.hooks.push(hook);
        self
    }

    /// These checks instead of all that can say something.
    pub fn checks(mut self, checks: impl IntoIterator<Item = impl Into<CheckName>>) -> Self {
        self.checks = Some(checks.into_iter().map(Into::into).collect());
        self
    }

    /// Requests with this header go to the candidate, whatever the weight.
    pub fn header_route(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.routes.push(Route {
            by: RouteBy::Header,
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// Requests with this cookie go to the candidate, whatever the weight.
    pub fn cookie_route(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.routes.push(Route {
            by: RouteBy::Cookie,
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// So much of stable's requests is copied to the candidate.
    pub fn mirror(mut self, share: impl Percent) -> Self {
        self.mirror = share.weight();
        self
    }

    /// Its own health checks.
    pub const fn health(mut self, health: Health) -> Self {
        self.health = Some(health);
        self
    }

    /// Its own ready rule.
    pub const fn ready(mut self, ready: ReadyRule) -> Self {
        self.ready = Some(ready);
        self
    }

    /// Its own limit for the walking.
    pub const fn deadline(mut self, deadline: std::time::Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// What a failure in it means.
    pub const fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = Some(on_failure);
        self
    }
}
