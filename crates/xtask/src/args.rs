//! What was asked for on the command line.

/// What `cargo xtask` and `cargo xtask help` print.
pub(crate) const HELP: &str = "\
cargo xtask TASK

  test                    everything that has to hold: format, clippy, tests, docs, packages, and
                          the tests on a real control plane; under CI=true, fails when a test
                          could not run that is not listed in crates/xtask/not-run-in-ci.txt
  explore [--states N] [--mischief N] [PLAN]
                          searches everything that small plans can meet, and prints a table;
                          at most so many states a plan, and so many things that go wrong
  bench [--json] [NAME]   measurements as a table, or one JSON object a line
  docs                    the reference of all crates, under target/doc
  audit                   licences, advisories and semver (asks the network; not in CI)
  testbed build           the programs of the test bed, under target/testbed; about 5 minutes
                          the first time (needs Go)
  testbed up              leaves a control plane running and prints its kubeconfig
  testbed down            ends it";

/// One of the things that `cargo xtask` does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Test,
    Bench {
        json: bool,
        names: Vec<String>,
    },
    Explore {
        states: Option<usize>,
        mischief: Option<u8>,
        plans: Vec<String>,
    },
    Docs,
    Audit,
    TestbedBuild,
    TestbedUp,
    TestbedDown,
}

/// A command line that means nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misuse {
    #[error("no such task: {given}")]
    NoSuchTask { given: String },
    #[error("no such option of {task}: {given}")]
    NoSuchOption { task: String, given: String },
    #[error("{option} needs a number, not `{given}`")]
    NeedsNumber { option: String, given: String },
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Task, Misuse> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => Ok(Task::Help),
        ["bench", options @ ..] => bench(options),
        ["explore", options @ ..] => explore(options),
        ["test"] => Ok(Task::Test),
        ["docs"] => Ok(Task::Docs),
        ["audit"] => Ok(Task::Audit),
        ["testbed", "build"] => Ok(Task::TestbedBuild),
        ["testbed", "up"] => Ok(Task::TestbedUp),
        ["testbed", "down"] => Ok(Task::TestbedDown),
        [task @ ("test" | "docs" | "audit" | "testbed"), given, ..] => Err(Misuse::NoSuchOption {
            task: (*task).to_owned(),
            given: (*given).to_owned(),
        }),
        [given, ..] => Err(Misuse::NoSuchTask {
            given: (*given).to_owned(),
        }),
    }
}

fn bench(options: &[&str]) -> Result<Task, Misuse> {
    let (mut json, mut names) = (false, Vec::new());
    for option in options {
        match *option {
            "--json" => json = true,
            given if given.starts_with('-') => {
                let given = given.to_owned();
                return Err(Misuse::NoSuchOption {
                    task: "bench".to_owned(),
                    given,
                });
            }
            name => names.push(name.to_owned()),
        }
    }
    Ok(Task::Bench { json, names })
}

fn explore(options: &[&str]) -> Result<Task, Misuse> {
    let (mut states, mut mischief, mut plans) = (None, None, Vec::new());
    let mut options = options.iter().copied();
    while let Some(option) = options.next() {
        match option {
            "--states" => states = Some(number(option, options.next())?),
            "--mischief" => mischief = Some(number(option, options.next())?),
            given if given.starts_with('-') => {
                return Err(Misuse::NoSuchOption {
                    task: "explore".to_owned(),
                    given: given.to_owned(),
                });
            }
            plan => plans.push(plan.to_owned()),
        }
    }
    Ok(Task::Explore {
        states,
        mischief,
        plans,
    })
}

fn number<N: std::str::FromStr>(option: &str, given: Option<&str>) -> Result<N, Misuse> {
    let given = given.unwrap_or_default();
    given.parse().map_err(|_| Misuse::NeedsNumber {
        option: option.to_owned(),
        given: given.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &Result<Task, Misuse>) {
        assert_eq!(
            &parse(line.split_whitespace().map(str::to_owned)),
            expected,
            "{line:?}"
        );
    }

    #[test]
    fn every_task_is_understood() {
        check("", &Ok(Task::Help));
        check("--help", &Ok(Task::Help));
        check("test", &Ok(Task::Test));
        check(
            "bench",
            &Ok(Task::Bench {
                json: false,
                names: vec![],
            }),
        );
        check(
            "bench a --json",
            &Ok(Task::Bench {
                json: true,
                names: vec!["a".to_owned()],
            }),
        );
        check(
            "explore canary-update --states 5000 --mischief 2",
            &Ok(Task::Explore {
                states: Some(5000),
                mischief: Some(2),
                plans: vec!["canary-update".to_owned()],
            }),
        );
        check("docs", &Ok(Task::Docs));
        check("audit", &Ok(Task::Audit));
        check("testbed build", &Ok(Task::TestbedBuild));
        check("testbed up", &Ok(Task::TestbedUp));
        check("testbed down", &Ok(Task::TestbedDown));
    }

    #[test]
    fn what_means_nothing_is_named() {
        let option = |task: &str, given: &str| {
            Err(Misuse::NoSuchOption {
                task: task.to_owned(),
                given: given.to_owned(),
            })
        };
        check(
            "tset",
            &Err(Misuse::NoSuchTask {
                given: "tset".to_owned(),
            }),
        );
        check(
            "testbed",
            &Err(Misuse::NoSuchTask {
                given: "testbed".to_owned(),
            }),
        );
        check("testbed sideways", &option("testbed", "sideways"));
        check("test --fast", &option("test", "--fast"));
        check("bench --csv", &option("bench", "--csv"));
        check("explore --fast", &option("explore", "--fast"));
        check(
            "explore --states many",
            &Err(Misuse::NeedsNumber {
                option: "--states".to_owned(),
                given: "many".to_owned(),
            }),
        );
    }
}
