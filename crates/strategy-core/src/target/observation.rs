//! What was found, as found.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ImageIds;
use crate::timestamp::duration;
use crate::track::{Replicas, Revision, SeenRevision, Track};
use crate::traffic::Traffic;

/// What was found, as found. What cannot be read is an error, never a default.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Observation {
    /// The stable track.
    pub stable: ObservedTrack,
    /// The candidate track.
    pub candidate: ObservedTrack,
    /// How requests are shared.
    pub traffic: ObservedTraffic,
    /// What the platform itself says of its deployment, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformDeployment>,
    /// Changes that somebody else made to what we own since our last write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignChange>,
    /// The content of all fields the target owns, pending platform hook included.
    pub owned: Owned,
    /// What this read saw; handed to [`Target::changed`](super::Target::changed).
    pub version: Version,
    /// How old a cached read was when it was returned; zero for a direct one.
    #[serde(default, with = "duration")]
    pub age: Duration,
}

impl Observation {
    /// Just read: both tracks and the traffic, with no deployment of the platform's own and nobody
    /// else's changes. What the target owns and the version of the read are for the target to fill in.
    pub fn new(stable: ObservedTrack, candidate: ObservedTrack, traffic: ObservedTraffic) -> Self {
        Self {
            stable,
            candidate,
            traffic,
            platform: None,
            foreign: Vec::new(),
            owned: Owned::default(),
            version: Version::default(),
            age: Duration::ZERO,
        }
    }

    /// Of this track.
    pub const fn track(&self, track: Track) -> &ObservedTrack {
        match track {
            Track::Stable => &self.stable,
            Track::Candidate => &self.candidate,
        }
    }
}

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

/// How requests are shared, as found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObservedTraffic {
    /// What the router has been told.
    pub written: Traffic,
    /// What it does.
    pub effective: Effective,
    /// How long a request that began before a change may still be under way.
    #[serde(with = "duration")]
    pub drain: Duration,
    /// How long a session stays with the track it was given to; zero where there are none.
    #[serde(with = "duration")]
    pub sticky: Duration,
    /// Who wrote the traffic fields last.
    pub writer: Writer,
}

impl ObservedTraffic {
    /// What the router was told and does, without drain or sessions, by a writer that is not known.
    pub const fn new(written: Traffic, effective: Effective) -> Self {
        Self {
            written,
            effective,
            drain: Duration::ZERO,
            sticky: Duration::ZERO,
            writer: Writer::Unknown,
        }
    }
}

/// What the router does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effective {
    /// The platform was asked: this.
    Verified(Traffic),
    /// The platform cannot be asked; what is written counts after a settle time.
    Unverified,
    /// The platform can be asked, and is still on the way from one state to another.
    Converging,
}

/// Who wrote something last.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Writer {
    /// This rollout.
    Us,
    /// Somebody else, by the name the platform has for them, and which of their writes.
    Other {
        /// A field manager, a principal.
        name: String,
        /// Differs for each of their writes.
        version: String,
    },
    /// The platform does not tell.
    Unknown,
}

/// What the platform itself says of a deployment that it runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlatformDeployment {
    /// The platform's id for it.
    pub id: String,
    /// How it stands.
    pub state: PlatformState,
}

impl PlatformDeployment {
    /// The deployment of this id.
    pub fn new(id: impl Into<String>, state: PlatformState) -> Self {
        Self {
            id: id.into(),
            state,
        }
    }
}

/// How a platform's own deployment stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlatformState {
    /// It is at work.
    InProgress,
    /// It waits for an answer of ours before it goes on.
    Waiting,
    /// It is done and what it deployed is live.
    Won,
    /// It went back, for this reason.
    RolledBack(String),
    /// Another one took its place.
    Superseded(String),
    /// It makes no progress, for this reason.
    Stalled(String),
}

/// A change by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ForeignChange {
    /// Who, by the name the platform has for them; "this or that" where the platform's own notes
    /// leave several.
    pub by: String,
    /// To what.
    pub field: ForeignField,
    /// What was found, in words.
    pub message: String,
}

impl ForeignChange {
    /// Somebody changed this.
    pub fn new(by: impl Into<String>, field: ForeignField, message: impl Into<String>) -> Self {
        Self {
            by: by.into(),
            field,
            message: message.into(),
        }
    }
}

/// What a foreign change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ForeignField {
    /// Weight, routes, mirror.
    Traffic,
    /// Count or floor.
    Capacity,
    /// What a track runs.
    Revision,
}

impl fmt::Display for ForeignField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Traffic => "traffic",
            Self::Capacity => "capacity",
            Self::Revision => "revision",
        })
    }
}

/// The content of every field a target owns, compared by equality only.
///
/// Keep it small: a digest will do, as long as equal content gives an equal value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owned(pub String);

/// What a read saw, so that a target can tell whether there is news; opaque to everyone else.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub String);
