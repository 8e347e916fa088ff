//! The outcome is reached: floors are put back, claims are given back, and then nothing is left.

use super::Flow;
use crate::plan::{ReadyRule, StageKind};
use crate::release::Part;
use crate::rollout::Rollout;
use crate::rollout::effect::Effect;
use crate::rollout::event::News;
use crate::rollout::goal;
use crate::rollout::outcome::{Left, Outcome};
use crate::rollout::part_state::Waits;
use crate::rollout::state::{Settling, State};
use crate::rollout::step::{Direction, Until};
use crate::rollout::walk::Course;
use crate::target::Claim;

/// A claim that cannot be given back is tried at least so often, however late it is.
const TRIES: u32 = 3;

impl Rollout {
    pub(super) fn settling(&mut self, settling: &Settling) -> Flow {
        let now = self.now();
        let late = now >= settling.deadline;
        if settling.restore {
            let last = self.fixed.plan.stages().len().saturating_sub(1);
            let moved = self.moved_at_the_end(last);
            for part in &moved {
                // It waits for nothing: it stays as it is.
                if let Some(state) = self.decided.parts.get_mut(part) {
                    state.waiting = Waits::No;
                }
            }
            let restored = self.walk_all(|rollout, part| {
                let stays = moved.contains(part);
                (!stays).then(|| rollout.course_at_rest(part, last))?
            });
            let done = restored && self.fenced();
            if done || late {
                let mut left = if done {
                    Vec::new()
                } else {
                    self.not_restored()
                };
                left.extend(moved.into_iter().map(traffic_moved));
                self.cancel_everything();
                self.settle(settling.outcome.clone(), false);
                if let State::Settling(settling) = &mut self.decided.state {
                    settling.left = left;
                }
                return Flow::Again;
            }
            return Flow::Rest;
        }
        if !settling.announced && self.nothing_may_land() {
            self.announce(settling);
            return Flow::Again;
        }
        let mut left = settling.left.clone();
        let keeps_claim = matches!(settling.outcome, Outcome::Superseded { .. });
        for part in self.part_names() {
            let Some(state) = self.decided.parts.get(&part) else {
                continue;
            };
            if state.claiming.is_some() {
                return Flow::Rest;
            }
            // A claim that may be there is made certain first, or given back as if it were.
            let (from, to) = match (state.claim.clone(), state.sought.clone()) {
                (None, None) => continue,
                (Some(held), Some(sought)) => (held, Some(sought)),
                (Some(held), None) => (held, self.claim_to_return(settling, &part)),
                (None, Some(sought)) => (sought, self.claim_to_return(settling, &part)),
            };
            let certain = state.claim.is_some() && state.sought.is_some();
            let gives_up = late && state.failures >= TRIES;
            if !(gives_up || keeps_claim && !certain) {
                if state.retry_at.is_none_or(|at| at <= now) {
                    self.order_claim(&part, Some(from), to);
                }
                return Flow::Rest;
            }
            if gives_up {
                left.push(claim_left(part, &from));
            }
        }
        if !settling.announced {
            // The platform does not answer: what may still land was said with what is left.
            self.announce(settling);
        }
        if !left.is_empty() {
            self.say(News::LeftBehind { left: left.clone() });
        }
        self.say(News::Settled);
        self.ask_no_more();
        self.enter(State::Settled {
            outcome: settling.outcome.clone(),
            left,
        });
        Flow::Again
    }

    /// Parts whose traffic somebody moved away from where the rollout ends: no write of ours moves it
    /// against them, and none can be made that does not say where it goes.
    fn moved_at_the_end(&self, stage: usize) -> Vec<Part> {
        let is_moved = |part: &Part| {
            let state = self.decided.parts.get(part)?;
            let goal = goal::goal(&self.fixed.plan, stage, part)?;
            let written = &self.observation(part)?.traffic.written;
            Some(state.person_moved_traffic && *written != goal.traffic)
        };
        let mut parts = self.part_names();
        parts.retain(|part| is_moved(part).unwrap_or(false));
        parts
    }

    /// Whose claim it was before, if nothing was written under ours.
    fn claim_to_return(&self, settling: &Settling, part: &Part) -> Option<Claim> {
        let before = self.fixed.claims_before.get(part);
        before.filter(|_| settling.returns).cloned()
    }

    /// The outcome is said once nothing of ours can land any more.
    fn announce(&mut self, settling: &Settling) {
        self.say(News::Ended {
            outcome: settling.outcome.clone(),
        });
        if let State::Settling(settling) = &mut self.decided.state {
            settling.announced = true;
        }
    }

    /// A look that an answer made necessary is nobody's business any more.
    fn ask_no_more(&mut self) {
        let looks = |effect: &Effect| matches!(effect, Effect::Observe { .. });
        self.outbox.effects.retain(|effect| !looks(effect));
        for part in self.part_names() {
            if let Some(latest) = self.latest.parts.get_mut(&part) {
                latest.asked = None;
            }
        }
    }

    /// What is not as the end of the plan asks, in words.
    fn not_restored(&self) -> Vec<Left> {
        let parts = self.decided.parts.iter().filter_map(|(part, state)| {
            let waits = match &state.waiting {
                Waits::No => return None,
                Waits::For { what, .. } => what,
                Waits::Never { why } => why,
            };
            let refused = state.refused.as_ref().map_or_else(String::new, |refused| format!(" ({refused})"));
            Some(Left {
                part: part.clone(),
                what: format!("what was held for the rollout, such as the floor of an autoscaler, was not given back in time: {waits}{refused}"),
            })
        });
        parts.collect()
    }

    /// The last goal, with the floors of autoscalers as they were recorded.
    fn course_at_rest(&self, part: &Part, stage: usize) -> Option<Course> {
        let found = self.fixed.found.part(part)?;
        let baseline = self.decided.parts.get(part)?.baseline;
        let goal = goal::goal(&self.fixed.plan, stage, part)?;
        let kind = self
            .fixed
            .plan
            .stages()
            .get(stage)
            .map_or(StageKind::Retire, |stage| stage.kind);
        let goal = goal::resolve(goal, kind, found, baseline, false);
        let (until, direction) = (Until::Effective, Direction::Forward);
        let ready = ReadyRule::default();
        Some(Course {
            goal,
            until,
            direction,
            ready,
            start_ready_suffices: false,
        })
    }
}

fn traffic_moved(part: Part) -> Left {
    Left {
        part,
        what: "somebody moved traffic at the end, and it was left there: what was held for the rollout, such as the floor of an autoscaler, was not given back".to_owned(),
    }
}

fn claim_left(part: Part, claim: &Claim) -> Left {
    Left {
        part,
        what: format!(
            "the claim of rollout {} could not be given back: the next one has to take it over",
            claim.holder
        ),
    }
}
