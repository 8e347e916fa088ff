//! One track as found: what is written, its pods, and what will not mend itself.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::target::ImageIds;
use crate::track::{Replicas, Revision, SeenRevision};

/// One track as found. The default is a track that is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObservedTrack {
    /// What the platform has been told to run; `None` if there is no such workload.
    pub written: Option<Written>,
    /// What really exists, one entry per revision, in the order of their ids.
    pub pods: Vec<Pods>,
    /// The autoscaler that decides the count, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<Autoscaler>,
    /// Labels that tell this track's series from the other's in metric queries.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Where the track answers apart from user traffic, for smoke tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

impl ObservedTrack {
    /// A workload that was told this and has these pods, whose count nobody else decides.
    pub fn new(written: Written, pods: Vec<Pods>) -> Self {
        Self {
            written: Some(written),
            pods,
            ..Self::default()
        }
    }

    /// No such workload, and no pod of one.
    pub fn is_absent(&self) -> bool {
        self.written.is_none() && self.pods.iter().all(|pods| pods.total == 0)
    }

    /// How many are wanted now: what the autoscaler wants where there is one, else the written count.
    pub fn wanted(&self) -> u32 {
        match (&self.autoscaler, &self.written) {
            (_, None) => 0,
            (Some(autoscaler), Some(_)) => autoscaler.wanted,
            (None, Some(written)) => written.replicas.number(),
        }
    }

    /// Ready pods, whatever they run.
    pub fn ready(&self) -> u32 {
        self.pods.iter().map(|pods| pods.ready).sum()
    }

    /// Ready pods that run this revision.
    pub fn ready_at(&self, revision: &Revision) -> u32 {
        self.at(revision).map(|pods| pods.ready).sum()
    }

    /// No pod runs anything else.
    pub fn is_whole(&self, revision: &Revision) -> bool {
        self.pods
            .iter()
            .all(|pods| pods.total == 0 || revision.is(&pods.revision))
    }

    /// The pods of a revision.
    pub fn at(&self, revision: &Revision) -> impl Iterator<Item = &Pods> {
        self.pods
            .iter()
            .filter(move |pods| revision.is(&pods.revision))
    }
}

/// What a workload has been told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Written {
    /// What to run.
    pub revision: SeenRevision,
    /// How many: a count, or the floor of its autoscaler.
    pub replicas: Replicas,
}

impl Written {
    /// This revision, so many of it.
    pub const fn new(revision: SeenRevision, replicas: Replicas) -> Self {
        Self { revision, replicas }
    }
}

/// The pods (tasks) of one revision of one track.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pods {
    /// What they run.
    pub revision: SeenRevision,
    /// By container, the image ids that really run.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub image_ids: ImageIds,
    /// All that exist and are not being deleted.
    pub total: u32,
    /// Those that receive traffic if there is any.
    pub ready: u32,
    /// Those ready for as long as the platform asks before it counts them.
    pub available: u32,
    /// Restarts of all containers, init containers too, as counted by the platform; it only grows
    /// while the same pods live.
    pub restarts: u64,
    /// What will not mend itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fatal: Vec<Fatal>,
}

fn is_empty(ids: &ImageIds) -> bool {
    ids.is_empty()
}

impl Pods {
    /// No pods of this revision yet: what is counted is for the target to fill in.
    pub fn of(revision: SeenRevision) -> Self {
        Self {
            revision,
            ..Self::default()
        }
    }
}

/// Something about pods that will not mend itself by waiting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fatal {
    /// Which kind.
    pub reason: FatalReason,
    /// How many pods show it.
    pub pods: u32,
    /// What the platform says, in its own words, with the container it is about.
    pub message: String,
}

impl Fatal {
    /// So many pods show this.
    pub fn new(reason: FatalReason, pods: u32, message: impl Into<String>) -> Self {
        Self {
            reason,
            pods,
            message: message.into(),
        }
    }
}

/// Kinds of [`Fatal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FatalReason {
    /// It starts and ends, again and again.
    CrashLoop,
    /// Its image cannot be had.
    ImagePull,
    /// It was ended for using too much memory.
    OutOfMemory,
    /// Its container cannot be made as configured.
    ContainerConfig,
    /// No machine takes it.
    Unschedulable,
    /// It may not exist: a quota or an admission webhook refuses it.
    Refused,
    /// A task stopped with an error.
    TaskFailed,
    /// The platform gave up on its own.
    CircuitBreaker,
}

impl fmt::Display for FatalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CrashLoop => "crash loop",
            Self::ImagePull => "image cannot be pulled",
            Self::OutOfMemory => "out of memory",
            Self::ContainerConfig => "container cannot be configured",
            Self::Unschedulable => "cannot be scheduled",
            Self::Refused => "refused by the platform",
            Self::TaskFailed => "task failed",
            Self::CircuitBreaker => "circuit breaker",
        })
    }
}

/// What decides a count instead of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Autoscaler {
    /// Its lower bound as it stands.
    pub min: u32,
    /// Its upper bound.
    pub max: u32,
    /// What it wants now.
    pub wanted: u32,
}
