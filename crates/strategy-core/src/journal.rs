//! The seam to durable memory: what was decided, before it is done.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::rollout::Record;

/// How many records a journal has been given since it began, compacted ones included.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Sequence(pub u64);

impl Sequence {
    /// So many records later.
    #[must_use]
    pub const fn plus(self, records: u64) -> Self {
        Self(self.0 + records)
    }
}

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The sequence after the last record.
    pub sequence: Sequence,
    /// The newest snapshot or beginning, and everything after it, in order.
    pub records: Vec<Record>,
}

impl Recorded {
    /// These records, the last of which has this sequence.
    pub const fn new(sequence: Sequence, records: Vec<Record>) -> Self {
        Self { sequence, records }
    }
}

/// Durable, ordered memory of one rollout, with one writer at a time.
#[async_trait]
pub trait Journal: std::fmt::Debug + Send + Sync {
    /// Adds records at the end; all of them or none. Durable when it returns.
    ///
    /// # Errors
    /// [`JournalError::Conflict`] when the last sequence is not `expected` and the tail is not this
    /// very batch (our own lost answer, which is success).
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError>;

    /// Replaces everything by `snapshot`, which counts as one record more. Durable when it returns;
    /// a crash in between leaves the old content.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError>;

    /// Everything since the newest snapshot.
    ///
    /// # Errors
    /// When it cannot be read. A torn last batch is not an error: it was never acknowledged.
    async fn read(&self) -> Result<Recorded, JournalError>;

    /// Whether a crash of this process leaves the records to be read. Default: yes.
    fn is_durable(&self) -> bool {
        true
    }
}

const _: Option<&dyn Journal> = None;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Journal + ?Sized> Journal for std::sync::Arc<T> {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        (**self).append(expected, records).await
    }
    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        (**self).compact(expected, snapshot).await
    }
    async fn read(&self) -> Result<Recorded, JournalError> {
        (**self).read().await
    }
    fn is_durable(&self) -> bool {
        (**self).is_durable()
    }
}

/// A journal that could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Somebody else wrote to it. This driver must stop.
    #[error(
        "the journal has {found} records where this process expected {expected}: another process works on this rollout"
    )]
    Conflict {
        /// What this writer believed.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// Another process holds its lock.
    #[error("{place} is in use by another process; wait for it or end it, then try again")]
    Locked {
        /// Which journal.
        place: String,
    },
    /// There is none.
    #[error("there is no journal at {place}")]
    Missing {
        /// Where it was looked for.
        place: String,
    },
    /// One is there already.
    #[error("{place} already holds a rollout; resume it, or choose another journal")]
    Exists {
        /// Which journal.
        place: String,
    },
    /// Something in the middle does not read back.
    #[error("{place} is damaged at byte {offset}: {problem}; nothing was changed")]
    Damaged {
        /// Which journal.
        place: String,
        /// Where.
        offset: u64,
        /// How it shows.
        problem: String,
    },
    /// A newer version wrote it.
    #[error(
        "{place} was written by a newer version ({found}) than this one, which reads up to {known}: use that version or a later one; nothing was changed"
    )]
    TooNew {
        /// Which journal.
        place: String,
        /// What it was written as, such as `schema 2, version 1.1.0`.
        found: String,
        /// The newest that is read here.
        known: String,
    },
    /// The storage said no.
    #[error("{operation} {place}")]
    Storage {
        /// What was attempted.
        operation: String,
        /// On what.
        place: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
