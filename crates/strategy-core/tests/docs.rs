//! The generated pages of the reference are what the code says. `UPDATE_DOCS=1` writes them anew.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::expect_used,
    reason = "functions that tests share are tests as well"
)]

#[path = "docs/errors.rs"]
mod errors;
#[path = "docs/findings.rs"]
mod findings;
#[path = "docs/mends.rs"]
mod mends;
#[path = "docs/page.rs"]
mod page;
#[path = "docs/platform.rs"]
mod platform;
#[cfg(feature = "driver")]
#[path = "docs/policy.rs"]
mod policy;
#[path = "docs/promises.rs"]
mod promises;
#[path = "docs/sources.rs"]
mod sources;
#[path = "docs/stories.rs"]
mod stories;
#[path = "docs/transitions.rs"]
mod transitions;

use crate::page::{assert_page, root};

#[track_caller]
fn read(path: &str) -> String {
    let whole = root().join(path);
    std::fs::read_to_string(&whole).unwrap_or_else(|error| panic!("{}: {error}", whole.display()))
}
