//! A policy as plain data: what the builders of the strategies take, so that it can be drawn, shrunk and kept.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Amount;
use crate::plan::{
    Bake, Check, Gate, Health, HookPlan, OnFailure, Plan, PlanError, Policies, ReadyRule, Stage,
};
use crate::release::{Part, Release};
use crate::strategy::{BlueGreen, Canary, CanaryStage, Retire, Rolling, Strategy};
use crate::target::{Found, Promotion};
use crate::timestamp::duration;
use crate::weight::Weight;
use crate::world::defaults::defaults;

/// A policy as plain data: one of the built-in strategies with its options.
///
/// In a file, what has its default is left out, and what is not known is refused. The default is a canary
/// without a stage, which no plan can be made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// Which strategy, and what only it has.
    pub way: Way,
    /// How long a stage is watched; `None`: as long as the strategy's default.
    #[serde(skip_serializing_if = "is_default::bake")]
    pub bake: Option<Bake>,
    /// How long it is watched after the last batch, or after traffic has returned; `None`: the strategy's
    /// default.
    #[serde(skip_serializing_if = "is_default::last_bake")]
    pub last_bake: Option<Bake>,
    /// Checks by name.
    #[serde(skip_serializing_if = "is_default::checks")]
    pub checks: BTreeMap<String, Check>,
    /// Hooks, each in the stage of this name.
    #[serde(skip_serializing_if = "is_default::hooks")]
    pub hooks: Vec<(String, HookPlan)>,
    /// Gates, each before the stage of this name.
    #[serde(skip_serializing_if = "is_default::gates")]
    pub gates: Vec<(String, Gate)>,
    /// What is asked before the promotion.
    #[serde(skip_serializing_if = "is_default::gate_promotion")]
    pub gate_promotion: Option<Gate>,
    /// What is asked before what is no longer needed is given up.
    #[serde(skip_serializing_if = "is_default::gate_retirement")]
    pub gate_retirement: Option<Gate>,
    /// How the candidate becomes stable; `None`: as the target prefers.
    #[serde(skip_serializing_if = "is_default::promotion")]
    pub promotion: Option<Promotion>,
    /// What becomes of the track that is no longer needed.
    #[serde(skip_serializing_if = "is_default::retire")]
    pub retire: Retire,
    /// How long the stage before retirement is watched at least.
    #[serde(with = "duration", skip_serializing_if = "is_default::retire_after")]
    pub retire_after: Duration,
    /// The built-in health checks.
    #[serde(skip_serializing_if = "is_default::health")]
    pub health: Health,
    /// When a track counts as ready.
    #[serde(skip_serializing_if = "is_default::ready")]
    pub ready: ReadyRule,
    /// Limit for the walking of each stage.
    #[serde(with = "duration", skip_serializing_if = "is_default::deadline")]
    pub deadline: Duration,
    /// What a failure means.
    #[serde(skip_serializing_if = "is_default::on_failure")]
    pub on_failure: OnFailure,
    /// What a failure means while the release is promoted; `None`: as in all stages.
    #[serde(skip_serializing_if = "is_default::on_promotion_failure")]
    pub on_promotion_failure: Option<OnFailure>,
    /// The stage that closes the way back.
    #[serde(skip_serializing_if = "is_default::no_return")]
    pub no_return: Option<String>,
    /// Parts one after the other, in this order; none: all together.
    #[serde(skip_serializing_if = "is_default::order")]
    pub order: Vec<Part>,
    /// What is to be done about what may come.
    #[serde(skip_serializing_if = "is_default::policies")]
    pub policies: Policies,
}

defaults! {
    is_default of Policy {
        bake: Option<Bake>,
        last_bake: Option<Bake>,
        checks: BTreeMap<String, Check>,
        hooks: Vec<(String, HookPlan)>,
        gates: Vec<(String, Gate)>,
        gate_promotion: Option<Gate>,
        gate_retirement: Option<Gate>,
        promotion: Option<Promotion>,
        retire: Retire,
        retire_after: Duration,
        health: Health,
        ready: ReadyRule,
        deadline: Duration,
        on_failure: OnFailure,
        on_promotion_failure: Option<OnFailure>,
        no_return: Option<String>,
        order: Vec<Part>,
        policies: Policies,
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            way: Way::default(),
            bake: None,
            last_bake: None,
            checks: BTreeMap::new(),
            hooks: Vec::new(),
            gates: Vec::new(),
            gate_promotion: None,
            gate_retirement: None,
            promotion: None,
            retire: Retire::Restore,
            retire_after: Duration::ZERO,
            health: Health::default(),
            ready: ReadyRule::default(),
            deadline: Stage::DEADLINE,
            on_failure: OnFailure::RollBack,
            on_promotion_failure: None,
            no_return: None,
            order: Vec::new(),
            policies: Policies::default(),
        }
    }
}

/// Which strategy, and what only it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Way {
    /// A [`Canary`] with these stages.
    Canary {
        /// In order.
        stages: Vec<Step>,
        /// The last stage may be below 100%.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        promote_directly: bool,
        /// Stickiness is switched off meanwhile.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        suspend_stickiness: bool,
    },
    /// A [`BlueGreen`].
    BlueGreen {
        /// Requests with the header `x-preview: yes` reach the candidate before the switch.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        preview: bool,
    },
    /// A [`Rolling`]; without a surge and without batches the default surge.
    Rolling {
        /// How many replicas may be added at a time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        surge: Option<Amount>,
        /// How many batches.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batches: Option<u32>,
    },
}

impl Default for Way {
    fn default() -> Self {
        Self::Canary {
            stages: Vec::new(),
            promote_directly: false,
            suspend_stickiness: false,
        }
    }
}

/// A stage of a canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Step {
    /// The candidate's share.
    pub weight: Weight,
    /// The share of stable's requests that is copied to the candidate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mirror: Weight,
    /// Requests with the header `x-canary: yes` go to the candidate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub header: bool,
}

fn is_zero(weight: &Weight) -> bool {
    weight.is_zero()
}

impl Step {
    /// At this weight, without a mirror or a route.
    pub const fn at(weight: Weight) -> Self {
        Self {
            weight,
            mirror: Weight::ZERO,
            header: false,
        }
    }

    fn stage(&self) -> CanaryStage {
        let stage = CanaryStage::at(self.weight).mirror(self.mirror);
        if self.header {
            stage.header_route("x-canary", "yes")
        } else {
            stage
        }
    }
}

/// The options that all strategies have.
macro_rules! with_options {
    ($policy:expr, $strategy:expr) => {{
        let (policy, mut strategy) = ($policy, $strategy);
        if let Some(bake) = policy.bake {
            strategy = strategy.bake(bake);
        }
        for (name, check) in &policy.checks {
            strategy = strategy.check(name.as_str(), check.clone());
        }
        for (stage, hook) in &policy.hooks {
            strategy = strategy.hook_in(stage, hook.clone());
        }
        for (stage, gate) in &policy.gates {
            strategy = strategy.gate_before(stage, gate.clone());
        }
        if let Some(gate) = &policy.gate_promotion {
            strategy = strategy.gate_promotion(gate.clone());
        }
        if let Some(promotion) = policy.promotion {
            strategy = strategy.promotion(promotion);
        }
        if let Some(gate) = &policy.gate_retirement {
            strategy = strategy.gate_retirement(gate.clone());
        }
        if let Some(on_failure) = policy.on_promotion_failure {
            strategy = strategy.on_promotion_failure(on_failure);
        }
        if let Some(stage) = &policy.no_return {
            strategy = strategy.point_of_no_return(stage);
        }
        if !policy.order.is_empty() {
            strategy = strategy.parts_in_order(policy.order.iter().cloned());
        }
        strategy
            .retire(policy.retire)
            .retire_after(policy.retire_after)
            .health(policy.health)
            .ready(policy.ready)
            .deadline(policy.deadline)
            .on_failure(policy.on_failure)
            .policies(policy.policies.clone())
    }};
}

impl Strategy for Policy {
    fn plan(&self, release: &Release, found: &Found) -> Result<Plan, PlanError> {
        match &self.way {
            Way::Canary {
                stages,
                promote_directly,
                suspend_stickiness,
            } => {
                let canary = stages.iter().map(Step::stage);
                let mut canary = canary.fold(Canary::new(), Canary::stage);
                if *promote_directly {
                    canary = canary.promote_directly();
                }
                if *suspend_stickiness {
                    canary = canary.suspend_stickiness();
                }
                if let Some(bake) = self.last_bake {
                    canary = canary.bake_after_return(bake);
                }
                with_options!(self, canary).plan(release, found)
            }
            Way::BlueGreen { preview } => {
                let mut switch = BlueGreen::new();
                if *preview {
                    switch = switch.preview_header("x-preview", "yes");
                }
                with_options!(self, switch).plan(release, found)
            }
            Way::Rolling { surge, batches } => {
                let mut rolling = Rolling::new();
                if let Some(surge) = surge {
                    rolling = rolling.max_surge(*surge);
                }
                if let Some(batches) = batches {
                    rolling = rolling.batches(*batches);
                }
                if let Some(bake) = self.last_bake {
                    rolling = rolling.bake_after_last(bake);
                }
                with_options!(self, rolling).plan(release, found)
            }
        }
    }
}
