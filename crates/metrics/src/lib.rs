//! Judges a release by its metrics: what was seen of both tracks, and what it means.
//!
//! A [`MetricSource`] tells what happened in a closed window of time; a [`Judge`] says what it means, and is
//! pure: no clock, no input or output, all that it must remember handed in and out as a [`State`].
//! [`MetricAnalysis`] puts the two together as the [`Analysis`](strategy_core::analysis::Analysis) that a
//! rollout asks. Both traits are there to be implemented.
//!
//! The promises of this crate:
//!
//! - **Nothing counts twice.** An event belongs to one window, and a window is judged once, also after a crash.
//! - **No data is not good data.** A value, nothing, something old, no number and a source that does not answer
//!   are five different things.
//! - **A bound is a bound.** A judge that is [bounded](Judge::bounded) fails a good release with at most the
//!   chance that it was given, over the whole rollout, however often one looks.
//! - **A state that is restored goes on** as the one that was never saved, bit for bit.

mod analysis;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod judge;
mod ledger;
pub mod reading;
pub mod source;
pub mod state;

pub use self::analysis::{MetricAnalysis, MetricCheck};
pub use self::judge::Judge;
pub use self::reading::{Data, Events, Histogram, Reading, Shape};
pub use self::source::MetricSource;
pub use self::state::State;

/// The Rust of the README is compiled with the tests of this crate; that of pages about metrics, which are not part of
/// the package, with those of `cli-demo`.
#[cfg(all(doctest, feature = "prometheus"))]
#[doc = include_str!("../README.md")]
struct Readme;
