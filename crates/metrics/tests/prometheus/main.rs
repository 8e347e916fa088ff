//! The source `prometheus` against a server on loopback that answers what a test says, byte by byte.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "test"
)]

mod access;
mod admission;
mod answers;
#[path = "../loopback/mod.rs"]
mod loopback;
mod natives;
mod page;
#[path = "../pages/mod.rs"]
mod pages;
mod ready_made;
mod server;
mod twice;
mod windows;
