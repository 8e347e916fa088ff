//! Walking to a stage's goal, and keeping it.

use super::Flow;
use crate::plan::HookPoint;
use crate::rollout::Rollout;
use crate::rollout::outcome::Reason;
use crate::rollout::part_state::{PartState, Waits};
use crate::rollout::state::{State, Stepping, stage_name};
use crate::rollout::step::Until;
use crate::target::Routing;
use crate::timestamp::Timestamp;
use crate::weight::Weight;

impl Rollout {
    pub(in crate::rollout) fn enter_stepping(&mut self, stage: usize, until: Until) {
        let now = self.now();
        let limit = self
            .fixed
            .plan
            .stages()
            .get(stage)
            .map_or(crate::plan::Stage::DEADLINE, |stage| stage.deadline);
        self.enter(State::Stepping(Stepping {
            stage,
            until,
            deadline: now + limit,
        }));
    }

    pub(super) fn stepping(&mut self, stepping: &Stepping) -> Flow {
        let now = self.now();
        let (stage, until) = (stepping.stage, stepping.until);
        let reached = self.walk_all(|rollout, part| rollout.stage_course(part, stage, until));
        if self.never_reached() {
            return Flow::Again;
        }
        let settled = self.all_settled(stage, reached);
        if reached && settled && self.decided.pause.is_none() {
            match until {
                Until::Ready => self.enter_hooks(stage, HookPoint::Ready),
                Until::Effective => {
                    if let Some(reason) = self.share_deviates(stage) {
                        self.fail(reason);
                        return Flow::Again;
                    }
                    self.remember_images();
                    self.decided.standing = Some(stage);
                    self.close_windows();
                    self.reset_looks();
                    self.enter_hooks(stage, HookPoint::Effective);
                }
            }
            return Flow::Again;
        }
        if now >= stepping.deadline && self.decided.pause.is_none() {
            let name = stage_name(&self.fixed.plan, stage)
                .cloned()
                .unwrap_or_else(|| "".into());
            self.fail(Reason::Deadline {
                stage: name,
                waiting_for: self.waiting_in_words(),
            });
            return Flow::Again;
        }
        Flow::Rest
    }

    /// Some part can never get there by allowed steps.
    pub(super) fn never_reached(&mut self) -> bool {
        let never = self
            .decided
            .parts
            .iter()
            .find_map(|(part, state)| match &state.waiting {
                Waits::Never { why } => Some((part.clone(), why.clone())),
                Waits::No | Waits::For { .. } => None,
            });
        let Some((part, message)) = never else {
            return false;
        };
        self.fail(Reason::Refused { part, message });
        true
    }

    /// Ready for as long as the stage asks without a break.
    fn all_settled(&mut self, stage: usize, reached: bool) -> bool {
        let now = self.now();
        let settle = self
            .fixed
            .plan
            .stages()
            .get(stage)
            .map(|stage| stage.ready.settle)
            .unwrap_or_default();
        let since = |state: &PartState| reached.then(|| state.ready_since.unwrap_or(now));
        let mut parts = self.decided.parts.values();
        if parts.any(|state| state.ready_since != since(state)) {
            for state in self.decided.parts.values_mut() {
                state.ready_since = since(state);
            }
        }
        let settled = |since: Timestamp| now.since(since) >= settle;
        let mut parts = self.decided.parts.values();
        parts.all(|state| state.ready_since.is_some_and(settled))
    }

    /// Keeps the standing stage's goal while a gate or hook is waited for.
    pub(super) fn maintain(&mut self) {
        if let Some(stage) = self.decided.standing {
            self.walk_all(|rollout, part| rollout.stage_course(part, stage, Until::Effective));
        }
    }

    /// Where traffic follows readiness: whether the share that is achieved lies too far from the one
    /// the counts were planned for.
    fn share_deviates(&self, stage: usize) -> Option<Reason> {
        let limit = self
            .fixed
            .plan
            .stages()
            .get(stage)?
            .health
            .share_deviation?;
        self.fixed.found.iter().find_map(|(part, found)| {
            if found.capabilities.routing != Routing::FollowsReadiness {
                return None;
            }
            let seen = self.fresh(part)?;
            let goal = self.stage_course(part, stage, Until::Effective)?.goal;
            let (candidate, stable) = (
                goal.candidate.replicas.number(),
                goal.stable.replicas.number(),
            );
            let planned = Weight::of(candidate, candidate.saturating_add(stable));
            let achieved = Weight::of(
                seen.candidate.ready(),
                seen.candidate.ready().saturating_add(seen.stable.ready()),
            );
            (planned.distance(achieved) > limit).then(|| Reason::ShareDeviation {
                part: part.clone(),
                message: format!(
                    "{achieved} of the replicas are the release, and {planned} were planned"
                ),
            })
        })
    }

    pub(in crate::rollout) fn waiting_in_words(&self) -> String {
        let waits = self
            .decided
            .parts
            .iter()
            .filter_map(|(part, state)| match &state.waiting {
                Waits::For { what, .. } => Some(format!("{part}: {what}")),
                Waits::Never { why } => Some(format!("{part}: {why}")),
                Waits::No => None,
            });
        let waits: Vec<_> = waits.collect();
        if waits.is_empty() {
            "nothing".to_owned()
        } else {
            waits.join("; ")
        }
    }

    pub(in crate::rollout) fn walk_timers(&self) -> Option<Timestamp> {
        let settle = self
            .decided
            .state
            .stage()
            .and_then(|stage| self.fixed.plan.stages().get(stage));
        let settle = settle.map(|stage| stage.ready.settle).unwrap_or_default();
        let parts = self.decided.parts.iter().flat_map(|(part, state)| {
            let drained = match &state.waiting {
                Waits::For { until, .. } => *until,
                Waits::No | Waits::Never { .. } => None,
            };
            let draining = [state.exposure.stable, state.exposure.candidate]
                .into_iter()
                .filter_map(|exposure| match exposure {
                    crate::rollout::step::Exposure::Draining { until } => Some(until),
                    crate::rollout::step::Exposure::Exposed
                    | crate::rollout::step::Exposure::Clean => None,
                });
            let lost = [
                state.lost_share_drains.stable,
                state.lost_share_drains.candidate,
            ];
            let settled = state.ready_since.map(|since| since + settle);
            let assumed = self.assumed_at(part);
            let again = self
                .latest
                .parts
                .get(part)
                .and_then(|latest| latest.not_before);
            [drained, state.retry_at, settled, assumed, again]
                .into_iter()
                .flatten()
                .chain(draining)
                .chain(lost.into_iter().flatten())
        });
        let now = self.now();
        parts.filter(|at| *at > now).min()
    }
}
