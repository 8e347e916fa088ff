//! What the tests of judges share: reference values, looks, and a state that is saved and restored.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "each test file uses what it needs"
)]

use serde_json::Value;
use strategy_core::analysis::{Verdict, Window};
use strategy_core::{Timestamp, Tracks};
use strategy_metrics::judge::{Judge, Judgement, Kinds, Sight};
use strategy_metrics::reading::{Data, Events, Histogram, Reading};
use strategy_metrics::state::State;

/// A file of reference values.
pub fn data(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Its cases, of one test where it has several.
pub fn cases<'a>(file: &'a Value, test: Option<&'a str>) -> impl Iterator<Item = &'a Value> {
    file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(move |case| {
            assert!(case["source"].is_string(), "{case}");
            test.is_none_or(|test| case["test"] == test)
        })
}

pub fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

pub fn close(found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    assert!(off <= tolerance, "{found} and not {expected}");
}

/// The judge that a check of these parameters has.
pub fn judge(params: &Value) -> Box<dyn Judge> {
    Kinds::built_in().make(params).unwrap()
}

pub fn window(look: u64) -> Window {
    Window {
        from: Timestamp::from_millis(look * 30_000),
        to: Timestamp::from_millis((look + 1) * 30_000),
    }
}

pub fn values(points: &[f64]) -> Reading {
    Reading::Told(Data::Values(points.to_vec()))
}

pub fn events(total: u64, failed: u64) -> Reading {
    Reading::Told(Data::Events(Events::counted(total, failed)))
}

pub fn histogram(bounds: &[f64], counts: &[u64]) -> Reading {
    let histogram = Histogram::new(bounds.to_vec(), counts.to_vec()).unwrap();
    Reading::Told(Data::Histogram(histogram))
}

/// From counts of at most so large, the last one of all.
pub fn of_cumulative(bounds: &[f64], cumulative: &[f64]) -> Histogram {
    let whole = cumulative.iter().scan(0.0, |before, until| {
        let inside = until - *before;
        *before = *until;
        Some(format!("{inside}").parse().unwrap())
    });
    Histogram::new(bounds.to_vec(), whole.collect()).unwrap()
}

pub const fn tracks(candidate: Reading, stable: Reading) -> Tracks<Reading> {
    Tracks { stable, candidate }
}

pub fn look(judge: &dyn Judge, state: &State, number: u64, readings: Tracks<Reading>) -> Judgement {
    let sight = Sight::new(window(number), readings, 0.01);
    judge.judge(&sight, state).unwrap()
}

/// What each kind of reading without data is judged as, in either track.
pub fn without_data() -> [Reading; 3] {
    let newest = Timestamp::from_millis(7);
    [Reading::Empty, Reading::stale(newest), Reading::NotANumber]
}

pub fn is_no_data(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Inconclusive(why) if why.starts_with("no data"))
}

/// A run in one life and one whose state is saved and restored at each look say the same, bit for bit; no
/// number overflows, and the state stays small.
pub fn restored_is_the_same(judge: &dyn Judge, looks: &[Tracks<Reading>]) {
    let (mut whole, mut restored) = (State::default(), State::default());
    for (number, readings) in looks.iter().enumerate() {
        let number = number as u64;
        let one = look(judge, &whole, number, readings.clone());
        let other = look(judge, &restored, number, readings.clone());
        assert_eq!(one.verdict, other.verdict);
        assert_eq!(one.evidence, other.evidence);
        assert_eq!(
            one.log_evidence.map(f64::to_bits),
            other.log_evidence.map(f64::to_bits)
        );
        assert_eq!(one.state, other.state);
        assert!(one.state.bytes().len() <= State::LIMIT);
        assert!(one.log_evidence.is_none_or(|evidence| !evidence.is_nan()));
        assert!(!one.evidence.contains("NaN"), "{}", one.evidence);
        whole = one.state;
        restored = State::from_bytes(other.state.bytes().to_vec());
    }
}

/// What it says of these windows of the candidate, a letter each: pass, fail, undecided, no data (`n`) and
/// too few events (`f`).
pub fn run(judge: &dyn Judge, looks: &[Tracks<Reading>]) -> String {
    let mut state = State::default();
    let mut said = String::new();
    for (number, readings) in looks.iter().enumerate() {
        let judgement = look(judge, &state, number as u64, readings.clone());
        said.push(match judgement.verdict {
            Verdict::Pass => 'P',
            Verdict::Fail => 'F',
            Verdict::Undecided => 'U',
            Verdict::Inconclusive(why) if why.starts_with("no data") => 'n',
            Verdict::Inconclusive(why) if why.starts_with("too few events") => 'f',
            other => panic!("{other}"),
        });
        state = judgement.state;
    }
    said
}

/// Windows of the candidate, a letter each: good, bad, in the gap, no number, empty, stale.
pub fn windows(letters: &str) -> Vec<Tracks<Reading>> {
    let [empty, stale, not_a_number] = without_data();
    let reading = |letter| match letter {
        'g' => events(1000, 5),
        'b' => events(1000, 50),
        'm' => events(1000, 15),
        'x' => not_a_number.clone(),
        '0' => events(0, 0),
        'e' => empty.clone(),
        's' => stale.clone(),
        other => panic!("{other}"),
    };
    let letters = letters.chars();
    letters
        .map(|letter| tracks(reading(letter), Reading::Empty))
        .collect()
}
