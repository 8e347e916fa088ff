//! The source `prometheus` against a real [Prometheus](https://prometheus.io), which scrapes each second what the
//! tests themselves serve.
//!
//! All tests but those that need a server of their own share one: it starts once, and each test has a job of its own
//! in it. What an exporter tells depends on nothing but how often it was scraped before, and it tells that number
//! too; so what was counted in a window is known from the raw samples without any of the source's own arithmetic.
//!
//! Windows are closed and lie in the past of what was scraped, so no test asks what time it is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test"
)]

mod access;
mod certificates;
mod counters;
mod exporter;
mod gone;
mod histograms;
mod messages;
mod natives;
#[cfg(feature = "conformance")]
mod promises;
mod queries;
mod question;
mod ready_made;
mod server;
mod twice;
