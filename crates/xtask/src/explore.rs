//! `cargo xtask explore`: the search of everything that small plans can meet.

use crate::args::Explore;
use crate::cargo::{RUST_IS_MISSING, cargo, run as run_command};
use crate::error::TaskError;

/// Searches the plans of those names, or all if there are none, each until it closes or has more than
/// so many states; with at most so many things that go wrong, or any number of them.
pub(crate) fn run(options: &Explore) -> Result<(), TaskError> {
    let mut command = cargo();
    command.args(["run", "--release", "--package", "strategy-core"]);
    command.args(["--features", "simulation", "--example", "explore", "--"]);
    if let Some(states) = options.states {
        command.args(["--states", &states.to_string()]);
    }
    if let Some(mischief) = options.mischief {
        command.args(["--mischief", &mischief.to_string()]);
    }
    run_command(command.args(&options.plans), RUST_IS_MISSING)
}
