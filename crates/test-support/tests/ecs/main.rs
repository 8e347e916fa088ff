//! The fake of Amazon ECS and its load balancers, driven by the real SDK clients.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "what the test itself gets wrong may panic; values are passed to helpers as json! makes them"
)]

mod actions;
mod alarms;
mod answers;
mod assumed;
mod breaker;
mod faults;
mod groups;
mod headers;
mod hooks;
mod lag;
mod listeners;
mod metrics;
mod native;
mod overlapping;
mod requests;
mod rolling;
mod scaling;
mod scene;
mod services;
mod stops;
mod storm;
mod summaries;
mod table;
