//! The promises that a [`Target`] makes, one named function each, to be run on every target.
//!
//! What journals promise is in [`journal`].
//!
//! Not covered by semantic versioning: a new version may ask for more. Destructive for whatever the
//! [`Subject`] points at: give every promise a fresh one.
//!
//! A promise that a target's capabilities exclude is *skipped*, with the reason, and never counts as
//! kept. Which promises a target keeps and which it skips stands in a file beside its tests (its
//! golden list), so that a promise cannot quietly cease to be kept.
//!
//! ```
//! use strategy_core::conformance::{InMemory, PROMISES, Standing};
//! use strategy_core::world::World;
//!
//! for promise in PROMISES {
//!     let world = World::seeded(1).stable("app:v1", 3).build()?;
//!     let subject = InMemory::new(world.clone());
//!     let standing = world.block_on(promise.check(&subject))??;
//!     assert!(matches!(standing, Standing::Kept | Standing::Skipped(_)));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod claiming;
mod deployments;
mod golden;
mod in_memory;
pub mod journal;
mod news;
mod reading;
mod subject;
mod tracks;
mod traffic;
mod trial;
mod writing;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use thiserror::Error;

pub use self::claiming::*;
pub use self::deployments::*;
pub use self::golden::{golden_list, golden_names_every_promise, hold};
pub use self::in_memory::InMemory;
pub use self::news::*;
pub use self::reading::*;
pub use self::subject::Subject;
pub use self::tracks::*;
pub use self::traffic::*;
pub use self::writing::*;
#[cfg(doc)]
use crate::Target;
use crate::target::TargetError;

/// How a target stands to a promise that it does not break.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It keeps it.
    Kept,
    /// The promise is about something that this target does not do, or that the subject cannot
    /// bring about, and which.
    Skipped(String),
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("kept"),
            Self::Skipped(why) => write!(f, "skipped ({why})"),
        }
    }
}

/// A promise that a target breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Broken(pub String);

impl From<TargetError> for Broken {
    fn from(error: TargetError) -> Self {
        Self(format!("a call failed: {error}"))
    }
}

/// What a check says.
pub type Checked<'a> = Pin<Box<dyn Future<Output = Result<Standing, Broken>> + Send + 'a>>;

/// One promise: its name, and the check of it.
#[derive(Clone, Copy)]
pub struct Promise {
    /// The name of its function, and of the tests that the macro makes.
    pub name: &'static str,
    check: for<'a> fn(&'a dyn Subject) -> Checked<'a>,
}

impl Promise {
    /// Checks it on a fresh subject.
    pub fn check<'a>(&self, subject: &'a dyn Subject) -> Checked<'a> {
        (self.check)(subject)
    }
}

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// `ensure!(condition, "what is broken")`: ends a check as broken.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(crate::conformance::Broken(format!($($message)+)));
        }
    };
}
use ensure;

/// `skip!("why")`: ends a check as skipped.
macro_rules! skip {
    ($($why:tt)+) => {
        return Ok(crate::conformance::Standing::Skipped(format!($($why)+)))
    };
}
use skip;

/// Every promise, in one place: the list of checks and the tests of the macro are made from it.
#[doc(hidden)]
#[macro_export]
macro_rules! each_promise {
    ($($callback:tt)::+ ! $given:tt) => {
        $($callback)::+! { $given
            discovering_writes_nothing
            observing_writes_nothing
            admitting_writes_nothing
            discovery_stays_the_same_while_nothing_changes
            the_first_observation_agrees_with_discovery
            an_observation_after_a_write_shows_it
            an_abandoned_observation_does_no_harm
            a_binding_survives_a_journal
            a_binding_of_another_target_is_an_error
            what_is_missing_is_an_error
            what_cannot_be_reached_is_an_error
            applying_twice_is_applying_once
            a_write_repeated_after_a_lost_answer_succeeds
            applying_what_is_there_writes_nothing
            a_foreign_change_of_traffic_is_a_conflict
            a_foreign_change_of_capacity_is_a_conflict
            a_foreign_change_of_revision_is_a_conflict
            a_field_that_is_already_as_desired_is_no_conflict
            the_recorded_start_is_restored_exactly
            what_was_created_is_removed
            what_was_found_is_never_removed
            an_unknown_revision_is_an_error
            an_unknown_container_is_an_error
            counts_are_read_back
            a_claim_is_shown_until_it_is_given_up
            a_claim_is_compared_before_it_is_set
            claiming_again_succeeds
            a_claim_that_is_over_does_not_come_back
            a_claim_changes_nothing_that_is_owned
            a_write_without_a_claim_is_a_conflict
            a_write_under_another_claim_is_a_conflict
            taking_over_fences_a_prepared_write
            news_that_is_known_is_told_at_once
            news_is_told_when_it_comes
            no_news_is_waited_for
            an_abandoned_wait_misses_nothing
            weights_are_read_back_exactly
            a_weight_becomes_effective
            header_routes_are_read_back
            cookie_routes_are_read_back
            a_mirror_is_read_back
            roles_stay_after_a_switch
            a_switch_is_found_by_the_next_discovery
            our_own_writes_are_ours
            a_foreign_move_of_traffic_is_named
            a_foreign_change_is_named
            an_absent_candidate_is_reported_absent
            revisions_are_told_apart
            images_that_really_run_are_reported
            pods_follow_the_count
            identities_tell_the_tracks_apart
            a_question_is_answered_once_though_its_answer_was_lost
            an_answer_to_another_question_is_a_conflict
            a_step_before_it_is_asked_for_is_a_conflict
            what_becomes_of_a_deployment_is_told
        }
    };
}

macro_rules! list {
    ({} $($name:ident)*) => {
        &[$(Promise {
            name: stringify!($name),
            check: |subject| Box::pin($name(subject)),
        }),*]
    };
}

/// Every promise, in the order of the golden lists.
pub const PROMISES: &[Promise] = crate::each_promise!(list! {});

/// Makes one test for each promise, so that the test runner names the broken one, and one that the
/// golden list names every promise.
///
/// - `run`: a function that checks one [`Promise`] on a fresh [`Subject`], and blocks until done. A
///   check that hangs is a broken promise too: give it a limit.
/// - `golden`: the golden list, usually `include_str!("...")`: a line `name: kept` or
///   `name: skipped (reason)` for every promise. A test fails when the target stands otherwise.
/// - `attributes` (optional): attributes of every test, such as `#[ignore = "needs a cluster"]`.
///
/// ```
/// use strategy_core::conformance::{Broken, InMemory, Promise, Standing};
/// use strategy_core::world::World;
///
/// fn run(promise: &Promise) -> Result<Standing, Broken> {
///     let world = World::seeded(1).stable("app:v1", 3).build().map_err(|e| Broken(e.to_string()))?;
///     world
///         .block_on(promise.check(&InMemory::new(world.clone())))
///         .map_err(|deadlock| Broken(deadlock.to_string()))?
/// }
///
/// # const LIST: &str = "";
/// strategy_core::conformance_tests! {
///     run: run,
///     golden: LIST,
///     attributes: { #[ignore = "an example"] },
/// }
/// ```
#[macro_export]
macro_rules! conformance_tests {
    (run: $run:expr, golden: $golden:expr $(,)?) => {
        $crate::conformance_tests! { run: $run, golden: $golden, attributes: {} }
    };
    (run: $run:expr, golden: $golden:expr, attributes: $attributes:tt $(,)?) => {
        $crate::each_promise!($crate::conformance_tests_of!($run, $golden, $attributes));

        #[test]
        fn the_golden_list_names_every_promise() {
            $crate::conformance::golden_names_every_promise($golden);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests_of {
    (($run:expr, $golden:expr, $attributes:tt) $($name:ident)*) => {
        $($crate::conformance_test!($run, $golden, $attributes, $name);)*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_test {
    ($run:expr, $golden:expr, { $($attributes:tt)* }, $name:ident) => {
        #[test]
        $($attributes)*
        fn $name() {
            $crate::conformance::hold($run, stringify!($name), $golden);
        }
    };
}
