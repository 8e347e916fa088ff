//! Native histograms, as Prometheus 2.42 answers with its feature `native-histograms`: those buckets that are not
//! empty, each with a rule for its bounds, the bounds and a count.

use serde_json::{Value, json};
use strategy_metrics::source::{Answer, MetricSource, SourceError};
use strategy_metrics::{Data, Histogram, Reading, Shape};

use crate::server::{Reply, Server, question_about, window};

fn matrix(result: Value) -> Reply {
    Reply::of("matrix", result)
}

/// A sample: when, how many in all, and buckets by their bounds.
fn sample(at: f64, count: &str, buckets: &[(&str, &str, &str)]) -> Value {
    let rule = |left: &str| if left.starts_with('-') { 3 } else { 0 };
    let buckets = buckets.iter();
    let buckets: Vec<_> = buckets
        .map(|(left, right, count)| json!([rule(left), left, right, count]))
        .collect();
    json!([at, { "count": count, "sum": "0.5", "buckets": buckets }])
}

fn native(labels: Value, samples: &[Value]) -> Value {
    json!({ "metric": labels, "histograms": samples })
}

fn web() -> Value {
    json!({ "job": "web", "instance": "a" })
}

async fn asked(all: Value, schema: i8) -> Result<Answer, SourceError> {
    let never_before = matrix(json!([]));
    let server = Server::answering([matrix(all), never_before]).await;
    let metric = json!({ "histogram": "request_seconds", "schema": schema });
    let question = question_about(metric, Shape::Histogram);
    server.source().read(&question, window()).await
}

#[track_caller]
fn told(answer: &Answer) -> &Histogram {
    let Reading::Told(Data::Histogram(told)) = &answer.reading else {
        panic!("no histogram: {answer:?}");
    };
    told
}

/// How many are at most so large, at a bound that is told.
#[track_caller]
fn upto(told: &Histogram, bound: f64) -> u64 {
    let at = told
        .bounds()
        .iter()
        .position(|other| (other / bound - 1.0).abs() < 1e-9);
    let at = at.unwrap_or_else(|| panic!("{bound} is not told: {:?}", told.bounds()));
    told.total() - told.above(at)
}

const HALF: &str = "0.7071067811865475";
const TWICE: &str = "1.414213562373095";

#[tokio::test]
async fn a_native_histogram_is_told_at_the_bounds_of_a_schema() {
    let all = json!([native(
        web(),
        &[
            sample(
                990.0,
                "7",
                &[
                    ("-0.001", "0.001", "1"),
                    (HALF, "1", "4"),
                    ("1", TWICE, "2")
                ]
            ),
            sample(
                1005.0,
                "17",
                // One observation is NaN, and in no bucket.
                &[
                    ("-0.001", "0.001", "2"),
                    ("0.5", HALF, "1"),
                    (HALF, "1", "7"),
                    ("1", TWICE, "6")
                ],
            ),
        ]
    )]);
    let answer = asked(all.clone(), 1).await.unwrap();
    let at_1 = told(&answer);
    assert_eq!(answer.notes, Vec::<String>::new());
    for (bound, expected) in [
        (1.0 / 512.0, 1),
        (0.5, 1),
        (0.5_f64.sqrt(), 2),
        (1.0, 5),
        (2.0_f64.sqrt(), 9),
        (1024.0, 9),
    ] {
        assert_eq!(upto(at_1, bound), expected, "{bound}");
    }
    assert_eq!(at_1.total(), 10);
    let answer = asked(all, 0).await.unwrap();
    let at_0 = told(&answer);
    assert_eq!(
        (upto(at_0, 0.5), upto(at_0, 1.0), upto(at_0, 2.0)),
        (1, 5, 9)
    );
    assert!(at_0.bounds().len() < at_1.bounds().len());
}

/// How many of the bucket around 0 are at most so large is not known within it.
#[tokio::test]
async fn no_bound_is_told_that_a_bucket_lies_across() {
    let samples = [
        sample(990.0, "0", &[]),
        sample(1005.0, "9", &[("-0.001", "0.001", "4"), ("0.5", "1", "5")]),
    ];
    let answer = asked(json!([native(web(), &samples)]), 0).await.unwrap();
    assert!((told(&answer).bounds()[0] * 512.0 - 1.0).abs() < 1e-12);
    assert_eq!(upto(told(&answer), 1.0 / 512.0), 4);
}

/// A judge weighs at chosen bounds: they are there whichever buckets are empty.
#[tokio::test]
async fn the_bounds_are_the_same_whichever_buckets_are_empty() {
    let of = |buckets: &[(&str, &str, &str)]| {
        let samples = [sample(990.0, "0", &[]), sample(1005.0, "3", buckets)];
        json!([native(web(), &samples)])
    };
    let mut bounds = Vec::new();
    for buckets in [
        &[][..],
        &[("0.5", HALF, "3")],
        &[("1", TWICE, "2"), ("64", "90.50966799187808", "1")],
        &[("-2", "-1", "1"), ("1", TWICE, "2")],
    ] {
        let answer = asked(of(buckets), 1).await.unwrap();
        bounds.push(told(&answer).bounds().to_vec());
    }
    assert_eq!(bounds[0].len(), 121);
    assert_eq!(
        (bounds[0][0], bounds[0][40], bounds[0][120]),
        (2_f64.powi(-20), 1.0, 2_f64.powi(40))
    );
    assert!(bounds.iter().all(|one| *one == bounds[0]));
}

#[tokio::test]
async fn a_histogram_that_is_coarser_is_told_as_it_is() {
    // It was merged in the window: what it had counted before is not counted again.
    let merged = [
        sample(990.0, "7", &[("0.5", HALF, "3"), (HALF, "1", "4")]),
        sample(1005.0, "9", &[("0.5", "1", "9")]),
    ];
    let answer = asked(json!([native(web(), &merged)]), 1).await.unwrap();
    assert_eq!(
        (
            told(&answer).bounds().len(),
            upto(told(&answer), 1.0),
            told(&answer).total()
        ),
        (61, 2, 2)
    );
    assert_eq!(answer.notes.len(), 1);
    assert!(answer.notes[0].contains("coarser than the metric's `schema`"));
    // As coarse as is asked for, it is told without a word.
    let answer = asked(json!([native(web(), &merged)]), 0).await.unwrap();
    assert_eq!(
        (told(&answer).bounds().len(), &*answer.notes),
        (61, &[][..])
    );
}

/// It has fewer in all, fewer up to some bound, or buckets that are finer: none of them is of one life.
#[tokio::test]
async fn what_a_histogram_shows_after_it_began_anew_is_counted() {
    let before = sample(990.0, "10", &[("0.5", "1", "8"), ("1", "2", "2")]);
    for (after, upto_1, total) in [
        (
            sample(1005.0, "3", &[("0.5", "1", "1"), ("1", "2", "2")]),
            1,
            3,
        ),
        (
            sample(1005.0, "12", &[("0.5", "1", "1"), ("1", "2", "11")]),
            1,
            12,
        ),
        (
            sample(1005.0, "12", &[(HALF, "1", "9"), ("1", TWICE, "3")]),
            9,
            12,
        ),
        (
            sample(1005.0, "12", &[("0.5", "1", "9"), ("1", "2", "3")]),
            1,
            2,
        ),
    ] {
        let answer = asked(json!([native(web(), &[before.clone(), after.clone()])]), 0).await;
        let answer = answer.unwrap();
        assert_eq!(
            (upto(told(&answer), 1.0), told(&answer).total()),
            (upto_1, total),
            "{after}"
        );
    }
}

#[tokio::test]
async fn native_histograms_of_several_series_are_added() {
    let of = |instance: &str, code: &str, samples: &[Value]| {
        native(
            json!({ "job": "web", "instance": instance, "code": code }),
            samples,
        )
    };
    let all = json!([
        of(
            "a",
            "200",
            &[
                sample(990.0, "4", &[("0.5", "1", "4")]),
                sample(1005.0, "9", &[("0.5", "1", "9")])
            ]
        ),
        // The first failure of a target that was there.
        of("a", "500", &[sample(1005.0, "2", &[("1", "2", "2")])]),
        // A target that was not.
        of(
            "b",
            "200",
            &[
                sample(1001.0, "100", &[("1", "2", "100")]),
                sample(1016.0, "101", &[("1", "2", "101")])
            ]
        ),
    ]);
    let answer = asked(all, 0).await.unwrap();
    assert_eq!((upto(told(&answer), 1.0), told(&answer).total()), (5, 8));
}

#[tokio::test]
async fn what_is_no_number_or_no_sample_is_told_as_of_counters() {
    let ended = [sample(900.0, "4", &[]), sample(915.0, "9", &[])];
    let answer = asked(json!([native(web(), &ended)]), 0).await.unwrap();
    assert!(
        matches!(answer.reading, Reading::Stale { .. }),
        "{answer:?}"
    );
    for wrong in ["NaN", "-1"] {
        let samples = [
            sample(990.0, "4", &[]),
            sample(1005.0, "9", &[("0.5", "1", wrong)]),
        ];
        let answer = asked(json!([native(web(), &samples)]), 0).await.unwrap();
        assert_eq!(answer.reading, Reading::NotANumber, "{wrong}");
    }
}

#[tokio::test]
async fn bounds_are_known_before_the_rollout_begins() {
    let one = native(web(), &[sample(990.0, "4", &[("0.5", "1", "4")])]);
    let server = Server::answering([matrix(json!([one]))]).await;
    let metric = json!({ "histogram": "request_seconds" });
    let question = question_about(metric, Shape::Histogram);
    let admitted = server.source().admit(&question).await.unwrap();
    assert_eq!(admitted.bounds.unwrap().len(), 61, "as coarse as it is");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let of = |buckets: &[(&str, &str, &str)]| {
        let samples = [sample(990.0, "0", &[]), sample(1005.0, "9", buckets)];
        native(web(), &samples)
    };
    let classic = json!({ "metric": { "le": "+Inf" }, "values": [[1005.0, "1"]] });
    let mut both = of(&[]);
    both["values"] = json!([[1000.0, "1"]]);
    for (all, named) in [
        // Bounds of its own, as newer servers make of classic histograms.
        (json!([of(&[("0.1", "0.25", "9")])]), "power of 2"),
        (json!([of(&[("5e-324", "1e308", "9")])]), "power of 2"),
        (json!([of(&[("1e-308", "1e-308", "9")])]), "power of 2"),
        (json!([of(&[("2", "1", "9")])]), "power of 2"),
        (
            json!([of(&[("NaN", "NaN", "9"), ("1", "3", "9")])]),
            "power of 2",
        ),
        (json!([of(&[]), classic]), "together"),
        (json!([both]), "numbers and native histograms"),
        (json!([of(&[("a", "1", "9")])]), "`a` is no number"),
    ] {
        let error = asked(all, 0).await.unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    let error = asked(json!([]), 4).await.unwrap_err();
    assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
}

#[tokio::test]
async fn a_native_histogram_is_no_number() {
    let of_range = json!([native(json!({}), &[sample(1005.0, "6", &[])])]);
    let [at, histogram] = [0, 1].map(|part| of_range[0]["histograms"][0][part].clone());
    let of_instant = json!([{ "metric": { "pod": "a" }, "histogram": [at, histogram] }]);
    let replies =
        |kind: &str, of: &Value| [Reply::of(kind, of.clone()), Reply::of(kind, of.clone())];
    for (metric, shape, kind, of) in [
        (
            json!({ "requests": "a", "failed": "a" }),
            Shape::Events,
            "matrix",
            &of_range,
        ),
        (json!({ "query": "a" }), Shape::Values, "matrix", &of_range),
        (
            json!({ "query": "a", "unit": "pod" }),
            Shape::Units,
            "vector",
            &of_instant,
        ),
    ] {
        let question = question_about(metric, shape);
        let server = Server::answering(replies(kind, of)).await;
        let read = server.source().read(&question, window()).await.err();
        let server = Server::answering(replies(kind, of)).await;
        let admitted = server.source().admit(&question).await.err();
        for error in [read.unwrap(), admitted.unwrap()] {
            assert!(matches!(error, SourceError::Permanent { .. }), "{error}");
            assert!(error.to_string().contains("native histogram"), "{error}");
        }
    }
}

/// What nobody watches any more tells no more what it was.
#[tokio::test]
async fn one_that_ended_before_the_share_was_changed_is_no_classic_one() {
    let mut gone = web();
    gone["instance"] = json!("gone");
    let few = |at: f64, count: &str| sample(at, count, &[("0.5", "1", count)]);
    let all = json!([
        native(gone, &[few(950.0, "5"), few(965.0, "9")]),
        native(
            web(),
            &[few(990.0, "5"), few(1005.0, "9"), few(1020.0, "19")]
        ),
    ]);
    let server = Server::answering([matrix(all)]).await;
    let mut question = question_about(json!({ "histogram": "seconds" }), Shape::Histogram);
    question.watched_since = Some(strategy_core::Timestamp::from_millis(1_000_000));
    let answer = server.source().read(&question, window()).await.unwrap();
    let Reading::Told(Data::Histogram(told)) = &answer.reading else {
        panic!("{answer:?}");
    };
    assert_eq!(told.total(), 10);
}
