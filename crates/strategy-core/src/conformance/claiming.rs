//! Promises about claims: one writer, and whoever lost the claim writes nothing any more.

use super::trial::{Trial, claim};
use super::{Broken, Standing, Subject, ensure, skip};
use crate::target::{Claim, TargetError, TargetErrorKind};

macro_rules! skip_unless_fenced {
    ($trial:expr) => {
        if !$trial.found.capabilities.fenced {
            skip!("nothing fences this target");
        }
    };
}

fn is_conflict(answer: Result<(), TargetError>, what: &str) -> Result<(), Broken> {
    match answer {
        Err(error) if error.kind == TargetErrorKind::Conflict => Ok(()),
        Err(error) => Err(Broken(format!("{what} is no conflict but: {error}"))),
        Ok(()) => Err(Broken(format!("{what} succeeds"))),
    }
}

async fn shown(trial: &Trial<'_>) -> Result<Option<Claim>, Broken> {
    Ok(trial.target.discover().await?.claim)
}

/// Discovery shows whose claim it is.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_claim_is_shown_until_it_is_given_up(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    skip_unless_fenced!(trial);
    let here = shown(&trial).await?;
    ensure!(
        here.as_ref() == Some(&trial.claim),
        "discovery shows {here:?}"
    );
    trial.set_claim(Some(&trial.claim), None).await?;
    let here = shown(&trial).await?;
    ensure!(here.is_none(), "given up, discovery shows {here:?}");
    Ok(Standing::Kept)
}

/// A claim is set only if what is there is what was expected.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_claim_is_compared_before_it_is_set(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    skip_unless_fenced!(trial);
    let other = claim("another-rollout", 1)?;
    let later = trial.claim.next();
    for (from, what) in [
        (None, "claiming what somebody has claimed"),
        (Some(&later), "claiming from another epoch"),
        (Some(&other), "claiming from another holder"),
    ] {
        let to = if from == Some(&other) { &later } else { &other };
        is_conflict(trial.set_claim(from, Some(to)).await, what)?;
        let here = shown(&trial).await?;
        ensure!(
            here.as_ref() == Some(&trial.claim),
            "after {what} there is {here:?}"
        );
    }
    Ok(Standing::Kept)
}

/// The claim that is wanted being there already is success: its first answer was lost.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn claiming_again_succeeds(subject: &dyn Subject) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    skip_unless_fenced!(trial);
    trial.set_claim(None, Some(&trial.claim)).await?;
    let next = trial.claim.next();
    trial.set_claim(Some(&trial.claim), Some(&next)).await?;
    trial.set_claim(Some(&trial.claim), Some(&next)).await?;
    trial.set_claim(Some(&next), None).await?;
    trial.set_claim(Some(&next), None).await?;
    Ok(Standing::Kept)
}

/// A claim that was given up does not come back, nor one that is as old, whoever holds it: a process
/// that stood still claims nothing once others are done. So it is also where the claim had not come when
/// it was given up.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_claim_that_is_over_does_not_come_back(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    skip_unless_fenced!(trial);
    let next = trial.claim.next();
    trial.set_claim(Some(&trial.claim), Some(&next)).await?;
    trial.set_claim(Some(&next), None).await?;
    let other = claim("another-rollout", next.epoch)?;
    for (late, what) in [
        (&trial.claim, "an epoch before the last"),
        (&next, "the epoch that was given up"),
        (&other, "another rollout's epoch that is as old"),
    ] {
        is_conflict(trial.set_claim(None, Some(late)).await, what)?;
        let here = shown(&trial).await?;
        ensure!(here.is_none(), "after {what} there is {here:?}");
    }
    let last = trial.target.discover().await?.last_epoch;
    ensure!(
        last >= next.epoch,
        "discovery says that epoch {last} was the last, and {} was",
        next.epoch
    );
    let never_came = claim("another-rollout", last + 1)?;
    trial.set_claim(Some(&never_came), None).await?;
    let late = trial.set_claim(None, Some(&never_came)).await;
    is_conflict(late, "what was given up before it came")?;
    let last = trial.target.discover().await?.last_epoch;
    let fresh = claim("another-rollout", last + 1)?;
    trial.set_claim(None, Some(&fresh)).await?;
    trial.set_claim(Some(&fresh), None).await?;
    Ok(Standing::Kept)
}

/// Claiming and giving up changes nothing of what is asked for or found.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_claim_changes_nothing_that_is_owned(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    skip_unless_fenced!(trial);
    let next = trial.claim.next();
    trial.set_claim(Some(&trial.claim), Some(&next)).await?;
    let now = trial.observe().await?;
    ensure!(
        now.owned == trial.found.observation.owned,
        "what is owned differs after a take-over"
    );
    trial.set_claim(Some(&next), None).await?;
    let now = trial.observe().await?;
    ensure!(
        now.owned == trial.found.observation.owned,
        "what is owned differs after the claim is given up"
    );
    Ok(Standing::Kept)
}

/// Nobody writes without a claim.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_write_without_a_claim_is_a_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::discover(subject).await?;
    skip_unless_fenced!(trial);
    let request = trial.request(trial.candidate(1), &trial.found.observation.owned);
    trial.is_refused(&request, "without a claim").await?;
    Ok(Standing::Kept)
}

/// Nobody writes under somebody else's claim.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_write_under_another_claim_is_a_conflict(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let trial = Trial::begin(subject).await?;
    skip_unless_fenced!(trial);
    let seen = trial.observe().await?.owned;
    let mut request = trial.request(trial.candidate(1), &seen);
    request.claim = claim("another-rollout", 1)?;
    trial
        .is_refused(&request, "under another rollout's claim")
        .await?;
    Ok(Standing::Kept)
}

/// Taking over fences off every write that was prepared before, and none that comes after.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn taking_over_fences_a_prepared_write(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_fenced!(trial);
    let seen = trial.observe().await?.owned;
    let prepared = trial.request(trial.candidate(1), &seen);
    let next = trial.claim.next();
    trial.set_claim(Some(&trial.claim), Some(&next)).await?;
    trial
        .is_refused(&prepared, "prepared before a take-over")
        .await?;
    trial.claim = next;
    trial.apply(trial.candidate(1)).await?;
    Ok(Standing::Kept)
}
