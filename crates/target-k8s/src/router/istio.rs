//! Canary by Istio: a VirtualService shares requests between two destinations.
//!
//! Only the weights of the two destinations, our mirror and our preview routes are ever written;
//! every other field, known here or not, stays as it is. A DestinationRule is read and never written.

mod check;
mod destination_rule;
mod host;
mod mirror;
mod preview;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod virtual_service;
mod weight;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::target::{Finding, TargetErrorKind};
use strategy_core::{Stickiness, Track, Tracks, Traffic, Weight};

use self::virtual_service::{Reader, Split, identity, named};
use super::problem::Problem;
use super::{Router, RouterCapabilities, RouterError, RouterState, TrackLabels};
use crate::config::IstioRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::rules::{self, list, recorded_share};

impl Router for IstioRouter {
    fn objects(&self) -> Vec<ObjectRef> {
        let mut objects = vec![self.object()];
        objects.extend(self.rule());
        objects
    }

    fn referred_kinds(&self) -> Vec<ObjectRef> {
        vec![ObjectRef::service("")]
    }

    /// Which they are, the hosts of the routes tell.
    fn has_backends(&self, _: &str) -> bool {
        true
    }

    /// The Service behind a track's host; where subsets share one, its EndpointSlices have the pods of both.
    fn backends_by_track(
        &self,
        objects: &Objects,
        _: &TrackLabels,
        _: &str,
    ) -> Tracks<Vec<ObjectRef>> {
        let object = self.object();
        let reader = self.reader(&object, objects);
        let services = reader.and_then(|reader| destination_rule::services_by_track(&reader));
        services.unwrap_or_default()
    }

    fn referred(&self, objects: &Objects) -> Vec<ObjectRef> {
        let object = self.object();
        self.reader(&object, objects)
            .and_then(|reader| destination_rule::services(&reader))
            .unwrap_or_default()
    }

    fn read(&self, objects: &Objects, _: &TrackLabels) -> Result<RouterState, RouterError> {
        let object = self.object();
        let reader = self.reader(&object, objects)?;
        let splits = reader.splits()?;
        Ok(RouterState {
            traffic: traffic(&reader, &splits)?,
            owned: owned(&reader, &splits),
            // Envoy draws the destination by weight before it looks at a consistent hash, so no
            // client is pinned to a track.
            sticky: Duration::ZERO,
            beside: check::beside(&reader, &splits),
            broken: None,
            is_partial: false,
            told: Vec::new(),
        })
    }

    fn write(
        &self,
        objects: &Objects,
        _: &TrackLabels,
        traffic: &Traffic,
    ) -> Result<Objects, RouterError> {
        Ok(self.written(objects, traffic)?)
    }

    fn restore(&self, objects: &Objects, recorded: &Value) -> Result<Objects, RouterError> {
        let object = self.object();
        let reader = self.reader(&object, objects)?;
        let recorded = list(&recorded["routes"]);
        let [first, ..] = recorded else {
            return Err(Problem::not_ours(&object).into());
        };
        let track_of = |found: &Value| reader.track_of(&found["destination"]);
        let home = recorded_share(&first["destinations"], weight::ABSENT, track_of)?;
        let mut http = reader.http().to_vec();
        let known: BTreeSet<usize> = recorded
            .iter()
            .filter_map(|found| place(&http, found))
            .collect();
        // What shares between the two since then goes home with the rest: whoever put it there, it must not keep a
        // candidate that is taken back. What cannot be told apart is not ours to move.
        for split in reader.splits().unwrap_or_default() {
            if !known.contains(&split.route) {
                let candidate = weight::destination(&reader, &split, Track::Candidate);
                let route = &mut http[split.route];
                if weight::read(&reader, &split).ok() != Some(home) {
                    weight::write(route, &split, weight::at_most(home), &candidate);
                }
                mirror::remove(&reader, route, &candidate);
            }
        }
        http.retain(|route| !preview::is_ours(route));
        let mut routes: Vec<(usize, &Value)> = recorded
            .iter()
            .filter_map(|found| Some((place(&http, found)?, found)))
            .collect();
        routes.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        for (place, found) in routes {
            let route = &mut http[place];
            weight::restore(&reader, route, &found["destinations"])?;
            mirror::restore(&reader, route, &found["mirror"], &found["candidate"]);
            http.splice(place..place, list(&found["previews"]).iter().cloned());
        }
        Ok(if_changed(&reader, http))
    }

    fn check(&self, objects: &Objects, tracks: &TrackLabels) -> Vec<Finding> {
        let object = self.object();
        match self.reader(&object, objects) {
            Ok(reader) => check::findings(&reader, objects, tracks),
            Err(problem) => vec![problem.into()],
        }
    }

    fn check_traffic(&self, objects: &Objects, traffic: &Traffic) -> Option<Finding> {
        self.written(objects, traffic).err().map(Finding::from)
    }

    /// Whole percentages: Istio's weights are whole numbers.
    fn capabilities(&self) -> RouterCapabilities {
        RouterCapabilities {
            granularity: Weight::of(1, 100),
            header_routes: true,
            cookie_routes: true,
            mirror: true,
            by_endpoints: false,
        }
    }

    fn managed_paths(&self, object: &ObjectRef) -> &'static [&'static [&'static str]] {
        if *object == self.object() {
            &[&["f:spec", "f:http"]]
        } else {
            &[]
        }
    }
}

impl IstioRouter {
    fn object(&self) -> ObjectRef {
        ObjectRef::virtual_service(&self.virtual_service)
    }

    fn rule(&self) -> Option<ObjectRef> {
        self.destination_rule
            .as_deref()
            .map(ObjectRef::destination_rule)
    }

    fn written(&self, objects: &Objects, traffic: &Traffic) -> Result<Objects, Problem> {
        let object = self.object();
        let reader = self.reader(&object, objects)?;
        let splits = reader.splits()?;
        preview::none_astray(&reader, &splits)?;
        if traffic.stickiness != Stickiness::Kept {
            return Err(no_stickiness(&reader));
        }
        let mut http = reader.http().to_vec();
        // From the last to the first: routes put before one do not move those still to come.
        for (ordinal, split) in splits.iter().enumerate().rev() {
            let candidate = weight::destination(&reader, split, Track::Candidate);
            let route = &mut http[split.route];
            if weight::read(&reader, split)? != traffic.weight {
                let written = weight::whole(&reader, traffic.weight)?;
                weight::write(route, split, written, &candidate);
            }
            mirror::write(&reader, split.route, route, traffic.mirror, &candidate)?;
            if preview::read(&reader, split)? != traffic.routes {
                let previews = preview::build(&reader, split, ordinal, &traffic.routes)?;
                http.splice(preview::block(reader.http(), split), previews);
            }
        }
        Ok(if_changed(&reader, http))
    }

    fn reader<'a>(
        &'a self,
        object: &'a ObjectRef,
        objects: &'a Objects,
    ) -> Result<Reader<'a>, Problem> {
        let virtual_service = objects
            .get(object)
            .ok_or_else(|| Problem::not_found(object))?;
        Ok(Reader {
            config: self,
            object,
            virtual_service,
        })
    }
}

/// What all routes that are ours say alike.
fn traffic(reader: &Reader<'_>, splits: &[Split]) -> Result<Traffic, Problem> {
    preview::none_astray(reader, splits)?;
    let mut told: Option<(Traffic, &Split)> = None;
    for split in splits {
        let candidate = weight::destination(reader, split, Track::Candidate);
        let mut traffic = Traffic::weight(weight::read(reader, split)?);
        traffic.mirror = mirror::read(reader, split.route, &candidate)?;
        traffic.routes = preview::read(reader, split)?;
        match &told {
            Some((first, of)) if *first != traffic => {
                let name = |split: &Split| named(split.route, &reader.http()[split.route]);
                return Err(reader.problem(
                    TargetErrorKind::Ambiguous,
                    "routes-disagree",
                    format!(
                        "{} sends {first} to the canary and {} sends {traffic}",
                        name(of),
                        name(split)
                    ),
                    "give them the same weights, or name the routes to be split in `routes`",
                ));
            }
            Some(_) => {}
            None => told = Some((traffic, split)),
        }
    }
    Ok(told.map(|(traffic, _)| traffic).unwrap_or_default())
}

/// Every field we may write, route by route; a route is known by its name and its match, and by how
/// many alike stand before it.
fn owned(reader: &Reader<'_>, splits: &[Split]) -> Value {
    let http = reader.http();
    let routes: Vec<Value> = splits
        .iter()
        .map(|split| {
            let route = &http[split.route];
            let key = identity(route);
            let alike = http[..split.route]
                .iter()
                .filter(|other| !preview::is_ours(other) && identity(other) == key)
                .count();
            let candidate = weight::destination(reader, split, Track::Candidate);
            json!({
                "key": key,
                "alike": alike,
                "candidate": candidate,
                "destinations": weight::owned(route),
                "mirror": mirror::owned(reader, route, &candidate),
                "previews": http[preview::block(http, split)],
            })
        })
        .collect();
    json!({ "routes": routes })
}

fn place(http: &[Value], recorded: &Value) -> Option<usize> {
    rules::place(http, recorded, preview::is_ours, identity)
}

fn if_changed(reader: &Reader<'_>, http: Vec<Value>) -> Objects {
    if reader.http() == http {
        return Objects::new();
    }
    let mut after = reader.virtual_service.clone();
    if let Some(spec) = after.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("http".to_owned(), Value::Array(http));
    }
    [(reader.object.clone(), after)].into()
}

fn no_stickiness(reader: &Reader<'_>) -> Problem {
    reader.problem(
        TargetErrorKind::Unsupported,
        "no-stickiness",
        "Istio shares requests by weight whoever sends them, so there is no stickiness to suspend",
        "leave stickiness as it is",
    )
}
