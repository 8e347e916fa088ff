//! The test bed: programs of a control plane, one left running for a person, and a server that speaks as AWS does, and Prometheus.

pub(crate) mod build;
mod module;
pub(crate) mod moto;
pub(crate) mod prometheus;

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use crate::cargo::{RUST_IS_MISSING, cargo, run};
use crate::error::TaskError;
use crate::output::{complain, say};
use crate::workspace;

/// The program of `test-support` that holds a control plane.
const HOLDER: &str = "hold-control-plane";

/// What the holder writes once its control plane answers.
#[derive(Debug, Deserialize)]
struct Held {
    pid: u32,
    kubeconfig: PathBuf,
}

fn state_file() -> PathBuf {
    workspace::testbed().join("up.json")
}

/// Leaves a control plane running, prints its kubeconfig.
pub(crate) fn up() -> Result<(), TaskError> {
    let state = state_file();
    if held()?.is_some_and(|held| is_running(&held)) {
        return Err(TaskError::AlreadyUp { state });
    }
    remove(&state)?;
    build::all()?;
    // With the workspace's features, so that nothing is built twice for the tests.
    run(
        cargo().args(["build", "--workspace", "--bin", HOLDER]),
        RUST_IS_MISSING,
    )?;

    let log = workspace::testbed().join("up.log");
    let output = File::create(&log).map_err(TaskError::file("create the log", &log))?;
    let errors = output
        .try_clone()
        .map_err(TaskError::file("open the log", &log))?;
    let holder = workspace::target().join("debug").join(HOLDER);
    let child = Command::new(&holder)
        .arg(&state)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        // Ctrl-C in the terminal that we were started from must not end it.
        .process_group(0)
        .spawn()
        .map_err(TaskError::file("start", &holder))?;
    let held = wait_for_holder(child, &log)?;
    complain("a control plane is up; `cargo xtask testbed down` ends it");
    say(&format!("export KUBECONFIG={}", held.kubeconfig.display()));
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
fn wait_for_holder(mut child: Child, log: &std::path::Path) -> Result<Held, TaskError> {
    loop {
        if let Some(held) = held()? {
            return Ok(held);
        }
        let ended = child
            .try_wait()
            .map_err(TaskError::file("wait for", HOLDER))?;
        if let Some(status) = ended {
            let reason = format!("{HOLDER} ended with {status}");
            return Err(TaskError::DidNotComeUp {
                reason,
                log: log.to_owned(),
            });
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Ends the control plane that [`up`] left running.
#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
pub(crate) fn down() -> Result<(), TaskError> {
    let state = state_file();
    let Some(held) = held()? else {
        return Err(TaskError::NotUp { state });
    };
    if is_running(&held) {
        run(
            Command::new("kill").arg(held.pid.to_string()),
            "install the `kill` program",
        )?;
        while is_running(&held) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    remove(&state)
}

fn held() -> Result<Option<Held>, TaskError> {
    let state = state_file();
    match fs::read_to_string(&state) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|source| TaskError::Unreadable {
                command: format!("cat {}", state.display()),
                source,
            }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TaskError::file("read", state)(source)),
    }
}

/// Whether the process is there and is the holder: its number may have become somebody else's.
fn is_running(held: &Held) -> bool {
    let mut command = Command::new("ps");
    command.args(["-ww", "-o", "args=", "-p", &held.pid.to_string()]);
    command
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(HOLDER))
}

fn remove(path: &std::path::Path) -> Result<(), TaskError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(TaskError::file("remove", path)(source))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
