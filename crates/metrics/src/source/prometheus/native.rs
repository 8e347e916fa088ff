//! Native histograms: what they counted in a window, at bounds that are the same in every window.
//!
//! Source of buckets and of what is a reset: Prometheus, `model/histogram/float_histogram.go` (`DetectReset`), and
//! <https://prometheus.io/docs/specs/native_histograms/>.

use std::collections::BTreeSet;

use serde::Deserialize;
use strategy_core::analysis::Window;

use super::answer::Series;
use super::increments::{Known, begins_at_0, is_no_count};
use super::whole;
use crate::reading::{Data, Histogram, Reading};

/// Bounds are told from 2 to this power, about a microsecond where they are seconds.
const LEAST: i32 = -20;
/// Up to 2 to this power, a tebibyte where they are bytes.
const MOST: i32 = 40;

/// Bounds that differ by less are one: the server writes them rounded.
const ALIKE: f64 = 1e-9;

/// A sample of a native histogram, cumulative since its process began.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Native {
    /// All observations, also those that are in no bucket, such as NaN.
    pub(super) count: f64,
    /// Those that are not empty.
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    left: f64,
    /// Inclusive, where the bucket is not below 0.
    right: f64,
    count: f64,
}

/// As the API writes it: the bounds and counts are text, and the first of a bucket says which bounds are inclusive.
#[derive(Debug, Deserialize)]
pub(super) struct Raw {
    count: String,
    #[serde(default)]
    buckets: Vec<(u8, String, String, String)>,
}

impl Native {
    pub(super) fn read(
        raw: Raw,
        number: impl Fn(&str) -> Result<f64, String>,
    ) -> Result<Self, String> {
        let bucket = |(_, left, right, count): (u8, String, String, String)| {
            Ok(Bucket {
                left: number(&left)?,
                right: number(&right)?,
                count: number(&count)?,
            })
        };
        Ok(Self {
            count: number(&raw.count)?,
            buckets: raw
                .buckets
                .into_iter()
                .map(bucket)
                .collect::<Result<_, String>>()?,
        })
    }

    /// How often its buckets double in width: 2 to the power of its schema's negative; `None`: no bucket tells.
    fn width(&self) -> Option<f64> {
        let exponential = self
            .buckets
            .iter()
            .filter(|bucket| bucket.left > 0.0 && bucket.right.is_finite());
        exponential
            .map(|bucket| (bucket.right / bucket.left).log2())
            .reduce(f64::max)
    }

    /// How many are at most so large, which no bucket lies across.
    fn upto(&self, bound: f64) -> f64 {
        let below = self
            .buckets
            .iter()
            .filter(|bucket| bucket.right <= bound * (1.0 + ALIKE));
        below.map(|bucket| bucket.count).sum()
    }

    fn lies_across(&self, bound: f64) -> bool {
        let inside = |bucket: &Bucket| {
            bucket.left < bound * (1.0 - ALIKE) && bound * (1.0 + ALIKE) < bucket.right
        };
        self.buckets.iter().any(inside)
    }

    /// How many are at most as large as each bound, and how many there are.
    fn cumulative(&self, bounds: &[f64]) -> Vec<f64> {
        let at = bounds.iter().map(|bound| self.upto(*bound));
        at.chain([self.count]).collect()
    }
}

/// The bounds at which native histograms are told, and whether they are fewer than were asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) bounds: Vec<f64>,
    pub(super) is_coarser: bool,
}

impl Told {
    /// That less is told than was asked for.
    pub(super) fn note(&self) -> Option<String> {
        let note = "a native histogram is coarser than the metric's `schema`, and so are the bounds that are told";
        self.is_coarser.then(|| note.to_owned())
    }

    /// The bounds of this schema at which all samples say how many are below. A sample whose own schema is smaller
    /// says it of the bounds of that, and one says nothing of bounds within the bucket around 0.
    ///
    /// # Errors
    /// When buckets are none of a schema.
    pub(super) fn of(series: &[Series], schema: i8) -> Result<Self, String> {
        let natives = || series.iter().flat_map(|series| &series.natives);
        let widest = natives().filter_map(Native::width).reduce(f64::max);
        let own = widest.map_or(schema, schema_of);
        let is_power = |width: f64| (width / width_of(schema_of(width)) - 1.0).abs() < 1e-6;
        if natives()
            .filter_map(Native::width)
            .any(|width| !is_power(width))
        {
            return Err("the buckets of a native histogram do not grow by a power of 2: it has bounds of its own".to_owned());
        }
        let bounds = grid(own.min(schema)).into_iter();
        let bounds = bounds.filter(|bound| !natives().any(|native| native.lies_across(*bound)));
        Ok(Self {
            bounds: bounds.collect(),
            is_coarser: own < schema,
        })
    }
}

/// In how many octaves a bucket of a schema is.
fn width_of(schema: i8) -> f64 {
    (-f64::from(schema)).exp2()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "an f64 as a whole number of an i8 saturates"
)]
fn schema_of(width: f64) -> i8 {
    -width.log2().round() as i8
}

/// All bounds of a schema in the range that is told.
fn grid(schema: i8) -> Vec<f64> {
    let width = width_of(schema);
    let (least, most) = (f64::from(LEAST) / width, f64::from(MOST) / width);
    let steps = std::iter::successors(Some(least.ceil()), |step| Some(step + 1.0));
    let within = steps.take_while(|step| *step <= most);
    within.map(|step| (step * width).exp2()).collect()
}

/// What all series counted in a window, at these bounds.
///
/// A histogram begins anew where it has fewer observations, in all or up to some bound, or has become finer: those
/// that it shows then are counted. `Reading::NotANumber` is told as of counters.
///
/// # Errors
/// When there is no bound.
pub(super) fn histogram(
    series: &[Series],
    window: Window,
    known: &Known<'_>,
    bounds: &[f64],
) -> Result<Reading, String> {
    let mut all = vec![0.0; bounds.len() + 1];
    for one in series {
        let Some(counted) = counted(one, window, begins_at_0(one, known), bounds) else {
            return Ok(Reading::NotANumber);
        };
        for (sum, counted) in all.iter_mut().zip(counted) {
            *sum += counted;
        }
    }
    let mut below = 0;
    let counts = all.into_iter().map(|sum| {
        let upto = whole(sum).max(below);
        let within = upto - below;
        below = upto;
        within
    });
    let histogram = Histogram::new(bounds.to_vec(), counts.collect());
    Ok(Reading::Told(Data::Histogram(
        histogram.map_err(|error| error.to_string())?,
    )))
}

fn counted(series: &Series, window: Window, begins_at_0: bool, bounds: &[f64]) -> Option<Vec<f64>> {
    let mut counted = vec![0.0; bounds.len() + 1];
    let mut before = begins_at_0.then(|| (counted.clone(), None));
    for ((at, _), native) in series.samples.iter().zip(&series.natives) {
        if *at >= window.to {
            break;
        }
        let now = (native.cumulative(bounds), native.width());
        if *at >= window.from {
            let is_none = |values: &[f64]| values.iter().any(|value| is_no_count(*value));
            if is_none(&now.0) || before.as_ref().is_some_and(|(before, _)| is_none(before)) {
                return None;
            }
            if let Some((before, width)) = &before {
                let falls = before.iter().zip(&now.0).any(|(before, now)| now < before);
                let is_finer = now
                    .1
                    .zip(*width)
                    .is_some_and(|(now, before)| now < before * (1.0 - ALIKE));
                for ((sum, before), now) in counted.iter_mut().zip(before).zip(&now.0) {
                    *sum += if falls || is_finer {
                        *now
                    } else {
                        now - before
                    };
                }
            }
        }
        before = Some(now);
    }
    Some(counted)
}

/// All of one kind: native, or none is.
///
/// # Errors
/// When both are there.
pub(super) fn are_native(series: &[Series]) -> Result<bool, String> {
    let kinds: BTreeSet<_> = series
        .iter()
        .map(|series| !series.natives.is_empty())
        .collect();
    if kinds.len() > 1 {
        return Err("classic buckets and native histograms answer together".to_owned());
    }
    Ok(kinds.contains(&true))
}

#[cfg(test)]
mod tests;
