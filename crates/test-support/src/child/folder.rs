//! The folder of one run, removed when the run is over.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::ChildError;

/// Where everything that is built or installed lies: `CARGO_TARGET_DIR` if that is set, else `target` in the
/// workspace's root.
#[must_use]
pub fn target_dir() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.ancestors().nth(2).unwrap_or(root);
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    // A relative CARGO_TARGET_DIR is meant from the workspace's root, where cargo was started.
    root.join(target)
}

/// A folder `PID-N`, removed with everything in it when dropped.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// A new one in `place`, which is made if need be.
    ///
    /// # Errors
    /// [`ChildError::File`] when it cannot be made.
    pub fn create(place: &Path) -> Result<Self, ChildError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("{}-{number}", process::id()));
        // A folder of that name is left from an earlier process that had our id and was killed.
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(ChildError::file("remove the old folder", &path)(source));
            }
            Ok(()) | Err(_) => {}
        }
        fs::create_dir_all(&path).map_err(ChildError::file("create the folder", &path))?;
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed lies under target/ and disturbs nobody.
        let _ = fs::remove_dir_all(&self.path);
    }
}
