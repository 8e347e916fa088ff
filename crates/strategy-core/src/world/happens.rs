//! What becomes of the world when something happens in it.

use super::counter::FailingMetrics;
use super::fault::ApiFault;
use super::happening::Happening;
use super::part::PartState;
use super::state::{ActiveFault, State};
use crate::release::Part;
use crate::target::ForeignField;
use crate::track::Replicas;

impl State {
    /// It happens now.
    pub(super) fn happen(&mut self, happening: Happening) {
        let now = self.now;
        match happening {
            Happening::ImageBehaves { image, behavior } => {
                self.registry.behaviors.insert(image.clone(), behavior);
                for state in self.parts.values_mut() {
                    let pods = state
                        .picture
                        .workloads
                        .values_mut()
                        .flat_map(|workload| &mut workload.pods);
                    for pod in pods.filter(|pod| pod.contents.has(&image)) {
                        pod.reconsider(&self.registry, &mut self.random, now);
                    }
                }
            }
            Happening::TagMoved { image, content } => {
                self.registry.tags.insert(image, content);
            }
            Happening::WeightMoved { part, weight, by } => {
                self.with(&part, |state| {
                    let hand = state.hand(&by);
                    let router = &mut state.picture.router;
                    let mut written = router.written.clone();
                    written.weight = if state.roles.candidate == router.secondary {
                        weight
                    } else {
                        weight.rest()
                    };
                    router.write(written, hand, now);
                    let what = format!("candidate's weight {weight}");
                    state.wrote_by_hand(ForeignField::Traffic, &by, what, now);
                });
            }
            Happening::Scaled {
                part,
                track,
                count,
                by,
            } => self.with(&part, |state| {
                if let Some(workload) = state.workload_mut(track) {
                    let replicas: Replicas = workload.replicas().with(count);
                    workload.set_replicas(replicas);
                    let what = format!("{track} {replicas} replicas");
                    state.wrote_by_hand(ForeignField::Capacity, &by, what, now);
                }
            }),
            Happening::ImageChanged {
                part,
                track,
                container,
                image,
                by,
            } => self.with(&part, |state| {
                let what = format!("{track} {container}={image}");
                let images = [(container, image)].into_iter().collect();
                if let Some(workload) = state.workload_mut(track)
                    && let Ok(template) = workload.template.with(&images)
                {
                    workload.set_template(template);
                    state.wrote_by_hand(ForeignField::Revision, &by, what, now);
                }
            }),
            Happening::Deleted { part, track, by } => self.with(&part, |state| {
                let name = state.roles.of(track).clone();
                if state.picture.workloads.remove(&name).is_some() {
                    let what = format!("{name} deleted");
                    state.wrote_by_hand(ForeignField::Revision, &by, what, now);
                }
            }),
            Happening::Autoscaled {
                part,
                track,
                wanted,
            } => self.with(&part, |state| {
                if let Some(scaler) = state
                    .workload_mut(track)
                    .and_then(|workload| workload.scaler.as_mut())
                {
                    scaler.wanted = wanted.clamp(scaler.min, scaler.max.max(scaler.min));
                }
            }),
            Happening::LoadChanged {
                part,
                requests_per_second,
            } => self.with(&part, |state| {
                state.requests_per_second = requests_per_second;
            }),
            Happening::PodsCrash { part, track, pods } => self.with(&part, |state| {
                if let Some(workload) = state.workload_mut(track) {
                    let ready = workload.pods.iter_mut().filter(|pod| pod.is_ready());
                    ready
                        .take(usize::try_from(pods).unwrap_or(usize::MAX))
                        .for_each(|pod| pod.kill(now));
                }
            }),
            Happening::PodsEvicted {
                part,
                track,
                pods,
                keeps,
            } => self.with(&part, |state| {
                if let Some(workload) = state.workload_mut(track) {
                    workload.evict(pods, keeps);
                }
            }),
            Happening::PlatformGoesBack { part, why } => {
                self.with(&part, |state| state.goes_back_by_itself(why));
            }
            Happening::RouterLags { part, lag } => {
                self.with(&part, |state| state.picture.router.lag = lag);
            }
            Happening::MetricsFail { part, fault, lasts } => {
                self.metrics.faults.retain(|failing| failing.until > now);
                self.metrics.faults.push(FailingMetrics {
                    part,
                    fault,
                    until: now + lasts,
                });
            }
            Happening::ApiFails {
                part,
                fault,
                calls,
                lasts,
                times,
            } => {
                if fault == ApiFault::Stale {
                    for (name, state) in &mut self.parts {
                        if part.as_ref().is_none_or(|one| one == name) {
                            state.frozen = Some((now, state.picture.clone()));
                        }
                    }
                }
                self.faults.push(ActiveFault {
                    part,
                    fault,
                    calls,
                    until: now + lasts,
                    left: times,
                });
            }
        }
        for state in self.parts.values_mut() {
            state.settle(&self.registry, &mut self.random, now);
        }
    }

    fn with(&mut self, part: &Part, change: impl FnOnce(&mut PartState)) {
        if let Some(state) = self.parts.get_mut(part) {
            change(state);
        }
    }
}
