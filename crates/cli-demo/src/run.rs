//! `run` and `resume`: how a real rollout begins, and how it is taken up again.

mod carried;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strategy_core::driver::{Clock, Driver, DriverError, FileInbox, FileJournal, SystemClock};
use strategy_core::journal::JournalError;
use strategy_core::plan::PlanDigest;
use strategy_core::rollout::RecoverError;
use strategy_core::target::RolloutId;

use self::carried::Carried;
use crate::args::{self, Cluster, OnInterrupt, Output};
use crate::asked::{self, Asked};
use crate::console::{Teller, data, say};
use crate::error::CliError;
use crate::exit::Exit;
use crate::inbox::WithRoles;
use crate::journal_place;
use crate::wiring::Wiring;

/// `rollway run`.
///
/// # Errors
/// [`CliError`] when it does not start, or the driver ends before the rollout.
pub async fn run(options: &args::Run, cluster: &Cluster) -> Result<Exit, CliError> {
    let asked = Asked::read(&options.file, &options.images)?;
    let (wiring, connection) = asked.connect(cluster).await?;
    let wiring = Arc::new(wiring);
    let path = options
        .journal
        .clone()
        .unwrap_or_else(|| journal_place::for_name(&asked.file.name));
    journal_place::is_free(&path)?;
    let now = SystemClock.now();
    let id = format!("{}-{:x}", asked.file.name, now.as_millis());
    let id: RolloutId = id.parse().map_err(DriverError::from)?;
    let mut driver = wiring.driver(connection).await?.id(id.clone());
    if options.take_over {
        driver = driver.take_over();
    }
    let planned = asked.plan(&driver).await?;
    if let Some(expected) = &options.expect_digest {
        named(planned.plan.digest().as_str(), expected)?;
    }
    let planned = asked::startable(planned)?;
    let journal = patiently(|| journal_place::create(&path, now)).await?;
    wiring.write(&path).map_err(|source| CliError::Io {
        what: format!("write {}", Wiring::beside(&path).display()),
        source,
    })?;
    let driver = with_journal(driver, journal, &path, Some(id), &wiring)?;
    let started = driver.start(&*asked.intent.strategy, asked.intent.release.clone());
    let (handle, run) = started.await.map_err(|error| asked.located(error))?;
    let digest = handle.status().plan;
    if let Some(expected) = &options.expect_digest {
        // What was planned a moment ago may not be what is planned now; nothing has been written yet.
        named(&digest, expected)?;
    }
    let teller = Teller::new(options.output).pausing(planned.plan.policies());
    let carried = Carried {
        path,
        on_interrupt: options.on_interrupt,
        output: options.output,
        wiring,
        handle,
    };
    carried.introduce();
    asked::show_warnings(&planned);
    carried.carry(run, teller).await
}

/// `rollway resume`. One that is over ends with the status of its outcome, unless a way back was
/// asked for that there is not any more.
///
/// # Errors
/// As [`run`].
pub async fn resume(options: &args::Resume, cluster: &Cluster) -> Result<Exit, CliError> {
    let folder = Path::new(journal_place::FOLDER);
    let path = journal_place::find(options.journal.as_deref(), folder)?;
    let journal = patiently(|| FileJournal::open(&path)).await?;
    let wiring = Arc::new(Wiring::read(&path)?);
    let other = |config: &target_k8s::Config| Some(&config.namespace) != cluster.namespace.as_ref();
    if cluster.namespace.is_some() && wiring.parts.values().any(other) {
        return Err(CliError::Usage(
            "a rollout cannot be resumed in another namespace than it was started in; leave \
             --namespace out"
                .to_owned(),
        ));
    }
    let connection = wiring.connect(cluster).await?;
    // Of what does not read back, the driver says why.
    let peeked = journal_place::peek(&path).ok();
    let id = peeked.as_ref().map(|peeked| peeked.rollout.id().clone());
    let mut teller = Teller::new(options.output);
    if let Some(peeked) = &peeked {
        teller = teller.pausing(peeked.rollout.plan().policies());
        teller.take_up(&peeked.rollout.status());
    }
    let driver = with_journal(
        wiring.driver(connection).await?,
        journal,
        &path,
        id,
        &wiring,
    )?;
    let (handle, run) = if options.force {
        driver.resume_rolling_back_by_force().await?
    } else if options.roll_back {
        driver.resume_rolling_back().await?
    } else {
        match driver.resume().await {
            Ok(taken_up) => taken_up,
            // Its process ended between the last record and its own end, which is told here.
            Err(error @ DriverError::Recover(RecoverError::Over { .. })) => {
                let outcome = journal_place::peek(&path).ok();
                let outcome = outcome.and_then(|peeked| peeked.rollout.status().outcome);
                let outcome = outcome.ok_or(error)?;
                say("nothing is left to do");
                if options.output == Output::Text {
                    data(&outcome.to_string());
                }
                return Ok(Exit::from(&outcome));
            }
            Err(error) => return Err(error.into()),
        }
    };
    let carried = Carried {
        path,
        on_interrupt: OnInterrupt::Detach,
        output: options.output,
        wiring,
        handle,
    };
    carried.introduce();
    carried.carry(run, teller).await
}

fn with_journal(
    driver: Driver,
    journal: FileJournal,
    path: &Path,
    id: Option<RolloutId>,
    wiring: &Arc<Wiring>,
) -> Result<Driver, CliError> {
    let folder = FileInbox::beside(path);
    let mut inbox =
        FileInbox::open(&folder, Arc::new(SystemClock)).map_err(|error| CliError::Io {
            what: format!("open the inbox {}", folder.display()),
            source: std::io::Error::other(error),
        })?;
    if let Some(id) = id {
        inbox = inbox.of(id);
    }
    let inbox = WithRoles::new(inbox, wiring.clone());
    Ok(driver.journal(journal).inbox(inbox))
}

/// Whoever looks at a rollout holds its lock for an instant, which is nobody's carrying it.
async fn patiently<T>(
    mut open: impl FnMut() -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    for _ in 0..5 {
        match open() {
            Err(JournalError::Locked { .. }) => {}
            opened => return opened,
        }
        SystemClock
            .sleep_until(SystemClock.now() + Duration::from_millis(50))
            .await;
    }
    open()
}

fn named(digest: &str, expected: &str) -> Result<(), CliError> {
    let is_named = digest
        .parse::<PlanDigest>()
        .is_ok_and(|digest| digest.is_named_by(expected));
    if is_named {
        return Ok(());
    }
    Err(CliError::OtherPlan {
        expected: expected.to_owned(),
        found: digest.to_owned(),
    })
}
