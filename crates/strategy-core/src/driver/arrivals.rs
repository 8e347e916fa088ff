//! What comes to the loop, from where, and what came while nothing could be done with it.

use std::collections::VecDeque;

use crate::inbox::Envelope;
use crate::rollout::Input;

/// What the loop waits for.
pub(super) enum Arrival {
    Input(Input),
    Incoming(Envelope),
    TimePassed,
    Detach,
}

/// What came while nothing could be done with it, in order.
#[derive(Default)]
pub(super) struct Arrived {
    pub(super) inputs: VecDeque<Input>,
    pub(super) incoming: VecDeque<Envelope>,
    /// So many inputs come before the next turn; `None`: those that are here now.
    before_a_turn: Option<usize>,
}

impl Arrived {
    pub(super) fn len(&self) -> usize {
        self.inputs.len() + self.incoming.len()
    }

    /// Of the inputs that were here after the last turn, the next one.
    pub(super) fn before_a_turn(&mut self) -> Option<Input> {
        let left = self.before_a_turn.unwrap_or(self.inputs.len());
        if left == 0 {
            self.before_a_turn = None;
            return None;
        }
        self.before_a_turn = Some(left - 1);
        self.inputs.pop_front()
    }
}

/// Where arrivals come from. Whoever was served is asked last next time, so that none of them, however
/// much it has, keeps the others from being heard: no flood of commands holds a deadline up, and no
/// target that always has news a command.
#[derive(Clone, Copy)]
pub(super) enum Source {
    UnderWay,
    Time,
    Mail,
}

impl Source {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::UnderWay => Self::Time,
            Self::Time => Self::Mail,
            Self::Mail => Self::UnderWay,
        }
    }
}
