//! The outcome of all steps.

use std::time::{Duration, Instant};

use super::harness::{Harness, Ignored};
use super::need::NotRun;
use crate::error::{TaskError, chain};
use crate::output::{complain, in_words};

/// What has been run so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
    not_run: Vec<String>,
}

#[derive(Debug)]
struct Step {
    title: &'static str,
    time: Duration,
    passed: u64,
    failed: u64,
}

impl Report {
    /// Runs a step that passes or fails as a whole.
    pub(crate) fn check(
        &mut self,
        title: &'static str,
        step: impl FnOnce() -> Result<bool, TaskError>,
    ) {
        let is_passed = || {
            step().unwrap_or_else(|error| {
                complain(&chain(&error));
                false
            })
        };
        let (is_passed, time) = timed(title, is_passed);
        self.add(Step {
            title,
            time,
            passed: is_passed.into(),
            failed: (!is_passed).into(),
        });
    }

    /// Runs tests; returns those that were passed over.
    pub(crate) fn tests(
        &mut self,
        title: &'static str,
        step: impl FnOnce() -> Result<Harness, TaskError>,
    ) -> Result<Vec<Ignored>, TaskError> {
        let (harness, time) = timed(title, step);
        let Harness {
            passed,
            failed,
            ignored,
            ..
        } = harness?;
        self.add(Step {
            title,
            time,
            passed,
            failed,
        });
        Ok(ignored)
    }

    /// Takes in what could not be run. With `excused` (one name a line, `#` begins a comment), each
    /// test that is not among them counts as failed.
    pub(crate) fn not_run(&mut self, tests: &[NotRun], excused: Option<&str>) {
        let mut failed = 0;
        for NotRun { test, reason } in tests {
            let is_excused = excused.is_none_or(|list| {
                let names = list
                    .lines()
                    .map(|line| line.split('#').next().unwrap_or("").trim());
                names.into_iter().any(|name| name == test.name)
            });
            failed += u64::from(!is_excused);
            let mark = if is_excused { "not run" } else { "NOT RUN" };
            self.not_run
                .push(format!("{mark}: {} ({}): {reason}", test.name, test.binary));
        }
        if failed > 0 {
            let title = "tests not run that CI does not excuse";
            self.add(Step {
                title,
                time: Duration::ZERO,
                passed: 0,
                failed,
            });
        }
    }

    pub(crate) fn failed(&self) -> u64 {
        self.steps.iter().map(|step| step.failed).sum()
    }

    /// All steps with their times, what was not run, and the sum on the last line.
    pub(crate) fn summary(&self) -> String {
        let mut lines = vec![String::new()];
        for step in &self.steps {
            let mark = if step.failed == 0 { "ok    " } else { "FAILED" };
            let (time, passed, failed) = (in_words(step.time), step.passed, step.failed);
            lines.push(format!(
                "{mark} {:<38} {time:>12} {passed:>6} passed {failed:>4} failed",
                step.title
            ));
        }
        lines.extend(self.not_run.iter().cloned());
        let time = in_words(self.steps.iter().map(|step| step.time).sum());
        let passed: u64 = self.steps.iter().map(|step| step.passed).sum();
        lines.push(format!("all steps in {time}"));
        lines.push(format!("{passed} passed, {} failed", self.failed()));
        lines.join("\n")
    }

    fn add(&mut self, step: Step) {
        complain(&format!(
            "== {} took {}: {} passed, {} failed",
            step.title,
            in_words(step.time),
            step.passed,
            step.failed
        ));
        self.steps.push(step);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the step takes is what is told"
)]
fn timed<T>(title: &str, step: impl FnOnce() -> T) -> (T, Duration) {
    complain(&format!("== {title}"));
    let began = Instant::now();
    (step(), began.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_run(name: &str) -> NotRun {
        let test = Ignored {
            binary: "tests/a.rs".to_owned(),
            name: name.to_owned(),
            reason: "needs a thing".to_owned(),
        };
        NotRun {
            test,
            reason: "there is no such thing".to_owned(),
        }
    }

    fn last_line(report: &Report) -> String {
        report.summary().lines().last().unwrap().to_owned()
    }

    #[test]
    fn checks_and_tests_are_summed_in_the_last_line() {
        let mut report = Report::default();
        report.check("format", || Ok(true));
        report.check("clippy", || Ok(false));
        let harness = || {
            let mut harness = Harness::default();
            harness.line("test result: FAILED. 7 passed; 2 failed; 0 ignored");
            Ok(harness)
        };
        report.tests("tests", harness).unwrap();
        assert_eq!(last_line(&report), "8 passed, 3 failed");
        assert!(
            report.summary().contains("FAILED clippy"),
            "{}",
            report.summary()
        );
        assert!(
            report.summary().contains("ok     format"),
            "{}",
            report.summary()
        );
    }

    #[test]
    fn a_step_that_cannot_be_started_has_failed() {
        let mut report = Report::default();
        report.check("format", || {
            Err(TaskError::NoLab {
                reason: "a".to_owned(),
            })
        });
        assert_eq!(last_line(&report), "0 passed, 1 failed");
    }

    #[test]
    fn a_test_not_run_is_told_and_outside_ci_no_failure() {
        let mut report = Report::default();
        report.not_run(&[not_run("lonely")], None);
        assert!(
            report
                .summary()
                .contains("not run: lonely (tests/a.rs): there is no such thing")
        );
        assert_eq!(report.failed(), 0);
    }

    #[test]
    fn in_ci_a_test_not_run_fails_unless_it_is_excused() {
        let excused = "# needs a cloud\nlonely # since 0.1\n";
        let mut report = Report::default();
        report.not_run(&[not_run("lonely"), not_run("forgotten")], Some(excused));
        assert_eq!(report.failed(), 1);
        let summary = report.summary();
        assert!(summary.contains("NOT RUN: forgotten"), "{summary}");
        assert!(summary.contains("not run: lonely"), "{summary}");
    }
}
