//! The judge of a limit.

use serde::Deserialize;
use serde_json::json;
use strategy_core::Tracks;
use strategy_metrics::Reading;

use super::{assert_near, cases, events, judged, made};

#[derive(Debug, Deserialize)]
struct Inputs {
    errors: u64,
    n: u64,
    p0: f64,
    multipliers: Vec<f64>,
    cap: f64,
}

#[derive(Debug, Deserialize)]
struct Expected {
    log_e: f64,
}

#[test]
fn evidence_is_that_of_the_closed_form() {
    for (inputs, expected) in cases::<Inputs, Expected>("slo_one_sided_grid_log_e") {
        assert_near(inputs.cap, 0.9, 0.0);
        let judge = made(&json!({
            "kind": "slo", "tolerated": inputs.p0, "grid": inputs.multipliers, "restart": "0s",
        }));
        let look = Tracks {
            stable: Reading::Empty,
            candidate: events(inputs.n, inputs.errors),
        };
        let found = judged(&*judge, [look]).log_evidence.unwrap();
        assert_near(found, expected.log_e, 1e-9);
    }
}
