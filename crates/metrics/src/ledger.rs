//! Which windows were judged and which wait: what a rollout keeps for a check between two looks.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use strategy_core::analysis::{Look, MeasureError, Memory, Window};
use strategy_core::duration::format;
use strategy_core::plan::CheckName;
use strategy_core::{Timestamp, Weight};

use crate::source::Rhythm;
use crate::source::periods::{down, up};
use crate::state::State;

const VERSION: u8 = 1;

/// As many windows may wait to be told of: with a rhythm of a minute and five to settle, looks of a minute.
const WAITING: usize = 8;

/// What is kept for a check between two looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    waiting: Vec<Watched>,
    /// What the last window was the end of; `None`: nothing was watched under these labels. What waits last ends
    /// with it.
    stretch: Option<Stretch>,
    labels: String,
    /// What the judge remembers.
    pub(crate) state: State,
}

/// Windows of one share of traffic that adjoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    since: Timestamp,
    to: Timestamp,
    /// The candidate's share of traffic in it, in basis points.
    weight: u16,
}

/// A window that was watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) window: Window,
    /// The candidate's share of traffic in it, in basis points.
    pub(crate) weight: u16,
    /// Since when windows of that share adjoin up to this one.
    pub(crate) since: Timestamp,
}

/// What can be told of now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// In order.
    pub(crate) told: Vec<Watched>,
    /// What never can be told of, and why, for people.
    pub(crate) given_up: Vec<String>,
}

impl Watched {
    /// The share that it was watched at; `None`: it is none.
    pub(crate) fn share(&self) -> Option<Weight> {
        Weight::from_basis_points(self.weight).ok()
    }
}

/// In which format the last look wrote.
#[derive(Debug, Deserialize)]
struct Format {
    v: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u8,
    /// Begin, end, share, and for how long before its begin windows adjoin up to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<(u64, u64, u16, u64)>,
    /// Begin, end and share of what the last window was the end of, where nothing waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stretch: Option<(u64, u64, u16)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    labels: String,
    state: String,
}

impl Ledger {
    /// What the last look handed out.
    pub(crate) fn read(look: &Look) -> Result<Self, MeasureError> {
        let text = look.memory.as_str();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let unknown = |problem: String| MeasureError::Invalid {
            check: look.check.clone(),
            problem: format!("what the last look remembered cannot be read: {problem}"),
            mend: "resume with the version that wrote it, or abort and begin anew".to_owned(),
        };
        let no_json = |error: serde_json::Error| unknown(error.to_string());
        // Before anything else of it: another format has other fields.
        let Format { v } = serde_json::from_str(text).map_err(no_json)?;
        if v != u64::from(VERSION) {
            return Err(unknown(format!("it is in format {v}")));
        }
        let kept: Kept = serde_json::from_str(text).map_err(no_json)?;
        let state = BASE64
            .decode(&kept.state)
            .map_err(|error| unknown(error.to_string()))?;
        let waiting = |(from, to, weight, before): (u64, u64, u16, u64)| Watched {
            window: Window {
                from: Timestamp::from_millis(from),
                to: Timestamp::from_millis(to),
            },
            weight,
            since: Timestamp::from_millis(from.saturating_sub(before)),
        };
        let stretch = |(since, to, weight)| Stretch {
            since: Timestamp::from_millis(since),
            to: Timestamp::from_millis(to),
            weight,
        };
        let waiting: Vec<_> = kept.waiting.into_iter().map(waiting).collect();
        let last = waiting.last().map(|last| Stretch {
            since: last.since,
            to: last.window.to,
            weight: last.weight,
        });
        Ok(Self {
            stretch: last.or_else(|| kept.stretch.map(stretch)),
            waiting,
            labels: kept.labels,
            state: State::from_bytes(state),
        })
    }

    /// What the next look is handed.
    ///
    /// # Errors
    /// When it is larger than a memory, or by a bug cannot be written.
    pub(crate) fn memory(&self, check: &CheckName) -> Result<Memory, MeasureError> {
        let kept = |waiting: &Watched| {
            let Window { from, to } = waiting.window;
            let before = from.as_millis().saturating_sub(waiting.since.as_millis());
            (from.as_millis(), to.as_millis(), waiting.weight, before)
        };
        let stretch = |stretch: Stretch| {
            (
                stretch.since.as_millis(),
                stretch.to.as_millis(),
                stretch.weight,
            )
        };
        let kept = Kept {
            v: VERSION,
            waiting: self.waiting.iter().map(kept).collect(),
            // What waits last ends with it.
            stretch: self
                .stretch
                .filter(|_| self.waiting.is_empty())
                .map(stretch),
            labels: self.labels.clone(),
            state: BASE64.encode(self.state.bytes()),
        };
        // Numbers and text only: it cannot fail but by a bug. Nothing written would forget failures.
        let text = serde_json::to_string(&kept).map_err(|error| MeasureError::Bug {
            check: check.clone(),
            problem: format!("what is to be remembered cannot be written: {error}"),
        })?;
        Memory::new(text)
    }

    /// One more window was watched, with this share of traffic and under labels with this digest.
    ///
    /// Windows of one share that adjoin become one, so that a period across their border is not lost. What
    /// waited under other labels is given up: nobody knows them any more to ask for it. So is the oldest of too
    /// many.
    ///
    /// Returns what was given up and why, for people.
    pub(crate) fn watched(&mut self, window: Window, weight: u16, labels: &str) -> Option<String> {
        let mut given_up = None;
        if self.labels != labels {
            let (first, last) = (self.waiting.first(), self.waiting.last());
            given_up = first.zip(last).map(|(first, last)| {
                let window = Window {
                    from: first.window.from,
                    to: last.window.to,
                };
                let why =
                    "the tracks have other labels now, by which the source no longer finds it";
                nothing_judged(window, why)
            });
            self.waiting.clear();
            self.stretch = None;
            labels.clone_into(&mut self.labels);
        }
        let goes_on = self
            .stretch
            .filter(|last| last.to == window.from && last.weight == weight);
        let since = goes_on.map_or(window.from, |stretch| stretch.since);
        let to = window.to;
        self.stretch = Some(Stretch { since, to, weight });
        match self.waiting.last_mut() {
            Some(last) if last.window.to == window.from && last.weight == weight => {
                last.window.to = window.to;
            }
            Some(_) | None => self.waiting.push(Watched {
                window,
                weight,
                since,
            }),
        }
        if self.waiting.len() > WAITING {
            let oldest = self.waiting.remove(0).window;
            let why =
                format_args!("more than {WAITING} windows wait for the source to tell of them");
            given_up = Some(nothing_judged(oldest, why));
        }
        given_up
    }

    /// Takes out, in order, what can be told of by `now`; what cannot yet stays.
    pub(crate) fn settled(&mut self, rhythm: Rhythm, now: Timestamp) -> Told {
        let by = down(now.before(rhythm.settle), rhythm.period);
        let (mut settled, mut waiting) = (Told::default(), Vec::new());
        for Watched {
            window,
            weight,
            since,
        } in self.waiting.drain(..)
        {
            let from = up(window.from, rhythm.period);
            let to = down(window.to, rhythm.period).min(by);
            let told = from < to;
            if told {
                settled.told.push(Watched {
                    window: Window { from, to },
                    weight,
                    since,
                });
            }
            let rest = Window {
                from: if told { to } else { window.from },
                to: window.to,
            };
            if rest.from >= rest.to {
                continue;
            }
            // The last one may go on; another holds no whole period once its last one is over.
            if rest.to > by {
                waiting.push(Watched {
                    window: rest,
                    weight,
                    since,
                });
            } else {
                let period = format(rhythm.period);
                let why = format_args!(
                    "it lies in no whole period that the source tells of, {period} long"
                );
                settled.given_up.push(nothing_judged(rest, why));
            }
        }
        self.waiting = waiting;
        settled
    }

    /// A window was too short to be told of: it waits for what adjoins it. One that nothing can adjoin any more
    /// is given up.
    ///
    /// Returns that it was, for people.
    pub(crate) fn was_too_short(&mut self, settled: Watched) -> Option<String> {
        let Watched {
            window,
            weight,
            since,
        } = settled;
        match self.waiting.first_mut() {
            Some(next) if next.window.from == window.to && next.since == since => {
                next.window.from = window.from;
                None
            }
            None if self.stretch.is_some_and(|last| last.to == window.to) => {
                self.waiting.push(Watched {
                    window,
                    weight,
                    since,
                });
                None
            }
            Some(_) | None => {
                let why =
                    "it is too short for the source, and no window of the same share adjoins it";
                Some(nothing_judged(window, why))
            }
        }
    }
}

/// For people: that no judge is told of a window, and why.
fn nothing_judged(window: Window, why: impl fmt::Display) -> String {
    format!(
        "from {} to {} nothing is judged: {why}",
        window.from, window.to
    )
}

#[cfg(test)]
mod tests;
