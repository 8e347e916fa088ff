//! Session affinity of a Service: how long it lasts, and how it is suspended and brought back.

use std::time::Duration;

use serde_json::{Map, Value, json};
use strategy_core::target::TargetErrorKind;

use crate::router::RouterError;

/// Holds the affinity fields as they were while affinity is suspended, so that the Service itself
/// says how to bring them back.
pub(super) const ANNOTATION: &str = "rollway.dev/suspended-affinity";

const FIELDS: [&str; 2] = ["sessionAffinity", "sessionAffinityConfig"];

/// What the API server fills in when `ClientIP` is asked for without a time.
const DEFAULT_TIMEOUT: u64 = 10_800;

/// How long a client stays with the pod it was given to; zero without affinity.
pub(super) fn duration(service: &Value) -> Duration {
    let spec = &service["spec"];
    if spec["sessionAffinity"] != "ClientIP" {
        return Duration::ZERO;
    }
    let timeout = &spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"];
    Duration::from_secs(timeout.as_u64().unwrap_or(DEFAULT_TIMEOUT))
}

pub(super) fn is_suspended(service: &Value) -> bool {
    annotation(service).is_some()
}

/// Switches affinity off and notes what it was. Already suspended: nothing.
pub(super) fn suspend(service: &mut Value) -> Result<(), RouterError> {
    if is_suspended(service) {
        return Ok(());
    }
    let spec = object(service, "spec")?;
    let found = take(spec);
    spec.insert("sessionAffinity".to_owned(), json!("None"));
    let metadata = object(service, "metadata")?;
    metadata
        .entry("annotations")
        .or_insert_with(|| json!({}))
        .as_object_mut()
        .ok_or_else(|| malformed("metadata.annotations"))?
        .insert(
            ANNOTATION.to_owned(),
            json!(Value::Object(found).to_string()),
        );
    Ok(())
}

/// Brings back what [`suspend`] noted. Not suspended: nothing.
pub(super) fn resume(service: &mut Value) -> Result<(), RouterError> {
    let Some(noted) = annotation(service) else {
        return Ok(());
    };
    let noted: Map<String, Value> = serde_json::from_str(noted).map_err(|_| RouterError {
        kind: TargetErrorKind::Ambiguous,
        resource: name(service),
        message: format!("its annotation `{ANNOTATION}` was changed by hand and is no JSON object"),
        mend: "set `sessionAffinity` as it should be and remove the annotation".to_owned(),
    })?;
    put(object(service, "spec")?, &noted);
    let metadata = object(service, "metadata")?;
    if let Some(annotations) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove(ANNOTATION);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    Ok(())
}

/// The affinity fields and the note while suspended; `None` otherwise, for then they are not ours.
pub(super) fn owned(service: &Value) -> Option<Value> {
    let noted = annotation(service)?;
    let mut owned = Map::from_iter([("noted".to_owned(), json!(noted))]);
    for field in FIELDS {
        if let Some(value) = service["spec"].get(field) {
            owned.insert(field.to_owned(), value.clone());
        }
    }
    Some(Value::Object(owned))
}

/// As it was in `recorded`.
pub(super) fn restore(service: &mut Value, recorded: &Value) -> Result<(), RouterError> {
    resume(service)?;
    let Some(found) = recorded.get("affinity").and_then(Value::as_object) else {
        return Ok(());
    };
    suspend(service)?;
    put(object(service, "spec")?, found);
    if let Some(note) = service.pointer_mut("/metadata/annotations")
        && let (Some(note), Some(noted)) = (note.get_mut(ANNOTATION), found.get("noted"))
    {
        *note = noted.clone();
    }
    Ok(())
}

fn annotation(service: &Value) -> Option<&str> {
    service["metadata"]["annotations"].get(ANNOTATION)?.as_str()
}

fn take(spec: &mut Map<String, Value>) -> Map<String, Value> {
    FIELDS
        .into_iter()
        .filter_map(|field| spec.remove_entry(field))
        .collect()
}

fn put(spec: &mut Map<String, Value>, from: &Map<String, Value>) {
    take(spec);
    for field in FIELDS {
        if let Some(value) = from.get(field) {
            spec.insert(field.to_owned(), value.clone());
        }
    }
}

fn object<'a>(
    service: &'a mut Value,
    field: &'static str,
) -> Result<&'a mut Map<String, Value>, RouterError> {
    service
        .get_mut(field)
        .and_then(Value::as_object_mut)
        .ok_or_else(|| malformed(field))
}

fn malformed(field: &str) -> RouterError {
    RouterError {
        kind: TargetErrorKind::Unexpected,
        resource: "service".to_owned(),
        message: format!("`{field}` of a Service is no object"),
        mend: "this is not what the API server sends; please report it".to_owned(),
    }
}

fn name(service: &Value) -> String {
    let name = service["metadata"]["name"].as_str().unwrap_or_default();
    format!("service/{name}")
}
