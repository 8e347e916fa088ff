//! The test bed: programs of a control plane, one left running for a person, the gateway of the lab, a server that speaks
//! as AWS does, and Prometheus.

pub(crate) mod build;
pub(crate) mod holder;
mod module;
pub(crate) mod moto;
pub(crate) mod prometheus;

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::TaskError;
use crate::output::{complain, say};
use holder::Holder;

const HOLDER: Holder = Holder {
    what: "the control plane",
    program: "hold-control-plane",
    state: "up.json",
    up: "cargo xtask testbed up",
    down: "cargo xtask testbed down",
};

/// What the holder tells.
#[derive(Debug, Deserialize)]
struct Held {
    kubeconfig: PathBuf,
}

/// Leaves a control plane running, prints its kubeconfig.
pub(crate) fn up() -> Result<(), TaskError> {
    HOLDER.is_free()?;
    build::control_plane()?;
    let held: Held = HOLDER.start()?;
    complain("a control plane is up; `cargo xtask testbed down` ends it");
    say(&format!("export KUBECONFIG={}", held.kubeconfig.display()));
    Ok(())
}

/// Ends the control plane that [`up`] left running.
pub(crate) fn down() -> Result<(), TaskError> {
    HOLDER.end()
}
