//! The successor of a superseded rollout: what it is handed, and how it begins.

use super::super::error::DriverError;
use super::super::planned::{Admitted, admit_on};
use super::super::run::Run;
use super::{Driver, RolloutHandle};
use crate::journal::{Journal, Sequence};
use crate::release::Release;
use crate::rollout::{Handover, RecoverError, Rollout};
use crate::strategy::Strategy;
use crate::target::Discovery;

impl Driver {
    /// What a superseded rollout left to its successor, read from its journal; also from another
    /// process, and after any crash. `None`: it was not superseded, or is not done with that yet.
    ///
    /// # Errors
    /// When the journal cannot be read, or does not read back to a rollout.
    pub async fn handover(journal: &dyn Journal) -> Result<Option<Handover>, DriverError> {
        let recorded = journal.read().await?;
        Ok(Rollout::replay(&recorded.records, false)?.handover())
    }

    /// Begins the successor of a superseded rollout (see
    /// [`Wish::Supersede`](crate::rollout::Wish::Supersede)), in a journal of its own and under the name
    /// that it was superseded by. It takes over claim, binding and recorded start, so that going back
    /// leads to where the first one began, and discovers nothing.
    ///
    /// Until it has begun, the claim of the superseded rollout keeps everybody else out; called again
    /// after a crash that left its journal empty, it begins as if it had not been called. Once its journal
    /// holds something, it is taken up by [`resume`](Self::resume) as any other.
    ///
    /// # Errors
    /// [`DriverError`]; nothing was written.
    pub async fn succeed(
        self,
        mut handover: Handover,
        strategy: &dyn Strategy,
        release: Release,
    ) -> Result<(RolloutHandle, Run), DriverError> {
        let to = handover.to.clone();
        if let Some(id) = self.id.clone().filter(|id| *id != to) {
            return Err(DriverError::NotTheSuccessor { id, to });
        }
        let means = self.means(&to)?;
        let recorded = self.journal.read().await?;
        if recorded.sequence > Sequence(0) {
            return Err(DriverError::JournalInUse);
        }
        let missing: Vec<_> = handover
            .parts
            .keys()
            .filter(|part| !self.parts.contains_key(part))
            .map(|part| format!("part {part}"))
            .collect();
        if !missing.is_empty() {
            return Err(RecoverError::Unknown { missing }.into());
        }
        let handed = handover.parts.iter().map(|(part, handed)| {
            let discovery = Discovery {
                binding: handed.binding.clone(),
                ..handed.found.clone()
            };
            (part.clone(), discovery)
        });
        let admitted = admit_on(&means, handed.collect(), strategy, &release).await?;
        let Admitted {
            plan,
            found,
            prepared,
            ..
        } = admitted.unblocked()?;
        for (part, handed) in &mut handover.parts {
            if let Some(admitted) = found.part(part) {
                handed.binding = admitted.binding.clone();
            }
        }
        let rollout = Rollout::succeed(handover, plan, &prepared, self.clock.now())?;
        Ok(self.run(rollout, means, &recorded))
    }
}
