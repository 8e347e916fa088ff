//! The way home, what undoes hooks, and being stuck; and the way to no exposure, for a successor.

use super::Flow;
use crate::plan::{HookPlan, StageName};
use crate::release::Part;
use crate::rollout::Rollout;
use crate::rollout::event::News;
use crate::rollout::goal;
use crate::rollout::outcome::{Left, Outcome, Reason};
use crate::rollout::state::{HookAt, RollingBack, State, Superseding, Waits};
use crate::rollout::step::{Direction, Until};
use crate::rollout::walk::Course;
use crate::target::{Observation, Routing};
use crate::timestamp::Timestamp;
use crate::track::{Revision, Track};

impl Rollout {
    pub(super) fn rolling_back(&mut self, rolling: &RollingBack) -> Flow {
        let now = self.now();
        if rolling.stuck && !self.fixed.plan.policies().stuck_goes_on {
            return Flow::Rest;
        }
        let suffices = now >= rolling.patient_until;
        let home = self.walk_home(suffices);
        if self.decided.state != State::RollingBack(Box::new(rolling.clone())) {
            return Flow::Again;
        }
        if !self.decided.traffic_restored && self.traffic_is_restored() {
            self.decided.traffic_restored = true;
            self.say(News::TrafficRestored);
            return Flow::Again;
        }
        if self.decided.traffic_restored
            && rolling.undoing.is_none()
            && rolling.undo_failed.is_none()
            && self.undo_next()
        {
            return Flow::Again;
        }
        let undone = self.decided.to_undo.is_empty() && rolling.undoing.is_none();
        if home && undone && self.fenced() && self.start_is_restored() {
            if rolling.stuck {
                self.say(News::GotUnstuck);
            }
            self.settle(
                Outcome::RolledBack {
                    reason: rolling.reason.clone(),
                },
                false,
            );
            return Flow::Again;
        }
        let never = self
            .decided
            .parts
            .values()
            .any(|part| matches!(part.waiting, Waits::Never { .. }));
        if !rolling.stuck && (now >= rolling.deadline || never || rolling.undo_failed.is_some()) {
            let left = self.stuck_left(rolling);
            self.say(News::GotStuck { left: left.clone() });
            if let State::RollingBack(rolling) = &mut self.decided.state {
                rolling.stuck = true;
                rolling.left = left;
            }
            return Flow::Again;
        }
        Flow::Rest
    }

    /// All parts at once, unless the plan orders them: then the next one waits for the one before.
    fn walk_home(&mut self, suffices: bool) -> bool {
        if !self.fixed.plan.policies().roll_back_in_order {
            return self.walk_all(|rollout, part| rollout.course_home(part, suffices));
        }
        for part in self.part_names().into_iter().rev() {
            if let Some(course) = self.course_home(&part, suffices) {
                self.walk(&part, &course);
            }
            if self
                .decided
                .parts
                .get(&part)
                .is_some_and(|state| state.waiting != Waits::No)
            {
                return false;
            }
        }
        true
    }

    fn stuck_left(&self, rolling: &RollingBack) -> Vec<Left> {
        let mut left = self.left_to_do();
        if let Some(message) = &rolling.undo_failed {
            let hook = self.newest_to_undo().and_then(|(_, _, hook)| hook.part);
            let first = || self.decided.parts.keys().next().cloned();
            left.push(Left {
                part: hook.or_else(first).unwrap_or_else(Part::main),
                what: message.clone(),
            });
        }
        for (part, state) in &self.decided.parts {
            if let Waits::For { what, .. } = &state.waiting {
                left.push(Left {
                    part: part.clone(),
                    what: format!("it waits for {what}"),
                });
            }
        }
        left
    }

    /// Nothing of ours is under way, and nothing may still land.
    pub(super) fn fenced(&mut self) -> bool {
        let mut fenced = true;
        for part in self.part_names() {
            let Some(state) = self.decided.parts.get(&part) else {
                continue;
            };
            if state.fence {
                fenced = false;
                self.fence(&part);
            }
            let Some(state) = self.decided.parts.get(&part) else {
                continue;
            };
            fenced &=
                state.flight.is_none() && state.claiming.is_none() && self.fresh(&part).is_some();
        }
        fenced
    }

    /// The recorded traffic is effective, and stable covers it.
    fn traffic_is_restored(&self) -> bool {
        self.fixed.found.iter().all(|(part, found)| {
            let Some(seen) = self.fresh(part) else {
                return false;
            };
            let recorded = goal::recorded(found);
            let covers = seen.stable.ready_at(&Revision::Recorded) >= self.stable_need(part);
            let flows = match found.capabilities.routing {
                Routing::FollowsReadiness => true,
                Routing::Routed | Routing::Native => {
                    self.effective(part, &seen).as_ref() == Some(&recorded.traffic)
                }
            };
            flows && covers
        })
    }

    /// What stable must have ready at the recorded start: what its traffic needs, and no more than it had.
    fn stable_need(&self, part: &Part) -> u32 {
        let Some(found) = self.fixed.found.part(part) else {
            return 0;
        };
        let baseline = self
            .decided
            .parts
            .get(part)
            .map_or(0, |state| state.baseline);
        let need = found
            .observation
            .traffic
            .written
            .weight
            .rest()
            .ceil_of(baseline)
            .max(1);
        need.min(found.observation.stable.ready())
    }

    /// What is observed is the recorded start; judged apart from the stepper.
    fn start_is_restored(&self) -> bool {
        self.fixed.found.iter().all(|(part, found)| {
            let Some(seen) = self.fresh(part) else {
                return false;
            };
            let recorded = goal::recorded(found);
            let written = |seen: &Observation, track: Track| {
                let start = recorded.track(track);
                match (&seen.track(track).written, &start.revision) {
                    (None, Revision::Absent) => true,
                    (None, Revision::Recorded | Revision::Release(_) | Revision::Named(_))
                    | (Some(_), Revision::Absent) => false,
                    (
                        Some(written),
                        Revision::Recorded | Revision::Release(_) | Revision::Named(_),
                    ) => written.revision.recorded && written.replicas == start.replicas,
                }
            };
            let routed = found.capabilities.routing == Routing::FollowsReadiness
                || seen.traffic.written == recorded.traffic;
            let ready = seen.stable.ready_at(&Revision::Recorded) >= self.stable_need(part);
            routed && ready && Track::ALL.into_iter().all(|track| written(&seen, track))
        })
    }

    /// Undoes the newest hook that is not undone. Says whether one was begun.
    fn undo_next(&mut self) -> bool {
        let Some((at, stage, hook)) = self.newest_to_undo() else {
            return false;
        };
        let id = self.next_id();
        self.say(News::HookBegan {
            stage,
            hook: hook.name.clone(),
            point: None,
        });
        self.run_hook(id, at.stage, &hook, true);
        if let Some(undoing) = self.decided.state.undoing_mut() {
            *undoing = Some(id);
        }
        true
    }

    fn newest_to_undo(&self) -> Option<(HookAt, StageName, HookPlan)> {
        let at = self.decided.to_undo.last()?.clone();
        let stage = self.fixed.plan.stages().get(at.stage)?;
        let hook = stage.hooks.get(at.hook)?.clone();
        Some((at, stage.name.clone(), hook))
    }

    /// The undo under way ended, or could not be run.
    pub(super) fn undo_ended(&mut self, passed: bool, summary: &str) {
        let Some((_, stage, hook)) = self.newest_to_undo() else {
            return;
        };
        if let Some(undoing) = self.decided.state.undoing_mut() {
            *undoing = None;
        }
        self.say(News::HookEnded {
            stage,
            hook: hook.name.clone(),
            passed,
            summary: summary.to_owned(),
        });
        if passed {
            self.decided.to_undo.pop();
        } else {
            let message = format!("the undo of hook `{}` failed: {summary}", hook.name);
            self.undo_failed(&hook.name, message);
        }
    }

    /// Only a person's retry runs it again; a successor is not given what could not be undone.
    pub(in crate::rollout) fn undo_failed(&mut self, hook: &str, message: String) {
        self.roll_back(Reason::Hook {
            hook: hook.to_owned(),
            message: message.clone(),
        });
        if let State::RollingBack(rolling) = &mut self.decided.state {
            rolling.undoing = None;
            rolling.undo_failed = Some(message);
        }
    }

    pub(super) fn superseding(&mut self, superseding: &Superseding) -> Flow {
        let now = self.now();
        let reached = self.walk_all(Self::course_without_exposure);
        if self.decided.state != State::Superseding(superseding.clone()) {
            return Flow::Again;
        }
        // What hooks did for this release is nothing that its successor begins with.
        if reached && superseding.undoing.is_none() && self.undo_next() {
            return Flow::Again;
        }
        let undone = self.decided.to_undo.is_empty() && superseding.undoing.is_none();
        if reached && undone && self.fenced() {
            self.settle(
                Outcome::Superseded {
                    by: superseding.by.clone(),
                },
                false,
            );
            return Flow::Again;
        }
        if now >= superseding.deadline {
            let message = format!(
                "exposure could not be taken to 0 for {}: {}",
                superseding.by,
                self.waiting_in_words()
            );
            let part = self
                .part_names()
                .into_iter()
                .next()
                .unwrap_or_else(Part::main);
            self.roll_back(Reason::Refused { part, message });
            return Flow::Again;
        }
        Flow::Rest
    }

    /// Recorded traffic, and capacities as they are.
    fn course_without_exposure(&self, part: &Part) -> Option<Course> {
        let mut course = self.course_home(part, true)?;
        if let Some(seen) = self.latest.parts.get(part)?.observation.as_ref()
            && let Some(written) = &seen.candidate.written
        {
            let candidate = course.goal.track_mut(Track::Candidate);
            candidate.replicas = written.replicas;
            if !written.revision.recorded {
                candidate.revision = Revision::Release(written.revision.images.clone());
            }
        }
        course.direction = Direction::Back;
        course.until = Until::Effective;
        Some(course)
    }

    pub(in crate::rollout) fn rollback_timers(&self, rolling: &RollingBack) -> Option<Timestamp> {
        let now = self.now();
        let deadline = (!rolling.stuck).then_some(rolling.deadline);
        [deadline, Some(rolling.patient_until)]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }
}
