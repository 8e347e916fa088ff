//! Other people's hands: how they are recognised, and what is done about them.

use super::Rollout;
use super::event::News;
use super::outcome::Reason;
use super::part_state::{Expected, Footprint, footprint};
use super::state::{Hold, State};
use crate::plan::{ForeignPolicy, Then};
use crate::release::Part;
use crate::target::{Desired, ForeignChange, ForeignField, Observation, Routing, Writer};
use crate::track::Track;

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
            Expected::Asked { desired, .. } => misses(desired, observation, routing),
            Expected::Refused { before, desired } => {
                differs(before, seen, routing).or_else(|| taken_back(before, desired, seen))
            }
            Expected::Either { before, desired } => {
                let landed = misses(desired, observation, routing);
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
        if field == ForeignField::Traffic
            && let Some(state) = self.decided.parts.get_mut(part)
        {
            state.person_moved_traffic = true;
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
                state.person_moved_traffic = false;
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

impl Expected {
    /// A write of ours that moves traffic towards stable may have landed, and it was somebody else who
    /// did what it asks for.
    pub(super) fn is_what_somebody_did(&self, seen: &Footprint) -> bool {
        match self {
            Self::Either { before, desired } => {
                seen.traffic == desired.traffic
                    && seen.traffic.weight < before.traffic.weight
                    && written_anew(&before.writer, &seen.writer)
            }
            Self::Seen(_) | Self::Asked { .. } | Self::Refused { .. } => false,
        }
    }
}

/// The old value, but written anew: it was something else in between, and somebody took it back.
fn taken_back(
    before: &Footprint,
    desired: &Desired,
    now: &Footprint,
) -> Option<(ForeignField, String)> {
    let anew = desired.traffic != before.traffic && written_anew(&before.writer, &now.writer);
    anew.then(|| {
        (
            ForeignField::Traffic,
            format!("traffic is at {} again", now.traffic.weight),
        )
    })
}

/// Somebody else wrote since.
pub(super) fn written_anew(before: &Writer, now: &Writer) -> bool {
    match now {
        Writer::Other { .. } => before != now,
        Writer::Us | Writer::Unknown => false,
    }
}

/// What differs between two written states.
///
/// Where traffic follows readiness nobody writes it: it is what the counts make of it.
fn differs(
    before: &Footprint,
    now: &Footprint,
    routing: Routing,
) -> Option<(ForeignField, String)> {
    if routing != Routing::FollowsReadiness && before.traffic != now.traffic {
        return Some((
            ForeignField::Traffic,
            format!("traffic went from {} to {}", before.traffic, now.traffic),
        ));
    }
    Track::ALL.into_iter().find_map(
        |track| match (before.tracks.of(track), now.tracks.of(track)) {
            (None, None) => None,
            (None, Some(_)) => Some((ForeignField::Revision, format!("{track} was created"))),
            (Some(_), None) => Some((ForeignField::Revision, format!("{track} was removed"))),
            (Some((before, _)), Some((now, _))) if before != now => Some((
                ForeignField::Revision,
                format!("{track} was given another revision"),
            )),
            (Some((_, before)), Some((_, now))) if before != now => Some((
                ForeignField::Capacity,
                format!("{track} was scaled from {before} to {now}"),
            )),
            (Some(_), Some(_)) => None,
        },
    )
}

/// What of a desired state is not written.
pub(super) fn misses(
    desired: &Desired,
    observation: &Observation,
    routing: Routing,
) -> Option<(ForeignField, String)> {
    if routing != Routing::FollowsReadiness && desired.traffic != observation.traffic.written {
        let written = &observation.traffic.written;
        return Some((
            ForeignField::Traffic,
            format!("traffic is {written}, and {} was written", desired.traffic),
        ));
    }
    Track::ALL.into_iter().find_map(|track| {
        let asked = desired.track(track);
        match &observation.track(track).written {
            None if asked.revision == crate::Revision::Absent => None,
            None => Some((ForeignField::Revision, format!("{track} is gone"))),
            Some(_) if asked.revision == crate::Revision::Absent => {
                Some((ForeignField::Revision, format!("{track} is there again")))
            }
            Some(written) if !asked.revision.is(&written.revision) => Some((
                ForeignField::Revision,
                format!("{track} was given another revision"),
            )),
            Some(written) if written.replicas != asked.replicas => {
                let (asked, written) = (asked.replicas, written.replicas);
                Some((
                    ForeignField::Capacity,
                    format!("{track} is scaled to {written}, and {asked} was written"),
                ))
            }
            Some(_) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::part_state::footprint;
    use crate::rollout::tests::kind_world::{KindWorld, images};
    use crate::target::DesiredTrack;
    use crate::track::{Replicas, Revision};

    /// A step of somebody else, what it is, and how it is said.
    type Hand = (fn(&mut KindWorld), ForeignField, &'static str);

    fn as_written(stable: (&str, u32), candidate: Option<(&str, u32)>) -> KindWorld {
        KindWorld::new(stable, candidate)
    }

    #[test]
    fn what_changed_since_it_was_seen_is_said() {
        let world = as_written(("v0", 4), Some(("v1", 2)));
        let before = footprint(&world.observe());
        let hands: [Hand; 4] = [
            (
                |world| world.somebody_moves_traffic(30),
                ForeignField::Traffic,
                "traffic went from 0% to 30%",
            ),
            (
                |world| world.sides.candidate.written = None,
                ForeignField::Revision,
                "candidate was removed",
            ),
            (
                |world| *world = as_written(("v9", 4), Some(("v1", 2))),
                ForeignField::Revision,
                "stable was given another revision",
            ),
            (
                |world| *world = as_written(("v0", 4), Some(("v1", 3))),
                ForeignField::Capacity,
                "candidate was scaled from 2 to 3",
            ),
        ];
        for (hand, field, said) in hands {
            let mut world = world.clone();
            hand(&mut world);
            let now = footprint(&world.observe());
            let found = differs(&before, &now, Routing::Routed);
            assert_eq!(found, Some((field, said.to_owned())));
        }
        assert_eq!(differs(&before, &before, Routing::Routed), None);
        let mut moved = world;
        moved.somebody_moves_traffic(30);
        let moved = footprint(&moved.observe());
        assert_eq!(differs(&before, &moved, Routing::FollowsReadiness), None);
        let alone = footprint(&as_written(("v0", 4), None).observe());
        let created = (ForeignField::Revision, "candidate was created".to_owned());
        assert_eq!(differs(&alone, &before, Routing::Routed), Some(created));
        assert_eq!(differs(&alone, &alone, Routing::Routed), None);
    }

    #[test]
    fn what_is_not_as_it_was_written_is_said() {
        let desired = |candidate: DesiredTrack| Desired {
            stable: DesiredTrack {
                revision: Revision::Recorded,
                replicas: Replicas::Count(4),
            },
            candidate,
            traffic: crate::Traffic::default(),
        };
        let release = desired(DesiredTrack {
            revision: Revision::Release(images("v1")),
            replicas: Replicas::Count(2),
        });
        let removed = desired(DesiredTrack::absent());
        let with = |stable: (&str, u32), candidate| as_written(stable, candidate).observe();
        let says = |desired: &Desired, observation: &Observation| {
            misses(desired, observation, Routing::Routed)
        };
        let both = with(("v0", 4), Some(("v1", 2)));
        assert_eq!(says(&release, &both), None);
        assert_eq!(says(&removed, &with(("v0", 4), None)), None);
        let capacity = |said: &str| Some((ForeignField::Capacity, said.to_owned()));
        let revision = |said: &str| Some((ForeignField::Revision, said.to_owned()));
        assert_eq!(says(&removed, &both), revision("candidate is there again"));
        assert_eq!(
            says(&release, &with(("v0", 4), None)),
            revision("candidate is gone")
        );
        assert_eq!(
            says(&release, &with(("v0", 4), Some(("v2", 2)))),
            revision("candidate was given another revision")
        );
        assert_eq!(
            says(&release, &with(("v0", 3), Some(("v1", 2)))),
            capacity("stable is scaled to 3, and 4 was written")
        );
        let mut moved = both;
        moved.traffic.written = crate::Traffic::weight(crate::Weight::HALF);
        let traffic = "traffic is 50%, and 0% was written".to_owned();
        assert_eq!(
            says(&release, &moved),
            Some((ForeignField::Traffic, traffic))
        );
        assert_eq!(misses(&release, &moved, Routing::FollowsReadiness), None);
    }
}
