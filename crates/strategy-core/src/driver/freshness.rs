//! How long what a write rests on stays young enough, whatever a journal or platform takes its time for.

use std::time::Duration;

use super::clock::Clock;
use crate::release::Part;
use crate::target::{TargetError, TargetErrorKind};
use crate::timestamp::Timestamp;

/// Until when an observation may be acted on.
///
/// By both clocks, and whichever is first: the wall clock may be set back, and the other may stand while
/// the machine is suspended. One that ends too early costs another look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Freshness {
    wall: Timestamp,
    elapsed: Duration,
}

impl Freshness {
    /// For so long from now.
    pub(super) fn lasting(clock: &dyn Clock, left: Duration) -> Self {
        Self {
            wall: clock.now() + left,
            elapsed: clock.elapsed() + left,
        }
    }

    pub(super) fn is_over(&self, clock: &dyn Clock) -> bool {
        clock.elapsed() > self.elapsed || clock.now() > self.wall
    }
}

/// What the machine is told of a write that is not sent, or not once more: nothing was taken, and it is
/// decided anew on a fresh look, as where somebody else wrote in between. Where the platform refused it
/// before, it is the platform that is in the way.
pub(super) fn too_old(part: &Part, was_refused: bool) -> TargetError {
    let kind = if was_refused {
        TargetErrorKind::Unavailable
    } else {
        TargetErrorKind::Conflict
    };
    TargetError::new(kind, "apply to", format!("part {part}"))
        .certainly_not_taken()
        .because("it was not sent: what it was decided on is too old by now")
}
