//! Canary by Gateway API: rules of HTTPRoutes and GRPCRoutes share requests between two Services.
//!
//! Only the weights of the two backends, our mirror and our preview rules are ever written; every
//! other field, known here or not, stays as it is. Gateways are read and never written.

mod backend;
mod check;
mod mirror;
mod parent;
mod part;
mod preview;
#[cfg(test)]
mod properties;
mod route;
mod session;
#[cfg(test)]
mod tests;
mod weight;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use strategy_core::target::{Finding, TargetErrorKind};
use strategy_core::{Stickiness, Track, Tracks, Traffic, Weight};

use self::route::{Reader, Split, named};
use super::problem::Problem;
use super::{Needed, Router, RouterCapabilities, RouterError, RouterState, TrackLabels, rules};
use crate::config::GatewayRouter;
use crate::object::{ObjectRef, Objects};

/// The versions of HTTPRoute that are understood. GRPCRoute began as `v1`, as far as it is stable.
const HTTP: &[&str] = &[
    "gateway.networking.k8s.io/v1",
    "gateway.networking.k8s.io/v1beta1",
];
const GRPC: &[&str] = &["gateway.networking.k8s.io/v1"];

impl Router for GatewayRouter {
    fn objects(&self) -> Vec<ObjectRef> {
        let http = self.http_routes.iter();
        let grpc = self.grpc_routes.iter();
        http.map(|name| ObjectRef::http_route(name))
            .chain(grpc.map(|name| ObjectRef::grpc_route(name)))
            .collect()
    }

    fn versions(&self, object: &ObjectRef) -> &'static [&'static str] {
        if object.kind == "HTTPRoute" {
            HTTP
        } else {
            GRPC
        }
    }

    fn carriers(&self, objects: &Objects) -> Vec<ObjectRef> {
        let mut gateways = Vec::new();
        for reader in self.readers(objects).unwrap_or_default() {
            gateways.extend(parent::gateways(&reader));
        }
        gateways.sort();
        gateways.dedup();
        gateways
    }

    fn carrier_kinds(&self) -> Vec<ObjectRef> {
        vec![ObjectRef::gateway("")]
    }

    fn referred_kinds(&self) -> Vec<ObjectRef> {
        vec![ObjectRef::service("")]
    }

    fn referred(&self, objects: &Objects) -> Vec<ObjectRef> {
        let readers = self.readers(objects).unwrap_or_default();
        let services =
            |reader: &Reader<'_>| backend::of_namespace(reader.config, reader.namespace());
        readers.first().map(services).unwrap_or_default()
    }

    fn has_backends(&self, namespace: &str) -> bool {
        !backend::of_namespace(self, namespace).is_empty()
    }

    fn backends_by_track(
        &self,
        _: &Objects,
        _: &TrackLabels,
        namespace: &str,
    ) -> Tracks<Vec<ObjectRef>> {
        let of = |backend| Vec::from_iter(backend::service_in(backend, namespace));
        Tracks {
            stable: of(&self.stable),
            candidate: of(&self.canary),
        }
    }

    fn read(&self, objects: &Objects, _: &TrackLabels) -> Result<RouterState, RouterError> {
        let routes = self.routes(objects)?;
        agreed(&routes)?;
        Ok(state(&routes)?)
    }

    /// Several routes are written one after the other, so that a write may end between them; and somebody
    /// may change one rule of several.
    fn read_bound(&self, objects: &Objects, _: &TrackLabels) -> Result<RouterState, RouterError> {
        let routes = self.routes(objects)?;
        let mut state = state(&routes)?;
        state.is_partial = agreed(&routes).is_err();
        Ok(state)
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
        let mut written = Objects::new();
        for reader in self.readers(objects)? {
            let part = self.part_of(recorded, reader.object);
            written.extend(part::restored(&reader, part)?);
        }
        Ok(written)
    }

    fn check(&self, objects: &Objects, tracks: &TrackLabels) -> Vec<Finding> {
        match self.readers(objects) {
            Ok(readers) => check::findings(&readers, objects, tracks),
            Err(problem) => vec![problem.into()],
        }
    }

    fn check_traffic(&self, objects: &Objects, traffic: &Traffic) -> Option<Finding> {
        self.written(objects, traffic).err().map(Finding::from)
    }

    fn is_carried(&self, objects: &Objects) -> bool {
        let readers = self.readers(objects).unwrap_or_default();
        let mut readers = readers.iter();
        readers.all(|reader| parent::doubts(reader, objects).is_empty())
    }

    fn needs(&self, traffic: &Traffic) -> Vec<Needed> {
        let mut needed = Vec::new();
        for object in self.objects() {
            if !traffic.routes.is_empty() {
                needed.push(preview::needs(object.clone()));
            }
            if !traffic.mirror.is_zero() && traffic.mirror != Weight::FULL {
                needed.push(mirror::needs(object, traffic.mirror));
            }
        }
        needed
    }

    fn part_of<'a>(&self, owned: &'a Value, object: &ObjectRef) -> &'a Value {
        &owned[object.to_string()]
    }

    /// Per mille. Cookies could be told apart by a regular expression alone, and what one means, or
    /// whether there are any, is left to each implementation.
    fn capabilities(&self) -> RouterCapabilities {
        RouterCapabilities {
            granularity: Weight::of(1, 1000),
            header_routes: true,
            cookie_routes: false,
            mirror: true,
            by_endpoints: false,
        }
    }

    fn managed_paths(&self, object: &ObjectRef) -> &'static [&'static [&'static str]] {
        if self.objects().iter().any(|ours| ours.is_same(object)) {
            &[&["f:spec", "f:rules"]]
        } else {
            &[]
        }
    }
}

impl GatewayRouter {
    /// The routes by whatever version they are there, in the order in which they are written.
    fn readers<'a>(&'a self, objects: &'a Objects) -> Result<Vec<Reader<'a>>, Problem> {
        let none = || {
            Problem::new(
                TargetErrorKind::InvalidConfig,
                "router-object-not-found",
                &ObjectRef::http_route("?"),
                "no route is configured",
                "name one in `http-routes` or in `grpc-routes`",
            )
        };
        let named = rules::named_objects(objects, self.objects(), none)?.into_iter();
        let readers = named.map(|(object, route)| Reader {
            config: self,
            object,
            route,
        });
        Ok(readers.collect())
    }

    fn written(&self, objects: &Objects, traffic: &Traffic) -> Result<Objects, Problem> {
        let mut written = Objects::new();
        for route in self.routes(objects)? {
            written.extend(route.written(traffic)?);
        }
        Ok(written)
    }

    fn routes<'a>(&'a self, objects: &'a Objects) -> Result<Vec<RouteRead<'a>>, Problem> {
        let readers = self.readers(objects)?;
        check::rules_are_there(&readers)?;
        readers.into_iter().map(RouteRead::of).collect()
    }
}

/// One route with what it says.
#[derive(Debug)]
struct RouteRead<'a> {
    reader: Reader<'a>,
    splits: Vec<Split>,
    traffic: Traffic,
    /// That its rules do not say the same. One route is written at once, so it was somebody else, and
    /// `traffic` is what sends the least to the candidate: if they took it back there, that is heeded.
    disagreement: Option<Problem>,
}

impl<'a> RouteRead<'a> {
    fn of(reader: Reader<'a>) -> Result<Self, Problem> {
        let splits = reader.splits()?;
        let (traffic, disagreement) = traffic(&reader, &splits)?;
        Ok(Self {
            reader,
            splits,
            traffic,
            disagreement,
        })
    }

    fn written(&self, traffic: &Traffic) -> Result<Objects, Problem> {
        let Self { reader, splits, .. } = self;
        if traffic.stickiness != Stickiness::Kept {
            return Err(no_stickiness(reader));
        }
        let mut rules = reader.rules().to_vec();
        for split in splits {
            let candidate = weight::backend(reader, split, Track::Candidate);
            let rule = &mut rules[split.rule];
            if weight::read(reader, split)? != traffic.weight {
                let written = weight::per_mille(reader, traffic.weight)?;
                weight::write(rule, split, written, &candidate);
            }
            mirror::write(reader, split.rule, rule, traffic.mirror, &candidate)?;
        }
        if self.traffic.routes != traffic.routes {
            rules.retain(|rule| !preview::is_ours(rule));
            rules.extend(preview::build(reader, splits, &traffic.routes)?);
        }
        Ok(if_changed(reader, rules))
    }
}

/// What all routes together say. Where they do not agree, what those say that are written last.
fn state(routes: &[RouteRead<'_>]) -> Result<RouterState, Problem> {
    let mut owned = Map::new();
    let mut sticky = std::time::Duration::ZERO;
    let mut beside = BTreeMap::new();
    let told = routes.iter();
    let told = told.map(|route| (route.reader.object.clone(), route.traffic.clone()));
    for RouteRead { reader, splits, .. } in routes {
        owned.insert(reader.object.to_string(), part::owned(reader, splits));
        sticky = splits
            .iter()
            .filter_map(|split| session::longest(&reader.rules()[split.rule]))
            .fold(sticky, std::time::Duration::max);
        beside.extend(check::beside(reader, splits));
    }
    Ok(RouterState {
        traffic: routes
            .last()
            .map(|route| route.traffic.clone())
            .unwrap_or_default(),
        owned: Value::Object(owned),
        sticky,
        beside,
        broken: None,
        is_partial: false,
        told: told.collect(),
    })
}

/// That several rules and several routes say the same.
fn agreed(routes: &[RouteRead<'_>]) -> Result<(), Problem> {
    let mut within = routes.iter().filter_map(|route| route.disagreement.clone());
    if let Some(problem) = within.next() {
        return Err(problem);
    }
    let Some((first, others)) = routes.split_first() else {
        return Ok(());
    };
    match others.iter().find(|other| other.traffic != first.traffic) {
        None => Ok(()),
        Some(other) => Err(other.reader.problem(
            TargetErrorKind::Ambiguous,
            "routes-disagree",
            format!(
                "{} sends {} to the canary and {} sends {}",
                first.reader.object, first.traffic, other.reader.object, other.traffic
            ),
            "give them the same weights, or leave one of them out of the configuration",
        )),
    }
}

/// What the rules of a route that are ours say, and that they do not say the same if so.
fn traffic(reader: &Reader<'_>, splits: &[Split]) -> Result<(Traffic, Option<Problem>), Problem> {
    let mut told: Vec<(Traffic, &Split)> = Vec::new();
    for split in splits {
        let candidate = weight::backend(reader, split, Track::Candidate);
        let mut traffic = Traffic::weight(weight::read(reader, split)?);
        traffic.mirror = mirror::read(reader, split.rule, &candidate)?;
        told.push((traffic, split));
    }
    let mut disagreement = None;
    if let Some(((first, of), others)) = told.split_first()
        && let Some((traffic, split)) = others.iter().find(|(traffic, _)| traffic != first)
    {
        let name = |split: &Split| named(split.rule, &reader.rules()[split.rule]);
        disagreement = Some(reader.problem(
            TargetErrorKind::Ambiguous,
            "routes-disagree",
            format!(
                "{} sends {first} to the canary and {} sends {traffic}",
                name(of),
                name(split)
            ),
            "give them the same weights, or name the rules to be split in `rules`",
        ));
    }
    let told = told.into_iter().map(|(traffic, _)| traffic);
    let mut traffic = told
        .min_by_key(|traffic| (traffic.weight, traffic.mirror))
        .unwrap_or_default();
    traffic.routes = preview::read(reader, splits.len())?;
    Ok((traffic, disagreement))
}

fn if_changed(reader: &Reader<'_>, rules: Vec<Value>) -> Objects {
    if reader.rules() == rules {
        return Objects::new();
    }
    let mut after = reader.route.clone();
    if let Some(spec) = after.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("rules".to_owned(), Value::Array(rules));
    }
    [(reader.object.clone(), after)].into()
}

fn no_stickiness(reader: &Reader<'_>) -> Problem {
    reader.problem(
        TargetErrorKind::Unsupported,
        "no-stickiness",
        "what keeps sessions together is no part of the weights of a route, so it is not suspended here",
        "leave stickiness as it is",
    )
}
