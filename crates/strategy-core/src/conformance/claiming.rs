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
