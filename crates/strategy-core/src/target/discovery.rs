//! What is found before a rollout begins, and whether a plan can run on it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Capabilities, Claim, Observation};
use crate::release::{Images, Part};
use crate::track::Track;

/// Read-only facts about one part, before anything is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Discovery {
    /// What the target must know to work on this start: which object is which track, and the
    /// recorded start with everything needed to put it back.
    pub binding: Binding,
    /// What the platform can do.
    pub capabilities: Capabilities,
    /// What was found. The first observation under our claim must equal it.
    pub observation: Observation,
    /// Whose claim is on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// The highest epoch of any claim that was given up there, whoever held it; 0: none is known, as with
    /// a target that remembers none. A claim on what nobody holds must have a higher one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_epoch: u64,
    /// The human name of each track, such as `deployment/api-green`.
    pub names: crate::track::Tracks<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Discovery {
    /// What was found, unclaimed.
    pub const fn new(
        binding: Binding,
        capabilities: Capabilities,
        observation: Observation,
        names: crate::track::Tracks<String>,
    ) -> Self {
        Self {
            binding,
            capabilities,
            observation,
            claim: None,
            last_epoch: 0,
            names,
        }
    }

    /// What a track ran; `None` if it is absent.
    pub fn images(&self, track: Track) -> Option<&Images> {
        self.observation
            .track(track)
            .written
            .as_ref()
            .map(|written| &written.revision.images)
    }

    /// How many stable wanted: by its count, or by its autoscaler.
    pub fn baseline(&self) -> u32 {
        self.observation.stable.wanted()
    }
}

/// The discoveries of all parts.
// A map has room for eleven values from the first one on: large ones are kept beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Found(BTreeMap<Part, Arc<Discovery>>);

impl Found {
    /// A single target.
    pub fn main(discovery: Discovery) -> Self {
        Self([(Part::main(), Arc::new(discovery))].into())
    }

    /// The discovery of a part.
    pub fn part(&self, part: &Part) -> Option<&Discovery> {
        self.0.get(part).map(|found| &**found)
    }

    /// By part, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Part, &Discovery)> {
        self.0.iter().map(|(part, found)| (part, &**found))
    }
}

impl FromIterator<(Part, Discovery)> for Found {
    fn from_iter<T: IntoIterator<Item = (Part, Discovery)>>(parts: T) -> Self {
        let parts = parts.into_iter();
        Self(parts.map(|(part, found)| (part, Arc::new(found))).collect())
    }
}

/// A target's own serialised knowledge of one start, opaque to everyone else.
///
/// Which slot is stable is decided once and kept here: after a switch the live slot *is* the
/// candidate, and a target that inferred roles again after a crash would roll back onto it.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Binding(Arc<serde_json::Value>);

impl Binding {
    /// Wraps what a target wants to know later.
    ///
    /// # Errors
    /// When the value does not serialise.
    pub fn new(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_value(value).map(Arc::new).map(Self)
    }

    /// What the target wrapped.
    ///
    /// # Errors
    /// When the binding is another target's or a newer version's.
    pub fn read<'de, T: Deserialize<'de>>(&'de self) -> Result<T, serde_json::Error> {
        T::deserialize(&*self.0)
    }
}

/// The content may hold whole templates, environment variables included, so only its size is shown.
impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binding({} bytes)", self.0.to_string().len())
    }
}

/// Whether a plan can run on a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Admission {
    /// The binding to start with.
    pub binding: Binding,
    /// What stands in the way or is worth knowing, in the order it was found.
    pub findings: Vec<Finding>,
}

impl Admission {
    /// A binding to start with, and what was found.
    pub const fn new(binding: Binding, findings: Vec<Finding>) -> Self {
        Self { binding, findings }
    }
}

/// Something about a plan, or about where it is to run, that a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// A stable, kebab-case name for this kind of finding, such as `selector-matches-nothing`.
    pub code: String,
    /// Whether it stands in the way.
    pub severity: Severity,
    /// What it is about, such as `service/api`.
    pub resource: String,
    /// What was found, in one sentence.
    pub message: String,
    /// What to do about it, in one sentence.
    pub mend: String,
}

impl Finding {
    /// A finding that keeps the plan from starting.
    pub fn blocks(
        code: &str,
        resource: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Blocks, code, resource, message, mend)
    }

    /// A finding that does not.
    pub fn warns(
        code: &str,
        resource: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warns, code, resource, message, mend)
    }

    fn new(
        severity: Severity,
        code: &str,
        resource: impl Into<String>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            code: code.to_owned(),
            severity,
            resource: resource.into(),
            message: message.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Blocks => "blocked",
            Severity::Warns => "warning",
        };
        write!(
            f,
            "{word} [{}] {}: {}; {}",
            self.code, self.resource, self.message, self.mend
        )
    }
}

/// Whether a [`Finding`] stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// The rollout does not start.
    Blocks,
    /// It starts, and the finding is printed.
    Warns,
}
