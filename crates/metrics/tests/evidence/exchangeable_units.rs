//! The judge of units.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use strategy_core::Tracks;
use strategy_core::analysis::Count;
use strategy_metrics::judge::weighing::{ln_mean, share_evidence};
use strategy_metrics::{Data, Events, Reading};

use super::{assert_near, cases, judged, made};

#[derive(Debug, Deserialize)]
struct Inputs {
    /// Of one unit of the candidate and of stable's, in each window.
    windows: Vec<(u64, Vec<u64>)>,
    a: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    log_e_by_a: Vec<f64>,
    log_e_mean: f64,
}

fn failures(units: &[u64]) -> Reading {
    let units = units.iter().zip(0..).map(|(failed, unit)| {
        let mut count = Count::default();
        (count.total, count.failed) = (100, *failed);
        (format!("unit-{unit}"), count)
    });
    Reading::Told(Data::Events(Events::of_units(units)))
}

fn numbers(units: &[u64]) -> Reading {
    let units = units.iter().zip(0..).map(|(failed, unit)| {
        let failed = u32::try_from(*failed).unwrap();
        (format!("unit-{unit}"), f64::from(failed))
    });
    Reading::Told(Data::Units(units.collect::<BTreeMap<_, _>>()))
}

#[test]
fn evidence_is_that_of_the_closed_form() {
    for (inputs, expected) in cases::<Inputs, Expected>("exchangeable_units_log_e") {
        let looks = |reading: fn(&[u64]) -> Reading| {
            let windows = inputs.windows.iter();
            windows.map(move |(candidate, stable)| Tracks {
                stable: reading(stable),
                candidate: reading(&[*candidate]),
            })
        };
        let params = |of: &str, load: &str, a: &[f64]| {
            json!({
                "kind": "exchangeable-units", "of": of, "load": load, "smoothing": a, "restart": "0s",
            })
        };
        // The units had as many requests each, so both parts are the same.
        for load in ["requests", "equal"] {
            let judge = made(&params("failures", load, &inputs.a));
            let found = judged(&*judge, looks(failures)).log_evidence.unwrap();
            assert_near(found, expected.log_e_mean, 1e-12);
        }
        let judge = made(&params("numbers", "equal", &inputs.a));
        let found = judged(&*judge, looks(numbers)).log_evidence.unwrap();
        assert_near(found, expected.log_e_mean, 1e-12);
        for (a, log_e) in inputs.a.iter().zip(expected.log_e_by_a) {
            let judge = made(&params("failures", "equal", &[*a]));
            let found = judged(&*judge, looks(failures)).log_evidence.unwrap();
            assert_near(found, log_e, 1e-12);
        }
    }
    assert_near(share_evidence(0.0, 0.0, 1.0), 0.0, 0.0);
}

#[derive(Debug, Deserialize)]
struct Evidences {
    e: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Mean {
    mean: f64,
}

#[test]
fn the_mean_of_evidence_is_its_mean() {
    for (inputs, expected) in cases::<Evidences, Mean>("e_mean") {
        let logarithms: Vec<_> = inputs.e.iter().map(|e| e.ln()).collect();
        assert_near(ln_mean(&logarithms).exp(), expected.mean, 1e-12);
    }
}

/// The mean over the smoothings of what a window weighs, before any late start.
fn weighed(seen: f64, expected: f64) -> f64 {
    ln_mean(&[0.1, 0.3, 1.0, 3.0].map(|added| share_evidence(seen, expected, added)))
}

fn of_units(track: &str, units: u64, total: u64, failed: u64) -> Reading {
    let units = (0..units).map(|unit| {
        let count = Count {
            total,
            failed: if unit == 0 { failed } else { 0 },
        };
        (format!("{track}-{unit}"), count)
    });
    Reading::Told(Data::Events(Events::of_units(units)))
}

/// One unit of ten has a tenth of the failures, however many requests it has.
#[test]
fn an_equal_load_is_shared_by_units_and_not_by_requests() {
    let look = Tracks {
        stable: of_units("old", 9, 100, 10),
        candidate: of_units("new", 1, 900, 10),
    };
    for (load, expected) in [("equal", 2.0), ("requests", 10.0)] {
        let params = json!({
            "kind": "exchangeable-units", "load": load, "restart": "0s", "unit-window": "1s",
        });
        let found = judged(&*made(&params), [look.clone()]);
        assert_near(found.log_evidence.unwrap(), weighed(10.0, expected), 1e-12);
    }
}

/// With `tolerated: 3` the part of the candidate at a half of the requests is three quarters of the failures.
#[test]
fn the_gate_knows_what_is_tolerated() {
    let look = Tracks {
        stable: of_units("old", 1, 100_000, 1_000),
        candidate: of_units("new", 1, 100_000, 3_500),
    };
    let params = json!({
        "kind": "sequential-ratio", "tolerated": 3.0, "restart": "0s", "unit-window": "1s",
    });
    let gated = judged(&*made(&params), [look.clone()]);
    assert_near(
        gated.log_evidence.unwrap(),
        weighed(3_500.0, 3_375.0),
        1e-12,
    );
    // Else it would not be the weaker of the two.
    let mut params = params;
    params["gate"] = json!("never");
    let alone = judged(&*made(&params), [look]);
    assert!(alone.log_evidence > gated.log_evidence);
}
