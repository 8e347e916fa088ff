//! What a look at a part shows: which workload has which role, and both with the traffic between them.

use super::InMemoryTarget;
use crate::target::{
    Effective, Effectiveness, Observation, ObservedTrack, ObservedTraffic, Routing, TargetError,
    TargetErrorKind, Version,
};
use crate::timestamp::Timestamp;
use crate::track::Tracks;
use crate::traffic::Traffic;
use crate::weight::Weight;
use crate::world::deployment::Deployment;
use crate::world::owned::{Bound, Fields};
use crate::world::part::{PartState, Picture};
use crate::world::workload::Workload;

impl InMemoryTarget {
    /// Which workload is stable: the one that carries the traffic. Never guessed.
    pub(super) fn roles(
        &self,
        part: &PartState,
        picture: &Picture,
    ) -> Result<Tracks<String>, TargetError> {
        let router = &picture.router;
        let roles = if !part.is_slots {
            part.roles.clone()
        } else if router.written.weight.is_zero() {
            Tracks {
                stable: router.primary.clone(),
                candidate: router.secondary.clone(),
            }
        } else if router.written.weight == Weight::FULL {
            Tracks {
                stable: router.secondary.clone(),
                candidate: router.primary.clone(),
            }
        } else {
            return Err(self
                .error(TargetErrorKind::Ambiguous, "discover")
                .because("both slots carry traffic: send all of it to one of them"));
        };
        if picture.workloads.contains_key(&roles.stable) {
            Ok(roles)
        } else {
            Err(self
                .error(TargetErrorKind::NotFound, "discover")
                .because(format!("there is no workload `{}`", roles.stable)))
        }
    }

    pub(super) fn observation(
        &self,
        part: &PartState,
        picture: &Picture,
        bound: &Bound,
        now: Timestamp,
    ) -> Result<Observation, TargetError> {
        let Tracks { stable, candidate } = &bound.workloads;
        let track = |name: &String, recorded: &Option<_>| match picture.workloads.get(name) {
            // It is removed as far as anybody is told.
            Some(workload) if workload.leaves() => Ok(ObservedTrack {
                written: None,
                ..workload.observe(recorded.as_ref())
            }),
            Some(workload) => Ok(workload.observe(recorded.as_ref())),
            None if recorded.is_some() => Err(self
                .error(TargetErrorKind::NotFound, "observe")
                .because(format!("workload `{name}` is gone"))),
            None => Ok(ObservedTrack::default()),
        };
        let routing = part.capabilities.routing;
        let count = |of: fn(&Workload) -> u32| {
            let of = |name: &String| picture.workloads.get(name).map_or(0, of);
            (of(candidate), of(stable) + of(candidate))
        };
        let (written, effective) = if routing == Routing::FollowsReadiness {
            let (wanted, of_wanted) = count(Workload::wanted);
            let (ready, of_ready) = count(Workload::ready);
            let effective = if of_ready == 0 {
                Effective::Converging
            } else {
                Effective::Verified(Traffic::weight(Weight::of(ready, of_ready)))
            };
            (Traffic::weight(Weight::of(wanted, of_wanted)), effective)
        } else {
            let deployment = picture.deployment.as_ref();
            // Of its deployment a platform can be asked, whatever its router tells.
            let effective = match part.capabilities.effectiveness {
                _ if deployment.is_some_and(Deployment::is_under_way) => Effective::Converging,
                Effectiveness::Verified => picture.router.effective_for(candidate),
                Effectiveness::Assumed { .. } => Effective::Unverified,
            };
            (picture.written_for(candidate), effective)
        };
        Ok(Observation {
            stable: track(stable, &bound.recorded.stable)?,
            candidate: track(candidate, &bound.recorded.candidate)?,
            traffic: ObservedTraffic {
                written,
                effective,
                drain: picture.router.drain,
                sticky: picture.router.sticky,
                writer: picture.router.writer.clone(),
            },
            platform: picture
                .deployment
                .as_ref()
                .and_then(|deployment| deployment.says(bound.deployment)),
            foreign: picture.foreign.clone(),
            owned: Fields::of(picture, bound, routing).to_owned_value(),
            version: Version(part.version.to_string()),
            age: part
                .frozen
                .as_ref()
                .map(|(since, _)| now.since(*since))
                .unwrap_or_default(),
        })
    }
}
