//! Events for people: one line each, with stage, weight, ready pods, verdict and time.

use std::collections::BTreeMap;
use std::time::Duration;

use strategy_core::analysis::Verdict;
use strategy_core::plan::{CheckName, Then};
use strategy_core::rollout::{Event, News, Outcome, Phase, Status, TrackStatus};
use strategy_core::{Part, Timestamp, Tracks, Weight};

use super::chart::Shares;
use super::paint::{Paint, Tone};
use super::plain::plain;
use super::table::{Align, pad};

/// Tells a rollout as its events come.
#[derive(Debug)]
pub struct Story {
    paint: Paint,
    began: Option<Timestamp>,
    stages: usize,
    stage: Option<String>,
    parts: BTreeMap<Part, Standing>,
    verdicts: BTreeMap<CheckName, Verdict>,
    shares: BTreeMap<Part, Shares>,
    wait: Option<Wait>,
    /// What follows when a pause reaches its limit; `None`: that is not known here.
    pause_then: Option<Then>,
    headed: bool,
}

/// What is waited for, and since when. It is told when it lasts: most waits are over at once.
#[derive(Debug)]
struct Wait {
    since: Duration,
    /// Without its numbers: `3 of 10` and `4 of 10` are one wait.
    kind: String,
    what: String,
    told: bool,
}

/// What stands in place of a stage on the way back.
const ROLLBACK: &str = "rollback";
/// A wait is told when it has lasted so long.
const LASTS: Duration = Duration::from_secs(15);

/// How a part stands.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    ready: Tracks<u32>,
    wanted: Tracks<u32>,
    weight: Weight,
}

impl Story {
    /// A story not begun.
    pub const fn new(paint: Paint) -> Self {
        Self {
            paint,
            began: None,
            stages: 0,
            stage: None,
            parts: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            shares: BTreeMap::new(),
            wait: None,
            pause_then: None,
            headed: false,
        }
    }

    /// This follows when a pause reaches its limit.
    pub const fn pausing(&mut self, then: Then) {
        self.pause_then = Some(then);
    }

    /// The story goes on where a rollout stands: no event tells that again.
    pub fn take_up(&mut self, status: &Status) {
        self.stages = status.stages.len();
        self.stage = if status.phase == Phase::RollingBack {
            Some(ROLLBACK.to_owned())
        } else {
            let stage = status.stages.get(status.stage);
            stage.map(|stage| stage.name.to_string())
        };
        for (name, part) in &status.parts {
            let of = |count: fn(&TrackStatus) -> u32| Tracks {
                stable: count(&part.stable),
                candidate: count(&part.candidate),
            };
            let standing = Standing {
                ready: of(|track| track.ready),
                wanted: of(|track| track.wanted),
                weight: part.effective.unwrap_or(part.written),
            };
            let shares = self.shares.entry(name.clone()).or_default();
            shares.set(Duration::ZERO, standing.weight);
            self.parts.insert(name.clone(), standing);
        }
        for (name, check) in &status.checks {
            let verdict = check.verdict.clone();
            self.verdicts
                .extend(verdict.map(|verdict| (name.clone(), verdict)));
        }
    }

    /// The lines that an event is worth; often none.
    pub fn hear(&mut self, event: &Event) -> Vec<String> {
        let began = *self.began.get_or_insert(event.at);
        let time = event.at.since(began);
        for shares in self.shares.values_mut() {
            shares.end(time);
        }
        let mut lines = self.lasting_wait(time);
        if let Some((tone, what)) = self.told(event, time) {
            self.wait = None;
            lines.extend(self.lines(time, tone, &what));
        }
        lines
    }

    fn lasting_wait(&mut self, time: Duration) -> Vec<String> {
        let lasts = |wait: &&mut Wait| !wait.told && time.saturating_sub(wait.since) >= LASTS;
        let Some(wait) = self.wait.as_mut().filter(lasts) else {
            return Vec::new();
        };
        wait.told = true;
        let what = format!("waits for {}", wait.what);
        self.lines(time, Tone::Quiet, &what)
    }

    fn waits(&mut self, part: &Part, what: &str, time: Duration) {
        let kind: String = what.chars().filter(|char| !char.is_ascii_digit()).collect();
        let what = format!("{what}{}", self.of(part));
        match &mut self.wait {
            Some(wait) if wait.kind == kind => wait.what = what,
            Some(_) | None => {
                self.wait = Some(Wait {
                    since: time,
                    kind,
                    what,
                    told: false,
                });
            }
        }
    }

    /// The candidate's share of traffic over time, by part.
    pub const fn shares(&self) -> &BTreeMap<Part, Shares> {
        &self.shares
    }

    /// What the newest events leave to be shown in a line that is overwritten.
    pub fn standing(&self) -> String {
        let stage = self.stage.as_deref().unwrap_or("start");
        let ready = self.ready();
        let wait = self.wait.as_ref();
        let wait = wait.map_or_else(String::new, |wait| format!(", waits for {}", wait.what));
        let standing = format!(
            "{stage}: {} to the candidate, ready: stable {}, candidate {}{wait}",
            self.weight(),
            ready.stable,
            ready.candidate
        );
        plain(&standing).into_owned()
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "news that has no place in the columns is told in its own words"
    )]
    fn told(&mut self, event: &Event, time: Duration) -> Option<(Tone, String)> {
        Some(match &event.news {
            News::Started {
                release,
                plan,
                stages,
            } => {
                self.stages = *stages;
                let digest = plan.get(..12).unwrap_or(plan);
                (Tone::Strong, format!("{release} begins, plan {digest}"))
            }
            News::StageEntered { stage, number } => {
                self.stage = Some(stage.to_string());
                let of = match self.stages {
                    0 => String::new(),
                    stages => format!(" of {stages}"),
                };
                (Tone::Strong, format!("stage {number}{of} begins"))
            }
            News::Progress {
                part,
                ready,
                wanted,
                written,
                effective,
            } => return self.progress(part, time, *ready, *wanted, effective.unwrap_or(*written)),
            News::Applying { .. } => return None,
            News::Waiting { part, what } => {
                self.waits(part, what, time);
                return None;
            }
            News::BakeBegan { .. } => (Tone::Quiet, "traffic is effective".to_owned()),
            News::Looked {
                check,
                verdict,
                evidence,
                ..
            } => {
                if self
                    .verdicts
                    .insert(check.clone(), verdict.clone())
                    .as_ref()
                    == Some(verdict)
                {
                    return None;
                }
                (
                    tone_of(verdict),
                    format!(
                        "check {check}: {}, {}",
                        verdict.name(),
                        verdict.explained(evidence)
                    ),
                )
            }
            News::Paused { .. } => {
                let then = match self.pause_then {
                    Some(Then::RollBack) => "; then it rolls back",
                    Some(Then::GoOn) => "; then it goes on",
                    Some(Then::Abandon) => "; then it is abandoned as it stands",
                    _ => "",
                };
                (Tone::Warn, format!("{}{then}", without_time(event)))
            }
            News::StagePassed { .. } => (Tone::Good, "passed".to_owned()),
            News::Failed { reason, .. } => (Tone::Bad, format!("failed: {reason}")),
            News::RollbackBegan { .. } => {
                self.stage = Some(ROLLBACK.to_owned());
                (Tone::Bad, "rolling back to the recorded start".to_owned())
            }
            News::TrafficRestored => (Tone::Good, "traffic is restored".to_owned()),
            News::Ended { outcome } => (tone_of_outcome(outcome), outcome.to_string()),
            News::Settled => (Tone::Quiet, "the rollout is over".to_owned()),
            _ => (Tone::Warn, without_time(event)),
        })
    }

    fn progress(
        &mut self,
        part: &Part,
        time: Duration,
        ready: Tracks<u32>,
        wanted: Tracks<u32>,
        weight: Weight,
    ) -> Option<(Tone, String)> {
        self.shares
            .entry(part.clone())
            .or_default()
            .set(time, weight);
        let new = Standing {
            ready,
            wanted,
            weight,
        };
        let old = self.parts.insert(part.clone(), new);
        let moved = old.is_some_and(|old| old.weight != weight);
        let of = self.of(part);
        moved.then(|| (Tone::Quiet, format!("traffic{of} moves to {weight}")))
    }

    fn of(&self, part: &Part) -> String {
        if self.parts.len() > 1 {
            format!(" of {part}")
        } else {
            String::new()
        }
    }

    /// The parts' weight, or its range where they differ.
    fn weight(&self) -> String {
        let weights = || self.parts.values().map(|part| part.weight);
        match (weights().min(), weights().max()) {
            // One sign for both, so that the widest fits its column.
            (Some(low), Some(high)) if low != high => {
                format!("{}-{high}", low.to_string().trim_end_matches('%'))
            }
            (Some(weight), _) => weight.to_string(),
            (None, _) => String::new(),
        }
    }

    /// Ready of wanted, all parts together.
    fn ready(&self) -> Tracks<String> {
        let of = |track| {
            let sum = |counts: fn(&Standing) -> &Tracks<u32>| -> u64 {
                let parts = self.parts.values();
                parts.map(|part| u64::from(*counts(part).of(track))).sum()
            };
            if self.parts.is_empty() {
                return String::new();
            }
            format!("{}/{}", sum(|part| &part.ready), sum(|part| &part.wanted))
        };
        Tracks {
            stable: of(strategy_core::Track::Stable),
            candidate: of(strategy_core::Track::Candidate),
        }
    }

    fn lines(&mut self, time: Duration, tone: Tone, what: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if !std::mem::replace(&mut self.headed, true) {
            let heading = columns(["time", "stage", "weight", "stable", "candidate", "what"]);
            lines.push(self.paint.tone(Tone::Quiet, &heading));
        }
        let ready = self.ready();
        let what = &*plain(what);
        let line = columns([
            &clock(time),
            &plain(self.stage.as_deref().unwrap_or("")),
            &self.weight(),
            &ready.stable,
            &ready.candidate,
            what,
        ]);
        // The columns are plain, so that what matters stands out: only the news is coloured.
        let plain = line.strip_suffix(what).unwrap_or(&line);
        lines.push(format!("{plain}{}", self.paint.tone(tone, what)));
        lines
    }
}

fn columns([time, stage, weight, stable, candidate, what]: [&str; 6]) -> String {
    [
        pad(time, Align::Right, 7),
        pad(stage, Align::Left, 16),
        pad(weight, Align::Right, 6),
        pad(stable, Align::Right, 6),
        pad(candidate, Align::Right, 9),
        what.to_owned(),
    ]
    .join("  ")
}

/// Time since the beginning: `0:07`, `12:30`, `1:02:03`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

fn without_time(event: &Event) -> String {
    let text = event.to_string();
    let time = event.at.to_string();
    text.strip_prefix(&time)
        .unwrap_or(&text)
        .trim_start()
        .to_owned()
}

const fn tone_of(verdict: &Verdict) -> Tone {
    match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Warn | Verdict::Inconclusive(_) => Tone::Warn,
        Verdict::Fail => Tone::Bad,
        Verdict::Undecided => Tone::Quiet,
        _ => Tone::Warn,
    }
}

fn tone_of_outcome(outcome: &Outcome) -> Tone {
    if *outcome == Outcome::Promoted {
        Tone::Good
    } else {
        Tone::Bad
    }
}

#[cfg(test)]
mod tests;
