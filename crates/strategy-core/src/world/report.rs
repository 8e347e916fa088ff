//! What happened in a world, in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ledger::Requests;
use crate::release::Part;
use crate::timestamp::{Timestamp, duration};
use crate::track::Tracks;
use crate::weight::Weight;

/// What happened in a world until now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// When it began.
    pub from: Timestamp,
    /// Until when this tells.
    pub to: Timestamp,
    /// By part.
    pub parts: BTreeMap<Part, PartReport>,
}

impl Report {
    /// Of a part; of none of this name, `None`.
    pub fn part(&self, part: &Part) -> Option<&PartReport> {
        self.parts.get(part)
    }

    /// Requests of all parts and tracks that failed.
    pub fn failed(&self) -> u64 {
        self.parts
            .values()
            .map(|part| part.requests.stable.failed + part.requests.candidate.failed)
            .sum()
    }
}

/// What happened to one part. Tracks are those of the beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PartReport {
    /// What users got. Requests that reached a track without a ready pod failed.
    pub requests: Tracks<Requests>,
    /// The candidate's share of traffic over time, as it really was.
    pub weights: Vec<WeightSpan>,
    /// Everything that was written, by us and by others.
    pub writes: Vec<Write>,
    /// Calls to the platform's API that read.
    pub reads: u64,
    /// Ready pods of both tracks at the beginning.
    pub ready_at_start: u32,
    /// The fewest there ever were.
    pub least_ready: u32,
    /// When fewer pods were ready than at the beginning, for whatever reason.
    pub shortages: Vec<Shortage>,
}

impl PartReport {
    /// How long the candidate had this share.
    pub fn time_at(&self, weight: Weight) -> Duration {
        self.weights
            .iter()
            .filter(|span| span.weight == weight)
            .map(|span| span.lasted)
            .sum()
    }

    /// How long fewer pods were ready than at the beginning.
    pub fn time_below_baseline(&self) -> Duration {
        self.shortages.iter().map(|shortage| shortage.lasted).sum()
    }

    /// By how many pods fewer than at the beginning were ready, at the worst moment.
    pub const fn most_missing(&self) -> u32 {
        self.ready_at_start.saturating_sub(self.least_ready)
    }

    /// What was missing, in pods times time: one pod for two minutes is as much as two for one.
    pub fn missing_pod_time(&self) -> Duration {
        let shortages = self.shortages.iter();
        let missing = shortages.map(|shortage| shortage.lasted.saturating_mul(shortage.missing));
        missing.fold(Duration::ZERO, Duration::saturating_add)
    }

    /// The largest share that the candidate ever had.
    pub fn most_weight(&self) -> Weight {
        self.weights
            .iter()
            .map(|span| span.weight)
            .max()
            .unwrap_or_default()
    }
}

/// A time during which the candidate had one share of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WeightSpan {
    /// From when.
    pub from: Timestamp,
    /// For how long.
    #[serde(with = "duration")]
    pub lasted: Duration,
    /// Which share, to the nearest basis point.
    pub weight: Weight,
}

/// A time during which fewer pods were ready than at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shortage {
    /// From when.
    pub from: Timestamp,
    /// For how long.
    #[serde(with = "duration")]
    pub lasted: Duration,
    /// By how many fewer.
    pub missing: u32,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Write {
    /// When it took effect.
    pub at: Timestamp,
    /// Who: a claim, or a person's name.
    pub by: String,
    /// What, in words.
    pub what: String,
}
