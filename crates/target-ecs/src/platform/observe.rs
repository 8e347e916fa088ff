//! From what was read of a service to an observation. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use strategy_core::target::{
    Autoscaler, Effective, ForeignChange, ForeignField, Observation, ObservedTrack,
    ObservedTraffic, PlatformState, Pods, TargetError, Written,
};
use strategy_core::{Images, Replicas, SeenRevision, Track, Traffic};

use super::deployment::{self, Tasks, deployment, is_under_way};
use super::hooks::pending;
use super::shifted::{Hand, hand};
use super::situation::{BALANCING, CONFIGURATION, COUNT, DEFINITION, STRANGE, Situation, WEIGHTS};
use super::{Bound, View};
use crate::autoscaling::number;
use crate::config::resource;
use crate::listener;
use crate::mark::WRITTEN;
use crate::observe::version;
use crate::task_definition::short;
use crate::tasks::{Running, failures_of};
use crate::view::primary;

const SOMEBODY: &str = "somebody";

/// What is found.
pub(crate) fn observation(
    bound: &Bound,
    view: &View,
    stall: Duration,
) -> Result<Observation, TargetError> {
    let situation = Situation::of(bound, &view.seen)?;
    let pods = pods(&situation, view);
    let tasks = tasks(&situation, view, stall);
    let platform = deployment(&situation, &tasks);
    let (stable, candidate) = tracks(&situation, view, pods);
    let by_hand = hand(&situation).and_then(|hand| hand.share);
    let written = Traffic::weight(by_hand.unwrap_or_else(|| situation.weight()));
    let effective = if situation.bound.start.configuration.is_some() {
        // What is described of weights lags behind, so it is the hooks that tell: a step is done when the
        // next one is asked for.
        let is_over = !is_under_way(primary(situation.service)) && !situation.is_turning_back();
        if is_over || pending(&situation).is_some() {
            Effective::Unverified
        } else {
            Effective::Converging
        }
    } else if is_effective(&situation, view) {
        Effective::Verified(written.clone())
    } else {
        Effective::Converging
    };
    let mut traffic = ObservedTraffic::new(written, effective);
    traffic.drain = bound.drain;
    let mut observation = Observation::new(stable, candidate, traffic);
    observation.foreign = foreign(&situation, platform.as_ref().map(|of| &of.state));
    observation.platform = platform;
    observation.owned = situation.fields().wrap()?;
    observation.version = version(&observation)?;
    Ok(observation)
}

/// The deployment in force has ended well, and nothing runs but what it deploys.
fn is_effective(situation: &Situation<'_>, view: &View) -> bool {
    let primary = primary(situation.service);
    let others = view.tasks.iter();
    let mut others =
        others.filter(|task| task.task_definition_arn() != Some(situation.definition()));
    let is_over = primary.is_some_and(|of| {
        let state = deployment::rollout_state(of);
        state == "COMPLETED" || state.is_empty() && situation.service.deployments().len() == 1
    });
    is_over && !situation.is_turning_back() && others.next().is_none()
}

/// Of all task definitions, where the failures are those of our deployment or, once it is gone, of the one
/// in force.
fn pods(situation: &Situation<'_>, view: &View) -> Vec<Pods> {
    running(situation, view, |running| running.pods())
}

fn running<T>(situation: &Situation<'_>, view: &View, of: impl FnOnce(&Running<'_>) -> T) -> T {
    let deployment = primary(situation.service);
    let registered = view.registered();
    let has_too_few = deployment.is_some_and(|of| of.running_count < of.desired_count);
    of(&Running {
        recorded: Some(&situation.bound.start.task_definition),
        service: Some(situation.service),
        deployment,
        has_too_few,
        tasks: &view.tasks,
        stopped: &view.stopped,
        registered: &registered,
        definitions: &view.definitions,
    })
}

fn tasks(situation: &Situation<'_>, view: &View, stall: Duration) -> Tasks {
    let id = situation.ours().map_or("", |ours| ours.id).to_owned();
    let (ready, last) = running(situation, view, |running| {
        let (ready, last) = running.ready_of(&id);
        (ready, last.copied())
    });
    Tasks {
        ready,
        last,
        failures: failures_of(&view.stopped, &id),
        at: view.at,
        stall,
    }
}

/// Both tracks: tasks of the recorded task definition are stable's, and all others of the track that is
/// told to run something.
fn tracks(
    situation: &Situation<'_>,
    view: &View,
    pods: Vec<Pods>,
) -> (ObservedTrack, ObservedTrack) {
    let has_candidate = situation.has_candidate();
    let (mut stable, mut candidate) = (ObservedTrack::default(), ObservedTrack::default());
    let start = &situation.bound.start;
    let described = |arn: &str| {
        let described = view.definitions.get(arn);
        described.map_or_else(
            || SeenRevision::new(short(arn), Images::default()),
            |described| described.seen(Some(&start.task_definition)),
        )
    };
    let told = described(situation.definition());
    // Where an autoscaler decides the count, what it wanted at the start is shown as a floor: so many there
    // are at least until it decides otherwise, and the goals of a plan keep it as it is.
    let of_stable = |count| {
        if start.is_scaled {
            Replicas::Floor(count)
        } else {
            Replicas::Count(count)
        }
    };
    if has_candidate {
        let was = described(&start.task_definition);
        stable.written = Some(Written::new(was, of_stable(situation.left())));
        let count = Replicas::Count(situation.count());
        candidate.written = Some(Written::new(told, count));
    } else {
        // What was found is more than a task definition: until its settings are back, it is not that.
        let mut told = told;
        told.recorded &= situation.has_settings_of_start() && !situation.has_failed_start();
        let count = of_stable(situation.count());
        stable.written = Some(Written::new(told, count));
    }
    let scaler = view.seen.scaler.as_ref();
    let scaler = scaler.filter(|_| start.is_scaled);
    let scaler = scaler.map(|scaler| Autoscaler {
        min: number(scaler.min_capacity),
        max: number(scaler.max_capacity),
        wanted: number(situation.service.desired_count),
    });
    for of in pods {
        let is_stables = of.revision.recorded || !has_candidate && !is_ours(situation, &of);
        let track = if is_stables {
            &mut stable
        } else {
            &mut candidate
        };
        track.pods.push(of);
    }
    let told = if has_candidate {
        &mut candidate
    } else {
        &mut stable
    };
    told.autoscaler = scaler;
    stable.labels = labels(situation.bound, Track::Stable);
    candidate.labels = labels(situation.bound, Track::Candidate);
    (stable, candidate)
}

/// The dimensions of CloudWatch that tell the tracks apart: the target groups where ECS shifts between two, with
/// their load balancer; nothing where it replaces tasks.
fn labels(bound: &Bound, track: Track) -> BTreeMap<String, String> {
    let Some(of) = bound.shifted.first() else {
        return BTreeMap::new();
    };
    let group = match track {
        Track::Stable => &of.stable,
        Track::Candidate => &of.candidate,
    };
    let pairs = [
        ("ClusterName", bound.cluster.as_str()),
        ("ServiceName", &bound.service),
        ("TargetGroup", resource(group)),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let balancer = listener::dimension(&of.rule);
    let balancer = balancer.map(|name| ("LoadBalancer".to_owned(), name));
    pairs.into_iter().chain(balancer).collect()
}

/// They run the release that was told, or the one before the way home.
fn is_ours(situation: &Situation<'_>, pods: &Pods) -> bool {
    situation.release() == Some(super::situation::key(&pods.revision.id))
}

/// What is said of weights that somebody gave a rule.
fn weights(situation: &Situation<'_>) -> String {
    let Some(Hand { rule, share }) = hand(situation) else {
        return String::new();
    };
    let now = share.map_or_else(
        || "it sends to others, or is gone".to_owned(),
        |share| format!("{share} now"),
    );
    format!("the weights of {rule}, which Amazon ECS shifts, were changed ({now})")
}

/// What somebody else changed.
fn foreign(situation: &Situation<'_>, platform: Option<&PlatformState>) -> Vec<ForeignChange> {
    let bound = situation.bound;
    let about = bound.resource();
    let mut changes = Vec::new();
    let mut tell = |field, what: String| {
        changes.push(ForeignChange::new(SOMEBODY, field, what));
    };
    let Some(noted) = &situation.noted else {
        let what = format!("the tag `{WRITTEN}` of {about} was changed");
        return vec![ForeignChange::new(SOMEBODY, ForeignField::Revision, what)];
    };
    // What the platform itself did is told by the platform.
    let told_by_platform = situation.is_at_start()
        && matches!(
            platform,
            Some(PlatformState::RolledBack(_) | PlatformState::Superseded(_))
        );
    if situation.has_lost_its_autoscaler() {
        let what = format!("the autoscaler of {about} was removed; register it again");
        tell(ForeignField::Capacity, what);
    }
    let fields = situation.fields();
    let is_complete = situation.is_complete();
    for name in fields.names(&bound.fields) {
        let (now, start) = (fields.of(name), bound.fields.of(name));
        if noted.note.explains(name, now, start, is_complete) {
            continue;
        }
        match name {
            DEFINITION if !told_by_platform => tell(
                ForeignField::Revision,
                format!(
                    "the task definition of {about} was changed ({} now)",
                    short(situation.definition())
                ),
            ),
            COUNT => tell(
                ForeignField::Capacity,
                format!("the count of {about} was changed ({now} now)"),
            ),
            CONFIGURATION => tell(
                ForeignField::Revision,
                format!("the deployment configuration of {about} was changed"),
            ),
            BALANCING => tell(
                ForeignField::Revision,
                format!("the load balancers or the grace period of {about} were changed"),
            ),
            WEIGHTS => tell(ForeignField::Traffic, weights(situation)),
            STRANGE if !situation.goes_forward() => tell(
                ForeignField::Revision,
                format!("deployment {now} of {about} was begun"),
            ),
            _ => {}
        }
    }
    changes
}

#[cfg(test)]
mod tests;
