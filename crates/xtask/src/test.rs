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
use std::sync::mpsc;
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
    let (built, programs) = mpsc::channel();
    let gateway = thread::spawn(move || {
        // That nobody takes it means that the run is over.
        let _taken = built.send(testbed::build::control_plane());
        // Not beside the others, which use all cores.
        testbed::build::gateway()
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

    let Ok(programs) = programs.recv() else {
        // It panicked, which is told here.
        return joined(gateway).map(|()| ExitCode::FAILURE);
    };
    let (moto, prometheus) = (joined(moto), joined(prometheus));
    let mut missing = Missing {
        programs: programs.as_ref().err(),
        moto: moto.as_ref().err(),
        prometheus: prometheus.as_ref().err(),
        ..Missing::default()
    };
    let (of_lab, ignored): (Vec<Ignored>, Vec<Ignored>) =
        ignored.into_iter().partition(Need::is_of_lab);
    let mut not_run = run_ignored(&mut report, &ignored, missing)?;
    // Last, since its gateway takes the longest to build.
    let (gateway, network) = (joined(gateway), lab::check());
    missing.gateway = gateway.as_ref().err();
    missing.network = network.as_ref().err();
    not_run.extend(run_in_lab(&mut report, &of_lab, missing)?);
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

/// Those whose need is provided, and the others with the reason.
fn sorted<'a>(
    tests: impl IntoIterator<Item = &'a Ignored>,
    missing: Missing<'_>,
) -> (Vec<&'a Ignored>, Vec<NotRun>) {
    let (mut runnable, mut not_run) = (Vec::new(), Vec::new());
    for test in tests {
        match Need::of(test).and_then(|need| need.provided(test, missing)) {
            Ok(test) => runnable.push(test),
            Err(reason) => not_run.push(reason),
        }
    }
    (runnable, not_run)
}

/// Runs the ignored tests whose program is there, but those of the lab; returns the others.
fn run_ignored(
    report: &mut Report,
    ignored: &[Ignored],
    missing: Missing<'_>,
) -> Result<Vec<NotRun>, TaskError> {
    let (runnable, not_run) = sorted(ignored, missing);
    let (optimised, runnable): (Vec<&Ignored>, Vec<&Ignored>) = runnable
        .into_iter()
        .partition(|test| Need::of(test) == Ok(Need::OptimisedBuild));
    if !optimised.is_empty() {
        let mut command = tests(&["--profile", "proof"]);
        for package in WITH_LONG_TESTS {
            command.args(["--package", package]);
        }
        command.arg("--all-features");
        only(&mut command, &optimised, &["--nocapture"]);
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
        command.args(["--", "--ignored", "--exact"]);
        command.args(runnable.iter().map(|test| &test.name));
        // They wait for other programs for most of their time.
        side_by_side(&mut command, 4);
        report.tests("tests that need a program", || run_tests(&mut command))?;
    }
    Ok(not_run)
}

/// Runs the tests of the lab that do not take minutes, if there is one; returns the others of these.
fn run_in_lab(
    report: &mut Report,
    of_lab: &[Ignored],
    missing: Missing<'_>,
) -> Result<Vec<NotRun>, TaskError> {
    let takes_minutes = |test: &&Ignored| Need::of(test) == Ok(Need::LabAndMinutes);
    let (elsewhere, here): (Vec<&Ignored>, Vec<&Ignored>) = of_lab.iter().partition(takes_minutes);
    if !elsewhere.is_empty() {
        let count = elsewhere.len();
        complain(&format!(
            "{count} tests of the lab take minutes: `cargo xtask lab test` runs them"
        ));
    }
    let (runnable, not_run) = sorted(here, missing);
    if !runnable.is_empty() {
        // On their own: how fast requests are answered is among what they see.
        let mut command = tests(&["--workspace", "--all-features"]);
        only(&mut command, &runnable, &[]);
        side_by_side(&mut command, IN_LAB);
        report.tests("tests in the lab", || run_tests(&mut command))?;
    }
    Ok(not_run)
}

/// Builds the targets of these alone, and runs these alone.
fn only(command: &mut Command, ignored: &[&Ignored], options: &[&str]) {
    let selections: BTreeSet<Vec<&str>> = ignored.iter().map(|test| test.selection()).collect();
    command.args(selections.into_iter().flatten());
    command.args(["--", "--ignored", "--exact"]).args(options);
    command.args(ignored.iter().map(|test| &test.name));
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
