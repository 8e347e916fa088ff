//! The source `cloudwatch` behind the HTTP client of the SDK: its own serialisers write what is asked, and its own
//! deserialisers read what a test answers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "test"
)]

mod admission;
mod answers;
mod asked;
mod damaged;
mod errors;
mod looks;
mod metrics;
mod page;
#[path = "../pages/mod.rs"]
mod pages;
#[cfg(feature = "conformance")]
mod promises;
mod server;
mod store;
mod wire;
