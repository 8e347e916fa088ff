//! What the broken target makes of what it sees, and of what it is asked.

use serde_json::Value;
use strategy_core::target::{
    Apply, DesiredTrack, Discovery, Effective, ForeignChange, ForeignField, Observation,
    ObservedTrack, Owned, PlatformState, Writer, Written,
};
use strategy_core::{Replicas, Revision, RouteBy, Weight};

use super::{Break, Broken};

impl Broken {
    /// What it says it saw.
    pub(crate) fn distorted(&self, mut seen: Observation, is_discovery: bool) -> Observation {
        let has_written = self.memory.lock().unwrap().has_written;
        match self.how {
            Break::ObservesOtherwiseThanItDiscovers if !is_discovery => seen.owned.0.push(' '),
            Break::NeverArrives => seen.traffic.effective = Effective::Converging,
            Break::BlamesOthers if has_written => seen.foreign.push(ForeignChange::new(
                "somebody",
                ForeignField::Capacity,
                "our own write",
            )),
            Break::HidesWhoMovedTraffic => {
                seen.traffic.writer = Writer::Us;
                seen.foreign.clear();
            }
            Break::HidesForeignChanges => seen.foreign.clear(),
            Break::InventsACandidate if seen.candidate.is_absent() => {
                let revision = seen.stable.written.as_ref().unwrap().revision.clone();
                seen.candidate.written = Some(Written::new(revision, Replicas::Count(0)));
            }
            Break::MixesRevisions => {
                for track in [&mut seen.stable, &mut seen.candidate] {
                    for pods in &mut track.pods {
                        pods.revision.id = "the workload".to_owned();
                    }
                }
            }
            Break::ReportsNoImages => {
                let pods = |track: &mut ObservedTrack| {
                    track
                        .pods
                        .iter_mut()
                        .for_each(|pods| pods.image_ids.clear());
                };
                pods(&mut seen.stable);
                pods(&mut seen.candidate);
            }
            Break::MiscountsReadyPods => {
                for pods in &mut seen.candidate.pods {
                    pods.ready += 1;
                }
            }
            Break::WinsEarly => {
                if let Some(platform) = &mut seen.platform
                    && platform.state == PlatformState::Waiting
                {
                    platform.state = PlatformState::Won;
                }
            }
            Break::LabelsBothTracksAlike => seen.candidate.labels = seen.stable.labels.clone(),
            _ => {}
        }
        seen
    }

    /// What this target makes of a request before it passes it on.
    pub(crate) fn misread(&self, request: &Apply, here: &Discovery) -> Apply {
        let mut request = request.clone();
        let desired = &mut request.desired;
        let claim = here.claim.clone();
        match self.how {
            Break::OverwritesTraffic => take(&mut request.seen, here, &["traffic"]),
            Break::OverwritesCapacity => {
                take(&mut request.seen, here, &["tracks", "stable", "replicas"]);
            }
            Break::OverwritesRevision => {
                take(&mut request.seen, here, &["tracks", "stable", "template"]);
            }
            Break::NeverScalesStableIn => {
                let told = here.observation.stable.written.as_ref().unwrap().replicas;
                let most = told.number().max(desired.stable.replicas.number());
                desired.stable.replicas = told.with(most);
            }
            Break::KeepsWhatItCreated if desired.candidate.revision == Revision::Absent => {
                if let Some(written) = &here.observation.candidate.written {
                    desired.candidate = DesiredTrack {
                        revision: Revision::Release(written.revision.images.clone()),
                        replicas: Replicas::Count(0),
                    };
                }
            }
            Break::GuessesARevision => {
                if let Revision::Named(_) = desired.stable.revision {
                    desired.stable.revision = Revision::Recorded;
                }
            }
            Break::IgnoresUnknownContainers => {
                if let Revision::Release(images) = &desired.stable.revision
                    && images.get("app").is_none()
                {
                    desired.stable.revision = Revision::Recorded;
                }
            }
            Break::CapsCounts => {
                let replicas = desired.candidate.replicas;
                desired.candidate.replicas = replicas.with(replicas.number().min(2));
            }
            Break::WritesForAnyHolder => {
                request.claim = claim
                    .filter(|claim| claim.holder != request.claim.holder)
                    .unwrap_or(request.claim);
            }
            Break::WritesForAnyEpoch => {
                request.claim = claim
                    .filter(|claim| claim.holder == request.claim.holder)
                    .unwrap_or(request.claim);
            }
            Break::RoundsWeights => {
                let ten = Weight::from_percent(10).unwrap();
                desired.traffic.weight = desired.traffic.weight.floor_to(ten);
            }
            Break::DropsHeaderRoutes => desired
                .traffic
                .routes
                .retain(|route| route.by != RouteBy::Header),
            Break::DropsCookieRoutes => desired
                .traffic
                .routes
                .retain(|route| route.by != RouteBy::Cookie),
            Break::DropsTheMirror => desired.traffic.mirror = Weight::ZERO,
            _ => {}
        }
        request
    }
}

/// Replaces one field of what was seen by what is there.
fn take(seen: &mut Owned, here: &Discovery, path: &[&str]) {
    let read = |owned: &Owned| -> Value { serde_json::from_str(&owned.0).unwrap() };
    let (mut fields, here) = (read(seen), read(&here.observation.owned));
    let pointer = format!("/{}", path.join("/"));
    *fields.pointer_mut(&pointer).unwrap() = here.pointer(&pointer).unwrap().clone();
    *seen = Owned(fields.to_string());
}
