//! Events: each point in one window, and nothing told apart from zero.

use serde_json::{Value, json};
use strategy_core::analysis::Count;
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::question::{Line, at, events, numbers, read, requests, timeseries};

fn counted(total: u64, failed: u64) -> Reading {
    Reading::Told(Data::Events(Events::counted(total, failed)))
}

#[tokio::test]
async fn the_points_of_the_window_are_added_up() {
    let reply = timeseries(
        &[990, 1_000, 1_010, 1_020, 1_030],
        &[
            (0, &[], &numbers([1_000, 10, 20, 30, 5_000])),
            (1, &[], &numbers([500, 0, 2, 1, 600])),
        ],
    );
    assert_eq!(events(reply, json!({})).await, counted(60, 3));
}

#[tokio::test]
async fn what_is_good_is_the_complement_of_what_failed() {
    let reply = timeseries(
        &[1_000, 1_010],
        &[(0, &[], &numbers([50, 50])), (1, &[], &numbers([50, 47]))],
    );
    let metric = json!({ "requests": "sum:a{*}.as_count()", "good": "sum:a{ok:yes}.as_count()" });
    let answer = read(reply, metric, Shape::Events).await.unwrap();
    assert_eq!(answer.reading, counted(100, 3));
    // More good ones than there were: none failed.
    let reply = timeseries(
        &[1_000],
        &[(0, &[], &numbers([5])), (1, &[], &numbers([7]))],
    );
    let metric = json!({ "requests": "sum:a{*}.as_count()", "good": "sum:a{ok:yes}.as_count()" });
    let answer = read(reply, metric, Shape::Events).await.unwrap();
    assert_eq!(answer.reading, counted(5, 0));
}

/// Datadog has a time in the answer if one of the series has a number there.
#[tokio::test]
async fn an_interval_without_a_point_counted_nothing() {
    let null = Value::Null;
    let all: &[Value] = &[json!(40), null.clone(), json!(60)];
    let failed: &[Value] = &[null.clone(), null, json!(3)];
    let reply = timeseries(&[1_000, 1_010, 1_020], &[(0, &[], all), (1, &[], failed)]);
    assert_eq!(events(reply, json!({})).await, counted(100, 3));
    let reply = timeseries(&[1_000], &[(0, &[], &numbers([40]))]);
    assert_eq!(
        events(reply, json!({})).await,
        counted(40, 0),
        "no series of failures"
    );
}

#[tokio::test]
async fn no_series_and_no_number_are_empty() {
    let empty: [Line<'_>; 0] = [];
    assert_eq!(
        events(timeseries(&[], &empty), json!({})).await,
        Reading::Empty
    );
    let nothing: &[Value] = &[Value::Null];
    let reply = timeseries(&[1_000], &[(0, &[], nothing), (1, &[], &numbers([3]))]);
    assert_eq!(
        events(reply, json!({})).await,
        Reading::Empty,
        "failures of nothing"
    );
    let reply = timeseries(&[1_000], &[(1, &[], &numbers([3]))]);
    assert_eq!(
        events(reply, json!({})).await,
        Reading::Empty,
        "failures alone"
    );
    let reply = timeseries(&[1_030], &[(0, &[], &numbers([3]))]);
    assert_eq!(
        events(reply, json!({})).await,
        Reading::Empty,
        "of the next window"
    );
}

/// An agent that is dead and a service that nobody asked look alike.
#[tokio::test]
async fn a_window_without_a_point_is_no_count_of_zero() {
    let reply = |at| timeseries(&[at], &[(0, &[], &numbers([40])), (1, &[], &numbers([4]))]);
    // The end of the interval that the last point stands for.
    let newest = at(1_000);
    assert_eq!(events(reply(990), json!({})).await, Reading::stale(newest));
    let zero = timeseries(&[1_020], &[(0, &[], &numbers([0]))]);
    assert_eq!(
        events(zero, json!({})).await,
        counted(0, 0),
        "one of zero is"
    );
}

#[tokio::test]
async fn what_ended_too_long_before_the_window_did_is_stale() {
    let reply = |at| timeseries(&[at], &[(0, &[], &numbers([40])), (1, &[], &numbers([4]))]);
    let stale_after = |text: &str| json!({ "stale-after": text });
    // It stands for the seconds until 1 010, 20 before the window's end.
    assert_eq!(
        events(reply(1_000), stale_after("20s")).await,
        counted(40, 4)
    );
    let newest = at(1_010);
    assert_eq!(
        events(reply(1_000), stale_after("10s")).await,
        Reading::stale(newest)
    );
}

#[tokio::test]
async fn a_series_that_has_only_some_of_the_intervals_is_told_with_the_evidence() {
    let notes = async |seconds: &[u64], lines: &[Line<'_>]| {
        let answer = read(timeseries(seconds, lines), requests(), Shape::Events);
        answer.await.unwrap().notes
    };
    let told = notes(&[1_000, 1_020], &[(0, &[], &numbers([40, 50]))]).await;
    assert_eq!(told, ["`requests` have a point in 2 of 3 intervals"]);
    let all = [1_000, 1_010, 1_020];
    let whole = notes(
        &all,
        &[
            (0, &[], &numbers([40, 0, 50])),
            (1, &[], &numbers([4, 4, 4])),
        ],
    )
    .await;
    assert!(whole.is_empty(), "{whole:?}");
    // Two series have all of them together, and an earlier point is none of them.
    let one: &[Value] = &[json!(1), json!(1), Value::Null, json!(1)];
    let other: &[Value] = &[json!(1), Value::Null, json!(1), Value::Null];
    let seconds = [990, 1_000, 1_010, 1_020];
    let lines: [Line<'_>; 2] = [(0, &["pod:a"], one), (0, &["pod:b"], other)];
    assert!(notes(&seconds, &lines).await.is_empty());
    let lines: [Line<'_>; 1] = [(0, &["pod:a"], one)];
    let told = notes(&seconds, &lines).await;
    assert_eq!(told, ["`requests` have a point in 2 of 3 intervals"]);
}

#[tokio::test]
async fn a_count_below_zero_is_not_a_number() {
    let reply = timeseries(&[1_000, 1_010], &[(0, &[], &numbers([40, -1]))]);
    assert_eq!(events(reply, json!({})).await, Reading::NotANumber);
    let reply = timeseries(
        &[1_000],
        &[(0, &[], &numbers([40])), (1, &[], &numbers([-1]))],
    );
    assert_eq!(events(reply, json!({})).await, Reading::NotANumber);
    let reply = timeseries(&[990, 1_000], &[(0, &[], &numbers([-1, 40]))]);
    assert_eq!(
        events(reply, json!({})).await,
        counted(40, 0),
        "it is of no window of ours"
    );
}

#[tokio::test]
async fn counts_are_rounded_when_they_are_added_up() {
    let halves: &[Value] = &[json!(10.4), json!(10.4), json!(10.4)];
    let reply = timeseries(&[1_000, 1_010, 1_020], &[(0, &[], halves)]);
    assert_eq!(events(reply, json!({})).await, counted(31, 0));
}

#[tokio::test]
async fn units_are_told_apart_by_their_tag() {
    let unit = json!({ "unit": "pod_name" });
    let reply = timeseries(
        &[1_000, 1_010],
        &[
            (0, &["pod_name:a", "zone:x"], &numbers([10, 10])),
            (0, &["zone:x", "pod_name:b"], &numbers([5, 5])),
            (1, &["pod_name:b"], &numbers([5, 5])),
        ],
    );
    let Reading::Told(Data::Events(told)) = events(reply, unit).await else {
        panic!("no events");
    };
    let count = |total, failed| Count { total, failed };
    assert_eq!(told.all, count(30, 10));
    let units: Vec<_> = told.by_unit.into_iter().collect();
    assert_eq!(
        units,
        [
            ("a".to_owned(), count(20, 0)),
            ("b".to_owned(), count(10, 10))
        ]
    );
}

#[tokio::test]
async fn units_that_the_two_queries_name_differently_are_not_told_apart() {
    let unit = json!({ "unit": "pod_name" });
    let reply = timeseries(
        &[1_000],
        &[
            (0, &["pod_name:a"], &numbers([10])),
            (1, &["pod_name:b"], &numbers([2])),
        ],
    );
    assert_eq!(events(reply, unit).await, counted(10, 2));
}

#[tokio::test]
async fn series_that_are_not_told_apart_are_added_up() {
    let reply = timeseries(
        &[1_000],
        &[
            (0, &["zone:x"], &numbers([10])),
            (0, &["zone:y"], &numbers([5])),
            (1, &["zone:y"], &numbers([2])),
        ],
    );
    assert_eq!(events(reply, json!({})).await, counted(15, 2));
}
