//! `cargo xtask test`: everything that has to hold.

mod harness;
mod need;
mod report;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, pipe};
use std::num::NonZero;
use std::process::{Command, ExitCode};
use std::thread::{self, JoinHandle};

use harness::{Harness, Ignored};
use need::{Missing, Need, NotRun};
use report::Report;

use crate::cargo::{RUST_IS_MISSING, cargo, packages};
use crate::error::TaskError;
use crate::output::{complain, say};
use crate::workspace::root;
use crate::{docs, lab, testbed};

/// Tests that may go without being run under `CI=true`, one name a line.
const NOT_RUN_IN_CI: &str = "crates/xtask/not-run-in-ci.txt";

/// The packages whose ignored tests may ask for an optimised build: only what these need is built once more.
const WITH_LONG_TESTS: [&str; 2] = ["strategy-core", "target-ecs"];

/// So many tests of the lab run at once for each core: rollouts wait for most of their time, and gateway, pods and
/// clients of four take half of two cores.
pub(crate) const IN_LAB: usize = 2;

/// How many tests of a binary run at once.
const THREADS: &str = "RUST_TEST_THREADS";

/// Runs every step, also after one has failed; the exit status tells whether all passed.
pub(crate) fn run() -> Result<ExitCode, TaskError> {
    // Go has minutes of work on a new machine, much of it on one core.
    let programs = thread::spawn(|| {
        let control_plane = testbed::build::control_plane();
        // Not beside the others, which use all cores.
        (control_plane, testbed::build::gateway())
    });
    let moto = thread::spawn(testbed::moto::install);
    let prometheus = thread::spawn(testbed::prometheus::install);
    let mut report = Report::default();
    for (title, mut command) in checks()? {
        report.check(title, || succeeds(&mut command));
    }

    let mut workspace = tests(&["--workspace", "--all-features"]);
    let ignored = report.tests("tests", || run_tests(&mut workspace))?;
    let mut alone = tests(&["--package", "strategy-core"]);
    report.tests("tests of strategy-core alone", || run_tests(&mut alone))?;

    let (programs, gateway) = joined(programs);
    let (moto, prometheus, network) = (joined(moto), joined(prometheus), lab::check());
    let missing = Missing {
        programs: programs.as_ref().err(),
        moto: moto.as_ref().err(),
        prometheus: prometheus.as_ref().err(),
        gateway: gateway.as_ref().err(),
        network: network.as_ref().err(),
    };
    let not_run = run_ignored(&mut report, &ignored, missing)?;
    let excused = fs::read_to_string(root().join(NOT_RUN_IN_CI))
        .map_err(TaskError::file("read", NOT_RUN_IN_CI))?;
    let is_ci = env::var("CI").is_ok_and(|value| value == "true");
    report.not_run(&not_run, if is_ci { Some(&excused) } else { None });

    say(&report.summary());
    Ok(if report.failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn joined<T>(thread: JoinHandle<T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What is checked without running any test.
fn checks() -> Result<Vec<(&'static str, Command)>, TaskError> {
    let lint = |features: &[&str]| {
        let mut command = cargo();
        command
            .args(["clippy", "--workspace", "--all-targets"])
            .args(features);
        command.args(["--", "-D", "warnings"]);
        command
    };
    let mut format = cargo();
    format.args(["fmt", "--all", "--check"]);
    let mut package = cargo();
    package.args(["package", "--workspace", "--no-verify", "--allow-dirty"]);
    for private in packages()?.iter().filter(|package| !package.is_published()) {
        package.args(["--exclude", &private.name]);
    }
    Ok(vec![
        ("format", format),
        ("clippy, default features", lint(&[])),
        ("clippy, no features", lint(&["--no-default-features"])),
        ("clippy, all features", lint(&["--all-features"])),
        ("docs", docs::command()),
        ("packages", package),
    ])
}

fn tests(selection: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]).args(selection);
    command
}

/// Runs the ignored tests whose program is there; returns the others.
fn run_ignored(
    report: &mut Report,
    ignored: &[Ignored],
    missing: Missing<'_>,
) -> Result<Vec<NotRun>, TaskError> {
    let takes_minutes = |test: &&Ignored| Need::of(test) == Ok(Need::LabAndMinutes);
    let (elsewhere, ignored): (Vec<&Ignored>, Vec<&Ignored>) =
        ignored.iter().partition(takes_minutes);
    if !elsewhere.is_empty() {
        let count = elsewhere.len();
        complain(&format!(
            "{count} tests of the lab take minutes: `cargo xtask lab test` runs them"
        ));
    }
    let (runnable, not_run): (Vec<_>, Vec<_>) = ignored
        .into_iter()
        .map(|test| match Need::of(test) {
            Ok(need) => need.provided(test, missing),
            Err(not_run) => Err(not_run),
        })
        .partition(Result::is_ok);
    let runnable = runnable.into_iter().flatten();
    let (optimised, runnable): (Vec<&Ignored>, Vec<&Ignored>) =
        runnable.partition(|test| Need::of(test) == Ok(Need::OptimisedBuild));
    let (in_lab, runnable): (Vec<&Ignored>, Vec<&Ignored>) = runnable
        .into_iter()
        .partition(|test| Need::of(test) == Ok(Need::Lab));
    let not_run: Vec<NotRun> = not_run.into_iter().filter_map(Result::err).collect();
    if !optimised.is_empty() {
        let mut command = tests(&["--profile", "proof"]);
        for package in WITH_LONG_TESTS {
            command.args(["--package", package]);
        }
        command.arg("--all-features");
        let selections: BTreeSet<Vec<&str>> =
            optimised.iter().map(|test| test.selection()).collect();
        command.args(selections.into_iter().flatten());
        command.args(["--", "--ignored", "--nocapture", "--exact"]);
        command.args(optimised.iter().map(|test| &test.name));
        report.tests("tests that need an optimised build", || {
            run_tests(&mut command)
        })?;
    }
    if !runnable.is_empty() {
        // The selection and features of the first run, so that nothing is built again.
        let mut command = tests(&[
            "--workspace",
            "--all-features",
            "--lib",
            "--bins",
            "--tests",
        ]);
        command.args(["--", "--ignored"]);
        let others = [
            not_run.is_empty(),
            optimised.is_empty(),
            in_lab.is_empty(),
            elsewhere.is_empty(),
        ];
        if others.contains(&false) {
            command
                .arg("--exact")
                .args(runnable.iter().map(|test| &test.name));
        }
        // They wait for other programs for most of their time.
        side_by_side(&mut command, 4);
        report.tests("tests that need a program", || run_tests(&mut command))?;
    }
    if !in_lab.is_empty() {
        // On their own: how fast requests are answered is among what they see.
        let mut command = tests(&["--workspace", "--all-features"]);
        let selections: BTreeSet<Vec<&str>> = in_lab.iter().map(|test| test.selection()).collect();
        command.args(selections.into_iter().flatten());
        command.args(["--", "--ignored", "--exact"]);
        command.args(in_lab.iter().map(|test| &test.name));
        side_by_side(&mut command, IN_LAB);
        report.tests("tests in the lab", || run_tests(&mut command))?;
    }
    Ok(not_run)
}

/// Lets so many tests run at once for each core, unless the environment says how many.
pub(crate) fn side_by_side(command: &mut Command, for_each_core: usize) {
    if env::var_os(THREADS).is_none() {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        command.env(THREADS, (for_each_core * cores).to_string());
    }
}

fn succeeds(command: &mut Command) -> Result<bool, TaskError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|source| TaskError::NotInstalled {
        program,
        mend: RUST_IS_MISSING,
        source,
    })?;
    Ok(status.success())
}

/// Runs a `cargo test`, passing on what it prints, and counts.
fn run_tests(command: &mut Command) -> Result<Harness, TaskError> {
    let failed = TaskError::file("make a pipe for", "cargo test");
    let (reader, writer) = pipe().map_err(failed)?;
    let failed = TaskError::file("share a pipe with", "cargo test");
    // Both in one pipe: cargo names the binary on one, the binary its tests on the other.
    command
        .stderr(writer.try_clone().map_err(failed)?)
        .stdout(writer);
    let program = command.get_program().to_string_lossy().into_owned();
    let child = command.spawn();
    // Our copies of the writing end, without which reading never ends.
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut child = child.map_err(|source| TaskError::NotInstalled {
        program,
        mend: RUST_IS_MISSING,
        source,
    })?;
    let mut harness = Harness::default();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.map_err(TaskError::file("read the output of", "cargo test"))?;
        let line = String::from_utf8_lossy(&line);
        complain(&line);
        harness.line(&line);
    }
    let status = child
        .wait()
        .map_err(TaskError::file("wait for", "cargo test"))?;
    harness.ended(status.success());
    Ok(harness)
}
