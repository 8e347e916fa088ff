//! The whole state asked of a part. Never a delta.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::track::{Replicas, Revision, Track};
use crate::traffic::Traffic;

/// The whole state asked of a part: revision and count of each track, and traffic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Desired {
    /// The stable track.
    pub stable: DesiredTrack,
    /// The candidate track.
    pub candidate: DesiredTrack,
    /// How requests are shared between them.
    pub traffic: Traffic,
}

impl Desired {
    /// Of this track.
    pub const fn track(&self, track: Track) -> &DesiredTrack {
        match track {
            Track::Stable => &self.stable,
            Track::Candidate => &self.candidate,
        }
    }

    /// Of this track, to be changed.
    pub const fn track_mut(&mut self, track: Track) -> &mut DesiredTrack {
        match track {
            Track::Stable => &mut self.stable,
            Track::Candidate => &mut self.candidate,
        }
    }
}

/// What is asked of one track.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DesiredTrack {
    /// What it should run. [`Revision::Absent`] goes with a count of 0.
    pub revision: Revision,
    /// How many.
    pub replicas: Replicas,
}

impl DesiredTrack {
    /// No workload.
    pub const fn absent() -> Self {
        Self {
            revision: Revision::Absent,
            replicas: Replicas::Count(0),
        }
    }
}

impl fmt::Display for DesiredTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Revision::Absent => f.write_str("absent"),
            Revision::Release(_) | Revision::Recorded | Revision::Named(_) => {
                write!(f, "{} x {}", self.revision, self.replicas)
            }
        }
    }
}

impl fmt::Display for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "stable {}; candidate {}; traffic {}",
            self.stable, self.candidate, self.traffic
        )
    }
}
