//! Calling cargo.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

use crate::error::TaskError;
use crate::workspace::root;

/// The cargo that runs us, in the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A command line as it could be typed.
pub(crate) fn typed(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned());
    [program]
        .into_iter()
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs `command` to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command, mend: &'static str) -> Result<(), TaskError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| TaskError::NotInstalled {
        program,
        mend,
        source,
    })?;
    if status.success() {
        return Ok(());
    }
    Err(TaskError::Failed {
        command: typed(command),
        status,
    })
}

/// Runs `command` to its end and returns what it printed to stdout.
pub(crate) fn read(command: &mut Command, mend: &'static str) -> Result<String, TaskError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|source| TaskError::NotInstalled {
            program,
            mend,
            source,
        })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(TaskError::Failed {
        command: typed(command),
        status: output.status,
    })
}

/// What to do when cargo itself cannot be started.
pub(crate) const RUST_IS_MISSING: &str = "install Rust, see https://rustup.rs";

/// A package of the workspace, as `cargo metadata` tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// `None`: to any registry. An empty list: to none.
    publish: Option<Vec<String>>,
}

impl Package {
    pub(crate) fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }
}

/// The packages of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>, TaskError> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }

    let mut command = cargo();
    command.args(["metadata", "--format-version=1", "--no-deps", "--offline"]);
    let text = read(&mut command, RUST_IS_MISSING)?;
    let metadata: Metadata =
        serde_json::from_str(&text).map_err(|source| TaskError::Unreadable {
            command: typed(&command),
            source,
        })?;
    Ok(metadata.packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_published_and_we_are_not() {
        let packages = packages().unwrap();
        let published = |name: &str| {
            packages
                .iter()
                .find(|package| package.name == name)
                .map(Package::is_published)
        };
        assert_eq!(published("strategy-core"), Some(true));
        assert_eq!(published("xtask"), Some(false));
    }

    #[test]
    fn a_failing_command_is_named_with_its_status() {
        let mut command = Command::new("sh");
        let error = run(command.args(["-c", "exit 3"]), "")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "`sh -c exit 3` ended with exit status: 3");
    }
}
