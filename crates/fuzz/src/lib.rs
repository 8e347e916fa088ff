//! Properties of everything that reads bytes from outside, one function for each kind of input.
//!
//! Each takes any bytes and panics where a property does not hold. `tests/corpus.rs` runs them over
//! `corpus`, libFuzzer (`cargo xtask fuzz`) over what it makes of that.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a property that does not hold is told by a panic, as in a test"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a property looks for one kind among many"
)]

mod claims;
mod damage;
mod inbox;
mod journal;
mod kept;
mod recorded;
mod records;
mod rollout_file;
mod scenario;
mod scratch;
mod text;
mod wiring;

pub use self::claims::claims;
pub use self::damage::damage;
pub use self::inbox::inbox;
pub use self::journal::journal;
pub use self::recorded::recorded;
pub use self::records::records;
pub use self::rollout_file::rollout_file;
pub use self::scenario::scenario;
pub use self::text::text;
pub use self::wiring::wiring;

/// A property that holds for any bytes.
pub type Target = fn(&[u8]);

/// Every target by its name, which its corpus and its program under libFuzzer have too.
pub const TARGETS: [(&str, Target); 10] = [
    ("claims", claims),
    ("damage", damage),
    ("inbox", inbox),
    ("journal", journal),
    ("recorded", recorded),
    ("records", records),
    ("rollout_file", rollout_file),
    ("scenario", scenario),
    ("text", text),
    ("wiring", wiring),
];
