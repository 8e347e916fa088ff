//! What a target must know about one start: which Deployment is which track, and the recorded start
//! with everything needed to put it back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strategy_core::target::{Binding, TargetError, TargetErrorKind};
use strategy_core::{Images, Replicas, Revision, Track, Tracks, Traffic};

use crate::config::Follow;
use crate::error::found;
use crate::object::{ObjectRef, texts, uid};
use crate::router::{PodLabels, TrackLabels};
use crate::workload::{Blueprint, template};

/// The version of this layout. Later versions read it too.
const FORMAT: u32 = 1;

/// Serialised as the [`Binding`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bound {
    format: u32,
    pub(crate) namespace: String,
    pub(crate) tracks: Tracks<BoundTrack>,
    /// Traffic at the start.
    pub(crate) traffic: Traffic,
    /// The router's own part at the start, whole.
    pub(crate) routes: Value,
    /// The router's objects that are written.
    pub(crate) router: Vec<ObjectRef>,
    /// The router's objects that are only read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) read_only: Vec<ObjectRef>,
    /// Rules beside the routes that sent to a track all along; `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) beside: Option<BTreeSet<String>>,
    /// Which ones they were, by `kind/name`: another of the same name is not the one that was claimed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) uids: BTreeMap<String, String>,
}

/// One track at the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BoundTrack {
    pub(crate) deployment: String,
    /// The HorizontalPodAutoscaler that decides its count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) autoscaler: Option<String>,
    /// Its minimum, which a count of 0 hides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) preview: Option<String>,
    pub(crate) start: TrackStart,
}

/// What discovery found of a track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TrackStart {
    /// A Deployment. It is never removed.
    Found {
        /// `spec.template`, whole.
        template: Value,
        /// `spec.selector`, whole.
        selector: Value,
        replicas: Replicas,
    },
    /// None; one is made when it is asked for, and removed again.
    Missing(Blueprint),
}

impl Bound {
    pub(crate) fn new(
        namespace: String,
        tracks: Tracks<BoundTrack>,
        traffic: Traffic,
        routes: Value,
        (router, read_only): (Vec<ObjectRef>, Vec<ObjectRef>),
    ) -> Self {
        Self {
            format: FORMAT,
            namespace,
            tracks,
            traffic,
            routes,
            router,
            read_only,
            beside: None,
            uids: BTreeMap::new(),
        }
    }

    /// Whether this is another object than the one that was there at the start.
    pub(crate) fn is_another(&self, object: &ObjectRef, content: &Value) -> bool {
        let known = self.uids.get(&object.to_string());
        known.is_some_and(|known| known != uid(content))
    }

    pub(crate) fn read(binding: &Binding) -> Result<Self, TargetError> {
        let unreadable = |why: String| {
            let message = format!(
                "{why}; resume with the version of Rollway and the target that started the rollout"
            );
            found(TargetErrorKind::InvalidConfig, "read", &"binding", message)
        };
        let bound: Self = binding
            .read()
            .map_err(|error| unreadable(error.to_string()))?;
        if bound.format == FORMAT {
            Ok(bound)
        } else {
            Err(unreadable(format!(
                "the layout {} is unknown",
                bound.format
            )))
        }
    }

    pub(crate) fn wrap(&self) -> Result<Binding, TargetError> {
        Binding::new(self).map_err(|error| {
            let message = error.to_string();
            found(TargetErrorKind::Unexpected, "encode", &"binding", message)
        })
    }

    /// Every object that the rollout may write, in the order in which they are claimed; the router's
    /// come first, since two rollouts that share anything share them.
    pub(crate) fn objects(&self) -> Vec<ObjectRef> {
        let mut objects = self.router.clone();
        for (_, track) in self.tracks.iter() {
            objects.push(track.object());
            objects.extend(track.autoscaler_object());
        }
        objects
    }

    /// The Service whose selector picks the track, where that is the router.
    pub(crate) fn service(&self) -> Option<&ObjectRef> {
        self.router.iter().find(|object| object.kind == "Service")
    }

    /// Every object that was there at the start.
    pub(crate) fn found_objects(&self) -> Vec<ObjectRef> {
        let mut objects = self.read_objects();
        for (_, track) in self.tracks.iter() {
            if matches!(track.start, TrackStart::Missing(_)) {
                let missing = track.object();
                objects.retain(|object| *object != missing);
            }
        }
        objects
    }

    /// Every object that the rollout reads by its name.
    pub(crate) fn read_objects(&self) -> Vec<ObjectRef> {
        let mut objects = self.objects();
        objects.extend(self.read_only.clone());
        objects
    }

    pub(crate) fn labels(&self) -> TrackLabels {
        Tracks {
            stable: self.pod_labels(Track::Stable),
            candidate: self.pod_labels(Track::Candidate),
        }
    }

    fn pod_labels(&self, track: Track) -> PodLabels {
        let bound = self.tracks.of(track);
        PodLabels {
            labels: texts(&self.base_template(track), "/metadata/labels"),
            selector: bound.selector(),
        }
    }

    /// The template that a release of this track is made from: the recorded one, or stable's for a
    /// track that was missing.
    pub(crate) fn base_template(&self, track: Track) -> Value {
        match &self.tracks.of(track).start {
            TrackStart::Found { template, .. } => template.clone(),
            TrackStart::Missing(blueprint) => match &self.tracks.stable.start {
                TrackStart::Found { template, .. } => blueprint.template(template),
                TrackStart::Missing(_) => Value::Null,
            },
        }
    }

    /// The template that a revision means on a track; `None`: no workload.
    ///
    /// # Errors
    /// When the revision cannot be had there; `named` finds one by its name.
    pub(crate) fn template(
        &self,
        track: Track,
        revision: &Revision,
        follow: Follow,
        named: impl Fn(&str) -> Option<Value>,
    ) -> Result<Option<Value>, TargetError> {
        let bound = self.tracks.of(track);
        let refuse = |message: String| {
            found(
                TargetErrorKind::Unsupported,
                "update",
                &bound.object(),
                message,
            )
        };
        match (revision, &bound.start) {
            (Revision::Release(images), _) => self.release(track, images, follow).map(Some),
            (Revision::Recorded, TrackStart::Found { template, .. }) => Ok(Some(template.clone())),
            (Revision::Absent, TrackStart::Found { .. }) => Err(refuse(
                "it was there when the rollout began and is never removed; scale it to 0"
                    .to_owned(),
            )),
            (Revision::Recorded | Revision::Absent, TrackStart::Missing(_)) => Ok(None),
            (Revision::Named(name), _) => match named(name) {
                Some(template) => Ok(Some(template)),
                None => Err(refuse(format!(
                    "no ReplicaSet of it has revision {name}; `kubectl rollout history` lists those there are"
                ))),
            },
            (other, _) => Err(refuse(format!("{other} means nothing here"))),
        }
    }

    /// A track's own template, with the images that stable ran at the start wherever both have the
    /// container: what a release does not name stays as stable runs it, and an idle slot may have been
    /// left behind long ago.
    fn release_base(&self, track: Track) -> Value {
        let base = self.base_template(track);
        match (track, &self.tracks.stable.start) {
            (Track::Candidate, TrackStart::Found { template, .. }) => {
                template::with_images_of(&base, template)
            }
            (Track::Candidate, TrackStart::Missing(_)) | (Track::Stable, _) => base,
        }
    }

    fn release(&self, track: Track, images: &Images, follow: Follow) -> Result<Value, TargetError> {
        let base = self.release_base(track);
        template::with_images(&base, images, follow).map_err(|missing| {
            let there: Vec<_> = template::image_texts(&base).into_keys().collect();
            let message = format!(
                "it has no container `{missing}`; name one of {}",
                there.join(", ")
            );
            let object = self.tracks.of(track).object();
            found(TargetErrorKind::InvalidConfig, "update", &object, message)
        })
    }
}

impl BoundTrack {
    pub(crate) fn object(&self) -> ObjectRef {
        ObjectRef::deployment(&self.deployment)
    }

    pub(crate) fn autoscaler_object(&self) -> Option<ObjectRef> {
        self.autoscaler.as_deref().map(ObjectRef::autoscaler)
    }

    /// `spec.selector`, as it is or will be.
    pub(crate) fn selector(&self) -> Value {
        match &self.start {
            TrackStart::Found { selector, .. } => selector.clone(),
            TrackStart::Missing(blueprint) => blueprint.selector(),
        }
    }
}
