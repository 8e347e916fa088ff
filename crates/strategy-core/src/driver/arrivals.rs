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

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes while those before a turn are told waits for its turn, or a part that always has news
    /// would keep commands and deadlines waiting for ever.
    #[test]
    fn no_more_come_before_a_turn_than_were_here_when_it_was_due() {
        let mut arrived = Arrived::default();
        let comes = |arrived: &mut Arrived| arrived.inputs.push_back(Input::TimePassed);
        comes(&mut arrived);
        comes(&mut arrived);
        for _ in 0..2 {
            assert!(arrived.before_a_turn().is_some());
            comes(&mut arrived);
        }
        assert_eq!(arrived.before_a_turn(), None, "a turn is due");
        // Those that came since are here before the next one.
        for _ in 0..2 {
            assert!(arrived.before_a_turn().is_some());
        }
        assert_eq!(arrived.before_a_turn(), None);
    }
}
