//! Claims and their epochs: what of ours may still land is fenced off by the next one.

use super::Rollout;
use super::effect::Effect;
use crate::release::Part;
use crate::target::Claim;

impl Rollout {
    /// A new epoch of our claim: whatever of the last one is still on its way will fail.
    pub(super) fn fence(&mut self, part: &Part) {
        let now = self.now();
        let Some(state) = self.decided.parts.get(part) else {
            return;
        };
        if state.claiming.is_some() || state.retry_at.is_some_and(|at| at > now) {
            return;
        }
        if let Some(from) = state.claim.clone() {
            let to = from.next();
            self.order_claim(part, Some(from), Some(to));
        }
    }

    pub(super) fn order_claim(&mut self, part: &Part, from: Option<Claim>, to: Option<Claim>) {
        let timeout = self.fixed.plan.policies().write_timeout;
        let id = self.next_id();
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        state.claiming = Some(id);
        if to.is_some() {
            state.sought.clone_from(&to);
        }
        let binding = state.binding.clone();
        self.order(Effect::Claim {
            id,
            part: part.clone(),
            binding,
            from,
            to,
            timeout,
        });
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

    /// No write of ours is under way, and none that was given up may still land.
    pub(super) fn nothing_may_land(&self) -> bool {
        let mut parts = self.decided.parts.values();
        parts.all(|part| part.flight.is_none() && !part.fence)
    }
}
