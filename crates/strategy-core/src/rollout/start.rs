//! What a rollout is started with, and what the caller can do wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::analysis::PreparedCheck;
use crate::plan::{CheckName, Plan, PlanError};
use crate::release::Part;
use crate::target::{Binding, Claim, Discovery, Found, RolloutId};

/// Everything a rollout is started with: made from what discover, plan and admit said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Start {
    /// Its name.
    pub id: RolloutId,
    /// What it will do.
    pub plan: Plan,
    /// What was found, with the bindings that `admit` returned in place.
    pub found: Found,
    /// Every check of the plan, as prepared by its analysis.
    pub prepared: Vec<PreparedCheck>,
    /// Take somebody else's claim over instead of refusing. Default: no.
    pub take_over: bool,
}

impl Start {
    /// A plan without checks, on what was found.
    pub const fn new(id: RolloutId, plan: Plan, found: Found) -> Self {
        Self {
            id,
            plan,
            found,
            prepared: Vec::new(),
            take_over: false,
        }
    }

    /// Every check of the plan, as prepared by its analysis.
    #[must_use]
    pub fn prepared(mut self, checks: impl IntoIterator<Item = PreparedCheck>) -> Self {
        self.prepared = checks.into_iter().collect();
        self
    }
}

/// What passes from a superseded rollout to its successor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Handover {
    /// To whom.
    pub to: RolloutId,
    /// By part: the start as recorded, the binding, and the claim to take over from.
    pub parts: BTreeMap<Part, HandedPart>,
}

/// One part of a [`Handover`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HandedPart {
    /// The start as recorded.
    pub found: Discovery,
    /// The binding as it stands.
    pub binding: Binding,
    /// The claim to take over from.
    pub claim: Claim,
    /// The most replicas that were wanted so far: shares are of it, and it never falls.
    pub baseline: u32,
}

/// Why a rollout does not start. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The plan was read from data that nobody checked, and could not end.
    #[error("the plan: {0}")]
    Plan(#[from] PlanError),
    /// The plan moves a part that was not discovered, or the other way round.
    #[error("part `{part}`: {problem}")]
    Parts {
        /// Which part.
        part: Part,
        /// What is wrong.
        problem: String,
    },
    /// Somebody else works on it.
    #[error(
        "{part} is claimed by rollout `{holder}`: resume or abandon that one, or take over from it (`Driver::take_over`) if nothing works on it any more"
    )]
    Claimed {
        /// Which part.
        part: Part,
        /// Whose claim it is.
        holder: RolloutId,
    },
    /// Nothing runs yet.
    #[error(
        "{part} has no stable version with at least one replica: make the first release by hand (deploy {name} with one replica or more), then use a rollout for the next one"
    )]
    NoStable {
        /// Which part.
        part: Part,
        /// What would be stable.
        name: String,
    },
    /// A check cannot run.
    #[error("check `{check}` was prepared by no analysis: register one for its kind")]
    Unprepared {
        /// Which check.
        check: CheckName,
    },
    /// Where an autoscaler owns stable and traffic follows readiness, full exposure cannot be reached.
    #[error("{part}: {problem}; {mend}")]
    Unreachable {
        /// Which part.
        part: Part,
        /// What cannot be reached.
        problem: String,
        /// How to mend it.
        mend: String,
    },
}
