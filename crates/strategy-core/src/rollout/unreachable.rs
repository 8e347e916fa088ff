//! Parts that cannot be read or written, and for how long that is borne.

use super::Rollout;
use super::event::News;
use super::input::Failure;
use super::outcome::Reason;
use super::part_state::{PartState, Unreached};
use super::state::{Hold, State};
use crate::plan::Then;
use crate::release::Part;
use crate::timestamp::Timestamp;

impl Rollout {
    /// A part could not be read or written for longer than is borne. Says whether that changed anything.
    pub(super) fn unreachable_too_long(&mut self) -> bool {
        let (now, policy) = (self.now(), self.fixed.plan.policies().unreachable);
        let too_long = self.decided.parts.iter().find_map(|(part, state)| {
            let mut unreached = state.unreached(self.writes());
            let unreached =
                unreached.find(|unreached| now.since(unreached.since) >= policy.limit)?;
            Some(Reason::Unreachable {
                part: part.clone(),
                message: unreached.message.clone(),
            })
        });
        let Some(reason) = too_long.or_else(|| self.start_takes_too_long()) else {
            return false;
        };
        match &self.decided.state {
            State::Claiming | State::Confirming => {
                self.give_back(reason);
                true
            }
            State::Holding(holding) if matches!(holding.why, Hold::NoWayBack(_)) => false,
            State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_) => {
                match policy.then {
                    Then::RollBack => self.roll_back_or_hold(reason),
                    Then::Abandon => self.abandon(),
                    Then::GoOn => return false,
                }
                true
            }
            State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => false,
        }
    }

    /// Something is written or claimed where it is due: not while all stands still for a person.
    pub(super) fn writes(&self) -> bool {
        let stands = self
            .decided
            .state
            .held()
            .is_some_and(|held| held.walk.is_none());
        self.decided.pause.is_none() && !stands
    }

    /// Nothing is to be written any more: what could not be is no trouble now.
    pub(super) fn need_not_be_written(&mut self, part: &Part) {
        let state = self.decided.parts.get(part);
        if state.is_none_or(|state| state.unwritable.is_none()) {
            return;
        }
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        state.unwritable = None;
        if state.unreadable.is_none() {
            self.say(News::Reachable { part: part.clone() });
        }
    }

    /// Claims and the look that confirms them belong to no stage, so no deadline ends them: the limit of
    /// an unreachable platform does, also where it answers now and then.
    pub(super) fn start_takes_too_long(&self) -> Option<Reason> {
        let ends = self.start_ends()?;
        let mut parts = self.decided.parts.iter();
        let part = parts.find(|(_, state)| state.claim.is_none());
        let (part, _) = part.or_else(|| self.decided.parts.iter().next())?;
        (self.now() >= ends).then(|| Reason::Unreachable {
            part: part.clone(),
            message: "it could not be claimed and looked at in time".to_owned(),
        })
    }

    pub(super) fn start_ends(&self) -> Option<Timestamp> {
        let begins = matches!(self.decided.state, State::Claiming | State::Confirming);
        (begins && self.decided.pause.is_none())
            .then(|| self.decided.since + self.fixed.plan.policies().unreachable.limit)
    }

    pub(super) fn cannot_be_read(&mut self, part: &Part, failure: &Failure) {
        self.cannot_be_reached(part, failure, |state| &mut state.unreadable);
    }

    /// Reads that are answered meanwhile do not make it well: only a write or claim that succeeds does.
    pub(super) fn cannot_be_written(&mut self, part: &Part, failure: &Failure) {
        self.cannot_be_reached(part, failure, |state| &mut state.unwritable);
    }

    fn cannot_be_reached(
        &mut self,
        part: &Part,
        failure: &Failure,
        way: fn(&mut PartState) -> &mut Option<Unreached>,
    ) {
        let now = self.now();
        let Some(state) = self.decided.parts.get_mut(part) else {
            return;
        };
        let news = !state.is_unreachable();
        way(state).get_or_insert_with(|| Unreached {
            since: now,
            message: failure.message.clone(),
        });
        if news {
            self.say(News::Unreachable {
                part: part.clone(),
                why: failure.message.clone(),
            });
        }
    }

    /// A write or claim succeeded.
    pub(super) fn can_be_written(&mut self, part: &Part) {
        self.need_not_be_written(part);
        if let Some(state) = self.decided.parts.get_mut(part) {
            state.refused = None;
        }
        // What a quiet watch knew before is not what it will know now.
        if let Some(latest) = self.latest.parts.get_mut(part)
            && latest.failures == 0
        {
            latest.not_before = None;
        }
    }
}
