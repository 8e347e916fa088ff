//! What a search can count. Larger numbers would be taken for smaller ones, so they are refused.

use std::time::Duration;

use thiserror::Error;

use crate::plan::{ForeignPolicy, GateKind, OnFailure, Plan, Policies, Stage, Undecided};
use crate::rollout::{FAR, MANY, StartError};
use crate::target::{Discovery, Effectiveness, Found};

/// Ticks that a judge counts, in a byte: one more is what is too old.
pub(super) const TICKS: u8 = 199;
/// What is told apart by a number in a byte, with all calls that can be under way.
const THINGS: usize = 64;
/// Each may name two revisions, which are told apart by a byte.
const STAGES: usize = 100;

/// Why nothing is searched.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidExploration {
    /// The rollout cannot even be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A value is larger than a search can count.
    #[error(
        "`{at}` is {value}, and a search counts to {most}: make it smaller, as `explore::plans::brief` does with the times of a plan"
    )]
    TooLarge {
        /// Which value, as in a plan: `stages.promote.bake.at_least`.
        at: String,
        /// What it is.
        value: String,
        /// The most that it may be.
        most: String,
    },
}

type Checked = Result<(), InvalidExploration>;

/// Refuses a plan, or what was found, with larger values than a search can count.
pub(super) fn check(plan: &Plan, found: &Found) -> Checked {
    let bounds = Bounds {
        ticks: plan.policies().resync * u32::from(TICKS),
    };
    count("stages", plan.stages().len(), STAGES)?;
    count("checks", plan.checks().len(), THINGS)?;
    count("parts", found.iter().count(), THINGS)?;
    bounds.policies(plan.policies())?;
    for stage in plan.stages() {
        bounds.stage(stage)?;
    }
    for (name, check) in plan.checks() {
        bounds.ticks(&format!("checks.{name}.interval"), check.interval)?;
        far(&format!("checks.{name}.timeout"), check.timeout)?;
    }
    for (part, found) in found.iter() {
        bounds.found(&format!("found.{part}"), found)?;
    }
    Ok(())
}

struct Bounds {
    /// As long as a judge counts.
    ticks: Duration,
}

impl Bounds {
    fn ticks(&self, at: &str, value: Duration) -> Checked {
        time(at, value, self.ticks.min(FAR))
    }

    fn policies(&self, policies: &Policies) -> Checked {
        self.ticks("policies.stale_after", policies.stale_after)?;
        far("policies.unreachable.limit", policies.unreachable.limit)?;
        far("policies.write_timeout", policies.write_timeout)?;
        far("policies.way_back_wait", policies.way_back_wait)?;
        far("policies.rollback_deadline", policies.rollback_deadline)?;
        far("policies.pause_limit", policies.pause_limit)?;
        let foreign = &policies.foreign;
        for (name, policy) in [
            ("traffic", &foreign.traffic),
            ("capacity", &foreign.capacity),
            ("revision", &foreign.revision),
        ] {
            match policy {
                ForeignPolicy::Hold { at_most, .. } => {
                    far(&format!("policies.foreign.{name}.at_most"), *at_most)?;
                }
                ForeignPolicy::Reassert { .. } | ForeignPolicy::RollBack | ForeignPolicy::Yield => {
                }
            }
        }
        Ok(())
    }

    fn stage(&self, stage: &Stage) -> Checked {
        let at = |value: &str| format!("stages.{}.{value}", stage.name);
        self.ticks(&at("bake.at_least"), stage.bake.at_least)?;
        self.ticks(&at("bake.at_most"), stage.bake.at_most)?;
        let looks = usize::try_from(stage.bake.looks).unwrap_or(usize::MAX);
        count(&at("bake.looks"), looks, usize::from(u8::MAX))?;
        match stage.bake.undecided {
            Undecided::Hold { at_most, .. } => far(&at("bake.undecided.at_most"), at_most)?,
            Undecided::Then(_) => {}
        }
        far(&at("deadline"), stage.deadline)?;
        far(&at("ready.settle"), stage.ready.settle)?;
        far(&at("ready.grace"), stage.ready.grace)?;
        match stage.on_failure {
            OnFailure::Hold { at_most, .. } | OnFailure::StayOnCandidate { at_most, .. } => {
                far(&at("on_failure.at_most"), at_most)?;
            }
            OnFailure::RollBack => {}
        }
        // One restart more than is tolerated has to be told from what is tolerated.
        let restarts = u64::from(stage.health.restarts.unwrap_or(0));
        if restarts >= MANY {
            return Err(too_large(&at("health.restarts"), &restarts, &(MANY - 1)));
        }
        for gate in &stage.gates {
            far(&at(&format!("gates.{}.limit", gate.name)), gate.limit)?;
            match &gate.kind {
                GateKind::External { every, .. } => {
                    far(&at(&format!("gates.{}.every", gate.name)), *every)?;
                }
                GateKind::Approval { .. } => {}
            }
        }
        for hook in &stage.hooks {
            far(&at(&format!("hooks.{}.timeout", hook.name)), hook.timeout)?;
        }
        Ok(())
    }

    fn found(&self, at: &str, found: &Discovery) -> Checked {
        let traffic = &found.observation.traffic;
        self.ticks(&format!("{at}.drain"), traffic.drain)?;
        self.ticks(&format!("{at}.sticky"), traffic.sticky)?;
        match found.capabilities.effectiveness {
            Effectiveness::Assumed { after } => far(&format!("{at}.effectiveness.after"), after),
            Effectiveness::Verified => Ok(()),
        }
    }
}

fn count(at: &str, value: usize, most: usize) -> Checked {
    if value > most {
        return Err(too_large(at, &value, &most));
    }
    Ok(())
}

/// What is further ahead is simply far for a canonical machine.
fn far(at: &str, value: Duration) -> Checked {
    time(at, value, FAR)
}

fn time(at: &str, value: Duration, most: Duration) -> Checked {
    if value > most {
        let (value, most) = (format!("{value:?}"), format!("{most:?}"));
        return Err(too_large(at, &value, &most));
    }
    Ok(())
}

fn too_large(at: &str, value: &impl ToString, most: &impl ToString) -> InvalidExploration {
    InvalidExploration::TooLarge {
        at: at.to_owned(),
        value: value.to_string(),
        most: most.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Exploration, plans};
    use crate::plan::{Bake, Health, HookPlan, HookPoint, ReadyRule, Unreachable};
    use crate::plan::{Check, Extension, Gate};
    use crate::strategy::{Canary, Strategy};

    const DAY: Duration = Duration::from_secs(24 * 3600);
    const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

    fn found() -> Found {
        let mut all = plans::all().unwrap().into_iter();
        all.find(|plan| plan.name == "canary-check").unwrap().found
    }

    fn refused(strategy: &Canary, found: &Found) -> String {
        let plan = strategy.plan(&plans::release().unwrap(), found).unwrap();
        let searched = Exploration::of(plan, found.clone()).mischief(0).run();
        searched.unwrap_err().to_string()
    }

    fn once() -> Canary {
        Canary::new().stages([100])
    }

    fn hourly() -> Policies {
        Policies {
            resync: Duration::from_secs(3600),
            stale_after: Duration::from_secs(3601),
            ..Policies::default()
        }
    }

    #[test]
    fn what_a_search_cannot_count_is_refused_with_its_place_and_its_bound() {
        let ms = Duration::from_millis(1);
        // A resync is 30 seconds, of which 199 are 5970.
        let ticks = Duration::from_secs(5_970);
        let mut gate = Gate::approval("people", [], 1);
        gate.limit = WEEK + ms;
        let mut hook = HookPlan::new("migrate", HookPoint::Before, Extension::new("migrate"));
        hook.timeout = WEEK + ms;
        let check = |every| Check::new(Extension::new("errors")).every(every);
        let health = Health {
            restarts: Some(64),
            ..Health::default()
        };
        let policies = |change: fn(&mut Policies)| {
            let mut policies = Policies::default();
            change(&mut policies);
            once().policies(policies)
        };
        for (strategy, at, value, most) in [
            (
                once().bake(Bake::of(ticks + ms)),
                "stages.100%.bake.at_least",
                "5970.001s",
                "5970s",
            ),
            (
                once().bake(Bake::of(ms).at_most(ticks + ms)),
                "stages.100%.bake.at_most",
                "5970.001s",
                "5970s",
            ),
            (
                once()
                    .bake(Bake::of(ms).at_most(ticks).looks(256))
                    .check("errors", check(Duration::from_secs(10))),
                "stages.100%.bake.looks",
                "256",
                "255",
            ),
            (
                once().deadline(WEEK + ms),
                "stages.100%.deadline",
                "604800.001s",
                "604800s",
            ),
            (
                once().ready(ReadyRule::default().grace(WEEK + ms)),
                "stages.100%.ready.grace",
                "604800.001s",
                "604800s",
            ),
            (
                once().health(health),
                "stages.100%.health.restarts",
                "64",
                "63",
            ),
            (
                once().gate_promotion(gate),
                "stages.100%.gates.people.limit",
                "604800.001s",
                "604800s",
            ),
            (
                once().hook(hook),
                "stages.100%.hooks.migrate.timeout",
                "604800.001s",
                "604800s",
            ),
            (
                policies(|policies| policies.stale_after = Duration::from_secs(5_971)),
                "policies.stale_after",
                "5971s",
                "5970s",
            ),
            (
                policies(|policies| policies.pause_limit = WEEK + DAY),
                "policies.pause_limit",
                "691200s",
                "604800s",
            ),
            (
                policies(|policies| {
                    policies.unreachable =
                        Unreachable::after(WEEK + DAY, policies.unreachable.then);
                }),
                "policies.unreachable.limit",
                "691200s",
                "604800s",
            ),
        ] {
            assert_eq!(
                refused(&strategy, &found()),
                format!(
                    "`{at}` is {value}, and a search counts to {most}: make it smaller, as `explore::plans::brief` does with the times of a plan"
                )
            );
        }
    }

    #[test]
    fn what_is_found_is_counted_in_ticks_as_well() {
        let with = |drain: Duration| {
            let mut discovery = found().iter().next().unwrap().1.clone();
            discovery.observation.traffic.drain = drain;
            Found::main(discovery)
        };
        let drains = with(Duration::from_secs(5_971));
        let said = refused(&once(), &drains);
        assert!(said.starts_with("`found.main.drain` is 5971s"), "{said}");
        // The longer a tick is, the longer may last what is counted in ticks.
        let plan = once().policies(hourly());
        let plan = plan.plan(&plans::release().unwrap(), &drains).unwrap();
        assert_eq!(check(&plan, &drains), Ok(()));
    }

    #[test]
    fn the_bounds_themselves_and_plans_with_defaults_are_searched() {
        let ticks = Duration::from_secs(5_970);
        let largest = once()
            .bake(Bake::of(ticks).at_most(ticks).looks(255))
            .deadline(WEEK)
            .check(
                "errors",
                Check::new(Extension::new("errors")).every(Duration::from_secs(10)),
            );
        for strategy in [largest, once(), Canary::new().stages([5, 25, 50, 100])] {
            let plan = strategy.plan(&plans::release().unwrap(), &found()).unwrap();
            assert_eq!(check(&plan, &found()), Ok(()));
        }
    }
}
