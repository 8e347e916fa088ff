//! The judges of this crate: each keeps every promise, but for what the rules of another tool want otherwise.

use serde_json::{Value, json};
use strategy_core::analysis::{Count, Verdict, Window};
use strategy_core::{Timestamp, Tracks, Weight};
use strategy_metrics::conformance::judge::{Make, PROMISES};
use strategy_metrics::judge::{Judge, Kinds, Sight};
use strategy_metrics::{Data, Events, Histogram, Reading, Shape, State};

fn made(params: &Value) -> Box<dyn Judge> {
    Kinds::built_in().make(params).unwrap()
}

fn events(track: &str, units: u64, total: u64, failed: u64) -> Reading {
    let units = (0..units).map(|unit| {
        let failed = if unit == 0 { failed } else { failed / 4 };
        (format!("{track}-{unit}"), Count { total, failed })
    });
    Reading::Told(Data::Events(Events::of_units(units)))
}

fn histogram(slow: u64, scale: u64) -> Reading {
    let counts = [900, 60, 30, 5 + slow, slow].map(|count| count * scale / 10);
    let histogram = Histogram::new(vec![0.1, 0.2, 0.4, 0.8], counts.to_vec()).unwrap();
    Reading::Told(Data::Histogram(histogram))
}

/// Ten minutes of a good release, then ten of a bad one; in the first there is little to see.
pub(crate) fn sights(shape: Shape) -> Vec<Sight> {
    let sight = |minute: u64| {
        let is_bad = minute > 10;
        let readings = match shape {
            Shape::Events => Tracks {
                stable: events("old", 9, 300, 2),
                candidate: events(
                    "new",
                    1,
                    if minute == 0 { 30 } else { 300 },
                    if is_bad { 60 } else { 2 },
                ),
            },
            Shape::Histogram => Tracks {
                stable: histogram(1, 90),
                candidate: histogram(
                    if is_bad { 300 } else { 1 },
                    if minute == 0 { 1 } else { 10 },
                ),
            },
            Shape::Units => {
                let units = |track: &str, count: u64, number: f64| {
                    let units = (0..count).map(|unit| (format!("{track}-{unit}"), number));
                    Reading::Told(Data::Units(units.collect()))
                };
                let number = if is_bad { 50.0 } else { 2.0 };
                Tracks {
                    stable: units("old", 9, 2.0),
                    candidate: units("new", 1, number),
                }
            }
            Shape::Values | _ => {
                let point = |minute: u64| f64::from(u32::try_from(minute % 3).unwrap());
                let high = if is_bad { 90.0 } else { 1.0 };
                Tracks {
                    stable: Reading::Told(Data::Values(vec![point(minute), 1.0])),
                    candidate: Reading::Told(Data::Values(vec![high * point(minute + 1), high])),
                }
            }
        };
        let window = Window {
            from: Timestamp::from_millis(minute * 60_000),
            to: Timestamp::from_millis((minute + 1) * 60_000),
        };
        let mut sight = Sight::new(window, readings, 0.01);
        sight.share = Weight::from_percent(if minute < 5 { 10 } else { 11 }).ok();
        sight
    };
    (0..20).map(sight).collect()
}

/// The names of the promises that are broken.
fn broken(params: &Value) -> Vec<&'static str> {
    let make: Make<'_> = &|| made(params);
    let sights = sights(make().shape());
    let broken = PROMISES.iter().filter(|promise| {
        let found = promise.check(make, &sights);
        if let Err(how) = &found {
            println!("{params}: {how}");
        }
        found.is_err()
    });
    broken.map(|promise| promise.name).collect()
}

fn threshold(limits: &Value) -> Value {
    json!({ "kind": "threshold", "bound": { "absolute": { "max": 0.03 } }, "limits": limits })
}

/// Of every kind but `drained`, which waits for nothing to happen, some.
fn kinds() -> Vec<Value> {
    let range = json!({ "absolute": { "max": 0.03 } });
    vec![
        json!({ "kind": "sequential-ratio" }),
        json!({ "kind": "sequential-ratio", "gate": "never", "pass": "proven" }),
        json!({ "kind": "sequential-ratio", "tolerated": 1.25, "unit-window": "5m" }),
        json!({ "kind": "slo", "tolerated": 0.02 }),
        json!({ "kind": "exchangeable-units" }),
        json!({ "kind": "exchangeable-units", "load": "equal", "unit-window": "2m" }),
        json!({ "kind": "exchangeable-units", "of": "numbers" }),
        json!({ "kind": "stochastic-order" }),
        json!({ "kind": "stochastic-order", "bounds": [0.2, 0.4] }),
        json!({ "kind": "quantile", "limit": { "fixed": 0.4 } }),
        json!({ "kind": "quantile", "limit": { "times-stable": 1.1 } }),
        json!({ "kind": "split-ratio" }),
        json!({ "kind": "threshold", "bound": range }),
        json!({ "kind": "threshold", "bound": { "relative": { "max": 2.0 } } }),
        json!({ "kind": "threshold", "bound": range, "measure": { "quantile": 0.9 } }),
        json!({ "kind": "threshold", "bound": range, "measure": "mean" }),
        threshold(&json!({ "argo": { "failure-limit": 3 } })),
        threshold(&json!({ "flagger": { "threshold": 3 } })),
        json!({ "kind": "mann-whitney", "at-least": 5 }),
        json!({ "kind": "mann-whitney", "critical": true, "must-have-data": true }),
    ]
}

#[test]
fn the_judges_of_this_crate_keep_every_promise() {
    for params in kinds() {
        assert_eq!(broken(&params), [""; 0], "{params}");
    }
}

/// What a release went back for is the evidence of its last look.
#[test]
fn the_evidence_of_a_look_that_is_inconclusive_says_why() {
    let drained = json!({ "kind": "drained" });
    let nothing = Tracks {
        stable: Reading::Empty,
        candidate: Reading::Empty,
    };
    for params in kinds().into_iter().chain([drained]) {
        let judge = made(&params);
        let mut sights = sights(judge.shape());
        // What failed stays failed.
        sights.iter_mut().for_each(|sight| sight.alpha = 1e-9);
        // At the first look, and after some that told something.
        for looks in [0, 5] {
            let mut state = State::default();
            for sight in &sights[..looks] {
                state = judge.judge(sight, &state).unwrap().state;
            }
            let mut blind = sights[looks].clone();
            blind.readings = nothing.clone();
            let found = judge.judge(&blind, &state).unwrap();
            let Verdict::Inconclusive(why) = &found.verdict else {
                let words = params.to_string();
                let fails = words.contains("must-have-data") || words.contains("flagger");
                assert!(fails, "{params}: {}", found.verdict);
                continue;
            };
            let said = found.evidence.matches(why.as_str()).count();
            assert_eq!(said, 1, "{params}: {why}: {}", found.evidence);
            // It is told after the verdict, in which the word stands already.
            let twice = found.evidence.contains("inconclusive");
            assert!(!twice, "{params}: {}", found.evidence);
        }
    }
}

/// Stable that is asked, then by nobody, then once more.
#[test]
fn a_judge_that_waits_for_silence_keeps_every_promise() {
    let params = json!({ "kind": "drained", "quiet": "3m" });
    let make: Make<'_> = &|| made(&params);
    let mut sights = sights(make().shape());
    for (minute, sight) in sights.iter_mut().enumerate() {
        if ![0, 1, 9].contains(&minute) {
            sight.readings.stable = Reading::Empty;
        }
    }
    for promise in PROMISES {
        promise.check(make, &sights).unwrap();
    }
}

/// What the rules of other tools want otherwise, and which promise it breaks: nothing else, and no other judge.
#[test]
fn rules_of_other_tools_break_the_promises_that_they_say() {
    let [no_data, nearer, no_event] = [
        "no_data_is_no_pass",
        "no_data_bring_no_pass_nearer",
        "no_event_brings_no_pass_nearer",
    ];
    let argo = |rules: Value| threshold(&json!({ "argo": rules }));
    for (params, breaks) in [
        // NaN is on no side of a bound, so a failure condition alone is not met.
        (argo(json!({ "form": "failure" })), vec![no_data]),
        // A metric that ended as successful is not measured again. What was no number counted as measured.
        (argo(json!({ "count": 3 })), vec![no_data, nearer, no_event]),
        (
            argo(json!({ "consecutive-success-limit": 4, "failure-limit": 3 })),
            vec![no_data],
        ),
        // A track without points passes, and what is no number counts as a point of 0.
        (
            json!({ "kind": "mann-whitney", "nan-strategy": "replace" }),
            vec![no_data],
        ),
    ] {
        assert_eq!(broken(&params), breaks, "{params}");
    }
}

/// Every kind of judge is among those that keep the promises.
#[test]
fn no_judge_is_left_out() {
    let error = Kinds::built_in().make(&json!({ "kind": "?" })).unwrap_err();
    let error = error.to_string();
    let (_, names) = error.split_once("write ").unwrap();
    let this = include_str!("judges.rs");
    for name in names.split(", ") {
        let kind = format!(r#"json!({{ "kind": "{name}""#);
        assert!(
            this.contains(&kind),
            "{name} is a new judge: let it keep the promises"
        );
    }
}
