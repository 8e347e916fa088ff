//! Generated pages: compared with what the code says, or written anew.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The page is this, or is made so where `UPDATE_DOCS` is set.
#[track_caller]
pub(crate) fn assert_page(path: &str, expected: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(path), expected).unwrap();
    }
    let found = std::fs::read_to_string(root().join(path)).unwrap_or_default();
    let lines = |text: &str| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    let (found, expected) = (lines(&found), lines(expected));
    let lacks: Vec<_> = expected
        .iter()
        .filter(|line| !found.contains(line))
        .collect();
    let more: Vec<_> = found
        .iter()
        .filter(|line| !expected.contains(line))
        .collect();
    assert!(
        found == expected,
        "{path} is not what the code says (`UPDATE_DOCS=1 cargo test -p strategy-core --all-features --test {}` \
         writes it anew)\nit lacks: {lacks:#?}\nit has, and should not: {more:#?}",
        env!("CARGO_CRATE_NAME")
    );
}
