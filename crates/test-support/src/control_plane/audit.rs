//! What the API server was asked, from its audit log.

use std::fs;
use std::path::Path;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use serde::Deserialize;

use super::ControlPlaneError;

/// One request as the API server recorded it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// As the client called itself.
    pub user_agent: String,
    /// The name of the user.
    pub user: String,
    /// For example `deployments`; empty for paths without objects such as `/readyz`.
    pub resource: String,
    /// For example `scale` or `status`; empty for the object itself.
    pub subresource: String,
    /// Empty for a list and a watch of all objects.
    pub name: String,
    /// Empty for objects outside namespaces.
    pub namespace: String,
    /// The path with its parameters.
    pub uri: String,
    /// Status of the answer; 0 if there was none.
    pub code: u16,
    /// `ResponseStarted` (a watch has begun), `ResponseComplete` or `Panic`.
    pub stage: String,
    /// When the request arrived.
    pub received: MicroTime,
    /// When the stage was reached.
    pub at: MicroTime,
}

/// The events in the file `path`, oldest first.
pub(crate) fn read(path: &Path) -> Result<Vec<AuditEvent>, ControlPlaneError> {
    let text =
        fs::read_to_string(path).map_err(ControlPlaneError::file("read the audit log", path))?;
    // The API server may be in the middle of a line, or have been killed there.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .filter(|line| line.ends_with('}'))
        .map(parse)
        .collect()
}

fn parse(line: &str) -> Result<AuditEvent, ControlPlaneError> {
    let line: Line = serde_json::from_str(line).map_err(|error| ControlPlaneError::Syntax {
        what: "a line of the audit log",
        reason: error.to_string(),
    })?;
    let object = line.object_ref.unwrap_or_default();
    Ok(AuditEvent {
        verb: line.verb,
        user_agent: line.user_agent,
        user: line.user.username,
        resource: object.resource,
        subresource: object.subresource,
        name: object.name,
        namespace: object.namespace,
        uri: line.request_uri,
        code: line.response_status.unwrap_or_default().code,
        stage: line.stage,
        received: line.request_received_timestamp,
        at: line.stage_timestamp,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    verb: String,
    #[serde(default)]
    user_agent: String,
    user: User,
    object_ref: Option<ObjectRef>,
    #[serde(rename = "requestURI")]
    request_uri: String,
    response_status: Option<Status>,
    stage: String,
    request_received_timestamp: MicroTime,
    stage_timestamp: MicroTime,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ObjectRef {
    resource: String,
    subresource: String,
    name: String,
    namespace: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"8f","stage":"ResponseComplete","requestURI":"/apis/apps/v1/namespaces/shop/deployments/web/scale?fieldManager=x","verb":"patch","user":{"username":"admin","groups":["system:masters"]},"sourceIPs":["127.0.0.1"],"userAgent":"rollway/0.1","objectRef":{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","apiVersion":"v1","subresource":"scale"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-21T10:00:00.100000Z","stageTimestamp":"2026-11-21T10:00:00.350000Z"}"#;

    #[test]
    fn a_line_becomes_an_event() {
        let event = parse(LINE).unwrap();
        assert_eq!(event.verb, "patch");
        assert_eq!(event.user_agent, "rollway/0.1");
        assert_eq!(event.user, "admin");
        assert_eq!(
            (event.resource.as_str(), event.subresource.as_str()),
            ("deployments", "scale")
        );
        assert_eq!(
            (event.namespace.as_str(), event.name.as_str()),
            ("shop", "web")
        );
        assert_eq!(event.code, 200);
        let took = event.at.0 - event.received.0;
        assert_eq!(took.get_milliseconds(), 250);
    }

    #[test]
    fn a_torn_last_line_is_left_for_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        fs::write(&path, format!("{LINE}\n{}", &LINE[..200])).unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
    }
}
