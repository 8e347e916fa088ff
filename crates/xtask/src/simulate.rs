//! `cargo xtask simulate`: random rollouts in random worlds.

use crate::args::Simulate;
use crate::cargo::{RUST_IS_MISSING, cargo, run as run_command};
use crate::error::TaskError;

/// Runs them with these options, fast and with everything checked that a debug build checks.
pub(crate) fn run(options: &Simulate) -> Result<(), TaskError> {
    let mut command = cargo();
    command.args(["run", "--profile", "proof"]);
    command.args(["--package", "strategy-core", "--features", "simulation"]);
    command.args(["--example", "simulate", "--"]);
    let numbers = [
        ("--rollouts", options.rollouts),
        ("--seed", options.seed),
        ("--rollout", options.rollout),
    ];
    for (option, number) in numbers {
        if let Some(number) = number {
            command.args([option, &number.to_string()]);
        }
    }
    if let Some(path) = &options.file {
        command.arg("--file").arg(path);
    }
    run_command(&mut command, RUST_IS_MISSING)
}
