//! From a rollout file to what the library is given: release, strategy, checks.

use std::collections::BTreeMap;

use strategy_core::plan::CheckName;
use strategy_core::strategy::{self, CanaryStage, CandidateCapacity};
use strategy_core::target;
use strategy_core::{Part, Release, Strategy, share};

use super::stage::{Route, Stage};
use super::strategy::{Canary, Capacity, FollowsWeight};
use super::{
    Amount, Approvals, Gate, Mistake, Percent, Promotion, Retire, RolloutFile, Shorthand, Time,
    convert,
};
use crate::args::ImageOverride;

/// What a rollout file asks for, in the library's terms.
#[derive(Debug)]
pub struct Intent {
    /// What is shipped.
    pub release: Release,
    /// How.
    pub strategy: Box<dyn Strategy>,
    /// The program that counts for each check.
    pub counters: BTreeMap<CheckName, Vec<String>>,
}

/// What every strategy is told in the same words.
macro_rules! in_common {
    ($strategy:expr, $file:expr) => {{
        let file: &RolloutFile = $file;
        let mut strategy = $strategy;
        let order = file.strategy.parts_in_order();
        if !order.is_empty() {
            let field = format!("strategy.{}.parts-in-order", file.strategy.name());
            let parts = order.iter().map(|name| convert::part(name, &field));
            strategy = strategy.parts_in_order(parts.collect::<Result<Vec<Part>, _>>()?);
        }
        for (name, check) in &file.checks {
            strategy = strategy.check(name.as_str(), file.planned_check(name, check)?);
        }
        for (stage, gates) in &file.gates {
            for (index, gate) in gates.iter().enumerate() {
                let field = format!("gates.{stage}[{index}]");
                file.known_roles(gate, &field)?;
                strategy = strategy.gate_before(stage.as_str(), convert::gate(gate, &field)?);
            }
        }
        for (stage, hooks) in &file.hooks {
            for (index, hook) in hooks.iter().enumerate() {
                let field = format!("hooks.{stage}[{index}]");
                strategy = strategy.hook_in(stage.as_str(), convert::hook(hook, &field)?);
            }
        }
        if let Some(approvals) = &file.approvals {
            file.known_approvers(approvals)?;
            if let Some(approvers) = &approvals.promotion {
                strategy = strategy.gate_promotion(convert::approval("promotion", approvers));
            }
            if let Some(approvers) = &approvals.retirement {
                strategy = strategy.gate_retirement(convert::approval("retirement", approvers));
            }
        }
        if let Some(promotion) = file.promotion {
            strategy = strategy.promotion(match promotion {
                Promotion::Swap => target::Promotion::Swap,
                Promotion::Update => target::Promotion::Update,
                Promotion::Native => target::Promotion::Native,
            });
        }
        if let Some(retire) = file.retire {
            strategy = strategy.retire(match retire {
                Retire::Restore => strategy::Retire::Restore,
                Retire::Keep => strategy::Retire::Keep,
                Retire::Remove => strategy::Retire::Remove,
                Retire::ScaleTo(count) => strategy::Retire::ScaleTo(count),
            });
        }
        if let Some(Time(after)) = file.retire_after {
            strategy = strategy.retire_after(after);
        }
        if let Some(health) = file.health {
            strategy = strategy.health(convert::health(health));
        }
        if let Some(ready) = file.ready {
            strategy = strategy.ready(convert::ready(ready));
        }
        if let Some(Time(deadline)) = file.deadline {
            strategy = strategy.deadline(deadline);
        }
        if let Some(on_failure) = file.on_failure {
            strategy = strategy.on_failure(convert::on_failure(on_failure));
        }
        if let Some(on_failure) = file.on_promotion_failure {
            strategy = strategy.on_promotion_failure(convert::on_failure(on_failure));
        }
        if let Some(stage) = &file.point_of_no_return {
            strategy = strategy.point_of_no_return(stage.as_str());
        }
        if let Some(policies) = &file.policies {
            strategy = strategy.policies(convert::policies(policies));
        }
        strategy
    }};
}

impl RolloutFile {
    /// What it asks for, with these images in place of its own.
    ///
    /// # Errors
    /// [`Mistake`] names the field or option that cannot be meant.
    pub fn intent(&self, images: &[ImageOverride]) -> Result<Intent, Mistake> {
        if self.version != 1 {
            let problem = format!(
                "version {} of the rollout file is not known here; write `version: 1`",
                self.version
            );
            return Err(Mistake::new("version", problem));
        }
        self.named()?;
        self.sources_are_sound()?;
        let counters = self.checks.iter().filter_map(|(name, check)| {
            let share = check.failure_share.as_ref()?;
            Some((name.as_str().into(), share.command.clone()))
        });
        Ok(Intent {
            release: self.release.release(&self.parts()?, images)?,
            strategy: self.strategy()?,
            counters: counters.collect(),
        })
    }

    fn strategy(&self) -> Result<Box<dyn Strategy>, Mistake> {
        Ok(match &self.strategy {
            super::Strategy::Canary(canary) => Box::new(in_common!(self.canary(canary)?, self)),
            super::Strategy::BlueGreen(blue_green) => {
                let mut strategy = strategy::BlueGreen::new();
                if let Some(bake) = &blue_green.bake {
                    strategy = strategy.bake(convert::bake(bake));
                }
                if let Some(header) = &blue_green.preview_header {
                    strategy = strategy.preview_header(&header.name, &header.value);
                }
                Box::new(in_common!(strategy, self))
            }
            super::Strategy::Rolling(rolling) => {
                let mut strategy = strategy::Rolling::new();
                if let Some(surge) = rolling.max_surge {
                    strategy = strategy.max_surge(match surge {
                        Amount::Count(count) => share::Amount::Count(count),
                        Amount::Share(Percent(share)) => share::Amount::Share(share),
                    });
                }
                if let Some(batches) = rolling.batches {
                    strategy = strategy.batches(batches);
                }
                if let Some(bake) = &rolling.bake {
                    strategy = strategy.bake(convert::bake(bake));
                }
                if let Some(bake) = &rolling.bake_after_last {
                    strategy = strategy.bake_after_last(convert::bake(bake));
                }
                Box::new(in_common!(strategy, self))
            }
        })
    }

    fn canary(&self, canary: &Canary) -> Result<strategy::Canary, Mistake> {
        let mut strategy = strategy::Canary::new();
        if let Some(bake) = &canary.bake {
            strategy = strategy.bake(convert::bake(bake));
        }
        if let Some(bake) = &canary.bake_after_return {
            strategy = strategy.bake_after_return(convert::bake(bake));
        }
        for (index, stage) in canary.stages.iter().enumerate() {
            strategy = strategy.stage(match stage {
                Shorthand::Word(Percent(weight)) => CanaryStage::at(*weight),
                Shorthand::Mapping(stage) => {
                    self.stage(stage, &format!("strategy.canary.stages[{index}]"))?
                }
            });
        }
        for (index, route) in canary.routes.iter().enumerate() {
            let field = format!("strategy.canary.routes[{index}]");
            strategy = match carried(route, &field)? {
                Carried::Header(name) => strategy.header_route(name, &route.value),
                Carried::Cookie(name) => strategy.cookie_route(name, &route.value),
            };
        }
        if canary.suspend_stickiness {
            strategy = strategy.suspend_stickiness();
        }
        if let Some(given) = canary.capacity {
            strategy = strategy.capacity(capacity(given));
        }
        if canary.promote_directly {
            strategy = strategy.promote_directly();
        }
        Ok(strategy)
    }

    fn stage(&self, given: &Stage, field: &str) -> Result<CanaryStage, Mistake> {
        let mut stage = CanaryStage::at(given.weight.0);
        if let Some(name) = &given.name {
            stage = stage.named(name.as_str());
        }
        if let Some(bake) = &given.bake {
            stage = stage.bake(convert::bake(bake));
        }
        if let Some(Percent(share)) = given.mirror {
            stage = stage.mirror(share);
        }
        for (index, route) in given.routes.iter().enumerate() {
            stage = match carried(route, &format!("{field}.routes[{index}]"))? {
                Carried::Header(name) => stage.header_route(name, &route.value),
                Carried::Cookie(name) => stage.cookie_route(name, &route.value),
            };
        }
        if let Some(checks) = &given.checks {
            for (index, check) in checks.iter().enumerate() {
                if !self.checks.contains_key(check) {
                    return Err(Mistake::new(
                        format!("{field}.checks[{index}]"),
                        format!("there is no check `{check}`; define it under `checks`"),
                    ));
                }
            }
            stage = stage.checks(checks.iter().map(String::as_str));
        }
        for (index, gate) in given.gates.iter().enumerate() {
            let field = format!("{field}.gates[{index}]");
            self.known_roles(gate, &field)?;
            stage = stage.gate(convert::gate(gate, &field)?);
        }
        for (index, hook) in given.hooks.iter().enumerate() {
            stage = stage.hook(convert::hook(hook, &format!("{field}.hooks[{index}]"))?);
        }
        if let Some(ready) = given.ready {
            stage = stage.ready(convert::ready(ready));
        }
        if let Some(health) = given.health {
            stage = stage.health(convert::health(health));
        }
        if let Some(Time(deadline)) = given.deadline {
            stage = stage.deadline(deadline);
        }
        if let Some(on_failure) = given.on_failure {
            stage = stage.on_failure(convert::on_failure(on_failure));
        }
        Ok(stage)
    }

    /// The name goes into the rollout's id and into file names.
    fn named(&self) -> Result<(), Mistake> {
        let name = self.name.as_str();
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = (1..=40).contains(&name.len())
            && name.bytes().all(|b| inner(b) || b == b'-')
            && name.bytes().next().is_some_and(inner)
            && name.bytes().last().is_some_and(inner);
        if fits {
            return Ok(());
        }
        let shown: String = name.chars().take(60).collect();
        Err(Mistake::new(
            "name",
            format!(
                "`{shown}` cannot name a rollout; use 1 to 40 of a-z, 0-9 and `-`, not at either end"
            ),
        ))
    }

    fn known_roles(&self, gate: &Gate, field: &str) -> Result<(), Mistake> {
        match gate {
            Gate::Approval(approval) => {
                self.have_members(&approval.roles, &format!("{field}.approval.roles"))
            }
            Gate::Condition(_) => Ok(()),
        }
    }

    fn known_approvers(&self, approvals: &Approvals) -> Result<(), Mistake> {
        for (name, approvers) in [
            ("promotion", &approvals.promotion),
            ("retirement", &approvals.retirement),
        ] {
            if let Some(approvers) = approvers {
                self.have_members(&approvers.roles, &format!("approvals.{name}.roles"))?;
            }
        }
        Ok(())
    }

    /// A role without members could approve nothing, and the rollout would wait in vain.
    fn have_members(&self, roles: &[String], field: &str) -> Result<(), Mistake> {
        let empty = |role: &&String| {
            self.roles
                .get(*role)
                .is_none_or(|members| members.is_empty())
        };
        match roles.iter().find(empty) {
            None => Ok(()),
            Some(role) => Err(Mistake::new(
                field,
                format!("nobody has the role `{role}`; name its members under `roles.{role}`"),
            )),
        }
    }
}

fn capacity(given: Capacity) -> CandidateCapacity {
    match given {
        Capacity::FollowsWeight(FollowsWeight { headroom, at_least }) => {
            CandidateCapacity::FollowsWeight {
                headroom: headroom.map_or(strategy_core::Weight::ZERO, |share| share.0),
                at_least: at_least.unwrap_or(1),
            }
        }
        Capacity::Fixed(Amount::Count(count)) => {
            CandidateCapacity::Fixed(strategy_core::Capacity::Count(count))
        }
        Capacity::Fixed(Amount::Share(Percent(share))) => {
            CandidateCapacity::Fixed(strategy_core::Capacity::Share(share))
        }
    }
}

/// What requests carry, by its name.
enum Carried<'a> {
    Header(&'a str),
    Cookie(&'a str),
}

fn carried<'a>(route: &'a Route, field: &str) -> Result<Carried<'a>, Mistake> {
    match (&route.header, &route.cookie) {
        (Some(name), None) => Ok(Carried::Header(name)),
        (None, Some(name)) => Ok(Carried::Cookie(name)),
        (None, None) | (Some(_), Some(_)) => Err(Mistake::new(
            field,
            "names one of `header` and `cookie`, such as `{header: x-canary, value: \"true\"}`",
        )),
    }
}

#[cfg(test)]
mod tests;
