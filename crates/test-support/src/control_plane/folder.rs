//! The folder of one run, removed when the run is over.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use super::ControlPlaneError;
use crate::programs::testbed_dir;

/// `target/testbed/run/PID-N`, removed with everything in it when dropped.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    pub(crate) fn create() -> Result<Self, ControlPlaneError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = testbed_dir()
            .join("run")
            .join(format!("{}-{number}", process::id()));
        // A folder of that name is left from an earlier process that had our id and was killed.
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(ControlPlaneError::file("remove the old folder", &path)(
                    source,
                ));
            }
            Ok(()) | Err(_) => {}
        }
        fs::create_dir_all(&path).map_err(ControlPlaneError::file("create the folder", &path))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed lies under target/ and disturbs nobody.
        let _ = fs::remove_dir_all(&self.path);
    }
}
