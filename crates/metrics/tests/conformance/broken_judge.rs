//! Judges with one slip each, and the promise that notices it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_metrics::conformance::judge::PROMISES;
use strategy_metrics::judge::{JudgeError, Judgement, Kinds, Prospect, Sight, data_of};
use strategy_metrics::state::StateError;
use strategy_metrics::{Data, Judge, Reading, Shape, State};

use crate::judges::sights;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    None,
    SaysAnotherEachTime,
    RemembersBesideItsState,
    RemembersEverything,
    PassesNothing,
    TakesNothingForALook,
    TakesSilenceForALook,
    FailsWithoutABudget,
    AsksLessWhereLessIsLeft,
    LooksAtStable,
    TakesAnyShape,
    TakesTheShapeOfStable,
    TakesAnyState,
    TakesAStateThatWasCut,
    TakesAStateThatIsTooLong,
    SaysNothing,
    HidesWhyNothingCanBeSaid,
    WeighsNoNumber,
}

/// The judge of a limit, or that of the ratio, with a slip.
#[derive(Debug)]
struct Slipping {
    slip: Slip,
    asked: AtomicU64,
    first: OnceLock<u64>,
}

impl Slipping {
    fn new(slip: Slip) -> Self {
        Self {
            slip,
            asked: AtomicU64::default(),
            first: OnceLock::default(),
        }
    }

    fn inner(&self) -> Box<dyn Judge> {
        let slo = json!({ "kind": "slo", "tolerated": 0.02, "minimum-events": 1000 });
        let ratio = json!({ "kind": "sequential-ratio", "minimum-events": 1000 });
        let compares = self.slip == Slip::TakesTheShapeOfStable;
        let params = if compares { ratio } else { slo };
        Kinds::built_in().make(&params).unwrap()
    }

    /// What the inner one wrote, without what is remembered beside it.
    fn inner_state(&self, state: &State) -> (State, u8) {
        let counts = matches!(
            self.slip,
            Slip::TakesNothingForALook | Slip::TakesSilenceForALook | Slip::RemembersEverything
        );
        let bytes = state.bytes();
        if !counts || bytes.is_empty() {
            return (state.clone(), 0);
        }
        let looks = bytes[0];
        let behind = if self.slip == Slip::RemembersEverything {
            usize::from(looks) * 100
        } else {
            0
        };
        let inner = bytes.get(1..bytes.len().saturating_sub(behind));
        (State::from_bytes(inner.unwrap_or_default().to_vec()), looks)
    }

    fn counted(&self, mut judgement: Judgement, looks: u8) -> Judgement {
        let inner = judgement.state.bytes();
        let behind = vec![
            0;
            if self.slip == Slip::RemembersEverything {
                usize::from(looks) * 100
            } else {
                0
            }
        ];
        judgement.state = State::from_bytes([&[looks][..], inner, &behind].concat());
        judgement
    }
}

fn failed(sight: &Sight) -> Option<u64> {
    match data_of(
        &sight.readings.candidate,
        strategy_core::Track::Candidate,
        Shape::Events,
    ) {
        Ok(Ok(Data::Events(events))) => Some(events.all.failed),
        _ => None,
    }
}

impl Judge for Slipping {
    fn shape(&self) -> Shape {
        Shape::Events
    }

    fn compares(&self) -> bool {
        self.inner().compares()
    }

    fn bounded(&self) -> bool {
        true
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        self.inner().admit(prospect)
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let (before, looks) = self.inner_state(state);
        let mut sight = sight.clone();
        if self.slip == Slip::AsksLessWhereLessIsLeft && sight.alpha > 0.0 {
            sight.alpha = (1e-7 / sight.alpha).min(1.0);
        }
        let judged = self.inner().judge(&sight, &before);
        let mut judgement = match (self.slip, judged) {
            (Slip::TakesAnyShape, Err(JudgeError::Shape { .. })) => {
                return Ok(Judgement::new(Verdict::Undecided, "another shape", state));
            }
            (Slip::TakesTheShapeOfStable, Err(JudgeError::Shape { .. }))
                if failed(&sight).is_some() =>
            {
                return Ok(Judgement::new(Verdict::Undecided, "another shape", state));
            }
            (
                Slip::TakesAnyState,
                Err(JudgeError::State(StateError::Version { .. } | StateError::Judge { .. })),
            )
            | (Slip::TakesAStateThatWasCut, Err(JudgeError::State(StateError::TooShort)))
            | (Slip::TakesAStateThatIsTooLong, Err(JudgeError::State(StateError::TooLong(_)))) => {
                self.inner().judge(&sight, &State::default())?
            }
            (_, judged) => judged?,
        };
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        match self.slip {
            Slip::SaysAnotherEachTime => judgement.evidence += &format!(", asked {asked} times"),
            Slip::RemembersBesideItsState => {
                let first = self
                    .first
                    .get_or_init(|| failed(&sight).unwrap_or_default());
                judgement.evidence += &format!(", {first} at first");
            }
            Slip::RemembersEverything => {
                judgement = self.counted(judgement, looks.saturating_add(1));
            }
            Slip::PassesNothing if failed(&sight).is_none() => judgement.verdict = Verdict::Pass,
            Slip::TakesNothingForALook | Slip::TakesSilenceForALook => {
                let nothing = failed(&sight).is_none();
                let looks = looks.saturating_add(u8::from(
                    !nothing || self.slip == Slip::TakesNothingForALook,
                ));
                if !nothing && looks > 5 && judgement.verdict == Verdict::Undecided {
                    judgement.verdict = Verdict::Pass;
                }
                judgement = self.counted(judgement, looks);
            }
            Slip::FailsWithoutABudget if failed(&sight).is_some_and(|failed| failed > 9) => {
                judgement.verdict = Verdict::Fail;
            }
            Slip::LooksAtStable if sight.readings.stable == Reading::Empty => {
                judgement.evidence += ", and nothing of stable";
            }
            Slip::SaysNothing => judgement.evidence = String::new(),
            Slip::HidesWhyNothingCanBeSaid => {
                if let Verdict::Inconclusive(why) = &judgement.verdict {
                    judgement.evidence = judgement.evidence.replace(why, "no proof");
                }
            }
            Slip::WeighsNoNumber => judgement.log_evidence = Some(f64::NAN),
            _ => {}
        }
        Ok(judgement)
    }
}

#[test]
fn each_slip_is_noticed_by_the_promise_that_it_breaks() {
    let mut noticing = Vec::new();
    for (slip, promise) in [
        (
            Slip::SaysAnotherEachTime,
            "the_same_sight_is_the_same_judgement",
        ),
        (
            Slip::RemembersBesideItsState,
            "a_restored_state_goes_on_bit_for_bit",
        ),
        (Slip::RemembersEverything, "a_state_stays_small"),
        (Slip::PassesNothing, "no_data_is_no_pass"),
        (Slip::TakesNothingForALook, "no_data_bring_no_pass_nearer"),
        (Slip::TakesSilenceForALook, "no_event_brings_no_pass_nearer"),
        (Slip::FailsWithoutABudget, "without_a_budget_nothing_fails"),
        (
            Slip::AsksLessWhereLessIsLeft,
            "with_a_smaller_budget_nothing_fails_sooner",
        ),
        (
            Slip::LooksAtStable,
            "what_is_not_compared_with_changes_nothing",
        ),
        (Slip::TakesAnyShape, "another_shape_is_an_error"),
        (Slip::TakesTheShapeOfStable, "another_shape_is_an_error"),
        (Slip::TakesAnyState, "a_state_of_somebody_else_is_an_error"),
        (
            Slip::TakesAStateThatWasCut,
            "a_state_that_was_cut_or_lengthened_is_an_error",
        ),
        (
            Slip::TakesAStateThatIsTooLong,
            "a_state_that_was_cut_or_lengthened_is_an_error",
        ),
        (Slip::SaysNothing, "evidence_is_told"),
        (Slip::HidesWhyNothingCanBeSaid, "evidence_is_told"),
        (Slip::WeighsNoNumber, "evidence_is_told"),
    ] {
        let broken = broken(slip);
        assert!(broken.contains(&promise), "{slip:?}: {broken:?}");
        noticing.push(promise);
    }
    for promise in PROMISES {
        assert!(
            noticing.contains(&promise.name),
            "no slip breaks {promise:?}"
        );
    }
    assert_eq!(broken(Slip::None), [""; 0]);
}

fn broken(slip: Slip) -> Vec<&'static str> {
    let make = || -> Box<dyn Judge> { Box::new(Slipping::new(slip)) };
    let sights = sights(Shape::Events);
    let broken = PROMISES
        .iter()
        .filter(|promise| promise.check(&make, &sights).is_err());
    broken.map(|promise| promise.name).collect()
}
