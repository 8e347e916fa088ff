//! The backends of an Ingress, and which of them are moved.

use std::fmt;

use serde_json::{Value, json};
use strategy_core::target::TargetErrorKind;

use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects, map_mut};
use crate::router::problem::Problem;
use crate::router::rules::list;

/// In `hosts`: rules without a host, and the default backend.
const ANY: &str = "*";

/// An Ingress read with the configuration that says which backends are ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) config: &'a IngressRouter,
    pub(super) object: &'a ObjectRef,
    pub(super) ingress: &'a Value,
}

/// One backend of an Ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Backend<'a> {
    /// Where it stands in the very value it was found in; nothing is ever found again by it.
    pub(super) pointer: String,
    /// What tells it from the others: host, path and type of the path, or that it is the default one.
    pub(super) key: Value,
    /// How many of the same key stand before it.
    pub(super) alike: u64,
    pub(super) host: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) is_default: bool,
    /// The name of its Service; `None`: it is of another kind.
    pub(super) service: Option<&'a str>,
    /// The whole entry.
    pub(super) content: &'a Value,
}

/// All backends of an Ingress, the default one first.
pub(super) fn all(ingress: &Value) -> Vec<Backend<'_>> {
    let spec = &ingress["spec"];
    let mut backends: Vec<Backend<'_>> = Vec::new();
    if let Some(content) = spec.get("defaultBackend") {
        backends.push(Backend {
            pointer: "/spec/defaultBackend".to_owned(),
            key: json!({ "default": true }),
            alike: 0,
            host: None,
            path: None,
            is_default: true,
            service: content["service"]["name"].as_str(),
            content,
        });
    }
    for (at, rule) in list(&spec["rules"]).iter().enumerate() {
        for (place, path) in list(&rule["http"]["paths"]).iter().enumerate() {
            let content = &path["backend"];
            let key = json!({"host": rule["host"], "path": path["path"], "type": path["pathType"]});
            let alike = backends.iter().filter(|other| other.key == key).count();
            backends.push(Backend {
                pointer: format!("/spec/rules/{at}/http/paths/{place}/backend"),
                key,
                alike: u64::try_from(alike).unwrap_or(u64::MAX),
                host: rule["host"].as_str().filter(|host| !host.is_empty()),
                path: path["path"].as_str(),
                is_default: false,
                service: content["service"]["name"].as_str(),
                content,
            });
        }
    }
    backends
}

impl<'a> Backend<'a> {
    /// With the name of another Service; the port stays as it is written.
    pub(super) fn rename(&self, ingress: &mut Value, service: &str) {
        let backend = ingress.pointer_mut(&self.pointer);
        if let Some(service_of) = backend.and_then(|backend| map_mut(backend, "service")) {
            service_of.insert("name".to_owned(), json!(service));
        }
    }

    /// With the Service as it was recorded, name and port, whatever stands there now.
    pub(super) fn put_back(&self, ingress: &mut Value, service: &Value) {
        let backend = ingress.pointer_mut(&self.pointer);
        if let Some(backend) = backend.and_then(Value::as_object_mut) {
            backend.remove("resource");
            backend.insert("service".to_owned(), service.clone());
        }
    }

    /// The port as it is written: the field of a Service's port that it means, and its value.
    pub(super) fn port(&self) -> (&'static str, &'a Value) {
        let port = &self.content["service"]["port"];
        match port.get("name") {
            Some(name) if name != "" => ("name", name),
            Some(_) | None => ("port", &port["number"]),
        }
    }

    /// Its host as `hosts` names it.
    pub(super) fn host_in_config(&self) -> &'a str {
        self.host.unwrap_or(ANY)
    }

    /// Where it stands, in words.
    pub(super) fn place(&self) -> String {
        place(self.is_default, self.host, self.path)
    }
}

/// Where a backend stands, in words.
pub(super) fn place(is_default: bool, host: Option<&str>, path: Option<&str>) -> String {
    if is_default {
        return "default backend".to_owned();
    }
    let path = path.unwrap_or("/");
    match host {
        Some(host) => format!("path `{path}` of host {host}"),
        None => format!("path `{path}` of any host"),
    }
}

/// As messages call it: where it stands and what it names.
impl fmt::Display for Backend<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.service {
            Some(service) => write!(f, "{} names service/{service}", self.place()),
            None => write!(f, "{} names no Service", self.place()),
        }
    }
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

    /// Whether a backend names one of the two Services.
    pub(super) fn is_ours(&self, backend: &Backend<'_>) -> bool {
        let mut services = self.config.services.iter();
        services.any(|service| backend.service == Some(service))
    }

    /// Whether its host is one of those that are moved.
    pub(super) fn is_wanted(&self, backend: &Backend<'_>) -> bool {
        let hosts = &self.config.hosts;
        hosts.is_empty() || hosts.iter().any(|host| host == backend.host_in_config())
    }

    /// The backends that are moved.
    pub(super) fn moved(&self) -> Vec<Backend<'a>> {
        let mut backends = all(self.ingress);
        backends.retain(|backend| self.is_ours(backend) && self.is_wanted(backend));
        backends
    }

    /// Those that name one of the two Services and stay as they are.
    pub(super) fn kept(&self) -> Vec<Backend<'a>> {
        let mut backends = all(self.ingress);
        backends.retain(|backend| self.is_ours(backend) && !self.is_wanted(backend));
        backends
    }

    /// That there is something to move at all.
    pub(super) fn names_one(&self) -> Result<(), Problem> {
        if !self.moved().is_empty() {
            return Ok(());
        }
        let [one, other] = &self.config.services;
        let there: Vec<String> = all(self.ingress).iter().map(ToString::to_string).collect();
        let there = if there.is_empty() {
            "it has no backend at all".to_owned()
        } else {
            format!("its {}", there.join(", its "))
        };
        let of_hosts = if self.config.hosts.is_empty() {
            String::new()
        } else {
            format!(" for the hosts {}", self.config.hosts.join(", "))
        };
        Err(self.problem(
            TargetErrorKind::NotFound,
            "destination-not-found",
            format!(
                "it names neither service/{one} nor service/{other}{of_hosts}: {there}"
            ),
            "let it name the Service that is live, or mend `services`, `hosts` or `ingresses` in the configuration",
        ))
    }

    pub(super) fn if_changed(&self, after: Value) -> Objects {
        if *self.ingress == after {
            Objects::new()
        } else {
            [(self.object.clone(), after)].into()
        }
    }
}
