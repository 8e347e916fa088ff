//! The rules of Argo Rollouts and of Flagger, row by row.

#![allow(clippy::unwrap_used, reason = "test")]

mod looks;

use serde_json::{Value, json};
use strategy_core::plan::Limits;
use strategy_metrics::judge::Threshold;
use strategy_metrics::reading::Reading;
use strategy_metrics::{Judge as _, MetricCheck};

use looks::*;

const BOUND: &str = r#"{ "absolute": { "max": 0.01 } }"#;

fn argo(rules: &Value) -> Threshold {
    let bound: Value = serde_json::from_str(BOUND).unwrap();
    serde_json::from_value(json!({ "bound": bound, "limits": { "argo": rules } })).unwrap()
}

/// Each row: rules, windows, verdicts, and what of Argo Rollouts (9f8d111d) it follows.
#[test]
fn argo_row_by_row() {
    let both = json!({ "absolute": { "max": 0.02 } });
    let table = [
        // utils/evaluate/evaluate.go, EvaluateResult: a success condition alone.
        (json!({}), "gbg", "PFP"),
        // A failure condition alone: false is successful.
        (json!({ "form": "failure" }), "gbg", "PFP"),
        // Both: neither is inconclusive; failure wins where both hold.
        (
            json!({ "form": "both", "failure": both, "inconclusive-limit": 9 }),
            "gmb",
            "PUF",
        ),
        (
            json!({ "form": "both", "failure": { "absolute": { "max": 0.001 } } }),
            "g",
            "F",
        ),
        // NaN compares false: failed, successful, inconclusive.
        (json!({}), "x0", "FF"),
        (json!({ "form": "failure" }), "x0", "PP"),
        (
            json!({ "form": "both", "failure": both, "inconclusive-limit": 9 }),
            "x0",
            "UU",
        ),
        // An empty vector is an error (metricproviders/prometheus: result[0]), not a measurement.
        (json!({ "count": 2 }), "eesgb", "nnnPF"),
        // inconclusive > inconclusiveLimit (0) ends as inconclusive, and nothing is measured any more; it
        // counts over the whole run.
        (json!({ "form": "both", "failure": both }), "gmgb", "PUUU"),
        (
            json!({ "form": "both", "failure": both, "inconclusive-limit": 1 }),
            "mgmg",
            "UPUU",
        ),
        // count: successful after as many, errors not counted; failures after it are not seen.
        (
            json!({ "count": 3, "failure-limit": 1 }),
            "gebgbb",
            "PnFPPP",
        ),
        // The last one counts as the failure that it is.
        (json!({ "count": 1, "failure-limit": 1 }), "bb", "FP"),
        // failureLimit -1: no number of failures fails.
        (json!({ "failure-limit": -1 }), "bbg", "UUP"),
        (json!({ "failure-limit": -1, "count": 2 }), "bbb", "UPP"),
        // consecutiveSuccessLimit: as many in a row end it.
        (
            json!({ "consecutive-success-limit": 2, "failure-limit": 5 }),
            "gbggb",
            "UFUPP",
        ),
        // count before that: inconclusive with a failure limit, failed without.
        (
            json!({ "consecutive-success-limit": 2, "failure-limit": 5, "count": 2 }),
            "bgg",
            "FUU",
        ),
        (
            json!({ "consecutive-success-limit": 2, "failure-limit": -1, "count": 2 }),
            "bgg",
            "UFF",
        ),
        // An error does not end a row of successes.
        (json!({ "consecutive-success-limit": 2 }), "geg", "UnP"),
    ];
    for (rules, shown, verdicts) in table {
        assert_eq!(
            run(&argo(&rules), &windows(shown)),
            verdicts,
            "{rules} {shown}"
        );
    }
}

/// analysis/analysis.go: failed > failureLimit, consecutiveErrors > consecutiveErrorLimit (4); "more than" as
/// in the limits of a check.
#[test]
fn argo_limits_are_the_cores_where_they_mean_the_same() {
    assert_eq!(
        argo(&json!({})).limits().unwrap(),
        Limits::default()
            .consecutive_errors(4)
            .consecutive_inconclusive(4)
    );
    let rules = json!({ "failure-limit": 3, "consecutive-error-limit": 7 });
    assert_eq!(
        argo(&rules).limits().unwrap(),
        Limits::default()
            .failures(3)
            .consecutive_errors(7)
            .consecutive_inconclusive(7)
    );
    assert_eq!(
        argo(&json!({ "failure-limit": -1 }))
            .limits()
            .unwrap()
            .failures,
        0
    );
    let check = MetricCheck::new("prometheus", "q")
        .judge(json!({
            "kind": "threshold", "bound": { "absolute": { "max": 1.0 } },
            "limits": { "flagger": { "threshold": 5 } },
        }))
        .check()
        .unwrap();
    assert_eq!(check.limits.failures, 5);
    assert_eq!(check.limits.consecutive_failures, None);
}

/// Each row: threshold, windows, verdicts, and what of Flagger (15bd6ad5) it follows.
#[test]
fn flagger_row_by_row() {
    let table = [
        // scheduler.go: a failed check is counted, never reset; the rollback is tested at the start of the
        // next tick. A threshold of 2 tolerates two failures of the check, and the third look is the one more.
        (2, "gbgb", "PFPF"),
        (2, "gbgbg", "PFPFF"),
        (1, "bg", "FF"),
        // scheduler_metrics.go: no values found, NaN: failed.
        (9, "exs0g", "FFFFP"),
    ];
    for (count, shown, verdicts) in table {
        let params = json!({
            "bound": { "absolute": { "max": 0.01 } }, "limits": { "flagger": { "threshold": count } },
        });
        let judge: Threshold = serde_json::from_value(params).unwrap();
        assert_eq!(run(&judge, &windows(shown)), verdicts, "{count} {shown}");
        assert_eq!(judge.limits().unwrap().failures, count);
        assert_eq!(judge.limits().unwrap().consecutive_errors, count);
    }
    let default: Threshold = serde_json::from_value(json!({
        "bound": { "absolute": { "max": 0.01 } }, "limits": { "flagger": {} },
    }))
    .unwrap();
    assert_eq!(default.limits().unwrap().failures, 1);
    // thresholdRange: min and max are good themselves.
    let range = judge(&json!({
        "kind": "threshold",
        "measure": "last", "bound": { "absolute": { "min": 99.0, "max": 100.0 } },
        "limits": { "flagger": { "threshold": 9 } },
    }));
    let looks: Vec<_> = [98.999, 99.0, 100.0, 100.001]
        .map(|value| tracks(values(&[value]), Reading::Empty))
        .into();
    assert_eq!(run(&*range, &looks), "FPPF");
}
