//! Whether requests and sessions that stay with a track are over before a stage that changes it must be.

use std::time::Duration;

use super::{Plan, Stage};
use crate::release::Part;
use crate::target::{Discovery, Finding, Found};
use crate::timestamp::duration;
use crate::track::{Capacity, Revision, Track};
use crate::traffic::Traffic;

/// Warns of the first stage that would run out of time while the requests of a track that it changes end, after
/// all that went well before. A gate or hook that takes its time may let them end all the same.
///
/// What counts is how long requests and sessions stay with a track, as it was found at the start; the shortest
/// time for which nobody was sent to it before the stage, which is that of the bakes; and the stage's deadline.
pub(crate) fn findings(plan: &Plan, found: &Found) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (part, discovery) in found.iter() {
        for track in Track::ALL {
            findings.extend(of_track(plan, part, discovery, track));
        }
    }
    findings
}

fn of_track(plan: &Plan, part: &Part, found: &Discovery, track: Track) -> Option<Finding> {
    let traffic = &found.observation.traffic;
    let lingers = traffic.drain.max(traffic.sticky);
    let (mut revision, mut capacity) = (&Revision::Recorded, Capacity::Recorded);
    let mut reached = reaches(&traffic.written, track);
    // Since when nobody is sent to it; what was before the start is taken to be over.
    let mut idle = Duration::MAX;
    for stage in plan.stages() {
        let Some(goal) = stage.goals.get(part) else {
            continue;
        };
        let wanted = goal.track(track);
        if reached {
            idle = Duration::ZERO;
        }
        let empties = wanted.capacity == Capacity::Count(0) && capacity != wanted.capacity;
        let changes = wanted.revision != *revision || empties;
        if changes && idle.saturating_add(stage.deadline) < lingers {
            return Some(finding(stage, found, track, lingers, idle));
        }
        (revision, capacity) = (&wanted.revision, wanted.capacity);
        reached = reaches(&goal.traffic, track);
        idle = idle.saturating_add(stage.bake.at_least);
    }
    None
}

const fn reaches(traffic: &Traffic, track: Track) -> bool {
    match track {
        Track::Stable => traffic.reaches_stable(),
        Track::Candidate => traffic.reaches_candidate(),
    }
}

fn finding(
    stage: &Stage,
    found: &Discovery,
    track: Track,
    lingers: Duration,
    idle: Duration,
) -> Finding {
    let (name, stage_name) = (found.names.of(track), &stage.name);
    let [lingers, idle, deadline] = [lingers, idle, stage.deadline].map(duration::format);
    Finding::warns(
        "requests-outlast-stage",
        name,
        format!(
            "requests or sessions may stay with it for {lingers}, and stage `{stage_name}` changes it after {idle} without new ones and within {deadline}: it runs out of time unless a gate or hook takes longer"
        ),
        "give the stage a longer deadline, bake longer before it, or let sessions end sooner",
    )
}
