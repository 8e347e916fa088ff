//! The handle on a running rollout: how it stands, what happens, what is asked of it.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use super::error::DriverError;
use super::listeners::Listeners;
use super::mail::Letterbox;
use crate::observer::Trouble;
use crate::rollout::{Answer, Command, Event, Outcome, Status};
use crate::target::RolloutId;

/// A handle on a rollout that a driver carries. Clones are handles on the same rollout.
///
/// Dropping the last one changes nothing: the driver goes on alone, and says so in the log.
#[derive(Clone, Debug)]
pub struct RolloutHandle {
    id: RolloutId,
    shared: Arc<Listens>,
}

/// What all clones of a handle hear their driver by.
#[derive(Debug)]
pub(super) struct Listens {
    pub(super) letters: Letterbox,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) status: watch::Receiver<Status>,
    pub(super) trouble: watch::Receiver<Option<Trouble>>,
    pub(super) listeners: Listeners,
}

/// How far a driver is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// Decided and reached.
    pub(super) outcome: Option<Outcome>,
    /// The driver has ended, so.
    pub(super) end: Option<Result<Outcome, DriverError>>,
}

impl RolloutHandle {
    pub(super) fn new(id: RolloutId, listens: Listens) -> Self {
        Self {
            id,
            shared: Arc::new(listens),
        }
    }

    /// The rollout's name.
    pub const fn id(&self) -> &RolloutId {
        &self.id
    }

    /// Waits for the outcome to be decided and reached. Clean-up may still be under way.
    ///
    /// # Errors
    /// [`DriverError`] when the driver ends before; [`DriverError::Detached`] when it was dropped.
    pub async fn outcome(&self) -> Result<Outcome, DriverError> {
        self.wait(|progress| match (&progress.outcome, &progress.end) {
            (Some(outcome), _) => Some(Ok(outcome.clone())),
            (None, end) => end.clone(),
        })
        .await
    }

    /// Waits until nothing is left to do and the driver has ended.
    ///
    /// # Errors
    /// As [`outcome`](Self::outcome).
    pub async fn settled(&self) -> Result<Outcome, DriverError> {
        self.wait(|progress| progress.end.clone()).await
    }

    /// How it stands now.
    pub fn status(&self) -> Status {
        self.shared.status.borrow().clone()
    }

    /// How it stands, with every change of it; changes that nobody waited for are skipped.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.shared.status.clone()
    }

    /// What keeps the driver from going on now; `None`: nothing does.
    ///
    /// It is no part of [`status`](Self::status), which stands as the journal last had it meanwhile.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.trouble.borrow().clone()
    }

    /// What keeps the driver from going on, with every change of it.
    pub fn watch_trouble(&self) -> watch::Receiver<Option<Trouble>> {
        self.shared.trouble.clone()
    }

    /// Everything that happens from now on. Asked for before the driver runs, it misses nothing.
    pub fn events(&self) -> Events {
        Events {
            receiver: self.shared.listeners.listen(),
        }
    }

    /// Asks something of the rollout and waits for the answer, which comes when the journal has it.
    ///
    /// A command with an id that was given before is not obeyed again; the answer is that of the first.
    ///
    /// # Errors
    /// [`DriverError`] when the driver ends before it answers. Whether the command was recorded is then
    /// unknown: send it again, with the same id, to whoever resumes.
    pub async fn command(&self, command: Command) -> Result<Answer, DriverError> {
        if let Some(answer) = self.shared.letters.command(command).await {
            return Ok(answer);
        }
        let outcome = self.settled().await?;
        Ok(Answer::Refused(format!("the rollout is over: {outcome}")))
    }

    /// Ends the driver and leaves the rollout as it is, to be resumed; waits until the driver has ended.
    pub async fn detach(&self) {
        if self.shared.letters.detach() {
            // However it ended, it has.
            let _ = self.settled().await;
        }
    }

    async fn wait(
        &self,
        found: impl Fn(&Progress) -> Option<Result<Outcome, DriverError>>,
    ) -> Result<Outcome, DriverError> {
        let mut progress = self.shared.progress.clone();
        loop {
            if let Some(found) = found(&progress.borrow_and_update()) {
                return found;
            }
            if progress.changed().await.is_err() {
                let end = found(&progress.borrow());
                return end.unwrap_or_else(|| {
                    Err(DriverError::Detached {
                        id: self.id.clone(),
                    })
                });
            }
        }
    }
}

impl Drop for Listens {
    fn drop(&mut self) {
        if self.progress.borrow().end.is_none() && self.progress.has_changed().is_ok() {
            tracing::info!("no handle is left; the driver carries the rollout on alone");
        }
    }
}

/// Everything that happens, in order.
#[derive(Debug)]
pub struct Events {
    receiver: Option<broadcast::Receiver<Arc<Event>>>,
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Heard {
    /// Something happened.
    Event(Event),
    /// The listener was too slow: so much news was dropped.
    Missed(u64),
}

impl Events {
    /// The next one; `None` when the driver has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.receiver.as_mut()?.recv().await {
            Ok(event) => Some(Heard::Event(Arc::unwrap_or_clone(event))),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Heard::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
