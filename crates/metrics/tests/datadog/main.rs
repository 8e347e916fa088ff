//! The source `datadog` against a server on loopback that answers what a test says, byte by byte.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "test"
)]

mod access;
mod admission;
mod counts;
mod errors;
#[path = "../loopback/mod.rs"]
mod loopback;
mod metrics;
mod numbers;
mod page;
#[path = "../pages/mod.rs"]
mod pages;
mod promises;
mod question;
mod requests;
