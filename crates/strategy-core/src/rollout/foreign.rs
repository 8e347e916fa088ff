//! Other people's hands: how they are recognised, and what is done about them.

mod compare;

use self::compare::{differs, taken_back};
pub(super) use self::compare::{misses, written_anew};
use super::Rollout;
use super::event::News;
use super::outcome::Reason;
use super::part_state::{Expected, Footprint, footprint};
use super::state::{Hold, State};
use crate::plan::{ForeignPolicy, Then};
use crate::release::Part;
use crate::target::{ForeignChange, ForeignField, Observation, Writer};

impl Rollout {
    /// What somebody else changed, if anything: what is written is neither what we saw nor what we asked.
    pub(super) fn foreign_change(
        &self,
        part: &Part,
        observation: &Observation,
        seen: &Footprint,
    ) -> Option<ForeignChange> {
        let routing = self.fixed.found.part(part)?.capabilities.routing;
        let (field, message) = match &self.decided.parts.get(part)?.expected {
            Expected::Seen(before) => differs(before, seen, routing),
            Expected::Asked { before, desired } => misses(before, desired, observation, routing),
            Expected::Refused { before, desired } => {
                differs(before, seen, routing).or_else(|| taken_back(before, desired, seen))
            }
            Expected::Either { before, desired } => {
                let landed = misses(before, desired, observation, routing);
                let stayed = differs(before, seen, routing);
                match (landed, stayed) {
                    (None, _) => None,
                    // The old value, but written anew: our write landed, and somebody took it back.
                    (Some(_), None) => taken_back(before, desired, seen),
                    // All of it landed, and somebody took the traffic back: where a platform rolls by
                    // itself, one write is of everything.
                    (Some(taken), Some(_))
                        if taken.0 == ForeignField::Traffic
                            && written_anew(&before.writer, &seen.writer) =>
                    {
                        Some(taken)
                    }
                    (Some(_), Some(change)) => Some(change),
                }
            }
        }?;
        Some(ForeignChange {
            by: who(observation, field),
            field,
            message,
        })
    }

    /// A write of ours is under way, and somebody else wrote traffic since it was decided: that is
    /// certainly none of ours, and is answered at once. What else there is is answered when it is known
    /// what became of the write.
    pub(super) fn hand_during_a_flight(&mut self, part: &Part, observation: &Observation) {
        let seen = footprint(observation);
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        let Expected::Asked { before, .. } = &mut state.expected else {
            return;
        };
        if before.traffic == seen.traffic || !written_anew(&before.writer, &seen.writer) {
            return;
        }
        let (was, is) = (before.traffic.weight, seen.traffic.weight);
        *before = seen;
        let field = ForeignField::Traffic;
        let change = ForeignChange {
            by: who(observation, field),
            field,
            message: format!("traffic went from {was} to {is} while a write was under way"),
        };
        self.foreign_hand(part, observation, change, true);
    }

    /// What the target tells of other hands, and did not tell before: it may be nothing that is written
    /// on the part itself.
    pub(super) fn told_anew(
        &self,
        part: &Part,
        previous: Option<&Observation>,
        observation: &Observation,
    ) -> Option<ForeignChange> {
        // Half of a write of ours may look like somebody else's.
        if matches!(
            self.decided.parts.get(part)?.expected,
            Expected::Either { .. }
        ) {
            return None;
        }
        let before = previous.or_else(|| Some(&self.fixed.found.part(part)?.observation))?;
        let new = |change: &&ForeignChange| !before.foreign.contains(change);
        observation.foreign.iter().find(new).cloned()
    }

    /// Somebody else moved traffic to where it is now.
    pub(super) fn moved_by_hand(&mut self, part: &Part, observation: &Observation) {
        let recorded = self.fixed.found.part(part).map(|found| &found.observation);
        let recorded = recorded.map(|start| start.traffic.written.weight);
        if let Some(state) = self.decided.parts.get_mut(part) {
            let written = observation.traffic.written.weight;
            state.person_moved_traffic = true;
            state.left_by_hand = Some(written).filter(|left| Some(*left) < recorded);
        }
    }

    /// Somebody else changed something: the named policy answers.
    pub(super) fn foreign_hand(
        &mut self,
        part: &Part,
        observation: &Observation,
        change: ForeignChange,
        can_be_put_back: bool,
    ) {
        let field = change.field;
        let towards_stable =
            field == ForeignField::Traffic && self.moved_towards_stable(part, observation);
        if field == ForeignField::Traffic {
            self.moved_by_hand(part, observation);
        }
        let reason = Reason::Foreign {
            part: part.clone(),
            message: format!("{}, by {}", change.message, change.by),
        };
        match &self.decided.state {
            State::Claiming | State::Confirming | State::Settling(_) | State::Settled { .. } => {
                return;
            }
            // On the way home everything that is found is simply where we stand.
            State::RollingBack(_) | State::Superseding(_) => {
                self.say(News::ForeignHand {
                    part: part.clone(),
                    change,
                    answer: "it goes home from here".to_owned(),
                });
                return;
            }
            State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_) => {}
        }
        let policies = self.fixed.plan.policies().foreign.clone();
        let policy = match field {
            ForeignField::Traffic => policies.traffic,
            ForeignField::Capacity => policies.capacity,
            ForeignField::Revision => policies.revision,
        };
        let tell = |rollout: &mut Self, answer: &str| {
            rollout.say(News::ForeignHand {
                part: part.clone(),
                change: change.clone(),
                answer: answer.to_owned(),
            });
        };
        let reassert = match &policy {
            ForeignPolicy::Reassert { times, writers } => {
                let named = writers.contains(&change.by);
                let allowed = if towards_stable {
                    named
                } else {
                    writers.is_empty() || named
                };
                allowed.then_some(*times)
            }
            ForeignPolicy::Hold { .. } | ForeignPolicy::RollBack | ForeignPolicy::Yield => None,
        };
        let done = self
            .decided
            .parts
            .get(part)
            .map_or(0, |state| state.reasserted);
        if let Some(times) = reassert
            && done < times
            && can_be_put_back
        {
            if let Some(state) = self.decided.parts.get_mut(part) {
                state.reasserted = state.reasserted.saturating_add(1);
                // Of what else they did nothing is put back by that.
                if field == ForeignField::Traffic {
                    state.person_moved_traffic = false;
                    state.left_by_hand = None;
                }
            }
            tell(self, "it is put back");
            return;
        }
        if towards_stable {
            tell(self, "the rollout goes back");
            self.roll_back_or_hold(reason);
            return;
        }
        match policy {
            ForeignPolicy::Hold { at_most, then } => {
                tell(self, "the rollout waits for a person");
                self.hold(Hold::Foreign(reason), at_most, then, None);
            }
            ForeignPolicy::Reassert { .. } => {
                tell(
                    self,
                    if can_be_put_back {
                        "it was put back often enough; the rollout waits for a person"
                    } else {
                        "it cannot be put back; the rollout waits for a person"
                    },
                );
                self.hold(
                    Hold::Foreign(reason),
                    std::time::Duration::from_secs(3600),
                    Then::RollBack,
                    None,
                );
            }
            ForeignPolicy::RollBack => {
                tell(self, "the rollout goes back");
                self.roll_back_or_hold(reason);
            }
            ForeignPolicy::Yield => {
                tell(self, "the rollout leaves it");
                self.abandon();
            }
        }
    }

    fn moved_towards_stable(&self, part: &Part, observation: &Observation) -> bool {
        let Some(state) = self.decided.parts.get(part) else {
            return false;
        };
        let written = &observation.traffic.written;
        let before = match &state.expected {
            Expected::Seen(seen) => seen.traffic.weight,
            Expected::Asked { desired, .. } | Expected::Either { desired, .. } => {
                desired.traffic.weight
            }
            // Where it is as it was, somebody keeps it from where it was to go.
            Expected::Refused { before, desired } if before.traffic == *written => {
                desired.traffic.weight
            }
            Expected::Refused { before, .. } => before.traffic.weight,
        };
        written.weight < before
    }
}

fn who(observation: &Observation, field: ForeignField) -> String {
    let named = observation
        .foreign
        .iter()
        .find(|change| change.field == field);
    match (named, &observation.traffic.writer) {
        (Some(change), _) => change.by.clone(),
        (None, Writer::Other { name, .. }) if field == ForeignField::Traffic => name.clone(),
        (None, Writer::Other { .. } | Writer::Us | Writer::Unknown) => "somebody".to_owned(),
    }
}
