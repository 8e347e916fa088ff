//! What happens to one part: answers of writes and claims, observations, and other people's hands.

use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::effect::{Effect, Ticket};
use super::event::News;
use super::input::{Completion, Failure};
use super::outcome::Reason;
use super::part_state::{Expected, footprint};
use super::state::State;
use super::walk::shown_weight;
use crate::release::Part;
use crate::target::{Certainty, EffectId, Effective, ForeignField, Observation, TargetErrorKind};
use crate::track::Tracks;
use crate::traffic::Traffic;
use crate::weight::Weight;

/// A part that cannot be read is looked at again after 1, 2, 4 and then every so many seconds: what
/// pods do meanwhile is not known.
const SLOWEST_LOOK: Duration = Duration::from_secs(5);

impl Rollout {
    /// A write or claim of a part was answered.
    pub(super) fn part_succeeded(&mut self, id: EffectId, effect: &Effect, outcome: &Completion) {
        let part = match effect {
            Effect::Claim { part, .. } | Effect::Apply { part, .. } => part,
            Effect::Observe { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => return,
        };
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        match effect {
            Effect::Claim { to, .. } if state.claiming == Some(id) => {
                state.claiming = None;
                state.claim_lost = false;
                let ours = to.as_ref().filter(|claim| claim.holder == self.fixed.id);
                state.claim = ours.cloned();
                state.sought = None;
                // A fence that stands says nothing about the write it is for: that backs off all the same.
                if !state.fence {
                    state.failures = 0;
                    state.retry_at = None;
                }
                state.fence = std::mem::take(&mut state.fence_after);
                self.can_be_written(part);
                self.outdate(part);
            }
            Effect::Apply { request, .. } if state.flight == Some(id) => {
                state.flight = None;
                state.reissue = false;
                state.failures = 0;
                state.retry_at = None;
                if let Completion::Applied(applied) = outcome
                    && let Some(binding) = &applied.binding
                {
                    state.binding = binding.clone();
                }
                self.can_be_written(part);
                self.outdate(part);
                self.may_have_exposed(part, &request.desired.traffic);
            }
            Effect::Claim { .. }
            | Effect::Apply { .. }
            | Effect::Observe { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => {}
        }
        self.ask(&part.clone());
    }

    /// A write or claim of a part failed.
    pub(super) fn part_failed(&mut self, id: EffectId, effect: &Effect, failure: &Failure) {
        let now = self.now();
        let (part, is_claim) = match effect {
            Effect::Claim { part, .. } => (part.clone(), true),
            Effect::Apply { part, .. } => (part.clone(), false),
            Effect::Observe { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => return,
        };
        let Some(state) = self.decided.parts.get_mut(&part) else {
            return;
        };
        let conflict = failure.kind == TargetErrorKind::Conflict;
        // The first conflict is answered at once by a look; after that, as any failure, later and later.
        state.retry_at =
            (!conflict || state.failures > 0).then(|| now + Self::backoff(state.failures));
        state.failures = state.failures.saturating_add(1);
        state.refused = Some(failure.message.clone());
        if is_claim && state.claiming == Some(id) {
            state.claiming = None;
            state.claim_lost |= conflict;
            // That speaks of this order, not of one before it whose answer nobody heard.
            let only = state.failures <= 1 && !state.fence_after;
            if failure.certainty == Certainty::NotTaken && only {
                state.sought = None;
            }
        } else if !is_claim && state.flight == Some(id) {
            state.flight = None;
            state.reissue = false;
            let (before, desired) = match &state.expected {
                Expected::Asked { before, desired } | Expected::Either { before, desired } => {
                    (before.clone(), desired.clone())
                }
                Expected::Seen(_) | Expected::Refused { .. } => return,
            };
            state.expected = match failure.certainty {
                Certainty::NotTaken => Expected::Refused { before, desired },
                Certainty::MayBeTaken => {
                    state.fence = true;
                    Expected::Either { before, desired }
                }
            };
            if let Effect::Apply { request, .. } = effect
                && failure.certainty == Certainty::MayBeTaken
            {
                self.may_have_exposed(&part, &request.desired.traffic);
            }
        }
        if failure.kind.is_transient() || failure.kind == TargetErrorKind::Unexpected {
            self.cannot_be_written(&part, failure);
        }
        self.outdate(&part);
        self.ask(&part);
        let message = failure.message.clone();
        let begins = matches!(self.decided.state, State::Claiming | State::Confirming);
        // Somebody else holds it, or came in between.
        let reason = match (conflict && is_claim, begins) {
            (true, true) => Reason::NotAsDiscovered { part, message },
            (true, false) => Reason::ClaimLost { part, message },
            (false, _) => Reason::Refused { part, message },
        };
        match failure.kind {
            TargetErrorKind::PermissionDenied
            | TargetErrorKind::Unsupported
            | TargetErrorKind::InvalidConfig
            | TargetErrorKind::NotFound
            | TargetErrorKind::Ambiguous => self.refused(reason),
            TargetErrorKind::Conflict if is_claim => self.refused(reason),
            TargetErrorKind::Conflict
            | TargetErrorKind::RateLimited
            | TargetErrorKind::Unavailable
            | TargetErrorKind::Unexpected => {}
        }
    }

    /// The platform refused for good. On the way home it is tried again until the deadline says stuck.
    fn refused(&mut self, reason: Reason) {
        match self.decided.state {
            State::Claiming | State::Confirming => self.give_back(reason),
            State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_) => {
                self.fail(reason);
            }
            State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => {}
        }
    }

    pub(super) fn observe_failed(&mut self, part: &Part, ticket: Ticket, failure: &Failure) {
        let now = self.now();
        let Some(latest) = self.latest.parts.get_mut(part) else {
            return;
        };
        // A question that was asked anew since is answered by the newer one.
        if latest.asked.is_none_or(|(asked, _)| asked != ticket) {
            return;
        }
        latest.asked = None;
        latest.news = true;
        latest.not_before = Some(now + Self::backoff(latest.failures).min(SLOWEST_LOOK));
        latest.failures = latest.failures.saturating_add(1);
        self.cannot_be_read(part, failure);
    }

    pub(super) fn observed(&mut self, part: &Part, ticket: Ticket, observation: &Arc<Observation>) {
        let now = self.now();
        let Some(latest) = self.latest.parts.get_mut(part) else {
            return;
        };
        // An answer that comes again, or to a question that was asked anew since, tells nothing.
        let Some((asked, begun)) = latest.asked.filter(|(asked, _)| *asked == ticket) else {
            return;
        };
        latest.asked = None;
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        if asked < state.min_ticket {
            return;
        }
        let mut observation = Arc::clone(observation);
        // What is told of other hands while a write may land is answered when that is known.
        if state.may_land_by_itself() {
            let known = latest
                .observation
                .as_ref()
                .map(|seen| seen.foreign.as_slice());
            let known = known.unwrap_or_default();
            if !observation
                .foreign
                .iter()
                .all(|change| known.contains(change))
            {
                let observation = Arc::make_mut(&mut observation);
                observation.foreign.retain(|change| known.contains(change));
            }
        }
        // What says the same is the same: a rollout at rest keeps one observation, not two.
        if let Some(seen) = latest
            .observation
            .as_ref()
            .filter(|seen| **seen == observation)
        {
            observation = Arc::clone(seen);
        }
        let previous = latest.observation.replace(Arc::clone(&observation));
        latest.ticket = ticket;
        latest.failures = 0;
        latest.heard = Some(now);
        let at = begun.before(observation.age);
        latest.at = Some(at);
        // A cached read that is too old to act on gets no younger by asking at once.
        let stale = now.since(at) > self.fixed.plan.policies().stale_after;
        latest.not_before = stale.then(|| now + Duration::from_secs(1));
        if state.unreadable.take().is_some() && state.unwritable.is_none() {
            self.say(News::Reachable { part: part.clone() });
        }
        self.report_progress(part, previous.as_deref(), &observation);
        self.note_traffic(part, previous.as_deref(), &observation);
        // What it did by itself is told by it, before what is written then is taken for somebody's hand.
        self.platform_says(part, &observation);
        self.settle_expectation(part, previous.as_deref(), &observation);
        self.update_exposure(part);
        self.update_baseline(part, &observation);
        self.update_health(part, &observation);
    }

    fn report_progress(
        &mut self,
        part: &Part,
        previous: Option<&Observation>,
        observation: &Observation,
    ) {
        let Some(found) = self.fixed.found.part(part) else {
            return;
        };
        let routing = found.capabilities.routing;
        let facts = |observation: &Observation| {
            let each = |f: fn(&crate::target::ObservedTrack) -> u32| Tracks {
                stable: f(&observation.stable),
                candidate: f(&observation.candidate),
            };
            let effective = match &observation.traffic.effective {
                Effective::Verified(traffic) => Some(traffic.weight),
                Effective::Unverified | Effective::Converging => None,
            };
            (
                each(crate::target::ObservedTrack::ready),
                each(crate::target::ObservedTrack::wanted),
                shown_weight(observation, routing),
                effective,
            )
        };
        let new = facts(observation);
        if previous.map(facts).as_ref() != Some(&new) {
            let (ready, wanted, written, effective) = new;
            self.say(News::Progress {
                part: part.clone(),
                ready,
                wanted,
                written,
                effective,
            });
        }
    }

    /// Since when traffic is written as it is: other writes than of traffic do not make it younger.
    fn note_traffic(
        &mut self,
        part: &Part,
        previous: Option<&Observation>,
        observation: &Observation,
    ) {
        let now = self.now();
        let before = previous.or_else(|| Some(&self.fixed.found.part(part)?.observation));
        let same = before.is_some_and(|seen| seen.traffic.written == observation.traffic.written);
        if let Some(state) = self.decided.parts.get_mut(part)
            && !same
        {
            state.traffic_since = now;
        }
    }

    /// The baseline never falls.
    fn update_baseline(&mut self, part: &Part, observation: &Observation) {
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        if let Some(autoscaler) = observation.stable.autoscaler {
            state.baseline = state.baseline.max(autoscaler.wanted);
        }
    }

    /// Compares what is written with what we believed to be written.
    fn settle_expectation(
        &mut self,
        part: &Part,
        previous: Option<&Observation>,
        observation: &Observation,
    ) {
        let Some(state) = self.decided.parts.get(part) else {
            return;
        };
        if state.may_land_by_itself() {
            self.hand_during_a_flight(part, observation);
            return;
        }
        // What a crash left under way and the fence has ended has landed or will not: either.
        if state.flight.is_some()
            && let Some(state) = self.decided.parts.get_mut(part)
            && let Expected::Asked { before, desired } = &state.expected
        {
            state.expected = Expected::Either {
                before: before.clone(),
                desired: desired.clone(),
            };
        }
        let seen = footprint(observation);
        let routing = self
            .fixed
            .found
            .part(part)
            .map_or(crate::target::Routing::Routed, |found| {
                found.capabilities.routing
            });
        let change = self
            .foreign_change(part, observation, &seen)
            .filter(|_| !self.went_back_by_itself(part, observation));
        if let Some(change) = change {
            self.foreign_hand(part, observation, change, true);
        } else if let Some(change) = self.told_anew(part, previous, observation) {
            if change.field == ForeignField::Traffic {
                // It was taken back before anybody looked: whoever had requests meanwhile has to drain.
                for weight in [Weight::FULL, Weight::ZERO] {
                    self.may_have_exposed(part, &Traffic::weight(weight));
                }
            }
            // It is nothing that is written on the part, so no write puts it back.
            self.foreign_hand(part, observation, change, false);
        }
        let state = self.decided.parts.get(part);
        if state.is_some_and(|state| state.expected.is_what_somebody_did(&seen)) {
            self.moved_by_hand(part, observation);
        }
        if let Some(state) = self.decided.parts.get_mut(part) {
            let may_land = state.fence || state.claiming.is_some();
            let landed = match &state.expected {
                Expected::Either { before, desired } => {
                    super::foreign::misses(before, desired, observation, routing).is_none()
                }
                Expected::Seen(_) | Expected::Asked { .. } | Expected::Refused { .. } => true,
            };
            // Not there yet is not "never": until the fence stands it may still come, and is ours then.
            if landed || !may_land {
                state.expected = Expected::Seen(seen);
            } else if let Expected::Either { before, .. } = &mut state.expected {
                // What was answered once is no news at the next look.
                *before = seen;
            }
        }
    }
}
