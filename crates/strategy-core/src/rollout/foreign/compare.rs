//! What was written held against what was believed to be written.

use crate::rollout::part_state::{Expected, Footprint, footprint};
use crate::target::{Desired, ForeignField, Observation, PlatformState, Routing, Writer};
use crate::track::Track;

impl Expected {
    /// A write of ours that moves traffic towards stable may have landed, and it was somebody else who
    /// did what it asks for.
    pub(in crate::rollout) fn is_what_somebody_did(&self, seen: &Footprint) -> bool {
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
pub(super) fn taken_back(
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

pub(in crate::rollout) fn written_anew(before: &Writer, now: &Writer) -> bool {
    match now {
        Writer::Other { .. } => before != now,
        Writer::Us | Writer::Unknown => false,
    }
}

/// What differs between two written states.
///
/// Where traffic follows readiness nobody writes it: it is what the counts make of it.
pub(super) fn differs(
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

/// A release that a platform was told to bring up, and that has no traffic yet: that comes when the
/// platform has asked, and until then traffic is as it was `before`, which is nobody's hand.
fn is_begun(before: &Footprint, observation: &Observation, routing: Routing) -> bool {
    let asks = observation.platform.as_ref().is_some_and(|platform| {
        matches!(
            platform.state,
            PlatformState::InProgress | PlatformState::Waiting
        )
    });
    let now = footprint(observation);
    routing == Routing::Native
        && asks
        && now.tracks.candidate != before.tracks.candidate
        && now.traffic == before.traffic
        && !written_anew(&before.writer, &now.writer)
}

/// What of a desired state is not written, where this was written before.
pub(in crate::rollout) fn misses(
    before: &Footprint,
    desired: &Desired,
    observation: &Observation,
    routing: Routing,
) -> Option<(ForeignField, String)> {
    if routing != Routing::FollowsReadiness
        && desired.traffic != observation.traffic.written
        && !is_begun(before, observation, routing)
    {
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
        let both = with(("v0", 4), Some(("v1", 2)));
        let before = footprint(&with(("v0", 4), None));
        let says = |desired: &Desired, observation: &Observation| {
            misses(&before, desired, observation, Routing::Routed)
        };
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
        let follows = Routing::FollowsReadiness;
        assert_eq!(misses(&before, &release, &moved, follows), None);
    }

    /// That is nobody's hand only while the platform has still to ask, and while nobody else wrote.
    #[test]
    fn traffic_that_a_platform_has_not_asked_for_yet_is_not_missed() {
        let alone = footprint(&as_written(("v0", 4), None).observe());
        let desired = Desired {
            stable: DesiredTrack {
                revision: Revision::Recorded,
                replicas: Replicas::Count(4),
            },
            candidate: DesiredTrack {
                revision: Revision::Release(images("v1")),
                replicas: Replicas::Count(4),
            },
            traffic: crate::Traffic::weight(crate::Weight::HALF),
        };
        let mut world = as_written(("v0", 4), Some(("v1", 4)));
        world.platform = Some(PlatformState::InProgress);
        let asked = |before: &Footprint, world: &KindWorld, routing| {
            misses(before, &desired, &world.observe(), routing).map(|(field, _)| field)
        };
        let native = Routing::Native;
        let traffic = Some(ForeignField::Traffic);
        assert_eq!(asked(&alone, &world, native), None);
        assert_eq!(asked(&alone, &world, Routing::Routed), traffic);
        let up = footprint(&world.observe());
        assert_eq!(asked(&up, &world, native), traffic, "it was up before");
        for state in [None, Some(PlatformState::Won)] {
            world.platform = state;
            assert_eq!(asked(&alone, &world, native), traffic);
        }
        world.platform = Some(PlatformState::Waiting);
        assert_eq!(asked(&alone, &world, native), None);
        world.somebody_moves_traffic(0);
        assert_eq!(asked(&alone, &world, native), traffic);
    }
}
