//! A source and a judge as the analysis of a rollout: parameters, windows, what is remembered, what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod admission;
mod looks;
mod reach;
mod rhythm;
mod silent_stable;
mod tally;
mod too_short;
