//! What the server serves: versions of an API, and fields of its definitions.

use std::collections::BTreeSet;

use serde_json::Value;
use strategy_core::target::{Finding, TargetError, TargetErrorKind};

use crate::api::Api;
use crate::error::found;
use crate::object::{ObjectRef, list, text};
use crate::router::{Needed, Router};

/// The router's objects, each by the version of its API that the server has and the router prefers.
///
/// # Errors
/// `Unsupported` when the server has none that is understood.
pub(crate) async fn served(api: &Api, router: &dyn Router) -> Result<Vec<ObjectRef>, TargetError> {
    let mut served = Vec::new();
    for object in router.objects() {
        served.push(match router.versions(&object) {
            [] => object,
            versions => by_version(api, &object, versions).await?,
        });
    }
    Ok(served)
}

async fn by_version(
    api: &Api,
    object: &ObjectRef,
    versions: &[&str],
) -> Result<ObjectRef, TargetError> {
    for version in versions {
        let path = format!("/apis/{version}");
        if let Some(known) = api.document(&path, &object.plural).await?
            && list(&known, "/resources")
                .iter()
                .any(|resource| text(resource, "/name") == object.plural)
        {
            return Ok(object.at(version));
        }
    }
    let group = object.group();
    let known = api
        .document(&format!("/apis/{group}"), &object.plural)
        .await?;
    let known: Vec<&str> = known
        .iter()
        .flat_map(|known| list(known, "/versions"))
        .map(|version| text(version, "/version"))
        .collect();
    let there = if known.is_empty() {
        format!("the server knows nothing of {group}")
    } else {
        format!(
            "the server knows {group} as {}, and {} in none of the versions that are understood",
            known.join(", "),
            object.plural
        )
    };
    let message = format!(
        "{there}; install definitions that serve {}",
        versions.join(" or ")
    );
    Err(found(TargetErrorKind::Unsupported, "find", object, message))
}

/// What the plan needs and the server's definitions lack.
///
/// # Errors
/// When the server cannot be asked.
pub(crate) async fn lacking(
    api: &Api,
    router: &[ObjectRef],
    needed: BTreeSet<Needed>,
) -> Result<Vec<Finding>, TargetError> {
    let mut findings = Vec::new();
    for Needed {
        object,
        field,
        by,
        mend,
    } in needed
    {
        let Some(object) = router.iter().find(|known| known.is_same(&object)) else {
            continue;
        };
        let path = format!("/openapi/v3/apis/{}", object.api);
        let schemas = api.document(&path, &object.plural).await?;
        if !schemas.is_some_and(|schemas| has_field(&schemas, object, field)) {
            findings.push(Finding::blocks(
                "field-not-known",
                object.to_string(),
                format!(
                    "its definition, as it is installed, has no `{field}`, which {by} needs, and the server would drop it without a word"
                ),
                mend,
            ));
        }
    }
    Ok(findings)
}

/// Whether the schema of the object's kind has a field.
fn has_field(schemas: &Value, object: &ObjectRef, field: &str) -> bool {
    let of_kind = |schema: &&Value| {
        list(schema, "/x-kubernetes-group-version-kind")
            .iter()
            .any(|kind| {
                text(kind, "/kind") == object.kind
                    && format!("{}/{}", text(kind, "/group"), text(kind, "/version")) == object.api
            })
    };
    let schemas = schemas["components"]["schemas"].as_object();
    let mut schema = schemas.and_then(|schemas| schemas.values().find(of_kind));
    for step in field.split('.') {
        let name = step.trim_end_matches("[]");
        schema = schema.and_then(|schema| schema["properties"].get(name));
        if name != step {
            schema = schema.and_then(|schema| schema.get("items"));
        }
    }
    schema.is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_found_by_its_path_in_the_schema_of_its_kind() {
        let rule =
            json!({"properties": {"name": {}, "filters": {"items": {"properties": {"a": {}}}}}});
        let schema = json!({
            "properties": {"spec": {"properties": {"rules": {"items": rule}}}},
            "x-kubernetes-group-version-kind": [
                {"group": "gateway.networking.k8s.io", "version": "v1", "kind": "HTTPRoute"}
            ],
        });
        let schemas = json!({"components": {"schemas": {"other": {}, "route": schema}}});
        let route = ObjectRef::http_route("api");
        for field in [
            "spec.rules[].name",
            "spec.rules[].filters[].a",
            "spec.rules",
        ] {
            assert!(has_field(&schemas, &route, field), "{field}");
        }
        for field in [
            "spec.rules[].names",
            "spec.rules.name",
            "status",
            "spec.rules[].filters[].b",
        ] {
            assert!(!has_field(&schemas, &route, field), "{field}");
        }
        let other = route.at("gateway.networking.k8s.io/v1beta1");
        assert!(!has_field(&schemas, &other, "spec.rules[].name"));
        assert!(!has_field(&json!({}), &route, "spec.rules[].name"));
    }
}
