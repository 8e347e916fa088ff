//! From what is there and what is desired to the calls to make, in order. Pure.

mod guards;
mod noted;

use std::collections::BTreeMap;

use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::types::Service;
use strategy_core::target::{Apply, TargetError, TargetErrorKind};
use strategy_core::{Replicas, Stickiness, Track, Tracks};

use crate::autoscaling::{self, number};
use crate::binding::{Bound, TrackStart};
use crate::candidate;
use crate::config::RuleConfig;
use crate::error::found;
use crate::forward::Forward;
use crate::mark::{self, Held};
use crate::note;
use crate::owned::{Count, Fields, Scaled, Suspended};
use crate::previews;
use crate::routes;
use crate::task_definition::{Unregistered, short};
use crate::view::{State, definition, tracks};

/// One call that writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// What is about to be written, on stable's service.
    Note {
        service: String,
        retag: mark::Retag,
    },
    Create(Box<CreateServiceInputBuilder>),
    Update {
        service: String,
        /// An ARN; `None`: as it is.
        definition: Option<String>,
        count: Option<u32>,
    },
    Delete {
        service: String,
    },
    Scale {
        service: String,
        minimum: u32,
        suspended: Suspended,
    },
    /// A rule, from what was read to what is wanted.
    Route {
        rule: RuleConfig,
        from: Forward,
        to: Forward,
    },
    Preview(Box<previews::Call>),
}

/// What a revision means on a track.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Definition {
    /// No service.
    None,
    /// A task definition that is there, by its ARN.
    Known(String),
    /// One that is registered first.
    New(Box<Unregistered>),
}

impl Definition {
    /// As the fields tell it. What is not registered yet is nothing that could be there.
    fn name(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Known(arn) => Some(short(arn).to_owned()),
            Self::New(made) => Some(format!("release {}", made.key)),
        }
    }
}

/// Everything the calls depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) bound: &'a Bound,
    pub(crate) state: &'a State,
    pub(crate) definitions: &'a Tracks<Definition>,
}

/// The calls, and what is owned after them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    pub(crate) changes: Vec<Change>,
    /// The note that will be there; `None`: what is there stays.
    pub(crate) note: Option<note::Text>,
    /// What was there.
    pub(crate) now: Fields,
    /// What was planned to be true.
    pub(crate) wanted: Fields,
}

impl Situation<'_> {
    /// The calls that make `request.desired` true, none if it is.
    ///
    /// # Errors
    /// `Conflict` when somebody else holds a service, or a field is neither as it was seen nor as it is
    /// desired; `Unsupported` and `InvalidConfig` when it cannot be had.
    pub(crate) fn changes(&self, request: &Apply) -> Result<Planned, TargetError> {
        let (bound, state) = (self.bound, self.state);
        state.stable_is_there(bound)?;
        self.check_claim(request, Track::Stable)?;
        let forwards = state.forwards()?;
        let now = state.fields(bound, &forwards);
        let (mut wanted, mut counts) = (Fields::default(), BTreeMap::new());
        let desired = &request.desired;
        let has_candidate = !matches!(self.definitions.candidate, Definition::None)
            && desired.candidate.replicas.number() > 0;
        if desired.traffic.stickiness != Stickiness::Kept && !routes::was_sticky(bound) {
            return Err(self.refuse(
                Track::Stable,
                "no rule keeps clients with a target group, so there is no stickiness to suspend; leave it as it is",
            ));
        }
        let mut routed = Vec::new();
        for (index, (rule, forward)) in forwards.iter().enumerate() {
            let to = routes::wanted(bound, index, forward, &desired.traffic, has_candidate)?;
            wanted.rule(index, &to);
            routed.push((rule.clone(), forward.clone(), to));
        }
        for track in Track::ALL {
            let name = self.definitions.of(track).name();
            let count = self.count(track, desired.track(track).replicas)?;
            if let Some(name) = &name {
                counts.insert(track, count);
                wanted.track(track, Some((name, count)));
            } else {
                wanted.track(track, None);
            }
        }
        let (puts, removals) = previews::Situation {
            bound,
            previews: &state.previews,
            routes: &desired.traffic.routes,
        }
        .calls(&request.claim, &mut wanted)?;
        let seen = Fields::read(&request.seen)?;
        let unwired = State::unwired(bound, &forwards);
        now.check(&unwired, &seen, &wanted).map_err(|field| {
            let message = format!("{field} is neither as it was seen nor as it is to be");
            let resource = bound.service(Track::Stable);
            found(TargetErrorKind::Conflict, "compare", &resource, message)
        })?;
        self.check_reached(request, &forwards)?;
        let (mut changes, mut later) = (Vec::new(), Vec::new());
        for (rule, from, _) in &mut routed {
            // A target group in no rule has no load balancer: no service can be made in it, and its
            // targets are never looked at. At weight 0 it changes no traffic.
            let wired = from.wired(bound.groups().candidate);
            if has_candidate && wired != *from {
                changes.push(Change::Route {
                    rule: rule.clone(),
                    from: from.clone(),
                    to: wired.clone(),
                });
                *from = wired;
            }
        }
        let before = changes.len();
        for track in [Track::Candidate, Track::Stable] {
            changes.extend(self.track_changes(track, counts.get(&track).copied(), request)?);
        }
        let preview = |call| Change::Preview(Box::new(call));
        let removals = removals.into_iter().map(preview);
        if changes[before..]
            .iter()
            .any(|change| self.is_of_candidate(change))
        {
            // Requests do not go to what is about to change.
            changes.splice(before..before, removals);
        } else {
            later.extend(removals);
        }
        for (rule, from, to) in routed {
            if from != to {
                changes.push(Change::Route { rule, from, to });
            }
        }
        changes.extend(puts.into_iter().map(preview));
        changes.extend(later);
        let is_home = desired.traffic == bound.traffic;
        let writes_candidate = changes.iter().any(|change| self.is_of_candidate(change));
        if writes_candidate || (!is_home && !changes.is_empty()) {
            self.check_claim(request, Track::Candidate)?;
        }
        let note = self.note(request, [&now, &wanted], &forwards, &changes)?;
        if let Some(text) = &note
            && let Some(stable) = state.active(Track::Stable)
        {
            let service = stable.service_arn().unwrap_or_default().to_owned();
            let retag = text.retag(stable);
            changes.insert(0, Change::Note { service, retag });
        }
        Ok(Planned {
            changes,
            note,
            now,
            wanted,
        })
    }

    fn is_of_candidate(&self, change: &Change) -> bool {
        let candidate = &self.bound.tracks.candidate.service;
        match change {
            Change::Create(_) => true,
            Change::Update { service, .. }
            | Change::Delete { service }
            | Change::Scale { service, .. } => service == candidate,
            Change::Note { .. } | Change::Route { .. } | Change::Preview(_) => false,
        }
    }

    fn refuse(&self, track: Track, message: impl Into<String>) -> TargetError {
        let (kind, resource) = (TargetErrorKind::Unsupported, self.bound.service(track));
        found(kind, "ecs:UpdateService", &resource, message)
    }

    fn check_claim(&self, request: &Apply, track: Track) -> Result<(), TargetError> {
        match self.state.active(track) {
            Some(service) => claimed(self.bound, service, track, request),
            None => Ok(()),
        }
    }

    /// What a track is to be told, if it can be told so.
    fn count(&self, track: Track, replicas: Replicas) -> Result<Count, TargetError> {
        let of = self.bound.tracks.of(track);
        let scaler = self.state.scalers.of(track).as_ref();
        match (replicas, of.scaler) {
            (Replicas::Count(number), None) => Ok(Count::Plain(number)),
            (replicas, Some(_)) if scaler.is_none() => self.count_alone(track, replicas),
            (Replicas::Floor(floor), Some(start)) => {
                let most = scaler.map_or(u32::MAX, |scaler| number(scaler.max_capacity));
                if floor > most {
                    let message = format!(
                        "its minimum cannot be held at {floor}, since its maximum is {most}; raise its maximum capacity"
                    );
                    return Err(self.refuse(track, message));
                }
                Ok(Count::Scaled(autoscaling::floor(floor, start)))
            }
            (Replicas::Count(number), Some(_)) => {
                let message =
                    format!("an autoscaler decides its count, so {number} is not written");
                Err(self.refuse(track, message))
            }
            (Replicas::Floor(_), None) => {
                Err(self.refuse(track, "no autoscaler decides its count"))
            }
        }
    }

    fn track_changes(
        &self,
        track: Track,
        count: Option<Count>,
        request: &Apply,
    ) -> Result<Vec<Change>, TargetError> {
        let of = &self.bound.tracks.of(track);
        let service = of.service.clone();
        let wanted = match self.definitions.of(track) {
            Definition::None => None,
            Definition::Known(arn) => Some(arn.clone()),
            // Planned once more when it is registered.
            Definition::New(made) => Some(made.key.clone()),
        };
        match (self.state.active(track), wanted.zip(count)) {
            (None, None) => Ok(Vec::new()),
            (None, Some((arn, count))) => self.creation(track, arn, count, request),
            (Some(there), None) => {
                let mut changes = Vec::new();
                if there.desired_count > 0 {
                    changes.push(Change::Update {
                        service: service.clone(),
                        definition: None,
                        count: Some(0),
                    });
                }
                changes.push(Change::Delete { service });
                Ok(changes)
            }
            (Some(there), Some((arn, count))) => {
                let mut changes = Vec::new();
                let told = number(there.desired_count);
                let tell = match count {
                    Count::Plain(number) => number,
                    Count::Scaled(Scaled { off: true, .. }) => 0,
                    // A minimum alone starts nothing: only an activity of the autoscaler looks at it.
                    Count::Scaled(scaled) => told.max(scaled.minimum),
                };
                if let (Count::Scaled(scaled), now) = (count, self.state.count(self.bound, track))
                    && !is_scaled_so(now, scaled)
                {
                    changes.push(Change::Scale {
                        service: service.clone(),
                        minimum: scaled.minimum,
                        suspended: scaled.suspended,
                    });
                }
                let definition = (definition(there) != arn).then_some(arn);
                let count = (tell != told).then_some(tell);
                if definition.is_some() || count.is_some() {
                    changes.push(Change::Update {
                        service,
                        definition,
                        count,
                    });
                }
                Ok(changes)
            }
        }
    }

    fn creation(
        &self,
        track: Track,
        arn: String,
        count: Count,
        request: &Apply,
    ) -> Result<Vec<Change>, TargetError> {
        let bound = self.bound;
        let stable = match (
            &bound.tracks.of(track).start,
            self.state.active(Track::Stable),
        ) {
            (TrackStart::Missing, Some(stable)) => stable,
            (TrackStart::Missing | TrackStart::Found { .. }, _) => {
                let message = "it was there when the rollout began and is gone; create it again";
                let (kind, resource) = (TargetErrorKind::NotFound, bound.service(track));
                return Err(found(kind, "ecs:UpdateService", &resource, message));
            }
        };
        if self.state.services.of(track).is_some() {
            let message = "the one before it is still draining; its name is free when its last task has stopped";
            let (kind, resource) = (TargetErrorKind::Unavailable, bound.service(track));
            return Err(found(kind, "ecs:CreateService", &resource, message));
        }
        let number = match count {
            Count::Plain(number) => number,
            Count::Scaled(scaled) => scaled.minimum,
        };
        let creation = candidate::creation(bound, stable, number, &request.claim, request.id);
        let creation = creation.task_definition(arn);
        Ok(vec![Change::Create(Box::new(creation))])
    }
}

fn is_scaled_so(now: Option<Count>, wanted: Scaled) -> bool {
    match now {
        Some(Count::Scaled(now)) => {
            now.minimum == wanted.minimum && now.suspended == wanted.suspended
        }
        Some(Count::Plain(_)) | None => false,
    }
}

/// Whether a service is under the claim of the request.
pub(crate) fn claimed(
    bound: &Bound,
    service: &Service,
    track: Track,
    request: &Apply,
) -> Result<(), TargetError> {
    let whose = match mark::held(service) {
        Held::By(claim) if claim == request.claim => return Ok(()),
        // One that was created by a call which was still on its way when the epoch rose. Whose write counts
        // is told by stable's, which is looked at as well.
        Held::By(claim)
            if track == Track::Candidate
                && claim.holder == request.claim.holder
                && claim.epoch < request.claim.epoch =>
        {
            return Ok(());
        }
        Held::By(claim) => format!("it is claimed by {claim}"),
        Held::Unreadable { tag, text } => {
            format!("its tag `{tag}` is `{text}`, which cannot be read")
        }
        Held::Free { .. } => "it is claimed by nobody".to_owned(),
    };
    let message = format!("{whose}, not by {}", request.claim);
    let (kind, resource) = (TargetErrorKind::Conflict, bound.service(track));
    Err(found(kind, "ecs:UpdateService", &resource, message))
}

/// Nothing of either track, to begin with.
pub(crate) fn no_definitions() -> Tracks<Definition> {
    tracks(|_| Definition::None)
}

#[cfg(test)]
mod tests;
