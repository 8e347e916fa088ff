//! `run` and `resume`: a real rollout, its interrupts and its approvals.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use strategy_core::driver::{
    Clock, Driver, DriverError, FileInbox, FileJournal, Heard, RolloutHandle, Run, SystemClock,
};
use strategy_core::journal::JournalError;
use strategy_core::plan::PlanDigest;
use strategy_core::rollout::{Answer, Event, News, Outcome, RecoverError, Wish};
use strategy_core::target::RolloutId;
use tokio::sync::mpsc;

use crate::approval::{self, Answered, Follows, Waiting};
use crate::args::{self, Cluster, OnInterrupt, Output};
use crate::asked::{self, Asked};
use crate::console::{self, Teller, can_ask, data, say};
use crate::error::CliError;
use crate::exit::Exit;
use crate::file::Target;
use crate::inbox::WithRoles;
use crate::interrupt::Interrupts;
use crate::journal_place;
use crate::kubernetes;
use crate::wiring::Wiring;

/// How long a stuck rollout is carried on, in case that what was missing comes back, before the
/// program ends with status 3. Nobody watches a pipeline for longer.
const STUCK_FOR: Duration = Duration::from_secs(600);
/// A second signal within this time is the same order: `timeout` of GNU signals the process and then
/// its whole group.
const SAME_SIGNAL: Duration = Duration::from_secs(1);
const CHART_WIDTH: usize = 64;

/// `rollway run`.
///
/// # Errors
/// [`CliError`] when it does not start, or the driver ends before the rollout.
pub async fn run(options: &args::Run, cluster: &Cluster) -> Result<Exit, CliError> {
    let asked = Asked::read(&options.file, &options.images)?;
    let Target::Kubernetes(target) = &asked.file.target;
    let connection = kubernetes::connection(cluster).await?;
    let namespace = kubernetes::namespace(cluster, target, Some(&connection)).unwrap_or_default();
    let wiring = Arc::new(asked.wiring(cluster, &namespace)?);
    let path = options
        .journal
        .clone()
        .unwrap_or_else(|| journal_place::for_name(&asked.file.name));
    journal_place::is_free(&path)?;
    let now = SystemClock.now();
    let id = format!("{}-{:x}", asked.file.name, now.as_millis());
    let id: RolloutId = id.parse().map_err(DriverError::from)?;
    let mut driver = wiring.driver(connection)?.id(id.clone());
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
    let connection = kubernetes::connection(&wiring.cluster(cluster)).await?;
    // Of what does not read back, the driver says why.
    let peeked = journal_place::peek(&path).ok();
    let id = peeked.as_ref().map(|peeked| peeked.rollout.id().clone());
    let mut teller = Teller::new(options.output);
    if let Some(peeked) = &peeked {
        teller = teller.pausing(peeked.rollout.plan().policies());
        teller.take_up(&peeked.rollout.status());
    }
    let driver = with_journal(wiring.driver(connection)?, journal, &path, id, &wiring)?;
    let (handle, run) = if options.roll_back {
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

/// A rollout on its way, and how this process treats it.
struct Carried {
    path: PathBuf,
    on_interrupt: OnInterrupt,
    output: Output,
    wiring: Arc<Wiring>,
    handle: RolloutHandle,
}

impl Carried {
    /// Before anything else: how it is found again.
    fn introduce(&self) {
        say(&format!(
            "rollout {}, journal {}",
            self.handle.id(),
            self.path.display()
        ));
    }

    async fn carry(self, run: Run, mut teller: Teller) -> Result<Exit, CliError> {
        let mut interrupts = Interrupts::listen().map_err(|source| CliError::Io {
            what: "listen to interrupts".to_owned(),
            source,
        })?;
        let mut events = self.handle.events();
        let (typed, mut answers) = mpsc::unbounded_channel();
        let mut carrying = tokio::spawn(run);
        let mut interrupted: Option<strategy_core::Timestamp> = None;
        let mut stuck_until = None;
        let mut waiting = Waiting::default();
        let mut over = false;
        loop {
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    let now = SystemClock.now();
                    if interrupted.is_some_and(|first| now.since(first) < SAME_SIGNAL) {
                        continue;
                    }
                    if interrupted.is_some() {
                        // The journal is whole at any moment: every record is on the disk before
                        // what it decides is done.
                        say("ended at once; the journal is whole");
                        say(&self.how_to_go_on());
                        std::process::exit(Exit::InProgress.code().into());
                    }
                    interrupted = Some(now);
                    self.interrupted(&teller);
                }
                heard = events.next(), if !over => match heard {
                    Some(Heard::Event(event)) => {
                        teller.hear(&event);
                        self.attend(&event, &teller, &typed, &mut waiting, &mut stuck_until);
                    }
                    Some(Heard::Missed(missed)) => teller.missed(missed),
                    Some(_) => {}
                    None => over = true,
                },
                answer = answers.recv() => {
                    if let Some(answer) = answer {
                        self.typed(&answer, &waiting, &typed, &teller).await;
                    }
                }
                () = until(stuck_until) => {
                    stuck_until = None;
                    teller.aside("still stuck; it is left as it stands");
                    self.detach();
                }
                end = &mut carrying, if over => {
                    let end = end.map_err(|error| CliError::Io {
                        what: "carry the rollout".to_owned(),
                        source: error.into(),
                    })?;
                    return self.ended(end, &mut teller);
                }
            }
        }
    }

    fn interrupted(&self, teller: &Teller) {
        match self.on_interrupt {
            OnInterrupt::Detach => {
                teller.aside("interrupted: leaving the rollout as it stands");
                self.detach();
            }
            OnInterrupt::Abort => {
                teller.aside("interrupted: rolling back; a second interrupt ends at once");
                let wish = Wish::Abort { force: false };
                let command = approval::command(&approval::actor(None), SystemClock.now(), wish)
                    .because("interrupted");
                let handle = self.handle.clone();
                tokio::spawn(async move {
                    match handle.command(command).await {
                        Ok(Answer::Recorded) => {}
                        Ok(Answer::Refused(why)) => console::warn(&format!("refused: {why}")),
                        Ok(other) => console::warn(&format!("{other:?}")),
                        Err(error) => console::warn(&error.to_string()),
                    }
                });
            }
        }
    }

    fn detach(&self) {
        let handle = self.handle.clone();
        tokio::spawn(async move { handle.detach().await });
    }

    /// What this process does about an event besides telling it.
    fn attend(
        &self,
        event: &Event,
        teller: &Teller,
        typed: &mpsc::UnboundedSender<Answered>,
        waiting: &mut Waiting,
        stuck_until: &mut Option<strategy_core::Timestamp>,
    ) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "all other news is told and asks nothing of this process"
        )]
        match &event.news {
            News::ApprovalAwaited { stage, .. } => {
                let is_new = waiting.begin(stage);
                let how = approval::how_to(&self.path, stage.as_str());
                if can_ask() && is_new {
                    teller.aside("");
                    approval::ask(&approval::question(stage), stage, typed.clone());
                } else if is_new {
                    teller.aside(&how);
                }
            }
            News::GateOpened { .. } => waiting.end(),
            News::GotStuck { left } => {
                *stuck_until = Some(SystemClock.now() + STUCK_FOR);
                for left in left {
                    teller.aside(&format!("left to do: {left}"));
                }
                let journal = self.path.display();
                teller.aside(&format!(
                    "it goes on by itself when what is missing is there; or `rollway retry \
                     --journal {journal}`, or `rollway abandon --journal {journal}`"
                ));
            }
            News::GotUnstuck => *stuck_until = None,
            _ => {}
        }
    }

    async fn typed(
        &self,
        answer: &Answered,
        waiting: &Waiting,
        again: &mpsc::UnboundedSender<Answered>,
        teller: &Teller,
    ) {
        let stage = &answer.stage;
        let Ok(plan) = self.handle.status().plan.parse::<PlanDigest>() else {
            return;
        };
        let wish = match waiting.hear(answer, &plan) {
            Follows::Send(wish) => wish,
            Follows::AskAgain => {
                approval::ask("Please type `yes` or `no`:", stage, again.clone());
                return;
            }
            Follows::Late { waits } => {
                teller.aside(&format!(
                    "what was typed was the answer for stage `{stage}`, which no longer waits: \
                     nothing follows from it"
                ));
                if let Some(waits) = waits {
                    // Its own answer is read already.
                    approval::show(&approval::question(&waits));
                }
                return;
            }
        };
        let actor = approval::actor(None);
        let mut command = approval::command(&actor, SystemClock.now(), wish);
        command.roles = self.wiring.roles_of(&actor);
        match self.handle.command(command).await {
            Ok(Answer::Recorded) => {}
            Ok(Answer::Refused(why)) => {
                console::warn(&format!("refused: {why}"));
                say(&approval::how_to(&self.path, stage.as_str()));
            }
            Ok(other) => console::warn(&format!("{other:?}")),
            Err(error) => console::warn(&error.to_string()),
        }
    }

    fn how_to_go_on(&self) -> String {
        let journal = self.path.display();
        format!(
            "go on with `rollway resume --journal {journal}`, or go back with \
             `rollway resume --roll-back --journal {journal}`"
        )
    }

    fn ended(
        &self,
        end: Result<Outcome, DriverError>,
        teller: &mut Teller,
    ) -> Result<Exit, CliError> {
        let story = teller.end();
        if self.output == Output::Text {
            for (part, shares) in story.shares() {
                let lines = shares.lines(CHART_WIDTH);
                if !lines.is_empty() {
                    data(&format!("\ntraffic to the candidate of {part}"));
                    lines.iter().for_each(|line| data(line));
                }
            }
        }
        match end {
            Ok(outcome) => {
                if self.output == Output::Text {
                    data("");
                    data(&outcome.to_string());
                }
                Ok(Exit::from(&outcome))
            }
            Err(DriverError::Detached { .. }) => {
                let status = self.handle.status();
                let stuck = status.phase == strategy_core::rollout::Phase::Stuck;
                say("left behind:");
                crate::render::status::lines(&status)
                    .iter()
                    .for_each(|line| say(line));
                say(&self.how_to_go_on());
                Ok(if stuck { Exit::Stuck } else { Exit::InProgress })
            }
            Err(error) => Err(error.into()),
        }
    }
}

async fn until(at: Option<strategy_core::Timestamp>) {
    match at {
        Some(at) => SystemClock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}
