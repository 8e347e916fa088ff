//! The program against a real API server: killed, interrupted, commanded, refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]
#![allow(
    clippy::print_stdout,
    reason = "the figures of a run are part of what it shows"
)]

mod examples;
mod exits;
mod file;
mod killed;
mod least;
mod orders;
mod plans;
#[path = "../program/mod.rs"]
mod program;
#[path = "../prometheus/mod.rs"]
mod prometheus;
mod shop;
mod steering;
