//! The parts of the binary `rollway`: parse, wire, print. No decision about a rollout is made here.

pub mod approval;
pub mod args;
pub mod asked;
pub mod commands;
pub mod console;
pub mod demo;
pub mod ecs;
pub mod error;
pub mod exit;
pub mod file;
pub mod inbox;
pub mod interrupt;
pub mod journal_place;
pub mod judge;
pub mod kubernetes;
pub mod log;
pub mod look;
pub mod metrics;
pub mod ours;
pub mod program;
pub mod render;
pub mod run;
pub mod wiring;
pub mod words;
