//! What a search asks of a machine beside what its driver does: where it is, and what is open.

use super::Rollout;
use super::effect::{Effect, Ticket};
use super::part_state::{PartState, Waits};
use super::state::State;
use crate::analysis::Look;
use crate::plan::{CheckName, StageName};
use crate::release::Part;
use crate::target::EffectId;
use crate::timestamp::Timestamp;

/// Where a machine is, as far as a search needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Claims are taken, or what was discovered is confirmed.
    Starting,
    /// At a gate.
    Gating,
    /// On the way forward otherwise.
    Forward,
    /// A person is waited for.
    Holding,
    /// On the way home.
    RollingBack,
    /// On the way home, and it does not get on by itself.
    Stuck,
    /// The same, and only a person can help.
    Asking,
    /// On the way to no exposure.
    Superseding,
    /// The outcome is decided.
    Settling,
    /// Nothing is left to do.
    Settled,
}

impl Rollout {
    pub(crate) fn place(&self) -> Place {
        match &self.decided.state {
            State::Claiming | State::Confirming => Place::Starting,
            State::Gating(_) => Place::Gating,
            State::Hooking(_) | State::Stepping(_) | State::Baking(_) => Place::Forward,
            State::Holding(_) => Place::Holding,
            State::RollingBack(rolling) if rolling.stuck => {
                let mut parts = self.decided.parts.values();
                let lost = |part: &PartState| {
                    part.claim_lost || matches!(part.waiting, Waits::Never { .. })
                };
                if rolling.undo_failed.is_some() || parts.any(lost) {
                    Place::Asking
                } else {
                    Place::Stuck
                }
            }
            State::RollingBack(_) => Place::RollingBack,
            State::Superseding(_) => Place::Superseding,
            State::Settling(_) => Place::Settling,
            State::Settled { .. } => Place::Settled,
        }
    }

    /// The stage it is in, where it is in one.
    pub(crate) fn stage_name(&self) -> Option<&StageName> {
        let stage = self.decided.state.stage()?;
        super::state::stage_name(&self.fixed.plan, stage)
    }

    /// The wall time of its last input.
    pub(crate) const fn wall(&self) -> Timestamp {
        self.latest.clock.wall
    }

    /// Commands and alarms that it remembers; none, if it is canonical.
    pub(crate) const fn heard(&self) -> usize {
        self.decided.audit.len()
    }

    pub(crate) const fn is_paused(&self) -> bool {
        self.decided.pause.is_some()
    }

    pub(crate) fn open_effect(&self, id: EffectId) -> Option<&Effect> {
        self.decided.open.get(&id)
    }

    /// The look that is under way on a part.
    pub(crate) fn look_under_way(&self, part: &Part) -> Option<Ticket> {
        let (ticket, _) = self.latest.parts.get(part)?.asked?;
        Some(ticket)
    }

    /// The look of a check that is under way.
    pub(crate) fn measure_under_way(&self, check: &CheckName) -> Option<&Look> {
        let check = self.latest.checks.get(check)?;
        check
            .pending
            .as_deref()
            .filter(|_| check.again_at.is_none())
    }

    /// Both hold the same decisions, and the same newest state where `whole`.
    pub(crate) fn agrees_with(&self, other: &Self, whole: bool) -> bool {
        self.decided == other.decided && (!whole || self.latest == other.latest)
    }
}
