//! Which `http` routes of a VirtualService share requests between the two tracks.

use serde_json::{Map, Value};
use strategy_core::Track;
use strategy_core::target::TargetErrorKind;

use super::host::Host;
use super::preview;
use crate::config::{IstioDestination, IstioRouter};
use crate::object::ObjectRef;
use crate::router::problem::Problem;
use crate::router::rules::{self, list};

/// One `http` route that is ours: where it stands, and where in it the two destinations stand.
///
/// Positions hold for the very value they were found in; nothing is ever found again by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) route: usize,
    pub(super) stable: usize,
    pub(super) candidate: Option<usize>,
}

/// A VirtualService read with the configuration that says which destinations are ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) config: &'a IstioRouter,
    pub(super) object: &'a ObjectRef,
    pub(super) virtual_service: &'a Value,
}

impl<'a> Reader<'a> {
    pub(super) fn problem(
        &self,
        kind: TargetErrorKind,
        code: &'static str,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) -> Problem {
        Problem::new(kind, code, self.object, message, mend)
    }

    /// Where short host names are completed.
    pub(super) fn namespace(&self) -> &'a str {
        self.virtual_service["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default()
    }

    pub(super) fn http(&self) -> &'a [Value] {
        list(&self.virtual_service["spec"]["http"])
    }

    /// Which track a destination (`host`, `subset`, `port`) is; `None` for a third one.
    pub(super) fn track_of(&self, destination: &Value) -> Result<Option<Track>, Problem> {
        let stable = self.is(destination, &self.config.stable);
        let candidate = self.is(destination, &self.config.canary);
        match (stable, candidate) {
            (true, false) => Ok(Some(Track::Stable)),
            (false, true) => Ok(Some(Track::Candidate)),
            (false, false) => Ok(None),
            (true, true) => Err(self.problem(
                TargetErrorKind::InvalidConfig,
                "destinations-alike",
                format!(
                    "{} is both stable's destination and the canary's as configured",
                    describe(destination)
                ),
                "tell `stable` and `canary` apart by `host` or by `subset`",
            )),
        }
    }

    fn is(&self, destination: &Value, configured: &IstioDestination) -> bool {
        let host = configured.host.as_ref().is_none_or(|host| {
            destination["host"].as_str().is_some_and(|found| {
                Host::new(host, self.namespace()) == Host::new(found, self.namespace())
            })
        });
        let subset = configured
            .subset
            .as_ref()
            .is_none_or(|subset| destination["subset"] == subset.as_str());
        host && subset
    }

    pub(super) fn host(&self, destination: &Value) -> Host {
        Host::new(
            destination["host"].as_str().unwrap_or_default(),
            self.namespace(),
        )
    }

    /// Whether two destinations reach the same pods, whatever their ports.
    pub(super) fn same(&self, one: &Value, other: &Value) -> bool {
        one.is_object() && self.host(one) == self.host(other) && one["subset"] == other["subset"]
    }

    /// The destinations of a route, by their place in it.
    fn tracks_in(&self, route: &Value) -> Result<Vec<Option<Track>>, Problem> {
        list(&route["route"])
            .iter()
            .map(|entry| self.track_of(&entry["destination"]))
            .collect()
    }

    /// The routes that are ours, in order; never empty.
    ///
    /// By name where the configuration names them. Otherwise every route that holds both
    /// destinations: a catch-all and the path routes beside it move as one. Where no route holds the
    /// canary's and it may be added, every route that holds stable's.
    pub(super) fn splits(&self) -> Result<Vec<Split>, Problem> {
        let splits = if self.config.routes.is_empty() {
            self.by_destination()?
        } else {
            self.by_name()?
        };
        self.one_pair(&splits)?;
        Ok(splits)
    }

    fn by_name(&self) -> Result<Vec<Split>, Problem> {
        let mut splits = Vec::new();
        for name in &self.config.routes {
            let mut named = self
                .http()
                .iter()
                .enumerate()
                .filter(|(_, route)| route["name"] == name.as_str());
            let Some((index, route)) = named.next() else {
                return Err(self.problem(
                    TargetErrorKind::NotFound,
                    "route-not-found",
                    format!(
                        "it has no `http` route named `{name}`; it has {}",
                        self.inventory()
                    ),
                    "mend `routes` in the configuration, or name the route",
                ));
            };
            if named.next().is_some() {
                return Err(self.problem(
                    TargetErrorKind::Ambiguous,
                    "route-name-twice",
                    format!("more than one `http` route is named `{name}`"),
                    "give each route a name of its own",
                ));
            }
            match self.split(index, route)? {
                Some(split) if split.candidate.is_some() || self.config.add_canary => {
                    splits.push(split);
                }
                Some(_) | None => return Err(self.not_both()),
            }
        }
        splits.sort_by_key(|split| split.route);
        splits.dedup();
        Ok(splits)
    }

    fn by_destination(&self) -> Result<Vec<Split>, Problem> {
        let mut both = Vec::new();
        let mut stable_only = Vec::new();
        for (index, route) in self.http().iter().enumerate() {
            match self.split(index, route)? {
                Some(split) if split.candidate.is_some() => both.push(split),
                Some(split) => stable_only.push(split),
                None => {}
            }
        }
        if !both.is_empty() {
            Ok(both)
        } else if !stable_only.is_empty() && self.config.add_canary {
            Ok(stable_only)
        } else {
            Err(self.not_both())
        }
    }

    /// The route as a split if it holds stable's destination; `None` if not, or if it is a preview.
    pub(super) fn split(&self, index: usize, route: &Value) -> Result<Option<Split>, Problem> {
        if preview::is_ours(route) {
            return Ok(None);
        }
        let tracks = self.tracks_in(route)?;
        let places = |track| {
            tracks
                .iter()
                .enumerate()
                .filter(move |(_, found)| **found == Some(track))
                .map(|(place, _)| place)
                .collect::<Vec<_>>()
        };
        let (stable, candidate) = (places(Track::Stable), places(Track::Candidate));
        if stable.len() > 1 || candidate.len() > 1 {
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "destination-twice",
                format!(
                    "{} holds the same destination more than once",
                    named(index, route)
                ),
                "make one entry of them, or tell them apart by `host` and `subset`",
            ));
        }
        Ok(stable.first().map(|stable| Split {
            route: index,
            stable: *stable,
            candidate: candidate.first().copied(),
        }))
    }

    /// Subsets called alike at hosts of other services must not be moved along.
    fn one_pair(&self, splits: &[Split]) -> Result<(), Problem> {
        for track in Track::ALL {
            let mut destinations = splits.iter().filter_map(|split| {
                let place = match track {
                    Track::Stable => Some(split.stable),
                    Track::Candidate => split.candidate,
                }?;
                Some(&self.http()[split.route]["route"][place]["destination"])
            });
            let Some(first) = destinations.next() else {
                continue;
            };
            if let Some(other) = destinations.find(|other| !self.same(first, other)) {
                return Err(self.problem(
                    TargetErrorKind::Ambiguous,
                    "destinations-differ",
                    format!(
                        "{track} is {} in one route and {} in another",
                        describe(first),
                        describe(other)
                    ),
                    "set `host` of `stable` and of `canary`, or name the routes in `routes`",
                ));
            }
        }
        Ok(())
    }

    fn not_both(&self) -> Problem {
        let looked_for = format!(
            "no `http` route holds both {} (stable) and {} (canary)",
            configured(&self.config.stable),
            configured(&self.config.canary)
        );
        for protocol in ["tcp", "tls"] {
            if self.holds_ours(protocol) {
                return self.problem(
                    TargetErrorKind::Unsupported,
                    "not-an-http-route",
                    format!("{looked_for}; a `{protocol}` route holds one of them"),
                    "declare the port as HTTP and route it under `http`",
                );
            }
        }
        self.problem(
            TargetErrorKind::NotFound,
            "destination-not-found",
            format!("{looked_for}; it has {}", self.inventory()),
            "add the destination with weight 0, mend `stable` or `canary` in the configuration, or set `add-canary`",
        )
    }

    /// Whether a `tcp` or `tls` route holds one of the two destinations.
    pub(super) fn holds_ours(&self, protocol: &str) -> bool {
        list(&self.virtual_service["spec"][protocol])
            .iter()
            .flat_map(|route| list(&route["route"]))
            .any(|entry| !matches!(self.track_of(&entry["destination"]), Ok(None)))
    }

    fn inventory(&self) -> String {
        let routes: Vec<String> = self
            .http()
            .iter()
            .enumerate()
            .map(|(index, route)| {
                let to: Vec<String> = list(&route["route"])
                    .iter()
                    .map(|entry| describe(&entry["destination"]))
                    .collect();
                let to = if to.is_empty() {
                    "nothing".to_owned()
                } else {
                    to.join(" and ")
                };
                format!("{} to {to}", named(index, route))
            })
            .collect();
        if routes.is_empty() {
            "no `http` routes".to_owned()
        } else {
            routes.join(", ")
        }
    }
}

/// What tells a route from the others whatever stands before it: its name and its match.
pub(super) fn identity(route: &Value) -> Map<String, Value> {
    rules::identity(route, ["name", "match"])
}

/// A route as messages call it; the index is for people, nothing is looked up by it.
pub(super) fn named(index: usize, route: &Value) -> String {
    rules::named("route", index, route)
}

/// A destination in words.
pub(super) fn describe(destination: &Value) -> String {
    let host = destination["host"].as_str().unwrap_or_default();
    match destination["subset"].as_str() {
        Some(subset) => format!("`{host}` subset `{subset}`"),
        None => format!("`{host}`"),
    }
}

fn configured(destination: &IstioDestination) -> String {
    match (&destination.host, &destination.subset) {
        (Some(host), Some(subset)) => format!("`{host}` subset `{subset}`"),
        (Some(host), None) => format!("`{host}`"),
        (None, Some(subset)) => format!("subset `{subset}`"),
        (None, None) => "any destination".to_owned(),
    }
}
