//! Numbers over time, and one for each unit.

use serde_json::{Value, json};
use strategy_metrics::source::SourceError;
use strategy_metrics::{Data, Reading, Shape};

use crate::loopback::Reply;
use crate::question::{Line, numbers, read, timeseries};

fn query() -> Value {
    json!({ "query": "p95:web.latency{version:{{version}}}", "unit": "pod_name" })
}

async fn of(reply: Reply, shape: Shape) -> Reading {
    read(reply, query(), shape).await.unwrap().reading
}

#[tokio::test]
async fn values_are_the_numbers_of_the_window() {
    let values: &[Value] = &[json!(9.0), json!(0.25), Value::Null, json!(0.5), json!(9.0)];
    let reply = timeseries(&[999, 1_000, 1_010, 1_029, 1_030], &[(0, &[], values)]);
    let told = Reading::Told(Data::Values(vec![0.25, 0.5]));
    assert_eq!(of(reply, Shape::Values).await, told);
}

/// 0/0 is `null`: <https://github.com/argoproj/argo-rollouts/pull/3893>.
#[tokio::test]
async fn a_series_without_a_number_is_not_a_number_and_no_series_is_empty() {
    let nothing: &[Value] = &[Value::Null];
    let no_lines: [Line<'_>; 0] = [];
    let null = || timeseries(&[1_000], &[(0, &["pod_name:a"], nothing)]);
    let of_the_next = || timeseries(&[1_030], &[(0, &["pod_name:a"], &numbers([1]))]);
    for shape in [Shape::Values, Shape::Units] {
        assert_eq!(of(null(), shape).await, Reading::NotANumber, "{shape}");
        assert_eq!(
            of(timeseries(&[], &no_lines), shape).await,
            Reading::Empty,
            "{shape}"
        );
        assert_eq!(of(of_the_next(), shape).await, Reading::Empty, "{shape}");
    }
}

#[tokio::test]
async fn units_have_their_newest_number() {
    let a: &[Value] = &[json!(1), json!(2), Value::Null];
    let b: &[Value] = &[json!(5), json!(6), json!(7)];
    let gone: &[Value] = &[Value::Null, Value::Null, Value::Null];
    let reply = timeseries(
        &[1_000, 1_010, 1_020],
        &[
            (0, &["pod_name:a"], a),
            (0, &["pod_name:b"], b),
            (0, &["pod_name:c"], gone),
        ],
    );
    let units = [("a".to_owned(), 2.0), ("b".to_owned(), 7.0)].into();
    assert_eq!(
        of(reply, Shape::Units).await,
        Reading::Told(Data::Units(units))
    );
}

#[tokio::test]
async fn series_that_do_not_answer_the_question_are_permanent_errors() {
    let one = numbers([1]);
    for (lines, shape, named) in [
        (
            vec![(0, &["pod_name:a"][..]), (0, &["pod_name:b"])],
            Shape::Values,
            "2 series",
        ),
        (
            vec![(0, &["zone:x"][..])],
            Shape::Units,
            "no tag `pod_name`",
        ),
        (
            vec![
                (0, &["pod_name:a", "zone:x"][..]),
                (0, &["pod_name:a", "zone:y"]),
            ],
            Shape::Units,
            "two series",
        ),
    ] {
        let lines: Vec<Line<'_>> = lines
            .into_iter()
            .map(|(query, tags)| (query, tags, &one[..]))
            .collect();
        let error = read(timeseries(&[1_000], &lines), query(), shape)
            .await
            .unwrap_err();
        let SourceError::Permanent { problem, mend, .. } = error else {
            panic!("{error:?}");
        };
        assert!(problem.contains(named), "{problem}");
        assert!(mend.contains("by {"), "{mend}");
    }
}
