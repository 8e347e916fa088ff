//! Promises about tracks: what really runs, by revision, and how many of it are ready.

use std::collections::BTreeSet;

use super::trial::Trial;
use super::{Broken, Standing, Subject, ensure, skip};
use crate::target::ObservedTrack;
use crate::track::Revision;

/// No candidate is reported as no candidate, not as an empty one.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn an_absent_candidate_is_reported_absent(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    if subject.has_candidate() {
        skip!("there is a candidate");
    }
    let candidate = &trial.found.observation.candidate;
    ensure!(candidate.is_absent(), "found: {candidate:?}");
    let now = trial.settle(trial.start()).await?;
    ensure!(now.candidate.is_absent(), "observed: {:?}", now.candidate);
    Ok(Standing::Kept)
}

/// Pods are reported by revision: what was recorded, and the release.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn revisions_are_told_apart(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    let now = trial.settle(trial.candidate(2)).await?;
    let (stable, candidate) = (&now.stable, &now.candidate);
    ensure!(
        candidate.ready_at(&trial.release) == trial.replicas(2)
            && candidate.is_whole(&trial.release),
        "candidate: {:?}",
        candidate.pods
    );
    ensure!(
        stable.ready_at(&Revision::Recorded) == stable.wanted()
            && stable.is_whole(&Revision::Recorded)
            && stable.ready_at(&trial.release) == 0,
        "stable: {:?}",
        stable.pods
    );
    let ids = |track: &ObservedTrack| -> BTreeSet<String> {
        track
            .pods
            .iter()
            .map(|pods| pods.revision.id.clone())
            .collect()
    };
    ensure!(
        ids(stable).is_disjoint(&ids(candidate)),
        "both tracks have the revision ids {:?}",
        ids(stable)
    );
    Ok(Standing::Kept)
}

/// Image ids are those that really run, by container.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn images_that_really_run_are_reported(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    if trial.is_native() && trial.steps.is_empty() {
        skip!("what was is gone when the release is there");
    }
    let now = trial.settle(trial.candidate(1)).await?;
    for (container, _) in subject.release().iter() {
        let ids = |track: &ObservedTrack| -> BTreeSet<String> {
            let pods = track.pods.iter();
            pods.filter_map(|pods| pods.image_ids.get(container))
                .flatten()
                .cloned()
                .collect()
        };
        let (stable, candidate) = (ids(&now.stable), ids(&now.candidate));
        ensure!(
            stable.len() == 1 && candidate.len() == 1,
            "{container}: stable {stable:?}, candidate {candidate:?}"
        );
        ensure!(
            stable != candidate,
            "{container}: both tracks run {stable:?}"
        );
    }
    Ok(Standing::Kept)
}

/// In the end as many pods are there and ready as were asked for, up and down.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn pods_follow_the_count(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    if trial.is_native() {
        skip!("the platform brings up all of a release");
    }
    for count in [2, 3, 1] {
        let now = trial.settle(trial.candidate(count)).await?.candidate;
        let total: u32 = now.pods.iter().map(|pods| pods.total).sum();
        ensure!(
            (total, now.ready(), now.wanted()) == (count, count, count),
            "asked {count}: {total} pods, {} ready, {} wanted",
            now.ready(),
            now.wanted()
        );
    }
    Ok(Standing::Kept)
}

/// The labels of the tracks tell their series apart.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn identities_tell_the_tracks_apart(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    let now = trial.settle(trial.candidate(1)).await?;
    if now.stable.labels.is_empty() && now.candidate.labels.is_empty() {
        skip!("the target offers no labels");
    }
    ensure!(
        now.stable.labels != now.candidate.labels,
        "both tracks have {:?}",
        now.stable.labels
    );
    Ok(Standing::Kept)
}
