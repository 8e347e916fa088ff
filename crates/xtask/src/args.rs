//! What was asked for on the command line.

use crate::mutants::Options;

/// What `cargo xtask` and `cargo xtask help` print.
pub(crate) const HELP: &str = "\
cargo xtask TASK

  test                    everything that has to hold: format, clippy, tests, docs, packages, and
                          the tests on a real control plane; under CI=true, fails when a test
                          could not run that is not listed in crates/xtask/not-run-in-ci.txt
  explore [--states N] [--mischief N] [PLAN]
                          searches everything that small plans can meet, and prints a table;
                          at most so many states a plan, and so many things that go wrong
  simulate [--rollouts N] [--seed S]
                          runs random rollouts on all cores and prints how they ended, what was
                          judged, the worst case, and each broken promise in its smallest rollout;
                          1000 rollouts of seed 1 unless told
      --rollout R         the one rollout of this seed, as it was printed
      --file PATH         a rollout as data, as it was printed
  bench [--json] [NAME]   measurements as a table, or one JSON object a line
  fuzz [TARGET] [--seconds N]
                          tries what reads bytes from outside on inputs that libFuzzer makes up,
                          each target for 60 seconds (needs a C++ compiler; not in CI, where the
                          kept inputs are run as tests)
  docs                    the reference of all crates, under target/doc
  audit                   licences, advisories and semver (asks the network; not in CI)
  mutants [AREA...]       whether the fast tests notice small changes of stepper, machine, plan,
                          strategies, capacity and driver; tries what docs/reference/mutants.tsv
                          does not know yet (not in CI; the first time asks the network)
      --summary           tries nothing
      --sample N          tries N of each area at most
      --seed S            decides the order; 1 unless told
      --minutes M         begins nothing new after so long
      --jobs N            tries N at the same time; 1 unless told
      --again             tries also what is known
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
    Fuzz {
        seconds: u64,
        targets: Vec<String>,
    },
    Explore {
        states: Option<usize>,
        mischief: Option<u8>,
        plans: Vec<String>,
    },
    Simulate {
        /// Checked, and handed on as they are.
        options: Vec<String>,
    },
    Docs,
    Audit,
    Mutants(Options),
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
    #[error("--seconds takes a whole number above 0, and not {given}")]
    WrongSeconds { given: String },
    #[error("{option} needs a number, not `{given}`")]
    NeedsNumber { option: String, given: String },
    #[error("{option} needs a number")]
    NumberMissing { option: String },
    #[error("{option} needs the path of a file")]
    PathMissing { option: String },
}

pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Task, Misuse> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => Ok(Task::Help),
        ["bench", options @ ..] => bench(options),
        ["fuzz", options @ ..] => fuzz(options),
        ["explore", options @ ..] => explore(options),
        ["simulate", options @ ..] => simulate(options),
        ["mutants", options @ ..] => mutants(options).map(Task::Mutants),
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

/// How long a target is fuzzed where nothing else is asked for.
const SECONDS: u64 = 60;

fn fuzz(options: &[&str]) -> Result<Task, Misuse> {
    let (mut seconds, mut targets) = (SECONDS, Vec::new());
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--seconds" => {
                let given = options.next().copied().unwrap_or("nothing");
                let number = given.parse().ok().filter(|number| *number > 0);
                let given = given.to_owned();
                seconds = number.ok_or(Misuse::WrongSeconds { given })?;
            }
            given if given.starts_with('-') => {
                return Err(Misuse::NoSuchOption {
                    task: "fuzz".to_owned(),
                    given: given.to_owned(),
                });
            }
            name => targets.push(name.to_owned()),
        }
    }
    Ok(Task::Fuzz { seconds, targets })
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

fn simulate(words: &[&str]) -> Result<Task, Misuse> {
    let mut options = Vec::new();
    let mut words = words.iter().copied();
    while let Some(option) = words.next() {
        let value = match option {
            "--rollouts" | "--seed" | "--rollout" => {
                number::<u64>(option, words.next())?.to_string()
            }
            "--file" => match words.next() {
                Some(path) => path.to_owned(),
                None => {
                    let option = option.to_owned();
                    return Err(Misuse::PathMissing { option });
                }
            },
            given => {
                return Err(Misuse::NoSuchOption {
                    task: "simulate".to_owned(),
                    given: given.to_owned(),
                });
            }
        };
        options.extend([option.to_owned(), value]);
    }
    Ok(Task::Simulate { options })
}

fn number<N: std::str::FromStr>(option: &str, given: Option<&str>) -> Result<N, Misuse> {
    let given = given.unwrap_or_default();
    given.parse().map_err(|_| Misuse::NeedsNumber {
        option: option.to_owned(),
        given: given.to_owned(),
    })
}

fn mutants(words: &[&str]) -> Result<Options, Misuse> {
    let mut options = Options {
        seed: 1,
        jobs: 1,
        ..Options::default()
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            let number = words.next().and_then(|word| word.parse::<u64>().ok());
            number.ok_or_else(|| Misuse::NumberMissing {
                option: (*word).to_owned(),
            })
        };
        match *word {
            "--summary" => options.summary = true,
            "--again" => options.again = true,
            "--sample" => options.sample = usize::try_from(number()?).ok(),
            "--jobs" => options.jobs = usize::try_from(number()?).unwrap_or(usize::MAX),
            "--seed" => options.seed = number()?,
            "--minutes" => options.minutes = Some(number()?),
            given if given.starts_with('-') => {
                return Err(Misuse::NoSuchOption {
                    task: "mutants".to_owned(),
                    given: given.to_owned(),
                });
            }
            name => options.areas.push(name.to_owned()),
        }
    }
    Ok(options)
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
        let fuzz = |seconds, targets: &[&str]| {
            let targets = targets.iter().map(|name| (*name).to_owned()).collect();
            Ok(Task::Fuzz { seconds, targets })
        };
        check("fuzz", &fuzz(60, &[]));
        check(
            "fuzz journal --seconds 5 text",
            &fuzz(5, &["journal", "text"]),
        );
        check(
            "explore canary-update --states 5000 --mischief 2",
            &Ok(Task::Explore {
                states: Some(5000),
                mischief: Some(2),
                plans: vec!["canary-update".to_owned()],
            }),
        );
        let simulate = |options: &[&str]| {
            let options = options.iter().map(|option| (*option).to_owned()).collect();
            Ok(Task::Simulate { options })
        };
        check("simulate", &simulate(&[]));
        check(
            "simulate --seed 7 --rollouts 20",
            &simulate(&["--seed", "7", "--rollouts", "20"]),
        );
        check("simulate --file a.json", &simulate(&["--file", "a.json"]));
        check("docs", &Ok(Task::Docs));
        check("audit", &Ok(Task::Audit));
        check(
            "mutants plan --sample 150 --seed 7 --minutes 20 machine --jobs 2 --again",
            &Ok(Task::Mutants(Options {
                areas: vec!["plan".to_owned(), "machine".to_owned()],
                sample: Some(150),
                seed: 7,
                minutes: Some(20),
                jobs: 2,
                again: true,
                summary: false,
            })),
        );
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
        check("fuzz --minutes 3", &option("fuzz", "--minutes"));
        for given in ["0", "soon", "-3"] {
            let expected = Misuse::WrongSeconds {
                given: given.to_owned(),
            };
            check(&format!("fuzz --seconds {given}"), &Err(expected));
        }
        let expected = Misuse::WrongSeconds {
            given: "nothing".to_owned(),
        };
        check("fuzz --seconds", &Err(expected));
        check("explore --fast", &option("explore", "--fast"));
        check("simulate --fast", &option("simulate", "--fast"));
        check(
            "simulate --seed",
            &Err(Misuse::NeedsNumber {
                option: "--seed".to_owned(),
                given: String::new(),
            }),
        );
        let path = "--file".to_owned();
        check(
            "simulate --file",
            &Err(Misuse::PathMissing { option: path }),
        );
        check(
            "explore --states many",
            &Err(Misuse::NeedsNumber {
                option: "--states".to_owned(),
                given: "many".to_owned(),
            }),
        );
        check("mutants --all", &option("mutants", "--all"));
        let option = "--sample".to_owned();
        check(
            "mutants --sample few",
            &Err(Misuse::NumberMissing { option }),
        );
    }
}
