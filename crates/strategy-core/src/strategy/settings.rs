//! What all strategies share: options of their builders, and the last steps from stages to a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Retire;
use super::ground::{Ground, Tail};
use super::turn::Turn;
use crate::plan::validate::no_return::NoReturn;
use crate::plan::{
    Bake, Check, CheckName, Gate, Goal, Health, HookPlan, OnFailure, Plan, PlanError, Policies,
    ReadyRule, Stage, StageKind, StageName, Then, Undecided,
};
use crate::release::{Part, Release};
use crate::target::{Found, Promotion};
use crate::track::Revision;

/// How long a person is waited for past a point of no return: over a night and a morning.
const NO_RETURN_HOLD: Duration = Duration::from_secs(24 * 3600);

/// Options that every strategy has.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) checks: BTreeMap<CheckName, Check>,
    pub(super) hooks: Vec<HookPlan>,
    pub(super) hooks_in: Vec<(String, HookPlan)>,
    pub(super) gates_before: Vec<(String, Gate)>,
    pub(super) approve_promotion: Option<Gate>,
    pub(super) approve_retirement: Option<Gate>,
    pub(super) promotion: Option<Promotion>,
    pub(super) retire: Retire,
    pub(super) retire_after: Duration,
    pub(super) health: Health,
    pub(super) ready: ReadyRule,
    pub(super) deadline: Duration,
    pub(super) on_failure: OnFailure,
    pub(super) on_promotion_failure: Option<OnFailure>,
    pub(super) no_return: Option<String>,
    pub(super) policies: Policies,
    pub(super) order: Option<Vec<Part>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            checks: BTreeMap::new(),
            hooks: Vec::new(),
            hooks_in: Vec::new(),
            gates_before: Vec::new(),
            approve_promotion: None,
            approve_retirement: None,
            promotion: None,
            retire: Retire::Restore,
            retire_after: Duration::ZERO,
            health: Health::default(),
            ready: ReadyRule::default(),
            deadline: Stage::DEADLINE,
            on_failure: OnFailure::RollBack,
            on_promotion_failure: None,
            no_return: None,
            policies: Policies::default(),
            order: None,
        }
    }
}

/// Stages in the making, and the names that options may call them by.
#[derive(Debug, Default)]
pub(super) struct Draft {
    stages: Vec<(Stage, Option<BTreeSet<CheckName>>)>,
    /// For stages of one part alone: the name without the part.
    plain: BTreeMap<StageName, String>,
}

impl Draft {
    /// Adds a stage; `checks`: those named by hand, `None`: all that can say something there.
    pub(super) fn push(&mut self, stage: Stage, checks: Option<BTreeSet<CheckName>>) {
        self.stages.push((stage, checks));
    }

    /// Lets options call a stage by a second name.
    pub(super) fn also_called(&mut self, stage: &StageName, name: impl Into<String>) {
        self.plain.insert(stage.clone(), name.into());
    }

    /// What the last stage leaves each part with.
    fn goals(&self) -> BTreeMap<Part, Box<Goal>> {
        let goals = self
            .stages
            .iter()
            .flat_map(|(stage, _)| stage.goals.clone());
        goals.collect()
    }

    fn is_called(&self, stage: &Stage, name: &str) -> bool {
        stage.name.as_str() == name || self.plain.get(&stage.name).is_some_and(|n| n == name)
    }
}

impl Settings {
    /// A stage with everything that holds for all stages.
    pub(super) fn stage(
        &self,
        name: impl Into<StageName>,
        kind: StageKind,
        goals: BTreeMap<Part, Goal>,
        bake: Bake,
    ) -> Stage {
        let mut stage = Stage::new(name, kind, goals);
        stage.bake = bake;
        stage.health = self.health;
        stage.ready = self.ready;
        stage.deadline = self.deadline;
        stage.on_failure = match (kind, self.on_promotion_failure) {
            (StageKind::Promote | StageKind::Retire, Some(on_failure)) => on_failure,
            (StageKind::Promote | StageKind::Retire, None) | (StageKind::Expose, _) => {
                self.on_failure
            }
        };
        stage
    }

    /// Adds the stages that follow when the candidates of a turn carry all traffic.
    ///
    /// Retirement is left to [`retire`](Self::retire), so that nothing is given up before every part is
    /// where it should be.
    pub(super) fn promote(
        &self,
        draft: &mut Draft,
        turn: &Turn<'_>,
        back_bake: Bake,
    ) -> Result<(), PlanError> {
        let tails = self.tails(&turn.grounds)?;
        let goals = |of: fn(&Tail) -> Option<&Goal>| -> BTreeMap<Part, Goal> {
            tails
                .iter()
                .filter_map(|(part, tail)| Some((part.clone(), of(tail)?.clone())))
                .collect()
        };
        for (name, goals, bake) in [
            (
                "promote",
                goals(|tail| tail.promote.as_ref()),
                Bake::default(),
            ),
            ("return", goals(|tail| tail.back.as_ref()), back_bake),
        ] {
            if goals.is_empty() {
                continue;
            }
            let full: StageName = turn.name(name).into();
            let mut stage = self.stage(full.clone(), StageKind::Promote, goals, bake);
            if name == "promote" {
                stage.gates.extend(self.approve_promotion.clone());
            }
            draft.also_called(&full, name);
            draft.push(stage, None);
        }
        Ok(())
    }

    /// Adds the stage that gives up what no part needs any more, if there is such a thing.
    pub(super) fn retire(
        &self,
        draft: &mut Draft,
        grounds: &[&Ground<'_>],
    ) -> Result<(), PlanError> {
        let now = draft.goals();
        let mut goals: BTreeMap<Part, Goal> = BTreeMap::new();
        for ground in grounds {
            let Some(goal) = ground.tail(self.retire)?.retire else {
                continue;
            };
            // What the last stage left may be all that retirement asks for, in other words.
            if now
                .get(ground.part)
                .is_none_or(|now| !ground.same(now, &goal))
            {
                goals.insert(ground.part.clone(), goal);
            }
        }
        if goals.is_empty() {
            if let Some(gate) = &self.approve_retirement {
                return Err(PlanError::plan(
                    format!(
                        "gate `{}` waits before a retirement that the plan does not have",
                        gate.name
                    ),
                    "choose what to retire (`Retire::ScaleTo(0)`), or leave the approval out",
                ));
            }
            return Ok(());
        }
        if let Some((last, _)) = draft.stages.last_mut()
            && last.bake.at_least < self.retire_after
        {
            last.bake = Bake {
                at_least: self.retire_after,
                at_most: last
                    .bake
                    .at_most
                    .max(self.retire_after.saturating_add(Bake::SLACK)),
                ..last.bake
            };
        }
        let mut stage = self.stage("retire", StageKind::Retire, goals, Bake::default());
        stage.gates.extend(self.approve_retirement.clone());
        draft.push(stage, None);
        Ok(())
    }

    fn tails(&self, grounds: &[&Ground<'_>]) -> Result<Vec<(Part, Tail)>, PlanError> {
        grounds
            .iter()
            .map(|ground| Ok((ground.part.clone(), ground.tail(self.retire)?)))
            .collect()
    }

    /// The approval of the promotion where no stage of its own promotes: before all traffic moves.
    pub(super) fn approve_swap(&self, stage: &mut Stage, grounds: &[&Ground<'_>]) {
        let promotes = |ground: &&Ground<'_>| ground.promotion == Promotion::Update;
        if !grounds.iter().any(promotes) {
            stage.gates.extend(self.approve_promotion.clone());
        }
    }

    /// From stages to a checked plan that fits what was found.
    pub(super) fn finish(
        &self,
        strategy: &str,
        release: &Release,
        found: &Found,
        mut draft: Draft,
    ) -> Result<Plan, PlanError> {
        let unknown = |what: &str, stage: &str, draft: &Draft| {
            let known: Vec<_> = draft.stages.iter().map(|(s, _)| s.name.as_str()).collect();
            Err(PlanError::strategy(
                strategy,
                format!("{what} is for stage `{stage}`, which the plan does not have"),
                format!("its stages are {}", known.join(", ")),
            ))
        };
        let mut stages: Vec<Stage> = Vec::new();
        let mut now: BTreeMap<Part, Box<Goal>> = BTreeMap::new();
        for (stage, checks) in &draft.stages {
            let mut stage = stage.clone();
            now.extend(stage.goals.clone());
            stage.checks = match checks {
                Some(named) => named.clone(),
                None => self.telling(stage.kind, &now),
            };
            stages.push(stage);
        }
        if let Some(first) = stages.first_mut() {
            first.hooks.splice(0..0, self.hooks.iter().cloned());
        }
        for (name, hook) in &self.hooks_in {
            let mut known = false;
            for stage in stages
                .iter_mut()
                .filter(|stage| draft.is_called(stage, name))
            {
                stage.hooks.push(hook.clone());
                known = true;
            }
            if !known {
                return unknown(&format!("hook `{}`", hook.name), name, &draft);
            }
        }
        for (name, gate) in &self.gates_before {
            let mut known = false;
            for stage in stages
                .iter_mut()
                .filter(|stage| draft.is_called(stage, name))
            {
                stage.gates.push(gate.clone());
                known = true;
            }
            if !known {
                return unknown(&format!("gate `{}`", gate.name), name, &draft);
            }
        }
        if let Some(name) = &self.no_return {
            match stages.iter_mut().find(|stage| draft.is_called(stage, name)) {
                Some(stage) => stage.point_of_no_return = true,
                None => return unknown("the point of no return", name, &draft),
            }
        }
        hold_past_no_return(&mut stages);
        draft.stages.clear();
        let plan = Plan::new(
            strategy,
            release.clone(),
            stages,
            self.checks.clone(),
            self.policies.clone(),
        )?;
        plan.fits(found)?;
        Ok(plan)
    }

    /// The checks that can say something: requests reach the candidate, and for those that compare,
    /// stable is as it was and has requests too.
    fn telling(&self, kind: StageKind, now: &BTreeMap<Part, Box<Goal>>) -> BTreeSet<CheckName> {
        let reached = now.values().any(|goal| goal.traffic.reaches_candidate());
        if kind == StageKind::Retire || !reached {
            return BTreeSet::new();
        }
        // Of parts that take turns, one whose turn is over cannot be compared any more, and is left out.
        let comparable = now.values().any(|goal| {
            goal.traffic.reaches_candidate()
                && goal.traffic.reaches_stable()
                && goal.stable.revision == Revision::Recorded
        });
        self.checks
            .iter()
            .filter(|(_, check)| comparable || !check.compares_with_stable)
            .map(|(name, _)| name.clone())
            .collect()
    }
}

/// Past a point of no return nothing can roll back, so what would holds for a person instead.
fn hold_past_no_return(stages: &mut [Stage]) {
    let Some(NoReturn { first, closed }) = NoReturn::of(stages) else {
        return;
    };
    for (index, stage) in stages.iter_mut().enumerate().skip(closed) {
        if stage.on_failure == OnFailure::RollBack {
            stage.on_failure = OnFailure::Hold {
                at_most: NO_RETURN_HOLD,
                then: Then::Abandon,
            };
        }
        if stage.bake.undecided == Undecided::Then(Then::RollBack) {
            stage.bake.undecided = Undecided::Hold {
                at_most: NO_RETURN_HOLD,
                then: Then::Abandon,
            };
        }
        if index > first {
            for gate in stage
                .gates
                .iter_mut()
                .filter(|gate| gate.then == Then::RollBack)
            {
                gate.then = Then::Abandon;
            }
        }
    }
}
