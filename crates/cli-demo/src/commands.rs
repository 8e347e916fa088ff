//! Every command but the demo, `run` and `resume`: plan, status, orders, and what is printed only.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use strategy_core::driver::{Clock, FileInbox, SystemClock};
use strategy_core::inbox::Envelope;
use strategy_core::plan::{Facts, PlanDigest};
use strategy_core::rollout::{Answer, Status, Wish};

use crate::approval;
use crate::args::{self, Cluster, Command, Order};
use crate::asked::{self, Asked};
use crate::console::{data, say, warn};
use crate::ecs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::file::{Metrics, RolloutFile, Target};
use crate::journal_place;
use crate::kubernetes;
use crate::look::{caution, peek};
use crate::program::there::PROGRAM_MISSING;
use crate::wiring::{for_ecs, for_kubernetes};
use crate::words::in_our_words;

/// How long the answer to an order is waited for.
const ANSWER: Duration = Duration::from_secs(5);

/// `rollway plan`.
///
/// # Errors
/// [`CliError`] when the file is wrong or the cluster cannot be read.
pub async fn plan(options: &args::Plan, cluster: &Cluster) -> Result<Exit, CliError> {
    let asked = Asked::read(&options.file, &options.images)?;
    if options.offline {
        asked.wiring(cluster, None)?;
        return offline(&asked);
    }
    let (wiring, connection) = asked.connect(cluster).await?;
    let planned = asked.plan(&wiring.driver(connection).await?).await?;
    let facts = Facts::new()
        .found(&planned.found)
        .prepared(&planned.prepared);
    data(planned.plan.table_with(&facts).trim_end());
    asked::show_found(&planned);
    for finding in &planned.findings {
        data(&in_our_words(&finding.to_string()));
    }
    Ok(if planned.is_blocked() {
        Exit::Failure
    } else {
        Exit::Success
    })
}

/// The plan on an assumed world: what stands in the cluster is not asked.
fn offline(asked: &Asked) -> Result<Exit, CliError> {
    let planned = asked.plan_offline()?;
    // Of its world nothing is said: it is assumed.
    let facts = Facts::new().prepared(&planned.prepared);
    data(planned.plan.table_with(&facts).trim_end());
    for finding in planned.prepared.iter().flat_map(|check| &check.findings) {
        data(&in_our_words(&finding.to_string()));
    }
    for finding in &planned.findings {
        // Its programs may be somewhere else than whoever checks the file.
        if finding.code == PROGRAM_MISSING {
            warn(&format!(
                "not here: {}: {}",
                finding.resource, finding.message
            ));
        }
    }
    if !asked.file.metrics.is_empty() {
        say(
            "no source of metrics was asked: a metric that names a `unit` is taken to tell units apart, and what a \
             server refuses is found by `rollway plan` without --offline",
        );
    }
    say(
        "the cluster was not asked: one replica of each workload is assumed, and no canary; what is \
         there may change plan and digest",
    );
    Ok(Exit::Success)
}

/// An order to a rollout that another process carries.
///
/// # Errors
/// [`CliError`] when there is no such rollout, or nobody answers.
pub async fn order(command: &Command, options: &Order) -> Result<Exit, CliError> {
    let path = find(options.journal.as_deref())?;
    let now = SystemClock.now();
    let peeked = peek(&path)?;
    let status = peeked.rollout.status();
    if status.settled {
        let outcome = status.outcome.map(|outcome| outcome.to_string());
        let outcome = outcome.unwrap_or_default();
        say(&format!("the rollout is over: {outcome}; nothing was sent"));
        return Ok(Exit::Failure);
    }
    // The plan is what it is; a stage may not be the one that this version takes it for.
    if matches!(command, Command::Approve(_) | Command::Advance(_)) {
        caution(&peeked);
    }
    let Some(wish) = wish(command, &status)? else {
        say("no stage waits for approval");
        return Ok(Exit::Failure);
    };
    let actor = approval::actor(options.actor.as_deref());
    let mut order = approval::command(&actor, now, wish);
    if let Some(reason) = &options.reason {
        order = order.because(reason);
    }
    if actor.contains(char::is_control) {
        return Err(CliError::Usage(
            "$USER holds a control character; name yourself with --actor".to_owned(),
        ));
    }
    let folder = FileInbox::beside(&path);
    let (id, envelope) = (&status.id, Envelope::Command(order));
    let answer = FileInbox::send_to(id, folder, &envelope, ANSWER, &SystemClock).await?;
    Ok(match answer {
        Answer::Recorded => {
            data("recorded");
            Exit::Success
        }
        Answer::Refused(why) => {
            data(&format!("refused: {why}"));
            Exit::Failure
        }
        other => {
            data(&format!("{other:?}"));
            Exit::Failure
        }
    })
}

/// What is asked; `None`: an approval that nobody waits for.
fn wish(command: &Command, status: &Status) -> Result<Option<Wish>, CliError> {
    let plan = || status.plan.parse::<PlanDigest>().map_err(CliError::Usage);
    let stage = || {
        let stage = status.stages.get(status.stage);
        let last = stage.or_else(|| status.stages.last());
        last.map(|stage| stage.name.clone())
    };
    Ok(match command {
        Command::Approve(_) => match &status.approval {
            Some(approval) => Some(Wish::Approve {
                stage: approval.stage.clone(),
                plan: plan()?,
            }),
            None => None,
        },
        Command::Advance(_) => match stage() {
            Some(stage) => Some(Wish::Advance {
                stage,
                plan: plan()?,
            }),
            None => None,
        },
        Command::Promote(_) => Some(Wish::Promote { plan: plan()? }),
        Command::Reject(_) => Some(Wish::Reject),
        Command::Pause(_) => Some(Wish::Pause),
        Command::Unpause(_) => Some(Wish::Unpause),
        Command::Abort(abort) => Some(Wish::Abort { force: abort.force }),
        Command::Retry(_) => Some(Wish::Retry),
        Command::Abandon(_) => Some(Wish::Abandon),
        Command::Demo(_)
        | Command::Plan(_)
        | Command::Run(_)
        | Command::Resume(_)
        | Command::Status(_)
        | Command::Permissions(_)
        | Command::Judge(_)
        | Command::Schema
        | Command::Completions(_) => None,
    })
}

/// `rollway permissions`.
///
/// # Errors
/// [`CliError`] when the file is wrong.
pub async fn permissions(options: &args::Permissions, cluster: &Cluster) -> Result<Exit, CliError> {
    let (file, source) = RolloutFile::read(&options.file)?;
    let target = match &file.target {
        Target::Kubernetes(target) => target,
        Target::Ecs(target) => {
            for_ecs(cluster)?;
            let configs = ecs::configs(target).map_err(|wrong| source.locate(wrong))?;
            let asks = file.asks(|source| matches!(source, Metrics::CloudWatch(_)));
            let policy = ecs::permissions(&configs, asks).map_err(|wrong| source.locate(wrong))?;
            if let Some(policy) = policy {
                data(policy.to_string().trim_end());
            }
            return Ok(Exit::Success);
        }
    };
    for_kubernetes(cluster)?;
    // The cluster is not needed, only the namespace that its context may name.
    let connection = match kubernetes::namespace(cluster, target, None) {
        Some(_) => None,
        None => kubernetes::connection(cluster).await.ok(),
    };
    let namespace = kubernetes::namespace(cluster, target, connection.as_ref());
    let namespace = namespace.as_deref().unwrap_or("default");
    let configs = kubernetes::configs(target, namespace).map_err(|wrong| source.locate(wrong))?;
    if let Some(role) = kubernetes::permissions(&configs) {
        data(role.to_string().trim_end());
    }
    Ok(Exit::Success)
}

/// `rollway schema`.
///
/// # Errors
/// When the schema cannot be written as JSON, which is a bug.
pub fn schema() -> Result<Exit, CliError> {
    let text = serde_json::to_string_pretty(&RolloutFile::schema());
    data(&text.map_err(|error| CliError::Io {
        what: "write the schema".to_owned(),
        source: error.into(),
    })?);
    Ok(Exit::Success)
}

/// `rollway completions`.
pub fn completions(options: &args::Completions) -> Exit {
    clap_complete::generate(
        options.shell,
        &mut args::definition(),
        "rollway",
        &mut io::stdout(),
    );
    Exit::Success
}

fn find(given: Option<&Path>) -> Result<PathBuf, CliError> {
    let folder = Path::new(journal_place::FOLDER);
    Ok(journal_place::find(given, folder)?)
}
