//! The other side of an inbox folder: a process that sends and waits for the answer.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::super::clock::Clock;
use super::super::files::put;
use super::entry::{Addressed, answer_path, entry_path, is_name};
use super::{FileInbox, make_folder, storage};
use crate::inbox::{Envelope, InboxError};
use crate::rollout::{Answer, CommandId};
use crate::target::RolloutId;
use crate::timestamp::duration;

/// A sender looks for the answer this often.
const LOOK: Duration = Duration::from_millis(50);

/// An envelope that was not answered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The id cannot be a file's name.
    #[error("`{id}` cannot be a command's id here: use 1 to 100 letters, digits, `-`, `_` and `.`")]
    Id {
        /// What was given.
        id: CommandId,
    },
    /// Another envelope was sent under the same id.
    #[error("another command was sent as `{id}`: choose a new id")]
    Taken {
        /// Which id.
        id: CommandId,
    },
    /// Nobody answered in time. The envelope stays, and is acted on as soon as a process runs the rollout.
    #[error(
        "not answered within {}: no process seems to run this rollout; `{id}` stays in {folder} and counts as soon as one does (delete {id}.json to withdraw it)",
        duration::format(*.waited)
    )]
    Unanswered {
        /// Which id.
        id: CommandId,
        /// In which folder it lies.
        folder: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The folder could not be read or written.
    #[error(transparent)]
    Inbox(#[from] InboxError),
}

impl FileInbox {
    /// Puts an envelope into a folder and waits for the answer, at most so long.
    ///
    /// The same envelope may be sent again under the same id: it is applied once, and the answer is that
    /// of the first time.
    ///
    /// # Errors
    /// [`SendError`] says whether the envelope lies there now.
    pub async fn send(
        folder: impl AsRef<Path>,
        envelope: &Envelope,
        wait: Duration,
        clock: &dyn Clock,
    ) -> Result<Answer, SendError> {
        Self::put_and_wait(folder.as_ref(), None, envelope, wait, clock).await
    }

    /// As [`send`](Self::send), to this rollout only: the inbox of another one that comes to lie in the
    /// same place refuses it, if it knows [whose](Self::of) it is.
    ///
    /// # Errors
    /// [`SendError`] says whether the envelope lies there now.
    pub async fn send_to(
        rollout: &RolloutId,
        folder: impl AsRef<Path>,
        envelope: &Envelope,
        wait: Duration,
        clock: &dyn Clock,
    ) -> Result<Answer, SendError> {
        Self::put_and_wait(folder.as_ref(), Some(rollout), envelope, wait, clock).await
    }

    async fn put_and_wait(
        folder: &Path,
        rollout: Option<&RolloutId>,
        envelope: &Envelope,
        wait: Duration,
        clock: &dyn Clock,
    ) -> Result<Answer, SendError> {
        let id = envelope.id();
        if !is_name(id) {
            return Err(SendError::Id { id: id.clone() });
        }
        make_folder(folder).map_err(storage("make the folder", folder))?;
        let path = entry_path(folder, id);
        let addressed = Addressed {
            rollout: rollout.cloned(),
            envelope,
        };
        let json = serde_json::to_vec(&addressed)
            .map_err(|error| storage("write", &path)(error.into()))?;
        match read(&path)? {
            None => put(&path, &json).map_err(storage("write", &path))?,
            Some(there) if there == json => {}
            Some(_) => return Err(SendError::Taken { id: id.clone() }),
        }
        let until = clock.now() + wait;
        let answer = answer_path(folder, id);
        loop {
            if let Some(bytes) = read(&answer)? {
                return Ok(serde_json::from_slice(&bytes)
                    .map_err(|error| storage("read", &answer)(error.into()))?);
            }
            if clock.now() >= until {
                return Err(SendError::Unanswered {
                    id: id.clone(),
                    folder: folder.display().to_string(),
                    waited: wait,
                });
            }
            clock.sleep_until(until.min(clock.now() + LOOK)).await;
        }
    }
}

fn read(path: &PathBuf) -> Result<Option<Vec<u8>>, InboxError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(storage("read", path)(error)),
    }
}
