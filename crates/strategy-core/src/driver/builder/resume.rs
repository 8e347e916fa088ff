//! A rollout taken up again: onwards, or straight back.

use std::sync::Arc;

use super::super::error::DriverError;
use super::super::mail::{Mail, letterbox};
use super::super::retry::seed;
use super::super::run::Run;
use super::{Driver, RolloutHandle, random};
use crate::rollout::{CommandId, Outcome, RecoverError, Rollout};

/// Where a rollout goes that is taken up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Onwards {
    GoOn,
    Back,
    BackByForce,
}

impl Driver {
    /// Takes up again what the journal holds, with the same parts, hooks, gates and analyses.
    ///
    /// # Errors
    /// [`DriverError::Recover`] when the journal holds nothing that can be taken up, or names something
    /// that is not registered here; it is left as it is.
    pub async fn resume(self) -> Result<(RolloutHandle, Run), DriverError> {
        self.take_up(Onwards::GoOn).await
    }

    /// As [`resume`](Self::resume), and goes straight back to the recorded start: needs nothing of the
    /// journal but binding and start, and no analyses or gates.
    ///
    /// # Errors
    /// As [`resume`](Self::resume); [`RecoverError::NoWayBack`] past a point of no return.
    pub async fn resume_rolling_back(self) -> Result<(RolloutHandle, Run), DriverError> {
        self.take_up(Onwards::Back).await
    }

    /// As [`resume_rolling_back`](Self::resume_rolling_back), past a point of no return too, such as a hook
    /// that cannot be undone: what it did stays.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub async fn resume_rolling_back_by_force(self) -> Result<(RolloutHandle, Run), DriverError> {
        self.take_up(Onwards::BackByForce).await
    }

    async fn take_up(self, onwards: Onwards) -> Result<(RolloutHandle, Run), DriverError> {
        let roll_back = onwards != Onwards::GoOn;
        let recorded = self.journal.read().await?;
        let now = self.clock.now();
        let by_lot = || format!("{:08x}", random(now));
        let process = self.process.clone().unwrap_or_else(by_lot);
        let records = &recorded.records;
        let resumed = match onwards {
            Onwards::GoOn | Onwards::Back => Rollout::resume_by(process, records, roll_back, now),
            Onwards::BackByForce => Rollout::resume_by_force(process, records, now),
        };
        if let Err(RecoverError::Over { outcome }) = &resumed {
            let rollout = Rollout::replay(&recorded.records, roll_back)?;
            self.answer_at_last(&rollout, outcome).await;
        }
        let rollout = resumed?;
        let means = self.means(rollout.id())?;
        let mut missing = if roll_back {
            Vec::new()
        } else {
            self.registry.unknown(rollout.plan())
        };
        let parts = rollout.found().iter().map(|(part, _)| part);
        let without_target = parts.filter(|part| !self.parts.contains_key(part));
        missing.extend(without_target.map(|part| format!("part {part}")));
        if !missing.is_empty() {
            return Err(RecoverError::Unknown { missing }.into());
        }
        Ok(self.run(rollout, means, &recorded))
    }

    /// The process that carried it to its end may have crashed before it answered all.
    async fn answer_at_last(&self, rollout: &Rollout, outcome: &Outcome) {
        let (_, letters) = letterbox();
        let (inbox, clock) = (self.inbox.clone(), Arc::clone(&self.clock));
        let mut mail = Mail::new(letters, inbox, clock, seed(rollout.id().as_str()));
        let answer = |id: &CommandId| rollout.last_answer(id, outcome);
        mail.close([], answer).await;
    }
}
