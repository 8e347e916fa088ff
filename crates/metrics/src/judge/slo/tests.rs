//! What the judge of a limit says, and how often it is wrong.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::judge::Kinds;
use crate::judge::simulated::{World, alone};
use crate::reading::{Events, Reading};

fn slo(tolerated: f64) -> Slo {
    Slo::new(Share::new(tolerated).unwrap())
}

fn judged(judge: &Slo, looks: &[[u64; 2]]) -> Judgement {
    let mut last: Option<Judgement> = None;
    for ([total, failed], at) in looks.iter().zip(0..) {
        let state = last.map_or_else(State::default, |judgement| judgement.state);
        let sight = alone(at * 60_000, 60_000, Events::counted(*total, *failed), 0.01);
        last = Some(judge.judge(&sight, &state).unwrap());
    }
    last.unwrap()
}

#[test]
fn a_share_above_the_limit_fails_and_stays_failed() {
    let judge = slo(0.01);
    let said = judged(&judge, &[[1000, 30]]);
    assert_eq!(said.verdict, Verdict::Fail);
    assert_eq!(
        said.evidence,
        "the candidate's errors exceed 1 %: 30 of 1 000 requests, evidence 1 : 43 000"
    );
    assert_eq!(
        judged(&judge, &[[1000, 30], [100_000, 0]]).verdict,
        Verdict::Fail
    );
    let mut nothing = alone(60_000, 60_000, Events::default(), 0.01);
    nothing.readings.candidate = Reading::Empty;
    assert_eq!(
        judge.judge(&nothing, &said.state).unwrap().verdict,
        Verdict::Fail
    );
    let first = judge.judge(&nothing, &State::default()).unwrap();
    assert!(matches!(first.verdict, Verdict::Inconclusive(_)));
}

#[test]
fn below_the_limit_it_passes_after_enough_events() {
    let mut judge = slo(0.01);
    assert_eq!(judged(&judge, &[[99, 0]]).verdict, Verdict::Undecided);
    assert_eq!(judged(&judge, &[[100, 0]]).verdict, Verdict::Pass);
    assert_eq!(judged(&judge, &[[1000, 22]]).verdict, Verdict::Warn);
    judge.pass = Pass::Proven;
    assert_eq!(judged(&judge, &[[100, 0]]).verdict, Verdict::Undecided);
    assert_eq!(judged(&judge, &[[1000, 0]]).verdict, Verdict::Pass);
    let silent = [[1000, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]];
    assert!(matches!(
        judged(&judge, &silent).verdict,
        Verdict::Inconclusive(_)
    ));
}

#[test]
fn a_limit_near_all_is_weighed_against_more() {
    assert_eq!(judged(&slo(0.95), &[[1000, 1000]]).verdict, Verdict::Fail);
    assert_eq!(judged(&slo(0.95), &[[1000, 900]]).verdict, Verdict::Pass);
}

#[test]
fn the_limit_must_be_said() {
    let make = |params| Kinds::built_in().make(&params).map(|_| ());
    assert_eq!(
        make(json!({ "kind": "slo", "tolerated": 0.01, "pass": "proven" })),
        Ok(())
    );
    for params in [
        json!({ "kind": "slo" }),
        json!({ "kind": "slo", "tolerated": 1 }),
    ] {
        assert!(make(params).unwrap_err().to_string().starts_with("slo: "));
    }
}

proptest! {
    #[test]
    fn any_counts_leave_numbers_and_go_on_bit_for_bit(
        looks in prop::collection::vec((0..=1_000_000_000_u64, 0..=1_000_000_000_u64), 1..20),
        tolerated in prop_oneof![Just(1e-9), Just(0.01), Just(0.95), Just(1.0 - 1e-9)],
    ) {
        let judge = slo(tolerated);
        let looks: Vec<_> = looks.into_iter().map(|(total, failed)| [total, failed]).collect();
        let said = judged(&judge, &looks);
        prop_assert!(said.log_evidence.unwrap().is_finite());
        prop_assert_eq!(said.state.bytes().len(), 210);
        let memory = Memory::read(&judge, &said.state).unwrap();
        prop_assert_eq!(memory.write(&judge), said.state);
    }
}

#[test]
fn false_alarms_at_the_limit_stay_below_their_bound() {
    // See the judge of failures for the bound: 38 of 2 000 at 1 %.
    let (paths, seed) = (2_000, 7);
    let fails = |judgement: &Judgement| judgement.verdict == Verdict::Fail;
    let alarms = World::NULL.ended(&slo(0.005), paths, seed, fails).len();
    println!("at the limit: {alarms} of {paths} false alarms, seed {seed}");
    assert!(alarms <= 38);
}
