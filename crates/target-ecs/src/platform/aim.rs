//! What a service can be asked for: its start or a release, all of it at once or by the steps of a plan. Pure.

use strategy_core::target::{Apply, Desired, DesiredTrack, TargetError, TargetErrorKind};
use strategy_core::{Replicas, Revision, Stickiness, Traffic, Weight};

use super::situation::Situation;
use crate::asked::Asked;
use crate::error::found;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Aim<'a> {
    /// The start.
    Home { count: u32 },
    /// A release in its place.
    Release {
        asked: Asked<'a>,
        count: u32,
        /// What is asked of stable's count.
        left: u32,
        /// How many steps of the plan are to be taken. 0: none yet; one more than there are: what was is to
        /// go. `None`: Amazon ECS rolls, and takes none.
        step: Option<usize>,
    },
}

pub(super) fn refuse(situation: &Situation<'_>, message: impl Into<String>) -> TargetError {
    let (kind, resource) = (TargetErrorKind::Unsupported, situation.bound.resource());
    found(kind, "ecs:UpdateService", &resource, message)
}

/// What is asked for, if it can be had.
///
/// # Errors
/// `Unsupported` when it cannot.
pub(crate) fn aim<'a>(
    situation: &Situation<'_>,
    request: &'a Apply,
) -> Result<Aim<'a>, TargetError> {
    let desired = &request.desired;
    if desired.stable.revision != Revision::Recorded {
        return Err(refuse(
            situation,
            "it is one service, which runs the start or the release; what was is not given another revision",
        ));
    }
    let asked = match &desired.candidate.revision {
        Revision::Absent | Revision::Recorded => return home(situation, desired),
        Revision::Release(images) => Asked::Release(images),
        Revision::Named(name) => Asked::Named(name),
        other => return Err(refuse(situation, format!("{other} means nothing here"))),
    };
    if situation.bound.start.configuration.is_some() {
        gated_aim(situation, desired, asked)
    } else {
        rolling_aim(situation, desired, asked)
    }
}

const IN_ITS_PLACE: &str = "its tasks are replaced one after the other, so it runs either the start with all the traffic or a release with all of it";

fn home(situation: &Situation<'_>, desired: &Desired) -> Result<Aim<'static>, TargetError> {
    if !is_plain(&desired.traffic, Weight::ZERO) {
        return Err(refuse(situation, IN_ITS_PLACE));
    }
    let count = number(situation, &desired.stable)?;
    Ok(Aim::Home { count })
}

/// All of the release, in the place of what was.
fn rolling_aim<'a>(
    situation: &Situation<'_>,
    desired: &Desired,
    asked: Asked<'a>,
) -> Result<Aim<'a>, TargetError> {
    let left = number(situation, &desired.stable)?;
    let count = number(situation, &desired.candidate)?;
    let is_alone = situation.bound.start.is_scaled || left == 0;
    if !is_alone || count == 0 || !is_plain(&desired.traffic, Weight::FULL) {
        return Err(refuse(situation, IN_ITS_PLACE));
    }
    Ok(Aim::Release {
        asked,
        count,
        left,
        step: None,
    })
}

/// All of the release, beside what was until that goes, with the share of one of the plan's steps.
fn gated_aim<'a>(
    situation: &Situation<'_>,
    desired: &Desired,
    asked: Asked<'a>,
) -> Result<Aim<'a>, TargetError> {
    let Some(schedule) = situation.schedule() else {
        return Err(refuse(
            situation,
            "the plan was not admitted, so its steps are not known",
        ));
    };
    let left = number(situation, &desired.stable)?;
    let count = number(situation, &desired.candidate)?;
    let weight = desired.traffic.weight;
    let step = if left == 0 && weight == Weight::FULL {
        Some(schedule.steps.len() + 1)
    } else if weight.is_zero() {
        Some(0)
    } else {
        schedule.step_at(weight)
    };
    let is_whole = (left == situation.bound.start.count || left == 0)
        && count > 0
        && is_plain(&desired.traffic, weight);
    if step.is_none() || !is_whole {
        return Err(refuse(
            situation,
            "Amazon ECS brings up all of a release beside what was, and takes the steps of the plan alone",
        ));
    }
    Ok(Aim::Release {
        asked,
        count,
        left,
        step,
    })
}

fn number(situation: &Situation<'_>, track: &DesiredTrack) -> Result<u32, TargetError> {
    match track.replicas {
        Replicas::Count(count) => Ok(count),
        // As it was found; an autoscaler's minimum is not written.
        Replicas::Floor(floor) if situation.bound.start.is_scaled => Ok(floor),
        Replicas::Floor(_) => Err(refuse(
            situation,
            "no autoscaler decides its count, so there is no floor to hold",
        )),
    }
}

/// This share, and nothing else.
fn is_plain(traffic: &Traffic, weight: Weight) -> bool {
    traffic.weight == weight
        && traffic.routes.is_empty()
        && traffic.mirror.is_zero()
        && traffic.stickiness == Stickiness::Kept
}
