//! What judges of latency share: exact counts at the bounds of buckets, and the verdict of their evidence.

use std::time::Duration;

use strategy_core::analysis::{Verdict, Window};
use strategy_core::target::Finding;
use strategy_core::{Track, Tracks};

use super::figure::figure;
use super::seen::Seen;
use super::weighing::ln_threshold;
use super::{JudgeError, Prospect, Reason, Sight, data_of};
use crate::reading::{Data, Events, Histogram, Shape};
use crate::state::{Reader, StateError, Writer};

/// The histograms of both tracks, or of the candidate twice where nothing is compared; else why there are none.
pub(super) fn histograms(
    sight: &Sight,
    compares: bool,
) -> Result<Result<Tracks<&Histogram>, Verdict>, JudgeError> {
    let of = |track| -> Result<Result<&Histogram, Verdict>, JudgeError> {
        match data_of(sight.readings.of(track), track, Shape::Histogram)? {
            Ok(Data::Histogram(histogram)) => Ok(Ok(histogram)),
            Ok(data @ (Data::Events(_) | Data::Units(_) | Data::Values(_))) => {
                Err(JudgeError::Shape {
                    asked: Shape::Histogram,
                    told: data.shape(),
                })
            }
            Err(verdict) => Ok(Err(verdict)),
        }
    };
    let candidate = of(Track::Candidate)?;
    let stable = if compares {
        of(Track::Stable)?
    } else {
        candidate.clone()
    };
    Ok(match (candidate, stable) {
        (Ok(candidate), Ok(stable)) => Ok(Tracks { stable, candidate }),
        (Err(why), _) | (_, Err(why)) => Err(why),
    })
}

/// The smallest bound that is at least so large.
pub(super) fn up(bounds: &[f64], value: f64) -> Option<f64> {
    let at = bounds.partition_point(|bound| *bound < value);
    bounds.get(at).copied()
}

/// How many events are above a bound that a bucket ends at; else what is wrong, as a verdict.
pub(super) fn above(histogram: &Histogram, bound: f64, track: Track) -> Result<u64, Verdict> {
    let bounds = histogram.bounds();
    match bounds.binary_search_by(|other| other.total_cmp(&bound)) {
        Ok(at) => Ok(histogram.above(at)),
        Err(_) => Err(Reason::BucketResolution.because(format_args!(
            "no bucket of {track} ends at {}; they were changed meanwhile, or were never so",
            figure(bound)
        ))),
    }
}

/// As people read them; the first and the last ones where they are many.
pub(super) fn listed(bounds: &[f64]) -> String {
    let shown = |bounds: &[f64]| {
        let texts: Vec<_> = bounds.iter().map(|bound| figure(*bound)).collect();
        texts.join(", ")
    };
    match bounds {
        [first @ .., last] if first.len() > 12 => {
            let first = first.get(..8).unwrap_or(first);
            format!("{}, … {}", shown(first), figure(*last))
        }
        _ => shown(bounds),
    }
}

/// What stands in the way of a judge of these buckets.
pub(super) fn too_coarse(prospect: &Prospect, problem: String, mend: &str) -> Vec<Finding> {
    let resource = prospect.resource.clone();
    vec![Finding::blocks(
        "buckets-too-coarse",
        resource,
        problem,
        mend.to_owned(),
    )]
}

/// When a judge of evidence about latency says something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) minimum_events: u64,
    pub(super) silence: Duration,
    pub(super) compares: bool,
}

/// What such a judge remembers beside the evidence itself: 56 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standing {
    candidate: Seen,
    stable: Seen,
    /// The most evidence that there ever was, in natural logarithms.
    pub(super) highest: f64,
}

impl Standing {
    /// So many events were seen, and the evidence is now so much.
    pub(super) fn add(&mut self, histograms: Tracks<&Histogram>, window: Window, now: f64) {
        let count = |histogram: &Histogram| Events::counted(histogram.total(), 0).all;
        self.candidate.add(count(histograms.candidate), window);
        self.stable.add(count(histograms.stable), window);
        self.highest = self.highest.max(now);
    }

    /// How many events there were of a track.
    pub(super) const fn events(&self, track: Track) -> u64 {
        match track {
            Track::Candidate => self.candidate.all.total,
            Track::Stable => self.stable.all.total,
        }
    }

    pub(super) fn failed(&self, alpha: f64) -> bool {
        self.highest >= ln_threshold(alpha)
    }

    /// In this order: what failed stays failed; a track without events for long is inconclusive; few events of
    /// the candidate are undecided; a fifth of the evidence to fail is a warning.
    pub(super) fn verdict(&self, now: f64, alpha: f64, rules: Rules) -> Verdict {
        if self.failed(alpha) {
            return Verdict::Fail;
        }
        let of_stable = || self.stable.is_silent(Track::Stable, rules.silence);
        let silent = self.candidate.is_silent(Track::Candidate, rules.silence);
        let silent = silent.or_else(|| rules.compares.then(of_stable).flatten());
        if let Some(silent) = silent {
            return silent;
        }
        if self.candidate.all.total < rules.minimum_events
            || (rules.compares && self.stable.all.total == 0)
        {
            return Verdict::Undecided;
        }
        if now > 0.0 && now >= ln_threshold(5.0 * alpha) {
            Verdict::Warn
        } else {
            Verdict::Pass
        }
    }

    pub(super) fn write(self, writer: Writer) -> Writer {
        self.stable
            .write(self.candidate.write(writer))
            .f64(self.highest)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            candidate: Seen::read(reader)?,
            stable: Seen::read(reader)?,
            highest: reader.f64()?,
        })
    }
}
