//! The stages of a canary on which more and more traffic reaches the release.

use std::collections::BTreeMap;

use super::{Canary, CanaryStage, CandidateCapacity, NAME};
use crate::plan::{Goal, PlanError, Stage, StageKind, StageName};
use crate::share::need;
use crate::strategy::ground::Ground;
use crate::strategy::settings::Draft;
use crate::strategy::turn::Turn;
use crate::target::{Promotion, Routing};
use crate::track::Capacity;
use crate::traffic::Traffic;
use crate::weight::{InvalidWeight, Weight};

impl Canary {
    /// The weights, checked: they rise, and the last one is all.
    fn weights(&self) -> Result<Vec<Weight>, PlanError> {
        let wrong = |problem: String, mend: &str| Err(PlanError::strategy(NAME, problem, mend));
        let weights: Vec<Weight> = self
            .stages
            .iter()
            .map(|stage| stage.weight.clone())
            .collect::<Result<_, InvalidWeight>>()?;
        let Some(last) = weights.last() else {
            return wrong(
                "it has no stages".to_owned(),
                "name weights, such as `.stages([5, 25, 50, 100])`",
            );
        };
        for (weight, stage) in weights.iter().zip(&self.stages) {
            let mirror = stage.mirror.clone()?;
            let tries = !stage.routes.is_empty() || !self.routes.is_empty() || !mirror.is_zero();
            if weight.is_zero() && !tries {
                return wrong(
                    "a stage at 0% tries nothing".to_owned(),
                    "give it a route or a mirror, or leave it out",
                );
            }
        }
        for pair in weights.windows(2) {
            if let [before, after] = pair
                && after <= before
                && !(before.is_zero() && after.is_zero())
            {
                return wrong(
                    format!("the weights do not rise: {after} follows {before}"),
                    "let each stage have more than the one before",
                );
            }
        }
        if *last != Weight::FULL && !self.promote_directly {
            return wrong(
                format!("the last stage is at {last}"),
                "end with 100%, or say `.promote_directly()` to take the rest in one step",
            );
        }
        Ok(weights)
    }

    fn traffic(&self, stage: &CanaryStage, weight: Weight) -> Result<Traffic, PlanError> {
        let mut traffic = Traffic::weight(weight);
        if weight == Weight::FULL {
            return Ok(traffic);
        }
        traffic.mirror = stage.mirror.clone()?;
        traffic.routes = self.routes.iter().chain(&stage.routes).cloned().collect();
        traffic.stickiness = self.stickiness;
        Ok(traffic)
    }

    fn goal(&self, ground: &Ground<'_>, traffic: Traffic) -> Result<Goal, PlanError> {
        if ground.routing() == Routing::FollowsReadiness && traffic.weight.is_zero() {
            return Err(PlanError::strategy(
                NAME,
                format!(
                    "part `{}`: where traffic follows readiness, a stage at 0% has no candidate at all",
                    ground.part
                ),
                "begin with a weight above 0%, or use a router",
            ));
        }
        let capacity = match self.capacity {
            CandidateCapacity::Fixed(capacity) => capacity,
            CandidateCapacity::FollowsWeight { headroom, at_least } => {
                follow(&traffic, headroom, at_least.max(1), ground.baseline())
            }
        };
        Ok(ground.exposed(traffic, capacity, self.share_surge))
    }

    /// The expose stages of a turn.
    pub(super) fn expose(&self, draft: &mut Draft, turn: &Turn<'_>) -> Result<(), PlanError> {
        let weights = self.weights()?;
        let last = weights.len() - 1;
        for (index, (stage, weight)) in self.stages.iter().zip(weights).enumerate() {
            let traffic = self.traffic(stage, weight)?;
            let mut goals = match index {
                0 => turn.waiting(),
                _ => BTreeMap::new(),
            };
            for ground in &turn.grounds {
                goals.insert(ground.part.clone(), self.goal(ground, traffic.clone())?);
            }
            let plain = match &stage.name {
                Some(name) => name.to_string(),
                None => weight.to_string(),
            };
            let name: StageName = turn.name(&plain).into();
            let bake = stage.bake.unwrap_or(self.bake);
            let mut made = self
                .settings
                .stage(name.clone(), StageKind::Expose, goals, bake);
            made.gates.clone_from(&stage.gates);
            made.hooks.clone_from(&stage.hooks);
            own(&mut made, stage);
            if index == last && weight == Weight::FULL {
                self.settings.approve_swap(&mut made, &turn.grounds);
            }
            draft.also_called(&name, plain);
            draft.push(made, stage.checks.clone());
        }
        self.take_the_rest(draft, turn)
    }

    /// Where the last weight is below 100% and no stage of its own promotes, one takes the rest.
    fn take_the_rest(&self, draft: &mut Draft, turn: &Turn<'_>) -> Result<(), PlanError> {
        let full = self
            .stages
            .last()
            .is_some_and(|stage| stage.weight == Ok(Weight::FULL));
        let promotes = |ground: &&&Ground<'_>| ground.promotion == Promotion::Update;
        let rest: Vec<_> = turn.grounds.iter().filter(|g| !promotes(g)).collect();
        if full || rest.is_empty() {
            return Ok(());
        }
        let mut goals = BTreeMap::new();
        for ground in rest {
            let goal = self.goal(ground, Traffic::weight(Weight::FULL))?;
            goals.insert(ground.part.clone(), goal);
        }
        let name: StageName = turn.name("rest").into();
        let mut stage = self
            .settings
            .stage(name.clone(), StageKind::Promote, goals, self.bake);
        self.settings.approve_swap(&mut stage, &turn.grounds);
        draft.also_called(&name, "rest");
        draft.push(stage, None);
        Ok(())
    }
}

/// What one stage says for itself.
fn own(made: &mut Stage, stage: &CanaryStage) {
    if let Some(health) = stage.health {
        made.health = health;
    }
    if let Some(ready) = stage.ready {
        made.ready = ready;
    }
    if let Some(deadline) = stage.deadline {
        made.deadline = deadline;
    }
    if let Some(on_failure) = stage.on_failure {
        made.on_failure = on_failure;
    }
}

/// The stage's share and the head-room, never fewer than `at_least`.
///
/// A share stays a share where it can, so that it grows with a baseline that an autoscaler raises.
fn follow(traffic: &Traffic, headroom: Weight, at_least: u32, baseline: u32) -> Capacity {
    let points = traffic
        .candidate_share()
        .basis_points()
        .saturating_add(headroom.basis_points())
        .min(Weight::FULL.basis_points());
    let share = Weight::from_basis_points(points).unwrap_or(Weight::FULL);
    if share.is_zero() || need(share, baseline) < at_least {
        Capacity::Count(at_least)
    } else {
        Capacity::Share(share)
    }
}
