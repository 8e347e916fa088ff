//! `cargo xtask simulate`: random rollouts in random worlds.

use crate::cargo::{RUST_IS_MISSING, cargo, run as run_command};
use crate::error::TaskError;

/// Runs them with these options, fast and with everything checked that a debug build checks.
pub(crate) fn run(options: &[String]) -> Result<(), TaskError> {
    let mut command = cargo();
    command.args(["run", "--profile", "proof", "--quiet"]);
    command.args(["--package", "strategy-core", "--features", "simulation"]);
    command.args(["--example", "simulate", "--"]);
    run_command(command.args(options), RUST_IS_MISSING)
}
