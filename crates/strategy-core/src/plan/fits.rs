//! Whether a plan can be carried out on what was found, as far as data can tell.

use super::{Goal, Plan, PlanError, Stage};
use crate::release::{Images, Part};
use crate::share::{ShareSplit, count};
use crate::target::{Autoscaler, Discovery, Found, Routing};
use crate::track::{Revision, Track};
use crate::traffic::RouteBy;

pub(super) fn check(plan: &Plan, found: &Found) -> Result<(), PlanError> {
    if let Some((part, _)) = found
        .iter()
        .find(|(part, _)| plan.release.images(part).is_none())
    {
        return Err(PlanError::part(
            part,
            "it was found, and the release does not ship it",
            "add its images to the release, or leave the part out of the rollout",
        ));
    }
    for (part, images) in plan.release.iter() {
        let Some(discovery) = found.part(part) else {
            return Err(PlanError::part(
                part,
                "the release ships it, and no target is it",
                "add a target for the part, or leave it out of the release",
            ));
        };
        stable(part, images, discovery)?;
    }
    for stage in &plan.stages {
        for (part, goal) in &stage.goals {
            if let Some(discovery) = found.part(part) {
                goal_fits(stage, part, goal, discovery)?;
            }
        }
    }
    Ok(())
}

/// What is shipped replaces something that runs.
fn stable(part: &Part, images: &Images, found: &Discovery) -> Result<(), PlanError> {
    let name = &found.names.stable;
    let Some(running) = found.images(Track::Stable) else {
        return Err(PlanError::unready(
            part,
            "nothing runs yet that a release could replace",
            format!("make the first release by hand ({name}), then use a rollout for the next one"),
        ));
    };
    if found.baseline() == 0 {
        return Err(PlanError::unready(
            part,
            format!("{name} wants no replicas, so nothing would be compared or protected"),
            "scale it to one replica or more first",
        ));
    }
    if let Some((container, _)) = images.iter().find(|(name, _)| running.get(name).is_none()) {
        let known: Vec<_> = running.iter().map(|(name, _)| name).collect();
        return Err(PlanError::part(
            part,
            format!("the release names container `{container}`, which {name} does not have"),
            format!("name one of its containers: {}", known.join(", ")),
        ));
    }
    let owned: Option<Autoscaler> = found.observation.stable.autoscaler;
    if let (Some(_), Routing::FollowsReadiness) = (owned, found.capabilities.routing) {
        return Err(PlanError::unready(
            part,
            format!(
                "traffic follows the ready replicas, and an autoscaler decides how many {name} has"
            ),
            "suspend the autoscaler for the rollout, or put a router in front",
        ));
    }
    Ok(())
}

fn goal_fits(stage: &Stage, part: &Part, goal: &Goal, found: &Discovery) -> Result<(), PlanError> {
    let wrong = |problem: String, mend: &str| Err(PlanError::stage(&stage.name, problem, mend));
    let can = &found.capabilities;
    let traffic = &goal.traffic;
    match can.routing {
        Routing::FollowsReadiness => share(stage, part, goal, found)?,
        Routing::Routed | Routing::Native => {
            if traffic.weight.floor_to(can.granularity) != traffic.weight {
                return wrong(
                    format!(
                        "{} of part `{part}` is finer than its router can share: steps of {}",
                        traffic.weight, can.granularity
                    ),
                    "use a multiple of that step",
                );
            }
        }
    }
    for route in &traffic.routes {
        let (known, by) = match route.by {
            RouteBy::Header => (can.header_routes, "header"),
            RouteBy::Cookie => (can.cookie_routes, "cookie"),
        };
        if !known {
            return wrong(
                format!("the router of part `{part}` cannot route by {by}"),
                "leave the route out, or use a router that can",
            );
        }
    }
    if !traffic.mirror.is_zero() && !can.mirror {
        return wrong(
            format!("the router of part `{part}` cannot mirror requests"),
            "leave the mirror out, or use a router that can",
        );
    }
    if goal.candidate.revision == Revision::Absent && found.observation.candidate.written.is_some()
    {
        return wrong(
            format!("{} was found and would be removed", found.names.candidate),
            "scale it to 0 instead: only what the rollout created is removed",
        );
    }
    Ok(())
}

/// Where traffic follows readiness the counts must achieve the weight, as nearly as is tolerated.
fn share(stage: &Stage, part: &Part, goal: &Goal, found: &Discovery) -> Result<(), PlanError> {
    let split = achieved(goal, found);
    let Some(tolerated) = stage.health.share_deviation else {
        return Ok(());
    };
    if split.deviation <= tolerated {
        return Ok(());
    }
    Err(PlanError::stage(
        &stage.name,
        format!(
            "part `{part}`: {} of {} replicas are {} of the traffic and not {}: {} off, and {tolerated} is tolerated",
            split.candidate,
            split.total(),
            split.achieved,
            goal.traffic.weight,
            split.deviation,
        ),
        "use more replicas, a surge, another weight, or tolerate more (`Health::share_deviation`)",
    ))
}

/// The share that a goal's counts achieve where traffic follows readiness.
pub(super) fn achieved(goal: &Goal, found: &Discovery) -> ShareSplit {
    let baseline = found.baseline();
    let number = |track| {
        let recorded = recorded(found, track);
        match &goal.track(track).revision {
            Revision::Absent => 0,
            Revision::Release(_) | Revision::Recorded | Revision::Named(_) => {
                count(goal.track(track).capacity, baseline, recorded)
            }
        }
    };
    ShareSplit::given(
        goal.traffic.weight,
        number(Track::Stable),
        number(Track::Candidate),
    )
}

/// The count that was found on a track.
pub(super) fn recorded(found: &Discovery, track: Track) -> u32 {
    found
        .observation
        .track(track)
        .written
        .as_ref()
        .map_or(0, |written| written.replicas.number())
}
