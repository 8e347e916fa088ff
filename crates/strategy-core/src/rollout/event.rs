//! News for an audience. Dropping every event changes nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::command::{Answer, Command};
use super::outcome::{Left, Outcome, Reason};
use crate::analysis::Verdict;
use crate::plan::{CheckName, HookPoint, StageName};
use crate::release::Part;
use crate::target::{Desired, ForeignChange, RolloutId};
use crate::timestamp::Timestamp;
use crate::track::Tracks;
use crate::weight::Weight;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Of which rollout.
    pub rollout: RolloutId,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub news: News,
}

impl Event {
    /// This rollout, this moment, this news.
    pub const fn new(rollout: RolloutId, at: Timestamp, news: News) -> Self {
        Self { rollout, at, news }
    }
}

/// What happened. Serialised with a `type` of the variant's name in kebab-case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum News {
    /// The plan is on its way.
    Started {
        /// What is shipped.
        release: String,
        /// The plan's digest.
        plan: String,
        /// Number of stages.
        stages: usize,
    },
    /// A process took it up again.
    Resumed,
    /// A stage began.
    StageEntered {
        /// Which.
        stage: StageName,
        /// Its place, from 1.
        number: usize,
    },
    /// A stage waits for people.
    ApprovalAwaited {
        /// Which stage.
        stage: StageName,
        /// Which gate.
        gate: String,
        /// Which roles count; empty: anyone.
        roles: Vec<String>,
        /// How many are still missing.
        missing: u32,
        /// Until when, by the wall clock.
        until: Timestamp,
    },
    /// A gate opened.
    GateOpened {
        /// Which stage.
        stage: StageName,
        /// Which gate.
        gate: String,
    },
    /// An external gate is closed for now.
    GateClosed {
        /// Which stage.
        stage: StageName,
        /// Which gate.
        gate: String,
        /// Why.
        why: String,
    },
    /// A hook began.
    HookBegan {
        /// Which stage.
        stage: StageName,
        /// Which hook.
        hook: String,
        /// At which point; `None`: it is being undone.
        point: Option<HookPoint>,
    },
    /// A hook ended.
    HookEnded {
        /// Which stage.
        stage: StageName,
        /// Which hook.
        hook: String,
        /// Whether it passed.
        passed: bool,
        /// What it says.
        summary: String,
    },
    /// A write was decided.
    Applying {
        /// To which part.
        part: Part,
        /// What.
        desired: Box<Desired>,
    },
    /// Ready pods or effective weight of a part changed.
    Progress {
        /// Of which part.
        part: Part,
        /// Ready pods.
        ready: Tracks<u32>,
        /// Wanted pods.
        wanted: Tracks<u32>,
        /// The candidate's share as written; where traffic follows readiness, as achieved.
        written: Weight,
        /// The candidate's share as effective, where known.
        effective: Option<Weight>,
    },
    /// What a stage waits for changed.
    Waiting {
        /// Which part.
        part: Part,
        /// For what, in words.
        what: String,
    },
    /// All traffic of a stage is effective, and it is watched now.
    BakeBegan {
        /// Which stage.
        stage: StageName,
    },
    /// A look was judged.
    Looked {
        /// Of which check.
        check: CheckName,
        /// Its number.
        number: u64,
        /// How.
        verdict: Verdict,
        /// Why.
        evidence: String,
    },
    /// A look could not be taken.
    LookFailed {
        /// Of which check.
        check: CheckName,
        /// Its number.
        number: u64,
        /// Why.
        why: String,
    },
    /// A stage is over.
    StagePassed {
        /// Which.
        stage: StageName,
    },
    /// Something failed. What follows is a further event.
    Failed {
        /// In which stage; `None`: before the first.
        stage: Option<StageName>,
        /// What.
        reason: Reason,
    },
    /// It stands still and waits for a person.
    Held {
        /// In which stage.
        stage: Option<StageName>,
        /// Why.
        why: String,
        /// Until when, by the wall clock.
        until: Timestamp,
    },
    /// A hold ended.
    HoldEnded,
    /// A person paused it.
    Paused {
        /// Until when at most, by the wall clock.
        until: Timestamp,
    },
    /// The pause is over.
    Unpaused,
    /// Somebody else changed something.
    ForeignHand {
        /// On which part.
        part: Part,
        /// What and who.
        change: ForeignChange,
        /// What is done about it.
        answer: String,
    },
    /// A part cannot be read or written.
    Unreachable {
        /// Which.
        part: Part,
        /// Why.
        why: String,
    },
    /// It can again.
    Reachable {
        /// Which.
        part: Part,
    },
    /// It goes back to the recorded start.
    RollbackBegan {
        /// Why.
        reason: Reason,
    },
    /// The recorded traffic is effective, and stable covers it.
    TrafficRestored,
    /// It cannot go on by itself.
    GotStuck {
        /// What is left to do.
        left: Vec<Left>,
    },
    /// It goes on.
    GotUnstuck,
    /// A command was recorded.
    Commanded {
        /// What and who.
        command: Box<Command>,
        /// What became of it.
        answer: Answer,
    },
    /// An alarm was recorded.
    AlarmRaised {
        /// Who or what raised it.
        source: String,
        /// What it saw.
        message: String,
    },
    /// The outcome is decided and reached.
    Ended {
        /// Which.
        outcome: Outcome,
    },
    /// The outcome stands, and the clean-up could not do all of it in time: a person has to.
    LeftBehind {
        /// What is left to do.
        left: Vec<Left>,
    },
    /// The rollout does nothing more.
    Settled,
    /// The clock jumped. Its steps count at most one resync interval.
    ClockJumped {
        /// In milliseconds, forward positive.
        by_ms: i64,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, super::explain::news(&self.news))
    }
}
