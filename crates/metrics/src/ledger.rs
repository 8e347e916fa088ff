//! Which windows were judged and which wait: what a rollout keeps for a check between two looks.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use strategy_core::Timestamp;
use strategy_core::analysis::{Look, MeasureError, Memory, Window};

use crate::source::Rhythm;
use crate::state::State;

const VERSION: u8 = 1;

/// As many windows may wait to be told of: with a rhythm of a minute and five to settle, looks of a minute.
const WAITING: usize = 8;

/// What is kept for a check between two looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    waiting: Vec<Window>,
    under: String,
    /// What the judge remembers.
    pub(crate) state: State,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<(u64, u64)>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    under: String,
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
        let window = |(from, to)| Window {
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
        };
        Ok(Self {
            waiting: kept.waiting.into_iter().map(window).collect(),
            under: kept.under,
            state: State::from_bytes(state),
        })
    }

    /// What the next look is handed.
    pub(crate) fn memory(&self) -> Result<Memory, MeasureError> {
        let kept = Kept {
            v: VERSION,
            waiting: self
                .waiting
                .iter()
                .map(|window| (window.from.as_millis(), window.to.as_millis()))
                .collect(),
            under: self.under.clone(),
            state: BASE64.encode(self.state.bytes()),
        };
        // Numbers and text only: it cannot fail but by a bug, and then nothing is remembered that is wrong.
        Memory::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// One more window was watched, under weights and labels that are told apart by `under`.
    ///
    /// Windows that adjoin under the same become one, so that a period that lies across their border is not
    /// lost. What waited under others is given up: it can no longer be asked for.
    pub(crate) fn watched(&mut self, window: Window, under: &str) {
        if self.under != under {
            self.waiting.clear();
            under.clone_into(&mut self.under);
        }
        match self.waiting.last_mut() {
            Some(last) if last.to == window.from => last.to = window.to,
            Some(_) | None => self.waiting.push(window),
        }
        if self.waiting.len() > WAITING {
            self.waiting.remove(0);
        }
    }

    /// Takes out, in order, what can be told of by `now`; what cannot yet stays.
    pub(crate) fn settled(&mut self, rhythm: Rhythm, now: Timestamp) -> Vec<Window> {
        let by = down(now.before(rhythm.settle), rhythm.period);
        let (mut settled, mut waiting) = (Vec::new(), Vec::new());
        for window in self.waiting.drain(..) {
            let (from, to) = (
                up(window.from, rhythm.period),
                down(window.to, rhythm.period).min(by),
            );
            if from < to {
                settled.push(Window { from, to });
            }
            let rest = if from < to { to } else { window.from };
            // What ends before the border can hold no whole period any more.
            if rest < window.to && window.to > by {
                waiting.push(Window {
                    from: rest,
                    to: window.to,
                });
            }
        }
        self.waiting = waiting;
        settled
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
