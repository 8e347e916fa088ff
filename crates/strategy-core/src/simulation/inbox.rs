//! The inbox of the simulated processes: one for all of them, with every answer in the log.

use async_trait::async_trait;

use crate::driver::MemoryInbox;
use crate::inbox::{Envelope, Inbox, InboxError};
use crate::rollout::{Answer, CommandId};
use crate::world::{Fact, World};

/// What people say, and what they are answered.
#[derive(Clone, Debug)]
pub(super) struct SimulatedInbox {
    pub(super) said: MemoryInbox,
    pub(super) world: World,
}

#[async_trait]
impl Inbox for SimulatedInbox {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        self.said.next(after).await
    }

    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        self.said.answer(id, answer).await?;
        self.world.note(Fact::Heard {
            id: id.clone(),
            answer: answer.clone(),
        });
        Ok(())
    }
}
