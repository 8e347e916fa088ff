//! The command line: commands, options, and what they mean.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::judge::Pattern;

/// Progressive delivery: canary, blue-green and rolling releases that go back by themselves.
///
/// Without a command it runs `demo`: a whole rollout on a world in memory; nothing real is touched.
#[derive(Clone, Debug, Parser)]
#[command(name = "rollway", version, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 promoted, 2 rolled back, 3 stuck, 4 left in progress, \
    5 superseded (no command does that; a program that uses the library can), 6 abandoned, 64 wrong usage or rollout file, 1 anything else."
)]
pub struct Cli {
    /// What to do; nothing: the demo.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// The command to run: the demo if none was named.
    pub fn command_or_demo(&self) -> Command {
        self.command
            .clone()
            .unwrap_or_else(|| Command::Demo(Demo::default()))
    }
}

/// Which cluster, and where in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Cluster")]
pub struct Cluster {
    /// Kubeconfig file; default: $KUBECONFIG, ~/.kube/config, or the service account in a pod.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; default: its current one.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Namespace; default: the rollout file's, else the context's.
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// Of Amazon ECS: profile of the AWS configuration; default: $AWS_PROFILE, else `default`.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Show a whole rollout on a world in memory; nothing real is touched.
    Demo(Demo),
    /// Print the plan with its digest and findings; writes nothing.
    ///
    /// Exit status: 0 clear, 1 blocked, 64 the file is wrong.
    Plan(Plan),
    /// Carry out a rollout.
    Run(Run),
    /// Take an unfinished rollout up again.
    Resume(Resume),
    /// Show how a rollout stands; of those that are over, the newest.
    ///
    /// Exit status: that of the outcome when the rollout is over (0 promoted, 2 rolled back, 5
    /// superseded, 6 abandoned), 0 while it is not, 1 when there is nothing to show.
    Status(Status),
    /// Approve the stage that waits for it.
    Approve(Order),
    /// Refuse the stage that waits for approval, and roll back.
    Reject(Order),
    /// Let nothing go on; everything is still watched, and failures still act.
    Pause(Order),
    /// End a pause.
    Unpause(Order),
    /// End the bake or hold of the present stage.
    Advance(Order),
    /// End the bake or hold of the present stage and of all that follow.
    Promote(Order),
    /// Roll back to the recorded start.
    Abort(Abort),
    /// Try again what is left: a stuck rollback, a held stage, an unfinished hook.
    Retry(Order),
    /// Leave all as it is, give up the claim, and say what is left to do.
    Abandon(Order),
    /// Print the least that a rollout needs to be allowed: a Role of Kubernetes, or a policy of AWS.
    Permissions(Permissions),
    /// Run a judge over recorded data: each look, the verdict, and the evidence drawn.
    ///
    /// Exit status: 0 it passes, 2 it fails, 4 undecided, 64 the check or the data are wrong.
    Judge(Judge),
    /// Print the JSON Schema of the rollout file.
    Schema,
    /// Print completions for a shell.
    Completions(Completions),
}

/// Options of `demo`.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// What it is shown on.
    #[arg(long, value_enum, default_value_t)]
    pub target: DemoTarget,
    /// How the release is rolled out.
    #[arg(long, value_enum, default_value_t)]
    pub strategy: DemoStrategy,
    /// With `--target ecs`: Amazon ECS shifts the traffic itself, and asks before each step.
    #[arg(long)]
    pub native: bool,
    /// What goes wrong in the world.
    #[arg(long, value_enum, default_value_t)]
    pub fault: Fault,
    /// How much is moved by the release: 2 is a backend and then a frontend, and what goes wrong is
    /// wrong with the frontend.
    #[arg(long, value_name = "1|2", default_value_t = Self::PARTS, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub parts: u8,
    /// Chance of the world; the same seed gives the same run.
    #[arg(long, default_value_t = Self::SEED)]
    pub seed: u64,
    /// For people or for programs.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

impl Demo {
    const PARTS: u8 = 1;
    const SEED: u64 = 1;
}

impl Default for Demo {
    fn default() -> Self {
        Self {
            target: DemoTarget::default(),
            strategy: DemoStrategy::default(),
            native: false,
            fault: Fault::default(),
            parts: Self::PARTS,
            seed: Self::SEED,
            output: Output::default(),
        }
    }
}

/// What the demo is shown on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DemoTarget {
    /// A world in memory that is no platform in particular.
    #[default]
    World,
    /// The target for Amazon ECS, on a fake of Amazon ECS in memory.
    Ecs,
}

/// How the demo's release is rolled out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DemoStrategy {
    /// A few percent of the traffic first, then more.
    #[default]
    Canary,
    /// A whole second slot, then all traffic at once.
    BlueGreen,
    /// Replica by replica within one workload.
    Rolling,
}

/// What goes wrong in the demo's world. Nothing else is told of it: the checks must find it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The release answers a share of requests with errors.
    Errors,
    /// Its pods crash again and again.
    Crash,
    /// Its pods lose and regain readiness.
    Flap,
    /// Its pods take long to become ready.
    SlowStart,
    /// The platform's API refuses calls for a while.
    ApiOutage,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// People.
    #[default]
    Text,
    /// Programs: one JSON object a line.
    Json,
}

/// Options of `plan`.
#[derive(Clone, Debug, Args)]
pub struct Plan {
    /// Rollout file.
    pub file: PathBuf,
    /// Check the file alone; no cluster is asked.
    #[arg(long)]
    pub offline: bool,
    /// Image in place of the file's, as for `run`, so that both have the same digest.
    #[arg(long = "image", value_name = "NAME=IMAGE")]
    pub images: Vec<ImageOverride>,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
}

/// Options of `run`.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Rollout file.
    pub file: PathBuf,
    /// Image in place of the file's: CONTAINER=IMAGE or PART/CONTAINER=IMAGE; may be repeated.
    #[arg(long = "image", value_name = "NAME=IMAGE")]
    pub images: Vec<ImageOverride>,
    /// Journal; default: .rollway/NAME.journal.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// For people or for programs.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// What the first Ctrl-C or SIGTERM does; another one, a second later or more, ends the program at
    /// once.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub on_interrupt: OnInterrupt,
    /// Start only if the plan has this digest (at least its first 8 digits).
    #[arg(long, value_name = "DIGEST")]
    pub expect_digest: Option<String>,
    /// Take over somebody else's claim; only if nothing works on it any more.
    #[arg(long)]
    pub take_over: bool,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
}

/// What the first interrupt does to a running rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnInterrupt {
    /// Leave it as it stands, to be resumed.
    #[default]
    Detach,
    /// Roll back.
    Abort,
}

/// One `--image NAME=IMAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageOverride {
    /// `None`: the only part, or the only one that has the container.
    pub part: Option<String>,
    /// Name of the container.
    pub container: String,
    /// The image.
    pub image: String,
}

impl std::fmt::Display for ImageOverride {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(part) = &self.part {
            write!(f, "{part}/")?;
        }
        write!(f, "{}={}", self.container, self.image)
    }
}

impl std::str::FromStr for ImageOverride {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not CONTAINER=IMAGE or PART/CONTAINER=IMAGE");
        let (name, image) = text.split_once('=').ok_or_else(wrong)?;
        let (part, container) = match name.split_once('/') {
            Some((part, container)) => (Some(part), container),
            None => (None, name),
        };
        if part == Some("") || container.is_empty() || image.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            part: part.map(str::to_owned),
            container: container.to_owned(),
            image: image.to_owned(),
        })
    }
}

/// Options of `resume`.
#[derive(Clone, Debug, Args)]
pub struct Resume {
    /// Journal; default: the only unfinished one in .rollway.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Go straight back to the recorded start.
    #[arg(long)]
    pub roll_back: bool,
    /// Go back past a point of no return too, such as a hook that cannot be undone.
    #[arg(long, requires = "roll_back")]
    pub force: bool,
    /// For people or for programs.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
}

/// Options of `status`.
#[derive(Clone, Debug, Args)]
pub struct Status {
    /// Journal; default: the only unfinished one in .rollway, else the newest finished one.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Keep showing until the rollout is over; one that has not begun is waited for up to 30 seconds.
    #[arg(long)]
    pub watch: bool,
    /// For people or for programs.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Options of the commands to a rollout that another process runs.
#[derive(Clone, Debug, Args)]
pub struct Order {
    /// Journal; default: the only unfinished one in .rollway.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Why; kept in the journal.
    #[arg(long, value_name = "TEXT", value_parser = plain_text)]
    pub reason: Option<String>,
    /// Who asks; default: $USER. The rollout file says in which roles.
    #[arg(long, value_name = "NAME", value_parser = plain_text)]
    pub actor: Option<String>,
}

/// A text that goes into the journal and from there to many terminals.
fn plain_text(text: &str) -> Result<String, String> {
    if text.contains(char::is_control) {
        return Err("it holds a control character; write plain text in one line".to_owned());
    }
    Ok(text.to_owned())
}

/// Options of `abort`.
#[derive(Clone, Debug, Args)]
pub struct Abort {
    /// As of every order.
    #[command(flatten)]
    pub order: Order,
    /// Roll back past a point of no return too, such as a hook that cannot be undone.
    #[arg(long)]
    pub force: bool,
}

/// Options of `permissions`.
#[derive(Clone, Debug, Args)]
pub struct Permissions {
    /// Rollout file.
    pub file: PathBuf,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: Cluster,
}

/// Options of `judge`.
#[derive(Clone, Debug, Args)]
pub struct Judge {
    /// A check as a rollout file has it under its name, in a file alone; or a rollout file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Which check of the rollout file; needed where it has several of metrics.
    #[arg(long, value_name = "NAME")]
    pub check: Option<String>,
    /// What was recorded: FILE.csv, or the body of an answer of Prometheus to /api/v1/query_range as FILE.json.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// Of .json: the label that tells the track; default: `track`.
    #[arg(long, value_name = "LABEL")]
    pub track: Option<String>,
    /// Of .json: its value for stable; default: `stable`.
    #[arg(long, value_name = "VALUE")]
    pub stable: Option<String>,
    /// Of .json: its value for the candidate; default: `candidate`.
    #[arg(long, value_name = "VALUE")]
    pub candidate: Option<String>,
    /// Of .json: what series have that count what failed, such as `code=5*`; default: a label `count` says `total` or
    /// `failed`.
    #[arg(long, value_name = "LABEL=VALUE")]
    pub failed: Option<Pattern>,
    /// Of .json: the label that tells units apart; default: the one of the check's metric, if it names one.
    #[arg(long, value_name = "LABEL")]
    pub unit: Option<String>,
    /// Draw it into this file as well.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// For people or for programs.
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Options of `completions`.
#[derive(Clone, Debug, Args)]
pub struct Completions {
    /// For which shell.
    pub shell: Shell,
}

/// The definition that completions are made from.
pub fn definition() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests;
