//! Holds a control plane until it is ended; `cargo xtask testbed up` starts it and `down` ends it.
//!
//! `hold-control-plane STATE` writes the process id, the kubeconfig and the address into the file
//! STATE once the control plane answers.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs, process, thread};

use serde_json::json;
use test_support::{ControlPlane, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let state = env::args_os().nth(1).map(PathBuf::from);
    let state = state.ok_or("give the file to write the state to")?;
    let plane = ControlPlane::start(Options::default())?;
    let text = json!({
        "pid": process::id(),
        "kubeconfig": plane.kubeconfig(),
        "url": plane.url(),
    });
    // Whole or not at all: somebody is waiting for this file.
    let unfinished = state.with_extension("unfinished");
    fs::write(&unfinished, text.to_string())?;
    fs::rename(&unfinished, &state)?;
    loop {
        thread::park();
    }
}
