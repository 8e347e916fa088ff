//! What people say to a rollout in a simulation, in the words of its plan and stage.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::inbox::Envelope;
use crate::rollout::{Alarm, Command, Status, Wish};
use crate::timestamp::duration;
use crate::world::strict;

/// Something that a person asks of the rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Saying {
    /// How long after the beginning.
    #[serde(with = "duration")]
    pub after: Duration,
    /// Who.
    pub actor: String,
    /// In which roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What.
    pub ask: Ask,
}

/// What a person asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ask {
    /// Yes to the approval that is asked for at that time; nothing if none is.
    Approve,
    /// The end of the bake or hold of the stage that runs at that time.
    Advance,
    /// The end of all bakes and holds.
    Promote,
    /// This, as it is.
    Wish(#[serde(deserialize_with = "strict::deserialize")] Wish),
    /// Trouble that something outside saw.
    Alarm(String),
}

impl Saying {
    /// Somebody without a role asks this, so long after the beginning.
    pub fn new(after: Duration, actor: impl Into<String>, ask: Ask) -> Self {
        Self {
            after,
            actor: actor.into(),
            roles: Vec::new(),
            ask,
        }
    }

    /// What is asked, under this name, of a rollout that stands so; `None`: there is nothing to ask.
    pub(super) fn envelope(&self, id: &str, status: Option<&Status>) -> Option<Envelope> {
        let plan = || status?.plan.parse().ok();
        let wish = match &self.ask {
            Ask::Alarm(message) => {
                return Some(Envelope::Alarm(Alarm::new(id, &self.actor, message)));
            }
            Ask::Wish(wish) => wish.clone(),
            Ask::Approve => Wish::Approve {
                stage: status?.approval.as_ref()?.stage.clone(),
                plan: plan()?,
            },
            Ask::Advance => {
                let status = status?;
                Wish::Advance {
                    stage: status.stages.get(status.stage)?.name.clone(),
                    plan: plan()?,
                }
            }
            Ask::Promote => Wish::Promote { plan: plan()? },
        };
        let command = Command::new(id, &self.actor, wish);
        let roles = self.roles.iter();
        Some(Envelope::Command(
            roles.fold(command, |command, role| command.in_role(role)),
        ))
    }
}
