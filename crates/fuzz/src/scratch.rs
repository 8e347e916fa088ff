//! A folder for the time of one input.

use std::path::Path;

use tempfile::TempDir;

/// An empty folder, in memory where the system has such a place: inputs come by the thousand a second,
/// and none of them has to survive anything.
pub(crate) fn folder() -> TempDir {
    let in_memory = Path::new("/dev/shm");
    let made = if in_memory.is_dir() {
        TempDir::new_in(in_memory)
    } else {
        TempDir::new()
    };
    made.expect("a machine that is fuzzed on has room for a folder")
}
