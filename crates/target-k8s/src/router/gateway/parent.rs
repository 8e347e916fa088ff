//! Whether those who carry a route out say that they do: its parents, and the Gateways among them.

use serde_json::Value;
use strategy_core::target::Finding;

use super::route::Reader;
use crate::object::{ObjectRef, Objects};
use crate::router::rules::list;

const GROUP: &str = "gateway.networking.k8s.io";

/// Of what somebody says, so much is shown.
const SHOWN: usize = 200;

/// One parent that a route names.
#[derive(Clone, Copy, Debug)]
struct Parent<'a> {
    written: &'a Value,
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> Parent<'a> {
    fn of(reader: &Reader<'a>, written: &'a Value) -> Self {
        Self {
            written,
            group: written["group"].as_str().unwrap_or(GROUP),
            kind: written["kind"].as_str().unwrap_or("Gateway"),
            namespace: written["namespace"]
                .as_str()
                .unwrap_or_else(|| reader.namespace()),
            name: written["name"].as_str().unwrap_or_default(),
        }
    }

    fn is_gateway(&self) -> bool {
        (self.group, self.kind) == (GROUP, "Gateway")
    }

    /// A mesh takes routes whose parent is a Service.
    fn is_known(&self) -> bool {
        self.is_gateway() || (self.group, self.kind) == ("", "Service")
    }

    fn is(&self, other: &Self) -> bool {
        (self.group, self.kind, self.namespace, self.name)
            == (other.group, other.kind, other.namespace, other.name)
            && ["sectionName", "port"]
                .iter()
                .all(|field| self.written[field] == other.written[field])
    }

    fn words(&self) -> String {
        let section = self.written["sectionName"].as_str();
        let section = section.map_or(String::new(), |section| format!(" ({section})"));
        format!("{}/{}{section}", self.kind.to_lowercase(), self.name)
    }
}

fn parents<'a>(reader: &Reader<'a>) -> impl Iterator<Item = Parent<'a>> {
    let reader = *reader;
    list(&reader.route["spec"]["parentRefs"])
        .iter()
        .map(move |written| Parent::of(&reader, written))
}

/// The Gateways of its own namespace, the only ones that are read.
pub(super) fn gateways(reader: &Reader<'_>) -> Vec<ObjectRef> {
    let namespace = reader.namespace();
    parents(reader)
        .filter(|parent| parent.is_gateway() && parent.namespace == namespace)
        .map(|parent| ObjectRef::gateway(parent.name).at(&reader.object.api))
        .collect()
}

/// What keeps traffic from being taken to flow as written.
pub(super) fn doubts(reader: &Reader<'_>, objects: &Objects) -> Vec<Finding> {
    let resource = reader.object.to_string();
    let mut doubts = Vec::new();
    if list(&reader.route["spec"]["parentRefs"]).is_empty() {
        doubts.push(Finding::blocks(
            "parent-missing",
            resource,
            "it has no parent, so nobody carries it out",
            "name the Gateway in `parentRefs`",
        ));
    }
    for parent in parents(reader) {
        if !parent.is_known() {
            doubts.push(Finding::blocks(
                "parent-not-known",
                reader.object.to_string(),
                format!(
                    "its parent {} is a {} of `{}`, and what such a one tells is not known here",
                    parent.words(),
                    parent.kind,
                    parent.group
                ),
                "let its parents be Gateways, or Services of a mesh",
            ));
            continue;
        }
        doubts.extend(of_status(reader, &parent));
        doubts.extend(of_gateway(reader, &parent, objects));
    }
    doubts
}

/// What the controllers of one parent say of the route.
fn of_status(reader: &Reader<'_>, parent: &Parent<'_>) -> Vec<Finding> {
    let said: Vec<&Value> = list(&reader.route["status"]["parents"])
        .iter()
        .filter(|said| Parent::of(reader, &said["parentRef"]).is(parent))
        .collect();
    if said.is_empty() {
        let message = format!(
            "no controller has said anything of it for {}, so nobody is known to carry it out",
            parent.words()
        );
        let mend = "see that the Gateway's class has a controller that runs, and that the Gateway takes routes of this namespace";
        let resource = reader.object.to_string();
        return vec![Finding::blocks(
            "route-not-accepted",
            resource,
            message,
            mend,
        )];
    }
    let of_each = said.into_iter().map(|said| Said {
        has_seen: has_seen(reader, said),
        doubts: of_controller(reader, parent, said),
    });
    let mut of_each: Vec<Said> = of_each.collect();
    // A Gateway has one controller. What another said before that one took it over stays in the status
    // for ever, and so may what one says that carries nothing out.
    if parent.is_gateway() && of_each.iter().any(|said| said.doubts.is_empty()) {
        of_each.retain(|said| said.has_seen);
    }
    of_each.into_iter().flat_map(|said| said.doubts).collect()
}

/// What one controller said of the route.
#[derive(Debug)]
struct Said {
    /// Of the route as it is now.
    has_seen: bool,
    doubts: Vec<Finding>,
}

fn has_seen(reader: &Reader<'_>, said: &Value) -> bool {
    let accepted = condition(&said["conditions"], "Accepted");
    let generation = &reader.route["metadata"]["generation"];
    accepted.is_some_and(|accepted| accepted["observedGeneration"] == *generation)
}

fn of_controller(reader: &Reader<'_>, parent: &Parent<'_>, said: &Value) -> Vec<Finding> {
    let doubt = |message: String, mend: &str| {
        let resource = reader.object.to_string();
        Finding::blocks("route-not-accepted", resource, message, mend)
    };
    let generation = &reader.route["metadata"]["generation"];
    let mut doubts = Vec::new();
    for kind in ["Accepted", "ResolvedRefs"] {
        if let Some(why) = missing(&said["conditions"], kind, generation) {
            let message = format!(
                "{} of {} {why}",
                said["controllerName"].as_str().unwrap_or("a controller"),
                parent.words()
            );
            doubts.push(doubt(
                message,
                "mend what the controller complains of, or wait until it has seen the route",
            ));
        }
    }
    let partly = condition(&said["conditions"], "PartiallyInvalid");
    if partly.is_some_and(|condition| condition["status"] == "True") {
        let message = format!("{} carries out only some of its rules", parent.words());
        doubts.push(doubt(message, "mend the rules that it complains of"));
    }
    doubts
}

fn of_gateway(reader: &Reader<'_>, parent: &Parent<'_>, objects: &Objects) -> Option<Finding> {
    if !parent.is_gateway() || parent.namespace != reader.namespace() {
        return None;
    }
    let object = ObjectRef::gateway(parent.name);
    let found = objects.iter().find(|(known, _)| known.is_same(&object));
    let Some((_, gateway)) = found else {
        return Some(Finding::blocks(
            "gateway-not-found",
            reader.object.to_string(),
            format!("its parent {object} is not there"),
            "create it, or mend `parentRefs`",
        ));
    };
    let conditions = &gateway["status"]["conditions"];
    let generation = &gateway["metadata"]["generation"];
    // Before v0.6 the same was called `Ready`.
    let kind = if condition(conditions, "Programmed").is_none()
        && condition(conditions, "Ready").is_some()
    {
        "Ready"
    } else {
        "Programmed"
    };
    missing(conditions, kind, generation).map(|why| {
        Finding::blocks(
            "gateway-not-programmed",
            object.to_string(),
            format!("it {why}"),
            "mend what its controller complains of, or wait until it is done",
        )
    })
}

fn condition<'a>(conditions: &'a Value, kind: &str) -> Option<&'a Value> {
    list(conditions)
        .iter()
        .find(|condition| condition["type"] == kind)
}

/// Why a condition does not hold for this generation; `None`: it does.
fn missing(conditions: &Value, kind: &str, generation: &Value) -> Option<String> {
    let Some(condition) = condition(conditions, kind) else {
        return Some(format!("has no condition {kind}"));
    };
    if generation.is_null() || condition["observedGeneration"] != *generation {
        let observed = &condition["observedGeneration"];
        let of = if observed.is_null() {
            "no generation".to_owned()
        } else {
            format!("generation {observed}")
        };
        return Some(format!("says {kind} of {of}, and it is at {generation}"));
    }
    if condition["status"] == "True" {
        return None;
    }
    let text = |field: &str| condition[field].as_str().unwrap_or_default();
    let said: String = format!("{}: {}", text("reason"), text("message"))
        .chars()
        .filter(|letter| !letter.is_control())
        .take(SHOWN)
        .collect();
    Some(format!("is not {kind} ({said})"))
}

/// Gateways whose own state is not known here.
pub(super) fn unread(reader: &Reader<'_>) -> Vec<Finding> {
    parents(reader)
        .filter(|parent| parent.is_gateway() && parent.namespace != reader.namespace())
        .map(|parent| {
            Finding::warns(
                "gateway-not-checked",
                reader.object.to_string(),
                format!(
                    "its parent {} is in namespace {}, which is not read, so only what its controller says of the route counts",
                    parent.words(),
                    parent.namespace
                ),
                "make sure that the Gateway is programmed, and watch it by other means",
            )
        })
        .collect()
}
