//! What the judge of failures says.

mod often;

use proptest::prelude::*;
use serde_json::json;
use strategy_core::Tracks;

use super::*;
use crate::judge::Kinds;
use crate::judge::simulated::sight;
use crate::reading::Reading;
use crate::source::Admitted;

const MINUTE: u64 = 60_000;

fn judged(judge: &SequentialRatio, looks: &[[u64; 4]]) -> Judgement {
    let mut state = State::default();
    let mut last = None;
    for (at, [n_c, e_c, n_s, e_s]) in looks.iter().enumerate() {
        let at = u64::try_from(at).unwrap() * MINUTE;
        let (stable, candidate) = (Events::counted(*n_s, *e_s), Events::counted(*n_c, *e_c));
        let judgement = judge
            .judge(&sight(at, MINUTE, stable, candidate, 0.01), &state)
            .unwrap();
        state = judgement.state.clone();
        last = Some(judgement);
    }
    last.unwrap()
}

#[test]
fn a_worse_candidate_fails_in_plain_words() {
    let said = judged(&SequentialRatio::default(), &[[1010, 16, 9050, 21]]);
    assert_eq!(said.verdict, Verdict::Fail);
    assert_eq!(
        said.evidence,
        "the candidate's errors exceed stable's: 16 of 1 010 against 21 of 9 050 requests, evidence 1 : 94 000, \
         ratio between 2.3 and 20; assumes that errors are independent"
    );
    // Failed stays failed, whatever comes, and also when nothing does.
    let judge = SequentialRatio::default();
    let mut later = sight(
        MINUTE,
        MINUTE,
        Events::counted(900_000, 9_000),
        Events::counted(100_000, 0),
        0.01,
    );
    let state = judge.judge(&later, &said.state).unwrap();
    assert_eq!(state.verdict, Verdict::Fail);
    assert_eq!(state.log_evidence, said.log_evidence);
    later.readings.candidate = Reading::Empty;
    assert_eq!(
        judge.judge(&later, &state.state).unwrap().verdict,
        Verdict::Fail
    );
}

#[test]
fn silence_of_either_track_is_no_data() {
    let judge = SequentialRatio::default();
    let minutes = |quiet: [u64; 4]| {
        let mut looks = vec![[1_000, 5, 9_000, 45]];
        looks.extend([quiet; 6]);
        judged(&judge, &looks).verdict
    };
    for (quiet, of) in [
        ([0, 0, 9_000, 45], "candidate"),
        ([1_000, 5, 0, 0], "stable"),
    ] {
        let verdict = minutes(quiet);
        let told = format!("no event of {of}");
        assert!(
            matches!(&verdict, Verdict::Inconclusive(why) if why.contains(&told)),
            "{verdict}"
        );
    }
}

#[test]
fn what_failed_without_units_stays_failed_when_they_are_told() {
    let judge = SequentialRatio::default();
    let failed = judged(&judge, &[[1010, 16, 9050, 21]]);
    assert_eq!(failed.verdict, Verdict::Fail);
    let unit = |name: &str, total| {
        let of_unit = Events::counted(total, 0).all;
        Events::of_units([(name.to_owned(), of_unit)])
    };
    let later = sight(MINUTE, MINUTE, unit("old", 9_000), unit("new", 1_000), 0.01);
    let said = judge.judge(&later, &failed.state).unwrap();
    assert_eq!(said.verdict, Verdict::Fail);
}

#[test]
fn a_good_candidate_passes_after_enough_events() {
    let judge = SequentialRatio::default();
    let said = judged(&judge, &[[99, 0, 900, 4]]);
    assert_eq!(said.state.bytes().len(), 660);
    assert_eq!(said.verdict, Verdict::Undecided);
    assert!(
        said.evidence.ends_with("; waits for 100 requests"),
        "{}",
        said.evidence
    );
    assert_eq!(judged(&judge, &[[100, 0, 900, 4]]).verdict, Verdict::Pass);
    assert_eq!(
        judged(&judge, &[[100, 0, 0, 0]]).verdict,
        Verdict::Undecided
    );
    // The same evidence at a fifth of what fails only warns.
    let said = judged(&judge, &[[1010, 10, 9050, 22]]);
    assert_eq!(said.verdict, Verdict::Warn, "{}", said.evidence);
}

#[test]
fn a_tolerated_ratio_is_tolerated() {
    let looks = [[1010, 16, 9050, 21]];
    let judge = SequentialRatio {
        tolerated: Ratio::new(8.0).unwrap(),
        ..SequentialRatio::default()
    };
    let said = judged(&judge, &looks);
    assert_eq!(said.verdict, Verdict::Pass);
    assert!(
        said.evidence
            .starts_with("no proof that the candidate's errors exceed 8 times stable's")
    );
}

#[test]
fn proven_passes_only_with_proof() {
    let judge = SequentialRatio {
        pass: Pass::Proven,
        ..SequentialRatio::default()
    };
    let said = judged(&judge, &[[1000, 5, 9000, 45]]);
    assert_eq!(said.verdict, Verdict::Undecided);
    assert!(
        said.evidence
            .ends_with("; not yet proven to be below 2 times"),
        "{}",
        said.evidence
    );
    let said = judged(&judge, &[[10_000, 50, 90_000, 450]]);
    assert_eq!(said.verdict, Verdict::Pass, "{}", said.evidence);
    // No proof without failures: then nothing is known of the ratio.
    assert_eq!(
        judged(&judge, &[[1_000_000, 0, 9_000_000, 0]]).verdict,
        Verdict::Undecided
    );
}

#[test]
fn silence_is_no_pass() {
    let judge = SequentialRatio::default();
    let mut looks = vec![[500, 2, 4500, 20]];
    looks.extend([[0, 0, 4500, 20]; 4]);
    assert_eq!(judged(&judge, &looks).verdict, Verdict::Pass);
    looks.push([0, 0, 4500, 20]);
    let Verdict::Inconclusive(why) = judged(&judge, &looks).verdict else {
        panic!("silence passed");
    };
    let silent = "no data: no event of candidate for 5m or longer";
    assert_eq!(why, silent);
    // However long it is by now: equal looks are told of once.
    looks.push([0, 0, 4500, 20]);
    let later = judged(&judge, &looks);
    assert_eq!(later.verdict, Verdict::Inconclusive(why));
    assert_eq!(
        later.evidence,
        format!("{silent}; 2 of 500 against 140 of 31 500 requests so far, evidence below 1 : 1")
    );
    looks.push([1, 0, 4500, 20]);
    assert_eq!(judged(&judge, &looks).verdict, Verdict::Pass);
}

#[test]
fn a_window_that_one_track_tells_nothing_of_counts_for_neither() {
    let judge = SequentialRatio::default();
    let before = judged(&judge, &[[500, 2, 4500, 20]]);
    let mut half = sight(
        MINUTE,
        MINUTE,
        Events::default(),
        Events::counted(500, 400),
        0.01,
    );
    half.readings.stable = Reading::NotANumber;
    let after = judge.judge(&half, &before.state).unwrap();
    assert!(matches!(after.verdict, Verdict::Inconclusive(_)));
    assert_eq!(after.state, before.state);
}

#[test]
fn units_gate_a_failure_of_one_burst() {
    let judge = SequentialRatio::default();
    let units = |track: &str, units: u64, failed: u64| {
        Events::of_units((0..units).map(|unit| {
            let mut count = strategy_core::analysis::Count::default();
            (count.total, count.failed) = (300, if unit == 0 { failed } else { 0 });
            (format!("{track}-{unit}"), count)
        }))
    };
    let mut state = State::default();
    for minute in 0..4 {
        let burst = sight(
            minute * MINUTE,
            MINUTE,
            units("s", 9, 0),
            units("c", 1, if minute == 0 { 40 } else { 0 }),
            0.01,
        );
        let said = judge.judge(&burst, &state).unwrap();
        assert_ne!(said.verdict, Verdict::Fail, "{}", said.evidence);
        state = said.state;
        // Without units, the same burst fails it.
        let said = judged(&judge, &[[300, 40, 2700, 0]]);
        assert_eq!(said.verdict, Verdict::Fail);
    }
    // It goes on in each window: then the units agree.
    let mut verdict = Verdict::Pass;
    for minute in 4..8 {
        let burst = sight(
            minute * MINUTE,
            MINUTE,
            units("s", 9, 0),
            units("c", 1, 40),
            0.01,
        );
        let said = judge.judge(&burst, &state).unwrap();
        (verdict, state) = (said.verdict, said.state);
    }
    assert_eq!(verdict, Verdict::Fail);
}

#[test]
fn parameters_are_read_and_refused_in_words() {
    let made = |params: serde_json::Value| Kinds::built_in().make(&params).map(|_| ());
    let all = json!({
        "kind": "sequential-ratio", "tolerated": 1.25, "grid": [2, 4], "restart": "30s", "horizon": "1h",
        "minimum-events": 50, "pass": "proven", "pass-ratio": 3, "pass-beta": 0.1, "silence": "2m",
        "gate": "always", "unit-window": "90s",
    });
    assert_eq!(made(all), Ok(()));
    for (field, value) in [
        ("tolerated", json!(0)),
        ("grid", json!([0.5])),
        ("restart", json!(60)),
        ("pass-beta", json!(1)),
        ("gate", json!("maybe")),
        ("tolerance", json!(1)),
    ] {
        let error = made(json!({ "kind": "sequential-ratio", field: value })).unwrap_err();
        assert!(
            error.to_string().starts_with("sequential-ratio: "),
            "{error}"
        );
    }
}

#[test]
fn what_is_assumed_is_told_before() {
    let judge = SequentialRatio::default();
    let mut prospect = Prospect::default();
    let codes = |judge: &SequentialRatio, prospect: &Prospect| {
        let findings = judge.admit(prospect).into_iter();
        findings.map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&judge, &prospect), ["assumes-independent-errors"]);
    let stable = Admitted {
        units: Some(9),
        ..Admitted::default()
    };
    prospect.source = Tracks {
        stable,
        candidate: Admitted::default(),
    };
    assert!(codes(&judge, &prospect).is_empty());
    let mut never = judge;
    never.gate = Gate::Never;
    assert_eq!(codes(&never, &prospect), ["assumes-independent-errors"]);
}

#[test]
fn windows_of_few_samples_are_told_before() {
    let judge = SequentialRatio::default();
    let mut prospect = Prospect {
        interval: Duration::from_secs(30),
        ..Prospect::default()
    };
    let codes = |judge: &SequentialRatio, prospect: &Prospect| {
        let findings = judge.admit(prospect).into_iter();
        findings.map(|finding| finding.code).collect::<Vec<_>>()
    };
    let alone = ["assumes-independent-errors"];
    let both = ["assumes-independent-errors", "windows-hold-few-samples"];
    for (every, expected) in [(None, &alone[..]), (Some(7), &alone), (Some(8), &both)] {
        prospect.source.candidate.samples_every = every.map(Duration::from_secs);
        assert_eq!(codes(&judge, &prospect), expected, "{every:?}");
    }
    let said = judge.admit(&prospect).pop().unwrap();
    let says = "the source sees each target every 8s at a moment of its own, and the check looks each 30s: ";
    assert!(said.message.starts_with(says), "{}", said.message);
    assert!(
        said.mend.starts_with("look each 32s or more seldom"),
        "{}",
        said.mend
    );
    // By unit, that is no alarm.
    prospect.source.stable.units = Some(9);
    assert!(codes(&judge, &prospect).is_empty());
}

fn any_looks() -> impl Strategy<Value = Vec<[u64; 4]>> {
    let count = prop_oneof![Just(0), 0..1000_u64, 0..=1_000_000_000_u64];
    prop::collection::vec(prop::array::uniform4(count), 1..20)
}

proptest! {
    #[test]
    fn any_counts_leave_numbers_and_a_small_state(looks in any_looks(), units in 0..3_usize) {
        let judge = SequentialRatio {
            grid: Grid::new(vec![2.0; Grid::LIMIT]).unwrap(),
            gate: [Gate::Units, Gate::Always, Gate::Never][units],
            ..SequentialRatio::default()
        };
        let said = judged(&judge, &looks);
        prop_assert!(said.log_evidence.unwrap().is_finite(), "{:?}", said);
        prop_assert!(!said.evidence.contains("NaN") && !said.evidence.contains("inf"));
        prop_assert_eq!(said.state.bytes().len(), 820);
    }

    #[test]
    fn a_state_that_was_saved_goes_on_bit_for_bit(looks in any_looks()) {
        let judge = SequentialRatio {
            gate: Gate::Always,
            ..SequentialRatio::default()
        };
        // Once with the memory that never left, once through bytes at every look.
        let mut kept = Memory::read(&judge, &State::default()).unwrap();
        let mut state = State::default();
        for (at, [n_c, e_c, n_s, e_s]) in looks.iter().enumerate() {
            let at = u64::try_from(at).unwrap() * 20_000;
            let (stable, candidate) = (Events::counted(*n_s, *e_s), Events::counted(*n_c, *e_c));
            let sight = sight(at, 20_000, stable.clone(), candidate.clone(), 0.01);
            judge.add(&mut kept, &candidate, &stable, &sight);
            let saved = State::from_bytes(state.bytes().to_vec());
            let said = judge.judge(&sight, &saved).unwrap();
            let verdict = judge.verdict(&mut kept, 0.01);
            prop_assert_eq!(&said.state, &kept.write(&judge));
            prop_assert_eq!(&said.evidence, &judge.evidence(&kept, &verdict));
            prop_assert_eq!(said.verdict, verdict);
            state = said.state;
        }
    }
}

#[test]
fn a_state_of_another_is_refused() {
    let judge = SequentialRatio::default();
    let any = sight(0, MINUTE, Events::default(), Events::default(), 0.01);
    assert!(judge.judge(&any, &State::from_bytes(vec![9])).is_err());
    let mut other = judge.clone();
    other.grid = Grid::new(vec![2.0]).unwrap();
    let state = other.judge(&any, &State::default()).unwrap().state;
    assert!(judge.judge(&any, &state).is_err());
}
