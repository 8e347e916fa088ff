//! Discoveries and observations by hand, for tests that need no world.

use std::time::Duration;

use crate::release::Images;
use crate::target::{
    Binding, Capabilities, Desired, DesiredTrack, Discovery, Effective, Observation, ObservedTrack,
    ObservedTraffic, Owned, Pods, Version, Writer, Written,
};
use crate::track::{Replicas, Revision, SeenRevision, Track, Tracks};
use crate::traffic::Traffic;

/// A track that was found: so many pods of these images, all ready, exactly as recorded.
pub fn observed_track(images: &Images, count: u32) -> ObservedTrack {
    let revision = SeenRevision {
        id: format!("recorded {images}"),
        images: images.clone(),
        recorded: true,
        name: None,
    };
    ready(revision, Replicas::Count(count))
}

/// What discovery would have said: these tracks, no traffic to the candidate, a router that moves
/// whole percents. Use [`ObservedTrack::default`] for a candidate that is absent.
pub fn discovery_of(stable: ObservedTrack, candidate: ObservedTrack) -> Discovery {
    let observation = observation(stable, candidate, Traffic::default(), "as found");
    Discovery {
        binding: Binding::default(),
        capabilities: Capabilities::routed(),
        observation,
        claim: None,
        last_epoch: 0,
        names: Tracks {
            stable: "workload/app".to_owned(),
            candidate: "workload/app-canary".to_owned(),
        },
    }
}

/// An observation in which everything is as `desired`: written, running, ready and effective.
///
/// `found` tells what [`Revision::Recorded`] means.
///
/// ```
/// use strategy_core::target::{Desired, DesiredTrack};
/// use strategy_core::world::{discovery_of, fulfilled, observed_track};
/// use strategy_core::{Images, Replicas, Revision, Traffic, Weight};
///
/// let found = discovery_of(
///     observed_track(&Images::parse([("app", "app:v1")])?, 4),
///     Default::default(),
/// );
/// let half = Desired {
///     stable: DesiredTrack { revision: Revision::Recorded, replicas: Replicas::Count(4) },
///     candidate: DesiredTrack {
///         revision: Revision::Release(Images::parse([("app", "app:v2")])?),
///         replicas: Replicas::Count(2),
///     },
///     traffic: Traffic::weight(Weight::HALF),
/// };
/// let observation = fulfilled(&half, &found);
/// assert_eq!(observation.candidate.ready_at(&half.candidate.revision), 2);
/// assert!(observation.stable.is_whole(&Revision::Recorded));
/// # Ok::<(), strategy_core::InvalidRelease>(())
/// ```
pub fn fulfilled(desired: &Desired, found: &Discovery) -> Observation {
    let track = |track: Track| -> ObservedTrack {
        let DesiredTrack { revision, replicas } = desired.track(track);
        let recorded = found.observation.track(track).written.as_ref();
        let revision = match revision {
            Revision::Absent => return ObservedTrack::default(),
            Revision::Recorded => {
                recorded.map_or_else(SeenRevision::default, |written| written.revision.clone())
            }
            Revision::Release(images) => SeenRevision {
                id: format!("release {images}"),
                images: images.clone(),
                recorded: false,
                name: None,
            },
            Revision::Named(name) => SeenRevision {
                id: format!("revision {name}"),
                images: Images::default(),
                recorded: false,
                name: Some(name.clone()),
            },
        };
        ready(revision, *replicas)
    };
    let (stable, candidate) = (track(Track::Stable), track(Track::Candidate));
    let owned = desired.to_string();
    observation(stable, candidate, desired.traffic.clone(), &owned)
}

fn ready(revision: SeenRevision, replicas: Replicas) -> ObservedTrack {
    let image_ids = revision
        .images
        .iter()
        .map(|(container, image)| (container.to_owned(), [format!("id of {image}")].into()))
        .collect();
    let count = replicas.number();
    let pods = Pods {
        revision: revision.clone(),
        image_ids,
        total: count,
        ready: count,
        available: count,
        restarts: 0,
        fatal: Vec::new(),
    };
    ObservedTrack {
        written: Some(Written { revision, replicas }),
        pods: if count == 0 { Vec::new() } else { vec![pods] },
        autoscaler: match replicas {
            Replicas::Count(_) => None,
            Replicas::Floor(floor) => Some(crate::target::Autoscaler {
                min: floor,
                max: floor.saturating_mul(4).max(1),
                wanted: floor,
            }),
        },
        labels: [].into(),
        preview: None,
    }
}

fn observation(
    stable: ObservedTrack,
    candidate: ObservedTrack,
    traffic: Traffic,
    owned: &str,
) -> Observation {
    Observation {
        stable,
        candidate,
        traffic: ObservedTraffic {
            written: traffic.clone(),
            effective: Effective::Verified(traffic),
            drain: Duration::ZERO,
            sticky: Duration::ZERO,
            writer: Writer::Us,
        },
        platform: None,
        foreign: Vec::new(),
        owned: Owned(owned.to_owned()),
        version: Version(owned.to_owned()),
        age: Duration::ZERO,
    }
}
