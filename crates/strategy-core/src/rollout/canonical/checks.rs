//! Memory and counters of checks, reduced to what they are compared with.

use super::{NOW, Reduction};
use crate::rollout::Rollout;
use crate::rollout::latest::LatestCheck;
use crate::rollout::state::State;

impl Reduction<'_> {
    pub(super) fn checks(&self, rollout: &mut Rollout) {
        let standings = rollout.decided.standings;
        let current = |standing: u64| u64::from(standing == standings);
        rollout.decided.standings = 1;
        let state = &rollout.decided.state;
        let begins = matches!(state, State::Claiming | State::Confirming);
        if !(state.is_forward() || begins) {
            // It goes back for good: no stage stands, so no check applies, and looks that were under
            // way are given up. What checks remember is for people from here on.
            rollout.latest.checks.clear();
            return;
        }
        let fixed = std::sync::Arc::clone(&rollout.fixed);
        let stages = fixed.plan.stages().iter();
        let looks = stages.map(|stage| stage.bake.looks).max().unwrap_or(0);
        for (name, check) in &mut rollout.latest.checks {
            let Some(planned) = fixed.plan.checks().get(name) else {
                continue;
            };
            let limits = &planned.limits;
            check.failures = check.failures.min(limits.failures.saturating_add(1));
            check.consecutive_failures = limits.consecutive_failures.map_or(0, |limit| {
                check.consecutive_failures.min(limit.saturating_add(1))
            });
            let errors = limits.consecutive_errors.saturating_add(1);
            check.consecutive_errors = check.consecutive_errors.min(errors);
            let inconclusive = limits.consecutive_inconclusive.saturating_add(1);
            check.consecutive_inconclusive = check.consecutive_inconclusive.min(inconclusive);
            check.passed_in_stage = check.passed_in_stage.min(looks);
            check.pending_standing = current(check.pending_standing);
            self.windows(check, &current);
        }
    }

    fn windows(&self, check: &mut LatestCheck, current: &impl Fn(u64) -> u64) {
        check.number = 1;
        check.looks = 0;
        check.verdict = None;
        check.evidence = std::sync::Arc::default();
        // Only a time that is still to come is waited for.
        check.seen_to = if check.seen_to > self.wall {
            self.wall_time(check.seen_to)
        } else {
            NOW
        };
        check.again_at = check.again_at.map(|at| self.limit(at));
        if let Some(open) = &mut check.open {
            open.from = self.wall_time(open.from);
            open.standing = current(open.standing);
        }
        for (window, facts) in &mut check.closed {
            window.from = self.wall_time(window.from);
            window.to = self.wall_time(window.to);
            // It tells when the window began, which the window tells as well.
            facts.from = window.from;
            facts.standing = current(facts.standing);
        }
        if let Some(look) = check.pending.as_mut().map(std::sync::Arc::make_mut) {
            look.number = 1;
            look.window.from = self.wall_time(look.window.from);
            look.window.to = self.wall_time(look.window.to);
        }
    }
}
