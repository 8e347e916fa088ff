//! What is told of a native histogram is what was observed, and no answer makes it panic.

use std::collections::BTreeMap;

use proptest::prelude::*;
use strategy_core::Timestamp;

use super::*;

fn series(natives: Vec<Native>) -> Series {
    let at = (0..).map(|n| Timestamp::from_millis(n * 1_000));
    Series {
        labels: BTreeMap::new(),
        samples: at.zip(natives.iter().map(|native| native.count)).collect(),
        natives,
        is_older: false,
    }
}

/// What a client library of this schema has of these observations: in each bucket those above its left bound and up to
/// its right one.
fn observed(values: &[f64], schema: i8) -> Native {
    let width = width_of(schema);
    let mut buckets: BTreeMap<i64, f64> = BTreeMap::new();
    for value in values {
        #[expect(clippy::cast_possible_truncation, reason = "small in these tests")]
        let index = (value.log2() / width).ceil() as i64;
        *buckets.entry(index).or_default() += 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "small in these tests")]
    let bound = |index: i64| (index as f64 * width).exp2();
    let buckets = buckets.into_iter().map(|(index, count)| Bucket {
        left: bound(index - 1),
        right: bound(index),
        count,
    });
    #[expect(clippy::cast_precision_loss, reason = "small in these tests")]
    let count = values.len() as f64;
    Native {
        count,
        buckets: buckets.collect(),
    }
}

proptest! {
    /// Whatever the resolution, and whichever buckets are empty: at each bound that is told there are as many
    /// observations as were no larger, and it gets coarser in the window without a loss.
    #[test]
    fn what_is_told_was_observed(
        // Away from the bounds of every schema that is tried.
        steps in prop::collection::vec((-600_i32..600).prop_map(|step| f64::from(step) * 8.0 + 3.0), 1..40),
        before in 0_usize..40,
        finest in 0_i8..5,
        coarser in 0_i8..3,
        asked in -4_i8..4,
    ) {
        let values: Vec<f64> = steps.iter().map(|step| (step / 512.0).exp2()).collect();
        let before = before.min(values.len());
        let own = finest - coarser;
        let all = [series(vec![observed(&values[..before], finest), observed(&values, own)])];
        let told = Told::of(&all, asked).unwrap();
        prop_assert_eq!(told.is_coarser, own < asked);
        let least = if before == 0 { own } else { own.min(finest) };
        prop_assert_eq!(&told.bounds, &grid(least.min(asked)));
        let window = Window {
            from: Timestamp::from_millis(500),
            to: Timestamp::from_millis(1_500),
        };
        let reading = histogram(&all, window, &Known::new(), &told.bounds).unwrap();
        let Reading::Told(Data::Histogram(found)) = reading else {
            panic!("{reading:?}");
        };
        for (at, bound) in told.bounds.iter().enumerate() {
            let upto = values[before..].iter().filter(|value| *value <= bound).count();
            prop_assert_eq!(found.total() - found.above(at), upto as u64, "{}", bound);
        }
    }

    #[test]
    fn no_answer_makes_it_panic(
        buckets in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 0..6),
        count in any::<f64>(),
        asked in -4_i8..4,
    ) {
        let buckets = buckets.into_iter().map(|(left, right, count)| Bucket { left, right, count });
        let native = Native { count, buckets: buckets.collect() };
        let all = [series(vec![native.clone(), native])];
        let window = Window {
            from: Timestamp::from_millis(500),
            to: Timestamp::from_millis(1_500),
        };
        if let Ok(told) = Told::of(&all, asked) {
            let _ = histogram(&all, window, &Known::new(), &told.bounds);
        }
    }
}
