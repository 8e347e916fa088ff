//! Crash and fault at every index: each rollout once undisturbed, then once for each call of the platform,
//! each write of the journal and each kind of fault.
//!
//! What must hold then is written here from what really happened in the world, apart from the machine.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests share may fail them"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a log tells more than any one reader asks for"
)]

#[path = "faults/accounts.rs"]
mod accounts;
#[path = "faults/courses.rs"]
mod courses;
#[path = "faults/ends.rs"]
mod ends;
#[path = "faults/kinds.rs"]
mod kinds;
#[path = "faults/pairs.rs"]
mod pairs;
#[path = "faults/parts.rs"]
mod parts;
#[path = "faults/runs.rs"]
mod runs;
#[path = "faults/singles.rs"]
mod singles;
#[path = "faults/tally.rs"]
mod tally;
#[path = "faults/torn.rs"]
mod torn;
