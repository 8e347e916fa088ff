//! From a journal's records back to the machine that wrote them.

use super::effect::EffectKind;
use super::input::Input;
use super::record::{Record, RecoverError, SCHEMA};
use super::state::State;
use super::{Outbox, Rollout};
use crate::target::EffectId;
use crate::timestamp::Timestamp;

impl Rollout {
    /// The machine that wrote these records, taken up again now: unfinished effects are ordered again
    /// with the same ids, behind a new epoch of the claim.
    ///
    /// `roll_back`: goes straight to the recorded start. It needs only binding and start, so records
    /// that this version would have decided otherwise are no obstacle. Past a point of no return it is
    /// refused, as an abort is: [`resume_by_force`](Self::resume_by_force).
    ///
    /// Whoever keeps a journal that several processes can write calls [`resume_by`](Self::resume_by).
    ///
    /// # Errors
    /// [`RecoverError`]; the journal is left as it is.
    pub fn resume(
        records: &[Record],
        roll_back: bool,
        now: Timestamp,
    ) -> Result<Self, RecoverError> {
        Self::resume_by(String::new(), records, roll_back, now)
    }

    /// As [`resume`](Self::resume), by a process that has a name of its own.
    ///
    /// A journal takes a batch that it has already for a lost answer. Two processes that take a rollout up
    /// in the same millisecond decide the same, so `process` has to tell their records apart: a word that no
    /// other one uses, such as a random number.
    ///
    /// # Errors
    /// [`RecoverError`]; the journal is left as it is.
    pub fn resume_by(
        process: String,
        records: &[Record],
        roll_back: bool,
        now: Timestamp,
    ) -> Result<Self, RecoverError> {
        Self::take_up(process, records, roll_back, now, |rollout| {
            if roll_back && rollout.is_past_no_return() {
                return Err(RecoverError::NoWayBack);
            }
            Ok(())
        })
    }

    /// As [`resume_by`](Self::resume_by), and goes straight to the recorded start, past a point of no
    /// return too: what cannot be undone stays as it is.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub fn resume_by_force(
        process: String,
        records: &[Record],
        now: Timestamp,
    ) -> Result<Self, RecoverError> {
        Self::take_up(process, records, true, now, |_| Ok(()))
    }

    fn take_up(
        process: String,
        records: &[Record],
        roll_back: bool,
        now: Timestamp,
        vet: impl FnOnce(&Self) -> Result<(), RecoverError>,
    ) -> Result<Self, RecoverError> {
        let mut rollout = Self::replay(records, roll_back)?;
        if let State::Settled { outcome, .. } = rollout.decided.state {
            return Err(RecoverError::Over { outcome });
        }
        vet(&rollout)?;
        rollout.latest.clock.take_up(now);
        rollout.digest_input(Input::Resumed {
            roll_back,
            by: process,
        });
        Ok(rollout)
    }

    /// The way back is closed, and nobody has decided to go it all the same.
    fn is_past_no_return(&self) -> bool {
        let goes_back = matches!(
            self.decided.state,
            State::RollingBack(_) | State::Settling(_) | State::Settled { .. }
        );
        self.decided.past_no_return && !goes_back
    }

    /// Whether the same is decided, whatever was seen and counted.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn is_as_decided(&self, other: &Self) -> bool {
        self.decided == other.decided
    }

    /// The machine as it was when the last of these records was written; nothing is ordered.
    ///
    /// # Errors
    /// As [`resume`](Self::resume), and settled rollouts are no error.
    pub fn replay(records: &[Record], lenient: bool) -> Result<Self, RecoverError> {
        let (first, rest) = records.split_first().ok_or(RecoverError::Empty)?;
        for record in records {
            if let Record::Snapshot(snapshot) = record
                && snapshot.schema > SCHEMA
            {
                return Err(RecoverError::TooNew {
                    found: snapshot.schema,
                    version: snapshot.version.clone(),
                    known: SCHEMA,
                });
            }
        }
        let mut rollout = match first {
            Record::Snapshot(snapshot) => snapshot.rollout.clone(),
            Record::State(_) | Record::Decision(_) => return Err(RecoverError::NoSnapshot),
        };
        rollout.can_count_on()?;
        rollout.journaled();
        for (index, record) in rest.iter().enumerate() {
            match record {
                Record::Snapshot(snapshot) => rollout = snapshot.rollout.clone(),
                Record::State(state) => rollout.latest.merge(state),
                Record::Decision(decision) => {
                    rollout.latest.clock.wall = decision.wall;
                    rollout.latest.clock.machine = decision.machine;
                    rollout.latest.clock.ahead = decision.ahead;
                    rollout.digest_input(decision.input.clone());
                    let replayed =
                        rollout
                            .outbox
                            .records
                            .iter()
                            .rev()
                            .find_map(|record| match record {
                                Record::Decision(decision) => Some(decision.effects.clone()),
                                Record::Snapshot(_) | Record::State(_) => None,
                            });
                    let replayed = replayed.unwrap_or_default();
                    if !lenient && replayed != decision.effects {
                        let recorded = in_words(&decision.effects);
                        return Err(RecoverError::Diverged {
                            record: index + 1,
                            recorded,
                            replayed: in_words(&replayed),
                        });
                    }
                    // An id that was given out is never given out again, whatever this version orders.
                    let issued = decision
                        .effects
                        .iter()
                        .map(|(id, _)| id.0.saturating_add(1))
                        .max();
                    let next_id = rollout.decided.next_id;
                    rollout.decided.next_id = next_id.max(issued.unwrap_or(0));
                    rollout.outbox = Outbox::default();
                }
            }
            rollout.outbox = Outbox::default();
            rollout.can_count_on()?;
            rollout.journaled();
        }
        Ok(rollout)
    }
}

fn in_words(effects: &[(EffectId, EffectKind)]) -> String {
    if effects.is_empty() {
        return "nothing".to_owned();
    }
    effects
        .iter()
        .map(|(id, kind)| format!("{kind:?} {id}"))
        .collect::<Vec<_>>()
        .join(", ")
}
