//! An input on its way through the machine.

use std::sync::Arc;

use super::effect::Ticket;
use super::input::Input;
use crate::release::Part;
use crate::target::Observation;

/// An input, of which an observation is not copied: it is kept as the newest one, and needed a second
/// time only where the input is written down.
#[derive(Debug)]
pub(super) enum Given {
    Observed {
        part: Part,
        ticket: Ticket,
        observation: Arc<Observation>,
    },
    Other(Input),
}

impl From<Input> for Given {
    fn from(input: Input) -> Self {
        let Input::Observed {
            part,
            ticket,
            observation,
        } = input
        else {
            return Self::Other(input);
        };
        Self::Observed {
            part,
            ticket,
            observation: Arc::from(observation),
        }
    }
}

impl From<Given> for Input {
    fn from(given: Given) -> Self {
        match given {
            Given::Observed {
                part,
                ticket,
                observation,
            } => Self::Observed {
                part,
                ticket,
                observation: Box::new(Arc::unwrap_or_clone(observation)),
            },
            Given::Other(input) => input,
        }
    }
}
