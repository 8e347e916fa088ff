//! The source `http-probe` against a server on loopback that answers what a test says, byte by byte.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "test"
)]

mod access;
mod addresses;
mod answers;
mod budget;
mod errors;
mod judged;
#[path = "../loopback/mod.rs"]
mod loopback;
mod page;
#[path = "../pages/mod.rs"]
mod pages;
mod promises;
mod redirections;
mod still_clock;
mod windows;
