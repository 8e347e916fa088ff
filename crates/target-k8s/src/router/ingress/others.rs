//! What of all Ingresses of the namespace takes requests beside what is switched: canaries of
//! ingress-nginx, and backends that name one of the two Services and do not move.

use std::collections::BTreeMap;

use serde_json::Value;
use strategy_core::target::Finding;

use super::backend::{self, Backend, Reader};
use crate::object::{ObjectRef, Objects};
use crate::router::Beside;

/// The annotations of ingress-nginx that begin so.
const CANARY: &str = "nginx.ingress.kubernetes.io/canary";

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Other<'a> {
    object: &'a ObjectRef,
    does: Does<'a>,
}

#[derive(Clone, Debug)]
enum Does<'a> {
    /// One that is switched is a canary itself.
    IsCanary,
    /// A canary of one that is switched; what it takes, if it takes anything so far.
    Splits(&'a ObjectRef, Option<String>),
    /// It names one of the Services and does not move.
    Stays(Backend<'a>),
}

/// All there are, in the order of the Ingresses.
pub(super) fn all<'a>(readers: &[Reader<'a>], objects: &'a Objects) -> Vec<Other<'a>> {
    let mut others = Vec::new();
    let ingresses = objects
        .iter()
        .filter(|(object, _)| object.kind == "Ingress");
    for (object, ingress) in ingresses {
        let mut push = |does| others.push(Other { object, does });
        if let Some(reader) = readers.iter().find(|reader| reader.object == object) {
            if is_canary(ingress) {
                push(Does::IsCanary);
            }
            reader.kept().into_iter().map(Does::Stays).for_each(push);
            continue;
        }
        let of = readers.iter().find(|reader| {
            is_canary(ingress)
                && of_one_class(ingress, reader.ingress)
                && meets(ingress, &reader.moved())
        });
        if let Some(reader) = of {
            push(Does::Splits(reader.object, share(ingress)));
            continue;
        }
        let Some(reader) = readers.first() else {
            continue;
        };
        let named = backend::all(ingress).into_iter();
        let named = named.filter(|backend| reader.is_ours(backend));
        named.map(Does::Stays).for_each(push);
    }
    others
}

/// Those that take requests, by Ingress and by what they do.
pub(super) fn beside(readers: &[Reader<'_>], objects: &Objects) -> BTreeMap<String, Beside> {
    let others = all(readers, objects);
    let beside = others.iter().filter_map(|other| {
        let object = other.object.clone();
        let key = format!("{object} {}", other.key()?);
        let words = other.message();
        Some((key, Beside { object, words }))
    });
    beside.collect()
}

impl Other<'_> {
    /// What tells it from the others; `None`: it takes nothing.
    fn key(&self) -> Option<String> {
        match &self.does {
            Does::IsCanary => Some("canary".to_owned()),
            Does::Splits(ours, share) => Some(format!("canary of {ours}: {}", share.as_ref()?)),
            Does::Stays(Backend { key, service, .. }) => {
                Some(format!("{key} {}", service.unwrap_or_default()))
            }
        }
    }

    fn message(&self) -> String {
        match &self.does {
            Does::IsCanary => format!(
                "its annotation `{CANARY}` makes it take a share of the requests of another Ingress, so a switch of it is none of all requests"
            ),
            Does::Splits(ours, Some(share)) => format!(
                "its annotation `{CANARY}` makes it take requests of {ours} ({share}), whatever that names"
            ),
            Does::Splits(ours, None) => format!(
                "its annotation `{CANARY}` makes it a canary of {ours}, so far without a share"
            ),
            Does::Stays(backend) => {
                format!("its {backend} and stays so, before, during and after the rollout")
            }
        }
    }

    /// Told before the start.
    pub(super) fn finding(&self) -> Finding {
        let (resource, message) = (self.object.to_string(), self.message());
        match &self.does {
            Does::IsCanary => Finding::blocks(
                "canary-annotation",
                resource,
                message,
                "name the other Ingress in `ingresses`, or take the annotation away",
            ),
            Does::Splits(_, Some(_)) => Finding::blocks(
                "canary-annotation",
                resource,
                message,
                "remove it, or set its weight to 0 and take header and cookie away, while the rollout runs",
            ),
            Does::Splits(_, None) => Finding::warns(
                "canary-annotation",
                resource,
                message,
                "leave it without a share while the rollout runs, or remove it",
            ),
            Does::Stays(_) => Finding::warns(
                "route-not-moved",
                resource,
                message,
                "make sure that this is meant, as for a preview; else name its Ingress in `ingresses` and its host in `hosts`",
            ),
        }
    }
}

fn annotation<'a>(ingress: &'a Value, rest: &str) -> Option<&'a str> {
    ingress["metadata"]["annotations"][format!("{CANARY}{rest}")].as_str()
}

/// By all ways in which the controller, which is written in Go, reads yes.
fn is_canary(ingress: &Value) -> bool {
    let yes = ["true", "1", "t", "T", "TRUE", "True"];
    annotation(ingress, "").is_some_and(|text| yes.contains(&text.trim()))
}

/// What a canary takes; `None`: nothing so far.
fn share(ingress: &Value) -> Option<String> {
    let weight = annotation(ingress, "-weight").map(str::trim);
    // What is no number is left to the controller to understand.
    if let Some(weight) = weight.filter(|weight| weight.parse() != Ok(0_u32)) {
        return Some(format!("a weight of {weight}"));
    }
    let by = ["-by-header", "-by-cookie"]
        .iter()
        .any(|rest| annotation(ingress, rest).is_some_and(|value| !value.is_empty()));
    by.then(|| "those with a header or cookie".to_owned())
}

/// Controllers of different classes know nothing of each other.
fn of_one_class(one: &Value, other: &Value) -> bool {
    let class = |ingress: &Value| {
        let class = ingress["spec"]["ingressClassName"].as_str();
        class.map(str::to_owned)
    };
    match (class(one), class(other)) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}

/// Whether two backends take requests of the same host and path.
fn meet(one: &Backend<'_>, other: &Backend<'_>) -> bool {
    one.is_default == other.is_default
        && one.host == other.host
        && one.path.unwrap_or("/") == other.path.unwrap_or("/")
}

/// Whether an Ingress has a backend that meets one of these.
fn meets(ingress: &Value, moved: &[Backend<'_>]) -> bool {
    let there = backend::all(ingress);
    moved
        .iter()
        .any(|backend| there.iter().any(|other| meet(backend, other)))
}
