//! The judge that is compatible with Kayenta: its own cases, its score, and what it does without data.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod looks;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use strategy_core::Tracks;
use strategy_core::analysis::Verdict;
use strategy_metrics::judge::MannWhitney;
use strategy_metrics::judge::mann_whitney::classify::{Class, fences};
use strategy_metrics::judge::mann_whitney::score::{Grade, Metric, score};
use strategy_metrics::judge::mann_whitney::shift::statistic;
use strategy_metrics::reading::Reading;
use strategy_metrics::state::State;

use looks::*;

fn params(inputs: &Value) -> Value {
    let measure = match inputs["measure"].as_str().unwrap() {
        "cles" => "cles",
        "meanRatio" => "mean-ratio",
        other => panic!("{other}"),
    };
    json!({
        "direction": inputs["direction"], "nan-strategy": inputs["nan"], "effect-size": measure,
        "allowed-decrease": inputs["allowed"][0], "allowed-increase": inputs["allowed"][1],
        "critical-decrease": inputs["critical_thresholds"][0],
        "critical-increase": inputs["critical_thresholds"][1],
        "critical": inputs["critical"], "tolerance": inputs["tolerance"], "confidence": inputs["conf"],
    })
}

fn points(file: &Value, value: &Value) -> Vec<f64> {
    match value.as_str() {
        Some(name) => numbers(&file["arrays"][name]),
        None => numbers(value),
    }
}

/// The arrays of a case that names them by where they stand in the suite.
fn arrays(file: &Value, case: &Value) -> (Vec<f64>, Vec<f64>) {
    let inputs = &case["inputs"];
    (
        points(file, &inputs["canary"]),
        points(file, &inputs["baseline"]),
    )
}

#[test]
fn all_cases_of_kayentas_classifier_agree() {
    let file = data(include_str!("data/kayenta-classifier.json"));
    let (mut of_suite, mut all) = (0, 0);
    for case in cases(&file, None) {
        let (inputs, expected) = (&case["inputs"], &case["expected"]);
        let judge: MannWhitney = serde_json::from_value(params(inputs)).unwrap();
        let (canary, baseline) = arrays(&file, case);
        let found = judge.classify(&canary, &baseline);
        let note = &case["note"];
        let class: Class = serde_json::from_value(expected["classification"].clone()).unwrap();
        assert_eq!(found.class, class, "{note}: {found:?}");
        if let Some(critical) = expected["critical"].as_bool() {
            assert_eq!(found.critical, critical, "{note}");
        }
        if let Some(deviation) = expected.get("deviation") {
            match deviation.as_f64() {
                Some(deviation) => close(found.ratio.unwrap(), deviation, 1e-12 * deviation),
                None => assert_eq!(found.ratio, None, "{note}"),
            }
        }
        if let Some([Some(lower), Some(upper)]) = expected["ci"]
            .as_array()
            .map(|ci| [ci[0].as_f64(), ci[1].as_f64()])
        {
            // The tolerance of the root search.
            let shift = found.shift.unwrap();
            close(shift.lower.value, lower, 1.001e-4);
            close(shift.upper.value, upper, 1.001e-4);
        }
        of_suite += i32::from(case["suite"].as_bool().unwrap());
        all += 1;
    }
    assert_eq!((of_suite, all), (33, 41));
}

#[test]
fn the_estimate_lies_where_the_test_is_undecided() {
    let file = data(include_str!("data/kayenta-classifier.json"));
    let mut seen = 0;
    for case in cases(&file, None) {
        let Some(estimate) = case["expected"]["hl_estimate"].as_f64() else {
            continue;
        };
        let (canary, baseline) = arrays(&file, case);
        let judge = MannWhitney::default();
        let ours = judge.classify(&canary, &baseline).shift.unwrap().estimate;
        // Kayenta's root search ends within 0.0001 of a point where the statistic is 0 or jumps through it.
        let at = |shift: f64| statistic(&canary, &baseline, shift).unwrap();
        for estimate in [estimate, ours.value] {
            let note = &case["note"];
            assert!(at(estimate - 1.001e-4) >= 0.0, "{note}");
            assert!(at(estimate + 1.001e-4) <= 0.0, "{note}");
        }
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[test]
fn the_statistic_is_that_of_scipy_and_r() {
    let file = data(include_str!("data/mann-whitney.json"));
    // The standard normal quantiles of 1 - p/2 of the cases, by Python's statistics.NormalDist().
    let quantiles = [2.506_718_245_762_046_5, 1.791_957_340_762_081];
    let found: Vec<_> = cases(&file, Some("mannwhitney_asymptotic")).collect();
    assert_eq!(found.len(), quantiles.len());
    for (case, quantile) in found.iter().zip(quantiles) {
        let inputs = &case["inputs"];
        let z = statistic(&numbers(&inputs["x"]), &numbers(&inputs["y"]), 0.0).unwrap();
        close(z, quantile, 1e-12);
    }
}

#[test]
fn outliers_are_those_of_kayentas_detector() {
    let file = data(include_str!("data/mann-whitney.json"));
    let case = cases(&file, Some("kayenta_iqr_outliers")).next().unwrap();
    let points = numbers(&case["inputs"]["data"]);
    let (lower, upper) = fences(&points, case["inputs"]["factor"].as_f64().unwrap()).unwrap();
    let outside = |at: &usize| points[*at] < lower || points[*at] > upper;
    let found: Vec<_> = (0..points.len()).filter(outside).collect();
    assert_eq!(json!(found), case["expected"]["outlier_index"]);

    // In the classifier the first and the last hundredth are no outliers, so of few points none is one by
    // itself; of many, one in a thousand is.
    let mut canary = [1.0, 2.0, 3.0, 2.0].repeat(60);
    canary.push(1e9);
    let stable = [1.0, 2.0, 3.0, 2.0].repeat(60);
    let removes: MannWhitney = serde_json::from_value(json!({ "outliers": "remove" })).unwrap();
    assert_eq!(
        removes.classify(&canary, &stable).shift,
        None,
        "the same without it"
    );
    assert!(
        MannWhitney::default()
            .classify(&canary, &stable)
            .shift
            .is_some()
    );
}

#[test]
fn all_cases_of_kayentas_scorer_agree() {
    let file = data(include_str!("data/kayenta-scorer.json"));
    let mut seen = 0;
    for case in cases(&file, None) {
        let inputs = &case["inputs"];
        let weights: BTreeMap<String, f64> =
            serde_json::from_value(inputs["group_weights"].clone()).unwrap();
        let metrics = inputs["metrics"].as_array().unwrap().iter();
        let metrics: Vec<_> = metrics
            .map(|metric| {
                let class: Class =
                    serde_json::from_value(metric["classification"].clone()).unwrap();
                let critical = metric["critical"].as_bool().unwrap();
                Metric::new(metric["group"].as_str().unwrap(), class, critical)
            })
            .collect();
        let expected = case["expected"]["summary_score"].as_f64().unwrap();
        close(score(&weights, &metrics), expected, 0.0);
        seen += 1;
    }
    assert_eq!(seen, 13);
}

#[test]
fn what_is_muted_does_not_count_and_a_score_is_graded() {
    let mut failed = Metric::new("a", Class::High, true);
    let passed = Metric::new("a", Class::Pass, false);
    let missing = Metric::new("a", Class::NodataFailMetric, false);
    let none = BTreeMap::new();
    close(score(&none, &[failed.clone(), passed.clone()]), 0.0, 0.0);
    failed.muted = true;
    close(score(&none, &[failed, passed.clone()]), 100.0, 0.0);
    close(score(&none, &[missing, passed]), 50.0, 0.0);
    close(score(&none, &[]), 0.0, 0.0);
    assert_eq!(Grade::of(95.0, 95.0, 75.0), Grade::Pass);
    assert_eq!(Grade::of(75.0, 95.0, 75.0), Grade::Marginal);
    assert_eq!(Grade::of(74.99, 95.0, 75.0), Grade::Fail);
}

#[test]
fn evidence_is_in_words_and_numbers() {
    let judge = judge(&json!({ "kind": "mann-whitney" }));
    let canary = values(&[20.0, 22.0, 21.0, 25.0, 30.0]);
    let stable = values(&[1.0, 2.2, 1.1, 2.5, 3.0]);
    let said = look(&*judge, &State::default(), 0, tracks(canary, stable));
    assert_eq!(said.verdict, Verdict::Fail);
    assert_eq!(
        said.evidence,
        "mean of the candidate 23.6 over 5 points, of stable 1.96 over 5: higher; shifted by 17 to 29, \
         estimate 20 (confidence 98 %)"
    );
}

/// With few points no shift is rejected, and then the interval is all of the differences, as in Kayenta
/// (`findRoot` of `MannWhitney.scala`) and in R.
#[test]
fn few_points_far_apart_are_told_apart() {
    let judge = MannWhitney::default();
    let high = judge.classify(&[20.0, 21.0, 22.0], &[1.0, 2.0, 3.0]);
    assert_eq!(high.class, Class::High);
    let shift = high.shift.unwrap();
    close(shift.lower.value, 17.0, 0.0);
    close(shift.upper.value, 21.0, 0.0);
    let near = judge.classify(&[2.5, 3.5, 4.5], &[1.0, 2.0, 3.0]);
    assert_eq!(near.class, Class::Pass);
}

#[test]
fn windows_add_up_and_the_oldest_points_go() {
    let judge = judge(&json!({ "kind": "mann-whitney", "points": 4, "at-least": 3 }));
    let mut state = State::default();
    let mut said = Vec::new();
    for number in 0..4_u32 {
        let first = f64::from(number);
        let readings = tracks(values(&[first, first + 0.5]), values(&[first, first + 0.5]));
        let judgement = look(&*judge, &state, number.into(), readings);
        said.push(judgement.verdict.clone());
        state = judgement.state;
    }
    let pass = Verdict::Pass;
    assert_eq!(said, [Verdict::Undecided, pass.clone(), pass.clone(), pass]);
    assert_eq!(state.bytes().len(), 12 + 8 * 8);
}

#[test]
fn no_data_of_either_track_is_not_good_data() {
    let good = || values(&[1.0, 2.0, 3.0]);
    for params in [
        json!({ "kind": "mann-whitney" }),
        json!({ "kind": "mann-whitney", "must-have-data": true }),
        json!({ "kind": "mann-whitney", "critical": true }),
    ] {
        let judge = judge(&params);
        let fails = params
            .get("must-have-data")
            .or_else(|| params.get("critical"))
            .is_some();
        for missing in without_data() {
            for readings in [
                tracks(missing.clone(), good()),
                tracks(good(), missing.clone()),
            ] {
                let said = look(&*judge, &State::default(), 0, readings.clone());
                if fails {
                    assert_eq!(said.verdict, Verdict::Fail);
                } else {
                    assert!(is_no_data(&said.verdict), "{:?}", said.verdict);
                }
                // What earlier windows told does not make up for it.
                let before = look(&*judge, &State::default(), 0, tracks(good(), good()));
                let said = look(&*judge, &before.state, 1, readings);
                assert!(is_no_data(&said.verdict), "{:?}", said.verdict);
                assert_eq!(said.state, before.state);
            }
        }
    }
}

#[test]
fn replacing_counts_no_number_as_zero_and_passes_no_series() {
    let judge = judge(&json!({ "kind": "mann-whitney", "nan-strategy": "replace" }));
    let [empty, stale, not_a_number] = without_data();
    let good = || values(&[1.0, 2.0, 3.0]);
    let said = look(&*judge, &State::default(), 0, tracks(empty, good()));
    assert_eq!(said.verdict, Verdict::Pass);
    assert!(said.evidence.contains("`nan-strategy` is `replace`"));
    let said = look(&*judge, &State::default(), 0, tracks(stale, good()));
    assert!(is_no_data(&said.verdict));
    let zeros = tracks(not_a_number, values(&[0.0]));
    let said = look(&*judge, &State::default(), 0, zeros);
    assert_eq!(
        said.evidence,
        "mean of the candidate 0 over 1 points, of stable 0 over 1: the same"
    );
}

#[test]
fn parameters_out_of_range_are_told() {
    for (params, problem) in [
        (json!({ "points": 73 }), "`points` is 73; write 1 to 72"),
        (json!({ "points": 0 }), "`points` is 0; write 1 to 72"),
        (
            json!({ "confidence": 1.0 }),
            "`confidence` is 1; write 0.5 to 0.9999",
        ),
        (
            json!({ "tolerance": -0.1 }),
            "`tolerance` is -0.1; write 0 to 1",
        ),
        (
            json!({ "points": 5, "at-least": 6 }),
            "`at-least` is 6, and only 5 points are kept; write no more than `points`",
        ),
    ] {
        let error = serde_json::from_value::<MannWhitney>(params).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
    assert!(serde_json::from_value::<MannWhitney>(json!({ "conf": 0.9 })).is_err());
}

fn reading() -> impl Strategy<Value = Reading> {
    let point = prop_oneof![
        4 => (-3_i32..4).prop_map(f64::from),
        2 => -1e3..1e3_f64,
        1 => prop_oneof![Just(f64::MAX), Just(f64::MIN), Just(f64::INFINITY), Just(1e-300)],
    ];
    prop_oneof![
        8 => proptest::collection::vec(point, 0..20).prop_map(|points| values(&points)),
        1 => proptest::sample::select(without_data().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_restored_state_goes_on_the_same(
        looks in proptest::collection::vec((reading(), reading()), 1..20),
        nan in proptest::sample::select(vec!["remove", "replace"]),
        outliers in proptest::sample::select(vec!["remove", "keep"]),
        effect in proptest::sample::select(vec!["mean-ratio", "cles"]),
    ) {
        let judge = judge(&json!({
            "kind": "mann-whitney", "nan-strategy": nan, "outliers": outliers, "effect-size": effect,
        }));
        let looks: Vec<Tracks<Reading>> =
            looks.into_iter().map(|(one, other)| tracks(one, other)).collect();
        restored_is_the_same(&*judge, &looks);
    }

    #[test]
    fn swapped_tracks_are_mirrored(
        one in proptest::collection::vec(-3_i32..4, 1..12),
        other in proptest::collection::vec(-3_i32..4, 1..12),
    ) {
        let judge = MannWhitney::default();
        let points = |points: Vec<i32>| points.into_iter().map(f64::from).collect::<Vec<_>>();
        let (one, other) = (points(one), points(other));
        let (there, back) = (judge.classify(&one, &other), judge.classify(&other, &one));
        if let (Some(there), Some(back)) = (there.shift, back.shift) {
            close(there.lower.value, -back.upper.value, 0.0);
            close(there.upper.value, -back.lower.value, 0.0);
            close(there.estimate.value, -back.estimate.value, 0.0);
        } else {
            prop_assert_eq!(there.class, back.class);
        }
    }
}
