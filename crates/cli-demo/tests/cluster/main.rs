//! The program against a real API server: killed, interrupted, commanded, refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod exits;
mod file;
mod killed;
mod least;
mod orders;
mod plans;
mod program;
mod shop;
