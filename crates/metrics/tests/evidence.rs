//! The judges against values that others reckoned: `data/evidence.json`, each with its source.
#![allow(clippy::unwrap_used, reason = "test")]

#[path = "evidence/exchangeable_units.rs"]
mod exchangeable_units;
#[path = "evidence/other_mixtures.rs"]
mod other_mixtures;
#[path = "evidence/sequential_ratio.rs"]
mod sequential_ratio;
#[path = "evidence/slo.rs"]
mod slo;

use serde::de::DeserializeOwned;
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_core::{Timestamp, Tracks};
use strategy_metrics::judge::{Judge, Judgement, Kinds, Sight};
use strategy_metrics::{Data, Events, Reading, State};

/// What is asked and what is expected, of all cases of a test.
fn cases<I: DeserializeOwned, E: DeserializeOwned>(test: &str) -> Vec<(I, E)> {
    let all: Value = serde_json::from_str(include_str!("data/evidence.json")).unwrap();
    let of_test = all["cases"].as_array().unwrap().iter();
    let cases: Vec<_> = of_test
        .filter(|case| case["test"] == test)
        .map(|case| {
            assert!(case["source"].is_string(), "{case}");
            let inputs = serde_json::from_value(case["inputs"].clone()).unwrap();
            (
                inputs,
                serde_json::from_value(case["expected"].clone()).unwrap(),
            )
        })
        .collect();
    assert!(!cases.is_empty(), "there is no case of {test}");
    cases
}

fn made(params: &Value) -> Box<dyn Judge> {
    Kinds::built_in().make(params).unwrap()
}

fn events(total: u64, failed: u64) -> Reading {
    Reading::Told(Data::Events(Events::counted(total, failed)))
}

/// The last judgement of looks of a minute.
fn judged(judge: &dyn Judge, looks: impl IntoIterator<Item = Tracks<Reading>>) -> Judgement {
    let mut last: Option<Judgement> = None;
    for (readings, minute) in looks.into_iter().zip(0..) {
        let at = |minute: u64| Timestamp::from_millis(minute * 60_000);
        let window = Window {
            from: at(minute),
            to: at(minute + 1),
        };
        let state = last.map_or_else(State::default, |judgement| judgement.state);
        last = Some(
            judge
                .judge(&Sight::new(window, readings, 0.01), &state)
                .unwrap(),
        );
    }
    last.unwrap()
}

fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}
