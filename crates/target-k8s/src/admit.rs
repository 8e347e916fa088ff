//! Whether a plan can run here: findings before anything is written. Pure.

mod previews;
mod templates;
mod traffic;

use std::collections::BTreeSet;

use strategy_core::target::Finding;
use strategy_core::{Part, Plan, Revision, Track, duration};

use crate::binding::{Bound, TrackStart};
use crate::config::Follow;
use crate::object::Objects;
use crate::router::{Needed, Router};
use crate::view::View;
use crate::workload::selector;

/// Everything that stands in the way or is worth knowing.
pub(crate) fn findings(
    bound: &Bound,
    view: &View,
    router: &dyn Router,
    follow: Follow,
    part: &Part,
    plan: &Plan,
) -> Vec<Finding> {
    let objects = &view.objects;
    let mut findings = router.check(objects, &bound.labels());
    findings.extend(traffic::recorded_traffic(bound));
    findings.extend(traffic::mirror(bound, part, plan));
    findings.extend(traffic::ports(bound, objects));
    findings.extend(traffic::strangers(bound, view));
    findings.extend(traffic::unknown_to_backends(bound, view, router));
    findings.extend(stable_without_replicas(bound));
    findings.extend(overlap(bound));
    findings.extend(paused(bound, objects));
    findings.extend(revisions(bound, follow, part, plan));
    findings.extend(templates::findings(bound, follow, part, plan));
    findings.extend(impatient(bound, plan));
    let is_told = |found: &Finding| {
        let mut told = findings.iter();
        told.any(|told| (&told.code, &told.resource) == (&found.code, &found.resource))
    };
    let previews = previews::findings(bound, objects, router, (part, plan), is_told);
    findings.extend(previews);
    findings
}

/// Fields of the router's objects that traffic of the plan needs.
pub(crate) fn needed(router: &dyn Router, part: &Part, plan: &Plan) -> BTreeSet<Needed> {
    let stages = plan.stages().iter();
    let goals = stages.filter_map(|stage| stage.goals.get(part));
    goals.flat_map(|goal| router.needs(&goal.traffic)).collect()
}

/// At rest a watch is heard of once a minute, and an observation is as old as that.
fn impatient(bound: &Bound, plan: &Plan) -> Option<Finding> {
    let least = crate::watch::SILENCE;
    let stale_after = plan.policies().stale_after;
    (stale_after < least).then(|| {
        Finding::blocks(
            "stale-after-too-short",
            bound.tracks.stable.object().to_string(),
            format!(
                "observations are unknown after {}, and at rest the API server tells once a minute that nothing has changed",
                duration::format(stale_after)
            ),
            format!("let `stale_after` be {} or more", duration::format(least)),
        )
    })
}

fn stable_without_replicas(bound: &Bound) -> Option<Finding> {
    let TrackStart::Found { replicas, .. } = &bound.tracks.stable.start else {
        return None;
    };
    (replicas.number() == 0).then(|| {
        Finding::blocks(
            "stable-has-no-replicas",
            bound.tracks.stable.object().to_string(),
            "stable is told to run 0 replicas, so nothing could carry the traffic home",
            "scale it to what the traffic needs, then start the rollout",
        )
    })
}

/// Autoscalers and disruption budgets of one workload would count the other's pods.
fn overlap(bound: &Bound) -> Vec<Finding> {
    let labels = bound.labels();
    let mut findings = Vec::new();
    for track in Track::ALL {
        let (one, other) = (bound.tracks.of(track), bound.tracks.of(track.other()));
        if !selector::selects(&labels.of(track).selector, &labels.of(track.other()).labels) {
            continue;
        }
        let message = format!("its selector selects the pods of {} too", other.object());
        let mend = "give the pods of each a label of its own and put it into both selectors";
        let object = one.object().to_string();
        findings.push(if one.autoscaler.is_some() {
            Finding::blocks(
                "selectors-overlap",
                object,
                format!("{message}, which its autoscaler would count"),
                mend,
            )
        } else {
            Finding::warns("selectors-overlap", object, message, mend)
        });
    }
    findings
}

fn paused(bound: &Bound, objects: &Objects) -> Vec<Finding> {
    let tracks = bound.tracks.iter();
    let is_paused = |object: &_| {
        let content = objects.get(object);
        content
            .and_then(|content| content.pointer("/spec/paused"))
            .is_some_and(|paused| paused == true)
    };
    tracks
        .map(|(_, track)| track.object())
        .filter(is_paused)
        .map(|object| {
            Finding::blocks(
                "deployment-paused",
                object.to_string(),
                "`spec.paused` is on, so a change of its template starts no pods",
                format!("`kubectl rollout resume {object}`"),
            )
        })
        .collect()
}

/// Every revision that a stage asks for can be had on its track.
fn revisions(bound: &Bound, follow: Follow, part: &Part, plan: &Plan) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    let goals = plan
        .stages()
        .iter()
        .filter_map(|stage| stage.goals.get(part));
    for (track, goal) in goals.flat_map(|goal| Track::ALL.map(|track| (track, goal.track(track)))) {
        // Names are looked up when they are written; ReplicaSets come and go.
        if matches!(goal.revision, Revision::Named(_)) {
            continue;
        }
        if let Err(error) = bound.template(track, &goal.revision, follow, |_| None) {
            let message = error
                .source
                .map_or_else(|| error.kind.to_string(), |why| why.to_string());
            if seen.insert((track, message.clone())) {
                let (message, mend) = message
                    .split_once("; ")
                    .unwrap_or((&message, "change the plan"));
                findings.push(Finding::blocks(
                    "revision-impossible",
                    error.resource,
                    message,
                    mend,
                ));
            }
        }
    }
    findings
}
