//! Holds a lab until it is ended; `cargo xtask lab up` starts it and `down` ends it.
//!
//! `hold-lab STATE` writes into the file STATE, once the lab answers, its process id, how to get into its network, and
//! where what is. `hold-lab --check` ends with success if there can be a lab here, and says why not otherwise.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs, process, thread};

use serde_json::json;
use test_support::lab::namespace;
use test_support::{Lab, LabError};

fn main() -> Result<(), Box<dyn Error>> {
    let argument = env::args_os().nth(1);
    let argument = argument.ok_or("give the file to write the state to, or --check")?;
    if argument == "--check" {
        return Ok(namespace::check().map_err(LabError::from)?);
    }
    namespace::enter().map_err(LabError::from)?;
    let state = PathBuf::from(argument);
    let lab = Lab::start()?;
    let text = json!({
        "pid": process::id(),
        "way_in": namespace::way_in(),
        "kubeconfig": lab.plane().kubeconfig(),
        "gateway": lab.gateway().url(),
        "prometheus": lab.prometheus().url(),
    });
    // Whole or not at all: somebody is waiting for this file.
    let unfinished = state.with_extension("unfinished");
    fs::write(&unfinished, text.to_string())?;
    fs::rename(&unfinished, &state)?;
    loop {
        thread::park();
    }
}
