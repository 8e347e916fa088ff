//! A state is taken by the judge that wrote it alone, and with the parameters that it had.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod looks;

use serde_json::{Value, json};
use strategy_core::Weight;
use strategy_core::analysis::Count;
use strategy_metrics::judge::{Judge, JudgeError, Sight};
use strategy_metrics::reading::{Data, Events, Reading, Shape};
use strategy_metrics::state::{State, StateError};

use looks::*;

/// Every judge that remembers something, and one parameter of it that is another.
fn judges() -> Vec<(Value, &'static str, Value)> {
    let bound = json!({ "absolute": { "max": 0.01 } });
    let argo = json!({ "argo": { "failure-limit": 3 } });
    let flagger = json!({ "flagger": { "threshold": 3 } });
    let threshold =
        |limits: &Value| json!({ "kind": "threshold", "bound": bound, "limits": limits });
    vec![
        (
            json!({ "kind": "sequential-ratio" }),
            "tolerated",
            json!(3.0),
        ),
        (
            json!({ "kind": "slo", "tolerated": 0.01 }),
            "horizon",
            json!("1h"),
        ),
        (
            json!({ "kind": "exchangeable-units" }),
            "load",
            json!("equal"),
        ),
        (
            json!({ "kind": "exchangeable-units", "of": "numbers" }),
            "smoothing",
            json!([0.1, 0.3, 1.0, 4.0]),
        ),
        (json!({ "kind": "stochastic-order" }), "unit", json!("ms")),
        (
            json!({ "kind": "quantile", "limit": { "fixed": 0.5 } }),
            "limit",
            json!({ "fixed": 0.6 }),
        ),
        (json!({ "kind": "split-ratio" }), "tolerance", json!(0.03)),
        (json!({ "kind": "drained" }), "quiet", json!("3m")),
        (
            threshold(&argo),
            "limits",
            json!({ "argo": { "failure-limit": 4 } }),
        ),
        (threshold(&flagger), "limits", argo),
        (
            json!({ "kind": "mann-whitney" }),
            "direction",
            json!("increase"),
        ),
    ]
}

fn told(shape: Shape, track: &str, bad: u64) -> Reading {
    match shape {
        Shape::Events => {
            let unit = |at: u64| (format!("{track}-{at}"), count(500, bad));
            Reading::Told(Data::Events(Events::of_units([unit(1), unit(2)])))
        }
        Shape::Histogram => histogram(&[0.1, 0.5, 1.0], &[900, 80, bad, 5]),
        Shape::Units => Reading::Told(Data::Units([(track.to_owned(), 3.0)].into())),
        Shape::Values | _ => values(&[1.0, 2.0, 3.0]),
    }
}

fn count(total: u64, failed: u64) -> Count {
    Count { total, failed }
}

fn sight(judge: &dyn Judge) -> Sight {
    let shape = judge.shape();
    let readings = tracks(told(shape, "new", 7), told(shape, "old", 5));
    let mut sight = Sight::new(window(0), readings, 0.01);
    sight.share = Weight::from_percent(50).ok();
    sight
}

/// What it remembers after two looks.
fn state(judge: &dyn Judge) -> State {
    let first = judge.judge(&sight(judge), &State::default()).unwrap();
    let second = judge.judge(&sight(judge), &first.state).unwrap();
    assert!(!second.state.is_empty(), "{judge:?} remembers nothing");
    second.state
}

fn refused(judge: &dyn Judge, state: &State) -> StateError {
    match judge.judge(&sight(judge), state) {
        Err(JudgeError::State(why)) => why,
        found => panic!("{judge:?} took a state for its own: {found:?}"),
    }
}

#[test]
fn a_state_of_another_judge_is_refused() {
    for (params, _, _) in judges() {
        let state = state(&*judge(&params));
        for (others, _, _) in judges() {
            let other = judge(&others);
            if others == params {
                assert!(other.judge(&sight(&*other), &state).is_ok(), "{params}");
                continue;
            }
            let why = refused(&*other, &state);
            let same_kind = others["kind"] == params["kind"];
            let is_told = if same_kind {
                why == StateError::Parameters
            } else {
                matches!(why, StateError::Judge { .. })
            };
            assert!(is_told, "{others} of a state of {params}: {why}");
        }
    }
}

#[test]
fn a_state_of_other_parameters_is_refused() {
    for (params, name, value) in judges() {
        let state = state(&*judge(&params));
        let mut changed = params.clone();
        changed[name] = value;
        let why = refused(&*judge(&changed), &state);
        assert_eq!(why, StateError::Parameters, "{params} {name}");
    }
}

#[test]
fn a_state_of_the_format_before_is_refused_as_such() {
    for (params, _, _) in judges() {
        let old = State::write(1).u64(7).done();
        let why = refused(&*judge(&params), &old);
        let is_told = matches!(why, StateError::Version { found: 1, .. });
        assert!(is_told, "{params}: {why}");
    }
}

#[test]
fn a_judge_that_remembers_nothing_takes_no_state() {
    let params = json!({ "kind": "threshold", "bound": { "absolute": { "max": 0.01 } } });
    let threshold = judge(&params);
    let said = threshold.judge(&sight(&*threshold), &State::default());
    assert!(said.unwrap().state.is_empty());
    for (others, _, _) in judges() {
        refused(&*threshold, &state(&*judge(&others)));
    }
}
