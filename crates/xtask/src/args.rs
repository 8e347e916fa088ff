//! The command line: tasks, options, and what they mean.

use std::ffi::OsString;
use std::num::ParseIntError;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, CommandFactory, Parser, Subcommand};

/// The one door to everything that a developer of the workspace runs.
#[derive(Debug, PartialEq, Eq, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
#[command(subcommand_value_name = "TASK")]
#[command(flatten_help = true)]
#[command(after_help = "`cargo xtask help TASK` tells more of a task.")]
pub(crate) struct Arguments {
    /// What to do; nothing: tell which tasks there are.
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

/// One of the things that `cargo xtask` does.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Task {
    /// Everything that has to hold: format, clippy, tests, docs, packages, and the tests on a real
    /// control plane.
    ///
    /// Under CI=true, fails when a test could not run that is not listed in
    /// crates/xtask/not-run-in-ci.txt.
    Test,
    /// Searches everything that small plans can meet, and prints a table.
    Explore(Explore),
    /// Runs random rollouts on all cores and prints how they ended.
    ///
    /// Also prints what was judged, the worst case, and each broken promise in its smallest rollout.
    Simulate(Simulate),
    /// Measurements as a table, or one JSON object a line.
    Bench(Bench),
    /// Tries what reads bytes from outside on inputs that libFuzzer makes up.
    ///
    /// Needs a C++ compiler. Not in CI, where the kept inputs are run as tests.
    Fuzz(Fuzz),
    /// The reference of all crates, under target/doc.
    Docs,
    /// Licences, advisories and semver (asks the network; not in CI).
    Audit,
    /// Whether the fast tests notice small changes of the code.
    ///
    /// Of stepper, machine, plan, strategies, capacity and driver; tries what
    /// docs/reference/mutants.tsv does not know yet. Not in CI; the first time asks the network.
    Mutants(Mutants),
    /// The test bed: a control plane built from source.
    #[command(subcommand, flatten_help = true)]
    Testbed(Testbed),
    /// The lab: real requests through a real gateway to pods that answer as their images say.
    ///
    /// Needs Linux with `unshare` and `ip`, not root. Everything of it runs in a network of its own.
    #[command(subcommand, flatten_help = true)]
    Lab(Lab),
}

/// Options of `explore`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Explore {
    /// Names of plans; all unless told.
    #[arg(value_name = "PLAN")]
    pub(crate) plans: Vec<String>,
    /// At most so many states a plan; until it closes, or two million, unless told.
    #[arg(long, value_name = "N", value_parser = number::<usize>)]
    pub(crate) states: Option<usize>,
    /// At most so many things that go wrong; any number unless told.
    #[arg(long, value_name = "N", value_parser = number::<u8>)]
    pub(crate) mischief: Option<u8>,
}

/// Options of `simulate`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Simulate {
    /// So many rollouts; 1000 unless told.
    #[arg(long, value_name = "N", value_parser = number::<u64>)]
    pub(crate) rollouts: Option<u64>,
    /// Decides which; 1 unless told.
    #[arg(long, value_name = "S", value_parser = number::<u64>)]
    pub(crate) seed: Option<u64>,
    /// The one rollout of this seed, as it was printed.
    #[arg(long, value_name = "R", value_parser = number::<u64>)]
    pub(crate) rollout: Option<u64>,
    /// A rollout as data, as it was printed.
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
}

/// Options of `bench`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Bench {
    /// Names of benchmarks; all but `traffic`, which takes half an hour, unless told.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// What the benchmarks themselves are told, such as `-- failures --paths 100` for `judge`.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) more: Vec<String>,
}

/// Options of `fuzz`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Fuzz {
    /// Names of fuzz targets; all unless told.
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// For how long each is tried.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = above_zero)]
    pub(crate) seconds: u64,
}

/// Options of `mutants`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Mutants {
    /// Names of areas; all unless told.
    #[arg(value_name = "AREA")]
    pub(crate) areas: Vec<String>,
    /// Tries nothing: tells what is known.
    #[arg(long)]
    pub(crate) summary: bool,
    /// Tries N of each area at most.
    #[arg(long, value_name = "N", value_parser = number::<usize>)]
    pub(crate) sample: Option<usize>,
    /// Decides the order in which they are tried.
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = number::<u64>)]
    pub(crate) seed: u64,
    /// Begins nothing new after so many minutes.
    #[arg(long, value_name = "M", value_parser = number::<u64>)]
    pub(crate) minutes: Option<u64>,
    /// Tries N at the same time; 0 is 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number::<usize>)]
    pub(crate) jobs: usize,
    /// Tries also those whose function is as it was when they were caught.
    #[arg(long)]
    pub(crate) again: bool,
}

/// What is done with the test bed.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Testbed {
    /// Builds its programs and the gateway of the lab, under target/testbed; about 10 minutes the first time (needs
    /// Go). Then installs moto, under target/moto; about a minute (needs Python), and Prometheus, under
    /// target/prometheus; some seconds (needs the apt-get and dpkg of a Debian or Ubuntu).
    Build,
    /// Leaves a control plane running and prints its kubeconfig.
    Up,
    /// Ends it.
    Down,
}

/// What is done with the lab.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Lab {
    /// Builds what is missing, leaves a lab running, and prints where what is.
    Up,
    /// Ends it.
    Down,
    /// Runs a command in the network of the lab that is up, with its KUBECONFIG.
    Run(Run),
    /// Applies manifests to the lab that is up, and waits for the pods of their Deployments.
    Apply(Apply),
    /// Sends requests through the gateway of the lab that is up, and prints each second what came of them.
    Load(Load),
    /// Runs the tests with real requests, in a lab of their own; needs none that is up.
    Test(LabTest),
}

/// Options of `lab run`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Run {
    /// What to run, such as `-- rollway run rollout.yaml`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Options of `lab apply`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Apply {
    /// The manifests.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<OsString>,
    /// Where their objects go; it is made where it is not there.
    #[arg(long, short, value_name = "NAME", default_value = "shop")]
    pub(crate) namespace: String,
}

/// Options of `lab load`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct Load {
    /// The hostname that they are for.
    pub(crate) host: String,
    /// So many a second.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = above_zero)]
    pub(crate) rate: u64,
    /// For so long; until Ctrl-C unless told.
    #[arg(long, value_name = "N", value_parser = above_zero)]
    pub(crate) seconds: Option<u64>,
}

/// Options of `lab test`.
#[derive(Debug, PartialEq, Eq, Args)]
pub(crate) struct LabTest {
    /// Parts of names; all tests unless told.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

fn number<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|error| format!("give a whole number: {error}"))
}

fn above_zero(text: &str) -> Result<u64, &'static str> {
    let number: Option<u64> = text.parse().ok();
    number
        .filter(|number| *number > 0)
        .ok_or("give a whole number above 0")
}

/// What `cargo xtask` prints: the tasks.
pub(crate) fn help() -> String {
    Arguments::command().render_help().to_string()
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &str) -> Result<Option<Task>, clap::Error> {
        let words = ["xtask"].into_iter().chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|arguments| arguments.task)
    }

    #[track_caller]
    fn check(line: &str, expected: Task) {
        assert_eq!(parse(line).unwrap(), Some(expected), "{line:?}");
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_task_is_understood() {
        assert_eq!(parse("").unwrap(), None);
        check("test", Task::Test);
        let explore = |plans: &[&str], states, mischief| {
            let plans = owned(plans);
            Task::Explore(Explore {
                plans,
                states,
                mischief,
            })
        };
        check("explore", explore(&[], None, None));
        check(
            "explore canary-update --states 5000 --mischief 2",
            explore(&["canary-update"], Some(5000), Some(2)),
        );
        let simulate = Simulate {
            rollouts: Some(20),
            seed: Some(7),
            rollout: None,
            file: None,
        };
        check("simulate --seed 7 --rollouts 20", Task::Simulate(simulate));
        let simulate = Simulate {
            rollouts: None,
            seed: None,
            rollout: Some(5),
            file: Some("a.json".into()),
        };
        check(
            "simulate --rollout 5 --file a.json",
            Task::Simulate(simulate),
        );
        let bench = |names: &[&str], json| {
            let names = owned(names);
            Task::Bench(Bench {
                names,
                json,
                more: Vec::new(),
            })
        };
        check("bench", bench(&[], false));
        check("bench a --json", bench(&["a"], true));
        let told = Task::Bench(Bench {
            names: owned(&["a"]),
            json: false,
            more: owned(&["b", "--paths", "5"]),
        });
        check("bench a -- b --paths 5", told);
        let fuzz = |targets: &[&str], seconds| {
            let targets = owned(targets);
            Task::Fuzz(Fuzz { targets, seconds })
        };
        check("fuzz", fuzz(&[], 60));
        check(
            "fuzz journal --seconds 5 text",
            fuzz(&["journal", "text"], 5),
        );
        check("docs", Task::Docs);
        check("audit", Task::Audit);
        let mutants = Mutants {
            areas: Vec::new(),
            summary: true,
            sample: None,
            seed: 1,
            minutes: None,
            jobs: 1,
            again: false,
        };
        check("mutants --summary", Task::Mutants(mutants));
        let mutants = Mutants {
            areas: owned(&["plan", "machine"]),
            summary: false,
            sample: Some(150),
            seed: 7,
            minutes: Some(20),
            jobs: 2,
            again: true,
        };
        check(
            "mutants plan --sample 150 --seed 7 --minutes 20 machine --jobs 2 --again",
            Task::Mutants(mutants),
        );
        check("testbed build", Task::Testbed(Testbed::Build));
        check("testbed up", Task::Testbed(Testbed::Up));
        check("testbed down", Task::Testbed(Testbed::Down));
        check("lab up", Task::Lab(Lab::Up));
        check("lab down", Task::Lab(Lab::Down));
        let command = owned(&["curl", "-s", "http://127.0.0.1:8000"]);
        let command = command.into_iter().map(OsString::from).collect();
        check(
            "lab run -- curl -s http://127.0.0.1:8000",
            Task::Lab(Lab::Run(Run { command })),
        );
        let load = Load {
            host: "shop.example.org".to_owned(),
            rate: 20,
            seconds: Some(60),
        };
        check(
            "lab load shop.example.org --rate 20 --seconds 60",
            Task::Lab(Lab::Load(load)),
        );
        let apply = |namespace: &str, files: &[&str]| {
            let files = owned(files).into_iter().map(OsString::from).collect();
            let namespace = namespace.to_owned();
            Task::Lab(Lab::Apply(Apply { files, namespace }))
        };
        check("lab apply a.yaml", apply("shop", &["a.yaml"]));
        check(
            "lab apply -n other a.yaml b.yaml",
            apply("other", &["a.yaml", "b.yaml"]),
        );
        let names = owned(&["split", "flip"]);
        check(
            "lab test split flip",
            Task::Lab(Lab::Test(LabTest { names })),
        );
    }

    #[test]
    fn what_means_nothing_is_named_with_what_would() {
        #[track_caller]
        fn check(line: &str, named: &str, mend: &str) {
            let error = parse(line).unwrap_err();
            assert!(error.use_stderr(), "{line}: {error}");
            let text = error.to_string();
            assert!(
                text.contains(named) && text.contains(mend),
                "{line}: {text}"
            );
        }
        check("tset", "'tset'", "'test'");
        check("testbed sideways", "'sideways'", "cargo xtask testbed up");
        check("testbed", "", "down");
        check("lab", "", "down");
        check("lab run", "<COMMAND>", "cargo xtask lab run");
        check("lab apply", "<FILE>", "cargo xtask lab apply");
        check("test --fast", "'--fast'", "cargo xtask test");
        check("test fast", "'fast'", "cargo xtask test");
        check("bench --csv", "'--csv'", "cargo xtask bench [OPTIONS]");
        check(
            "fuzz --minutes 3",
            "'--minutes'",
            "cargo xtask fuzz [OPTIONS]",
        );
        check("fuzz --seconds 0", "'0'", "a whole number above 0");
        check("fuzz --seconds soon", "'soon'", "a whole number above 0");
        check("fuzz --seconds", "--seconds <N>", "--help");
        check(
            "explore --fast",
            "'--fast'",
            "cargo xtask explore [OPTIONS]",
        );
        check("explore --states many", "'many'", "a whole number");
        check(
            "simulate --fast",
            "'--fast'",
            "cargo xtask simulate [OPTIONS]",
        );
        check("simulate --seed", "--seed <S>", "--help");
        check("simulate --file", "--file <PATH>", "--help");
        check("mutants --all", "'--all'", "cargo xtask mutants [OPTIONS]");
        check("mutants --sample few", "'few'", "a whole number");
    }

    #[test]
    fn every_task_has_help() {
        for task in Arguments::command().get_subcommands() {
            let name = task.get_name();
            assert!(help().contains(&format!("cargo xtask {name}")), "{name}");
            for line in [format!("{name} --help"), format!("help {name}")] {
                let help = parse(&line).unwrap_err();
                assert!(!help.use_stderr(), "{line}: {help}");
                let options = task.get_arguments().filter_map(|option| option.get_long());
                for option in options {
                    assert!(
                        help.to_string().contains(&format!("--{option}")),
                        "{line}: {help}"
                    );
                }
            }
        }
        for line in ["help", "--help", "-h"] {
            assert_eq!(parse(line).unwrap_err().kind(), ErrorKind::DisplayHelp);
        }
    }
}
