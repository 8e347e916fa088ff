//! What can go wrong on a platform, by what a caller would do about it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A call to a platform that failed.
#[derive(Debug, Error)]
#[error("{operation} {resource}: {kind}{}", .source.as_ref().map(|source| format!(": {source}")).unwrap_or_default())]
#[non_exhaustive]
pub struct TargetError {
    /// What kind of failure, by what a caller would do about it.
    pub kind: TargetErrorKind,
    /// Whether anything may have been written.
    pub certainty: Certainty,
    /// What was attempted: a verb, such as `update`.
    pub operation: String,
    /// On what, such as `service/api`.
    pub resource: String,
    /// Why, as the platform tells it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TargetError {
    /// An error of this kind. Reads, conflicts and refusals were certainly not taken; a write that
    /// was `Unavailable` or `Unexpected` may have been.
    pub fn new(
        kind: TargetErrorKind,
        operation: impl Into<String>,
        resource: impl Into<String>,
    ) -> Self {
        let certainty = match kind {
            TargetErrorKind::Unavailable | TargetErrorKind::Unexpected => Certainty::MayBeTaken,
            TargetErrorKind::NotFound
            | TargetErrorKind::Conflict
            | TargetErrorKind::PermissionDenied
            | TargetErrorKind::RateLimited
            | TargetErrorKind::Unsupported
            | TargetErrorKind::InvalidConfig
            | TargetErrorKind::Ambiguous => Certainty::NotTaken,
        };
        Self {
            kind,
            certainty,
            operation: operation.into(),
            resource: resource.into(),
            source: None,
        }
    }

    /// Nothing was written, whatever the kind says by default.
    #[must_use]
    pub fn certainly_not_taken(self) -> Self {
        Self {
            certainty: Certainty::NotTaken,
            ..self
        }
    }

    /// Something may have been written, whatever the kind says by default.
    #[must_use]
    pub fn maybe_taken(self) -> Self {
        Self {
            certainty: Certainty::MayBeTaken,
            ..self
        }
    }

    /// Why, in words or as an error.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// Whether the same call may succeed a little later.
    pub const fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }
}

/// What kind of failure, by what a caller would do about it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Error,
)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// Something the configuration names is not there.
    #[error("not found")]
    NotFound,
    /// Somebody else changed it, or holds the claim. Observe again, decide again.
    #[error("changed by somebody else since it was read")]
    Conflict,
    /// The credentials may not do this. Grant the verb on the resource that the error names.
    #[error("not permitted")]
    PermissionDenied,
    /// Too many calls. Nothing was written; later it will work.
    #[error("rate limited")]
    RateLimited,
    /// The platform cannot do what was asked; `admit` should have said so.
    #[error("not supported here")]
    Unsupported,
    /// It could not be reached or did not answer in time.
    #[error("unavailable")]
    Unavailable,
    /// The configuration is wrong. The message says where and how to mend it.
    #[error("invalid configuration")]
    InvalidConfig,
    /// What was found has more than one meaning. Nothing is guessed.
    #[error("ambiguous")]
    Ambiguous,
    /// An answer that makes no sense: a bug here or there. Please report it.
    #[error("unexpected answer")]
    Unexpected,
}

impl TargetErrorKind {
    /// Whether the same call may succeed a little later.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::RateLimited | Self::Unavailable => true,
            Self::NotFound
            | Self::Conflict
            | Self::PermissionDenied
            | Self::Unsupported
            | Self::InvalidConfig
            | Self::Ambiguous
            | Self::Unexpected => false,
        }
    }
}

/// Whether a failed write may have been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Certainty {
    /// Nothing was written: refused, or never sent. The write may be repeated as it is.
    NotTaken,
    /// It may have been written, or may be written yet. Only a fence and a look can tell.
    MayBeTaken,
}
