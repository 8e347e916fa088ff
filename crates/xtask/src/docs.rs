//! The reference of all crates.

use std::process::Command;

use crate::cargo::{RUST_IS_MISSING, cargo, run};
use crate::error::TaskError;
use crate::output::say;
use crate::workspace::target;

/// Builds it, and prints where it begins.
pub(crate) fn build() -> Result<(), TaskError> {
    run(&mut command(), RUST_IS_MISSING)?;
    say(&format!(
        "{}",
        target().join("doc/strategy_core/index.html").display()
    ));
    Ok(())
}

/// Builds the reference and fails at any warning, as for a link that leads nowhere.
pub(crate) fn command() -> Command {
    let mut command = cargo();
    command.args(["doc", "--workspace", "--all-features", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}
