//! The machine: decides everything and does nothing. Inputs in; records, effects and events out;
//! time as an argument.

mod begin;
mod canonical;
mod checks;
mod clock;
mod command;
mod commands;
mod copy_on_change;
mod counters;
mod effect;
mod event;
mod explain;
mod exposure;
mod failing;
mod fencing;
mod foreign;
mod given;
mod goal;
mod health;
mod input;
mod latest;
mod looking;
mod misuse;
mod outbox;
mod outcome;
mod part_state;
mod parts;
mod platform;
mod record;
mod recording;
mod replay;
mod report;
mod resuming;
#[cfg(feature = "simulation")]
pub(crate) mod searched;
mod start;
mod state;
mod status;
pub mod step;
#[cfg(test)]
mod tests;
mod transition;
mod turn;
mod unreachable;
mod walk;
mod windows;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(feature = "simulation")]
pub(crate) use self::canonical::rebased;
#[cfg(feature = "simulation")]
pub(crate) use self::canonical::{FAR, MANY};
pub use self::command::{Alarm, Answer, Command, CommandId, Wish};
pub use self::effect::{Effect, EffectKind, LookId, Ticket};
pub use self::event::{Event, News};
pub use self::input::{Completion, Failure, Input};
pub use self::latest::Latest;
pub use self::misuse::Misuse;
use self::outbox::Outbox;
pub use self::outcome::{Left, Outcome, Reason};
use self::part_state::Waits;
pub use self::record::{Decision, Record, RecoverError, SCHEMA, Snapshot};
pub use self::start::{HandedPart, Handover, Start, StartError};
use self::state::{Decided, Settling, State};
pub use self::status::{
    ApprovalStatus, BakeStatus, CheckStatus, PartStatus, Phase, StageState, StageStatus, Status,
    TrackStatus,
};
use crate::plan::{CheckName, Plan, PlanDigest};
use crate::release::Part;
use crate::target::{Binding, Claim, EffectId, Found, Observation, RolloutId};
use crate::timestamp::Timestamp;

/// The machine that carries one release from its recorded start to an outcome.
///
/// It decides everything and does nothing: no clock, no I/O, no thread. Four kinds of method:
/// - constructors: [`start`](Self::start), [`succeed`](Self::succeed), [`resume`](Self::resume);
/// - inputs: [`handle`](Self::handle) and [`handle_timeout`](Self::handle_timeout), each with `now`;
/// - outputs, drained after every input until each gives `None`, in this order:
///   [`poll_record`](Self::poll_record) (append all of them as one batch, durably),
///   [`poll_answer`](Self::poll_answer), [`poll_effect`](Self::poll_effect),
///   [`poll_event`](Self::poll_event), and then [`poll_timeout`](Self::poll_timeout);
/// - getters.
///
/// `now` is wall-clock time. A clock that jumps is noticed: machine time never runs backwards, and a
/// jump forward counts at most one resync interval towards any limit or bake; none of it, where time is
/// [measured](Self::handle_measured).
///
/// Two machines are equal if their states are; what was not polled yet is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rollout {
    fixed: Arc<Fixed>,
    decided: Decided,
    latest: Latest,
    #[serde(skip)]
    outbox: Outbox,
}

/// What never changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Fixed {
    id: RolloutId,
    plan: Plan,
    digest: PlanDigest,
    found: Found,
    /// Each bounded check's share of the false-alarm budget, in millionths.
    alpha: BTreeMap<CheckName, u32>,
    /// Claims that are taken over.
    claims_before: BTreeMap<Part, Claim>,
    /// The start was handed over by another rollout.
    inherited: bool,
}

impl Rollout {
    /// Something has happened. Afterwards drain the outputs.
    ///
    /// A completion that comes twice, or late, changes nothing.
    ///
    /// # Errors
    /// [`Misuse`]: the caller's mistake, found by reading the caller's code; nothing was changed.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Result<(), Misuse> {
        self.take_in(input, now, None)
    }

    /// As [`handle`](Self::handle), by a caller that has measured how much time has passed since the last
    /// input, or since it took the rollout up, with a clock that nobody sets, such as a monotonic one.
    /// Limits, drains and bakes then count what was measured, and a wall clock that is set makes none of
    /// them shorter or longer.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub fn handle_measured(
        &mut self,
        input: Input,
        now: Timestamp,
        passed: Duration,
    ) -> Result<(), Misuse> {
        self.take_in(input, now, Some(passed))
    }

    /// Time has passed. Spurious calls change nothing.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        // `TimePassed` names nothing that could be unknown, so it is never misuse.
        let _ = self.handle(Input::TimePassed, now);
    }

    /// What the journal must hold, durably, before effects that wait for it are performed. Append all
    /// that are there as one batch.
    #[must_use]
    pub fn poll_record(&mut self) -> Option<Record> {
        outbox::taken(&mut self.outbox.records)
    }

    /// An answer to the sender of a command or alarm; to be told after the records are durable.
    #[must_use]
    pub fn poll_answer(&mut self) -> Option<(CommandId, Answer)> {
        outbox::taken(&mut self.outbox.answers)
    }

    /// What is to be done. Those that [wait for the journal](EffectKind::waits_for_journal) are
    /// performed when the records are durable; looks need not wait.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        outbox::taken(&mut self.outbox.effects)
    }

    /// News for an audience.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        outbox::taken(&mut self.outbox.events)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, by the wall clock: at most one resync
    /// interval after the last input. `None` when nothing is left to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        if self.is_settled() {
            return None;
        }
        let clock = self.latest.clock;
        let latest = clock.wall + self.fixed.plan.policies().resync;
        Some(
            self.next_timer()
                .map_or(latest, |at| clock.wall_at(at).min(latest)),
        )
    }

    /// The wall clock at the last input.
    #[cfg(any(feature = "driver", test))]
    pub(crate) const fn told(&self) -> Timestamp {
        self.latest.clock.wall
    }

    /// Its name.
    pub fn id(&self) -> &RolloutId {
        &self.fixed.id
    }

    /// What it will do.
    pub fn plan(&self) -> &Plan {
        &self.fixed.plan
    }

    /// The recorded start.
    pub fn found(&self) -> &Found {
        &self.fixed.found
    }

    /// The binding of a part as it stands.
    pub fn binding(&self, part: &Part) -> Option<&Binding> {
        self.decided.parts.get(part).map(|state| &state.binding)
    }

    /// The claim on a part, as far as it is known to be there.
    pub fn claim(&self, part: &Part) -> Option<&Claim> {
        self.decided.parts.get(part)?.claim.as_ref()
    }

    /// What was ordered and is not answered yet, in its order: writes, claims, hooks and questions.
    pub fn open_effects(&self) -> impl Iterator<Item = (EffectId, &Effect)> {
        self.decided.open.iter().map(|(id, effect)| (*id, effect))
    }

    /// The newest observation of a part.
    pub fn observation(&self, part: &Part) -> Option<&Observation> {
        self.latest.parts.get(part)?.observation.as_deref()
    }

    /// How it ended, once that is decided and reached.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.decided.state {
            State::Settling(Settling {
                outcome,
                announced: true,
                ..
            })
            | State::Settled { outcome, .. } => Some(outcome),
            State::Settling(_)
            | State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::RollingBack(_)
            | State::Superseding(_) => None,
        }
    }

    /// Nothing is left to do.
    pub fn is_settled(&self) -> bool {
        matches!(self.decided.state, State::Settled { .. })
    }

    /// It does not get on by itself.
    pub fn is_stuck(&self) -> bool {
        matches!(&self.decided.state, State::RollingBack(rolling) if rolling.stuck)
    }

    /// On its way back to the recorded start, stuck or not.
    pub fn is_rolling_back(&self) -> bool {
        matches!(self.decided.state, State::RollingBack(_))
    }

    /// The whole machine as a record, for [`Journal::compact`](crate::journal::Journal::compact).
    pub fn snapshot(&self) -> Record {
        Record::Snapshot(Box::new(Snapshot {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rollout: Self {
                outbox: Outbox::default(),
                ..self.clone()
            },
        }))
    }

    /// What passes to the successor, once superseded.
    pub fn handover(&self) -> Option<Handover> {
        let Outcome::Superseded { by } = self.outcome()? else {
            return None;
        };
        let parts = self.decided.parts.iter().filter_map(|(part, state)| {
            let found = self.fixed.found.part(part)?.clone();
            let claim = state.claim.clone()?;
            Some((
                part.clone(),
                HandedPart {
                    found,
                    binding: state.binding.clone(),
                    claim,
                    baseline: state.baseline,
                },
            ))
        });
        Some(Handover {
            to: by.clone(),
            parts: parts.collect(),
        })
    }

    /// Machine time.
    const fn now(&self) -> Timestamp {
        self.latest.clock.machine
    }

    fn part_names(&self) -> Vec<Part> {
        self.decided.parts.keys().cloned().collect()
    }

    const fn next_id(&mut self) -> EffectId {
        let id = EffectId(self.decided.next_id);
        self.decided.next_id += 1;
        id
    }

    /// An effect that is journaled, and open until it is answered.
    fn order(&mut self, effect: Effect) {
        if let Some(id) = effect.id() {
            self.outbox.issued.push((id, effect.kind()));
            self.decided.open.insert(id, effect.clone());
        }
        self.outbox.effects.push_back(effect);
    }

    fn say(&mut self, news: News) {
        let at = self.latest.clock.wall;
        self.outbox.events.push_back(Event {
            rollout: self.fixed.id.clone(),
            at,
            news,
        });
    }

    fn enter(&mut self, state: State) {
        self.decided.since = self.now();
        for part in self.decided.parts.values_mut() {
            part.waiting = Waits::For {
                what: "its next step".to_owned(),
                until: None,
            };
            part.ready_since = None;
            // It was not tried in this state.
            part.unwritable = None;
        }
        self.decided.state = state;
    }
}
