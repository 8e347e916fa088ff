//! Runs the tests with one mutant turned on, until one of them fails.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::area::{SOURCE, Suite, Tests};
use super::build::Built;
use super::results::Verdict;
use super::tree::Tree;
use crate::error::TaskError;

/// What a run may use, in KiB.
const MEMORY: u32 = 4_000_000;

/// The signal that ends a program which has used its seconds.
const SIGXCPU: i32 = 24;

/// A line of output is not waited for any longer, whatever else the machine is busy with.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the tests say with mutant `number` turned on; with none of them if it is `None`.
pub(super) fn run(
    tree: &Tree,
    built: &Built,
    suite: &Suite,
    number: Option<usize>,
) -> Result<Verdict, TaskError> {
    for tests in suite.tests {
        let verdict = ask(tree, built, tests, number)?;
        if verdict != Verdict::Missed {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Missed)
}

/// What one program of tests says.
pub(super) fn ask(
    tree: &Tree,
    built: &Built,
    tests: &Tests,
    number: Option<usize>,
) -> Result<Verdict, TaskError> {
    let Some(program) = built.programs.get(tests.program) else {
        return Err(TaskError::NoTests {
            program: tests.program,
        });
    };
    let folder = tree.root().join(SOURCE);
    let mut command = Command::new("sh");
    command
        .args(["-c", &limited(tests.seconds)])
        .arg(program)
        .arg("--test-threads=2")
        .args(tests.arguments)
        .current_dir(folder.parent().unwrap_or(&folder));
    if let Some(number) = number {
        command.env("MUTANT", number.to_string());
    }
    verdict(&mut command).map_err(TaskError::file("run", program))
}

/// A shell's command that runs its arguments.
fn limited(seconds: u32) -> String {
    format!("ulimit -St {seconds}; ulimit -v {MEMORY}; exec \"$0\" \"$@\"")
}

fn verdict(command: &mut Command) -> io::Result<Verdict> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let verdict = watch(&mut child);
    // It may have ended by itself.
    let _ = child.kill();
    let status = child.wait()?;
    Ok(match verdict {
        Some(verdict) => verdict,
        None if status.success() => Verdict::Missed,
        None if status.signal() == Some(SIGXCPU) => Verdict::TimedOut,
        None => Verdict::Caught,
    })
}

/// Reads until a test fails or nothing comes any more; `None` if the program ended.
fn watch(child: &mut Child) -> Option<Verdict> {
    let output = child.stdout.take()?;
    let (lines, heard) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        match heard.recv_timeout(PATIENCE) {
            Ok(line) if line.starts_with("test ") && line.ends_with("FAILED") => {
                return Some(Verdict::Caught);
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Some(Verdict::TimedOut),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, expected: Verdict) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        assert_eq!(verdict(&mut command).unwrap(), expected, "{script}");
    }

    #[test]
    fn a_failed_test_an_abort_and_a_loop_are_noticed_and_a_pass_is_not() {
        check("echo 'test a ... ok'", Verdict::Missed);
        check("echo 'test a ... FAILED'; exec sleep 1000", Verdict::Caught);
        check("echo 'test a ... ok'; kill -ABRT $$", Verdict::Caught);
        check("echo 'no test FAILED'", Verdict::Missed);
        check("ulimit -St 1; while :; do :; done", Verdict::TimedOut);
    }
}
