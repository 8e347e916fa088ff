//! The judge of failures.

use serde::Deserialize;
use serde_json::json;
use strategy_core::Tracks;

use super::{assert_near, cases, events, judged, made};

type Batches = Vec<[u64; 4]>;

#[derive(Debug, Deserialize)]
struct Inputs {
    batches: Batches,
    rho0: f64,
    grid: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    log_e: f64,
}

fn log_evidence(batches: &Batches, tolerated: f64, grid: &[f64]) -> f64 {
    // One start only, as the formula has it.
    let judge = made(&json!({
        "kind": "sequential-ratio", "tolerated": tolerated, "grid": grid, "restart": "0s",
    }));
    let looks = batches.iter().map(|[n_c, e_c, n_s, e_s]| Tracks {
        stable: events(*n_s, *e_s),
        candidate: events(*n_c, *e_c),
    });
    judged(&*judge, looks).log_evidence.unwrap()
}

#[test]
fn evidence_is_that_of_the_closed_form() {
    let cases = cases::<Inputs, Expected>("cond_ratio_log_e");
    for (inputs, expected) in cases {
        let found = log_evidence(&inputs.batches, inputs.rho0, &inputs.grid);
        assert_near(found, expected.log_e, 1e-9);
    }
}

#[derive(Debug, Deserialize)]
struct Split {
    batches_1: Batches,
    batches_2: Batches,
    rho0: f64,
    grid: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Both {
    log_e_1: f64,
    log_e_2: f64,
}

#[test]
fn it_does_not_matter_how_often_one_looks() {
    for (inputs, expected) in cases::<Split, Both>("cond_ratio_batch_invariance") {
        let found = |batches| log_evidence(batches, inputs.rho0, &inputs.grid);
        assert_near(found(&inputs.batches_1), expected.log_e_1, 1e-9);
        assert_near(found(&inputs.batches_2), expected.log_e_2, 1e-9);
    }
}
