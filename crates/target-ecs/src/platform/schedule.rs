//! The steps of a plan as Amazon ECS takes them itself: a deployment strategy, the weights it comes to, and
//! how long it is kept waiting before a step; or why it cannot take them.

mod refusal;
#[cfg(test)]
mod tests;
mod waits;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::plan::{Goal, Stage};
use strategy_core::target::Finding;
use strategy_core::{Capacity, Part, Plan, Revision, Weight, duration};

pub(crate) use self::refusal::Refusal;

/// The longest that a hook may wait for an answer, in minutes: `timeoutInMinutes` of `PAUSE` is 1 to 20160.
pub(crate) const LONGEST_HOOK: u64 = 20_160;
/// A hook that waits for longer, in minutes, is worth knowing of.
const LONG_HOOK: u16 = 120;
/// The smallest step of `linearConfiguration`, in tenths of a percent.
const LEAST_STEP: u16 = 30;
/// Basis points in a tenth of a percent, which is how finely Amazon ECS takes a weight.
const TENTH: u16 = 10;

/// How Amazon ECS shifts what the plan asks for, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Schedule {
    /// What the service is told.
    pub(crate) shift: Shift,
    /// The candidate's share after each step, rising to all. A stage that brings the release up without any
    /// traffic is none: it starts the deployment, and answers nothing.
    pub(crate) steps: Vec<Weight>,
    /// How long a hook waits for our answer before it rolls back, in minutes: 1 to 20160.
    pub(crate) hook_minutes: u16,
}

/// `deploymentConfiguration.strategy` with its numbers, in tenths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shift {
    /// `BLUE_GREEN`: everything at once.
    AllAtOnce,
    /// `CANARY`: `canaryPercent` of so many tenths first, then everything.
    Canary(u16),
    /// `LINEAR`: `stepPercent` of so many tenths again and again; the last step is what is left.
    Linear(u16),
}

impl Schedule {
    /// How Amazon ECS carries out a plan for this part, or every reason why it cannot.
    pub(crate) fn of(plan: &Plan, part: &Part) -> Result<Self, Vec<Refusal>> {
        let stages = plan.stages();
        let mut refusals = Vec::new();
        let mut taken: Vec<Taken<'_>> = Vec::new();
        let (mut started, mut retired) = (None, None);
        for (index, stage) in stages.iter().enumerate() {
            let Some(goal) = stage.goals.get(part) else {
                continue;
            };
            if waits_for_its_turn(goal) && taken.is_empty() {
                continue;
            }
            if is_retired(goal) && !taken.is_empty() {
                retired.get_or_insert(index);
                continue;
            }
            refusal::of_goal(stage, goal, &mut refusals);
            let weight = goal.traffic.weight;
            if weight.is_zero() && taken.is_empty() {
                started.get_or_insert(index);
                continue;
            }
            if taken.last().is_none_or(|last| last.weight != weight) {
                let stage = (index, stage);
                taken.push(Taken { stage, weight });
            }
        }
        let Some(first) = taken.first() else {
            return Err(vec![Refusal::nothing_asked(part)]);
        };
        if is_retired_by(first, part) {
            return Err(vec![Refusal::rolling(part)]);
        }
        let shift = shift(&taken, &mut refusals);
        let Some(retired) = retired else {
            refusals.push(Refusal::promotion(part));
            return Err(refusals);
        };
        let grants: Vec<usize> = taken.iter().map(|taken| taken.stage.0).collect();
        let waits = waits::before_each(plan, started, &grants, retired);
        let minutes = refusal::of_waits(plan, &waits, &mut refusals);
        match (shift, minutes) {
            (Some(shift), Some(hook_minutes)) if refusals.is_empty() => Ok(Self {
                shift,
                steps: taken.iter().map(|taken| taken.weight).collect(),
                hook_minutes,
            }),
            (_, _) => Err(refusals),
        }
    }

    /// That nobody who does not know it should find out when Rollway is gone.
    pub(crate) fn waits_long(&self, about: &str) -> Option<Finding> {
        let wait = Duration::from_secs(u64::from(self.hook_minutes) * 60);
        (self.hook_minutes > LONG_HOOK).then(|| {
            Finding::warns(
                "hook-waits-long",
                about,
                format!(
                    "if nobody answers, Amazon ECS goes back only after {}, since that long the plan may stay before a step",
                    duration::format(wait)
                ),
                "bound `policies.pause`, holds for other hands, gates and bakes, or know that it is so",
            )
        })
    }

    /// Which step has this weight, from 1; `None`: no step has, or none is taken yet.
    pub(crate) fn step_at(&self, weight: Weight) -> Option<usize> {
        let found = self.steps.iter().position(|step| *step == weight);
        found.map(|index| index + 1)
    }

    /// The candidate's share when so many steps are granted; none before the first. Beyond the last it
    /// stays where it is.
    pub(crate) fn weight_after(&self, steps: usize) -> Weight {
        let last = steps.min(self.steps.len()).checked_sub(1);
        let weight = last.and_then(|last| self.steps.get(last));
        weight.copied().unwrap_or(Weight::ZERO)
    }
}

impl Shift {
    /// The shares that Amazon ECS makes of it, as its documentation says: what is told, again and again as
    /// far as it goes, and then everything.
    pub(crate) fn weights(self) -> Vec<Weight> {
        let tenths = |tenths: u16| Weight::from_basis_points(tenths.saturating_mul(TENTH));
        let mut weights: Vec<Weight> = match self {
            Self::AllAtOnce => Vec::new(),
            Self::Canary(first) => tenths(first).into_iter().collect(),
            Self::Linear(step) => (1u16..)
                .map_while(|times| tenths(step.checked_mul(times)?).ok())
                .take_while(|weight| *weight < Weight::FULL && !weight.is_zero())
                .collect(),
        };
        weights.retain(|weight| *weight < Weight::FULL);
        weights.push(Weight::FULL);
        weights
    }
}

/// A step: the first stage that asks for this weight.
struct Taken<'a> {
    stage: (usize, &'a Stage),
    weight: Weight,
}

/// Everything is as it was found: another part has its turn.
fn waits_for_its_turn(goal: &Goal) -> bool {
    let candidate = &goal.candidate.revision;
    let found = [Revision::Absent, Revision::Recorded].contains(candidate);
    found
        && goal.stable.revision == Revision::Recorded
        && goal.stable.capacity == Capacity::Recorded
}

/// What was found runs no more: what is asked when the platform may finish.
fn is_retired(goal: &Goal) -> bool {
    goal.stable.revision == Revision::Recorded && goal.stable.capacity == Capacity::Count(0)
}

/// The first thing that is asked takes what was found away.
fn is_retired_by(first: &Taken<'_>, part: &Part) -> bool {
    first
        .stage
        .1
        .goals
        .get(part)
        .is_some_and(|goal| is_retired(goal))
}

/// The strategy whose steps are these; refusals say why there is none.
fn shift(taken: &[Taken<'_>], refusals: &mut Vec<Refusal>) -> Option<Shift> {
    let before = refusals.len();
    for pair in taken.windows(2) {
        if let [one, next] = pair
            && next.weight <= one.weight
        {
            refusals.push(Refusal::falls(next.stage.1, one.weight, next.weight));
        }
    }
    for taken in taken {
        let points = taken.weight.basis_points();
        if points < TENTH {
            refusals.push(Refusal::too_small(taken.stage.1, taken.weight));
        } else if points % TENTH != 0 {
            refusals.push(Refusal::too_fine(taken.stage.1, taken.weight));
        }
    }
    let last = taken.last()?;
    if last.weight != Weight::FULL {
        refusals.push(Refusal::not_all(last.stage.1, last.weight));
    }
    if refusals.len() > before {
        return None;
    }
    let tenths = |taken: &Taken<'_>| taken.weight.basis_points() / TENTH;
    match taken {
        [_] => Some(Shift::AllAtOnce),
        [first, _] => Some(Shift::Canary(tenths(first))),
        [first, ..] => {
            let shift = Shift::Linear(tenths(first));
            let equal = shift.weights();
            let differs = taken
                .iter()
                .zip(equal.iter().map(Some).chain(std::iter::repeat(None)))
                .find(|(taken, weight)| Some(&taken.weight) != *weight);
            if let Some((taken, _)) = differs {
                refusals.push(Refusal::not_equal(
                    taken.stage.1,
                    first.weight,
                    taken.weight,
                ));
                return None;
            }
            if tenths(first) < LEAST_STEP {
                refusals.push(Refusal::step_too_small(first.stage.1, first.weight));
                return None;
            }
            Some(shift)
        }
        [] => None,
    }
}
