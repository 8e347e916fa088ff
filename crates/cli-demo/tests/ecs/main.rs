//! The program against a fake of Amazon ECS behind a socket: the real SDK, its HTTP client and its environment
//! variables, planned, run, refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod cloud;
mod examples;
mod metrics;
mod permissions;
#[path = "../prometheus/mod.rs"]
mod prometheus;
mod refused;
mod socket;
mod sources;
