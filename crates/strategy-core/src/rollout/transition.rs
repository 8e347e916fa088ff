//! What each state does with a turn: one file per group of states.

mod baking;
mod beginning;
mod gating;
mod holding;
mod hooking;
mod rolling_back;
mod settling;
mod stepping;
mod superseding;
mod undoing;

use super::Rollout;
use super::state::State;

/// Whether a turn moved something that another turn could go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The state changed: take another turn.
    Again,
    /// Nothing more to do until the next input.
    Rest,
}

impl Rollout {
    /// One turn of the state we are in.
    pub(super) fn transition(&mut self) -> Flow {
        match self.decided.state.clone() {
            State::Claiming => self.claiming(),
            State::Confirming => self.confirming(),
            State::Gating(gating) => self.gating(&gating),
            State::Hooking(hooking) => self.hooking(&hooking),
            State::Stepping(stepping) => self.stepping(&stepping),
            State::Baking(baking) => self.baking(baking),
            State::Holding(holding) => self.holding(&holding),
            State::RollingBack(rolling) => self.rolling_back(&rolling),
            State::Superseding(superseding) => self.superseding(&superseding),
            State::Settling(settling) => self.settling(&settling),
            State::Settled { .. } => Flow::Rest,
        }
    }
}
