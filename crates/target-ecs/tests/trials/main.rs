//! Whole rollouts that are to be broken: PetSwipe by name, faults and crashes at every call, and drawn misfortunes.
//!
//! The real driver, the real machine and the real SDK on the fake of Amazon ECS, in virtual time. Every run is judged by
//! [`verdict`]: by what really happened to requests, by what is there in the end, and by the journal.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "test"
)]

mod every_call;
mod journal;
mod life;
mod petswipe;
mod petswipe_bugs;
mod petswipe_stages;
mod seeds;
mod verdict;
