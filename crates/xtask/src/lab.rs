//! `cargo xtask lab`: a lab left running for a person, and the tests of the lab.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use serde::Deserialize;

use crate::args::{Apply, LabTest, Load, Run};
use crate::cargo::{RUST_IS_MISSING, cargo, run as run_to_its_end};
use crate::error::TaskError;
use crate::output::{complain, say};
use crate::test::{IN_LAB, side_by_side};
use crate::testbed::holder::{Holder, build_programs};
use crate::testbed::{build, prometheus};

const HOLDER: Holder = Holder {
    what: "the lab",
    program: "hold-lab",
    state: "lab.json",
    up: "cargo xtask lab up",
    down: "cargo xtask lab down",
};

/// The programs of `test-support` that apply manifests and send requests.
const APPLY: &str = "lab-apply";
const LOAD: &str = "lab-load";

/// The program that a lab is for.
const ROLLWAY: &str = "rollway";

/// The test target that runs in a lab of its own.
const TESTS: &str = "traffic";

/// What the holder tells.
#[derive(Debug, Deserialize)]
struct Held {
    /// The words before a command that is to run in the network of the lab.
    way_in: Vec<String>,
    kubeconfig: PathBuf,
    gateway: String,
    prometheus: String,
}

/// Leaves a lab running, prints where what is.
pub(crate) fn up() -> Result<(), TaskError> {
    HOLDER.is_free()?;
    check()?;
    build_all()?;
    // Here rather than when each is called first, while a person watches something else.
    build_programs(&[APPLY, LOAD, ROLLWAY], &[])?;
    let held: Held = HOLDER.start()?;
    complain("the lab is up; `cargo xtask lab down` ends it");
    say(&told(&held));
    Ok(())
}

fn told(held: &Held) -> String {
    let Held {
        way_in: _,
        kubeconfig,
        gateway,
        prometheus,
    } = held;
    format!(
        "KUBECONFIG  {}\n\
         gateway     {gateway}\n\
         Prometheus  {prometheus}\n\
         These addresses are in the network of the lab alone. A command in there, with this KUBECONFIG:\n\
         \n    \
             cargo xtask lab run -- curl -s {prometheus}/api/v1/query?query=up\n    \
             cargo xtask lab run -- target/debug/rollway run rollout.yaml\n    \
             cargo xtask lab apply examples/manifests/canary-gateway-prometheus.yaml\n    \
             cargo xtask lab load shop.example.org\n    \
             cargo xtask lab run -- sh",
        kubeconfig.display()
    )
}

/// Ends the lab that [`up`] left running.
pub(crate) fn down() -> Result<(), TaskError> {
    HOLDER.end()
}

/// Runs a command in the network of the lab, in the folder and with the input and output of ours.
pub(crate) fn run(options: &Run) -> Result<Infallible, TaskError> {
    run_inside(&options.command)
}

/// Applies manifests to the control plane.
pub(crate) fn apply(options: &Apply) -> Result<Infallible, TaskError> {
    let mut words = vec![built(APPLY)?, options.namespace.clone().into()];
    words.extend(options.files.iter().cloned());
    run_inside(&words)
}

/// Sends requests through the gateway, until their time is over or a person ends it.
pub(crate) fn load(options: &Load) -> Result<Infallible, TaskError> {
    let mut words = vec![
        built(LOAD)?,
        options.host.clone().into(),
        options.rate.to_string().into(),
        if options.get { "GET" } else { "POST" }.into(),
    ];
    words.extend(options.seconds.map(|seconds| seconds.to_string().into()));
    run_inside(&words)
}

/// Where a program is, which [`up`] has built: without a word, unless it has to be built anew.
fn built(program: &str) -> Result<OsString, TaskError> {
    let folder = build_programs(&[program], &["--quiet"])?;
    Ok(folder.join(program).into_os_string())
}

/// In place of this process, so that Ctrl-C is the command's and it tells its end before the shell goes on.
fn run_inside(inside: &[OsString]) -> Result<Infallible, TaskError> {
    let held: Held = HOLDER.told()?;
    let Some((program, words)) = held.way_in.split_first() else {
        return Err(TaskError::NoLab {
            reason: "it does not tell how to get in".to_owned(),
        });
    };
    let mut command = Command::new(program);
    command.args(words).args(inside);
    Err(TaskError::NotInstalled {
        program: program.clone(),
        mend: "install util-linux, which has `nsenter`",
        source: command.env("KUBECONFIG", &held.kubeconfig).exec(),
    })
}

/// Runs the tests of the lab, all or those with one of these names.
pub(crate) fn test(options: &LabTest) -> Result<ExitCode, TaskError> {
    check()?;
    build_all()?;
    let mut command = cargo();
    // The selection and features of `cargo xtask test`, so that nothing is built twice for it.
    command.args(["test", "--workspace", "--all-features", "--test", TESTS]);
    // With the figures of each run.
    command.args(["--", "--ignored", "--nocapture"]);
    command.args(&options.names);
    side_by_side(&mut command, IN_LAB);
    run_to_its_end(&mut command, RUST_IS_MISSING)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds and installs what a lab needs.
pub(crate) fn build_all() -> Result<(), TaskError> {
    build::control_plane()?;
    build::gateway()?;
    prometheus::install()
}

/// Whether there can be a lab here.
///
/// # Errors
/// [`TaskError::NoLab`] says why not.
pub(crate) fn check() -> Result<(), TaskError> {
    let program = HOLDER.build()?;
    let tried = Command::new(&program).arg("--check").output();
    let tried = tried.map_err(TaskError::file("start", &program))?;
    if tried.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&tried.stderr);
    let said = said.trim();
    Err(TaskError::NoLab {
        reason: said.strip_prefix("Error: ").unwrap_or(said).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_where_what_is_and_how_to_get_there() {
        let told = told(&Held {
            way_in: vec!["nsenter".to_owned()],
            kubeconfig: "run/admin.kubeconfig".into(),
            gateway: "http://127.0.0.1:8000".to_owned(),
            prometheus: "http://127.0.0.1:9090".to_owned(),
        });
        for word in [
            "run/admin.kubeconfig",
            ":8000\n",
            ":9090/api",
            "cargo xtask lab run -- ",
        ] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}
