//! Walking one part towards a desired state: look, step, write, and never more than one write at a time.

use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::effect::Effect;
use super::event::News;
use super::foreign::written_anew;
use super::goal;
use super::part_state::{Expected, Waits, footprint};
use super::step::{Direction, Kind, Step, StepInput, Until, next_step};
use crate::plan::{ReadyRule, StageKind};
use crate::release::Part;
use crate::target::{Apply, Desired, Observation, Owned};
use crate::weight::Weight;

/// Where a walk goes, and by which rules.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) goal: Desired,
    pub(super) until: Until,
    pub(super) direction: Direction,
    pub(super) ready: ReadyRule,
    /// More than was ready at the start is not waited for any longer.
    pub(super) start_ready_suffices: bool,
}

impl Rollout {
    /// The course of a part in a stage of the plan.
    pub(super) fn stage_course(&self, part: &Part, stage: usize, until: Until) -> Option<Course> {
        let kind = self
            .fixed
            .plan
            .stages()
            .get(stage)
            .map_or(StageKind::Expose, |stage| stage.kind);
        let ready = self
            .fixed
            .plan
            .stages()
            .get(stage)
            .map(|stage| stage.ready)
            .unwrap_or_default();
        let found = self.fixed.found.part(part)?;
        let baseline = self.decided.parts.get(part)?.baseline;
        let goal = goal::goal(&self.fixed.plan, stage, part)?;
        Some(Course {
            goal: goal::resolve(goal, kind, found, baseline, true),
            until,
            direction: Direction::Forward,
            ready,
            start_ready_suffices: false,
        })
    }

    /// The recorded start, with no more traffic for the candidate than somebody left it since.
    pub(super) fn home(&self, part: &Part) -> Option<Desired> {
        let mut home = goal::recorded(self.fixed.found.part(part)?);
        if let Some(left) = self.decided.parts.get(part)?.left_by_hand {
            home.traffic.weight = home.traffic.weight.min(left);
        }
        Some(home)
    }

    /// The way to the recorded start.
    pub(super) fn course_home(&self, part: &Part, start_ready_suffices: bool) -> Option<Course> {
        Some(Course {
            goal: self.home(part)?,
            until: Until::Effective,
            direction: Direction::Back,
            ready: ReadyRule::default(),
            start_ready_suffices,
        })
    }

    /// One turn of a part's walk. Afterwards `waiting` of the part says what it came to. What is decided of the
    /// rollout as a whole is left as it is: its state decides by what the walks came to.
    pub(super) fn walk(&mut self, part: &Part, course: &Course) {
        let waits = self.walked(part, course);
        let state = self.decided.parts.get(part);
        if state.is_none_or(|state| state.waiting == waits) {
            return;
        }
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        let news = match &waits {
            Waits::No => None,
            Waits::For { what, .. } => Some(what.clone()),
            Waits::Never { why } => Some(why.clone()),
        };
        let before = match &state.waiting {
            Waits::For { what, .. } => Some(what.clone()),
            Waits::Never { why } => Some(why.clone()),
            Waits::No => None,
        };
        state.waiting = waits;
        if news != before
            && let Some(what) = news
        {
            self.say(News::Waiting {
                part: part.clone(),
                what,
            });
        }
    }

    fn walked(&mut self, part: &Part, course: &Course) -> Waits {
        let now = self.now();
        let wait = |what: &str| Waits::For {
            what: what.to_owned(),
            until: None,
        };
        let Some(state) = self.decided.parts.get(part) else {
            return wait("its part");
        };
        if let Some(id) = state.flight {
            return self.flight_after_a_crash(part, id, course);
        }
        if state.claiming.is_some() {
            return wait("its claim");
        }
        if let Some(at) = state.retry_at
            && at > now
        {
            return Waits::For {
                what: "the platform to accept a write".to_owned(),
                until: Some(at),
            };
        }
        let fence = state.fence;
        // Where the answer to a claim is missing, a write under the old one may be refused for ever.
        let claim_is_known = state.sought.is_none();
        let Some(observation) = self.fresh(part) else {
            self.ask(part);
            if fence && course.direction == Direction::Forward {
                self.fence(part);
            }
            return wait("a fresh look");
        };
        let step = self.step(part, course, &observation);
        if fence && !(claim_is_known && homeward_traffic(&step, course, &observation)) {
            self.fence(part);
            return wait("a fence against a write that may still land");
        }
        match step {
            Step::Apply { .. }
                if self.decided.pause.is_some() && course.direction == Direction::Forward =>
            {
                wait("the end of the pause")
            }
            Step::Apply { desired, .. } => {
                self.write(part, *desired, &observation);
                wait("a write that is under way")
            }
            Step::Wait { what, until } => {
                self.need_not_be_written(part);
                Waits::For {
                    what: self.explain_wait(part, what, course, &observation),
                    until,
                }
            }
            Step::Reached => {
                self.need_not_be_written(part);
                Waits::No
            }
            Step::Never { why } => Waits::Never { why },
        }
    }

    /// A write is under way. One that was ordered before a crash is ordered again only if, behind a
    /// fence and by a fresh look, it is still what is to be done; else it is given up.
    fn flight_after_a_crash(
        &mut self,
        part: &Part,
        id: crate::target::EffectId,
        course: &Course,
    ) -> Waits {
        let wait = |what: &str| Waits::For {
            what: what.to_owned(),
            until: None,
        };
        let Some(state) = self.decided.parts.get(part) else {
            return wait("its part");
        };
        if !state.reissue {
            return wait("a write that is under way");
        }
        if state.fence || state.claiming.is_some() {
            self.fence(part);
            return wait("a fence against a write that may still land");
        }
        let Some(observation) = self.fresh(part) else {
            self.ask(part);
            return wait("a fresh look");
        };
        if self.decided.pause.is_some() && course.direction == Direction::Forward {
            return wait("the end of the pause");
        }
        // It is held against what was seen then: where that has changed, it would be refused.
        let asked = match self.decided.open.get(&id) {
            Some(Effect::Apply { request, .. }) if request.seen == observation.owned => {
                Some(request.desired.clone())
            }
            Some(_) | None => None,
        };
        match self.step(part, course, &observation) {
            Step::Apply { desired, .. }
                if Some(&*desired) == asked.as_ref()
                    && !self.may_be_taken_back(part, &observation) =>
            {
                self.reissue(part, id);
                wait("a write that is under way")
            }
            Step::Apply { .. } | Step::Wait { .. } | Step::Reached | Step::Never { .. } => {
                self.give_up_write(part, id);
                self.ask(part);
                wait("a fresh look")
            }
        }
    }

    /// Somebody else wrote traffic since the write under way was ordered. It may have landed before, so that
    /// what looks as it did then is what they made of it.
    fn may_be_taken_back(&self, part: &Part, observation: &Observation) -> bool {
        let expected = self.decided.parts.get(part).map(|state| &state.expected);
        match expected {
            Some(Expected::Asked { before, .. } | Expected::Either { before, .. }) => {
                written_anew(&before.writer, &observation.traffic.writer)
            }
            Some(Expected::Seen(_) | Expected::Refused { .. }) | None => false,
        }
    }

    /// The write under way is not waited for any longer; what it left is told by the next look.
    fn give_up_write(&mut self, part: &Part, id: crate::target::EffectId) {
        self.decided.open.remove(&id);
        if let Some(state) = self.decided.parts.get_mut(part) {
            state.flight = None;
            state.reissue = false;
            if let Expected::Asked { before, desired } = &state.expected {
                state.expected = Expected::Either {
                    before: before.clone(),
                    desired: desired.clone(),
                };
            }
        }
        self.outdate(part);
    }

    /// What the stepper says, without doing it.
    pub(super) fn step(&self, part: &Part, course: &Course, observation: &Observation) -> Step {
        let (Some(state), Some(found)) =
            (self.decided.parts.get(part), self.fixed.found.part(part))
        else {
            return Step::Never {
                why: "the part is not known".to_owned(),
            };
        };
        let recorded = goal::recorded(found);
        let images = goal::start_images(found);
        let effective = self.effective(part, observation);
        let suffices = course
            .start_ready_suffices
            .then(|| found.observation.stable.ready());
        next_step(&StepInput {
            observation,
            effective: effective.as_ref(),
            goal: &course.goal,
            recorded: &recorded,
            start_images: &images,
            exposure: state.exposure,
            lost_share_drains: state.lost_share_drains,
            baseline: state.baseline,
            start_ready_suffices: suffices,
            routing: found.capabilities.routing,
            granularity: found.capabilities.granularity,
            ready_share: course.ready.share,
            until: course.until,
            direction: course.direction,
            may_detour: !state.person_moved_traffic,
            now: self.now(),
        })
    }

    fn write(&mut self, part: &Part, desired: Desired, observation: &Observation) {
        let timeout = self.fixed.plan.policies().write_timeout;
        let id = self.next_id();
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        let Some(claim) = state.claim.clone() else {
            return;
        };
        state.expected = Expected::Asked {
            before: footprint(observation),
            desired: Box::new(desired.clone()),
        };
        state.flight = Some(id);
        state.reissue = false;
        let request = Apply {
            id,
            claim,
            binding: state.binding.clone(),
            desired: desired.clone(),
            seen: Owned(observation.owned.0.clone()),
            timeout,
        };
        self.say(News::Applying {
            part: part.clone(),
            desired: Box::new(desired),
        });
        self.order(Effect::Apply {
            part: part.clone(),
            request: Box::new(request),
        });
    }

    /// The same write again, after a crash, under the claim that stands now.
    fn reissue(&mut self, part: &Part, id: crate::target::EffectId) {
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        state.reissue = false;
        let (Some(claim), binding) = (state.claim.clone(), state.binding.clone()) else {
            return;
        };
        if let Some(Effect::Apply { request, .. }) = self.decided.open.get_mut(&id) {
            if let Expected::Seen(before) = &state.expected {
                state.expected = Expected::Asked {
                    before: before.clone(),
                    desired: Box::new(request.desired.clone()),
                };
            }
            request.claim = claim;
            request.binding = binding;
            let effect = self.decided.open.get(&id).cloned();
            self.outbox.effects.extend(effect);
        }
    }

    /// All parts in their order of names; says whether every one of them is where it should be.
    pub(super) fn walk_all(&mut self, course: impl Fn(&Self, &Part) -> Option<Course>) -> bool {
        let fixed = Arc::clone(&self.fixed);
        for (part, _) in fixed.found.iter() {
            if let Some(course) = course(self, part) {
                self.walk(part, &course);
            }
        }
        self.decided
            .parts
            .values()
            .all(|state| state.waiting == Waits::No)
    }

    /// The next wall-clock delay after so many failures one after the other.
    pub(super) fn backoff(failures: u32) -> Duration {
        Duration::from_secs(1 << failures.min(5))
    }
}

/// A write that moves traffic nearer to home need not wait for the fence, as long as it is known which claim
/// is there: users first. A detour away from it does.
fn homeward_traffic(step: &Step, course: &Course, observation: &Observation) -> bool {
    let Step::Apply {
        kind: Kind::Traffic,
        desired,
    } = step
    else {
        return false;
    };
    let home = course.goal.traffic.weight;
    let (from, to) = (observation.traffic.written.weight, desired.traffic.weight);
    course.direction == Direction::Back && to.distance(home) <= from.distance(home)
}

/// The candidate's share as people see it: written, or achieved by counts where traffic follows them.
pub(super) fn shown_weight(observation: &Observation, routing: crate::target::Routing) -> Weight {
    match routing {
        crate::target::Routing::Routed | crate::target::Routing::Native => {
            observation.traffic.written.weight
        }
        crate::target::Routing::FollowsReadiness => {
            let candidate = observation.candidate.ready();
            Weight::of(
                candidate,
                candidate.saturating_add(observation.stable.ready()),
            )
        }
    }
}
