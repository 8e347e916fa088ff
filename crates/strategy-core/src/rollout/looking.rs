//! Looking at a part: when it is asked for, and how old what was seen may be.

use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::effect::Effect;
use crate::release::Part;
use crate::target::{Effective, Effectiveness, Observation};
use crate::timestamp::Timestamp;
use crate::traffic::Traffic;

impl Rollout {
    /// What the router does, where it is known: verified, or assumed after the settle time.
    pub(super) fn effective(&self, part: &Part, observation: &Observation) -> Option<Traffic> {
        match &observation.traffic.effective {
            Effective::Verified(traffic) => Some(traffic.clone()),
            Effective::Converging | Effective::Partial => None,
            Effective::Unverified => {
                let settled = self.assumed_at(part)?;
                (settled <= self.now()).then(|| observation.traffic.written.clone())
            }
        }
    }

    /// When traffic that cannot be verified is taken to be effective.
    pub(super) fn assumed_at(&self, part: &Part) -> Option<Timestamp> {
        match self.fixed.found.part(part)?.capabilities.effectiveness {
            Effectiveness::Assumed { after } => {
                Some(self.decided.parts.get(part)?.traffic_since + after)
            }
            Effectiveness::Verified => None,
        }
    }

    /// The newest observation, if it began after our last write ended and is not too old to act on.
    pub(super) fn fresh(&self, part: &Part) -> Option<Arc<Observation>> {
        let latest = self.latest.parts.get(part)?;
        let state = self.decided.parts.get(part)?;
        let young = self.now().since(latest.at?) <= self.fixed.plan.policies().stale_after;
        (latest.ticket >= state.min_ticket && young).then(|| latest.observation.clone())?
    }

    /// For how much longer than the last input what was last seen of a part may be acted on; `None`: no
    /// longer, or nothing was seen.
    ///
    /// A write that is [ordered](super::Effect::Apply) is not to be sent later than that. Where the journal
    /// took so long, it is answered as a conflict that was certainly not taken, and decided anew.
    pub fn fresh_for(&self, part: &Part) -> Option<Duration> {
        let at = self.latest.parts.get(part)?.at?;
        let limit = self.fixed.plan.policies().stale_after;
        limit.checked_sub(self.now().since(at))
    }

    /// Asks for a look, unless one that will do is under way.
    pub(super) fn ask(&mut self, part: &Part) {
        let now = self.now();
        let patience = self.fixed.plan.policies().write_timeout * 2;
        let (Some(latest), Some(state)) =
            (self.latest.parts.get(part), self.decided.parts.get(part))
        else {
            return;
        };
        if latest.not_before.is_some_and(|at| at > now) {
            return;
        }
        if let Some((ticket, since)) = latest.asked
            && ticket >= state.min_ticket
            && now.since(since) < patience
        {
            return;
        }
        let Some(latest) = self.latest.parts.get_mut(part) else {
            return;
        };
        let ticket = super::Ticket(latest.next_ticket);
        latest.next_ticket += 1;
        latest.asked = Some((ticket, now));
        latest.news = false;
        let policies = self.fixed.plan.policies();
        let effect = Effect::Observe {
            part: part.clone(),
            binding: state.binding.clone(),
            ticket,
            // Reads are repeated meanwhile: longer, and a part that is away would not be noticed in time.
            timeout: policies.write_timeout.min(policies.unreachable.limit),
        };
        self.outbox.effects.push_back(effect);
    }

    /// Observations that were already under way do not count any more.
    pub(super) fn outdate(&mut self, part: &Part) {
        if let (Some(latest), Some(state)) = (
            self.latest.parts.get(part),
            self.decided.parts.get_mut(part),
        ) {
            state.min_ticket = super::Ticket(latest.next_ticket);
        }
    }

    /// News, or a resync interval without any: look again.
    pub(super) fn look_around(&mut self) {
        let (now, resync) = (self.now(), self.fixed.plan.policies().resync);
        let fixed = Arc::clone(&self.fixed);
        for (part, _) in fixed.found.iter() {
            let Some(latest) = self.latest.parts.get(part) else {
                continue;
            };
            let old = latest.heard.is_none_or(|at| now.since(at) >= resync);
            let claimed = self
                .decided
                .parts
                .get(part)
                .is_some_and(|state| state.claim.is_some());
            if claimed && (latest.news && latest.asked.is_none() || old) {
                self.ask(part);
            }
        }
    }
}
