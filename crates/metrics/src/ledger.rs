//! Which windows were judged and which wait: what a rollout keeps for a check between two looks.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use strategy_core::analysis::{Look, MeasureError, Memory, Window};
use strategy_core::{Timestamp, Weight};

use crate::source::Rhythm;
use crate::state::State;

const VERSION: u8 = 1;

/// As many windows may wait to be told of: with a rhythm of a minute and five to settle, looks of a minute.
const WAITING: usize = 8;

/// What is kept for a check between two looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    waiting: Vec<Waiting>,
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

/// A window that was watched and cannot be told of yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    window: Window,
    /// The candidate's share of traffic in it, in basis points.
    weight: u16,
    /// Since when windows of that share adjoin up to this one.
    since: Timestamp,
}

/// A window that can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) window: Window,
    /// The candidate's share of traffic in it, in basis points.
    pub(crate) weight: u16,
    /// Since when windows of that share adjoin up to this one.
    pub(crate) since: Timestamp,
}

impl Settled {
    /// The share that it was watched at; `None`: it is none.
    pub(crate) fn share(&self) -> Option<Weight> {
        Weight::from_basis_points(self.weight).ok()
    }
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
        let kept: Kept = serde_json::from_str(text).map_err(|error| unknown(error.to_string()))?;
        if kept.v != VERSION {
            return Err(unknown(format!("it is in format {}", kept.v)));
        }
        let state = BASE64
            .decode(&kept.state)
            .map_err(|error| unknown(error.to_string()))?;
        let waiting = |(from, to, weight, before): (u64, u64, u16, u64)| Waiting {
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
    pub(crate) fn memory(&self) -> Result<Memory, MeasureError> {
        let kept = |waiting: &Waiting| {
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
        // Numbers and text only: it cannot fail but by a bug, and then nothing is remembered that is wrong.
        Memory::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// One more window was watched, with this share of traffic and under labels with this digest.
    ///
    /// Windows of one share that adjoin become one, so that a period across their border is not lost. What
    /// waited under other labels is given up: nobody knows them any more to ask for it.
    pub(crate) fn watched(&mut self, window: Window, weight: u16, labels: &str) {
        if self.labels != labels {
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
            Some(_) | None => self.waiting.push(Waiting {
                window,
                weight,
                since,
            }),
        }
        if self.waiting.len() > WAITING {
            self.waiting.remove(0);
        }
    }

    /// Takes out, in order, what can be told of by `now`; what cannot yet stays.
    pub(crate) fn settled(&mut self, rhythm: Rhythm, now: Timestamp) -> Vec<Settled> {
        let by = down(now.before(rhythm.settle), rhythm.period);
        let (mut settled, mut waiting) = (Vec::new(), Vec::new());
        for Waiting {
            window,
            weight,
            since,
        } in self.waiting.drain(..)
        {
            let from = up(window.from, rhythm.period);
            let to = down(window.to, rhythm.period).min(by);
            let told = from < to;
            if told {
                settled.push(Settled {
                    window: Window { from, to },
                    weight,
                    since,
                });
            }
            let rest = Window {
                from: if told { to } else { window.from },
                to: window.to,
            };
            // The last one may go on; another holds no whole period once its last one is over.
            if rest.from < rest.to && rest.to > by {
                waiting.push(Waiting {
                    window: rest,
                    weight,
                    since,
                });
            }
        }
        self.waiting = waiting;
        settled
    }

    /// A window was too short to be told of: it waits for what adjoins it. One that nothing can adjoin any more
    /// is given up.
    pub(crate) fn was_too_short(&mut self, settled: Settled) {
        let Settled {
            window,
            weight,
            since,
        } = settled;
        match self.waiting.first_mut() {
            Some(next) if next.window.from == window.to && next.since == since => {
                next.window.from = window.from;
            }
            Some(_) => {}
            None if self.stretch.is_some_and(|last| last.to == window.to) => {
                self.waiting.push(Waiting {
                    window,
                    weight,
                    since,
                });
            }
            None => {}
        }
    }
}

/// The multiple of a period at or before.
fn down(at: Timestamp, period: Duration) -> Timestamp {
    let period = millis(period);
    Timestamp::from_millis(at.as_millis() / period * period)
}

/// The multiple of a period at or after.
fn up(at: Timestamp, period: Duration) -> Timestamp {
    let period = millis(period);
    Timestamp::from_millis(at.as_millis().div_ceil(period).saturating_mul(period))
}

fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests;
