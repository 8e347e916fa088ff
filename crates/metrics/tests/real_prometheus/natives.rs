//! Native histograms of a real server, which scrapes them in the format of protocol buffers.

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_metrics::source::{Answer, MetricSource as _};
use strategy_metrics::{Data, Histogram, Reading, Shape};

use crate::exporter::Target;
use crate::messages::{Observed, native};
use crate::question::{ask, between, later, question, window};
use crate::server::Prometheus;

pub(crate) const TARGETS: &[Target] = &[
    Target::new("native", "candidate", |number| {
        native(number, &steady(number))
    }),
    Target::new("merged", "candidate", |number| {
        native(number, &merged(number))
    }),
    Target::new("anew", "candidate", |number| native(number, &anew(number))),
];

/// In schema 1: up to half the square root of 2, up to 1, and from the third scrape on up to 64 and none between.
fn steady(number: u64) -> Observed {
    let mut buckets = vec![(-1, 2 * number), (0, 3 * number)];
    if number >= 3 {
        buckets.push((12, number));
    }
    Observed {
        schema: 1,
        zeros: number,
        buckets,
    }
}

/// The same until the fourth scrape, which shows two buckets of each one in one: schema 0.
fn merged(number: u64) -> Observed {
    let mut observed = steady(number);
    if number >= 4 {
        observed.schema = 0;
        observed.buckets = vec![(0, 5 * number), (6, number)];
    }
    observed
}

/// The same until the fourth scrape, before which the process began anew.
fn anew(number: u64) -> Observed {
    steady(if number < 4 { number } else { number - 3 })
}

async fn asked(job: &str, metric: Value, window: Window) -> Answer {
    let mut metric = metric;
    metric["histogram"] = json!(format!("native_seconds{{job=\"{job}\"}}"));
    let question = question(metric, Shape::Histogram, "candidate");
    Prometheus::shared()
        .source()
        .read(&question, window)
        .await
        .unwrap()
}

#[track_caller]
fn told(answer: &Answer) -> &Histogram {
    let Reading::Told(Data::Histogram(told)) = &answer.reading else {
        panic!("no histogram: {answer:?}");
    };
    told
}

/// How many are at most so large at each of these bounds, and in all.
#[track_caller]
fn upto(told: &Histogram, bounds: &[f64]) -> Vec<u64> {
    let at = |bound: f64| {
        let near = |other: &f64| (other / bound - 1.0).abs() < 1e-9;
        let at = told.bounds().iter().position(near);
        let at = at.unwrap_or_else(|| panic!("{bound} is not told: {:?}", told.bounds()));
        told.total() - told.above(at)
    };
    let each = bounds.iter().map(|bound| at(*bound));
    each.chain([told.total()]).collect()
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_native_histogram_is_told_at_the_same_bounds_in_every_window() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("native", "candidate", 6).await;
    let at = |number| scrapes.iter().find(|scrape| scrape.1 == number).unwrap().0;
    let half = 0.5_f64.sqrt();
    let mut bounds = Vec::new();
    for (from, to) in [(1, 2), (1, 3), (2, 5), (5, 6)] {
        let window = window(later(at(from), 1), later(at(to), 1));
        let of_1 = asked("native", json!({ "schema": 1 }), window).await;
        let n = to - from;
        // What is up to 64 comes with the third scrape, of a target that was there: all of it counts.
        let large = if from < 3 && to >= 3 {
            to
        } else if from >= 3 {
            n
        } else {
            0
        };
        let expected = [n, 3 * n, 6 * n, 6 * n, 6 * n + large, 6 * n + large];
        let told_1 = told(&of_1);
        assert_eq!(
            upto(told_1, &[0.25, half, 1.0, 32.0, 64.0]),
            expected,
            "{from} to {to}"
        );
        bounds.push(told_1.bounds().to_vec());
        let of_0 = asked("native", json!({ "schema": 0 }), window).await;
        assert_eq!(
            upto(told(&of_0), &[0.5, 1.0, 64.0]),
            [n, 6 * n, 6 * n + large, 6 * n + large]
        );
        assert!(of_0.notes.is_empty() && of_1.notes.is_empty());
    }
    assert!(bounds.iter().all(|one| *one == bounds[0]));
    let metric = json!({ "histogram": "native_seconds{job=\"native\"}", "schema": 1 });
    let question = question(metric, Shape::Histogram, "candidate");
    let admitted = server.source().admit(&question).await.unwrap();
    assert_eq!(admitted.bounds.as_ref(), bounds.first());
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn a_native_histogram_that_gets_coarser_is_told_as_it_is() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("merged", "candidate", 6).await;
    let at = |number| scrapes.iter().find(|scrape| scrape.1 == number).unwrap().0;
    let across = window(later(at(3), 1), later(at(5), 1));
    let before = window(later(at(1), 1), later(at(2), 1));
    let fine = asked("merged", json!({ "schema": 1 }), before).await;
    assert_eq!(upto(told(&fine), &[0.5_f64.sqrt(), 1.0]), [3, 6, 6]);
    assert!(fine.notes.is_empty());
    let coarse = asked("merged", json!({ "schema": 1 }), across).await;
    assert_eq!(
        upto(told(&coarse), &[0.5, 1.0, 32.0, 64.0]),
        [2, 12, 12, 14, 14]
    );
    assert!(coarse.notes[0].contains("coarser"), "{:?}", coarse.notes);
    assert!(told(&coarse).bounds().len() < told(&fine).bounds().len());
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn what_a_native_histogram_shows_after_a_restart_was_observed_since() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("anew", "candidate", 6).await;
    let at = |number| scrapes.iter().find(|scrape| scrape.1 == number).unwrap().0;
    let across = window(later(at(2), 1), later(at(5), 1));
    let told_across = asked("anew", json!({ "schema": 1 }), across).await;
    // One scrape's more, then one and two since the restart: and at the third scrape three that are large.
    assert_eq!(
        upto(told(&told_across), &[0.25, 1.0, 64.0]),
        [3, 18, 21, 21]
    );
}

#[tokio::test]
#[ignore = "needs Prometheus: cargo xtask test"]
async fn numbers_of_a_native_histogram_are_told() {
    let server = Prometheus::shared();
    let scrapes = server.scrapes("native", "candidate", 3).await;
    let (from, to) = between(&scrapes, window(scrapes[1].0, later(scrapes[2].0, 1)));
    assert!(from < to && to < 3, "{scrapes:?}");
    let window = window(scrapes[1].0, later(scrapes[2].0, 1));
    // Three of six are no larger than half the square root of 2.
    let query = "histogram_fraction(-1, 0.7071067811865476, native_seconds{job=\"native\"})";
    let metric = json!({ "query": query, "step": "60s" });
    let told = ask(server, metric, Shape::Values, "candidate", window).await;
    let Ok(Reading::Told(Data::Values(values))) = told else {
        panic!("{told:?}");
    };
    assert!((values[0] - 0.5).abs() < 1e-9, "{values:?}");
}
