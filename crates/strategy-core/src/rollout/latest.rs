//! What is replaced, not added: the newest observation, and memory and counters of checks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::clock::MachineClock;
use super::copy_on_change::CopyOnChange;
use super::effect::Ticket;
use crate::analysis::{Look, Memory, Tally, Verdict, Window};
use crate::plan::CheckName;
use crate::release::Part;
use crate::target::Observation;
use crate::timestamp::Timestamp;
use crate::track::Tracks;
use crate::weight::Weight;

/// The newest observation of each part, and memory and counters of each check. Losing it repeats the
/// same windows from older memory, which is safe.
///
/// In a journal it holds only the parts and checks that changed since the record before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Latest {
    pub(super) clock: MachineClock,
    #[serde(default, skip_serializing_if = "CopyOnChange::is_empty")]
    pub(super) parts: CopyOnChange<Part, LatestPart>,
    #[serde(default, skip_serializing_if = "CopyOnChange::is_empty")]
    pub(super) checks: CopyOnChange<CheckName, LatestCheck>,
}

impl Latest {
    /// What differs from `older`, as far as parts and checks go.
    pub(super) fn since(&self, older: &Self) -> Self {
        Self {
            clock: self.clock,
            parts: self.parts.since(&older.parts),
            checks: self.checks.since(&older.checks),
        }
    }

    /// Takes over what `newer` holds.
    pub(super) fn merge(&mut self, newer: &Self) {
        self.clock = newer.clock;
        self.parts.merge(&newer.parts);
        self.checks.merge(&newer.checks);
    }
}

/// What was last seen of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct LatestPart {
    /// The newest observation.
    pub(super) observation: Option<Arc<Observation>>,
    /// How old it is: machine time at which its read began, less its age.
    pub(super) at: Option<Timestamp>,
    /// When it came, by the machine's clock.
    pub(super) heard: Option<Timestamp>,
    /// Its ticket.
    pub(super) ticket: Ticket,
    /// A look that is under way, and since when.
    pub(super) asked: Option<(Ticket, Timestamp)>,
    /// The next ticket to be given out.
    pub(super) next_ticket: u64,
    /// There is news that no look under way is sure to see.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) news: bool,
    /// No new look before this, after one that failed.
    pub(super) not_before: Option<Timestamp>,
    /// Looks that failed one after the other.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) failures: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Memory and counters of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct LatestCheck {
    /// Number of the newest look.
    pub(super) number: u64,
    /// The window that is open.
    pub(super) open: Option<OpenWindow>,
    /// Windows that were closed before their time and wait for their looks, oldest first.
    pub(super) closed: VecDeque<(Window, OpenWindow)>,
    /// The end of the newest window that was looked at.
    pub(super) seen_to: Timestamp,
    /// The look under way, without its memory, which is the one below.
    pub(super) pending: Option<Arc<Look>>,
    /// How often a stage had begun to stand when its window began.
    pub(super) pending_standing: u64,
    /// A look that failed is taken again then.
    pub(super) again_at: Option<Timestamp>,
    /// What the last look handed out.
    pub(super) memory: Memory,
    /// Looks judged.
    pub(super) looks: u64,
    /// Looks that passed, of windows that began since the stage stands.
    pub(super) passed_in_stage: u32,
    /// The newest look that said anything said `Fail`.
    pub(super) failing: bool,
    /// `Fail`, over all stages.
    pub(super) failures: u32,
    /// `Fail`, one after the other.
    pub(super) consecutive_failures: u32,
    /// Errors, one after the other.
    pub(super) consecutive_errors: u32,
    /// `Inconclusive`, one after the other.
    pub(super) consecutive_inconclusive: u32,
    /// The newest verdict.
    pub(super) verdict: Option<Verdict>,
    /// Its evidence.
    pub(super) evidence: Arc<str>,
}

impl LatestCheck {
    /// What is held against the limits.
    pub(super) const fn tally(&self) -> Tally {
        Tally {
            failing: self.failing,
            failures: self.failures,
            consecutive_failures: self.consecutive_failures,
            consecutive_errors: self.consecutive_errors,
            consecutive_inconclusive: self.consecutive_inconclusive,
        }
    }

    /// What is held against the limits from now on.
    pub(super) const fn keep(&mut self, tally: Tally) {
        let Tally {
            failing,
            failures,
            consecutive_failures,
            consecutive_errors,
            consecutive_inconclusive,
        } = tally;
        self.failing = failing;
        self.failures = failures;
        self.consecutive_failures = consecutive_failures;
        self.consecutive_errors = consecutive_errors;
        self.consecutive_inconclusive = consecutive_inconclusive;
    }

    /// The end of the newest window that was watched, looked at or not. No window begins before it,
    /// whatever the wall clock says: no moment counts twice.
    pub(super) fn watched_to(&self) -> Timestamp {
        let waiting = self.closed.back().map(|(window, _)| window.to);
        waiting.map_or(self.seen_to, |to| to.max(self.seen_to))
    }
}

/// A window that has begun, and what must not change while it is open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct OpenWindow {
    /// By the wall clock.
    pub(super) from: Timestamp,
    /// How often a stage had begun to stand by then.
    pub(super) standing: u64,
    /// The candidate's share, by part.
    pub(super) weights: Arc<BTreeMap<Part, Weight>>,
    /// What tells the tracks' series apart, by part.
    pub(super) identities: Arc<BTreeMap<Part, Tracks<BTreeMap<String, String>>>>,
}
