//! The driver: a thin loop that carries a rollout, with journals and inboxes in memory and as files.

mod arrivals;
mod audience;
mod builder;
mod clock;
mod error;
mod file_inbox;
mod file_journal;
mod files;
mod flights;
mod freshness;
mod handle;
mod ledger;
mod listeners;
mod mail;
mod memory_inbox;
mod memory_journal;
mod perform;
mod planned;
mod retry;
mod run;

pub use self::builder::Driver;
pub use self::clock::{Clock, SystemClock};
pub use self::error::DriverError;
pub use self::file_inbox::{FileInbox, SendError};
pub use self::file_journal::FileJournal;
pub use self::handle::{Events, Heard, RolloutHandle};
pub use self::memory_inbox::MemoryInbox;
pub use self::memory_journal::MemoryJournal;
#[cfg(any(feature = "simulation", test))]
pub(crate) use self::perform::in_words;
pub use self::planned::Planned;
pub use self::run::Run;
