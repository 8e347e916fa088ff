//! Whole rollouts of one service whose deployments Amazon ECS carries out, on a fake in virtual time: the real
//! driver, the real machine, the real SDK.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test"
)]

mod found_alarms;
mod gated_answers;
mod gated_calls;
mod gated_found;
mod gated_hands;
mod gated_home;
mod gated_lost;
mod gated_promoted;
mod hand;
mod lag;
mod late;
mod left_out;
mod looks;
mod news;
mod policy;
mod recorded;
mod rolling_found;
mod rolling_hands;
mod rolling_home;
mod rolling_lost;
mod rolling_outcome;
mod rolling_promoted;
mod same_definition;
mod scene;
mod taken_back;
