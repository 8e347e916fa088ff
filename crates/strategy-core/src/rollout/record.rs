//! What a journal holds: decisions, with the state they were decided on.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use super::Rollout;
use super::effect::EffectKind;
use super::input::Input;
use super::latest::Latest;
use super::outcome::Outcome;
use crate::target::EffectId;
use crate::timestamp::{Timestamp, duration};

/// The version of the record format. Any 1.x reads all older ones.
pub const SCHEMA: u32 = 1;

/// One entry of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Record {
    /// The whole machine: the first record of a journal, and of a compacted one.
    Snapshot(Box<Snapshot>),
    /// The newest observation, memory and counters: replaces, does not add.
    State(Box<Latest>),
    /// An input that changed more than that.
    Decision(Box<Decision>),
}

/// The whole machine at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// [`SCHEMA`] when it was written.
    #[serde(deserialize_with = "known_schema")]
    pub schema: u32,
    /// The version of this crate that wrote it.
    pub version: String,
    /// The machine, unfinished effects whole.
    pub rollout: Rollout,
}

/// Written first and read first, so that what a newer version wrote behind it is never looked at.
fn known_schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let schema = u32::deserialize(deserializer)?;
    if schema > SCHEMA {
        return Err(serde::de::Error::custom(format!(
            "a newer version wrote it: it has schema {schema}, and this version reads up to {SCHEMA}"
        )));
    }
    Ok(schema)
}

/// An input that changed more than the newest observation, memory and counters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// When, by the wall clock.
    pub wall: Timestamp,
    /// When, by the machine's own clock, which never runs backwards.
    pub machine: Timestamp,
    /// How far the windows of checks are ahead of the wall clock: nothing, unless it was set back by more
    /// than five minutes.
    #[serde(default, with = "duration", skip_serializing_if = "Duration::is_zero")]
    pub ahead: Duration,
    /// What had happened.
    pub input: Input,
    /// What was ordered. Compared on replay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<(EffectId, EffectKind)>,
}

/// A journal that does not read back.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// It holds nothing.
    #[error("the journal is empty: the rollout never began, so there is nothing to resume")]
    Empty,
    /// It does not begin with a snapshot.
    #[error("the journal does not begin with a snapshot; it was cut at the front")]
    NoSnapshot,
    /// A newer version wrote it.
    #[error(
        "the journal has schema {found}, written by version {version}; this version reads up to {known}: use that version or a later one"
    )]
    TooNew {
        /// Its schema.
        found: u32,
        /// Who wrote it.
        version: String,
        /// The newest that is read here.
        known: u32,
    },
    /// Replaying it ordered other effects than it says were ordered.
    #[error(
        "replaying record {record} orders {replayed}, and the journal says {recorded}: this version decides otherwise than the one that wrote it; `resume --roll-back` needs only binding and start"
    )]
    Diverged {
        /// Which record, from 0.
        record: usize,
        /// What it says was ordered.
        recorded: String,
        /// What replaying ordered.
        replayed: String,
    },
    /// A number that is given out once is so high that none is left: no rollout wrote that.
    #[error(
        "the journal says that {counter} has come to {number}, which no rollout comes to; put it back as it was"
    )]
    Exhausted {
        /// Which one.
        counter: String,
        /// How far it is said to have come.
        number: u64,
    },
    /// The plan names code that is not registered.
    #[error("the plan names {} which nothing registered knows; register it as at the start", .missing.join(", "))]
    Unknown {
        /// Kinds of hooks, gates and analyses.
        missing: Vec<String>,
    },
    /// It is to be taken up to go back, and its point of no return is past.
    #[error(
        "the point of no return is past, so it is not taken up to go back: `resume` goes on, and `resume --roll-back --force` goes back all the same"
    )]
    NoWayBack,
    /// The rollout has ended and settled.
    #[error("the rollout is over: {outcome}")]
    Over {
        /// How it ended.
        outcome: Outcome,
    },
}
