//! Claims in the order of names, and the look that must find all as it was discovered.

use super::Flow;
use crate::rollout::Rollout;
use crate::rollout::outcome::Reason;
use crate::rollout::part_state::{Expected, footprint};
use crate::rollout::state::State;
use crate::target::Claim;

impl Rollout {
    pub(super) fn claiming(&mut self) -> Flow {
        let now = self.now();
        if self.unreachable_too_long() {
            return Flow::Again;
        }
        for part in self.part_names() {
            let Some(state) = self.decided.parts.get(&part) else {
                continue;
            };
            if state.claim.is_some() {
                continue;
            }
            if state.claiming.is_none() && state.retry_at.is_none_or(|at| at <= now) {
                let from = self.fixed.claims_before.get(&part).cloned();
                let last = self
                    .fixed
                    .found
                    .part(&part)
                    .map_or(0, |found| found.last_epoch);
                let held = from.as_ref().map_or(0, |claim| claim.epoch);
                let epoch = last.max(held).saturating_add(1);
                let to = Claim {
                    holder: self.fixed.id.clone(),
                    epoch,
                };
                self.order_claim(&part, from, Some(to));
            }
            return Flow::Rest;
        }
        for part in self.part_names() {
            self.ask(&part);
        }
        self.enter(State::Confirming);
        Flow::Again
    }

    pub(super) fn confirming(&mut self) -> Flow {
        if self.unreachable_too_long() {
            return Flow::Again;
        }
        for part in self.part_names() {
            let Some(observation) = self.fresh(&part) else {
                self.ask(&part);
                return Flow::Rest;
            };
            let Some(found) = self.fixed.found.part(&part) else {
                continue;
            };
            let before = footprint(&found.observation);
            let now = footprint(&observation);
            if self.fixed.inherited {
                // A successor takes over what the one before left, wherever that is.
            } else if before.tracks != now.tracks || before.traffic != now.traffic {
                let message = "it was changed between discovery and claim: start again".to_owned();
                self.give_back(Reason::NotAsDiscovered { part, message });
                return Flow::Again;
            } else if found.observation.owned != observation.owned {
                let message = "a field that the rollout owns was changed between discovery and claim: start again";
                self.give_back(Reason::NotAsDiscovered {
                    part,
                    message: message.to_owned(),
                });
                return Flow::Again;
            }
            let before = &found.observation.foreign;
            let hand = observation
                .foreign
                .iter()
                .find(|change| !before.contains(change));
            if let Some(change) = hand
                && !self.fixed.inherited
            {
                let message = format!("{}, by {}: start again", change.message, change.by);
                self.give_back(Reason::NotAsDiscovered { part, message });
                return Flow::Again;
            }
            if let Some(state) = self.decided.parts.get_mut(&part) {
                state.expected = Expected::Seen(now);
            }
        }
        if self.decided.pause.is_some() {
            return Flow::Rest;
        }
        self.enter_stage(0);
        Flow::Again
    }
}
