//! Goals: capacity stands behind all traffic, every stage asks for something, the end is clean.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Goal, GoalTrack, Plan, PlanError, Stage};
use crate::release::{Images, Part};
use crate::track::{Capacity, Revision, Track};
use crate::traffic::Stickiness;
use crate::weight::Weight;

/// A problem and how to mend it.
type Wrong = (String, &'static str);

pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    let mut names = BTreeSet::new();
    let mut now: BTreeMap<&Part, &Goal> = BTreeMap::new();
    for (index, stage) in plan.stages.iter().enumerate() {
        let wrong = |(problem, mend): Wrong| PlanError::stage(&stage.name, problem, mend);
        if !names.insert(&stage.name) {
            return Err(wrong((
                "two stages have this name".to_owned(),
                "rename one of them",
            )));
        }
        if index == 0 {
            all_parts(plan, stage).map_err(wrong)?;
        }
        let before = now.clone();
        for (part, goal) in &stage.goals {
            let Some(images) = plan.release.images(part) else {
                return Err(wrong((
                    format!("its goal is for part `{part}`, which the release does not ship"),
                    "add the part's images to the release, or leave it out of the stage",
                )));
            };
            one(part, goal, images).map_err(wrong)?;
            now.insert(part, goal);
        }
        if before == now {
            return Err(wrong((
                "it asks nothing that the stage before it did not".to_owned(),
                "leave it out, and give its gates, hooks and bake to the stage before",
            )));
        }
    }
    for (part, goal) in now {
        end(plan, part, goal)?;
    }
    Ok(())
}

fn all_parts(plan: &Plan, stage: &Stage) -> Result<(), Wrong> {
    match plan
        .release
        .iter()
        .find(|(part, _)| !stage.goals.contains_key(part))
    {
        Some((part, _)) => Err((
            format!("the first stage has no goal for part `{part}`"),
            "give it one, even if it only says that all stays as found",
        )),
        None => Ok(()),
    }
}

fn one(part: &Part, goal: &Goal, images: &Images) -> Result<(), Wrong> {
    for track in Track::ALL {
        revision(part, track, goal.track(track), images)?;
    }
    let traffic = &goal.traffic;
    if traffic.reaches_candidate() {
        behind(
            part,
            Track::Candidate,
            &goal.candidate,
            traffic.candidate_share(),
        )?;
    }
    if traffic.reaches_stable() {
        behind(part, Track::Stable, &goal.stable, traffic.weight.rest())?;
    }
    let mut seen = BTreeSet::new();
    for route in &traffic.routes {
        if route.name.is_empty() || route.value.is_empty() {
            return Err((
                format!("part `{part}`: a route needs a name and a value"),
                "name the header or cookie and the exact value",
            ));
        }
        if !seen.insert(route) {
            return Err((
                format!("part `{part}`: the route {route} is there twice"),
                "leave one of them out",
            ));
        }
    }
    Ok(())
}

fn revision(part: &Part, track: Track, goal: &GoalTrack, images: &Images) -> Result<(), Wrong> {
    match &goal.revision {
        Revision::Release(asked) if asked != images => Err((
            format!("part `{part}`: {track} is to run {asked}, and the release is {images}"),
            "use the images of the release: what is promoted is what was validated",
        )),
        Revision::Named(name) if name.is_empty() || name.len() > 63 => Err((
            format!("part `{part}`: {track} names a revision without a name, or with a long one"),
            "name it as the platform does, in 1 to 63 bytes",
        )),
        Revision::Absent if track == Track::Stable => Err((
            format!("part `{part}`: stable would be removed"),
            "a workload that was found is never removed: scale it to 0 instead",
        )),
        Revision::Absent if goal.capacity != Capacity::Count(0) => Err((
            format!(
                "part `{part}`: {track} is absent with a capacity of {}",
                goal.capacity
            ),
            "give an absent track the capacity 0",
        )),
        Revision::Release(_) | Revision::Named(_) | Revision::Absent | Revision::Recorded => Ok(()),
    }
}

/// Capacity that stands behind a share of traffic. A count is taken as it is: only the target knows the
/// baseline, and where traffic follows readiness the counts are the share.
fn behind(part: &Part, track: Track, goal: &GoalTrack, share: Weight) -> Result<(), Wrong> {
    let too_little = match goal.capacity {
        Capacity::Count(count) => count == 0,
        Capacity::Share(capacity) => capacity.is_zero() || capacity < share,
        Capacity::Recorded => false,
    };
    if !too_little {
        return Ok(());
    }
    let asked = if share.is_zero() {
        "requests by route".to_owned()
    } else {
        format!("{share} of the requests")
    };
    Err((
        format!(
            "part `{part}`: {track} gets {asked} with a capacity of {} behind it",
            goal.capacity
        ),
        "give it at least the capacity of its share, or take the traffic from it",
    ))
}

/// When all is done, one track carries everything, it runs what was shipped, and nothing is left over.
fn end(plan: &Plan, part: &Part, goal: &Goal) -> Result<(), PlanError> {
    let Some(last) = plan
        .stages
        .iter()
        .rev()
        .find(|s| s.goals.contains_key(part))
    else {
        return Ok(());
    };
    let wrong = |problem: String, mend: &str| Err(PlanError::stage(&last.name, problem, mend));
    let traffic = &goal.traffic;
    let track = match traffic.weight {
        Weight::FULL => Track::Candidate,
        Weight::ZERO => Track::Stable,
        partly => {
            return wrong(
                format!("the plan ends with {partly} of part `{part}` on the release"),
                "let the last stage move all of the traffic",
            );
        }
    };
    match goal.track(track).revision {
        Revision::Release(_) | Revision::Named(_) => {}
        Revision::Recorded | Revision::Absent => {
            return wrong(
                format!("the plan ends with part `{part}` on what was there before"),
                "let the last stage leave all traffic on a track that runs the release",
            );
        }
    }
    if !traffic.routes.is_empty() || !traffic.mirror.is_zero() {
        return wrong(
            format!("the plan ends with a route or mirror of part `{part}` still in place"),
            "take them away in the last stage",
        );
    }
    match traffic.stickiness {
        Stickiness::Kept => Ok(()),
        Stickiness::Suspended => wrong(
            format!("the plan ends with stickiness of part `{part}` still suspended"),
            "keep it in the last stage",
        ),
    }
}
