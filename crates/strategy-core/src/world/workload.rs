//! One workload: a template, a count, and the pods that a controller keeps for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::pod::{Phase, Pod, Registry};
use crate::random::SplitMix64;
use crate::release::{Image, Images};
use crate::target::{Autoscaler, Fatal, FatalReason, ImageIds, ObservedTrack, Pods, Written};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, SeenRevision};

/// What pods are made from: images, and everything else that a template says. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TemplateData", into = "TemplateData")]
pub(super) struct Template(Arc<Content>);

#[derive(Debug, PartialEq, Eq)]
struct Content {
    data: TemplateData,
    id: Arc<str>,
}

/// A template as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TemplateData {
    images: Images,
    settings: BTreeMap<String, String>,
}

impl From<TemplateData> for Template {
    fn from(data: TemplateData) -> Self {
        let id = digest(&format!("{} {:?}", data.images, data.settings)).into();
        Self(Arc::new(Content { data, id }))
    }
}

impl From<Template> for TemplateData {
    fn from(template: Template) -> Self {
        template.0.data.clone()
    }
}

impl Template {
    pub(super) fn new(images: Images, settings: BTreeMap<String, String>) -> Self {
        TemplateData { images, settings }.into()
    }

    pub(super) fn images(&self) -> &Images {
        &self.0.data.images
    }

    /// The platform's name for it: equal templates have equal ids.
    pub(super) fn id(&self) -> &Arc<str> {
        &self.0.id
    }

    /// The same with these images in place of those of the same containers.
    ///
    /// `Err` names a container that the template does not have.
    pub(super) fn with(&self, images: &Images) -> Result<Self, String> {
        let here = self.images();
        if let Some((unknown, _)) = images
            .iter()
            .find(|(container, _)| here.get(container).is_none())
        {
            return Err(unknown.to_owned());
        }
        let images = here
            .iter()
            .map(|(container, image)| {
                let image: &Image = images.get(container).unwrap_or(image);
                (container.to_owned(), image.clone())
            })
            .collect();
        Ok(Self::new(images, self.0.data.settings.clone()))
    }
}

/// The first digits of a SHA-256.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .take(5)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What scales a workload instead of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scaler {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) wanted: u32,
    /// Requests a second that it wants on one pod; `None`: it moves only when told to.
    pub(super) per_pod: Option<u32>,
    /// When it will have made up its mind, and what it will want then.
    pub(super) next: Option<(Timestamp, u32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Workload {
    pub(super) name: String,
    pub(super) template: Template,
    /// Every template it ever had; the first is revision 1.
    pub(super) history: Vec<Template>,
    /// The written count; not looked at where there is a scaler.
    pub(super) count: u32,
    pub(super) scaler: Option<Scaler>,
    pub(super) pods: Vec<Pod>,
    /// So many pods stay, whatever is written, until the platform has moved their users away.
    held: u32,
    /// It is removed then.
    leaving: bool,
}

impl Workload {
    pub(super) fn new(name: String, template: Template, count: u32) -> Self {
        Self {
            name,
            history: vec![template.clone()],
            template,
            count,
            scaler: None,
            pods: Vec::new(),
            held: 0,
            leaving: false,
        }
    }

    /// What stands stays until it is let go.
    pub(super) fn hold(&mut self) {
        self.held = self.wanted();
    }

    /// It is removed when the platform has moved its users away.
    pub(super) fn leave(&mut self) {
        self.hold();
        self.leaving = true;
    }

    pub(super) const fn leaves(&self) -> bool {
        self.leaving
    }

    /// Nothing of it is wanted any more.
    pub(super) fn is_to_go(&self) -> bool {
        self.replicas().number() == 0
    }

    /// What is written counts from now on.
    pub(super) const fn let_go(&mut self) {
        self.held = 0;
        self.leaving = false;
    }

    /// How many pods there should be.
    pub(super) fn wanted(&self) -> u32 {
        let written = self
            .scaler
            .as_ref()
            .map_or(self.count, |scaler| scaler.wanted);
        written.max(self.held)
    }

    /// What is written: the count, or the scaler's lower bound.
    pub(super) fn replicas(&self) -> Replicas {
        match &self.scaler {
            Some(scaler) => Replicas::Floor(scaler.min),
            None => Replicas::Count(self.count),
        }
    }

    pub(super) fn set_replicas(&mut self, replicas: Replicas) {
        match (&mut self.scaler, replicas) {
            (Some(scaler), Replicas::Floor(min)) => {
                scaler.min = min;
                scaler.max = scaler.max.max(min);
                scaler.wanted = scaler.wanted.max(min);
            }
            (None, Replicas::Count(count)) => self.count = count,
            (Some(_), Replicas::Count(_)) | (None, Replicas::Floor(_)) => {}
        }
    }

    pub(super) fn set_template(&mut self, template: Template) {
        if !self.history.contains(&template) {
            self.history.push(template.clone());
        }
        self.template = template;
    }

    /// The template under which [`Revision::Named`](crate::Revision::Named) finds it.
    pub(super) fn revision(&self, name: &str) -> Option<&Template> {
        let number: usize = name.parse().ok()?;
        self.history.get(number.checked_sub(1)?)
    }

    pub(super) fn ready(&self) -> u32 {
        count(self.pods.iter().filter(|pod| pod.is_ready()))
    }

    /// Ready pods, with what they run.
    pub(super) fn ready_pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.iter().filter(|pod| pod.is_ready())
    }

    /// Creates and removes pods as a rolling controller does: one more than wanted at most, and no
    /// ready pod of another revision goes before its successor is ready.
    pub(super) fn reconcile(
        &mut self,
        registry: &Registry,
        random: &mut SplitMix64,
        now: Timestamp,
    ) {
        let id = Arc::clone(self.template.id());
        let wanted = self.wanted();
        let old = |pod: &Pod| pod.template != id;
        // Whatever is unready and old serves nobody.
        self.remove(&mut { u32::MAX }, |pod| old(pod) && !pod.is_ready());
        let mut ready_too_many = self.ready().saturating_sub(wanted);
        self.remove(&mut ready_too_many, |pod| old(pod) && pod.is_ready());
        let surge = u32::from(self.pods.iter().any(old));
        let total = count(self.pods.iter());
        let mut too_many = total.saturating_sub(wanted + surge);
        self.remove(&mut too_many, |pod| !pod.is_ready());
        self.remove(&mut too_many, Pod::is_ready);
        let current = count(self.pods.iter().filter(|pod| !old(pod)));
        let total = count(self.pods.iter());
        let missing = wanted
            .saturating_sub(current)
            .min((wanted + surge).saturating_sub(total));
        for ordinal in self.free_ordinals(&id, missing) {
            let pod = Pod::new(
                Arc::clone(&id),
                self.template.images(),
                ordinal,
                registry,
                random,
                now,
            );
            self.pods.push(pod);
        }
    }

    /// Takes ready pods away, the oldest first, while more than `keeps` are ready.
    pub(super) fn evict(&mut self, how_many: u32, keeps: u32) {
        let mut left = how_many.min(self.ready().saturating_sub(keeps));
        self.pods.retain(|pod| {
            let goes = left > 0 && pod.is_ready();
            left -= u32::from(goes);
            !goes
        });
    }

    fn free_ordinals(&self, template: &str, how_many: u32) -> Vec<u32> {
        let taken: BTreeSet<u32> = self
            .pods
            .iter()
            .filter(|pod| *pod.template == *template)
            .map(|pod| pod.ordinal)
            .collect();
        let free = (0..).filter(|ordinal| !taken.contains(ordinal));
        free.take(usize::try_from(how_many).unwrap_or(usize::MAX))
            .collect()
    }

    fn remove(&mut self, how_many: &mut u32, which: impl Fn(&Pod) -> bool) {
        while *how_many > 0 {
            let Some(index) = self.pods.iter().rposition(&which) else {
                return;
            };
            self.pods.remove(index);
            *how_many -= 1;
        }
    }

    /// The revision of a template as the platform shows it.
    fn seen(&self, template: &Template, recorded: Option<&Template>) -> SeenRevision {
        SeenRevision {
            id: template.id().to_string(),
            images: template.images().clone(),
            recorded: recorded == Some(template),
            name: self
                .history
                .iter()
                .position(|known| known == template)
                .map(|index| (index + 1).to_string()),
        }
    }

    pub(super) fn observe(&self, recorded: Option<&Template>) -> ObservedTrack {
        let mut by_template: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
        for pod in &self.pods {
            by_template.entry(&*pod.template).or_default().push(pod);
        }
        let pods = by_template
            .into_iter()
            .map(|(id, pods)| {
                let template = self
                    .history
                    .iter()
                    .find(|template| **template.id() == *id)
                    .unwrap_or(&self.template);
                summary(self.seen(template, recorded), &pods)
            })
            .collect();
        ObservedTrack {
            written: Some(Written {
                revision: self.seen(&self.template, recorded),
                replicas: self.replicas(),
            }),
            pods,
            autoscaler: self.scaler.as_ref().map(|scaler| Autoscaler {
                min: scaler.min,
                max: scaler.max,
                wanted: scaler.wanted,
            }),
            labels: [("workload".to_owned(), self.name.clone())].into(),
            preview: Some(format!("http://{}.preview.world", self.name)),
        }
    }
}

/// The image id that a content has: the same everywhere, different from every other's.
pub(super) fn image_id(content: &str) -> String {
    let id: String = Sha256::digest(content.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{id}")
}

fn summary(revision: SeenRevision, pods: &[&Pod]) -> Pods {
    let mut image_ids = ImageIds::default();
    let mut fatal: BTreeMap<FatalReason, u32> = BTreeMap::new();
    for pod in pods {
        match pod.phase {
            Phase::Waiting(reason) => *fatal.entry(reason).or_default() += 1,
            Phase::Starting | Phase::Ready | Phase::Unready => {}
        }
        let is_running = match pod.phase {
            Phase::Waiting(FatalReason::ImagePull | FatalReason::Unschedulable) => false,
            Phase::Waiting(_) | Phase::Starting | Phase::Ready | Phase::Unready => true,
        };
        if is_running {
            for (container, id) in &pod.contents.image_ids {
                let ids = image_ids.entry(container.clone()).or_default();
                if !ids.contains(id) {
                    ids.insert(id.clone());
                }
            }
        }
    }
    let ready = count(pods.iter().filter(|pod| pod.is_ready()));
    Pods {
        revision,
        image_ids,
        total: count(pods.iter()),
        ready,
        available: ready,
        restarts: pods.iter().map(|pod| pod.restarts).sum(),
        fatal: fatal
            .into_iter()
            .map(|(reason, pods)| Fatal {
                reason,
                pods,
                message: format!("{reason} in {pods} of its pods"),
            })
            .collect(),
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
