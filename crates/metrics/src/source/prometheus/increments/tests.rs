//! Nothing counts twice, and nothing that is known is lost.
#![allow(clippy::float_cmp, reason = "whole numbers")]

use proptest::prelude::*;

use super::*;

fn window(from: u64, to: u64) -> Window {
    Window {
        from: Timestamp::from_millis(from * 1000),
        to: Timestamp::from_millis(to * 1000),
    }
}

/// A series of a target, with samples at seconds.
fn series(instance: &str, code: &str, samples: &[(u64, f64)]) -> Series {
    let labels = [("job", "web"), ("instance", instance), ("code", code)];
    Series {
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        samples: samples
            .iter()
            .map(|(at, value)| (Timestamp::from_millis(at * 1000), *value))
            .collect(),
        natives: Vec::new(),
        is_older: false,
    }
}

fn counted(series: &[Series], window: Window) -> f64 {
    let known = known_targets(series);
    let increments = increments(series, window, &known).unwrap();
    increments.iter().map(|increment| increment.count).sum()
}

#[test]
fn a_window_counts_from_the_last_sample_before_it_to_its_last() {
    let one = [series(
        "a",
        "200",
        &[(5, 10.0), (20, 14.0), (35, 21.0), (50, 21.0)],
    )];
    assert_eq!(counted(&one, window(0, 20)), 0.0);
    assert_eq!(counted(&one, window(10, 30)), 4.0);
    assert_eq!(counted(&one, window(30, 60)), 7.0);
    assert_eq!(counted(&one, window(10, 60)), 11.0);
    assert_eq!(counted(&one, window(21, 34)), 0.0, "no sample in it");
}

#[test]
fn a_sample_at_the_border_is_of_the_window_that_begins_there() {
    let one = [series("a", "200", &[(10, 1.0), (20, 3.0), (30, 7.0)])];
    assert_eq!(counted(&one, window(15, 20)), 0.0);
    assert_eq!(counted(&one, window(20, 30)), 2.0);
    assert_eq!(counted(&one, window(30, 40)), 4.0);
}

#[test]
fn a_counter_that_falls_was_begun_anew() {
    let one = [series(
        "a",
        "200",
        &[(5, 100.0), (15, 104.0), (25, 3.0), (35, 2.0), (45, 9.0)],
    )];
    assert_eq!(counted(&one, window(10, 50)), 4.0 + 3.0 + 2.0 + 7.0);
}

#[test]
fn the_first_failure_of_a_target_that_was_there_counts() {
    let all = [
        series("a", "200", &[(5, 100.0), (15, 150.0), (25, 190.0)]),
        series("a", "500", &[(15, 1.0), (25, 3.0)]),
    ];
    assert_eq!(counted(&all, window(10, 30)), 90.0 + 3.0);
    let window = window(10, 30);
    let known = known_targets(&all);
    assert_eq!(
        increments(&all[1..], window, &known).unwrap()[0].count,
        3.0,
        "alone as well"
    );
}

#[test]
fn what_a_target_counted_before_it_was_first_seen_belongs_to_no_window() {
    let new = [series("b", "200", &[(15, 100.0), (25, 130.0)])];
    assert_eq!(counted(&new, window(10, 30)), 30.0);
    assert_eq!(counted(&new, window(10, 20)), 0.0);
    assert_eq!(counted(&new, window(20, 30)), 30.0);
}

/// As when somebody gives the target another label: its life is not counted once more.
#[test]
fn series_that_take_the_place_of_others_count_from_their_first_sample() {
    let place_taken = [
        series("a", "200", &[(5, 9_000.0), (15, 9_010.0)]),
        series("a", "ok", &[(25, 9_030.0), (35, 9_050.0)]),
    ];
    for (from, to, expected) in [(10, 40, 30.0), (20, 40, 20.0), (10, 20, 10.0)] {
        assert_eq!(
            counted(&place_taken, window(from, to)),
            expected,
            "{from} to {to}"
        );
    }
}

/// Where nothing tells targets apart, nothing is known of any.
#[test]
fn a_series_of_no_target_that_is_back_after_a_gap_is_not_counted_whole() {
    let anonymous = |mut series: Series| {
        series.labels.remove("job");
        series.labels.remove("instance");
        series
    };
    let all = [
        anonymous(series("a", "200", &[(5, 100.0), (15, 110.0), (25, 120.0)])),
        anonymous(series("b", "500", &[(15, 5_000.0), (25, 5_001.0)])),
    ];
    assert_eq!(counted(&all, window(10, 30)), 20.0 + 1.0);
}

#[test]
fn the_newest_sample_is_one_before_the_end() {
    let all = [
        series("a", "200", &[(5, 1.0), (15, 1.0)]),
        series("b", "200", &[(9, 1.0), (31, 1.0)]),
    ];
    assert_eq!(
        newest(&all, window(10, 30)),
        Some(Timestamp::from_millis(15_000))
    );
    assert_eq!(newest(&all, window(0, 5)), None);
}

fn bucket(instance: &str, le: &str, count: f64) -> Series {
    let mut bucket = series(instance, "200", &[(5, 0.0), (15, count)]);
    bucket.labels.insert("le".to_owned(), le.to_owned());
    bucket
}

fn histogram_of(all: &[Series]) -> Result<Reading, String> {
    let window = window(10, 20);
    histogram(&increments(all, window, &known_targets(all)).unwrap())
}

#[test]
fn buckets_of_several_targets_are_added_at_the_bounds_that_all_have() {
    let all = [
        bucket("a", "0.1", 3.0),
        bucket("a", "0.5", 5.0),
        bucket("a", "+Inf", 6.0),
        bucket("b", "0.1", 1.0),
        bucket("b", "0.25", 2.0),
        bucket("b", "0.5", 2.0),
        bucket("b", "+Inf", 9.0),
    ];
    let Ok(Reading::Told(Data::Histogram(found))) = histogram_of(&all) else {
        panic!("no histogram");
    };
    assert_eq!(found.bounds(), [0.1, 0.5]);
    assert_eq!(found.counts(), [4, 3, 8]);
}

#[test]
fn what_is_no_histogram_is_refused() {
    for (all, named) in [
        (
            vec![series("a", "200", &[(5, 0.0), (15, 1.0)])],
            "label `le`",
        ),
        (vec![bucket("a", "0.1", 1.0)], "+Inf"),
        (vec![bucket("a", "much", 1.0)], "`much`"),
        (
            vec![
                bucket("a", "1", 1.0),
                bucket("a", "1.0", 1.0),
                bucket("a", "+Inf", 1.0),
            ],
            "two series",
        ),
        (vec![bucket("a", "+Inf", 1.0)], "bounds"),
    ] {
        let error = histogram_of(&all).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
}

proptest! {
    /// However a counter is scraped, restarted and cut into windows: the windows add up to what was counted
    /// from the first sample to the last.
    #[test]
    fn windows_that_adjoin_add_up(
        steps in prop::collection::vec((1_u64..20, 0_u32..9, prop::bool::weighted(0.1)), 2..60),
        cuts in prop::collection::btree_set(1_u64..1200, 0..30),
    ) {
        let (mut at, mut value, mut total) = (0, 0_u32, 0);
        let samples: Vec<_> = steps
            .iter()
            .map(|(gap, more, restarted)| {
                if *restarted {
                    value = 0;
                }
                value += more;
                total += if at == 0 { 0 } else { *more };
                at += gap;
                (at, f64::from(value))
            })
            .collect();
        // A restart that counts more than before until the next sample cannot be seen; none is made here.
        prop_assume!(steps.windows(2).zip(samples.windows(2)).all(|(step, sample)| !step[1].2 || sample[1].1 < sample[0].1));
        let one = [series("a", "200", &samples)];
        let mut ends: Vec<u64> = cuts.into_iter().collect();
        ends.push(2000);
        let mut from = 0;
        let mut sum = 0.0;
        for to in ends {
            sum += counted(&one, window(from, to));
            from = to;
        }
        prop_assert_eq!(sum, f64::from(total));
    }
}
