//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Where everything that is built is written.
pub(crate) fn target() -> PathBuf {
    // A relative CARGO_TARGET_DIR is meant from the root, where cargo is started.
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Programs, definitions and data of the test bed.
pub(crate) fn testbed() -> PathBuf {
    target().join("testbed")
}
