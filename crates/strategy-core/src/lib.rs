//! Progressive delivery as a library: plans, a pure rollout state machine, and the seams to run it
//! anywhere.
//!
//! A rollout is a sequence of desired states. Each is made true, observed to be true, then judged;
//! only then comes the next. Rollback is one more desired state: the one recorded at the start.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod analysis;
#[cfg(feature = "conformance")]
pub mod conformance;
// Whole rollouts are among the fast tests of the machine, whatever the features.
#[cfg(any(feature = "driver", test))]
pub mod driver;
#[cfg(feature = "simulation")]
pub mod explore;
pub mod hook;
pub mod inbox;
pub mod journal;
#[cfg(feature = "mock")]
pub mod mock;
pub mod observer;
pub mod plan;
mod random;
pub mod registry;
mod release;
pub mod rollout;
pub mod share;
#[cfg(any(feature = "simulation", test))]
pub mod simulation;
pub mod strategy;
pub mod target;
mod timestamp;
mod track;
mod traffic;
mod weight;
pub mod world;

pub use self::plan::{Plan, PlanError};
pub use self::registry::Registry;
pub use self::release::{Image, Images, InvalidRelease, Part, Release};
pub use self::rollout::Rollout;
pub use self::share::{Amount, ShareSplit};
pub use self::strategy::{BlueGreen, Canary, Rolling, Strategy};
pub use self::target::Target;
pub use self::timestamp::{Timestamp, duration};
pub use self::track::{Capacity, Replicas, Revision, SeenRevision, Track, Tracks};
pub use self::traffic::{Route, RouteBy, Stickiness, Traffic};
pub use self::weight::{InvalidWeight, Weight};
