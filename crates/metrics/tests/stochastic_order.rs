//! The judge of latency from buckets that finds a slower candidate at whatever size.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test")]

mod looks;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use strategy_core::Tracks;
use strategy_core::analysis::Verdict;
use strategy_core::target::Severity;
use strategy_metrics::judge::{Judge, Judgement, Prospect, StochasticOrder};
use strategy_metrics::reading::{Data, Reading};
use strategy_metrics::state::State;

use looks::*;

const BOUNDS: [f64; 4] = [100.0, 250.0, 500.0, 1000.0];

fn order(mut params: Value) -> Box<dyn Judge> {
    params["kind"] = json!("stochastic-order");
    judge(&params)
}

#[test]
fn evidence_is_that_of_the_closed_form() {
    let file = data(include_str!("data/latency.json"));
    let mut seen = 0;
    for case in cases(&file, Some("bucket_stochastic_order_log_e")) {
        let (inputs, expected) = (&case["inputs"], &case["expected"]);
        let le = inputs["le"].as_array().unwrap();
        let bounds: Vec<f64> = le.iter().filter_map(Value::as_f64).collect();
        let of = |track: &str| of_cumulative(&bounds, &numbers(&inputs[track]));
        let (candidate, stable) = (of("canary_cumulative"), of("stable_cumulative"));
        let log_evidence = |bounds: &[f64]| {
            let judge = order(json!({
                "bounds": bounds, "grid": inputs["grid"], "tolerated": inputs["rho0"], "restart": "0s",
            }));
            let readings = tracks(
                histogram(candidate.bounds(), candidate.counts()),
                histogram(stable.bounds(), stable.counts()),
            );
            let said = look(&*judge, &State::default(), 0, readings);
            said.log_evidence.unwrap()
        };
        for (bound, expected) in bounds.iter().zip(numbers(&expected["per_bucket_log_e"])) {
            close(log_evidence(&[*bound]), expected, 1e-10);
        }
        // The mean over all of them; eight fit into one judge.
        let (first, rest) = bounds.split_at(8);
        let sum = |bounds: &[f64]| {
            log_evidence(bounds).exp() * f64::from(u8::try_from(bounds.len()).unwrap())
        };
        let count = f64::from(u8::try_from(bounds.len()).unwrap());
        let mean = ((sum(first) + sum(rest)) / count).ln();
        close(mean, expected["log_e"].as_f64().unwrap(), 1e-10);
        seen += 1;
    }
    assert_eq!(seen, 1);
}

fn window_of(candidate: [u64; 5], stable: [u64; 5]) -> Tracks<Reading> {
    tracks(histogram(&BOUNDS, &candidate), histogram(&BOUNDS, &stable))
}

fn good() -> Tracks<Reading> {
    window_of([100, 44, 5, 1, 0], [900, 396, 45, 9, 0])
}

fn slow() -> Tracks<Reading> {
    window_of([100, 30, 18, 2, 0], [900, 396, 45, 9, 0])
}

#[test]
fn a_slower_candidate_fails_in_plain_words() {
    let judge = order(json!({ "unit": "ms" }));
    let mut state = State::default();
    let mut said = Vec::new();
    for readings in [good(), good(), slow(), slow(), slow(), good()] {
        let judgement = look(&*judge, &state, said.len() as u64, readings);
        state = judgement.state;
        said.push((judgement.verdict, judgement.evidence));
    }
    assert_eq!(
        said[0],
        (
            Verdict::Undecided,
            "weighs what is above 250, 500, from now on".to_owned()
        )
    );
    let verdicts: Vec<_> = said.iter().map(|(verdict, _)| verdict.clone()).collect();
    let (undecided, pass, fail) = (Verdict::Undecided, Verdict::Pass, Verdict::Fail);
    assert_eq!(
        verdicts,
        [
            undecided,
            pass.clone(),
            pass,
            fail.clone(),
            fail.clone(),
            fail
        ]
    );
    assert_eq!(
        said[3].1,
        "the candidate is slower than stable: 46 of the candidate's 450 events above 250 ms (10.22 %), 162 of \
         stable's 4 050 (4 %), evidence 1 : 21 000"
    );
}

fn codes(judge: &dyn Judge, prospect: &Prospect) -> Vec<String> {
    let findings = judge.admit(prospect).into_iter();
    findings.map(|finding| finding.code).collect()
}

#[test]
fn what_buckets_do_not_tell_is_refused_or_inconclusive() {
    let judge = order(json!({ "bounds": [300.0] }));
    let mut prospect = Prospect::default();
    prospect.resource = "check latency".to_owned();
    assert_eq!(codes(&*judge, &prospect), ["assumes-independent-errors"]);
    prospect.source.stable.bounds = Some(BOUNDS.to_vec());
    let findings = judge.admit(&prospect);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code, "buckets-too-coarse");
    assert_eq!(findings[0].severity, Severity::Blocks);
    assert_eq!(
        findings[0].message,
        "no bucket ends at 300; they end at 100, 250, 500, 1000"
    );
    let said = look(&*judge, &State::default(), 0, good());
    assert_eq!(
        said.verdict,
        Verdict::Inconclusive(
            "the buckets are too coarse: no bucket of candidate ends at 300; they were changed meanwhile, or \
             were never so"
                .to_owned()
        )
    );
    assert_eq!(
        codes(&*order(json!({ "bounds": [250.0] })), &prospect),
        ["assumes-independent-errors"]
    );

    prospect.interval = Duration::from_secs(30);
    prospect.source.stable.samples_every = Some(Duration::from_secs(15));
    assert_eq!(
        codes(&*order(json!({ "bounds": [250.0] })), &prospect),
        ["assumes-independent-errors", "windows-hold-few-samples"]
    );

    // Bounds that change meanwhile, of either track.
    let judge = order(json!({ "bounds": [250.0] }));
    let before = look(&*judge, &State::default(), 0, good());
    let other = || histogram(&[200.0, 400.0], &[90, 5, 5]);
    let Tracks { stable, candidate } = good();
    for readings in [tracks(other(), stable), tracks(candidate, other())] {
        let said = look(&*judge, &before.state, 1, readings);
        let coarse =
            matches!(&said.verdict, Verdict::Inconclusive(why) if why.starts_with("the buckets"));
        assert!(coarse, "{:?}", said.verdict);
        assert_eq!(said.state, before.state);
    }
    // None is fit to be chosen, though there were other buckets before.
    let all_slow = || window_of([0, 0, 0, 0, 150], [0, 0, 0, 0, 1350]);
    let judge = order(json!({}));
    let before = look(&*judge, &State::default(), 0, few(other()));
    for state in [State::default(), before.state] {
        let said = look(&*judge, &state, 1, all_slow());
        assert!(
            said.evidence.starts_with(
                "the buckets are too coarse: more than 30 % of stable's events are above every \
                 bound; buckets end at 100, "
            ),
            "{}",
            said.evidence
        );
        // By itself it is enough, and what was before is in nobody's way.
        assert_eq!(said.state, State::default());
    }
}

/// Too few to choose by.
fn few(reading: Reading) -> Tracks<Reading> {
    let Reading::Told(Data::Histogram(histogram)) = reading else {
        panic!("no histogram");
    };
    let counts: Vec<u64> = histogram.counts().iter().map(|count| *count / 2).collect();
    let half = looks::histogram(histogram.bounds(), &counts);
    tracks(half.clone(), half)
}

/// What is said of windows, one after the other.
fn said(judge: &dyn Judge, windows: impl IntoIterator<Item = Tracks<Reading>>) -> Vec<Judgement> {
    let mut state = State::default();
    let mut said = Vec::new();
    for (number, readings) in (0..).zip(windows) {
        let judgement = look(judge, &state, number, readings);
        state = judgement.state.clone();
        said.push(judgement);
    }
    said
}

#[test]
fn bounds_are_chosen_by_the_first_hundred_events_however_many_windows_have_them() {
    // 40 of stable and 5 of the candidate in each.
    let good = || window_of([4, 1, 0, 0, 0], [32, 6, 1, 1, 0]);
    let slow = || window_of([1, 1, 2, 1, 0], [32, 6, 1, 1, 0]);
    let judge = order(json!({ "minimum-events": 20 }));
    let found = said(&*judge, (0..30).map(|_| good()));
    let evidence: Vec<&str> = found.iter().map(|said| said.evidence.as_str()).collect();
    let waits = "waits for 100 events of stable, to choose bounds by; it has";
    assert_eq!(evidence[0], format!("{waits} 40"));
    assert_eq!(evidence[1], format!("{waits} 80"));
    // 24, 6 and 3 of 120 are above them.
    assert_eq!(
        evidence[2],
        "weighs what is above 100, 250, 500, from now on"
    );
    for (number, said) in found.iter().enumerate() {
        let judged = if number < 6 {
            Verdict::Undecided
        } else {
            Verdict::Pass
        };
        assert_eq!(said.verdict, judged, "look {number}");
    }
    let found = said(&*judge, (0..30).map(|_| slow()));
    assert_eq!(found.last().unwrap().verdict, Verdict::Fail);
    // What chose is not weighed.
    assert_eq!(found[2].log_evidence, None);
}

#[test]
fn where_nothing_of_stable_is_slow_what_leaves_its_bucket_is_found() {
    let all_fast = [300, 0, 0, 0, 0];
    let judge = order(json!({}));
    let good = (0..40).map(|_| window_of([30, 0, 0, 0, 0], all_fast));
    let found = said(&*judge, good);
    assert_eq!(found[0].evidence, "weighs what is above 100, from now on");
    assert_eq!(found.last().unwrap().verdict, Verdict::Pass);
    let slower = (0..10).map(|_| window_of([20, 10, 0, 0, 0], all_fast));
    let found = said(&*judge, slower);
    assert_eq!(found.last().unwrap().verdict, Verdict::Fail);
    // Where most are in one bucket and hardly any in the next, too: a thousandth is above 250.
    let hardly = || window_of([30, 0, 0, 0, 0], [600, 399, 1, 0, 0]);
    let found = said(&*judge, [hardly()]);
    assert_eq!(found[0].evidence, "weighs what is above 250, from now on");
}

/// Each event in a bucket of its own, of a histogram with as many buckets as there may be.
#[test]
fn the_largest_sample_fits_and_bounds_come_and_go() {
    let bounds: Vec<f64> = (1..=640).map(f64::from).collect();
    let mut counts = vec![0; 641];
    counts[541..640].fill(1);
    let judge = order(json!({}));
    let reading = || histogram(&bounds, &counts);
    let first = look(&*judge, &State::default(), 0, tracks(reading(), reading()));
    assert_eq!(first.state.bytes().len(), 10 + 3 + 9 * 99);
    assert!(first.state.bytes().len() <= State::LIMIT);
    // Other bounds, and more than a histogram has with those before.
    let shifted: Vec<f64> = bounds.iter().map(|bound| bound + 0.5).collect();
    let one = || histogram(&shifted, &[vec![1], vec![0; 640]].concat());
    let said = look(&*judge, &first.state, 1, tracks(one(), one()));
    assert!(
        said.evidence.starts_with("weighs what is above "),
        "{}",
        said.evidence
    );
    // Fewer of them, as where a native histogram was made coarser: all that was seen is above.
    let one = || histogram(&[0.5, 1.5], &[0, 1, 0]);
    let said = look(&*judge, &first.state, 1, tracks(one(), one()));
    assert!(
        said.evidence.contains("buckets end at 0.5, 1.5"),
        "{}",
        said.evidence
    );
}

/// What was seen in windows with other buckets chooses among those that there are now: a bound that is no more would
/// never be weighed.
#[test]
fn bounds_that_are_gone_are_not_chosen() {
    let before = || histogram(&[90.0, 240.0, 490.0, 990.0], &[45, 15, 9, 1, 0]);
    let now = || histogram(&BOUNDS, &[45, 15, 9, 1, 0]);
    let judge = order(json!({ "minimum-events": 20 }));
    let windows = (0..6).map(|number| if number == 0 { before() } else { now() });
    let found = said(
        &*judge,
        windows.map(|reading| tracks(reading.clone(), reading)),
    );
    // Of 140, 90 are up to 100, 30 up to 250, 18 up to 500, and 2 up to 1000.
    assert_eq!(
        found[1].evidence,
        "weighs what is above 250, 500, from now on"
    );
    assert_eq!(found[5].verdict, Verdict::Pass, "{}", found[5].evidence);
    // The other way, and finer ones later.
    let windows = [now(), before(), before(), before(), before()];
    let found = said(
        &*judge,
        windows.map(|reading| tracks(reading.clone(), reading)),
    );
    assert_eq!(found[4].verdict, Verdict::Pass, "{}", found[4].evidence);
}

#[test]
fn no_data_of_either_track_is_not_good_data_and_failed_stays_failed() {
    let judge = order(json!({ "bounds": [250.0], "silence": "1m" }));
    let failed = {
        let mut state = State::default();
        for number in 0..4 {
            state = look(&*judge, &state, number, slow()).state;
        }
        state
    };
    for missing in without_data() {
        let Tracks { stable, candidate } = good();
        for readings in [
            tracks(missing.clone(), stable),
            tracks(candidate, missing.clone()),
        ] {
            for state in [
                State::default(),
                look(&*judge, &State::default(), 0, good()).state,
            ] {
                let said = look(&*judge, &state, 9, readings.clone());
                assert!(is_no_data(&said.verdict), "{:?}", said.verdict);
            }
            let said = look(&*judge, &failed, 9, readings.clone());
            assert_eq!(said.verdict, Verdict::Fail);
            // While bounds are chosen, too.
            let said = look(&*order(json!({})), &State::default(), 0, readings);
            assert!(is_no_data(&said.verdict));
        }
    }
    // A track without events for a minute.
    let silent = || window_of([0; 5], [900, 396, 45, 9, 0]);
    let first = look(&*judge, &State::default(), 0, good());
    let second = look(&*judge, &first.state, 1, silent());
    assert_eq!(second.verdict, Verdict::Pass);
    let third = look(&*judge, &second.state, 2, silent());
    assert!(is_no_data(&third.verdict), "{:?}", third.verdict);
}

#[test]
fn nothing_passes_before_stable_had_an_event() {
    let judge = order(json!({ "bounds": [250.0] }));
    let alone = window_of([100, 44, 5, 1, 0], [0; 5]);
    let said = look(&*judge, &State::default(), 0, alone);
    assert_eq!(said.verdict, Verdict::Undecided, "{}", said.evidence);
    let said = look(&*judge, &said.state, 1, good());
    assert_eq!(said.verdict, Verdict::Pass, "{}", said.evidence);
}

/// How many slow windows after an hour of good ones it takes.
fn found_after_an_hour(judge: &dyn Judge) -> u64 {
    let mut state = State::default();
    for number in 0..1_000 {
        let readings = if number < 120 { good() } else { slow() };
        let said = look(judge, &state, number, readings);
        if said.verdict == Verdict::Fail {
            return number - 119;
        }
        state = said.state;
    }
    panic!("never found")
}

#[test]
fn what_gets_slow_late_is_found_sooner_with_late_starts() {
    let with = found_after_an_hour(&*order(json!({})));
    let without = found_after_an_hour(&*order(json!({ "restart": "0s" })));
    assert!(
        with < 10 && with * 2 < without,
        "{with} and {without} windows"
    );
}

#[test]
fn parameters_out_of_range_are_told() {
    let nine: Vec<f64> = (1..=9).map(f64::from).collect();
    for (params, problem) in [
        (
            json!({ "bounds": [2.0, 1.0] }),
            "`bounds` do not rise; write the smaller ones first",
        ),
        (
            json!({ "bounds": nine }),
            "`bounds` are 9, and with this grid 8 fit; write fewer, or fewer numbers of `grid`",
        ),
    ] {
        let error = serde_json::from_value::<StochasticOrder>(params).unwrap_err();
        assert_eq!(error.to_string(), problem);
    }
    assert!(serde_json::from_value::<StochasticOrder>(json!({ "bound": [1.0] })).is_err());
    let judge: StochasticOrder = serde_json::from_value(json!({ "restart": "2m" })).unwrap();
    assert_eq!(judge.restart, Duration::from_secs(120));
}

/// Both tracks as fast as each other, 20 looks at 15 events of the candidate and 135 of stable: of 2 000 paths at
/// most so many fail as a chance of 1 % gives, with three standard errors.
#[test]
fn as_fast_as_stable_fails_within_its_chance() {
    let paths = 2000;
    let judge = order(json!({}));
    let fails = (0..paths).filter(|path| run_of(&*judge, *path, [0.6, 0.3, 0.07, 0.02, 0.01]) > 0);
    let fails = fails.count();
    // 20 expected at most, 4.5 standard error.
    println!("{fails} of {paths} fail");
    assert!(fails <= 33, "{fails} of {paths}");
    // It is found when there is something to find: three times as many above 250.
    let found = (0..100).filter(|path| run_of(&*judge, *path, [0.5, 0.2, 0.2, 0.07, 0.03]) > 0);
    assert!(found.count() >= 99);
}

/// The number of the look that fails, 0 if none.
fn run_of(judge: &dyn Judge, path: u64, candidate: [f64; 5]) -> u64 {
    let stable = [0.6, 0.3, 0.07, 0.02, 0.01];
    let mut dice = path.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    let mut unit = || {
        // SplitMix64.
        dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (dice ^ (dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap()) / 4_294_967_296.0
    };
    let mut draw = |total: u32, shares: [f64; 5]| {
        let mut counts = [0; 5];
        for _ in 0..total {
            let mut left = unit();
            let mut bucket = 0;
            while bucket < 4 && left >= shares[bucket] {
                left -= shares[bucket];
                bucket += 1;
            }
            counts[bucket] += 1;
        }
        counts
    };
    let mut state = State::default();
    for number in 0..20 {
        let readings = window_of(draw(15, candidate), draw(135, stable));
        let said = look(judge, &state, number, readings);
        if said.verdict == Verdict::Fail {
            return number + 1;
        }
        state = said.state;
    }
    0
}

fn reading() -> impl Strategy<Value = Reading> {
    let count = prop_oneof![6 => 0_u64..200, 1 => Just(1_000_000_000), 1 => Just(u64::MAX)];
    prop_oneof![
        8 => proptest::array::uniform5(count).prop_map(|counts| histogram(&BOUNDS, &counts)),
        1 => Just(histogram(&[1.0, 250.0], &[50, 50, 50])),
        1 => proptest::sample::select(without_data().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_restored_state_goes_on_the_same(
        looks in proptest::collection::vec((reading(), reading()), 1..30),
        params in proptest::sample::select(vec![
            json!({}), json!({ "bounds": [250.0, 500.0] }), json!({ "bounds": [250.0], "restart": "0s" }),
        ]),
    ) {
        let looks: Vec<_> =
            looks.into_iter().map(|(one, other)| tracks(one, other)).collect();
        restored_is_the_same(&*order(params), &looks);
    }
}

/// The largest state there is: eight bounds, and accumulators for each.
#[test]
fn the_largest_state_fits() {
    let bounds: Vec<f64> = (1..=8).map(f64::from).collect();
    let judge = order(json!({ "bounds": bounds }));
    let reading = histogram(&bounds, &[1; 9]);
    let said = look(
        &*judge,
        &State::default(),
        0,
        tracks(reading.clone(), reading),
    );
    assert_eq!(said.state.bytes().len(), 1043);
}

/// A sample that no bounds can be chosen by is not kept for ever: stable was slow at first, and is well since.
#[test]
fn a_slow_beginning_of_stable_does_not_keep_bounds_from_being_chosen() {
    let slow = || window_of([0, 0, 0, 0, 5], [0, 0, 0, 0, 40]);
    let good = || window_of([4, 1, 0, 0, 0], [18, 5, 1, 1, 0]);
    let judge = order(json!({ "minimum-events": 20 }));
    let windows = (0..40).map(|number| if number < 2 { slow() } else { good() });
    let found = said(&*judge, windows);
    let last = found.last().unwrap();
    assert_eq!(last.verdict, Verdict::Pass, "{}", last.evidence);
}
