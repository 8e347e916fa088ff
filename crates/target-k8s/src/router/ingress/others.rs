//! Other Ingresses of the namespace: those that would share requests behind our back, and those that
//! name one of the two Services and do not move.

use serde_json::Value;
use strategy_core::target::Finding;

use super::backend::{Reader, all, is_named};
use super::check::{meets, stays};
use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects};

/// The annotations of ingress-nginx that begin so.
const CANARY: &str = "nginx.ingress.kubernetes.io/canary";

pub(super) fn findings(
    config: &IngressRouter,
    readers: &[Reader<'_>],
    objects: &Objects,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ingresses = objects
        .iter()
        .filter(|(object, _)| object.kind == "Ingress");
    for (object, ingress) in ingresses {
        if readers.iter().any(|reader| reader.object == object) {
            findings.extend(is_canary(ingress).then(|| a_canary_itself(object)));
            continue;
        }
        let mut of_ours = readers.iter().filter(|reader| {
            is_canary(ingress)
                && of_one_class(ingress, reader.ingress)
                && meets(ingress, &reader.moved())
        });
        if let Some(reader) = of_ours.next() {
            findings.push(splits(object, ingress, reader.object));
            continue;
        }
        let named = all(ingress).into_iter();
        let named =
            named.filter(|backend| backend.service.is_some_and(|name| is_named(config, name)));
        findings.extend(named.map(|backend| stays(object, &backend)));
    }
    findings
}

fn annotation<'a>(ingress: &'a Value, rest: &str) -> Option<&'a str> {
    ingress["metadata"]["annotations"][format!("{CANARY}{rest}")].as_str()
}

fn is_canary(ingress: &Value) -> bool {
    annotation(ingress, "") == Some("true")
}

/// Controllers of different classes know nothing of each other.
fn of_one_class(one: &Value, other: &Value) -> bool {
    let class = |ingress: &Value| {
        ingress["spec"]["ingressClassName"]
            .as_str()
            .map(str::to_owned)
    };
    match (class(one), class(other)) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}

fn a_canary_itself(object: &ObjectRef) -> Finding {
    Finding::blocks(
        "canary-annotation",
        object.to_string(),
        format!(
            "its annotation `{CANARY}` makes it take a share of the requests of another Ingress, so a switch of it is none of all requests"
        ),
        "name the other Ingress in `ingresses`, or take the annotation away",
    )
}

/// What ingress-nginx would make of a canary beside one of ours.
fn splits(object: &ObjectRef, ingress: &Value, ours: &ObjectRef) -> Finding {
    let weight = annotation(ingress, "-weight").map(str::trim);
    let by = ["-by-header", "-by-cookie"]
        .iter()
        .any(|rest| annotation(ingress, rest).is_some_and(|value| !value.is_empty()));
    let rest = match weight {
        // What is no number is left to the controller to understand.
        Some(weight) if weight.parse() != Ok(0_u32) => format!("a weight of {weight}"),
        _ if by => "those with a header or cookie".to_owned(),
        Some(_) | None => {
            return Finding::warns(
                "canary-annotation",
                object.to_string(),
                format!(
                    "its annotation `{CANARY}` makes it a canary of {ours}, so far without a share"
                ),
                "leave it without a share while the rollout runs, or remove it",
            );
        }
    };
    Finding::blocks(
        "canary-annotation",
        object.to_string(),
        format!(
            "its annotation `{CANARY}` makes it take requests of {ours} ({rest}), whatever that names"
        ),
        "remove it, or set its weight to 0 and take header and cookie away, while the rollout runs",
    )
}
