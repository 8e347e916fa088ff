//! What the caller can do wrong with an input.

use thiserror::Error;

use super::Rollout;
use super::effect::{LookId, Ticket};
use super::input::Input;
use crate::release::Part;
use crate::target::EffectId;

/// What the caller does wrong: found and fixed by reading the caller's code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Misuse {
    /// An answer to an effect that was never issued.
    #[error("effect {id} was never issued")]
    UnknownEffect {
        /// Its id.
        id: EffectId,
    },
    /// The answer is of another kind than the effect.
    #[error("effect {id} was answered with the result of another kind of effect")]
    WrongKind {
        /// Its id.
        id: EffectId,
    },
    /// News of a part that the rollout does not have.
    #[error("the rollout has no part `{part}`")]
    UnknownPart {
        /// Its name.
        part: Part,
    },
    /// An observation for which nobody asked.
    #[error("part `{part}` was never asked for an observation with ticket {}", ticket.0)]
    UnknownTicket {
        /// Of which part.
        part: Part,
        /// Its ticket.
        ticket: Ticket,
    },
    /// A look that was never issued.
    #[error("look {look} was never issued")]
    UnknownLook {
        /// Which.
        look: LookId,
    },
}

impl Rollout {
    /// What the caller can do wrong.
    pub(super) fn vet(&self, input: &Input) -> Result<(), Misuse> {
        let effect = |id: EffectId| {
            let issued = id.0 < self.decided.next_id;
            if issued {
                Ok(self.decided.open.get(&id))
            } else {
                Err(Misuse::UnknownEffect { id })
            }
        };
        let look = |look: &LookId| match self.latest.checks.get(&look.check) {
            Some(latest) if look.number <= latest.number => Ok(()),
            Some(_) | None => Err(Misuse::UnknownLook { look: look.clone() }),
        };
        match input {
            Input::EffectSucceeded { id, outcome } => match effect(*id)? {
                Some(open) if !outcome.fits(open) => Err(Misuse::WrongKind { id: *id }),
                Some(_) | None => Ok(()),
            },
            Input::EffectFailed { id, .. } => effect(*id).map(|_| ()),
            Input::Observed { part, ticket, .. } | Input::ObserveFailed { part, ticket, .. } => {
                match self.latest.parts.get(part) {
                    Some(latest) if ticket.0 < latest.next_ticket => Ok(()),
                    Some(_) => Err(Misuse::UnknownTicket {
                        part: part.clone(),
                        ticket: *ticket,
                    }),
                    None => Err(Misuse::UnknownPart { part: part.clone() }),
                }
            }
            Input::Changed { part } => {
                let known = self.decided.parts.get(part).is_some();
                if known {
                    Ok(())
                } else {
                    Err(Misuse::UnknownPart { part: part.clone() })
                }
            }
            Input::Measured { look: id, .. } | Input::MeasureFailed { look: id, .. } => look(id),
            Input::Commanded(_)
            | Input::AlarmRaised(_)
            | Input::TimePassed
            | Input::Resumed { .. } => Ok(()),
        }
    }
}
