//! Promises about platforms with deployments of their own: what becomes of one is told, and each of its
//! questions is answered once.

use super::trial::Trial;
use super::{Broken, Standing, Subject, ensure, skip};
use crate::target::{Observation, PlatformState};
use crate::track::Revision;

macro_rules! skip_unless_native {
    ($trial:expr) => {
        if !$trial.is_native() {
            skip!("the platform has no deployments of its own");
        }
    };
}

macro_rules! skip_unless_asked {
    ($trial:expr) => {
        skip_unless_native!($trial);
        if $trial.steps.is_empty() {
            skip!("the platform asks for nothing: it rolls");
        }
    };
}

fn state(seen: &Observation) -> Option<&PlatformState> {
    seen.platform.as_ref().map(|platform| &platform.state)
}

/// It asks, and nobody has answered.
fn asks(seen: &Observation, when: &str) -> Result<(), Broken> {
    ensure!(
        state(seen) == Some(&PlatformState::Waiting),
        "{when} it waits for an answer, and says {:?}",
        state(seen)
    );
    Ok(())
}

/// A question is answered once: the same answer again, because the first one's answer was lost, is
/// accepted, writes nothing, and is no answer to the next question.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_question_is_answered_once_though_its_answer_was_lost(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_asked!(trial);
    let now = trial.settle(trial.candidate(1)).await?;
    asks(&now, "when the release is there")?;
    let request = trial.apply(trial.candidate(1)).await?;
    for when in ["at once", "when it asks for more"] {
        let before = subject.stored().await;
        if let Err(error) = trial.target.apply(&request).await {
            return Err(Broken(format!("{when} the repeated answer fails: {error}")));
        }
        ensure!(
            subject.stored().await == before,
            "{when} the repeated answer wrote something"
        );
        subject.settle().await;
        let now = trial.observe().await?;
        asks(&now, "when the step is taken")?;
        let (asked, told) = (&request.desired.traffic, &now.traffic.written);
        ensure!(asked == told, "asked {asked}, told {told}");
    }
    Ok(Standing::Kept)
}

/// An answer is to the question that was seen: one that came after it is not answered by it.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn an_answer_to_another_question_is_a_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_asked!(trial);
    let Some(next) = trial.at_step(1) else {
        skip!("it asks once");
    };
    let first = trial.settle(trial.candidate(1)).await?;
    trial.settle(trial.candidate(1)).await?;
    let old = trial.request(next, &first.owned);
    trial
        .is_refused(&old, "in answer to an older question")
        .await?;
    let now = trial.observe().await?;
    asks(&now, "when nobody answered")?;
    Ok(Standing::Kept)
}

/// While the platform is at work, nothing is an answer to it.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_step_before_it_is_asked_for_is_a_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_asked!(trial);
    trial.apply(trial.candidate(1)).await?;
    let now = trial.observe().await?;
    if state(&now) != Some(&PlatformState::InProgress) {
        skip!("it asks as soon as it is told");
    }
    let early = trial.request(trial.candidate(1), &now.owned);
    trial.is_refused(&early, "before it is asked for").await?;
    Ok(Standing::Kept)
}

/// What becomes of a deployment is told: none before there is one of ours, that it is at work or asks, and
/// that it has won only when everything runs the release and is at it.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn what_becomes_of_a_deployment_is_told(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_native!(trial);
    let now = trial.observe().await?;
    ensure!(
        now.platform.is_none(),
        "nothing was deployed, and it says {:?}",
        state(&now)
    );
    trial.apply(trial.candidate(1)).await?;
    let mut now = trial.observe().await?;
    is_told(&trial, &now)?;
    for (step, weight) in (0..).zip(trial.steps.clone()) {
        subject.settle().await;
        let ready = trial.observe().await?;
        asks(&ready, "before a step")?;
        let Some(desired) = trial.at_step(step) else {
            break;
        };
        trial.apply(desired).await?;
        is_told(&trial, &trial.observe().await?)?;
        subject.settle().await;
        now = trial.observe().await?;
        asks(&now, "after a step")?;
        let told = now.traffic.written.weight;
        ensure!(told == weight, "asked {weight}, told {told}");
    }
    if !trial.steps.is_empty() {
        trial.apply(trial.retired()).await?;
        is_told(&trial, &trial.observe().await?)?;
    }
    subject.settle().await;
    now = trial.observe().await?;
    ensure!(
        state(&now) == Some(&PlatformState::Won),
        "all is done, and it says {:?}",
        state(&now)
    );
    is_told(&trial, &now)?;
    ensure!(
        now.stable.ready_at(&Revision::Recorded) == 0,
        "it has won, and what was is still there"
    );
    Ok(Standing::Kept)
}

/// That it has won is said of a release that runs.
fn is_told(trial: &Trial<'_>, now: &Observation) -> Result<(), Broken> {
    match state(now) {
        Some(PlatformState::Won) => {
            let (ready, wanted) = (
                now.candidate.ready_at(&trial.release),
                now.candidate.wanted(),
            );
            ensure!(
                ready >= wanted && ready > 0 && now.candidate.is_whole(&trial.release),
                "it has won, and {ready} of {wanted} run the release"
            );
        }
        Some(PlatformState::InProgress | PlatformState::Waiting) => {}
        Some(
            PlatformState::RolledBack(_) | PlatformState::Superseded(_) | PlatformState::Stalled(_),
        )
        | None => {
            return Err(Broken(format!(
                "a deployment is under way, and it says {:?}",
                state(now)
            )));
        }
    }
    Ok(())
}
