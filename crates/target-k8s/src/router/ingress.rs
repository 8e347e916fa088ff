//! Blue-green by Ingresses: every backend that names one of two Services is made to name the other.
//!
//! Only the names of Services in backends are written; every other field, known here or not, stays as it
//! is. The Services are read, to know which workload each stands for, and never written.

mod backend;
mod check;
mod others;
mod part;
#[cfg(test)]
mod properties;
mod services;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use strategy_core::target::{Finding, TargetErrorKind};
use strategy_core::{Stickiness, Track, Tracks, Traffic, Weight};

use self::backend::{Backend, Reader};
use self::services::Services;
use super::problem::Problem;
use super::{Router, RouterCapabilities, RouterError, RouterState, TrackLabels, rules, switch};
use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects};

impl Router for IngressRouter {
    fn objects(&self) -> Vec<ObjectRef> {
        let mut objects: Vec<_> = self.ingresses().collect();
        objects.extend(self.services.iter().map(|name| ObjectRef::service(name)));
        objects.sort();
        objects.dedup();
        objects
    }

    fn has_backends(&self, _: &str) -> bool {
        true
    }

    /// Both for either track where somebody made their selectors such that they do not tell: what is written
    /// is an assumption then as well.
    fn backends_by_track(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
        _: &str,
    ) -> Tracks<Vec<ObjectRef>> {
        let Ok(services) = Services::of(self, objects, tracks) else {
            let both = self.services.iter().map(|name| ObjectRef::service(name));
            let both: Vec<_> = both.collect();
            return Tracks {
                stable: both.clone(),
                candidate: both,
            };
        };
        let of = |track| vec![ObjectRef::service(services.of_track(track))];
        Tracks {
            stable: of(Track::Stable),
            candidate: of(Track::Candidate),
        }
    }

    fn kinds(&self) -> Vec<ObjectRef> {
        vec![ObjectRef::ingress("")]
    }

    fn classes(&self, objects: &Objects) -> BTreeMap<ObjectRef, ObjectRef> {
        let readers = self.readers(objects).unwrap_or_default();
        let classes = readers.iter().filter_map(|reader| {
            let class = reader.ingress["spec"]["ingressClassName"].as_str()?;
            Some((ObjectRef::ingress_class(class), reader.object.clone()))
        });
        classes.collect()
    }

    fn read(&self, objects: &Objects, tracks: &TrackLabels) -> Result<RouterState, RouterError> {
        let services = Services::of(self, objects, tracks)?;
        let readers = self.readers(objects)?;
        check::hosts_are_there(&readers)?;
        agreed(&readers)?;
        Ok(state(&readers, &services, objects))
    }

    /// Several Ingresses are written one after the other, so that a write may end between them; and
    /// somebody may change one backend of several, or what the Services select.
    fn read_bound(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
    ) -> Result<RouterState, RouterError> {
        let readers = self.readers(objects)?;
        let services = Services::of(self, objects, tracks);
        let named = readers.iter().try_for_each(Reader::names_one);
        match (services, named) {
            (Ok(services), Ok(())) => {
                let mut state = state(&readers, &services, objects);
                state.is_partial = agreed(&readers).is_err();
                Ok(state)
            }
            (Err(problem), _) | (Ok(_), Err(problem)) => {
                let why = format!("{} {}", problem.error.resource, problem.error.message);
                let (traffic, broken) = switch::unknown(Stickiness::Kept, &why);
                Ok(RouterState {
                    broken,
                    ..state_of(&readers, traffic, objects)
                })
            }
        }
    }

    fn write(
        &self,
        objects: &Objects,
        tracks: &TrackLabels,
        traffic: &Traffic,
    ) -> Result<Objects, RouterError> {
        let services = Services::of(self, objects, tracks)?;
        let mut written = Objects::new();
        for reader in self.readers(objects)? {
            reader.names_one()?;
            let ingress = (
                "an Ingress",
                "a path of an Ingress sends all its requests to one Service",
            );
            let track = switch::track(traffic, reader.object, ingress)?;
            if traffic.stickiness != Stickiness::Kept {
                return Err(no_stickiness(&reader).into());
            }
            let mut after = reader.ingress.clone();
            for backend in reader.moved() {
                backend.rename(&mut after, services.of_track(track));
            }
            written.extend(reader.if_changed(after));
        }
        Ok(written)
    }

    fn restore(&self, objects: &Objects, recorded: &Value) -> Result<Objects, RouterError> {
        let mut written = Objects::new();
        for reader in self.readers(objects)? {
            let part = self.part_of(recorded, reader.object);
            written.extend(part::restored(&reader, part)?);
        }
        Ok(written)
    }

    fn check(&self, objects: &Objects, tracks: &TrackLabels) -> Vec<Finding> {
        match self.readers(objects) {
            Ok(readers) => check::findings(self, &readers, objects, tracks),
            Err(problem) => vec![problem.into()],
        }
    }

    fn part_of<'a>(&self, owned: &'a Value, object: &ObjectRef) -> &'a Value {
        &owned[object.to_string()]
    }

    /// Nobody tells when a controller has carried an Ingress out: its status has addresses alone.
    fn capabilities(&self) -> RouterCapabilities {
        RouterCapabilities {
            granularity: Weight::FULL,
            header_routes: false,
            cookie_routes: false,
            mirror: false,
            by_endpoints: false,
        }
    }

    fn managed_paths(&self, object: &ObjectRef) -> &'static [&'static [&'static str]] {
        if self.ingresses().any(|ours| ours == *object) {
            &[
                &["f:spec", "f:rules"],
                &["f:spec", "f:defaultBackend", "f:service"],
            ]
        } else {
            &[]
        }
    }
}

impl IngressRouter {
    fn ingresses(&self) -> impl Iterator<Item = ObjectRef> {
        self.ingresses.iter().map(|name| ObjectRef::ingress(name))
    }

    /// The Ingresses in the order in which they are written.
    fn readers<'a>(&'a self, objects: &'a Objects) -> Result<Vec<Reader<'a>>, Problem> {
        let none = || {
            Problem::new(
                TargetErrorKind::InvalidConfig,
                "router-object-not-found",
                &ObjectRef::ingress("?"),
                "no Ingress is configured",
                "name one in `ingresses`",
            )
        };
        let named = rules::named_objects(objects, self.ingresses(), none)?.into_iter();
        let readers = named.map(|(object, ingress)| Reader {
            config: self,
            object,
            ingress,
        });
        Ok(readers.collect())
    }
}

/// What all Ingresses together say. Within one that is at odds with itself it was somebody else, since
/// it is written at once, and what sends the least to the candidate is heeded; of several it is what
/// those say that are written last.
fn state(readers: &[Reader<'_>], services: &Services<'_>, objects: &Objects) -> RouterState {
    let is_stable =
        |backend: &Backend<'_>| backend.service == Some(services.of_track(Track::Stable));
    let says = |reader: &Reader<'_>| {
        let track = if reader.moved().iter().any(is_stable) {
            Track::Stable
        } else {
            Track::Candidate
        };
        Traffic::weight(switch::whole(track))
    };
    let told = readers.iter();
    let told: Vec<_> = told
        .map(|reader| (reader.object.clone(), says(reader)))
        .collect();
    let traffic = told.last().map(|(_, traffic)| traffic.clone());
    RouterState {
        told,
        ..state_of(readers, traffic.unwrap_or_default(), objects)
    }
}

fn state_of(readers: &[Reader<'_>], traffic: Traffic, objects: &Objects) -> RouterState {
    let mut owned = Map::new();
    for reader in readers {
        owned.insert(reader.object.to_string(), part::owned(reader));
    }
    RouterState {
        traffic,
        owned: Value::Object(owned),
        sticky: Duration::ZERO,
        beside: others::beside(readers, objects),
        broken: None,
        is_partial: false,
        told: Vec::new(),
    }
}

/// That all backends that are moved name the same Service.
fn agreed(readers: &[Reader<'_>]) -> Result<(), Problem> {
    let mut first: Option<(&Reader<'_>, Backend<'_>)> = None;
    for reader in readers {
        reader.names_one()?;
        for backend in reader.moved() {
            let Some((of, one)) = &first else {
                first = Some((reader, backend));
                continue;
            };
            if one.service != backend.service {
                return Err(reader.problem(
                    TargetErrorKind::Ambiguous,
                    "routes-disagree",
                    format!(
                        "its {backend}, and {} has a {one}, so neither has all of the traffic",
                        of.object
                    ),
                    "let all of them name the Service that is live, or name those hosts in `hosts` that are to be moved",
                ));
            }
        }
    }
    Ok(())
}

fn no_stickiness(reader: &Reader<'_>) -> Problem {
    reader.problem(
        TargetErrorKind::Unsupported,
        "no-stickiness",
        "what keeps sessions together is left to the controller of an Ingress, so it is not suspended here",
        "leave stickiness as it is",
    )
}
