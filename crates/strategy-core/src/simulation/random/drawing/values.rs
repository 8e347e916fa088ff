//! Drawn numbers, times and shares.

use std::ops::RangeInclusive;
use std::time::Duration;

use proptest::prelude::*;

use crate::weight::Weight;

/// A time of whole seconds.
pub(super) fn seconds(range: RangeInclusive<u64>) -> BoxedStrategy<Duration> {
    range.prop_map(Duration::from_secs).boxed()
}

/// A share of whole percents.
pub(super) fn percent(range: RangeInclusive<u16>) -> BoxedStrategy<Weight> {
    range
        .prop_map(|percent| Weight::from_percent(percent).unwrap_or(Weight::FULL))
        .boxed()
}
