//! Whole rollouts on a fake of Amazon ECS in virtual time: the real driver, the real machine, the real SDK.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test"
)]

mod abandoned;
mod autoscaled;
mod calls;
mod crossing;
mod crowd;
mod drained;
mod failures;
mod faults;
mod foreign;
mod found;
mod found_alarms;
mod found_previews;
mod found_services;
mod gone;
mod hands;
mod lag;
mod late;
mod left_out;
mod lossless;
mod news;
mod preview_writes;
mod previews;
mod promoted;
mod resumed;
mod rolled_back;
mod same_release;
mod scene;
mod several_rules;
mod together;
mod turns;
