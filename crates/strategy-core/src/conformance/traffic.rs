//! Promises about traffic: read back as written, effective in the end, and whose hand it was.

use super::trial::{Trial, weighted};
use super::{Broken, Standing, Subject, ensure, skip};
use crate::target::{Capabilities, Effective, Effectiveness, ForeignField, Promotion, Writer};
use crate::traffic::{Route, RouteBy, Traffic};
use crate::weight::Weight;

macro_rules! skip_unless_routed {
    ($trial:expr) => {
        if !$trial.is_routed() {
            skip!("traffic is not routed here");
        }
    };
}

/// Every weight that the granularity allows is read back exactly.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn weights_are_read_back_exactly(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_routed!(trial);
    let ready = trial.candidate(1);
    trial.settle(ready.clone()).await?;
    let step = trial.found.capabilities.granularity;
    for weight in [
        step,
        step.rest().floor_to(step),
        trial.some_weight(),
        Weight::FULL,
        Weight::ZERO,
    ] {
        trial.apply(weighted(&ready, weight)).await?;
        let written = trial.observe().await?.traffic.written;
        ensure!(
            written == Traffic::weight(weight),
            "asked {weight}, told {written}"
        );
    }
    Ok(Standing::Kept)
}

/// What is written becomes effective, and is then reported as such where the platform can be asked.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_weight_becomes_effective(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_routed!(trial);
    trial.settle(trial.candidate(1)).await?;
    let desired = weighted(&trial.candidate(1), trial.some_weight());
    let now = trial.settle(desired.clone()).await?.traffic.effective;
    let expected = match trial.found.capabilities.effectiveness {
        Effectiveness::Verified => Effective::Verified(desired.traffic),
        Effectiveness::Assumed { .. } => Effective::Unverified,
    };
    ensure!(now == expected, "effective is {now:?}");
    Ok(Standing::Kept)
}

async fn is_read_back(
    subject: &dyn Subject,
    what: &str,
    can: fn(&Capabilities) -> bool,
    change: impl FnOnce(&mut Traffic),
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    if !can(&trial.found.capabilities) {
        skip!("there are no {what} here");
    }
    let mut desired = trial.candidate(1);
    trial.settle(desired.clone()).await?;
    change(&mut desired.traffic);
    trial.apply(desired.clone()).await?;
    let written = trial.observe().await?.traffic.written;
    ensure!(
        written == desired.traffic,
        "asked {}, told {written}",
        desired.traffic
    );
    trial.apply(trial.candidate(1)).await?;
    let written = trial.observe().await?.traffic.written;
    ensure!(
        written == trial.start().traffic,
        "taken away, told {written}"
    );
    Ok(Standing::Kept)
}

fn route(by: RouteBy) -> Route {
    Route {
        by,
        name: "x-preview".to_owned(),
        value: "yes".to_owned(),
    }
}

/// Header routes are read back as written, and taken away again.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn header_routes_are_read_back(subject: &dyn Subject) -> Result<Standing, Broken> {
    let change = |traffic: &mut Traffic| traffic.routes.push(route(RouteBy::Header));
    is_read_back(subject, "header routes", |can| can.header_routes, change).await
}

/// Cookie routes are read back as written, and taken away again.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn cookie_routes_are_read_back(subject: &dyn Subject) -> Result<Standing, Broken> {
    let change = |traffic: &mut Traffic| traffic.routes.push(route(RouteBy::Cookie));
    is_read_back(subject, "cookie routes", |can| can.cookie_routes, change).await
}

/// A mirrored share is read back as written, and taken away again.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_mirror_is_read_back(subject: &dyn Subject) -> Result<Standing, Broken> {
    let change = |traffic: &mut Traffic| traffic.mirror = Weight::HALF;
    is_read_back(subject, "mirrored requests", |can| can.mirror, change).await
}

/// Which track is which was decided at the start: a switch does not change it.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn roles_stay_after_a_switch(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    skip_unless_routed!(trial);
    trial.settle(trial.candidate(2)).await?;
    let switched = weighted(&trial.candidate(2), Weight::FULL);
    trial.settle(switched).await?;
    trial.target = subject.target();
    let now = trial.observe().await?;
    let stable = now.stable.written.map(|written| written.revision);
    let candidate = now.candidate.written.map(|written| written.revision);
    ensure!(
        stable.is_some_and(|revision| revision.recorded),
        "stable is no longer what it was"
    );
    ensure!(
        candidate.is_some_and(|revision| trial.release.is(&revision)),
        "the candidate is no longer the release"
    );
    ensure!(
        now.traffic.written.weight == Weight::FULL,
        "the candidate's weight is {}",
        now.traffic.written.weight
    );
    Ok(Standing::Kept)
}

/// Where roles are swapped, the next rollout finds the slot that is live as stable.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_switch_is_found_by_the_next_discovery(
    subject: &dyn Subject,
) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    if !trial
        .found
        .capabilities
        .promotions
        .contains(&Promotion::Swap)
    {
        skip!("roles are not swapped here");
    }
    trial.settle(trial.candidate(2)).await?;
    let switched = weighted(&trial.candidate(2), Weight::FULL);
    trial.settle(switched).await?;
    let next = subject.target().discover().await?;
    ensure!(
        next.names.stable == trial.found.names.candidate,
        "stable is {}",
        next.names.stable
    );
    ensure!(
        next.observation.traffic.written.weight.is_zero(),
        "the new candidate's weight is {}",
        next.observation.traffic.written.weight
    );
    Ok(Standing::Kept)
}

/// What we wrote is not reported as somebody else's.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn our_own_writes_are_ours(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    let mut desired = trial.candidate(1);
    if !trial.is_native() {
        desired = trial.one_more(desired);
    }
    let now = trial.settle(desired).await?;
    ensure!(now.foreign.is_empty(), "reported: {:?}", now.foreign);
    if trial.is_routed() {
        let desired = weighted(&trial.candidate(1), trial.some_weight());
        let now = trial.settle(desired).await?;
        ensure!(now.foreign.is_empty(), "reported: {:?}", now.foreign);
        match now.traffic.writer {
            Writer::Us | Writer::Unknown => {}
            Writer::Other { name, .. } => {
                return Err(Broken(format!("our write of traffic is {name}'s")));
            }
        }
    }
    Ok(Standing::Kept)
}

/// Whoever moved traffic since our last write is named, also if they put back what we had seen.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_foreign_move_of_traffic_is_named(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    trial.settle(trial.candidate(1)).await?;
    let Some(by) = subject.somebody_writes(ForeignField::Traffic).await else {
        skip!("nobody else can write traffic here");
    };
    let now = trial.observe().await?;
    match now.traffic.writer {
        Writer::Unknown => skip!("the platform does not tell who wrote"),
        Writer::Other { name, .. } if name == by => {}
        Writer::Other { .. } | Writer::Us => {
            return Err(Broken(format!("{by} is not named as the writer")));
        }
    }
    let named = now
        .foreign
        .iter()
        .any(|change| change.by == by && change.field == ForeignField::Traffic);
    ensure!(named, "no change by {by}: {:?}", now.foreign);
    Ok(Standing::Kept)
}

/// Whoever changed a count or an image since our last write is named.
///
/// # Errors
/// [`Broken`] when the target does not keep it.
pub async fn a_foreign_change_is_named(subject: &dyn Subject) -> Result<Standing, Broken> {
    let mut trial = Trial::begin(subject).await?;
    trial.settle(trial.candidate(1)).await?;
    let mut looked = false;
    for field in [ForeignField::Capacity, ForeignField::Revision] {
        if let Some(by) = subject.somebody_writes(field).await {
            looked = true;
            let now = trial.observe().await?;
            let named = now
                .foreign
                .iter()
                .any(|change| change.by == by && change.field == field);
            ensure!(named, "no change of {field} by {by}: {:?}", now.foreign);
        }
    }
    if looked {
        Ok(Standing::Kept)
    } else {
        skip!("nobody else can write here")
    }
}
