//! The machine: decides everything and does nothing. Inputs in; records, effects and events out;
//! time as an argument.

mod command;
mod effect;
mod event;
mod explain;
mod input;
mod latest;
mod outcome;
mod record;
mod start;
mod status;
pub mod step;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::command::{Alarm, Answer, Command, CommandId, Wish};
pub use self::effect::{Effect, EffectKind, LookId, Ticket};
pub use self::event::{Event, News};
pub use self::input::{Completion, Failure, Input};
pub use self::latest::Latest;
pub use self::outcome::{Left, Outcome, Reason};
pub use self::record::{Decision, Record, RecoverError, SCHEMA, Snapshot};
pub use self::start::{HandedPart, Handover, Misuse, Start, StartError};
pub use self::status::{
    ApprovalStatus, BakeStatus, CheckStatus, PartStatus, Phase, StageState, StageStatus, Status,
    TrackStatus,
};
use crate::analysis::PreparedCheck;
use crate::plan::Plan;
use crate::release::Part;
use crate::target::{Binding, Claim, Found, Observation, RolloutId};
use crate::timestamp::Timestamp;

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rollout {
    parts: BTreeMap<Part, ()>,
}

#[expect(
    clippy::todo,
    clippy::missing_errors_doc,
    missing_docs,
    unused_variables,
    reason = "being poured"
)]
impl Rollout {
    pub fn start(start: Start, now: Timestamp) -> Result<Self, StartError> {
        todo!()
    }
    pub fn succeed(
        handover: Handover,
        id: RolloutId,
        plan: Plan,
        prepared: Vec<PreparedCheck>,
        now: Timestamp,
    ) -> Result<Self, StartError> {
        todo!()
    }
    pub fn resume(
        records: &[Record],
        roll_back: bool,
        now: Timestamp,
    ) -> Result<Self, RecoverError> {
        todo!()
    }
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Result<(), Misuse> {
        todo!()
    }
    pub fn handle_timeout(&mut self, now: Timestamp) {
        todo!()
    }
    #[must_use]
    pub fn poll_record(&mut self) -> Option<Record> {
        todo!()
    }
    #[must_use]
    pub fn poll_answer(&mut self) -> Option<(CommandId, Answer)> {
        todo!()
    }
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        todo!()
    }
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        todo!()
    }
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        todo!()
    }
    pub fn id(&self) -> &RolloutId {
        todo!()
    }
    pub fn plan(&self) -> &Plan {
        todo!()
    }
    pub fn found(&self) -> &Found {
        todo!()
    }
    pub fn binding(&self, part: &Part) -> Option<&Binding> {
        todo!()
    }
    pub fn claim(&self, part: &Part) -> Option<&Claim> {
        todo!()
    }
    pub fn observation(&self, part: &Part) -> Option<&Observation> {
        todo!()
    }
    pub fn status(&self) -> Status {
        todo!()
    }
    pub fn outcome(&self) -> Option<&Outcome> {
        todo!()
    }
    pub fn is_settled(&self) -> bool {
        todo!()
    }
    pub fn is_stuck(&self) -> bool {
        todo!()
    }
    pub fn snapshot(&self) -> Record {
        todo!()
    }
    pub fn handover(&self) -> Option<Handover> {
        todo!()
    }
    pub fn canonical(&self) -> Self {
        todo!()
    }
}
