//! Licences, advisories and the promise of semver: what asks the network, and is therefore not in
//! CI.

use std::process::Command;

use crate::cargo::{packages, run};
use crate::error::TaskError;
use crate::output::complain;
use crate::workspace::root;

/// Runs both tools, the second also when the first finds something.
pub(crate) fn run_all() -> Result<(), TaskError> {
    let denied = deny();
    let broken = semver();
    denied.and(broken)
}

fn deny() -> Result<(), TaskError> {
    complain("== cargo deny");
    let mut command = Command::new("cargo-deny");
    command
        .current_dir(root())
        .args(["--all-features", "check"]);
    run(
        &mut command,
        "install it with `cargo install --locked cargo-deny`",
    )
}

/// Compares with the release on the registry.
fn semver() -> Result<(), TaskError> {
    complain("== cargo semver-checks");
    let mut command = Command::new("cargo-semver-checks");
    command.current_dir(root()).arg("semver-checks");
    for package in packages()?.iter().filter(|package| package.is_published()) {
        command.args(["--package", &package.name]);
    }
    run(
        &mut command,
        "install it with `cargo install --locked cargo-semver-checks`",
    )
}
