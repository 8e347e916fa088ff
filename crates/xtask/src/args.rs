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
    /// GET in place of POST: the gateway sends one again whose connection breaks, so that fewer fail.
    #[arg(long)]
    pub(crate) get: bool,
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
mod tests;
