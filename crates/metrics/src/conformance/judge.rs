//! What every [`Judge`] promises.

use std::fmt;

use strategy_core::Timestamp;
use strategy_core::analysis::Verdict;

use super::{Broken, ensure};
use crate::judge::{Judge, JudgeError, Judgement, Sight};
use crate::reading::{Data, Events, Histogram, Reading, Shape};
use crate::state::State;

/// One promise: its name, and the check of it.
#[derive(Clone, Copy)]
pub struct Promise {
    /// The name of its function.
    pub name: &'static str,
    check: fn(&dyn Judge, &[Sight]) -> Result<(), Broken>,
}

impl Promise {
    /// Checks it on a judge, with sights of a rollout from its beginning on; some of them should be good,
    /// and some bad.
    ///
    /// # Errors
    /// How it is broken.
    pub fn check(&self, judge: &dyn Judge, sights: &[Sight]) -> Result<(), Broken> {
        (self.check)(judge, sights).map_err(|Broken(how)| Broken(format!("{}: {how}", self.name)))
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
    another_shape_is_an_error,
    a_state_of_somebody_else_is_an_error,
    evidence_is_told,
}

/// Judges that have no clock and no state say twice what they said once.
pub fn the_same_sight_is_the_same_judgement(
    judge: &dyn Judge,
    sights: &[Sight],
) -> Result<(), Broken> {
    each(judge, sights, |sight, before, judgement| {
        let again = said(judge, sight, before)?;
        ensure!(
            again == *judgement,
            "{judgement:?} the first time, {again:?} the second"
        );
        Ok(())
    })
}

/// What goes on from a state that was written and read says what one says that was never interrupted.
pub fn a_restored_state_goes_on_bit_for_bit(
    judge: &dyn Judge,
    sights: &[Sight],
) -> Result<(), Broken> {
    each(judge, sights, |sight, before, judgement| {
        let restored = State::from_bytes(before.bytes().to_vec());
        let after = said(judge, sight, &restored)?;
        let bits = |judgement: &Judgement| judgement.log_evidence.map(f64::to_bits);
        ensure!(
            after == *judgement && bits(&after) == bits(judgement),
            "{judgement:?} without interruption, {after:?} after it"
        );
        Ok(())
    })
}

/// What it remembers fits into what a rollout keeps.
pub fn a_state_stays_small(judge: &dyn Judge, sights: &[Sight]) -> Result<(), Broken> {
    each(judge, sights, |_, _, judgement| {
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
pub fn no_data_is_no_pass(judge: &dyn Judge, sights: &[Sight]) -> Result<(), Broken> {
    let nothings = |sight: &Sight| {
        let newest = Timestamp::from_millis(sight.window.from.as_millis().saturating_sub(600_000));
        [
            Reading::Empty,
            Reading::Stale { newest },
            Reading::NotANumber,
        ]
    };
    each(judge, sights, |sight, before, _| {
        for nothing in nothings(sight) {
            let mut of_candidate = sight.clone();
            of_candidate.readings.candidate = nothing.clone();
            let mut of_stable = sight.clone();
            of_stable.readings.stable = nothing;
            let blind = [Some(of_candidate), judge.compares().then_some(of_stable)];
            for sight in blind.into_iter().flatten() {
                let verdict = said(judge, &sight, before)?.verdict;
                ensure!(
                    !matches!(verdict, Verdict::Pass | Verdict::Warn),
                    "{verdict} of {:?}",
                    sight.readings
                );
            }
        }
        Ok(())
    })
}

/// Data that it did not ask for are a bug of the source, and no verdict.
pub fn another_shape_is_an_error(judge: &dyn Judge, sights: &[Sight]) -> Result<(), Broken> {
    let asked = judge.shape();
    let Some(first) = sights.first() else {
        return Err(Broken("there is no sight to judge".to_owned()));
    };
    let mut sight = first.clone();
    sight.readings.candidate = Reading::Told(of_another_shape(asked)?);
    let found = judge.judge(&sight, &State::default());
    ensure!(
        matches!(found, Err(JudgeError::Shape { .. })),
        "{found:?} of data that are no {asked}"
    );
    Ok(())
}

/// A state that it did not write is never taken for its own.
pub fn a_state_of_somebody_else_is_an_error(
    judge: &dyn Judge,
    sights: &[Sight],
) -> Result<(), Broken> {
    let strange = State::write(255).u8(1).done();
    for sight in sights {
        let found = judge.judge(sight, &strange);
        let is_refused = matches!(found, Err(JudgeError::State(_)));
        let remembers_nothing = found.is_ok_and(|judgement| judgement.state == strange);
        ensure!(
            is_refused || remembers_nothing,
            "a state of another format was taken"
        );
    }
    Ok(())
}

/// Every verdict says why, and weighs evidence in numbers.
pub fn evidence_is_told(judge: &dyn Judge, sights: &[Sight]) -> Result<(), Broken> {
    each(judge, sights, |_, _, judgement| {
        ensure!(
            !judgement.evidence.trim().is_empty(),
            "{} without a word",
            judgement.verdict
        );
        let is_number = judgement
            .log_evidence
            .is_none_or(|evidence| !evidence.is_nan());
        ensure!(is_number, "evidence is no number: {}", judgement.evidence);
        Ok(())
    })
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

fn of_another_shape(asked: Shape) -> Result<Data, Broken> {
    let histogram = Histogram::new(vec![1.0], vec![1, 0]);
    let histogram = histogram.map_err(|error| Broken(error.to_string()))?;
    Ok(match asked {
        Shape::Events => Data::Histogram(histogram),
        Shape::Histogram | Shape::Units | Shape::Values => Data::Events(Events::counted(1, 0)),
    })
}
