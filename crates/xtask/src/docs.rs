//! The reference of all crates.

use crate::cargo::{RUST_IS_MISSING, cargo, run};
use crate::error::TaskError;
use crate::output::say;
use crate::workspace::target;

pub(crate) fn build() -> Result<(), TaskError> {
    let mut command = cargo();
    command.args(["doc", "--workspace", "--all-features", "--no-deps"]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"), RUST_IS_MISSING)?;
    say(&format!(
        "{}",
        target().join("doc/strategy_core/index.html").display()
    ));
    Ok(())
}
