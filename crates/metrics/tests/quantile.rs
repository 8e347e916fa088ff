//! The judge of a quantile against a fixed limit and against a multiple of stable's.

#![allow(clippy::unwrap_used, reason = "test")]

mod looks;

use proptest::prelude::*;
use serde_json::{Value, json};
use strategy_core::Tracks;
use strategy_core::analysis::Verdict;
use strategy_core::target::Severity;
use strategy_metrics::judge::{Judge, Prospect, Quantile};
use strategy_metrics::reading::Reading;
use strategy_metrics::state::State;

use looks::*;

const DEFAULT_BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

fn quantile(mut params: Value) -> Box<dyn Judge> {
    params["kind"] = json!("quantile");
    judge(&params)
}

fn counts(value: &Value) -> Vec<u64> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn one_sample_evidence_is_that_of_the_closed_form() {
    let file = data(include_str!("data/quantiles.json"));
    let mut seen = 0;
    for case in cases(&file, Some("slo_one_sided_grid_log_e")) {
        let inputs = &case["inputs"];
        let (all, above) = (
            inputs["n"].as_u64().unwrap(),
            inputs["errors"].as_u64().unwrap(),
        );
        let judge = quantile(json!({
            "quantile": 1.0 - inputs["p0"].as_f64().unwrap(), "limit": { "fixed": 0.3 },
            "grid": inputs["multipliers"], "restart": "0s",
        }));
        let reading = histogram(&[0.1, 0.3, 0.5], &[all - above, 0, above, 0]);
        let said = look(
            &*judge,
            &State::default(),
            0,
            tracks(reading, Reading::Empty),
        );
        let expected = case["expected"]["log_e"].as_f64().unwrap();
        close(said.log_evidence.unwrap(), expected, 1e-9);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn two_sample_evidence_is_that_of_the_closed_form() {
    let file = data(include_str!("data/quantiles.json"));
    let mut seen = 0;
    for case in cases(&file, Some("two_sample_quantile_log_e")) {
        let inputs = &case["inputs"];
        let bounds = numbers(&inputs["bounds"]);
        let readings = |window: &Value| {
            tracks(
                histogram(&bounds, &counts(&window["candidate"])),
                histogram(&bounds, &counts(&window["stable"])),
            )
        };
        let judge = quantile(json!({
            "quantile": inputs["quantile"], "limit": { "times-stable": inputs["times"] },
            "detect": inputs["detect"], "grid": inputs["grid"], "restart": "0s",
        }));
        let first = look(&*judge, &State::default(), 0, readings(&inputs["first"]));
        assert_eq!(first.verdict, Verdict::Undecided);
        assert_eq!(
            first.evidence,
            "weighs what is above 146.4, 177.2, 214.4, from now on"
        );
        let later = look(&*judge, &first.state, 1, readings(&inputs["later"]));
        let expected = case["expected"]["log_e"].as_f64().unwrap();
        close(later.log_evidence.unwrap(), expected, 1e-9);
        seen += 1;
    }
    assert_eq!(seen, 2);
}

fn fixed() -> Box<dyn Judge> {
    quantile(json!({ "limit": { "fixed": 300.0 }, "unit": "ms" }))
}

fn window_of(counts: &[u64; 4]) -> Tracks<Reading> {
    tracks(histogram(&[100.0, 300.0, 500.0], counts), Reading::Empty)
}

#[test]
fn evidence_is_in_words_and_numbers() {
    let judge = fixed();
    let good = look(&*judge, &State::default(), 0, window_of(&[400, 40, 10, 0]));
    assert_eq!(good.verdict, Verdict::Pass);
    assert!(
        good.evidence.starts_with(
            "no proof that the candidate's p95 is above its limit: p95 of the candidate 237.5 ms in this \
             window, limit 300 ms; 10 of 450 events above 300 ms (2.222 %), evidence "
        ),
        "{}",
        good.evidence
    );
    let bad = look(&*judge, &good.state, 1, window_of(&[300, 50, 100, 0]));
    assert_eq!(bad.verdict, Verdict::Fail);
    assert!(
        bad.evidence.starts_with(
            "the candidate's p95 is above its limit: p95 of the candidate 455 ms in this window, limit 300 ms; \
             110 of 900 events above 300 ms (12.22 %), evidence 1 : "
        ),
        "{}",
        bad.evidence
    );
    let few = look(&*judge, &State::default(), 0, window_of(&[10, 0, 0, 0]));
    assert_eq!(few.verdict, Verdict::Undecided);
    assert!(
        few.evidence.ends_with("; waits for 100 events"),
        "{}",
        few.evidence
    );
}

/// What stands in the way; where nothing does, the assumption is told.
fn admitted(judge: &dyn Judge, bounds: &[f64]) -> Vec<String> {
    let mut prospect = Prospect::default();
    prospect.resource = "check latency".to_owned();
    prospect.source.candidate.bounds = Some(bounds.to_vec());
    let findings = judge.admit(&prospect);
    if let [only] = &findings[..]
        && only.code == "assumes-independent-errors"
    {
        return Vec::new();
    }
    let messages = findings.into_iter().map(|finding| {
        assert_eq!(finding.code, "buckets-too-coarse");
        assert_eq!(finding.severity, Severity::Blocks);
        finding.message
    });
    messages.collect()
}

#[test]
fn buckets_that_show_too_little_are_refused() {
    let times = |times: f64| quantile(json!({ "limit": { "times-stable": times } }));
    assert_eq!(
        admitted(&*times(1.1), &DEFAULT_BUCKETS),
        [
            "the least that the buckets can show is 2 times its limit's, and 1.5 must be found; they end at 0.005, \
          0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10"
        ]
    );
    // Native histograms of schema 3: eight buckets for each doubling.
    let native: Vec<f64> = (0..40)
        .map(|at| 2.0_f64.powf(f64::from(at) / 8.0))
        .collect();
    assert_eq!(admitted(&*times(1.1), &native), [""; 0]);
    let judge: Quantile =
        serde_json::from_value(json!({ "limit": { "times-stable": 1.1 } })).unwrap();
    close(judge.smallest(&native).unwrap(), 2.0_f64.powf(0.25), 1e-12);
    close(judge.smallest(&DEFAULT_BUCKETS).unwrap(), 2.0, 1e-12);

    let fixed = |limit: f64| quantile(json!({ "limit": { "fixed": limit } }));
    assert_eq!(admitted(&*fixed(0.5), &DEFAULT_BUCKETS), [""; 0]);
    assert_eq!(
        admitted(&*fixed(0.3), &[0.25, 0.5]),
        [
            "the least that the buckets can show is 1.667 times its limit's, and 1.5 must be found; they end at \
          0.25, 0.5"
        ]
    );
    assert_eq!(
        admitted(&*fixed(0.6), &[0.25, 0.5]),
        [
            "no bucket ends where the candidate's p95 would be too large, so it could never fail; they end at 0.25, \
          0.5"
        ]
    );
    let mut sampled = Prospect::default();
    sampled.interval = std::time::Duration::from_secs(30);
    sampled.source.stable.samples_every = Some(std::time::Duration::from_secs(15));
    let found = |limit: Value| quantile(json!({ "limit": limit })).admit(&sampled).len();
    assert_eq!(found(json!({ "times-stable": 1.1 })), 2);
    assert_eq!(found(json!({ "fixed": 0.3 })), 1, "nothing is compared");
    let not_known_yet = judge.admit(&Prospect::default());
    assert_eq!(not_known_yet.len(), 1);
    assert_eq!(not_known_yet[0].code, "assumes-independent-errors");
    // What could not be known before is inconclusive.
    let reading = || histogram(&[0.25, 0.5], &[180, 20, 0]);
    let coarse = |verdict: &Verdict| matches!(verdict, Verdict::Inconclusive(why) if why.starts_with("the buckets are too coarse"));
    let said = look(
        &*fixed(0.6),
        &State::default(),
        0,
        tracks(reading(), Reading::Empty),
    );
    assert!(coarse(&said.verdict), "{:?}", said.verdict);
    let said = look(
        &*times(1.1),
        &State::default(),
        0,
        tracks(reading(), reading()),
    );
    assert!(coarse(&said.verdict), "{:?}", said.verdict);
    // And so are buckets that change meanwhile; what was weighed stays.
    let before = look(
        &*fixed(0.5),
        &State::default(),
        0,
        tracks(reading(), Reading::Empty),
    );
    let other = tracks(histogram(&[0.4, 0.6], &[1, 1, 1]), Reading::Empty);
    let said = look(&*fixed(0.5), &before.state, 1, other);
    assert!(coarse(&said.verdict), "{:?}", said.verdict);
    assert_eq!(said.state, before.state);
}

#[test]
fn no_data_of_a_track_is_not_good_data_and_failed_stays_failed() {
    let judge = fixed();
    let failed = look(&*judge, &State::default(), 0, window_of(&[100, 0, 200, 0]));
    assert_eq!(failed.verdict, Verdict::Fail);
    for missing in without_data() {
        let readings = tracks(missing, Reading::Empty);
        let good = look(&*judge, &State::default(), 0, window_of(&[400, 0, 0, 0])).state;
        for state in [State::default(), good] {
            let said = look(&*judge, &state, 1, readings.clone());
            assert!(is_no_data(&said.verdict), "{:?}", said.verdict);
        }
        let said = look(&*judge, &failed.state, 1, readings);
        assert_eq!(said.verdict, Verdict::Fail);
    }
    let judge = quantile(json!({ "limit": { "times-stable": 1.1 } }));
    let good = || histogram(&[1.0, 1.2, 1.4, 1.6], &[100, 80, 10, 2, 1]);
    let begun = look(&*judge, &State::default(), 0, tracks(good(), good()));
    assert_eq!(begun.verdict, Verdict::Undecided);
    for missing in without_data() {
        for readings in [
            tracks(missing.clone(), good()),
            tracks(good(), missing.clone()),
        ] {
            for state in [&State::default(), &begun.state] {
                let said = look(&*judge, state, 1, readings.clone());
                assert!(is_no_data(&said.verdict), "{:?}", said.verdict);
            }
        }
    }
}

#[test]
fn bounds_are_chosen_by_the_first_hundred_events_however_many_windows_have_them() {
    let judge = quantile(json!({ "limit": { "times-stable": 1.1 } }));
    let bounds = [1.0, 1.2, 1.4, 1.6];
    let stable = || histogram(&bounds, &[20, 18, 2, 0, 0]);
    let mut state = State::default();
    let mut evidence = Vec::new();
    for number in 0..3 {
        let said = look(&*judge, &state, number, tracks(stable(), stable()));
        assert_eq!(said.verdict, Verdict::Undecided);
        evidence.push(said.evidence);
        state = said.state;
    }
    let waits = "waits for 100 events of stable, to choose bounds by; it has";
    let weighs = "weighs what is above 1.4, 1.6, from now on".to_owned();
    assert_eq!(
        evidence,
        [format!("{waits} 40"), format!("{waits} 80"), weighs]
    );
    let slow = || histogram(&bounds, &[2, 2, 2, 2, 2]);
    let found = (3..30).find(|number| {
        let said = look(&*judge, &state, *number, tracks(slow(), stable()));
        state = said.state;
        said.verdict == Verdict::Fail
    });
    assert!(found.is_some());
}

#[test]
fn parameters_out_of_range_are_told() {
    for (params, problem) in [
        (
            json!({ "quantile": 0.4, "limit": { "fixed": 1.0 } }),
            "`quantile` is 0.4; write 0.5 or more, such as 0.95",
        ),
        (
            json!({ "limit": { "fixed": 0.0 } }),
            "`fixed` is 0; write a number above 0",
        ),
    ] {
        let error = serde_json::from_value::<Quantile>(params).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
    assert!(serde_json::from_value::<Quantile>(json!({})).is_err());
}

/// Latency spread as exponential times: of `times` the mean of stable's. Whether it failed in 20 looks at 50
/// events of the candidate and 450 of stable.
fn failed(judge: &dyn Judge, bounds: &[f64], path: u64, times: f64) -> bool {
    let mut dice = path.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    let mut unit = || {
        // SplitMix64.
        dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (dice ^ (dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap();
        (f64::from(mixed) + 0.5) / 4_294_967_296.0
    };
    let mut draw = |total: u32, mean: f64| {
        let mut counts = vec![0; bounds.len() + 1];
        for _ in 0..total {
            let latency = -unit().ln() * mean;
            counts[bounds.partition_point(|bound| *bound < latency)] += 1;
        }
        histogram(bounds, &counts)
    };
    let mut state = State::default();
    for number in 0..20 {
        let readings = tracks(draw(50, times), draw(450, 1.0));
        let said = look(judge, &state, number, readings);
        if said.verdict == Verdict::Fail {
            return true;
        }
        state = said.state;
    }
    false
}

/// At the border of what is tolerated at most so many of 400 paths fail as a chance of 1 % gives, with three
/// standard errors (4, 2.0); three times as slow is found.
#[test]
fn what_is_tolerated_fails_within_its_chance() {
    let bounds: Vec<f64> = (-8..32)
        .map(|at| 2.0_f64.powf(f64::from(at) / 8.0))
        .collect();
    // The p95 of stable is ln(20) = 2.9957.
    let judges = [
        quantile(json!({ "limit": { "times-stable": 1.1 } })),
        quantile(json!({ "limit": { "fixed": 1.1 * 20.0_f64.ln() } })),
    ];
    for judge in &judges {
        let fails = |times: f64, paths: u64| {
            (0..paths)
                .filter(|path| failed(&**judge, &bounds, *path, times))
                .count()
        };
        let (tolerated, slow) = (fails(1.1, 400), fails(3.0, 50));
        println!("{tolerated} of 400 tolerated ones fail, {slow} of 50 slow ones");
        assert!(tolerated <= 10, "{tolerated}");
        assert!(slow >= 49, "{slow}");
    }
}

/// What both tracks share, after a long good time that says much about stable, is no evidence.
#[test]
fn an_incident_that_both_share_fails_nothing() {
    let judge = quantile(json!({ "limit": { "times-stable": 1.1 }, "horizon": "10h" }));
    let bounds: Vec<f64> = (0..16)
        .map(|at| 2.0_f64.powf(f64::from(at) / 8.0))
        .collect();
    let of = |scale: u64, last: [u64; 5]| {
        let mut counts = vec![0; 17];
        counts[0] = (1000 - last.iter().sum::<u64>()) * scale;
        for (at, count) in last.iter().enumerate() {
            counts[2 * at + 1] = count * scale;
        }
        histogram(&bounds, &counts)
    };
    let (good, slow) = ([60, 30, 6, 3, 1], [100; 5]);
    let mut state = State::default();
    for number in 0..400 {
        let last = if !(300..=330).contains(&number) {
            good
        } else {
            slow
        };
        let said = look(&*judge, &state, number, tracks(of(1, last), of(2, last)));
        assert_ne!(
            said.verdict,
            Verdict::Fail,
            "look {number}: {}",
            said.evidence
        );
        state = said.state;
    }
    // The candidate alone is found.
    let said = look(&*judge, &state, 400, tracks(of(1, slow), of(9, good)));
    let said = look(&*judge, &said.state, 401, tracks(of(1, slow), of(9, good)));
    assert_eq!(said.verdict, Verdict::Fail, "{}", said.evidence);
}

/// The candidate may be four times as slow. In an incident of both stable's p95 goes beyond 0.2, so the candidate's may
/// be beyond 0.8. That is seen where stable is counted above 0.2, at which its own quantile may lie; above 0.8,
/// where the candidate is, are so few of it that what is allowed would look too slow.
#[test]
fn stable_is_counted_above_its_own_bound() {
    let judge = quantile(json!({ "limit": { "times-stable": 4.0 }, "detect": 8.0 }));
    let bounds = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2];
    let before = histogram(&bounds, &[930, 60, 5, 5, 0, 0, 0]);
    let stable = histogram(&bounds, &[800, 130, 65, 0, 5, 0, 0]);
    let candidate = histogram(&bounds, &[400, 200, 100, 100, 190, 10, 0]);
    let first = look(
        &*judge,
        &State::default(),
        0,
        tracks(before.clone(), before),
    );
    let mut state = first.state;
    for number in 1..40 {
        let readings = tracks(candidate.clone(), stable.clone());
        let said = look(&*judge, &state, number, readings);
        assert_ne!(said.verdict, Verdict::Fail, "{number}: {}", said.evidence);
        state = said.state;
    }
    // One that is slower than four times is found.
    let slower = histogram(&bounds, &[300, 200, 100, 100, 100, 100, 100]);
    let failed = (40..80).any(|number| {
        let said = look(
            &*judge,
            &state,
            number,
            tracks(slower.clone(), stable.clone()),
        );
        state = said.state;
        said.verdict == Verdict::Fail
    });
    assert!(failed);
}

/// The largest state there is.
#[test]
fn the_largest_state_fits() {
    let bounds: Vec<f64> = (0..80).map(|at| 1.01_f64.powi(at)).collect();
    let mut counts = vec![10; 81];
    counts[0] = 40_000;
    let reading = || histogram(&bounds, &counts);
    for grid in [1, 12, 25, 32] {
        let grid: Vec<f64> = (0..grid).map(|at| 1.5 + f64::from(at)).collect();
        let judge = quantile(json!({ "limit": { "times-stable": 1.01 }, "grid": grid }));
        let said = look(&*judge, &State::default(), 0, tracks(reading(), reading()));
        let fixed = 11 + 6 * 24 + 16 + 56;
        let fit = (100 / grid.len()).min(4) * grid.len();
        assert_eq!(said.state.bytes().len(), fixed + 8 * fit);
    }
}

fn reading() -> impl Strategy<Value = Reading> {
    let count = prop_oneof![6 => 0_u64..200, 1 => Just(1_000_000_000), 1 => Just(u64::MAX)];
    prop_oneof![
        8 => proptest::array::uniform5(count)
            .prop_map(|counts| histogram(&[1.0, 1.2, 1.4, 1.6], &counts)),
        1 => Just(histogram(&[1.0, 2.0], &[50, 50, 50])),
        1 => proptest::sample::select(without_data().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_restored_state_goes_on_the_same(
        looks in proptest::collection::vec((reading(), reading()), 1..30),
        params in proptest::sample::select(vec![
            json!({ "limit": { "fixed": 1.2 } }),
            json!({ "limit": { "times-stable": 1.05 }, "quantile": 0.5 }),
            json!({ "limit": { "times-stable": 1.1 }, "restart": "0s" }),
        ]),
    ) {
        let looks: Vec<_> =
            looks.into_iter().map(|(one, other)| tracks(one, other)).collect();
        restored_is_the_same(&*quantile(params), &looks);
    }
}

/// A sample that no bounds can be chosen by is not kept for ever: stable was slow at first, and is well since.
#[test]
fn a_slow_beginning_of_stable_does_not_keep_bounds_from_being_chosen() {
    let judge = quantile(json!({ "limit": { "times-stable": 1.1 }, "minimum-events": 20 }));
    let bounds = [1.0, 1.2, 1.4, 1.6];
    let slow = || histogram(&bounds, &[0, 0, 0, 0, 40]);
    let good = || histogram(&bounds, &[12, 12, 1, 0, 0]);
    let mut state = State::default();
    let mut last = None;
    for number in 0..40 {
        let reading = || if number < 2 { slow() } else { good() };
        let said = look(&*judge, &state, number, tracks(reading(), reading()));
        state = said.state.clone();
        last = Some(said);
    }
    let last = last.unwrap();
    assert_eq!(last.verdict, Verdict::Pass, "{}", last.evidence);
}

/// The window that chooses bounds is not weighed: two looks of which the first chose know one window.
#[test]
fn what_chose_is_not_weighed() {
    let judge = quantile(json!({ "limit": { "times-stable": 1.1 }, "minimum-events": 100 }));
    let bounds = [1.0, 1.2, 1.4, 1.6];
    let window = || histogram(&bounds, &[60, 54, 6, 0, 0]);
    let slow = || histogram(&bounds, &[0, 0, 0, 0, 120]);
    let good = look(&*judge, &State::default(), 0, tracks(window(), window()));
    let bad = look(&*judge, &State::default(), 0, tracks(slow(), window()));
    assert_eq!(good.state, bad.state, "the candidate of it was weighed");
}
