//! Checks: which apply, when the next look is due, and what its result means.

use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::effect::{Effect, LookId};
use super::event::News;
use super::input::Failure;
use super::latest::LatestCheck;
use super::outcome::Reason;
use super::state::{Decided, State};
use crate::analysis::{Look, Measurement, Verdict};
use crate::plan::{CheckName, Plan};
use crate::timestamp::Timestamp;

impl Rollout {
    /// The checks of the stage whose goal is in effect.
    fn applying(&self) -> impl Iterator<Item = &CheckName> {
        applying(&self.fixed.plan, &self.decided)
    }

    pub(super) fn measured(&mut self, look: &LookId, measurement: &Measurement) {
        let fixed = Arc::clone(&self.fixed);
        let Some(check) = fixed.plan.checks().get(&look.check) else {
            return;
        };
        let Some(latest) = self.latest.checks.get_mut(&look.check) else {
            return;
        };
        if latest
            .pending
            .as_ref()
            .is_none_or(|pending| pending.number != look.number)
        {
            return;
        }
        latest.pending = None;
        let counts = latest.pending_standing == self.decided.standings;
        latest.memory = measurement.memory.clone();
        latest.looks += 1;
        latest.verdict = Some(measurement.verdict.clone());
        latest.evidence = measurement.evidence.as_str().into();
        let is_pass = matches!(measurement.verdict, Verdict::Pass | Verdict::Warn);
        let passed = latest.passed_in_stage;
        latest.passed_in_stage = passed.saturating_add((is_pass && counts).into());
        let mut tally = latest.tally();
        tally.judged(&measurement.verdict);
        latest.keep(tally);
        let over = tally.over(&check.limits);
        self.say(News::Looked {
            check: look.check.clone(),
            number: look.number,
            verdict: measurement.verdict.clone(),
            evidence: measurement.evidence.clone(),
        });
        if let Some(limit) = over {
            let why = measurement.verdict.explained(&measurement.evidence);
            let evidence = format!("{limit}: {why}");
            self.fail(Reason::Check {
                check: look.check.clone(),
                evidence,
            });
        }
    }

    /// The same look is taken again, so that its window is not lost.
    pub(super) fn measure_failed(&mut self, look: &LookId, failure: &Failure) {
        let now = self.now();
        let fixed = Arc::clone(&self.fixed);
        let Some(check) = fixed.plan.checks().get(&look.check) else {
            return;
        };
        let Some(latest) = self.latest.checks.get_mut(&look.check) else {
            return;
        };
        if latest
            .pending
            .as_ref()
            .is_none_or(|pending| pending.number != look.number)
        {
            return;
        }
        let mut tally = latest.tally();
        tally.not_taken();
        latest.keep(tally);
        latest.again_at = Some(now + check.interval.min(Duration::from_secs(10)));
        let over = tally.over(&check.limits);
        self.say(News::LookFailed {
            check: look.check.clone(),
            number: look.number,
            why: failure.message.clone(),
        });
        if let Some(limit) = over {
            let evidence = format!("{limit}: {}", failure.message);
            self.fail(Reason::Check {
                check: look.check.clone(),
                evidence,
            });
        }
    }

    /// Looks that failed and are due again.
    pub(super) fn repeat_looks(&mut self) {
        let now = self.now();
        let fixed = Arc::clone(&self.fixed);
        for (name, check) in fixed.plan.checks() {
            let again_at = self
                .latest
                .checks
                .get(name)
                .and_then(|check| check.again_at);
            if again_at.is_some_and(|at| at <= now)
                && let Some(latest) = self.latest.checks.get_mut(name)
            {
                latest.again_at = None;
                self.outbox.effects.extend(measure(latest, check.timeout));
            }
        }
    }

    /// When the next look is due, by the machine's clock.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        let clock = self.latest.clock;
        let machine_at = |at: Timestamp| clock.machine + at.since(clock.for_windows());
        let due = self.applying().filter_map(|name| {
            let (check, latest) = (
                self.fixed.plan.checks().get(name)?,
                self.latest.checks.get(name)?,
            );
            match (&latest.pending, &latest.again_at) {
                (Some(_), again_at) => *again_at,
                (None, _) => Some(machine_at(latest.open.as_ref()?.from + check.interval)),
            }
        });
        due.min()
    }

    /// A stage stands: looks are counted anew from here, memory and failures are not.
    pub(super) fn reset_looks(&mut self) {
        self.decided.standings += 1;
        self.latest
            .checks
            .values_mut()
            .for_each(|check| check.passed_in_stage = 0);
    }

    /// What the checks of a stage still lack, in words; `None`: nothing.
    pub(super) fn looks_missing(&self, stage: usize) -> Option<String> {
        let stage = self.fixed.plan.stages().get(stage)?;
        stage.checks.iter().find_map(|name| {
            let latest = self.latest.checks.get(name);
            let passed = latest.map_or(0, |latest| latest.passed_in_stage);
            if passed < stage.bake.looks {
                let why = latest.and_then(|latest| {
                    let verdict = latest.verdict.as_ref()?;
                    let evidence = verdict.explained(&latest.evidence);
                    Some(format!(
                        "; the last one said {}: {evidence}",
                        verdict.name()
                    ))
                });
                let why = why.unwrap_or_default();
                return Some(format!(
                    "check `{name}` has {passed} of {} looks that passed{why}",
                    stage.bake.looks
                ));
            }
            None
        })
    }

    /// A check of a stage whose last look that said anything failed, in words: tolerated, and still
    /// nothing to go on with.
    pub(super) fn last_look_failed(&self, stage: usize) -> Option<String> {
        let stage = self.fixed.plan.stages().get(stage)?;
        let failed = stage.checks.iter().find(|name| {
            let latest = self.latest.checks.get(*name);
            latest.is_some_and(|latest| latest.failing)
        });
        failed.map(|name| format!("the last look of check `{name}` failed"))
    }

    /// Looks are under way, or windows wait for theirs.
    pub(super) fn looks_open(&self) -> bool {
        let open = |check: &LatestCheck| check.pending.is_some() || !check.closed.is_empty();
        self.applying()
            .filter_map(|name| self.latest.checks.get(name))
            .any(open)
    }
}

/// The checks of the stage whose goal is in effect.
pub(super) fn applying<'a>(
    plan: &'a Plan,
    decided: &Decided,
) -> impl Iterator<Item = &'a CheckName> + use<'a> {
    let checks = |stage: usize| plan.stages().get(stage).map(|stage| &stage.checks);
    let entering = match &decided.state {
        State::Stepping(stepping) => checks(stepping.stage),
        State::Gating(_)
        | State::Hooking(_)
        | State::Baking(_)
        | State::Holding(_)
        | State::Claiming
        | State::Confirming
        | State::RollingBack(_)
        | State::Superseding(_)
        | State::Settling(_)
        | State::Settled { .. } => None,
    };
    // On the way to the next stage only those go on that it has as well: a check that compares
    // with stable ends before stable changes.
    let standing = decided.standing.and_then(checks);
    standing
        .into_iter()
        .flatten()
        .filter(move |name| entering.is_none_or(|entering| entering.contains(*name)))
}

/// The look that is to be taken, with the memory it is handed.
pub(super) fn measure(check: &LatestCheck, timeout: Duration) -> Option<Effect> {
    let look = check.pending.as_ref()?;
    Some(Effect::Measure {
        look: Box::new(Look {
            memory: check.memory.clone(),
            ..(**look).clone()
        }),
        timeout,
    })
}
