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

/// The Rust of README, guides and pages is compiled with the tests of this crate, which has all that it needs: packages
/// of the others would not have the pages.
#[cfg(all(doctest, feature = "ecs"))]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/guides/embed.md")]
    struct Embed;
    #[doc = include_str!("../../../docs/guides/from-argo-and-flagger.md")]
    struct FromArgoAndFlagger;
    #[doc = include_str!("../../../docs/guides/test-a-policy.md")]
    struct TestAPolicy;
    #[doc = include_str!("../../../docs/guides/write-a-target.md")]
    struct WriteATarget;
    #[doc = include_str!("../../../docs/reference/sources.md")]
    struct Sources;
}
