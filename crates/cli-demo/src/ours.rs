//! Whether a file is ours alone to write: what it says is obeyed with our rights.

use std::fs::File;
use std::io::{self, Error};

/// # Errors
/// When another user owns the file, or group or others may write to it.
#[cfg(unix)]
pub fn is_ours(file: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata()?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::other(format!(
            "it belongs to another user (id {}), and whoever writes it says what is run here: take \
             one of your own",
            metadata.uid()
        )));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(Error::other(format!(
            "others may write it (its mode is {mode:04o}), and whoever writes it says what is run \
             here: `chmod go-w` it, once you have looked at what it says"
        )));
    }
    Ok(())
}

/// Elsewhere there are no modes to look at.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn is_ours(_: &File) -> io::Result<()> {
    Ok(())
}
