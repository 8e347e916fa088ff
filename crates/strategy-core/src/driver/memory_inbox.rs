//! An inbox in memory: commands and alarms from elsewhere in the same process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::inbox::{Envelope, Inbox, InboxError};
use crate::rollout::{Answer, CommandId};

/// An inbox in memory. Clones are the same inbox: one is given to the driver, one sends.
#[derive(Clone, Debug, Default)]
pub struct MemoryInbox {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    envelopes: Vec<Envelope>,
    answers: BTreeMap<CommandId, Answer>,
}

impl MemoryInbox {
    /// Holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an envelope in. One with an id that was sent before changes nothing: the first one counts.
    pub fn send(&self, envelope: Envelope) {
        let mut state = self.state();
        if !state
            .envelopes
            .iter()
            .any(|sent| sent.id() == envelope.id())
        {
            state.envelopes.push(envelope);
        }
        drop(state);
        self.shared.changed.notify_waiters();
    }

    /// What became of the envelope with this id; waits until it is answered.
    pub async fn answer_to(&self, id: &CommandId) -> Answer {
        loop {
            let changed = self.shared.changed.notified();
            if let Some(answer) = self.answered(id) {
                return answer;
            }
            changed.await;
        }
    }

    /// What became of the envelope with this id, if it is answered.
    pub fn answered(&self, id: &CommandId) -> Option<Answer> {
        self.state().answers.get(id).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        loop {
            let changed = self.shared.changed.notified();
            let next = {
                let state = self.state();
                let begin = after
                    .and_then(|id| state.envelopes.iter().position(|sent| sent.id() == id))
                    .map_or(0, |place| place + 1);
                state.envelopes.get(begin).cloned()
            };
            if let Some(envelope) = next {
                return Ok(envelope);
            }
            changed.await;
        }
    }

    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        self.state().answers.insert(id.clone(), answer.clone());
        self.shared.changed.notify_waiters();
        Ok(())
    }
}
