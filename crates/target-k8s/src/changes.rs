//! From what is there and what is desired to the writes to make. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strategy_core::target::{Apply, Desired, DesiredTrack, TargetError, TargetErrorKind};
use strategy_core::{Replicas, Revision, Track, Tracks};

use crate::binding::{Bound, BoundTrack};
use crate::config::Follow;
use crate::error::found;
use crate::hands::hands;
use crate::mark::{self, Held, Write};
use crate::object::{ObjectRef, Objects, count, map_mut, resource_version, uid};
use crate::owned::{self, Fields, Scaler, TrackFields};
use crate::router::Router;
use crate::workload::template;

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// This whole object in place of the one with its resourceVersion.
    Replace(ObjectRef, Value),
    Create(ObjectRef, Value),
    /// Exactly this one.
    Delete {
        object: ObjectRef,
        uid: String,
        resource_version: String,
    },
}

impl Change {
    /// What it writes.
    const fn object(&self) -> &ObjectRef {
        match self {
            Self::Replace(object, _) | Self::Create(object, _) | Self::Delete { object, .. } => {
                object
            }
        }
    }
}

/// Everything the writes depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) bound: &'a Bound,
    pub(crate) objects: &'a Objects,
    pub(crate) router: &'a dyn Router,
    pub(crate) follow: Follow,
    /// ReplicaSets, for revisions that are asked for by name.
    pub(crate) replica_sets: &'a Tracks<Vec<std::sync::Arc<Value>>>,
}

/// What a track is to be.
struct Wanted {
    template: Option<Value>,
    fields: TrackFields,
}

impl Situation<'_> {
    /// The writes that make `request.desired` true, none if it is.
    ///
    /// # Errors
    /// `Conflict` when somebody else holds an object, or a field is neither as it was seen nor as it
    /// is desired; `Unsupported` and `InvalidConfig` when it cannot be had.
    pub(crate) fn changes(&self, request: &Apply) -> Result<Vec<Change>, TargetError> {
        self.check_claims(request, &self.bound.router)?;
        let labels = self.bound.labels();
        let now = self.router.read_bound(self.objects, &labels)?;
        let hands = hands(self.bound, self.router, self.objects, &now);
        let fields = Fields::of(self.bound, self.objects, &now.owned)
            .by_object(self.bound, self.router, &now.owned)
            .with_hands(&hands, self.objects);
        let wanted = Tracks {
            stable: self.wanted(Track::Stable, &request.desired)?,
            candidate: self.wanted(Track::Candidate, &request.desired)?,
        };
        let routed = self.routed(&request.desired)?;
        let routes = self.routes_after(&routed)?;
        let desired = Fields {
            tracks: Tracks {
                stable: wanted.stable.fields.clone(),
                candidate: wanted.candidate.fields.clone(),
            },
            routes: template::digest(&routes),
            parts: BTreeMap::new(),
            hands: BTreeMap::new(),
        }
        .by_object(self.bound, self.router, &routes);
        let seen = Fields::read(&request.seen)?;
        fields.check(&seen, &desired).map_err(|field| {
            let message = format!("{field} is neither as it was seen nor as it is to be");
            found(
                TargetErrorKind::Conflict,
                "compare",
                &self.bound.tracks.stable.object(),
                message,
            )
        })?;
        let mut changes = Vec::new();
        for (track, wanted) in wanted.iter() {
            let now = fields.tracks.of(track);
            changes.extend(self.track_changes(track, now, wanted, request)?);
        }
        // Whoever takes over puts his claim on the router's objects too: it is they that fence off a
        // write of traffic alone, and the way home is not barred by a workload that somebody replaced.
        let is_home = request.desired.traffic == self.bound.traffic;
        if !is_home || !changes.is_empty() {
            let mut objects = self.bound.objects();
            objects.retain(|object| !(is_home && self.is_replaced(object, &changes)));
            self.check_claims(request, &objects)?;
        }
        changes.extend(self.route_changes(routed, &routes, Write::of(request)));
        Ok(changes)
    }

    /// Whether it is another than the one that was claimed, claimed by nobody, and not to be written.
    fn is_replaced(&self, object: &ObjectRef, changes: &[Change]) -> bool {
        let written = changes.iter().any(|change| change.object() == object);
        let content = self.objects.get(object);
        !written
            && content.is_some_and(|content| {
                self.bound.is_another(object, content) && mark::is_free(content)
            })
    }

    fn check_claims(&self, request: &Apply, of: &[ObjectRef]) -> Result<(), TargetError> {
        for object in of {
            let Some(content) = self.objects.get(object) else {
                continue;
            };
            let whose = match mark::held(content) {
                Held::By(claim) if claim == request.claim => continue,
                Held::By(claim) => format!("it is claimed by {claim}"),
                Held::Unreadable { annotation, text } => {
                    format!("its annotation `{annotation}` is `{text}`, which cannot be read")
                }
                Held::Free { .. } if self.bound.is_another(object, content) => {
                    "it was deleted and made again since the rollout began, and is claimed by nobody"
                        .to_owned()
                }
                Held::Free { .. } => "it is claimed by nobody".to_owned(),
            };
            let message = format!("{whose}, not by {}", request.claim);
            return Err(found(TargetErrorKind::Conflict, "update", object, message));
        }
        Ok(())
    }

    fn wanted(&self, track: Track, desired: &Desired) -> Result<Wanted, TargetError> {
        let bound = self.bound.tracks.of(track);
        let DesiredTrack { revision, replicas } = desired.track(track);
        let named = |name: &str| named_template(self.replica_sets.of(track), name);
        let template = self.bound.template(track, revision, self.follow, named)?;
        let fields = match &template {
            None => TrackFields::default(),
            Some(template) => TrackFields {
                template: Some(template::id(template)),
                replicas: Some(self.possible(bound, *replicas)?),
                scaler: self.scaler(bound, replicas.number()),
            },
        };
        Ok(Wanted { template, fields })
    }

    /// What a floor means for the autoscaler, if there is one.
    fn scaler(&self, bound: &BoundTrack, floor: u32) -> Option<Scaler> {
        let autoscaler = self.objects.get(&bound.autoscaler_object()?)?;
        let off = floor == 0;
        let left = || {
            let held_from = owned::held_from(autoscaler, bound.minimum);
            held_from.unwrap_or_else(|| owned::floor(autoscaler))
        };
        Some(Scaler {
            off,
            minimum: if off { left() } else { floor },
        })
    }

    /// The same number, if this track can be told so.
    fn possible(&self, bound: &BoundTrack, replicas: Replicas) -> Result<Replicas, TargetError> {
        let object = bound.autoscaler_object();
        let autoscaler = object.as_ref().and_then(|object| self.objects.get(object));
        let refuse = |object: &ObjectRef, message: String| {
            Err(found(
                TargetErrorKind::Unsupported,
                "update",
                &object,
                message,
            ))
        };
        match (replicas, &object, autoscaler) {
            (Replicas::Floor(number), Some(object), Some(autoscaler)) => {
                let most = count(autoscaler, "/spec/maxReplicas").unwrap_or(u32::MAX);
                if number > most {
                    let message = format!(
                        "its minimum cannot be held at {number}, since its maximum is {most}; raise `maxReplicas`"
                    );
                    return refuse(object, message);
                }
                Ok(replicas)
            }
            (Replicas::Count(number), None, None) => Ok(Replicas::Count(number)),
            (Replicas::Count(number), Some(object), Some(_)) => refuse(
                object,
                format!(
                    "it decides the count of {}, so {number} is not written",
                    bound.deployment
                ),
            ),
            (Replicas::Count(_), Some(object), None) | (Replicas::Floor(_), Some(object), None) => {
                refuse(
                    object,
                    "it was there when the rollout began and is gone; create it again".to_owned(),
                )
            }
            (Replicas::Floor(_), None, _) | (Replicas::Count(_), None, Some(_)) => refuse(
                &bound.object(),
                "no autoscaler decides its count".to_owned(),
            ),
        }
    }

    fn track_changes(
        &self,
        track: Track,
        now: &TrackFields,
        wanted: &Wanted,
        request: &Apply,
    ) -> Result<Vec<Change>, TargetError> {
        let bound = self.bound.tracks.of(track);
        let object = bound.object();
        match (self.objects.get(&object), &wanted.template) {
            (None, None) => Ok(Vec::new()),
            (Some(content), None) => Ok(vec![Change::Delete {
                object,
                uid: uid(content).to_owned(),
                resource_version: resource_version(content).to_owned(),
            }]),
            (Some(content), Some(template)) => {
                let mut changes = Vec::new();
                let content = changed_deployment(content, now, wanted, template, request, track);
                changes.extend(content.map(|content| Change::Replace(object, content)));
                changes.extend(self.floor_change(bound, now, wanted));
                Ok(changes)
            }
            (None, Some(template)) => {
                let crate::binding::TrackStart::Missing(blueprint) = &bound.start else {
                    let message =
                        "it was there when the rollout began and is gone; create it again";
                    return Err(found(TargetErrorKind::NotFound, "update", &object, message));
                };
                let replicas = wanted.fields.replicas.map_or(0, Replicas::number);
                let mut content = blueprint.deployment(template.clone(), replicas);
                content = mark::with_claim(&content, Some(&request.claim));
                note_revision(&mut content, wanted, &request.desired.track(track).revision);
                mark::note(&mut content, "replicas", json!(replicas));
                Ok(vec![Change::Create(object, content)])
            }
        }
    }

    /// The minimum of the autoscaler, held at the floor. A floor of 0 switches the autoscaler off by
    /// the count, so its minimum is put back to what was found, unless somebody set it since.
    fn floor_change(
        &self,
        bound: &BoundTrack,
        now: &TrackFields,
        wanted: &Wanted,
    ) -> Option<Change> {
        let object = bound.autoscaler_object()?;
        let autoscaler = self.objects.get(&object)?;
        let Some(Replicas::Floor(floor)) = wanted.fields.replicas else {
            return None;
        };
        let minimum = if floor == 0 {
            owned::held_from(autoscaler, bound.minimum)?
        } else if now.replicas == wanted.fields.replicas {
            return None;
        } else {
            floor
        };
        let mut content = autoscaler.clone();
        map_mut(&mut content, "spec")?.insert("minReplicas".to_owned(), json!(minimum));
        mark::note(&mut content, "replicas", json!(minimum));
        Some(Change::Replace(object, content))
    }

    fn routed(&self, desired: &Desired) -> Result<Objects, TargetError> {
        Ok(if desired.traffic == self.bound.traffic {
            self.router.restore(self.objects, &self.bound.routes)?
        } else {
            let labels = self.bound.labels();
            self.router.write(self.objects, &labels, &desired.traffic)?
        })
    }

    fn routes_after(&self, routed: &Objects) -> Result<Value, TargetError> {
        let mut after = self.objects.clone();
        after.extend(routed.clone());
        Ok(self.router.read_bound(&after, &self.bound.labels())?.owned)
    }

    /// Each object carries the note of what was written there: a write of several may end between them.
    fn route_changes(&self, routed: Objects, routes: &Value, write: Write) -> Vec<Change> {
        let mut changes = Vec::new();
        for (object, mut content) in routed {
            let part = self.router.part_of(routes, &object);
            mark::note_routes(&mut content, template::digest(part), write);
            changes.push(Change::Replace(object, content));
        }
        changes
    }
}

fn changed_deployment(
    content: &Value,
    now: &TrackFields,
    wanted: &Wanted,
    template: &Value,
    request: &Apply,
    track: Track,
) -> Option<Value> {
    let mut changed = content.clone();
    let mut differs = false;
    if now.template != wanted.fields.template {
        map_mut(&mut changed, "spec")?.insert("template".to_owned(), template.clone());
        note_revision(&mut changed, wanted, &request.desired.track(track).revision);
        differs = true;
    }
    let told = count(content, "/spec/replicas").unwrap_or(1);
    let tell = match wanted.fields.replicas {
        Some(Replicas::Count(number)) => number,
        Some(Replicas::Floor(0)) => 0,
        // Switched off by a count of 0, the autoscaler begins again from a count above it.
        Some(Replicas::Floor(floor)) if told == 0 => floor,
        Some(Replicas::Floor(_)) | None => told,
    };
    if tell != told {
        map_mut(&mut changed, "spec")?.insert("replicas".to_owned(), json!(tell));
        mark::note(&mut changed, "replicas", json!(tell));
        differs = true;
    }
    differs.then_some(changed)
}

fn note_revision(content: &mut Value, wanted: &Wanted, revision: &Revision) {
    mark::note(content, "template", json!(wanted.fields.template));
    if let Revision::Named(name) = revision {
        mark::note(content, "named", json!(name));
    }
}

/// The template of the ReplicaSet with this revision, now or once.
fn named_template(replica_sets: &[std::sync::Arc<Value>], name: &str) -> Option<Value> {
    const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";
    const HISTORY: &str = "/metadata/annotations/deployment.kubernetes.io~1revision-history";
    let is = |set: &&std::sync::Arc<Value>| {
        crate::object::text(set, REVISION) == name
            || crate::object::text(set, HISTORY)
                .split(',')
                .any(|once| once == name)
    };
    let set = replica_sets.iter().find(is)?;
    Some(template::plain(set.pointer("/spec/template")?))
}
