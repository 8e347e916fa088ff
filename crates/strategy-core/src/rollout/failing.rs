//! What a failure means: hold, stay, go back, or give back what was taken.

use std::time::Duration;

use super::Rollout;
use super::effect::Effect;
use super::event::News;
use super::outcome::{Left, Outcome, Reason};
use super::part_state::Expected;
use super::state::{Hold, Holding, RollingBack, Settling, State, stage_name};
use crate::plan::{OnFailure, StageKind, Then};

impl Rollout {
    /// Something failed on the way forward: the stage's policy answers.
    pub(super) fn fail(&mut self, reason: Reason) {
        if !self.decided.state.is_forward() {
            return;
        }
        if let State::Holding(holding) = &self.decided.state {
            match &holding.why {
                // What failed stays failed, and a person is already asked.
                Hold::Failed(_) | Hold::NoWayBack(_) => return,
                Hold::Undecided(_) | Hold::Foreign(_) | Hold::HookUnfinished { .. } => {}
            }
        }
        let stage = self.failed_stage(&reason);
        let name = stage
            .and_then(|stage| stage_name(&self.fixed.plan, stage))
            .cloned();
        self.say(News::Failed {
            stage: name,
            reason: reason.clone(),
        });
        if self.decided.past_no_return {
            let limit = self.fixed.plan.policies().pause_limit;
            self.hold(Hold::NoWayBack(reason), limit, Then::Abandon, None);
            return;
        }
        let policy = stage
            .and_then(|stage| self.fixed.plan.stages().get(stage))
            .map(|stage| stage.on_failure);
        match policy {
            Some(OnFailure::Hold { at_most, then }) => {
                self.hold(Hold::Failed(reason), at_most, then, None);
            }
            Some(OnFailure::StayOnCandidate { at_most, then }) => {
                let walk = self.last_full_exposure(stage.unwrap_or(0));
                self.hold(Hold::Failed(reason), at_most, then, walk);
            }
            Some(OnFailure::RollBack) | None => self.roll_back(reason),
        }
    }

    /// The stage whose policy answers: the one that is watched, which users are on. The gates and hooks
    /// of a stage fail that stage itself.
    fn failed_stage(&self, reason: &Reason) -> Option<usize> {
        let entered = self.decided.state.stage();
        if matches!(reason, Reason::Gate { .. } | Reason::Hook { .. }) {
            return entered;
        }
        self.watched_stage().or(entered)
    }

    /// The last stage up to this one that tries the release, on all of the traffic.
    fn last_full_exposure(&self, stage: usize) -> Option<usize> {
        let stages = self.fixed.plan.stages().get(..=stage)?;
        stages.iter().rposition(|stage| {
            let mut goals = stage.goals.values();
            stage.kind == StageKind::Expose
                && goals.all(|goal| goal.traffic.weight == crate::Weight::FULL)
        })
    }

    /// Waits for a person, with a limit.
    pub(super) fn hold(&mut self, why: Hold, at_most: Duration, then: Then, walk: Option<usize>) {
        let now = self.now();
        let mut until = now + at_most;
        let failed = |why: &Hold| matches!(why, Hold::Failed(_) | Hold::NoWayBack(_));
        if let Some(held) = self.decided.state.held() {
            // What failed stays failed: nothing that comes later makes it something that is passed.
            if failed(&held.why) && !failed(&why) {
                return;
            }
            // A hand that moves again and again does not put the limit off.
            if matches!((&held.why, &why), (Hold::Foreign(_), Hold::Foreign(_))) {
                until = until.min(held.until);
            }
        }
        if walk.is_some() {
            // Users are taken to where the release was judged good, paused or not.
            self.drop_pause();
        }
        // What follows of a hold counts from when the first one began.
        let held_since = self.decided.state.held().map(|_| self.decided.since);
        if held_since.is_none() {
            self.put_off_deadline_by_pause();
        }
        let back_to = self.decided.state.underneath().clone();
        let stage = back_to
            .stage()
            .and_then(|stage| stage_name(&self.fixed.plan, stage))
            .cloned();
        self.say(News::Held {
            stage,
            why: why.to_string(),
            until: self.latest.clock.wall_at(until),
        });
        self.close_windows();
        self.enter(State::Holding(Box::new(Holding {
            why,
            until,
            then,
            back_to,
            walk,
        })));
        if let Some(since) = held_since {
            self.decided.since = since;
        }
    }

    /// Back to the recorded start, from wherever we are.
    pub(super) fn roll_back(&mut self, reason: Reason) {
        match &self.decided.state {
            State::RollingBack(_) | State::Settling(_) | State::Settled { .. } => return,
            State::Claiming | State::Confirming => {
                self.give_back(reason);
                return;
            }
            State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::Superseding(_) => {}
        }
        self.remember_where();
        self.say(News::RollbackBegan {
            reason: reason.clone(),
        });
        self.cancel_everything();
        self.drop_pause();
        self.decided.standing = None;
        self.decided.traffic_restored = false;
        self.close_windows();
        self.enter_rolling_back(reason, false, None);
    }

    /// Back, unless the way is closed: then a person is asked.
    pub(super) fn roll_back_or_hold(&mut self, reason: Reason) {
        if self.decided.past_no_return {
            let limit = self.fixed.plan.policies().pause_limit;
            self.hold(Hold::NoWayBack(reason), limit, Then::Abandon, None);
        } else {
            self.roll_back(reason);
        }
    }

    pub(super) fn enter_rolling_back(
        &mut self,
        reason: Reason,
        stuck: bool,
        undo_failed: Option<String>,
    ) {
        let now = self.now();
        let policies = self.fixed.plan.policies();
        let state = RollingBack {
            reason,
            deadline: now + policies.rollback_deadline,
            patient_until: now + policies.way_back_wait,
            stuck,
            left: Vec::new(),
            undoing: None,
            undo_failed,
        };
        for part in self.decided.parts.values_mut() {
            part.retry_at = None;
        }
        self.enter(State::RollingBack(Box::new(state)));
    }

    /// The stage that it leaves for good.
    pub(super) fn remember_where(&mut self) {
        let stage = self.decided.state.stage().or(self.decided.standing);
        self.decided.failed_at = stage.or(self.decided.failed_at);
    }

    /// Nothing was written: the claims are given back, and that is all.
    pub(super) fn give_back(&mut self, reason: Reason) {
        self.say(News::Failed {
            stage: None,
            reason: reason.clone(),
        });
        self.cancel_everything();
        self.settle(Outcome::RolledBack { reason }, false);
        if let State::Settling(settling) = &mut self.decided.state {
            settling.returns = true;
        }
    }

    /// Leaves all as it is.
    pub(super) fn abandon(&mut self) {
        let left = self.left_to_do();
        self.cancel_everything();
        self.settle(Outcome::Abandoned { left }, false);
    }

    /// The outcome is reached; what is left is housekeeping.
    pub(super) fn settle(&mut self, outcome: Outcome, restore: bool) {
        let deadline = self.now() + self.fixed.plan.policies().rollback_deadline;
        self.drop_windows();
        self.drop_pause();
        self.enter(State::Settling(Settling {
            outcome,
            restore,
            returns: false,
            announced: false,
            deadline,
            left: Vec::new(),
        }));
    }

    /// Nothing that is under way is waited for any longer. Writes may still land, so they are fenced.
    pub(super) fn cancel_everything(&mut self) {
        for (id, effect) in std::mem::take(&mut self.decided.open) {
            match &effect {
                Effect::Apply { part, request } => {
                    if let Some(state) = self.decided.parts.get_mut(part) {
                        state.flight = None;
                        state.reissue = false;
                        state.fence = true;
                        if let Expected::Asked { before, desired } = &state.expected {
                            state.expected = Expected::Either {
                                before: before.clone(),
                                desired: desired.clone(),
                            };
                        }
                    }
                    self.outdate(part);
                    self.may_have_exposed(part, &request.desired.traffic);
                }
                // A claim is a compare-and-set: its answer is needed to know what is there.
                Effect::Claim { .. } => {
                    self.decided.open.insert(id, effect);
                    continue;
                }
                Effect::RunHook { .. } | Effect::AskGate { .. } => {}
                Effect::Observe { .. } | Effect::Measure { .. } | Effect::Cancel { .. } => continue,
            }
            self.outbox.order_cancel(id);
        }
        for check in self.latest.checks.values_mut() {
            check.pending = None;
            check.again_at = None;
        }
    }

    /// What differs from the recorded start, in words.
    pub(super) fn left_to_do(&self) -> Vec<Left> {
        let mut left = Vec::new();
        for (part, found) in self.fixed.found.iter() {
            let recorded = super::goal::recorded(found);
            let mut add = |what: String| {
                left.push(Left {
                    part: part.clone(),
                    what,
                });
            };
            let Some(observation) = self
                .latest
                .parts
                .get(part)
                .and_then(|latest| latest.observation.as_ref())
            else {
                add("it was never observed".to_owned());
                continue;
            };
            if observation.traffic.written != recorded.traffic {
                add(format!(
                    "traffic is at {}, and {} is recorded",
                    observation.traffic.written, recorded.traffic
                ));
            }
            for track in crate::Track::ALL {
                let (name, seen, start) = (
                    found.names.of(track),
                    observation.track(track),
                    recorded.track(track),
                );
                match (&seen.written, &start.revision) {
                    (None, crate::Revision::Absent) => {}
                    (None, _) => add(format!("{track} {name} is gone")),
                    (Some(_), crate::Revision::Absent) => {
                        add(format!("{track} {name} was created and is still there"));
                    }
                    (Some(written), _) if !written.revision.recorded => {
                        add(format!("{track} {name} runs {}", written.revision.images));
                    }
                    (Some(written), _) if written.replicas != start.replicas => {
                        add(format!(
                            "{track} {name} is at {}, and {} is recorded",
                            written.replicas, start.replicas
                        ));
                    }
                    (Some(_), _) => {}
                }
            }
            if let Some(super::part_state::Waits::Never { why }) =
                self.decided.parts.get(part).map(|part| &part.waiting)
            {
                add(why.clone());
            }
            if self.decided.parts.get(part).is_some_and(|state| {
                state.flight.is_some() || matches!(state.expected, Expected::Either { .. })
            }) {
                add("its last write may still be taken".to_owned());
            }
            if let Some(refused) = self
                .decided
                .parts
                .get(part)
                .and_then(|part| part.refused.as_ref())
            {
                add(format!("its last write or claim failed: {refused}"));
            }
            let unreadable = self
                .decided
                .parts
                .get(part)
                .and_then(|part| part.unreadable.as_ref());
            if let Some(unreached) = unreadable {
                add(format!("it cannot be reached: {}", unreached.message));
            }
        }
        left
    }
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(reason) => write!(f, "{reason}"),
            Self::NoWayBack(reason) => write!(f, "{reason}; the point of no return is past"),
            Self::Undecided(reason) | Self::Foreign(reason) => write!(f, "{reason}"),
            Self::HookUnfinished { hook } => {
                write!(
                    f,
                    "hook `{hook}` was under way when the process ended and may not run twice: `advance` if it is done, `retry` to run it again, `abort` to go back"
                )
            }
        }
    }
}
