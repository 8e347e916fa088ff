//! What the in-memory target owns, and how it writes only that.

use serde::{Deserialize, Serialize};

use super::deployment::{Deployment, Order};
use super::log::{Author, Process};
use super::part::{PartState, Picture};
use super::workload::{Template, Workload};
use crate::target::{
    Apply, Binding, Capabilities, DesiredTrack, Owned, Routing, TargetError, TargetErrorKind,
    Writer,
};
use crate::timestamp::Timestamp;
use crate::track::{Replicas, Revision, Track, Tracks};
use crate::traffic::{RouteBy, Traffic};

/// What is kept in a binding: which workload is which track, and how each was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bound {
    pub(super) workloads: Tracks<String>,
    pub(super) recorded: Tracks<Option<Template>>,
    /// The last deployment that the platform had then; 0: none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) deployment: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Bound {
    pub(super) fn read(binding: &Binding, part: &str) -> Result<Self, TargetError> {
        binding.read().map_err(|error| {
            TargetError::new(TargetErrorKind::InvalidConfig, "read the binding of", part)
                .because(error)
        })
    }
}

/// Every field that is owned, by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fields {
    pub(super) tracks: Tracks<Option<TrackFields>>,
    /// `None` where traffic follows readiness: then nobody writes it.
    pub(super) traffic: Option<Traffic>,
    /// The question of the platform's deployment that waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asks: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrackFields {
    template: String,
    replicas: Replicas,
}

impl Fields {
    pub(super) fn of(picture: &Picture, bound: &Bound, routing: Routing) -> Self {
        let track = |name: &str| {
            let workload = picture.workloads.get(name);
            let workload = workload.filter(|workload| !workload.leaves());
            workload.map(|workload| TrackFields {
                template: workload.template.id().to_string(),
                replicas: workload.replicas(),
            })
        };
        Self {
            tracks: Tracks {
                stable: track(&bound.workloads.stable),
                candidate: track(&bound.workloads.candidate),
            },
            traffic: (routing != Routing::FollowsReadiness)
                .then(|| picture.written_for(&bound.workloads.candidate)),
            asks: picture.deployment.as_ref().and_then(Deployment::question),
        }
    }

    pub(super) fn to_owned_value(&self) -> Owned {
        // Plain data with string keys: writing it to memory cannot fail.
        Owned(serde_json::to_string(self).unwrap_or_default())
    }

    /// Whether every field is as `seen` or as `wanted`.
    fn agree_with(&self, seen: &Self, wanted: &Self) -> bool {
        let tracks = Track::ALL.into_iter().all(|track| {
            let others = [seen.tracks.of(track), wanted.tracks.of(track)];
            match self.tracks.of(track) {
                None => others.into_iter().any(Option::is_none),
                Some(here) => {
                    let any = |same: &dyn Fn(&TrackFields) -> bool| {
                        others.into_iter().flatten().any(same)
                    };
                    any(&|other| other.template == here.template)
                        && any(&|other| other.replicas == here.replicas)
                }
            }
        });
        let traffic = self.traffic.as_ref().is_none_or(|here| {
            let others = [seen.traffic.as_ref(), wanted.traffic.as_ref()];
            let any = |same: &dyn Fn(&Traffic) -> bool| others.into_iter().flatten().any(same);
            any(&|other| other.weight == here.weight)
                && any(&|other| other.routes == here.routes)
                && any(&|other| other.mirror == here.mirror)
                && any(&|other| other.stickiness == here.stickiness)
        });
        tracks && traffic
    }
}

/// What a track is to become.
struct Goal {
    template: Template,
    replicas: Replicas,
}

/// Makes it so, or says why not and writes nothing.
pub(super) fn apply(
    state: &mut PartState,
    request: &Apply,
    process: Process,
    now: Timestamp,
) -> Result<(), TargetError> {
    let part = state.part.to_string();
    let error = |kind, why: String| TargetError::new(kind, "apply to", &part).because(why);
    let refuse = |kind, why| Err(error(kind, why));
    let bound = Bound::read(&request.binding, &part)?;
    if state.capabilities.fenced && state.picture.claim.as_ref() != Some(&request.claim) {
        let holder = match &state.picture.claim {
            Some(claim) => format!(
                "it is claimed by {claim}, and this write is {}'s",
                request.claim
            ),
            None => format!("nobody holds its claim, {} neither", request.claim),
        };
        return refuse(TargetErrorKind::Conflict, holder);
    }
    let desired = &request.desired;
    let routing = state.capabilities.routing;
    if routing != Routing::FollowsReadiness {
        can_be_routed(&desired.traffic, &state.capabilities)
            .map_err(|why| error(TargetErrorKind::Unsupported, why))?;
    }
    let goal = |track| goal(&state.picture, &bound, track, desired.track(track), &part);
    let goals = Tracks {
        stable: goal(Track::Stable)?,
        candidate: goal(Track::Candidate)?,
    };
    let here = Fields::of(&state.picture, &bound, routing);
    let fields = |goal: &Option<Goal>| {
        goal.as_ref().map(|goal| TrackFields {
            template: goal.template.id().to_string(),
            replicas: goal.replicas,
        })
    };
    let mut wanted = Fields {
        tracks: Tracks {
            stable: fields(&goals.stable),
            candidate: fields(&goals.candidate),
        },
        traffic: here.traffic.as_ref().map(|_| desired.traffic.clone()),
        asks: None,
    };
    let seen: Fields = serde_json::from_str(&request.seen.0).map_err(|wrong| {
        let why = format!("what was seen cannot be read: {wrong}");
        error(TargetErrorKind::InvalidConfig, why)
    })?;
    let order = match &state.picture.deployment {
        Some(deployment) => deployment.order(&here, &seen, &mut wanted),
        None if here == wanted => Ok(Order::Nothing),
        None => Ok(Order::Step),
    };
    let order = order.map_err(|why| error(TargetErrorKind::Conflict, why))?;
    if !here.agree_with(&seen, &wanted) {
        let why = "a field is neither as it was seen nor as it is wanted".to_owned();
        return refuse(TargetErrorKind::Conflict, why);
    }
    if order != Order::Nothing {
        write(state, &bound, goals, wanted.traffic, order, now);
        state.picture.foreign.clear();
        state.has_written_unclaimed = !state.capabilities.fenced;
        state.record(&request.claim.to_string(), desired.to_string(), now);
        state.is_written_by(Author::Process {
            process,
            id: request.id,
            claim: request.claim.clone(),
        });
    }
    Ok(())
}

fn write(
    state: &mut PartState,
    bound: &Bound,
    goals: Tracks<Option<Goal>>,
    traffic: Option<Traffic>,
    order: Order,
    now: Timestamp,
) {
    let deploys = state.picture.deployment.is_some();
    if order == Order::Begin {
        state.remembers();
    }
    let Tracks { stable, candidate } = goals;
    for (name, goal) in [
        (&bound.workloads.stable, stable),
        (&bound.workloads.candidate, candidate),
    ] {
        match (goal, state.picture.workloads.get_mut(name)) {
            (Some(goal), Some(workload)) => {
                if deploys && goal.replicas.number() == 0 && *name == bound.workloads.stable {
                    workload.hold();
                } else {
                    workload.let_go();
                }
                workload.set_template(goal.template);
                workload.set_replicas(goal.replicas);
            }
            (Some(goal), None) => {
                let count = goal.replicas.number();
                let created = Workload::new(name.clone(), goal.template, count);
                state.picture.workloads.insert(name.clone(), created);
            }
            (None, Some(workload)) if deploys => workload.leave(),
            (None, Some(_)) => {
                state.picture.workloads.remove(name);
            }
            (None, None) => {}
        }
    }
    state.is_told(order, traffic.clone());
    // A platform takes users home when who is there can take them.
    if let Some(traffic) = traffic.filter(|_| !deploys || order == Order::Step) {
        let router = &mut state.picture.router;
        if router.written_for(&bound.workloads.candidate) != traffic {
            router.face(&bound.workloads.stable, &bound.workloads.candidate);
            router.write(traffic, Writer::Us, now);
        }
    }
}

fn can_be_routed(traffic: &Traffic, can: &Capabilities) -> Result<(), String> {
    if traffic.weight.floor_to(can.granularity) != traffic.weight {
        return Err(format!(
            "weight {} is no multiple of {}",
            traffic.weight, can.granularity
        ));
    }
    let unroutable = traffic.routes.iter().find(|route| match route.by {
        RouteBy::Header => !can.header_routes,
        RouteBy::Cookie => !can.cookie_routes,
    });
    if let Some(route) = unroutable {
        return Err(format!("there are no routes such as {route}"));
    }
    if !traffic.mirror.is_zero() && !can.mirror {
        return Err("requests cannot be mirrored".to_owned());
    }
    Ok(())
}

/// What a track is to become; `None`: nothing.
fn goal(
    picture: &Picture,
    bound: &Bound,
    track: Track,
    desired: &DesiredTrack,
    part: &str,
) -> Result<Option<Goal>, TargetError> {
    let error = |kind, why: String| TargetError::new(kind, "apply to", part).because(why);
    let refuse = |kind, why| Err(error(kind, why));
    let recorded = bound.recorded.of(track).as_ref();
    let workload = picture.workloads.get(bound.workloads.of(track));
    let template = match &desired.revision {
        Revision::Absent if recorded.is_some() => {
            let why = format!("{track} was found and is never removed");
            return refuse(TargetErrorKind::Unsupported, why);
        }
        Revision::Absent => return Ok(None),
        Revision::Recorded => match recorded {
            Some(template) => template.clone(),
            None => {
                let why = format!("{track} was absent at the start, so nothing is recorded");
                return refuse(TargetErrorKind::Unsupported, why);
            }
        },
        Revision::Named(name) => match workload.and_then(|workload| workload.revision(name)) {
            Some(template) => template.clone(),
            None => {
                let why = format!("{track} has no revision `{name}`");
                return refuse(TargetErrorKind::NotFound, why);
            }
        },
        Revision::Release(images) => {
            let Some(base) = recorded.or(bound.recorded.stable.as_ref()) else {
                let why = "there is no template to put the images into".to_owned();
                return refuse(TargetErrorKind::NotFound, why);
            };
            base.with(images).map_err(|container| {
                let why = format!(
                    "{track} has no container `{container}`: name one that its template has"
                );
                error(TargetErrorKind::InvalidConfig, why)
            })?
        }
    };
    let is_scaled = workload.is_some_and(|workload| workload.scaler.is_some());
    match desired.replicas {
        Replicas::Count(_) if is_scaled => refuse(
            TargetErrorKind::Unsupported,
            format!("an autoscaler decides {track}'s count: ask for a floor"),
        ),
        Replicas::Floor(_) if !is_scaled => refuse(
            TargetErrorKind::Unsupported,
            format!("{track} has no autoscaler: ask for a count"),
        ),
        Replicas::Count(_) | Replicas::Floor(_) => Ok(Some(Goal {
            template,
            replicas: desired.replicas,
        })),
    }
}
