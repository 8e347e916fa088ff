//! Promises about reading: it writes nothing, shows what is there, and says when it cannot.

use super::trial::{Trial, polled};
use super::{Broken, Standing, Subject, ensure, skip};
use crate::release::Part;
use crate::target::Binding;

/// [`discover`](crate::Target::discover) is read-only.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn discovering_writes_nothing(subject: &dyn Subject) -> Result<Standing, Broken> {
    subject.settle().await;
    let before = subject.stored().await;
    subject.target().discover().await?;
    ensure!(subject.stored().await == before, "discover wrote something");
    Ok(Standing::Kept)
}

/// [`observe`](crate::Target::observe) is read-only.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn observing_writes_nothing(subject: &dyn Subject) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    let before = subject.stored().await;
    trial.observe().await?;
    ensure!(subject.stored().await == before, "observe wrote something");
    Ok(Standing::Kept)
}

/// [`admit`](crate::Target::admit) is read-only.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn admitting_writes_nothing(subject: &dyn Subject) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    let plan = trial.plan()?;
    let before = subject.stored().await;
    trial
        .target
        .admit(&Part::main(), &trial.found, &plan)
        .await?;
    ensure!(subject.stored().await == before, "admit wrote something");
    Ok(Standing::Kept)
}

/// Two discoveries with nothing in between say the same.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn discovery_stays_the_same_while_nothing_changes(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    subject.settle().await;
    let one = subject.target().discover().await?;
    let two = subject.target().discover().await?;
    ensure!(one.binding == two.binding, "the bindings differ");
    ensure!(
        one.capabilities == two.capabilities,
        "the capabilities differ"
    );
    ensure!(one.names == two.names, "the names differ");
    ensure!(
        one.observation.owned == two.observation.owned,
        "what is owned differs"
    );
    Ok(Standing::Kept)
}

/// The first observation under a claim equals what was discovered.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn the_first_observation_agrees_with_discovery(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    let (found, now) = (&trial.found.observation, trial.observe().await?);
    ensure!(found.owned == now.owned, "what is owned differs");
    ensure!(
        found.stable.written == now.stable.written
            && found.candidate.written == now.candidate.written,
        "what the tracks were told differs"
    );
    ensure!(
        found.traffic.written == now.traffic.written,
        "what the router was told differs"
    );
    Ok(Standing::Kept)
}

/// An observation begun after an `apply` returned never shows the state before it.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn an_observation_after_a_write_shows_it(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    let before = trial.observe().await?;
    trial.apply(trial.candidate(1)).await?;
    let after = trial.observe().await?;
    ensure!(before.owned != after.owned, "what is owned is as before");
    let Some(written) = after.candidate.written else {
        return Err(Broken("the candidate is not there".to_owned()));
    };
    ensure!(
        trial.release.is(&written.revision),
        "the candidate was told to run {}",
        written.revision.images
    );
    Ok(Standing::Kept)
}

/// [`observe`](crate::Target::observe) is cancel-safe.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn an_abandoned_observation_does_no_harm(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    let (stored, before) = (subject.stored().await, trial.observe().await?);
    for _ in 0..3 {
        let mut abandoned = trial.target.observe(&trial.found.binding);
        let _polled_once = polled(abandoned.as_mut()).await;
    }
    let after = trial.observe().await?;
    ensure!(before.owned == after.owned, "what is owned differs");
    ensure!(subject.stored().await == stored, "something was written");
    Ok(Standing::Kept)
}

/// A binding is data: written to a journal and read again it means the same, also to a new process.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_binding_survives_a_journal(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    let before = trial.settle(trial.candidate(1)).await?;
    let text = serde_json::to_string(&trial.found.binding)
        .map_err(|error| Broken(format!("the binding cannot be written: {error}")))?;
    trial.found.binding = serde_json::from_str(&text)
        .map_err(|error| Broken(format!("the binding cannot be read: {error}")))?;
    trial.target = subject.target();
    let after = trial.observe().await?;
    ensure!(before.owned == after.owned, "what is owned differs");
    ensure!(
        before.stable.written == after.stable.written
            && before.candidate.written == after.candidate.written,
        "what the tracks were told differs"
    );
    Ok(Standing::Kept)
}

/// A binding that the target did not make is an error, never read as something else.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_binding_of_another_target_is_an_error(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let foreign = Binding::new(&[17]).map_err(|error| Broken(error.to_string()))?;
    ensure!(
        subject.target().observe(&foreign).await.is_err(),
        "observe accepts a binding that the target did not make"
    );
    Ok(Standing::Kept)
}

/// Unknown is an error: an object that is gone is not an empty one.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn what_is_missing_is_an_error(subject: &dyn Subject) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    if !subject.take_away().await {
        skip!("the subject can take nothing away");
    }
    subject.settle().await;
    ensure!(
        trial.target.observe(&trial.found.binding).await.is_err(),
        "observe reports something"
    );
    ensure!(
        subject.target().discover().await.is_err(),
        "discover finds something"
    );
    Ok(Standing::Kept)
}

/// Unknown is an error: what cannot be reached has no default.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn what_cannot_be_reached_is_an_error(subject: &dyn Subject) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    let seen = trial.observe().await?.owned;
    if !subject.cut_off().await {
        skip!("the subject cannot be cut off");
    }
    let errors = [
        ("discover", trial.target.discover().await.err()),
        (
            "observe",
            trial.target.observe(&trial.found.binding).await.err(),
        ),
        (
            "apply",
            trial
                .target
                .apply(&trial.request(trial.candidate(1), &seen))
                .await
                .err(),
        ),
    ];
    for (call, error) in errors {
        let Some(error) = error else {
            return Err(Broken(format!("{call} succeeds")));
        };
        ensure!(
            error.is_transient(),
            "{call} fails as if it would not help to try again: {error}"
        );
    }
    Ok(Standing::Kept)
}
