//! The parts of the binary `rollway`: parse, wire, print. No decision about a rollout is made here.

pub mod args;
pub mod exit;
pub mod file;
pub mod interrupt;
pub mod kubernetes;
pub mod program;
pub mod render;
