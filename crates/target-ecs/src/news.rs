//! When there is news of a part, and how often it is worth asking. Pure.
//!
//! AWS sends nothing: whoever waits asks from time to time for what is cheap to ask for, and only where that
//! has changed for the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::{DeploymentRolloutState, Service};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, TargetHealthDescription, TargetHealthStateEnum,
};
use strategy_core::Tracks;
use strategy_core::target::Version;

use crate::account::between;
use crate::config::RuleConfig;
use crate::digest::digest;
use crate::mark::OURS;
use crate::previews::Previews;
use crate::view::{DRAINING, State, primary, tracks};

/// The default while something moves.
const IN_MOTION: Duration = Duration::from_secs(5);

/// The default while nothing does.
const AT_REST: Duration = Duration::from_secs(100);

/// Of what is cheap to ask for, what an observation depends on. Not in it, and so no news, are the health that
/// a task tells by itself, which takes a call for its tasks, and how far a deployment is unless it has failed:
/// a change of these alone is seen by the next whole look, which the driver makes every `resync`.
#[derive(Clone, Debug, PartialEq)]
struct Facts {
    services: Tracks<Option<ServiceFacts>>,
    rules: Vec<(RuleConfig, Vec<Action>)>,
    scalers: Tracks<Option<ScalableTarget>>,
    previews: Previews,
    /// Address and port of each target that is healthy.
    healthy: Tracks<BTreeSet<(String, i32)>>,
}

#[derive(Clone, Debug, PartialEq)]
struct ServiceFacts {
    status: Option<String>,
    definition: Option<String>,
    desired: i32,
    running: i32,
    pending: i32,
    /// Those of ours.
    tags: BTreeMap<String, String>,
    primary: Option<String>,
    /// Task definition, failed tasks, and whether it has failed.
    deployments: Vec<(Option<String>, i32, bool)>,
}

fn service(service: &Service) -> ServiceFacts {
    let tags = service.tags().iter().filter_map(|tag| {
        let key = tag.key().filter(|key| key.starts_with(OURS))?;
        Some((key.to_owned(), tag.value().unwrap_or_default().to_owned()))
    });
    let deployments = service.deployments().iter().map(|deployment| {
        let has_failed = deployment.rollout_state() == Some(&DeploymentRolloutState::Failed);
        let definition = deployment.task_definition.clone();
        (definition, deployment.failed_tasks, has_failed)
    });
    ServiceFacts {
        status: service.status.clone(),
        definition: service.task_definition.clone(),
        desired: service.desired_count,
        running: service.running_count,
        pending: service.pending_count,
        tags: tags.collect(),
        primary: primary(service).and_then(|of| of.id.clone()),
        deployments: deployments.collect(),
    }
}

fn healthy(targets: &[TargetHealthDescription]) -> BTreeSet<(String, i32)> {
    let healthy = targets.iter().filter(|target| {
        let state = target.target_health().and_then(|health| health.state());
        state == Some(&TargetHealthStateEnum::Healthy)
    });
    let targets = healthy.filter_map(|target| target.target());
    targets
        .map(|target| {
            let address = target.id().unwrap_or_default().to_owned();
            (address, target.port().unwrap_or_default())
        })
        .collect()
}

/// A service whose tasks come or go.
pub(crate) fn is_moving(service: &Service) -> bool {
    let mut deployments = service.deployments().iter();
    service.running_count != service.desired_count
        || service.pending_count > 0
        || service.status() == Some(DRAINING)
        || deployments.len() > 1
        || deployments.any(|of| of.rollout_state() == Some(&DeploymentRolloutState::InProgress))
}

/// A target whose state will be another.
pub(crate) fn is_changing(target: &TargetHealthDescription) -> bool {
    let state = target.target_health().and_then(|health| health.state());
    !matches!(
        state,
        Some(
            TargetHealthStateEnum::Healthy
                | TargetHealthStateEnum::Unused
                | TargetHealthStateEnum::Unavailable
        )
    )
}

/// What was asked for, and what it comes to.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    facts: Facts,
    is_moving: bool,
    /// When it began.
    began: SystemTime,
}

impl Asked {
    pub(crate) fn new(
        state: &State,
        health: &Tracks<Vec<TargetHealthDescription>>,
        began: SystemTime,
    ) -> Self {
        let facts = Facts {
            services: tracks(|track| state.services.of(track).as_ref().map(service)),
            rules: state.rules.clone(),
            scalers: state.scalers.clone(),
            previews: state.previews.clone(),
            healthy: tracks(|track| healthy(health.of(track))),
        };
        let services = [&state.services.stable, &state.services.candidate];
        let mut services = services.into_iter().flatten();
        let mut targets = health.stable.iter().chain(&health.candidate);
        Self {
            facts,
            is_moving: services.any(is_moving) || targets.any(is_changing),
            began,
        }
    }
}

/// The newest look.
#[derive(Clone, Debug)]
struct Seen {
    version: Version,
    asked: Asked,
    /// When the rules were first seen as they are, if that was a change.
    moved: Option<SystemTime>,
}

/// How often it is asked whether there is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Intervals {
    in_motion: Duration,
    at_rest: Duration,
}

impl Intervals {
    /// In motion 1 to 60 seconds, at rest as much to an hour.
    pub(crate) fn new(in_motion: Duration, at_rest: Duration) -> Self {
        let in_motion = in_motion.clamp(Duration::from_secs(1), Duration::from_secs(60));
        let at_rest = at_rest.clamp(in_motion, Duration::from_secs(3600));
        Self { in_motion, at_rest }
    }

    /// In motion and at rest, of something of this name: at rest up to a tenth longer, always the same for the
    /// same name, so that what began together drifts apart.
    pub(crate) fn of(self, name: &str) -> (Duration, Duration) {
        let drawn = u32::from_str_radix(&digest(name, 4), 16).unwrap_or_default();
        let at_rest = self.at_rest + self.at_rest / 10 * drawn / 0xffff;
        (self.in_motion, at_rest)
    }
}

impl Default for Intervals {
    fn default() -> Self {
        Self::new(IN_MOTION, AT_REST)
    }
}

/// What is known of a part, and how often it is asked for.
#[derive(Debug)]
pub(crate) struct News {
    in_motion: Duration,
    at_rest: Duration,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    seen: Option<Seen>,
    /// When it was asked for last, whatever came of it.
    asked: Option<SystemTime>,
}

/// How news is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Something newer is known already.
    Answered,
    /// Only whether anything changed, after that time.
    Cheap {
        wait: Duration,
        /// How often that is asked.
        interval: Duration,
    },
    /// A whole look, after that time: what `after` saw is not known here.
    Whole { wait: Duration },
}

impl News {
    /// Of a part with these names.
    pub(crate) fn new(names: &str, intervals: Intervals) -> Self {
        let (in_motion, at_rest) = intervals.of(names);
        Self {
            in_motion,
            at_rest,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A whole look came to this.
    pub(crate) fn saw(&self, version: &Version, asked: Asked) {
        let mut known = self.known();
        known.asked = known.asked.max(Some(asked.began));
        let last = known.seen.as_ref();
        if last.is_some_and(|last| last.asked.began > asked.began) {
            return;
        }
        let moved = match last {
            Some(last) if last.asked.facts.rules == asked.facts.rules => last.moved,
            Some(_) => Some(asked.began),
            None => None,
        };
        known.seen = Some(Seen {
            version: version.clone(),
            asked,
            moved,
        });
    }

    /// Whether what was asked for is as the newest look saw it, and that is `after`.
    pub(crate) fn is_old(&self, after: &Version, asked: &Asked) -> bool {
        let mut known = self.known();
        known.asked = known.asked.max(Some(asked.began));
        let Some(seen) = known.seen.as_mut().filter(|seen| seen.version == *after) else {
            return false;
        };
        if seen.asked.facts != asked.facts {
            return false;
        }
        seen.asked = asked.clone();
        true
    }

    /// It was asked for, and could not be told.
    pub(crate) fn failed(&self, began: SystemTime) {
        let mut known = self.known();
        known.asked = known.asked.max(Some(began));
    }

    /// What comes next for who waits for something newer than `after`. Traffic that was moved counts as
    /// moving for `moves`.
    pub(crate) fn next(&self, after: &Version, now: SystemTime, moves: Duration) -> Question {
        let mut known = self.known();
        let last = *known.asked.get_or_insert(now);
        let Some(seen) = &known.seen else {
            let wait = self.in_motion.saturating_sub(between(last, now));
            return Question::Whole { wait };
        };
        if seen.version != *after {
            return Question::Answered;
        }
        let moved = seen.moved.is_some_and(|at| between(at, now) < moves);
        let interval = if seen.asked.is_moving || moved {
            self.in_motion
        } else {
            self.at_rest
        };
        // After a clock was set back it is an interval once more, and no longer.
        let wait = interval.saturating_sub(between(last, now));
        Question::Cheap { wait, interval }
    }
}

#[cfg(test)]
mod tests;
