//! The built-in judges and the source in memory keep every promise, and the suite notices one that does not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "test"
)]

mod broken_judge;
mod broken_source;
mod judges;
mod sources;
