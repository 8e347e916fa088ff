//! Real requests through a real gateway: what clients see of weights, of releases, and of what is done to them.
//!
//! Runs in the network of a lab, see `test_support::lab`. `cargo xtask testbed build` once, then
//! `cargo test -p cli-demo --test traffic -- --ignored`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the figures of a run are part of what it shows"
)]
// There are namespaces of networks on Linux alone.
#![cfg(target_os = "linux")]

mod checks;
mod faulty;
mod healthy;
mod killed;
mod outages;
#[path = "../program/mod.rs"]
mod program;
mod repaired;
mod rollout;
mod scene;
mod seen;
mod shop;
mod splits;
