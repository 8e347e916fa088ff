//! Promises about writing: idempotent, never over somebody else's change, and back to the start.

use super::trial::{Trial, desired_track, unknown_containers, weighted};
use super::{Broken, Standing, Subject, ensure, skip};
use crate::target::{Apply, ForeignField};
use crate::track::{Revision, Track};

/// Asking again for what was asked for writes nothing.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn applying_twice_is_applying_once(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    if trial.is_native() {
        // What begins the release is not yet the answer to its first question.
        trial.settle(trial.candidate(2)).await?;
    }
    trial.apply(trial.candidate(2)).await?;
    let before = subject.stored().await;
    trial.apply(trial.candidate(2)).await?;
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
    let mut trial = Trial::begin(subject).await?;
    let request = trial.apply(trial.candidate(2)).await?;
    let before = subject.stored().await;
    if let Err(error) = trial.target.apply(&request).await {
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
    let mut trial = Trial::begin(subject).await?;
    let before = subject.stored().await;
    trial.apply(trial.start()).await?;
    ensure!(subject.stored().await == before, "something was written");
    Ok(Standing::Kept)
}

async fn is_a_conflict(subject: &dyn Subject, field: ForeignField) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    let seen = trial.observe().await?.owned;
    let prepared = trial.request(trial.candidate(1), &seen);
    let Some(by) = subject.somebody_writes(field).await else {
        skip!("nobody else can write {field} here");
    };
    let why = format!("over a change of {field} by {by}");
    trial.is_refused(&prepared, &why).await?;
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
    let mut trial = Trial::begin(subject).await?;
    if trial.is_native() {
        skip!("one write is of everything here");
    }
    let seen = trial.observe().await?.owned;
    let whole: Apply = trial.request(trial.one_more(trial.candidate(1)), &seen);
    trial.apply(trial.candidate(1)).await?;
    if let Err(error) = trial.target.apply(&whole).await {
        return Err(Broken(format!("the rest of the write fails: {error}")));
    }
    let now = trial.observe().await?;
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
    let mut trial = Trial::begin(subject).await?;
    let mut promoted = trial.one_more(trial.candidate(2));
    if trial.is_native() {
        for desired in [trial.candidate(2), trial.candidate(2)] {
            trial.settle(desired).await?;
        }
    } else {
        trial.settle(promoted.clone()).await?;
        if trial.is_routed() {
            promoted = weighted(&promoted, trial.some_weight());
            trial.settle(promoted.clone()).await?;
        }
        let release = trial.release.clone();
        desired_track(&mut promoted, Track::Stable, release);
        trial.settle(promoted).await?;
    }
    let now = trial.settle(trial.start()).await?;
    let found = &trial.found.observation;
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
    let mut trial = Trial::begin(subject).await?;
    if subject.has_candidate() {
        skip!("there is a candidate");
    }
    trial.settle(trial.candidate(1)).await?;
    let now = trial.settle(trial.start()).await?;
    ensure!(now.candidate.is_absent(), "the candidate is still there");
    Ok(Standing::Kept)
}

/// A workload that was found is never removed, whatever is asked.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn what_was_found_is_never_removed(subject: &dyn Subject) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    for track in Track::ALL {
        if trial.found.observation.track(track).written.is_none() {
            continue;
        }
        let mut without = trial.start();
        desired_track(&mut without, track, Revision::Absent);
        let seen = trial.observe().await?.owned;
        // Refusing is as good as leaving it there.
        let _refused = trial.target.apply(&trial.request(without, &seen)).await;
        subject.settle().await;
        let now = trial.observe().await?;
        ensure!(now.track(track).written.is_some(), "{track} was removed");
    }
    Ok(Standing::Kept)
}

async fn is_an_error(
    subject: &dyn Subject,
    revision: impl FnOnce(&Trial<'_>) -> Revision,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    let mut desired = trial.candidate(1);
    desired_track(&mut desired, Track::Stable, revision(&trial));
    let seen = trial.observe().await?.owned;
    let before = subject.stored().await;
    match trial.target.apply(&trial.request(desired, &seen)).await {
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
    is_an_error(subject, |trial| {
        Revision::Release(unknown_containers(&trial.subject.release()))
    })
    .await
}

/// Counts and floors are read back as they were written.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn counts_are_read_back(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    if trial.is_native() {
        skip!("the platform brings up all of a release");
    }
    for count in [1, 3, 2] {
        let desired = trial.one_more(trial.candidate(count));
        trial.apply(desired.clone()).await?;
        let now = trial.observe().await?;
        for track in Track::ALL {
            let told = now.track(track).written.as_ref();
            let told = told.map(|written| written.replicas);
            let asked = desired.track(track).replicas;
            ensure!(told == Some(asked), "{track}: asked {asked}, told {told:?}");
        }
    }
    Ok(Standing::Kept)
}
