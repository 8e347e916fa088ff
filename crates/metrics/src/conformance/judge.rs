//! What every [`Judge`] promises.

mod sights;

use std::fmt;

use strategy_core::analysis::Verdict;

use self::sights::{blinded, emptied, of_another_shape};
use super::{Broken, ensure};
use crate::judge::{Judge, JudgeError, Judgement, Sight};
use crate::reading::Reading;
use crate::state::State;

/// More windows than any judge waits for.
const MANY: usize = 12;

/// Makes a judge, each time anew, with the same parameters.
pub type Make<'a> = &'a dyn Fn() -> Box<dyn Judge>;

/// One promise: its name, and the check of it.
#[derive(Clone, Copy)]
pub struct Promise {
    /// The name of its function.
    pub name: &'static str,
    check: fn(Make<'_>, &[Sight]) -> Result<(), Broken>,
}

impl Promise {
    /// Checks it on the judges that are made, with sights of a rollout from its beginning on. Some of them should be
    /// good, and some bad, and the first of them too few to pass by.
    ///
    /// # Errors
    /// How it is broken.
    pub fn check(&self, make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
        (self.check)(make, sights).map_err(|Broken(how)| Broken(format!("{}: {how}", self.name)))
    }
}

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        /// Every promise of a judge.
        pub const PROMISES: &[Promise] = &[$(Promise { name: stringify!($name), check: $name }),*];
    };
}

promises! {
    the_same_sight_is_the_same_judgement,
    a_restored_state_goes_on_bit_for_bit,
    a_state_stays_small,
    no_data_is_no_pass,
    no_data_bring_no_pass_nearer,
    no_event_brings_no_pass_nearer,
    without_a_budget_nothing_fails,
    with_a_smaller_budget_nothing_fails_sooner,
    what_is_not_compared_with_changes_nothing,
    another_shape_is_an_error,
    a_state_of_somebody_else_is_an_error,
    a_state_that_was_cut_or_lengthened_is_an_error,
    evidence_is_told,
}

/// Judges that have no clock and no state say twice what they said once.
pub fn the_same_sight_is_the_same_judgement(
    make: Make<'_>,
    sights: &[Sight],
) -> Result<(), Broken> {
    let judge = make();
    each(&*judge, sights, |sight, before, judgement| {
        let again = said(&*judge, sight, before)?;
        ensure!(
            again == *judgement,
            "{judgement:?} the first time, {again:?} the second"
        );
        Ok(())
    })
}

/// A judge that is made anew goes on from a state that was written and read as one does that was never interrupted: it
/// remembers nothing beside its state.
pub fn a_restored_state_goes_on_bit_for_bit(
    make: Make<'_>,
    sights: &[Sight],
) -> Result<(), Broken> {
    let judge = make();
    each(&*judge, sights, |sight, before, judgement| {
        let restored = State::from_bytes(before.bytes().to_vec());
        let after = said(&*make(), sight, &restored)?;
        let bits = |judgement: &Judgement| judgement.log_evidence.map(f64::to_bits);
        ensure!(
            after == *judgement && bits(&after) == bits(judgement),
            "{judgement:?} without interruption, {after:?} after it"
        );
        Ok(())
    })
}

/// What it remembers fits into what a rollout keeps.
pub fn a_state_stays_small(make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
    each(&*make(), sights, |_, _, judgement| {
        let bytes = judgement.state.bytes().len();
        ensure!(
            bytes <= State::LIMIT,
            "a state of {bytes} bytes, and at most {} are kept",
            State::LIMIT
        );
        Ok(())
    })
}

/// A window of which nothing is known is never good.
pub fn no_data_is_no_pass(make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
    let judge = make();
    each(&*judge, sights, |sight, before, _| {
        for blind in blinded(sight, judge.compares()) {
            let verdict = said(&*judge, &blind, before)?.verdict;
            ensure!(!passes(&verdict), "{verdict} of {:?}", blind.readings);
        }
        Ok(())
    })
}

/// Windows of which nothing is known count for nothing: what would not pass without them does not after them.
pub fn no_data_bring_no_pass_nearer(make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
    let judge = make();
    each(&*judge, sights, |sight, before, judgement| {
        for blind in blinded(sight, judge.compares()) {
            none_nearer(&*judge, &blind, sight, before, judgement)?;
        }
        Ok(())
    })
}

/// Windows in which nothing happened count for nothing either.
pub fn no_event_brings_no_pass_nearer(make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
    let judge = make();
    each(&*judge, sights, |sight, before, judgement| {
        let mut of_candidate = sight.clone();
        let mut of_both = sight.clone();
        of_candidate.readings.candidate = emptied(&sight.readings.candidate);
        of_both.readings.candidate = emptied(&sight.readings.candidate);
        of_both.readings.stable = emptied(&sight.readings.stable);
        for silent in [of_candidate, of_both] {
            if silent != *sight {
                none_nearer(&*judge, &silent, sight, before, judgement)?;
            }
        }
        Ok(())
    })
}

/// A judge that says that its chance of a false alarm is bounded never fails where none is left to it.
pub fn without_a_budget_nothing_fails(make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
    let failed = first_failure(&*make(), sights, 0.0)?;
    ensure!(
        failed.is_none(),
        "it is bounded, and failed at sight {failed:?} with a budget of 0"
    );
    Ok(())
}

/// A judge that says that its chance of a false alarm is bounded asks for more evidence where less is left to it.
pub fn with_a_smaller_budget_nothing_fails_sooner(
    make: Make<'_>,
    sights: &[Sight],
) -> Result<(), Broken> {
    let judge = make();
    let mut sooner = None;
    for alpha in [0.5, 0.1, 0.01, 1e-4, 1e-8, 1e-30] {
        let failed = first_failure(&*judge, sights, alpha)?.unwrap_or(usize::MAX);
        if let Some((more, before)) = sooner {
            ensure!(
                failed >= before,
                "with a budget of {alpha} it fails at sight {failed}, and with one of {more} at {before}"
            );
        }
        sooner = Some((alpha, failed));
    }
    Ok(())
}

/// A judge that says that it is not told of stable says the same whatever is told of it.
pub fn what_is_not_compared_with_changes_nothing(
    make: Make<'_>,
    sights: &[Sight],
) -> Result<(), Broken> {
    let judge = make();
    if judge.told_of_stable() {
        return Ok(());
    }
    each(&*judge, sights, |sight, before, judgement| {
        let mut told = sight.clone();
        told.readings.stable = sight.readings.candidate.clone();
        let mut empty = sight.clone();
        empty.readings.stable = Reading::Empty;
        for other in [told, empty] {
            let after = said(&*judge, &other, before)?;
            ensure!(
                after == *judgement,
                "{judgement:?}, and {after:?} where {:?} is told of stable",
                other.readings.stable
            );
        }
        Ok(())
    })
}

/// Data that it did not ask for are a bug of the source, and no verdict.
pub fn another_shape_is_an_error(make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
    let judge = make();
    let asked = judge.shape();
    let Some(first) = sights.first() else {
        return Err(Broken("there is no sight to judge".to_owned()));
    };
    let mut of_candidate = first.clone();
    of_candidate.readings.candidate = Reading::Told(of_another_shape(asked)?);
    let mut of_stable = first.clone();
    of_stable.readings.stable = Reading::Told(of_another_shape(asked)?);
    let odd = [
        Some(of_candidate),
        judge.told_of_stable().then_some(of_stable),
    ];
    for sight in odd.into_iter().flatten() {
        let found = judge.judge(&sight, &State::default());
        ensure!(
            matches!(found, Err(JudgeError::Shape { .. })),
            "{found:?} of data that are no {asked}"
        );
    }
    Ok(())
}

/// A state that it did not write is never taken for its own.
pub fn a_state_of_somebody_else_is_an_error(
    make: Make<'_>,
    sights: &[Sight],
) -> Result<(), Broken> {
    let judge = make();
    let strange = State::write(255).u8(1).done();
    sights
        .iter()
        .try_for_each(|sight| is_refused(&*judge, sight, &strange, "of another format"))
}

/// Nor is a part of one that it wrote, or one with something behind it.
pub fn a_state_that_was_cut_or_lengthened_is_an_error(
    make: Make<'_>,
    sights: &[Sight],
) -> Result<(), Broken> {
    let judge = make();
    each(&*judge, sights, |sight, _, judgement| {
        let bytes = judgement.state.bytes();
        let longer = State::from_bytes([bytes, &[0]].concat());
        is_refused(&*judge, sight, &longer, "with a byte behind it")?;
        let last = bytes.len().checked_sub(1).filter(|last| *last > 0);
        for end in (1..bytes.len()).step_by(7).chain(last) {
            let cut = State::from_bytes(bytes.iter().take(end).copied().collect());
            is_refused(&*judge, sight, &cut, "that was cut")?;
        }
        Ok(())
    })
}

/// Every verdict says why, also why it is inconclusive, and weighs evidence in numbers.
pub fn evidence_is_told(make: Make<'_>, sights: &[Sight]) -> Result<(), Broken> {
    let judge = make();
    each(&*judge, sights, |sight, before, judgement| {
        is_told(judgement)?;
        for blind in blinded(sight, judge.compares()) {
            is_told(&said(&*judge, &blind, before)?)?;
        }
        Ok(())
    })
}

fn is_told(judgement: &Judgement) -> Result<(), Broken> {
    let evidence = judgement.evidence.trim();
    ensure!(!evidence.is_empty(), "{} without a word", judgement.verdict);
    if let Verdict::Inconclusive(why) = &judgement.verdict {
        ensure!(
            evidence.contains(why.as_str()),
            "inconclusive because of `{why}`, and its evidence is `{evidence}`"
        );
    }
    let is_number = judgement
        .log_evidence
        .is_none_or(|evidence| !evidence.is_nan());
    ensure!(is_number, "evidence is no number: {evidence}");
    Ok(())
}

/// One sight after the other, each with the state before it and what was judged.
fn each(
    judge: &dyn Judge,
    sights: &[Sight],
    mut check: impl FnMut(&Sight, &State, &Judgement) -> Result<(), Broken>,
) -> Result<(), Broken> {
    ensure!(!sights.is_empty(), "there is no sight to judge");
    let mut state = State::default();
    for sight in sights {
        let judgement = said(judge, sight, &state)?;
        check(sight, &state, &judgement)?;
        state = judgement.state;
    }
    Ok(())
}

fn said(judge: &dyn Judge, sight: &Sight, state: &State) -> Result<Judgement, Broken> {
    let judged = judge.judge(sight, state);
    judged.map_err(|error| Broken(format!("{error} at {:?}", sight.window)))
}

const fn passes(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Warn)
}

/// The number of the first sight that fails with this budget; `None`: none, or the judge has no bound.
fn first_failure(judge: &dyn Judge, sights: &[Sight], alpha: f64) -> Result<Option<usize>, Broken> {
    let mut state = State::default();
    for (number, sight) in sights.iter().enumerate().filter(|_| judge.bounded()) {
        let mut sight = sight.clone();
        sight.alpha = alpha;
        let judgement = said(judge, &sight, &state)?;
        if judgement.verdict == Verdict::Fail {
            return Ok(Some(number));
        }
        state = judgement.state;
    }
    Ok(None)
}

/// Many windows of nothing before a sight that does not pass: it does not after them.
fn none_nearer(
    judge: &dyn Judge,
    nothing: &Sight,
    sight: &Sight,
    before: &State,
    judgement: &Judgement,
) -> Result<(), Broken> {
    if passes(&judgement.verdict) {
        return Ok(());
    }
    let mut state = before.clone();
    for _ in 0..MANY {
        state = said(judge, nothing, &state)?.state;
    }
    let after = said(judge, sight, &state)?.verdict;
    ensure!(
        !passes(&after),
        "{}, and {after} after {MANY} windows of {:?}",
        judgement.verdict,
        nothing.readings
    );
    Ok(())
}

/// An error, or no look at the state at all.
fn is_refused(judge: &dyn Judge, sight: &Sight, strange: &State, what: &str) -> Result<(), Broken> {
    let found = judge.judge(sight, strange);
    if matches!(found, Err(JudgeError::State(_))) {
        return Ok(());
    }
    let first = said(judge, sight, &State::default())?;
    let is_not_looked_at = found.is_ok_and(|judgement| {
        judgement.state == *strange && first.state.is_empty() && judgement.verdict == first.verdict
    });
    ensure!(is_not_looked_at, "a state {what} was taken");
    Ok(())
}
