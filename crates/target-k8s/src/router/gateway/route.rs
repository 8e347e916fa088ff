//! Which rules of a route share requests between the two tracks.

use serde_json::{Map, Value};
use strategy_core::Track;
use strategy_core::target::TargetErrorKind;

use super::preview;
use crate::config::{GatewayBackend, GatewayRouter};
use crate::object::ObjectRef;
use crate::router::problem::Problem;
use crate::router::rules::{self, list};

/// One rule that is ours: where it stands, and where in it the two backends stand.
///
/// Positions hold for the very value they were found in; nothing is ever found again by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) rule: usize,
    pub(super) stable: usize,
    pub(super) candidate: Option<usize>,
}

/// A route read with the configuration that says which backends are ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) config: &'a GatewayRouter,
    pub(super) object: &'a ObjectRef,
    pub(super) route: &'a Value,
}

/// Which Service a backend is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
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

    /// Where a backend or a parent is that names no namespace.
    pub(super) fn namespace(&self) -> &'a str {
        self.route["metadata"]["namespace"]
            .as_str()
            .unwrap_or_default()
    }

    pub(super) fn rules(&self) -> &'a [Value] {
        list(&self.route["spec"]["rules"])
    }

    /// The Service that a backend is; `None`: it is of another kind.
    pub(super) fn service<'b>(&self, backend: &'b Value) -> Option<Service<'b>>
    where
        'a: 'b,
    {
        let is_core = backend["group"].as_str().unwrap_or_default().is_empty();
        let kind = backend["kind"].as_str().unwrap_or("Service");
        Some(Service {
            name: backend["name"].as_str()?,
            namespace: backend["namespace"]
                .as_str()
                .unwrap_or_else(|| self.namespace()),
        })
        .filter(|_| is_core && kind == "Service")
    }

    /// Whether two backends are one Service, whatever the port.
    pub(super) fn same(&self, one: &Value, other: &Value) -> bool {
        let service = self.service(one);
        service.is_some() && service == self.service(other)
    }

    /// Which track a backend is; `None` for a third one.
    pub(super) fn track_of(&self, backend: &Value) -> Result<Option<Track>, Problem> {
        let stable = self.is(backend, &self.config.stable);
        let candidate = self.is(backend, &self.config.canary);
        match (stable, candidate) {
            (true, false) => Ok(Some(Track::Stable)),
            (false, true) => Ok(Some(Track::Candidate)),
            (false, false) => Ok(None),
            (true, true) => Err(self.problem(
                TargetErrorKind::InvalidConfig,
                "destinations-alike",
                format!(
                    "{} is both stable's backend and the canary's as configured",
                    describe(backend)
                ),
                "tell `stable` and `canary` apart by their Services",
            )),
        }
    }

    fn is(&self, backend: &Value, configured: &GatewayBackend) -> bool {
        let namespace = configured.namespace.as_deref();
        let wanted = Service {
            name: &configured.service,
            namespace: namespace.unwrap_or_else(|| self.namespace()),
        };
        let port = configured
            .port
            .is_none_or(|port| backend["port"] == u64::from(port));
        self.service(backend) == Some(wanted) && port
    }

    /// The rules that are ours, in order; never empty.
    ///
    /// By name where the configuration names them. Otherwise every rule that holds both backends: they
    /// move as one. Where no rule holds the canary's and it may be added, every rule that holds
    /// stable's.
    pub(super) fn splits(&self) -> Result<Vec<Split>, Problem> {
        let (mut both, mut stable_only) = (Vec::new(), Vec::new());
        let named = &self.config.rules;
        let is_wanted = |rule: &Value| {
            named.is_empty() || named.iter().any(|name| rule["name"] == name.as_str())
        };
        for (index, rule) in self.rules().iter().enumerate() {
            if !is_wanted(rule) {
                continue;
            }
            match self.split(index, rule)? {
                Some(split) if split.candidate.is_some() => both.push(split),
                Some(split) => stable_only.push(split),
                None if named.is_empty() => {}
                None => return Err(self.not_both()),
            }
        }
        if !named.is_empty() && self.config.add_canary {
            both.append(&mut stable_only);
            both.sort_by_key(|split| split.rule);
        }
        if !named.is_empty() && !stable_only.is_empty() {
            Err(self.not_both())
        } else if !both.is_empty() {
            Ok(both)
        } else if !stable_only.is_empty() && self.config.add_canary {
            Ok(stable_only)
        } else {
            Err(self.not_both())
        }
    }

    /// The rule as a split if it holds stable's backend; `None` if not, or if it is a preview.
    fn split(&self, index: usize, rule: &Value) -> Result<Option<Split>, Problem> {
        if preview::is_ours(rule) {
            return Ok(None);
        }
        let (mut stable, mut candidate) = (Vec::new(), Vec::new());
        for (place, entry) in list(&rule["backendRefs"]).iter().enumerate() {
            match self.track_of(entry)? {
                Some(Track::Stable) => stable.push(place),
                Some(Track::Candidate) => candidate.push(place),
                None => {}
            }
        }
        if stable.len() > 1 || candidate.len() > 1 {
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "destination-twice",
                format!(
                    "{} holds the same backend more than once",
                    named(index, rule)
                ),
                "make one entry of them, or tell them apart by `port`",
            ));
        }
        Ok(stable.first().map(|stable| Split {
            rule: index,
            stable: *stable,
            candidate: candidate.first().copied(),
        }))
    }

    fn not_both(&self) -> Problem {
        let which = if self.config.rules.is_empty() {
            "no rule".to_owned()
        } else {
            format!("not each of the rules {}", self.config.rules.join(", "))
        };
        self.problem(
            TargetErrorKind::NotFound,
            "destination-not-found",
            format!(
                "{which} holds both {} (stable) and {} (canary); it has {}",
                configured(&self.config.stable),
                configured(&self.config.canary),
                self.inventory()
            ),
            "add the backend with weight 0, mend `stable` or `canary` in the configuration, or set `add-canary`",
        )
    }

    fn inventory(&self) -> String {
        let rules = self.rules().iter().enumerate().map(|(index, rule)| {
            let to: Vec<String> = list(&rule["backendRefs"]).iter().map(describe).collect();
            let to = if to.is_empty() {
                "nothing".to_owned()
            } else {
                to.join(" and ")
            };
            format!("{} to {to}", named(index, rule))
        });
        let rules: Vec<String> = rules.collect();
        if rules.is_empty() {
            "no rules".to_owned()
        } else {
            rules.join(", ")
        }
    }
}

/// What tells a rule from the others whatever stands before it: its name and its matches.
pub(super) fn identity(rule: &Value) -> Map<String, Value> {
    rules::identity(rule, ["name", "matches"])
}

/// A rule as messages call it; the index is for people, nothing is looked up by it.
pub(super) fn named(index: usize, rule: &Value) -> String {
    rules::named("rule", index, rule)
}

/// A backend in words.
pub(super) fn describe(backend: &Value) -> String {
    let name = backend["name"].as_str().unwrap_or_default();
    let kind = backend["kind"].as_str().unwrap_or("Service").to_lowercase();
    let namespace = backend["namespace"].as_str();
    let namespace = namespace.map_or(String::new(), |name| format!(" of namespace {name}"));
    let port = backend.get("port").filter(|port| !port.is_null());
    let port = port.map_or(String::new(), |port| format!(" port {port}"));
    format!("{kind}/{name}{namespace}{port}")
}

fn configured(backend: &GatewayBackend) -> String {
    let mut value = serde_json::json!({ "name": backend.service });
    if let Some(namespace) = &backend.namespace {
        value["namespace"] = namespace.as_str().into();
    }
    if let Some(port) = backend.port {
        value["port"] = port.into();
    }
    describe(&value)
}
