//! The driver: a thin loop that carries a rollout, with journals and inboxes in memory and as files.

mod clock;
mod file_inbox;
mod file_journal;
mod files;
mod manual_clock;
mod memory_inbox;
mod memory_journal;
mod retry;

pub use self::clock::{Clock, SystemClock};
pub use self::file_inbox::{FileInbox, SendError};
pub use self::file_journal::FileJournal;
pub use self::manual_clock::ManualClock;
pub use self::memory_inbox::MemoryInbox;
pub use self::memory_journal::MemoryJournal;
