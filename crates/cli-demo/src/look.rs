//! `status`: how a rollout stands, and whether anybody carries it on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use strategy_core::Timestamp;
use strategy_core::driver::{Clock, SystemClock};
use strategy_core::journal::JournalError;
use strategy_core::rollout::{RecoverError, Status};

use crate::args::{self, Output};
use crate::console::{data, say, warn};
use crate::error::CliError;
use crate::exit::Exit;
use crate::journal_place::{self, PeekError, Peeked, PlaceError};
use crate::render::status;

/// How often `status --watch` looks.
const LOOK: Duration = Duration::from_secs(1);
/// How long `status --watch` waits for a rollout to begin.
const BEGIN: Duration = Duration::from_secs(30);

/// A status and what only the journal's place tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Standing {
    #[serde(flatten)]
    status: Status,
    /// When the newest record was written.
    as_of: Option<Timestamp>,
    /// Whether a process carries it on; `None`: that cannot be told.
    carried: Option<bool>,
}

/// `rollway status`. Ends with the status of the outcome when the rollout is over, and with 0 while it
/// is not.
///
/// # Errors
/// [`CliError`] when there is no such journal, or it cannot be read.
pub async fn status(options: &args::Status) -> Result<Exit, CliError> {
    let path = begun(options).await?;
    let mut shown: Option<Standing> = None;
    loop {
        let peeked = peek(&path)?;
        if shown.is_none() {
            caution(&peeked);
        }
        let status = peeked.rollout.status();
        let carried = if status.settled {
            Some(false)
        } else {
            journal_place::is_carried(&path)
        };
        let standing = Standing {
            as_of: peeked.as_of,
            carried,
            status,
        };
        if shown.as_ref() != Some(&standing) {
            show(&standing, &path, options.output);
        }
        let status = &standing.status;
        match &status.outcome {
            Some(outcome) if status.settled => return Ok(Exit::from(outcome)),
            Some(_) | None if !options.watch => return Ok(Exit::Success),
            Some(_) | None => {}
        }
        shown = Some(standing);
        pause(LOOK).await;
    }
}

/// The journal to show: with `--watch` as soon as a rollout begins.
async fn begun(options: &args::Status) -> Result<PathBuf, CliError> {
    let folder = Path::new(journal_place::FOLDER);
    let until = SystemClock.now() + BEGIN;
    let mut is_said = false;
    loop {
        let found = match &options.journal {
            Some(path) if is_begun(path) => return Ok(path.clone()),
            Some(path) => Ok(path.clone()),
            None => match journal_place::find(None, folder) {
                Ok(path) => return Ok(path),
                Err(error @ PlaceError::Nothing { .. }) => {
                    journal_place::newest_finished(folder).ok_or(error)
                }
                Err(error) => return Err(error.into()),
            },
        };
        if !options.watch || SystemClock.now() >= until {
            return Ok(found?);
        }
        if !is_said {
            say(&format!(
                "no rollout is under way here yet; waiting up to {} seconds for one",
                BEGIN.as_secs()
            ));
            is_said = true;
        }
        pause(LOOK / 5).await;
    }
}

/// Whether there is something to show, be it an error.
fn is_begun(path: &Path) -> bool {
    !matches!(
        journal_place::peek(path),
        Err(PeekError::Journal(JournalError::Missing { .. })
            | PeekError::Recover(RecoverError::Empty))
    )
}

async fn pause(time: Duration) {
    SystemClock.sleep_until(SystemClock.now() + time).await;
}

fn show(standing: &Standing, path: &Path, output: Output) {
    match output {
        Output::Text => {
            status::lines(&standing.status)
                .iter()
                .for_each(|line| data(line));
            if let Some(as_of) = standing.as_of {
                data(&format!("as of {}", time_of_day(as_of)));
            }
            if standing.carried == Some(false) && !standing.status.settled {
                data(&format!(
                    "no process runs it: rollway resume --journal {}",
                    path.display()
                ));
            }
        }
        Output::Json => match serde_json::to_string(standing) {
            Ok(line) => data(&line),
            Err(error) => say(&format!("the status cannot be written as JSON: {error}")),
        },
    }
}

/// `12:34:56 UTC`, with the date before it if that is another one than today's.
fn time_of_day(at: Timestamp) -> String {
    let (text, now) = (at.to_string(), SystemClock.now().to_string());
    match (text.split_once('T'), now.split_once('T')) {
        (Some((date, time)), Some((today, _))) => {
            let time = time.trim_end_matches('Z');
            if date == today {
                format!("{time} UTC")
            } else {
                format!("{date} {time} UTC")
            }
        }
        _ => text,
    }
}

/// Says so if another version of the program carries the rollout.
pub fn caution(peeked: &Peeked) {
    if let Some(why) = &peeked.otherwise {
        warn(&format!(
            "another version of this program carries the rollout, and may see it otherwise: {why}"
        ));
    }
}

/// The rollout in a journal, read without disturbing whoever carries it.
///
/// # Errors
/// [`CliError`] when it cannot be read.
pub fn peek(path: &Path) -> Result<Peeked, CliError> {
    journal_place::peek(path).map_err(|error| match error {
        PeekError::Journal(error) => error.into(),
        PeekError::Recover(error) => error.into(),
    })
}
