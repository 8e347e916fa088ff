//! The built-in judges and the source in memory keep every promise, and the suite notices one that does not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod broken_source;
mod sources;
