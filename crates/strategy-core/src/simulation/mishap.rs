//! What befalls the processes that carry a rollout, and their journal.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timestamp::duration;
use crate::world::Happening;

/// Something that befalls a process, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Mishap {
    /// When.
    pub when: When,
    /// What.
    pub trouble: Trouble,
}

impl Mishap {
    /// This, then.
    pub const fn new(when: When, trouble: Trouble) -> Self {
        Self { when, trouble }
    }
}

/// When something befalls a process. Calls and appends are counted from 1, over all parts and processes;
/// a number that is never reached befalls nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum When {
    /// So long after the beginning, whoever works then.
    After(#[serde(with = "duration")] Duration),
    /// When the platform, a hook or a gate is called for this time, before the call has any effect.
    BeforeCall(u64),
    /// When the platform, a hook or a gate is called for this time, after the call had its effect and
    /// before its answer.
    AfterCall(u64),
    /// When the journal is written for this time, before anything is kept.
    BeforeAppend(u64),
    /// When the journal is written for this time, after it is kept and before that is known.
    AfterAppend(u64),
}

/// What befalls a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Trouble {
    /// It ends, whatever it was doing. Another takes up the journal after this long; where nothing was
    /// journaled yet, the rollout is begun anew.
    Crash {
        /// Until it is taken up.
        #[serde(with = "duration")]
        resumed_after: Duration,
    },
    /// It stands still for so long and then goes on as if nothing had been, while another takes up the
    /// journal after a shorter time: a zombie.
    Freeze {
        /// How long it stands still.
        #[serde(with = "duration")]
        lasts: Duration,
        /// Until another takes up the journal; nobody does if it goes on before.
        #[serde(with = "duration")]
        taken_over_after: Duration,
    },
    /// Its clock is set by so many milliseconds, forward or back.
    ClockSet {
        /// By how many.
        milliseconds: i64,
    },
    /// The journal refuses every write for so long. Where a write of the journal is named, that one first.
    JournalFails {
        /// How long.
        #[serde(with = "duration")]
        lasts: Duration,
    },
    /// A write of the journal is kept, and its answer lost: the one that is named, and where none is the next
    /// one that is kept, whoever makes it.
    JournalAnswerLost,
    /// Something happens in the world: at a call, before it.
    World(Happening),
}
