//! Programs as hooks, gates and counters of checks: what a rollout file calls `command`.
//!
//! A program gets the request as JSON on its standard input and its most important words as
//! environment variables. No shell is involved. It is killed when its time is over.

pub mod there;

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use strategy_core::analysis::{Count, Counter, Look, MeasureError};
use strategy_core::hook::{
    ExternalGate, GateAnswer, GateRequest, Hook, HookError, HookReport, HookRequest,
};
use strategy_core::plan::{CheckName, Extension};
use strategy_core::{Part, Track};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// The kind under which programs stand in plans.
pub const COMMAND: &str = "command";
/// So much of what a program prints is kept.
const KEPT: usize = 16 * 1024;
/// What a program has said before it ended arrives within this time.
const GRACE: Duration = Duration::from_millis(500);
/// So much of it is shown.
const SHOWN: usize = 300;

/// Runs the program that a plan names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Program;

/// What a program left behind.
#[derive(Debug)]
struct Ended {
    /// `None`: a signal ended it.
    status: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    /// Its last words, for people.
    fn words(&self) -> String {
        let said = |text: &str| {
            let line = text.lines().rev().find(|line| !line.trim().is_empty());
            line.map(|line| line.trim().chars().take(SHOWN).collect())
        };
        let ended = match self.status {
            Some(status) => format!("ended with status {status}"),
            None => "was ended by a signal".to_owned(),
        };
        said(&self.out).or_else(|| said(&self.err)).unwrap_or(ended)
    }
}

async fn run(
    argv: &[String],
    words: &[(&str, String)],
    request: &impl Serialize,
) -> Result<Ended, std::io::Error> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| std::io::Error::other("no program is named"))?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(words.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match there::problem(program) {
            Some(problem) => std::io::Error::new(error.kind(), problem),
            None => error,
        })?;
    let input = serde_json::to_vec(request)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async move {
        if let Some(mut stdin) = stdin {
            // A program need not read what it is given.
            let _ = stdin.write_all(&input).await;
        }
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = {
        let talk = async { tokio::join!(give, keep(stdout, &mut out), keep(stderr, &mut err)) };
        let mut talk = std::pin::pin!(talk);
        let mut is_told = false;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status?,
                ((), out, err) = &mut talk, if !is_told => {
                    out.and(err)?;
                    is_told = true;
                }
            }
        };
        if !is_told {
            // What it leaves running may hold its streams open for as long as it likes.
            let _ = tokio::time::timeout(GRACE, talk).await;
        }
        status
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ended {
        status: status.code(),
        out: text(&out),
        err: text(&err),
    })
}

/// The beginning of what is printed; the rest is read and dropped, so that nobody blocks on it.
/// What was read until then is kept when this is dropped.
async fn keep(
    stream: Option<impl tokio::io::AsyncRead + Unpin>,
    kept: &mut Vec<u8>,
) -> Result<(), std::io::Error> {
    let Some(mut stream) = stream else {
        return Ok(());
    };
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        let room = KEPT.saturating_sub(kept.len());
        kept.extend(chunk.iter().take(read.min(room)));
    }
}

fn argv(run: &Extension) -> Result<Vec<String>, serde_json::Error> {
    let argv = run.params.get("argv").cloned().unwrap_or_default();
    serde_json::from_value(argv)
}

fn failed(
    hook: &str,
    problem: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> HookError {
    HookError::new(hook, problem).because(source)
}

#[async_trait]
impl Hook for Program {
    async fn run(&self, request: &HookRequest) -> Result<HookReport, HookError> {
        let argv = argv(&request.run)
            .map_err(|error| failed(&request.hook, "its parameters cannot be read", error))?;
        let point = request
            .point
            .and_then(|point| serde_json::to_value(point).ok());
        let point = point.as_ref().and_then(serde_json::Value::as_str);
        let words = [
            ("ROLLWAY_ROLLOUT", request.rollout.to_string()),
            ("ROLLWAY_STAGE", request.stage.to_string()),
            ("ROLLWAY_HOOK", request.hook.clone()),
            ("ROLLWAY_POINT", point.unwrap_or("undo").to_owned()),
            (
                "ROLLWAY_PART",
                request
                    .part
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            (
                "ROLLWAY_KEY",
                format!("{}-{}", request.rollout, request.id.0),
            ),
        ];
        let ended = run(&argv, &words, request)
            .await
            .map_err(|error| failed(&request.hook, "its program could not be run", error))?;
        Ok(match ended.status {
            Some(0) => HookReport::passed(ended.words()),
            Some(_) | None => HookReport::failed(ended.words()),
        })
    }
}

#[async_trait]
impl ExternalGate for Program {
    async fn ask(&self, request: &GateRequest) -> Result<GateAnswer, HookError> {
        let argv = argv(&request.ask)
            .map_err(|error| failed(&request.gate, "its parameters cannot be read", error))?;
        let words = [
            ("ROLLWAY_ROLLOUT", request.rollout.to_string()),
            ("ROLLWAY_STAGE", request.stage.to_string()),
            ("ROLLWAY_GATE", request.gate.clone()),
        ];
        let ended = run(&argv, &words, request)
            .await
            .map_err(|error| failed(&request.gate, "its program could not be run", error))?;
        match ended.status {
            Some(0) => Ok(GateAnswer::Open),
            Some(1) => Ok(GateAnswer::Closed(ended.words())),
            Some(2) => Ok(GateAnswer::Refused(ended.words())),
            Some(_) | None => Err(HookError::new(
                &request.gate,
                format!(
                    "its program must end with 0 (open), 1 (closed for now) or 2 (refused): {}",
                    ended.words()
                ),
            )),
        }
    }
}

/// Counts by a program of each check: it prints `{"total": 1200, "failed": 3}`.
#[derive(Clone, Debug, Default)]
pub struct ProgramCounter {
    commands: std::collections::BTreeMap<CheckName, Vec<String>>,
}

impl ProgramCounter {
    /// With these programs.
    pub const fn new(commands: std::collections::BTreeMap<CheckName, Vec<String>>) -> Self {
        Self { commands }
    }
}

/// A program that could not count.
#[derive(Debug)]
struct CannotCount(String);

impl fmt::Display for CannotCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotCount {}

/// What a counting program prints.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Printed {
    total: u64,
    failed: u64,
}

#[async_trait]
impl Counter for ProgramCounter {
    async fn count(&self, look: &Look, part: &Part, track: Track) -> Result<Count, MeasureError> {
        let unavailable =
            |source: Box<dyn std::error::Error + Send + Sync>| MeasureError::Unavailable {
                source_name: format!("the program of check `{}`", look.check),
                source,
            };
        let none = || CannotCount("the rollout file gives this check no program".to_owned());
        let argv = self
            .commands
            .get(&look.check)
            .ok_or_else(|| unavailable(none().into()))?;
        let words = [
            ("ROLLWAY_CHECK", look.check.to_string()),
            ("ROLLWAY_PART", part.to_string()),
            ("ROLLWAY_TRACK", track.to_string()),
            ("ROLLWAY_FROM_MS", look.window.from.as_millis().to_string()),
            ("ROLLWAY_TO_MS", look.window.to.as_millis().to_string()),
        ];
        let ended = run(argv, &words, look)
            .await
            .map_err(|error| unavailable(error.into()))?;
        if ended.status != Some(0) {
            return Err(unavailable(CannotCount(ended.words()).into()));
        }
        let printed: Printed = serde_json::from_str(ended.out.trim()).map_err(|error| {
            let text = format!(
                "it must print `{{\"total\": N, \"failed\": N}}` ({error}): {}",
                ended.words()
            );
            unavailable(CannotCount(text).into())
        })?;
        if printed.failed > printed.total {
            let text = "it counts more failures than events".to_owned();
            return Err(unavailable(CannotCount(text).into()));
        }
        Ok(Count {
            total: printed.total,
            failed: printed.failed,
        })
    }
}

#[cfg(test)]
mod tests;
