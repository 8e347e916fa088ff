//! Promises about writing: idempotent, never over somebody else's change, and back to the start.

use super::session::{Session, desired_track, unknown_containers, weighted};
use super::{Broken, Standing, Subject, ensure, skip};
use crate::target::{Apply, ForeignField};
use crate::track::{Revision, Track};

/// Asking again for what was asked for writes nothing.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn applying_twice_is_applying_once(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    session.apply(session.candidate(2)).await?;
    let before = subject.stored().await;
    session.apply(session.candidate(2)).await?;
    ensure!(
        subject.stored().await == before,
        "the second write wrote something"
    );
    Ok(Standing::Kept)
}

/// The same write again, decided on what was there before the first, succeeds and writes nothing.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_write_repeated_after_a_lost_answer_succeeds(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    let request = session.apply(session.candidate(2)).await?;
    let before = subject.stored().await;
    if let Err(error) = session.target.apply(&request).await {
        return Err(Broken(format!("the repeated write fails: {error}")));
    }
    ensure!(
        subject.stored().await == before,
        "the repeated write wrote something"
    );
    Ok(Standing::Kept)
}

/// Asking for what was found writes nothing.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn applying_what_is_there_writes_nothing(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    let before = subject.stored().await;
    session.apply(session.start()).await?;
    ensure!(subject.stored().await == before, "something was written");
    Ok(Standing::Kept)
}

async fn is_a_conflict(subject: &dyn Subject, field: ForeignField) -> Result<Standing, Broken> {
    let session = Session::begin(subject).await?;
    let seen = session.observe().await?.owned;
    let prepared = session.request(session.candidate(1), &seen);
    let Some(by) = subject.somebody_writes(field).await else {
        skip!("nobody else can write {field} here");
    };
    let why = format!("over a change of {field} by {by}");
    session.is_refused(&prepared, &why).await?;
    Ok(Standing::Kept)
}

/// A write never overwrites, or passes over, what somebody did to traffic since it was decided.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_foreign_change_of_traffic_is_a_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    is_a_conflict(subject, ForeignField::Traffic).await
}

/// A write never overwrites, or passes over, what somebody did to a count since it was decided.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_foreign_change_of_capacity_is_a_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    is_a_conflict(subject, ForeignField::Capacity).await
}

/// A write never overwrites, or passes over, what somebody did to an image since it was decided.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_foreign_change_of_revision_is_a_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    is_a_conflict(subject, ForeignField::Revision).await
}

/// Every field may be as it was seen or as it is desired: a write of which half has landed goes on.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_field_that_is_already_as_desired_is_no_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    let seen = session.observe().await?.owned;
    let whole: Apply = session.request(session.one_more(session.candidate(1)), &seen);
    session.apply(session.candidate(1)).await?;
    if let Err(error) = session.target.apply(&whole).await {
        return Err(Broken(format!("the rest of the write fails: {error}")));
    }
    let now = session.observe().await?;
    let told = now.stable.written.map(|written| written.replicas);
    ensure!(
        told == Some(whole.desired.stable.replicas),
        "the rest of the write is missing: stable has {told:?}"
    );
    Ok(Standing::Kept)
}

/// Rollback: whatever was written, the recorded start can be written back, every field of it.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn the_recorded_start_is_restored_exactly(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    let mut promoted = session.one_more(session.candidate(2));
    session.settle(promoted.clone()).await?;
    if session.is_routed() {
        promoted = weighted(&promoted, session.some_weight());
        session.settle(promoted.clone()).await?;
    }
    let release = session.release.clone();
    desired_track(&mut promoted, Track::Stable, release);
    session.settle(promoted).await?;
    let now = session.settle(session.start()).await?;
    let found = &session.found.observation;
    ensure!(
        now.owned == found.owned,
        "what is owned differs: {:?} and {:?}",
        found.owned,
        now.owned
    );
    ensure!(
        now.stable.is_whole(&Revision::Recorded) && now.stable.ready() >= found.stable.wanted(),
        "stable does not run what was recorded"
    );
    Ok(Standing::Kept)
}

/// A workload that the rollout created is removed.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn what_was_created_is_removed(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    if subject.has_candidate() {
        skip!("there is a candidate");
    }
    session.settle(session.candidate(1)).await?;
    let now = session.settle(session.start()).await?;
    ensure!(now.candidate.is_absent(), "the candidate is still there");
    Ok(Standing::Kept)
}

/// A workload that was found is never removed, whatever is asked.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn what_was_found_is_never_removed(subject: &dyn Subject) -> Result<Standing, Broken> {
    let session = Session::begin(subject).await?;
    for track in Track::ALL {
        if session.found.observation.track(track).written.is_none() {
            continue;
        }
        let mut without = session.start();
        desired_track(&mut without, track, Revision::Absent);
        let seen = session.observe().await?.owned;
        // Refusing is as good as leaving it there.
        let _refused = session.target.apply(&session.request(without, &seen)).await;
        subject.settle().await;
        let now = session.observe().await?;
        ensure!(now.track(track).written.is_some(), "{track} was removed");
    }
    Ok(Standing::Kept)
}

async fn is_an_error(
    subject: &dyn Subject,
    revision: impl FnOnce(&Session<'_>) -> Revision,
) -> Result<Standing, Broken> {
    let session = Session::begin(subject).await?;
    let mut desired = session.candidate(1);
    desired_track(&mut desired, Track::Stable, revision(&session));
    let seen = session.observe().await?.owned;
    let before = subject.stored().await;
    match session.target.apply(&session.request(desired, &seen)).await {
        Ok(_) => return Err(Broken("it was accepted".to_owned())),
        Err(error) => ensure!(
            !error.is_transient(),
            "it fails as if it would help to try again: {error}"
        ),
    }
    ensure!(subject.stored().await == before, "something was written");
    Ok(Standing::Kept)
}

/// A revision that nobody knows is an error, and nothing is written.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn an_unknown_revision_is_an_error(subject: &dyn Subject) -> Result<Standing, Broken> {
    is_an_error(subject, |_| Revision::Named("no-such-revision".to_owned())).await
}

/// A release that names a container the template does not have is an error, and nothing is written.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn an_unknown_container_is_an_error(subject: &dyn Subject) -> Result<Standing, Broken> {
    is_an_error(subject, |session| {
        Revision::Release(unknown_containers(&session.subject.release()))
    })
    .await
}

/// Counts and floors are read back as they were written.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn counts_are_read_back(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut session = Session::begin(subject).await?;
    for count in [1, 3, 2] {
        let desired = session.one_more(session.candidate(count));
        session.apply(desired.clone()).await?;
        let now = session.observe().await?;
        for track in Track::ALL {
            let told = now.track(track).written.as_ref();
            let told = told.map(|written| written.replicas);
            let asked = desired.track(track).replicas;
            ensure!(told == Some(asked), "{track}: asked {asked}, told {told:?}");
        }
    }
    Ok(Standing::Kept)
}
