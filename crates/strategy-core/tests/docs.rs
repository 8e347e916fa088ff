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
#[cfg(all(feature = "driver", feature = "mock"))]
#[path = "docs/policy_mock.rs"]
mod policy_mock;
#[path = "docs/policy_mock_answers.rs"]
mod policy_mock_answers;
#[cfg(feature = "simulation")]
#[path = "docs/policy_random.rs"]
mod policy_random;
#[cfg(feature = "simulation")]
#[path = "docs/policy_searched.rs"]
mod policy_searched;
#[cfg(feature = "simulation")]
#[path = "docs/policy_shrunk.rs"]
mod policy_shrunk;
#[cfg(feature = "simulation")]
#[path = "docs/policy_simulation.rs"]
mod policy_simulation;
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

/// The pages show the source up to its last test, without its first line, and it is short.
#[cfg(feature = "driver")]
#[track_caller]
fn assert_shown(source: &str, most_lines: usize, pages: &[&str]) {
    let last = source.rfind("\n#[test]\n").unwrap();
    let shown = source[..last].split_once("\n\n").unwrap().1.trim_end();
    let lines = shown.lines().count();
    assert!(
        lines <= most_lines,
        "{lines} lines, and at most {most_lines} are shown"
    );
    for page in pages {
        let fenced = format!("```rust\n{shown}\n```");
        assert!(
            read(page).contains(&fenced),
            "{page} shows another test:\n{fenced}"
        );
    }
}
