//! What comes in from other processes: who asks is theirs to say, in which roles is not.

use std::sync::Arc;

use async_trait::async_trait;
use strategy_core::inbox::{Envelope, Inbox, InboxError};
use strategy_core::rollout::{Answer, CommandId};

use crate::wiring::Wiring;

/// An inbox whose commands have the roles that the rollout file gives their actors, whatever roles
/// the sender wrote into them.
#[derive(Debug)]
pub struct WithRoles<I> {
    inbox: I,
    wiring: Arc<Wiring>,
}

impl<I> WithRoles<I> {
    /// The roles of this wiring.
    pub const fn new(inbox: I, wiring: Arc<Wiring>) -> Self {
        Self { inbox, wiring }
    }
}

#[async_trait]
impl<I: Inbox> Inbox for WithRoles<I> {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        let mut envelope = self.inbox.next(after).await?;
        if let Envelope::Command(command) = &mut envelope {
            command.roles = self.wiring.roles_of(&command.actor);
        }
        Ok(envelope)
    }

    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        self.inbox.answer(id, answer).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strategy_core::driver::MemoryInbox;
    use strategy_core::rollout::{Command, Wish};

    use super::*;

    #[tokio::test]
    async fn a_role_that_the_sender_claims_is_not_had() {
        let wiring = json!({"parts": {}, "roles": {"sre": ["ann"], "cto": ["bob"]}});
        let wiring: Wiring = serde_json::from_value(wiring).unwrap();
        let sent = MemoryInbox::new();
        let inbox = WithRoles::new(sent.clone(), Arc::new(wiring));
        let mut before = None;
        for (actor, claims, has) in [
            ("nobody", "sre", &[][..]),
            ("ann", "cto", &["sre"]),
            ("bob", "cto", &["cto"]),
        ] {
            let command = Command::new(actor, actor, Wish::Pause).in_role(claims);
            sent.send(Envelope::Command(command));
            let Ok(Envelope::Command(command)) = inbox.next(before.as_ref()).await else {
                panic!("no command");
            };
            before = Some(command.id.clone());
            assert_eq!(command.actor, actor);
            assert!(command.roles.iter().eq(has), "{command:?}");
        }
    }
}
