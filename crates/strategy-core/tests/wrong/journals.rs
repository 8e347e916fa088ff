//! Journals that do not keep what a journal promises.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use strategy_core::Strategy;
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::rollout::{Outcome, Record};
use strategy_core::simulation::{Carrier, Equipment, RealDriver, Trouble, When};

use crate::piece::{Caught, Ends, Harm, Piece, Trial, real};
use crate::plain_journal::PlainJournal;
use crate::worlds::{blue_green, seconds, slots};

pub(crate) const REFUSES_NOBODY: Piece = Piece {
    name: "has a journal that refuses nobody",
    does: "What is appended is put at the end, whatever the writer believes to be there.",
    caught: Caught::JournalConformance("another_sequence_is_refused"),
};

pub(crate) const ACCEPTS_A_SECOND_JOURNAL: Piece = Piece {
    name: "accepts a second journal",
    does: "A process that was replaced while it stood still goes on writing the journal when it wakes.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: slots(0).mishap(
                When::After(seconds(60)),
                Trouble::Freeze {
                    lasts: seconds(200),
                    taken_over_after: seconds(60),
                },
            ),
            strategy: Box::new(blue_green()),
            carrier: Box::new(Keeping(|journal| Arc::new(RefusesNobody(journal)))),
            right: real(Ends::Promoted),
        },
        promises: &[12],
        harms: &[],
    },
};

pub(crate) const REMEMBERS_NOTHING: Piece = Piece {
    name: "remembers nothing",
    does: "What is done is written down nowhere: after a crash it stays half done.",
    caught: Caught::Simulation {
        trial: || Trial {
            simulation: slots(0).mishap(
                When::After(seconds(60)),
                Trouble::Crash {
                    resumed_after: seconds(60),
                },
            ),
            strategy: Box::new(blue_green()),
            carrier: Box::new(Keeping(|_| Arc::new(PlainJournal::default()))),
            right: real(Ends::Promoted),
        },
        promises: &[11],
        harms: &[Harm::WrongEnd],
    },
};

/// The real driver on another journal, made of the one that is there.
struct Keeping(fn(Arc<dyn Journal>) -> Arc<dyn Journal>);

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeping")
    }
}

#[async_trait(?Send)]
impl Carrier for Keeping {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        equipment.journal = (self.0)(equipment.journal);
        RealDriver.carry(equipment, strategy).await
    }
}

/// A journal without compare-and-append.
#[derive(Debug)]
pub(crate) struct RefusesNobody(pub(crate) Arc<dyn Journal>);

#[async_trait]
impl Journal for RefusesNobody {
    async fn append(&self, _: Sequence, records: &[Record]) -> Result<(), JournalError> {
        let here = self.0.read().await?.sequence;
        self.0.append(here, records).await
    }

    async fn compact(&self, _: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        let here = self.0.read().await?.sequence;
        self.0.compact(here, snapshot).await
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        self.0.read().await
    }

    fn is_durable(&self) -> bool {
        self.0.is_durable()
    }
}
