//! conformance

pub mod journal;
