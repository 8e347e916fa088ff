//! Findings about what a plan asks for.

use std::collections::BTreeSet;

use strategy_core::share::count;
use strategy_core::target::Finding;
use strategy_core::{Part, Plan, Stickiness, Track};

use super::{Facts, resource};
use crate::asked::{Asked, asked};
use crate::autoscaling;
use crate::binding::{Bound, TrackStart};
use crate::routes;
use crate::task_definition::{NoContainer, release};

pub(super) fn findings(bound: &Bound, facts: &Facts, part: &Part, plan: &Plan) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    let stages = plan.stages().iter();
    for goal in stages.filter_map(|stage| stage.goals.get(part)) {
        for track in Track::ALL {
            let (about, message, mend) = match asked(bound, track, &goal.track(track).revision) {
                Err(error) => {
                    let why = error.source.as_ref().map(ToString::to_string);
                    let why = why.unwrap_or_else(|| error.kind.to_string());
                    let (message, mend) = why.split_once("; ").unwrap_or((&why, "change the plan"));
                    (error.resource, message.to_owned(), mend.to_owned())
                }
                Ok(Asked::Release(images)) => {
                    let base = facts.bases.of(track);
                    match release(base, &facts.bases.stable, images) {
                        Ok(_) => continue,
                        Err(NoContainer { missing, there }) => (
                            format!("task-definition/{}", base.short()),
                            format!("it has no container `{missing}`"),
                            format!("name one of {}", there.join(", ")),
                        ),
                    }
                }
                // Names are looked up when they are written.
                Ok(Asked::Nothing | Asked::Recorded(_) | Asked::Named(_)) => continue,
            };
            if seen.insert((track, message.clone())) {
                findings.push(Finding::blocks("revision-impossible", about, message, mend));
            }
        }
        let suspends = goal.traffic.stickiness != Stickiness::Kept;
        if suspends && !routes::was_sticky(bound) && seen.insert((Track::Stable, String::new())) {
            let rule = bound.rules.first().map(|of| resource(&of.rule));
            findings.push(Finding::blocks(
                "no-stickiness",
                rule.unwrap_or_default(),
                "it keeps no client with a target group, so there is no stickiness to suspend",
                "leave stickiness as it is",
            ));
        }
    }
    findings.extend(maximum(bound, facts, part, plan));
    findings
}

/// An autoscaler that cannot be held at what a stage needs.
fn maximum(bound: &Bound, facts: &Facts, part: &Part, plan: &Plan) -> Vec<Finding> {
    let number = |track: Track| match &bound.tracks.of(track).start {
        TrackStart::Found { replicas, .. } => replicas.number(),
        TrackStart::Missing => 0,
    };
    let baseline = number(Track::Stable);
    let goals = || {
        plan.stages()
            .iter()
            .filter_map(|stage| stage.goals.get(part))
    };
    let need = |track: Track| {
        let of_goal =
            goals().map(|goal| count(goal.track(track).capacity, baseline, number(track)));
        of_goal.max().unwrap_or(0)
    };
    let mut findings = Vec::new();
    for track in Track::ALL {
        let scaler = facts.view.state.scalers.of(track).as_ref();
        let Some(most) = scaler.map(|scaler| autoscaling::number(scaler.max_capacity)) else {
            continue;
        };
        let need = need(track);
        if need > most {
            findings.push(Finding::blocks(
                "autoscaler-maximum",
                bound.service(track),
                format!("its autoscaler lets it have {most} tasks, and a stage needs {need}"),
                "raise its maximum capacity",
            ));
        }
    }
    findings
}
