//! The judge of a number against a bound.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "test"
)]

mod looks;

use proptest::prelude::*;
use serde_json::{Value, json};
use strategy_core::analysis::Verdict;
use strategy_metrics::judge::threshold::measure::interpolated;
use strategy_metrics::judge::{Judge, Threshold};
use strategy_metrics::reading::{Histogram, Reading};
use strategy_metrics::state::State;

use looks::*;

fn threshold(mut params: Value) -> Box<dyn Judge> {
    params["kind"] = json!("threshold");
    judge(&params)
}

#[test]
fn quantiles_are_those_of_prometheus() {
    let file = data(include_str!("data/quantiles.json"));
    for case in cases(&file, Some("histogram_quantile")) {
        let le = case["inputs"]["le"].as_array().unwrap();
        let bounds: Vec<f64> = le.iter().filter_map(Value::as_f64).collect();
        let cumulative = numbers(&case["inputs"]["cumulative"]);
        let histogram = of_cumulative(&bounds, &cumulative);
        let q = case["inputs"]["q"].as_f64().unwrap();
        let expected = case["expected"]["value"].as_f64().unwrap();
        close(interpolated(&histogram, q).unwrap(), expected, 1e-15);
    }
    // The rules for the ends, as promql/quantile.go has them.
    let of = |bounds: &[f64], counts: &[u64], q| {
        let histogram = Histogram::new(bounds.to_vec(), counts.to_vec()).unwrap();
        interpolated(&histogram, q)
    };
    close(of(&[1.0, 2.0], &[10, 0, 0], 0.5).unwrap(), 0.5, 0.0);
    close(of(&[1.0, 2.0], &[1, 1, 8], 0.5).unwrap(), 2.0, 0.0);
    close(of(&[-1.0, 2.0], &[10, 0, 0], 0.5).unwrap(), -1.0, 0.0);
    close(of(&[1.0, 2.0, 4.0], &[5, 0, 5, 0], 0.5).unwrap(), 1.0, 0.0);
    assert_eq!(of(&[1.0], &[0, 0], 0.5), None);
}

#[test]
fn each_form_says_its_numbers() {
    let values_of = |candidate: &[f64], stable: &[f64]| tracks(values(candidate), values(stable));
    let p95 = |counts: &[u64]| tracks(histogram(&[100.0, 300.0, 500.0], counts), Reading::Empty);
    let quantile = json!({
        "measure": { "quantile": 0.95 }, "bound": { "absolute": { "max": 300.0 } }, "unit": "ms",
    });
    let relative = json!({
        "measure": "mean", "bound": { "relative": { "max": 1.2, "floor": 10.0 } },
    });
    let delta = json!({ "measure": "max", "bound": { "delta": { "max": 5.0 } }, "unit": "MiB" });
    let burn = json!({ "bound": { "burn-rate": { "objective": 0.999, "max": 14.4 } } });
    let table = [
        (
            &quantile,
            p95(&[900, 0, 100, 0]),
            false,
            "p95 of the candidate 400 ms, limit 300 ms",
        ),
        (
            &quantile,
            p95(&[900, 50, 50, 0]),
            true,
            "p95 of the candidate 300 ms, limit 300 ms",
        ),
        (
            &relative,
            values_of(&[20.0, 30.0], &[20.0]),
            false,
            "mean of the candidate 25, of stable 20, limit 24 (1.2 times as much)",
        ),
        (
            &relative,
            values_of(&[24.0], &[20.0]),
            true,
            "mean of the candidate 24, of stable 20, limit 24 (1.2 times as much)",
        ),
        (
            &relative,
            values_of(&[11.0], &[0.0]),
            true,
            "mean of the candidate 11, of stable 0, counted as 10, limit 12 (1.2 times as much)",
        ),
        (
            &delta,
            values_of(&[1.0, 106.0], &[100.0, 2.0]),
            false,
            "largest number of the candidate 106 MiB, of stable 100 MiB: 6 MiB more, limit 5 MiB",
        ),
        (
            &burn,
            tracks(events(1010, 16), Reading::Empty),
            false,
            "bad events of the candidate 1.584 %, 15.84 times what 99.9 % leaves, limit 14.4 times \
             (16 of 1010)",
        ),
    ];
    for (params, readings, good, evidence) in table {
        let judge = threshold(params.clone());
        let said = look(&*judge, &State::default(), 0, readings);
        assert_eq!(said.evidence, evidence);
        assert_eq!(
            said.verdict,
            if good { Verdict::Pass } else { Verdict::Fail }
        );
    }
    let last = threshold(json!({ "measure": "last", "bound": { "absolute": { "min": 2.0 } } }));
    assert_eq!(
        run(
            &*last,
            &[values_of(&[9.0, 1.0], &[]), values_of(&[1.0, 2.0], &[])]
        ),
        "FP"
    );
    let least = threshold(json!({ "measure": "min", "bound": { "absolute": { "min": 2.0 } } }));
    assert_eq!(
        run(
            &*least,
            &[values_of(&[9.0, 1.0], &[]), values_of(&[3.0, 2.0], &[])]
        ),
        "FP"
    );
}

#[test]
fn without_a_peer_no_data_is_inconclusive() {
    let judge = threshold(json!({ "bound": { "absolute": { "max": 0.01 } } }));
    assert_eq!(run(&*judge, &windows("gbes0xg")), "PFnnfnP");
    assert_eq!(judge.limits(), None);
    let few = threshold(json!({
        "bound": { "absolute": { "max": 0.01 } }, "at-least-events": 1001,
    }));
    let said = look(&*few, &State::default(), 0, windows("g").remove(0));
    assert_eq!(
        said.evidence,
        "too few events: 1000 of candidate, and 1001 are needed"
    );
    // Of either track, where both are needed.
    let relative = threshold(json!({ "bound": { "relative": { "max": 2.0 } } }));
    for missing in without_data() {
        for readings in [
            tracks(missing.clone(), events(10, 1)),
            tracks(events(10, 1), missing.clone()),
        ] {
            assert_eq!(run(&*relative, &[readings]), "n");
        }
    }
    let none = threshold(json!({ "measure": "mean", "bound": { "absolute": { "max": 0.01 } } }));
    assert_eq!(run(&*none, &[tracks(values(&[]), Reading::Empty)]), "n");
}

#[test]
fn what_cannot_be_meant_is_told() {
    let fixed = json!({ "absolute": { "max": 0.01 } });
    let table = [
        (
            json!({ "bound": { "absolute": {} } }),
            "`absolute`: it has no end; write `min` or `max`",
        ),
        (
            json!({ "bound": { "delta": { "min": 2.0, "max": 1.0 } } }),
            "`delta`: no number is at least 2 and at most 1; write the smaller one as `min`",
        ),
        (
            json!({ "bound": { "burn-rate": { "objective": 1.0, "max": 1.0 } } }),
            "`objective` is 1; write a number between 0 and 1, such as 0.999",
        ),
        (
            json!({ "measure": "last", "bound": { "burn-rate": { "objective": 0.9, "max": 1.0 } } }),
            "`burn-rate` is of the share of bad events; write `measure: share`",
        ),
        (
            json!({ "measure": { "quantile": 95.0 }, "bound": fixed }),
            "`quantile` is 95; write a number between 0 and 1, such as 0.95",
        ),
        (
            json!({ "bound": fixed, "limits": { "argo": { "form": "both" } } }),
            "`failure` is missing; the form `both` needs a second bound",
        ),
        (
            json!({ "bound": fixed, "limits": { "argo": { "failure-limit": -2 } } }),
            "`failure-limit` is -2; write -1 or more",
        ),
        (
            json!({ "bound": fixed, "limits": { "flagger": { "threshold": 0 } } }),
            "`threshold` is 0; write 1 or more",
        ),
    ];
    for (params, problem) in table {
        let error = serde_json::from_value::<Threshold>(params).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
    assert!(serde_json::from_value::<Threshold>(json!({})).is_err());
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        4 => (0_u64..2000, 0_u64..40).prop_map(|(all, bad)| events(all, bad)),
        1 => Just(events(u64::MAX, u64::MAX)),
        2 => proptest::sample::select(without_data().to_vec()),
    ]
}

proptest! {
    #[test]
    fn a_restored_state_goes_on_the_same(
        looks in proptest::collection::vec((reading(), reading()), 1..30),
        bound in proptest::sample::select(vec![
            json!({ "absolute": { "max": 0.01 } }),
            json!({ "relative": { "max": 1.2, "floor": 0.001 } }),
            json!({ "delta": { "max": 0.01 } }),
            json!({ "burn-rate": { "objective": 0.999, "max": 14.4 } }),
        ]),
        limits in proptest::sample::select(vec![
            json!(null),
            json!({ "argo": { "failure-limit": 2, "count": 9, "consecutive-success-limit": 3 } }),
            json!({ "argo": { "form": "both", "failure": { "absolute": { "max": 0.02 } } } }),
            json!({ "flagger": { "threshold": 5 } }),
        ]),
    ) {
        let judge = threshold(json!({ "bound": bound, "limits": limits }));
        let looks: Vec<_> =
            looks.into_iter().map(|(one, other)| tracks(one, other)).collect();
        restored_is_the_same(&*judge, &looks);
    }

    #[test]
    fn numbers_do_not_overflow(points in proptest::collection::vec(
        prop_oneof![Just(f64::MAX), Just(f64::MIN), -1e3..1e3_f64], 1..9,
    )) {
        for measure in ["last", "mean", "max", "min"] {
            let judge = threshold(json!({
                "measure": measure, "bound": { "delta": { "max": 0.5 } },
            }));
            let looks = [tracks(values(&points), values(&points))];
            prop_assert_eq!(run(&*judge, &looks), "P");
        }
    }
}
