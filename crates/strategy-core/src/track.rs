//! The two sides of a part, what each should run, and how many.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::release::Images;
use crate::weight::Weight;

/// A side of a part. Decided once, at the start: after a switch the live slot *is* the candidate.
///
/// Blue-green: the live slot and the idle slot. Canary: the stable and the canary workload.
/// Rolling: the old and the new revision of one workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Track {
    /// What carried the traffic when the rollout began.
    Stable,
    /// What the release is tried on.
    Candidate,
}

impl Track {
    /// Both, stable first.
    pub const ALL: [Self; 2] = [Self::Stable, Self::Candidate];

    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Stable => Self::Candidate,
            Self::Candidate => Self::Stable,
        }
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stable => "stable",
            Self::Candidate => "candidate",
        })
    }
}

/// Something for each track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tracks<T> {
    /// Of the stable track.
    pub stable: T,
    /// Of the candidate track.
    pub candidate: T,
}

impl<T> Tracks<T> {
    /// Of this track.
    pub const fn of(&self, track: Track) -> &T {
        match track {
            Track::Stable => &self.stable,
            Track::Candidate => &self.candidate,
        }
    }

    /// Of this track, to be changed.
    pub const fn of_mut(&mut self, track: Track) -> &mut T {
        match track {
            Track::Stable => &mut self.stable,
            Track::Candidate => &mut self.candidate,
        }
    }

    /// Both, stable first.
    pub fn iter(&self) -> impl Iterator<Item = (Track, &T)> {
        Track::ALL.into_iter().map(|track| (track, self.of(track)))
    }
}

/// What a track should run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Revision {
    /// These images, on the template that was found on this track (on stable's if the track is absent).
    ///
    /// Usually the release; on the way back it can be what stable ran at the start, given to a
    /// candidate that has to carry the traffic home.
    Release(Images),
    /// Exactly what discovery found on this track: template, load-balancer block and all.
    /// The binding knows it.
    Recorded,
    /// A revision that the platform knows by name, such as revision `7` of a Deployment.
    Named(String),
    /// Nothing: a workload that the rollout created is removed. One that was found never is.
    Absent,
}

impl Revision {
    /// Whether the platform's `seen` revision is this one.
    pub fn is(&self, seen: &SeenRevision) -> bool {
        match self {
            Self::Release(images) => images.are_run_by(&seen.images),
            Self::Recorded => seen.recorded,
            Self::Named(name) => seen.name.as_ref() == Some(name),
            Self::Absent => false,
        }
    }

    /// Given as images, not as what was found.
    pub const fn is_release(&self) -> bool {
        matches!(self, Self::Release(_))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Release(images) => images.fmt(f),
            Self::Recorded => f.write_str("as recorded"),
            Self::Named(name) => write!(f, "revision {name}"),
            Self::Absent => f.write_str("absent"),
        }
    }
}

/// A revision as the platform shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeenRevision {
    /// The platform's own identity for it: a pod-template hash, a task definition.
    /// Two revisions with different ids are different revisions.
    pub id: String,
    /// The images it names, all containers and init containers.
    pub images: Images,
    /// It is exactly what discovery recorded for the track it is seen on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
    /// The name under which [`Revision::Named`] would ask for it, where the platform has such names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl SeenRevision {
    /// These images under this identity, not what was recorded at the start.
    pub fn new(id: impl Into<String>, images: Images) -> Self {
        Self {
            id: id.into(),
            images,
            recorded: false,
            name: None,
        }
    }
}

/// How many a goal wants, before the baseline is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Capacity {
    /// So many.
    Count(u32),
    /// `ceil(share × baseline)`.
    ///
    /// The baseline is the larger of what stable wanted at the start and what its autoscaler has
    /// wanted since; it never falls during a rollout.
    Share(Weight),
    /// As many as discovery found on this track.
    Recorded,
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Share(share) => write!(f, "{share} of baseline"),
            Self::Recorded => f.write_str("as recorded"),
        }
    }
}

/// How many a track is told to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replicas {
    /// Exactly so many.
    Count(u32),
    /// An autoscaler decides; its minimum is held at this. The count itself is never written.
    Floor(u32),
}

impl Replicas {
    /// The number, whichever kind it is.
    pub const fn number(self) -> u32 {
        match self {
            Self::Count(number) | Self::Floor(number) => number,
        }
    }

    /// The same kind with another number.
    #[must_use]
    pub const fn with(self, number: u32) -> Self {
        match self {
            Self::Count(_) => Self::Count(number),
            Self::Floor(_) => Self::Floor(number),
        }
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Floor(floor) => write!(f, "at least {floor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_that_is_asked_for_by_name_is_the_one_of_that_name() {
        let named = |name: &str| SeenRevision {
            name: Some(name.to_owned()),
            ..SeenRevision::default()
        };
        let seven = Revision::Named("seven".to_owned());
        assert!(seven.is(&named("seven")));
        assert!(!seven.is(&named("eight")));
        assert!(!seven.is(&SeenRevision::default()));
    }
}
