//! The seam to the outside: commands and alarms from other processes.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::rollout::{Alarm, Answer, Command, CommandId};

/// A command or alarm on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Envelope {
    /// Somebody wants something.
    Command(Command),
    /// Something outside saw trouble.
    Alarm(Alarm),
}

impl Envelope {
    /// The id under which it is recorded once and answered.
    pub const fn id(&self) -> &CommandId {
        match self {
            Self::Command(command) => &command.id,
            Self::Alarm(alarm) => &alarm.id,
        }
    }
}

/// Commands and alarms from outside the process that runs the rollout.
#[async_trait]
pub trait Inbox: std::fmt::Debug + Send + Sync {
    /// The first envelope after this one, as soon as there is one; `None`: the first of all.
    /// Cancel-safe.
    ///
    /// # Errors
    /// When it cannot be read; the driver tries again.
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError>;

    /// Tells the sender what became of it. Called after the journal has it.
    ///
    /// # Errors
    /// When it cannot be written; the driver tries again.
    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError>;
}

const _: Option<&dyn Inbox> = None;

#[async_trait]
impl<T: Inbox + ?Sized> Inbox for std::sync::Arc<T> {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        (**self).next(after).await
    }
    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        (**self).answer(id, answer).await
    }
}

/// An inbox that could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InboxError {
    /// Something in it does not read back. It is skipped, and named.
    #[error("{place}: entry {entry} cannot be read: {problem}")]
    Damaged {
        /// Which inbox.
        place: String,
        /// Which entry.
        entry: String,
        /// How it shows.
        problem: String,
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
