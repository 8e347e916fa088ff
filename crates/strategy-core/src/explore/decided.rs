//! What a command, an alarm or a verdict must have decided at once.

use super::act::Actor;
use super::moves::{Asked, Judgement, Move};
use super::node::Node;
use crate::rollout::searched::Place;
use crate::rollout::{Answer, CommandId};

impl Actor<'_> {
    /// What a command, an alarm or a verdict must have decided at once, whatever the platform does.
    ///
    /// `past`: the way back was closed when it was told.
    pub(super) fn decided(
        &mut self,
        next: &mut Node,
        step: Move,
        past: bool,
        answers: &[(CommandId, Answer)],
    ) {
        let place = next.rollout.place();
        let back = matches!(
            place,
            Place::RollingBack | Place::Stuck | Place::Asking | Place::Settling | Place::Settled
        );
        let asked = match step {
            Move::Commanded(asked) => Some(asked),
            Move::Alarm => None,
            Move::Measured(_, Judgement::Fail) => {
                if next.memory.check_failed {
                    let stopped = back || place == Place::Holding || place == Place::Superseding;
                    self.tally.judge(6, stopped, || {
                        format!("a check failed for good, and it is {place:?}")
                    });
                }
                return;
            }
            Move::Answer(..)
            | Move::Look(..)
            | Move::Change(..)
            | Move::Notice(_)
            | Move::Measured(..)
            | Move::LateLands(_)
            | Move::Hand(..)
            | Move::TakenOver(_)
            | Move::Crash(_)
            | Move::Tick => return,
        };
        self.tally.judge(16, answers.len() == 1, || {
            format!("{} answers to one command", answers.len())
        });
        let recorded = answers.first().map(|(_, answer)| answer) == Some(&Answer::Recorded);
        match asked {
            // Past a point of no return an alarm holds, and only a forced abort goes back.
            None => {
                let heard = recorded && (back || past && place == Place::Holding);
                self.tally.judge(6, heard, || {
                    format!("an alarm was raised, and it is {place:?}")
                });
            }
            Some(Asked::Abort | Asked::Reject) if past => {
                self.tally.judge(6, !recorded, || {
                    format!("it goes back without force past a point of no return: {place:?}")
                });
            }
            // Refused only where it goes back already.
            Some(Asked::Abort | Asked::Reject | Asked::Force) => {
                self.tally.judge(6, back, || {
                    format!("it was told to go back, and is {place:?}")
                });
            }
            Some(Asked::Advance) if recorded => next.memory.advanced = true,
            Some(Asked::Promote) if recorded => next.memory.promote_all = true,
            Some(Asked::Retry) if recorded => next.memory.check_failed = false,
            Some(Asked::Abandon | Asked::Supersede) if recorded => {
                let over = matches!(place, Place::Superseding | Place::Settling | Place::Settled);
                self.tally.judge(6, over, || {
                    format!("it was told to give up, and is {place:?}")
                });
            }
            Some(
                Asked::Pause
                | Asked::Unpause
                | Asked::Advance
                | Asked::Promote
                | Asked::Retry
                | Asked::Abandon
                | Asked::Supersede
                | Asked::Approve,
            ) => {}
        }
    }
}

/// A person who ends a hold accepts what other hands did: from there it goes on.
pub(super) fn accepted(before: &Node, step: Move, after: &mut Node) {
    let ends = matches!(
        step,
        Move::Commanded(Asked::Advance | Asked::Promote | Asked::Retry)
    );
    let (from, to) = (before.rollout.place(), after.rollout.place());
    if ends && from == Place::Holding && to != Place::Holding {
        for memory in &mut after.memory.parts {
            memory.hand = None;
        }
    }
}
