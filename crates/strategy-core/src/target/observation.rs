//! What was found, as found.

mod track;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::track::{Autoscaler, Fatal, FatalReason, ObservedTrack, Pods, Written};
use crate::timestamp::duration;
use crate::track::Track;
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
    /// Only some of the places that a write is made of took it, as where several rules move as one. Until all
    /// agree nothing counts as written, and whatever is aimed at is written again. The `written` traffic is
    /// what those places do that did not take it.
    Partial,
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
///
/// Where the platform shifts by itself, what is told to it goes by this: the first write of a release starts
/// a deployment, whatever weight it asks for; each later one answers a question, and is not made while the
/// platform is at work. Until its first question is answered, written traffic is what it was before.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlatformState {
    /// It is at work, be it forward or on its way back as it was told. Nothing counts as effective
    /// meanwhile.
    InProgress,
    /// It waits for an answer of ours before it goes on. Which question that is belongs to what is
    /// [owned](Observation::owned), so that an answer is to no other.
    Waiting,
    /// It is done and what it deployed is live.
    Won,
    /// It went back, for this reason. What is written is the recorded start then; while it is still on its
    /// way there, traffic is [converging](Effective::Converging).
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
