//! The seam to the audience: notifiers, dashboards, logs.

use std::fmt;

use crate::rollout::Event;
use crate::timestamp::Timestamp;

/// Hears what happens. Nothing it does or fails to do changes a rollout.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Something happened. Called in order from a bounded queue, in the driver's own task, whenever
    /// nothing else is due: one that takes its time must hand over to a thread or task of its own.
    fn event(&self, event: &Event);

    /// So much news before the next [`event`](Self::event) was dropped, because the observers were too
    /// slow for it. Default: nothing.
    fn missed(&self, events: u64) {
        let _ = events;
    }

    /// The driver cannot go on, for this reason; `None`: it can again. Told at once when it begins, when
    /// the reason changes and when it is over. Default: nothing.
    fn trouble(&self, trouble: Option<&Trouble>) {
        let _ = trouble;
    }
}

const _: Option<&dyn Observer> = None;

impl<T: Observer + ?Sized> Observer for std::sync::Arc<T> {
    fn event(&self, event: &Event) {
        (**self).event(event);
    }
    fn missed(&self, events: u64) {
        (**self).missed(events);
    }
    fn trouble(&self, trouble: Option<&Trouble>) {
        (**self).trouble(trouble);
    }
}

/// What keeps a driver from going on, apart from the rollout that it carries. It passes, or somebody
/// has to mend it; the driver tries again all the while.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trouble {
    /// The journal cannot be written. Nothing is decided, done or answered until it can: not the way
    /// back either.
    JournalUnwritable {
        /// When it was tried in vain first.
        since: Timestamp,
        /// What the journal said last.
        why: String,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JournalUnwritable { why, .. } => write!(
                f,
                "the journal cannot be written; nothing is done until it can: {why}"
            ),
        }
    }
}
