//! No way of reading a judge leaves out the checks of its parameters.
#![allow(clippy::unwrap_used, reason = "test")]

use serde::Deserialize;
use serde_json::json;
use strategy_metrics::judge::{MannWhitney, Quantile, StochasticOrder, Threshold};

#[test]
fn parameters_that_do_not_fit_are_refused_however_they_are_read() {
    let quantile = json!({ "quantile": 0.1, "limit": { "fixed": 1.0 } });
    let error = Quantile::deserialize(&quantile).unwrap_err().to_string();
    assert!(error.contains("`quantile` is 0.1"), "{error}");
    let bounds = json!({ "bounds": [2.0, 1.0] });
    let error = StochasticOrder::deserialize(&bounds).unwrap_err();
    assert!(error.to_string().contains("do not rise"), "{error}");
    let error = MannWhitney::deserialize(&json!({ "points": 0 })).unwrap_err();
    assert!(error.to_string().contains("`points` is 0"), "{error}");
    let bound = json!({ "bound": { "absolute": {} } });
    let error = Threshold::deserialize(&bound).unwrap_err();
    assert!(error.to_string().contains("it has no end"), "{error}");
}
