//! Why a router cannot go on, with the code under which a finding reports it.

use strategy_core::target::{Finding, TargetErrorKind};

use super::RouterError;
use crate::object::ObjectRef;

/// A [`RouterError`] that can also be told before the start, as a [`Finding`] that blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The finding's kebab-case name.
    pub(super) code: &'static str,
    pub(super) error: RouterError,
}

impl Problem {
    pub(super) fn new(
        kind: TargetErrorKind,
        code: &'static str,
        object: &ObjectRef,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            code,
            error: RouterError {
                kind,
                resource: object.to_string(),
                message: message.into(),
                mend: mend.into(),
            },
        }
    }

    pub(super) fn not_found(object: &ObjectRef) -> Self {
        Self::new(
            TargetErrorKind::NotFound,
            "router-object-not-found",
            object,
            format!("there is no {object}"),
            "create it, or mend its name in the configuration",
        )
    }

    /// A recorded start that this router, as it is configured now, did not write.
    pub(super) fn not_ours(object: &ObjectRef) -> Self {
        Self::new(
            TargetErrorKind::InvalidConfig,
            "recorded-start-unreadable",
            object,
            "the recorded start holds nothing of this router",
            "resume with the router and the key that the rollout was started with",
        )
    }
}

impl From<Problem> for RouterError {
    fn from(problem: Problem) -> Self {
        problem.error
    }
}

impl From<Problem> for Finding {
    fn from(Problem { code, error }: Problem) -> Self {
        Self::blocks(code, error.resource, error.message, error.mend)
    }
}
