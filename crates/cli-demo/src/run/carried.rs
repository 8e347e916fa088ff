//! A rollout on its way: its interrupts, its approvals, and how it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use strategy_core::driver::{Clock, DriverError, Heard, RolloutHandle, Run, SystemClock};
use strategy_core::plan::PlanDigest;
use strategy_core::rollout::{Answer, Event, News, Outcome, Wish};
use tokio::sync::mpsc;

use crate::approval::{self, Answered, Follows, Waiting};
use crate::args::{OnInterrupt, Output};
use crate::console::{self, Teller, can_ask, data, say};
use crate::error::CliError;
use crate::exit::Exit;
use crate::interrupt::Interrupts;
use crate::wiring::Wiring;

/// How long a stuck rollout is carried on, in case that what was missing comes back, before the
/// program ends with status 3. Nobody watches a pipeline for longer.
const STUCK_FOR: Duration = Duration::from_secs(600);
/// A second signal within this time is the same order: `timeout` of GNU signals the process and then
/// its whole group.
const SAME_SIGNAL: Duration = Duration::from_secs(1);
const CHART_WIDTH: usize = 64;

/// A rollout on its way, and how this process treats it.
pub(super) struct Carried {
    pub(super) path: PathBuf,
    pub(super) on_interrupt: OnInterrupt,
    pub(super) output: Output,
    pub(super) wiring: Arc<Wiring>,
    pub(super) handle: RolloutHandle,
}

impl Carried {
    /// Before anything else: how it is found again.
    pub(super) fn introduce(&self) {
        say(&format!(
            "rollout {}, journal {}",
            self.handle.id(),
            self.path.display()
        ));
    }

    pub(super) async fn carry(self, run: Run, mut teller: Teller) -> Result<Exit, CliError> {
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
