//! What the judge of units says.

mod often;

use proptest::prelude::*;
use serde_json::json;
use strategy_core::analysis::Count;

use super::*;
use crate::judge::Kinds;
use crate::judge::simulated::{World, sight};
use crate::source::Admitted;

fn counted(track: &str, units: &[(u64, u64)]) -> Events {
    Events::of_units(units.iter().zip(0..).map(|((total, failed), unit)| {
        let mut count = Count::default();
        (count.total, count.failed) = (*total, *failed);
        (format!("{track}-{unit}"), count)
    }))
}

fn numbered(track: &str, units: &[f64]) -> Reading {
    let units = units.iter().zip(0..);
    Reading::Told(Data::Units(
        units
            .map(|(n, unit)| (format!("{track}-{unit}"), *n))
            .collect(),
    ))
}

fn judged(judge: &ExchangeableUnits, sights: &[Sight]) -> Judgement {
    let mut last: Option<Judgement> = None;
    for sight in sights {
        let state = last.map_or_else(State::default, |judgement| judgement.state);
        last = Some(judge.judge(sight, &state).unwrap());
    }
    last.unwrap()
}

fn numbers_of(candidate: &[f64], stable: &[f64]) -> Sight {
    let mut sight = sight(0, 60_000, Events::default(), Events::default(), 0.01);
    sight.readings.candidate = numbered("c", candidate);
    sight.readings.stable = numbered("s", stable);
    sight
}

#[test]
fn one_burst_is_no_evidence_and_more_are() {
    let judge = ExchangeableUnits::default();
    let look = |failed| {
        let stable = counted("s", &[(300, 1); 9]);
        sight(0, 60_000, stable, counted("c", &[(300, failed)]), 0.01)
    };
    let burst = [look(100), look(1), look(1)];
    assert_eq!(judged(&judge, &burst).verdict, Verdict::Pass);
    assert_eq!(judged(&judge, &burst[..2]).verdict, Verdict::Undecided);
    let said = judged(&judge, &[look(100), look(100), look(100)]);
    assert_eq!(said.verdict, Verdict::Fail);
    assert_eq!(
        said.evidence,
        "the candidate's units have more than their part of the errors: 300, and 32.7 would be, \
         evidence 1 : 310 in 3 windows"
    );
    // It stays so, also when nothing is told.
    let mut nothing = look(0);
    nothing.readings.candidate = Reading::Empty;
    assert_eq!(
        judge.judge(&nothing, &said.state).unwrap().verdict,
        Verdict::Fail
    );
}

#[test]
fn looks_are_gathered_to_windows_each_with_its_share() {
    let judge = ExchangeableUnits {
        restart: Duration::ZERO,
        ..ExchangeableUnits::default()
    };
    // An incident of both while the candidate had half of the requests: its half is its part.
    let first = sight(
        0,
        30_000,
        counted("s", &[(900, 8)]),
        counted("c", &[(100, 2)]),
        0.01,
    );
    let second = sight(
        30_000,
        30_000,
        counted("s", &[(500, 51)]),
        counted("c", &[(500, 49)]),
        0.01,
    );
    let said = judged(&judge, std::slice::from_ref(&first));
    assert_eq!(
        said.log_evidence.map(f64::to_bits),
        Some(0),
        "a window is not full"
    );
    let said = judged(&judge, &[first, second]);
    assert!(
        said.log_evidence.unwrap().abs() < 1e-12,
        "{}",
        said.evidence
    );
}

/// Where each unit is asked as often, its part is that of the units, and changes where they come and go.
#[test]
fn units_that_come_end_a_window_where_they_are_the_part() {
    let judge = ExchangeableUnits {
        load: Load::Equal,
        restart: Duration::ZERO,
        unit_window: Duration::from_secs(60),
        ..ExchangeableUnits::default()
    };
    let look = |from, candidate: &[(u64, u64)], stable: &[(u64, u64)]| {
        let (candidate, stable) = (counted("c", candidate), counted("s", stable));
        sight(from, 30_000, stable, candidate, 0.01)
    };
    let of_9 = &[(300, 0); 9][..];
    for (candidate, stable, is_weighed) in [
        (&[(300, 20)][..], of_9, true),
        (&[(300, 20), (300, 20)], of_9, false),
        (&[(300, 20)], &of_9[1..], false),
    ] {
        let looks = [look(0, &[(300, 20)], of_9), look(30_000, candidate, stable)];
        let weighed = judged(&judge, &looks).log_evidence.unwrap();
        // What a window that is cut short was ahead by is given up.
        assert_eq!(weighed > 0.1, is_weighed, "{weighed}");
    }
}

#[test]
fn units_that_are_not_told_are_no_data() {
    let judge = ExchangeableUnits::default();
    let look = sight(
        0,
        60_000,
        Events::counted(900, 9),
        counted("c", &[(100, 1)]),
        0.01,
    );
    let Verdict::Inconclusive(why) = judged(&judge, &[look]).verdict else {
        panic!("judged without units");
    };
    assert_eq!(why, "no data: the source does not tell units apart");
    let numbers = ExchangeableUnits {
        of: Compared::Numbers,
        ..ExchangeableUnits::default()
    };
    for (candidate, stable) in [
        (vec![], vec![1.0]),
        (vec![1.0], vec![]),
        (vec![-1.0], vec![1.0]),
    ] {
        let verdict = judged(&numbers, &[numbers_of(&candidate, &stable)]).verdict;
        assert!(
            matches!(verdict, Verdict::Inconclusive(_)),
            "{candidate:?} {stable:?}"
        );
    }
    let mut prospect = Prospect::default();
    assert!(judge.admit(&prospect).is_empty());
    prospect.source.stable = Admitted {
        units: Some(0),
        ..Admitted::default()
    };
    assert_eq!(judge.admit(&prospect)[0].code, "units-not-told");
}

#[test]
fn parameters_are_read() {
    let params = json!({
        "kind": "exchangeable-units", "of": "numbers", "load": "equal", "smoothing": [10],
        "unit-window": "2m", "restart": "5m", "horizon": "1h", "minimum-windows": 5,
    });
    assert_eq!(
        Kinds::built_in().make(&params).unwrap().shape(),
        Shape::Units
    );
    let wrong = json!({ "kind": "exchangeable-units", "smoothing": [0] });
    assert!(Kinds::built_in().make(&wrong).is_err());
}

proptest! {
    #[test]
    fn any_numbers_leave_numbers_and_go_on_bit_for_bit(
        looks in prop::collection::vec(
            prop::collection::vec(prop_oneof![Just(0.0), 0.0..100.0, 0.0..=f64::MAX], 2..40),
            1..20,
        ),
    ) {
        let judge = ExchangeableUnits { of: Compared::Numbers, ..ExchangeableUnits::default() };
        let sights: Vec<_> = looks.iter().map(|units| numbers_of(&units[..1], &units[1..])).collect();
        let said = judged(&judge, &sights);
        prop_assert!(said.log_evidence.unwrap().is_finite());
        let memory = Memory::read(&judge, &said.state).unwrap();
        prop_assert_eq!(memory.write(&judge), said.state);
    }

    #[test]
    fn any_counts_leave_numbers(
        looks in prop::collection::vec(
            prop::collection::vec((0..=1_000_000_000_u64, 0..=1_000_000_000_u64), 2..40),
            1..20,
        ),
        equal in any::<bool>(),
    ) {
        let load = if equal { Load::Equal } else { Load::Requests };
        let judge = ExchangeableUnits { load, ..ExchangeableUnits::default() };
        let sights: Vec<_> = looks
            .iter()
            .map(|units| sight(0, 45_000, counted("s", &units[1..]), counted("c", &units[..1]), 0.01))
            .collect();
        let said = judged(&judge, &sights);
        prop_assert!(said.log_evidence.unwrap().is_finite());
        prop_assert_eq!(said.state.bytes().len(), 178 - 4 * 8);
    }
}
