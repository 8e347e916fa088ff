//! The journal of two hours with three checks every fifteen seconds, whose memories are as large as
//! they may be, carried by the real driver.

use std::error::Error;
use std::sync::Arc;

use strategy_core::analysis::Memory;
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::world::{VirtualClock, block_on};

use crate::figure::{Goal, number, tell};
use crate::kept::{Counts, Kept};
use crate::plans::{BEGIN, KIND, TYPICAL, discovery};
use crate::still::{Content, Still};

pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let counts = carried()?;
    let kib = |bytes: usize| number(bytes) / 1024.0;
    tell(
        "journal: most it held",
        kib(counts.most),
        "KiB",
        Goal::AtMost(64.0),
    );
    let while_written = kib(counts.most_while_written);
    tell(
        "journal: most with the batch being written",
        while_written,
        "KiB",
        Goal::None,
    );
    tell(
        "journal: largest batch",
        kib(counts.largest_batch),
        "KiB",
        Goal::None,
    );
    tell(
        "journal: durable writes",
        number(counts.writes),
        "writes",
        Goal::None,
    );
    tell(
        "journal: of those compactions",
        number(counts.compactions),
        "writes",
        Goal::None,
    );
    tell(
        "journal: written on the whole",
        kib(counts.written),
        "KiB",
        Goal::None,
    );
    Ok(())
}

/// What the journal of that rollout counted.
pub(crate) fn carried() -> Result<Counts, Box<dyn Error>> {
    let clock = VirtualClock::starting_at(BEGIN);
    let journal = Kept::on(clock.clone());
    let memory = Memory::LIMIT;
    let driver = Driver::on(Still::new(Arc::new(discovery()?)))
        .clock(clock.clone())
        .journal(journal.clone())
        .analysis(KIND, Content { memory });
    let carry = async {
        let (_handle, run) = driver.start(&TYPICAL.canary(), TYPICAL.release()?).await?;
        Ok::<_, Box<dyn Error>>(run.await?)
    };
    if block_on(&clock, carry)?? != Outcome::Promoted {
        return Err("a rollout to which nothing bad happened was not promoted".into());
    }
    let counts = journal.counts().clone();
    Ok(counts)
}
