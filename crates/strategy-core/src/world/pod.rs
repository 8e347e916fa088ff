//! One pod: created, started, ready, ill, gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::image::{Ailment, Behavior};
use super::workload::image_id;
use crate::random::SplitMix64;
use crate::release::Images;
use crate::target::FatalReason;
use crate::timestamp::Timestamp;

/// Images by what a tag means now, and how each content behaves.
#[derive(Clone, Debug, Default)]
pub(super) struct Registry {
    pub(super) tags: BTreeMap<String, String>,
    pub(super) behaviors: BTreeMap<String, Behavior>,
}

impl Registry {
    /// What a reference means now; a reference that was never moved means itself.
    pub(super) fn content(&self, reference: &str) -> String {
        self.tags
            .get(reference)
            .map_or_else(|| reference.to_owned(), Clone::clone)
    }

    fn behavior(&self, contents: &Contents) -> Behavior {
        let healthy = Behavior::default();
        contents
            .meanings
            .values()
            .map(|content| self.behaviors.get(content).unwrap_or(&healthy))
            .fold(None, |all: Option<Behavior>, one| {
                Some(all.map_or_else(|| one.clone(), |all| all.and(one)))
            })
            .unwrap_or(healthy)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Ready,
    Unready,
    Waiting(FatalReason),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pod {
    /// Its place among the pods of its template.
    pub(super) ordinal: u32,
    /// The id of its template.
    pub(super) template: Arc<str>,
    /// What its images meant when it was created.
    pub(super) contents: Arc<Contents>,
    pub(super) phase: Phase,
    /// When it changes next by itself.
    pub(super) next: Option<Timestamp>,
    pub(super) restarts: u64,
}

/// What the images of a pod meant when it was created, by container.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Contents {
    meanings: BTreeMap<String, String>,
    /// The ids under which the platform shows them.
    pub(super) image_ids: BTreeMap<String, String>,
}

impl Contents {
    fn of(images: &Images, registry: &Registry) -> Self {
        let meanings: BTreeMap<_, _> = images
            .iter()
            .map(|(container, image)| (container.to_owned(), registry.content(image.as_str())))
            .collect();
        let ids = meanings.iter();
        Self {
            image_ids: ids
                .map(|(container, content)| (container.clone(), image_id(content)))
                .collect(),
            meanings,
        }
    }

    /// Whether one of them is this content.
    pub(super) fn has(&self, content: &str) -> bool {
        self.meanings.values().any(|meaning| meaning == content)
    }
}

/// After the first crash; doubled by every further one.
const BACK_OFF: Duration = Duration::from_secs(10);
/// Never longer than this.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);
/// Until it shows that a pod cannot even begin to start.
const REFUSED_AFTER: Duration = Duration::from_secs(1);

impl Pod {
    pub(super) fn new(
        template: Arc<str>,
        images: &Images,
        ordinal: u32,
        registry: &Registry,
        random: &mut SplitMix64,
        now: Timestamp,
    ) -> Self {
        let mut pod = Self {
            ordinal,
            template,
            contents: Arc::new(Contents::of(images, registry)),
            phase: Phase::Starting,
            next: None,
            restarts: 0,
        };
        pod.start(registry, random, now);
        pod
    }

    pub(super) fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    pub(super) fn behavior(&self, registry: &Registry) -> Behavior {
        registry.behavior(&self.contents)
    }

    fn start(&mut self, registry: &Registry, random: &mut SplitMix64, now: Timestamp) {
        let behavior = self.behavior(registry);
        let varies = u64::try_from(behavior.varies.as_millis()).unwrap_or(u64::MAX);
        let takes = match behavior
            .ailment_of(self.ordinal)
            .and_then(Ailment::prevents_start)
        {
            Some(_) => REFUSED_AFTER,
            None => behavior.starts_in + Duration::from_millis(random.up_to(varies)),
        };
        self.phase = Phase::Starting;
        self.next = Some(now + takes);
    }

    /// Skips the start: the pod has been running for long.
    pub(super) fn has_run_for_long(&mut self, registry: &Registry, now: Timestamp) {
        let behavior = self.behavior(registry);
        if behavior
            .ailment_of(self.ordinal)
            .is_none_or(|ailment| ailment.ready_for().is_some())
        {
            self.become_ready(&behavior, now);
        }
    }

    fn become_ready(&mut self, behavior: &Behavior, now: Timestamp) {
        self.phase = Phase::Ready;
        self.next = behavior
            .ailment_of(self.ordinal)
            .and_then(Ailment::ready_for)
            .map(|ready_for| now + ready_for);
    }

    fn crash(&mut self, reason: FatalReason, now: Timestamp) {
        self.restarts += 1;
        let doubled = u32::try_from(self.restarts - 1).unwrap_or(u32::MAX).min(5);
        self.phase = Phase::Waiting(reason);
        self.next = Some(now + (BACK_OFF * 2_u32.pow(doubled)).min(LONGEST_BACK_OFF));
    }

    /// Ends now, whatever it was doing, and is started again after a while.
    pub(super) fn kill(&mut self, now: Timestamp) {
        self.crash(FatalReason::CrashLoop, now);
    }

    /// What is due by now happens.
    pub(super) fn tick(&mut self, registry: &Registry, random: &mut SplitMix64, now: Timestamp) {
        if self.next.is_none_or(|next| next > now) {
            return;
        }
        self.next = None;
        let behavior = self.behavior(registry);
        let ailment = behavior.ailment_of(self.ordinal).cloned();
        match (self.phase, ailment) {
            (Phase::Starting, Some(Ailment::Hangs)) => {}
            (Phase::Starting, Some(Ailment::CrashesAtStart)) => {
                self.crash(FatalReason::CrashLoop, now);
            }
            (Phase::Starting, Some(Ailment::CannotBePulled)) => {
                self.phase = Phase::Waiting(FatalReason::ImagePull);
            }
            (Phase::Starting, Some(Ailment::CannotBeScheduled)) => {
                self.phase = Phase::Waiting(FatalReason::Unschedulable);
            }
            (Phase::Starting | Phase::Unready, _) => self.become_ready(&behavior, now),
            (Phase::Ready, Some(Ailment::CrashesAfter(_))) => {
                self.crash(FatalReason::CrashLoop, now);
            }
            (Phase::Ready, Some(Ailment::OutOfMemoryAfter(_))) => {
                self.crash(FatalReason::OutOfMemory, now);
            }
            (Phase::Ready, Some(Ailment::HangsAfter(_))) => self.phase = Phase::Unready,
            (Phase::Ready, Some(Ailment::Flaps { down, restarts, .. })) => {
                self.phase = Phase::Unready;
                self.restarts += u64::from(restarts);
                self.next = Some(now + down);
            }
            (Phase::Ready, _) => {}
            (Phase::Waiting(_), _) => self.start(registry, random, now),
        }
    }

    /// Its image behaves differently from now on.
    pub(super) fn reconsider(
        &mut self,
        registry: &Registry,
        random: &mut SplitMix64,
        now: Timestamp,
    ) {
        let behavior = self.behavior(registry);
        match self.phase {
            Phase::Ready => self.become_ready(&behavior, now),
            Phase::Starting | Phase::Unready | Phase::Waiting(_) => {
                self.start(registry, random, now);
            }
        }
    }
}
