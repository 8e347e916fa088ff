//! Promises about reading: it writes nothing, shows what is there, and says when it cannot.

use super::session::{Session, polled};
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
    let session = Session::begin(subject).await?;
    let before = subject.stored().await;
    session.observe().await?;
    ensure!(subject.stored().await == before, "observe wrote something");
    Ok(Standing::Kept)
}

/// [`admit`](crate::Target::admit) is read-only.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn admitting_writes_nothing(subject: &dyn Subject) -> Result<Standing, Broken> {
    let session = Session::begin(subject).await?;
    let plan = session.plan()?;
    let before = subject.stored().await;
    session
        .target
        .admit(&Part::main(), &session.found, &plan)
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
    let session = Session::begin(subject).await?;
    let (found, now) = (&session.found.observation, session.observe().await?);
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
    let mut session = Session::begin(subject).await?;
    let before = session.observe().await?;
    session.apply(session.candidate(1)).await?;
    let after = session.observe().await?;
    ensure!(before.owned != after.owned, "what is owned is as before");
    let Some(written) = after.candidate.written else {
        return Err(Broken("the candidate is not there".to_owned()));
    };
    ensure!(
        session.release.is(&written.revision),
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
    let session = Session::begin(subject).await?;
    let (stored, before) = (subject.stored().await, session.observe().await?);
    for _ in 0..3 {
        let mut abandoned = session.target.observe(&session.found.binding);
        let _polled_once = polled(abandoned.as_mut()).await;
    }
    let after = session.observe().await?;
    ensure!(before.owned == after.owned, "what is owned differs");
    ensure!(subject.stored().await == stored, "something was written");
    Ok(Standing::Kept)
}

/// A binding is data: written to a journal and read again it means the same, also to a new process.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_binding_survives_a_journal(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    let before = session.settle(session.candidate(1)).await?;
    let text = serde_json::to_string(&session.found.binding)
        .map_err(|error| Broken(format!("the binding cannot be written: {error}")))?;
    session.found.binding = serde_json::from_str(&text)
        .map_err(|error| Broken(format!("the binding cannot be read: {error}")))?;
    session.target = subject.target();
    let after = session.observe().await?;
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
    let session = Session::begin(subject).await?;
    if !subject.take_away().await {
        skip!("the subject can take nothing away");
    }
    subject.settle().await;
    ensure!(
        session
            .target
            .observe(&session.found.binding)
            .await
            .is_err(),
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
    let session = Session::begin(subject).await?;
    let seen = session.observe().await?.owned;
    if !subject.cut_off().await {
        skip!("the subject cannot be cut off");
    }
    let errors = [
        ("discover", session.target.discover().await.err()),
        (
            "observe",
            session.target.observe(&session.found.binding).await.err(),
        ),
        (
            "apply",
            session
                .target
                .apply(&session.request(session.candidate(1), &seen))
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
